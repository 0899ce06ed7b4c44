//! Completions of models that chat: what is asked, what is refused, and what the caller reads, whole and streamed.

use std::sync::Arc;

use bytes::BytesMut;
use serde_json::{Value, json};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::{Usage, UsageSource};

use super::*;
use crate::{AnswerContext, StreamTranslator, answer as read_whole, peek_for, prepare as make};

const fn to(format: WireFormat) -> Target<'static> {
    Target { max_output_tokens: Some(4_096), completions: false, ..Target::new(format, "up") }
}

fn ask(request: &Value, target: &Target<'_>) -> Result<(Peek, UpstreamRequest), RequestError> {
    let body = Bytes::from(request.to_string());
    let seen = peek_for(Operation::Completion, Dialect::Openai, &body)?;
    make(Dialect::Openai, &seen, &body, target).map(|made| (seen, made))
}

fn context(upstream: WireFormat, seen: &Peek, made: &UpstreamRequest) -> AnswerContext {
    AnswerContext {
        operation: Operation::Completion,
        upstream,
        inbound: Dialect::Openai,
        include_usage: seen.include_usage == Some(true),
        json_array: false,
        estimated_input: seen.estimated_input,
        created: 7,
        request_id: "0199-r".into(),
        tool_names: made.tool_names.clone(),
        wanted: made.wanted.clone(),
    }
}

fn price(usage: &Usage) -> Option<NanoUsd> {
    i64::try_from(usage.tokens.input_total() * 1_000 + usage.tokens.output_total() * 10_000).ok().map(NanoUsd)
}

#[test]
fn the_prompt_is_what_a_user_says_and_what_a_chat_has_too_is_kept() {
    let request = json!({"model": "m", "prompt": ["Once \u{1f600}"], "max_tokens": 9, "temperature": 0.5, "stop": ["\n"],
        "n": 1, "best_of": 1, "echo": false, "suffix": null, "logprobs": 3, "logit_bias": {"1": 2}, "future": 1, "user": "u"});
    let (_, made) = ask(&request, &to(WireFormat::Anthropic)).unwrap();
    let body: Value = serde_json::from_slice(&made.body).unwrap();
    let content = &body["messages"][0]["content"];
    assert!(*content == json!("Once \u{1f600}") || content[0]["text"] == "Once \u{1f600}", "{body}");
    assert_eq!((&body["max_tokens"], &body["temperature"], &body["model"]), (&json!(9), &json!(0.5), &json!("up")));
    assert_eq!((body["messages"].as_array().unwrap().len(), body.get("system")), (1, None));
    assert_eq!(made.path, "/messages");
    let dropped: Vec<&str> = made.dropped.iter().map(|dropped| dropped.path.as_str()).collect();
    for name in ["logprobs", "logit_bias", "future"] {
        assert!(dropped.contains(&name), "{name} in {dropped:?}");
    }
    let (_, made) = ask(&json!({"model": "m", "prompt": "a", "stream": true}), &to(WireFormat::Openai)).unwrap();
    let body: Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!((&*made.path, &body["stream_options"]), ("/chat/completions", &json!({"include_usage": true})));
}

#[test]
fn who_completes_is_asked_as_it_is_tokens_and_all() {
    let target = Target { completions: true, ..to(WireFormat::Openai) };
    let (_, made) = ask(&json!({"model": "m", "prompt": [1, 2], "echo": true}), &target).unwrap();
    assert_eq!((&*made.path, made.is_chat(Operation::Completion)), ("/completions", false));
    let body: Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!(body, json!({"model": "up", "prompt": [1, 2], "echo": true}));
}

#[test]
fn what_no_chat_gives_is_for_another_target_and_what_is_wrong_for_none() {
    let of = |more: Value| {
        let mut request = json!({"model": "m", "prompt": "p"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&request, &to(WireFormat::Gemini)).unwrap_err()
    };
    for (more, field) in [
        (json!({"prompt": ["a", "b"]}), "prompt"),
        (json!({"prompt": [1, 2]}), "prompt"),
        (json!({"prompt": [[1], [2]]}), "prompt"),
        (json!({"suffix": "end"}), "suffix"),
        (json!({"echo": true}), "echo"),
        (json!({"best_of": 2}), "best_of"),
        (json!({"n": 2}), "n"),
    ] {
        let error = of(more.clone());
        assert!(matches!(&error, RequestError::Unsupported { field: f, .. } if f == field), "{more}: {error}");
        assert_eq!(error.to_wire().status, 400);
    }
    assert!(of(json!({"prompt": [1, 2]})).to_string().contains("tokens"));
    for (more, field) in [
        (json!({"prompt": null}), "prompt"),
        (json!({"prompt": ""}), "prompt"),
        (json!({"prompt": []}), "prompt"),
        (json!({"prompt": {"a": 1}}), "prompt"),
        (json!({"prompt": ["a", 1]}), "prompt"),
        (json!({"temperature": "hot"}), "temperature"),
        (json!({"echo": "yes"}), "echo"),
    ] {
        let error = of(more.clone()).to_wire();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(field)), "{more}: {}", error.message);
    }
}

#[test]
fn strict_routes_refuse_what_they_would_leave_out() {
    let strict = Target { strict: true, ..to(WireFormat::Anthropic) };
    let refused = ask(&json!({"model": "m", "prompt": "p", "logprobs": 1}), &strict).unwrap_err();
    assert!(refused.to_string().starts_with("logprobs: "), "{refused}");
}

#[test]
fn a_whole_chat_is_read_as_a_completion_without_its_reasoning_and_charged() {
    let (seen, made) = ask(&json!({"model": "m", "prompt": "p"}), &to(WireFormat::Anthropic)).unwrap();
    assert!(made.is_chat(Operation::Completion));
    let whole = br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"upon "},{"type":"text","text":"a time"}],"stop_reason":"max_tokens","stop_sequence":null,"usage":{"input_tokens":4,"output_tokens":2}}"#;
    let context = context(WireFormat::Anthropic, &seen, &made);
    let answer = read_whole(&context, &Bytes::from_static(whole), &price).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&body["object"], &body["id"], &body["model"]),
        (&json!("text_completion"), &json!("cmpl-1"), &json!("claude"))
    );
    let choice = json!({"text": "upon a time", "index": 0, "logprobs": null, "finish_reason": "length"});
    assert_eq!(body["choices"], json!([choice]));
    let usage = &body["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"], &usage["cost"]),
        (&json!(4), &json!(2), &json!(0.000_024))
    );
    assert_eq!((answer.dropped, answer.usage.source), (vec!["reasoning"], UsageSource::Provider));
}

/// Chunks of OpenAI's chat, cut anywhere, also from a provider that answers in the caller's dialect.
#[test]
fn a_streamed_chat_is_a_streamed_completion_however_it_is_cut() {
    let stream = concat!(
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"upon \"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a time\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2,\"total_tokens\":6}}\n\n",
        "data: [DONE]\n\n"
    );
    for include_usage in [false, true] {
        let request =
            json!({"model": "m", "prompt": "p", "stream": true, "stream_options": {"include_usage": include_usage}});
        let (seen, made) = ask(&request, &to(WireFormat::Openai)).unwrap();
        let mut first: Option<String> = None;
        for cut in [1, 7, 64, stream.len()] {
            let mut translator = StreamTranslator::new(context(WireFormat::Openai, &seen, &made), Arc::new(price));
            let mut out = BytesMut::new();
            for piece in stream.as_bytes().chunks(cut) {
                translator.push(piece, &mut out).unwrap();
            }
            translator.finish(&mut out).unwrap();
            assert_eq!(translator.cost(), Some(NanoUsd(24_000)));
            let text = String::from_utf8(out.to_vec()).unwrap();
            assert_eq!(*first.get_or_insert(text.clone()), text, "cut at {cut}");
        }
        let text = first.unwrap();
        let events: Vec<&str> = text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
        assert_eq!(events.last(), Some(&"[DONE]"));
        let chunks: Vec<Value> = events.iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
        assert!(
            chunks.iter().all(|c| c["object"] == "text_completion" && c["id"] == "cmpl-1" && c["created"] == 7),
            "{text}"
        );
        let said: String = chunks.iter().filter_map(|c| c["choices"][0]["text"].as_str()).collect();
        let ends: Vec<&Value> =
            chunks.iter().map(|c| &c["choices"][0]["finish_reason"]).filter(|f| f.is_string()).collect();
        assert_eq!((said.as_str(), ends), ("upon a time", vec![&json!("stop")]));
        let usage = chunks.iter().find(|c| !c["usage"].is_null());
        assert_eq!(usage.map(|c| &c["usage"]["cost"]), include_usage.then_some(&json!(0.000_024)), "{text}");
    }
}

#[test]
fn a_chat_that_is_cut_is_a_completion_that_is_cut() {
    let (seen, made) = ask(&json!({"model": "m", "prompt": "p", "stream": true}), &to(WireFormat::Anthropic)).unwrap();
    let mut translator = StreamTranslator::new(context(WireFormat::Anthropic, &seen, &made), Arc::new(price));
    let mut out = BytesMut::new();
    let begin = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\",\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"upon\"}}\n\n";
    translator.push(begin.as_bytes(), &mut out).unwrap();
    assert_eq!(translator.finish(&mut out), Err(crate::StreamError::Cut));
    let text = String::from_utf8(out.to_vec()).unwrap();
    assert!(text.contains("\"text\":\"upon\"") && !text.contains("[DONE]") && translator.has_content(), "{text}");
}
