//! Limits: exact whatever becomes of those who hold and who wait.

mod adaptive;
mod load;

use std::time::Duration;

use futures::poll;
use weir_domain::spec::{Percent, Queue, QueueOrder, Span};

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn fixed(limit: u32) -> LimitSettings<'static> {
    LimitSettings { route: "r", name: "l", bound: Bound::Fixed(limit), queue: None, priorities: &[] }
}

fn queued(limit: u32, max: u32) -> LimitSettings<'static> {
    LimitSettings { queue: Some(Queue { max, max_wait: Span(LONG), order: QueueOrder::Fifo }), ..fixed(limit) }
}

fn shares() -> Vec<(String, Percent)> {
    vec![("live".to_owned(), Percent(90)), ("batch".to_owned(), Percent(10))]
}

fn key() -> LimitKey {
    LimitKey::new("r", "l", "k")
}

async fn hold(limits: &Limits, settings: &LimitSettings<'_>, priority: Option<&str>, count: usize) -> Vec<Permit> {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(limits.enter(&key(), settings, priority).await.expect("there is room"));
    }
    held
}

#[tokio::test]
async fn a_limit_is_exact_and_says_what_is_full() {
    let limits = Limits::new();
    let mut held = hold(&limits, &fixed(5), None, 5).await;
    let full = limits.enter(&key(), &fixed(5), None).await.err().unwrap();
    assert_eq!((full.limit, full.in_flight, full.queued, full.waited), (5, 5, 0, Duration::ZERO));
    assert!(full.retry_after >= Duration::from_millis(50));
    let other = LimitKey::new("r", "l", "other");
    drop(limits.enter(&other, &fixed(5), None).await.unwrap());
    held.pop();
    held.extend(hold(&limits, &fixed(5), None, 1).await);
    let seen = limits.view(10);
    assert_eq!((seen.len(), seen[0].in_flight, seen[0].limit, seen[0].rejected), (1, 5, 5, 1));
    assert_eq!((seen[0].route.as_str(), seen[0].name.as_str(), seen[0].adaptive), ("r", "l", false));
    drop(held);
    assert!(limits.is_empty());
}

#[test]
fn no_two_keys_look_the_same() {
    let keys = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("", "ab", "c"), ("a", "", "bc")];
    let hashed: std::collections::HashSet<LimitKey> = keys.map(|(r, l, v)| LimitKey::new(r, l, v)).into();
    assert_eq!(hashed.len(), keys.len());
    assert_eq!(LimitKey::new("a", "b", "c").to_string().len(), 16);
    // Long ones too, and at any length around where the way of hashing changes.
    let long: Vec<LimitKey> = (0..600).map(|length| LimitKey::new("a", "b", &"c".repeat(length))).collect();
    assert_eq!(long.iter().collect::<std::collections::HashSet<_>>().len(), 600);
    assert_eq!(
        LimitKey::new("a", "b", &"c".repeat(230)).0,
        *blake3::hash(
            &[
                &1_u64.to_le_bytes()[..],
                b"a",
                &1_u64.to_le_bytes(),
                b"b",
                &230_u64.to_le_bytes(),
                "c".repeat(230).as_bytes(),
            ]
            .concat()
        )
        .as_bytes()
    );
}

#[tokio::test]
async fn who_is_dropped_while_called_gives_the_place_to_the_next() {
    let limits = Limits::new();
    let settings = queued(1, 4);
    let held = hold(&limits, &settings, None, 1).await;
    let (id, first_settings) = (key(), settings);
    let mut first = Box::pin(limits.enter(&id, &first_settings, None));
    let mut second = Box::pin(limits.enter(&id, &settings, None));
    assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
    assert_eq!(limits.look(&id).unwrap().queued, 2);
    drop(held);
    // The first has the place, and nobody has told it.
    assert_eq!((limits.look(&id).unwrap().in_flight, limits.look(&id).unwrap().queued), (1, 1));
    drop(first);
    let permit = second.await.unwrap();
    assert_eq!((limits.look(&id).unwrap().in_flight, limits.look(&id).unwrap().queued), (1, 0));
    drop(permit);
    assert!(limits.is_empty());
}

#[tokio::test]
async fn a_line_is_bounded_in_length_and_in_time() {
    let limits = Limits::new();
    let short = Queue { max: 1, max_wait: Span::ms(40), order: QueueOrder::Fifo };
    let settings = LimitSettings { queue: Some(short), ..fixed(1) };
    let held = hold(&limits, &settings, None, 1).await;
    let (id, more) = (key(), settings);
    let mut waits = Box::pin(limits.enter(&id, &settings, None));
    assert!(poll!(&mut waits).is_pending());
    let full = limits.enter(&id, &more, None).await.err().unwrap();
    assert_eq!((full.queued, full.waited), (1, Duration::ZERO));
    let late = waits.await.err().unwrap();
    assert!(late.waited >= Duration::from_millis(40) && late.waited < LONG, "{late:?}");
    assert_eq!((late.in_flight, late.queued), (1, 0));
    assert_eq!(limits.look(&id).unwrap().rejected, 2);
    drop(held);
    assert!(limits.is_empty());
}

#[tokio::test]
async fn who_is_next_depends_on_the_order() {
    for (order, want) in [(QueueOrder::Fifo, [0, 1, 2]), (QueueOrder::Lifo, [2, 1, 0])] {
        let limits = Limits::new();
        let settings = LimitSettings { queue: Some(Queue { max: 3, max_wait: Span(LONG), order }), ..fixed(1) };
        let mut held = hold(&limits, &settings, None, 1).await;
        let id = key();
        let mut waiting: Vec<_> = (0..3).map(|_| Some(Box::pin(limits.enter(&id, &settings, None)))).collect();
        for waits in waiting.iter_mut().flatten() {
            assert!(poll!(waits).is_pending());
        }
        for next in want {
            held.clear();
            held.push(waiting[next].take().unwrap().await.unwrap());
            for waits in waiting.iter_mut().flatten() {
                assert!(poll!(waits).is_pending(), "one only, {order:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_bound_counts_at_once_and_loses_no_permit() {
    let limits = Limits::new();
    let mut held = hold(&limits, &queued(2, 4), None, 2).await;
    let (id, two, four) = (key(), queued(2, 4), queued(4, 4));
    let mut waits = Box::pin(limits.enter(&id, &two, None));
    assert!(poll!(&mut waits).is_pending());
    // The first request with more room calls who waited before.
    held.extend(hold(&limits, &four, None, 1).await);
    held.push(waits.await.unwrap());
    assert_eq!(limits.look(&id).unwrap().in_flight, 4);
    assert!(limits.enter(&id, &fixed(1), None).await.is_err());
    held.truncate(1);
    assert!(limits.enter(&id, &fixed(1), None).await.is_err(), "one is under way");
    held.clear();
    assert!(limits.is_empty());
    drop(hold(&limits, &fixed(1), None, 1).await);
}

#[tokio::test]
async fn idle_shares_are_lent_and_come_back_under_pressure() {
    let limits = Limits::new();
    let shares = shares();
    let settings = LimitSettings { priorities: &shares, ..fixed(10) };
    // Nobody else is here: all of it.
    let mut batch = hold(&limits, &settings, Some("batch"), 10).await;
    assert!(limits.enter(&key(), &settings, Some("live")).await.is_err(), "exact, also for who is within its share");
    // What gets free is for who was refused within its share, not for who has borrowed.
    batch.pop();
    assert!(limits.enter(&key(), &settings, Some("batch")).await.is_err());
    let mut live = hold(&limits, &settings, Some("live"), 1).await;
    batch.truncate(1);
    live.extend(hold(&limits, &settings, None, 8).await);
    assert!(limits.enter(&key(), &settings, Some("nobody knows it")).await.is_err());
    // Its own share is each one's, pressure or not.
    batch.clear();
    batch.extend(hold(&limits, &settings, Some("batch"), 1).await);
    assert_eq!(limits.look(&key()).unwrap().in_flight, 10);
    drop((batch, live));
    assert!(limits.is_empty());
}

#[tokio::test]
async fn priorities_may_come_while_requests_are_under_way() {
    let limits = Limits::new();
    let shares = shares();
    let with = LimitSettings { priorities: &shares, ..fixed(10) };
    let mut before = hold(&limits, &fixed(10), None, 5).await;
    let live = hold(&limits, &with, Some("live"), 5).await;
    assert!(limits.enter(&key(), &with, Some("batch")).await.is_err(), "exact, whoever holds what");
    before.pop();
    let batch = hold(&limits, &with, Some("batch"), 1).await;
    drop((before, live));
    let all = hold(&limits, &fixed(10), None, 9).await;
    assert!(limits.enter(&key(), &fixed(10), None).await.is_err());
    drop((batch, all));
    assert!(limits.is_empty());
}

#[tokio::test]
async fn who_has_least_of_its_share_is_next_in_line() {
    let limits = Limits::new();
    let shares = shares();
    let settings = LimitSettings { priorities: &shares, ..queued(10, 20) };
    let mut held = hold(&limits, &settings, Some("batch"), 10).await;
    let id = key();
    let mut batch = Box::pin(limits.enter(&id, &settings, Some("batch")));
    let mut live: Vec<_> = (0..9).map(|_| Box::pin(limits.enter(&id, &settings, Some("live")))).collect();
    assert!(poll!(&mut batch).is_pending());
    for waits in &mut live {
        assert!(poll!(waits).is_pending());
    }
    for waits in live {
        drop(held.remove(0));
        held.push(waits.await.unwrap());
        assert!(poll!(&mut batch).is_pending(), "it came first, but has borrowed");
    }
    drop(held.remove(0));
    held.push(batch.await.unwrap());
    assert_eq!(limits.look(&id).unwrap().in_flight, 10);
}

#[tokio::test]
async fn one_priority_does_not_fill_the_line_for_the_other() {
    let limits = Limits::new();
    let shares = shares();
    let settings = LimitSettings { priorities: &shares, ..queued(1, 10) };
    let held = hold(&limits, &settings, None, 1).await;
    let id = key();
    let mut batch = Box::pin(limits.enter(&id, &settings, Some("batch")));
    assert!(poll!(&mut batch).is_pending());
    assert!(limits.enter(&id, &settings, Some("batch")).await.is_err(), "one of ten places is for batch");
    let mut live = Box::pin(limits.enter(&id, &settings, Some("live")));
    assert!(poll!(&mut live).is_pending());
    drop((held, live, batch));
    assert!(limits.is_empty());
}

#[tokio::test]
async fn the_fullest_keys_are_seen_first() {
    let limits = Limits::new();
    let mut held = Vec::new();
    for (value, count) in [("a", 2), ("b", 5), ("c", 1), ("d", 3)] {
        for _ in 0..count {
            let id = LimitKey::new("r", "l", value);
            held.push(limits.enter(&id, &fixed(9), None).await.unwrap());
        }
    }
    let seen: Vec<u32> = limits.view(3).iter().map(|seen| seen.in_flight).collect();
    assert_eq!((seen, limits.len()), (vec![5, 3, 2], 4));
    assert!(limits.view(0).is_empty());
}
