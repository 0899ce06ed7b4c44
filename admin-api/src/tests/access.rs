//! Who may call what: generated from the OpenAPI document, so that a new endpoint is tested by itself.

use serde_json::{Value, json};

use super::server::Server;
use crate::http::router;

/// Every operation of the document, as method and path with its parameters filled in.
fn operations() -> Vec<(String, String, bool)> {
    let document = router::document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let public = operation["security"] == json!([]);
            let filled = path.replace("{id}", "x").replace("{kind}", "Team");
            all.push((method.to_uppercase(), filled, public));
        }
    }
    assert!(all.len() > 80, "{} operations", all.len());
    all
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let server = Server::start().await;
    let mut public = Vec::new();
    for (method, path, open) in operations() {
        let whole = format!("/api/v1{path}");
        let json = [("content-type", "application/json")];
        let answer = server.raw(&method, &whole, &json, (method != "GET").then(|| "{}".to_owned())).await;
        if open {
            public.push(format!("{method} {path}"));
            continue;
        }
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
        assert_eq!(answer.problem(), "unauthenticated");
        for bad in ["Bearer weirat_wrong", "Basic eDp5", "Bearer"] {
            let headers = [("authorization", bad), ("content-type", "application/json")];
            assert_eq!(server.raw(&method, &whole, &headers, None).await.status, 401, "{method} {path} with {bad}");
        }
    }
    public.sort();
    assert_eq!(public, ["GET /setup", "POST /session", "POST /setup"]);
}

#[tokio::test]
async fn a_token_that_may_read_changes_nothing() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.scoped(&["read"]).await);
    let headers = [("authorization", token.as_str()), ("content-type", "application/json"), ("if-match", "*")];
    for (method, path, open) in operations() {
        // Signing out is everybody's right.
        if open || path == "/session" {
            continue;
        }
        let answer = server.raw(&method, &format!("/api/v1{path}"), &headers, None).await;
        let management = ["/tokens", "/users", "/audit"].iter().any(|start| path.starts_with(start));
        let wanted = method != "GET" || management || path.ends_with("/bodies");
        assert_eq!(answer.status == 403, wanted, "{method} {path}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn a_ledger_token_reads_usage_only() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.scoped(&["ledger"]).await);
    let headers = [("authorization", token.as_str())];
    for (path, status) in [
        ("/usage", 200),
        ("/requests", 200),
        ("/overview", 200),
        ("/providers", 403),
        ("/audit", 403),
        ("/tokens", 403),
    ] {
        server.raw("GET", &format!("/api/v1{path}"), &headers, None).await.expect(status);
    }
}

#[tokio::test]
async fn a_removed_or_expired_token_is_refused_at_once() {
    let server = Server::start().await;
    let soon = weir_domain::time::to_rfc3339(weir_domain::time::now() + 4_000_000);
    let body = json!({"name": "short", "scopes": ["read"], "expires_at": soon});
    let short = server.call("POST", "/tokens", Some(body)).await.expect(201).json();
    let long =
        server.call("POST", "/tokens", Some(json!({"name": "long", "scopes": ["read"]}))).await.expect(201).json();
    let bearer = |made: &Value| format!("Bearer {}", made["token"].as_str().unwrap());
    let get = async |token: String| server.raw("GET", "/api/v1/teams", &[("authorization", &token)], None).await.status;
    assert_eq!(
        (get(bearer(&short)).await, get(bearer(&long)).await),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let listed = server.get("/tokens").await;
    assert!(!listed.to_string().contains(long["token"].as_str().unwrap()));
    server.call("DELETE", &format!("/tokens/{}", long["admin_token"]["id"].as_str().unwrap()), None).await.expect(204);
    assert_eq!(get(bearer(&long)).await, 401);
    tokio::time::sleep(std::time::Duration::from_millis(4_100)).await;
    assert_eq!(get(bearer(&short)).await, 401);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::start().await;
    for path in
        ["/api/v1/teams", "/api/v1/setup", "/api/v1/openapi.json", "/healthz", "/", "/providers/x", "/x.js", "/api/x"]
    {
        let answer = server.raw("GET", path, &[("origin", "https://evil.example")], None).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        for exception in ["unsafe", "nonce", "data:", "*"] {
            assert!(!policy.contains(exception), "{path}: {policy}");
        }
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("cache-control").is_empty(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}

#[test]
fn the_document_is_whole() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| match field {
                Value::String(target) if name == "$ref" => found.push(target.clone()),
                other => references(other, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = router::document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = Vec::new();
    references(&document, &mut found);
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
    }
    let mut ids = Vec::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "an operation id stands twice");
    assert_eq!(
        document["paths"]["/providers"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/ProviderCreate"
    );
}

#[tokio::test]
async fn a_token_for_pipelines_applies_and_mints_nothing() {
    let server = Server::start().await;
    let bearer = format!("Bearer {}", server.scoped(&["config"]).await);
    let call = async |method: &str, path: &str, media: &str, body: Option<&str>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", media)];
        server.raw(method, &format!("/api/v1{path}"), &headers, body.map(str::to_owned)).await
    };
    let (yaml, json) = ("application/yaml", "application/json");
    call("POST", "/config/plan", yaml, Some("kind: Team\nid: ci\n")).await.expect(200);
    call("POST", "/config/apply?base=*", yaml, Some("kind: Team\nid: ci\n")).await.expect(200);
    call("GET", "/teams/ci", json, None).await.expect(200);
    call("POST", "/tokens", json, Some(r#"{"name": "more", "scopes": ["config"]}"#)).await.expect(403);
    call("GET", "/tokens", json, None).await.expect(403);
    call("GET", "/audit", json, None).await.expect(403);
    call("GET", "/requests", json, None).await.expect(403);
    call("POST", "/providers/demo/test", json, None).await.expect(403);
}
