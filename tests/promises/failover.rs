//! A model route goes on to its next target until the first byte of the answer has left, and never after.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::chat::{Answered, Caller};
use weir_harness::config::{Config, Key, provider};
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::script::{Fault, Reply, Script, Wire};
use weir_harness::sse;
use weir_harness::weir::Weir;

use crate::stand::{ANTHROPIC_KEY, BINARY, DIALECTS, OPENAI_KEY, both, request, streamed};

/// A model route over a first and a second provider.
struct Pair {
    first: FakeProvider,
    second: FakeProvider,
    _weir: Weir,
    caller: Caller,
}

fn key_of(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Openai => OPENAI_KEY,
        Vendor::Anthropic => ANTHROPIC_KEY,
    }
}

impl Pair {
    async fn start(first: Vendor, second: Vendor) -> anyhow::Result<Self> {
        Self::start_with(first, second, &json!({"cooldown_ms": 1}), |config| config).await
    }

    async fn start_with(
        first: Vendor,
        second: Vendor,
        retry: &Value,
        change: impl FnOnce(Config) -> Config,
    ) -> anyhow::Result<Self> {
        let (one, two) =
            (FakeProvider::start(first, key_of(first)).await?, FakeProvider::start(second, key_of(second)).await?);
        let key = Key::new(2);
        let mut spec = provider(&one, key_of(first));
        spec["timeouts"] = json!({"connect_ms": 500, "first_byte_ms": 700, "idle_ms": 700});
        let targets = json!([
            {"provider": "first", "model": "m-1", "priority": 0}, {"provider": "second", "model": "m-2", "priority": 1}]);
        let config = Config::new()
            .with("Provider", "first", &spec)
            .provider("second", &two, key_of(second))
            .with("ModelRoute", "both", &json!({"targets": targets, "retry": retry}))
            .application("app", &key);
        let weir = Weir::start(BINARY, &change(config).yaml()).await?;
        let caller = Caller::new(&weir.gateway(), key.whole());
        Ok(Self { first: one, second: two, _weir: weir, caller })
    }

    async fn ask(&self, dialect: Vendor, fields: &Value) -> anyhow::Result<Answered> {
        self.caller.ask(dialect, &request(dialect, "both", fields)).await
    }
}

fn attempts(answered: &Answered) -> &str {
    answered.header("x-weir-attempts").unwrap_or_default()
}

#[tokio::test]
async fn a_failing_provider_is_followed_by_the_next() -> anyhow::Result<()> {
    let failures = [
        Script::refuse(429),
        Script::refuse(500),
        Script::refuse(502),
        Script::refuse(503),
        Script::refuse(504),
        Script::refuse(529),
        Script::refuse(401),
        Script::refuse(403),
        Script::fail(Fault::ResetBeforeHead),
        Script::fail(Fault::BlackHole),
        Script { status: Some(502), body: Some("<html>Bad Gateway</html>".into()), ..Script::default() },
    ];
    for (first, second) in
        [(Vendor::Openai, Vendor::Openai), (Vendor::Anthropic, Vendor::Openai), (Vendor::Openai, Vendor::Anthropic)]
    {
        for script in &failures {
            for (dialect, stream) in [(Vendor::Openai, true), (Vendor::Anthropic, false)] {
                // Anew each time: a provider that fails again and again, or that refused the key, is not asked any more.
                let pair = Pair::start(first, second).await?;
                let fields = if stream { streamed(dialect) } else { json!({}) };
                // Once: a request that the provider has read is never sent again in silence.
                pair.first.next(script.clone());
                let answered = pair.ask(dialect, &fields).await?;
                let heard =
                    answered.heard(dialect).with_context(|| format!("{first:?}, then {second:?}: {script:?}"))?;
                assert_eq!(heard.text, "You said “Hello there” — 好的 🌍.");
                assert_eq!(answered.header("x-weir-provider"), Some("second"), "{script:?}");
                assert_eq!(attempts(&answered), "2", "{first:?}, then {second:?}: {script:?}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_provider_that_refuses_connections_is_followed_by_the_next() -> anyhow::Result<()> {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({}), |config| {
        let base = format!("http://{closed}/v1");
        let keys = json!([{"id": "k", "secret": "sk-x"}]);
        config.with(
            "Provider",
            "first",
            &json!({"protocol": "openai", "base_url": base, "keys": keys, "allow_private_address": true}),
        )
    })
    .await?;
    for dialect in DIALECTS {
        let answered = pair.ask(dialect, &streamed(dialect)).await?;
        answered.heard(dialect)?;
        assert_eq!(answered.header("x-weir-provider"), Some("second"));
    }
    Ok(())
}

#[tokio::test]
async fn an_error_event_before_any_content_is_followed_by_the_next_provider() -> anyhow::Result<()> {
    for (first, starts) in [(Vendor::Openai, 0..=1), (Vendor::Anthropic, 0..=2)] {
        for dialect in DIALECTS {
            for after in starts.clone() {
                let pair = Pair::start(first, Vendor::Openai).await?;
                pair.first.next(Script::fail(Fault::ErrorEvent { after }));
                let answered = pair.ask(dialect, &streamed(dialect)).await?;
                let place = || format!("{first:?} fails after {after} events, {dialect:?} caller: {}", answered.text());
                answered.heard(dialect).with_context(place)?;
                assert_eq!(attempts(&answered), "2", "{}", place());
                assert!(!answered.text().contains("m-1"), "nothing of the first provider is shown: {}", place());
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn after_the_first_byte_an_error_is_told_and_nothing_is_repeated() -> anyhow::Result<()> {
    for first in DIALECTS {
        let pair = Pair::start(first, Vendor::Openai).await?;
        for dialect in DIALECTS {
            for fault in [
                Fault::ErrorEvent { after: 5 },
                Fault::CutAfterBytes { after: 1200 },
                Fault::EndAfterEvents { after: 5 },
            ] {
                tokio::time::sleep(Duration::from_millis(5)).await;
                // What leaves in time arrives before the cut.
                let wire = Wire { event_delay_ms: 2, ..Wire::default() };
                pair.first.next(Script { fault: Some(fault.clone()), ..Script::default() }.on_wire(wire));
                let answered = pair.ask(dialect, &streamed(dialect)).await?;
                let place = || format!("{first:?} provider, {dialect:?} caller, {fault:?}: {}", answered.text());
                assert_eq!(answered.status, 200);
                assert!(answered.heard(dialect).is_err(), "a broken answer must not look whole: {}", place());
                error_event(dialect, &answered).with_context(place)?;
                assert_eq!(attempts(&answered), "1", "{}", place());
                assert_eq!(pair.second.received().len(), 0, "{}", place());
            }
        }
    }
    Ok(())
}

/// The last event must tell of the error in the caller's dialect.
fn error_event(dialect: Vendor, answered: &Answered) -> anyhow::Result<()> {
    let events = sse::parse(&answered.body);
    let last = events.iter().rev().find(|e| e.data != "[DONE]").context("no events")?;
    let error = &last.json()["error"];
    anyhow::ensure!(error["message"].as_str().is_some_and(|m| m.len() > 10), "no error message in {last:?}");
    anyhow::ensure!(error["type"].is_string(), "no error type in {last:?}");
    if dialect == Vendor::Anthropic {
        anyhow::ensure!(last.name.as_deref() == Some("error") && last.json()["type"] == "error", "{last:?}");
    }
    Ok(())
}

#[tokio::test]
async fn half_an_answer_is_never_delivered_as_a_whole_one() -> anyhow::Result<()> {
    for first in DIALECTS {
        let pair = Pair::start(first, Vendor::Openai).await?;
        for dialect in DIALECTS {
            for fault in [Fault::CutAfterBytes { after: 200 }, Fault::LengthTooLong { by: 5 }, Fault::SilenceAfterHead]
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
                pair.first.reset();
                pair.first.next_times(2, Script::fail(fault.clone()));
                let answered = pair.ask(dialect, &json!({})).await?;
                let place = || format!("{first:?} provider, {dialect:?} caller, {fault:?}: {}", answered.text());
                // Nothing had left yet, so the next provider may answer; else the caller is told.
                if answered.status == 200 {
                    let heard = answered.heard(dialect).with_context(place)?;
                    assert_eq!(heard.text, "You said “Hello there” — 好的 🌍.", "{}", place());
                    assert_eq!(answered.header("x-weir-provider"), Some("second"), "{}", place());
                } else {
                    assert!(answered.status >= 500, "{}", place());
                    answered.error(dialect).with_context(place)?;
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_silent_stream_is_ended_by_the_idle_limit() -> anyhow::Result<()> {
    let pair = Pair::start(Vendor::Openai, Vendor::Openai).await?;
    pair.first.next(Script::fail(Fault::SilenceAfterHead));
    let begun = Instant::now();
    let answered = pair.ask(Vendor::Openai, &streamed(Vendor::Openai)).await?;
    answered.heard(Vendor::Openai)?;
    assert_eq!(attempts(&answered), "2");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_refusal_of_the_request_itself_is_not_repeated() -> anyhow::Result<()> {
    for first in DIALECTS {
        let pair = Pair::start(first, Vendor::Openai).await?;
        for dialect in DIALECTS {
            for status in [400, 404, 413, 422] {
                pair.first.next(Script::refuse(status));
                let answered = pair.ask(dialect, &json!({})).await?;
                assert_eq!(answered.status, status, "{}", answered.text());
                answered.error(dialect)?;
                assert!(pair.second.received().is_empty(), "{first:?} provider, {dialect:?} caller, {status}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_target_that_says_retry_after_is_left_alone_for_so_long() -> anyhow::Result<()> {
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({"cooldown_ms": 60_000}), |c| c).await?;
    pair.first.next(Script::refuse(429).header("retry-after", "2"));
    assert_eq!(attempts(&pair.ask(Vendor::Openai, &json!({})).await?), "2");
    let begun = Instant::now();
    for _ in 0..5 {
        let answered = pair.ask(Vendor::Openai, &json!({})).await?;
        assert_eq!((attempts(&answered), answered.header("x-weir-provider")), ("1", Some("second")));
    }
    assert_eq!(pair.first.received().len(), 1);
    assert!(begun.elapsed() < Duration::from_millis(1900), "too slow to tell: {:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_millis(2300).saturating_sub(begun.elapsed())).await;
    assert_eq!(pair.ask(Vendor::Openai, &json!({})).await?.header("x-weir-provider"), Some("first"));
    Ok(())
}

#[tokio::test]
async fn without_retry_after_the_cooldown_of_the_route_holds() -> anyhow::Result<()> {
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({"cooldown_ms": 1500}), |c| c).await?;
    pair.first.next(Script::refuse(503));
    assert_eq!(attempts(&pair.ask(Vendor::Openai, &json!({})).await?), "2");
    let begun = Instant::now();
    assert_eq!(pair.ask(Vendor::Openai, &json!({})).await?.header("x-weir-provider"), Some("second"));
    assert!(begun.elapsed() < Duration::from_millis(1400), "too slow to tell: {:?}", begun.elapsed());
    tokio::time::sleep(Duration::from_millis(1800).saturating_sub(begun.elapsed())).await;
    assert_eq!(pair.ask(Vendor::Openai, &json!({})).await?.header("x-weir-provider"), Some("first"));
    Ok(())
}

#[tokio::test]
async fn when_all_fail_the_caller_is_told_in_its_dialect() -> anyhow::Result<()> {
    let pair = Pair::start(Vendor::Openai, Vendor::Anthropic).await?;
    for dialect in DIALECTS {
        for stream in [json!({}), streamed(dialect)] {
            tokio::time::sleep(Duration::from_millis(5)).await;
            pair.first.reset();
            pair.second.reset();
            pair.first.next_times(3, Script::refuse(503));
            pair.second.next_times(3, Script::refuse(429));
            let answered = pair.ask(dialect, &stream).await?;
            assert!([429, 503, 529].contains(&answered.status), "{} {}", answered.status, answered.text());
            let (_, message) = answered.error(dialect)?;
            assert!(message.len() > 15, "{message}");
            assert!(["2", "3"].contains(&attempts(&answered)), "{}", attempts(&answered));
            assert!(!pair.second.received().is_empty());
        }
    }
    Ok(())
}

#[tokio::test]
async fn retry_after_reaches_the_caller() -> anyhow::Result<()> {
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({"max_attempts": 1}), |c| c).await?;
    pair.first.next(Script::refuse(429).header("retry-after", "17"));
    let answered = pair.ask(Vendor::Anthropic, &json!({})).await?;
    assert_eq!((answered.status, answered.header("retry-after")), (429, Some("17")));
    assert_eq!(answered.error(Vendor::Anthropic)?.0, "rate_limit_error");
    Ok(())
}

#[tokio::test]
async fn max_attempts_is_a_limit() -> anyhow::Result<()> {
    let pair =
        Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({"max_attempts": 1, "cooldown_ms": 1}), |c| c).await?;
    // The first call leaves a pooled connection behind: one that breaks off is no exception.
    pair.ask(Vendor::Openai, &json!({})).await?.heard(Vendor::Openai)?;
    for script in [Script::refuse(500), Script::fail(Fault::ResetBeforeHead)] {
        let before = pair.first.received().len();
        pair.first.next(script.clone());
        let answered = pair.ask(Vendor::Openai, &json!({})).await?;
        assert!(answered.status >= 500, "{}", answered.status);
        assert_eq!(pair.first.received().len(), before + 1, "{script:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(pair.second.received().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_bad_key_is_followed_by_the_next_of_the_pool() -> anyhow::Result<()> {
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({}), |config| config).await?;
    let base = pair.first.base_url();
    drop(pair);
    let fake = FakeProvider::start(Vendor::Openai, OPENAI_KEY).await?;
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({}), |config| {
        let keys = json!([{"id": "bad", "secret": "sk-revoked", "priority": 0}, {"id": "good", "secret": OPENAI_KEY, "priority": 1}]);
        let spec = json!({"protocol": "openai", "base_url": fake.base_url(), "keys": keys, "allow_private_address": true});
        config.with("Provider", "first", &spec)
    })
    .await?;
    assert_ne!(base, fake.base_url());
    let answered = pair.ask(Vendor::Openai, &json!({})).await?;
    answered.heard(Vendor::Openai)?;
    assert_eq!((attempts(&answered), answered.header("x-weir-provider")), ("2", Some("first")));
    let statuses: Vec<u16> = fake.received().iter().map(|r| r.status).collect();
    assert_eq!(statuses, [401, 200]);
    // The refused key rests: the next call begins with the good one.
    assert_eq!(attempts(&pair.ask(Vendor::Openai, &json!({})).await?), "1");
    Ok(())
}

#[tokio::test]
async fn weights_share_the_calls_out() -> anyhow::Result<()> {
    let pair = Pair::start_with(Vendor::Openai, Vendor::Openai, &json!({}), |config| {
        let targets = json!([
            {"provider": "first", "model": "m-1", "weight": 3}, {"provider": "second", "model": "m-2", "weight": 1}]);
        config.with("ModelRoute", "both", &json!({"targets": targets}))
    })
    .await?;
    for _ in 0..200 {
        pair.ask(Vendor::Openai, &json!({})).await?.heard(Vendor::Openai)?;
    }
    let (first, second) = (pair.first.received().len(), pair.second.received().len());
    assert_eq!(first + second, 200);
    // Three to one, within five standard deviations of a fair draw.
    assert!((119..=181).contains(&first), "{first} to {second}");
    Ok(())
}

#[tokio::test]
async fn connections_to_a_provider_are_used_again() -> anyhow::Result<()> {
    let pair = Pair::start(Vendor::Openai, Vendor::Openai).await?;
    for n in 0..40 {
        let fields = if n % 2 == 0 { json!({}) } else { streamed(Vendor::Openai) };
        pair.ask(Vendor::Openai, &fields).await?.heard(Vendor::Openai)?;
    }
    assert!(pair.first.connections() <= 4, "{} connections for 40 calls", pair.first.connections());
    // A provider that answers with an error keeps its connection too.
    let before = pair.first.connections();
    pair.first.next_times(10, Script::refuse(429).header("retry-after", "0"));
    for _ in 0..10 {
        pair.ask(Vendor::Openai, &json!({})).await?.heard(Vendor::Openai)?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(pair.first.connections() <= before + 1, "{} connections", pair.first.connections() - before);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_call_at_the_provider() -> anyhow::Result<()> {
    let pair = Pair::start(Vendor::Openai, Vendor::Openai).await?;
    let wire = Wire { event_delay_ms: 100, ..Wire::default() };
    for dialect in DIALECTS {
        let long = Reply::text(&"word ".repeat(500));
        pair.first.next(Script::say(long).on_wire(wire.clone()));
        let body = both(&request(dialect, "both", &streamed(dialect)), &json!({}));
        let mut answer = pair.caller.request(dialect).body(body.to_string()).send().await?;
        answer.chunk().await?.context("no first chunk")?;
        drop(answer);
        let deadline = Instant::now() + Duration::from_secs(3);
        while pair.first.open_connections() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(pair.first.open_connections(), 0, "{dialect:?}: the provider still writes for nobody");
    }
    Ok(())
}
