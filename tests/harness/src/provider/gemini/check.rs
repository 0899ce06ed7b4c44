//! What Gemini refuses in headers and top-level fields, and in which words.

use serde_json::Value;

use super::super::Refusal;
use super::{contents, is_third, schema};
use crate::http1::Head;

pub(super) type Checked<T> = Result<T, Refusal>;

/// What a member must be, in the words of protocol buffers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bool,
    Int,
    Number,
    List,
    Message,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Bool => value.is_boolean(),
            Self::Int => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            Self::Number => value.is_number(),
            Self::List => value.is_array(),
            Self::Message => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "TYPE_STRING",
            Self::Bool => "TYPE_BOOL",
            Self::Int => "TYPE_INT32",
            Self::Number => "TYPE_DOUBLE",
            Self::List => "TYPE_MESSAGE, repeated",
            Self::Message => "TYPE_MESSAGE",
        }
    }
}

/// The members of a message and what each is. Source: <https://ai.google.dev/api/generate-content>.
pub(super) type Members = &'static [(&'static str, Kind)];

const REQUEST: Members = &[
    ("contents", Kind::List),
    ("systemInstruction", Kind::Message),
    ("tools", Kind::List),
    ("toolConfig", Kind::Message),
    ("generationConfig", Kind::Message),
    ("safetySettings", Kind::List),
    ("cachedContent", Kind::Text),
    ("serviceTier", Kind::Text),
    ("store", Kind::Bool),
];
const COUNT: Members = &[("contents", Kind::List), ("generateContentRequest", Kind::Message)];
const CONFIG: Members = &[
    ("temperature", Kind::Number),
    ("topP", Kind::Number),
    ("topK", Kind::Number),
    ("candidateCount", Kind::Int),
    ("maxOutputTokens", Kind::Int),
    ("stopSequences", Kind::List),
    ("responseLogprobs", Kind::Bool),
    ("logprobs", Kind::Int),
    ("presencePenalty", Kind::Number),
    ("frequencyPenalty", Kind::Number),
    ("seed", Kind::Int),
    ("responseMimeType", Kind::Text),
    ("responseSchema", Kind::Message),
    ("responseJsonSchema", Kind::Message),
    ("responseModalities", Kind::List),
    ("mediaResolution", Kind::Text),
    ("speechConfig", Kind::Message),
    ("thinkingConfig", Kind::Message),
    ("imageConfig", Kind::Message),
    ("enableEnhancedCivicAnswers", Kind::Bool),
];
const THINKING: Members =
    &[("includeThoughts", Kind::Bool), ("thinkingBudget", Kind::Int), ("thinkingLevel", Kind::Text)];
const TOOL: Members = &[
    ("functionDeclarations", Kind::List),
    ("googleSearch", Kind::Message),
    ("googleSearchRetrieval", Kind::Message),
    ("codeExecution", Kind::Message),
    ("urlContext", Kind::Message),
    ("computerUse", Kind::Message),
    ("fileSearch", Kind::Message),
    ("googleMaps", Kind::Message),
];
const FUNCTION: Members = &[
    ("name", Kind::Text),
    ("description", Kind::Text),
    ("parameters", Kind::Message),
    ("parametersJsonSchema", Kind::Message),
    ("behavior", Kind::Text),
    ("response", Kind::Message),
    ("responseJsonSchema", Kind::Message),
];
const TOOL_CONFIG: Members = &[
    ("functionCallingConfig", Kind::Message),
    ("retrievalConfig", Kind::Message),
    ("includeServerSideToolInvocations", Kind::Bool),
];
const CALLING: Members = &[("mode", Kind::Text), ("allowedFunctionNames", Kind::List)];

pub(super) fn invalid<T>(message: impl Into<String>) -> Checked<T> {
    Err(Refusal { status: 400, kind: "INVALID_ARGUMENT", message: message.into(), param: None, code: None })
}

pub(super) fn headers(head: &Head, key: &str) -> Checked<()> {
    let query = head.target.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("key="));
    match head.header("x-goog-api-key").or(in_query) {
        None => Err(Refusal {
            status: 403,
            kind: "PERMISSION_DENIED",
            message:
                "Method doesn't allow unregistered callers (callers without established identity). Please use API \
                      Key or other form of API consumer identity to call this API."
                    .into(),
            param: None,
            code: None,
        }),
        Some(given) if given != key => invalid("API key not valid. Please pass a valid API key."),
        Some(_) => Ok(()),
    }
}

/// The same with names in camel case: protocol buffers take both forms, and Google's own clients send both. What the
/// caller names itself, and JSON that is no message, stays as it is.
pub(super) fn camel(value: &Value) -> Value {
    const NOT_MESSAGES: [&str; 4] = ["args", "response", "parametersJsonSchema", "responseJsonSchema"];
    match value {
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, value)| {
                let name = camel_name(name);
                let value = match (name.as_str(), value) {
                    (name, value) if NOT_MESSAGES.contains(&name) => value.clone(),
                    ("properties", Value::Object(own)) => own.iter().map(|(n, v)| (n.clone(), camel(v))).collect(),
                    (_, value) => camel(value),
                };
                (name, value)
            });
            each.collect()
        }
        Value::Array(items) => items.iter().map(camel).collect(),
        other => other.clone(),
    }
}

fn camel_name(name: &str) -> String {
    let mut words = name.split('_');
    let mut whole = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        whole.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        whole.extend(letters);
    }
    whole
}

/// Refuses members that a message has not, and those of another type.
pub(super) fn members(value: &Value, known: Members, place: &str) -> Checked<()> {
    let at = if place.is_empty() { String::new() } else { format!(" at '{place}'") };
    for (name, value) in value.as_object().into_iter().flatten() {
        let Some((_, kind)) = known.iter().find(|(known, _)| known == name) else {
            return invalid(format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."));
        };
        if !kind.fits(value) {
            let dot = if place.is_empty() { "" } else { "." };
            return invalid(format!("Invalid value at '{place}{dot}{name}' ({}), {value}", kind.name()));
        }
    }
    Ok(())
}

pub(super) fn request(model: &str, method: &str, body: &[u8]) -> Checked<Value> {
    let request: Value = match serde_json::from_slice(body) {
        Ok(request @ Value::Object(_)) => camel(&request),
        Ok(_) => return invalid("Invalid JSON payload received. Unknown name \"\": Root element must be a message."),
        Err(_) => return invalid("Invalid JSON payload received. Unexpected end of string. Expected a value."),
    };
    if method == "countTokens" {
        members(&request, COUNT, "")?;
        let whole = request.get("generateContentRequest").cloned().unwrap_or(request);
        return Ok(whole);
    }
    members(&request, REQUEST, "")?;
    config(model, &request)?;
    tools(&request)?;
    contents::check(model, &request)?;
    Ok(request)
}

fn config(model: &str, request: &Value) -> Checked<()> {
    let config = &request["generationConfig"];
    members(config, CONFIG, "generation_config")?;
    if config["temperature"].as_f64().is_some_and(|t| !(0.0..=2.0).contains(&t)) {
        return invalid("* GenerateContentRequest.generation_config.temperature: must be in the range [0.0, 2.0].");
    }
    let stop = config["stopSequences"].as_array().map(Vec::as_slice).unwrap_or_default();
    if stop.len() > 5 {
        return invalid("* GenerateContentRequest.generation_config.stop_sequences: must have at most 5 elements.");
    }
    if stop.iter().any(|sequence| sequence.as_str().is_none_or(str::is_empty)) {
        return invalid("* GenerateContentRequest.generation_config.stop_sequences: must not be empty.");
    }
    if config["maxOutputTokens"].as_i64().is_some_and(|most| most < 1) {
        return invalid("* GenerateContentRequest.generation_config.max_output_tokens: must be positive.");
    }
    let json = config["responseMimeType"] == "application/json";
    if (config.get("responseSchema").is_some() || config.get("responseJsonSchema").is_some()) && !json {
        return invalid("Response schema is only supported with mime type application/json.");
    }
    if let Some(given) = config.get("responseSchema") {
        schema::check(given, "generation_config.response_schema")?;
    }
    let functions = request["tools"].as_array().into_iter().flatten().any(|t| t.get("functionDeclarations").is_some());
    if functions && json && !is_third(model) {
        return invalid("Function calling with a response mime type: 'application/json' is unsupported");
    }
    thinking(model, &config["thinkingConfig"])
}

fn thinking(model: &str, thinking: &Value) -> Checked<()> {
    members(thinking, THINKING, "generation_config.thinking_config")?;
    match (thinking.get("thinkingLevel"), thinking["thinkingBudget"].as_i64()) {
        (Some(_), Some(_)) => invalid("You can only set only one of thinking budget and thinking level."),
        (Some(_), None) if !is_third(model) => invalid("Thinking level is not supported for this model."),
        (Some(level), _) if !["MINIMAL", "LOW", "MEDIUM", "HIGH"].iter().any(|known| level == known) => {
            invalid(format!("Invalid value at 'generation_config.thinking_config.thinking_level', {level}"))
        }
        (None, Some(budget)) if model.contains("2.5-pro") && budget != -1 && !(128..=32_768).contains(&budget) => {
            invalid(format!("The thinking budget {budget} is invalid. Please choose a value between 128 and 32768."))
        }
        _ => Ok(()),
    }
}

fn tools(request: &Value) -> Checked<()> {
    let mut names = Vec::new();
    for (at, tool) in request["tools"].as_array().into_iter().flatten().enumerate() {
        members(tool, TOOL, &format!("tools[{at}]"))?;
        for (n, function) in tool["functionDeclarations"].as_array().into_iter().flatten().enumerate() {
            let place = format!("tools[{at}].function_declarations[{n}]");
            members(function, FUNCTION, &place)?;
            let name = function["name"].as_str().unwrap_or_default();
            let fits = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !begins || name.len() > 64 || !name.chars().all(fits) {
                return invalid(format!(
                    "* GenerateContentRequest.{place}.name: Invalid function name. Must start with a letter or an \
                     underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes \
                     (-), with a maximum length of 64."
                ));
            }
            if let Some(parameters) = function.get("parameters") {
                schema::check(parameters, &format!("{place}.parameters"))?;
            }
            names.push(name.to_owned());
        }
    }
    let config = &request["toolConfig"];
    members(config, TOOL_CONFIG, "tool_config")?;
    let calling = &config["functionCallingConfig"];
    members(calling, CALLING, "tool_config.function_calling_config")?;
    if calling.get("mode").is_some_and(|mode| !["AUTO", "ANY", "NONE", "VALIDATED"].iter().any(|known| mode == known)) {
        return invalid(format!("Invalid value at 'tool_config.function_calling_config.mode', {}", calling["mode"]));
    }
    let allowed = calling["allowedFunctionNames"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !allowed.is_empty() && !["ANY", "VALIDATED"].iter().any(|mode| calling["mode"] == *mode) {
        return invalid("Function calling config is set without mode ANY, but allowed_function_names is set.");
    }
    if allowed.iter().any(|name| !names.iter().any(|known| name == known)) {
        return invalid("Allowed function names must be a subset of the function declarations.");
    }
    Ok(())
}
