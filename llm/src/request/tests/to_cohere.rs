//! From a chat completion request to Cohere's. Each test names the rule it keeps.

use serde_json::{Value, json};

use super::*;

const COMMAND: Target<'_> =
    Target { max_output_tokens: Some(8_000), ..Target::new(WireFormat::Cohere, "command-a-03-2025") };

fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sent(more: Value) -> (Value, Vec<String>) {
    translated(&with(more), &COMMAND).unwrap()
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "description": "d", "parameters": {"type": "object"}}})
}

#[test]
fn the_least_request_says_whether_it_streams_and_mints_nothing_else() {
    let expected =
        json!({"model": "command-a-03-2025", "messages": [{"role": "user", "content": "hi"}], "stream": false});
    assert_eq!(sent(json!({"temperature": null, "n": 1})), (expected, vec![]));
    let body = Bytes::from(with(json!({"stream": true})).to_string());
    let made = prepare(Dialect::Openai, &peek(Dialect::Openai, &body).unwrap(), &body, &COMMAND).unwrap();
    assert_eq!(made.path, "/v2/chat");
    assert_eq!(serde_json::from_slice::<Value>(&made.body).unwrap()["stream"], true);
}

#[test]
fn parameters_have_coheres_names() {
    let (body, dropped) = sent(json!({"max_tokens": 5, "temperature": 0.2, "top_p": 0.5, "top_k": 9, "seed": 7,
        "frequency_penalty": 0.25, "presence_penalty": 0.5, "stop": ["a", "b"], "stream": true}));
    let expected = json!({"model": "command-a-03-2025", "messages": [{"role": "user", "content": "hi"}], "stream": true,
        "max_tokens": 5, "temperature": 0.2, "p": 0.5, "k": 9, "seed": 7, "frequency_penalty": 0.25,
        "presence_penalty": 0.5, "stop_sequences": ["a", "b"]});
    assert_eq!((body, dropped), (expected, vec![]));
}

#[test]
fn what_is_out_of_range_is_brought_into_it_and_reported() {
    let (body, dropped) = sent(json!({"top_p": 0.999, "frequency_penalty": -1.5, "presence_penalty": 2, "seed": -1,
        "stop": ["1", "2", "3", "4"], "user": "u", "max_tokens": 10_000}));
    assert_eq!(
        (&body["p"], &body["frequency_penalty"], &body["presence_penalty"]),
        (&json!(0.99), &json!(0.0), &json!(1.0))
    );
    assert_eq!((body.get("seed"), body.get("user"), &body["max_tokens"]), (None, None, &json!(8_000)));
    assert_eq!(dropped, ["max_tokens", "user", "top_p", "seed", "frequency_penalty", "presence_penalty"]);
    assert_eq!(sent(json!({"top_p": 1})), sent(json!({})), "the default of other vendors asks for nothing");
}

#[test]
fn tools_calls_and_results_make_the_round_and_results_are_documents() {
    let (body, dropped) = sent(json!({"tools": [tool("look")], "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{\"x\":1}"}},
            {"id": "b", "type": "function", "function": {"name": "look", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]}]}));
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}});
    let document = |text: &str| json!({"type": "document", "document": {"data": text}});
    let expected = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [call("a", "{\"x\":1}"), call("b", "{}")]},
        {"role": "tool", "content": [document("sunny")], "tool_call_id": "a"},
        {"role": "tool", "content": [document("1"), document("2")], "tool_call_id": "b"}]);
    assert_eq!((&body["messages"], dropped), (&expected, vec![]));
    assert_eq!(body["tools"], json!([tool("look")]));
}

#[test]
fn a_choice_of_tools_is_a_word_and_a_named_one_is_offered_alone() {
    let choose = |choice: Value| sent(json!({"tools": [tool("a"), tool("b")], "tool_choice": choice}));
    assert_eq!(choose(json!("auto")).0.get("tool_choice"), None);
    assert_eq!(choose(json!("none")).0["tool_choice"], "NONE");
    assert_eq!(choose(json!("required")).0["tool_choice"], "REQUIRED");
    let (body, dropped) = choose(json!({"type": "function", "function": {"name": "b"}}));
    assert_eq!((&body["tool_choice"], &body["tools"]), (&json!("REQUIRED"), &json!([tool("b")])));
    assert_eq!(dropped, ["tool_choice"]);
}

#[test]
fn a_name_with_a_hyphen_or_a_digit_first_goes_up_as_one_that_is_taken() {
    let (body, _) = sent(json!({"tools": [tool("get-weather"), tool("2d")]}));
    for tool in body["tools"].as_array().unwrap() {
        let name = tool["function"]["name"].as_str().unwrap();
        let first = name.chars().next().unwrap();
        assert!(!first.is_ascii_digit() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
    }
}

#[test]
fn a_schema_goes_as_it_is_but_not_beside_tools() {
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "required": ["a"]}}});
    let (body, dropped) = sent(json!({"response_format": format}));
    let expected = json!({"type": "json_object", "json_schema": {"type": "object", "required": ["a"]}});
    assert_eq!((&body["response_format"], dropped), (&expected, vec![]));
    let (body, dropped) = sent(json!({"response_format": format, "tools": [tool("a")]}));
    assert_eq!((body.get("response_format"), dropped), (None, vec!["response_format".to_owned()]));
    assert_eq!(
        sent(json!({"response_format": {"type": "json_object"}})).0["response_format"],
        json!({"type": "json_object"})
    );
}

#[test]
fn reasoning_is_on_or_off_or_bounded() {
    assert_eq!(sent(json!({"reasoning_effort": "none"})).0["thinking"], json!({"type": "disabled"}));
    let (body, dropped) = sent(json!({"reasoning_effort": "low"}));
    assert_eq!((&body["thinking"], dropped), (&json!({"type": "enabled"}), vec!["reasoning_effort".to_owned()]));
    let (body, dropped) = sent(json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}));
    assert_eq!((&body["thinking"], dropped), (&json!({"type": "enabled", "token_budget": 2048}), vec![]));
}

#[test]
fn images_go_as_urls_and_files_are_refused() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let (body, _) = sent(json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, image]}]}));
    assert_eq!(body["messages"][0]["content"], json!([{"type": "text", "text": "look"}, image]));
    let file = json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}});
    let refused = translated(&with(json!({"messages": [{"role": "user", "content": [file]}]})), &COMMAND).unwrap_err();
    assert!(matches!(refused, RequestError::Unsupported { .. }), "{refused}");
}

#[test]
fn a_strict_route_refuses_what_would_be_dropped() {
    let strict = Target { strict: true, ..COMMAND };
    assert!(translated(&with(json!({"user": "u"})), &strict).unwrap_err().to_string().starts_with("user: "));
}
