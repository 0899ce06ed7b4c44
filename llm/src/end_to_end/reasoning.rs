//! Reasoning goes back only to who gave it: a Responses provider's encrypted items, another's signatures (rule 21).

use super::*;

const RESPONSES: &[u8] = include_bytes!("../../fixtures/responses/reasoning.json");
const ANTHROPIC: &[u8] = include_bytes!("../../fixtures/anthropic/thinking.json");

/// What a caller of `inbound` is answered by a provider of `upstream`.
fn answered(inbound: Dialect, upstream: Dialect, body: &'static [u8]) -> Value {
    let context = context(inbound, upstream, &Peek::default());
    serde_json::from_slice(&answer(&context, &Bytes::from_static(body), &price).unwrap().body).unwrap()
}

/// What a provider gets of a request, and what is reported.
fn sent(inbound: Dialect, to: &Target<'_>, request: &Value) -> (Value, Vec<String>) {
    let body = Bytes::from(request.to_string());
    let made = prepare(inbound, &peek(inbound, &body).unwrap(), &body, to).unwrap();
    let dropped = made.dropped.into_iter().map(|dropped| dropped.path).collect();
    (serde_json::from_slice(&made.body).unwrap(), dropped)
}

/// The request that follows an answer to a caller of Anthropic's dialect.
fn next_anthropic(first: &Value) -> Value {
    json!({"model": "chat", "max_tokens": 500, "messages": [{"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": first["content"]}, {"role": "user", "content": "and then?"}]})
}

#[test]
fn encrypted_reasoning_goes_back_to_a_responses_provider_and_to_no_other() {
    let first = answered(Dialect::Anthropic, Dialect::Responses, RESPONSES);
    assert_eq!(first["content"][0]["type"], "thinking");
    let next = next_anthropic(&first);
    let (sent_back, dropped) =
        sent(Dialect::Anthropic, &Target { model: "o4-mini", ..target(Dialect::Responses) }, &next);
    let original: Value = serde_json::from_slice(RESPONSES).unwrap();
    let item = &sent_back["input"][1];
    assert_eq!(
        (&item["id"], &item["encrypted_content"]),
        (&original["output"][0]["id"], &original["output"][0]["encrypted_content"])
    );
    assert_eq!((dropped, &sent_back["store"]), (vec![], &json!(false)));
    assert_eq!(sent_back["include"], json!(["reasoning.encrypted_content"]));
    // Anthropic would refuse a signature that it has not made.
    let (forwarded, dropped) = sent(Dialect::Anthropic, &target(Dialect::Anthropic), &next);
    assert!(!forwarded.to_string().contains("weir-r1."), "{forwarded}");
    assert_eq!(dropped, ["messages[1].content[0].thinking"]);
    let openai = answered(Dialect::Openai, Dialect::Responses, RESPONSES);
    let next = json!({"model": "chat", "messages": [{"role": "user", "content": "2+2?"},
        openai["choices"][0]["message"], {"role": "user", "content": "and then?"}]});
    let (translated, dropped) = sent(Dialect::Openai, &target(Dialect::Anthropic), &next);
    assert!(!translated.to_string().contains("weir-r1."), "{translated}");
    assert_eq!(dropped, ["messages[1].thinking"]);
}

#[test]
fn a_signature_goes_back_to_anthropic_through_a_responses_caller_and_to_no_responses_provider() {
    let first = answered(Dialect::Responses, Dialect::Anthropic, ANTHROPIC);
    let mut input = vec![json!({"role": "user", "content": "2+2?"})];
    input.extend(first["output"].as_array().unwrap().iter().cloned());
    input.push(json!({"role": "user", "content": "and then?"}));
    let next = json!({"model": "chat", "input": input});
    let (sent_back, dropped) = sent(Dialect::Responses, &target(Dialect::Anthropic), &next);
    let original: Value = serde_json::from_slice(ANTHROPIC).unwrap();
    let kinds = |content: &Value| -> Vec<Value> {
        let blocks = content.as_array().unwrap().iter();
        blocks.filter(|block| block["type"].as_str().unwrap().ends_with("thinking")).cloned().collect()
    };
    assert_eq!(kinds(&sent_back["messages"][1]["content"]), kinds(&original["content"]));
    assert_eq!(dropped, Vec::<String>::new());
    let (forwarded, dropped) = sent(Dialect::Responses, &target(Dialect::Responses), &next);
    assert!(!forwarded.to_string().contains("weir-x1."), "{forwarded}");
    assert_eq!(dropped.len(), kinds(&original["content"]).len(), "{dropped:?}");
}
