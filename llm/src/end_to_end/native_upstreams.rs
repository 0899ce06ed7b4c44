//! Providers that speak what no application does: a call there and back, whole and streamed.

use super::*;

/// A call with tools of either dialect, to a format, whose answer is `whole`.
fn there_and_back(inbound: Dialect, format: WireFormat, whole: &'static str) -> (Value, Answer) {
    let request = match inbound {
        Dialect::Openai => openai_request("hi"),
        Dialect::Anthropic => anthropic_request("hi"),
        Dialect::Responses => responses_request("hi"),
        Dialect::Gemini => gemini_request("hi"),
    };
    let body = Bytes::from(request.to_string());
    let seen = peeked(inbound, &body, false).unwrap();
    let target = Target { model: "the-model", ..target(format) };
    let made = prepare(inbound, &seen, &body, &target).unwrap();
    let context = answering(inbound, format, &seen, &made);
    let answered = answer(&context, &Bytes::from_static(whole.as_bytes()), &price).unwrap();
    (serde_json::from_slice(&made.body).unwrap(), answered)
}

#[test]
fn an_answer_that_names_no_model_is_of_the_one_that_was_asked() {
    let whole = r#"{"id":"x","message":{"content":[{"type":"text","text":"hi"}]},"finish_reason":"COMPLETE"}"#;
    for inbound in DIALECTS {
        let (sent, answered) = there_and_back(inbound, WireFormat::Cohere, whole);
        assert_eq!(sent["model"], "the-model");
        let body: Value = serde_json::from_slice(&answered.body).unwrap();
        let model = if inbound == Dialect::Gemini { &body["modelVersion"] } else { &body["model"] };
        assert_eq!(*model, "the-model");
        assert_eq!(answered.upstream_model, None, "the provider did not say so");
    }
}

#[test]
fn a_stream_that_names_no_model_is_of_the_one_that_was_asked() {
    let body = Bytes::from(openai_request("hi").to_string());
    let seen = peek(Dialect::Openai, &body).unwrap();
    let target = Target { model: "the-model", ..target(WireFormat::Cohere) };
    let made = prepare(Dialect::Openai, &seen, &body, &target).unwrap();
    let context = answering(Dialect::Openai, WireFormat::Cohere, &seen, &made);
    let mut translator = StreamTranslator::new(context, Arc::new(price));
    let mut out = BytesMut::new();
    translator.push(b"data: {\"type\":\"message-start\",\"id\":\"x\"}\n\n", &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("\"model\":\"the-model\""), "{out:?}");
}
