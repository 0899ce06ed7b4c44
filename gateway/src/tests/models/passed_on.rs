//! Counting, images, sound, moderations and completions through the whole data plane.

use weir_domain::ledger::{Outcome, Record};
use weir_domain::money::NanoUsd;
use weir_domain::usage::{ImageSize, UsageSource};
use weir_harness::provider::SOUND;
use weir_harness::script::{Fault, Script};

use super::*;

impl Stage {
    async fn post(&self, path: &str, body: &Value) -> Answered {
        let request = weir_harness::client::client()
            .post(self.world.url(path))
            .bearer_auth(&self.world.key)
            .header("content-type", "application/json")
            .body(body.to_string());
        self.caller.send(request).await.unwrap()
    }

    /// Posts a form with a file and these fields.
    async fn form(&self, path: &str, file: &str, fields: &[(&str, &str)]) -> Answered {
        let mut body =
            format!("--b0\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"f\"\r\n\r\n").into_bytes();
        body.extend_from_slice(&SOUND);
        for (name, value) in fields {
            body.extend_from_slice(
                format!("\r\n--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}").as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n--b0--\r\n");
        let request = weir_harness::client::client()
            .post(self.world.url(path))
            .bearer_auth(&self.world.key)
            .header("content-type", "multipart/form-data; boundary=b0")
            .body(body);
        self.caller.send(request).await.unwrap()
    }

    async fn row(&self, count: usize) -> Record {
        self.rows(count).await.pop().unwrap()
    }
}

fn model(fields: Value) -> Value {
    let mut body = fields;
    body["model"] = json!("chat");
    body
}

#[tokio::test]
async fn tokens_are_counted_by_the_provider_that_can_and_estimated_elsewhere() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Anthropic]).await;
    let request = json!({"model": "chat", "messages": [{"role": "user", "content": "x".repeat(400)}]});
    let counted = stage.post("/v1/messages/count_tokens", &request).await;
    assert_eq!((counted.status, counted.json().unwrap()), (200, json!({"input_tokens": 2_095})));
    assert_eq!((counted.header("x-weir-estimated"), counted.header("x-weir-provider")), (None, Some("two")));
    assert_eq!(stage.vendors[1].received()[0].json()["model"], "m-two");
    let row = stage.row(1).await;
    assert_eq!((row.outcome, row.usage.source, row.cost), (Outcome::Ok, UsageSource::None, Some(NanoUsd::ZERO)));
    assert_eq!(row.attempts[0].cost, Some(NanoUsd::ZERO), "counting is free, whatever the model costs");
    let mut other = request;
    other["model"] = json!("one/m");
    let estimated = stage.post("/v1/messages/count_tokens", &other).await;
    assert_eq!((estimated.status, estimated.json().unwrap()), (200, json!({"input_tokens": 100})));
    assert_eq!(estimated.header("x-weir-estimated"), Some("true"));
    let row = stage.row(2).await;
    assert_eq!((row.outcome, row.cost, row.attempts.len()), (Outcome::Ok, Some(NanoUsd::ZERO), 0));
    assert!(stage.vendors[0].received().is_empty());
}

#[tokio::test]
async fn images_are_made_and_charged_by_tokens_or_by_number() {
    let stage = Stage::start_with(&[Vendor::Openai], json!({}), |documents| {
        documents[0]["spec"]["targets"][0]["model"] = json!("gpt-image-1");
    })
    .await;
    let made = stage.post("/v1/images/generations", &model(json!({"prompt": "a weir"}))).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(stage.vendors[0].received()[0].json()["model"], "gpt-image-1");
    assert!(made.json().unwrap()["usage"]["cost"].is_number(), "{}", made.text());
    let tokens = stage.row(1).await.usage.tokens;
    assert_eq!((tokens.input_uncached, tokens.image_in, tokens.image_out), (10, 0, 20));
    let request = json!({"model": "one/dall-e-3", "prompt": "p", "size": "1024x1792", "n": 2});
    assert_eq!(stage.post("/v1/images/generations", &request).await.status, 200);
    let row = stage.row(2).await;
    let size = ImageSize { width: 1024, height: 1792 };
    assert_eq!((row.usage.units.images, row.usage.units.image_size, row.cost), (2, size, None), "no price for images");
    let edited = stage.form("/v1/images/edits", "image[]", &[("model", "chat"), ("prompt", "p")]).await;
    assert_eq!(edited.status, 200, "{}", edited.text());
    assert_eq!(stage.row(3).await.usage.tokens.image_in, 30);
    let streamed = stage.post("/v1/images/generations", &model(json!({"prompt": "p", "stream": true}))).await;
    assert!(streamed.text().contains("image_generation.completed"), "{}", streamed.text());
    let row = stage.row(4).await;
    assert_eq!((row.usage.tokens.image_out, row.stream, row.usage.source), (20, true, UsageSource::Provider));
}

#[tokio::test]
async fn speech_passes_byte_for_byte_as_what_it_is() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let spoken = stage.post("/v1/audio/speech", &model(json!({"input": "héllo", "voice": "alloy"}))).await;
    assert_eq!((spoken.status, spoken.header("content-type")), (200, Some("audio/mpeg")));
    assert_eq!(spoken.body.as_ref(), SOUND);
    let row = stage.row(1).await;
    assert_eq!((row.usage.units.characters, row.usage.source, row.cost), (5, UsageSource::Provider, None));
    let streamed = stage.post("/v1/audio/speech", &model(json!({"input": "x", "stream_format": "sse"}))).await;
    assert!(streamed.header("content-type").unwrap().starts_with("text/event-stream"));
    let row = stage.row(2).await;
    assert_eq!((row.usage.tokens.audio_out, row.usage.units.is_empty()), (50, true));
    // What is no stream of events holds no error: a caller must see that the sound broke off.
    stage.vendors[0].next(Script { fault: Some(Fault::CutAfterBytes { after: 100 }), ..Script::default() });
    let request = weir_harness::client::client()
        .post(stage.world.url("/v1/audio/speech"))
        .bearer_auth(&stage.world.key)
        .header("content-type", "application/json")
        .body(model(json!({"input": "cut"})).to_string());
    assert!(stage.caller.send(request).await.is_err());
    let row = stage.row(3).await;
    assert_eq!((row.outcome, row.usage.units.characters), (Outcome::Cut, 3), "{row:?}");
}

#[tokio::test]
async fn recordings_are_transcribed_and_charged_by_tokens_or_time() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let path = "/v1/audio/transcriptions";
    let heard = stage.form(path, "file", &[("model", "chat")]).await;
    assert_eq!(heard.status, 200, "{}", heard.text());
    assert_eq!(heard.json().unwrap()["text"], "heard 256 bytes");
    assert_eq!(stage.row(1).await.usage.tokens.audio_in, 14);
    let body = stage.vendors[0].received()[0].body.clone();
    assert!(body.windows(9).any(|w| w == b"\r\n\r\nm-one") && !body.windows(8).any(|w| w == b"\r\n\r\nchat"));
    let verbose = stage.form(path, "file", &[("model", "chat"), ("response_format", "verbose_json")]).await;
    assert_eq!(verbose.json().unwrap()["duration"], 2.5);
    assert_eq!(stage.row(2).await.usage.units.audio_in_ms, 2_500);
    let plain = stage.form("/v1/audio/translations", "file", &[("response_format", "srt"), ("model", "chat")]).await;
    assert_eq!(
        (plain.text().as_ref(), plain.header("content-type")),
        ("heard 256 bytes\n", Some("text/plain; charset=utf-8"))
    );
    let row = stage.row(3).await;
    assert_eq!((row.usage.source, row.cost), (UsageSource::None, None), "unknown is not nothing");
    let streamed = stage.form(path, "file", &[("stream", "true"), ("model", "chat")]).await;
    assert!(streamed.text().contains("transcript.text.done"));
    assert_eq!(stage.row(4).await.usage.tokens.audio_in, 14);
    for fields in [&[("model", "chat"), ("model", "other")][..], &[("Model", "chat")], &[], &[("model", "no-such")]] {
        let refused = stage.form(path, "file", fields).await;
        assert!(matches!(refused.status, 400 | 404), "{fields:?}: {}", refused.text());
        assert!(refused.json().unwrap()["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn moderations_and_completions_take_the_same_way_with_its_second_target() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Openai]).await;
    for vendor in &stage.vendors[..1] {
        vendor.next_times(2, Script { status: Some(500), ..Script::default() });
    }
    let judged = stage.post("/v1/moderations", &model(json!({"input": "kind words"}))).await;
    assert_eq!((judged.status, judged.header("x-weir-attempts")), (200, Some("2")));
    let row = stage.row(1).await;
    assert!(row.usage.tokens.input_uncached > 0 && row.cost.is_some(), "{row:?}");
    let whole = stage.post("/v1/completions", &model(json!({"prompt": "Once"}))).await;
    assert_eq!(whole.json().unwrap()["choices"][0]["text"], "continues \"Once\"");
    let row = stage.row(2).await;
    assert_eq!((row.usage.tokens.input_uncached, row.cost), (4, Some(NanoUsd(24_000))));
    let request = model(json!({"prompt": "Once", "stream": true}));
    let streamed = stage.post("/v1/completions", &request).await;
    assert!(streamed.text().ends_with("data: [DONE]\n\n") && !streamed.text().contains("usage"), "{}", streamed.text());
    assert_eq!(stage.row(3).await.cost, Some(NanoUsd(24_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_of_a_model_that_chats_is_a_chat_whole_and_streamed() {
    let stage = Stage::start(&[Vendor::Anthropic]).await;
    for (count, model) in [(1, "chat"), (2, "demo/demo-small")] {
        let asked = json!({"model": model, "prompt": "Once", "max_tokens": 50, "logprobs": 1});
        let whole = stage.post("/v1/completions", &asked).await;
        let body = whole.json().unwrap();
        assert_eq!((whole.status, &body["object"]), (200, &json!("text_completion")), "{}", whole.text());
        assert_eq!(whole.header("x-weir-dropped-params"), Some("logprobs"));
        assert!(body["choices"][0]["text"].as_str().is_some_and(|text| text.contains("Once")), "{}", whole.text());
        let mut streamed = asked.clone();
        streamed["stream"] = json!(true);
        streamed["stream_options"] = json!({"include_usage": true});
        let streamed = stage.post("/v1/completions", &streamed).await;
        assert_eq!(streamed.header("content-type").map(|kind| kind.starts_with("text/event-stream")), Some(true));
        let text = streamed.text();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        let events =
            text.split("\n\n").filter_map(|event| serde_json::from_str::<Value>(event.strip_prefix("data: ")?).ok());
        let events: Vec<Value> = events.collect();
        let said: String = events.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
        assert_eq!(json!(said), body["choices"][0]["text"], "{text}");
        let usage = &events.last().unwrap()["usage"];
        assert_eq!(
            (&usage["prompt_tokens"], &usage["cost"]),
            (&body["usage"]["prompt_tokens"], &body["usage"]["cost"])
        );
        let rows = stage.rows(2 * count).await;
        let [.., first, second] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((first.outcome, second.outcome, first.cost), (Outcome::Ok, Outcome::Ok, second.cost));
        assert_eq!((first.usage.tokens, first.usage.source), (second.usage.tokens, UsageSource::Provider));
    }
    let received = stage.vendors[0].received();
    assert_eq!(
        (received[0].head.target.as_str(), received[0].json()["model"].as_str()),
        ("/v1/messages", Some("m-one"))
    );
}

#[tokio::test]
async fn what_no_chat_completes_is_refused_or_left_to_one_that_can() {
    let stage = Stage::start(&[Vendor::Anthropic]).await;
    for (field, value) in [
        ("prompt", json!([1, 2, 3])),
        ("prompt", json!(["a", "b"])),
        ("suffix", json!("end")),
        ("echo", json!(true)),
        ("best_of", json!(3)),
        ("n", json!(2)),
    ] {
        let mut asked = model(json!({"prompt": "Once"}));
        asked[field] = value;
        let refused = stage.post("/v1/completions", &asked).await;
        assert_eq!((refused.status, refused.json().unwrap()["error"]["param"].as_str()), (400, Some(field)));
    }
    assert!(stage.vendors[0].received().is_empty());
    let stage = Stage::start(&[Vendor::Anthropic, Vendor::Openai]).await;
    let tokens = stage.post("/v1/completions", &model(json!({"prompt": [1, 2], "echo": true}))).await;
    assert_eq!((tokens.status, tokens.header("x-weir-provider")), (200, Some("two")), "{}", tokens.text());
    assert_eq!(stage.vendors[1].received()[0].json()["prompt"], json!([1, 2]));
}

#[tokio::test]
async fn a_provider_without_the_operation_says_so() {
    let stage = Stage::start(&[Vendor::Anthropic]).await;
    let refused = stage.post("/v1/images/generations", &model(json!({"prompt": "p"}))).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("image_generation"), "{}", refused.text());
    assert!(stage.vendors[0].received().is_empty());
    assert_eq!(stage.row(1).await.cost, Some(NanoUsd::ZERO));
}
