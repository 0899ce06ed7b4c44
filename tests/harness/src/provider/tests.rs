//! The fakes against what the vendors are known to do.

use serde_json::json;

use super::*;
use crate::script::{Counts, Reply, Wire};
use crate::sse;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn post(fake: &FakeProvider, body: &Value) -> (u16, Value, Vec<u8>) {
    let client = crate::client::client();
    let (path, request) = match fake.format() {
        Format::Openai => ("/chat/completions", client.post(fake.base_url() + "/chat/completions").bearer_auth("good")),
        _ => (
            "/messages",
            client
                .post(fake.base_url() + "/messages")
                .header("x-api-key", "good")
                .header("anthropic-version", "2023-06-01"),
        ),
    };
    let answer = request.json(body).send().await.unwrap_or_else(|e| panic!("{path}: {e}"));
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap().to_vec();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes)
}

async fn openai() -> FakeProvider {
    FakeProvider::start(Vendor::Openai, "good").await.unwrap()
}

async fn anthropic() -> FakeProvider {
    FakeProvider::start(Vendor::Anthropic, "good").await.unwrap()
}

fn chat(user: &Value) -> Value {
    json!({"model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": user}]})
}

fn message(user: &Value) -> Value {
    json!({"model": "m", "max_tokens": 500, "system": "Be brief.", "messages": [{"role": "user", "content": user}]})
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn both_vendors_say_the_same_to_the_same_request() {
    let (status, whole, _) = post(&openai().await, &chat(&json!("Hi there"))).await;
    assert_eq!(status, 200, "{whole}");
    let text = "You said “Hi there” — 好的 🌍. System said “Be brief.”.";
    assert_eq!(whole["choices"][0]["message"]["content"], text);
    let (_, whole, _) = post(&anthropic().await, &message(&json!("Hi there"))).await;
    assert_eq!(whole["content"], json!([{"type": "text", "text": text}]));
    assert_eq!(whole["stop_reason"], "end_turn");
}

#[tokio::test]
async fn an_echo_in_the_wrong_dialect_is_refused() {
    let (status, body, _) = post(&openai().await, &message(&json!("Hi"))).await;
    assert_eq!(
        (status, body["error"]["message"].as_str()),
        (400, Some("Unrecognized request argument supplied: system"))
    );
    let (status, body, _) = post(&anthropic().await, &chat(&json!("Hi"))).await;
    assert_eq!((status, body["error"]["message"].as_str()), (400, Some("max_tokens: Field required")));
    let body = with(message(&json!("Hi")), &json!({"frequency_penalty": 1}));
    let (_, body, _) = post(&anthropic().await, &body).await;
    assert_eq!(body["error"]["message"], "frequency_penalty: Extra inputs are not permitted");
    let image = json!([{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}}]);
    assert_eq!(post(&openai().await, &chat(&image)).await.0, 200);
    assert_eq!(post(&anthropic().await, &message(&image)).await.0, 400);
    let image = json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]);
    assert_eq!(post(&openai().await, &chat(&image)).await.0, 400);
    let (status, seen, _) = post(&anthropic().await, &message(&image)).await;
    assert_eq!(status, 200, "{seen}");
    assert!(seen["content"][0]["text"].as_str().unwrap().contains("image/png of 70 bytes"), "{seen}");
}

#[tokio::test]
async fn credentials_and_versions_are_checked() {
    let client = crate::client::client();
    let fake = openai().await;
    let answer =
        client.post(fake.base_url() + "/chat/completions").bearer_auth("bad").json(&chat(&json!("Hi"))).send().await;
    assert_eq!(answer.unwrap().status(), 401);
    let fake = anthropic().await;
    let ask = || client.post(fake.base_url() + "/messages").json(&message(&json!("Hi")));
    assert_eq!(ask().header("x-api-key", "good").send().await.unwrap().status(), 400);
    assert_eq!(ask().header("anthropic-version", "2023-06-01").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_newest_anthropic_version_has_no_sampling_parameters() {
    let fake = anthropic().await;
    let client = crate::client::client();
    let ask = |version: &str, body: Value| {
        let request =
            client.post(fake.base_url() + "/messages").bearer_auth("good").header("anthropic-version", version);
        request.json(&body).send()
    };
    let sampled = with(message(&json!("Hi")), &json!({"temperature": 1.0}));
    assert_eq!(ask("2023-06-01", sampled.clone()).await.unwrap().status(), 200);
    assert_eq!(ask("2026-10-21", sampled).await.unwrap().status(), 400);
    assert_eq!(ask("2026-10-21", message(&json!("Hi"))).await.unwrap().status(), 200);
    assert_eq!(ask("2026-10-22", message(&json!("Hi"))).await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_openai_stream_adds_up_to_the_whole_answer() {
    let fake = openai().await;
    let tool = json!({"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}});
    let body = with(chat(&json!("Compare the weather in Paris and Tokyo")), &json!({"tools": [tool]}));
    let (_, whole, _) = post(&fake, &body).await;
    let calls = &whole["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls[1]["function"]["arguments"], r#"{"city":"Tokyo"}"#);
    let streamed = with(body, &json!({"stream": true, "stream_options": {"include_usage": true}}));
    let events = sse::parse(&post(&fake, &streamed).await.2);
    assert_eq!(events.last().unwrap().data, "[DONE]");
    let arguments: String = events
        .iter()
        .filter_map(|e| e.json()["choices"][0]["delta"]["tool_calls"][0].as_object().cloned())
        .filter(|c| c["index"] == 1)
        .filter_map(|c| c["function"]["arguments"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(arguments, r#"{"city":"Tokyo"}"#);
    assert_eq!(events[events.len() - 2].json()["usage"], whole["usage"]);
}

#[tokio::test]
async fn an_anthropic_stream_adds_up_to_the_whole_answer() {
    let fake = anthropic().await;
    let body = with(
        message(&json!("Think")),
        &json!({"max_tokens": 5000, "thinking": {"type": "enabled", "budget_tokens": 1024}}),
    );
    let (_, whole, _) = post(&fake, &body).await;
    let events = sse::parse(&post(&fake, &with(body.clone(), &json!({"stream": true}))).await.2);
    let part = |kind: &str, field: &str| -> String {
        let deltas = events.iter().map(|e| e.json()["delta"].clone()).filter(|d| d["type"] == kind);
        deltas.filter_map(|d| d[field].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(part("thinking_delta", "thinking"), whole["content"][0]["thinking"]);
    assert_eq!(part("signature_delta", "signature"), whole["content"][0]["signature"]);
    assert_eq!(part("text_delta", "text"), whole["content"][1]["text"]);
    let names: Vec<_> = events.iter().filter_map(|e| e.name.clone()).collect();
    assert_eq!(names[..3], ["message_start", "content_block_start", "ping"]);
    assert_eq!(names.last().unwrap(), "message_stop");
    // A forged thinking block is refused when it comes back, the vendor's own is taken.
    let turn = |signature: &Value| {
        let block = json!({"type": "thinking", "thinking": whole["content"][0]["thinking"], "signature": signature});
        let history = json!([{"role": "user", "content": "Think"}, {"role": "assistant", "content": [block, {"type": "text", "text": "ok"}]}, {"role": "user", "content": "On"}]);
        with(body.clone(), &json!({"messages": history}))
    };
    assert_eq!(post(&fake, &turn(&whole["content"][0]["signature"])).await.0, 200);
    assert_eq!(post(&fake, &turn(&json!("forged"))).await.0, 400);
}

#[tokio::test]
async fn tool_results_must_answer_tool_calls() {
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}});
    let mut body = json!({"model": "m", "messages": [
        {"role": "user", "content": "weather?"}, {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"}]});
    let fake = openai().await;
    let (status, said, _) = post(&fake, &body).await;
    assert_eq!(status, 200, "{said}");
    assert!(said.to_string().contains("get_weather returned “21 °C”"), "{said}");
    body["messages"][2]["tool_call_id"] = json!("call_2");
    assert_eq!(post(&fake, &body).await.0, 400);

    let mut body = json!({"model": "m", "max_tokens": 50, "messages": [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "get_weather", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "21 °C"}]}]});
    let fake = anthropic().await;
    let (status, said, _) = post(&fake, &body).await;
    assert_eq!(status, 200, "{said}");
    assert!(said.to_string().contains("get_weather returned “21 °C”"), "{said}");
    body["messages"][2]["content"][0]["tool_use_id"] = json!("t2");
    assert_eq!(post(&fake, &body).await.0, 400);
}

#[tokio::test]
async fn usage_is_written_in_each_vendors_way() {
    let counts = Counts { input: 10, cache_read: 20, cache_write_5m: 3, cache_write_1h: 4, output: 5, reasoning: 6 };
    let reply = Reply { usage: Some(counts), ..Reply::text("x") };
    let fake = openai().await;
    fake.next(Script::say(Reply {
        usage: Some(Counts { cache_write_5m: 0, cache_write_1h: 0, ..counts }),
        ..reply.clone()
    }));
    let (_, whole, _) = post(&fake, &chat(&json!("Hi"))).await;
    let seen = &whole["usage"];
    assert_eq!((&seen["prompt_tokens"], &seen["completion_tokens"]), (&json!(30), &json!(11)));
    assert_eq!(seen["prompt_tokens_details"]["cached_tokens"], 20);
    let fake = anthropic().await;
    fake.next(Script::say(reply));
    let (_, whole, _) = post(&fake, &message(&json!("Hi"))).await;
    assert_eq!(whole["usage"]["input_tokens"], 10);
    assert_eq!(whole["usage"]["cache_creation_input_tokens"], 7);
    assert_eq!(whole["usage"]["output_tokens"], 11);
}

#[tokio::test]
async fn scripts_are_taken_in_order_and_by_model() {
    let fake = openai().await;
    fake.queue(Queued { model: Some("other".into()), times: None, script: Script::refuse(503) });
    fake.next(Script::refuse(429).header("retry-after", "7"));
    let (status, body, _) = post(&fake, &chat(&json!("Hi"))).await;
    assert_eq!((status, body["error"]["code"].as_str()), (429, Some("rate_limit_exceeded")));
    assert_eq!(post(&fake, &chat(&json!("Hi"))).await.0, 200);
    assert_eq!(fake.received().len(), 2);
    assert_eq!(fake.received()[1].status, 200);
}

#[tokio::test]
async fn faults_are_what_they_say() {
    let fake = openai().await;
    let client = crate::client::builder().timeout(std::time::Duration::from_secs(1)).build().unwrap();
    let ask =
        || client.post(fake.base_url() + "/chat/completions").bearer_auth("good").json(&chat(&json!("Hi"))).send();
    fake.next(Script::fail(Fault::ResetBeforeHead));
    assert!(!ask().await.unwrap_err().is_timeout());
    fake.next(Script::fail(Fault::BlackHole));
    assert!(ask().await.unwrap_err().is_timeout());
    for fault in [Fault::CutAfterBytes { after: 9 }, Fault::LengthTooLong { by: 3 }] {
        fake.next(Script::fail(fault));
        let answer = ask().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err());
    }
    fake.next(Script::default().on_wire(Wire { cut_every: Some(7), chunked: true, ..Wire::default() }));
    assert!(ask().await.unwrap().text().await.unwrap().contains("好的 🌍"));
}

/// The least request of each format, and where it goes.
fn least(format: Format) -> (&'static str, Value) {
    let turn = json!([{"role": "user", "content": "Hi"}]);
    let parts = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
    match format {
        Format::Openai => ("/v1/chat/completions", json!({"model": "m", "messages": turn})),
        Format::Responses => ("/v1/responses", json!({"model": "m", "input": "Hi", "max_output_tokens": 16})),
        Format::Anthropic => {
            ("/v1/messages", json!({"model": "m", "max_tokens": 100, "system": "x", "messages": turn}))
        }
        Format::Gemini => ("/v1beta/models/m:generateContent", json!({"contents": parts})),
        Format::Bedrock => ("/model/m/converse", json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]})),
        Format::Azure => {
            let path = "/openai/deployments/d/chat/completions?api-version=2024-10-21";
            (path, json!({"messages": turn, "model": "m", "max_completion_tokens": 100}))
        }
        Format::Vertex => {
            let path = "/v1/projects/p-1/locations/europe-west1/publishers/google/models/m:generateContent";
            (path, json!({"contents": parts, "generationConfig": {"maxOutputTokens": 100}}))
        }
        Format::Cohere => ("/v2/chat", json!({"model": "m", "messages": turn, "p": 0.5})),
        Format::Ollama => ("/api/chat", json!({"model": "m", "messages": turn, "stream": false, "options": {}})),
    }
}

/// The credential that each takes, of those that need no signature.
fn credential(format: Format, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    match format {
        Format::Anthropic => request.header("x-api-key", "good").header("anthropic-version", "2023-06-01"),
        Format::Gemini => request.header("x-goog-api-key", "good"),
        Format::Azure => request.header("api-key", "good"),
        _ => request.bearer_auth("good"),
    }
}

#[tokio::test]
async fn each_fake_takes_its_own_format_and_no_other() {
    let client = crate::client::client();
    // Azure is OpenAI and Vertex is Gemini; Bedrock wants a signature first.
    let formats = Format::ALL.into_iter().filter(|format| *format != Format::Bedrock);
    for own in formats {
        let fake = FakeProvider::start(own, "good").await.unwrap();
        let url = format!("http://{}{}", fake.address(), least(own).0);
        for other in Format::ALL {
            let kin = [(Format::Openai, Format::Azure), (Format::Gemini, Format::Vertex)];
            // The least requests of OpenAI and Ollama are the same but for `options` and `stream`, Cohere's but for `p`.
            let same = kin.contains(&(own, other)) || kin.contains(&(other, own));
            let plain = other == Format::Openai && [Format::Cohere, Format::Ollama].contains(&own);
            if same || plain {
                continue;
            }
            let answer = credential(own, client.post(&url)).json(&least(other).1).send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap();
            assert_eq!(status == 200, own == other, "{other:?} at {own:?}: {status} {body}");
            assert!(own != other || body.contains("You said “Hi”"), "{own:?}: {body}");
        }
    }
}

#[tokio::test]
async fn bedrock_takes_only_what_is_signed_as_it_arrived() {
    let client = crate::client::client();
    let fake = FakeProvider::start(Format::Bedrock, bedrock::ACCESS_KEY).await.unwrap();
    let url = format!("http://{}{}", fake.address(), least(Format::Bedrock).0);
    for authorization in [
        None,
        Some("AWS4-HMAC-SHA256 x"),
        Some(
            "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEFAKEFAKE/20260101/eu-central-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
        ),
    ] {
        let mut request = client.post(&url).json(&least(Format::Bedrock).1).header("x-amz-date", "20260101T000000Z");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403, "{authorization:?}");
        assert!(answer.headers().contains_key("x-amzn-errortype"));
    }
    assert!(fake.prompts().iter().all(|prompt| prompt.history == ["user Hi"]));
}
