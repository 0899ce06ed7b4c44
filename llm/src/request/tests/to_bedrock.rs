//! From a request of either dialect to one of Converse. Each test names the rule it keeps.

use serde_json::{Value, json};

use super::*;

const CLAUDE: Target<'_> = Target::new(WireFormat::Bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
const OLD: Target<'_> = Target { model: "anthropic.claude-3-haiku-20240307-v1:0", ..CLAUDE };
const NOVA: Target<'_> = Target { model: "amazon.nova-2-lite-v1:0", ..CLAUDE };
const LLAMA: Target<'_> = Target { model: "meta.llama3-1-8b-instruct-v1:0", ..CLAUDE };

fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn openai(more: Value, target: &Target<'_>) -> (Value, Vec<String>) {
    translated(&with(more), target).unwrap()
}

fn anthropic(more: Value, target: &Target<'_>) -> (Value, Vec<String>) {
    translated_from(Dialect::Anthropic, &with(more), target).unwrap()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn the_least_request_has_no_model_and_nothing_minted() {
    let expected = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    assert_eq!(openai(json!({"stream": true, "temperature": null}), &CLAUDE), (expected, none()));
}

#[test]
fn the_model_and_the_wish_for_a_stream_stand_in_the_path() {
    for (stream, path) in [
        (false, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        (true, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"),
    ] {
        let body = Bytes::from(with(json!({"stream": stream})).to_string());
        let seen = peek(Dialect::Openai, &body).unwrap();
        assert_eq!(prepare(Dialect::Openai, &seen, &body, &CLAUDE).unwrap().path, path);
    }
}

#[test]
fn parameters_have_their_places() {
    let (body, dropped) = openai(
        json!({"max_tokens": 9, "temperature": 1.5, "stop": ["END", " "], "seed": 1, "user": "u", "logit_bias": {"1": 1}}),
        &CLAUDE,
    );
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 9, "temperature": 1.0, "stopSequences": ["END"]}));
    for name in ["temperature", "stop", "seed", "user", "logit_bias"] {
        assert!(dropped.iter().any(|path| path == name), "{name} of {dropped:?}");
    }
    let catalogued = Target { max_output_tokens: Some(77), ..CLAUDE };
    assert_eq!(openai(json!({}), &catalogued).0["inferenceConfig"], json!({"maxTokens": 77}));
}

/// Rule 7: every vendor has its own name for `top_k`.
#[test]
fn top_k_goes_where_the_models_vendor_reads_it() {
    let ask = json!({"max_tokens": 9, "top_k": 5});
    assert_eq!(anthropic(ask.clone(), &CLAUDE).0["additionalModelRequestFields"], json!({"top_k": 5}));
    let nova = anthropic(ask.clone(), &NOVA).0;
    assert_eq!(nova["additionalModelRequestFields"], json!({"inferenceConfig": {"topK": 5}}));
    let (body, dropped) = anthropic(ask, &LLAMA);
    assert_eq!((body.get("additionalModelRequestFields"), dropped), (None, vec!["top_k".to_owned()]));
}

/// Rule 1: blocks keep their bounds.
#[test]
fn instructions_become_the_system_list() {
    let (body, dropped) = openai(
        json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."},
            {"role": "system", "content": " "}, {"role": "user", "content": "hi"}]}),
        &CLAUDE,
    );
    assert_eq!((&body["system"], dropped), (&json!([{"text": "Be brief."}, {"text": "Be kind."}]), none()));
}

/// Rules 2 and 3, and Converse's own: a conversation begins with the user, its roles alternate, nothing is empty.
#[test]
fn turns_alternate_begin_with_the_user_and_none_is_empty() {
    let (body, dropped) = openai(
        json!({"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": [{"type": "text", "text": "b"}]},
            {"role": "assistant", "content": ""}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d \n"}]}),
        &CLAUDE,
    );
    let expected = json!([{"role": "user", "content": [{"text": "a"}, {"text": "b"}, {"text": "c"}]},
        {"role": "assistant", "content": [{"text": "d"}]}]);
    assert_eq!((&body["messages"], dropped), (&expected, none()));
    let (body, dropped) = openai(
        json!({"messages": [{"role": "assistant", "content": "Hi."}, {"role": "user", "content": "b"}]}),
        &CLAUDE,
    );
    assert_eq!(dropped, ["messages[0].role"]);
    assert_eq!((&body["messages"][0]["role"], &body["messages"][1]["role"]), (&json!("user"), &json!("assistant")));
    let empty = json!({"messages": [{"role": "user", "content": " "}]});
    assert!(translated(&with(empty), &CLAUDE).unwrap_err().to_string().starts_with("messages: "));
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"properties": {"a": {"type": "string"}}}}})
}

fn called(ids: &[&str]) -> Value {
    let calls: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "type": "function", "function": {"name": "look", "arguments": "{\"a\":\"b\"}"}}))
        .collect();
    let mut messages =
        vec![json!({"role": "user", "content": "go"}), json!({"role": "assistant", "tool_calls": calls})];
    messages.extend(ids.iter().map(|id| json!({"role": "tool", "tool_call_id": id, "content": "ok"})));
    Value::from(messages)
}

/// Thread D 35: AgentGateway 1358, mlflow 24296.
#[test]
fn results_of_parallel_calls_are_one_turn_of_the_user() {
    let mut messages = called(&["c1", "c.2", &"x".repeat(80)]);
    messages.as_array_mut().unwrap().push(json!({"role": "user", "content": "and?"}));
    let (body, _) = openai(json!({"messages": messages, "tools": [tool("look")]}), &CLAUDE);
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    let ids: Vec<&str> = messages[1]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["toolUse"]["toolUseId"].as_str().unwrap())
        .collect();
    let results = messages[2]["content"].as_array().unwrap();
    assert_eq!(results.len(), 4, "three results, then the text");
    for (id, result) in ids.iter().zip(results) {
        assert!(id.len() <= 64, "{id}");
        assert_eq!(result["toolResult"], json!({"toolUseId": id, "content": [{"text": "ok"}]}));
    }
    assert_eq!(results[3], json!({"text": "and?"}));
    assert_eq!(messages[1]["content"][0]["toolUse"]["input"], json!({"a": "b"}));
}

/// Thread D 35: ironclaw 1710.
#[test]
fn calls_in_a_history_come_with_a_tool_config() {
    let (body, dropped) = openai(json!({"messages": called(&["c1"])}), &CLAUDE);
    let tools = body["toolConfig"]["tools"].as_array().unwrap();
    assert_eq!((tools.len(), &tools[0]["toolSpec"]["name"], dropped), (1, &json!("look"), none()));
    assert_eq!(body["toolConfig"].get("toolChoice"), None);
}

/// Rule 12: Converse knows no `none`.
#[test]
fn a_choice_of_none_withholds_the_tools() {
    let (body, dropped) = openai(json!({"tools": [tool("look")], "tool_choice": "none"}), &CLAUDE);
    assert_eq!((body.get("toolConfig"), dropped), (None, none()));
    let ask = json!({"messages": called(&["c1"]), "tools": [tool("look"), tool("other")], "tool_choice": "none"});
    let (body, dropped) = openai(ask, &CLAUDE);
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 1, "the one of the history only");
    assert_eq!(dropped, ["tool_choice"]);
}

#[test]
fn tools_and_choices_have_their_forms() {
    let (body, dropped) = openai(json!({"tools": [tool("look")], "tool_choice": "required"}), &CLAUDE);
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let expected = json!({"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": schema}}}],
        "toolChoice": {"any": {}}});
    assert_eq!((&body["toolConfig"], dropped), (&expected, none()));
    let named = json!({"type": "function", "function": {"name": "look"}});
    let choice = |choice: Value| openai(json!({"tools": [tool("look")], "tool_choice": choice}), &CLAUDE).0;
    assert_eq!(choice(named)["toolConfig"]["toolChoice"], json!({"tool": {"name": "look"}}));
    assert_eq!(choice(json!("auto"))["toolConfig"]["toolChoice"], json!({"auto": {}}));
    let bare = openai(json!({"tools": [{"type": "function", "function": {"name": "f"}}]}), &CLAUDE).0;
    assert_eq!(bare["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], json!({"type": "object"}));
    let (_, dropped) = openai(json!({"tools": [tool("look")], "parallel_tool_calls": false}), &CLAUDE);
    assert_eq!(dropped, ["parallel_tool_calls"]);
}

/// Rule 14: Converse rejects input that is no object.
#[test]
fn the_input_of_a_call_is_an_object() {
    let history = |input: Value| {
        json!({"max_tokens": 9, "messages": [{"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "look", "input": input}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "is_error": true}]}]})
    };
    let (body, _) = anthropic(history(json!([1])), &CLAUDE);
    assert_eq!(body["messages"][1]["content"][0]["toolUse"]["input"], json!({"arguments": [1]}));
    let result = json!({"toolUseId": "c", "content": [], "status": "error"});
    assert_eq!(body["messages"][2]["content"][0]["toolResult"], result);
    let llama = anthropic(history(json!({})), &LLAMA).0;
    assert_eq!(llama["messages"][2]["content"][0]["toolResult"].get("status"), None);
}

/// Rule 23, and at most what the model takes: it refuses the request for any other mark.
#[test]
fn cache_control_becomes_a_cache_point_behind_the_block() {
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let five = json!({"type": "ephemeral"});
    let ask = json!({"max_tokens": 9, "system": [{"type": "text", "text": "s", "cache_control": hour}],
        "tools": [{"name": "t", "input_schema": {"type": "object"}, "cache_control": five}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": five},
            {"type": "text", "text": "b"}]}]});
    let (body, dropped) = anthropic(ask.clone(), &CLAUDE);
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(body["system"], json!([{"text": "s"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]));
    assert_eq!(body["toolConfig"]["tools"][1], point);
    assert_eq!(body["messages"][0]["content"], json!([{"text": "a"}, point, {"text": "b"}]));
    assert_eq!(dropped, none());
    let (body, dropped) = anthropic(ask.clone(), &NOVA);
    assert_eq!(body["system"][1], point, "of five minutes");
    assert_eq!(dropped, ["tools[0].cache_control", "system[0].cache_control"]);
    let (body, dropped) = anthropic(ask, &OLD);
    assert!(!body.to_string().contains("cachePoint") && dropped.len() == 3, "{body} {dropped:?}");
}

const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

/// Rules 16 and 17.
#[test]
fn images_and_documents_are_bytes_with_names_that_converse_takes() {
    let pdf = |name: &str| json!({"type": "file", "file": {"filename": name, "file_data": "data:application/pdf;base64,JVBERi0="}});
    let image = json!({"type": "image_url", "image_url": {"url": PNG}});
    let ask = |parts: Value| with(json!({"messages": [{"role": "user", "content": parts}]}));
    let (body, dropped) = translated(&ask(json!([pdf("a_b.pdf"), pdf("a_b.pdf"), image])), &CLAUDE).unwrap();
    let document = |name: &str| json!({"document": {"format": "pdf", "name": name, "source": {"bytes": "JVBERi0="}}});
    let expected = json!([document("a-b-pdf"), document("a-b-pdf (2)"),
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}, {"text": "See the attached document."}]);
    assert_eq!((&body["messages"][0]["content"], dropped), (&expected, none()));
    for (parts, word) in [
        (json!([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]), "fetches none"),
        (
            json!([{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AA=="}}]),
            "PNG, JPEG, GIF and WebP",
        ),
        (json!([{"type": "file", "file": {"file_data": "data:application/zip;base64,AA=="}}]), "media type"),
        (json!([pdf("1"), pdf("2"), pdf("3"), pdf("4"), pdf("5"), pdf("6")]), "at most 5"),
    ] {
        // Another target may take it.
        let error = translated(&ask(parts), &CLAUDE).unwrap_err();
        assert!(matches!(&error, RequestError::Unsupported { field, .. } if field.starts_with("messages[0].content[")));
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// Rule 20.
#[test]
fn reasoning_is_asked_for_in_the_words_of_the_models_vendor() {
    let ask = json!({"reasoning_effort": "medium", "max_tokens": 20_000, "temperature": 0.5});
    let (body, dropped) = openai(ask.clone(), &CLAUDE);
    let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 8192}});
    assert_eq!((&body["additionalModelRequestFields"], dropped), (&thinking, vec!["temperature".to_owned()]));
    let adaptive = Target { model: "anthropic.claude-opus-4-6-v1", ..CLAUDE };
    let (body, _) = openai(ask.clone(), &adaptive);
    let expected = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}});
    assert_eq!(body["additionalModelRequestFields"], expected);
    let nova = openai(ask.clone(), &NOVA).0;
    let expected = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}});
    assert_eq!(nova["additionalModelRequestFields"], expected);
    let gpt = openai(ask.clone(), &Target { model: "openai.gpt-oss-20b-1:0", ..CLAUDE }).0;
    assert_eq!(gpt["additionalModelRequestFields"], json!({"reasoning_effort": "medium"}));
    assert_eq!(openai(ask, &LLAMA).1, ["reasoning_effort"]);
    // The budget lies within a limit, even where the caller gives none.
    let (body, _) = openai(json!({"reasoning_effort": "high"}), &CLAUDE);
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 4096}));
}

/// Rule 21.
#[test]
fn signed_reasoning_goes_back_to_the_family_that_wrote_it_and_to_no_other() {
    let ask = json!({"max_tokens": 9, "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "thinking", "thinking": "u", "signature": ""},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="}, {"type": "text", "text": "b"}]}, {"role": "user", "content": "c"}]});
    let (body, dropped) = anthropic(ask.clone(), &CLAUDE);
    let expected = json!([{"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "ZGF0YQ=="}}, {"text": "b"}]);
    assert_eq!((&body["messages"][1]["content"], dropped.len()), (&expected, 1));
    let (body, dropped) = anthropic(ask, &NOVA);
    assert_eq!((&body["messages"][1]["content"], dropped.len()), (&json!([{"text": "b"}]), 3));
}

/// Rule 18.
#[test]
fn a_schema_holds_the_models_that_can_be_held() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let format = |schema: &Value| json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}});
    let (body, dropped) = openai(format(&schema), &CLAUDE);
    let expected =
        json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema.to_string()}}}});
    assert_eq!((&body["outputConfig"], dropped), (&expected, none()));
    let (body, dropped) = openai(format(&schema), &OLD);
    assert_eq!((body.get("outputConfig"), dropped), (None, vec!["response_format".to_owned()]));
    assert!(body["system"][0]["text"].as_str().unwrap().contains("JSON Schema"), "{body}");
    let (body, _) = openai(json!({"response_format": {"type": "json_object"}}), &CLAUDE);
    assert!(body["system"][0]["text"].as_str().unwrap().contains("JSON object"), "{body}");
}

/// Rule 26, thread D 39: Bedrock answers 400 to a beta that it does not know.
#[test]
fn betas_go_into_the_body_and_only_those_that_bedrock_knows() {
    let betas = ["context-1m-2025-08-07".to_owned(), "claude-code-20250219".to_owned()];
    let target = Target { betas: &betas, ..CLAUDE };
    let (body, dropped) = anthropic(json!({"max_tokens": 9}), &target);
    assert_eq!(body["additionalModelRequestFields"], json!({"anthropic_beta": ["context-1m-2025-08-07"]}));
    assert_eq!(dropped, ["anthropic-beta.claude-code-20250219"]);
    let (body, dropped) = anthropic(json!({"max_tokens": 9}), &Target { betas: &betas, ..NOVA });
    assert_eq!((body.get("additionalModelRequestFields"), dropped.len()), (None, 2));
}

/// Rule 11.
#[test]
fn names_of_tools_keep_to_what_converse_takes() {
    let long = "a.".repeat(60);
    let (body, _) = openai(json!({"tools": [tool(&long)]}), &CLAUDE);
    let name = body["toolConfig"]["tools"][0]["toolSpec"]["name"].as_str().unwrap();
    assert!(name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{name}");
}

#[test]
fn strict_refuses_what_is_left_out() {
    let strict = Target { strict: true, ..LLAMA };
    let error = translated(&with(json!({"reasoning_effort": "low"})), &strict).unwrap_err().to_string();
    assert!(error.starts_with("reasoning_effort: "), "{error}");
}
