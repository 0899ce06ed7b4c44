//! Moments of the monotonic clock as whole numbers, so that they fit into atomics.

use std::time::{Duration, Instant};

/// Milliseconds since the pools were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(pub(crate) u64);

impl Millis {
    /// So much later.
    pub(crate) fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(millis(time)))
    }

    /// From a moment to this one.
    pub(crate) fn since(epoch: Instant, now: Instant) -> Self {
        // From 1 on: 0 stands for "never" in atomics.
        Self(millis(now.saturating_duration_since(epoch)).saturating_add(1))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
