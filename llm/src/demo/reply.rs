//! Decides what the demo provider answers.

use serde_json::{Value, json};

use super::request::{Choice, DemoRequest, DemoTool};
use super::schema::example;

/// An answer before it is rendered.
pub(super) struct DemoReply {
    /// The text, in the pieces in which it streams: a word with the space before it.
    pub(super) words: Vec<String>,
    pub(super) calls: Vec<DemoCall>,
    pub(super) finish: &'static str,
    pub(super) prompt_tokens: usize,
    pub(super) cached_tokens: usize,
    pub(super) completion_tokens: usize,
}

/// A call of a tool.
pub(super) struct DemoCall {
    pub(super) name: String,
    /// JSON in the pieces in which it streams.
    pub(super) arguments: Vec<String>,
}

/// Characters of the prompt that are repeated.
const MAX_ECHO: usize = 200;
/// Tokens that an image counts for.
const IMAGE_TOKENS: usize = 256;
/// Inputs of so many tokens are half served from the cache, in steps of this size.
const CACHE_FROM: usize = 1024;
const CACHE_STEP: usize = 128;

/// Makes the answer.
pub(super) fn make(request: &DemoRequest) -> DemoReply {
    let prompt_tokens = request.text_bytes.div_ceil(4) + request.images * IMAGE_TOKENS;
    let cached_tokens = if prompt_tokens >= CACHE_FROM { prompt_tokens / 2 / CACHE_STEP * CACHE_STEP } else { 0 };
    let calls: Vec<DemoCall> = tools_to_call(request).into_iter().map(call).collect();
    let mut reply =
        DemoReply { words: Vec::new(), calls, finish: "stop", prompt_tokens, cached_tokens, completion_tokens: 0 };
    if reply.calls.is_empty() {
        let mut text = text(request);
        if let Some(at) = request.stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop)).min() {
            text.truncate(at);
        }
        reply.words = words(&text);
        if request.max_tokens.is_some_and(|limit| reply.words.len() > limit) {
            reply.words.truncate(request.max_tokens.unwrap_or_default());
            reply.finish = "length";
        }
    } else {
        reply.finish = "tool_calls";
    }
    reply.completion_tokens =
        reply.words.len() + reply.calls.iter().map(|call| 1 + call.arguments.len()).sum::<usize>();
    reply
}

fn tools_to_call(request: &DemoRequest) -> Vec<&DemoTool> {
    let tools = &request.tools;
    let first = || tools.iter().take(1).collect();
    let prompt = request.prompt.to_lowercase();
    let says = |words: &[&str]| prompt.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    match &request.tool_choice {
        Choice::None => return Vec::new(),
        Choice::Named(name) => return tools.iter().filter(|tool| tool.name == *name).take(1).collect(),
        // Once a tool has answered, the answer is text.
        Choice::Auto if !request.tool_results.is_empty() => return Vec::new(),
        Choice::Auto | Choice::Required => {}
    }
    let named: Vec<&DemoTool> = tools.iter().filter(|tool| prompt.contains(&tool.name.to_lowercase())).collect();
    let asked = (says(&["call", "use"]) && says(&["tool", "tools", "both"]))
        || !named.is_empty()
        || matches!(request.tool_choice, Choice::Required);
    if !asked {
        return Vec::new();
    }
    let several = request.parallel && says(&["both", "all", "each", "parallel"]);
    match (named.len(), several) {
        (2.., _) if request.parallel => named,
        (1.., false) => named.into_iter().take(1).collect(),
        (_, true) => tools.iter().collect(),
        _ => first(),
    }
}

fn call(tool: &DemoTool) -> DemoCall {
    let arguments = example(&tool.schema);
    let arguments = if arguments.is_object() { arguments } else { json!({}) };
    DemoCall { name: tool.name.clone(), arguments: pieces(&arguments.to_string(), 8) }
}

fn text(request: &DemoRequest) -> String {
    match request.format.as_ref().and_then(|format| format.get("type")).and_then(Value::as_str) {
        Some("json_schema") => {
            let schema = request.format.as_ref().and_then(|format| format.pointer("/json_schema/schema"));
            return example(schema.unwrap_or(&Value::Null)).to_string();
        }
        Some("json_object") => return json!({"answer": echo(&request.prompt), "model": request.model}).to_string(),
        _ => {}
    }
    if !request.tool_results.is_empty() {
        return format!("The tools answered: {}.", echo(&request.tool_results.join("; ")));
    }
    let mut text = format!("Hello from Weir's {}! You said: \"{}\".", request.model, echo(&request.prompt));
    match request.images {
        0 => {}
        1 => text.push_str(" You also sent an image; it arrived safely."),
        n => text.push_str(&format!(" You also sent {n} images; they arrived safely.")),
    }
    if request.model == "demo-large" {
        text.push_str(&format!(
            " I got {} message(s) with {} bytes of text and {} tool(s).",
            request.messages,
            request.text_bytes,
            request.tools.len()
        ));
    }
    text.push_str(" I make this up without a network or a key; add a provider to talk to a real model.");
    text
}

fn echo(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_ECHO).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Words, each with the white space before it.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for piece in text.split_inclusive(' ') {
        words.push(piece.to_owned());
    }
    words
}

/// Pieces of about `size` bytes, cut between characters.
fn pieces(text: &str, size: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        if pieces.last().is_some_and(|last| last.len() >= size) {
            pieces.push(String::new());
        }
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}
