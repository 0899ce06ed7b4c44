//! What Ollama refuses. It passes over members that it does not know; here they are refused, since they show that a
//! request of another dialect was merely passed on.

use serde_json::Value;

use super::super::{Refusal, prompt};

type Checked = Result<(), Refusal>;

const REQUEST: &[&str] = &["model", "messages", "stream", "tools", "format", "think", "options", "keep_alive"];
const MESSAGE: &[&str] = &["role", "content", "images", "tool_calls", "thinking", "tool_name", "tool_call_id"];
const OPTIONS: &[&str] = &[
    "num_predict",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "num_ctx",
    "min_p",
    "repeat_penalty",
];

fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

fn members(value: &Value, known: &[&str], place: &str) -> Checked {
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    let found = names.find(|name| !known.contains(&name.as_str()));
    found.map_or(Ok(()), |name| invalid(format!("json: unknown field \"{place}{name}\"")))
}

fn ill_typed<T>(field: &str) -> Result<T, Refusal> {
    invalid(format!("json: cannot unmarshal value into Go struct field ChatRequest.{field}"))
}

pub(super) fn request(body: &[u8]) -> Result<Value, Refusal> {
    let Ok(request) = serde_json::from_slice::<Value>(body) else { return invalid("invalid character in JSON") };
    members(&request, REQUEST, "")?;
    if request["model"].as_str().is_none_or(str::is_empty) {
        return invalid("model is required");
    }
    let Some(messages) = request["messages"].as_array() else { return ill_typed("messages") };
    let mut open = 0;
    for (n, message) in messages.iter().enumerate() {
        members(message, MESSAGE, &format!("messages[{n}]."))?;
        self::message(message)?;
        // Calls have no ids: results follow them, as many.
        match message["role"].as_str() {
            Some("tool") if open == 0 => return invalid("a tool message without a call"),
            Some("tool") => open -= 1,
            _ => open = message["tool_calls"].as_array().map_or(0, Vec::len),
        }
    }
    for (n, tool) in request["tools"].as_array().into_iter().flatten().enumerate() {
        members(tool, &["type", "function"], &format!("tools[{n}]."))?;
        members(&tool["function"], &["name", "description", "parameters"], &format!("tools[{n}].function."))?;
        let function = &tool["function"];
        if tool["type"] != "function" || !function["name"].is_string() || function["parameters"]["type"] != "object" {
            return ill_typed("tools");
        }
    }
    members(&request["options"], OPTIONS, "options.")?;
    if !matches!(&request["format"], Value::Null | Value::Object(_)) && request["format"] != "json" {
        return invalid("invalid format: expected \"json\" or a JSON schema");
    }
    let levels = ["high", "medium", "low"];
    if !request["think"].is_null()
        && !request["think"].is_boolean()
        && !request["think"].as_str().is_some_and(|level| levels.contains(&level))
    {
        return invalid("invalid think value: must be a boolean or one of high, medium, low");
    }
    Ok(request)
}

fn message(message: &Value) -> Checked {
    if !matches!(message["role"].as_str(), Some("system" | "user" | "assistant" | "tool")) {
        return invalid("invalid role");
    }
    if !message["content"].is_string() {
        return ill_typed("messages.content");
    }
    for image in message["images"].as_array().into_iter().flatten() {
        if image.as_str().and_then(prompt::bare_image).is_none() {
            return invalid("illegal base64 data, or an image of unknown format");
        }
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        members(call, &["id", "function"], "tool_calls.")?;
        members(&call["function"], &["index", "name", "arguments"], "tool_calls.function.")?;
        if !call["function"]["arguments"].is_object() {
            return ill_typed("messages.tool_calls.function.arguments");
        }
    }
    if message["role"] == "tool" && message["tool_name"].as_str().is_none_or(str::is_empty) {
        return invalid("a tool message needs tool_name");
    }
    Ok(())
}
