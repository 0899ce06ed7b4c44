//! Callers of Gemini's shape: passed on to Gemini, translated for all others, answered in the shape of the call.

use super::*;
use crate::{Addressed, peek_addressed};

fn ask_gemini(batch: bool, request: &Value, target: &Target<'_>) -> Result<(Peek, UpstreamRequest), RequestError> {
    let body = Bytes::from(request.to_string());
    let addressed = Addressed { model: "mine".into(), batch, ..Addressed::default() };
    let seen = peek_addressed(Operation::Embeddings, &addressed, &body)?;
    make(Dialect::Gemini, &seen, &body, target).map(|made| (seen, made))
}

fn told(made: &UpstreamRequest) -> (&str, Value, Vec<&str>) {
    let dropped = made.dropped.iter().map(|dropped| dropped.path.as_str()).collect();
    (&made.path, serde_json::from_slice(&made.body).unwrap(), dropped)
}

/// Two texts as google-genai writes them.
fn batch(task: &str) -> Value {
    let one = |text: &str| {
        json!({"model": "models/mine", "content": {"parts": [{"text": text}], "role": "user"}, "taskType": task,
            "outputDimensionality": 8})
    };
    json!({"requests": [one("a"), one("b")]})
}

#[test]
fn to_gemini_only_the_model_changes_wherever_the_body_repeats_it() {
    let body = Bytes::from_static(
        br#"{ "requests":[{"model":"models/mine","content":{"parts":[{"inlineData":{"data":"x"}}]}},{"future":1.0}]}"#,
    );
    let addressed = Addressed { model: "mine".into(), batch: true, ..Addressed::default() };
    let seen = peek_addressed(Operation::Embeddings, &addressed, &body).unwrap();
    let made = make(Dialect::Gemini, &seen, &body, &target(WireFormat::Gemini)).unwrap();
    let expected = std::str::from_utf8(&body).unwrap().replace("models/mine", "models/up");
    assert_eq!((made.body, &*made.path), (Bytes::from(expected), "/models/up:batchEmbedContents"));
    let single = json!({"content": {"parts": [{"text": "a"}]}, "model": "models/mine"});
    let (_, made) = ask_gemini(false, &single, &target(WireFormat::Gemini)).unwrap();
    assert_eq!((&*made.path, told(&made).1["model"].as_str()), ("/models/up:embedContent", Some("models/up")));
}

#[test]
fn a_body_that_names_another_model_than_the_path_is_refused_wherever_it_goes() {
    for format in [WireFormat::Gemini, WireFormat::Openai, WireFormat::Cohere] {
        let mut asked = batch("RETRIEVAL_QUERY");
        asked["requests"][1]["model"] = json!("models/dearer");
        let refused = ask_gemini(true, &asked, &target(format)).unwrap_err().to_wire();
        assert_eq!((refused.status, refused.param.as_deref()), (400, Some("requests[1].model")), "{format:?}");
    }
}

#[test]
fn each_provider_is_asked_in_its_own_shape_and_what_it_lacks_is_named_in_geminis_words() {
    let to = |format, task| {
        let (_, made) = ask_gemini(true, &batch(task), &target(format)).unwrap();
        let (path, body, dropped) = told(&made);
        (path.to_owned(), body, dropped.join(" "))
    };
    let openai = json!({"model": "up", "input": ["a", "b"], "dimensions": 8});
    assert_eq!(to(WireFormat::Openai, "RETRIEVAL_QUERY"), ("/embeddings".into(), openai, "taskType".into()));
    let cohere = |purpose: &str| json!({"model": "up", "texts": ["a", "b"], "input_type": purpose, "embedding_types": ["float"], "output_dimension": 8});
    for (task, purpose, dropped) in [
        ("RETRIEVAL_QUERY", "search_query", ""),
        ("QUESTION_ANSWERING", "search_query", ""),
        ("RETRIEVAL_DOCUMENT", "search_document", ""),
        ("CLUSTERING", "clustering", ""),
        ("TASK_TYPE_UNSPECIFIED", "search_document", ""),
        ("SEMANTIC_SIMILARITY", "search_document", "requests[0].taskType requests[1].taskType"),
    ] {
        assert_eq!(to(WireFormat::Cohere, task), ("/v2/embed".into(), cohere(purpose), dropped.into()), "{task}");
    }
    let ollama = json!({"model": "up", "input": ["a", "b"], "dimensions": 8});
    assert_eq!(to(WireFormat::Ollama, "CLUSTERING"), ("/api/embed".into(), ollama, "taskType".into()));
    let single = json!({"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "title": "t", "x": 1,
        "embedContentConfig": {"outputDimensionality": 256, "autoTruncate": true}});
    let (_, made) = ask_gemini(false, &single, &on_bedrock("amazon.titan-embed-text-v2:0")).unwrap();
    let expected = (
        "/model/amazon.titan-embed-text-v2%3A0/invoke",
        json!({"inputText": "a\nb", "dimensions": 256}),
        vec!["x", "embedContentConfig.autoTruncate", "title"],
    );
    assert_eq!(told(&made), expected);
}

#[test]
fn what_a_provider_cannot_do_is_for_another_target_and_what_is_wrong_for_none() {
    let content = |part: Value| json!({"content": {"parts": [part]}});
    let (mut mixed, mut sizes) = (batch("CLUSTERING"), batch("CLUSTERING"));
    mixed["requests"][1]["taskType"] = json!("RETRIEVAL_QUERY");
    sizes["requests"][1]["outputDimensionality"] = json!(9);
    let many = json!({"requests": vec![content(json!({"text": "a"})); 97]});
    for (is_batch, request, field) in [
        (true, mixed, "requests[1].taskType"),
        (true, sizes, "requests[1].outputDimensionality"),
        (true, many, "requests"),
        (
            false,
            content(json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}})),
            "content.parts[0].inlineData",
        ),
    ] {
        let refused = ask_gemini(is_batch, &request, &target(WireFormat::Cohere)).unwrap_err();
        assert!(matches!(&refused, RequestError::Unsupported { field: f, .. } if f == field), "{refused}");
        assert!(ask_gemini(is_batch, &request, &target(WireFormat::Gemini)).is_ok(), "{field}");
    }
    for (is_batch, request, field) in [
        (true, json!({}), "requests"),
        (true, json!({"requests": [{}]}), "requests[0].content"),
        (true, json!({"requests": [content(json!({"text": ""}))]}), "requests[0].content"),
        (false, json!({}), "content"),
        (false, json!({"content": {"parts": [{"text": "a"}]}, "taskType": "POEM"}), "taskType"),
        (false, json!({"content": {"parts": [{"text": "a"}]}, "output_dimensionality": 0}), "outputDimensionality"),
        (false, json!({"content": {"parts": [{"text": 1}]}}), "content.parts[0].text"),
    ] {
        let refused = ask_gemini(is_batch, &request, &target(WireFormat::Cohere)).unwrap_err().to_wire();
        assert_eq!((refused.status, refused.param.as_deref()), (400, Some(field)), "{}", refused.message);
    }
}

#[test]
fn answers_of_every_shape_are_geminis_with_usage_and_cost() {
    let openai = r#"{"object":"list","data":[{"index":1,"embedding":[2,3]},{"index":0,"embedding":[0.5,1e-3]}],"model":"up-1","usage":{"prompt_tokens":4,"total_tokens":4}}"#;
    let cohere = r#"{"id":"e1","embeddings":{"float":[[0.5,1e-3],[2,3]]},"meta":{"billed_units":{"input_tokens":4}}}"#;
    for (format, whole) in [(WireFormat::Openai, openai), (WireFormat::Cohere, cohere)] {
        let (seen, made) = ask_gemini(true, &batch("CLUSTERING"), &target(format)).unwrap();
        let context = AnswerContext { inbound: Dialect::Gemini, ..context(format, &seen, &made) };
        let answer = read_whole(&context, &Bytes::from_static(whole.as_bytes()), &price).unwrap();
        let expected = r#"{"embeddings":[{"values":[0.5,1e-3]},{"values":[2,3]}],"usageMetadata":{"promptTokenCount":4,"cost":0.000004}}"#;
        assert_eq!(answer.body, expected, "{format:?}");
        assert_eq!((answer.usage.source, answer.usage.tokens.input_total()), (UsageSource::Provider, 4));
    }
    let single = json!({"content": {"parts": [{"text": "a"}]}});
    let (seen, made) = ask_gemini(false, &single, &target(WireFormat::Ollama)).unwrap();
    let context = AnswerContext { inbound: Dialect::Gemini, ..context(WireFormat::Ollama, &seen, &made) };
    let whole = Bytes::from_static(br#"{"embeddings":[[0.5]]}"#);
    let answer = read_whole(&context, &whole, &price).unwrap();
    let expected = r#"{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":1,"cost":0.000001}}"#;
    assert_eq!((answer.body, answer.usage.source), (Bytes::from(expected), UsageSource::Estimated));
}

#[test]
fn indexes_that_are_not_those_of_the_texts_are_refused() {
    let (seen, made) = ask_gemini(true, &batch("CLUSTERING"), &target(WireFormat::Openai)).unwrap();
    let context = AnswerContext { inbound: Dialect::Gemini, ..context(WireFormat::Openai, &seen, &made) };
    for indexes in [[0, 0], [1, 2]] {
        let data = indexes.map(|index| json!({"index": index, "embedding": [1]}));
        let whole = Bytes::from(json!({"data": data}).to_string());
        assert!(matches!(read_whole(&context, &whole, &price), Err(AnswerError::Malformed(_))), "{indexes:?}");
    }
}

#[test]
fn geminis_own_answer_gains_its_cost_and_kinds_of_input_keep_their_buckets() {
    let (seen, made) = ask_gemini(true, &batch("CLUSTERING"), &target(WireFormat::Gemini)).unwrap();
    let context = AnswerContext { inbound: Dialect::Gemini, ..context(WireFormat::Gemini, &seen, &made) };
    let whole = r#"{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":9,"promptTokenDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"IMAGE","tokenCount":5}]}}"#;
    let answer = read_whole(&context, &Bytes::from_static(whole.as_bytes()), &price).unwrap();
    assert_eq!(answer.body, whole.replace("}]}}", "}],\"cost\":0.000009}}"));
    assert_eq!((answer.usage.tokens.input_uncached, answer.usage.tokens.image_in), (4, 5));
    let silent = read_whole(&context, &Bytes::from_static(br#"{"embedding":{"values":[1]}}"#), &price).unwrap();
    assert_eq!((silent.usage.source, silent.usage.tokens.input_total()), (UsageSource::Estimated, 1));
    for body in [r#"{"data":[]}"#, r#"{"embeddings":7}"#, "[]"] {
        assert!(read_whole(&context, &Bytes::from_static(body.as_bytes()), &price).is_err(), "{body}");
    }
}
