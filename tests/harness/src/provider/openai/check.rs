//! What OpenAI refuses, and in which words.

use serde_json::{Map, Value};

use super::super::{Refusal, prompt};
use crate::http1::Head;

/// The parameters of chat completions; anything else is refused.
const ARGUMENTS: [&str; 37] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

type Checked<T> = Result<T, Refusal>;

pub(in crate::provider) fn credential(head: &Head, key: &str) -> Checked<()> {
    let unauthorized = |message: String, code| Refusal { status: 401, code, ..Refusal::invalid(message) };
    match head.header("authorization").and_then(|v| v.strip_prefix("Bearer ")) {
        None => Err(unauthorized(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using \
             Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
                .to_owned(),
            None,
        )),
        Some(given) if given != key => {
            let start: String = given.chars().take(8).collect();
            Err(unauthorized(format!("Incorrect API key provided: {start}***."), Some("invalid_api_key")))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn request(head: &Head, body: &[u8]) -> Checked<Value> {
    if !head.header("content-type").is_some_and(|v| v.starts_with("application/json")) {
        return Err(Refusal::invalid("you must provide a model parameter"));
    }
    let request: Value = serde_json::from_slice(body)
        .map_err(|e| Refusal::invalid(format!("We could not parse the JSON body of your request. ({e})")))?;
    let fields = request.as_object().ok_or_else(|| Refusal::invalid("The body of your request is not an object."))?;
    arguments(fields)?;
    if !fields.get("model").is_some_and(Value::is_string) {
        return Err(Refusal::invalid("you must provide a model parameter"));
    }
    let messages = messages_of(fields)?;
    for (index, message) in messages.iter().enumerate() {
        message_fields(index, message)?;
    }
    tool_turns(messages)?;
    tools(fields)?;
    numbers(fields)?;
    response_format(fields)?;
    Ok(request)
}

fn at(param: &str, message: String, code: Option<&'static str>) -> Refusal {
    Refusal { param: Some(param.to_owned()), code, ..Refusal::invalid(message) }
}

fn arguments(fields: &Map<String, Value>) -> Checked<()> {
    let unknown: Vec<&str> = fields.keys().map(String::as_str).filter(|k| !ARGUMENTS.contains(k)).collect();
    match unknown.as_slice() {
        [] => Ok(()),
        [one] => Err(Refusal::invalid(format!("Unrecognized request argument supplied: {one}"))),
        more => Err(Refusal::invalid(format!("Unrecognized request arguments supplied: {}", more.join(", ")))),
    }
}

fn messages_of(fields: &Map<String, Value>) -> Checked<&Vec<Value>> {
    let missing =
        || at("messages", "Missing required parameter: 'messages'.".into(), Some("missing_required_parameter"));
    let messages = fields.get("messages").ok_or_else(missing)?;
    let messages = messages.as_array().ok_or_else(|| {
        at("messages", "Invalid type for 'messages': expected an array of objects.".into(), Some("invalid_type"))
    })?;
    if messages.is_empty() {
        let text =
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(at("messages", text.into(), Some("empty_array")));
    }
    Ok(messages)
}

/// Fields by role. A foreign dialect's fields are unknown here, so that an echo is noticed.
fn message_fields(index: usize, message: &Value) -> Checked<()> {
    let here = format!("messages[{index}]");
    let invalid = |field: &str, text: String| Err(at(&format!("{here}{field}"), text, Some("invalid_value")));
    let Some(fields) = message.as_object() else {
        return invalid("", format!("Invalid type for '{here}': expected an object."));
    };
    let role = fields.get("role").and_then(Value::as_str).unwrap_or_default();
    let known: &[&str] = match role {
        "system" | "developer" | "user" => &["role", "content", "name"],
        "assistant" => &["role", "content", "name", "refusal", "audio", "tool_calls", "function_call", "annotations"],
        "tool" => &["role", "content", "tool_call_id"],
        "function" => &["role", "content", "name"],
        _ => {
            let text = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            return invalid(".role", text);
        }
    };
    if let Some(unknown) = fields.keys().find(|k| !known.contains(&k.as_str())) {
        let param = format!("{here}.{unknown}");
        return Err(at(&param, format!("Unknown parameter: '{param}'."), Some("unknown_parameter")));
    }
    let calls = fields.get("tool_calls").is_some_and(Value::is_array);
    match fields.get("content") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) => {
            parts.iter().enumerate().try_for_each(|(n, part)| content_part(&here, n, role, part))
        }
        None | Some(Value::Null) if role == "assistant" && calls => Ok(()),
        _ => invalid(".content", "Invalid value for 'content': expected a string, got null.".to_owned()),
    }?;
    if role == "tool" && !fields.get("tool_call_id").is_some_and(Value::is_string) {
        let param = format!("{here}.tool_call_id");
        return Err(at(&param, format!("Missing required parameter: '{param}'."), Some("missing_required_parameter")));
    }
    Ok(())
}

fn content_part(message: &str, index: usize, role: &str, part: &Value) -> Checked<()> {
    let here = format!("{message}.content[{index}]");
    let kind = part["type"].as_str().unwrap_or_default();
    let (known, shown): (&[&str], &str) = match role {
        "user" => {
            (&["text", "image_url", "input_audio", "file"], "'text', 'image_url', 'input_audio', 'refusal', and 'file'")
        }
        "assistant" => (&["text", "refusal"], "'text' and 'refusal'"),
        _ => (&["text"], "'text'"),
    };
    if !known.contains(&kind) {
        let text = format!("Invalid value: '{kind}'. Supported values are: {shown}.");
        return Err(at(&format!("{here}.type"), text, Some("invalid_value")));
    }
    let fields = part.as_object().into_iter().flatten();
    if let Some((unknown, _)) = fields.into_iter().find(|(k, _)| k.as_str() != "type" && k.as_str() != kind) {
        let param = format!("{here}.{unknown}");
        return Err(at(&param, format!("Unknown parameter: '{param}'."), Some("unknown_parameter")));
    }
    let fits = match kind {
        "text" => part["text"].is_string(),
        "image_url" => part["image_url"]["url"].is_string(),
        _ => part[kind].is_object() || part[kind].is_string(),
    };
    if !fits {
        let param = format!("{here}.{kind}");
        return Err(at(&param, format!("Missing required parameter: '{param}'."), Some("missing_required_parameter")));
    }
    if let Some(data) = part["image_url"]["url"].as_str().and_then(|u| u.strip_prefix("data:")) {
        let (media_type, base64) = data.split_once(";base64,").unwrap_or(("", ""));
        if prompt::image(media_type, base64).is_none() {
            let text = "You uploaded an unsupported image. Please make sure your image has of one the following formats: \
                        ['png', 'jpeg', 'gif', 'webp'].";
            return Err(at(&here, text.into(), Some("invalid_image_format")));
        }
    }
    Ok(())
}

/// Calls of tools and their results must follow each other.
fn tool_turns(messages: &[Value]) -> Checked<()> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let here = format!("messages.[{index}].role");
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let Some(found) = open.iter().position(|o| *o == id) else {
                let text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return Err(at(&here, text.into(), None));
            };
            open.remove(found);
            continue;
        }
        unanswered(&open, &here)?;
        for (n, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let whole = call["type"] == "function"
                && call["function"]["name"].is_string()
                && call["function"]["arguments"].is_string();
            let Some(id) = call["id"].as_str().filter(|_| whole) else {
                let param = format!("messages[{index}].tool_calls[{n}]");
                return Err(at(&param, format!("Invalid type for '{param}'."), Some("invalid_type")));
            };
            open.push(id);
        }
    }
    unanswered(&open, "messages")
}

fn unanswered(open: &[&str], param: &str) -> Checked<()> {
    if open.is_empty() {
        return Ok(());
    }
    let text = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(at(param, text, None))
}

fn tools(fields: &Map<String, Value>) -> Checked<()> {
    let Some(tools) = fields.get("tools") else {
        for only in ["tool_choice", "parallel_tool_calls"] {
            if fields.contains_key(only) {
                let text = format!("Invalid value for '{only}': '{only}' is only allowed when 'tools' are specified.");
                return Err(at(only, text, None));
            }
        }
        return Ok(());
    };
    let tools = tools.as_array().filter(|t| !t.is_empty()).ok_or_else(|| {
        at(
            "tools",
            "Invalid 'tools': empty array. Expected an array with minimum length 1.".into(),
            Some("empty_array"),
        )
    })?;
    for (index, tool) in tools.iter().enumerate() {
        let here = format!("tools[{index}]");
        if tool["type"] != "function" && tool["type"] != "custom" {
            let text = format!("Invalid value: {}. Supported values are: 'function' and 'custom'.", tool["type"]);
            return Err(at(&format!("{here}.type"), text, Some("invalid_value")));
        }
        if let Some(unknown) =
            tool.as_object().into_iter().flatten().map(|(k, _)| k).find(|k| *k != "type" && tool["type"] != **k)
        {
            let param = format!("{here}.{unknown}");
            return Err(at(&param, format!("Unknown parameter: '{param}'."), Some("unknown_parameter")));
        }
        let name = tool["function"]["name"].as_str().unwrap_or_default();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if tool["type"] == "function" && (name.is_empty() || name.len() > 64 || !name.bytes().all(fits)) {
            let text = format!(
                "Invalid '{here}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            );
            return Err(at(&format!("{here}.function.name"), text, Some("invalid_value")));
        }
        let parameters = &tool["function"]["parameters"];
        if !parameters.is_null() && parameters["type"] != "object" {
            let text = format!(
                "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                parameters["type"]
            );
            return Err(at(&format!("{here}.function.parameters"), text, Some("invalid_function_parameters")));
        }
    }
    tool_choice(fields, tools)
}

fn tool_choice(fields: &Map<String, Value>, tools: &[Value]) -> Checked<()> {
    match fields.get("tool_choice") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(word)) if ["auto", "none", "required"].contains(&word.as_str()) => Ok(()),
        Some(choice) if choice["type"] == "function" => {
            let name = &choice["function"]["name"];
            if tools.iter().any(|t| t["function"]["name"] == *name) {
                return Ok(());
            }
            let text = format!("Invalid value for 'tool_choice': {name} does not exist in 'tools'.");
            Err(at("tool_choice", text, None))
        }
        Some(other) => {
            let text = format!("Invalid value: {other}. Supported values are: 'none', 'auto', and 'required'.");
            Err(at("tool_choice", text, Some("invalid_value")))
        }
    }
}

fn numbers(fields: &Map<String, Value>) -> Checked<()> {
    for (name, least, most) in [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("frequency_penalty", -2.0, 2.0),
        ("presence_penalty", -2.0, 2.0),
    ] {
        if let Some(value) = fields.get(name).and_then(Value::as_f64) {
            if value > most {
                let text = format!(
                    "Invalid '{name}': decimal above maximum value. Expected a value <= {most}, but got {value} instead."
                );
                return Err(at(name, text, Some("decimal_above_max_value")));
            }
            if value < least {
                let text = format!(
                    "Invalid '{name}': decimal below minimum value. Expected a value >= {least}, but got {value} instead."
                );
                return Err(at(name, text, Some("decimal_below_min_value")));
            }
        }
    }
    let set = |name: &str| fields.get(name).is_some_and(|v| !v.is_null());
    let model = fields.get("model").and_then(Value::as_str).unwrap_or_default();
    if set("max_tokens") && ["o1", "o3", "o4", "gpt-5"].iter().any(|p| model.starts_with(p)) {
        let text = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        return Err(at("max_tokens", text.into(), Some("unsupported_parameter")));
    }
    if set("reasoning_effort") && ["gpt-4", "gpt-3.5"].iter().any(|p| model.starts_with(p)) {
        let text = "Unsupported parameter: 'reasoning_effort' is not supported with this model.";
        return Err(at("reasoning_effort", text.into(), Some("unsupported_parameter")));
    }
    if set("max_tokens") && set("max_completion_tokens") {
        let text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(at("max_tokens", text.into(), None));
    }
    if set("stream_options") && fields.get("stream") != Some(&Value::Bool(true)) {
        let text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(at("stream_options", text.into(), None));
    }
    if fields.get("stop").and_then(Value::as_array).is_some_and(|s| s.len() > 4) {
        let text = "Invalid 'stop': array too long. Expected an array with maximum length 4.";
        return Err(at("stop", text.into(), Some("array_above_max_length")));
    }
    Ok(())
}

fn response_format(fields: &Map<String, Value>) -> Checked<()> {
    let Some(format) = fields.get("response_format").filter(|f| !f.is_null()) else { return Ok(()) };
    match format["type"].as_str() {
        Some("text") => Ok(()),
        Some("json_object") => {
            let said = fields.get("messages").map(Value::to_string).unwrap_or_default().to_lowercase();
            if said.contains("json") {
                return Ok(());
            }
            let text =
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            Err(at("messages", text.into(), None))
        }
        Some("json_schema") => {
            let named = &format["json_schema"];
            for (field, fits) in [("name", named["name"].is_string()), ("schema", named["schema"].is_object())] {
                if !fits {
                    let param = format!("response_format.json_schema.{field}");
                    return Err(at(
                        &param,
                        format!("Missing required parameter: '{param}'."),
                        Some("missing_required_parameter"),
                    ));
                }
            }
            if named["strict"] == true && named["schema"]["additionalProperties"] != false {
                let text = format!(
                    "Invalid schema for response_format {}: In context=(), 'additionalProperties' is required to be supplied and to be false.",
                    named["name"]
                );
                return Err(at("response_format", text, None));
            }
            Ok(())
        }
        _ => {
            let text = format!(
                "Invalid value: {}. Supported values are: 'json_object', 'json_schema', and 'text'.",
                format["type"]
            );
            Err(at("response_format.type", text, Some("invalid_value")))
        }
    }
}
