//! The data plane is kept on the newest configuration, whoever changed it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{Recorder, Server, application, provider};

async fn until(what: &str, done: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(5), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

#[tokio::test]
async fn changes_of_another_process_are_live_within_two_seconds() {
    for server in Server::on_both().await {
        let recorder = Arc::new(Recorder::default());
        server.plane.attach(recorder.clone()).await.unwrap();
        let other = server.sibling().await;
        other.create("applications", "shop", application()).await;
        let live = || recorder.snapshots.lock().last().is_some_and(|s| s.applications.contains_key("shop"));
        let took = until("the application", live).await;
        assert!(took < Duration::from_secs(2), "the application took {took:?}");
        let made = other.call("POST", "/applications/shop/keys", None).await.expect(201).json();
        let id = made["api_key"]["id"].as_str().unwrap().to_owned();
        let known = |revoked: bool| recorder.credentials.lock().get(&id).is_some_and(|c| c.revoked == revoked);
        until("the key", || known(false)).await;
        let snapshots = recorder.snapshots.lock().len();
        other.call("POST", &format!("/api-keys/{id}/revoke"), None).await.expect(200);
        let took = until("the revocation", || known(true)).await;
        assert!(took < Duration::from_secs(2), "the revocation took {took:?}");
        other.call_with("DELETE", &format!("/api-keys/{id}"), &[("if-match", "*")], None).await.expect(204);
        until("the removal", || !recorder.credentials.lock().contains_key(&id)).await;
        // Credentials are fed one by one: no snapshot was compiled, nothing was replaced.
        assert_eq!((recorder.snapshots.lock().len(), *recorder.replaced.lock()), (snapshots, 1));
    }
}

#[tokio::test]
async fn an_own_change_is_live_before_it_is_answered() {
    let server = Server::start().await;
    let recorder = Arc::new(Recorder::default());
    server.plane.attach(recorder.clone()).await.unwrap();
    server.create("providers", "p", provider("env:PATH")).await;
    let last = recorder.snapshots.lock().last().unwrap().clone();
    assert!(last.providers.contains_key("p"));
    assert_eq!(Some(last.revision), server.get("/system").await["revision"].as_i64());
    let made = server.call("POST", "/applications/playground/keys", None).await.expect(201).json();
    assert!(recorder.credentials.lock().contains_key(made["api_key"]["id"].as_str().unwrap()));
}

#[tokio::test]
async fn what_does_not_compile_here_leaves_the_last_good_configuration() {
    let server = Server::start().await;
    let file = server.secrets_dir().join("key.txt");
    std::fs::write(&file, "sk-test").unwrap();
    let recorder = Arc::new(Recorder::default());
    server.plane.attach(recorder.clone()).await.unwrap();
    server.create("providers", "p", provider(&format!("file:{}", file.display()))).await;
    let good = recorder.snapshots.lock().len();
    std::fs::remove_file(&file).unwrap();
    let refused = server.call("POST", "/teams", Some(json!({"id": "x", "spec": {}}))).await.expect(422).json();
    assert_eq!(refused["faults"][0]["resource"], "Provider/p");
    assert_eq!(recorder.snapshots.lock().len(), good);
    // A process that starts now cannot serve, and says why.
    let late = server.sibling().await;
    let problem = late.plane.attach(Arc::new(Recorder::default())).await.err().unwrap().to_string();
    assert!(problem.contains("key.txt cannot be read"), "{problem}");
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_and_an_expiry_is_checked() {
    for server in Server::on_both().await {
        server.create("applications", "shop", application()).await;
        let soon = json!({"name": "ci", "expires_at": "2030-01-01T00:00:00Z"});
        let made = server.call("POST", "/applications/shop/keys", Some(soon)).await.expect(201).json();
        let id = made["api_key"]["id"].as_str().unwrap();
        assert_eq!(weir_domain::credential::public_id(made["key"].as_str().unwrap()), Some(id));
        server.call("POST", &format!("/api-keys/{id}/revoke"), None).await.expect(200);
        let again = server.call("POST", &format!("/api-keys/{id}/revoke"), None).await.expect(200);
        assert_eq!(again.header("etag"), "\"v2\"");
        let mut revived = made["api_key"]["spec"].clone();
        revived["revoked"] = json!(false);
        let body = Some(json!({"spec": revived}));
        let refused = server.call_with("PUT", &format!("/api-keys/{id}"), &[("if-match", "*")], body).await.expect(422);
        assert_eq!(refused.json()["faults"][0]["field"], "spec.revoked");
        let bad = server.call("POST", "/applications/shop/keys", Some(json!({"expires_at": "soon"}))).await.expect(422);
        assert_eq!(bad.json()["faults"][0]["field"], "spec.expires_at");
        server.call("POST", "/applications/gone/keys", None).await.expect(404);
    }
}

#[tokio::test]
async fn a_new_key_ends_in_the_future_and_has_no_more_than_its_application() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary")).await;
    let narrow = json!({"name": "Shop", "models": ["p/small"]});
    server.create("applications", "shop", narrow.clone()).await;
    let make = async |body: Value| server.call("POST", "/applications/shop/keys", Some(body)).await;
    for (body, field) in [
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), "spec.expires_at"),
        (json!({"models": ["p/small", "p/large"]}), "spec.models[1]"),
        (json!({"services": ["billing"]}), "spec.services[0]"),
    ] {
        let told = make(body).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], field, "{told}");
    }
    let made = make(json!({"models": ["p/small"]})).await.expect(201).json();
    // The application is narrowed: the key is outdated, and can be revoked still.
    let narrower = Some(json!({"spec": {"name": "Shop", "models": ["p/tiny"]}}));
    server.call_with("PUT", "/applications/shop", &[("if-match", "*")], narrower).await.expect(200);
    let id = made["api_key"]["id"].as_str().unwrap();
    server.call("POST", &format!("/api-keys/{id}/revoke"), None).await.expect(200);
    let token = json!({"name": "late", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"});
    server.call("POST", "/tokens", Some(token)).await.expect(422);
}
