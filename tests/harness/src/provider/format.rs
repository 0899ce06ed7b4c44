//! Which vendors are imitated, and what is known of each beside its requests and answers.

use serde_json::{Value, json};

use super::Vendor;

/// A vendor's API, as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `POST /v1/chat/completions`.
    Openai,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/messages`.
    Anthropic,
    /// `POST /v1beta/models/{model}:generateContent`.
    Gemini,
    /// `POST /model/{model}/converse`, signed; the key is [`super::bedrock::ACCESS_KEY`].
    Bedrock,
    /// OpenAI's chat completions at a deployment's address.
    Azure,
    /// Gemini and Claude at a project's address, with a token.
    Vertex,
    /// `POST /v2/chat`.
    Cohere,
    /// `POST /api/chat`.
    Ollama,
}

impl From<Vendor> for Format {
    fn from(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Openai => Self::Openai,
            Vendor::Anthropic => Self::Anthropic,
        }
    }
}

impl Format {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Openai,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
        Self::Azure,
        Self::Vertex,
        Self::Cohere,
        Self::Ollama,
    ];

    /// The name of its provider in configurations, and of its option in `weir-fakes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Azure => "azure",
            Self::Vertex => "vertex",
            Self::Cohere => "cohere",
            Self::Ollama => "ollama",
        }
    }

    /// What stands behind the address in `base_url`.
    pub(super) fn base(self) -> &'static str {
        match self {
            Self::Openai | Self::Responses | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
            Self::Bedrock | Self::Azure | Self::Vertex | Self::Cohere | Self::Ollama => "",
        }
    }

    /// The `protocol` of its provider, and what else its `spec` needs.
    #[must_use]
    pub fn spec(self) -> Value {
        match self {
            Self::Responses => json!({"protocol": "openai", "responses": true}),
            Self::Bedrock => json!({"protocol": "bedrock", "region": super::bedrock::REGION}),
            Self::Azure => json!({"protocol": "azure", "api_version": super::hosted::API_VERSION}),
            Self::Vertex => json!({"protocol": "vertex", "project": super::hosted::PROJECT,
                "location": super::hosted::LOCATION}),
            other => json!({"protocol": other.name()}),
        }
    }
}
