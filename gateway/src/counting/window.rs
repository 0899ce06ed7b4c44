//! Counting within a sliding window, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Millis;

/// Parts of a window. One more than it is cut into: what is summed reaches back over the whole window at least, so that
/// a limit holds in every stretch of that length.
const PARTS: usize = 13;
/// Bits of a part's count; above them stands which stretch of time it counts.
const COUNT: u32 = 40;
const MOST: u64 = (1 << COUNT) - 1;

/// Counts over a window of time. Each use of one window must name the same length.
#[derive(Debug, Default)]
pub(crate) struct Window {
    parts: [AtomicU64; PARTS],
}

impl Window {
    /// Counts `n` more.
    pub(crate) fn add(&self, n: u64, now: Millis, length_ms: u64) {
        let tick = tick(now, length_ms);
        let change = |part: u64| {
            let count = if part >> COUNT == tick { part & MOST } else { 0 };
            Some(tick << COUNT | count.saturating_add(n).min(MOST))
        };
        if let Some(part) = self.part(tick) {
            // The closure always gives a value, so this cannot fail.
            let _ = part.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        }
    }

    /// Takes back what was added just now.
    pub(crate) fn take_back(&self, n: u64, now: Millis, length_ms: u64) {
        let tick = tick(now, length_ms);
        let change = |part: u64| (part >> COUNT == tick).then(|| tick << COUNT | (part & MOST).saturating_sub(n));
        if let Some(part) = self.part(tick) {
            // Out of its stretch it counts no more anyway.
            let _ = part.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        }
    }

    /// The count over the last `length_ms`, and over up to a twelfth more.
    pub(crate) fn sum(&self, now: Millis, length_ms: u64) -> u64 {
        let tick = tick(now, length_ms);
        let fresh = |part: &AtomicU64| {
            let part = part.load(Ordering::Relaxed);
            let age = tick.wrapping_sub(part >> COUNT) & (u64::MAX >> COUNT);
            if age < PARTS as u64 { part & MOST } else { 0 }
        };
        self.parts.iter().map(fresh).sum()
    }

    /// Counts `n` more unless that would be more than `limit`. Calls at the same moment may both be refused where one
    /// of them would fit; together they never exceed the limit.
    pub(crate) fn take(&self, n: u64, limit: u64, now: Millis, length_ms: u64) -> bool {
        self.add(n, now, length_ms);
        let fits = self.sum(now, length_ms) <= limit;
        if !fits {
            self.take_back(n, now, length_ms);
        }
        fits
    }

    /// In how many milliseconds the count will have fallen to `most`, if nothing is added; 0 when it has.
    pub(crate) fn falls_to(&self, most: u64, now: Millis, length_ms: u64) -> u64 {
        let (this, width) = (tick(now, length_ms), width(length_ms));
        let old = |part: &AtomicU64| {
            let part = part.load(Ordering::Relaxed);
            (this.wrapping_sub(part >> COUNT) & (u64::MAX >> COUNT), part & MOST)
        };
        let parts = self.parts.each_ref().map(old);
        let after = |steps: u64| -> u64 {
            parts.iter().filter(|(age, _)| age + steps < PARTS as u64).map(|(_, count)| count).sum()
        };
        let steps = (0..PARTS as u64).find(|&steps| after(steps) <= most).unwrap_or(PARTS as u64);
        (steps * width).saturating_sub(if steps > 0 { now.0 % width } else { 0 })
    }

    /// As [`Self::take`], but what is larger than the limit by itself fits where nothing else is counted.
    pub(crate) fn take_or_alone(&self, n: u64, limit: u64, now: Millis, length_ms: u64) -> bool {
        self.take(n, limit.max(n), now, length_ms)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for part in &self.parts {
            part.store(0, Ordering::Relaxed);
        }
    }

    fn part(&self, tick: u64) -> Option<&AtomicU64> {
        self.parts.get(usize::try_from(tick % PARTS as u64).unwrap_or(0))
    }
}

/// Which part of time a moment lies in, in 24 bits. Never 0, which an unused part has.
fn tick(now: Millis, length_ms: u64) -> u64 {
    // A multiple of the number of parts, so that the place of a part stays the same when the numbers start again.
    const WRAP: u64 = (u64::MAX >> COUNT) / PARTS as u64 * PARTS as u64;
    (now.0 / width(length_ms) + PARTS as u64) % WRAP
}

/// How long a part is.
fn width(length_ms: u64) -> u64 {
    (length_ms / (PARTS as u64 - 1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_limit_holds_in_every_minute_and_is_free_again_after_it() {
        let window = Window::default();
        let mut taken = Vec::new();
        for at in (0..300_000).step_by(250) {
            if window.take(1, 60, Millis(at), MINUTE) {
                taken.push(at);
            }
        }
        for &from in &taken {
            let within = taken.iter().filter(|&&at| (from..from + MINUTE).contains(&at)).count();
            assert!(within <= 60, "{within} from {from}");
        }
        assert!(taken.len() >= 60 * 4, "{}: the limit is used, not only kept", taken.len());
    }

    #[test]
    fn what_does_not_fit_is_not_counted() {
        let window = Window::default();
        assert!(window.take(90, 100, Millis(1), MINUTE));
        assert!(!window.take(11, 100, Millis(2), MINUTE));
        assert!(window.take(10, 100, Millis(3), MINUTE));
        assert_eq!(window.sum(Millis(3), MINUTE), 100);
        assert_eq!(window.sum(Millis(70_000), MINUTE), 0);
    }

    #[test]
    fn when_there_is_room_again_is_told_to_the_moment() {
        let window = Window::default();
        for at in [3_000, 21_000, 40_000] {
            window.add(1, Millis(at), MINUTE);
        }
        assert_eq!(window.falls_to(3, Millis(41_234), MINUTE), 0);
        for most in [2, 1, 0] {
            let now = 41_234;
            let wait = window.falls_to(most, Millis(now), MINUTE);
            assert!(window.sum(Millis(now + wait), MINUTE) <= most, "{most}: {wait}");
            assert!(window.sum(Millis(now + wait - 1), MINUTE) > most, "{most}: {wait}: not a moment later");
        }
        assert_eq!(window.falls_to(2, Millis(41_234), MINUTE), 65_000 - 41_234);
    }

    #[test]
    fn many_at_once_never_exceed_the_limit() {
        let window = Window::default();
        let taken: usize = std::thread::scope(|scope| {
            let work = || (0..1_000).filter(|_| window.take(1, 500, Millis(7), MINUTE)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!((490..=500).contains(&taken), "{taken}");
    }

    #[test]
    fn numbers_that_start_again_count_on() {
        let window = Window::default();
        // 24 bits of parts of a millisecond each.
        let wrap = Millis((1 << 24) / 13 * 13 - 13);
        for step in 0..40 {
            let now = Millis(wrap.0 - 20 + step);
            window.add(1, now, 12);
            assert!(window.sum(now, 12) <= 13, "{step}: {}", window.sum(now, 12));
        }
    }
}
