//! The circuit breaker of a target: closed, open after failures that are the target's fault, half-open for one probe.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use weir_domain::spec;

use crate::counting::clock::Millis;
use crate::counting::window::Window;

/// How long a probe may be under way before another may be sent: its caller may have left without a word.
const LEASE: Duration = Duration::from_mins(2);

/// State of one breaker. The settings are the route's that uses it.
#[derive(Debug, Default)]
pub(in crate::ai) struct Breaker {
    /// Until when it is open; 0 when it is closed. From then on it is half-open.
    until: AtomicU64,
    /// Until when a probe may be under way; 0 for none.
    probe: AtomicU64,
    in_a_row: AtomicU32,
    attempts: Window,
    failures: Window,
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ai) enum Stand {
    /// All calls go through.
    Closed,
    /// None does, for so much longer.
    Open(Duration),
    /// One may, to find out.
    HalfOpen,
    /// That one is under way.
    Probing,
}

impl Breaker {
    pub(in crate::ai) fn stand(&self, now: Millis) -> Stand {
        match self.until.load(Ordering::Acquire) {
            0 => Stand::Closed,
            until if until > now.0 => Stand::Open(Duration::from_millis(until - now.0)),
            _ if self.probe.load(Ordering::Acquire) > now.0 => Stand::Probing,
            _ => Stand::HalfOpen,
        }
    }

    /// Takes the one probe of a half-open breaker.
    pub(in crate::ai) fn take_probe(&self, now: Millis) -> bool {
        let held = self.probe.load(Ordering::Acquire);
        held <= now.0
            && self.probe.compare_exchange(held, now.after(LEASE).0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// A probe ended without a word on the target: another may be sent.
    pub(in crate::ai) fn give_back(&self) {
        self.probe.store(0, Ordering::Release);
    }

    /// The target answered.
    pub(in crate::ai) fn worked(&self, now: Millis, set: &spec::Breaker) {
        if set.error_percent > 0 {
            self.attempts.add(1, now, set.window_ms);
        }
        // Written only where there is something to take back: every good answer comes by here.
        if self.in_a_row.load(Ordering::Relaxed) != 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        if self.until.load(Ordering::Relaxed) != 0 {
            self.failures.clear();
            self.attempts.clear();
            self.until.store(0, Ordering::Release);
            self.probe.store(0, Ordering::Release);
        }
    }

    /// The target failed by its own fault; true when the breaker opens by that, or stays open.
    pub(in crate::ai) fn failed(&self, now: Millis, set: &spec::Breaker) -> bool {
        let in_a_row = self.in_a_row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.attempts.add(1, now, set.window_ms);
        self.failures.add(1, now, set.window_ms);
        let opens = match self.stand(now) {
            Stand::Closed => set.failures > 0 && in_a_row >= set.failures || self.is_bad(now, set),
            Stand::HalfOpen | Stand::Probing => true,
            // Those that were under way when it opened tell nothing new.
            Stand::Open(_) => return true,
        };
        if opens {
            self.until.store(now.after(Duration::from_millis(set.open_ms)).0, Ordering::Release);
            self.probe.store(0, Ordering::Release);
        }
        opens
    }

    fn is_bad(&self, now: Millis, set: &spec::Breaker) -> bool {
        let attempts = self.attempts.sum(now, set.window_ms);
        let failures = self.failures.sum(now, set.window_ms);
        set.error_percent > 0
            && attempts >= u64::from(set.min_attempts)
            && failures.saturating_mul(100) >= attempts.saturating_mul(u64::from(set.error_percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> spec::Breaker {
        spec::Breaker { failures: 3, open_ms: 1_000, ..spec::Breaker::default() }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_probe_decides() {
        let (breaker, set, at) = (Breaker::default(), settings(), Millis);
        assert!(!breaker.failed(at(1), &set));
        assert!(!breaker.failed(at(2), &set));
        breaker.worked(at(3), &set);
        assert!(!breaker.failed(at(4), &set) && !breaker.failed(at(5), &set), "the row was broken");
        assert!(breaker.failed(at(6), &set));
        assert_eq!(breaker.stand(at(6)), Stand::Open(Duration::from_secs(1)));
        assert_eq!(breaker.stand(at(1_006)), Stand::HalfOpen);
        assert!(breaker.take_probe(at(1_006)) && !breaker.take_probe(at(1_007)), "one probe at a time");
        assert_eq!(breaker.stand(at(1_007)), Stand::Probing);
        assert!(breaker.failed(at(1_100), &set), "the probe failed");
        assert_eq!(breaker.stand(at(2_099)), Stand::Open(Duration::from_millis(1)));
        assert!(breaker.take_probe(at(2_100)));
        breaker.worked(at(2_200), &set);
        assert_eq!(breaker.stand(at(2_200)), Stand::Closed);
        assert!(!breaker.failed(at(2_201), &set), "and counts from the beginning");
    }

    #[test]
    fn a_probe_that_ends_without_a_word_does_not_keep_it_shut_for_ever() {
        let (breaker, set, at) = (Breaker::default(), settings(), Millis);
        for n in 0..3 {
            breaker.failed(at(n), &set);
        }
        assert!(breaker.take_probe(at(2_000)));
        breaker.give_back();
        assert!(breaker.take_probe(at(2_001)), "given back");
        assert_eq!(breaker.stand(at(2_001 + 120_001)), Stand::HalfOpen, "or lost");
    }

    #[test]
    fn it_opens_by_the_share_of_failures_when_there_are_enough_attempts() {
        let set = spec::Breaker { failures: 0, error_percent: 50, min_attempts: 10, ..settings() };
        let (breaker, at) = (Breaker::default(), Millis);
        for n in 0..5 {
            breaker.worked(at(n), &set);
            assert_eq!(breaker.failed(at(n), &set), n == 4, "attempt {n}");
        }
        let calm = Breaker::default();
        for n in 0..30 {
            calm.worked(at(n), &set);
            calm.worked(at(n), &set);
            assert!(!calm.failed(at(n), &set), "a third is no half");
        }
    }

    #[test]
    fn switched_off_it_never_opens() {
        let set = spec::Breaker { failures: 0, error_percent: 0, ..settings() };
        let breaker = Breaker::default();
        assert!((0..1_000).all(|n| !breaker.failed(Millis(n), &set)));
    }
}
