//! Limits under load: exact whatever becomes of those who hold and who wait.

use std::time::Duration;

use weir_domain::snapshot::Bound;
use weir_domain::spec::{Queue, QueueOrder, Span};

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn fixed(limit: u32) -> LimitSettings<'static> {
    LimitSettings { route: "r", name: "l", bound: Bound::Fixed(limit), queue: None, priorities: &[] }
}

fn queued(limit: u32, max: u32, order: QueueOrder) -> LimitSettings<'static> {
    LimitSettings { queue: Some(Queue { max, max_wait: Span(LONG), order }), ..fixed(limit) }
}

fn key() -> LimitKey {
    LimitKey::new("r", "l", "k")
}

#[tokio::test]
async fn a_limit_is_exact_and_says_what_is_full() {
    let limits = Limits::new();
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(limits.enter(&key(), &fixed(5), None).await.unwrap());
    }
    let full = limits.enter(&key(), &fixed(5), None).await.err().unwrap();
    assert_eq!((full.limit, full.in_flight, full.queued), (5, 5, 0));
    assert!(full.retry_after > Duration::ZERO);
    let other = LimitKey::new("r", "l", "other");
    drop(limits.enter(&other, &fixed(5), None).await.unwrap());
    held.pop();
    held.push(limits.enter(&key(), &fixed(5), None).await.unwrap());
    let seen = limits.view(10);
    assert_eq!((seen.len(), seen[0].in_flight, seen[0].limit, seen[0].rejected), (1, 5, 5, 1));
    drop(held);
    assert!(limits.is_empty());
}

#[tokio::test]
async fn who_waits_gets_what_is_given_back_and_who_leaves_gets_nothing() {
    let limits = Limits::new();
    let held = limits.enter(&key(), &fixed(1), None).await.unwrap();
    let leaves = {
        let limits = limits.clone();
        tokio::spawn(async move { limits.enter(&key(), &queued(1, 4, QueueOrder::Fifo), None).await.map(drop) })
    };
    while limits.look(&key()).unwrap().queued < 1 {
        tokio::task::yield_now().await;
    }
    let stays = {
        let limits = limits.clone();
        tokio::spawn(async move { limits.enter(&key(), &queued(1, 4, QueueOrder::Fifo), None).await })
    };
    while limits.look(&key()).unwrap().queued < 2 {
        tokio::task::yield_now().await;
    }
    leaves.abort();
    assert!(leaves.await.is_err());
    assert_eq!(limits.look(&key()).unwrap().queued, 1);
    drop(held);
    let permit = stays.await.unwrap().unwrap();
    assert!(permit.waited() > Duration::ZERO);
    assert_eq!(limits.look(&key()).unwrap().in_flight, 1);
    drop(permit);
    assert!(limits.is_empty());
}
