//! Requests of both other dialects as Gemini takes them.

use serde_json::{Value, json};

use super::*;

const FLASH: Target<'static> = Target::new(WireFormat::Gemini, "gemini-3-flash-preview");
const OLD: Target<'static> = Target { model: "gemini-2.5-flash", ..FLASH };

/// A request with these members besides a model and a question.
fn with(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sent(more: Value) -> (Value, Vec<String>) {
    translated(&with(more), &FLASH).unwrap()
}

#[test]
fn a_whole_request_is_carried_over() {
    let (body, dropped) = translated(
        &json!({"model": "m", "messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}],
            "max_tokens": 100, "temperature": 1.5, "top_p": 0.9, "top_k": 40, "seed": 7, "frequency_penalty": 0.5,
            "presence_penalty": -0.5, "stop": ["END"], "stream": true}),
        &Target { strict: true, ..FLASH },
    )
    .unwrap();
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "What is this?"},
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]}],
        "generationConfig": {"maxOutputTokens": 100, "temperature": 1.5, "topP": 0.9, "topK": 40, "seed": 7,
            "frequencyPenalty": 0.5, "presencePenalty": -0.5, "stopSequences": ["END"]},
    });
    assert_eq!((body, dropped), (expected, vec![]));
}

#[test]
fn the_model_and_the_kind_of_answer_stand_in_the_path() {
    for (more, path) in [
        (json!({}), "/models/gemini-3-flash-preview:generateContent"),
        (json!({"stream": true}), "/models/gemini-3-flash-preview:streamGenerateContent?alt=sse"),
    ] {
        let body = Bytes::from(with(more).to_string());
        let made = prepare(Dialect::Openai, &peek(Dialect::Openai, &body).unwrap(), &body, &FLASH).unwrap();
        assert_eq!(made.path, path);
        let sent: Value = serde_json::from_slice(&made.body).unwrap();
        assert!(sent.get("stream").is_none() && sent.get("model").is_none() && sent.get("stream_options").is_none());
    }
}

#[test]
fn results_of_parallel_calls_are_one_turn_in_the_order_of_the_calls_with_nothing_beside_them() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"a\":1}"}});
    let (body, dropped) = translated(
        &json!({"model": "m", "messages": [{"role": "user", "content": "go"},
            {"role": "assistant", "content": null, "tool_calls": [call("c1", "one"), call("c2", "two")]},
            {"role": "tool", "tool_call_id": "c2", "content": "second"},
            {"role": "tool", "tool_call_id": "c1", "content": "{\"first\": true}"},
            {"role": "user", "content": "and now?"}]}),
        &FLASH,
    )
    .unwrap();
    let expected = json!([
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "one", "args": {"a": 1}},
            "thoughtSignature": "skip_thought_signature_validator"},
            {"functionCall": {"id": "c2", "name": "two", "args": {"a": 1}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "c1", "name": "one", "response": {"first": true}}},
            {"functionResponse": {"id": "c2", "name": "two", "response": {"output": "second"}}}]},
        {"role": "user", "parts": [{"text": "and now?"}]},
    ]);
    assert_eq!((&body["contents"], dropped), (&expected, vec![]));
}

/// Gemini 3 refuses a conversation with calls that no signature came with, and takes a word in its place.
#[test]
fn a_result_belongs_to_the_call_before_it_though_a_later_call_has_the_same_id() {
    let round = |name: &str, said: &str| {
        let function = json!({"name": name, "arguments": "{}"});
        [
            json!({"role": "assistant", "tool_calls": [{"id": "call_0", "type": "function", "function": function}]}),
            json!({"role": "tool", "tool_call_id": "call_0", "content": said}),
        ]
    };
    let mut messages = vec![json!({"role": "user", "content": "go"})];
    messages.extend(round("look", "sunny").into_iter().chain(round("time", "noon")));
    let (body, _) = translated(&json!({"model": "m", "messages": messages}), &FLASH).unwrap();
    let results: Vec<&Value> =
        body["contents"].as_array().unwrap().iter().map(|turn| &turn["parts"][0]["functionResponse"]).collect();
    assert_eq!((&results[2]["name"], &results[2]["response"]["output"]), (&json!("look"), &json!("sunny")), "{body}");
    assert_eq!((&results[4]["name"], &results[4]["response"]["output"]), (&json!("time"), &json!("noon")), "{body}");
}

#[test]
fn a_conversation_that_another_vendors_model_began_is_taken_by_models_that_want_signatures() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "one", "arguments": "{}"}});
    let history = json!({"model": "m", "messages": [{"role": "user", "content": "go"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"}]});
    let signature = |target: &Target<'_>| {
        let (body, _) = translated(&history, target).unwrap();
        body["contents"][1]["parts"][0].get("thoughtSignature").cloned()
    };
    assert_eq!(signature(&FLASH), Some(json!("skip_thought_signature_validator")));
    assert_eq!(signature(&Target { model: "gemini-2.5-pro", ..FLASH }), None);
}

#[test]
fn a_failed_result_is_marked_and_one_of_no_call_is_refused() {
    let history = |id: &str| {
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "one", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "broken", "is_error": true}]}]})
    };
    let (body, _) = translated_from(Dialect::Anthropic, &history("t1"), &FLASH).unwrap();
    assert_eq!(body.pointer("/contents/2/parts/0/functionResponse/response"), Some(&json!({"error": "broken"})));
    let error = translated_from(Dialect::Anthropic, &history("t2"), &FLASH).unwrap_err();
    assert!(error.to_string().contains("is the id of no call before it"), "{error}");
}

#[test]
fn turns_alternate_and_none_is_empty() {
    let (body, dropped) = translated(
        &json!({"model": "m", "messages": [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": ""},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]},
            {"role": "assistant", "content": "I see"}]}),
        &FLASH,
    )
    .unwrap();
    let expected = json!([
        {"role": "user", "parts": [{"text": " "}]},
        {"role": "model", "parts": [{"text": "Hello."}]},
        {"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": "https://x.example/a.png"}}, {"text": " "}]},
        {"role": "model", "parts": [{"text": "I see"}]},
        {"role": "user", "parts": [{"text": " "}]},
    ]);
    assert_eq!((&body["contents"], dropped), (&expected, vec!["messages[3]".to_owned()]));
    let nothing = json!({"model": "m", "messages": [{"role": "user", "content": " "}]});
    assert!(translated(&nothing, &FLASH).is_err());
}

#[test]
fn what_breaks_gemini_in_a_tools_schema_is_taken_out_and_stream_options_do_not_come_along() {
    let (body, dropped) = sent(json!({"stream": true, "stream_options": {"include_usage": true}, "tools": [
        {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {
            "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
            "properties": {"n": {"type": "integer", "exclusiveMinimum": 0}}, "required": ["n"]}}},
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]}));
    let expected = json!([{"functionDeclarations": [
        {"name": "look", "description": "Looks.", "parameters": {"type": "OBJECT", "properties":
            {"n": {"type": "INTEGER", "description": "{exclusiveMinimum: 0}"}}, "required": ["n"]}},
        {"name": "now"}]}]);
    assert_eq!(body["tools"], expected);
    assert_eq!(dropped, ["tools[0].function.parameters.exclusiveMinimum"]);
    assert!(body.get("stream_options").is_none());
}

#[test]
fn a_choice_of_tools_becomes_a_mode() {
    let tools = json!([{"type": "function", "function": {"name": "look"}}]);
    for (choice, config) in [
        (json!("auto"), json!({"mode": "AUTO"})),
        (json!("none"), json!({"mode": "NONE"})),
        (json!("required"), json!({"mode": "ANY"})),
        (
            json!({"type": "function", "function": {"name": "look"}}),
            json!({"mode": "ANY", "allowedFunctionNames": ["look"]}),
        ),
    ] {
        let (body, _) = sent(json!({"tools": tools, "tool_choice": choice}));
        assert_eq!(body["toolConfig"]["functionCallingConfig"], config);
    }
    let (body, dropped) = sent(json!({"tools": tools, "parallel_tool_calls": false}));
    assert_eq!((body.get("toolConfig"), dropped), (None, vec!["parallel_tool_calls".to_owned()]));
}

#[test]
fn a_form_of_answers_is_held_to_or_asked_for_where_tools_forbid_it() {
    let schema = json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"],
        "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    let (body, dropped) = sent(json!({"response_format": format}));
    let expected = json!({"responseMimeType": "application/json", "responseSchema":
        {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": true}}, "required": ["a"]}});
    assert_eq!((&body["generationConfig"], dropped), (&expected, vec![]));
    let (body, _) = sent(json!({"response_format": {"type": "json_object"}}));
    assert_eq!(body["generationConfig"], json!({"responseMimeType": "application/json"}));
    let tools = json!([{"type": "function", "function": {"name": "look"}}]);
    let (body, dropped) = translated(&with(json!({"response_format": format, "tools": tools})), &OLD).unwrap();
    assert_eq!((body.get("generationConfig"), dropped), (None, vec!["response_format".to_owned()]));
    assert!(body.pointer("/systemInstruction/parts/0/text").unwrap().as_str().unwrap().contains("JSON Schema"));
}

#[test]
fn reasoning_is_asked_for_as_the_family_of_the_model_wants_it() {
    let config = |target: &Target<'_>, more: Value| {
        let (body, dropped) = translated(&with(more), target).unwrap();
        (body["generationConfig"]["thinkingConfig"].clone(), dropped)
    };
    let pro = Target { model: "gemini-2.5-pro", ..FLASH };
    let first = Target { model: "gemini-3-pro-preview", ..FLASH };
    let before = Target { model: "gemini-2.0-flash", ..FLASH };
    let shown = |field: &str, value: Value| json!({field: value, "includeThoughts": true});
    let name = vec!["reasoning_effort".to_owned()];
    for (target, effort, expected, dropped) in [
        (&FLASH, "low", shown("thinkingLevel", json!("LOW")), vec![]),
        (&FLASH, "none", json!({"thinkingLevel": "MINIMAL"}), vec![]),
        (&FLASH, "xhigh", shown("thinkingLevel", json!("HIGH")), name.clone()),
        (&first, "medium", shown("thinkingLevel", json!("HIGH")), name.clone()),
        (&first, "none", json!({"thinkingLevel": "LOW"}), name.clone()),
        (&OLD, "medium", shown("thinkingBudget", json!(8_192)), vec![]),
        (&OLD, "none", json!({"thinkingBudget": 0}), vec![]),
        (&pro, "none", json!({"thinkingBudget": 128}), name.clone()),
        (&before, "high", Value::Null, name),
        (&before, "none", Value::Null, vec![]),
    ] {
        assert_eq!(
            config(target, json!({"reasoning_effort": effort})),
            (expected, dropped),
            "{} {effort}",
            target.model
        );
    }
    let capped = config(&OLD, json!({"reasoning_effort": "high", "max_tokens": 1_000})).0;
    assert_eq!(capped, shown("thinkingBudget", json!(800)));
    let budget = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    assert_eq!(config(&OLD, budget(2_000)), (shown("thinkingBudget", json!(2_000)), vec![]));
    assert_eq!(config(&OLD, budget(90_000)), (shown("thinkingBudget", json!(24_576)), vec!["thinking".to_owned()]));
    assert_eq!(config(&FLASH, budget(9_000)).0, shown("thinkingLevel", json!("HIGH")));
    assert_eq!(config(&FLASH, json!({})).0, Value::Null);
}

#[test]
fn what_gemini_has_no_place_for_is_reported_and_in_strict_mode_refused() {
    let (body, dropped) = sent(json!({"stop": ["1", "2", "3", "4", "5", "6"], "user": "u", "logit_bias": {"1": 2},
        "seed": 1_i64 << 40}));
    assert_eq!(body["generationConfig"]["stopSequences"], json!(["1", "2", "3", "4", "5"]));
    assert_eq!(dropped, ["logit_bias", "stop", "seed", "user"]);
    assert!(translated(&with(json!({"user": "u"})), &Target { strict: true, ..FLASH }).is_err());
}

#[test]
fn names_of_tools_fit_and_begin_as_google_wants() {
    let tools = json!([{"type": "function", "function": {"name": "1st.tool"}}, {"type": "function", "function": {"name": "-x"}}]);
    let (body, _) = sent(json!({"tools": tools}));
    for declaration in body["tools"][0]["functionDeclarations"].as_array().unwrap() {
        let name = declaration["name"].as_str().unwrap();
        assert!(name.starts_with('_') && name.len() <= 64, "{name}");
    }
}
