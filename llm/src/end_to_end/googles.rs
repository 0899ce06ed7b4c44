//! Conversations with Google's models, and of Google's callers: signatures of thought come back to who gave them, and to
//! nobody else.

use super::*;

const CALLS: &[u8] = include_bytes!("../../fixtures/gemini/tools-parallel.json");
const THOUGHTS: &[u8] = include_bytes!("../../fixtures/gemini/thinking.json");
const CLAUDES: &[u8] =
    br#"{"id":"msg_1","model":"claude-x","content":[{"type":"thinking","thinking":"hm","signature":"sig/+="},
    {"type":"redacted_thinking","data":"xx"},{"type":"text","text":"Look."},
    {"type":"tool_use","id":"toolu_1","name":"get_time","input":{}}],"stop_reason":"tool_use",
    "usage":{"input_tokens":1,"output_tokens":2}}"#;

/// The caller's second request: its first, the answer to that, and results of the calls in it.
fn next_turn(inbound: Dialect, upstream: Dialect, answered: &'static [u8]) -> Value {
    let first = match inbound {
        Dialect::Openai => openai_request("the weather"),
        Dialect::Anthropic => anthropic_request("the weather"),
        Dialect::Gemini => gemini_request("the weather"),
        Dialect::Responses => unreachable!("its own tests are elsewhere"),
    };
    let seen = peeked(inbound, first.to_string().as_bytes(), false).unwrap();
    let answered = answer(&context(inbound, upstream, &seen), &Bytes::from_static(answered), &price).unwrap();
    let answered: Value = serde_json::from_slice(&answered.body).unwrap();
    let mut next = first;
    let history = next[if inbound == Dialect::Gemini { "contents" } else { "messages" }].as_array_mut().unwrap();
    match inbound {
        Dialect::Openai => {
            let message = answered["choices"][0]["message"].clone();
            let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
            history.push(message);
            history.extend(calls.iter().map(|c| json!({"role": "tool", "tool_call_id": c["id"], "content": "21"})));
        }
        Dialect::Anthropic => {
            let blocks = answered["content"].clone();
            let calls = blocks.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
            let result = |c: &Value| json!({"type": "tool_result", "tool_use_id": c["id"], "content": "21"});
            let mut content: Vec<Value> = calls.map(result).collect();
            content.push(json!({"type": "text", "text": "go on"}));
            history.push(json!({"role": "assistant", "content": blocks}));
            history.push(json!({"role": "user", "content": content}));
        }
        Dialect::Gemini => {
            let content = answered["candidates"][0]["content"].clone();
            let calls = content["parts"].as_array().unwrap().iter().filter_map(|part| part.get("functionCall"));
            let result = |c: &Value| json!({"functionResponse": {"name": c["name"], "response": {"output": "21"}}});
            let mut parts: Vec<Value> = calls.map(result).collect();
            parts.push(json!({"text": "go on"}));
            history.push(content);
            history.push(json!({"role": "user", "parts": parts}));
        }
        Dialect::Responses => {}
    }
    next
}

/// What of a request goes to a model, and what is reported of it.
fn sent(inbound: Dialect, request: &Value, upstream: Dialect, model: &str) -> (Value, Vec<String>) {
    let body = Bytes::from(request.to_string());
    let seen = peeked(inbound, &body, false).unwrap();
    let made = prepare(inbound, &seen, &body, &Target { model, ..target(upstream) }).unwrap();
    let dropped = made.dropped.into_iter().map(|dropped| dropped.path).collect();
    (serde_json::from_slice(&made.body).unwrap(), dropped)
}

/// The parts of the model's turn.
fn model_parts(sent: &Value) -> &Vec<Value> {
    sent["contents"].as_array().unwrap().iter().find(|turn| turn["role"] == "model").unwrap()["parts"]
        .as_array()
        .unwrap()
}

#[test]
fn a_signature_that_came_with_a_call_comes_back_on_that_call_and_none_is_invented() {
    for inbound in [Dialect::Openai, Dialect::Anthropic] {
        let next = next_turn(inbound, Dialect::Gemini, CALLS);
        let (sent, dropped) = sent(inbound, &next, Dialect::Gemini, "gemini-3-flash-preview");
        assert_eq!(dropped, Vec::<String>::new(), "{inbound}");
        let original: Value = serde_json::from_slice(CALLS).unwrap();
        assert_eq!(
            *model_parts(&sent),
            *original["candidates"][0]["content"]["parts"].as_array().unwrap(),
            "{inbound}"
        );
        let ids: Vec<&Value> = sent["contents"][2]["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| &part["functionResponse"]["id"])
            .collect();
        assert_eq!(ids, [&json!("fc_1"), &json!("fc_2")], "{inbound}");
    }
}

#[test]
fn a_signature_that_came_with_a_text_comes_back_on_that_text_and_goes_to_no_other_vendor() {
    for inbound in [Dialect::Openai, Dialect::Anthropic] {
        let next = next_turn(inbound, Dialect::Gemini, THOUGHTS);
        let (own, _) = sent(inbound, &next, Dialect::Gemini, "gemini-3-flash-preview");
        let parts = model_parts(&own);
        let signed: Vec<&Value> = parts.iter().filter(|part| part.get("thoughtSignature").is_some()).collect();
        assert_eq!(signed, [&json!({"text": "It is 4.", "thoughtSignature": "CiQB0e2Kb/Fq+1=="})], "{inbound}");
        for (upstream, model) in [(Dialect::Anthropic, "claude-sonnet-4-5"), (Dialect::Openai, "gpt-4o")] {
            let (other, dropped) = sent(inbound, &next, upstream, model);
            assert!(!other.to_string().contains("CiQB0e2Kb"), "{inbound} to {upstream}: {other}");
            assert!(!dropped.is_empty(), "{inbound} to {upstream}");
        }
    }
}

#[test]
fn a_gemini_caller_keeps_the_signatures_of_claude_and_gives_them_back_to_claude_only() {
    let next = next_turn(Dialect::Gemini, Dialect::Anthropic, CLAUDES);
    let (claudes, dropped) = sent(Dialect::Gemini, &next, Dialect::Anthropic, "claude-sonnet-4-5");
    assert_eq!(dropped, Vec::<String>::new());
    let expected = json!([{"type": "thinking", "thinking": "hm", "signature": "sig/+="},
        {"type": "redacted_thinking", "data": "xx"}, {"type": "text", "text": "Look."},
        {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}]);
    assert_eq!(claudes["messages"][1]["content"], expected);
    assert_eq!(claudes["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
    // The same route falls back to Google: what is not its own would be refused.
    let (googles, dropped) = sent(Dialect::Gemini, &next, Dialect::Gemini, "gemini-3-flash-preview");
    assert_eq!(dropped, ["contents[1].parts[1].thinking", "contents[1].parts[2].thinking"]);
    let kinds: Vec<&Value> = model_parts(&googles).iter().map(|part| &part["text"]).collect();
    assert_eq!(kinds, [&json!("hm"), &json!("Look."), &Value::Null]);
}

#[test]
fn a_gemini_caller_gets_through_a_round_of_parallel_tools_without_ids() {
    let (_, first) = call(Dialect::Gemini, &gemini_request("call both tools"));
    let candidate = &first["candidates"][0];
    assert_eq!(candidate["finishReason"], "STOP");
    let calls: Vec<&Value> =
        candidate["content"]["parts"].as_array().unwrap().iter().map(|p| &p["functionCall"]).collect();
    assert_eq!((calls.len(), &calls[0]["args"]), (2, &json!({"city": "demo city"})));
    let mut second = gemini_request("call both tools");
    let strip = |call: &Value| json!({"functionCall": {"name": call["name"], "args": call["args"]}});
    let result = |call: &&Value| json!({"functionResponse": {"name": call["name"], "response": {"output": format!("{} ok", call["name"])}}});
    let history = second["contents"].as_array_mut().unwrap();
    history.push(json!({"role": "model", "parts": calls.iter().map(|call| strip(call)).collect::<Vec<_>>()}));
    history.push(json!({"role": "user", "parts": calls.iter().map(result).collect::<Vec<_>>()}));
    let (_, answered) = call(Dialect::Gemini, &second);
    let text = &answered["candidates"][0]["content"]["parts"][0]["text"];
    assert_eq!(text, "The tools answered: \"get_weather\" ok; \"get_time\" ok.");
    assert!(answered["usageMetadata"]["cost"].is_number() && answered["usageMetadata"]["totalTokenCount"].is_u64());
}

#[test]
fn within_the_dialect_nothing_but_the_path_changes() {
    let body = Bytes::from_static(
        br#"{ "contents":[{"parts":[{"text":"hi"}]}], "safetySettings":[{"x":1.50}],"cachedContent":"c" }"#,
    );
    let seen = peeked(Dialect::Gemini, &body, true).unwrap();
    let made = prepare(
        Dialect::Gemini,
        &seen,
        &body,
        &Target { model: "gemini-2.5-pro", strict: true, ..target(Dialect::Gemini) },
    );
    let made = made.unwrap();
    assert_eq!((made.body.as_ptr(), made.body.len()), (body.as_ptr(), body.len()));
    assert_eq!(made.path, "/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
}
