//! What Anthropic refuses in messages and their content blocks.

use serde_json::{Map, Value};

use super::super::prompt;
use super::check::{Checked, invalid};
use super::signature;

/// Block types and the fields of each; vendor's own tools aside.
const BLOCKS: [(&str, &[&str]); 8] = [
    ("text", &["type", "text", "cache_control", "citations"]),
    ("image", &["type", "source", "cache_control"]),
    ("document", &["type", "source", "cache_control", "citations", "context", "title"]),
    ("search_result", &["type", "source", "title", "content", "citations", "cache_control"]),
    ("tool_use", &["type", "id", "name", "input", "cache_control", "caller"]),
    ("tool_result", &["type", "tool_use_id", "content", "is_error", "cache_control"]),
    ("thinking", &["type", "thinking", "signature"]),
    ("redacted_thinking", &["type", "data"]),
];

pub(super) fn system(system: Option<&Value>) -> Checked<()> {
    match system {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(n, block)| {
            if block["type"] != "text" {
                return invalid(format!("system.{n}.type: Input should be 'text'"));
            }
            self::block(&format!("system.{n}"), block)
        }),
        Some(_) => invalid("system: Input should be a valid string"),
    }
}

pub(super) fn messages(request: &Value, fields: &Map<String, Value>) -> Checked<()> {
    let Some(messages) = fields["messages"].as_array() else {
        return invalid("messages: Input should be a valid list");
    };
    if messages.is_empty() {
        return invalid("messages: at least one message is required");
    }
    for (index, message) in messages.iter().enumerate() {
        shape(index, message, index + 1 == messages.len())?;
    }
    if messages[0]["role"] != "user" {
        return invalid("messages: first message must use the \"user\" role");
    }
    tool_turns(messages)?;
    if request.to_string().matches("\"cache_control\":{").count() > 4 {
        return invalid("A maximum of 4 blocks with cache_control may be provided.");
    }
    last_turn(messages, fields)
}

fn shape(index: usize, message: &Value, last: bool) -> Checked<()> {
    let here = format!("messages.{index}");
    let Some(fields) = message.as_object() else {
        return invalid(format!("{here}: Input should be a valid dictionary"));
    };
    if let Some(unknown) = fields.keys().find(|k| !["role", "content"].contains(&k.as_str())) {
        return invalid(format!("{here}.{unknown}: Extra inputs are not permitted"));
    }
    match fields.get("role").and_then(Value::as_str) {
        Some("user" | "assistant") => {}
        Some("system") => {
            return invalid(
                "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.",
            );
        }
        Some(other) => {
            return invalid(format!(
                "messages: Unexpected role \"{other}\". Allowed roles are \"user\" or \"assistant\"."
            ));
        }
        None => return invalid(format!("{here}.role: Field required")),
    }
    let empty = || {
        invalid(format!(
            "{here}: all messages must have non-empty content except for the optional final assistant message"
        ))
    };
    let may_be_empty = last && message["role"] == "assistant";
    match fields.get("content") {
        None => invalid(format!("{here}.content: Field required")),
        Some(Value::String(text)) if text.is_empty() && !may_be_empty => empty(),
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) if blocks.is_empty() && !may_be_empty => empty(),
        Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(n, block)| {
            role_of(&here, n, &message["role"], block)?;
            self::block(&format!("{here}.content.{n}"), block)
        }),
        Some(_) => invalid(format!("{here}.content: Input should be a valid string")),
    }
}

fn role_of(message: &str, index: usize, role: &Value, block: &Value) -> Checked<()> {
    let kind = block["type"].as_str().unwrap_or_default();
    let only = match kind {
        "tool_use" | "thinking" | "redacted_thinking" => "assistant",
        "tool_result" | "image" | "document" | "search_result" => "user",
        _ => return Ok(()),
    };
    if role == only {
        return Ok(());
    }
    let other = role.as_str().unwrap_or_default();
    invalid(format!("{message}.content.{index}: `{kind}` blocks can only be in `{only}` messages, not `{other}`"))
}

fn block(here: &str, block: &Value) -> Checked<()> {
    let kind = block["type"].as_str().unwrap_or_default();
    let Some((_, known)) = BLOCKS.iter().find(|(name, _)| *name == kind) else {
        let tags = BLOCKS.map(|(name, _)| format!("'{name}'")).join(", ");
        return invalid(format!(
            "{here}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
        ));
    };
    if let Some(unknown) =
        block.as_object().into_iter().flatten().map(|(k, _)| k).find(|k| !known.contains(&k.as_str()))
    {
        return invalid(format!("{here}.{kind}.{unknown}: Extra inputs are not permitted"));
    }
    let id_fits = |id: &Value| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        id.as_str().is_some_and(|id| !id.is_empty() && id.bytes().all(fits))
    };
    match kind {
        "text" => match block["text"].as_str() {
            None => invalid(format!("{here}.text.text: Field required")),
            Some("") => invalid("messages: text content blocks must be non-empty"),
            Some(text) if text.trim().is_empty() => {
                invalid("messages: text content blocks must contain non-whitespace text")
            }
            Some(_) => Ok(()),
        },
        "image" => source(here, &block["source"]),
        "tool_use" if !id_fits(&block["id"]) => {
            invalid(format!("{here}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"))
        }
        "tool_use" if !block["input"].is_object() => {
            invalid(format!("{here}.tool_use.input: Input should be a valid dictionary"))
        }
        "tool_use" if !block["name"].is_string() => invalid(format!("{here}.tool_use.name: Field required")),
        "tool_result" if !id_fits(&block["tool_use_id"]) => {
            invalid(format!("{here}.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'"))
        }
        "tool_result" => match &block["content"] {
            Value::Array(parts) => parts
                .iter()
                .enumerate()
                .try_for_each(|(n, part)| self::block(&format!("{here}.tool_result.content.{n}"), part)),
            Value::String(_) => Ok(()),
            Value::Null if block.get("content").is_none() => Ok(()),
            _ => invalid(format!("{here}.tool_result.content: Input should be a valid string")),
        },
        "thinking" => {
            let thinking = block["thinking"].as_str().unwrap_or_default();
            if block["signature"].as_str() == Some(&signature(thinking)) {
                return Ok(());
            }
            invalid(format!("{here}: Invalid `signature` in `thinking` block"))
        }
        _ => Ok(()),
    }
}

fn source(here: &str, source: &Value) -> Checked<()> {
    match source["type"].as_str() {
        Some("url")
            if source["url"].as_str().is_some_and(|u| u.starts_with("https://") || u.starts_with("http://")) =>
        {
            Ok(())
        }
        Some("url") => invalid(format!("{here}.image.source.url.url: Only HTTPS URLs are supported.")),
        Some("file") if source["file_id"].is_string() => Ok(()),
        Some("base64") => {
            let media_type = source["media_type"].as_str().unwrap_or_default();
            if !["image/jpeg", "image/png", "image/gif", "image/webp"].contains(&media_type) {
                return invalid(format!(
                    "{here}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
                ));
            }
            if prompt::image(media_type, source["data"].as_str().unwrap_or_default()).is_none() {
                return invalid(format!(
                    "{here}.image.source.base64: The image was specified using the {media_type} media type, but it does not appear to be a valid image"
                ));
            }
            Ok(())
        }
        _ => invalid(format!(
            "{here}.image.source: Input tag does not match any of the expected tags: 'base64', 'file', 'url'"
        )),
    }
}

/// Calls of tools and their results must be in neighbouring messages, results first.
/// Neighbours of the same role count as one message.
fn tool_turns(messages: &[Value]) -> Checked<()> {
    let mut turns: Vec<(usize, &Value, Vec<&Value>)> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let blocks = message["content"].as_array().into_iter().flatten();
        match turns.last_mut() {
            Some((_, role, all)) if *role == &message["role"] => all.extend(blocks),
            _ => turns.push((index, &message["role"], blocks.collect())),
        }
    }
    let ids = |blocks: &[&Value], kind: &str, field: &str| -> Vec<String> {
        let found = blocks.iter().filter(|b| b["type"] == kind);
        found.filter_map(|b| b[field].as_str()).map(str::to_owned).collect()
    };
    for (at, (index, _, blocks)) in turns.iter().enumerate() {
        let calls = ids(blocks, "tool_use", "id");
        let next = turns.get(at + 1).map(|(_, _, b)| b.as_slice()).unwrap_or_default();
        let answered = ids(next, "tool_result", "tool_use_id");
        let missing: Vec<&str> = calls.iter().filter(|c| !answered.contains(c)).map(String::as_str).collect();
        if !missing.is_empty() {
            return invalid(format!(
                "messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
                missing.join(", ")
            ));
        }
        if answered.iter().any(|a| !calls.contains(a))
            || (at == 0 && !ids(blocks, "tool_result", "tool_use_id").is_empty())
        {
            return invalid(format!(
                "messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        let results = blocks.iter().rposition(|b| b["type"] == "tool_result").map_or(0, |last| last + 1);
        if blocks[..results].iter().any(|b| b["type"] != "tool_result") {
            return invalid(format!(
                "messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after."
            ));
        }
    }
    Ok(())
}

fn last_turn(messages: &[Value], fields: &Map<String, Value>) -> Checked<()> {
    let thinks = matches!(fields.get("thinking").and_then(|t| t["type"].as_str()), Some("enabled" | "adaptive"));
    let last_assistant = messages.iter().rposition(|m| m["role"] == "assistant");
    if thinks
        && let Some(index) = last_assistant
        && let Some(blocks) = messages[index]["content"].as_array()
        && blocks.iter().any(|b| b["type"] == "tool_use")
        && !matches!(blocks[0]["type"].as_str(), Some("thinking" | "redacted_thinking"))
    {
        let found = blocks[0]["type"].as_str().unwrap_or_default();
        return invalid(format!(
            "messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block."
        ));
    }
    let last = &messages[messages.len() - 1];
    if last["role"] == "assistant" {
        let text = last["content"].as_str().or_else(|| last["content"].as_array()?.last()?["text"].as_str());
        if text.is_some_and(|t| t.ends_with(char::is_whitespace)) {
            return invalid("messages: final assistant content cannot end with trailing whitespace");
        }
    }
    Ok(())
}
