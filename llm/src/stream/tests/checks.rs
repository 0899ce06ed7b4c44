//! What the official SDKs rely on, checked on any stream.

use serde_json::{Value, json};

use super::*;

/// The data of each event, `[DONE]` as a string.
pub(super) fn events(out: &str) -> Vec<Value> {
    out.split("\n\n")
        .flat_map(|event| event.lines())
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data.trim())))
        .collect()
}

/// Role once and first; calls numbered 0, 1, 2, … with id and name first and arguments only after; one finish;
/// usage with cost last; `[DONE]` last, but only after a stream that was whole.
pub(super) fn openai(name: &str, outcome: &Outcome) {
    let events = events(&outcome.out);
    let done = events.iter().filter(|event| **event == "[DONE]").count();
    assert_eq!(done, usize::from(outcome.error.is_none()), "{name}");
    let chunks: Vec<&Value> = events.iter().filter(|event| event.is_object()).collect();
    let (mut calls, mut finishes) = (Vec::new(), 0);
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["object"], "chat.completion.chunk", "{name}");
        assert!(chunk["id"].as_str().unwrap().starts_with("chatcmpl-"), "{name}");
        let Some(choice) = chunk["choices"].get(0) else {
            assert!(chunk["usage"]["cost"].is_number() && at + 1 == chunks.len(), "{name}");
            continue;
        };
        assert_eq!(choice["delta"].get("role").is_some(), at == 0, "{name}: role once, and first");
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if call.get("id").is_some() {
                assert_eq!(index, calls.len(), "{name}: the index is the ordinal of the call");
                assert!(call["function"]["name"].is_string());
                calls.push(String::new());
            }
            calls[index].push_str(call["function"]["arguments"].as_str().unwrap());
        }
        finishes += usize::from(!choice["finish_reason"].is_null());
    }
    if outcome.error.is_none() {
        assert_eq!(finishes, 1, "{name}");
        for arguments in calls {
            assert!(serde_json::from_str::<Value>(&arguments).unwrap().is_object(), "{name}: {arguments}");
        }
    }
}

/// One `message_start` first; blocks one after the other, numbered without a gap, of the type of their deltas;
/// `message_delta` and `message_stop` last, but only after a stream that was whole.
pub(super) fn anthropic(name: &str, outcome: &Outcome) {
    let (mut next, mut open): (u64, Option<String>) = (0, None);
    let all: Vec<Value> = events(&outcome.out).into_iter().filter(|event| event["type"] != "ping").collect();
    for (at, event) in all.iter().enumerate() {
        let kind = event["type"].as_str().unwrap();
        match kind {
            "message_start" => {
                assert_eq!(at, 0, "{name}: exactly one message_start");
                assert!(event["message"]["id"].as_str().unwrap().starts_with("msg_"), "{name}");
                assert!(event["message"]["usage"]["cache_read_input_tokens"].is_u64(), "{name}");
            }
            "content_block_start" => {
                assert_eq!((event["index"].as_u64(), &open), (Some(next), &None), "{name}");
                open = event["content_block"]["type"].as_str().map(str::to_owned);
            }
            "content_block_delta" => {
                assert_eq!(event["index"], next, "{name}");
                let fits = match event["delta"]["type"].as_str().unwrap() {
                    "text_delta" => "text",
                    "thinking_delta" | "signature_delta" => "thinking",
                    "input_json_delta" => "tool_use",
                    other => panic!("{name}: {other}"),
                };
                assert_eq!(open.as_deref(), Some(fits), "{name}: a delta fits its block");
            }
            "content_block_stop" => {
                assert!(open.take().is_some() && event["index"] == next, "{name}");
                next += 1;
            }
            "message_delta" => {
                assert_eq!((open.is_none(), at + 2), (true, all.len()), "{name}");
                assert!(event["usage"]["cost"].is_number() && event["usage"]["input_tokens"].is_u64(), "{name}");
            }
            "message_stop" => assert_eq!(at + 1, all.len(), "{name}"),
            other => panic!("{name}: {other}"),
        }
    }
    let stopped = all.last().is_some_and(|event| event["type"] == "message_stop");
    assert_eq!(stopped, outcome.error.is_none(), "{name}");
}

/// Events numbered without a gap; `response.created` first; each item and part added before it is told of and done
/// after; what is done is what was told in pieces; the last event holds the whole response.
pub(super) fn responses(name: &str, outcome: &Outcome) {
    let all = events(&outcome.out);
    let (mut added, mut texts): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    let mut done: Vec<Value> = Vec::new();
    for (at, event) in all.iter().enumerate() {
        assert_eq!(event["sequence_number"], at, "{name}: numbered without a gap");
        let index = event["output_index"].as_u64().and_then(|index| usize::try_from(index).ok());
        let kind = event["type"].as_str().unwrap();
        match kind {
            "response.created" => assert_eq!((at, &event["response"]["status"]), (0, &json!("in_progress")), "{name}"),
            "response.in_progress" => assert_eq!(at, 1, "{name}"),
            "response.output_item.added" => {
                assert_eq!(index, Some(added.len()), "{name}: items in their order");
                added.push(event["item"].clone());
                texts.push(String::new());
                done.push(Value::Null);
            }
            "response.output_item.done" => {
                let item = &event["item"];
                assert_eq!(
                    (&item["id"], &item["type"]),
                    (&added[index.unwrap()]["id"], &added[index.unwrap()]["type"])
                );
                assert!(done[index.unwrap()].is_null(), "{name}: done once");
                let content = item["content"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .chain(item["summary"].as_array().into_iter().flatten());
                let whole: String =
                    content.map(|part| format!("{}{}", string(&part["text"]), string(&part["refusal"]))).collect();
                assert_eq!(texts[index.unwrap()], format!("{whole}{}", string(&item["arguments"])), "{name}");
                done[index.unwrap()] = item.clone();
            }
            "response.completed" | "response.incomplete" => {
                assert_eq!(at + 1, all.len(), "{name}: the last");
                let response = &event["response"];
                assert_eq!(response["output"], json!(done), "{name}");
                assert_eq!(format!("response.{}", string(&response["status"])), kind, "{name}");
                assert!(response["usage"]["cost"].is_number() && response["usage"]["input_tokens"].is_u64(), "{name}");
                assert!(response["tools"].is_array() && response["parallel_tool_calls"].is_boolean(), "{name}");
            }
            _ => {
                assert_eq!(event["item_id"], added[index.unwrap()]["id"], "{name}");
                assert!(done[index.unwrap()].is_null(), "{name}: nothing after the end");
                if kind.ends_with(".delta") {
                    texts[index.unwrap()].push_str(string(&event["delta"]));
                }
            }
        }
    }
    let last = all.last().map(|event| string(&event["type"])).unwrap_or_default();
    let ended = matches!(last, "response.completed" | "response.incomplete");
    assert_eq!(ended, outcome.error.is_none(), "{name}");
}

/// Every event a whole answer of its own, calls in one piece; finish and usage in the last one only, but for an error,
/// which comes last and alone; no comment, which Google's clients take for JSON.
pub(super) fn gemini(name: &str, outcome: &Outcome) {
    assert!(outcome.out.lines().all(|line| line.is_empty() || line.starts_with("data: {")), "{name}");
    let all = events(&outcome.out);
    for (at, event) in all.iter().enumerate() {
        let last = at + 1 == all.len() && outcome.error.is_none();
        let candidate = &event["candidates"][0];
        assert_eq!(candidate["finishReason"].is_string(), last, "{name}: {event}");
        assert_eq!(event["usageMetadata"]["cost"].is_number(), last, "{name}");
        assert!(event["responseId"].as_str().is_some_and(|id| !id.is_empty()), "{name}");
        let parts = candidate["content"]["parts"].as_array().unwrap();
        assert_eq!((parts.len(), &candidate["content"]["role"]), (1, &json!("model")), "{name}");
        if let Some(call) = parts[0].get("functionCall") {
            assert!(call["name"].is_string() && call["args"].is_object() && call["id"].is_string(), "{name}: {call}");
        }
    }
}

/// Text, reasoning and calls, as a client puts them together.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Content {
    text: String,
    thinking: String,
    signatures: Vec<String>,
    calls: Vec<(String, String, Value)>,
}

fn arguments(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The parts of an answer of Gemini's, whole or of an event.
fn add_parts(content: &mut Content, body: &Value) {
    for part in body["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
        let text = if part["thought"] == true { &mut content.thinking } else { &mut content.text };
        text.push_str(string(&part["text"]));
        content.signatures.extend(part["thoughtSignature"].as_str().map(str::to_owned));
        if let Some(call) = part.get("functionCall") {
            content.calls.push((string(&call["id"]).into(), string(&call["name"]).into(), call["args"].clone()));
        }
    }
}

pub(super) fn content_of_whole(inbound: Dialect, body: &Value) -> Content {
    let mut content = Content::default();
    if inbound == Dialect::Gemini {
        add_parts(&mut content, body);
        return content;
    }
    if inbound == Dialect::Openai {
        let message = &body["choices"][0]["message"];
        content.text.push_str(string(&message["content"]));
        content.thinking.push_str(string(&message["reasoning_content"]));
        for block in message["thinking_blocks"].as_array().into_iter().flatten() {
            content.signatures.push(format!("{}{}", string(&block["signature"]), string(&block["data"])));
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let input = arguments(string(&call["function"]["arguments"]));
            content.calls.push((string(&call["id"]).into(), string(&call["function"]["name"]).into(), input));
        }
        return content;
    }
    if inbound == Dialect::Responses {
        content_of_output(&body["output"], &mut content);
        return content;
    }
    for block in body["content"].as_array().unwrap() {
        content.text.push_str(string(&block["text"]));
        content.thinking.push_str(string(&block["thinking"]));
        let mark = format!("{}{}", string(&block["signature"]), string(&block["data"]));
        if !mark.is_empty() {
            content.signatures.push(mark);
        }
        if block["type"] == "tool_use" {
            content.calls.push((string(&block["id"]).into(), string(&block["name"]).into(), block["input"].clone()));
        }
    }
    content
}

fn content_of_output(output: &Value, content: &mut Content) {
    for item in output.as_array().unwrap() {
        for part in item["content"].as_array().into_iter().flatten() {
            content.text.push_str(string(&part["text"]));
            content.text.push_str(string(&part["refusal"]));
        }
        for part in item["summary"].as_array().into_iter().flatten() {
            content.thinking.push_str(string(&part["text"]));
        }
        content.signatures.extend(item["encrypted_content"].as_str().map(str::to_owned));
        if item["type"] == "function_call" {
            let input = arguments(string(&item["arguments"]));
            content.calls.push((string(&item["call_id"]).into(), string(&item["name"]).into(), input));
        }
    }
}

pub(super) fn content_of_stream(inbound: Dialect, outcome: &Outcome) -> Content {
    let mut content = Content::default();
    if inbound == Dialect::Responses {
        // That the pieces before say the same is checked of each stream.
        content_of_output(&events(&outcome.out).last().unwrap()["response"]["output"], &mut content);
        return content;
    }
    let mut inputs: Vec<(u64, String)> = Vec::new();
    for event in events(&outcome.out) {
        if inbound == Dialect::Gemini {
            add_parts(&mut content, &event);
            continue;
        }
        let (delta, start) = match inbound {
            Dialect::Openai | Dialect::Gemini => (&event["choices"][0]["delta"], &Value::Null),
            Dialect::Anthropic | Dialect::Responses => (&event["delta"], &event["content_block"]),
        };
        content.text.push_str(string(&delta["content"]));
        content.text.push_str(string(&delta["text"]));
        content.thinking.push_str(string(&delta["reasoning_content"]));
        content.thinking.push_str(string(&delta["thinking"]));
        let block = &delta["thinking_blocks"][0];
        for mark in [&delta["signature"], &start["data"], &block["signature"], &block["data"]] {
            content.signatures.extend(mark.as_str().map(str::to_owned));
        }
        if start["type"] == "tool_use" {
            content.calls.push((string(&start["id"]).into(), string(&start["name"]).into(), start["input"].clone()));
            inputs.push((event["index"].as_u64().unwrap(), String::new()));
        }
        if let (Some(piece), Some(index)) = (delta["partial_json"].as_str(), event["index"].as_u64()) {
            inputs.iter_mut().find(|(at, _)| *at == index).unwrap().1.push_str(piece);
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap();
            if call.get("id").is_some() {
                content.calls.push((string(&call["id"]).into(), string(&call["function"]["name"]).into(), Value::Null));
                inputs.push((index, String::new()));
            }
            inputs.iter_mut().find(|(at, _)| *at == index).unwrap().1.push_str(string(&call["function"]["arguments"]));
        }
    }
    for (call, (_, input)) in content.calls.iter_mut().zip(&inputs) {
        if !input.is_empty() || call.2.is_null() {
            call.2 = arguments(input);
        }
    }
    content
}
