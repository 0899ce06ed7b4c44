//! Reads the meaning of a Responses request.

use serde_json::{Value, json};

use super::super::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let given = match &request["input"] {
        Value::String(text) => vec![json!({"role": "user", "content": text})],
        Value::Array(items) => items.clone(),
        _ => Vec::new(),
    };
    let role = |item: &Value, role: &str| item["role"] == role;
    let instructions = request["instructions"].as_str().map(str::to_owned);
    let system = given.iter().filter(|i| role(i, "system") || role(i, "developer")).map(|i| text(&i["content"]));
    let last_user = given.iter().rev().find(|item| role(item, "user")).unwrap_or(&Value::Null);
    let format = &request["text"]["format"];
    let reasoning = &request["reasoning"];
    Prompt {
        history: history(&given),
        system: instructions.into_iter().chain(system).collect::<Vec<_>>().join("\n"),
        user: text(&last_user["content"]),
        images: images(&last_user["content"]),
        results: results(&given),
        tools: tools(request),
        choice: match &request["tool_choice"] {
            Value::String(word) if word == "none" => Choice::None,
            Value::String(word) if word == "required" => Choice::Any,
            choice @ Value::Object(_) => Choice::Tool(choice["name"].as_str().unwrap_or_default().to_owned()),
            _ => Choice::Auto,
        },
        parallel: request["parallel_tool_calls"] != false,
        schema: format.get("schema").cloned(),
        json: format["type"] == "json_object",
        thinking: reasoning["effort"].as_str().is_some_and(|effort| effort != "none"),
        max_tokens: request["max_output_tokens"].as_u64(),
        stop: Vec::new(),
        bytes: text_bytes(&request["input"]) + text_bytes(&request["instructions"]) + text_bytes(&request["tools"]),
    }
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn images(content: &Value) -> Vec<String> {
    let urls = content.as_array().into_iter().flatten().filter_map(|p| p["image_url"].as_str());
    urls.map(|url| {
        let inline = url.strip_prefix("data:").and_then(|d| d.split_once(";base64,"));
        inline.and_then(|(kind, data)| image(kind, data)).unwrap_or_else(|| format!("the image at {url}"))
    })
    .collect()
}

fn history(items: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for item in items {
        let field = |name: &str| item[name].as_str().unwrap_or_default();
        match (field("type"), field("role")) {
            ("function_call", _) => {
                let arguments = serde_json::from_str(field("arguments")).unwrap_or(Value::Null);
                history.call(field("call_id"), field("name"), &arguments);
            }
            ("function_call_output", _) => history.result(field("call_id"), &text(&item["output"])),
            (_, "user") => history.user(&text(&item["content"]), &images(&item["content"])),
            (_, "assistant") => history.assistant(&text(&item["content"])),
            _ => {}
        }
    }
    history.lines()
}

/// Results since the last item that is none.
fn results(items: &[Value]) -> Vec<(String, String)> {
    let from = items.iter().rposition(|item| item["type"] != "function_call_output").map_or(0, |at| at + 1);
    let name = |id: &Value| items[..from].iter().rev().find(|i| i["call_id"] == *id).and_then(|i| i["name"].as_str());
    let found = items[from..].iter();
    found.map(|item| (name(&item["call_id"]).unwrap_or("?").to_owned(), text(&item["output"]))).collect()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["tools"].as_array().into_iter().flatten();
    tools.filter_map(|t| Some((t["name"].as_str()?.to_owned(), t["parameters"].clone()))).collect()
}
