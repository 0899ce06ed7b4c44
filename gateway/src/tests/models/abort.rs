//! Callers who leave: the provider is stopped, and the ledger says what was used.

use weir_domain::ledger::{Aborted, Outcome};
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Fault, Reply, Script, Wire};

use super::*;

/// Waits until the vendor has no open connection.
async fn stopped(fake: &FakeProvider) {
    for _ in 0..100 {
        if fake.open_connections() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the provider still works for nobody");
}

#[tokio::test]
async fn a_caller_who_leaves_before_the_head_stops_the_provider_at_an_unknown_cost() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Openai]).await;
    stage.vendors[0].next(Script::fail(Fault::BlackHole));
    let request = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &json!({})).to_string());
    let left = tokio::time::timeout(Duration::from_millis(200), request.send()).await;
    assert!(left.is_err());
    stopped(&stage.vendors[0]).await;
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.status, row.error.as_str()), (Outcome::Aborted, 0, "caller_left"));
    assert_eq!((row.attempts.len(), row.attempts[0].outcome), (1, Outcome::Aborted));
    assert_eq!(row.usage.source, UsageSource::None);
    // The provider had the whole prompt and may bill it; nobody knows, so no number is made up.
    assert_eq!((row.cost, row.attempts[0].cost), (None, None));
    assert!(stage.vendors[1].received().is_empty(), "nobody is there to retry for");
}

#[tokio::test]
async fn a_caller_who_leaves_before_a_provider_has_the_request_pays_nothing() {
    // It takes connections and never shakes hands.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}/v1", silent.local_addr().unwrap());
    let stage = Stage::start_with(&[Vendor::Openai], json!({}), |documents| {
        documents[2]["spec"]["base_url"] = json!(base);
    })
    .await;
    let text = body(Vendor::Openai, "chat", &json!({})).to_string();
    let connecting = stage.caller.request(Vendor::Openai).body(text.clone()).send();
    assert!(tokio::time::timeout(Duration::from_millis(200), connecting).await.is_err());
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.attempts.len(), row.attempts[0].outcome), (Outcome::Aborted, 1, Outcome::Aborted));
    assert_eq!((row.cost, row.attempts[0].cost), (Some(NanoUsd::ZERO), Some(NanoUsd::ZERO)));

    let mut half = tokio::net::TcpStream::connect(stage.world.at.gateway).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nx-api-key: {}\r\nContent-Length: {}\r\n\r\n{{",
        stage.world.key,
        text.len()
    );
    tokio::io::AsyncWriteExt::write_all(&mut half, head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(half);
    let row = stage.rows(2).await.remove(1);
    assert_eq!((row.outcome, row.attempts.len(), row.cost), (Outcome::Aborted, 0, Some(NanoUsd::ZERO)));
}

#[tokio::test]
async fn a_caller_who_leaves_a_stream_pays_for_what_came() {
    let stage = Stage::start(&[Vendor::Anthropic]).await;
    let paced = Wire { event_delay_ms: 20, ..Wire::default() };
    stage.vendors[0].next(Script::say(Reply::text(&"many words ".repeat(200))).on_wire(paced));
    let request = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &stream()).to_string());
    let mut answer = request.send().await.unwrap();
    for _ in 0..3 {
        answer.chunk().await.unwrap().unwrap();
    }
    drop(answer);
    stopped(&stage.vendors[0]).await;
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.status), (Outcome::Aborted, 200));
    assert!(row.usage.tokens.output_total() > 0 && row.usage.tokens.input_total() > 0, "{row:?}");
    assert!(matches!(row.usage.source, UsageSource::Estimated | UsageSource::Mixed), "{row:?}");
    assert!(row.cost.is_some_and(|cost| cost.0 > 0) && row.cost == row.attempts[0].cost);
    assert!(row.response_bytes > 0);
    assert_eq!(row.attempts[0].aborted, Some(Aborted::Cut));
}

/// A stage whose provider bills answers to their end.
async fn draining(vendor: Vendor) -> Stage {
    Stage::start_with(&[vendor, Vendor::Openai], json!({}), |documents| {
        documents[2]["spec"]["on_abort"] = json!("drain");
    })
    .await
}

/// Threads B 14 and 15, LiteLLM 36008 and 13245: what is billed to the end is read to the end.
#[tokio::test]
async fn a_stream_that_is_billed_to_its_end_is_read_to_its_end_for_nobody() {
    let stage = draining(Vendor::Anthropic).await;
    let reply = Reply::text(&"many words ".repeat(20));
    let paced = Wire { event_delay_ms: 15, ..Wire::default() };
    stage.vendors[0].next(Script::say(reply).on_wire(paced));
    let request = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &stream()).to_string());
    let mut answer = request.send().await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.error.as_str(), row.status), (Outcome::Aborted, "caller_left", 200));
    assert_eq!((row.attempts.len(), row.attempts[0].aborted), (1, Some(Aborted::Drained)));
    assert_eq!(row.usage.source, UsageSource::Provider, "the provider's own numbers: {row:?}");
    assert_eq!((row.usage, row.cost), (row.attempts[0].usage, row.attempts[0].cost));
}

#[tokio::test]
async fn a_whole_answer_that_is_billed_is_waited_for_though_its_caller_left() {
    let stage = draining(Vendor::Openai).await;
    let slow = Wire { head_delay_ms: 500, ..Wire::default() };
    stage.vendors[0].next(Script::say(Reply::text("late")).on_wire(slow));
    let request = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &json!({})).to_string());
    assert!(tokio::time::timeout(Duration::from_millis(200), request.send()).await.is_err());
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.status, row.attempts[0].aborted), (Outcome::Aborted, 0, Some(Aborted::Drained)));
    assert_eq!(row.usage.source, UsageSource::Provider);
    assert!(row.cost.is_some_and(|cost| cost.0 > 0) && row.usage.tokens.output_total() > 0, "{row:?}");
}

/// Nobody is there to try again for, and what came of it is said.
#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for_beyond_the_time_limits_nor_repeated() {
    let stage = draining(Vendor::Openai).await;
    stage.vendors[0].next(Script::fail(Fault::BlackHole));
    let request = stage.caller.request(Vendor::Openai).body(body(Vendor::Openai, "chat", &json!({})).to_string());
    assert!(tokio::time::timeout(Duration::from_millis(200), request.send()).await.is_err());
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.attempts.len()), (Outcome::Aborted, 1));
    assert_eq!((row.attempts[0].aborted, row.cost), (Some(Aborted::Truncated), None));
    assert!(stage.vendors[1].received().is_empty());
}

#[tokio::test]
async fn over_http2_streams_pass_and_departures_are_noticed() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    let client = weir_harness::client::builder().http2_prior_knowledge().build().unwrap();
    let ask = || {
        client
            .post(stage.world.url("/v1/messages"))
            .header("x-api-key", &stage.world.key)
            .header("content-type", "application/json")
            .body(body(Vendor::Anthropic, "chat", &stream()).to_string())
    };
    let answered = stage.caller.send(ask()).await.unwrap();
    assert!(answered.header("transfer-encoding").is_none());
    assert!(!answered.heard(Vendor::Anthropic).unwrap().text.is_empty());

    let paced = Wire { event_delay_ms: 20, ..Wire::default() };
    stage.vendors[0].next(Script::say(Reply::text(&"many words ".repeat(200))).on_wire(paced));
    let mut answer = ask().send().await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    let rows = stage.rows(2).await;
    assert_eq!((rows[0].outcome, rows[1].outcome), (Outcome::Ok, Outcome::Aborted));
    // The connection of the cut stream is closed; the one of the whole stream waits for the next call.
    for _ in 0..100 {
        if stage.vendors[0].open_connections() <= 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the provider still works for nobody");
}
