//! What Anthropic refuses in headers and top-level fields, and in which words.

use serde_json::{Map, Value};

use super::super::Refusal;
use super::blocks;
use crate::http1::Head;

/// The parameters of messages; anything else is refused.
const FIELDS: [&str; 24] = [
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "user_profile_id",
    "workspace_id",
];

pub(super) type Checked<T> = Result<T, Refusal>;

pub(super) fn invalid<T>(message: impl Into<String>) -> Checked<T> {
    Err(Refusal::invalid(message))
}

pub(super) fn headers(head: &Head, key: &str) -> Checked<()> {
    let unauthorized =
        |message: &str| Err(Refusal { status: 401, kind: "authentication_error", ..Refusal::invalid(message) });
    // The API takes its key in either header; the SDKs went from the first to the second.
    let bearer = head.header("authorization").and_then(|v| v.strip_prefix("Bearer "));
    match head.header("x-api-key").or(bearer) {
        None => return unauthorized("x-api-key header is required"),
        Some(given) if given != key => return unauthorized("invalid x-api-key"),
        Some(_) => {}
    }
    match head.header("anthropic-version") {
        Some("2026-10-21" | "2023-06-01") => Ok(()),
        Some(other) => invalid(format!("anthropic-version: \"{other}\" is not a valid version")),
        None => invalid("anthropic-version: header is required"),
    }
}

/// What version 2026-10-21 took away, even at its default.
/// Source: <https://platform.claude.com/docs/en/api/versioning>.
const REMOVED: [&str; 3] = ["temperature", "top_p", "top_k"];

pub(super) fn request(head: &Head, body: &[u8]) -> Checked<Value> {
    let request: Value = serde_json::from_slice(body)
        .map_err(|e| Refusal::invalid(format!("The request body is not valid JSON: {e}")))?;
    let Some(fields) = request.as_object() else { return invalid("Input should be a valid dictionary") };
    if let Some(unknown) = fields.keys().find(|k| !FIELDS.contains(&k.as_str())) {
        return invalid(format!("{unknown}: Extra inputs are not permitted"));
    }
    if head.header("anthropic-version") == Some("2026-10-21")
        && let Some(removed) = REMOVED.iter().find(|name| fields.contains_key(**name))
    {
        return invalid(format!("{removed}: Extra inputs are not permitted"));
    }
    for required in ["model", "max_tokens", "messages"] {
        if !fields.contains_key(required) {
            return invalid(format!("{required}: Field required"));
        }
    }
    if let Some((null, _)) = fields.iter().find(|(_, v)| v.is_null()) {
        return invalid(format!("{null}: Input should not be null"));
    }
    if !fields["model"].is_string() {
        return invalid("model: Input should be a valid string");
    }
    let Some(max_tokens) = fields["max_tokens"].as_u64() else {
        return invalid("max_tokens: Input should be a valid integer");
    };
    if max_tokens == 0 {
        return invalid("max_tokens: Input should be greater than or equal to 1");
    }
    sampling(fields)?;
    thinking(fields, max_tokens)?;
    tools(fields)?;
    output_config(fields)?;
    blocks::system(fields.get("system"))?;
    blocks::messages(&request, fields)?;
    Ok(request)
}

fn sampling(fields: &Map<String, Value>) -> Checked<()> {
    for name in ["temperature", "top_p"] {
        match fields.get(name).map(Value::as_f64) {
            None => {}
            Some(Some(value)) if (0.0..=1.0).contains(&value) => {}
            Some(_) => return invalid(format!("{name}: range: 0..1")),
        }
    }
    for (index, sequence) in fields.get("stop_sequences").and_then(Value::as_array).into_iter().flatten().enumerate() {
        if sequence.as_str().is_none_or(|s| s.trim().is_empty()) {
            return invalid(format!("stop_sequences.{index}: each stop sequence must contain non-whitespace"));
        }
    }
    let metadata = fields.get("metadata").and_then(Value::as_object).into_iter().flatten();
    if let Some((unknown, _)) = metadata.into_iter().find(|(k, _)| k.as_str() != "user_id") {
        return invalid(format!("metadata.{unknown}: Extra inputs are not permitted"));
    }
    Ok(())
}

fn thinking(fields: &Map<String, Value>, max_tokens: u64) -> Checked<()> {
    let Some(thinking) = fields.get("thinking") else { return Ok(()) };
    match thinking["type"].as_str() {
        Some("disabled") => return Ok(()),
        Some("adaptive") => {}
        Some("enabled") => {
            let budget = thinking["budget_tokens"].as_u64().unwrap_or(0);
            if budget < 1024 {
                return invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
            }
            if budget >= max_tokens {
                return invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
            }
        }
        _ => {
            return invalid(
                "thinking: Input tag does not match any of the expected tags: 'disabled', 'enabled', 'adaptive'",
            );
        }
    }
    if fields.get("temperature").is_some_and(|t| t.as_f64() != Some(1.0)) {
        return invalid("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.");
    }
    if fields.contains_key("top_k") {
        return invalid("`top_k` must be unset when thinking is enabled or in adaptive mode.");
    }
    if matches!(fields.get("tool_choice").and_then(|c| c["type"].as_str()), Some("any" | "tool")) {
        return invalid("Thinking may not be enabled when tool_choice forces tool use.");
    }
    Ok(())
}

fn tools(fields: &Map<String, Value>) -> Checked<()> {
    let tools = fields.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, tool) in tools.iter().enumerate() {
        // Tools of the vendor's own carry a dated type and fields of their own.
        if tool["type"].as_str().is_some_and(|t| t != "custom") && tool.get("input_schema").is_none() {
            if tool["type"] == "function" {
                return invalid(format!(
                    "tools.{index}: Input tag 'function' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250124', 'web_search_20250305'"
                ));
            }
            continue;
        }
        let here = format!("tools.{index}.custom");
        let known = [
            "type",
            "name",
            "description",
            "input_schema",
            "cache_control",
            "strict",
            "eager_input_streaming",
            "defer_loading",
            "allowed_callers",
            "input_examples",
        ];
        if let Some(unknown) =
            tool.as_object().into_iter().flatten().map(|(k, _)| k).find(|k| !known.contains(&k.as_str()))
        {
            return invalid(format!("{here}.{unknown}: Extra inputs are not permitted"));
        }
        let name = tool["name"].as_str().unwrap_or_default();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if name.is_empty() || name.len() > 128 || !name.bytes().all(fits) {
            return invalid(format!("{here}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"));
        }
        if !tool["input_schema"].is_object() {
            return invalid(format!("{here}.input_schema: Field required"));
        }
        match tool["input_schema"]["type"].as_str() {
            Some("object") => {}
            Some(_) => return invalid(format!("{here}.input_schema.type: Input should be 'object'")),
            None => return invalid(format!("{here}.input_schema.type: Field required")),
        }
        if tool.get("description").is_some_and(|d| !d.is_string()) {
            return invalid(format!("{here}.description: Input should be a valid string"));
        }
    }
    tool_choice(fields, tools)
}

fn tool_choice(fields: &Map<String, Value>, tools: &[Value]) -> Checked<()> {
    let Some(choice) = fields.get("tool_choice") else { return Ok(()) };
    let known: &[&str] = match choice["type"].as_str() {
        Some("auto" | "any") => &["type", "disable_parallel_tool_use"],
        Some("none") => &["type"],
        Some("tool") => &["type", "name", "disable_parallel_tool_use"],
        _ => {
            return invalid(
                "tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
            );
        }
    };
    if let Some(unknown) =
        choice.as_object().into_iter().flatten().map(|(k, _)| k).find(|k| !known.contains(&k.as_str()))
    {
        let kind = choice["type"].as_str().unwrap_or_default();
        return invalid(format!("tool_choice.{kind}.{unknown}: Extra inputs are not permitted"));
    }
    if tools.is_empty() {
        return invalid("tool_choice: may only be specified while providing tools.");
    }
    if choice["type"] == "tool" && !tools.iter().any(|t| t["name"] == choice["name"]) {
        return invalid(format!("Tool '{}' not found in provided tools", choice["name"].as_str().unwrap_or_default()));
    }
    Ok(())
}

fn output_config(fields: &Map<String, Value>) -> Checked<()> {
    let Some(config) = fields.get("output_config") else { return Ok(()) };
    if let Some(unknown) = config
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, _)| k)
        .find(|k| !["effort", "format", "task_budget"].contains(&k.as_str()))
    {
        return invalid(format!("output_config.{unknown}: Extra inputs are not permitted"));
    }
    if config
        .get("effort")
        .is_some_and(|e| !["low", "medium", "high", "xhigh", "max"].contains(&e.as_str().unwrap_or_default()))
    {
        return invalid("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
    }
    let Some(format) = config.get("format") else { return Ok(()) };
    if format["type"] != "json_schema" {
        return invalid("output_config.format.type: Input should be 'json_schema'");
    }
    if let Some(unknown) =
        format.as_object().into_iter().flatten().map(|(k, _)| k).find(|k| !["type", "schema"].contains(&k.as_str()))
    {
        return invalid(format!("output_config.format.{unknown}: Extra inputs are not permitted"));
    }
    if !format["schema"].is_object() {
        return invalid("output_config.format.schema: Field required");
    }
    closed_objects(&format["schema"])?;
    unbounded(&format["schema"])
}

/// Structured output takes no bounds of numbers, lengths and counts; of `minItems` 0 and 1.
fn unbounded(schema: &Value) -> Checked<()> {
    const BOUNDS: [&str; 9] = [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
        "uniqueItems",
    ];
    if let Some(kind) = schema["type"].as_str() {
        let few = schema["minItems"].as_u64().is_none_or(|least| least <= 1);
        let bound = BOUNDS.into_iter().find(|bound| schema.get(bound).is_some()).or((!few).then_some("minItems"));
        if let Some(bound) = bound {
            return invalid(format!(
                "output_config.format.schema: For '{kind}' type, property '{bound}' is not supported"
            ));
        }
    }
    match schema {
        Value::Object(fields) => fields.values().try_for_each(unbounded),
        Value::Array(items) => items.iter().try_for_each(unbounded),
        _ => Ok(()),
    }
}

/// Structured output demands that every object says `additionalProperties: false`.
fn closed_objects(schema: &Value) -> Checked<()> {
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        return invalid(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        );
    }
    match schema {
        Value::Object(fields) => fields.values().try_for_each(closed_objects),
        Value::Array(items) => items.iter().try_for_each(closed_objects),
        _ => Ok(()),
    }
}
