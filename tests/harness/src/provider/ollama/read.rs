//! Reads the meaning of a chat request to Ollama.

use serde_json::Value;

use crate::provider::prompt::{Choice, History, Prompt, bare_image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let system = messages.iter().filter(|m| m["role"] == "system").map(text);
    let last_user = messages.iter().rev().find(|m| m["role"] == "user").unwrap_or(&Value::Null);
    let options = &request["options"];
    let from = messages.iter().rposition(|m| m["role"] != "tool").map_or(0, |at| at + 1);
    let results = messages[from..].iter();
    Prompt {
        history: history(messages),
        system: system.collect::<Vec<_>>().join("\n"),
        user: text(last_user),
        images: images(last_user),
        results: results.map(|m| (m["tool_name"].as_str().unwrap_or("?").to_owned(), text(m))).collect(),
        tools: tools(request),
        choice: Choice::Auto,
        parallel: true,
        schema: request.get("format").filter(|format| format.is_object()).cloned(),
        json: request["format"] == "json",
        thinking: request["think"] == true || request["think"].is_string(),
        max_tokens: options["num_predict"].as_u64(),
        stop: options["stop"].as_array().into_iter().flatten().filter_map(|s| s.as_str().map(str::to_owned)).collect(),
        bytes: text_bytes(&request["messages"]) + text_bytes(&request["tools"]),
    }
}

fn text(message: &Value) -> String {
    message["content"].as_str().unwrap_or_default().to_owned()
}

fn images(message: &Value) -> Vec<String> {
    let all = message["images"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.map(|data| bare_image(data).unwrap_or_else(|| "a broken image".to_owned())).collect()
}

fn history(messages: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for message in messages {
        match message["role"].as_str() {
            Some("user") => history.user(&text(message), &images(message)),
            Some("assistant") => history.assistant(&text(message)),
            Some("tool") => history.named_result(message["tool_name"].as_str().unwrap_or_default(), &text(message)),
            _ => {}
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            history.call("", function["name"].as_str().unwrap_or_default(), &function["arguments"]);
        }
    }
    history.lines()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten().map(|t| &t["function"]);
    tools.filter_map(|t| Some((t["name"].as_str()?.to_owned(), t["parameters"].clone()))).collect()
}
