//! Many requests at once, of which many end badly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use weir_domain::spec::{Percent, Queue, QueueOrder, Span};

use super::{LONG, fixed, shares};
use crate::limit::{LimitKey, LimitSettings, Limits};

const KEYS: usize = 4;
const LIMIT: u32 = 5;
const DRIVERS: u64 = 50;
const ENTRIES: usize = 2_000;

/// What the upstream sees.
#[derive(Default)]
struct Upstream {
    in_flight: AtomicU32,
    most: AtomicU32,
    served: AtomicU32,
}

struct Call(Arc<Upstream>);

impl Call {
    fn begin(upstream: &Arc<Upstream>) -> Self {
        let now = upstream.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        upstream.most.fetch_max(now, Ordering::SeqCst);
        upstream.served.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(upstream))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One request: it may wait, and it may end well, with a panic, or be left.
async fn request(
    limits: Limits,
    key: usize,
    upstream: Arc<Upstream>,
    shares: Arc<Vec<(String, Percent)>>,
    mut dice: StdRng,
) -> bool {
    let order = if dice.random_bool(0.5) { QueueOrder::Fifo } else { QueueOrder::Lifo };
    let max_wait = Span(Duration::from_micros(dice.random_range(0..3_000)));
    let queue = dice.random_bool(0.8).then_some(Queue { max: 20, max_wait, order });
    let priorities: &[_] = if key == 0 { &shares } else { &[] };
    let settings = LimitSettings { queue, priorities, ..fixed(LIMIT) };
    let priority = if dice.random_bool(0.5) { "batch" } else { "live" };
    let id = LimitKey::new("r", "l", &key.to_string());
    let Ok(_permit) = limits.enter(&id, &settings, Some(priority)).await else { return false };
    let _call = Call::begin(&upstream);
    match dice.random_range(0..10) {
        0 => tokio::time::sleep(Duration::from_micros(dice.random_range(0..1_500))).await,
        1 => std::panic::resume_unwind(Box::new("on purpose")),
        2 => {}
        _ => tokio::task::yield_now().await,
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_one_more_and_all_back_at_the_end_whatever_becomes_of_100_000_requests() {
    let limits = Limits::new();
    let upstreams: Arc<[Arc<Upstream>]> = (0..KEYS).map(|_| Arc::default()).collect();
    let shares = Arc::new(shares());
    let drivers = (0..DRIVERS).map(|seed| {
        let (limits, upstreams, shares) = (limits.clone(), Arc::clone(&upstreams), Arc::clone(&shares));
        tokio::spawn(async move {
            let mut dice = StdRng::seed_from_u64(seed);
            for _ in 0..ENTRIES {
                let key = dice.random_range(0..KEYS);
                let one = StdRng::seed_from_u64(dice.random());
                let task = request(limits.clone(), key, Arc::clone(&upstreams[key]), Arc::clone(&shares), one);
                let task = tokio::spawn(task);
                if dice.random_bool(0.2) {
                    for _ in 0..dice.random_range(0..4) {
                        tokio::task::yield_now().await;
                    }
                    task.abort();
                }
                let _ = task.await;
            }
        })
    });
    let drivers: Vec<_> = drivers.collect();
    for driver in drivers {
        tokio::time::timeout(LONG * 6, driver).await.expect("nobody waits forever").unwrap();
    }
    for upstream in &*upstreams {
        assert_eq!(upstream.in_flight.load(Ordering::SeqCst), 0);
        assert_eq!(upstream.most.load(Ordering::SeqCst), LIMIT, "exact: reached, and never passed");
        assert!(upstream.served.load(Ordering::SeqCst) > 1_000);
    }
    assert!(limits.is_empty(), "{:?}", limits.view(10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_who_waits_long_enough_gets_in() {
    let limits = Limits::new();
    let upstream = Arc::new(Upstream::default());
    let tasks = (0..2_000_u32).map(|number| {
        let (limits, upstream) = (limits.clone(), Arc::clone(&upstream));
        tokio::spawn(async move {
            let order = if number % 2 == 0 { QueueOrder::Fifo } else { QueueOrder::Lifo };
            let queue = Some(Queue { max: 2_000, max_wait: Span(LONG * 3), order });
            let permit = limits.enter(&super::key(), &LimitSettings { queue, ..fixed(3) }, None).await.unwrap();
            let call = Call::begin(&upstream);
            tokio::task::yield_now().await;
            drop(call);
            drop(permit);
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in tasks {
        task.await.expect("a turn came");
    }
    assert_eq!((upstream.served.load(Ordering::SeqCst), upstream.most.load(Ordering::SeqCst)), (2_000, 3));
    assert!(limits.is_empty());
}
