//! I: a request that is sent again is answered again, and carried out once (K8).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::StreamExt;
use serde_json::{Value, json};
use weir_harness::config::Key;
use weir_harness::document::{Documents, Manner, Turn};

use crate::call::{Call, Case, Reply};
use crate::stand::{ALL, Group, SHARED, until, wanted};

static KEYS: Group = Group::new(policies, ALL, 1);
static DOWN: Group = Group::new(policies, SHARED, 1);
static NODES: Group = Group::new(policies, SHARED, 2);

fn policies() -> Vec<(&'static str, Value)> {
    let keys = |fields: Value| {
        let mut all = json!({"required": true, "lease": "30s"});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        json!({"idempotency": all})
    };
    let through = |upstream: &str, mut policy: Value| {
        policy["route"] = json!({"upstream": upstream});
        policy
    };
    vec![
        ("keys", keys(json!({}))),
        ("optional", keys(json!({"required": false}))),
        ("no5xx", keys(json!({"store_5xx": []}))),
        ("wait", keys(json!({"in_progress": "wait", "max_wait": "10s"}))),
        ("hasty", keys(json!({"in_progress": "wait", "max_wait": "300ms"}))),
        ("strict", keys(json!({"syntax": "strict"}))),
        ("small", keys(json!({"max_body": "1KiB"}))),
        ("brief", through("brief", keys(json!({})))),
        ("brief-retry", through("brief", keys(json!({"on_lost": "retry"})))),
        ("late", through("late", keys(json!({})))),
        ("short", keys(json!({"ttl": "3s", "lease": "3s"}))),
        ("leased", keys(json!({"lease": "3s"}))),
        ("leased-retry", keys(json!({"lease": "3s", "on_lost": "retry"}))),
        ("open", keys(json!({"on_error": "open"}))),
        ("api", keys(json!({"scope": "api"}))),
        ("api-too", keys(json!({"scope": "api"}))),
        ("aliases", keys(json!({"aliases": ["X-Idempotency-Key", "Repeatability-Request-ID", "PayPal-Request-Id"]}))),
        ("kept-back", keys(json!({"forward_key": false, "no_store_headers": ["X-Trace"]}))),
        ("cancel", keys(json!({"on_client_abort": "cancel"}))),
    ]
}

/// With a key of the document's own: keys are known all over the route.
fn post(case: &Case, key: &str) -> Call {
    raw(case, &own(case, key))
}

/// With the header as it is.
fn raw(case: &Case, key: &str) -> Call {
    case.post(&json!({"key": case.u.id(), "amount": 7})).header("idempotency-key", key)
}

fn own(case: &Case, key: &str) -> String {
    format!("{key}-{}", case.u.id())
}

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

fn is_replay(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == Some("true")
}

fn once(case: &Case) {
    assert_eq!(case.u.calls("POST"), 1, "{}", case.path);
}

#[tokio::test]
async fn i1_a_request_without_key_is_400_and_says_where_to_read_on() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        let refused = case.post(&json!({})).send().await?.problem(400, "idempotency-key-missing")?;
        let link = refused.header("link").unwrap_or_default();
        ensure!(link.contains("rel=\"describedby\""), "Link: {link}");
        assert_eq!(case.u.writes(), 0);
        assert_eq!(status(case.behind("optional").post(&json!({}))).await?, 201);
        assert_eq!(status(case.behind("optional").post(&json!({}))).await?, 201);
        assert_eq!(case.u.calls("POST"), 2, "without a key each is its own");
    }
    Ok(())
}

#[tokio::test]
async fn i2_a_repeat_is_answered_as_the_first_was() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.behave(
            Manner::default()
                .header("set-cookie", "session=secret")
                .header("x-kept", "yes")
                .header("keep-alive", "timeout=9")
                .header("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        );
        let quoted = format!("\"{}\"", own(&case, "k1"));
        let first = raw(&case, &quoted).send().await?.expect(201)?;
        ensure!(!is_replay(&first) && first.header("set-cookie").is_some());
        let again = raw(&case, &quoted).send().await?.expect(201)?;
        ensure!(is_replay(&again), "{again:?}");
        assert_eq!(again.body, first.body);
        for name in ["content-type", "location", "x-kept", "content-length"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_eq!(again.header("set-cookie"), None, "a session is nothing to repeat");
        assert_eq!(again.header("keep-alive"), None);
        ensure!(again.header("date").is_some_and(|d| !d.contains("1994")), "a fresh date: {again:?}");
        assert_ne!(again.header("x-weir-request-id"), first.header("x-weir-request-id"));
        once(&case);
        let sent = case.u.seen("POST").remove(0);
        assert_eq!(sent.header("idempotency-key"), Some(quoted.as_str()), "forward_key");
        assert_eq!(sent.body, json!({"key": case.u.id(), "amount": 7}).to_string());
    }
    Ok(())
}

#[tokio::test]
async fn i2_a_repeat_at_another_node_too() -> anyhow::Result<()> {
    for case in NODES.cases("keys").await? {
        let first = post(&case, "k").send().await?.expect(201)?;
        let again = post(&case, "k").at(1).send().await?.expect(201)?;
        ensure!(is_replay(&again) && again.body == first.body);
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i3_the_key_of_another_request_is_422() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        post(&case, "k").send().await?.expect(201)?;
        let other = case.post(&json!({"amount": 8})).header("idempotency-key", &own(&case, "k"));
        other.send().await?.problem(422, "idempotency-key-reused")?;
        post(&case, "k").query("x=1").send().await?.problem(422, "idempotency-key-reused")?;
        let typed = post(&case, "k").header("content-type", "text/plain");
        typed.send().await?.problem(422, "idempotency-key-reused")?;
        let method = case.patch(&json!({"key": case.u.id(), "amount": 7})).header("idempotency-key", &own(&case, "k"));
        method.send().await?.problem(422, "idempotency-key-reused")?;
        ensure!(is_replay(&post(&case, "k").send().await?.expect(201)?), "the first is still known");
        assert_eq!(case.u.writes(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn i4_a_repeat_while_the_first_is_under_way_is_409() -> anyhow::Result<()> {
    for case in NODES.cases("keys").await? {
        case.u.behave(Manner::slow(Duration::from_millis(800)));
        let first = post(&case, "k").spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        for node in [0, 1] {
            let refused = post(&case, "k").at(node).send().await?.problem(409, "idempotency-in-progress")?;
            ensure!(refused.retry_after()? >= 1);
        }
        first.await??.expect(201)?;
        ensure!(is_replay(&post(&case, "k").at(1).send().await?.expect(201)?));
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i4_of_many_at_once_over_two_nodes_one_is_carried_out() -> anyhow::Result<()> {
    for case in NODES.cases("keys").await? {
        case.u.behave(Manner::slow(Duration::from_millis(200)));
        let calls: Vec<_> = (0..20).map(|n| post(&case, "k").at(n % 2).spawn()).collect();
        let mut made = 0;
        for call in calls {
            let reply = call.await??.expect_one_of(&[201, 409])?;
            made += usize::from(reply.status == 201 && !is_replay(&reply));
        }
        assert_eq!(made, 1);
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i5_what_is_no_key_is_400() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        for bad in ["", "\"\"", " ", "\"open", "a b", "\"a\"b", "caf\u{e9}", "a,b c", "\"a\", \"b\""] {
            let answer = raw(&case, bad).send().await?.expect(400)?;
            let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
            ensure!(kind.contains("idempotency-key-"), "{bad:?}: {kind}");
        }
        let twice = raw(&case, "a").header("idempotency-key", "b");
        twice.send().await?.problem(400, "idempotency-key-invalid")?;
        assert_eq!(case.u.writes(), 0);
        let refused = raw(&case, &"x".repeat(256)).send().await?.problem(400, "idempotency-key-invalid")?;
        ensure!(refused.body.len() < 2_500, "{} bytes repeat the key", refused.body.len());
    }
    Ok(())
}

#[tokio::test]
async fn i6_a_repeat_can_wait_for_the_first() -> anyhow::Result<()> {
    for case in NODES.cases("wait").await? {
        case.u.behave(Manner::slow(Duration::from_millis(700)));
        let first = post(&case, "k").spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let (here, there) = (post(&case, "k").spawn(), post(&case, "k").at(1).spawn());
        let first = first.await??.expect(201)?;
        for waited in [here.await??, there.await??] {
            let waited = waited.expect(201)?;
            ensure!(is_replay(&waited) && waited.body == first.body, "{waited:?}");
        }
        once(&case);
        let hasty = case.another().behind("hasty");
        hasty.u.behave(Manner::slow(Duration::from_millis(1_500)));
        let first = post(&hasty, "k").spawn();
        until("the first is under way", Duration::from_secs(5), || hasty.u.in_flight() == 1).await?;
        let refused = post(&hasty, "k").send().await?.problem(409, "idempotency-in-progress")?;
        ensure!((100..1_200).contains(&refused.took.as_millis()), "{:?}", refused.took);
        first.await??.expect(201)?;
    }
    Ok(())
}

#[tokio::test]
async fn i7_a_key_is_its_callers_own() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        for call in [post(&case, "k"), post(&case, "k").by_b(), post(&case, "k").by_another_team()] {
            let reply = call.send().await?.expect(201)?;
            ensure!(!is_replay(&reply));
        }
        assert_eq!(case.u.calls("POST"), 3);
        let (other, key) = (case.another(), own(&case, "k"));
        assert_eq!(status(raw(&other, &key)).await?, 422, "another path, the same route: the same key");
        let other = other.behind("optional");
        assert_eq!(status(raw(&other, &key)).await?, 201, "another route");
    }
    Ok(())
}

#[tokio::test]
async fn i7_a_key_can_be_the_services() -> anyhow::Result<()> {
    for case in KEYS.cases("api").await? {
        let key = format!("\"{}\"", case.u.id());
        raw(&case, &key).send().await?.expect(201)?;
        let other = case.behind("api-too");
        raw(&other, &key).send().await?.problem(422, "idempotency-key-reused")?;
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i8_a_refusal_by_the_upstream_is_an_answer_too() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        for (n, upstream) in [422, 400, 404, 410, 303, 501].into_iter().enumerate() {
            let key = format!("k{n}");
            case.u.script([Turn::status(upstream).header("location", "/elsewhere")]);
            let first = post(&case, &key).send().await?.expect(upstream)?;
            let again = post(&case, &key).send().await?.expect(upstream)?;
            ensure!(is_replay(&again) && again.body == first.body, "{upstream}: {again:?}");
            assert_eq!(case.u.calls("POST"), n + 1);
        }
    }
    Ok(())
}

#[tokio::test]
async fn i9_what_may_do_later_is_not_kept() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        for (n, upstream) in [401, 403, 408, 409, 425, 429].into_iter().enumerate() {
            let key = format!("k{n}");
            case.u.script([Turn::status(upstream)]);
            post(&case, &key).send().await?.expect(upstream)?;
            let again = post(&case, &key).send().await?.expect(201)?;
            ensure!(!is_replay(&again), "{upstream} was kept");
        }
        case.u.script([Turn::status(503).header("retry-after", "1")]);
        post(&case, "busy").send().await?.expect(503)?;
        ensure!(!is_replay(&post(&case, "busy").send().await?.expect(201)?));
    }
    Ok(())
}

#[tokio::test]
async fn i10_a_500_is_kept_by_policy() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.script([Turn::status(500)]);
        post(&case, "k").send().await?.expect(500)?;
        ensure!(is_replay(&post(&case, "k").send().await?.expect(500)?));
        once(&case);
        let other = case.another().behind("no5xx");
        other.u.script([Turn::status(500)]);
        post(&other, "k").send().await?.expect(500)?;
        post(&other, "k").send().await?.expect(201)?;
        assert_eq!(other.u.calls("POST"), 2);
    }
    Ok(())
}

#[tokio::test]
async fn i11_what_never_arrived_is_carried_out_when_it_can_be() -> anyhow::Result<()> {
    for case in KEYS.cases("late").await? {
        let refused = post(&case, "k").send().await?.expect_one_of(&[502, 503, 504])?;
        ensure!(!is_replay(&refused));
        let upstream = Documents::start_at(case.stand.late()).await?;
        let reply = post(&case, "k").send().await?.expect(201)?;
        ensure!(!is_replay(&reply));
        ensure!(is_replay(&post(&case, "k").send().await?.expect(201)?));
        assert_eq!(upstream.document(case.u.id()).calls("POST"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn i12_what_may_have_been_carried_out_is_not_tried_again() -> anyhow::Result<()> {
    for case in KEYS.cases("brief").await? {
        case.u.script([Turn::usual(Duration::from_millis(1_600))]);
        post(&case, "k").send().await?.expect(504)?;
        for _ in 0..2 {
            let refused = post(&case, "k").send().await?.problem(409, "idempotency-outcome-unknown")?;
            assert_eq!(refused.header("retry-after"), None);
            assert_eq!(refused.json()["resolve"]["action"], "reconcile");
        }
        once(&case);
        let dropped = case.another();
        dropped.u.script([Turn::drop(true)]);
        post(&dropped, "d").send().await?.expect_one_of(&[502, 504])?;
        post(&dropped, "d").send().await?.problem(409, "idempotency-outcome-unknown")?;
        once(&dropped);
        let gateway_timeout = case.another();
        gateway_timeout.u.script([Turn::status(502).applied()]);
        post(&gateway_timeout, "g").send().await?.expect(502)?;
        post(&gateway_timeout, "g").send().await?.problem(409, "idempotency-outcome-unknown")?;
        let trying = case.another().behind("brief-retry");
        trying.u.script([Turn::drop(true)]);
        // The upstream knows the key, so the gateway may have sent it again itself.
        post(&trying, "k").send().await?.expect_one_of(&[201, 502, 504])?;
        post(&trying, "k").send().await?.expect(201)?;
        assert_eq!(trying.u.calls("POST"), 2, "on_lost: retry");
    }
    Ok(())
}

#[tokio::test]
async fn i12_a_connection_that_dies_is_no_reason_to_send_a_request_twice() -> anyhow::Result<()> {
    for case in KEYS.cases("brief").await? {
        for n in 0..5 {
            // Over a connection from the pool, where the death of one is usually mended by another.
            case.get().send().await?;
            case.u.script([Turn::drop(true).on("POST")]);
            let key = format!("k{n}");
            post(&case, &key).send().await?.expect_one_of(&[502, 504])?;
            post(&case, &key).send().await?.problem(409, "idempotency-outcome-unknown")?;
            assert_eq!(case.u.calls("POST"), n + 1);
        }
    }
    Ok(())
}

#[tokio::test]
async fn i13_a_killed_node_leaves_a_key_of_which_nobody_knows() -> anyhow::Result<()> {
    let stand = Arc::new(NODES.fresh().await?);
    let mut cases = Vec::new();
    for store in wanted(SHARED) {
        for policy in ["leased", "leased-retry"] {
            let case = Case::new(&stand, store, policy);
            case.u.script([Turn::usual(Duration::from_secs(10))]);
            let first = post(&case, "k").spawn();
            until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
            cases.push((policy, case, first));
        }
    }
    stand.kill(0).await?;
    for (_, case, first) in &mut cases {
        ensure!(first.await?.is_err(), "its caller saw the connection break");
        post(case, "k").at(1).send().await?.problem(409, "idempotency-in-progress")?;
    }
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    for (policy, case, _) in &cases {
        let after = post(case, "k").at(1).send().await?;
        if *policy == "leased" {
            after.problem(409, "idempotency-outcome-unknown")?;
            once(case);
        } else {
            after.expect(201)?;
            assert_eq!(case.u.calls("POST"), 2, "on_lost: retry");
        }
    }
    Ok(())
}

#[tokio::test]
async fn i13_a_slow_request_keeps_its_key_beyond_the_lease() -> anyhow::Result<()> {
    for case in KEYS.cases("leased").await? {
        case.u.behave(Manner::slow(Duration::from_millis(4_500)));
        let first = post(&case, "k").spawn();
        tokio::time::sleep(Duration::from_millis(3_800)).await;
        post(&case, "k").send().await?.problem(409, "idempotency-in-progress")?;
        first.await??.expect(201)?;
        ensure!(is_replay(&post(&case, "k").send().await?.expect(201)?));
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i14_after_its_time_a_key_is_new() -> anyhow::Result<()> {
    let cases = KEYS.cases("short").await?;
    for case in &cases {
        post(case, "k").send().await?.expect(201)?;
        ensure!(is_replay(&post(case, "k").send().await?.expect(201)?));
    }
    tokio::time::sleep(Duration::from_millis(3_300)).await;
    for case in &cases {
        ensure!(!is_replay(&post(case, "k").send().await?.expect(201)?));
        assert_eq!(case.u.calls("POST"), 2);
    }
    Ok(())
}

#[tokio::test]
async fn i15_keys_have_up_to_255_characters_in_quotes_or_bare() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        let (id, length) = (case.u.id().to_owned(), case.u.id().len());
        let long = format!("{id}{}", "x".repeat(255 - length));
        raw(&case, &long).send().await?.expect(201)?;
        ensure!(is_replay(&raw(&case, &format!("\"{long}\"")).send().await?.expect(201)?), "the same in quotes");
        let bare = &format!("8e03978e-40d5-43e8-bc93-{id:0>12}");
        raw(&case, bare).send().await?.expect(201)?;
        ensure!(is_replay(&raw(&case, &format!("\"{bare}\"")).send().await?.expect(201)?));
        assert_eq!(case.u.calls("POST"), 2);
        let strict = case.another().behind("strict");
        raw(&strict, bare).send().await?.problem(400, "idempotency-key-invalid")?;
        raw(&strict, &format!("\"{bare}\"")).send().await?.expect(201)?;
        raw(&strict, &format!("\"{id}\\\"b\\\\\"")).send().await?.expect(201)?;
        raw(&strict, &format!("\"p{id}\";param=1")).send().await?.expect(201)?;
        assert_eq!(strict.u.calls("POST"), 3);
        // Capitals are others.
        let other = case.another();
        post(&other, "Case").send().await?.expect(201)?;
        post(&other, "case").send().await?.expect(201)?;
        assert_eq!(other.u.calls("POST"), 2);
    }
    Ok(())
}

#[tokio::test]
async fn i16_a_stream_is_replayed_whole() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.behave(Manner { events: 4, gap: Duration::from_millis(50), ..Manner::default() });
        let first = post(&case, "k").send().await?.expect(201)?;
        assert_eq!(first.text(), "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n");
        let again = post(&case, "k").send().await?.expect(201)?;
        ensure!(is_replay(&again) && again.body == first.body, "{again:?}");
        assert_eq!(again.header("content-type"), Some("text/event-stream"));
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i16_events_still_arrive_one_by_one() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.behave(Manner { events: 4, gap: Duration::from_millis(200), ..Manner::default() });
        let answer = post(&case, "k").begin().await?;
        let begun = std::time::Instant::now();
        let mut body = answer.bytes_stream();
        body.next().await.context("no event")??;
        ensure!(begun.elapsed() < Duration::from_millis(400), "the first after {:?}", begun.elapsed());
        let mut rest = 0;
        while let Some(piece) = body.next().await {
            rest += piece?.len();
        }
        ensure!(rest > 0 && begun.elapsed() > Duration::from_millis(450), "{:?}", begun.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn i17_who_left_gets_the_answer_that_came_without_them() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.behave(Manner { events: 5, gap: Duration::from_millis(150), ..Manner::default() });
        let gone = post(&case.apart(), "k").patience(Duration::from_millis(300));
        ensure!(gone.send().await.is_err(), "it left in the middle");
        let mut again = post(&case, "k").send().await?;
        for _ in 0..100 {
            if again.status == 201 {
                break;
            }
            again.problem(409, "idempotency-in-progress")?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            again = post(&case, "k").send().await?;
        }
        let again = again.expect(201)?;
        assert_eq!(again.text(), "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
        ensure!(is_replay(&again));
        once(&case);
        // Before the head as well.
        let slow = case.another();
        slow.u.behave(Manner::slow(Duration::from_millis(500)));
        ensure!(post(&slow.apart(), "k").patience(Duration::from_millis(200)).send().await.is_err());
        tokio::time::sleep(Duration::from_millis(800)).await;
        ensure!(is_replay(&post(&slow, "k").send().await?.expect(201)?));
        once(&slow);
    }
    Ok(())
}

#[tokio::test]
async fn i17_a_call_that_was_ended_with_its_caller_is_not_known() -> anyhow::Result<()> {
    for case in KEYS.cases("cancel").await? {
        case.u.behave(Manner::slow(Duration::from_millis(1_500)));
        ensure!(post(&case.apart(), "k").patience(Duration::from_millis(300)).send().await.is_err());
        until("the call ended", Duration::from_millis(900), || case.u.in_flight() == 0).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        post(&case, "k").send().await?.problem(409, "idempotency-outcome-unknown")?;
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i18_an_answer_that_is_too_long_is_not_kept_and_not_repeated() -> anyhow::Result<()> {
    for case in KEYS.cases("small").await? {
        let long = bytes::Bytes::from(vec![b'z'; 3_000]);
        case.u.script([Turn { body: long.clone(), ..Turn::status(201).header("location", "/made/7") }]);
        let first = post(&case, "k").send().await?.expect(201)?;
        assert_eq!(first.body.len(), 3_000, "its caller gets it whole");
        let again = post(&case, "k").send().await?.problem(409, "idempotency-response-not-stored")?;
        let problem = again.json();
        let text = problem.to_string();
        ensure!(problem.to_string().contains("\"original_status\":201") && text.contains("/made/7"), "{problem}");
        once(&case);
        let just = case.another();
        just.u.script([Turn { body: long.slice(..1_024), ..Turn::status(201) }]);
        post(&just, "k").send().await?.expect(201)?;
        ensure!(is_replay(&post(&just, "k").send().await?.expect(201)?));
    }
    Ok(())
}

#[tokio::test]
async fn i19_who_may_no_longer_call_gets_no_replay() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        let admin = case.stand.admin().await?;
        let id = format!("passing-{}", case.u.id());
        let spec = |services: &[&str]| json!({"id": id, "spec": {"services": services}});
        admin.post("/applications", &spec(&["*"])).await?;
        let made = admin.post(&format!("/applications/{id}/keys"), &json!({"name": "k"})).await?;
        let key = made["key"].as_str().context("no key")?.to_owned();
        let bearer = format!("Bearer {key}");
        let call = || post(&case, "k").header("authorization", &bearer);
        let mut first = 0;
        for _ in 0..50 {
            first = status(call()).await?;
            if first == 201 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(first, 201);
        ensure!(is_replay(&call().send().await?.expect(201)?));
        let read = admin.send("GET", &format!("/applications/{id}"), &[], None).await?;
        let etag = read.etag.clone().context("no tag")?;
        let body = json!({"spec": {"services": []}});
        admin.send("PUT", &format!("/applications/{id}"), &[("if-match", &etag)], Some(&body)).await?.ok()?;
        let mut after = 0;
        for _ in 0..50 {
            after = status(call()).await?;
            if after != 201 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(after, 403);
        assert_eq!(status(post(&case, "k").by(&Key::new(999))).await?, 401);
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i20_a_long_body_is_neither_held_nor_forgotten() -> anyhow::Result<()> {
    const AT_ONCE: u64 = 6;
    for case in KEYS.cases("keys").await? {
        let body = |fill: u8| vec![fill; 20 << 20];
        let call = |case: &Case, fill: u8| {
            case.call("POST").bytes("application/octet-stream", body(fill)).header("idempotency-key", &own(case, "k"))
        };
        // Warm: what a process keeps after its first large requests is not what each costs.
        call(&case, 1).send().await?.expect(201)?;
        let before = case.stand.resident_bytes(0).await?;
        let others: Vec<Case> = (0..AT_ONCE).map(|_| case.another()).collect();
        let calls: Vec<_> = others
            .iter()
            .map(|other| {
                other.u.behave(Manner::slow(Duration::from_millis(400)));
                let key = format!("k-{}", other.u.id());
                let call = other.call("POST").bytes("application/octet-stream", body(1));
                call.header("idempotency-key", &key).spawn()
            })
            .collect();
        let mut most = before;
        while calls.iter().any(|call| !call.is_finished()) {
            most = most.max(case.stand.resident_bytes(0).await?);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for call in calls {
            call.await??.expect(201)?;
        }
        let each = (most - before) / AT_ONCE;
        ensure!(each < 2 << 20, "{} KiB per request of 20 MiB", each >> 10);
        ensure!(is_replay(&call(&case, 1).send().await?.expect(201)?));
        call(&case, 2).send().await?.problem(422, "idempotency-key-reused")?;
        once(&case);
    }
    Ok(())
}

#[tokio::test]
async fn i21_a_key_on_a_read_is_nothing() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        case.u.set_json(&json!({"n": 1}));
        for _ in 0..2 {
            let read = case.get().header("idempotency-key", "k").send().await?.expect(200)?;
            ensure!(!is_replay(&read));
        }
        assert_eq!(status(case.get()).await?, 200);
        assert_eq!(case.u.calls("GET"), 3);
        for _ in 0..2 {
            assert_eq!(
                status(case.put(&json!({})).header("idempotency-key", "k")).await?,
                204,
                "PUT is not in methods"
            );
        }
        assert_eq!(case.u.calls("PUT"), 2);
    }
    Ok(())
}

/// An HTTP date so many seconds ago.
fn date(ago: i64) -> String {
    let at = weir_conflict::date::HttpDate::from_unix(weir_domain::time::now() / 1_000_000 - ago);
    at.to_header_value().to_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn i22_repeatable_requests_of_oasis() -> anyhow::Result<()> {
    for case in KEYS.cases("aliases").await? {
        let call = |id: &str, sent: &str| {
            case.post(&json!({"n": 1})).header("repeatability-request-id", id).header("repeatability-first-sent", sent)
        };
        let id = format!("00000000-0000-4000-8000-{:0>12}", case.u.id().trim_start_matches('d'));
        let (old, now) = (date(600), date(1));
        let refused = call(&id, &old).send().await?.expect(412)?;
        assert_eq!(refused.header("repeatability-result"), Some("rejected"));
        assert_eq!(case.u.writes(), 0);
        let first = call(&id, &now).send().await?.expect(201)?;
        assert_eq!(first.header("repeatability-result"), Some("accepted"));
        let again = call(&id, &now).send().await?.expect(201)?;
        assert_eq!((again.header("repeatability-result"), &again.body), (Some("accepted"), &first.body));
        once(&case);
        for alias in ["x-idempotency-key", "paypal-request-id"] {
            let call = || case.post(&json!({"n": 2})).header(alias, &own(&case, alias));
            call().send().await?.expect(201)?;
            ensure!(is_replay(&call().send().await?.expect(201)?), "{alias}");
        }
        assert_eq!(case.u.calls("POST"), 3);
    }
    Ok(())
}

#[tokio::test]
async fn i23_without_its_store_a_request_is_503_or_passed_by_policy() -> anyhow::Result<()> {
    let stand = Arc::new(DOWN.fresh().await?);
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "keys");
        post(&case, "k").send().await?.expect(201)?;
        stand.stop_store(store);
        for _ in 0..7 {
            let refused = post(&case, "k").send().await?.problem(503, "conflict-store-unavailable")?;
            ensure!(refused.retry_after()? >= 1);
        }
        once(&case);
        let open = case.another().behind("open");
        let passed = post(&open, "k").send().await?.expect(201)?;
        ensure!(passed.conflict_status().contains("bypass"), "{}", passed.conflict_status());
        assert_eq!(open.u.calls("POST"), 1);
        stand.resume_store(store)?;
        let mut last = 0;
        for _ in 0..50 {
            last = status(post(&case, "after")).await?;
            if last == 201 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(last, 201, "the store is back");
    }
    Ok(())
}

#[tokio::test]
async fn i24_what_the_gateway_refuses_uses_up_no_key() -> anyhow::Result<()> {
    for case in KEYS.cases("keys").await? {
        assert_eq!(status(post(&case, "k").anonymous()).await?, 401);
        ensure!(!is_replay(&post(&case, "k").send().await?.expect(201)?));
        let kept_back = case.another().behind("kept-back");
        kept_back.u.behave(Manner::default().header("x-trace", "1"));
        post(&kept_back, "k").send().await?.expect(201)?;
        let again = post(&kept_back, "k").send().await?.expect(201)?;
        assert_eq!(again.header("x-trace"), None, "no_store_headers");
        assert_eq!(kept_back.u.seen("POST")[0].header("idempotency-key"), None, "forward_key: false");
    }
    Ok(())
}
