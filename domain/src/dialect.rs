//! The wire formats that Weir speaks, towards applications and towards providers.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A wire format for chat, spoken by an application on the way in or by a provider on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenAI chat completions: `POST {base}/chat/completions`.
    /// Source: <https://platform.openai.com/docs/api-reference/chat>.
    Openai,
    /// Anthropic messages: `POST {base}/messages`.
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

    /// The path below a provider's `base_url` that takes a chat request.
    #[must_use]
    pub fn chat_path(self) -> &'static str {
        match self {
            Self::Openai => "/chat/completions",
            Self::Anthropic => "/messages",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
