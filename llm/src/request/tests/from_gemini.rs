//! Gemini's requests as the other dialects take them.

use serde_json::{Value, json};

use super::*;
use crate::peek::addressed::{Addressed, peek_addressed};

fn from_gemini(body: &Value, target: &Target<'_>) -> Result<(Value, Vec<String>), RequestError> {
    let body = Bytes::from(body.to_string());
    let addressed = Addressed { model: "m".into(), stream: true, ..Addressed::default() };
    let seen = peek_addressed(Operation::Chat, &addressed, &body).unwrap();
    let made = prepare(Dialect::Gemini, &seen, &body, target)?;
    let dropped = made.dropped.into_iter().map(|dropped| dropped.path).collect();
    Ok((serde_json::from_slice(&made.body).unwrap(), dropped))
}

fn claude() -> Target<'static> {
    Target { format: WireFormat::Anthropic, ..target("claude-sonnet-4-5") }
}

#[test]
fn a_whole_request_is_carried_over_from_either_way_of_writing_it() {
    let camel = json!({"systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "What?"}, {"inlineData": {"mimeType": "image/png", "data": "a-_8"}},
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x.example/a"}},
            {"inlineData": {"mimeType": "text/plain", "data": "aGk="}}]}],
        "generationConfig": {"maxOutputTokens": 100, "temperature": 0.5, "topP": 0.9, "topK": 40.0, "stopSequences": ["END"],
            "seed": 7, "frequencyPenalty": 0.5, "candidateCount": 1, "responseModalities": ["TEXT"]}});
    let snake = json!({"system_instruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"parts": [{"text": "What?"}, {"inline_data": {"mime_type": "image/png", "data": "a-_8"}},
            {"file_data": {"mime_type": "image/png", "file_uri": "https://x.example/a"}},
            {"inline_data": {"mime_type": "text/plain", "data": "aGk="}}]}],
        "generation_config": {"max_output_tokens": 100, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop_sequences": ["END"],
            "seed": 7, "frequency_penalty": 0.5}});
    for body in [camel, snake] {
        let (sent, dropped) = from_gemini(&body, &target("gpt-4o")).unwrap();
        let expected = json!({"model": "gpt-4o", "messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,a+/8"}},
                {"type": "image_url", "image_url": {"url": "https://x.example/a"}}, {"type": "text", "text": "hi"}]}],
            "max_tokens": 100, "temperature": 0.5, "top_p": 0.9, "seed": 7, "frequency_penalty": 0.5, "stop": ["END"],
            "stream": true, "stream_options": {"include_usage": true}});
        assert_eq!((sent, dropped), (expected, vec!["generationConfig.topK".to_owned()]));
    }
}

#[test]
fn calls_and_results_find_each_other_by_id_or_by_name_and_order() {
    let call = |id: Option<&str>, n: u64| {
        let mut call = json!({"name": "look", "args": {"n": n}});
        if let Some(id) = id {
            call["id"] = id.into();
        }
        json!({"functionCall": call})
    };
    let response = |id: Option<&str>, response: Value| {
        let mut result = json!({"name": "look", "response": response});
        if let Some(id) = id {
            result["id"] = id.into();
        }
        json!({"functionResponse": result})
    };
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": [call(None, 1), call(Some("b"), 2), call(None, 3)]},
        {"role": "user", "parts": [response(Some("b"), json!({"error": "broken"})), response(None, json!({"output": "one"})),
            response(None, json!({"n": 3}))]}]});
    let (sent, dropped) = from_gemini(&body, &claude()).unwrap();
    let expected = json!([
        {"type": "tool_result", "tool_use_id": "b", "content": "broken", "is_error": true},
        {"type": "tool_result", "tool_use_id": "call_1_0", "content": "one"},
        {"type": "tool_result", "tool_use_id": "call_1_2", "content": "{\"n\":3}"}]);
    assert_eq!((&sent["messages"][2]["content"], dropped), (&expected, vec![]));
    let lost = json!({"contents": [{"role": "user", "parts": [response(None, json!({}))]}]});
    let error = from_gemini(&lost, &claude()).unwrap_err().to_string();
    assert!(error.contains("contents[0].parts[0].functionResponse.name"), "{error}");
}

#[test]
fn googles_schemas_and_modes_become_those_of_the_others() {
    let body = json!({"contents": [{"parts": [{"text": "hi"}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "description": "Looks.", "parameters": {"type": "OBJECT",
            "properties": {"city": {"type": "STRING", "nullable": true}}}}, {"name": "now", "parametersJsonSchema":
            {"type": "object", "additionalProperties": false}}]}, {"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
        "generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "properties":
            {"a": {"type": "INTEGER"}}, "required": ["a"], "propertyOrdering": ["a"]}}});
    let (sent, dropped) = from_gemini(&body, &target("gpt-4o")).unwrap();
    let tools = json!([{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters":
            {"type": "object", "properties": {"city": {"type": ["string", "null"]}}}}},
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "additionalProperties": false}}}]);
    assert_eq!((&sent["tools"], dropped), (&tools, vec!["tools[1].googleSearch".to_owned()]));
    assert_eq!(sent["tool_choice"], json!({"type": "function", "function": {"name": "look"}}));
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    assert_eq!(sent["response_format"]["json_schema"]["schema"], schema);
}

#[test]
fn thinking_is_asked_for_in_the_words_of_the_other() {
    let body = |thinking: Value| json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"thinkingConfig": thinking}});
    let effort =
        |thinking: Value| from_gemini(&body(thinking), &target("gpt-5")).unwrap().0["reasoning_effort"].clone();
    assert_eq!(effort(json!({"thinkingLevel": "LOW"})), "low");
    assert_eq!(effort(json!({"thinkingBudget": 9_000, "includeThoughts": true})), "high");
    assert_eq!(effort(json!({"thinkingBudget": 0})), Value::Null);
    let claudes = |thinking: Value| from_gemini(&body(thinking), &claude()).unwrap().0["thinking"].clone();
    assert_eq!(claudes(json!({"thinkingBudget": 2_000})), json!({"type": "enabled", "budget_tokens": 2_000}));
    assert_eq!(claudes(json!({"thinkingBudget": -1})), json!({"type": "enabled", "budget_tokens": 3_276}));
}

#[test]
fn what_only_google_has_is_reported_or_refused() {
    let body = json!({"contents": [{"parts": [{"text": "hi"}]}], "safetySettings": [{"category": "x"}], "cachedContent": "c",
        "labels": {"a": "b"}, "generationConfig": {"speechConfig": {}, "responseLogprobs": true}});
    let (_, dropped) = from_gemini(&body, &target("gpt-4o")).unwrap();
    let expected = [
        "generationConfig.responseLogprobs",
        "safetySettings",
        "cachedContent",
        "labels",
        "generationConfig.speechConfig",
    ];
    assert_eq!(dropped, expected);
    assert!(from_gemini(&body, &Target { strict: true, ..target("gpt-4o") }).is_err());
    for (config, field) in [
        (json!({"candidateCount": 2}), "candidateCount"),
        (json!({"responseModalities": ["IMAGE"]}), "responseModalities"),
    ] {
        let body = json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": config});
        let error = from_gemini(&body, &target("gpt-4o")).unwrap_err();
        assert!(matches!(&error, RequestError::Unsupported { field: at, .. } if at.contains(field)), "{error}");
    }
    let parts = [
        json!({"inlineData": {"mimeType": "audio/wav", "data": "AA=="}}),
        json!({"fileData": {"fileUri": "gs://bucket/a.png", "mimeType": "image/png"}}),
        json!({}),
    ];
    for part in parts {
        let body = json!({"contents": [{"parts": [part]}]});
        let error = from_gemini(&body, &target("gpt-4o")).unwrap_err().to_string();
        assert!(error.starts_with("contents[0].parts[0]"), "{error}");
    }
    assert!(from_gemini(&json!({}), &target("gpt-4o")).unwrap_err().to_string().starts_with("contents: is missing"));
}

#[test]
fn tokens_are_counted_by_googles_models_and_by_no_provider_of_another_dialect() {
    let body = Bytes::from_static(br#"{"contents":[{"parts":[{"text":"eightbyt"}]}]}"#);
    let addressed = Addressed { model: "m".into(), ..Addressed::default() };
    let seen = peek_addressed(Operation::CountTokens, &addressed, &body).unwrap();
    let gemini = Target { format: WireFormat::Gemini, ..target("gemini-2.5-pro") };
    let made = prepare(Dialect::Gemini, &seen, &body, &gemini).unwrap();
    assert_eq!((&*made.path, made.body), ("/models/gemini-2.5-pro:countTokens", body.clone()));
    for other in [claude(), target("gpt-4o")] {
        assert!(matches!(prepare(Dialect::Gemini, &seen, &body, &other), Err(RequestError::Unsupported { .. })));
    }
    assert_eq!(crate::estimated_count(Dialect::Gemini, &seen), r#"{"totalTokens":2}"#);
}

#[test]
fn pieces_of_a_streamed_answer_that_come_back_one_by_one_are_one_turn() {
    let call =
        |city: &str| json!({"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"city": city}}}]});
    let result = |text: &str| json!({"functionResponse": {"name": "look", "response": {"output": text}}});
    let say = |text: &str| json!({"role": "model", "parts": [{"text": text}]});
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "Compare"}]}, say("Let me "), say("look."),
        call("Paris"), call("Tokyo"), {"role": "user", "parts": [result("21"), result("8")]}]});
    let (sent, _) = from_gemini(&body, &target("gpt-4o")).unwrap();
    let roles: Vec<&Value> = sent["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool"]);
    assert_eq!(sent["messages"][1]["content"], "Let me look.");
    assert_eq!(sent["messages"][1]["tool_calls"].as_array().unwrap().len(), 2);
}

/// What a caller reads of its own request must be found there.
#[test]
fn what_is_dropped_or_refused_is_named_as_google_names_it() {
    let signed = |signature: &str| {
        json!({"contents": [{"parts": [{"text": "go"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}, "thoughtSignature": signature}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"error": "broken"}}}]}]})
    };
    let (sent, dropped) = from_gemini(&signed("CiQB"), &target("gpt-4o")).unwrap();
    let expected = ["contents[1].parts[0].thoughtSignature", "contents[2].parts[0].functionResponse.response.error"];
    assert_eq!(dropped, expected, "{sent}");
    // Google's word for a call without a signature, as text and as bytes, is none.
    for none in ["skip_thought_signature_validator", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="] {
        let (sent, dropped) = from_gemini(&signed(none), &target("gpt-4o")).unwrap();
        assert_eq!(dropped, ["contents[2].parts[0].functionResponse.response.error"]);
        assert_eq!(sent["messages"][1]["tool_calls"][0]["id"], "call_1_0");
    }
    let body = json!({"contents": [{"parts": [{"fileData": {"fileUri": "https://x.example/a.png"}}]}]});
    let bedrock = Target { format: WireFormat::Bedrock, ..target("amazon.nova-pro-v1:0") };
    let error = from_gemini(&body, &bedrock).unwrap_err().to_string();
    assert!(error.starts_with("contents[0].parts[0]: the provider takes no addresses"), "{error}");
}
