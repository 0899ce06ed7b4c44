//! In what calls of a provider differ from its protocol: by vendor, by format, by operation.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::Provider;
use crate::dialect::WireFormat;
use crate::operation::Operation;
use crate::quirks::Quirks;
use crate::spec::Protocol;

/// What Vertex wants of a body in Anthropic's format: its version there, and no model, which the path names.
/// Source: <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>.
static CLAUDE_ON_VERTEX: LazyLock<Quirks> =
    LazyLock::new(|| Quirks { model_in_path: true, ..CLAUDE_COUNTED_ON_VERTEX.clone() });

/// The same of a body whose tokens are counted: the path is one for all models, so that the body names it.
static CLAUDE_COUNTED_ON_VERTEX: LazyLock<Quirks> = LazyLock::new(|| Quirks {
    added: BTreeMap::from([("anthropic_version".to_owned(), Value::from("vertex-2023-10-16"))]),
    ..Quirks::NONE
});

/// Whether a model of Vertex is Anthropic's, by its id.
pub(super) fn is_claude(model: &str) -> bool {
    model.starts_with("claude") || model.starts_with("anthropic/")
}

impl Provider {
    /// In what it differs for a call in a format.
    #[must_use]
    pub fn quirks(&self, format: WireFormat) -> &Quirks {
        match (self.protocol, format) {
            (Protocol::Vertex, WireFormat::Anthropic) => &CLAUDE_ON_VERTEX,
            _ => &self.quirks,
        }
    }

    /// The same for a body of one operation.
    #[must_use]
    pub fn quirks_of(&self, operation: Operation, format: WireFormat) -> &Quirks {
        match (self.protocol, format, operation) {
            (Protocol::Vertex, WireFormat::Anthropic, Operation::CountTokens) => &CLAUDE_COUNTED_ON_VERTEX,
            _ => self.quirks(format),
        }
    }

    /// Whether a model of it takes legacy completions. Who is not known to chat only is asked as it is.
    #[must_use]
    pub fn completes(&self, model: &str) -> bool {
        let chats = || self.models.get(model).is_some_and(|facts| facts.chat_only);
        match self.protocol {
            Protocol::Openai | Protocol::Azure => self.quirks.endpoints.completions.unwrap_or_else(|| !chats()),
            _ => false,
        }
    }
}
