//! The caller's side of a chat, in every dialect: asks, and reads the answer as strictly as the
//! official SDKs and more.

mod anthropic;
mod gemini;
mod openai;
mod responses;
#[cfg(test)]
mod tests;

use anyhow::{Context, bail};
use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::provider::Vendor;

/// What an application speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's chat completions.
    Openai,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's generateContent.
    Gemini,
}

impl Dialect {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Openai, Self::Responses, Self::Anthropic, Self::Gemini];
}

impl From<Vendor> for Dialect {
    fn from(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Openai => Self::Openai,
            Vendor::Anthropic => Self::Anthropic,
        }
    }
}

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
    pub fn heard(&self, dialect: impl Into<Dialect>) -> anyhow::Result<Heard> {
        if self.status != 200 {
            bail!("status {}: {}", self.status, self.text());
        }
        let stream = self.header("content-type").is_some_and(|c| c.starts_with("text/event-stream"));
        let heard = match (dialect.into(), stream) {
            (Dialect::Openai, false) => openai::whole(&self.json()?),
            (Dialect::Openai, true) => openai::stream(&self.body),
            (Dialect::Responses, false) => responses::whole(&self.json()?),
            (Dialect::Responses, true) => responses::stream(&self.body),
            (Dialect::Anthropic, false) => anthropic::whole(&self.json()?),
            (Dialect::Anthropic, true) => anthropic::stream(&self.body),
            (Dialect::Gemini, false) => gemini::whole(&self.json()?),
            (Dialect::Gemini, true) => gemini::stream(&self.body),
        };
        heard.with_context(|| format!("in {}", self.text()))
    }

    /// Type and message of an error answer, after a check that it has the shape of the dialect.
    ///
    /// # Errors
    /// When it has not.
    pub fn error(&self, dialect: impl Into<Dialect>) -> anyhow::Result<(String, String)> {
        let body = self.json()?;
        let text = |value: &Value| value.as_str().map(str::to_owned).with_context(|| format!("not an error: {body}"));
        let dialect = dialect.into();
        if dialect == Dialect::Gemini {
            if body["error"]["code"] != self.status {
                bail!("the code is not the status {} in {body}", self.status);
            }
            return Ok((text(&body["error"]["status"])?, text(&body["error"]["message"])?));
        }
        if dialect == Dialect::Anthropic && body["type"] != "error" {
            bail!("no type error in {body}");
        }
        if matches!(dialect, Dialect::Openai | Dialect::Responses) {
            for field in ["param", "code"] {
                body["error"].get(field).with_context(|| format!("no {field} in {body}"))?;
            }
        }
        Ok((text(&body["error"]["type"])?, text(&body["error"]["message"])?))
    }
}

/// The meaning of an answer, the same in all dialects.
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

    /// A request in a dialect with a body of its own; Gemini's has model and stream in its path, from where they are
    /// put there.
    fn with_body(&self, dialect: Dialect, body: &Value) -> reqwest::RequestBuilder {
        match dialect {
            Dialect::Openai => self.request(Vendor::Openai).body(body.to_string()),
            Dialect::Anthropic => self.request(Vendor::Anthropic).body(body.to_string()),
            Dialect::Responses => self
                .client
                .post(format!("{}/v1/responses", self.base))
                .bearer_auth(&self.key)
                .header("content-type", "application/json")
                .body(body.to_string()),
            Dialect::Gemini => {
                let mut body = body.clone();
                let mut take = |name: &str| body.as_object_mut().and_then(|fields| fields.remove(name));
                let model = take("model").unwrap_or_default();
                let streamed = take("stream") == Some(Value::Bool(true));
                let method = if streamed { "streamGenerateContent?alt=sse" } else { "generateContent" };
                self.client
                    .post(format!("{}/v1beta/models/{}:{method}", self.base, model.as_str().unwrap_or_default()))
                    .header("x-goog-api-key", &self.key)
                    .header("content-type", "application/json")
                    .body(body.to_string())
            }
        }
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

    /// Asks, and reads the answer whole. `model` and `stream` of the body go where the dialect has them.
    ///
    /// # Errors
    /// When the answer does not come, or breaks off.
    pub async fn ask(&self, dialect: impl Into<Dialect>, body: &Value) -> anyhow::Result<Answered> {
        self.send(self.with_body(dialect.into(), body)).await
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
