//! Which rules a model of Google's follows, by its name.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/thinking>.

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knob {
    /// Not at all: Gemini 2.0 and before, Gemma.
    None,
    /// `thinkingBudget` in tokens, between these bounds, `off` when it may be 0: Gemini 2.5.
    Budget { least: u64, most: u64, off: bool },
    /// `thinkingLevel`: Gemini 3 and later; `minimal` is not for its Pro models, `medium` not for the first of them.
    Level { minimal: bool, medium: bool },
}

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) knob: Knob,
    /// Whether a JSON answer may be demanded beside tools: from Gemini 3 on.
    pub(super) json_beside_tools: bool,
    /// Whether searches of the web are billed by the prompt: up to Gemini 2.5.
    pub(super) searches_by_prompt: bool,
    /// Whether a call in the conversation must come with the signature of the thought that led to it: from Gemini 3 on.
    pub(super) wants_signatures: bool,
}

/// Whether a model refuses calls without a signature of thought.
pub(crate) fn wants_signatures(model: &str) -> bool {
    family(model).wants_signatures
}

/// Reads the name, without what stands before its last `/`.
pub(super) fn family(model: &str) -> Family {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let (pro, lite) = (name.contains("-pro"), name.contains("-lite"));
    let knob = match version(&name) {
        Some((0..=1, _) | (2, 0..=4)) => Knob::None,
        Some((2, _)) if pro => Knob::Budget { least: 128, most: 32_768, off: false },
        Some((2, _)) if lite => Knob::Budget { least: 512, most: 24_576, off: true },
        Some((2, _)) => Knob::Budget { least: 1, most: 24_576, off: true },
        Some((3, 0)) if pro => Knob::Level { minimal: false, medium: false },
        // `gemini-flash-latest` is whatever is newest.
        Some(_) => Knob::Level { minimal: !pro, medium: true },
        None if name.starts_with("gemini") => Knob::Level { minimal: !pro, medium: true },
        None => Knob::None,
    };
    let is_new = matches!(knob, Knob::Level { .. });
    Family { knob, json_beside_tools: is_new, searches_by_prompt: !is_new, wants_signatures: is_new }
}

/// `gemini-2.5-flash` is 2.5, `gemini-3-pro-preview` 3.0.
fn version(name: &str) -> Option<(u32, u32)> {
    let rest = name.strip_prefix("gemini-")?;
    let digits = rest.split('-').next()?;
    let (major, minor) = digits.split_once('.').unwrap_or((digits, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_name() {
        let level = |minimal, medium| Knob::Level { minimal, medium };
        for (name, knob) in [
            ("gemini-1.5-pro", Knob::None),
            ("gemini-2.0-flash", Knob::None),
            ("gemini-2.5-pro", Knob::Budget { least: 128, most: 32_768, off: false }),
            ("gemini-2.5-flash-preview-09-2025", Knob::Budget { least: 1, most: 24_576, off: true }),
            ("models/gemini-2.5-flash-lite", Knob::Budget { least: 512, most: 24_576, off: true }),
            ("gemini-3-pro-preview", level(false, false)),
            ("gemini-3.1-pro-preview", level(false, true)),
            ("gemini-3-flash-preview", level(true, true)),
            ("gemini-flash-latest", level(true, true)),
            ("gemini-4-argon", level(true, true)),
            ("gemma-3-27b-it", Knob::None),
        ] {
            assert_eq!(family(name).knob, knob, "{name}");
        }
        assert!(!family("gemini-2.5-pro").json_beside_tools && family("gemini-3-pro").json_beside_tools);
    }
}
