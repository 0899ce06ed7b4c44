//! A client of the admin API that keeps status, headers and body together.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::Value;

/// The admin API with one token.
#[derive(Clone, Debug)]
pub struct Admin {
    client: reqwest::Client,
    base: String,
    token: String,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its body; `Null` when empty, a string when not JSON.
    pub body: Value,
}

impl Answered {
    /// The body of an answer that says yes.
    ///
    /// # Errors
    /// When the status is not 2xx; the error holds the body.
    pub fn ok(self) -> anyhow::Result<Value> {
        if (200..300).contains(&self.status) { Ok(self.body) } else { bail!("status {}: {}", self.status, self.body) }
    }
}

impl Admin {
    /// `base` is scheme, host and port.
    #[must_use]
    pub fn new(base: &str, token: &str) -> Self {
        Self::through(crate::client::client(), base, token)
    }

    /// The same with a client that was made for it, such as one that trusts a certificate.
    #[must_use]
    pub fn through(client: reqwest::Client, base: &str, token: &str) -> Self {
        Self { client, base: base.to_owned(), token: token.to_owned() }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request below `/api/v1`; `headers` beyond the credential.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Answered> {
        let method: Method = method.parse()?;
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| path.to_owned())?;
        let status = answer.status().as_u16();
        let etag = answer.headers().get("etag").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let text = answer.text().await?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok(Answered { status, etag, body })
    }

    /// Reads.
    ///
    /// # Errors
    /// When the answer is not 2xx.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, &[], None).await?.ok()
    }

    /// Makes something.
    ///
    /// # Errors
    /// When the answer is not 2xx.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, &[], Some(body)).await?.ok()
    }

    /// All rows of a paged list, over every page.
    ///
    /// # Errors
    /// When an answer is not 2xx or has no `items`.
    pub async fn all(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = cursor.as_ref().map_or_else(|| path.to_owned(), |c| format!("{path}{joint}cursor={c}"));
            let body = self.get(&page).await?;
            rows.extend(body["items"].as_array().with_context(|| format!("no items in {body}"))?.iter().cloned());
            match body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(rows),
            }
        }
    }

    /// Request rows of the ledger, awaited until there are `count` (the journal is shipped in batches).
    ///
    /// # Errors
    /// When there are not as many within ten seconds; more than asked for are returned too.
    pub async fn requests(&self, count: usize) -> anyhow::Result<Vec<Value>> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let rows = self.all("/requests?limit=200").await?;
            if rows.len() >= count {
                return Ok(rows);
            }
            if Instant::now() > deadline {
                bail!("{} ledger rows, not {count}: {rows:?}", rows.len());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
