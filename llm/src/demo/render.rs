//! Writes the demo provider's answer in OpenAI's format, whole or as events.

use bytes::Bytes;
use serde_json::{Value, json};

use super::reply::{DemoCall, DemoReply};
use super::request::DemoRequest;

/// A fixed time: the same request has the same answer.
pub(super) const CREATED: u64 = 1_767_225_600;

/// One JSON body.
pub(super) fn whole(request: &DemoRequest, reply: &DemoReply) -> Bytes {
    let mut message = json!({"role": "assistant", "content": reply.words.concat(), "refusal": null});
    if !reply.calls.is_empty() {
        let calls = reply.calls.iter().enumerate().map(|(ordinal, call)| {
            let function = json!({"name": call.name, "arguments": call.arguments.concat()});
            json!({"id": call_id(request, ordinal), "type": "function", "function": function})
        });
        message["content"] = Value::Null;
        message["tool_calls"] = calls.collect();
    }
    let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": reply.finish});
    let mut body = head(request, "chat.completion");
    body["choices"] = json!([choice]);
    body["usage"] = usage(reply);
    body.to_string().into()
}

/// The events of a stream, one each.
pub(super) fn events(request: &DemoRequest, reply: &DemoReply) -> Vec<Bytes> {
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    deltas.extend(reply.words.iter().map(|word| json!({"content": word})));
    for (ordinal, call) in reply.calls.iter().enumerate() {
        deltas.extend(call_deltas(request, ordinal, call));
    }
    let mut events: Vec<Bytes> = deltas.iter().map(|delta| chunk(request, delta, None)).collect();
    events.push(chunk(request, &json!({}), Some(reply.finish)));
    if request.include_usage {
        let mut last = head(request, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(reply);
        events.push(event(&last));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

fn call_deltas(request: &DemoRequest, ordinal: usize, call: &DemoCall) -> Vec<Value> {
    let function = json!({"name": call.name, "arguments": ""});
    let start = json!({"index": ordinal, "id": call_id(request, ordinal), "type": "function", "function": function});
    let pieces = call.arguments.iter().map(|piece| json!({"index": ordinal, "function": {"arguments": piece}}));
    std::iter::once(start).chain(pieces).map(|call| json!({"tool_calls": [call]})).collect()
}

fn chunk(request: &DemoRequest, delta: &Value, finish: Option<&str>) -> Bytes {
    let mut chunk = head(request, "chat.completion.chunk");
    chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    if request.include_usage {
        chunk["usage"] = Value::Null;
    }
    event(&chunk)
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}

fn head(request: &DemoRequest, object: &str) -> Value {
    let id = format!("chatcmpl-demo{:016x}", request.fingerprint);
    json!({"id": id, "object": object, "created": CREATED, "model": request.model})
}

fn call_id(request: &DemoRequest, ordinal: usize) -> String {
    format!("call_demo{:016x}{ordinal}", request.fingerprint)
}

fn usage(reply: &DemoReply) -> Value {
    json!({
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    })
}
