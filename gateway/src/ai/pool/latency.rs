//! A moving average of the time to the first content: it rises at once with a slow answer and falls slowly
//! (peak-EWMA, as in Finagle's load balancer).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::counting::clock::Millis;

/// After this time an old figure weighs 1/e.
const MEMORY_MS: f32 = 10_000.0;

/// The average in milliseconds (the upper half, an `f32`) and when it was written (the lower half), in one word.
#[derive(Debug, Default)]
pub(in crate::ai) struct Latency(AtomicU64);

impl Latency {
    /// Notes one answer.
    pub(in crate::ai) fn observe(&self, time: Duration, now: Millis) {
        let seen = time.as_secs_f32() * 1_000.0;
        let change = |word: u64| {
            let (average, weight) = read(word, now);
            let next = if seen > average { seen } else { average * weight + seen * (1.0 - weight) };
            Some(u64::from(next.to_bits()) << 32 | low(now))
        };
        // The closure always gives a value, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// What to expect, in milliseconds. It falls while nothing is seen, so that a target that was slow is tried again;
    /// 0 for one that never answered.
    pub(in crate::ai) fn expected(&self, now: Millis) -> f32 {
        let (average, weight) = read(self.0.load(Ordering::Relaxed), now);
        average * weight
    }

    /// The average as it was when last written, in milliseconds; `None` before the first answer.
    pub(in crate::ai) fn last(&self) -> Option<f32> {
        let word = self.0.load(Ordering::Relaxed);
        (word != 0).then(|| read(word, Millis(word & u64::from(u32::MAX))).0)
    }
}

/// The average, and what of it is left by now.
fn read(word: u64, now: Millis) -> (f32, f32) {
    let average = f32::from_bits(u32::try_from(word >> 32).unwrap_or(0));
    let age = low(now).wrapping_sub(word) & u64::from(u32::MAX);
    #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds needs no more digits")]
    let weight = (-(age as f32) / MEMORY_MS).exp();
    (average, weight)
}

fn low(now: Millis) -> u64 {
    now.0 & u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_counts_at_once_and_is_forgotten_slowly() {
        let latency = Latency::default();
        assert_eq!((latency.expected(Millis(5)), latency.last()), (0.0, None));
        latency.observe(Duration::from_millis(100), Millis(1_000));
        latency.observe(Duration::from_millis(900), Millis(1_000));
        assert!((latency.expected(Millis(1_000)) - 900.0).abs() < 0.1);
        latency.observe(Duration::from_millis(100), Millis(2_000));
        let after = latency.expected(Millis(2_000));
        assert!((800.0..900.0).contains(&after), "one quick answer does not excuse it: {after}");
        assert!(latency.expected(Millis(40_000)) < 50.0, "unasked for long, it is tried again");
        assert!(latency.last().is_some_and(|last| (last - after).abs() < 0.1));
    }
}
