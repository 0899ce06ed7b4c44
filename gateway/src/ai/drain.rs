//! Answers that are read on after their caller has left, because the provider bills them to the end in any case: how
//! many at once, how long, and how much of each.
//!
//! Amazon Bedrock is such a provider; others stop with the connection. See `on_abort` of a provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long one answer is read on.
pub(super) const MOST_TIME: Duration = Duration::from_secs(300);
/// How much of one answer is read on, in bytes.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// How many are read on at once; callers who leave must not use up the gateway.
const MOST_AT_ONCE: usize = 512;

/// Counts what is read on for nobody.
#[derive(Clone, Default)]
pub(super) struct Drains(Arc<AtomicUsize>);

/// One answer that is read on, for as long as this lives.
pub(super) struct Draining(Drains);

impl Drains {
    /// Begins one more; `None` when there are as many as there may be.
    pub(super) fn begin(&self) -> Option<Draining> {
        let draining = Draining(self.clone());
        (self.0.fetch_add(1, Ordering::Relaxed) < MOST_AT_ONCE).then_some(draining)
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_than_there_may_be() {
        let drains = Drains::default();
        let mut all: Vec<Draining> = (0..MOST_AT_ONCE).map(|_| drains.begin().unwrap()).collect();
        assert!(drains.begin().is_none());
        assert_eq!(drains.count(), MOST_AT_ONCE);
        all.pop();
        assert!(drains.begin().is_some());
        drop(all);
        assert_eq!(drains.count(), 0);
    }
}
