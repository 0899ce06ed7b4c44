//! Rerank: forwarded with the model spliced in, answered with the cost.

use serde_json::{Value, json};
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::Usage;

use super::*;
use crate::{answer as read_whole, demo, peek_for, prepare as make};

fn target(format: WireFormat) -> Target<'static> {
    Target { format, model: "demo-rerank", max_output_tokens: None, stream_options: true, strict: false, betas: &[] }
}

fn ask(request: &Value, target: &Target<'_>) -> Result<(Peek, UpstreamRequest), RequestError> {
    let body = Bytes::from(request.to_string());
    let seen = peek_for(Operation::Rerank, Dialect::Openai, &body)?;
    make(Dialect::Openai, &seen, &body, target).map(|made| (seen, made))
}

fn context(upstream: WireFormat, seen: &Peek, made: &UpstreamRequest) -> AnswerContext {
    AnswerContext {
        operation: seen.operation,
        upstream,
        inbound: Dialect::Openai,
        include_usage: false,
        estimated_input: seen.estimated_input,
        created: 1,
        request_id: "0199-r".into(),
        tool_names: ToolNames::default(),
        wanted: made.wanted.clone(),
    }
}

fn price(usage: &Usage) -> Option<NanoUsd> {
    i64::try_from(usage.tokens.input_total()).ok().map(NanoUsd)
}

#[test]
fn the_demo_provider_ranks_by_the_words_that_are_shared() {
    let documents = json!(["bread and butter", {"text": "the capital of France is Paris"}, "Paris"]);
    let request = json!({"model": "m", "query": "capital of France", "documents": documents, "top_n": 2, "return_documents": true});
    let (seen, made) = ask(&request, &target(WireFormat::Openai)).unwrap();
    assert_eq!(made.path, "/rerank");
    let got = demo::respond_at(&made.path, &made.body);
    let answer = read_whole(&context(WireFormat::Openai, &seen, &made), &got.chunks[0], &price).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["results"].as_array().unwrap().len(), 2);
    assert_eq!(
        body["results"][0],
        json!({"index": 1, "relevance_score": 1.0, "document": {"text": "the capital of France is Paris"}})
    );
    assert_eq!(body["usage"]["total_tokens"], answer.usage.tokens.input_total());
    assert!(body["usage"]["cost"].is_number());
}

#[test]
fn what_is_no_list_of_results_is_refused() {
    let (seen, made) =
        ask(&json!({"model": "m", "query": "q", "documents": ["d"]}), &target(WireFormat::Openai)).unwrap();
    for body in ["{}", "[]", r#"{"results":{}}"#, "x"] {
        let got = read_whole(&context(WireFormat::Openai, &seen, &made), &Bytes::from_static(body.as_bytes()), &price);
        assert!(matches!(got, Err(AnswerError::Malformed(_))), "{body}");
    }
}

#[test]
fn a_provider_without_rerank_is_unfit() {
    let refused = ask(&json!({"model": "m", "query": "q", "documents": ["d"]}), &target(WireFormat::Anthropic));
    assert!(matches!(refused, Err(RequestError::Unsupported { .. })));
}

#[test]
fn bad_input_of_the_demo_provider_names_the_field() {
    for (body, field) in [
        (json!({"model": "demo-rerank", "documents": ["d"]}), "query"),
        (json!({"model": "demo-rerank", "query": "q", "documents": []}), "documents"),
        (json!({"model": "demo-rerank", "query": "q", "documents": ["d", 7]}), "documents[1]"),
        (json!({"model": "demo-rerank", "query": "q", "documents": ["d"], "top_n": 0}), "top_n"),
        (json!({"model": "demo-small", "query": "q", "documents": ["d"]}), "model"),
    ] {
        let got = demo::respond_at("/rerank", body.to_string().as_bytes());
        let error: Value = serde_json::from_slice(&got.chunks[0]).unwrap();
        assert!((400..500).contains(&got.status));
        assert_eq!(error["error"]["param"], field, "{error}");
    }
}
