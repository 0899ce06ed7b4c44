//! Turns: one at a time, in order, fair, and none is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::poll;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use weir_domain::spec::{Serialise, SerializeMode, Span};

use super::*;

const LONG: Duration = Duration::from_secs(20);
const KEY: Key = [7; 32];

fn queue(max_queue: u32, max_wait: Duration) -> Serialise {
    Serialise { mode: SerializeMode::Queue, max_queue, max_wait: Span(max_wait), ..Serialise::default() }
}

#[tokio::test]
async fn one_at_a_time_per_resource_and_resources_do_not_wait_for_each_other() {
    let turns = Turns::new();
    let first = turns.turn(&KEY, "a", &queue(4, LONG)).await.unwrap();
    let other = turns.turn(&[8; 32], "a", &queue(4, LONG)).await.unwrap();
    let short = turns.turn(&KEY, "a", &queue(4, Duration::from_millis(20))).await.err().unwrap();
    assert_eq!(short.queued, 0);
    assert!(short.waited >= Duration::from_millis(20) && short.retry_after >= Duration::from_millis(50));
    let reject = Serialise { mode: SerializeMode::Reject, ..queue(4, LONG) };
    assert!(turns.turn(&KEY, "b", &reject).await.is_err());
    assert!(turns.turn(&KEY, "b", &queue(0, LONG)).await.is_err());
    assert_eq!(turns.view(9), [(KEY, 0), ([8; 32], 0)]);
    drop(first);
    assert_eq!(turns.turn(&KEY, "b", &reject).await.unwrap().waited(), Duration::ZERO);
    drop(other);
    assert!(turns.is_empty());
}

/// Who has the turn in which order, if these ask while somebody has it.
async fn order(holder: &str, asking: &[&'static str]) -> Vec<String> {
    let turns = Turns::new();
    let settings = queue(16, LONG);
    let mut held = Some(turns.turn(&KEY, holder, &settings).await.unwrap());
    let mut waiting = Vec::new();
    for (number, consumer) in asking.iter().enumerate() {
        let mut waits = Box::pin(turns.turn(&KEY, consumer, &settings));
        assert!(poll!(&mut waits).is_pending());
        waiting.push((format!("{consumer}{number}"), waits));
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        drop(held.take());
        for at in (0..waiting.len()).rev() {
            if let std::task::Poll::Ready(turn) = poll!(&mut waiting[at].1) {
                assert!(held.is_none(), "one at a time");
                held = Some(turn.unwrap());
                order.push(waiting.remove(at).0);
            }
        }
        assert!(held.is_some(), "somebody is next");
    }
    order
}

#[tokio::test]
async fn consumers_take_turns_and_within_one_who_came_first_is_first() {
    assert_eq!(order("x", &["a", "a", "a"]).await, ["a0", "a1", "a2"]);
    assert_eq!(order("x", &["a", "a", "a", "b", "c", "b"]).await, ["a0", "b3", "c4", "a1", "b5", "a2"]);
    // Who has it is not next before others.
    assert_eq!(order("a", &["a", "a", "b"]).await, ["b2", "a0", "a1"]);
}

#[tokio::test]
async fn a_consumer_that_fills_the_line_does_not_keep_others_out() {
    let turns = Turns::new();
    let settings = queue(3, LONG);
    let held = turns.turn(&KEY, "a", &settings).await.unwrap();
    let mut greedy: Vec<_> = (0..3).map(|_| Box::pin(turns.turn(&KEY, "a", &settings))).collect();
    for waits in &mut greedy {
        assert!(poll!(waits).is_pending());
    }
    assert!(turns.turn(&KEY, "a", &settings).await.is_err(), "the line is full");
    let mut other = Box::pin(turns.turn(&KEY, "b", &settings));
    assert!(poll!(&mut other).is_pending());
    let sent_away = greedy.pop().unwrap().await.err().unwrap();
    assert_eq!(sent_away.queued, 3);
    let mut third = Box::pin(turns.turn(&KEY, "c", &settings));
    assert!(poll!(&mut third).is_pending());
    // Sent away, and it has not noticed before its caller leaves.
    drop(greedy.pop());
    assert!(turns.turn(&KEY, "d", &settings).await.is_err(), "each has one place");
    drop(held);
    let b = other.await.unwrap();
    drop(b);
    drop((third, greedy));
    assert!(turns.is_empty());
}

#[tokio::test]
async fn who_is_dropped_while_called_gives_the_turn_to_the_next() {
    let turns = Turns::new();
    let settings = queue(4, LONG);
    let held = turns.turn(&KEY, "a", &settings).await.unwrap();
    let mut first = Box::pin(turns.turn(&KEY, "b", &settings));
    let mut second = Box::pin(turns.turn(&KEY, "c", &settings));
    assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
    drop(held);
    drop(first);
    drop(second.await.unwrap());
    assert!(turns.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_turn_is_lost_and_none_is_two_under_aborts_panics_and_timeouts() {
    let (turns, writing, done) = (Turns::new(), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let drivers = (0..40_u64).map(|seed| {
        let (turns, writing, done) = (turns.clone(), Arc::clone(&writing), Arc::clone(&done));
        tokio::spawn(async move {
            let mut dice = StdRng::seed_from_u64(seed);
            for _ in 0..500 {
                let (turns, writing, done) = (turns.clone(), Arc::clone(&writing), Arc::clone(&done));
                let longest = if dice.random_bool(0.3) { Duration::from_micros(500) } else { LONG * 3 };
                let (ends, sleeps) = (dice.random_range(0..10), dice.random_bool(0.05));
                let task = tokio::spawn(async move {
                    let asked = turns.turn(&KEY, &(seed % 5).to_string(), &queue(64, longest)).await;
                    let Ok(turn) = asked else { return longest < LONG };
                    assert_eq!(writing.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
                    if sleeps {
                        // Only where nobody aborts it: the count would stay as it is.
                        tokio::time::sleep(Duration::from_micros(300)).await;
                    }
                    writing.fetch_sub(1, Ordering::SeqCst);
                    done.fetch_add(1, Ordering::SeqCst);
                    if ends == 0 {
                        std::panic::resume_unwind(Box::new("on purpose"));
                    }
                    drop(turn);
                    true
                });
                if !sleeps && dice.random_bool(0.2) {
                    for _ in 0..dice.random_range(0..4) {
                        tokio::task::yield_now().await;
                    }
                    task.abort();
                }
                match task.await {
                    Ok(right) => assert!(right, "who waits long gets the turn"),
                    Err(error) => assert!(error.is_cancelled() || ends == 0, "{error}"),
                }
            }
        })
    });
    let drivers: Vec<_> = drivers.collect();
    for driver in drivers {
        tokio::time::timeout(LONG * 6, driver).await.expect("nobody waits forever").unwrap();
    }
    assert!(done.load(Ordering::SeqCst) > 5_000);
    assert!(turns.is_empty());
}
