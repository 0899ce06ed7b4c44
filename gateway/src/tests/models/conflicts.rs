//! Policies of conflicts on model routes: keys that make a repeat free, and limits of calls under way.

use weir_domain::ledger::{Aborted, Outcome};
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Reply, Script, Wire};

use super::*;

async fn stage(conflict: Value) -> Stage {
    let change = |documents: &mut Vec<Value>| documents[0]["spec"]["conflict"] = conflict;
    Stage::start_with(&[Vendor::Openai], json!({"cooldown_ms": 1, "max_attempts": 1}), change).await
}

/// A request with an idempotency key.
fn keyed(stage: &Stage, dialect: Vendor, key: &str, fields: &Value) -> weir_harness::client::RequestBuilder {
    let request = stage.caller.request(dialect).header("idempotency-key", key);
    request.body(body(dialect, "chat", fields).to_string())
}

async fn ask(stage: &Stage, dialect: Vendor, key: &str, fields: &Value) -> Answered {
    stage.caller.send(keyed(stage, dialect, key, fields)).await.unwrap()
}

fn slow() -> Script {
    let paced = Wire { event_delay_ms: 20, ..Wire::default() };
    Script::say(Reply::text(&"many words ".repeat(30))).on_wire(paced)
}

#[tokio::test]
async fn a_repeat_gets_the_same_bytes_for_nothing_and_no_provider_is_asked() {
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        for fields in [json!({}), stream()] {
            let stage = stage(json!({"idempotency": {}})).await;
            let first = ask(&stage, dialect, "k-1", &fields).await;
            let again = ask(&stage, dialect, "k-1", &fields).await;
            assert_eq!((first.status, again.status), (200, 200), "{}", again.text());
            assert_eq!((first.text(), first.header("content-type")), (again.text(), again.header("content-type")));
            assert_eq!(
                (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
                (None, Some("true"))
            );
            let acts = [&first, &again].map(|answered| answered.header("conflict-status").unwrap().to_owned());
            assert_eq!(acts[0], "gw; policy=idempotency; act=first");
            assert_eq!(acts[1], "gw; policy=idempotency; act=replayed");
            assert_ne!(first.header("x-weir-request-id"), again.header("x-weir-request-id"));
            assert_eq!(again.header("x-weir-cost"), Some("0"));
            assert_eq!(stage.vendors[0].received().len(), 1);
            let rows = stage.rows(2).await;
            let cost = rows[0].cost.unwrap();
            assert!(cost > NanoUsd::ZERO && rows[0].saved.is_none(), "{cost}");
            assert_eq!((rows[1].cost, rows[1].saved), (Some(NanoUsd::ZERO), Some(cost)));
            assert_eq!((rows[1].usage.source, rows[1].attempts.len()), (UsageSource::None, 0));
            assert_eq!((rows[1].outcome, rows[1].status), (Outcome::Ok, 200));
            // Another key, and none, is another call.
            ask(&stage, dialect, "k-2", &fields).await;
            stage.ask(dialect, &fields).await;
            assert_eq!(stage.vendors[0].received().len(), 3);
        }
    }
}

#[tokio::test]
async fn a_key_of_a_call_under_way_or_of_another_call_is_refused_in_the_callers_dialect() {
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let stage = stage(json!({"idempotency": {"required": true}})).await;
        stage.vendors[0].next(slow());
        let mut open = keyed(&stage, dialect, "k", &stream()).send().await.unwrap();
        open.chunk().await.unwrap().unwrap();
        let busy = ask(&stage, dialect, "k", &stream()).await;
        assert_eq!((busy.status, busy.header("retry-after")), (409, Some("1")), "{}", busy.text());
        let (kind, sentence) = busy.error(dialect).unwrap();
        assert!(kind == "invalid_request_error" && !sentence.is_empty(), "{kind}: {sentence}");
        let other = ask(&stage, dialect, "k", &json!({"stream": true, "temperature": 0.5})).await;
        assert_eq!(other.status, 422, "{}", other.text());
        other.error(dialect).unwrap();
        let none = stage.ask(dialect, &stream()).await;
        assert_eq!(none.status, 400, "{}", none.text());
        assert!(none.error(dialect).unwrap().1.contains("Idempotency-Key"), "{}", none.text());
        if dialect == Vendor::Openai {
            assert_eq!(busy.json().unwrap()["error"]["code"], "idempotency-in-progress");
            assert_eq!(other.json().unwrap()["error"]["code"], "idempotency-key-reused");
            assert_eq!(none.json().unwrap()["error"]["code"], "idempotency-key-missing");
        }
        let whole = open.bytes().await.unwrap();
        let again = ask(&stage, dialect, "k", &stream()).await;
        assert!(again.text().ends_with(std::str::from_utf8(&whole).unwrap()), "the rest of the stream, and its begin");
        assert_eq!(stage.vendors[0].received().len(), 1);
        let rows = stage.rows(5).await;
        assert_eq!(rows.iter().filter(|row| row.outcome == Outcome::Refused).count(), 3);
        assert!(rows.iter().any(|row| row.error == "idempotency-in-progress" && row.cost == Some(NanoUsd::ZERO)));
    }
}

#[tokio::test]
async fn an_answer_whose_caller_left_is_read_on_and_given_to_the_repeat() {
    for fields in [json!({}), stream()] {
        let stage = stage(json!({"idempotency": {"in_progress": "wait"}})).await;
        let wire = Wire { head_delay_ms: 400, event_delay_ms: 5, ..Wire::default() };
        stage.vendors[0].next(Script::say(Reply::text("late but whole")).on_wire(wire));
        let left = keyed(&stage, Vendor::Openai, "k", &fields).send();
        assert!(tokio::time::timeout(Duration::from_millis(200), left).await.is_err());
        let again = ask(&stage, Vendor::Openai, "k", &fields).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", again.text());
        assert!(again.heard(Vendor::Openai).unwrap().text.contains("late but whole"), "{}", again.text());
        assert_eq!(stage.vendors[0].received().len(), 1);
        let rows = stage.rows(2).await;
        let first = rows.iter().find(|row| row.outcome == Outcome::Aborted).unwrap();
        assert_eq!(first.attempts[0].aborted, Some(Aborted::Drained));
        assert!(first.cost.is_some_and(|cost| cost > NanoUsd::ZERO), "{first:?}");
        let second = rows.iter().find(|row| row.outcome == Outcome::Ok).unwrap();
        assert_eq!((second.cost, second.saved), (Some(NanoUsd::ZERO), first.cost));
    }
}

#[tokio::test]
async fn what_was_not_executed_frees_its_key_and_what_broke_off_does_not() {
    use weir_harness::script::Fault;
    let stage = stage(json!({"idempotency": {}})).await;
    stage.vendors[0].next(Script::refuse(429));
    let refused = ask(&stage, Vendor::Openai, "k", &json!({})).await;
    assert_eq!(refused.status, 429);
    let mut done = ask(&stage, Vendor::Openai, "k", &json!({})).await;
    for _ in 0..40 {
        if done.status == 200 {
            break;
        }
        // The provider rests for a moment.
        tokio::time::sleep(Duration::from_millis(50)).await;
        done = ask(&stage, Vendor::Openai, "k", &json!({})).await;
    }
    assert_eq!((done.status, done.header("idempotency-replayed")), (200, None), "{}", done.text());

    stage.vendors[0].next(Script::fail(Fault::EndAfterEvents { after: 4 }));
    ask(&stage, Vendor::Openai, "broken", &stream()).await;
    let unknown = ask(&stage, Vendor::Openai, "broken", &stream()).await;
    assert_eq!(unknown.status, 409, "{}", unknown.text());
    assert_eq!(unknown.json().unwrap()["error"]["code"], "idempotency-outcome-unknown");
}

#[tokio::test]
async fn a_stream_holds_its_room_to_its_end_and_gives_it_back_on_every_way_out() {
    for scope in ["node", "cluster"] {
        let limit = json!({"name": "slots", "limit": 1, "reject_status": 429, "scope": scope});
        let stage = stage(json!({"concurrency": [limit]})).await;
        for leaves in [false, true] {
            stage.vendors[0].next(slow());
            let request = stage.caller.request(Vendor::Openai);
            let mut open = request.body(body(Vendor::Openai, "chat", &stream()).to_string()).send().await.unwrap();
            open.chunk().await.unwrap().unwrap();
            for dialect in [Vendor::Openai, Vendor::Anthropic] {
                let full = stage.ask(dialect, &json!({})).await;
                assert_eq!(full.status, 429, "{scope}: {}", full.text());
                assert!(full.header("retry-after").is_some() && full.header("ratelimit").is_some());
                let (kind, sentence) = full.error(dialect).unwrap();
                assert!(kind.contains("rate_limit") || kind.contains("quota"), "{kind}");
                assert!(sentence.contains("1 of 1"), "{sentence}");
            }
            if leaves {
                drop(open);
                for _ in 0..100 {
                    if stage.vendors[0].open_connections() == 0 {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            } else {
                open.bytes().await.unwrap();
            }
            let room = stage.ask(Vendor::Openai, &json!({})).await;
            assert_eq!(room.status, 200, "{scope}, {leaves}: {}", room.text());
        }
    }
}
