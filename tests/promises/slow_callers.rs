//! A caller who reads slowly, or not at all for a while, slows its provider down; the gateway does not keep the answer
//! in its memory meanwhile, and loses nothing of it.

use std::time::Duration;

use serde_json::json;
use weir_harness::provider::Vendor;
use weir_harness::script::{Script, Wire};

use crate::stand::{DIALECTS, Stand, request, route_to, streamed};

/// What the model says, in events of this many bytes. The letter stands nowhere else in an answer.
const EVENTS: usize = 4_000;
const EVENT: usize = 8 << 10;
const LETTER: u8 = b'~';

/// A long stream as the vendor sends it.
fn stream(vendor: Vendor) -> String {
    let text = char::from(LETTER).to_string().repeat(EVENT);
    let mut all = String::new();
    let mut event = |value: serde_json::Value| {
        if let Some(kind) = value["type"].as_str() {
            all.push_str(&format!("event: {kind}\n"));
        }
        all.push_str(&format!("data: {value}\n\n"));
    };
    match vendor {
        Vendor::Openai => {
            let chunk = |delta: serde_json::Value, finish: Option<&str>| json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
            event(chunk(json!({"role": "assistant"}), None));
            (0..EVENTS).for_each(|_| event(chunk(json!({"content": text}), None)));
            event(chunk(json!({}), Some("stop")));
            all.push_str("data: [DONE]\n\n");
        }
        Vendor::Anthropic => {
            event(
                json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}}),
            );
            event(json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}));
            let delta =
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
            (0..EVENTS).for_each(|_| event(delta.clone()));
            event(json!({"type": "content_block_stop", "index": 0}));
            event(
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
            );
            event(json!({"type": "message_stop"}));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_at_the_provider_for_a_caller_who_does_not_read() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    for provider in DIALECTS {
        let body = stream(provider);
        for caller in DIALECTS {
            // Once as it comes, so that what is kept for good is there before the measurement.
            let wire = Wire { chunked: true, cut_every: Some(64 << 10), ..Wire::default() };
            let script = Script { body: Some(body.clone()), ..Script::default() };
            let script = script.header("content-type", "text/event-stream").on_wire(wire);
            stand.ask(caller, provider, &streamed(caller)).await?.heard(caller)?;
            let before = stand.weir.resident_bytes()?;
            stand.fake(provider).next(script);
            let asked = request(caller, route_to(provider), &streamed(caller)).to_string();
            let mut answer = stand.caller.request(caller).body(asked).send().await?;
            tokio::time::sleep(Duration::from_secs(2)).await;
            let grown = stand.weir.resident_bytes()?.saturating_sub(before);
            let place = format!("{caller:?} to {provider:?}");
            assert!(grown < 12 << 20, "{place}: {} KiB of {} are kept", grown >> 10, body.len() >> 10);
            let mut letters = 0;
            while let Some(piece) = answer.chunk().await? {
                letters += piece.iter().filter(|byte| **byte == LETTER).count();
            }
            assert_eq!(letters, EVENTS * EVENT, "{place}");
        }
    }
    Ok(())
}
