//! What a Claude model can do, by the version in its name.
//!
//! Source: <https://docs.anthropic.com/en/docs/about-claude/models/overview> and the migration guides beside it.

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClaudeVersion(u8, u8);

impl ClaudeVersion {
    /// Extended thinking came with 3.7.
    pub(crate) fn can_think(self) -> bool {
        self >= Self(3, 7)
    }

    /// From 4.6 on the model decides how far to think, and `output_config.effort` says how hard to try.
    pub(crate) fn thinks_adaptively(self) -> bool {
        self >= Self(4, 6)
    }

    /// `xhigh` came with 4.7.
    pub(crate) fn has_xhigh(self) -> bool {
        self >= Self(4, 7)
    }

    /// `output_config.format` and strict tools came with 4.5 (and 4.1 of Opus, which is gone soon).
    pub(crate) fn has_structured_outputs(self) -> bool {
        self >= Self(4, 5)
    }

    /// Marks for the prompt cache came with 3.5 on Bedrock.
    pub(crate) fn caches_on_bedrock(self) -> bool {
        self >= Self(3, 5)
    }

    /// Marks that last an hour came with 4.5 on Bedrock.
    pub(crate) fn caches_for_an_hour_on_bedrock(self) -> bool {
        self >= Self(4, 5)
    }

    /// From 4.7 on `temperature`, `top_p` and `top_k` are refused unless they are the default.
    pub(crate) fn refuses_sampling(self) -> bool {
        self >= Self(4, 7)
    }

    /// From 4.1 on `temperature` and `top_p` must not both be given.
    pub(crate) fn takes_one_of_temperature_and_top_p(self) -> bool {
        self >= Self(4, 1)
    }
}

/// Finds `claude`, then the first number and the one after it: `claude-3-7-sonnet-20250219`, `claude-opus-4.6`.
/// Numbers of more than two digits are dates. `None` when there is none: an unknown model is held to no rule.
pub(crate) fn claude_version(model: &str) -> Option<ClaudeVersion> {
    let lower = model.to_ascii_lowercase();
    let tail = &lower[lower.find("claude")? + "claude".len()..];
    let mut parts = tail.split(['-', '.', '@', '_', ':']).skip_while(|part| version_number(part).is_none());
    let major = version_number(parts.next()?)?;
    let minor = parts.next().and_then(version_number).unwrap_or(0);
    Some(ClaudeVersion(major, minor))
}

fn version_number(part: &str) -> Option<u8> {
    (1..=2).contains(&part.len()).then(|| part.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_every_style_of_name() {
        for (name, version) in [
            ("claude-3-7-sonnet-20250219", Some((3, 7))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("anthropic/claude-opus-4.6", Some((4, 6))),
            ("claude-opus-4-1@20250805", Some((4, 1))),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some((4, 5))),
            ("claude-2.1", Some((2, 1))),
            ("claude-next", None),
            ("kimi-k2", None),
        ] {
            assert_eq!(claude_version(name), version.map(|(a, b)| ClaudeVersion(a, b)), "{name}");
        }
    }
}
