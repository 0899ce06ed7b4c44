//! The end of a flight that reads: from the beginning of the answer, at its own pace.

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use super::flight::{End, Flight, Followers, State};
use super::{Head, Unshareable};

/// Reads an answer. Dropping the last reader ends the call.
pub struct Reader {
    flight: Arc<Flight>,
    number: u64,
    changes: watch::Receiver<u64>,
    leads: bool,
}

/// What a follower sees of the call.
pub(super) enum Standing {
    /// Its head.
    Shared(Arc<Head>),
    /// That it is not for others.
    Apart(Unshareable),
    /// That it has failed.
    Failed,
}

/// The answer ends before its end: what was read of it is not the whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// The call failed, for this reason.
    #[error("{0}")]
    Call(Arc<str>),
    /// This reader took nothing for five seconds while others waited for more.
    #[error("too slow for the others that read the same answer")]
    TooSlow,
}

impl Reader {
    pub(super) fn new(flight: Arc<Flight>, number: u64, leads: bool) -> Self {
        let changes = flight.changes.subscribe();
        Self { flight, number, changes, leads }
    }

    /// Waits for the head. For the leader; a follower has it from [`super::Follower::followed`].
    ///
    /// # Errors
    /// The call failed.
    pub async fn head(&mut self) -> Result<Arc<Head>, Broken> {
        self.seen(|state, _| match (&state.head, &state.end) {
            (Some(head), _) => Some(Ok(Arc::clone(head))),
            (None, Some(End::Broken(reason))) => Some(Err(Broken::Call(Arc::clone(reason)))),
            (None, Some(End::Whole)) => Some(Err(Broken::Call("the answer has no head".into()))),
            (None, None) => None,
        })
        .await
    }

    /// The next piece of the body; `None` at its end. Safe to be dropped while it waits.
    ///
    /// # Errors
    /// The answer ends before its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let next = self
            .seen(|state, number| {
                let Some(position) = state.readers.get_mut(&number) else { return Some(Err(Broken::TooSlow)) };
                let index = usize::try_from(position.next - state.first).unwrap_or(usize::MAX);
                if let Some(piece) = state.pieces.get(index) {
                    position.next += 1;
                    position.moved = Instant::now();
                    return Some(Ok(Some(piece.clone())));
                }
                match &state.end {
                    Some(End::Whole) => Some(Ok(None)),
                    Some(End::Broken(reason)) => Some(Err(Broken::Call(Arc::clone(reason)))),
                    None => None,
                }
            })
            .await;
        if matches!(next, Ok(Some(_))) {
            self.flight.taken();
        }
        next
    }

    /// Whether this is the reader of who made the call.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// Waits until a follower knows what to do.
    pub(super) async fn standing(&mut self) -> Standing {
        self.seen(|state, _| match (state.followers, &state.head) {
            (Followers::Share, Some(head)) => Some(Standing::Shared(Arc::clone(head))),
            (Followers::Apart(unshareable), _) => Some(Standing::Apart(unshareable)),
            (Followers::Again, _) => Some(Standing::Failed),
            (Followers::Wait | Followers::Share, _) => None,
        })
        .await
    }

    /// Looks at the state until there is something to see. A change after the look is never missed: it is marked as seen
    /// before.
    async fn seen<T>(&mut self, mut look: impl FnMut(&mut State, u64) -> Option<T>) -> T {
        loop {
            self.changes.borrow_and_update();
            if let Some(found) = look(&mut self.flight.state.lock(), self.number) {
                return found;
            }
            // The flight, which this holds, has the sender: there is no error.
            let _ = self.changes.changed().await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.flight.detach(self.number);
    }
}
