//! Reads the meaning of a chat request to Cohere.

use serde_json::Value;

use crate::provider::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let system = messages.iter().filter(|m| m["role"] == "system").map(|m| text(&m["content"]));
    let last_user = messages.iter().rev().find(|m| m["role"] == "user").unwrap_or(&Value::Null);
    let format = &request["response_format"];
    let stop = request["stop_sequences"].as_array().into_iter().flatten();
    Prompt {
        history: history(messages),
        system: system.collect::<Vec<_>>().join("\n"),
        user: text(&last_user["content"]),
        images: images(&last_user["content"]),
        results: results(messages),
        tools: tools(request),
        choice: match request["tool_choice"].as_str() {
            Some("NONE") => Choice::None,
            Some("REQUIRED") => Choice::Any,
            _ => Choice::Auto,
        },
        parallel: true,
        schema: format.get("json_schema").cloned(),
        json: format["type"] == "json_object",
        thinking: request["thinking"]["type"] == "enabled",
        max_tokens: request["max_tokens"].as_u64(),
        stop: stop.filter_map(|s| s.as_str().map(str::to_owned)).collect(),
        bytes: text_bytes(&request["messages"]) + text_bytes(&request["tools"]),
    }
}

fn text(content: &Value) -> String {
    let of = |part: &Value| part["text"].as_str().or(part["document"]["data"].as_str()).map(str::to_owned);
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(of).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn images(content: &Value) -> Vec<String> {
    let urls = content.as_array().into_iter().flatten().filter_map(|p| p["image_url"]["url"].as_str());
    urls.map(|url| {
        let inline = url.strip_prefix("data:").and_then(|d| d.split_once(";base64,"));
        inline.and_then(|(kind, data)| image(kind, data)).unwrap_or_else(|| format!("the image at {url}"))
    })
    .collect()
}

fn history(messages: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for message in messages {
        let said = text(&message["content"]);
        match message["role"].as_str() {
            Some("user") => history.user(&said, &images(&message["content"])),
            Some("assistant") => history.assistant(&said),
            Some("tool") => history.result(message["tool_call_id"].as_str().unwrap_or_default(), &said),
            _ => {}
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let arguments = serde_json::from_str(&field(&call["function"]["arguments"])).unwrap_or(Value::Null);
            history.call(&field(&call["id"]), &field(&call["function"]["name"]), &arguments);
        }
    }
    history.lines()
}

fn results(messages: &[Value]) -> Vec<(String, String)> {
    let from = messages.iter().rposition(|m| m["role"] != "tool").map_or(0, |at| at + 1);
    let name = |id: &Value| {
        let calls = messages[..from].iter().rev().flat_map(|m| m["tool_calls"].as_array().into_iter().flatten());
        calls.into_iter().find(|call| call["id"] == *id).and_then(|call| call["function"]["name"].as_str())
    };
    let found = messages[from..].iter();
    found.map(|m| (name(&m["tool_call_id"]).unwrap_or("?").to_owned(), text(&m["content"]))).collect()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten().map(|t| &t["function"]);
    tools.filter_map(|t| Some((t["name"].as_str()?.to_owned(), t["parameters"].clone()))).collect()
}
