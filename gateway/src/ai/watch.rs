//! Waiting for a provider, while the clock runs and the caller may leave.

use std::pin::Pin;
use std::time::{Duration, Instant};

use pingora_core::Error;
use pingora_core::protocols::http::ServerSession;
use tokio::time::Sleep;

/// Why waiting ended without a result.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// Time ran out.
    Timeout,
    /// The caller left.
    Left(Box<Error>),
}

/// The clock of one attempt: a limit for the step under way, within a limit for the whole.
pub(super) struct Clock {
    total: tokio::time::Instant,
    sleep: Pin<Box<Sleep>>,
    waited: Duration,
}

impl Clock {
    /// Starts the clock of an attempt that may take `total_ms` in all, but not beyond the end of its request.
    pub(super) fn start(total_ms: u64, ends: tokio::time::Instant) -> Self {
        let total = later(Duration::from_millis(total_ms)).min(ends);
        Self { total, sleep: Box::pin(tokio::time::sleep_until(total)), waited: Duration::ZERO }
    }

    /// Begins a step that may take so long.
    pub(super) fn arm(&mut self, step_ms: u64) {
        self.sleep.as_mut().reset(later(Duration::from_millis(step_ms)).min(self.total));
    }

    /// Time spent waiting for the provider so far.
    pub(super) fn waited(&self) -> Duration {
        self.waited
    }

    /// Waits for `work`, unless time runs out or the caller leaves before. `work` is dropped then.
    pub(super) async fn watch<T>(
        &mut self,
        caller: &mut ServerSession,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        let begun = Instant::now();
        let result = tokio::select! {
            biased;
            result = work => Ok(result),
            () = self.sleep.as_mut() => Err(Interrupt::Timeout),
            reason = departure(caller) => Err(Interrupt::Left(reason)),
        };
        self.waited += begun.elapsed();
        result
    }
}

/// A moment so far from now; a distance that no clock can express is a century.
pub(super) fn later(by: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + by.min(Duration::from_secs(100 * 365 * 86_400))
}

/// Ends when the caller has left. The body has been read whole, so anything but silence is a departure.
pub(super) async fn departure(caller: &mut ServerSession) -> Box<Error> {
    loop {
        match caller.read_body_or_idle(true).await {
            Err(reason) => return reason,
            // Not promised to happen; yielding keeps it from becoming a busy loop.
            Ok(_) => tokio::task::yield_now().await,
        }
    }
}
