//! The demo provider keeps to the format, and stream and whole answer agree.

use serde_json::{Value, json};

use super::*;

fn ask(request: Value) -> DemoAnswer {
    respond(request.to_string().as_bytes())
}

fn whole(request: Value) -> Value {
    let answer = ask(request);
    assert_eq!((answer.status, answer.content_type), (200, "application/json"));
    serde_json::from_slice(&answer.chunks.concat()).unwrap()
}

fn request(prompt: &str) -> Value {
    json!({"model": "demo-small", "messages": [{"role": "user", "content": prompt}]})
}

fn with(mut request: Value, more: Value) -> Value {
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn tools() -> Value {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": city}},
           {"type": "function", "function": {"name": "get_time"}}])
}

/// What a client puts together from a stream: text, calls, finish, usage.
fn collect(answer: &DemoAnswer) -> (String, Vec<(String, String)>, Value, Value) {
    let (mut text, mut calls, mut finish, mut usage) = (String::new(), Vec::new(), Value::Null, Value::Null);
    for event in &answer.chunks {
        let data = std::str::from_utf8(event).unwrap().strip_prefix("data: ").unwrap().trim_end();
        if data == "[DONE]" {
            continue;
        }
        let chunk: Value = serde_json::from_str(data).unwrap();
        if !chunk["usage"].is_null() {
            usage = chunk["usage"].clone();
        }
        let choice = &chunk["choices"][0];
        text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        if let Some(call) = choice["delta"]["tool_calls"].get(0) {
            if call.get("id").is_some() {
                calls.push((call["function"]["name"].as_str().unwrap().to_owned(), String::new()));
            }
            calls.last_mut().unwrap().1.push_str(call["function"]["arguments"].as_str().unwrap());
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    (text, calls, finish, usage)
}

#[test]
fn the_answer_repeats_what_was_said_and_counts_it() {
    let body = whole(request("Good morning"));
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("You said: \"Good morning\""));
    assert_eq!(body["usage"]["prompt_tokens"], 3);
    assert_eq!(body["usage"]["completion_tokens"], text.split(' ').count());
    assert_eq!(whole(request("Good morning")), body);
}

#[test]
fn a_stream_says_the_same_as_the_whole_answer() {
    for more in [json!({}), json!({"tools": tools(), "tool_choice": "required"}), json!({"max_tokens": 3})] {
        let request = with(request("call both tools"), more);
        let body = whole(request.clone());
        let streamed = ask(with(request, json!({"stream": true, "stream_options": {"include_usage": true}})));
        let (text, calls, finish, usage) = collect(&streamed);
        let message = &body["choices"][0]["message"];
        assert_eq!(text, message["content"].as_str().unwrap_or_default());
        for (at, (name, arguments)) in calls.iter().enumerate() {
            assert_eq!(message["tool_calls"][at]["function"], json!({"name": name, "arguments": arguments}));
        }
        assert_eq!((&finish, &usage), (&body["choices"][0]["finish_reason"], &body["usage"]));
        assert_eq!(streamed.chunks.last().unwrap(), "data: [DONE]\n\n");
    }
}

#[test]
fn without_include_usage_no_chunk_has_usage() {
    let streamed = ask(with(request("hi"), json!({"stream": true})));
    assert!(streamed.chunks.iter().all(|event| !String::from_utf8_lossy(event).contains("usage")));
}

#[test]
fn tools_are_called_when_asked_and_only_then() {
    let names = |request: Value| -> Vec<String> {
        let body = whole(request);
        let calls = body["choices"][0]["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
        calls.iter().map(|call| call["function"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let offer = json!({"tools": tools()});
    assert!(names(with(request("hello"), offer.clone())).is_empty());
    assert_eq!(names(with(request("please call the tool"), offer.clone())), ["get_weather"]);
    assert_eq!(names(with(request("what does get_time say?"), offer.clone())), ["get_time"]);
    assert_eq!(names(with(request("call both tools"), offer.clone())), ["get_weather", "get_time"]);
    assert_eq!(names(with(request("get_time and get_weather"), offer.clone())), ["get_weather", "get_time"]);
    let one = with(offer.clone(), json!({"parallel_tool_calls": false}));
    assert_eq!(names(with(request("call both tools"), one)).len(), 1);
    let named = json!({"tool_choice": {"type": "function", "function": {"name": "get_time"}}});
    assert_eq!(names(with(with(request("hi"), offer.clone()), named)), ["get_time"]);
    let none = with(offer, json!({"tool_choice": "none"}));
    assert!(names(with(request("call the tool"), none)).is_empty());
}

#[test]
fn after_a_tools_result_the_answer_is_text() {
    let history = json!([{"role": "user", "content": "call the tool"},
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "noon"}]);
    let body = whole(json!({"model": "demo-small", "messages": history, "tools": tools()}));
    assert_eq!(body["choices"][0]["message"]["content"], "The tools answered: noon.");
}

#[test]
fn a_json_answer_conforms_to_its_schema() {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"], "additionalProperties": false});
    let format = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": schema}}});
    let body = whole(with(request("hi"), format));
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), json!({"name": "demo name", "age": 1}));
}

#[test]
fn images_are_acknowledged_and_long_prompts_are_half_cached() {
    let parts = json!([{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]);
    let body = whole(json!({"model": "demo-large", "messages": [{"role": "user", "content": parts}]}));
    assert!(body["choices"][0]["message"]["content"].as_str().unwrap().contains("an image"));
    let body = whole(request(&"word ".repeat(2_000)));
    assert_eq!(body["usage"]["prompt_tokens"], 2_500);
    assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 1_152);
}

#[test]
fn stop_ends_the_answer_before_the_sequence() {
    let body = whole(with(request("hi"), json!({"stop": ["You said"]})));
    assert_eq!(body["choices"][0]["message"]["content"], "Hello from Weir's demo-small! ");
}

#[test]
fn errors_come_in_the_format_of_the_dialect() {
    for (body, status) in [
        ("{", 400),
        (r#"{"model":"demo-small"}"#, 400),
        (r#"{"model":"gpt-4","messages":[{}]}"#, 404),
        (r#"{"model":"demo-error-429","messages":[{}]}"#, 429),
        (r#"{"model":"demo-error-500","messages":[{}]}"#, 500),
        (r#"{"model":"demo-error-stream","messages":[{}]}"#, 529),
    ] {
        let answer = respond(body.as_bytes());
        let error: Value = serde_json::from_slice(&answer.chunks.concat()).unwrap();
        assert_eq!(answer.status, status, "{body}");
        assert!(error["error"]["message"].is_string());
    }
}

#[test]
fn the_faulty_streams_are_faulty_as_promised() {
    let streamed =
        |model: &str| ask(json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "hi"}]}));
    let failed = streamed("demo-error-stream");
    assert_eq!((failed.status, failed.chunks.len()), (200, 1));
    assert!(failed.chunks[0].starts_with(b"data: {\"error\":"));
    let (_, _, finish, _) = collect(&streamed("demo-cut"));
    assert_eq!(finish, Value::Null);
}

#[test]
fn what_does_not_chat_answers_at_its_own_endpoint_only() {
    for (model, path, asked) in [
        ("demo-image", "/images/generations", json!({"prompt": "a fox"})),
        ("demo-speech", "/audio/speech", json!({"input": "hello", "voice": "any"})),
        ("demo-moderation", "/moderations", json!({"input": "hello"})),
    ] {
        let body = with(asked, json!({"model": model})).to_string();
        let answered = respond_at(path, body.as_bytes());
        let is_sound = answered.content_type == "audio/wav";
        assert_eq!((answered.status, is_sound), (200, model == "demo-speech"), "{model}");
        for elsewhere in ["/chat/completions", "/embeddings", "/completions"] {
            let refused = respond_at(elsewhere, body.as_bytes());
            assert!((400..500).contains(&refused.status), "{model} at {elsewhere}");
        }
        let failing = respond_at(path, br#"{"model":"demo-error-500"}"#);
        assert_eq!(failing.status, 500, "{path}");
    }
}
