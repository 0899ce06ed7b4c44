//! Reads the meaning of a messages request.

use serde_json::Value;

use super::super::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_words =
        |m: &&Value| m["role"] == "user" && !(text(&m["content"]).is_empty() && images(&m["content"]).is_empty());
    let last_user = messages.iter().rev().find(has_words).unwrap_or(&Value::Null);
    Prompt {
        history: history(messages),
        system: text(&request["system"]),
        user: text(&last_user["content"]),
        images: images(&last_user["content"]),
        results: results(messages),
        tools: tools(request),
        choice: choice(&request["tool_choice"]),
        parallel: request["tool_choice"]["disable_parallel_tool_use"] != true,
        schema: request["output_config"]["format"].get("schema").cloned(),
        json: false,
        thinking: matches!(request["thinking"]["type"].as_str(), Some("enabled" | "adaptive")),
        max_tokens: request["max_tokens"].as_u64(),
        stop: request["stop_sequences"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| s.as_str().map(str::to_owned))
            .collect(),
        bytes: text_bytes(&request["messages"]) + text_bytes(&request["system"]) + text_bytes(&request["tools"]),
    }
}

fn history(messages: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for message in messages {
        let content = &message["content"];
        for block in content.as_array().into_iter().flatten() {
            let field = |name: &str| block[name].as_str().unwrap_or_default();
            match field("type") {
                "tool_use" => history.call(field("id"), field("name"), &block["input"]),
                "tool_result" => history.result(field("tool_use_id"), &text(&block["content"])),
                _ => {}
            }
            if field("type") == "text" && message["role"] == "assistant" {
                history.assistant(field("text"));
            }
        }
        match (message["role"] == "user", content) {
            (true, content) => history.user(&text(content), &images(content)),
            (false, Value::String(said)) => history.assistant(said),
            _ => {}
        }
    }
    history.lines()
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|b| b["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn images(content: &Value) -> Vec<String> {
    let sources = content.as_array().into_iter().flatten().filter(|b| b["type"] == "image").map(|b| &b["source"]);
    sources
        .map(|source| match source["type"].as_str() {
            Some("base64") => {
                let media_type = source["media_type"].as_str().unwrap_or_default();
                image(media_type, source["data"].as_str().unwrap_or_default())
                    .unwrap_or_else(|| "a broken image".to_owned())
            }
            _ => format!("the image at {}", source["url"].as_str().unwrap_or_default()),
        })
        .collect()
}

/// Results in the last message, with the name of the tool whose id they carry.
fn results(messages: &[Value]) -> Vec<(String, String)> {
    let calls: Vec<&Value> = messages
        .iter()
        .rev()
        .flat_map(|m| m["content"].as_array().into_iter().flatten())
        .filter(|b| b["type"] == "tool_use")
        .collect();
    let name = |id: &Value| calls.iter().find(|c| c["id"] == *id).and_then(|c| c["name"].as_str());
    let last = messages.last().unwrap_or(&Value::Null);
    let found = last["content"].as_array().into_iter().flatten().filter(|b| b["type"] == "tool_result");
    found.map(|b| (name(&b["tool_use_id"]).unwrap_or("?").to_owned(), text(&b["content"]))).collect()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten();
    tools.filter_map(|t| Some((t["name"].as_str()?.to_owned(), t["input_schema"].clone()))).collect()
}

fn choice(value: &Value) -> Choice {
    match value["type"].as_str() {
        Some("none") => Choice::None,
        Some("any") => Choice::Any,
        Some("tool") => Choice::Tool(value["name"].as_str().unwrap_or_default().to_owned()),
        _ => Choice::Auto,
    }
}
