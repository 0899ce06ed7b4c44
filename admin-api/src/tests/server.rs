//! A control plane that serves on a free port, and a client that speaks to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use weir_domain::credential::Credential;
use weir_domain::ports::{CredentialChange, LiveConfig};
use weir_domain::snapshot::Snapshot;

use super::database::{self, Database};
use crate::{ControlPlane, References, Settings};

/// A running control plane.
pub(super) struct Server {
    pub(super) plane: ControlPlane,
    pub(super) base: String,
    /// The admin token of the data directory.
    pub(super) token: String,
    pub(super) database: Database,
    pub(super) dir: Arc<TempDir>,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The kind of refusal.
    pub(super) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16(), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        body["type"].as_str().unwrap().strip_prefix("/problems/").unwrap().to_owned()
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// Installs the TLS provider, as the binary's main does.
pub(super) fn tls() {
    // A second installation fails, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(super) fn settings(dir: &Path, database: &Database) -> Settings {
    Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: dir.to_owned(),
        database_url: database.url.clone(),
        master_key: None,
        gateway_url: "http://127.0.0.1:9".to_owned(),
        gateway_tls: None,
        tls: None,
        references: References { env: vec!["*_API_KEY".to_owned(), "PATH".to_owned()], secrets_dir: None },
        public_url: None,
        trusted_proxies: Vec::new(),
        ledger_retention_days: 30,
        allow_plaintext: false,
        stores: Arc::default(),
    }
}

impl Server {
    /// On SQLite.
    pub(super) async fn start() -> Self {
        Self::on(database::sqlite()).await
    }

    /// On this database.
    pub(super) async fn on(database: Database) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let settings = settings(dir.path(), &database);
        Self::with(settings, database, dir).await
    }

    /// Once on each database.
    pub(super) async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for database in database::both().await {
            all.push(Self::on(database).await);
        }
        all
    }

    pub(super) async fn with(settings: Settings, database: Database, dir: Arc<TempDir>) -> Self {
        tls();
        let token = settings.data_dir.join("admin-token");
        let plane = ControlPlane::open(settings).await.unwrap();
        let base = format!("http://{}", plane.bind().await.unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = plane.clone();
        tokio::spawn(async move {
            serving
                .serve(async move {
                    let _ = stopped.await;
                })
                .await
        });
        let token = std::fs::read_to_string(token).unwrap().trim().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { plane, base, token, database, dir, http, stop: Some(stop) }
    }

    /// A second process on the same database and data directory.
    pub(super) async fn sibling(&self) -> Self {
        let settings = settings(self.dir.path(), &self.database);
        Self::with(settings, self.database.clone(), Arc::clone(&self.dir)).await
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Where files lie that resources may name.
    pub(super) fn secrets_dir(&self) -> PathBuf {
        let dir = self.data_dir().join("secrets");
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// A request to any path, as nobody.
    pub(super) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// A request with the admin token and more headers.
    pub(super) async fn call_with(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let token = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", token.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(more);
        self.raw(method, &format!("/api/v1{path}"), &headers, body.map(|b| b.to_string())).await
    }

    /// A request with the admin token.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(method, path, &[], body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.call("GET", path, None).await.expect(200).json()
    }

    /// Makes a resource and gives back its entity tag.
    pub(super) async fn create(&self, collection: &str, id: &str, spec: Value) -> String {
        let answer = self.call("POST", &format!("/{collection}"), Some(json!({"id": id, "spec": spec}))).await;
        answer.expect(201).header("etag")
    }

    /// YAML to `/config/…`.
    pub(super) async fn yaml(&self, path: &str, text: &str) -> Answer {
        let token = format!("Bearer {}", self.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/yaml")];
        self.raw("POST", &format!("/api/v1/config/{path}"), &headers, Some(text.to_owned())).await
    }

    /// Makes an admin token with these scopes.
    pub(super) async fn scoped(&self, scopes: &[&str]) -> String {
        let made = self.call("POST", "/tokens", Some(json!({"name": "scoped", "scopes": scopes}))).await.expect(201);
        made.json()["token"].as_str().unwrap().to_owned()
    }
}

/// What a data plane was told.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) snapshots: Mutex<Vec<Arc<Snapshot>>>,
    pub(super) credentials: Mutex<std::collections::BTreeMap<String, Credential>>,
    /// How often everything was replaced.
    pub(super) replaced: Mutex<u32>,
}

impl LiveConfig for Recorder {
    fn install(&self, snapshot: Arc<Snapshot>) {
        self.snapshots.lock().push(snapshot);
    }

    fn routing(&self) -> Vec<weir_domain::routing::RouteState> {
        Vec::new()
    }

    fn credentials(&self, change: CredentialChange) {
        let mut known = self.credentials.lock();
        match change {
            CredentialChange::Replace(all) => {
                *known = all.into_iter().map(|c| (c.id.clone(), c)).collect();
                *self.replaced.lock() += 1;
            }
            CredentialChange::Upsert(some) => known.extend(some.into_iter().map(|c| (c.id.clone(), c))),
            CredentialChange::Remove(ids) => known.retain(|id, _| !ids.contains(id)),
        }
    }
}

/// A provider with a key in the clear.
pub(super) fn provider(secret: &str) -> Value {
    json!({"protocol": "openai", "base_url": "https://api.example.com/v1", "keys": [{"id": "main", "secret": secret}]})
}

/// An application that may call everything.
pub(super) fn application() -> Value {
    json!({"name": "Shop", "models": ["*"], "services": ["*"]})
}
