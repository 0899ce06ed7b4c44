//! Calls through the gateway, and what came back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use weir_harness::config::Key;
use weir_harness::document::Document;

use crate::stand::{Stand, Store};

/// Numbers documents, so that no two tests share one.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// A document behind a route with a policy.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) stand: Arc<Stand>,
    pub(crate) store: Store,
    /// The document at the upstream.
    pub(crate) u: Document,
    pub(crate) path: String,
    client: reqwest::Client,
}

impl Case {
    pub(crate) fn new(stand: &Arc<Stand>, store: Store, policy: &str) -> Self {
        let id = format!("d{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let u = stand.u().document(&id);
        let path = format!("/{}/{policy}/{id}", store.id());
        Self { stand: Arc::clone(stand), store, u, path, client: weir_harness::client::client() }
    }

    /// The same document behind another policy.
    pub(crate) fn behind(&self, policy: &str) -> Self {
        let path = format!("/{}/{policy}/{}", self.store.id(), self.u.id());
        Self { path, ..self.clone() }
    }

    /// Another document behind the same policy.
    pub(crate) fn another(&self) -> Self {
        let policy = self.path.split('/').nth(2).unwrap_or_default();
        Self { client: self.client.clone(), ..Self::new(&self.stand, self.store, policy) }
    }

    /// The same case with another client: connections of its own.
    pub(crate) fn apart(&self) -> Self {
        Self { client: weir_harness::client::client(), ..self.clone() }
    }

    pub(crate) fn call(&self, method: &str) -> Call {
        Call {
            client: self.client.clone(),
            url: format!("{}{}", self.stand.url(0), self.path),
            stand: Arc::clone(&self.stand),
            path: self.path.clone(),
            method: method.to_owned(),
            headers: vec![("authorization".to_owned(), bearer(&self.stand.keys().a))],
            body: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }

    pub(crate) fn get(&self) -> Call {
        self.call("GET")
    }

    pub(crate) fn head(&self) -> Call {
        self.call("HEAD")
    }

    pub(crate) fn delete(&self) -> Call {
        self.call("DELETE")
    }

    pub(crate) fn put(&self, body: &Value) -> Call {
        self.call("PUT").json(body)
    }

    pub(crate) fn post(&self, body: &Value) -> Call {
        self.call("POST").json(body)
    }

    pub(crate) fn patch(&self, body: &Value) -> Call {
        self.call("PATCH").json(body).header("content-type", "application/merge-patch+json")
    }

    /// The tag that a GET shows now.
    pub(crate) async fn tag(&self) -> anyhow::Result<String> {
        let read = self.get().send().await?.expect(200)?;
        Ok(read.header("etag").with_context(|| format!("no tag: {read:?}"))?.to_owned())
    }
}

fn bearer(key: &Key) -> String {
    format!("Bearer {}", key.whole())
}

/// A request that is being made.
#[derive(Clone)]
pub(crate) struct Call {
    client: reqwest::Client,
    stand: Arc<Stand>,
    url: String,
    path: String,
    method: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout: Duration,
}

impl Call {
    /// Adds a header; several of one name stay several lines. Content types and credentials replace.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if matches!(name, "content-type" | "authorization") {
            self.headers.retain(|(n, _)| n != name);
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As another caller.
    pub(crate) fn by(self, key: &Key) -> Self {
        self.header("authorization", &bearer(key))
    }

    /// As the second application of the team.
    pub(crate) fn by_b(self) -> Self {
        let key = self.stand.keys().b.clone();
        self.by(&key)
    }

    /// As an application of another team.
    pub(crate) fn by_another_team(self) -> Self {
        let key = self.stand.keys().elsewhere.clone();
        self.by(&key)
    }

    /// Without credentials.
    pub(crate) fn anonymous(mut self) -> Self {
        self.headers.retain(|(n, _)| n != "authorization");
        self
    }

    /// Through another node.
    pub(crate) fn at(mut self, node: usize) -> Self {
        self.url = format!("{}{}", self.stand.url(node), self.path);
        self
    }

    /// With a query, without the question mark.
    pub(crate) fn query(mut self, query: &str) -> Self {
        self.url = format!("{}?{query}", self.url);
        self
    }

    /// At another path of the gateway.
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.url = self.url.replace(&self.path, path);
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    pub(crate) fn bytes(mut self, media_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", media_type)
    }

    /// How long the caller waits before it leaves.
    pub(crate) fn patience(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) async fn send(self) -> anyhow::Result<Reply> {
        let asked = Instant::now();
        let what = format!("{} {}", self.method, self.url);
        let answer = self.begin().await?;
        let status = answer.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect();
        let body = answer.bytes().await.with_context(|| what.clone())?.to_vec();
        Ok(Reply { what, status, headers, body, took: asked.elapsed() })
    }

    /// The answer's head; its body is still to come.
    pub(crate) async fn begin(self) -> anyhow::Result<reqwest::Response> {
        let method: reqwest::Method = self.method.parse()?;
        let mut request = self.client.request(method, &self.url).timeout(self.timeout);
        for (name, value) in &self.headers {
            request = request.header(name, reqwest::header::HeaderValue::from_bytes(value.as_bytes())?);
        }
        if !self.body.is_empty() || matches!(self.method.as_str(), "PUT" | "POST" | "PATCH") {
            request = request.body(self.body);
        }
        request.send().await.with_context(|| format!("{} {}", self.method, self.url))
    }

    /// Sends it while the test goes on.
    pub(crate) fn spawn(self) -> tokio::task::JoinHandle<anyhow::Result<Reply>> {
        tokio::spawn(self.send())
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> anyhow::Result<Self> {
        self.expect_one_of(&[status])
    }

    pub(crate) fn expect_one_of(self, statuses: &[u16]) -> anyhow::Result<Self> {
        ensure!(
            statuses.contains(&self.status),
            "{}: {} in place of {statuses:?}: {:?} {}",
            self.what,
            self.status,
            self.headers,
            self.text().chars().take(1_000).collect::<String>()
        );
        Ok(self)
    }

    /// The answer, if it is a problem document of the design (section 1.13) with this status and last segment of its
    /// type.
    pub(crate) fn problem(self, status: u16, slug: &str) -> anyhow::Result<Self> {
        let this = self.refusal(status)?;
        let problem = this.json();
        let kind = format!("https://errors.weir.dev/conflict/{slug}");
        ensure!(problem["type"] == kind.as_str(), "{}: not {slug}: {problem}", this.what);
        Ok(this)
    }

    /// The answer, if it is a problem document of the design with this status.
    pub(crate) fn refusal(self, status: u16) -> anyhow::Result<Self> {
        let this = self.expect(status)?;
        let problem = this.json();
        let what = &this.what;
        ensure!(this.header("content-type") == Some("application/problem+json"), "{what}: {:?}", this.headers);
        ensure!(this.header("cache-control").is_some_and(|c| c.contains("no-store")), "{what}: {:?}", this.headers);
        ensure!(problem["status"] == status, "{what}: {problem}");
        for field in ["type", "title", "detail", "instance", "request_id", "policy", "route"] {
            ensure!(problem[field].as_str().is_some_and(|t| !t.is_empty()), "{what}: no {field} in {problem}");
        }
        ensure!(problem["conflict"]["kind"].is_string(), "{what}: no conflict.kind in {problem}");
        ensure!(problem["resolve"]["action"].is_string(), "{what}: no resolve.action in {problem}");
        Ok(this)
    }

    /// `Retry-After` in seconds.
    pub(crate) fn retry_after(&self) -> anyhow::Result<u64> {
        let value = self.header("retry-after").with_context(|| format!("no Retry-After: {self:?}"))?;
        value.parse().with_context(|| format!("Retry-After {value}"))
    }

    /// What `Conflict-Status` says, the empty text if it is not there.
    pub(crate) fn conflict_status(&self) -> &str {
        self.header("conflict-status").unwrap_or_default()
    }

    /// Whether the answer has no tag, and says none of ours anywhere in its headers' `ETag`.
    pub(crate) fn untagged(self) -> anyhow::Result<Self> {
        ensure!(self.header("etag").is_none(), "{}: {:?}", self.what, self.headers);
        Ok(self)
    }
}

/// Whether it is a well-formed strong tag of the gateway's.
pub(crate) fn is_ours(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner
        .and_then(|t| t.strip_prefix("g1-"))
        .is_some_and(|t| t.len() >= 22 && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
}
