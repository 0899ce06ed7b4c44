//! N: limits of requests under way are exact, and every permit comes back (K9).

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::StreamExt;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Turn};

use crate::call::{Call, Case, Reply};
use crate::stand::{Group, NONE, SHARED, Store, until, wanted};

static LIMITS: Group = Group::new(policies, NONE, 1);
static NODES: Group = Group::new(clustered, SHARED, 2);

fn limits(each: &Value) -> Value {
    json!({"concurrency": each})
}

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("five", limits(&json!([{"name": "orders-inflight", "key": "{consumer}", "limit": 5}]))),
        ("one", limits(&json!([{"name": "one", "key": "{consumer}{path}", "limit": 1}]))),
        ("capacity", limits(&json!([{"name": "capacity", "limit": 2}]))),
        ("status", limits(&json!([{"name": "both", "limit": 1, "reject_status": 429}]))),
        ("queued", limits(&json!([{"name": "q", "key": "{path}", "limit": 1, "queue": {"max": 2, "max_wait": "5s"}}]))),
        (
            "lifo",
            limits(
                &json!([{"name": "q", "key": "{path}", "limit": 1, "queue": {"max": 5, "max_wait": "5s", "order": "lifo"}}]),
            ),
        ),
        (
            "hasty",
            limits(&json!([{"name": "q", "key": "{path}", "limit": 1, "queue": {"max": 5, "max_wait": "200ms"}}])),
        ),
        (
            "parts",
            limits(
                &json!([{"name": "parts", "key": "{path}", "limit": 10, "priorities": {"live": "90%", "batch": "10%"}}]),
            ),
        ),
        (
            "two",
            limits(&json!([
                {"name": "per-app", "key": "{consumer}{path}", "limit": 2},
                {"name": "all", "key": "{path}", "limit": 3, "reject_status": 503},
            ])),
        ),
        (
            "adaptive",
            limits(
                &json!([{"name": "upstream", "adaptive": {"algorithm": "gradient2", "min": 4, "initial": 20, "max": 40,
                "sample": "ttfb"}, "reject_status": 503}]),
            ),
        ),
        (
            "keys",
            json!({"idempotency": {"required": true}, "concurrency": [{"name": "k", "key": "{path}", "limit": 1}]}),
        ),
        (
            "brief",
            json!({"route": {"upstream": "brief"},
            "concurrency": [{"name": "b", "key": "{path}", "limit": 2}]}),
        ),
    ]
}

fn clustered() -> Vec<(&'static str, Value)> {
    vec![
        ("five", limits(&json!([{"name": "five", "key": "{path}", "limit": 5, "scope": "cluster"}]))),
        (
            "queued",
            limits(&json!([{"name": "q", "key": "{path}", "limit": 5, "scope": "cluster",
                "queue": {"max": 50, "max_wait": "10s"}}])),
        ),
    ]
}

async fn slow(group: &Group, policy: &str, ms: u64) -> anyhow::Result<Case> {
    let case = group.case(policy).await?;
    case.u.set_json(&json!({}));
    case.u.behave(Manner::slow(Duration::from_millis(ms)));
    Ok(case)
}

/// Sends `count` and waits until the upstream has them all.
async fn fill(case: &Case, count: usize) -> anyhow::Result<Vec<tokio::task::JoinHandle<anyhow::Result<Reply>>>> {
    let calls: Vec<_> = (0..count).map(|_| case.get().spawn()).collect();
    until("all are under way", Duration::from_secs(5), || case.u.in_flight() == count).await?;
    Ok(calls)
}

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

/// The type of a problem that the draft of rate limits registers.
fn is_draft_problem(reply: &Reply, slug: &str) -> bool {
    reply.json()["type"].as_str().is_some_and(|t| t.ends_with(&format!("#{slug}")))
}

#[tokio::test]
async fn n1_the_sixth_of_five_is_429_and_told_why() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "five", 800).await?;
    let calls = fill(&case, 5).await?;
    let refused = case.get().send().await?.refusal(429)?;
    ensure!(refused.retry_after()? >= 1);
    let policy = refused.header("ratelimit-policy").unwrap_or_default();
    for part in ["\"orders-inflight\"", "q=5", "qu=\"concurrent-requests\""] {
        ensure!(policy.contains(part), "{part} is not in RateLimit-Policy: {policy}");
    }
    let limit = refused.header("ratelimit").unwrap_or_default();
    ensure!(limit.contains("\"orders-inflight\"") && limit.contains("r=0"), "RateLimit: {limit}");
    ensure!(is_draft_problem(&refused, "quota-exceeded"), "{}", refused.text());
    assert_eq!(refused.json()["violated-policies"], json!(["orders-inflight"]));
    assert_eq!(refused.json()["conflict"]["kind"], "capacity");
    for call in calls {
        call.await??.expect(200)?;
    }
    assert_eq!(case.u.most_in_flight(), 5);
    // All are back.
    for call in fill(&case, 5).await? {
        call.await??.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn n2_the_routes_own_limit_is_503() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "capacity", 600).await?;
    let calls = fill(&case, 2).await?;
    let refused = case.another().get().by_b().send().await?.refusal(503)?;
    refused.retry_after()?;
    ensure!(is_draft_problem(&refused, "temporary-reduced-capacity"), "{}", refused.text());
    for call in calls {
        call.await??.expect(200)?;
    }
    let case = slow(&LIMITS, "status", 500).await?;
    let calls = fill(&case, 1).await?;
    assert_eq!(status(case.get()).await?, 429, "reject_status");
    for call in calls {
        call.await??.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn n3_who_may_wait_waits_and_nobody_else() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "queued", 400).await?;
    let first = fill(&case, 1).await?;
    let waiting = [case.get().spawn(), case.get().spawn()];
    tokio::time::sleep(Duration::from_millis(150)).await;
    let refused = case.get().send().await?;
    ensure!([429, 503].contains(&refused.status) && refused.took < Duration::from_millis(200), "{refused:?}");
    for call in first.into_iter().chain(waiting) {
        call.await??.expect(200)?;
    }
    assert_eq!((case.u.most_in_flight(), case.u.all_calls()), (1, 3));
    let case = slow(&LIMITS, "hasty", 800).await?;
    let first = fill(&case, 1).await?;
    let refused = case.get().send().await?.expect_one_of(&[429, 503])?;
    ensure!((190..700).contains(&refused.took.as_millis()), "{:?}", refused.took);
    for call in first {
        call.await??.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn n3_first_or_last_first() -> anyhow::Result<()> {
    for (policy, order) in [("queued", ["1", "2"]), ("lifo", ["2", "1"])] {
        let case = slow(&LIMITS, policy, 300).await?;
        let first = fill(&case, 1).await?;
        let mut waiting = Vec::new();
        for n in ["1", "2"] {
            waiting.push(case.get().header("x-n", n).spawn());
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        for call in first.into_iter().chain(waiting) {
            call.await??.expect(200)?;
        }
        let seen = case.u.seen("GET");
        let came: Vec<_> = seen.iter().filter_map(|s| s.header("x-n")).collect();
        assert_eq!(came, order, "{policy}");
    }
    Ok(())
}

#[tokio::test]
async fn n4_a_stream_keeps_its_permit_to_its_end() -> anyhow::Result<()> {
    let case = LIMITS.case("one").await?;
    case.u.set_json(&json!({}));
    case.u.behave(Manner { events: 6, gap: Duration::from_millis(150), ..Manner::default() });
    let mut stream = case.get().begin().await?.bytes_stream();
    stream.next().await.context("no event")??;
    assert_eq!(status(case.get()).await?, 429);
    while let Some(piece) = stream.next().await {
        piece?;
    }
    case.u.behave(Manner::default());
    assert_eq!(status(case.get()).await?, 200, "it ended");
    Ok(())
}

#[tokio::test]
async fn n5_each_consumer_has_its_own() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "one", 500).await?;
    let calls = fill(&case, 1).await?;
    assert_eq!(status(case.get()).await?, 429);
    assert_eq!(status(case.get().by_b()).await?, 200);
    for call in calls {
        call.await??.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn n6_all_nodes_together_keep_the_limit() -> anyhow::Result<()> {
    for case in NODES.cases("five").await? {
        case.u.set_json(&json!({}));
        case.u.behave(Manner::slow(Duration::from_millis(400)));
        let calls: Vec<_> = (0..20).map(|n| case.get().at(n % 2).spawn()).collect();
        let mut good = 0;
        for call in calls {
            good += usize::from(call.await??.expect_one_of(&[200, 429, 503])?.status == 200);
        }
        // More than five only where some came after the first had ended.
        ensure!(good >= 5, "{good}");
        assert_eq!(case.u.most_in_flight(), 5);
    }
    for case in NODES.cases("queued").await? {
        case.u.set_json(&json!({}));
        case.u.behave(Manner::slow(Duration::from_millis(60)));
        let calls: Vec<_> = (0..30).map(|n| case.get().at(n % 2).spawn()).collect();
        for call in calls {
            call.await??.expect(200)?;
        }
        ensure!(case.u.most_in_flight() <= 5, "{}", case.u.most_in_flight());
    }
    Ok(())
}

#[tokio::test]
async fn n7_the_permits_of_a_killed_node_come_back() -> anyhow::Result<()> {
    let stand = Arc::new(NODES.fresh().await?);
    let mut cases = Vec::new();
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "five");
        case.u.set_json(&json!({}));
        case.u.behave(Manner::slow(Duration::from_secs(60)));
        fill(&case, 5).await?;
        ensure!([429, 503].contains(&status(case.get().at(1)).await?));
        cases.push(case);
    }
    stand.kill(0).await?;
    let killed = Instant::now();
    for case in &cases {
        case.u.behave(Manner::default());
        while status(case.get().at(1)).await? != 200 {
            ensure!(killed.elapsed() < Duration::from_secs(32), "still none after {:?}", killed.elapsed());
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn n8_an_adaptive_limit_falls_with_a_slower_upstream_and_recovers() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "adaptive", 200).await?;
    // More callers than the limit would ever let through, who wait when they are refused: as many as get through at once
    // is what the limit is.
    let most = async |seconds: u64, ms: u64| -> anyhow::Result<(usize, usize)> {
        case.u.behave(Manner::slow(Duration::from_millis(ms)));
        let end = Instant::now() + Duration::from_secs(seconds);
        let callers = (0..48).map(|_| {
            let case = case.clone();
            tokio::spawn(async move {
                while Instant::now() < end {
                    if case.get().send().await.is_ok_and(|r| r.status != 200) {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        let mut samples = Vec::new();
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if end.saturating_duration_since(Instant::now()) < Duration::from_secs(2) {
                samples.push(case.u.in_flight());
            }
        }
        for caller in callers {
            caller.await?;
        }
        samples.sort_unstable();
        Ok((samples[samples.len() / 2], *samples.last().context("no sample")?))
    };
    let (before, _) = most(5, 200).await?;
    let (slower, _) = most(16, 800).await?;
    ensure!(slower < before && slower >= 3, "{before} under way before, {slower} with a four times slower upstream");
    let (after, highest) = most(10, 200).await?;
    ensure!(after > slower && highest <= 40, "{before}, {slower}, {after} after it recovered, {highest} at most");
    Ok(())
}

#[tokio::test]
async fn n9_who_leaves_gives_the_permit_back() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "one", 3_000).await?;
    for _ in 0..5 {
        let gone = case.apart().get().patience(Duration::from_millis(150));
        ensure!(gone.send().await.is_err());
        let begun = Instant::now();
        while case.u.in_flight() > 0 {
            ensure!(begun.elapsed() < Duration::from_secs(4), "the upstream still answers nobody");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    case.u.behave(Manner::default());
    let mut last = 0;
    for _ in 0..40 {
        last = status(case.get()).await?;
        if last == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!((last, case.u.most_in_flight()), (200, 1));
    Ok(())
}

#[tokio::test]
async fn n9_who_leaves_the_queue_is_never_forwarded() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "queued", 500).await?;
    let first = fill(&case, 1).await?;
    ensure!(case.apart().get().patience(Duration::from_millis(150)).send().await.is_err());
    for call in first {
        call.await??.expect(200)?;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(case.u.all_calls(), 1);
    assert_eq!(status(case.get()).await?, 200);
    Ok(())
}

#[tokio::test]
async fn n10_an_upstream_that_breaks_off_or_hangs_keeps_no_permit() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "one", 0).await?;
    for _ in 0..5 {
        case.u.script([Turn::drop(false).on("POST")]);
        assert_eq!(status(case.post(&json!({}))).await?, 502);
    }
    assert_eq!(status(case.get()).await?, 200);
    let case = slow(&LIMITS, "brief", 2_500).await?;
    let calls: Vec<_> = (0..2).map(|_| case.post(&json!({})).spawn()).collect();
    for call in calls {
        call.await??.expect(504)?;
    }
    case.u.behave(Manner::default());
    assert_eq!(status(case.get()).await?, 200);
    Ok(())
}

#[tokio::test]
async fn n11_idle_parts_are_lent_and_a_priority_has_its_part_back_first() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "parts", 700).await?;
    let call = |priority: &str| case.get().header("x-priority", priority);
    let borrowed: Vec<_> = (0..10).map(|_| call("batch").spawn()).collect();
    until("batch uses what is idle", Duration::from_secs(5), || case.u.in_flight() == 10).await?;
    ensure!([429, 503].contains(&status(call("live")).await?), "the limit is exact, also within one's part");
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!([429, 503].contains(&status(call("live")).await?));
    for call in borrowed {
        call.await??.expect(200)?;
    }
    // Under pressure each has its part, all at the same time.
    let own = call("batch").spawn();
    until("batch has its part", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
    let live: Vec<_> = (0..9).map(|_| call("live").spawn()).collect();
    until("live has its part", Duration::from_secs(5), || case.u.in_flight() == 10).await?;
    for call in live.into_iter().chain([own]) {
        call.await??.expect(200)?;
    }
    assert_eq!(case.u.most_in_flight(), 10);
    Ok(())
}

#[tokio::test]
async fn n12_a_request_that_finds_no_room_at_the_second_limit_keeps_none_of_the_first() -> anyhow::Result<()> {
    let case = slow(&LIMITS, "two", 700).await?;
    let a = [case.get().spawn(), case.get().spawn()];
    let b = case.get().by_b().spawn();
    until("three are under way", Duration::from_secs(5), || case.u.in_flight() == 3).await?;
    assert_eq!(status(case.get()).await?, 429, "the caller's own limit comes first");
    for _ in 0..4 {
        assert_eq!(status(case.get().by_b()).await?, 503, "room for b, none for all");
    }
    for call in a.into_iter().chain([b]) {
        call.await??.expect(200)?;
    }
    let b = [case.get().by_b().spawn(), case.get().by_b().spawn()];
    for call in b {
        call.await??.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn n13_a_replay_needs_no_permit() -> anyhow::Result<()> {
    let case = LIMITS.case("keys").await?;
    let call = |key: &str| case.post(&json!({})).header("idempotency-key", key);
    call("done").send().await?.expect(201)?;
    case.u.behave(Manner::slow(Duration::from_millis(600)));
    let busy = call("busy").spawn();
    until("it is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
    let replay = call("done").send().await?.expect(201)?;
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
    ensure!([429, 503].contains(&status(call("third")).await?));
    busy.await??.expect(201)?;
    assert_eq!(status(call("third")).await?, 201, "refused for want of room, the key was not used up");
    Ok(())
}

#[tokio::test]
async fn n14_a_node_without_the_store_keeps_its_part_of_the_limit() -> anyhow::Result<()> {
    if wanted(&[Store::Redis]).is_empty() {
        return Ok(());
    }
    let stand = Arc::new(NODES.fresh().await?);
    let case = Case::new(&stand, Store::Redis, "five");
    case.u.set_json(&json!({}));
    assert_eq!(status(case.get()).await?, 200);
    // Nodes tell the store each second that they live.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    stand.stop_store(Store::Redis);
    // The first may still wait for the store.
    for _ in 0..6 {
        case.get().send().await?.expect(200)?;
        case.get().at(1).send().await?.expect(200)?;
    }
    case.u.behave(Manner::slow(Duration::from_millis(1_500)));
    let calls: Vec<_> = (0..20).map(|n| case.get().at(n % 2).spawn()).collect();
    for call in calls {
        call.await??.expect_one_of(&[200, 429, 503])?;
    }
    let most = case.u.most_in_flight();
    ensure!((2..=5).contains(&most), "{most} of a limit of 5 over two nodes");
    Ok(())
}
