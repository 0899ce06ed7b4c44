//! What Cohere refuses, and in which words.

use serde_json::Value;

use super::super::{Refusal, prompt};

type Checked = Result<(), Refusal>;

const REQUEST: &[&str] = &[
    "model",
    "messages",
    "stream",
    "tools",
    "tool_choice",
    "strict_tools",
    "documents",
    "citation_options",
    "response_format",
    "safety_mode",
    "thinking",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "k",
    "p",
    "logprobs",
    "priority",
    "raw_prompting",
];

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(format!("invalid request: {}", message.into())))
}

fn members(value: &Value, known: &[&str], place: &str) -> Checked {
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => invalid(format!("unknown field: parameter '{place}{name}' is not a valid field")),
    }
}

pub(super) fn request(body: &[u8]) -> Result<Value, Refusal> {
    let Ok(request) = serde_json::from_slice::<Value>(body) else { return invalid("could not decode json") };
    members(&request, REQUEST, "")?;
    if let Some((name, _)) = request.as_object().into_iter().flatten().find(|(_, value)| value.is_null()) {
        return invalid(format!("{name}: must not be null"));
    }
    if !request["model"].is_string() {
        return invalid("model is required.");
    }
    let Some(messages) = request["messages"].as_array().filter(|messages| !messages.is_empty()) else {
        return invalid("messages must be at least 1 in length.");
    };
    for (n, message) in messages.iter().enumerate() {
        self::message(message, &format!("messages[{n}]."))?;
    }
    tool_turns(messages)?;
    tools(&request)?;
    parameters(&request)?;
    Ok(request)
}

fn message(message: &Value, here: &str) -> Checked {
    let (known, parts): (&[&str], &[&str]) = match message["role"].as_str() {
        Some("system") => (&["role", "content"], &["text"]),
        Some("user") => (&["role", "content"], &["text", "image_url"]),
        Some("assistant") => (&["role", "content", "tool_calls", "tool_plan", "citations"], &["text", "thinking"]),
        Some("tool") => (&["role", "content", "tool_call_id"], &["text", "document"]),
        _ => return invalid(format!("{here}role: must be one of system, user, assistant, tool")),
    };
    members(message, known, here)?;
    let called = message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
    match &message["content"] {
        Value::String(text) if !text.is_empty() => Ok(()),
        Value::Array(content) if !content.is_empty() => content
            .iter()
            .enumerate()
            .try_for_each(|(n, part)| self::part(part, parts, &format!("{here}content[{n}]."))),
        Value::Null if called && message.get("content").is_none() => Ok(()),
        _ => invalid(format!("{here}content: must not be empty")),
    }
}

fn part(part: &Value, takes: &[&str], here: &str) -> Checked {
    let kind = part["type"].as_str().unwrap_or_default();
    if !takes.contains(&kind) {
        return invalid(format!("{here}type: must be one of {}", takes.join(", ")));
    }
    members(part, &["type", kind], here)?;
    let fits = match kind {
        "image_url" => part["image_url"]["url"].is_string(),
        "document" => part["document"]["data"].is_string() || part["document"]["data"].is_object(),
        _ => part[kind].is_string(),
    };
    if !fits {
        return invalid(format!("{here}{kind}: is required"));
    }
    if let Some(data) = part["image_url"]["url"].as_str().and_then(|url| url.strip_prefix("data:"))
        && data.split_once(";base64,").and_then(|(kind, data)| prompt::image(kind, data)).is_none()
    {
        return invalid(format!("{here}image_url.url: image is not valid"));
    }
    Ok(())
}

/// Calls and their results follow each other.
fn tool_turns(messages: &[Value]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(found) = open.iter().position(|known| *known == id) else {
                return invalid(format!("tool call id {id:?} was not found in the previous tool calls"));
            };
            open.remove(found);
            continue;
        }
        if let Some(id) = open.first() {
            return invalid(format!("missing tool result for tool call id {id:?}"));
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            members(call, &["id", "type", "function"], "tool_calls[].")?;
            members(&call["function"], &["name", "arguments"], "tool_calls[].function.")?;
            let function = &call["function"];
            let whole = call["type"] == "function" && function["name"].is_string() && function["arguments"].is_string();
            match call["id"].as_str().filter(|id| whole && !id.is_empty()) {
                Some(id) => open.push(id),
                None => return invalid("tool_calls[]: id, type and function are required"),
            }
        }
    }
    match open.first() {
        None => Ok(()),
        Some(id) => invalid(format!("missing tool result for tool call id {id:?}")),
    }
}

fn tools(request: &Value) -> Checked {
    let tools = request["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (n, tool) in tools.iter().enumerate() {
        let here = format!("tools[{n}].");
        members(tool, &["type", "function"], &here)?;
        members(&tool["function"], &["name", "description", "parameters"], &format!("{here}function."))?;
        let name = tool["function"]["name"].as_str().unwrap_or_default();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.bytes().all(fits) {
            return invalid(format!("{here}function.name: can only contain letters, digits and underscores"));
        }
        if tool["function"]["parameters"]["type"] != "object" {
            return invalid(format!("{here}function.parameters: must be a JSON schema of type object"));
        }
    }
    match request.get("tool_choice").map(Value::as_str) {
        None => {}
        Some(Some("REQUIRED" | "NONE")) if !tools.is_empty() => {}
        Some(_) => return invalid("tool_choice: must be one of REQUIRED, NONE, and needs tools"),
    }
    if request.get("response_format").is_some() && !tools.is_empty() {
        return invalid("response_format: cannot be used together with tools");
    }
    Ok(())
}

fn parameters(request: &Value) -> Checked {
    let ranges = [
        ("temperature", 0.0, 1.0),
        ("p", 0.01, 0.99),
        ("k", 0.0, 500.0),
        ("frequency_penalty", 0.0, 1.0),
        ("presence_penalty", 0.0, 1.0),
        ("max_tokens", 1.0, f64::MAX),
        ("seed", 0.0, f64::MAX),
    ];
    for (name, least, most) in ranges {
        let Some(value) = request.get(name) else { continue };
        if value.as_f64().is_none_or(|value| !(least..=most).contains(&value)) {
            return invalid(format!("{name} must be between {least} and {most} inclusive."));
        }
    }
    if request["stop_sequences"].as_array().is_some_and(|list| list.len() > 5) {
        return invalid("stop_sequences: at most 5");
    }
    let format = &request["response_format"];
    members(format, &["type", "json_schema"], "response_format.")?;
    if !matches!(format["type"].as_str(), Some("text" | "json_object")) && !format.is_null() {
        return invalid("response_format.type: must be one of text, json_object");
    }
    let thinking = &request["thinking"];
    members(thinking, &["type", "token_budget"], "thinking.")?;
    if !matches!(thinking["type"].as_str(), Some("enabled" | "disabled")) && !thinking.is_null() {
        return invalid("thinking.type: must be one of enabled, disabled");
    }
    Ok(())
}
