//! Embeddings: forwarded with the model spliced in, answered with the cost, estimated where the provider says nothing.

mod from_gemini;

use serde_json::{Value, json};
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::{Usage, UsageSource};

use super::*;
use crate::{answer as read_whole, demo, peek_for, prepare as make};

fn target(format: WireFormat) -> Target<'static> {
    Target::new(format, "up")
}

fn ask(request: &Value, target: &Target<'_>) -> Result<(Peek, UpstreamRequest), RequestError> {
    let body = Bytes::from(request.to_string());
    let seen = peek_for(Operation::Embeddings, Dialect::Openai, &body)?;
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
    i64::try_from(usage.tokens.input_total() * 1_000 + usage.tokens.output_total()).ok().map(NanoUsd)
}

#[test]
fn within_one_shape_only_the_model_changes_and_nothing_is_minted() {
    let body = Bytes::from_static(br#"{ "input":["a", "b"], "model":"mine","future": [1.0, null]}"#);
    let seen = peek_for(Operation::Embeddings, Dialect::Openai, &body).unwrap();
    let made = make(Dialect::Openai, &seen, &body, &target(WireFormat::Openai)).unwrap();
    assert_eq!(made.body, r#"{ "input":["a", "b"], "model":"up","future": [1.0, null]}"#);
    assert_eq!(made.path, "/embeddings");
}

#[test]
fn within_one_shape_the_answer_gains_its_cost_and_nothing_else() {
    let (seen, made) = ask(&json!({"model": "m", "input": "hello"}), &target(WireFormat::Openai)).unwrap();
    let whole = r#"{"object":"list","data":[{"embedding":[1e-3, 2],"index":0}],"model":"up-1","usage":{"prompt_tokens":5,"total_tokens":5}}"#;
    let context = context(WireFormat::Openai, &seen, &made);
    let answer = read_whole(&context, &Bytes::from_static(whole.as_bytes()), &price).unwrap();
    assert_eq!(answer.body, whole.replace("5}}", "5,\"cost\":0.000005}}").as_bytes());
    assert_eq!((answer.usage.source, answer.usage.tokens.input_total()), (UsageSource::Provider, 5));
    let silent = Bytes::from_static(br#"{"data":[]}"#);
    let answer = read_whole(&context, &silent, &price).unwrap();
    assert_eq!((answer.usage.source, answer.usage.tokens.input_total()), (UsageSource::Estimated, 2));
}

#[test]
fn what_is_no_list_of_embeddings_is_refused() {
    let (seen, made) = ask(&json!({"model": "m", "input": "hello"}), &target(WireFormat::Openai)).unwrap();
    let context = context(WireFormat::Openai, &seen, &made);
    for body in ["{}", "[]", r#"{"data":{}}"#, r#"{"choices":[]}"#, "x", ""] {
        let got = read_whole(&context, &Bytes::from_static(body.as_bytes()), &price);
        assert!(matches!(got, Err(AnswerError::Malformed(_))), "{body}");
    }
    let error = read_whole(&context, &Bytes::from_static(br#"{"error":{"message":"m","code":429}}"#), &price);
    assert!(matches!(error, Err(AnswerError::Provider(error)) if error.status == 429));
}

#[test]
fn a_provider_without_embeddings_is_unfit_so_that_the_next_target_is_tried() {
    let refused = ask(&json!({"model": "m", "input": "x"}), &target(WireFormat::Anthropic)).unwrap_err();
    assert!(matches!(refused, RequestError::Unsupported { .. }), "{refused}");
}

#[test]
fn tokens_given_as_numbers_are_counted_for_the_estimate() {
    for (input, tokens) in
        [(json!([1, 22, 333]), 3), (json!([[1], [2, 3]]), 3), (json!("four"), 1), (json!(["4 12", "9"]), 2)]
    {
        let body = json!({"model": "m", "input": input}).to_string();
        let seen = peek_for(Operation::Embeddings, Dialect::Openai, body.as_bytes()).unwrap();
        assert_eq!(seen.estimated_input, tokens, "{input}");
    }
}

#[test]
fn the_demo_provider_answers_offline_and_like_texts_lie_close() {
    let request = json!({"model": "m", "input": ["the cat sat", "a cat sat here", "quantum chromodynamics", "?!"]});
    let demo_target = Target { model: "demo-embedding", ..target(WireFormat::Openai) };
    let (seen, made) = ask(&request, &demo_target).unwrap();
    let got = demo::respond_at(&made.path, &made.body);
    let answer = read_whole(&context(WireFormat::Openai, &seen, &made), &got.chunks[0], &price).unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let vector = |at: usize| -> Vec<f64> {
        let list = answer["data"][at]["embedding"].as_array().unwrap();
        list.iter().map(|n| n.as_f64().unwrap()).collect()
    };
    let dot = |a: usize, b: usize| vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum::<f64>();
    assert!((dot(0, 0) - 1.0).abs() < 1e-5 && (dot(3, 3) - 1.0).abs() < 1e-5);
    assert!(dot(0, 1) > dot(0, 2) + 0.2, "{} {}", dot(0, 1), dot(0, 2));
    assert_eq!(got.chunks, demo::respond_at(&made.path, &made.body).chunks);
}

#[test]
fn base64_of_the_demo_provider_holds_the_same_numbers() {
    use base64::Engine;
    let floats = |format: &str| {
        let body = json!({"model": "demo-embedding", "input": "hello", "dimensions": 8, "encoding_format": format});
        let got = demo::respond_at("/embeddings", body.to_string().as_bytes());
        let answer: Value = serde_json::from_slice(&got.chunks[0]).unwrap();
        answer["data"][0]["embedding"].clone()
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(floats("base64").as_str().unwrap()).unwrap();
    let decoded: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    assert_eq!(json!(decoded), floats("float"));
    assert_eq!(decoded.len(), 8);
}

/// Translates a request: where it goes, what is sent, what was reported.
fn sent(format: WireFormat, request: Value) -> (String, Value, Vec<String>) {
    let (_, made) = ask(&request, &target(format)).unwrap();
    let dropped = made.dropped.iter().map(|dropped| dropped.path.clone()).collect();
    (made.path.to_string(), serde_json::from_slice(&made.body).unwrap(), dropped)
}

#[test]
fn to_cohere_the_purpose_is_a_document_unless_the_caller_says_another() {
    let (path, body, dropped) =
        sent(WireFormat::Cohere, json!({"model": "m", "input": "a", "encoding_format": "base64"}));
    let expected =
        json!({"model": "up", "texts": ["a"], "input_type": "search_document", "embedding_types": ["float"]});
    assert_eq!((path.as_str(), body, dropped), ("/v2/embed", expected, vec![]));
    let asked =
        json!({"model": "m", "input": ["a", "b"], "input_type": "query", "dimensions": 256, "user": "u", "x": 1});
    let (_, body, dropped) = sent(WireFormat::Cohere, asked);
    assert_eq!((&body["input_type"], &body["output_dimension"]), (&json!("search_query"), &json!(256)));
    assert_eq!(dropped, ["x", "user"]);
}

#[test]
fn to_gemini_each_text_is_a_request_of_the_batch() {
    let asked = json!({"model": "m", "input": ["a", "b"], "dimensions": 8, "input_type": "search_query"});
    let (path, body, dropped) = sent(WireFormat::Gemini, asked);
    let one = |text: &str| {
        json!({"model": "models/up", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_QUERY",
            "outputDimensionality": 8})
    };
    assert_eq!(path, "/models/up:batchEmbedContents");
    assert_eq!((body, dropped), (json!({"requests": [one("a"), one("b")]}), vec![]));
    let (_, body, _) = sent(WireFormat::Gemini, json!({"model": "m", "input": "a"}));
    assert_eq!(body, json!({"requests": [{"model": "models/up", "content": {"parts": [{"text": "a"}]}}]}));
}

#[test]
fn to_ollama_nothing_is_minted() {
    let (path, body, dropped) = sent(WireFormat::Ollama, json!({"model": "m", "input": "a", "encoding_format": null}));
    assert_eq!((path.as_str(), body, dropped), ("/api/embed", json!({"model": "up", "input": ["a"]}), vec![]));
}

#[test]
fn what_a_provider_cannot_read_is_for_another_target_and_what_is_wrong_for_none() {
    let refused = |request: Value| ask(&request, &target(WireFormat::Cohere)).unwrap_err();
    let many: Vec<&str> = vec!["a"; 97];
    for input in [json!([1, 2]), json!([[1], [2]]), json!(many)] {
        let error = refused(json!({"model": "m", "input": input}));
        assert!(matches!(&error, RequestError::Unsupported { field, .. } if field == "input"), "{error}");
    }
    for (more, field) in [
        (json!({"input": ""}), "input"),
        (json!({"input": []}), "input"),
        (json!({"input": ["a", ""]}), "input[1]"),
        (json!({"input": {"a": 1}}), "input"),
        (json!({"input": ["a", 1]}), "input"),
        (json!({}), "input"),
        (json!({"input": "a", "encoding_format": "int8"}), "encoding_format"),
        (json!({"input": "a", "input_type": "poem"}), "input_type"),
        (json!({"input": "a", "dimensions": 0}), "dimensions"),
        (json!({"input": "a", "dimensions": "8"}), "dimensions"),
    ] {
        let mut request = json!({"model": "m"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = refused(request).to_wire();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(field)), "{more}: {}", error.message);
    }
}

#[test]
fn answers_of_every_shape_are_openais_in_order_with_index_and_cost() {
    let answers = [
        (
            WireFormat::Cohere,
            r#"{"id":"e1","embeddings":{"float":[[0.5,1e-3],[2,3]]},"texts":["a","b"],"meta":{"billed_units":{"input_tokens":4}}}"#,
        ),
        (
            WireFormat::Gemini,
            r#"{"embeddings":[{"values":[0.5,1e-3]},{"values":[2,3]}],"usageMetadata":{"promptTokenCount":4}}"#,
        ),
        (
            WireFormat::Ollama,
            r#"{"model":"up","embeddings":[[0.5,1e-3],[2,3]],"total_duration":9,"prompt_eval_count":4}"#,
        ),
    ];
    for (format, whole) in answers {
        let (seen, made) = ask(&json!({"model": "m", "input": ["a", "b"]}), &target(format)).unwrap();
        let context = context(format, &seen, &made);
        let answer = read_whole(&context, &Bytes::from_static(whole.as_bytes()), &price).unwrap();
        let expected = concat!(
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1e-3]},"#,
            r#"{"object":"embedding","index":1,"embedding":[2,3]}],"model":"up","#,
            r#""usage":{"prompt_tokens":4,"total_tokens":4,"cost":0.000004}}"#
        );
        assert_eq!(answer.body, expected, "{format:?}");
        assert_eq!(answer.usage.source, UsageSource::Provider);
        let short = whole
            .replacen("[2,3]", "[2]", 1)
            .replace(",\"b\"", "")
            .replace(",{\"values\":[2]}", "")
            .replace(",[2]", "");
        let got = read_whole(&context, &Bytes::from(short), &price);
        assert!(matches!(&got, Err(AnswerError::Malformed(said)) if said.contains("1 embeddings for 2")), "{got:?}");
    }
}

#[test]
fn a_caller_who_wants_base64_gets_the_same_floats() {
    use base64::Engine;
    let request = json!({"model": "m", "input": "a", "encoding_format": "base64"});
    let (seen, made) = ask(&request, &target(WireFormat::Ollama)).unwrap();
    let whole = Bytes::from_static(br#"{"embeddings":[[0.1,-0.30000001192092896,7]]}"#);
    let answer = read_whole(&context(WireFormat::Ollama, &seen, &made), &whole, &price).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let text = body["data"][0]["embedding"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    assert_eq!(bytes, [0.1_f32, -0.3, 7.0].map(f32::to_le_bytes).concat());
    assert_eq!((answer.usage.source, answer.usage.tokens.input_total()), (UsageSource::Estimated, 1));
}

#[test]
fn a_vector_that_is_none_is_refused() {
    let (seen, made) = ask(&json!({"model": "m", "input": "a"}), &target(WireFormat::Ollama)).unwrap();
    for vectors in ["[null]", "[[null]]", "[{}]", "[\"AAAA\"]", "[[1e99]]", "[]", "{}", "7"] {
        let whole = Bytes::from(format!("{{\"embeddings\":{vectors}}}"));
        let got = read_whole(&context(WireFormat::Ollama, &seen, &made), &whole, &price);
        assert!(matches!(got, Err(AnswerError::Malformed(_))), "{vectors}");
    }
}

fn on_bedrock(model: &'static str) -> Target<'static> {
    Target { model, ..target(WireFormat::Bedrock) }
}

#[test]
fn titan_on_bedrock_is_asked_for_one_text_and_tells_its_tokens() {
    let request = json!({"model": "m", "input": "hello", "dimensions": 256, "encoding_format": "base64"});
    let (seen, made) = ask(&request, &on_bedrock("amazon.titan-embed-text-v2:0")).unwrap();
    assert_eq!(made.path, "/model/amazon.titan-embed-text-v2%3A0/invoke");
    assert_eq!(made.body, r#"{"inputText":"hello","dimensions":256}"#);
    let body =
        Bytes::from_static(br#"{"embedding":[0.5,-1],"embeddingsByType":{"float":[0.5,-1]},"inputTextTokenCount":3}"#);
    let answer = read_whole(&context(WireFormat::Bedrock, &seen, &made), &body, &price).unwrap();
    assert_eq!((answer.usage.source, answer.usage.tokens.input_total()), (UsageSource::Provider, 3));
    assert_eq!(
        answer.body,
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="}],"model":"amazon.titan-embed-text-v2:0","usage":{"prompt_tokens":3,"total_tokens":3,"cost":0.000003}}"#
    );
}

#[test]
fn each_generation_of_titan_is_told_the_dimensions_where_it_reads_them() {
    let request = json!({"model": "m", "input": "x", "dimensions": 384});
    for (model, body, dropped) in [
        ("amazon.titan-embed-text-v1", r#"{"inputText":"x"}"#, 1),
        ("amazon.titan-embed-image-v1", r#"{"inputText":"x","embeddingConfig":{"outputEmbeddingLength":384}}"#, 0),
    ] {
        let (_, made) = ask(&request, &on_bedrock(model)).unwrap();
        assert_eq!((std::str::from_utf8(&made.body).unwrap(), made.dropped.len()), (body, dropped), "{model}");
    }
}

#[test]
fn cohere_on_bedrock_takes_many_texts_and_answers_by_type_or_plainly() {
    let request = json!({"model": "m", "input": ["a", "b"], "input_type": "query"});
    let (seen, made) = ask(&request, &on_bedrock("eu.cohere.embed-multilingual-v3")).unwrap();
    assert_eq!(made.body, r#"{"texts":["a","b"],"input_type":"search_query","embedding_types":["float"]}"#);
    for body in [r#"{"id":"i","embeddings":{"float":[[1],[2]]},"texts":["a","b"]}"#, r#"{"embeddings":[[1],[2]]}"#] {
        let body = Bytes::from_static(body.as_bytes());
        let answer = read_whole(&context(WireFormat::Bedrock, &seen, &made), &body, &price).unwrap();
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&told["data"][1]["embedding"], answer.usage.source), (&json!([2]), UsageSource::Estimated));
    }
    let one = Bytes::from_static(br#"{"embeddings":[[1]]}"#);
    assert!(read_whole(&context(WireFormat::Bedrock, &seen, &made), &one, &price).is_err(), "one is missing");
}

#[test]
fn what_a_model_on_bedrock_cannot_do_is_left_to_another_target() {
    let two = json!({"model": "m", "input": ["a", "b"]});
    for model in ["amazon.titan-embed-text-v2:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"] {
        let refused = ask(&two, &on_bedrock(model)).unwrap_err();
        assert!(matches!(refused, RequestError::Unsupported { .. }), "{model}: {refused}");
    }
}
