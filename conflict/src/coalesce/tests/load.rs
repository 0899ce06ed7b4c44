//! Many joiners at once, and leaders that are killed at any point.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use weir_domain::spec::{Coalesce, Size};

use super::{KEY, LONG, head, patient, whole};
use crate::coalesce::{Broken, Flights, Followed, Leader, Publisher, Reader, Role};

const PIECES: u32 = 20;

/// An upstream whose answers are whole or can be told: each byte is the number of the call.
#[derive(Default)]
struct Upstream {
    calls: AtomicU32,
}

impl Upstream {
    /// Makes a call, which may fail at any point.
    fn call(self: &Arc<Self>, leader: Leader, dice: &mut StdRng, fails: bool) -> Reader {
        let number = u8::try_from(self.calls.fetch_add(1, Ordering::SeqCst) % 256).unwrap();
        let breaks = match (fails, dice.random_bool(0.4)) {
            (false, _) => u32::MAX,
            (true, true) => 0,
            (true, false) => dice.random_range(1..PIECES * 2),
        };
        let how = dice.random_range(0..3);
        leader.spawn(async move |publisher: Publisher| {
            tokio::time::sleep(Duration::from_micros(200)).await;
            if breaks == 0 {
                match how {
                    0 => publisher.fail("refused"),
                    1 => drop(publisher),
                    _ => std::panic::resume_unwind(Box::new(publisher.abandoned())),
                }
                return;
            }
            let Ok(mut body) = publisher.head(head(200, &[])) else { return };
            for piece in 1..=PIECES {
                if piece == breaks {
                    if how == 0 {
                        body.fail("reset");
                    }
                    return;
                }
                if body.piece(Bytes::from(vec![number; 50])).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
            body.end();
        })
    }
}

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Whole,
    Broken,
    Alone,
}

fn ended(read: Result<Vec<u8>, Broken>) -> Ended {
    let Ok(body) = read else { return Ended::Broken };
    assert_eq!(body.len(), PIECES as usize * 50, "whole");
    assert!(body.iter().all(|byte| *byte == body[0]), "of one call");
    Ended::Whole
}

async fn request(flights: Flights, upstream: Arc<Upstream>, settings: Coalesce, seed: u64, fails: bool) -> Ended {
    let mut dice = StdRng::seed_from_u64(seed);
    let reader = match flights.join(&KEY, &settings) {
        Role::Alone => return Ended::Alone,
        Role::Lead(leader) => upstream.call(leader, &mut dice, fails),
        Role::Follow(follower) => match follower.followed().await {
            Followed::Alone(_) => return Ended::Alone,
            Followed::Lead(leader) => upstream.call(leader, &mut dice, fails),
            Followed::Answer(_, reader) => reader,
        },
    };
    ended(whole(reader).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_joiners_are_one_call() {
    let (flights, upstream) = (Flights::new(), Arc::new(Upstream::default()));
    let Role::Lead(leader) = flights.join(&KEY, &patient()) else { panic!("the first leads") };
    let others =
        (0..99).map(|seed| tokio::spawn(request(flights.clone(), Arc::clone(&upstream), patient(), seed, false)));
    let others: Vec<_> = others.collect();
    // The call begins when all are there; else the test would be of who is fast.
    tokio::time::timeout(LONG, async {
        while leader.readers() < 100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("all join");
    let reader = upstream.call(leader, &mut StdRng::seed_from_u64(0), false);
    assert_eq!(ended(whole(reader).await), Ended::Whole);
    for other in others {
        assert_eq!(other.await.unwrap(), Ended::Whole);
    }
    assert_eq!(upstream.calls.load(Ordering::SeqCst), 1);
    assert_eq!((flights.counted().joined, flights.is_empty()), (99, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leaders_may_die_at_any_point_and_nobody_gets_a_torn_answer() {
    let (flights, upstream) = (Flights::new(), Arc::new(Upstream::default()));
    let (mut wholes, mut brokens, mut alones, mut left) = (0, 0, 0, 0);
    let mut dice = StdRng::seed_from_u64(7);
    for round in 0..300_u64 {
        // Some rounds are longer than what is kept.
        let max_body = if round % 3 == 0 { Size(300) } else { Size(1 << 20) };
        let settings = Coalesce { max_body, ..patient() };
        let tasks = (0..20).map(|joiner| {
            let fails = dice.random_bool(0.6);
            let seed = round * 100 + joiner;
            tokio::spawn(request(flights.clone(), Arc::clone(&upstream), settings.clone(), seed, fails))
        });
        let tasks: Vec<_> = tasks.collect();
        for task in &tasks {
            if dice.random_bool(0.2) {
                task.abort();
            }
            if dice.random_bool(0.2) {
                tokio::task::yield_now().await;
            }
        }
        for task in tasks {
            match tokio::time::timeout(LONG, task).await.expect("nobody waits forever") {
                Ok(Ended::Whole) => wholes += 1,
                Ok(Ended::Broken) => brokens += 1,
                Ok(Ended::Alone) => alones += 1,
                Err(error) => {
                    assert!(error.is_cancelled(), "{error}");
                    left += 1;
                }
            }
        }
    }
    assert_eq!(wholes + brokens + alones + left, 6_000);
    assert!(wholes > 1_000 && brokens > 100 && left > 500, "{wholes} whole, {brokens} broken, {left} left");
    assert_eq!(alones, 0, "all could share, and nobody waited long");
    let counted = flights.counted();
    assert!(counted.promoted > 10 && counted.joined > 1_000, "{counted:?}");
    // Calls that nobody reads any more are ended, too.
    tokio::time::timeout(LONG, async {
        while !flights.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("no flight is left");
}
