//! The whole way of a call without a network: a caller's request, an upstream that answers it, the caller's answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::Usage;

use crate::{
    Answer, AnswerContext, Peek, StreamTranslator, Target, ToolNames, UpstreamRequest, Wanted, answer, demo, peek,
    prepare,
};

mod damaged;
mod googles;
mod names;
mod native_upstreams;
mod reasoning;
mod signatures;

const DIALECTS: [Dialect; 4] = [Dialect::Openai, Dialect::Anthropic, Dialect::Responses, Dialect::Gemini];
/// All that providers speak.
const FORMATS: [WireFormat; 7] = [
    WireFormat::Openai,
    WireFormat::Anthropic,
    WireFormat::Responses,
    WireFormat::Bedrock,
    WireFormat::Gemini,
    WireFormat::Cohere,
    WireFormat::Ollama,
];

/// Peeks as the gateway does: Gemini's callers name model and stream in the path.
fn peeked(inbound: Dialect, body: &[u8], stream: bool) -> Result<Peek, crate::RequestError> {
    match inbound {
        Dialect::Gemini => {
            let addressed = crate::Addressed { model: "chat".into(), stream, ..crate::Addressed::default() };
            crate::peek_addressed(Operation::Chat, &addressed, body)
        }
        Dialect::Openai | Dialect::Anthropic | Dialect::Responses => peek(inbound, body),
    }
}

fn price(usage: &Usage) -> Option<NanoUsd> {
    i64::try_from(usage.tokens.input_total() + 10 * usage.tokens.output_total()).ok().map(NanoUsd)
}

fn context(inbound: Dialect, upstream: impl Into<WireFormat>, seen: &Peek) -> AnswerContext {
    AnswerContext {
        operation: Operation::Chat,
        upstream: upstream.into(),
        inbound,
        include_usage: seen.include_usage == Some(true),
        json_array: false,
        estimated_input: seen.estimated_input,
        created: 1_700_000_000,
        request_id: "0199-r".into(),
        tool_names: ToolNames::default(),
        wanted: Wanted::default(),
    }
}

/// The same with what the request says of its answer.
fn answering(inbound: Dialect, upstream: impl Into<WireFormat>, seen: &Peek, made: &UpstreamRequest) -> AnswerContext {
    AnswerContext {
        tool_names: made.tool_names.clone(),
        wanted: made.wanted.clone(),
        ..context(inbound, upstream, seen)
    }
}

fn target(format: impl Into<WireFormat>) -> Target<'static> {
    Target { max_output_tokens: Some(1_000), ..Target::new(format.into(), "demo-small") }
}

/// Calls the demo provider, which speaks OpenAI's dialect, as a caller of `inbound`, whole.
fn call(inbound: Dialect, request: &Value) -> (Answer, Value) {
    let body = Bytes::from(request.to_string());
    let seen = peeked(inbound, &body, false).unwrap();
    let made = prepare(inbound, &seen, &body, &target(Dialect::Openai)).unwrap();
    let upstream = demo::respond(&made.body);
    assert_eq!(upstream.status, 200, "{:?}", upstream.chunks);
    let answered =
        answer(&answering(inbound, Dialect::Openai, &seen, &made), &Bytes::from(upstream.chunks.concat()), &price)
            .unwrap();
    let value = serde_json::from_slice(&answered.body).unwrap();
    (answered, value)
}

/// The same as a stream.
fn stream(inbound: Dialect, request: &Value) -> (StreamTranslator, String) {
    let mut request = request.clone();
    if inbound != Dialect::Gemini {
        request["stream"] = json!(true);
    }
    let body = Bytes::from(request.to_string());
    let seen = peeked(inbound, &body, true).unwrap();
    let made = prepare(inbound, &seen, &body, &target(Dialect::Openai)).unwrap();
    let upstream = demo::respond(&made.body);
    let mut translator = StreamTranslator::new(answering(inbound, Dialect::Openai, &seen, &made), Arc::new(price));
    let mut out = BytesMut::new();
    for chunk in &upstream.chunks {
        translator.push(chunk, &mut out).unwrap();
    }
    translator.finish(&mut out).unwrap();
    (translator, String::from_utf8(out.to_vec()).unwrap())
}

fn openai_request(prompt: &str) -> Value {
    let tools = json!([{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object",
        "properties": {"city": {"type": "string"}}}}}, {"type": "function", "function": {"name": "get_time"}}]);
    json!({"model": "chat", "messages": [{"role": "user", "content": prompt}], "tools": tools})
}

fn responses_request(prompt: &str) -> Value {
    let tools = json!([{"type": "function", "name": "get_weather", "parameters": {"type": "object",
        "properties": {"city": {"type": "string"}}}, "strict": null}, {"type": "function", "name": "get_time"}]);
    json!({"model": "chat", "input": [{"role": "user", "content": prompt}], "tools": tools})
}

fn gemini_request(prompt: &str) -> Value {
    let functions = json!([{"name": "get_weather", "parameters": {"type": "OBJECT",
        "properties": {"city": {"type": "STRING"}}}}, {"name": "get_time"}]);
    json!({"contents": [{"role": "user", "parts": [{"text": prompt}]}], "tools": [{"functionDeclarations": functions}]})
}

fn anthropic_request(prompt: &str) -> Value {
    let tools = json!([{"name": "get_weather", "input_schema": {"type": "object",
        "properties": {"city": {"type": "string"}}}}, {"name": "get_time", "input_schema": {"type": "object"}}]);
    json!({"model": "chat", "max_tokens": 500, "messages": [{"role": "user", "content": prompt}], "tools": tools})
}

#[test]
fn stream_and_whole_answer_cost_the_same_in_both_dialects() {
    for prompt in ["hello", "call both tools"] {
        for (inbound, request) in [
            (Dialect::Openai, openai_request(prompt)),
            (Dialect::Anthropic, anthropic_request(prompt)),
            (Dialect::Responses, responses_request(prompt)),
            (Dialect::Gemini, gemini_request(prompt)),
        ] {
            let (whole, _) = call(inbound, &request);
            let (streamed, _) = stream(inbound, &request);
            assert_eq!((whole.usage, whole.cost), (streamed.usage(), streamed.cost()), "{inbound} {prompt}");
            assert!(whole.cost.is_some_and(|cost| cost > NanoUsd::ZERO));
        }
    }
}

#[test]
fn a_caller_of_either_dialect_gets_through_a_round_of_parallel_tools() {
    let (_, first) = call(Dialect::Anthropic, &anthropic_request("call both tools"));
    assert_eq!(first["stop_reason"], "tool_use");
    let calls = first["content"].as_array().unwrap();
    assert_eq!((calls.len(), &calls[0]["input"]), (2, &json!({"city": "demo city"})));
    let results: Vec<Value> = calls
        .iter()
        .map(
            |call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": format!("{} ok", call["name"])}),
        )
        .collect();
    let mut second = anthropic_request("call both tools");
    let history = second["messages"].as_array_mut().unwrap();
    history.push(json!({"role": "assistant", "content": first["content"]}));
    history.push(json!({"role": "user", "content": results}));
    let (_, answered) = call(Dialect::Anthropic, &second);
    assert_eq!(answered["content"][0]["text"], "The tools answered: \"get_weather\" ok; \"get_time\" ok.");
}

#[test]
fn an_answer_with_reasoning_can_be_sent_back_as_history_without_losing_its_signature() {
    let body = Bytes::from_static(
        br#"{"id":"msg_1","model":"claude-x","content":[{"type":"thinking","thinking":"t","signature":"sig"},
        {"type":"tool_use","id":"toolu_1","name":"get_time","input":{}}],"stop_reason":"tool_use",
        "usage":{"input_tokens":1,"output_tokens":2}}"#,
    );
    let mut request = openai_request("what time is it?");
    request["reasoning_effort"] = json!("low");
    let seen = peek(Dialect::Openai, request.to_string().as_bytes()).unwrap();
    let answered = answer(&context(Dialect::Openai, Dialect::Anthropic, &seen), &body, &price).unwrap();
    let answered: Value = serde_json::from_slice(&answered.body).unwrap();
    let history = request["messages"].as_array_mut().unwrap();
    history.push(answered["choices"][0]["message"].clone());
    history.push(json!({"role": "tool", "tool_call_id": "toolu_1", "content": "noon"}));
    let target = Target { model: "claude-sonnet-4-5", max_output_tokens: Some(8_000), ..target(Dialect::Anthropic) };
    let next = Bytes::from(request.to_string());
    let made = prepare(Dialect::Openai, &peek(Dialect::Openai, &next).unwrap(), &next, &target).unwrap();
    let sent: Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!(sent["messages"][1]["content"][0], json!({"type": "thinking", "thinking": "t", "signature": "sig"}));
    assert_eq!(sent["thinking"], json!({"type": "enabled", "budget_tokens": 2_048}));
    assert!(made.dropped.is_empty(), "{:?}", made.dropped);
}
