//! Limits that are found out, against a simulated upstream: so many workers, a time of service, and a line before them.

use std::time::Duration;

use tokio::time::Instant;
use weir_domain::snapshot::Bound;
use weir_domain::spec::Adaptive;

use super::super::gradient::Gradient;
use super::{fixed, hold, key};
use crate::limit::{LimitSettings, Limits};

const SETTINGS: Adaptive = Adaptive {
    algorithm: weir_domain::spec::Algorithm::Gradient2,
    min: 4,
    initial: 20,
    max: 500,
    sample: weir_domain::spec::Sample::Ttfb,
    tolerance_percent: 150,
};

/// An upstream whose callers use all of the limit, all the time.
struct Upstream {
    gradient: Gradient,
    now: Instant,
    workers: f64,
}

impl Upstream {
    fn new(workers: f64) -> Self {
        Self { gradient: Gradient::new(&SETTINGS), now: Instant::now(), workers }
    }

    fn limit(&self) -> u32 {
        self.gradient.limit(&SETTINGS)
    }

    /// Lets it serve for so long, each request taking `service` of a worker. Gives the lowest and the highest limit.
    fn serve(&mut self, span: Duration, service: Duration) -> (u32, u32) {
        let (end, mut lowest, mut highest) = (self.now + span, u32::MAX, 0);
        while self.now < end {
            let limit = self.limit();
            (lowest, highest) = (lowest.min(limit), highest.max(limit));
            // Beyond the workers requests wait: the time to the first byte grows with what is under way.
            let answer = service.mul_f64((f64::from(limit) / self.workers).max(1.0));
            self.now += answer.div_f64(f64::from(limit));
            self.gradient.sample(self.now, answer, limit, &SETTINGS);
        }
        (lowest, highest)
    }
}

#[test]
fn it_falls_when_the_upstream_gets_slow_and_recovers_after() {
    let (quick, slow) = (Duration::from_millis(50), Duration::from_millis(200));
    let mut upstream = Upstream::new(40.0);
    upstream.serve(Duration::from_secs(60), quick);
    let healthy = upstream.limit();
    assert!((40..=150).contains(&healthy), "it finds the upstream's 40 workers and some queue: {healthy}");
    let (lowest, _) = upstream.serve(Duration::from_secs(10), slow);
    let after = upstream.limit();
    assert!(after <= healthy * 6 / 10, "{healthy} -> {after}");
    assert!(lowest >= SETTINGS.min, "{lowest}");
    upstream.serve(Duration::from_secs(60), quick);
    assert!(upstream.limit() >= healthy * 8 / 10, "{healthy} -> {after} -> {}", upstream.limit());
}

#[test]
fn it_never_leaves_its_bounds() {
    let mut upstream = Upstream::new(10_000.0);
    let (_, highest) = upstream.serve(Duration::from_secs(120), Duration::from_millis(20));
    assert_eq!(highest, SETTINGS.max, "an upstream that bears all gets all");
    for _ in 0..2_000 {
        upstream.now += Duration::from_millis(50);
        upstream.gradient.dropped(upstream.now, 10, &SETTINGS);
        assert!(upstream.limit() >= SETTINGS.min);
    }
    assert_eq!(upstream.limit(), SETTINGS.min, "who is dropped all the time gets the least");
    let narrow = Adaptive { min: 30, max: 40, ..SETTINGS };
    assert_eq!(upstream.gradient.limit(&narrow), 30, "other settings count at once");
}

#[test]
fn answers_that_are_long_but_begin_soon_do_not_lower_it() {
    // A model writes for 2 to 60 seconds, and begins after 200 ms. What is measured is the beginning.
    let (mut begins, mut ends, mut now) = (Gradient::new(&SETTINGS), Gradient::new(&SETTINGS), Instant::now());
    let mut before = begins.limit(&SETTINGS);
    for number in 0..3_000_u64 {
        now += Duration::from_millis(20 + number * 7 % 50);
        begins.sample(now, Duration::from_millis(200), before, &SETTINGS);
        let limit = begins.limit(&SETTINGS);
        assert!(limit >= before, "{before} -> {limit}");
        before = limit;
        // Answers of one kind come together.
        let total = if number / 100 % 4 == 0 { 60 } else { 2 };
        ends.sample(now, Duration::from_secs(total), ends.limit(&SETTINGS), &SETTINGS);
    }
    let other = ends.limit(&SETTINGS);
    assert!(before > 200 && other < before / 2, "{before}, and of whole times {other}");
}

#[test]
fn a_single_slow_answer_and_a_seldom_drop_say_little() {
    let (mut gradient, mut now) = (Gradient::new(&SETTINGS), Instant::now());
    for number in 0..20_000_u32 {
        now += Duration::from_millis(2);
        let limit = gradient.limit(&SETTINGS);
        match number % 1_000 {
            0 => gradient.sample(now, Duration::from_secs(2), limit, &SETTINGS),
            500 => gradient.dropped(now, limit, &SETTINGS),
            _ => gradient.sample(now, Duration::from_millis(40), limit, &SETTINGS),
        }
    }
    assert!(gradient.limit(&SETTINGS) > 150, "{gradient:?}");
}

#[test]
fn who_does_not_use_it_does_not_raise_it() {
    let (mut gradient, mut now) = (Gradient::new(&SETTINGS), Instant::now());
    for _ in 0..2_000 {
        now += Duration::from_millis(20);
        gradient.sample(now, Duration::from_millis(10), 3, &SETTINGS);
    }
    assert_eq!(gradient.limit(&SETTINGS), SETTINGS.initial);
}

#[tokio::test]
async fn what_is_learnt_of_an_upstream_outlasts_its_idleness() {
    let limits = Limits::new();
    let settings = LimitSettings { bound: Bound::Adaptive(SETTINGS), ..fixed(0) };
    let held = hold(&limits, &settings, None, 20).await;
    assert!(limits.enter(&key(), &settings, None).await.is_err(), "as many as at first");
    for _ in 0..3 {
        for permit in &held {
            permit.sample(Duration::from_millis(10));
        }
        tokio::time::sleep(Duration::from_millis(110)).await;
    }
    let learnt = limits.look(&key()).unwrap();
    assert!(learnt.adaptive && learnt.limit > SETTINGS.initial, "{learnt:?}");
    drop(held);
    let idle = limits.look(&key()).expect("it is remembered");
    assert_eq!((idle.limit, idle.in_flight), (learnt.limit, 0));
    let held = hold(&limits, &settings, None, learnt.limit as usize).await;
    for _ in 0..3 {
        held.iter().for_each(crate::limit::Permit::dropped);
        // A window without an answer is a second long.
        tokio::time::sleep(Duration::from_millis(1_050)).await;
    }
    held[0].dropped();
    assert!(limits.look(&key()).unwrap().limit < learnt.limit);
    drop(held);
    assert_eq!(limits.len(), 1);
    // With a fixed bound nothing is worth remembering.
    drop(hold(&limits, &fixed(1), None, 1).await);
    assert!(limits.is_empty());
}
