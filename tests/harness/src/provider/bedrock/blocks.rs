//! What Converse refuses in messages and their blocks.

use base64::Engine as _;
use serde_json::Value;

use super::check::{Checked, members, union};
use super::{invalid, reasoning_signature};
use crate::provider::prompt;

const BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
];
const RESULT: &[&str] = &["text", "json", "image", "document", "video", "searchResult"];

pub(super) fn messages(request: &Value) -> Checked {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    if messages.first().is_none_or(|first| first["role"] != "user") {
        return invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        );
    }
    for (n, message) in messages.iter().enumerate() {
        let here = format!("messages.{n}");
        members(message, &["role", "content"], &here)?;
        if !matches!(message["role"].as_str(), Some("user" | "assistant")) {
            return invalid(format!(
                "1 validation error detected: Value at '{here}.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]"
            ));
        }
        if n > 0 && messages[n - 1]["role"] == message["role"] {
            return invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
            );
        }
        let Some(content) = message["content"].as_array().filter(|content| !content.is_empty()) else {
            return invalid(format!(
                "The content field in the Message object at {here} is empty. Add a ContentBlock object to the content field and try again."
            ));
        };
        for (at, block) in content.iter().enumerate() {
            let place = format!("{here}.content.{at}");
            let (kind, value) = union(block, BLOCKS, &place)?;
            let only = match kind {
                "toolUse" | "reasoningContent" => "assistant",
                "toolResult" | "image" | "document" => "user",
                _ => "",
            };
            if !only.is_empty() && message["role"] != only {
                return invalid(format!("{place}: {kind} blocks can only be in {only} messages."));
            }
            shared(kind, value, &place)?;
        }
        documents(content, &here)?;
    }
    tool_turns(messages, request["toolConfig"].is_object())
}

/// One block, of a message or of what stands above them.
pub(super) fn shared(kind: &str, value: &Value, place: &str) -> Checked {
    match kind {
        "text" => match value.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => invalid(format!(
                "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
            )),
        },
        "image" => image(value, place),
        "document" => {
            members(value, &["format", "name", "source", "context", "citations"], place)?;
            bytes(&value["source"], place).map(|_| ())
        }
        "cachePoint" => {
            members(value, &["type", "ttl"], place)?;
            if value["type"] != "default" {
                return invalid(format!("Value at '{place}.cachePoint.type' must satisfy enum value set: [default]"));
            }
            Ok(())
        }
        "toolUse" => {
            members(value, &["toolUseId", "name", "input", "type"], place)?;
            name(&value["toolUseId"], &format!("{place}.toolUse.toolUseId"))?;
            name(&value["name"], &format!("{place}.toolUse.name"))?;
            if !value["input"].is_object() {
                return invalid(format!(
                    "The format of the value at {place}.toolUse.input is invalid. Provide a json object for the field and try again."
                ));
            }
            Ok(())
        }
        "toolResult" => tool_result(value, place),
        "reasoningContent" => reasoning(value, place),
        _ => Ok(()),
    }
}

/// Letters, digits, `_` and `-`, at most 64.
pub(super) fn name(value: &Value, place: &str) -> Checked {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if value.as_str().is_some_and(|name| (1..=64).contains(&name.len()) && name.bytes().all(fits)) {
        return Ok(());
    }
    invalid(format!(
        "1 validation error detected: Value at '{place}' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+ and have length less than or equal to 64"
    ))
}

fn image(image: &Value, place: &str) -> Checked {
    members(image, &["format", "source"], place)?;
    let data = bytes(&image["source"], place)?;
    let format = image["format"].as_str().unwrap_or_default();
    if prompt::image(&format!("image/{format}"), &data).is_some() {
        return Ok(());
    }
    invalid(format!("The image at {place} is not of the format {format}, or of none of png, jpeg, gif and webp."))
}

fn bytes(source: &Value, place: &str) -> Result<String, super::Refusal> {
    match union(source, &["bytes", "s3Location", "text", "content"], &format!("{place}.source"))? {
        ("bytes", Value::String(data)) if base64::engine::general_purpose::STANDARD.decode(data).is_ok() => {
            Ok(data.clone())
        }
        _ => invalid(format!("The value at {place}.source.bytes is not base64.")),
    }
}

fn tool_result(result: &Value, place: &str) -> Checked {
    members(result, &["toolUseId", "content", "status", "type"], place)?;
    name(&result["toolUseId"], &format!("{place}.toolResult.toolUseId"))?;
    if !matches!(result["status"].as_str(), None | Some("success" | "error")) {
        return invalid(format!("Value at '{place}.toolResult.status' must satisfy enum value set: [success, error]"));
    }
    let Some(content) = result["content"].as_array() else {
        return invalid(format!("Value null at '{place}.toolResult.content' must not be null"));
    };
    for (n, part) in content.iter().enumerate() {
        let place = format!("{place}.toolResult.content.{n}");
        let (kind, value) = union(part, RESULT, &place)?;
        shared(kind, value, &place)?;
    }
    Ok(())
}

fn reasoning(reasoning: &Value, place: &str) -> Checked {
    let (kind, value) = union(reasoning, &["reasoningText", "redactedContent"], place)?;
    if kind == "redactedContent" {
        return Ok(());
    }
    members(value, &["text", "signature"], place)?;
    let text = value["text"].as_str().unwrap_or_default();
    if value["signature"].as_str() == Some(&reasoning_signature(text)) {
        return Ok(());
    }
    invalid(format!("The model returned the following errors: {place}: Invalid `signature` in `thinking` block"))
}

/// Documents have names of their own and a text beside them.
fn documents(content: &[Value], here: &str) -> Checked {
    let names: Vec<&str> = content.iter().filter_map(|block| block["document"]["name"].as_str()).collect();
    let found = content.iter().filter(|block| block.get("document").is_some()).count();
    let fits = |c: char| c.is_ascii_alphanumeric() || " -()[]".contains(c);
    if names.len() < found || names.iter().any(|name| name.is_empty() || !name.chars().all(fits)) {
        return invalid(format!("The document file name at {here} can only contain alphanumeric characters."));
    }
    let texts = content.iter().filter(|block| block.get("text").is_some()).count();
    if found > 0 && texts == 0 {
        return invalid("You must include a text content block with the document.");
    }
    Ok(())
}

/// Results stand in the message behind their calls, all of them, and never without a `toolConfig`.
fn tool_turns(messages: &[Value], has_tools: bool) -> Checked {
    let ids = |message: &Value, kind: &str| -> Vec<String> {
        let blocks = message["content"].as_array().into_iter().flatten();
        blocks.filter_map(|block| block[kind]["toolUseId"].as_str()).map(str::to_owned).collect()
    };
    for (n, message) in messages.iter().enumerate() {
        let (calls, results) = (ids(message, "toolUse"), ids(message, "toolResult"));
        let uses_tools = !calls.is_empty() || !results.is_empty();
        if uses_tools && !has_tools {
            return invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
        }
        let before = if n == 0 { Vec::new() } else { ids(&messages[n - 1], "toolUse") };
        if results.len() > before.len() || results.iter().any(|id| !before.contains(id)) {
            return invalid(format!(
                "The number of toolResult blocks at messages.{n}.content exceeds the number of toolUse blocks of previous turn."
            ));
        }
        let missing: Vec<&str> = before.iter().filter(|id| !results.contains(id)).map(String::as_str).collect();
        if !missing.is_empty() {
            return invalid(format!(
                "Expected toolResult blocks at messages.{n}.content for the following Ids: {}",
                missing.join(", ")
            ));
        }
    }
    Ok(())
}
