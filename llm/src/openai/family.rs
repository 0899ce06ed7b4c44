//! Which rules an OpenAI model follows, by its name.
//!
//! Source: <https://platform.openai.com/docs/guides/reasoning>.

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// o1 and later, gpt-5 and later: `max_completion_tokens`, no sampling parameters, no `stop`.
    Reasoning,
    /// gpt-4 and before: no `reasoning_effort`.
    Plain,
    /// Another vendor's model behind an OpenAI-style API.
    Unknown,
}

/// Reads the name, without a vendor's prefix such as `openai/`.
pub(crate) fn family(model: &str) -> Family {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let number = |prefix: &str| -> Option<u32> {
        let rest = name.strip_prefix(prefix)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest[..digits].parse().ok()
    };
    if number("o").is_some() {
        return Family::Reasoning;
    }
    match number("gpt-").or_else(|| number("chatgpt-")) {
        Some(0..=4) => Family::Plain,
        Some(_) if name.contains("-chat") => Family::Plain,
        Some(_) => Family::Reasoning,
        None => Family::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_name() {
        for (name, expected) in [
            ("o1", Family::Reasoning),
            ("openai/o3-mini", Family::Reasoning),
            ("gpt-5.1", Family::Reasoning),
            ("gpt-5-chat-latest", Family::Plain),
            ("gpt-4o", Family::Plain),
            ("gpt-3.5-turbo", Family::Plain),
            ("chatgpt-4o-latest", Family::Plain),
            ("gpt-oss-120b", Family::Unknown),
            ("olmo-2", Family::Unknown),
            ("llama3.2", Family::Unknown),
        ] {
            assert_eq!(family(name), expected, "{name}");
        }
    }
}
