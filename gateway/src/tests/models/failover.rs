//! What follows a failed attempt: the next key, the next target, or the caller's error.

use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Fault, Script, Wire};

use super::*;

#[tokio::test]
async fn a_failed_attempt_is_followed_by_the_next_target_and_both_are_in_the_ledger() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Anthropic]).await;
    stage.vendors[0].next(Script::refuse(503));
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    let heard = answered.heard(Vendor::Openai).unwrap();
    assert_eq!(
        (answered.header("x-weir-provider"), answered.header("x-weir-model"), answered.header("x-weir-attempts")),
        (Some("two"), Some("m-two"), Some("2"))
    );
    let row = stage.rows(1).await.remove(0);
    assert_eq!(answered.header("x-weir-request-id"), Some(row.id.as_str()));
    assert_eq!(answered.header("x-weir-cost"), row.cost.map(|c| c.to_string()).as_deref());
    assert_eq!((row.outcome, row.status, row.model.as_str()), (Outcome::Ok, 200, "chat"));
    assert_eq!(heard.usage.unwrap().output, row.usage.tokens.output_total());
    let brief: Vec<_> = row.attempts.iter().map(|a| (a.number, a.provider.as_str(), a.status, a.outcome)).collect();
    assert_eq!(brief, [(1, "one", 503, Outcome::UpstreamError), (2, "two", 200, Outcome::Ok)]);
    assert_eq!((row.attempts[0].cost, row.attempts[1].cost), (Some(NanoUsd::ZERO), row.cost));
    assert_eq!((row.attempts[1].price.as_str(), row.attempts[1].provider_key.as_str()), ("price-two", "main"));
    assert!(row.upstream_us > 0 && row.upstream_us <= row.duration_us);
}

#[tokio::test]
async fn only_what_retry_on_names_is_tried_again() {
    let retry = json!({"on": ["connect"], "cooldown_ms": 1});
    let stage = Stage::start_with(&[Vendor::Openai, Vendor::Openai], retry, |_| {}).await;
    stage.vendors[0].next(Script::refuse(503));
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((answered.status, answered.header("x-weir-attempts")), (503, Some("1")));
    assert!(stage.vendors[1].received().is_empty());
}

#[tokio::test]
async fn the_providers_refusal_of_weirs_key_is_not_the_callers_fault() {
    let retry = json!({"max_attempts": 1});
    let stage = Stage::start_with(&[Vendor::Openai], retry, |_| {}).await;
    for (status, shown) in [(401, 502), (403, 502), (400, 400), (404, 404), (413, 413)] {
        stage.vendors[0].next(Script::refuse(status));
        let answered = stage.ask(Vendor::Anthropic, &json!({})).await;
        assert_eq!(answered.status, shown, "{status}: {}", answered.text());
        assert!(answered.error(Vendor::Anthropic).unwrap().1.starts_with("one: "), "{}", answered.text());
    }
}

#[tokio::test]
async fn a_provider_that_is_silent_or_gone_is_a_timeout_or_a_bad_gateway() {
    let retry = json!({"max_attempts": 1});
    let stage = Stage::start_with(&[Vendor::Openai], retry, |_| {}).await;
    let faults = [
        (Script::fail(Fault::BlackHole), 504, Outcome::Timeout),
        (Script::fail(Fault::SilenceAfterHead), 504, Outcome::Timeout),
        (Script::fail(Fault::CutAfterBytes { after: 20 }), 502, Outcome::Cut),
        (Script { body: Some("<html>".into()), ..Script::default() }, 502, Outcome::UpstreamError),
    ];
    for (count, (script, status, outcome)) in faults.into_iter().enumerate() {
        stage.vendors[0].next(script.clone());
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        assert_eq!(answered.status, status, "{script:?}: {}", answered.text());
        let row = stage.rows(count + 1).await.pop().unwrap();
        assert_eq!((row.outcome, row.attempts[0].outcome, row.status), (outcome, outcome, status), "{script:?}");
        assert_eq!((row.usage.source, row.cost), (UsageSource::None, Some(NanoUsd::ZERO)), "nothing is charged");
    }
}

#[tokio::test]
async fn an_error_inside_a_stream_is_retried_before_content_and_told_behind_it() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Openai]).await;
    stage.vendors[0].next(Script::fail(Fault::ErrorEvent { after: 1 }));
    let answered = stage.ask(Vendor::Openai, &stream()).await;
    answered.heard(Vendor::Openai).unwrap();
    assert_eq!(answered.header("x-weir-attempts"), Some("2"));

    let paced = Wire { event_delay_ms: 5, ..Wire::default() };
    let faults = [
        (Fault::ErrorEvent { after: 4 }, Outcome::UpstreamError),
        (Fault::EndAfterEvents { after: 4 }, Outcome::Cut),
        (Fault::CutAfterBytes { after: 1_300 }, Outcome::Cut),
    ];
    for (count, (fault, outcome)) in faults.into_iter().enumerate() {
        stage.vendors[0].next(Script::fail(fault.clone()).on_wire(paced.clone()));
        tokio::time::sleep(Duration::from_millis(5)).await;
        let answered = stage.ask(Vendor::Anthropic, &stream()).await;
        assert_eq!(answered.status, 200);
        assert!(answered.text().contains("event: error"), "{fault:?}: {}", answered.text());
        let row = stage.rows(count + 2).await.pop().unwrap();
        assert_eq!((row.outcome, row.attempts.len()), (outcome, 1), "{fault:?}");
        assert!(row.usage.tokens.output_total() > 0, "what was delivered is charged: {row:?}");
        assert_eq!(row.cost, row.attempts[0].cost);
    }
}

#[tokio::test]
async fn a_single_target_that_fails_is_tried_again_after_a_moment() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    stage.vendors[0].next_times(2, Script::refuse(500));
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some("3")));
}

#[tokio::test]
async fn a_provider_that_named_a_long_rest_is_not_called_until_then() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    stage.vendors[0].next(Script::refuse(429).header("retry-after", "30"));
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 429);
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let answered = stage.ask(dialect, &json!({})).await;
        assert_eq!(answered.status, 429, "{}", answered.text());
        let wait: u64 = answered.header("retry-after").unwrap().parse().unwrap();
        assert!((20..=30).contains(&wait), "{wait}");
        assert!(answered.error(dialect).unwrap().1.contains("have been asked too often; try again in"));
    }
    assert_eq!(stage.vendors[0].received().len(), 1, "the provider was left alone");
    let row = stage.rows(3).await.pop().unwrap();
    assert_eq!((row.outcome, row.error.as_str(), row.attempts.len()), (Outcome::Refused, "upstream_rate_limited", 0));
}

#[tokio::test]
async fn all_attempts_together_take_no_longer_than_one_may() {
    let retry = json!({"on": ["timeout"], "max_attempts": 3, "cooldown_ms": 1});
    let stage = Stage::start_with(&[Vendor::Openai], retry, |documents| {
        for document in documents.iter_mut().filter(|d| d["kind"] == "Provider") {
            document["spec"]["timeouts"] = json!({"first_byte_ms": 400, "total_ms": 600});
        }
    })
    .await;
    stage.vendors[0].next_times(3, Script::fail(Fault::BlackHole));
    let begun = std::time::Instant::now();
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 504);
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.outcome, row.attempts.len()), (Outcome::Timeout, 2), "{:?}", begun.elapsed());
    assert!(row.duration_us < 1_100_000, "three attempts would take 1,500 ms: {}", row.duration_us);
}

/// A proxy that keeps 64 KiB of a body for another try loses what agents send.
#[tokio::test]
async fn a_prompt_of_a_megabyte_reaches_the_next_target_whole_whatever_that_speaks() {
    let stage = Stage::start(&[Vendor::Openai, Vendor::Openai, Vendor::Anthropic]).await;
    let text = (0..170_000).map(|n| format!("{n} ")).collect::<String>();
    assert!(text.len() > 1_000_000, "{}", text.len());
    for streamed in [false, true] {
        let fields = json!({"messages": [{"role": "user", "content": text}], "stream": streamed});
        stage.vendors[0].next(Script::refuse(503));
        stage.vendors[1].next(Script::fail(Fault::ResetBeforeHead));
        tokio::time::sleep(Duration::from_millis(5)).await;
        let answered = stage.ask(Vendor::Openai, &fields).await;
        assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some("3")), "{}", answered.status);
        for fake in &stage.vendors {
            let body = fake.received().pop().unwrap().json();
            let content = &body["messages"][0]["content"];
            assert!(content.as_str().or(content[0]["text"].as_str()) == Some(text.as_str()), "{:?}", fake.format());
        }
    }
}
