//! A conversation of an Anthropic caller with a model of Google's, which wants its signatures back.

use super::*;

const ANSWER: &[u8] = include_bytes!("../../fixtures/openai/gemini-signature.json");

/// The request that follows the calls of [`ANSWER`], as it is sent to `model`, and what is reported of it.
fn second_turn(model: &str, strict: bool) -> Result<(Value, Vec<String>), crate::RequestError> {
    let first = anthropic_request("the weather");
    let seen = peek(Dialect::Anthropic, first.to_string().as_bytes()).unwrap();
    let answered =
        answer(&context(Dialect::Anthropic, Dialect::Openai, &seen), &Bytes::from_static(ANSWER), &price).unwrap();
    let answered: Value = serde_json::from_slice(&answered.body).unwrap();
    let calls = answered["content"].as_array().unwrap().clone();
    let results: Vec<Value> =
        calls.iter().map(|c| json!({"type": "tool_result", "tool_use_id": c["id"], "content": "21"})).collect();
    let mut next = first;
    let history = next["messages"].as_array_mut().unwrap();
    history.push(json!({"role": "assistant", "content": calls}));
    history.push(json!({"role": "user", "content": results}));
    let body = Bytes::from(next.to_string());
    let seen = peek(Dialect::Anthropic, &body).unwrap();
    let target = Target { model, strict, ..target(Dialect::Openai) };
    let made = prepare(Dialect::Anthropic, &seen, &body, &target)?;
    let dropped = made.dropped.into_iter().map(|dropped| dropped.path).collect();
    Ok((serde_json::from_slice(&made.body).unwrap(), dropped))
}

/// The calls and the ids of the results in a request.
fn calls_and_results(sent: &Value) -> (Value, Vec<&str>) {
    let messages = sent["messages"].as_array().unwrap();
    let calls = messages.iter().find(|m| m["role"] == "assistant").unwrap()["tool_calls"].clone();
    (calls, messages.iter().filter_map(|m| m["tool_call_id"].as_str()).collect())
}

#[test]
fn a_signature_of_thought_comes_back_to_the_model_that_gave_it() {
    let original: Value = serde_json::from_slice(ANSWER).unwrap();
    let original = &original["choices"][0]["message"]["tool_calls"];
    let (sent, dropped) = second_turn("gemini-3-pro-preview", true).unwrap();
    let (calls, results) = calls_and_results(&sent);
    for field in ["id", "extra_content"] {
        assert_eq!((&calls[0][field], &calls[1][field]), (&original[0][field], &original[1][field]), "{calls}");
    }
    assert_eq!(results, ["function-call-1422", "function-call-1423"]);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn another_providers_model_gets_the_calls_without_it_and_that_is_told() {
    let (sent, dropped) = second_turn("gpt-4o", false).unwrap();
    let (calls, results) = calls_and_results(&sent);
    assert!(calls[0].get("extra_content").is_none() && calls[0]["id"] == "function-call-1422", "{calls}");
    assert_eq!(results, ["function-call-1422", "function-call-1423"]);
    assert_eq!(dropped, ["messages[1].content[0].id"]);
    assert!(second_turn("gpt-4o", true).is_err());
}
