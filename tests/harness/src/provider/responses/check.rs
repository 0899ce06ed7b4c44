//! What the Responses API refuses, and in which words. A chat completion that was merely passed on is full of it.

use serde_json::Value;

use super::super::{Refusal, prompt};
use super::{encrypted, reasons};
use crate::http1::Head;

type Checked<T> = Result<T, Refusal>;

/// The parameters of a request.
const REQUEST: [&str; 29] = [
    "background",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];
/// Members of items by type.
const ITEMS: [(&str, &[&str]); 4] = [
    ("message", &["type", "role", "content", "id", "status", "phase"]),
    ("function_call", &["type", "call_id", "name", "arguments", "id", "status"]),
    ("function_call_output", &["type", "call_id", "output", "id", "status"]),
    ("reasoning", &["type", "id", "summary", "content", "encrypted_content", "status"]),
];
/// Members of parts by type.
const PARTS: [(&str, &[&str]); 5] = [
    ("input_text", &["type", "text"]),
    ("input_image", &["type", "image_url", "file_id", "detail"]),
    ("input_file", &["type", "filename", "file_data", "file_url", "file_id"]),
    ("output_text", &["type", "text", "annotations", "logprobs"]),
    ("refusal", &["type", "refusal"]),
];

fn at(param: &str, message: String, code: &'static str) -> Refusal {
    Refusal { param: Some(param.to_owned()), code: Some(code), ..Refusal::invalid(message) }
}

fn unknown(param: &str) -> Refusal {
    at(param, format!("Unknown parameter: '{param}'."), "unknown_parameter")
}

fn missing(param: &str) -> Refusal {
    at(param, format!("Missing required parameter: '{param}'."), "missing_required_parameter")
}

fn wrong(param: &str, value: &Value, known: &str) -> Refusal {
    at(param, format!("Invalid value: {value}. Supported values are: {known}."), "invalid_value")
}

fn ill_typed(param: &str, wanted: &str) -> Refusal {
    at(param, format!("Invalid type for '{param}': expected {wanted}."), "invalid_type")
}

/// Refuses members that are not known at a place.
fn members(value: &Value, known: &[&str], place: &str) -> Checked<()> {
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    let found = names.find(|name| !known.contains(&name.as_str()));
    let dot = if place.is_empty() { "" } else { "." };
    found.map_or(Ok(()), |name| Err(unknown(&format!("{place}{dot}{name}"))))
}

pub(super) fn request(head: &Head, body: &[u8]) -> Checked<Value> {
    if !head.header("content-type").is_some_and(|v| v.starts_with("application/json")) {
        return Err(Refusal::invalid("Unsupported content type."));
    }
    let request: Value = serde_json::from_slice(body)
        .map_err(|e| Refusal::invalid(format!("We could not parse the JSON body of your request. ({e})")))?;
    members(&request, &REQUEST, "")?;
    let model = request["model"].as_str().ok_or_else(|| missing("model"))?;
    if request.get("instructions").is_some_and(|text| !text.is_string() && !text.is_null()) {
        return Err(ill_typed("instructions", "a string"));
    }
    input(&request)?;
    tools(&request)?;
    parameters(model, &request)?;
    text(&request["text"])?;
    Ok(request)
}

fn input(request: &Value) -> Checked<()> {
    let items = match &request["input"] {
        Value::String(_) => return Ok(()),
        Value::Array(items) if !items.is_empty() => items,
        Value::Array(_) => return Err(at("input", "Invalid 'input': empty array.".into(), "empty_array")),
        Value::Null => return Err(missing("input")),
        _ => return Err(ill_typed("input", "one of a string or array of input items")),
    };
    let mut open: Vec<&str> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let here = format!("input[{index}]");
        let kind = item["type"].as_str().or_else(|| item.get("role").map(|_| "message")).unwrap_or_default();
        let Some((_, known)) = ITEMS.iter().find(|(name, _)| *name == kind) else {
            let all = ITEMS.map(|(name, _)| format!("'{name}'")).join(", ");
            return Err(wrong(&format!("{here}.type"), &item["type"], &all));
        };
        members(item, known, &here)?;
        let text = |name: &str| item[name].as_str().ok_or_else(|| missing(&format!("{here}.{name}")));
        match kind {
            "message" => message(item, &here)?,
            "function_call" => {
                for name in ["call_id", "name", "arguments"] {
                    text(name)?;
                }
                open.push(text("call_id")?);
            }
            "function_call_output" => {
                let id = text("call_id")?;
                let Some(found) = open.iter().position(|known| *known == id) else {
                    let problem = format!("No tool call found for function call output with call_id {id}.");
                    return Err(at("input", problem, "invalid_value"));
                };
                open.remove(found);
                output(&item["output"], &format!("{here}.output"))?;
            }
            _ => reasoning_item(item, &here)?,
        }
    }
    match open.first() {
        None => Ok(()),
        Some(id) => Err(at("input", format!("No tool output found for function call {id}."), "invalid_value")),
    }
}

fn message(item: &Value, here: &str) -> Checked<()> {
    let takes: &[&str] = match item["role"].as_str() {
        Some("user" | "system" | "developer") => &["input_text", "input_image", "input_file"],
        Some("assistant") => &["output_text", "refusal"],
        _ => {
            let known = "'assistant', 'system', 'developer', and 'user'";
            return Err(wrong(&format!("{here}.role"), &item["role"], known));
        }
    };
    match &item["content"] {
        Value::String(_) => Ok(()),
        Value::Array(content) => parts(content, takes, &format!("{here}.content")),
        Value::Null => Err(missing(&format!("{here}.content"))),
        _ => Err(ill_typed(&format!("{here}.content"), "one of an array of objects or string")),
    }
}

fn output(output: &Value, here: &str) -> Checked<()> {
    match output {
        Value::String(_) => Ok(()),
        Value::Array(content) => parts(content, &["input_text", "input_image", "input_file"], here),
        _ => Err(ill_typed(here, "one of an array of objects or string")),
    }
}

fn parts(content: &[Value], takes: &[&str], here: &str) -> Checked<()> {
    for (index, part) in content.iter().enumerate() {
        let here = format!("{here}[{index}]");
        let kind = part["type"].as_str().unwrap_or_default();
        let known = PARTS.iter().find(|(name, _)| *name == kind && takes.contains(name));
        let Some((_, known)) = known else {
            let all = takes.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            return Err(wrong(&format!("{here}.type"), &part["type"], &all));
        };
        members(part, known, &here)?;
        let field = match kind {
            "input_image" if part["file_id"].is_string() => continue,
            "input_image" => "image_url",
            "input_file" => continue,
            "refusal" => "refusal",
            _ => "text",
        };
        let Some(text) = part[field].as_str() else { return Err(missing(&format!("{here}.{field}"))) };
        if let Some((kind, data)) = text.strip_prefix("data:").and_then(|data| data.split_once(";base64,"))
            && field == "image_url"
            && prompt::image(kind, data).is_none()
        {
            let problem = "The image data you provided does not represent a valid image.";
            return Err(at(&here, problem.into(), "invalid_value"));
        }
    }
    Ok(())
}

fn reasoning_item(item: &Value, here: &str) -> Checked<()> {
    let id = item["id"].as_str().ok_or_else(|| missing(&format!("{here}.id")))?;
    if !item["summary"].is_array() {
        return Err(missing(&format!("{here}.summary")));
    }
    match item["encrypted_content"].as_str() {
        Some(given) if given == encrypted(id) => Ok(()),
        Some(_) => {
            let problem = format!("The encrypted content for item {id} could not be verified.");
            Err(Refusal { code: Some("invalid_encrypted_content"), ..Refusal::invalid(problem) })
        }
        None => {
            let problem =
                format!("Item with id '{id}' not found. Items are not persisted when `store` is set to false.");
            Err(Refusal { status: 404, ..Refusal::invalid(problem) })
        }
    }
}

fn tools(request: &Value) -> Checked<()> {
    let tools = request["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, tool) in tools.iter().enumerate() {
        let here = format!("tools[{index}]");
        if tool["type"] != "function" {
            if tool["type"].is_string() {
                continue;
            }
            return Err(missing(&format!("{here}.type")));
        }
        members(tool, &["type", "name", "description", "parameters", "strict", "defer_loading"], &here)?;
        let name = tool["name"].as_str().ok_or_else(|| missing(&format!("{here}.name")))?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
            let problem = format!("Invalid '{here}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.");
            return Err(at(&format!("{here}.name"), problem, "invalid_value"));
        }
        let schema = &tool["parameters"];
        if schema.get("type").is_none_or(|kind| kind != "object") {
            let problem = format!(
                "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                schema["type"]
            );
            return Err(at(&format!("{here}.parameters"), problem, "invalid_function_parameters"));
        }
        // Where nothing is said, this API is strict.
        if tool.get("strict").is_none_or(|strict| strict == true) && schema["additionalProperties"] != false {
            let problem = format!(
                "Invalid schema for function '{name}': In context=(), 'additionalProperties' is required to be supplied and to be false."
            );
            return Err(at(&format!("{here}.parameters"), problem, "invalid_function_parameters"));
        }
    }
    match &request["tool_choice"] {
        Value::Null => Ok(()),
        Value::String(word) if ["auto", "none"].contains(&word.as_str()) => Ok(()),
        Value::String(word) if word == "required" && !tools.is_empty() => Ok(()),
        choice if choice["type"] == "function" => {
            members(choice, &["type", "name"], "tool_choice")?;
            if tools.iter().any(|tool| tool["name"] == choice["name"]) {
                return Ok(());
            }
            Err(at("tool_choice", "Tool choice not found in 'tools' parameter.".into(), "invalid_value"))
        }
        other => Err(wrong("tool_choice", other, "'none', 'auto', and 'required'")),
    }
}

fn parameters(model: &str, request: &Value) -> Checked<()> {
    if let Some(most) = request.get("max_output_tokens").filter(|most| !most.is_null())
        && most.as_u64().is_none_or(|most| most < 16)
    {
        let problem = format!(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {most} instead."
        );
        return Err(at("max_output_tokens", problem, "integer_below_min_value"));
    }
    for (name, most) in [("temperature", 2.0), ("top_p", 1.0)] {
        let Some(value) = request.get(name).filter(|value| !value.is_null()) else { continue };
        if reasons(model) {
            let problem = format!("Unsupported parameter: '{name}' is not supported with this model.");
            return Err(at(name, problem, "unsupported_parameter"));
        }
        if value.as_f64().is_none_or(|value| !(0.0..=most).contains(&value)) {
            return Err(at(name, format!("Invalid '{name}': out of range."), "decimal_above_max_value"));
        }
    }
    let reasoning = &request["reasoning"];
    members(reasoning, &["effort", "summary", "generate_summary", "encrypted_content"], "reasoning")?;
    if reasoning.is_object() && !reasons(model) {
        let problem = "Unsupported parameter: 'reasoning.effort' is not supported with this model.";
        return Err(at("reasoning.effort", problem.into(), "unsupported_parameter"));
    }
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];
    if reasoning["effort"].as_str().is_some_and(|effort| !efforts.contains(&effort)) {
        return Err(wrong("reasoning.effort", &reasoning["effort"], "'none', 'minimal', 'low', 'medium', 'high'"));
    }
    let included = request["include"].as_array().into_iter().flatten();
    if included.clone().any(|what| what == "reasoning.encrypted_content") && !reasons(model) {
        let problem = "Encrypted content is not supported with this model.";
        return Err(at("include", problem.into(), "unsupported_parameter"));
    }
    Ok(())
}

fn text(text: &Value) -> Checked<()> {
    members(text, &["format", "verbosity"], "text")?;
    let format = &text["format"];
    members(format, &["type", "name", "schema", "strict", "description"], "text.format")?;
    match format["type"].as_str() {
        None if format.is_null() => Ok(()),
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") => {
            if !format["name"].is_string() {
                return Err(missing("text.format.name"));
            }
            if !format["schema"].is_object() {
                return Err(missing("text.format.schema"));
            }
            if format["strict"] == true && format["schema"]["additionalProperties"] != false {
                let problem = format!(
                    "Invalid schema for response_format {}: In context=(), 'additionalProperties' is required to be supplied and to be false.",
                    format["name"]
                );
                return Err(at("text.format.schema", problem, "invalid_json_schema"));
            }
            Ok(())
        }
        _ => Err(wrong("text.format.type", &format["type"], "'json_object', 'json_schema', and 'text'")),
    }
}
