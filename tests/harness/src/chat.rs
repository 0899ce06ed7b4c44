//! The caller's side of a chat, in either dialect: asks, and reads the answer as strictly as the
//! official SDKs and more.

mod anthropic;
mod openai;
#[cfg(test)]
mod tests;

use anyhow::{Context, bail};
use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::provider::Vendor;

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answered {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("status {}, not JSON: {}", self.status, self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The meaning of a good answer.
    ///
    /// # Errors
    /// When the status is not 200 or the answer is not as the vendor would write it.
    pub fn heard(&self, dialect: Vendor) -> anyhow::Result<Heard> {
        if self.status != 200 {
            bail!("status {}: {}", self.status, self.text());
        }
        let stream = self.header("content-type").is_some_and(|c| c.starts_with("text/event-stream"));
        let heard = match (dialect, stream) {
            (Vendor::Openai, false) => openai::whole(&self.json()?),
            (Vendor::Openai, true) => openai::stream(&self.body),
            (Vendor::Anthropic, false) => anthropic::whole(&self.json()?),
            (Vendor::Anthropic, true) => anthropic::stream(&self.body),
        };
        heard.with_context(|| format!("in {}", self.text()))
    }

    /// Type and message of an error answer, after a check that it has the shape of the dialect.
    ///
    /// # Errors
    /// When it has not.
    pub fn error(&self, dialect: Vendor) -> anyhow::Result<(String, String)> {
        let body = self.json()?;
        let text = |value: &Value| value.as_str().map(str::to_owned).with_context(|| format!("not an error: {body}"));
        if dialect == Vendor::Anthropic && body["type"] != "error" {
            bail!("no type error in {body}");
        }
        if dialect == Vendor::Openai {
            for field in ["param", "code"] {
                body["error"].get(field).with_context(|| format!("no {field} in {body}"))?;
            }
        }
        Ok((text(&body["error"]["type"])?, text(&body["error"]["message"])?))
    }
}

/// The meaning of an answer, the same in both dialects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Visible text.
    pub text: String,
    /// What the model declined to say, in OpenAI's field.
    pub refusal: String,
    /// Thinking shown.
    pub thinking: String,
    /// The signatures of the thinking, and the thinking that only the vendor can read.
    pub signature: String,
    /// Tools called: id, name, arguments.
    pub tools: Vec<(String, String, Value)>,
    /// Why it stopped, in the dialect's word.
    pub stop: String,
    /// Usage; `None` where the answer has none.
    pub usage: Option<Wire>,
    /// The model that the answer names.
    pub model: String,
}

/// Usage as the wire says it, put into the same three sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wire {
    /// All input, cached included.
    pub input: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache.
    pub cache_write: u64,
    /// All output, reasoning included.
    pub output: u64,
    /// Of that, reasoning, where told.
    pub reasoning: u64,
    /// `usage.cost` as written; `None` where the field is missing.
    pub cost: Option<Value>,
}

/// Someone who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    client: reqwest::Client,
    base: String,
    key: String,
}

impl Caller {
    /// `base` is the gateway's scheme, host and port.
    #[must_use]
    pub fn new(base: &str, key: &str) -> Self {
        Self { client: crate::client::client(), base: base.to_owned(), key: key.to_owned() }
    }

    /// A request in a dialect, with credential and the headers that its SDK sends.
    pub fn request(&self, dialect: Vendor) -> reqwest::RequestBuilder {
        let json = ("content-type", "application/json");
        match dialect {
            Vendor::Openai => self
                .client
                .post(format!("{}/v1/chat/completions", self.base))
                .bearer_auth(&self.key)
                .header(json.0, json.1),
            Vendor::Anthropic => self
                .client
                .post(format!("{}/v1/messages", self.base))
                .header("x-api-key", &self.key)
                .header("anthropic-version", "2023-06-01")
                .header(json.0, json.1),
        }
    }

    /// Asks, and reads the answer whole.
    ///
    /// # Errors
    /// When the answer does not come, or breaks off.
    pub async fn ask(&self, dialect: Vendor, body: &Value) -> anyhow::Result<Answered> {
        self.send(self.request(dialect).body(body.to_string())).await
    }

    /// Sends a request made by hand.
    ///
    /// # Errors
    /// When the answer does not come, or breaks off.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answered> {
        let answer = request.send().await.context("no answer")?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.with_context(|| format!("status {status}, body broke off"))?;
        Ok(Answered { status, headers, body })
    }
}
