//! Rerank: forwarded with the model spliced in, answered with the cost.

use serde_json::{Value, json};
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::usage::Usage;

use super::*;
use crate::{answer as read_whole, demo, peek_for, prepare as make};

fn target(format: WireFormat) -> Target<'static> {
    Target::new(format, "demo-rerank")
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
        json_array: false,
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

fn cohere(request: Value) -> (Peek, UpstreamRequest) {
    ask(&request, &Target { model: "rerank-v3.5", ..target(WireFormat::Cohere) }).unwrap()
}

#[test]
fn to_cohere_documents_are_texts_and_what_it_lacks_is_reported() {
    let (_, made) =
        cohere(json!({"model": "m", "query": "q", "top_n": 2, "return_documents": true, "max_tokens_per_doc": 99,
        "rank_fields": ["a"], "documents": ["one", {"text": "two"}, {"title": "t", "text": "three"}]}));
    let expected = json!({"model": "rerank-v3.5", "query": "q", "top_n": 2, "max_tokens_per_doc": 99,
        "documents": ["one", "two", "{\"text\":\"three\",\"title\":\"t\"}"]});
    let mut sent: Value = serde_json::from_slice(&made.body).unwrap();
    // The order of its members is the caller's.
    let third: Value = serde_json::from_str(sent["documents"][2].as_str().unwrap()).unwrap();
    sent["documents"][2] = expected["documents"][2].clone();
    assert_eq!((&*made.path, sent), ("/v2/rerank", expected));
    assert_eq!(third, json!({"title": "t", "text": "three"}));
    assert_eq!(made.dropped.iter().map(|dropped| &*dropped.path).collect::<Vec<_>>(), ["rank_fields"]);
}

#[test]
fn from_cohere_units_are_billed_and_the_documents_come_back_when_asked_for() {
    let request = |shown: bool| json!({"model": "m", "query": "q", "documents": ["one", {"text": "two"}], "return_documents": shown});
    let whole = r#"{"id":"r1","results":[{"index":1,"relevance_score":0.98005307},{"index":0,"relevance_score":1e-7}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}"#;
    let by_unit = |usage: &Usage| i64::try_from(usage.units.queries * 2_000_000).ok().map(NanoUsd);
    let (seen, made) = cohere(request(true));
    let got = read_whole(&context(WireFormat::Cohere, &seen, &made), &Bytes::from_static(whole.as_bytes()), &by_unit);
    let got = got.unwrap();
    let expected = concat!(
        r#"{"id":"r1","model":"rerank-v3.5","results":[{"index":1,"relevance_score":0.98005307,"document":{"text":"two"}},"#,
        r#"{"index":0,"relevance_score":1e-7,"document":{"text":"one"}}],"meta":{"api_version":{"version":"2"},"#,
        r#""billed_units":{"search_units":1}},"usage":{"search_units":1,"cost":0.002}}"#
    );
    assert_eq!(got.body, expected);
    assert_eq!((got.usage.units.queries, got.usage.tokens.input_total(), got.cost), (1, 0, Some(NanoUsd(2_000_000))));
    let (seen, made) = cohere(request(false));
    let bare = whole.replace(r#","meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}"#, "");
    let got = read_whole(&context(WireFormat::Cohere, &seen, &made), &Bytes::from(bare), &by_unit).unwrap();
    assert!(!String::from_utf8_lossy(&got.body).contains("document"));
    let told = (got.usage.units.queries, got.usage.source);
    assert_eq!(told, (1, weir_domain::usage::UsageSource::Estimated), "a unit per hundred documents");
}

#[test]
fn a_result_for_no_document_is_refused() {
    let (seen, made) = cohere(json!({"model": "m", "query": "q", "documents": ["one"]}));
    for whole in
        [r#"{"results":[{"index":1,"relevance_score":1}]}"#, r#"{"results":[{"index":-1,"relevance_score":1}]}"#, "{}"]
    {
        let got = read_whole(&context(WireFormat::Cohere, &seen, &made), &Bytes::from_static(whole.as_bytes()), &price);
        assert!(matches!(got, Err(AnswerError::Malformed(_))), "{whole}");
    }
}

#[test]
fn bad_input_to_cohere_names_the_field() {
    for (request, field) in [
        (json!({"model": "m", "documents": ["d"]}), "query"),
        (json!({"model": "m", "query": "q"}), "documents"),
        (json!({"model": "m", "query": "q", "documents": "d"}), "documents"),
        (json!({"model": "m", "query": "q", "documents": ["d", 7]}), "documents[1]"),
        (json!({"model": "m", "query": "q", "documents": ["d"], "top_n": 0}), "top_n"),
        (json!({"model": "m", "query": "q", "documents": ["d"], "top_n": "2"}), "top_n"),
    ] {
        let refused = ask(&request, &target(WireFormat::Cohere)).unwrap_err().to_wire();
        assert_eq!((refused.status, refused.param.as_deref()), (400, Some(field)), "{}", refused.message);
    }
}

#[test]
fn whoever_bills_by_the_search_in_the_same_shape_is_charged_so() {
    let (seen, made) =
        ask(&json!({"model": "m", "query": "q", "documents": ["d"]}), &target(WireFormat::Openai)).unwrap();
    let whole = br#"{"results":[{"index":0,"relevance_score":1}],"meta":{"billed_units":{"search_units":3}}}"#;
    let got = read_whole(&context(WireFormat::Openai, &seen, &made), &Bytes::from_static(whole), &price).unwrap();
    assert_eq!((got.usage.units.queries, got.usage.tokens.input_total()), (3, 0));
}

#[test]
fn results_that_a_vendor_calls_data_are_called_results_to_the_caller() {
    let request = json!({"model": "m", "query": "q", "documents": ["a"]});
    let (seen, made) = ask(&request, &target(WireFormat::Openai)).unwrap();
    let context = context(WireFormat::Openai, &seen, &made);
    let voyages = Bytes::from_static(
        br#"{"object":"list", "data" : [{"relevance_score":0.4,"index":0}],"model":"rerank-2","usage":{"total_tokens":26}}"#,
    );
    let answer = read_whole(&context, &voyages, &price).unwrap();
    assert_eq!(
        answer.body,
        r#"{"object":"list", "results" : [{"relevance_score":0.4,"index":0}],"model":"rerank-2","usage":{"total_tokens":26,"cost":0.000000026}}"#
    );
    assert_eq!((answer.usage.tokens.input_total(), answer.upstream_model.as_deref()), (26, Some("rerank-2")));
    // Beside results it means something else; and what is no list is no answer.
    let both = br#"{"results":[],"data":[1]}"#;
    assert_eq!(read_whole(&context, &Bytes::from_static(both), &price).unwrap().body, both.as_slice());
    for body in [r#"{"data":{}}"#, r#"{"d\u0061ta":[]}"#] {
        assert!(read_whole(&context, &Bytes::from(body), &price).is_err(), "{body}");
    }
}
