//! Waiting for a provider, while the clock runs and the caller may leave.

use std::pin::Pin;
use std::time::{Duration, Instant};

use pingora_core::Error;
use pingora_core::protocols::http::ServerSession;
use tokio::time::Sleep;

use super::drain::{Draining, Drains, MOST_BYTES, MOST_TIME};
use crate::server::departure::departure;

/// Why waiting ended without a result.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// Time ran out.
    Timeout,
    /// The caller left.
    Left(Box<Error>),
}

/// Who waits for an answer, and may leave.
pub(super) trait Waiting: Send {
    /// Ends when it has left, with the reason.
    fn departure(&mut self) -> impl Future<Output = Box<Error>> + Send;
}

impl Waiting for ServerSession {
    async fn departure(&mut self) -> Box<Error> {
        departure(self).await
    }
}

/// Nobody waits, and nobody leaves: the answer is for Weir itself.
pub(super) struct Nobody;

impl Waiting for Nobody {
    async fn departure(&mut self) -> Box<Error> {
        std::future::pending().await
    }
}

/// The clock of one attempt: a limit for the step under way, within a limit for the whole.
pub(super) struct Clock {
    total: tokio::time::Instant,
    sleep: Pin<Box<Sleep>>,
    waited: Duration,
    /// Where it is counted that an answer is read on for nobody; `None` where a departure ends the attempt.
    drains: Option<Drains>,
    /// Whether the provider has the whole request, and with it a reason to bill.
    has_request: bool,
    gone: Option<Gone>,
}

/// A caller who left while the answer is read on.
struct Gone {
    reason: Box<Error>,
    bytes: usize,
    _counted: Draining,
}

impl Clock {
    /// Starts the clock of an attempt that may take `total_ms` in all, but not beyond the end of its request.
    /// With `drains`, a caller who leaves ends it only while the provider does not have the request.
    pub(super) fn start(total_ms: u64, ends: tokio::time::Instant, drains: Option<Drains>) -> Self {
        let total = later(Duration::from_millis(total_ms)).min(ends);
        let sleep = Box::pin(tokio::time::sleep_until(total));
        Self { total, sleep, waited: Duration::ZERO, drains, has_request: false, gone: None }
    }

    /// Begins a step that may take so long.
    pub(super) fn arm(&mut self, step_ms: u64) {
        self.sleep.as_mut().reset(later(Duration::from_millis(step_ms)).min(self.total));
    }

    /// Time spent waiting for the provider so far.
    pub(super) fn waited(&self) -> Duration {
        self.waited
    }

    /// Notes that the provider has the whole request.
    pub(super) fn has_request(&mut self) {
        self.has_request = true;
    }

    /// Notes that the caller left. Gives the reason back when nothing is read on for that.
    pub(super) fn leave(&mut self, reason: Box<Error>) -> Option<Box<Error>> {
        let counted = self.drains.as_ref().filter(|_| self.has_request && self.gone.is_none()).and_then(Drains::begin);
        let Some(_counted) = counted else { return Some(reason) };
        self.total = self.total.min(later(MOST_TIME));
        let step = self.sleep.deadline().min(self.total);
        self.sleep.as_mut().reset(step);
        self.gone = Some(Gone { reason, bytes: MOST_BYTES, _counted });
        None
    }

    /// Whether the caller has left, and the answer is read on.
    pub(super) fn is_alone(&self) -> bool {
        self.gone.is_some()
    }

    /// Why the caller left, where the answer was read on; ends the counting.
    pub(super) fn departed(&mut self) -> Option<Box<Error>> {
        self.gone.take().map(|gone| gone.reason)
    }

    /// Notes that so many bytes of the answer have come.
    ///
    /// # Errors
    /// The caller has left, and they are more than are read on.
    pub(super) fn took(&mut self, bytes: usize) -> Result<(), Interrupt> {
        let Some(gone) = &mut self.gone else { return Ok(()) };
        match gone.bytes.checked_sub(bytes) {
            Some(rest) => gone.bytes = rest,
            None => return Err(self.over()),
        }
        Ok(())
    }

    /// Time ran out, or what is read on for nobody has.
    fn over(&mut self) -> Interrupt {
        self.departed().map_or(Interrupt::Timeout, Interrupt::Left)
    }

    /// Waits for `work`, unless time runs out or the caller leaves before. `work` is dropped then. Where the answer is
    /// read on, a departure is only noted.
    pub(super) async fn watch<T>(
        &mut self,
        caller: &mut impl Waiting,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        let begun = Instant::now();
        let mut work = std::pin::pin!(work);
        let result = loop {
            let alone = self.is_alone();
            let reason = tokio::select! {
                biased;
                result = work.as_mut() => break Ok(result),
                () = self.sleep.as_mut() => break Err(self.over()),
                reason = caller.departure(), if !alone => reason,
            };
            if let Some(reason) = self.leave(reason) {
                break Err(Interrupt::Left(reason));
            }
        };
        self.waited += begun.elapsed();
        result
    }
}

/// A moment so far from now; a distance that no clock can express is a century.
pub(super) fn later(by: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + by.min(Duration::from_secs(100 * 365 * 86_400))
}
