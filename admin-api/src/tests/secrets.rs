//! Provider keys: sealed at rest, shown as a fingerprint, kept when that is sent back.

use serde_json::{Value, json};

use super::server::{Recorder, Server, provider};

fn secret_of(resource: &Value, index: usize) -> String {
    resource["spec"]["keys"][index]["secret"].as_str().unwrap().to_owned()
}

/// The key that the data plane would call with.
fn live(recorder: &Recorder, index: usize) -> String {
    let snapshots = recorder.snapshots.lock();
    snapshots.last().unwrap().providers["p"].keys[index].secret.expose().to_owned()
}

#[tokio::test]
async fn a_fingerprint_sent_back_keeps_the_secret() {
    for server in Server::on_both().await {
        let recorder = std::sync::Arc::new(Recorder::default());
        server.plane.attach(recorder.clone()).await.unwrap();
        server.create("providers", "p", provider("sk-canary-one")).await;
        let shown = secret_of(&server.get("/providers/p").await, 0);
        assert_eq!((shown.split_once(':').unwrap().0, shown.len()), ("sealed", "sealed:".len() + 16));
        assert_eq!(live(&recorder, 0), "sk-canary-one");
        let mut spec = provider(&shown);
        spec["name"] = json!("Renamed");
        // Put behind another key, and under another name: it is the same secret still.
        spec["keys"][0]["id"] = json!("old");
        spec["keys"].as_array_mut().unwrap().insert(0, json!({"id": "new", "secret": "sk-canary-two"}));
        let put = server.call_with("PUT", "/providers/p", &[("if-match", "*")], Some(json!({"spec": spec}))).await;
        let put = put.expect(200).json();
        assert_eq!(secret_of(&put, 1), shown);
        assert_eq!((live(&recorder, 0).as_str(), live(&recorder, 1).as_str()), ("sk-canary-two", "sk-canary-one"));
        let back =
            server.call_with("POST", "/providers/p/rollback", &[("if-match", "*")], Some(json!({"version": 1}))).await;
        assert_eq!(secret_of(&back.expect(200).json(), 0), shown);
        assert_eq!(live(&recorder, 0), "sk-canary-one");
    }
}

#[tokio::test]
async fn a_stranger_fingerprint_is_refused_with_a_sentence() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary-one")).await;
    let theirs = secret_of(&server.get("/providers/p").await, 0);
    for secret in [theirs.as_str(), "sealed:0000000000000000", "sealed:"] {
        let body = Some(json!({"id": "q", "spec": provider(secret)}));
        let fault = server.call("POST", "/providers", body).await.expect(422).json()["faults"][0].clone();
        assert_eq!(fault["field"], "spec.keys[0].secret");
        assert!(fault["problem"].as_str().unwrap().contains("put the secret itself in"), "{fault}");
    }
}

#[tokio::test]
async fn references_are_shown_as_they_are_and_must_resolve() {
    let server = Server::start().await;
    server.create("providers", "p", provider("env:PATH")).await;
    assert_eq!(secret_of(&server.get("/providers/p").await, 0), "env:PATH");
    for (secret, sentence) in [
        ("env:WEIR_TEST_NOT_SET", "WEIR_TEST_NOT_SET is not set"),
        ("file:/nonexistent/key", "/nonexistent/key cannot be read"),
        ("env:", "names no variable"),
        (" ", "is empty"),
    ] {
        let body = Some(json!({"id": "q", "spec": provider(secret)}));
        let told = server.call("POST", "/providers", body).await.expect(422).json();
        assert!(told["faults"][0]["problem"].as_str().unwrap().contains(sentence), "{told}");
    }
}

#[tokio::test]
async fn another_master_key_opens_nothing() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary-one")).await;
    let settings = super::server::settings(server.dir.path(), &server.database);
    std::fs::write(server.data_dir().join("master.key"), "00".repeat(32)).unwrap();
    let refused = crate::ControlPlane::open(settings).await.err().unwrap().to_string();
    assert!(refused.contains("the master key is") && refused.contains("sealed with"), "{refused}");
}

#[tokio::test]
async fn secret_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    for name in ["master.key", "admin-token", "setup-token", "weir.db", "weir.db-wal", "weir.db-shm"] {
        let mode = std::fs::metadata(server.data_dir().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
