//! From a chat completion request to Ollama's. Each test names the rule it keeps.

use serde_json::{Value, json};

use super::*;

const LLAMA: Target<'_> = Target::new(WireFormat::Ollama, "llama3.2");

fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sent(more: Value) -> (Value, Vec<String>) {
    translated(&with(more), &LLAMA).unwrap()
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}})
}

#[test]
fn who_wants_no_stream_gets_none_though_it_is_the_providers_default() {
    let expected = json!({"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}], "stream": false});
    assert_eq!(sent(json!({})), (expected, vec![]));
}

#[test]
fn parameters_are_options_by_the_names_of_the_runner() {
    let (body, dropped) = sent(json!({"max_tokens": 5, "temperature": 0.2, "top_p": 0.5, "top_k": 9, "seed": -7,
        "frequency_penalty": -0.25, "presence_penalty": 0.5, "stop": "a", "stream": true}));
    let options = json!({"num_predict": 5, "temperature": 0.2, "top_p": 0.5, "top_k": 9, "seed": -7,
        "frequency_penalty": -0.25, "presence_penalty": 0.5, "stop": ["a"]});
    assert_eq!((&body["options"], &body["stream"], dropped), (&options, &json!(true), vec![]));
}

#[test]
fn calls_have_objects_and_results_the_name_of_their_tool() {
    let (body, dropped) = sent(json!({"tools": [tool("look"), tool("time")], "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "one moment", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{\"x\":1}"}},
            {"id": "b", "type": "function", "function": {"name": "time", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "b", "content": "noon"},
        {"role": "tool", "tool_call_id": "a", "content": "sunny"}]}));
    let expected = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "one moment", "tool_calls": [
            {"function": {"name": "look", "arguments": {"x": 1}}}, {"function": {"name": "time", "arguments": {}}}]},
        {"role": "tool", "content": "noon", "tool_name": "time"},
        {"role": "tool", "content": "sunny", "tool_name": "look"}]);
    assert_eq!((&body["messages"], dropped), (&expected, vec![]));
}

#[test]
fn images_are_bare_base64_and_addresses_are_refused() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let ask = |url: &str| {
        with(json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, image(url)]}]}))
    };
    let (body, _) = translated(&ask("data:image/png;base64,AA=="), &LLAMA).unwrap();
    assert_eq!(body["messages"][0], json!({"role": "user", "content": "look", "images": ["AA=="]}));
    let refused = translated(&ask("https://example.com/a.png"), &LLAMA).unwrap_err();
    assert!(matches!(refused, RequestError::Unsupported { .. }), "{refused}");
}

#[test]
fn a_format_is_the_word_json_or_the_schema_itself() {
    assert_eq!(sent(json!({"response_format": {"type": "json_object"}})).0["format"], "json");
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    assert_eq!(sent(json!({"response_format": format})).0["format"], schema);
}

#[test]
fn thinking_is_a_switch_but_for_the_models_that_have_levels() {
    assert_eq!(sent(json!({"reasoning_effort": "none"})).0["think"], false);
    let (body, dropped) = sent(json!({"reasoning_effort": "high"}));
    assert_eq!((&body["think"], dropped), (&json!(true), vec!["reasoning_effort".to_owned()]));
    let levels = Target { model: "gpt-oss:20b", ..LLAMA };
    let (body, dropped) = translated(&with(json!({"reasoning_effort": "xhigh"})), &levels).unwrap();
    assert_eq!((&body["think"], dropped), (&json!("high"), vec![]));
    let (body, dropped) = translated(&with(json!({"reasoning_effort": "none"})), &levels).unwrap();
    assert_eq!((&body["think"], dropped), (&json!("low"), vec!["reasoning_effort".to_owned()]));
}

#[test]
fn a_choice_that_cannot_be_made_is_reported_and_none_offers_none() {
    let choose = |choice: Value| sent(json!({"tools": [tool("a"), tool("b")], "tool_choice": choice}));
    assert_eq!(choose(json!("none")).0.get("tools"), None);
    assert_eq!(choose(json!("required")).1, ["tool_choice"]);
    let (body, dropped) = choose(json!({"type": "function", "function": {"name": "b"}}));
    assert_eq!((&body["tools"], dropped), (&json!([tool("b")]), vec!["tool_choice".to_owned()]));
}
