//! What the demo provider reads of a request.

use serde_json::Value;

use super::{MODELS, SPECIAL};
use crate::error::{ErrorKind, WireError};

/// A request, as far as it matters here.
pub(super) struct DemoRequest {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) max_tokens: Option<usize>,
    pub(super) stop: Vec<String>,
    /// The text of the last message of a user.
    pub(super) prompt: String,
    /// What tools gave back after that message.
    pub(super) tool_results: Vec<String>,
    pub(super) messages: usize,
    pub(super) images: usize,
    /// Bytes of text in all messages.
    pub(super) text_bytes: usize,
    pub(super) tools: Vec<DemoTool>,
    pub(super) tool_choice: Choice,
    pub(super) parallel: bool,
    pub(super) format: Option<Value>,
    /// Differs for each body, the same for the same one.
    pub(super) fingerprint: u64,
}

/// A tool on offer.
pub(super) struct DemoTool {
    pub(super) name: String,
    pub(super) schema: Value,
}

/// Which tool is to be called.
pub(super) enum Choice {
    Auto,
    None,
    Required,
    Named(String),
}

/// Reads a request.
///
/// # Errors
/// The one that the caller is to get.
pub(super) fn read(body: &[u8]) -> Result<DemoRequest, WireError> {
    let invalid =
        |param: &str, message: String| WireError::gateway(ErrorKind::InvalidRequest, message).with_param(param);
    let request: Value = serde_json::from_slice(body)
        .map_err(|fault| WireError::gateway(ErrorKind::InvalidRequest, format!("the body is not JSON: {fault}")))?;
    let model = request.get("model").and_then(Value::as_str).unwrap_or_default();
    if !MODELS.contains(&model) {
        let message = format!("the demo provider has no such model; it has {}", MODELS.join(", "));
        return Err(WireError::gateway(ErrorKind::NotFound, message).with_param("model").with_code("model_not_found"));
    }
    if SPECIAL.contains(&model) {
        return Err(invalid("model", format!("model: {model} does not chat; ask it at its own endpoint")));
    }
    let Some(messages) = request.get("messages").and_then(Value::as_array).filter(|list| !list.is_empty()) else {
        return Err(invalid("messages", "messages: is missing or empty; send at least one".into()));
    };
    if request.get("n").and_then(Value::as_u64).is_some_and(|n| n != 1) {
        return Err(invalid("n", "n: the demo provider gives one answer".into()));
    }
    let tools = match request.get("tools").and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(read_tool).collect(),
        None => Vec::new(),
    };
    let limit = request.get("max_completion_tokens").filter(|limit| !limit.is_null()).or(request.get("max_tokens"));
    let last_user = messages.iter().rposition(|message| role(message) == "user");
    Ok(DemoRequest {
        model: model.to_owned(),
        stream: flag(request.get("stream")).unwrap_or(false),
        include_usage: flag(request.pointer("/stream_options/include_usage")).unwrap_or(false),
        max_tokens: limit.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()),
        stop: read_stop(request.get("stop")),
        prompt: last_user.and_then(|at| messages.get(at)).map(text_of).unwrap_or_default(),
        tool_results: messages
            .iter()
            .skip(last_user.map_or(0, |at| at + 1))
            .filter(|message| role(message) == "tool")
            .map(text_of)
            .collect(),
        messages: messages.len(),
        images: messages.iter().map(count_images).sum(),
        text_bytes: messages.iter().map(|message| text_of(message).len()).sum(),
        tools,
        tool_choice: read_choice(request.get("tool_choice")),
        parallel: flag(request.get("parallel_tool_calls")).unwrap_or(true),
        format: request.get("response_format").filter(|format| !format.is_null()).cloned(),
        fingerprint: fingerprint(body),
    })
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: Option<&Value>) -> Option<bool> {
    value.and_then(Value::as_bool)
}

fn parts(message: &Value) -> impl Iterator<Item = &Value> {
    message.get("content").and_then(Value::as_array).into_iter().flatten()
}

fn text_of(message: &Value) -> String {
    if let Some(text) = message.get("content").and_then(Value::as_str) {
        return text.to_owned();
    }
    let texts: Vec<&str> = parts(message).filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
    texts.join("\n")
}

fn count_images(message: &Value) -> usize {
    parts(message).filter(|part| part.get("type").is_some_and(|kind| kind == "image_url")).count()
}

fn read_tool(tool: &Value) -> Option<DemoTool> {
    let function = tool.get("function")?;
    let name = function.get("name")?.as_str()?.to_owned();
    Some(DemoTool { name, schema: function.get("parameters").cloned().unwrap_or(Value::Null) })
}

fn read_choice(choice: Option<&Value>) -> Choice {
    match choice {
        Some(Value::String(word)) if word == "none" => Choice::None,
        Some(Value::String(word)) if word == "required" => Choice::Required,
        Some(named) => match named.pointer("/function/name").and_then(Value::as_str) {
            Some(name) => Choice::Named(name.to_owned()),
            None => Choice::Auto,
        },
        None => Choice::Auto,
    }
}

fn read_stop(stop: Option<&Value>) -> Vec<String> {
    match stop {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// FNV-1a: gives each answer its own id, each word its own direction.
pub(super) fn fingerprint(body: &[u8]) -> u64 {
    body.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
