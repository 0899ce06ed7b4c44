//! R: identical reads at the same time are one call of the upstream (K7).

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Turn};

use crate::call::{Call, Case, Reply};
use crate::stand::{Group, NONE, until};

static READS: Group = Group::new(policies, NONE, 1);

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("joined", json!({"coalesce": {"vary_on": ["accept", "accept-language"], "max_wait": "5s"}})),
        ("promote", json!({"coalesce": {"on_error": "promote", "max_wait": "5s"}})),
        ("hasty", json!({"coalesce": {"max_wait": "100ms"}})),
        ("small", json!({"coalesce": {"max_body": "16KiB", "max_wait": "5s"}})),
        ("tagged", json!({"validators": {}, "conditional_reads": {}, "coalesce": {"max_wait": "5s"}})),
        ("public", json!({"coalesce": {"share_across_consumers": true, "ack_public": true, "max_wait": "5s"}})),
        ("bodies", json!({"coalesce": {"methods": ["POST"], "body_hash": true, "max_wait": "5s"}})),
    ]
}

async fn slow(policy: &str, ms: u64) -> anyhow::Result<Case> {
    let case = READS.case(policy).await?;
    case.u.set_json(&json!({"n": 1}));
    case.u.behave(Manner::slow(Duration::from_millis(ms)));
    Ok(case)
}

/// Sends all at once.
async fn together(calls: impl IntoIterator<Item = Call>) -> anyhow::Result<Vec<Reply>> {
    let calls: Vec<_> = calls.into_iter().map(Call::spawn).collect();
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await??);
    }
    Ok(replies)
}

/// Whether the answer says that it was shared (RFC 9211 section 2.6).
fn is_collapsed(reply: &Reply) -> bool {
    reply.header("cache-status").is_some_and(|s| s.contains("collapsed") && !s.contains("collapsed=?0"))
}

#[tokio::test]
async fn r1_a_hundred_same_reads_are_one_call() -> anyhow::Result<()> {
    let case = slow("joined", 1_000).await?;
    let replies = together((0..100).map(|_| case.get())).await?;
    assert_eq!(case.u.all_calls(), 1);
    for reply in &replies {
        assert_eq!((reply.status, reply.text().as_str()), (200, "{\"n\":1}"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
    let collapsed = replies.iter().filter(|r| is_collapsed(r)).count();
    assert_eq!(collapsed, 99);
    let joined = replies.iter().find(|r| is_collapsed(r)).and_then(|r| r.header("cache-status")).unwrap_or_default();
    ensure!(joined.starts_with("gw") && joined.contains("fwd=miss"), "{joined}");
    let mut ids: Vec<_> = replies.iter().filter_map(|r| r.header("x-weir-request-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100, "each request has an id of its own");
    // Nothing is kept: the next read asks again.
    case.get().send().await?.expect(200)?;
    assert_eq!(case.u.all_calls(), 2);
    Ok(())
}

#[tokio::test]
async fn r2_two_consumers_share_nothing() -> anyhow::Result<()> {
    let case = slow("joined", 500).await?;
    let replies = together([case.get(), case.get().by_b(), case.get().by_another_team()]).await?;
    assert_eq!(case.u.all_calls(), 3);
    ensure!(!replies.iter().any(is_collapsed));
    Ok(())
}

#[tokio::test]
async fn r2_consumers_share_where_the_policy_says_that_it_is_for_everybody() -> anyhow::Result<()> {
    let case = slow("public", 500).await?;
    together([case.get(), case.get().by_b(), case.get().by_another_team()]).await?;
    assert_eq!(case.u.all_calls(), 1);
    Ok(())
}

#[tokio::test]
async fn r3_what_differs_is_not_the_same() -> anyhow::Result<()> {
    let case = slow("joined", 600).await?;
    together([case.get().query("a=1"), case.get().query("a=2")]).await?;
    assert_eq!(case.u.all_calls(), 2, "the query");
    together([case.get().header("accept", "text/plain"), case.get().header("accept", "application/json")]).await?;
    assert_eq!(case.u.all_calls(), 4, "a header of vary_on");
    together([case.get().header("x-other", "1"), case.get().header("x-other", "2")]).await?;
    assert_eq!(case.u.all_calls(), 5, "another header");
    let other = case.another();
    other.u.set_json(&json!({}));
    together([case.get(), other.get()]).await?;
    assert_eq!((case.u.all_calls(), other.u.all_calls()), (6, 1), "the path");
    Ok(())
}

#[tokio::test]
async fn r4_writes_are_never_joined() -> anyhow::Result<()> {
    let case = slow("joined", 300).await?;
    together((0..5).map(|_| case.post(&json!({"same": true})))).await?;
    assert_eq!(case.u.calls("POST"), 5);
    Ok(())
}

#[tokio::test]
async fn r4_posts_with_the_same_body_are_joined_where_the_policy_says_so() -> anyhow::Result<()> {
    let case = slow("bodies", 500).await?;
    let replies = together((0..4).map(|_| case.post(&json!({"same": true})))).await?;
    ensure!(replies.iter().all(|r| r.status == 201 && r.text() == replies[0].text()));
    assert_eq!(case.u.calls("POST"), 1);
    together((0..3).map(|n| case.post(&json!({"n": n})))).await?;
    assert_eq!(case.u.calls("POST"), 4);
    Ok(())
}

#[tokio::test]
async fn r5_what_is_somebodys_own_is_not_shared_with_others() -> anyhow::Result<()> {
    for (name, value) in
        [("set-cookie", "id=1"), ("cache-control", "private"), ("cache-control", "no-store"), ("vary", "x-secret")]
    {
        let case = slow("public", 400).await?;
        let manner = Manner::slow(Duration::from_millis(400)).header(name, value);
        case.u.behave(manner);
        let replies = together([case.get(), case.get().by_b(), case.get().by_another_team()]).await?;
        ensure!(replies.iter().all(|r| r.status == 200));
        assert_eq!(case.u.all_calls(), 3, "{name}: {value}");
        // For ten seconds nobody waits only to be sent away: both go at once.
        let again = together([case.get(), case.get().by_b()]).await?;
        ensure!(again.iter().all(|r| r.took < Duration::from_millis(780)), "{name}: {:?}", again[1].took);
    }
    Ok(())
}

#[tokio::test]
async fn r6_a_lost_connection_is_tried_again_by_exactly_one() -> anyhow::Result<()> {
    let case = slow("joined", 300).await?;
    case.u.script([Turn::drop(false).after(Duration::from_millis(500))]);
    let replies = together((0..10).map(|_| case.get())).await?;
    let good = replies.iter().filter(|r| r.status == 200).count();
    ensure!(good >= 9, "{:?}", replies.iter().map(|r| r.status).collect::<Vec<_>>());
    assert_eq!(case.u.all_calls(), 2, "one of those who waited asked again");
    Ok(())
}

#[tokio::test]
async fn r7_an_error_is_shared_or_tried_again_by_policy() -> anyhow::Result<()> {
    let case = slow("joined", 300).await?;
    case.u.script([Turn::status(503).after(Duration::from_millis(500))]);
    let replies = together((0..6).map(|_| case.get())).await?;
    ensure!(replies.iter().all(|r| r.status == 503));
    assert_eq!(case.u.all_calls(), 1);
    let case = slow("promote", 300).await?;
    case.u.script([Turn::status(503).after(Duration::from_millis(500))]);
    let replies = together((0..6).map(|_| case.get())).await?;
    let bad = replies.iter().filter(|r| r.status == 503).count();
    assert_eq!((bad, case.u.all_calls()), (1, 2));
    Ok(())
}

#[tokio::test]
async fn r8_nobody_waits_longer_than_is_said() -> anyhow::Result<()> {
    let case = slow("hasty", 1_000).await?;
    let replies = together([case.get(), case.get()]).await?;
    assert_eq!(case.u.all_calls(), 2);
    ensure!(replies.iter().all(|r| r.status == 200 && r.took < Duration::from_millis(1_900)));
    Ok(())
}

#[tokio::test]
async fn r9_get_and_head_are_one_call() -> anyhow::Result<()> {
    for head_first in [true, false] {
        let case = slow("joined", 600).await?;
        let (first, second) = if head_first { (case.head(), case.get()) } else { (case.get(), case.head()) };
        let first = first.spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let second = second.send().await?.expect(200)?;
        let first = first.await??.expect(200)?;
        assert_eq!(case.u.all_calls(), 1, "HEAD first: {head_first}");
        let (head, get) = if head_first { (first, second) } else { (second, first) };
        assert_eq!((head.body.len(), get.text().as_str()), (0, "{\"n\":1}"));
        assert_eq!(head.header("content-length"), Some("7"));
    }
    Ok(())
}

#[tokio::test]
async fn r10_who_asked_first_may_leave() -> anyhow::Result<()> {
    let case = slow("joined", 800).await?;
    let leader = case.apart().get().patience(Duration::from_millis(300)).spawn();
    until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
    let replies = together((0..3).map(|_| case.get())).await?;
    ensure!(leader.await?.is_err(), "it left");
    ensure!(replies.iter().all(|r| r.status == 200 && r.text() == "{\"n\":1}"));
    assert_eq!(case.u.all_calls(), 1);
    Ok(())
}

#[tokio::test]
async fn r11_ten_reads_are_ten_requests_in_the_ledger() -> anyhow::Result<()> {
    let case = slow("joined", 500).await?;
    let replies = together((0..10).map(|_| case.get())).await?;
    assert_eq!(case.u.all_calls(), 1);
    let wanted: Vec<&str> = replies.iter().filter_map(|r| r.header("x-weir-request-id")).collect();
    assert_eq!(wanted.len(), 10);
    let admin = case.stand.admin().await?;
    for _ in 0..100 {
        let rows = admin.all("/requests?limit=500&traffic=rest").await?;
        if wanted.iter().all(|id| rows.iter().any(|row| row["id"] == *id)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("not all of {wanted:?} are in the ledger")
}

#[tokio::test]
async fn r12_what_asks_for_a_fresh_answer_or_a_part_goes_alone() -> anyhow::Result<()> {
    let case = slow("joined", 400).await?;
    for (name, value) in [("cache-control", "no-cache"), ("cache-control", "no-store"), ("range", "bytes=0-1")] {
        let before = case.u.all_calls();
        together((0..3).map(|_| case.get().header(name, value))).await?;
        assert_eq!(case.u.all_calls() - before, 3, "{name}: {value}");
    }
    Ok(())
}

#[tokio::test]
async fn r13_conditions_are_each_ones_own() -> anyhow::Result<()> {
    let case = slow("tagged", 0).await?;
    let tag = case.tag().await?;
    case.u.behave(Manner::slow(Duration::from_millis(600)));
    let calls = [
        case.get().header("if-none-match", &tag),
        case.get(),
        case.get().header("if-none-match", "\"zzz\""),
        case.get().header("if-match", "\"zzz\""),
        case.head().header("if-none-match", &tag),
    ];
    let statuses: Vec<u16> = together(calls).await?.iter().map(|r| r.status).collect();
    assert_eq!((statuses, case.u.all_calls()), (vec![304, 200, 200, 412, 304], 2));
    Ok(())
}

#[tokio::test]
async fn r14_who_joins_late_gets_the_whole_or_goes_alone() -> anyhow::Result<()> {
    for (policy, calls) in [("joined", 1), ("small", 2)] {
        let case = READS.case(policy).await?;
        case.u.set("text/plain", vec![b'y'; 64 << 10]);
        case.u.behave(Manner { pieces: 8, gap: Duration::from_millis(150), ..Manner::default() });
        let leader = case.get().spawn();
        until("it is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let late = case.get().send().await?.expect(200)?;
        assert_eq!(late.body.len(), 64 << 10, "{policy}");
        assert_eq!(leader.await??.body.len(), 64 << 10, "{policy}");
        assert_eq!(case.u.all_calls(), calls, "{policy}");
    }
    Ok(())
}
