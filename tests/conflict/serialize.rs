//! S: one write at a time (K6).

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::Manner;

use crate::call::{Call, Case};
use crate::stand::{ALL, Group, SHARED, until, wanted};

static WRITES: Group = Group::new(policies, ALL, 1);
static NODES: Group = Group::new(policies, SHARED, 2);

fn policies() -> Vec<(&'static str, Value)> {
    let with = |fields: Value| {
        let mut all = json!({"mode": "queue", "max_queue": 16, "max_wait": "10s", "scope": "cluster", "lease": "3s"});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        json!({"serialize": all})
    };
    vec![
        ("queue", with(json!({}))),
        ("reject", with(json!({"mode": "reject"}))),
        ("short", with(json!({"max_queue": 2}))),
        ("hasty", with(json!({"max_wait": "200ms"}))),
        ("headers", with(json!({"hold_until": "response_headers", "methods": ["PUT", "POST"]}))),
        ("whole", with(json!({"hold_until": "response_end", "methods": ["PUT", "POST"]}))),
        ("keyed", {
            let mut policy = with(json!({}));
            policy["key"] = json!("{tenant}/account/{json:/account}");
            policy
        }),
    ]
}

fn slow(case: &Case, ms: u64) {
    case.u.behave(Manner::slow(Duration::from_millis(ms)));
}

#[tokio::test]
async fn s1_two_writes_of_one_resource_go_one_after_the_other() -> anyhow::Result<()> {
    for case in WRITES.cases("queue").await? {
        slow(&case, 300);
        let calls = [case.put(&json!({"n": 1})).spawn(), case.put(&json!({"n": 2})).spawn()];
        for call in calls {
            call.await??.expect_one_of(&[201, 204])?;
        }
        assert_eq!((case.u.most_in_flight(), case.u.calls("PUT")), (1, 2));
    }
    Ok(())
}

#[tokio::test]
async fn s2_different_resources_do_not_wait_for_each_other() -> anyhow::Result<()> {
    for case in WRITES.cases("queue").await? {
        let other = case.another();
        slow(&case, 600);
        slow(&other, 600);
        let begun = Instant::now();
        let calls = [case.put(&json!({})).spawn(), other.put(&json!({})).spawn()];
        until("both under way", Duration::from_secs(5), || case.u.in_flight() + other.u.in_flight() == 2).await?;
        for call in calls {
            call.await??.expect(201)?;
        }
        ensure!(begun.elapsed() < Duration::from_millis(1_150), "{:?}", begun.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn s3_a_second_write_is_refused_where_nobody_waits() -> anyhow::Result<()> {
    for case in WRITES.cases("reject").await? {
        slow(&case, 500);
        let first = case.put(&json!({"n": 1})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let refused = case.put(&json!({"n": 2})).send().await?.problem(409, "concurrent-modification")?;
        ensure!(refused.retry_after()? >= 1);
        assert_eq!(refused.json()["conflict"]["kind"], "concurrent_write");
        ensure!(refused.took < Duration::from_millis(400), "{:?}", refused.took);
        first.await??.expect(201)?;
        case.put(&json!({"n": 3})).send().await?.expect(204)?;
        assert_eq!(case.u.calls("PUT"), 2);
    }
    Ok(())
}

#[tokio::test]
async fn s4_a_queue_has_an_end() -> anyhow::Result<()> {
    for case in WRITES.cases("short").await? {
        slow(&case, 500);
        let calls: Vec<_> = (0..6).map(|n| case.put(&json!({"n": n})).spawn()).collect();
        let mut statuses = Vec::new();
        for call in calls {
            let reply = call.await??.expect_one_of(&[201, 204, 409])?;
            if reply.status == 409 {
                statuses.push(reply.problem(409, "concurrent-modification")?.retry_after().map(|_| 409)?);
            } else {
                statuses.push(200);
            }
        }
        let done = statuses.iter().filter(|s| **s == 200).count();
        assert_eq!((done, case.u.calls("PUT"), case.u.most_in_flight()), (3, 3, 1), "one, and two that wait");
    }
    Ok(())
}

#[tokio::test]
async fn s5_nobody_waits_longer_than_is_said() -> anyhow::Result<()> {
    for case in WRITES.cases("hasty").await? {
        slow(&case, 900);
        let first = case.put(&json!({"n": 1})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let refused = case.put(&json!({"n": 2})).send().await?.problem(409, "concurrent-modification")?;
        ensure!((190..800).contains(&refused.took.as_millis()), "{:?}", refused.took);
        refused.retry_after()?;
        first.await??.expect(201)?;
        assert_eq!(case.u.calls("PUT"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn s6_who_leaves_the_queue_is_never_forwarded() -> anyhow::Result<()> {
    for case in WRITES.cases("queue").await? {
        slow(&case, 600);
        let first = case.put(&json!({"n": 1})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let gone = case.apart().put(&json!({"n": "gone"})).patience(Duration::from_millis(200));
        ensure!(gone.send().await.is_err(), "it waited");
        let last = case.put(&json!({"n": 3})).spawn();
        first.await??.expect(201)?;
        last.await??.expect(204)?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((case.u.calls("PUT"), case.u.json()), (2, Some(json!({"n": 3}))));
    }
    Ok(())
}

#[tokio::test]
async fn s7_all_nodes_together_write_one_at_a_time() -> anyhow::Result<()> {
    for case in NODES.cases("queue").await? {
        slow(&case, 60);
        let calls: Vec<_> = (0..12).map(|n| case.put(&json!({"n": n})).at(n % 2).spawn()).collect();
        for call in calls {
            call.await??.expect_one_of(&[201, 204])?;
        }
        assert_eq!((case.u.most_in_flight(), case.u.calls("PUT")), (1, 12));
    }
    Ok(())
}

#[tokio::test]
async fn s7_a_write_that_takes_longer_than_the_lease_keeps_it() -> anyhow::Result<()> {
    for case in NODES.cases("queue").await? {
        slow(&case, 5_000);
        let first = case.put(&json!({"n": 1})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        case.put(&json!({"n": 2})).at(1).send().await?.expect(204)?;
        first.await??.expect(201)?;
        assert_eq!(case.u.most_in_flight(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn s8_a_killed_node_holds_up_the_others_no_longer_than_its_lease() -> anyhow::Result<()> {
    let stand = Arc::new(NODES.fresh().await?);
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "queue");
        slow(&case, 20_000);
        let lost = case.put(&json!({"n": 1})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        stand.kill(0).await?;
        let killed = Instant::now();
        slow(&case, 0);
        case.put(&json!({"n": 2})).at(1).send().await?.expect_one_of(&[201, 204])?;
        ensure!(killed.elapsed() < Duration::from_secs(4), "{:?} with a lease of 3 s", killed.elapsed());
        ensure!(lost.await?.is_err(), "its caller saw the connection break");
        stand.restart(0).await?;
    }
    Ok(())
}

#[tokio::test]
async fn s9_a_turn_ends_with_the_head_or_with_the_whole_answer() -> anyhow::Result<()> {
    for case in WRITES.cases("headers").await? {
        let streaming = Manner { events: 6, gap: Duration::from_millis(200), ..Manner::default() };
        case.u.behave(streaming.clone());
        let first = case.post(&json!({})).begin().await?;
        assert_eq!(first.status(), 201);
        let second = case.post(&json!({})).begin().await?;
        assert_eq!(second.status(), 201);
        assert_eq!(case.u.most_in_flight(), 2, "the second did not wait for the stream");
        let whole = case.another().behind("whole");
        whole.u.behave(streaming);
        let first = whole.post(&json!({})).spawn();
        until("the first is under way", Duration::from_secs(5), || whole.u.in_flight() == 1).await?;
        whole.post(&json!({})).send().await?.expect(201)?;
        first.await??.expect(201)?;
        assert_eq!(whole.u.most_in_flight(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn s10_a_caller_with_many_writes_does_not_keep_another_from_its_turn() -> anyhow::Result<()> {
    for case in WRITES.cases("queue").await? {
        slow(&case, 120);
        let first = case.put(&json!({"by": "a"})).spawn();
        until("the first is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let flood: Vec<_> = (0..8).map(|_| case.put(&json!({"by": "a"})).spawn()).collect();
        tokio::time::sleep(Duration::from_millis(60)).await;
        let other = case.put(&json!({"by": "b"})).by_b().send().await?;
        other.expect(204)?;
        first.await??.expect(201)?;
        for call in flood {
            call.await??.expect(204)?;
        }
        let order: Vec<bool> = case.u.seen("PUT").iter().map(|s| s.body.ends_with(b"\"b\"}")).collect();
        let place = order.iter().position(|b| *b).unwrap_or(usize::MAX);
        ensure!(place <= 4, "b was number {place} behind a flood of eight");
    }
    Ok(())
}

#[tokio::test]
async fn s11_reads_do_not_wait() -> anyhow::Result<()> {
    for case in WRITES.cases("queue").await? {
        case.u.set_json(&json!({"n": 0}));
        let write = case.put(&json!({"n": 1}));
        case.u.script([weir_harness::document::Turn::usual(Duration::from_millis(800)).on("PUT")]);
        let write = write.spawn();
        until("the write is under way", Duration::from_secs(5), || case.u.in_flight() == 1).await?;
        let read = case.get().send().await?.expect(200)?;
        ensure!(read.took < Duration::from_millis(600), "{:?}", read.took);
        write.await??.expect(204)?;
    }
    Ok(())
}

#[tokio::test]
async fn s12_what_is_one_resource_can_stand_in_the_body() -> anyhow::Result<()> {
    for case in WRITES.cases("keyed").await? {
        slow(&case, 400);
        let begun = Instant::now();
        let write = |case: &Case, account: &str| -> Call { case.put(&json!({"account": account})) };
        let (x, y) = (case.u.id().to_owned() + "x", case.u.id().to_owned() + "y");
        let calls = [write(&case, &x).spawn(), write(&case, &y).spawn()];
        for call in calls {
            call.await??.expect_one_of(&[201, 204])?;
        }
        assert_eq!(case.u.most_in_flight(), 2, "two accounts of one path");
        ensure!(begun.elapsed() < Duration::from_millis(790));
        let other = case.another();
        slow(&other, 300);
        let calls = [write(&other, &x).spawn(), write(&case, &x).spawn()];
        until("one is under way", Duration::from_secs(5), || case.u.in_flight() + other.u.in_flight() > 0).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(case.u.in_flight() + other.u.in_flight(), 1, "one account over two paths");
        for call in calls {
            call.await??.expect_one_of(&[201, 204])?;
        }
    }
    Ok(())
}
