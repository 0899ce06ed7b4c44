//! From a messages request to a chat completion request. Each test names the rule it keeps.

use serde_json::{Value, json};

use super::*;

const GPT: Target<'_> = Target::new(WireFormat::Openai, "gpt-4o");
const REASONER: Target<'_> = Target { model: "gpt-5.1", ..GPT };
const LOCAL: Target<'_> = Target { model: "llama3.2", ..GPT };

fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sent(more: Value) -> (Value, Vec<String>) {
    translated(&with(more), &GPT).unwrap()
}

fn messages(list: Value) -> Value {
    let (body, dropped) = sent(json!({"messages": list}));
    assert_eq!(dropped, Vec::<String>::new());
    body["messages"].clone()
}

fn refused(more: Value) -> String {
    translated(&with(more), &GPT).unwrap_err().to_string()
}

#[test]
fn the_wish_to_fill_a_cache_is_refused_where_there_is_no_such_wish() {
    assert!(refused(json!({"max_tokens": 0})).starts_with("max_tokens: 0 fills the prompt cache"));
}

#[test]
fn the_least_request_has_nothing_minted() {
    let (body, dropped) = sent(json!({}));
    let expected = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 100});
    assert_eq!((body, dropped), (expected, vec![]));
}

#[test]
fn a_limit_above_the_models_is_lowered_and_reported() {
    let small = Target { max_output_tokens: Some(50), ..GPT };
    let (body, dropped) = translated(&with(json!({})), &small).unwrap();
    assert_eq!((&body["max_tokens"], dropped), (&json!(50), vec!["max_tokens".to_owned()]));
}

#[test]
fn reasoning_models_get_max_completion_tokens_and_nothing_they_refuse() {
    let asked = with(json!({"temperature": 0.3, "top_p": 0.5, "stop_sequences": ["x"]}));
    let (body, dropped) = translated(&asked, &REASONER).unwrap();
    let expected =
        json!({"model": "gpt-5.1", "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 100});
    assert_eq!((body, dropped), (expected, ["temperature", "top_p", "stop_sequences"].map(str::to_owned).to_vec()));
    let (_, dropped) = translated(&with(json!({"temperature": 1.0})), &REASONER).unwrap();
    assert!(dropped.is_empty());
}

#[test]
fn a_stream_asks_for_usage_where_the_provider_takes_it() {
    assert_eq!(sent(json!({"stream": true})).0["stream_options"], json!({"include_usage": true}));
    let refuses = Target { stream_options: false, ..GPT };
    let (body, dropped) = translated(&with(json!({"stream": true})), &refuses).unwrap();
    assert_eq!((body.get("stream_options"), dropped.len()), (None, 0));
}

#[test]
fn system_blocks_become_one_system_message_and_cache_marks_are_reported() {
    let (body, dropped) =
        sent(json!({"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "b"}]}));
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "a\nb"}));
    assert_eq!(dropped, ["system[0].cache_control"]);
    assert_eq!(sent(json!({"system": "a"})).0["messages"][0], json!({"role": "system", "content": "a"}));
    assert_eq!(sent(json!({"system": ""})).0["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn results_of_tools_follow_their_calls_and_the_rest_of_the_turn_follows_them() {
    let (body, dropped) = sent(json!({"messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"x": 1}}, {"type": "tool_use", "id": "t2", "name": "g", "input": {}}]},
        {"role": "user", "content": [{"type": "text", "text": "see"},
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]},
            {"type": "tool_result", "tool_use_id": "t2", "is_error": true}]}]}));
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": "q"},
            {"role": "assistant", "content": "a\nb", "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
                {"id": "t2", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
            {"role": "tool", "content": "r", "tool_call_id": "t1"},
            {"role": "tool", "content": "", "tool_call_id": "t2"},
            {"role": "user", "content": [{"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}])
    );
    assert_eq!(dropped, ["messages[2].content[2].is_error"]);
}

#[test]
fn an_assistant_turn_of_calls_only_has_no_content_at_all() {
    let list = messages(json!([{"role": "user", "content": "q"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "r"}]}]));
    assert_eq!(list[1].get("content"), None);
    assert_eq!(list.as_array().unwrap().len(), 3);
}

#[test]
fn images_and_documents_keep_their_bytes() {
    let list = messages(json!([{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}]}]));
    assert_eq!(
        list[0]["content"],
        json!([{"type": "image_url", "image_url": {"url": "https://x/y.png"}},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
            {"type": "text", "text": "plain"}])
    );
    let user = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    let document = json!({"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}});
    assert!(refused(user(document)).starts_with("messages[0].content[0].source: "));
    assert!(
        refused(user(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})))
            .contains("provider's store")
    );
    assert!(refused(user(json!({"type": "hologram"}))).contains("\"hologram\""));
}

#[test]
fn tools_map_and_those_of_the_provider_are_reported() {
    let schema = json!({"type": "object", "properties": {"a": {}}});
    let (body, dropped) = sent(
        json!({"tools": [{"name": "f", "description": "d", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
        {"type": "web_search_20250305", "name": "web_search"}, {"type": "custom", "name": "g", "input_schema": {}, "strict": true}]}),
    );
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}},
            {"type": "function", "function": {"name": "g", "parameters": {}, "strict": true}}])
    );
    assert_eq!(dropped, ["tools[1]", "tools[0].cache_control"]);
}

#[test]
fn tool_choice_and_parallel_calls_map_exactly() {
    for (choice, expected, parallel) in [
        (json!({"type": "auto"}), json!("auto"), None),
        (json!({"type": "any", "disable_parallel_tool_use": true}), json!("required"), Some(json!(false))),
        (json!({"type": "none"}), json!("none"), None),
        (json!({"type": "tool", "name": "f"}), json!({"type": "function", "function": {"name": "f"}}), None),
    ] {
        let (body, dropped) = sent(json!({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": choice}));
        assert_eq!((&body["tool_choice"], body.get("parallel_tool_calls")), (&expected, parallel.as_ref()));
        assert!(dropped.is_empty());
    }
    assert!(refused(json!({"tool_choice": {"type": "tool"}})).starts_with("tool_choice: "));
}

#[test]
fn reasoning_maps_to_an_effort_where_the_model_has_one() {
    let thinking = |budget: u64| json!({"thinking": {"type": "enabled", "budget_tokens": budget}});
    for (more, effort) in [
        (thinking(1_024), json!("low")),
        (thinking(8_000), json!("medium")),
        (thinking(30_000), json!("high")),
        (json!({"thinking": {"type": "adaptive"}}), Value::Null),
        (json!({"thinking": {"type": "disabled"}}), Value::Null),
        (json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}), json!("xhigh")),
    ] {
        for target in [&REASONER, &LOCAL] {
            let (body, dropped) = translated(&with(more.clone()), target).unwrap();
            assert_eq!((body.get("reasoning_effort").cloned().unwrap_or_default(), dropped.len()), (effort.clone(), 0));
        }
    }
    assert_eq!(sent(thinking(2_000)).1, ["thinking"]);
    let (body, dropped) = translated(&with(json!({"output_config": {"effort": "max"}})), &REASONER).unwrap();
    assert_eq!((&body["reasoning_effort"], dropped), (&json!("high"), vec!["output_config.effort".to_owned()]));
}

#[test]
fn reasoning_in_the_history_is_not_replayed_and_reported() {
    let (body, dropped) = sent(json!({"messages": [{"role": "user", "content": "q"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "text", "text": "a"}]},
        {"role": "user", "content": "b"}]}));
    assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "a"}));
    assert_eq!(dropped, ["messages[1].content[0].thinking"]);
}

#[test]
fn a_prefill_that_will_not_be_continued_is_reported() {
    let (_, dropped) =
        sent(json!({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "It is"}]}));
    assert_eq!(dropped, ["messages[1]"]);
}

#[test]
fn a_format_is_strict_only_when_openai_takes_it_as_strict() {
    let format = |schema: Value| json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}});
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let (body, _) = sent(format(closed.clone()));
    let expected = json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": closed, "strict": true}});
    assert_eq!(body["response_format"], expected);
    let (body, _) = sent(format(json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false})));
    assert_eq!(body["response_format"]["json_schema"]["strict"], false);
}

#[test]
fn stop_top_k_user_and_unknown_fields() {
    let (body, dropped) =
        sent(json!({"stop_sequences": ["a", "b", "c", "d", "e"], "top_k": 5, "metadata": {"user_id": "u"},
        "container": "c", "service_tier": "standard_only"}));
    assert_eq!((&body["stop"], &body["user"]), (&json!(["a", "b", "c", "d"]), &json!("u")));
    assert_eq!(dropped, ["service_tier", "container", "top_k", "stop_sequences"]);
    let (body, dropped) = sent(json!({"metadata": {"user_id": "u".repeat(65)}}));
    assert_eq!((body.get("user"), dropped), (None, vec!["metadata.user_id".to_owned()]));
}

#[test]
fn wrong_requests_are_refused_with_the_path() {
    assert!(refused(json!({"messages": [{"role": "system", "content": "x"}]})).starts_with("messages[0].role: "));
    assert!(refused(json!({"messages": [{"role": "user"}]})).starts_with("messages[0].content: is missing"));
    assert!(refused(json!({"messages": [{"role": "user", "content": ""}]})).starts_with("messages: holds nothing"));
    assert!(
        refused(json!({"messages": [{"role": "user", "content": [{"text": "x"}]}]}))
            .contains("content[0].type: is missing")
    );
    assert!(
        refused(json!({"system": [{"type": "image", "source": {"type": "url", "url": "x"}}]}))
            .starts_with("system[0].type: ")
    );
}

#[test]
fn a_choice_of_a_dropped_tool_is_dropped_and_reported() {
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let own = json!({"name": "f", "input_schema": {"type": "object"}});
    for (tools, choice) in [
        (json!([own, search]), json!({"type": "tool", "name": "web_search"})),
        (json!([search]), json!({"type": "any"})),
    ] {
        let (body, dropped) = sent(json!({"tools": tools, "tool_choice": choice}));
        assert_eq!(body["tool_choice"], Value::Null, "{body}");
        assert!(dropped.contains(&"tool_choice".to_owned()) && dropped.len() == 2, "{dropped:?}");
    }
}

#[test]
fn a_search_result_is_refused_by_its_type() {
    let block = json!({"type": "search_result", "source": "https://example.com", "title": "t",
        "content": [{"type": "text", "text": "x"}]});
    let said = refused(json!({"messages": [{"role": "user", "content": [block]}]}));
    assert!(said.starts_with("messages[0].content[0].type: blocks of type \"search_result\" cannot be"), "{said}");
    let wrong = refused(json!({"messages": [{"role": "user", "content": [{"type": "image", "source": 7}]}]}));
    assert!(wrong.starts_with("messages[0].content[0].source: "), "{wrong}");
}
