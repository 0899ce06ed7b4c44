//! Reads the meaning of a Converse request.

use serde_json::Value;

use crate::provider::prompt::{Choice, History, Prompt, image, text_bytes};

pub(in crate::provider) fn prompt(request: &Value) -> Prompt {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_words =
        |m: &&Value| m["role"] == "user" && !(text(&m["content"]).is_empty() && images(&m["content"]).is_empty());
    let last_user = messages.iter().rev().find(has_words).unwrap_or(&Value::Null);
    let config = &request["inferenceConfig"];
    let additional = &request["additionalModelRequestFields"];
    let choice = &request["toolConfig"]["toolChoice"];
    let schema = request["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str();
    // A model that is told one in words obeys.
    let system = text(&request["system"]);
    let told = system.split_once("JSON Schema: ").map(|(_, schema)| schema);
    let stop = config["stopSequences"].as_array().into_iter().flatten();
    Prompt {
        history: history(messages),
        system: system.clone(),
        user: text(&last_user["content"]),
        images: images(&last_user["content"]),
        results: results(messages),
        tools: tools(request),
        choice: match choice["tool"]["name"].as_str() {
            Some(name) => Choice::Tool(name.to_owned()),
            None if choice.get("any").is_some() => Choice::Any,
            None => Choice::Auto,
        },
        parallel: true,
        schema: schema.or(told).and_then(|schema| serde_json::from_str(schema).ok()),
        json: false,
        thinking: matches!(additional["thinking"]["type"].as_str(), Some("enabled" | "adaptive"))
            || additional.get("reasoningConfig").is_some()
            || additional.get("reasoning_effort").is_some(),
        max_tokens: config["maxTokens"].as_u64(),
        stop: stop.filter_map(|s| s.as_str().map(str::to_owned)).collect(),
        bytes: text_bytes(&request["messages"]) + text_bytes(&request["system"]) + text_bytes(&request["toolConfig"]),
    }
}

fn blocks(content: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    content.as_array().into_iter().flatten()
}

fn text(content: &Value) -> String {
    blocks(content).filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
}

fn images(content: &Value) -> Vec<String> {
    let shown = blocks(content).filter_map(|block| block.get("image"));
    shown
        .map(|shown| {
            let kind = format!("image/{}", shown["format"].as_str().unwrap_or_default());
            let data = shown["source"]["bytes"].as_str().unwrap_or_default();
            image(&kind, data).unwrap_or_else(|| "a broken image".to_owned())
        })
        .collect()
}

fn history(messages: &[Value]) -> Vec<String> {
    let mut history = History::default();
    for message in messages {
        for block in blocks(&message["content"]) {
            if let Some(call) = block.get("toolUse") {
                let field = |name: &str| call[name].as_str().unwrap_or_default();
                history.call(field("toolUseId"), field("name"), &call["input"]);
            }
            if let Some(result) = block.get("toolResult") {
                history.result(result["toolUseId"].as_str().unwrap_or_default(), &text(&result["content"]));
            }
            if message["role"] == "assistant" {
                history.assistant(block["text"].as_str().unwrap_or_default());
            }
        }
        if message["role"] == "user" {
            history.user(&text(&message["content"]), &images(&message["content"]));
        }
    }
    history.lines()
}

/// Results in the last message, with the name of the tool whose id they carry.
fn results(messages: &[Value]) -> Vec<(String, String)> {
    let name = |id: &Value| {
        let calls = messages.iter().rev().flat_map(|m| blocks(&m["content"])).filter_map(|b| b.get("toolUse"));
        calls.into_iter().find(|call| call["toolUseId"] == *id).and_then(|call| call["name"].as_str())
    };
    let last = messages.last().unwrap_or(&Value::Null);
    let found = blocks(&last["content"]).filter_map(|block| block.get("toolResult"));
    found.map(|r| (name(&r["toolUseId"]).unwrap_or("?").to_owned(), text(&r["content"]))).collect()
}

fn tools(request: &Value) -> Vec<(String, Value)> {
    let tools = request["toolConfig"]["tools"].as_array().into_iter().flatten().filter_map(|t| t.get("toolSpec"));
    tools.filter_map(|t| Some((t["name"].as_str()?.to_owned(), t["inputSchema"]["json"].clone()))).collect()
}
