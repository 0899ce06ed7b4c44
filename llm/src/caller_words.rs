//! The caller's own words for places in its request. What writes a request for a provider names places in the words that
//! OpenAI's and Anthropic's dialects have; this is where they become those of the caller: what is reported or refused
//! must be found in what was sent.

use std::borrow::Cow;

use weir_domain::dialect::Dialect;

/// The path as the caller would write it. One that a reader of the dialect has named stays as it is.
pub(crate) fn path(inbound: Dialect, path: &str) -> Cow<'_, str> {
    if let Some(parameter) = parameter(inbound, path) {
        return parameter.into();
    }
    if let Some(tool) = path.strip_prefix("tools[") {
        return tool_path(inbound, path, tool);
    }
    let Some((place, member)) = path.rsplit_once('.') else { return path.into() };
    if !is_part(place) || member.contains(']') {
        return path.into();
    }
    match member_of_part(inbound, member) {
        Some("") => place.into(),
        Some(own) => format!("{place}.{own}").into(),
        None => path.into(),
    }
}

/// Members of the top level of a request of Gemini's. Source: <https://ai.google.dev/api/generate-content>,
/// <https://ai.google.dev/api/embeddings>.
const GEMINI: [&str; 14] = [
    "model",
    "contents",
    "tools",
    "toolConfig",
    "safetySettings",
    "systemInstruction",
    "generationConfig",
    "cachedContent",
    "content",
    "requests",
    "taskType",
    "title",
    "outputDimensionality",
    "generateContentRequest",
];

/// The parameter that a provider names as the one at fault, as the caller would write it: a provider speaks of the request
/// that it got. `None` where the caller's dialect has no such parameter.
pub(crate) fn of_provider(inbound: Dialect, field: &str) -> Option<Cow<'_, str>> {
    let root = field.split(['.', '[']).next().unwrap_or_default();
    match parameter(inbound, root) {
        Some(own) => Some(own.into()),
        None if inbound != Dialect::Gemini => Some(field.into()),
        None => GEMINI.contains(&root).then(|| path(inbound, field)),
    }
}

/// Parameters of the top level. Those that differ more are in [`crate::exchange::Names`].
fn parameter(inbound: Dialect, path: &str) -> Option<&'static str> {
    Some(match (inbound, path) {
        (Dialect::Gemini, "messages") => "contents",
        (Dialect::Gemini, "max_tokens" | "max_completion_tokens") => "generationConfig.maxOutputTokens",
        (Dialect::Responses, "messages") => "input",
        (Dialect::Responses, "max_tokens" | "max_completion_tokens") => "max_output_tokens",
        (Dialect::Gemini, "temperature") => "generationConfig.temperature",
        (Dialect::Gemini, "top_p") => "generationConfig.topP",
        (Dialect::Gemini, "top_k") => "generationConfig.topK",
        (Dialect::Gemini, "input") => "requests",
        (Dialect::Gemini, "input_type") => "taskType",
        (Dialect::Gemini, "dimensions") => "outputDimensionality",
        (Dialect::Gemini, "tool_choice") => "toolConfig.functionCallingConfig",
        (Dialect::Anthropic, "parallel_tool_calls") => "tool_choice.disable_parallel_tool_use",
        _ => return None,
    })
}

/// `rest` is what follows `tools[`.
fn tool_path<'a>(inbound: Dialect, path: &'a str, rest: &str) -> Cow<'a, str> {
    let Some((at, member)) = rest.split_once("].") else { return path.into() };
    let member = member.strip_prefix("function.");
    match (inbound, member) {
        (_, None) | (Dialect::Openai, _) => path.into(),
        (Dialect::Responses, Some(member)) => format!("tools[{at}].{member}").into(),
        (Dialect::Anthropic, Some(member)) => {
            format!("tools[{at}].{}", member.replacen("parameters", "input_schema", 1)).into()
        }
        // Functions are counted over all entries of `tools`.
        (Dialect::Gemini, Some(member)) => format!("functionDeclarations[{at}].{member}").into(),
    }
}

/// Whether a path leads into the conversation.
fn is_part(place: &str) -> bool {
    ["messages[", "contents[", "input[", "system", "systemInstruction"].iter().any(|list| place.starts_with(list))
}

/// What a dialect calls a member of a part of the conversation: empty for the part itself, `None` for the same word.
fn member_of_part(inbound: Dialect, member: &str) -> Option<&'static str> {
    Some(match (inbound, member) {
        (Dialect::Gemini, "type" | "source") => "",
        (Dialect::Gemini, "id") => "thoughtSignature",
        (Dialect::Gemini, "thinking") => "thought",
        (Dialect::Gemini, "is_error") => "functionResponse.response.error",
        (Dialect::Gemini, "tool_call_id") => "functionResponse.name",
        (Dialect::Openai | Dialect::Responses, "source") => "",
        (Dialect::Responses, "id" | "tool_call_id") => "call_id",
        (Dialect::Responses, "thinking") => "encrypted_content",
        (Dialect::Anthropic, "tool_call_id") => "tool_use_id",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_in_the_words_of_the_caller() {
        for (inbound, neutral, own) in [
            (Dialect::Gemini, "top_k", "generationConfig.topK"),
            (Dialect::Gemini, "contents[7].parts[0].id", "contents[7].parts[0].thoughtSignature"),
            (Dialect::Gemini, "contents[0].parts[1].source", "contents[0].parts[1]"),
            (Dialect::Gemini, "contents[0].parts[1].inlineData", "contents[0].parts[1].inlineData"),
            (Dialect::Gemini, "tools[2].function.parameters.$ref", "functionDeclarations[2].parameters.$ref"),
            (Dialect::Gemini, "tools[0].googleSearch", "tools[0].googleSearch"),
            (Dialect::Anthropic, "tools[1].function.parameters.default", "tools[1].input_schema.default"),
            (Dialect::Anthropic, "messages[0].content[1].source", "messages[0].content[1].source"),
            (Dialect::Anthropic, "parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
            (Dialect::Responses, "tools[1].function.strict", "tools[1].strict"),
            (Dialect::Responses, "input[3].id", "input[3].call_id"),
            (Dialect::Openai, "messages[0].content[1].source", "messages[0].content[1]"),
            (Dialect::Openai, "tools[1].function.strict", "tools[1].function.strict"),
            (Dialect::Openai, "logit_bias", "logit_bias"),
        ] {
            assert_eq!(path(inbound, neutral), own, "{inbound:?}");
        }
    }

    #[test]
    fn what_a_provider_names_is_told_in_the_words_of_the_caller_or_not_at_all() {
        for (inbound, theirs, own) in [
            (Dialect::Gemini, "messages", Some("contents")),
            (Dialect::Gemini, "messages[3].content", Some("contents")),
            (Dialect::Gemini, "max_completion_tokens", Some("generationConfig.maxOutputTokens")),
            (Dialect::Gemini, "tools[0].function.parameters", Some("functionDeclarations[0].parameters")),
            (Dialect::Gemini, "logit_bias", None),
            (Dialect::Responses, "messages", Some("input")),
            (Dialect::Responses, "input[3].id", Some("input[3].id")),
            (Dialect::Openai, "messages[3].content", Some("messages[3].content")),
        ] {
            assert_eq!(of_provider(inbound, theirs).as_deref(), own, "{inbound:?} {theirs}");
        }
    }
}
