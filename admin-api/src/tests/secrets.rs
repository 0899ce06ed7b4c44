//! Provider keys: sealed at rest, shown as a fingerprint, kept when that is sent back.

use serde_json::{Value, json};
use weir_domain::key_secret::KeySecret;

use super::server::{Recorder, Server, provider};

fn secret_of(resource: &Value, index: usize) -> String {
    resource["spec"]["keys"][index]["secret"].as_str().unwrap().to_owned()
}

/// The key that the data plane would call with.
fn live(recorder: &Recorder, index: usize) -> String {
    let snapshots = recorder.snapshots.lock();
    match &snapshots.last().unwrap().providers["p"].keys[index].secret {
        KeySecret::Header(key) => key.expose().to_owned(),
        other => panic!("{other:?}"),
    }
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
        ("env:NOT_SET_API_KEY", "NOT_SET_API_KEY is not set"),
        ("file:/nonexistent/key", "/nonexistent/key is not a file below"),
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

#[tokio::test]
async fn a_writer_cannot_name_the_process_own_variables_and_files() {
    let server = Server::start().await;
    let (dir, secrets) = (server.data_dir(), server.secrets_dir());
    std::fs::write(secrets.join("vendor"), "sk-canary-file").unwrap();
    std::os::unix::fs::symlink(dir.join("master.key"), secrets.join("link")).unwrap();
    let file = |path: &std::path::Path| format!("file:{}", path.display());
    let own = [
        file(&dir.join("master.key")),
        file(&dir.join("admin-token")),
        file(&dir.join("weir.db")),
        file(&secrets.join("../master.key")),
        file(&secrets.join("link")),
        file(std::path::Path::new("/etc/hostname")),
        "env:HOME".to_owned(),
        "env:WEIR_MASTER_KEY".to_owned(),
    ];
    for secret in own {
        let body = json!({"id": "q", "spec": provider(&secret)});
        let told = server.call("POST", "/providers", Some(body)).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.keys[0].secret", "{told}");
        let document = json!({"kind": "Provider", "id": "q", "spec": provider(&secret)}).to_string();
        server.yaml("plan", &document).await.expect(422);
        server.yaml("apply?base=*", &document).await.expect(422);
        let upstream = json!({"id": "u", "spec": {"targets": [{"url": "https://a.example"}], "tls": {"ca": secret}}});
        let told = server.call("POST", "/upstreams", Some(upstream)).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.tls.ca", "{told}");
        let key = json!({"id": "abcdefgh12345678", "spec": {"application": "playground", "secret": secret}});
        let told = server.call("POST", "/api-keys", Some(key)).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.secret", "{told}");
    }
    server.create("providers", "q", provider(&file(&secrets.join("vendor")))).await;
}

#[tokio::test]
async fn a_file_of_the_operator_names_what_it_likes_but_the_keys_to_weir_itself() {
    let server = Server::start().await;
    let (config, key) = (server.data_dir().join("weir.yaml"), server.data_dir().join("key.txt"));
    std::fs::write(&key, "sk-canary").unwrap();
    let write = |secret: &str| {
        let document = json!({"kind": "Provider", "id": "p", "spec": provider(secret)});
        std::fs::write(&config, document.to_string()).unwrap();
    };
    for good in [format!("file:{}", key.display()), "env:HOME".to_owned()] {
        write(&good);
        server.plane.apply_file(&config).await.unwrap();
    }
    for name in ["master.key", "admin-token", "setup-token"] {
        write(&format!("file:{}", server.data_dir().join(name).display()));
        let refused = server.plane.apply_file(&config).await.err().unwrap().to_string();
        assert!(refused.contains("opens Weir itself"), "{refused}");
    }
    // What the file left behind is not the admin API's to send elsewhere.
    server.plane.release_file().await.unwrap();
    let mut moved = provider("env:HOME");
    moved["base_url"] = json!("https://elsewhere.example");
    server.call_with("PUT", "/providers/p", &[("if-match", "*")], Some(json!({"spec": moved}))).await.expect(422);
}

#[tokio::test]
async fn a_kept_secret_is_never_sent_to_another_server() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary-one")).await;
    let shown = secret_of(&server.get("/providers/p").await, 0);
    let at = |base: &str, protocol: &str, secret: &str| {
        let mut spec = provider(secret);
        (spec["base_url"], spec["protocol"]) = (json!(base), json!(protocol));
        spec
    };
    let put = async |spec: &Value| {
        server.call_with("PUT", "/providers/p", &[("if-match", "*")], Some(json!({"spec": spec}))).await
    };
    for (base, protocol) in [
        ("https://elsewhere.example/v1", "openai"),
        ("https://api.example.com:8443/v1", "openai"),
        ("http://api.example.com/v1", "openai"),
        ("https://api.example.com/v1", "anthropic"),
    ] {
        let spec = at(base, protocol, &shown);
        let told = put(&spec).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.keys[0].secret", "{told}");
        assert_eq!(told["faults"][0]["problem"], "the address changed: put the secret in again");
        let document = json!({"kind": "Provider", "id": "p", "spec": spec}).to_string();
        server.yaml("apply?base=*", &document).await.expect(422);
    }
    // Another path of the same server, and another server with the secret put in again.
    put(&at("https://API.example.com:443/v2", "openai", &shown)).await.expect(200);
    put(&at("https://elsewhere.example/v1", "openai", "sk-canary-two")).await.expect(200);
    let back = Some(json!({"version": 1}));
    let told = server.call_with("POST", "/providers/p/rollback", &[("if-match", "*")], back).await.expect(422).json();
    assert_eq!(told["faults"][0]["problem"], "the address changed: put the secret in again");
}

#[tokio::test]
async fn a_header_that_holds_a_credential_is_kept_like_a_key() {
    for server in Server::on_both().await {
        let recorder = std::sync::Arc::new(Recorder::default());
        server.plane.attach(recorder.clone()).await.unwrap();
        let mut spec = provider("sk-canary-one");
        spec["headers"] = json!({"X-Auth-Token": "canary-header", "x-project": "shop", "x-from": "env:PATH"});
        server.create("providers", "p", spec).await;
        let shown = server.get("/providers/p").await["spec"].clone();
        assert!(shown["headers"]["X-Auth-Token"].as_str().unwrap().starts_with("sealed:"), "{shown}");
        assert_eq!((&shown["headers"]["x-project"], &shown["headers"]["x-from"]), (&json!("shop"), &json!("env:PATH")));
        for path in ["/providers/p/history", "/audit", "/config/export"] {
            let said = server.call("GET", path, None).await.expect(200).text;
            assert!(said.contains("X-Auth-Token") && !said.contains("canary-header"), "{path}: {said}");
        }
        let live = || recorder.snapshots.lock().last().unwrap().providers["p"].headers.clone();
        let sent: Vec<(String, String)> =
            live().into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect();
        let path = std::env::var("PATH").unwrap();
        let wanted = [("x-auth-token", "canary-header"), ("x-from", path.as_str()), ("x-project", "shop")];
        assert_eq!(sent, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        // What is shown may be sent back, but the secret does not follow to another server.
        let put = async |spec: &Value| {
            server.call_with("PUT", "/providers/p", &[("if-match", "*")], Some(json!({"spec": spec}))).await
        };
        put(&shown).await.expect(200);
        let mut moved = shown.clone();
        moved["base_url"] = json!("https://elsewhere.example");
        moved["keys"][0]["secret"] = json!("sk-canary-two");
        let told = put(&moved).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.headers.X-Auth-Token", "{told}");
        let mut own = shown.clone();
        own["headers"]["x-from"] = json!("env:WEIR_MASTER_KEY");
        let told = put(&own).await.expect(422).json();
        assert_eq!(told["faults"][0]["field"], "spec.headers.x-from", "{told}");
    }
}
