//! Waiting for one's turn: a place in a line that is never lost and never kept, however its holder ends.
//!
//! What decides is the state of the line, under its lock: a waiter is in it, or its turn has come and then the place is its
//! own. The channel only wakes. So a waiter that is dropped while it is called gives its place back, exactly once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::keyed::Key;

/// The share of the newest in the average of how long a place is held.
const NEWEST: f32 = 0.2;
const RETRY_UNKNOWN: Duration = Duration::from_secs(1);
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A place at a key: waited for, or held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) key: Key,
    /// The part of the line: a priority, or a consumer.
    pub(crate) lane: u64,
    /// The waiter's number, which rises within an entry.
    pub(crate) number: u64,
}

/// What places are taken of.
pub(crate) trait Line: Send + Sync + 'static {
    /// Takes a waiter out. `false` if its turn has come: then it has the place.
    fn leave(&self, place: &Place) -> bool;
    /// Takes a place back, and calls who is next.
    fn give_back(&self, place: &Place, held: Option<Duration>);
}

/// Somebody in a line.
pub(crate) struct Waiter {
    pub(crate) number: u64,
    pub(crate) call: oneshot::Sender<()>,
}

/// Those whose turn has come. They are woken when the lock of the line is no longer held: waking runs what is not ours.
#[must_use = "who is called must be woken"]
#[derive(Default)]
pub(crate) struct Called(pub(crate) Vec<oneshot::Sender<()>>);

impl Called {
    pub(crate) fn wake(self) {
        for call in self.0 {
            // A receiver that is gone gives its place back by itself.
            let _ = call.send(());
        }
    }
}

/// Takes a waiter out of a part of a line, whose numbers rise.
pub(crate) fn withdraw(waiting: &mut VecDeque<Waiter>, number: u64) -> bool {
    let found = waiting.binary_search_by_key(&number, |waiter| waiter.number);
    found.is_ok_and(|at| waiting.remove(at).is_some())
}

/// A place that is waited for.
pub(crate) struct Ticket<L: Line> {
    line: Arc<L>,
    place: Option<Place>,
    called: oneshot::Receiver<()>,
}

impl<L: Line> Ticket<L> {
    pub(crate) fn new(line: Arc<L>, place: Place, called: oneshot::Receiver<()>) -> Self {
        Self { line, place: Some(place), called }
    }

    /// Waits, for so long at most. `None` if the turn did not come, or somebody else was let in before.
    pub(crate) async fn wait(mut self, longest: Duration) -> Option<Held<L>> {
        let called = timeout(longest, &mut self.called).await;
        let place = self.place.take()?;
        let gone = !matches!(called, Ok(Ok(()))) && self.line.leave(&place);
        if gone { None } else { Some(Held::new(Arc::clone(&self.line), place)) }
    }
}

impl<L: Line> Drop for Ticket<L> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take()
            && !self.line.leave(&place)
        {
            self.line.give_back(&place, None);
        }
    }
}

/// A place that is held until this is dropped.
pub(crate) struct Held<L: Line> {
    pub(crate) line: Arc<L>,
    pub(crate) place: Place,
    since: Instant,
}

impl<L: Line> Held<L> {
    pub(crate) fn new(line: Arc<L>, place: Place) -> Self {
        Self { line, place, since: Instant::now() }
    }
}

impl<L: Line> Drop for Held<L> {
    fn drop(&mut self) {
        self.line.give_back(&self.place, Some(self.since.elapsed()));
    }
}

/// How long places are held, for an honest `Retry-After`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    average: Option<f32>,
}

impl Pace {
    pub(crate) fn note(&mut self, held: Duration) {
        let held = held.as_secs_f32();
        self.average = Some(self.average.map_or(held, |average| average + NEWEST * (held - average)));
    }

    /// Whether nobody has held a place to its end.
    pub(crate) fn unknown(self) -> bool {
        self.average.is_none()
    }

    /// When somebody who comes after `ahead` others may find one of `width` places free.
    pub(crate) fn wait(self, ahead: u32, width: u32) -> Duration {
        let Some(average) = self.average else { return RETRY_UNKNOWN };
        let turns = f64::from(ahead.saturating_add(1)) / f64::from(width.max(1));
        let wait = f64::from(average) * turns;
        Duration::try_from_secs_f64(wait).unwrap_or(RETRY_MAX).clamp(RETRY_MIN, RETRY_MAX)
    }
}
