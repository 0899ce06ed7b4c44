//! The OpenAPI document: what the router knows by itself, made exact for each kind of resource.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::path::Paths;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use weir_domain::resource::Kind;

use crate::app::resource::HistoryView;

/// Stands for a resource of the kind at hand.
#[derive(ToSchema)]
pub(super) struct AnyResource;
/// Stands for a page of them.
#[derive(ToSchema)]
pub(super) struct AnyPage;
/// Stands for the body that makes one.
#[derive(ToSchema)]
pub(super) struct AnyCreate;
/// Stands for the body that replaces one.
#[derive(ToSchema)]
pub(super) struct AnyReplace;

/// Versions of a resource.
#[derive(Serialize, ToSchema)]
pub(super) struct AnyHistory {
    /// Newest first.
    items: Vec<HistoryView>,
    /// Give it back as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollbackBody {
    /// Its number, as history shows it.
    pub(super) version: i64,
}

/// What a refusal looks like (RFC 9457). Each type adds members of its own; docs/API.md lists them.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// `/problems/` and the kind of refusal.
    r#type: String,
    /// The kind of refusal in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened here, and how to mend it.
    detail: String,
    /// The request, as a URN.
    instance: String,
    /// The request's id, as in the log and in the audit trail.
    request_id: String,
}

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Makes the general operations those of one kind: address, names and schemas.
pub(super) fn specialise(kind: Kind, mut schemas: Schemas, paths: Paths) -> (Schemas, Paths) {
    let mut made = Paths::new();
    for (path, item) in paths.paths {
        let path = path.replace("{collection}", kind.collection());
        let mut value = serde_json::to_value(&item).unwrap_or_default();
        rename(&mut value, kind);
        if let Ok(item) = serde_json::from_value(value) {
            made.paths.insert(path, item);
        }
    }
    schemas.retain(|(name, _)| !matches!(name.as_str(), "AnyResource" | "AnyPage" | "AnyCreate" | "AnyReplace"));
    schemas.extend(of_kind(kind));
    (schemas, made)
}

/// Rewrites references, operation ids and tags.
fn rename(value: &mut Value, kind: Kind) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(operation)) = fields.get_mut("operationId") {
                *operation = format!("{operation}_{}", kind.collection().replace('-', "_"));
                fields.insert("tags".to_owned(), json!([kind.collection()]));
            }
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(target) if name == "$ref" => {
                        for any in ["AnyResource", "AnyPage", "AnyCreate", "AnyReplace"] {
                            if target.ends_with(&format!("/{any}")) {
                                *target = reference(&any.replace("Any", kind.as_str()));
                            }
                        }
                    }
                    other => rename(other, kind),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, kind)),
        _ => {}
    }
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// The schemas of a kind, from the same types that read it.
fn of_kind(kind: Kind) -> Schemas {
    let name = kind.as_str();
    let mut document = weir_domain::schema::of(kind);
    to_components(&mut document);
    let text = json!({"type": "string"});
    let time = json!({"type": "string", "format": "date-time"});
    let spec = json!({"$ref": reference(name)});
    let id = document["properties"]["id"].clone();
    let resource = json!({
        "type": "object",
        "required": ["kind", "id", "team", "version", "created_at", "updated_at", "updated_by", "spec"],
        "properties": {
            "kind": {"type": "string", "enum": [name]}, "id": id, "team": id, "version": {"type": "integer", "format": "int64"},
            "created_at": time, "updated_at": time, "updated_by": text, "managed_by": text, "spec": spec,
        },
    });
    let page = json!({
        "type": "object", "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": reference(&format!("{name}Resource"))}},
            "next_cursor": {"type": ["string", "null"]},
        },
    });
    let create = json!({
        "type": "object", "required": ["spec"], "properties": {"id": id, "team": id, "spec": spec},
    });
    let replace = json!({"type": "object", "required": ["spec"], "properties": {"team": id, "spec": spec}});
    let mut named = vec![
        (name.to_owned(), document["properties"]["spec"].take()),
        (format!("{name}Resource"), resource),
        (format!("{name}Page"), page),
        (format!("{name}Create"), create),
        (format!("{name}Replace"), replace),
    ];
    if let Value::Object(definitions) = document["$defs"].take() {
        named.extend(definitions);
    }
    named.into_iter().filter_map(|(name, schema)| Some((name, serde_json::from_value(schema).ok()?))).collect()
}

/// JSON Schema keeps its definitions under `$defs`, OpenAPI under `components`.
fn to_components(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(target) if name == "$ref" => {
                        if let Some(definition) = target.strip_prefix("#/$defs/") {
                            *target = reference(definition);
                        }
                    }
                    other => to_components(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(to_components),
        _ => {}
    }
}

/// Operations that nobody has to sign in for.
const PUBLIC: [(&str, &str); 3] = [("get", "/setup"), ("post", "/setup"), ("post", "/session")];

/// Finishes the document: title, address, who may call, what every refusal looks like.
pub(super) fn finish(document: &OpenApi) -> Value {
    let mut value = serde_json::to_value(document).unwrap_or_default();
    value["info"] = json!({
        "title": "Weir admin API",
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    value["servers"] = json!([{"url": "/api/v1"}]);
    value["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": super::guard::COOKIE_NAME},
    });
    value["security"] = json!([{"token": []}, {"session": []}]);
    let problem = json!({
        "description": "A refusal",
        "content": {"application/problem+json": {"schema": {"$ref": reference("Problem")}}},
    });
    // A key is a resource like any other; only the kinds' own schemas, made later, can say so.
    let key = json!({"$ref": reference("ApiKeyResource")});
    value["components"]["schemas"]["MadeApiKey"]["properties"]["api_key"] = key.clone();
    value["paths"]["/api-keys/{id}/revoke"]["post"]["responses"]["200"]["content"]["application/json"]["schema"] = key;
    if let Some(paths) = value["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                if let Some(responses) = operation["responses"].as_object_mut() {
                    responses.insert("default".to_owned(), problem.clone());
                }
                if PUBLIC.contains(&(method.as_str(), path.as_str())) {
                    operation["security"] = json!([]);
                }
            }
        }
    }
    value
}
