//! Callers who leave: the provider is stopped, and the ledger says what was used.

use weir_domain::ledger::Outcome;
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
async fn a_caller_who_leaves_before_the_head_stops_the_provider_and_pays_nothing() {
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
    assert!(stage.vendors[1].received().is_empty(), "nobody is there to retry for");
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
}
