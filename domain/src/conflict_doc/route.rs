//! The OpenAPI document of one route: its methods, its parameters, who may call, and what its policy adds.

use serde_json::{Map, Value, json};

use super::{Additions, PROBLEM, problem_schema};
use crate::snapshot::Route;
use crate::spec::{Auth, Method};

/// An OpenAPI 3.1 document of a route. Of what the upstream answers nothing is known, so each operation has a `default`
/// answer and those of the policy.
#[must_use]
pub fn document(route: &Route, methods: &[Method], hosts: &[String]) -> Value {
    let (path, parameters) = path(&route.template);
    let mut operations = Map::new();
    if !parameters.is_empty() {
        operations.insert("parameters".to_owned(), json!(parameters));
    }
    for method in if methods.is_empty() { &Method::ALL[..] } else { methods } {
        let name = method.as_str().to_ascii_lowercase();
        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), json!(format!("{}-{name}", route.id)));
        operation.insert("responses".to_owned(), json!({"default": {"description": "What the upstream answers."}}));
        if let Some(policy) = &route.conflict {
            Additions::of(policy, *method).add_to(&mut operation);
        }
        operations.insert(name, Value::Object(operation));
    }
    let mut components = json!({});
    if route.conflict.is_some() {
        components["schemas"] = json!({PROBLEM: problem_schema()});
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": route.id, "version": "1"},
        "paths": {path: operations},
    });
    if route.auth == Auth::ApiKey {
        components["securitySchemes"] = json!({
            "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of an application."},
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same."},
        });
        document["security"] = json!([{"bearer": []}, {"key": []}]);
    }
    // The scheme is not the route's to know: the address is relative to that of the document (RFC 3986 section 4.2).
    let hosts = hosts.iter().filter(|host| !host.starts_with('*'));
    let servers: Vec<Value> = hosts.map(|host| json!({"url": format!("//{host}")})).collect();
    if !servers.is_empty() {
        document["servers"] = json!(servers);
    }
    document["components"] = components;
    document
}

/// A template as OpenAPI has it, which knows no parameter that takes several segments, and its parameters.
fn path(template: &str) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let segments: Vec<String> = template
        .split('/')
        .map(|segment| {
            let Some(inner) = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) else {
                return segment.to_owned();
            };
            let name = inner.trim_start_matches('*');
            let mut parameter = json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
            if name != inner {
                parameter["description"] = json!("All that follows, slashes included.");
            }
            parameters.push(parameter);
            format!("{{{name}}}")
        })
        .collect();
    (segments.join("/"), parameters)
}
