//! A secret put in never comes out: not in answers, errors, exports, audit, logs or database files.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::server::{Server, application, provider};

const KEY: &str = "sk-canary-7f3a9b1c5d";
const PASSWORD: &str = "canary-password-7f3a9b";

/// Everything that is logged, at trace level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn files(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// Puts secrets in at every place, rightly and wrongly, and collects every answer.
async fn put_in(server: &Server) -> (Vec<String>, Vec<String>) {
    let mut said = Vec::new();
    let setup = server.plane.setup_link().unwrap();
    let body = json!({"token": setup.split_once('=').unwrap().1, "email": "a@b", "name": "A", "password": PASSWORD});
    let json_type = [("content-type", "application/json")];
    said.push(server.raw("POST", "/api/v1/setup", &json_type, Some(body.to_string())).await.expect(201).text);
    let mut spec = provider(KEY);
    spec["headers"] = json!({"x-gateway-authorization": format!("Bearer {KEY}"), "Cookie": KEY});
    server.create("providers", "p", spec).await;
    let wrong = [
        json!({"id": "q", "spec": {"protocol": KEY}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": KEY}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": [KEY]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": [{"id": "k", "secret": [KEY]}]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": [{"id": "k", "secret": {"v": KEY}}]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "base_url": "", "keys": [{"id": "k", "secret": KEY}]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": [{"id": "k", "secret": format!("{KEY}\n")}]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "keys": [{"id": "k", "weight": KEY, "secret": KEY}]}}),
        json!({"id": "q", "spec": {"protocol": "openai", "timeouts": KEY}}),
        json!({"id": "q", "spec": {"protocol": "openai", "headers": KEY}}),
        json!({"id": "q", "spec": {"protocol": "openai", "headers": {"x-token": [KEY]}}}),
        json!({"id": "q", "spec": {"protocol": "openai", "base_url": "", "headers": {"x-token": KEY}}}),
        json!(KEY),
    ];
    for body in wrong {
        let answer = server.call("POST", "/providers", Some(body.clone())).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text);
        said.push(answer.text);
    }
    let yaml = |secret: &str| {
        format!(
            "kind: Provider\nid: y\nspec: {{protocol: openai, base_url: 'https://x.example', keys: [{{id: k, secret: {secret}}}]}}\n"
        )
    };
    said.push(server.yaml("plan", &yaml(KEY)).await.expect(200).text);
    said.push(server.yaml("plan", &yaml(&format!("[{KEY}]"))).await.expect(422).text);
    said.push(server.yaml("plan", &yaml(&format!("{{{KEY}"))).await.expect(422).text);
    said.push(server.yaml("apply?base=*", &yaml(KEY)).await.expect(200).text);
    said.push(server.yaml("apply?base=1", &yaml(&format!("{KEY}2"))).await.expect(412).text);
    let stale = Some(json!({"spec": provider(&format!("{KEY}3"))}));
    said.push(server.call_with("PUT", "/providers/p", &[("if-match", "\"v9\"")], stale).await.expect(412).text);
    server.create("applications", "shop", application()).await;
    let once = [("idempotency-key", "once")];
    let made = server.call_with("POST", "/applications/shop/keys", &once, Some(json!({}))).await.expect(201).json();
    let body = json!({"name": "ci", "scopes": ["read"]});
    let token =
        server.call_with("POST", "/tokens", &[("idempotency-key", "token")], Some(body)).await.expect(201).json();
    let shown = |made: &serde_json::Value, field: &str| made[field].as_str().unwrap().to_owned();
    // What is shown once stands in no other answer, and in the kept answers of idempotency keys sealed only.
    (vec![shown(&made, "key"), shown(&token, "token")], said)
}

#[tokio::test]
async fn canaries_stay_in() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // One thread runs the whole test, so this catches what the servers log as well.
    let _guard = tracing::subscriber::set_default(subscriber);
    for server in Server::on_both().await {
        let (shown, mut said) = put_in(&server).await;
        let secrets = || [KEY, PASSWORD].into_iter().chain(shown.iter().map(String::as_str));
        for path in [
            "/providers",
            "/providers/p",
            "/providers/p/history",
            "/audit",
            "/config/export",
            "/applications/shop",
            "/api-keys",
            "/overview",
            "/system",
            "/models",
            "/tokens",
            "/openapi.json",
        ] {
            said.push(server.call("GET", path, None).await.expect(200).text);
        }
        said.push(server.call("POST", "/providers/p/test", None).await.expect(200).text);
        let token = server.token.clone();
        for canary in secrets().chain([token.as_str()]) {
            for text in &said {
                assert!(!text.contains(canary), "{canary} in {text}");
            }
        }
        let mut stored = Vec::new();
        files(server.dir.path(), &mut stored);
        if let Some(url) = &server.database.url {
            stored.push((url.clone(), dump(url)));
        }
        for (file, bytes) in &stored {
            for canary in secrets() {
                assert!(!holds(bytes, canary), "{canary} in {file}");
            }
            if !file.ends_with("admin-token") {
                assert!(!holds(bytes, &token), "the admin token in {file}");
            }
        }
        // The search itself must be able to find something.
        assert!(stored.iter().any(|(_, bytes)| holds(bytes, "https://api.example.com")));
        let logged = log.0.lock().clone();
        for canary in secrets().chain([token.as_str()]) {
            assert!(!holds(&logged, canary), "{canary} in the log");
        }
    }
    assert!(!log.0.lock().is_empty(), "nothing was logged, so nothing was searched");
}

/// The whole database as text.
fn dump(url: &str) -> Vec<u8> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql").unwrap().map(|v| v.unwrap().path()).collect();
    versions.sort();
    let program = versions.pop().unwrap().join("bin/pg_dump");
    let output = std::process::Command::new(program).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
