//! Limits of requests under way are exact under load, with callers that leave, connections that are reset and an upstream
//! that breaks off; all permits are back at the end.
//!
//! 100,000 requests with `WEIR_CONFLICT_FULL=1`; by default 6,000 on one node and 2,000 over two, for time's sake.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Turn};

use crate::call::Case;
use crate::raw::Raw;
use crate::stand::{Group, NONE, SHARED, until};

static ONE: Group = Group::new(policies, NONE, 1);
static TWO: Group = Group::new(clustered, SHARED, 2);

const LIMIT: usize = 8;
const CLIENTS: usize = 48;

fn policies() -> Vec<(&'static str, Value)> {
    vec![(
        "exact",
        json!({"concurrency": [{"name": "exact", "key": "{path}", "limit": LIMIT,
            "queue": {"max": 64, "max_wait": "5s"}}]}),
    )]
}

fn clustered() -> Vec<(&'static str, Value)> {
    vec![(
        "exact",
        json!({"concurrency": [{"name": "exact", "key": "{path}", "limit": LIMIT, "scope": "cluster",
            "queue": {"max": 64, "max_wait": "5s"}}]}),
    )]
}

/// Whether everything is to be run in the size that is promised.
pub(crate) fn is_full() -> bool {
    std::env::var("WEIR_CONFLICT_FULL").is_ok_and(|value| value == "1")
}

/// What became of the requests.
#[derive(Default)]
struct Score {
    answered: AtomicUsize,
    refused: AtomicUsize,
    left: AtomicUsize,
    broken: AtomicUsize,
}

/// One client: every seventh request is left in the middle, every eleventh reset, every thirteenth broken off by the
/// upstream.
async fn client(
    case: Case,
    next: Arc<AtomicUsize>,
    count: usize,
    nodes: usize,
    score: Arc<Score>,
) -> anyhow::Result<()> {
    let mut open: Vec<Option<Raw>> = (0..nodes).map(|_| None).collect();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= count {
            return Ok(());
        }
        let node = number % nodes;
        let mut raw = match open[node].take() {
            Some(raw) => raw,
            None => Raw::open(&case, node).await?,
        };
        let breaks = number.is_multiple_of(13);
        if breaks {
            case.u.script([Turn::drop(false).on("POST")]);
        }
        let (method, more) = if breaks { ("POST", "content-length: 0\r\n") } else { ("GET", "") };
        raw.head(&case, method, more).await?;
        if number % 7 == 3 || number % 11 == 5 {
            tokio::time::sleep(Duration::from_micros((number as u64 * 37) % 6_000)).await;
            if number % 11 == 5 {
                raw.reset()?;
            }
            score.left.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        match raw.answer().await {
            Ok(200 | 201) => score.answered.fetch_add(1, Ordering::SeqCst),
            Ok(429 | 503) => score.refused.fetch_add(1, Ordering::SeqCst),
            Ok(502) if breaks => score.broken.fetch_add(1, Ordering::SeqCst),
            // The turn was meant for another POST, which came first.
            Ok(status) => anyhow::bail!("{method} number {number}: {status}"),
            Err(error) => return Err(error.context(format!("{method} number {number}"))),
        };
        open[node] = (!raw.ends).then_some(raw);
    }
}

#[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
async fn exact(case: &Case, count: usize, nodes: usize) -> anyhow::Result<()> {
    case.u.set_json(&json!({}));
    case.u.behave(Manner::slow(Duration::from_millis(2)));
    let (next, score) = (Arc::new(AtomicUsize::new(0)), Arc::new(Score::default()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(case.clone(), Arc::clone(&next), count, nodes, Arc::clone(&score))))
        .collect();
    for client in clients {
        client.await??;
    }
    let counted = |n: &AtomicUsize| n.load(Ordering::SeqCst);
    eprintln!(
        "{}: {count} requests, {} at the upstream at most with a limit of {LIMIT}; {} answered, {} refused, {} left, {} \
         broken off",
        case.store.id(),
        case.u.most_in_flight(),
        counted(&score.answered),
        counted(&score.refused),
        counted(&score.left),
        counted(&score.broken),
    );
    let most = case.u.most_in_flight();
    ensure!((LIMIT / 2..=LIMIT).contains(&most), "{most} at once with a limit of {LIMIT}");
    ensure!(counted(&score.answered) > count / 10, "the load was no load");
    // Every permit is back: a burst of the limit's size is let in at once, and not one more.
    until("the upstream is idle", Duration::from_secs(10), || case.u.in_flight() == 0).await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    case.u.behave(Manner::slow(Duration::from_millis(1_500)));
    let burst: Vec<_> = (0..LIMIT).map(|n| case.get().at(n % nodes).spawn()).collect();
    until("the whole burst is let in", Duration::from_millis(1_200), || case.u.in_flight() == LIMIT).await?;
    for call in burst {
        call.await??.expect(200)?;
    }
    assert_eq!(case.u.most_in_flight(), LIMIT);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upstream_never_sees_one_more_and_every_permit_comes_back() -> anyhow::Result<()> {
    exact(&ONE.case("exact").await?, if is_full() { 100_000 } else { 6_000 }, 1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_do_two_nodes_together_send_one_more() -> anyhow::Result<()> {
    for case in TWO.cases("exact").await? {
        exact(&case, if is_full() { 20_000 } else { 2_000 }, 2).await?;
    }
    Ok(())
}
