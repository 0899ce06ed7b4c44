//! The wire formats that Weir speaks, towards applications and towards providers.

use std::fmt;

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
}

impl Dialect {
    /// The name used in configuration, log lines and metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// The format in which a provider takes the caller's own bytes.
    #[must_use]
    pub fn format(self) -> WireFormat {
        match self {
            Self::Openai => WireFormat::Openai,
            Self::Anthropic => WireFormat::Anthropic,
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
}

impl WireFormat {
    /// The name in log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// The dialect of applications that it is; `None` for what only providers speak.
    #[must_use]
    pub fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Openai => Some(Dialect::Openai),
            Self::Anthropic => Some(Dialect::Anthropic),
        }
    }

    /// Whether it has `seed`, `frequency_penalty` and `presence_penalty`, by whatever names.
    #[must_use]
    pub fn takes_penalties(self) -> bool {
        matches!(self, Self::Openai)
    }

    /// The path below a provider's `base_url` that takes a chat request.
    #[must_use]
    pub fn chat_path(self) -> &'static str {
        match self {
            Self::Openai => "/chat/completions",
            Self::Anthropic => "/messages",
        }
    }
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
