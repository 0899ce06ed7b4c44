//! Reads the meaning of a chat completions request.

use serde_json::Value;

use super::super::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let system = messages.iter().filter(|m| m["role"] == "system" || m["role"] == "developer");
    let last_user = messages.iter().rev().find(|m| m["role"] == "user").unwrap_or(&Value::Null);
    let format = &request["response_format"];
    Prompt {
        history: history(messages),
        system: system.map(|m| text(&m["content"])).collect::<Vec<_>>().join("\n"),
        user: text(&last_user["content"]),
        images: images(&last_user["content"]),
        results: results(messages),
        tools: tools(request),
        choice: choice(&request["tool_choice"]),
        parallel: request["parallel_tool_calls"] != false,
        schema: format["json_schema"].get("schema").cloned(),
        json: format["type"] == "json_object",
        thinking: request["reasoning_effort"].as_str().is_some_and(|effort| effort != "none"),
        max_tokens: request["max_completion_tokens"].as_u64().or(request["max_tokens"].as_u64()),
        stop: match &request["stop"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        },
        bytes: text_bytes(&request["messages"]) + text_bytes(&request["tools"]),
    }
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
            let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
            let arguments: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
            let name = call["function"]["name"].as_str().unwrap_or_default();
            history.call(call["id"].as_str().unwrap_or_default(), name, &arguments);
        }
    }
    history.lines()
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn images(content: &Value) -> Vec<String> {
    let urls = content.as_array().into_iter().flatten().filter_map(|p| p["image_url"]["url"].as_str());
    urls.map(|url| {
        let inline = url.strip_prefix("data:").and_then(|d| d.split_once(";base64,"));
        inline.and_then(|(media_type, data)| image(media_type, data)).unwrap_or_else(|| format!("the image at {url}"))
    })
    .collect()
}

/// Results since the last turn that was not a tool's, with the name of the tool whose id they carry.
fn results(messages: &[Value]) -> Vec<(String, String)> {
    let from = messages.iter().rposition(|m| m["role"] != "tool").map_or(0, |at| at + 1);
    let calls = messages[..from].iter().rev().flat_map(|m| m["tool_calls"].as_array().into_iter().flatten());
    let calls: Vec<&Value> = calls.collect();
    let name = |id: &Value| calls.iter().find(|c| c["id"] == *id).and_then(|c| c["function"]["name"].as_str());
    let found = messages[from..].iter();
    found.map(|m| (name(&m["tool_call_id"]).unwrap_or("?").to_owned(), text(&m["content"]))).collect()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten();
    tools
        .filter_map(|t| Some((t["function"]["name"].as_str()?.to_owned(), t["function"]["parameters"].clone())))
        .collect()
}

fn choice(value: &Value) -> Choice {
    match value {
        Value::String(word) if word == "none" => Choice::None,
        Value::String(word) if word == "required" => Choice::Any,
        Value::Object(_) => Choice::Tool(value["function"]["name"].as_str().unwrap_or_default().to_owned()),
        _ => Choice::Auto,
    }
}
