//! A Responses request becomes a chat completion request or a messages request.

use serde_json::{Value, json};

use super::*;

fn sent(format: WireFormat, model: &'static str, body: &Value) -> (Value, Vec<String>) {
    let to = Target { format, max_output_tokens: Some(1_000), ..target(model) };
    translated_from(Dialect::Responses, body, &to).unwrap()
}

fn to_openai(body: &Value) -> (Value, Vec<String>) {
    sent(WireFormat::Openai, "gpt-4o", body)
}

fn refused(body: &Value) -> RequestError {
    translated_from(Dialect::Responses, body, &target("gpt-4o")).unwrap_err()
}

#[test]
fn instructions_and_every_kind_of_item_find_their_place() {
    let body = json!({"model": "m", "instructions": "Be brief.", "stream": true, "max_output_tokens": 77,
        "temperature": 0.5, "top_p": 0.9, "user": "u-1", "parallel_tool_calls": false, "tool_choice": "required",
        "input": [
            {"role": "developer", "content": "Speak French."},
            {"role": "user", "content": [{"type": "input_text", "text": "Look:"},
                {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BB=="}]},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "I will ask.", "annotations": [], "logprobs": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}", "status": "completed"},
            {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "f", "arguments": ""},
            {"type": "function_call_output", "call_id": "c1", "output": "one"},
            {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "two"}]},
            {"role": "user", "content": "And now?"}],
        "tools": [{"type": "function", "name": "f", "description": "d", "strict": true,
            "parameters": {"type": "object", "properties": {}, "additionalProperties": false}}]});
    let (sent, dropped) = to_openai(&body);
    let messages = json!([
        {"role": "system", "content": "Be brief.\nSpeak French."},
        {"role": "user", "content": [{"type": "text", "text": "Look:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BB=="}}]},
        {"role": "assistant", "content": "I will ask.", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
            {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {"role": "user", "content": "And now?"}]);
    assert_eq!(sent["messages"], messages);
    assert_eq!((&sent["max_tokens"], &sent["temperature"], &sent["user"]), (&json!(77), &json!(0.5), &json!("u-1")));
    assert_eq!((&sent["tool_choice"], &sent["parallel_tool_calls"]), (&json!("required"), &json!(false)));
    let function = json!({"name": "f", "description": "d", "strict": true,
        "parameters": {"type": "object", "properties": {}, "additionalProperties": false}});
    assert_eq!(sent["tools"], json!([{"type": "function", "function": function}]));
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn calls_made_at_once_and_their_results_stand_together_for_anthropic() {
    let body = json!({"model": "m", "input": [{"role": "user", "content": "go"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": "2"}],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}]});
    let (sent, _) = sent(WireFormat::Anthropic, "claude-sonnet-4-5", &body);
    let kinds = |at: usize| -> Vec<&str> {
        sent["messages"][at]["content"].as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect()
    };
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    assert_eq!((kinds(1), kinds(2)), (vec!["tool_use", "tool_use"], vec!["tool_result", "tool_result"]));
    assert_eq!(sent["max_tokens"], 1_000);
}

#[test]
fn a_string_is_what_the_user_says_and_a_schema_is_a_schema() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let body = json!({"model": "m", "input": "hi", "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": true}}, "store": false,
        "include": ["reasoning.encrypted_content"], "truncation": "disabled", "service_tier": "auto"});
    let to = Target { strict: true, ..target("o3") };
    let (sent, _) = translated_from(Dialect::Responses, &body, &to).unwrap();
    assert_eq!(sent["messages"], json!([{"role": "user", "content": "hi"}]));
    assert_eq!(sent["reasoning_effort"], "high");
    assert_eq!(
        sent["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}})
    );
    let to = Target { format: WireFormat::Anthropic, max_output_tokens: Some(64_000), ..target("claude-sonnet-4-5") };
    let (sent, _) = translated_from(Dialect::Responses, &body, &to).unwrap();
    assert_eq!(sent["output_config"]["format"]["schema"], schema);
    assert_eq!(sent["thinking"]["type"], "enabled");
}

#[test]
fn what_another_provider_cannot_do_is_reported_by_its_own_name() {
    let body = json!({"model": "m", "input": [{"role": "user", "content": "hi"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"role": "system", "content": "late"}, {"role": "user", "content": "x"}],
        "tools": [{"type": "web_search"}, {"type": "function", "name": "f", "parameters": null, "output_schema": {}}],
        "tool_choice": {"type": "web_search"}, "store": true, "truncation": "auto", "max_tool_calls": 3,
        "include": ["web_search_call.action.sources"], "prompt_cache_key": "k", "metadata": {"a": "b"},
        "service_tier": "flex", "top_logprobs": 2, "text": {"verbosity": "low"}, "context_management": [],
        "reasoning": {"context": "auto"}, "stream_options": {"include_obfuscation": false}, "max_output_tokens": 5_000});
    let (_, dropped) = to_openai(&body);
    let mut dropped: Vec<&str> = dropped.iter().map(String::as_str).collect();
    dropped.sort_unstable();
    assert_eq!(
        dropped,
        [
            "context_management",
            "include",
            "input[1].type",
            "input[2].type",
            "input[3].role",
            "max_output_tokens",
            "max_tool_calls",
            "metadata",
            "prompt_cache_key",
            "reasoning.context",
            "service_tier",
            "store",
            "text.verbosity",
            "tool_choice",
            "tools[0]",
            "tools[1].output_schema",
            "top_logprobs",
            "truncation"
        ]
    );
}

#[test]
fn what_only_its_provider_keeps_is_refused_with_its_name_and_what_to_do() {
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "m", "input": "hi"});
        body[name] = value;
        refused(&body)
    };
    for (error, name, mend) in [
        (with("previous_response_id", json!("resp_1")), "previous_response_id", "send the whole conversation in input"),
        (with("conversation", json!({"id": "conv_1"})), "conversation", "send the whole conversation"),
        (with("prompt", json!({"id": "pmpt_1"})), "prompt", "name a model of such a provider"),
        (with("background", json!(true)), "background", "leave it out"),
        (with("input", json!([{"type": "item_reference", "id": "msg_1"}])), "input[0]", "send the item itself"),
        (
            with("input", json!([{"type": "computer_call_output", "call_id": "c"}])),
            "input[0].type",
            "computer_call_output",
        ),
        (
            with("input", json!([{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}])),
            "input[0].content[0].file_id",
            "send the content itself",
        ),
    ] {
        let RequestError::Unsupported { field, .. } = &error else { panic!("another target may take it: {error}") };
        assert_eq!(field, name);
        assert!(error.to_string().contains(mend), "{error}");
    }
    // What asks for nothing is no obstacle.
    let (_, dropped) =
        to_openai(&json!({"model": "m", "input": "hi", "previous_response_id": null, "background": false}));
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn a_wrong_request_is_refused_by_the_name_of_the_field() {
    for (body, field) in [
        (json!({"model": "m"}), "input"),
        (json!({"model": "m", "input": 7}), "input"),
        (json!({"model": "m", "input": []}), "input"),
        (json!({"model": "m", "input": "  "}), "input"),
        (json!({"model": "m", "input": [{"role": "tool", "content": "x"}]}), "input[0].role"),
        (json!({"model": "m", "input": [{"role": "user"}]}), "input[0].content"),
        (
            json!({"model": "m", "input": [{"role": "user", "content": [{"type": "text2"}]}]}),
            "input[0].content[0].type",
        ),
        (json!({"model": "m", "input": [{"type": "function_call", "name": "f"}]}), "input[0].call_id"),
        (json!({"model": "m", "input": [{"type": "function_call_output", "call_id": "f"}]}), "input[0].output"),
        (json!({"model": "m", "input": "x", "tools": [{"type": "function"}]}), "tools[0].name"),
        (json!({"model": "m", "input": "x", "tools": [{"type": 7}]}), "tools[0].type"),
        (json!({"model": "m", "input": "x", "tool_choice": "perhaps"}), "tool_choice"),
        (json!({"model": "m", "input": "x", "text": {"format": {"type": "xml"}}}), "text.format.type"),
        (json!({"model": "m", "input": "x", "reasoning": {"effort": "extreme"}}), "reasoning.effort"),
        (json!({"model": "m", "input": "x", "temperature": "hot"}), "temperature"),
    ] {
        let to = if field == "input" {
            Target { format: WireFormat::Anthropic, ..target("claude") }
        } else {
            target("gpt-4o")
        };
        match translated_from(Dialect::Responses, &body, &to) {
            Err(RequestError::Field { field: named, .. }) => assert_eq!(named, field, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn within_the_dialect_only_the_model_changes_and_state_and_tools_of_the_provider_stay() {
    let body = r#"{"model":"m", "previous_response_id":"resp_1","tools":[{"type":"web_search"}],"background":true,"stream":true,"input":[ {"type":"item_reference","id":"msg_1"} ]}"#;
    let to = Target { format: WireFormat::Responses, ..target("gpt-5") };
    assert_eq!(forwarded(body, &to), body.replace(r#""model":"m""#, r#""model":"gpt-5""#));
    let seen = peek(Dialect::Responses, body.as_bytes()).unwrap();
    let made = prepare(Dialect::Responses, &seen, &Bytes::copy_from_slice(body.as_bytes()), &to).unwrap();
    assert_eq!(made.path, "/responses");
}

#[test]
fn what_binds_a_request_to_an_account_is_seen() {
    let bound = |dialect, body: &str| peek(dialect, body.as_bytes()).unwrap().binding.map(|b| (b.id, b.required));
    let previous = r#"{"model":"m","previous_response_id":"resp_1","input":[{"type":"reasoning","id":"rs_1"}]}"#;
    assert_eq!(bound(Dialect::Responses, previous), Some(("resp_1".to_owned(), true)));
    let encrypted = r#"{"model":"m","input":[{"type":"reasoning","id":"rs_1"},{"type":"reasoning","id":"rs_2"}]}"#;
    assert_eq!(bound(Dialect::Responses, encrypted), Some(("rs_2".to_owned(), false)));
    let signed = r#"{"model":"m","messages":[{"signature":"weir-r1.rs_9.gAAA"}]}"#;
    assert_eq!(bound(Dialect::Anthropic, signed), Some(("rs_9".to_owned(), false)));
    for free in [r#"{"model":"m","previous_response_id":null}"#, r#"{"model":"m","input":"rs"}"#] {
        assert_eq!(bound(Dialect::Responses, free), None, "{free}");
    }
    let endless = format!(r#"{{"model":"m","previous_response_id":"{}"}}"#, "x".repeat(1_000));
    let seen = bound(Dialect::Responses, &endless).unwrap();
    assert_eq!((seen.0.len(), seen.1), (1_000, true), "an id is never too long to be checked");
}
