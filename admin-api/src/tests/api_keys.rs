//! API keys as resources: what is revoked stays so, and an id is one that a key can have.

use serde_json::{Value, json};

use super::server::{Server, application};

async fn revoked(server: &Server) -> (String, Value) {
    server.create("applications", "shop", application()).await;
    let made = server.call("POST", "/applications/shop/keys", None).await.expect(201).json();
    let id = made["api_key"]["id"].as_str().unwrap().to_owned();
    server.call("POST", &format!("/api-keys/{id}/revoke"), None).await.expect(200);
    (id, made["api_key"]["spec"].clone())
}

#[tokio::test]
async fn a_revoked_key_does_not_live_again_by_way_of_its_removal() {
    for server in Server::on_both().await {
        let (id, spec) = revoked(&server).await;
        let path = format!("/api-keys/{id}");
        server.call_with("DELETE", &path, &[("if-match", "*")], None).await.expect(204);
        let body = json!({"id": id, "spec": spec});
        let refused = server.call("POST", "/api-keys", Some(body.clone())).await.expect(409);
        assert_eq!(refused.problem(), "revoked-for-good");
        let document = json!({"kind": "ApiKey", "id": id, "spec": spec}).to_string();
        let told = server.yaml("apply?base=*", &document).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.revoked", "{told}");
        // Nor later, when it was removed a second time; as a revoked one it may come back.
        let mut still = body.clone();
        still["spec"]["revoked"] = json!(true);
        server.call("POST", "/api-keys", Some(still)).await.expect(201);
        server.call_with("PUT", &path, &[("if-match", "*")], Some(json!({"spec": spec}))).await.expect(422);
        server.call_with("DELETE", &path, &[("if-match", "*")], None).await.expect(204);
        server.call("POST", "/api-keys", Some(body)).await.expect(409);
        server.call("GET", &path, None).await.expect(404);
    }
}

#[tokio::test]
async fn a_key_that_was_only_removed_may_come_back() {
    let server = Server::start().await;
    let made = server.call("POST", "/applications/playground/keys", None).await.expect(201).json();
    let id = made["api_key"]["id"].as_str().unwrap().to_owned();
    server.call_with("DELETE", &format!("/api-keys/{id}"), &[("if-match", "*")], None).await.expect(204);
    let body = json!({"id": id, "spec": made["api_key"]["spec"]});
    server.call("POST", "/api-keys", Some(body)).await.expect(201);
}

#[tokio::test]
async fn an_id_that_no_key_can_have_is_refused() {
    let server = Server::start().await;
    let spec = json!({"application": "playground", "hash": "0".repeat(64)});
    for id in ["abc", "abcdefgh1234567", "abcdefgh123456789", "abcdefgh-1234567"] {
        let told = server.call("POST", "/api-keys", Some(json!({"id": id, "spec": spec}))).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "id", "{told}");
        assert!(told["faults"][0]["problem"].as_str().unwrap().contains("16 lower-case letters and digits"), "{told}");
    }
    server.call("POST", "/api-keys", Some(json!({"id": "abcdefgh12345678", "spec": spec}))).await.expect(201);
}
