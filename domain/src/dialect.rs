//! The wire formats that Weir speaks, towards applications and towards providers.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A dialect in which an application may speak to Weir.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenAI chat completions: `POST /v1/chat/completions`.
    /// Source: <https://platform.openai.com/docs/api-reference/chat>.
    Openai,
    /// Anthropic messages: `POST /v1/messages`.
    /// Source: <https://docs.anthropic.com/en/api/messages>.
    Anthropic,
    /// OpenAI Responses: `POST /v1/responses`.
    /// Source: <https://platform.openai.com/docs/api-reference/responses>.
    Responses,
    /// Gemini: `POST /v1beta/models/{model}:generateContent`.
    /// Source: <https://ai.google.dev/api/generate-content>.
    Gemini,
}

impl Dialect {
    /// The name used in configuration, log lines and metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
        }
    }

    /// The format in which a provider takes the caller's own bytes.
    #[must_use]
    pub fn format(self) -> WireFormat {
        match self {
            Self::Openai => WireFormat::Openai,
            Self::Anthropic => WireFormat::Anthropic,
            Self::Responses => WireFormat::Responses,
            Self::Gemini => WireFormat::Gemini,
        }
    }
}

/// What goes over the wire to a provider: each dialect, and what only providers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireFormat {
    /// [`Dialect::Openai`]: `POST {base}/chat/completions`.
    Openai,
    /// [`Dialect::Anthropic`]: `POST {base}/messages`.
    Anthropic,
    /// [`Dialect::Gemini`]: `POST {base}/models/{model}:generateContent`, streams `:streamGenerateContent`.
    Gemini,
    /// Cohere, version 2: `POST {base}/v2/chat`. Source: <https://docs.cohere.com/reference/chat>.
    Cohere,
    /// Ollama's own API: `POST {base}/api/chat`.
    /// Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.
    Ollama,
    /// [`Dialect::Responses`]: `POST {base}/responses`.
    Responses,
    /// Amazon Bedrock Converse: `POST {base}/model/{model}/converse`, streams `…/converse-stream`.
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.
    Bedrock,
}

impl WireFormat {
    /// The name in log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Cohere => "cohere",
            Self::Ollama => "ollama",
            Self::Responses => "responses",
            Self::Bedrock => "bedrock",
        }
    }

    /// The dialect of applications that it is; `None` for what only providers speak.
    #[must_use]
    pub fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Openai => Some(Dialect::Openai),
            Self::Anthropic => Some(Dialect::Anthropic),
            Self::Gemini => Some(Dialect::Gemini),
            Self::Cohere | Self::Ollama => None,
            Self::Responses => Some(Dialect::Responses),
            Self::Bedrock => None,
        }
    }

    /// Whether it has `seed`, `frequency_penalty` and `presence_penalty`, by whatever names.
    #[must_use]
    pub fn takes_penalties(self) -> bool {
        matches!(self, Self::Openai | Self::Gemini | Self::Cohere | Self::Ollama)
    }

    /// What its streams say they are.
    #[must_use]
    pub fn stream_type(self) -> &'static str {
        match self {
            Self::Openai | Self::Anthropic | Self::Responses | Self::Gemini | Self::Cohere => "text/event-stream",
            Self::Bedrock => "application/vnd.amazon.eventstream",
            Self::Ollama => "application/x-ndjson",
        }
    }

    /// Where it lists models, below a provider's `base_url`; `None` where it does not.
    #[must_use]
    pub fn models_path(self) -> Option<&'static str> {
        match self {
            Self::Openai | Self::Anthropic | Self::Responses | Self::Gemini => Some("/models"),
            Self::Cohere => Some("/v1/models"),
            Self::Ollama => Some("/api/tags"),
            Self::Bedrock => None,
        }
    }

    /// The path below a provider's `base_url` that takes a chat request for a model.
    #[must_use]
    pub fn chat_path(self, model: &str, stream: bool) -> Cow<'static, str> {
        match self {
            Self::Openai => "/chat/completions".into(),
            Self::Anthropic => "/messages".into(),
            Self::Gemini => {
                let call = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                format!("{}:{call}", gemini_path(model)).into()
            }
            Self::Cohere => "/v2/chat".into(),
            Self::Ollama => "/api/chat".into(),
            Self::Responses => "/responses".into(),
            Self::Bedrock => {
                let call = if stream { "converse-stream" } else { "converse" };
                format!("/model/{}/{call}", percent_encoded(model)).into()
            }
        }
    }
}

/// Where a model of Google's stands: tuned ones, and those with a slash in their names, in collections of their own.
#[must_use]
pub fn gemini_path(model: &str) -> String {
    let collected = ["models/", "tunedModels/"].iter().any(|collection| model.starts_with(collection));
    let segments: Vec<String> = model.split('/').map(percent_encoded).collect();
    format!("{}/{}", if collected { "" } else { "/models" }, segments.join("/"))
}

/// One segment of a path: all but the unreserved characters (RFC 3986 section 2.3) is percent-encoded, so that no name
/// can lead elsewhere.
#[must_use]
pub fn percent_encoded(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len() + 8);
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    // A segment of dots alone would climb.
    if encoded.bytes().all(|byte| byte == b'.') { encoded.replace('.', "%2E") } else { encoded }
}

impl From<Dialect> for WireFormat {
    fn from(dialect: Dialect) -> Self {
        dialect.format()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_googles_stands_in_the_path_and_cannot_lead_out_of_it() {
        let at = |model| WireFormat::Gemini.chat_path(model, false).into_owned();
        assert_eq!(at("gemini-2.5-pro"), "/models/gemini-2.5-pro:generateContent");
        assert_eq!(at("tunedModels/a-b"), "/tunedModels/a-b:generateContent");
        assert_eq!(at("a?key=x#y:z%2e"), "/models/a%3Fkey%3Dx%23y%3Az%252e:generateContent");
        assert_eq!(at("../x"), "/models/%2E%2E/x:generateContent");
        let streamed = WireFormat::Gemini.chat_path("m", true);
        assert_eq!(streamed, "/models/m:streamGenerateContent?alt=sse");
    }

    #[test]
    fn the_id_of_a_model_stays_one_segment_of_the_path() {
        for (model, path) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse"),
            ("arn:aws:bedrock:eu-west-1:1:x/y", "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ax%2Fy/converse"),
            ("..", "/model/%2E%2E/converse"),
            ("a?b#c%2f", "/model/a%3Fb%23c%252f/converse"),
        ] {
            assert_eq!(WireFormat::Bedrock.chat_path(model, false), path);
        }
        assert_eq!(WireFormat::Bedrock.chat_path("m", true), "/model/m/converse-stream");
    }
}
