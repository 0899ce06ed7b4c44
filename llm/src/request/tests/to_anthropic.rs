//! From a chat completion request to a messages request. Each test names the rule it keeps.

use serde_json::{Value, json};

use super::*;

const OPUS: Target<'_> =
    Target { max_output_tokens: Some(64_000), ..Target::new(WireFormat::Anthropic, "claude-sonnet-4-5") };

fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sent(more: Value) -> (Value, Vec<String>) {
    translated(&with(more), &OPUS).unwrap()
}

fn messages(list: Value) -> Value {
    let (body, dropped) = sent(json!({"messages": list}));
    assert_eq!(dropped, Vec::<String>::new());
    body["messages"].clone()
}

fn refused(more: Value) -> String {
    translated(&with(more), &OPUS).unwrap_err().to_string()
}

#[test]
fn the_least_request_has_what_anthropic_demands_and_nothing_minted() {
    let (body, dropped) =
        sent(json!({"stream": false, "temperature": null, "n": 1, "logprobs": false, "store": false}));
    let expected =
        json!({"model": "claude-sonnet-4-5", "max_tokens": 64_000, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!((body, dropped), (expected, vec![]));
}

#[test]
fn max_tokens_comes_from_the_caller_then_the_catalogue_then_a_floor() {
    assert_eq!(sent(json!({"max_tokens": 5})).0["max_tokens"], 5);
    assert_eq!(sent(json!({"max_tokens": 5, "max_completion_tokens": 7})).0["max_tokens"], 7);
    let (body, dropped) = sent(json!({"max_tokens": 100_000}));
    assert_eq!((&body["max_tokens"], dropped), (&json!(64_000), vec!["max_tokens".to_owned()]));
    let unknown = Target { max_output_tokens: None, ..OPUS };
    assert_eq!(translated(&with(json!({})), &unknown).unwrap().0["max_tokens"], 4096);
}

#[test]
fn system_and_developer_messages_become_the_system_prompt() {
    let (body, dropped) = sent(json!({"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "hi"}]}));
    assert_eq!((&body["system"], dropped.len()), (&json!("Be brief.\nBe kind."), 0));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_system_message_amid_the_conversation_is_hoisted_and_reported() {
    let (body, dropped) =
        sent(json!({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "S"},
        {"role": "user", "content": "b"}]}));
    assert_eq!((&body["system"], dropped), (&json!("S"), vec!["messages[1].role".to_owned()]));
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])
    );
}

#[test]
fn cache_marks_keep_the_blocks_they_stand_on() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let (body, dropped) = sent(json!({
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": mark}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": "u", "cache_control": mark}],
        "tools": [{"type": "function", "function": {"name": "f"}, "cache_control": mark}]}));
    assert_eq!(
        body["system"],
        json!([{"type": "text", "text": "a", "cache_control": mark}, {"type": "text", "text": "b"}])
    );
    assert_eq!(body["messages"][0]["content"][0]["cache_control"], mark);
    assert_eq!((&body["tools"][0]["cache_control"], dropped.len()), (&mark, 0));
}

#[test]
fn a_cache_mark_on_a_part_of_a_tools_result_is_kept_on_the_result() {
    let mark = json!({"type": "ephemeral"});
    let call = json!({"role": "assistant", "tool_calls": [{"id": "c1", "type": "function",
        "function": {"name": "f", "arguments": "{}"}}]});
    let marked = [
        json!({"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "r", "cache_control": mark}]}),
        json!({"role": "tool", "tool_call_id": "c1", "content": "r", "cache_control": mark}),
    ];
    for result in marked {
        let (body, dropped) = sent(json!({"messages": [{"role": "user", "content": "u"}, call, result]}));
        let block = &body["messages"][2]["content"][0];
        assert_eq!(
            (&block["type"], &block["cache_control"], dropped.len()),
            (&json!("tool_result"), &mark, 0),
            "{body}"
        );
    }
}

#[test]
fn empty_turns_go_and_turns_of_one_role_become_one() {
    assert_eq!(
        messages(json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": ""},
            {"role": "assistant", "content": null}, {"role": "user", "content": " "}, {"role": "user", "content": "b"},
            {"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}])),
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}])
    );
    assert!(
        refused(json!({"messages": [{"role": "system", "content": "x"}]})).starts_with("messages: holds nothing but")
    );
}

#[test]
fn stop_is_a_string_or_a_list_and_white_space_is_reported() {
    assert_eq!(sent(json!({"stop": "END"})).0["stop_sequences"], json!(["END"]));
    let (body, dropped) = sent(json!({"stop": ["a", "\n"]}));
    assert_eq!((&body["stop_sequences"], dropped), (&json!(["a"]), vec!["stop".to_owned()]));
}

#[test]
fn temperature_above_one_is_clamped_and_reported() {
    let (body, dropped) = sent(json!({"temperature": 1.7}));
    assert_eq!((&body["temperature"], dropped), (&json!(1.0), vec!["temperature".to_owned()]));
    let (body, dropped) = sent(json!({"temperature": 0.1234567890123456}));
    assert_eq!((&body["temperature"], dropped.len()), (&json!(0.1234567890123456), 0));
}

#[test]
fn models_that_take_only_one_of_temperature_and_top_p_get_temperature() {
    let (body, dropped) = sent(json!({"temperature": 0.5, "top_p": 0.9}));
    assert_eq!((body.get("top_p"), dropped), (None, vec!["top_p".to_owned()]));
    let old = Target { model: "claude-3-haiku", ..OPUS };
    assert_eq!(translated(&with(json!({"temperature": 0.5, "top_p": 0.9})), &old).unwrap().0["top_p"], 0.9);
    let new = Target { model: "claude-opus-4-7", ..OPUS };
    let (body, dropped) = translated(&with(json!({"temperature": 0.5, "top_k": 3})), &new).unwrap();
    assert_eq!((body.get("temperature"), dropped), (None, vec!["temperature".to_owned(), "top_k".to_owned()]));
}

#[test]
fn parameters_without_a_counterpart_are_reported_and_in_strict_mode_refused() {
    let (_, dropped) =
        sent(json!({"seed": 1, "frequency_penalty": 0.5, "presence_penalty": 0.0, "logit_bias": {"1": 2},
        "logprobs": true, "top_logprobs": 3, "metadata": {"a": "b"}, "prediction": {}, "service_tier": "flex",
        "some_new_thing": 1}));
    let names = [
        "logit_bias",
        "logprobs",
        "service_tier",
        "top_logprobs",
        "metadata",
        "prediction",
        "some_new_thing",
        "seed",
        "frequency_penalty",
    ];
    assert_eq!(dropped, names);
    let strict = Target { strict: true, ..OPUS };
    let error = translated(&with(json!({"seed": 1})), &strict).unwrap_err();
    assert_eq!(error.to_wire().param.as_deref(), Some("seed"));
    assert!(translated(&with(json!({"temperature": 0.5})), &strict).is_ok());
}

#[test]
fn what_changes_the_meaning_is_refused_always() {
    assert!(refused(json!({"n": 2})).starts_with("n: "));
    assert!(refused(json!({"functions": []})).starts_with("functions: "));
    assert!(refused(json!({"modalities": ["text", "audio"]})).starts_with("modalities: "));
    let audio =
        json!([{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}]);
    assert!(refused(json!({"messages": audio})).starts_with("messages[0].content[0].input_audio: "));
}

#[test]
fn wrong_requests_are_refused_with_the_path() {
    assert!(refused(json!({"messages": null})).starts_with("messages: is missing"));
    assert!(refused(json!({"messages": [{"role": "robot", "content": "x"}]})).starts_with("messages[0].role: "));
    assert!(
        refused(json!({"messages": [{"role": "user", "content": 7}]})).starts_with("messages[0].content: invalid type")
    );
    assert!(
        refused(json!({"messages": [{"role": "user", "content": [{"type": "text"}]}]}))
            .starts_with("messages[0].content[0].text: ")
    );
    assert!(refused(json!({"temperature": "hot"})).starts_with("temperature: invalid type"));
    assert!(refused(json!({"tool_choice": "sometimes"})).starts_with("tool_choice: "));
    assert!(refused(json!({"reasoning_effort": "heroic"})).starts_with("reasoning_effort: "));
}

#[test]
fn tools_always_have_an_object_schema() {
    let tool = |function: Value| json!({"type": "function", "function": function});
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "$schema": "x"});
    let (body, dropped) = sent(json!({"tools": [
        tool(json!({"name": "a", "description": "d", "parameters": schema, "strict": true})),
        tool(json!({"name": "b"})),
        tool(json!({"name": "c", "parameters": {}})),
        tool(json!({"name": "d", "parameters": {"properties": {}}})),
        {"type": "custom", "custom": {"name": "e"}}]}));
    assert_eq!(
        body["tools"],
        json!([{"name": "a", "description": "d", "input_schema": schema, "strict": true},
            {"name": "b", "input_schema": {"type": "object"}}, {"name": "c", "input_schema": {"type": "object"}},
            {"name": "d", "input_schema": {"type": "object", "properties": {}}}])
    );
    assert_eq!(dropped, ["tools[4]"]);
    let old = Target { model: "claude-3-haiku", ..OPUS };
    let (body, dropped) =
        translated(&with(json!({"tools": [tool(json!({"name": "a", "strict": true}))]})), &old).unwrap();
    assert_eq!((body["tools"][0].get("strict"), dropped), (None, vec!["tools[0].function.strict".to_owned()]));
}

#[test]
fn tool_choice_and_parallel_calls_map_exactly() {
    for (choice, parallel, expected) in [
        (json!(null), json!(null), json!(null)),
        (json!(null), json!(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (json!(null), json!(true), json!(null)),
        (json!("auto"), json!(null), json!({"type": "auto"})),
        (json!("none"), json!(false), json!({"type": "none"})),
        (json!("required"), json!(false), json!({"type": "any", "disable_parallel_tool_use": true})),
        (json!({"type": "function", "function": {"name": "f"}}), json!(null), json!({"type": "tool", "name": "f"})),
    ] {
        let (body, _) = sent(json!({"tools": [{"type": "function", "function": {"name": "f"}}],
            "tool_choice": choice, "parallel_tool_calls": parallel}));
        assert_eq!(body.get("tool_choice").cloned().unwrap_or_default(), expected);
    }
    assert_eq!(sent(json!({"tool_choice": "auto", "tools": []})).0.get("tool_choice"), None);
}

#[test]
fn arguments_become_objects_and_results_of_parallel_calls_one_turn() {
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let (body, dropped) = sent(json!({"messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "thinking…", "refusal": null, "annotations": [],
            "tool_calls": [call("a", r#"{"x": 1.50}"#), call("functions.f:1", ""), call("c", "broken {"), call("d", "[1]")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "functions.f:1", "content": ""},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
        {"role": "tool", "tool_call_id": "d", "content": null},
        {"role": "user", "content": "and?"}]}));
    let calls = body["messages"][1]["content"].as_array().unwrap();
    let inputs: Vec<&Value> = calls[1..].iter().map(|call| &call["input"]).collect();
    assert_eq!(inputs, [&json!({"x": 1.5}), &json!({}), &json!({"arguments": "broken {"}), &json!({"arguments": [1]})]);
    assert_eq!(calls[2]["id"], "functions_f_1");
    assert_eq!(
        body["messages"][2],
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {"type": "tool_result", "tool_use_id": "functions_f_1", "content": ""},
            {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
            {"type": "tool_result", "tool_use_id": "d"},
            {"type": "text", "text": "and?"}]})
    );
    let wrapped = ["messages[1].tool_calls[2].function.arguments", "messages[1].tool_calls[3].function.arguments"];
    assert_eq!(dropped, wrapped);
}

#[test]
fn results_stand_before_what_the_user_says() {
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let list = messages(json!([{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]},
        {"role": "user", "content": "wait"}, {"role": "tool", "tool_call_id": "a", "content": "r"}]));
    let kinds: Vec<_> =
        list[2]["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_result", "text"]);
}

#[test]
fn images_and_files_keep_their_bytes() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let list =
        messages(json!([{"role": "user", "content": [image("data:image/jpg;base64,/9j+"), image("https://x/y.png"),
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}]}]));
    assert_eq!(
        list[0]["content"],
        json!([{"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j+"}},
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "a.pdf"}])
    );
    let user = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    assert!(refused(user(image("data:image/png,raw"))).contains("is a data URL that is not base64"));
    assert!(
        refused(user(json!({"type": "file", "file": {"file_id": "file-1"}}))).contains("files of the provider's store")
    );
    let detail = json!({"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}});
    assert_eq!(sent(user(detail)).1, ["messages[0].content[0].image_url.detail"]);
}

#[test]
fn a_limit_of_no_tokens_is_refused_before_anthropic_reads_it_as_a_wish_to_fill_its_cache() {
    for name in ["max_tokens", "max_completion_tokens"] {
        assert_eq!(refused(json!({name: 0})), "max_tokens: is 0; write 1 or more, or leave it out");
        assert_eq!(sent(json!({name: 1})).0["max_tokens"], 1);
    }
}

#[test]
fn every_object_of_a_schema_is_closed_because_anthropic_refuses_open_ones() {
    let open = json!({"type": "object", "properties": {
        "list": {"type": "array", "items": {"properties": {"additionalProperties": {"type": "string"}}}},
        "either": {"anyOf": [{"type": ["object", "null"]}, {"$ref": "#/$defs/own"}]},
    }, "$defs": {"own": {"type": "object", "additionalProperties": false}}, "default": {"type": "object"}});
    let format = |schema: &Value| json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let (body, dropped) = sent(json!({"response_format": format(&open)}));
    let mut closed = open;
    for place in ["", "/properties/list/items", "/properties/either/anyOf/0"] {
        closed.pointer_mut(place).unwrap()["additionalProperties"] = json!(false);
    }
    assert_eq!(
        (&body["output_config"]["format"]["schema"], dropped),
        (&closed, vec!["response_format.additionalProperties".to_owned()])
    );
    let said = json!({"type": "object", "additionalProperties": true});
    assert_eq!(sent(json!({"response_format": format(&said)})).0["output_config"]["format"]["schema"], said);
}

#[test]
fn a_json_schema_is_kept_and_json_mode_is_asked_for() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let (body, dropped) = sent(
        json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}}}),
    );
    assert_eq!(body["output_config"], json!({"format": {"type": "json_schema", "schema": schema}}));
    assert!(dropped.is_empty());
    let (body, dropped) = sent(json!({"response_format": {"type": "json_object"}}));
    assert_eq!(
        (&body["system"], dropped),
        (&json!("Answer with one JSON object and nothing else."), vec!["response_format".to_owned()])
    );
    assert!(sent(json!({"response_format": {"type": "text"}})).1.is_empty());
}

#[test]
fn a_model_that_cannot_be_held_to_a_schema_is_asked_to_keep_to_it() {
    let old = Target { model: "claude-3-haiku", ..OPUS };
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}});
    let (body, dropped) = translated(&with(json!({"response_format": format})), &old).unwrap();
    assert_eq!((body.get("output_config"), dropped), (None, vec!["response_format".to_owned()]));
    assert!(body["system"].as_str().unwrap().ends_with(r#"JSON Schema: {"type":"object"}"#));
}

#[test]
fn tools_of_the_history_are_declared_but_withheld_when_none_are_offered() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let (body, dropped) = sent(json!({"messages": [{"role": "user", "content": "q"},
        {"role": "assistant", "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "name": "f", "content": "r"}, {"role": "tool", "tool_call_id": "b", "content": "r"}]}));
    assert_eq!(body["tools"], json!([{"name": "f", "input_schema": {"type": "object"}}]));
    assert_eq!((&body["tool_choice"], dropped.len()), (&json!({"type": "none"}), 0));
}

#[test]
fn instructions_can_only_be_text() {
    let image = json!([{"type": "image_url", "image_url": {"url": "https://x"}}]);
    assert!(
        refused(json!({"messages": [{"role": "system", "content": image}]}))
            .starts_with("messages[0].content[0].type: ")
    );
}

#[test]
fn reasoning_effort_becomes_a_budget_that_leaves_room_for_the_answer() {
    let (body, dropped) = sent(json!({"reasoning_effort": "high", "temperature": 0.2}));
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 16_384}));
    assert_eq!((body.get("temperature"), dropped), (None, vec!["temperature".to_owned()]));
    let (body, _) = sent(json!({"reasoning_effort": "high", "max_tokens": 5_000}));
    assert_eq!(body["thinking"]["budget_tokens"], 4_000);
    let (body, dropped) = sent(json!({"reasoning_effort": "low", "max_tokens": 1_000}));
    assert_eq!((body.get("thinking"), dropped), (None, vec!["reasoning_effort".to_owned()]));
    assert_eq!(sent(json!({"reasoning_effort": "none"})).0.get("thinking"), None);
}

#[test]
fn newer_models_reason_adaptively_with_an_effort_and_older_ones_not_at_all() {
    let at = |model| translated(&with(json!({"reasoning_effort": "xhigh"})), &Target { model, ..OPUS }).unwrap();
    let (body, dropped) = at("claude-opus-4-7");
    assert_eq!(
        (&body["thinking"], &body["output_config"]),
        (&json!({"type": "adaptive"}), &json!({"effort": "xhigh"}))
    );
    assert!(dropped.is_empty());
    assert_eq!(at("claude-opus-4-6").0["output_config"]["effort"], "high");
    assert_eq!(at("claude-3-5-sonnet-20241022").1, ["reasoning_effort"]);
}

#[test]
fn reasoning_is_left_out_where_the_api_would_refuse_it() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    for more in [
        json!({"tools": tool, "tool_choice": "required"}),
        json!({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "Once"}]}),
        json!({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "r"}]}),
    ] {
        let mut more = more;
        more["reasoning_effort"] = json!("medium");
        let (body, dropped) = sent(more);
        assert_eq!((body.get("thinking"), dropped), (None, vec!["reasoning_effort".to_owned()]));
    }
}

#[test]
fn signed_reasoning_comes_back_first_and_unsigned_never() {
    let signed = json!([{"type": "thinking", "thinking": "t", "signature": "s"}, {"index": 1, "type": "redacted_thinking", "data": "d"}]);
    let list = messages(json!([{"role": "user", "content": "q"},
        {"role": "assistant", "content": "a", "reasoning_content": "t", "thinking_blocks": signed}, {"role": "user", "content": "b"}]));
    assert_eq!(
        list[1]["content"],
        json!([{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "redacted_thinking", "data": "d"},
            {"type": "text", "text": "a"}])
    );
    let (body, dropped) = sent(json!({"messages": [{"role": "user", "content": "q"},
        {"role": "assistant", "content": "a", "reasoning_content": "t"}, {"role": "user", "content": "b"}]}));
    assert_eq!(
        (&body["messages"][1]["content"], dropped),
        (&json!("a"), vec!["messages[1].reasoning_content".to_owned()])
    );
}

#[test]
fn a_prefill_continues_and_loses_trailing_white_space() {
    let list = messages(json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "It is \n"}]));
    assert_eq!(list[1], json!({"role": "assistant", "content": "It is"}));
}

#[test]
fn the_end_user_is_carried_over_and_names_of_messages_are_reported() {
    assert_eq!(sent(json!({"user": "u1"})).0["metadata"], json!({"user_id": "u1"}));
    assert_eq!(sent(json!({"safety_identifier": "u2"})).0["metadata"], json!({"user_id": "u2"}));
    let (_, dropped) = sent(json!({"messages": [{"role": "user", "name": "Ann", "content": "x"}]}));
    assert_eq!(dropped, ["messages[0].name"]);
}

#[test]
fn stream_is_carried_over_without_stream_options() {
    let (body, dropped) = sent(json!({"stream": true, "stream_options": {"include_usage": true}}));
    assert_eq!((&body["stream"], body.get("stream_options"), dropped.len()), (&json!(true), None, 0));
}

#[test]
fn ids_of_calls_that_differ_only_in_signs_stay_different() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
    let ids = ["c:1", "c.1", "c_1"];
    let list = messages(json!([{"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": ids.map(call)}, result(ids[0]), result(ids[1]), result(ids[2])]));
    let sent = |turn: usize, field: &str| -> Vec<String> {
        list[turn]["content"].as_array().unwrap().iter().map(|b| b[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sent(1, "id"), ["c_1_2", "c_1_3", "c_1"]);
    assert_eq!(sent(2, "tool_use_id"), sent(1, "id"), "each result finds its own call");
    assert_eq!(sent(2, "content"), ids);
}

#[test]
fn a_choice_of_a_dropped_tool_is_dropped_and_reported() {
    let function = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let custom = json!({"type": "custom", "custom": {"name": "c"}});
    for (tools, choice) in [
        (json!([function, custom]), json!({"type": "function", "function": {"name": "c"}})),
        (json!([custom]), json!("required")),
    ] {
        let (body, dropped) = sent(json!({"tools": tools, "tool_choice": choice}));
        assert_eq!(body["tool_choice"], Value::Null, "{body}");
        assert!(dropped.contains(&"tool_choice".to_owned()) && dropped.len() == 2, "{dropped:?}");
    }
    let kept =
        sent(json!({"tools": [function, custom], "tool_choice": {"type": "function", "function": {"name": "f"}}}));
    assert_eq!((&kept.0["tool_choice"]["name"], kept.1), (&json!("f"), vec!["tools[1]".to_owned()]));
}

#[test]
fn bounds_that_anthropic_refuses_in_a_schema_are_told_in_descriptions_and_reported() {
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["age", "minimum"], "properties": {
        "age": {"type": "integer", "minimum": 0, "maximum": 150, "description": "In years"},
        "minimum": {"type": "array", "minItems": 1, "items": {"type": "string", "maxLength": 3, "pattern": "^a"}}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "p", "strict": true, "schema": schema}});
    let (body, dropped) = sent(json!({"response_format": format}));
    let properties = &body["output_config"]["format"]["schema"]["properties"];
    let age = json!({"type": "integer", "description": "In years\n\n{minimum: 0, maximum: 150}"});
    assert_eq!(properties["age"], age, "{body}");
    let items = json!({"type": "string", "pattern": "^a", "description": "{maxLength: 3}"});
    assert_eq!(properties["minimum"], json!({"type": "array", "minItems": 1, "items": items}), "a name is no bound");
    let reported = ["response_format.maxLength", "response_format.maximum", "response_format.minimum"];
    assert_eq!(dropped, reported.map(str::to_owned));
}
