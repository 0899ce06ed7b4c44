//! What a model on Bedrock can do, by its id: Converse is one shape for all, but not all take every part of it.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>.

use crate::anthropic::version::{ClaudeVersion, claude_version};

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Of Anthropic; without a version it is held to no rule.
    Claude(Option<ClaudeVersion>),
    /// Of Amazon, from the second generation on with reasoning.
    Nova { reasons: bool },
    /// OpenAI's open weights.
    Gpt,
    /// Of a vendor whose models are known not to be held to schemas.
    Plain,
    /// Of another vendor, or behind a name that does not tell (the ARN of a profile of one's own).
    Unknown,
}

/// Vendors of [`Family::Plain`].
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>.
const PLAIN: [&str; 5] = ["meta.", "ai21.", "cohere.", "amazon.titan", "writer."];

/// Reads the id: `anthropic.claude-3-haiku-20240307-v1:0`, `us.amazon.nova-pro-v1:0`, or an ARN that holds one.
pub(super) fn family(model: &str) -> Family {
    let id = model.to_ascii_lowercase();
    if id.contains("claude") {
        Family::Claude(claude_version(&id))
    } else if id.contains("amazon.nova") {
        Family::Nova { reasons: id.contains("nova-2") }
    } else if id.contains("openai.") {
        Family::Gpt
    } else if PLAIN.iter().any(|vendor| id.contains(vendor)) {
        Family::Plain
    } else {
        Family::Unknown
    }
}

impl Family {
    /// The version, for the rules that Anthropic's models have wherever they run.
    pub(super) fn claude(self) -> Option<ClaudeVersion> {
        match self {
            Self::Claude(version) => version,
            _ => None,
        }
    }

    /// Whether it can be held to a schema.
    pub(super) fn has_structured_outputs(self) -> bool {
        match self {
            Self::Claude(version) => version.is_none_or(ClaudeVersion::has_structured_outputs),
            Self::Nova { .. } | Self::Plain => false,
            Self::Gpt | Self::Unknown => true,
        }
    }

    /// Whether `toolSpec.strict` may be sent.
    pub(super) fn has_strict_tools(self) -> bool {
        matches!(self, Self::Claude(Some(version)) if version.has_structured_outputs())
    }

    /// Whether it takes `cachePoint`. Others refuse the request for it.
    pub(super) fn caches(self) -> bool {
        match self {
            Self::Claude(version) => version.is_none_or(ClaudeVersion::caches_on_bedrock),
            Self::Nova { .. } => true,
            _ => false,
        }
    }

    /// Whether it takes `cachePoint` among its tools.
    pub(super) fn caches_tools(self) -> bool {
        self.caches() && matches!(self, Self::Claude(_))
    }

    /// Whether it takes a `cachePoint` that lasts an hour.
    pub(super) fn caches_for_an_hour(self) -> bool {
        matches!(self, Self::Claude(version) if version.is_none_or(ClaudeVersion::caches_for_an_hour_on_bedrock))
    }

    /// Whether signed reasoning of earlier answers goes back to it.
    pub(super) fn takes_reasoning_back(self) -> bool {
        matches!(self, Self::Claude(_))
    }

    /// Whether it takes `toolResult.status`.
    pub(super) fn takes_status(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_id() {
        for (model, caches, structured) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", false, false),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", true, false),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0", true, true),
            ("eu.amazon.nova-lite-v1:0", true, false),
            ("meta.llama3-1-8b-instruct-v1:0", false, false),
            ("openai.gpt-oss-120b-1:0", false, true),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", false, true),
        ] {
            let family = family(model);
            assert_eq!((family.caches(), family.has_structured_outputs()), (caches, structured), "{model}");
        }
        assert_eq!(family("global.amazon.nova-2-lite-v1:0"), Family::Nova { reasons: true });
    }
}
