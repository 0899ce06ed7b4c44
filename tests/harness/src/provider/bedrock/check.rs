//! What Converse refuses beside the conversation, and in which words.

use serde_json::Value;

use super::super::Refusal;
use super::{blocks, invalid};
use crate::http1::Head;

pub(super) type Checked = Result<(), Refusal>;

/// The members of each structure.
const REQUEST: &[&str] = &[
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "guardrailConfig",
    "additionalModelRequestFields",
    "promptVariables",
    "additionalModelResponseFieldPaths",
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "outputConfig",
];
const INFERENCE: &[&str] = &["maxTokens", "temperature", "topP", "stopSequences"];
const TOOL_SPEC: &[&str] = &["name", "description", "inputSchema", "strict"];
/// What Claude takes beside Converse's own fields.
const CLAUDE: &[&str] = &["thinking", "top_k", "anthropic_beta", "output_config", "anthropic_version"];

/// Refuses members that a structure has not: what another dialect left in a request.
pub(super) fn members(value: &Value, known: &[&str], place: &str) -> Checked {
    let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let dot = if place.is_empty() { "" } else { "." };
            invalid(format!("Malformed input request: extraneous key [{place}{dot}{name}] is not permitted"))
        }
    }
}

/// Refuses what is not of the type that the API's model says.
pub(super) fn typed(value: &Value, fits: fn(&Value) -> bool, place: &str, kind: &str) -> Checked {
    if value.is_null() || fits(value) {
        return Ok(());
    }
    invalid(format!("Value at '{place}' failed to satisfy constraint: Member must be of type {kind}"))
}

/// A union has exactly one member.
pub(super) fn union<'a>(value: &'a Value, known: &[&str], place: &str) -> Result<(&'a str, &'a Value), Refusal> {
    members(value, known, place)?;
    let mut fields = value.as_object().into_iter().flatten().filter(|(_, v)| !v.is_null());
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => Ok((name.as_str(), value)),
        _ => invalid(format!("Invalid union at '{place}': exactly one member must be set")),
    }
}

pub(super) fn request(model: &str, head: &Head, body: &[u8]) -> Result<Value, Refusal> {
    if !head.header("content-type").is_some_and(|v| v.starts_with("application/json")) {
        return Err(Refusal { status: 415, ..super::refusal_for(400) });
    }
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return Err(Refusal { kind: "SerializationException", ..super::refusal_for(400) });
    };
    members(&request, REQUEST, "")?;
    if !request["messages"].is_array() {
        let problem = "Value null at 'messages' failed to satisfy constraint: Member must not be null";
        return invalid(format!("1 validation error detected: {problem}"));
    }
    inference(&request["inferenceConfig"])?;
    tools(&request["toolConfig"])?;
    output(&request["outputConfig"])?;
    for (n, block) in request["system"].as_array().into_iter().flatten().enumerate() {
        let place = format!("system.{n}");
        let (kind, value) = union(block, &["text", "cachePoint", "guardContent"], &place)?;
        blocks::shared(kind, value, &place)?;
    }
    typed(&request["system"], Value::is_array, "system", "list")?;
    blocks::messages(&request)?;
    if model.contains("claude") {
        claude(&request)?;
    }
    if model.contains("amazon.nova") {
        nova(&request)?;
    }
    Ok(request)
}

fn inference(config: &Value) -> Checked {
    members(config, INFERENCE, "inferenceConfig")?;
    if config.get("maxTokens").is_some_and(|most| most.as_u64().is_none_or(|most| most == 0)) {
        return invalid(
            "1 validation error detected: Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1",
        );
    }
    for name in ["temperature", "topP"] {
        if config.get(name).is_some_and(|value| value.as_f64().is_none_or(|value| !(0.0..=1.0).contains(&value))) {
            return invalid(format!(
                "1 validation error detected: Value at 'inferenceConfig.{name}' failed to satisfy constraint: Member must have value less than or equal to 1"
            ));
        }
    }
    for sequence in config["stopSequences"].as_array().into_iter().flatten() {
        if sequence.as_str().is_none_or(str::is_empty) {
            return invalid("Value at 'inferenceConfig.stopSequences' failed to satisfy constraint: length 1 or more");
        }
    }
    typed(&config["stopSequences"], Value::is_array, "inferenceConfig.stopSequences", "list")
}

fn tools(config: &Value) -> Checked {
    members(config, &["tools", "toolChoice"], "toolConfig")?;
    if config.is_null() {
        return Ok(());
    }
    let tools = config["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    if tools.is_empty() {
        let problem = "Value at 'toolConfig.tools' failed to satisfy constraint: length greater than or equal to 1";
        return invalid(format!("1 validation error detected: {problem}"));
    }
    let mut names = Vec::new();
    for (n, tool) in tools.iter().enumerate() {
        let place = format!("toolConfig.tools.{n}");
        let ("toolSpec", spec) = union(tool, &["toolSpec", "cachePoint", "systemTool"], &place)? else { continue };
        members(spec, TOOL_SPEC, &format!("{place}.toolSpec"))?;
        blocks::name(&spec["name"], &format!("{place}.toolSpec.name"))?;
        if spec.get("description").is_some_and(|text| text.as_str().is_none_or(str::is_empty)) {
            return invalid(format!("Value at '{place}.toolSpec.description' must have length 1 or more"));
        }
        members(&spec["inputSchema"], &["json"], &format!("{place}.toolSpec.inputSchema"))?;
        if spec["inputSchema"]["json"]["type"] != "object" {
            return invalid(format!(
                "The value at {place}.toolSpec.inputSchema.json.type must be one of the following: object."
            ));
        }
        names.push(&spec["name"]);
    }
    let Some(choice) = config.get("toolChoice") else { return Ok(()) };
    let (kind, value) = union(choice, &["auto", "any", "tool"], "toolConfig.toolChoice")?;
    members(value, if kind == "tool" { &["name"] } else { &[] }, &format!("toolConfig.toolChoice.{kind}"))?;
    if kind == "tool" && !names.contains(&&value["name"]) {
        return invalid(format!("The tool {} of toolConfig.toolChoice is not among the tools.", value["name"]));
    }
    Ok(())
}

fn output(config: &Value) -> Checked {
    members(config, &["textFormat"], "outputConfig")?;
    let format = &config["textFormat"];
    members(format, &["type", "structure"], "outputConfig.textFormat")?;
    let schema = &format["structure"]["jsonSchema"];
    members(&format["structure"], &["jsonSchema"], "outputConfig.textFormat.structure")?;
    members(schema, &["schema", "name", "description"], "outputConfig.textFormat.structure.jsonSchema")?;
    if format.is_null() {
        return Ok(());
    }
    // JSON in a string.
    let parsed = schema["schema"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if format["type"] != "json_schema" || !parsed.is_some_and(|schema| schema.is_object()) {
        return invalid("The value at outputConfig.textFormat.structure.jsonSchema.schema must be a JSON Schema.");
    }
    Ok(())
}

/// What Amazon's first Nova models refuse: they neither reason nor are held to schemas.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>.
fn nova(request: &Value) -> Checked {
    members(&request["additionalModelRequestFields"], &["inferenceConfig"], "additionalModelRequestFields")?;
    if !request["outputConfig"].is_null() {
        return invalid("This model doesn't support the outputConfig.textFormat field. Remove it and try again.");
    }
    for (n, tool) in request["toolConfig"]["tools"].as_array().into_iter().flatten().enumerate() {
        members(&tool["toolSpec"], &["name", "description", "inputSchema"], &format!("toolConfig.tools.{n}.toolSpec"))?;
        if !tool["cachePoint"].is_null() {
            return invalid("This model doesn't support caching of tools. Remove the cachePoint and try again.");
        }
    }
    let contents = request["messages"].as_array().into_iter().flatten().filter_map(|turn| turn["content"].as_array());
    if contents.flatten().any(|block| !block["reasoningContent"].is_null()) {
        return invalid("This model doesn't support the reasoningContent field. Remove it and try again.");
    }
    Ok(())
}

/// What Claude itself refuses, which comes back in Bedrock's words.
fn claude(request: &Value) -> Checked {
    let model_says = |text: &str| invalid(format!("The model returned the following errors: {text}"));
    let additional = &request["additionalModelRequestFields"];
    let mut names = additional.as_object().into_iter().flatten().map(|(name, _)| name);
    if let Some(name) = names.find(|name| !CLAUDE.contains(&name.as_str())) {
        return model_says(&format!("{name}: Extra inputs are not permitted"));
    }
    let thinking = &additional["thinking"];
    if !matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")) {
        return Ok(());
    }
    let config = &request["inferenceConfig"];
    if thinking["type"] == "enabled" {
        let budget = thinking["budget_tokens"].as_u64().unwrap_or(0);
        if budget < 1024 {
            return model_says("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
        }
        if config["maxTokens"].as_u64().is_none_or(|most| most <= budget) {
            return model_says("`max_tokens` must be greater than `thinking.budget_tokens`.");
        }
    }
    if config["temperature"].as_f64().is_some_and(|temperature| temperature < 1.0) || additional.get("top_k").is_some()
    {
        return model_says("`temperature` may only be set to 1 when thinking is enabled.");
    }
    let choice = &request["toolConfig"]["toolChoice"];
    if choice.get("any").is_some() || choice.get("tool").is_some() {
        return model_says("Thinking may not be enabled when tool_choice forces tool use.");
    }
    Ok(())
}
