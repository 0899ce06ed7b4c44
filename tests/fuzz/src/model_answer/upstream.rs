//! The streams of Cohere and of Bedrock that say what a whole answer does, for answers without anything that streams tell
//! in another way.

use serde_json::{Map, Value, json};

use super::is_string;
use crate::frames::framed;

fn has_only(object: &Map<String, Value>, names: &[&str]) -> bool {
    object.keys().all(|name| names.contains(&name.as_str()))
}

fn counts(usage: &Value, names: [&str; 2]) -> bool {
    names.iter().all(|name| usage[name].is_u64())
}

/// Server-sent events of Cohere's.
pub(super) fn cohere(answer: &Value) -> Option<Vec<u8>> {
    let message = answer["message"].as_object()?;
    let plain = has_only(answer.as_object()?, &["id", "message", "finish_reason", "usage"])
        && has_only(message, &["role", "content", "tool_plan", "tool_calls"])
        && matches!(answer["finish_reason"].as_str()?, "COMPLETE" | "MAX_TOKENS" | "TOOL_CALL" | "STOP_SEQUENCE")
        && counts(&answer["usage"]["tokens"], ["input_tokens", "output_tokens"]);
    if !plain {
        return None;
    }
    let mut events = vec![json!({"type": "message-start", "id": answer["id"], "delta": {"message": {"content": []}}})];
    if let Some(plan) = message.get("tool_plan") {
        events.push(json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": plan}}}));
        is_string(plan).then_some(())?;
    }
    let content = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    (content.is_empty() == message.get("content").is_none()).then_some(())?;
    for (at, part) in content.iter().enumerate() {
        let kind = part["type"].as_str().filter(|kind| matches!(*kind, "text" | "thinking"))?;
        (is_string(&part[kind]) && has_only(part.as_object()?, &["type", kind])).then_some(())?;
        let said = |text: &Value| json!({"message": {"content": {"type": kind, (kind): text}}});
        events.push(json!({"type": "content-start", "index": at, "delta": said(&json!(""))}));
        events.push(json!({"type": "content-delta", "index": at, "delta": said(&part[kind])}));
        events.push(json!({"type": "content-end", "index": at}));
    }
    let calls = message.get("tool_calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    (calls.is_empty() == message.get("tool_calls").is_none()).then_some(())?;
    for (at, call) in calls.iter().enumerate() {
        let function = &call["function"];
        let whole = is_string(&call["id"]) && is_string(&function["name"]) && is_written_by_us(&function["arguments"]);
        (whole && has_only(call.as_object()?, &["id", "type", "function"])).then_some(())?;
        has_only(function.as_object()?, &["name", "arguments"]).then_some(())?;
        let begin =
            json!({"id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}});
        let delta = |calls: Value| json!({"message": {"tool_calls": calls}});
        events.push(json!({"type": "tool-call-start", "index": at, "delta": delta(begin)}));
        let input = json!({"function": {"arguments": function["arguments"]}});
        events.push(json!({"type": "tool-call-delta", "index": at, "delta": delta(input)}));
        events.push(json!({"type": "tool-call-end", "index": at}));
    }
    let end = json!({"finish_reason": answer["finish_reason"], "usage": answer["usage"]});
    events.push(json!({"type": "message-end", "id": answer["id"], "delta": end}));
    Some(events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>().into_bytes())
}

/// Whether a text is an object as JSON is written without blanks: readers differ in what they keep of others.
fn is_written_by_us(arguments: &Value) -> bool {
    let Some(text) = arguments.as_str() else { return false };
    let again = serde_json::from_str(text).and_then(|value: Map<String, Value>| serde_json::to_string(&value));
    again.is_ok_and(|again| again == text)
}

/// Binary messages of Bedrock's.
pub(super) fn bedrock(answer: &Value) -> Option<Vec<u8>> {
    let message = answer["output"]["message"].as_object()?;
    let plain = has_only(answer.as_object()?, &["output", "stopReason", "usage", "metrics", "serviceTier"])
        && has_only(answer["output"].as_object()?, &["message"])
        && has_only(message, &["role", "content"])
        && is_string(&answer["stopReason"])
        && counts(&answer["usage"], ["inputTokens", "outputTokens"]);
    if !plain {
        return None;
    }
    let mut lines = vec!["event messageStart {\"role\":\"assistant\"}".to_owned()];
    let mut event = |name: &str, data: Value| lines.push(format!("event {name} {data}"));
    for (at, block) in message.get("content")?.as_array()?.iter().enumerate() {
        let block = block.as_object().filter(|block| block.len() == 1)?;
        let mut delta = |delta: Value| event("contentBlockDelta", json!({"contentBlockIndex": at, "delta": delta}));
        let (name, value) = block.iter().next()?;
        match name.as_str() {
            "text" if is_string(value) => delta(json!({"text": value})),
            "reasoningContent" => {
                let told = &value["reasoningText"];
                let whole = is_string(&told["text"]) && is_string(&told["signature"]);
                let only = has_only(value.as_object()?, &["reasoningText"]);
                (whole && only && has_only(told.as_object()?, &["text", "signature"])).then_some(())?;
                delta(json!({"reasoningContent": {"text": told["text"]}}));
                delta(json!({"reasoningContent": {"signature": told["signature"]}}));
            }
            "toolUse" => {
                let whole = is_string(&value["toolUseId"]) && is_string(&value["name"]) && value["input"].is_object();
                (whole && has_only(value.as_object()?, &["toolUseId", "name", "input"])).then_some(())?;
                let start = json!({"toolUse": {"toolUseId": value["toolUseId"], "name": value["name"]}});
                event("contentBlockStart", json!({"contentBlockIndex": at, "start": start}));
                let input = json!({"toolUse": {"input": value["input"].to_string()}});
                event("contentBlockDelta", json!({"contentBlockIndex": at, "delta": input}));
            }
            _ => return None,
        }
        event("contentBlockStop", json!({"contentBlockIndex": at}));
    }
    event("messageStop", json!({"stopReason": answer["stopReason"]}));
    let mut last = Map::new();
    let told = ["usage", "metrics", "serviceTier"].into_iter().filter_map(|name| Some((name, answer.get(name)?)));
    last.extend(told.map(|(name, value)| (name.to_owned(), value.clone())));
    event("metadata", Value::Object(last));
    Some(framed(&lines.join("\n")))
}
