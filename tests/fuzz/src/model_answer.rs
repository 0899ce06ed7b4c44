//! A whole answer as the stream that the same provider would have sent, and what a client of chat completions puts
//! together of either.

mod upstream;

use serde_json::{Map, Value, json};
use weir_domain::dialect::WireFormat;

/// The stream that says the same, for answers without anything that streams tell in another way.
pub(crate) fn as_stream(upstream: WireFormat, answer: &Value) -> Option<Vec<u8>> {
    let event = |data: &Value| format!("data: {data}\n\n");
    let stream = match upstream {
        WireFormat::Gemini => event(answer),
        WireFormat::Ollama => format!("{answer}\n"),
        WireFormat::Responses => {
            let status = answer["status"].as_str().filter(|status| matches!(*status, "completed" | "incomplete"))?;
            event(&json!({"type": format!("response.{status}"), "response": answer}))
        }
        WireFormat::Openai => format!("{}data: [DONE]\n\n", event(&chunk(answer)?)),
        WireFormat::Anthropic => message(answer)?.iter().map(event).collect(),
        WireFormat::Cohere => return upstream::cohere(answer),
        WireFormat::Bedrock => return upstream::bedrock(answer),
    };
    Some(stream.into_bytes())
}

fn is_string(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Whether a call's arguments are an object and nothing around it. All else becomes one in a whole answer, while its
/// pieces are passed on in a stream: what is delivered differs, and so does what is estimated from that.
fn is_object_text(arguments: &Value) -> bool {
    let whole = |text: &&str| text.trim() == *text && serde_json::from_str::<Map<String, Value>>(text).is_ok();
    arguments.as_str().filter(whole).is_some()
}

/// The one chunk of a chat completion with one choice.
fn chunk(answer: &Value) -> Option<Value> {
    let [choice] = answer["choices"].as_array()?.as_slice() else { return None };
    let message = &choice["message"];
    let mut calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
    for (at, call) in calls.iter_mut().enumerate() {
        let function = &call["function"];
        if !is_string(&call["id"]) || !is_string(&function["name"]) || !is_object_text(&function["arguments"]) {
            return None;
        }
        call.as_object_mut()?.insert("index".to_owned(), at.into());
    }
    let plain = message["content"].is_null() || is_string(&message["content"]);
    if !plain || !is_string(&choice["finish_reason"]) {
        return None;
    }
    let delta = json!({"role": "assistant", "content": message["content"], "tool_calls": calls});
    let choice = json!({"index": 0, "delta": delta, "finish_reason": choice["finish_reason"]});
    let (id, model, usage) = (&answer["id"], &answer["model"], &answer["usage"]);
    let tier = &answer["service_tier"];
    let whole = json!({"id": id, "model": model, "usage": usage, "service_tier": tier, "choices": [choice]});
    let kept = ["role", "content", "tool_calls"];
    message.as_object()?.keys().all(|name| kept.contains(&name.as_str())).then_some(whole)
}

/// The events of a message of plain blocks.
fn message(answer: &Value) -> Option<Vec<Value>> {
    let mut head = answer.clone();
    head.as_object_mut()?.insert("content".to_owned(), json!([]));
    let mut events = vec![json!({"type": "message_start", "message": head})];
    for (at, block) in answer["content"].as_array()?.iter().enumerate() {
        let (empty, deltas) = match block["type"].as_str()? {
            "text" => (json!({"type": "text", "text": ""}), vec![json!({"type": "text_delta", "text": block["text"]})]),
            "thinking" => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                vec![
                    json!({"type": "thinking_delta", "thinking": block["thinking"]}),
                    json!({"type": "signature_delta", "signature": block["signature"]}),
                ],
            ),
            "redacted_thinking" => (block.clone(), vec![]),
            "tool_use" if is_string(&block["id"]) && is_string(&block["name"]) && block["input"].is_object() => (
                json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}),
                vec![json!({"type": "input_json_delta", "partial_json": block["input"].to_string()})],
            ),
            _ => return None,
        };
        let told = ["type", "text", "thinking", "signature", "data", "id", "name", "input"];
        if block
            .as_object()?
            .iter()
            .any(|(name, value)| !told.contains(&name.as_str()) || !(is_string(value) || name == "input"))
        {
            return None;
        }
        events.push(json!({"type": "content_block_start", "index": at, "content_block": empty}));
        events.extend(deltas.iter().map(|delta| json!({"type": "content_block_delta", "index": at, "delta": delta})));
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    is_string(&answer["stop_reason"]).then_some(())?;
    let delta = json!({"stop_reason": answer["stop_reason"], "stop_sequence": answer["stop_sequence"]});
    events.push(json!({"type": "message_delta", "delta": delta, "usage": answer["usage"]}));
    events.push(json!({"type": "message_stop"}));
    Some(events)
}

/// Text, reasoning and calls, as a client puts them together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Content {
    text: String,
    reasoning: String,
    calls: Vec<(String, String, String)>,
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a chat completion says.
pub(crate) fn content_of_whole(body: &Value) -> Content {
    let mut content = Content::default();
    content.add(&body["choices"][0]["message"]);
    content
}

/// What the chunks of a chat completion say.
pub(crate) fn content_of_stream(out: &str) -> Content {
    let mut content = Content::default();
    for data in out.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if let Ok(chunk) = serde_json::from_str::<Value>(data) {
            content.add(&chunk["choices"][0]["delta"]);
        }
    }
    content
}

impl Content {
    fn add(&mut self, message: &Value) {
        self.text.push_str(string(&message["content"]));
        self.reasoning.push_str(string(&message["reasoning_content"]));
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            if call["id"].is_string() {
                self.calls.push((string(&call["id"]).to_owned(), string(&function["name"]).to_owned(), String::new()));
            }
            if let Some((_, _, arguments)) = self.calls.last_mut() {
                arguments.push_str(string(&function["arguments"]));
            }
        }
    }
}
