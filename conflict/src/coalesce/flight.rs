//! One call that several requests read: its state, and the end that publishes.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use weir_domain::spec::CoalesceError;

use super::judge::shareable;
use super::reader::Reader;
use super::{Head, Registry, Terms, Unshareable};
use crate::keyed::Key;

/// How far a call runs ahead of its only reader.
const WINDOW_ALONE: usize = 64 << 10;

/// One call.
pub(crate) struct Flight {
    pub(super) state: Mutex<State>,
    /// Rises with each change that readers want to see.
    pub(super) changes: watch::Sender<u64>,
    /// Whether nobody reads any more.
    abandoned: watch::Sender<bool>,
    /// There may be room for the next piece.
    room: Notify,
    terms: Terms,
    key: Key,
    /// How long a reader may take nothing while the others wait for it.
    patience: Duration,
    registry: Weak<Registry>,
}

/// What is known of the call.
pub(super) struct State {
    pub(super) head: Option<Arc<Head>>,
    pub(super) followers: Followers,
    pub(super) end: Option<End>,
    /// The pieces from `first` on; those before have been read by all.
    pub(super) pieces: VecDeque<Bytes>,
    pub(super) first: u64,
    held: usize,
    window: usize,
    /// Whether pieces are kept for those who come later.
    whole: bool,
    pub(super) readers: HashMap<u64, Position>,
    next_reader: u64,
    abandoned: bool,
}

/// What those who follow are to do.
#[derive(Clone, Copy)]
pub(super) enum Followers {
    /// Wait for the head.
    Wait,
    /// Read.
    Share,
    /// Make calls of their own.
    Apart(Unshareable),
    /// Ask for the key again.
    Again,
}

/// How the call ended.
#[derive(Clone)]
pub(super) enum End {
    Whole,
    Broken(Arc<str>),
}

/// Where a reader is.
pub(super) struct Position {
    pub(super) next: u64,
    /// When it last took something.
    pub(super) moved: Instant,
}

/// The last reader is gone: there is nobody to call for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nobody reads the answer any more")]
pub struct NobodyReads;

/// The end that publishes, before the head. Dropped, the call has failed, and a follower leads the next one.
#[must_use = "a publisher that is dropped fails the call"]
pub struct Publisher {
    flight: Option<Arc<Flight>>,
}

/// The end that publishes, after the head. Dropped before [`BodyPublisher::end`], the answer is broken for its readers.
#[must_use = "a publisher that is dropped breaks the answer"]
pub struct BodyPublisher {
    flight: Arc<Flight>,
}

impl Flight {
    /// A call, and its leader's reader. Called under the lock of its slot.
    pub(super) fn begin(terms: Terms, registry: &Arc<Registry>, key: &Key) -> (Arc<Self>, Reader) {
        let state = State {
            head: None,
            followers: Followers::Wait,
            end: None,
            pieces: VecDeque::new(),
            first: 0,
            held: 0,
            window: terms.max_body,
            whole: true,
            readers: HashMap::new(),
            next_reader: 0,
            abandoned: false,
        };
        let flight = Arc::new(Self {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            abandoned: watch::Sender::new(false),
            room: Notify::new(),
            terms,
            key: *key,
            patience: registry.patience,
            registry: Arc::downgrade(registry),
        });
        let number = flight.state.lock().admit();
        let reader = Reader::new(Arc::clone(&flight), number, true);
        (flight, reader)
    }

    /// One more reader, if what was published is still here from its beginning on and more is to come.
    pub(super) fn attach(flight: &Arc<Self>) -> Option<Reader> {
        let mut state = flight.state.lock();
        let open = state.whole
            && !state.abandoned
            && state.end.is_none()
            && matches!(state.followers, Followers::Wait | Followers::Share);
        let number = open.then(|| state.admit());
        drop(state);
        number.map(|number| Reader::new(Arc::clone(flight), number, false))
    }

    /// A reader is gone.
    pub(super) fn detach(self: &Arc<Self>, number: u64) {
        let mut state = self.state.lock();
        state.readers.remove(&number);
        let last = state.readers.is_empty() && !state.abandoned;
        state.abandoned |= last;
        drop(state);
        self.room.notify_one();
        if last {
            self.abandoned.send_replace(true);
            self.close(false);
        }
    }

    /// A reader has taken a piece.
    pub(super) fn taken(&self) {
        self.room.notify_one();
    }

    /// Takes a piece if there is room for it. `stalled` if there has been none for long.
    fn offer(self: &Arc<Self>, piece: &Bytes, stalled: bool) -> Result<bool, NobodyReads> {
        let mut state = self.state.lock();
        if state.abandoned {
            return Err(NobodyReads);
        }
        let cut = stalled && state.cut(self.patience);
        let longer = state.whole && state.held.saturating_add(piece.len()) > state.window;
        state.whole &= !longer;
        let pushed = state.push(piece);
        drop(state);
        if longer {
            self.close(false);
        }
        if cut || pushed {
            self.changed();
        }
        Ok(pushed)
    }

    fn changed(&self) {
        self.changes.send_modify(|change| *change += 1);
    }

    /// Nobody joins any more.
    fn close(self: &Arc<Self>, apart: bool) {
        if let Some(registry) = self.registry.upgrade() {
            registry.close(&self.key, self, apart);
        }
    }

    /// The call has ended. Closed first, so that a follower that asks again does not find this one.
    fn finish(self: &Arc<Self>, end: End) {
        if self.state.lock().end.is_some() {
            return;
        }
        self.close(false);
        let mut state = self.state.lock();
        if state.end.is_none() {
            if matches!(state.followers, Followers::Wait) {
                state.followers = Followers::Again;
            }
            state.end = Some(end);
        }
        drop(state);
        self.changed();
    }
}

impl State {
    fn admit(&mut self) -> u64 {
        let number = self.next_reader;
        self.next_reader += 1;
        self.readers.insert(number, Position { next: 0, moved: Instant::now() });
        number
    }

    /// The number of the piece that comes next.
    fn last(&self) -> u64 {
        self.first + self.pieces.len() as u64
    }

    /// Forgets what all have read, unless somebody may still join.
    fn trim(&mut self) {
        if self.whole {
            return;
        }
        let slowest = self.readers.values().map(|reader| reader.next).min().unwrap_or_else(|| self.last());
        while self.first < slowest {
            let Some(piece) = self.pieces.pop_front() else { break };
            self.held -= piece.len();
            self.first += 1;
        }
    }

    /// Cuts off who has taken nothing for long, if others have read all there is and wait for more.
    fn cut(&mut self, patience: Duration) -> bool {
        let (first, last, before) = (self.first, self.last(), self.readers.len());
        if self.readers.values().any(|reader| reader.next == last) {
            self.readers.retain(|_, reader| reader.next > first || reader.moved.elapsed() < patience);
        }
        self.readers.len() < before
    }

    /// Takes the piece if there is room for it.
    fn push(&mut self, piece: &Bytes) -> bool {
        self.trim();
        let fits = self.held.saturating_add(piece.len()) <= self.window || self.pieces.is_empty();
        if fits {
            self.held += piece.len();
            self.pieces.push_back(piece.clone());
        }
        fits
    }
}

impl Publisher {
    pub(super) fn new(flight: Arc<Flight>) -> Self {
        Self { flight: Some(flight) }
    }

    /// How many read or will.
    pub(super) fn readers(&self) -> usize {
        self.flight.as_ref().map_or(0, |flight| flight.state.lock().readers.len())
    }

    /// Resolves when nobody reads any more. [`super::Leader::spawn`] ends the call then.
    pub fn abandoned(&self) -> impl Future<Output = ()> + Send + use<> {
        let gone = self.flight.as_ref().map(|flight| flight.abandoned.subscribe());
        async move {
            if let Some(mut gone) = gone {
                // An error is the end of the flight, which nobody reads either.
                let _ = gone.wait_for(|gone| *gone).await;
            }
        }
    }

    /// Publishes the head, and tells the followers whether the answer is for them.
    ///
    /// # Errors
    /// Nobody reads.
    pub fn head(mut self, head: Head) -> Result<BodyPublisher, NobodyReads> {
        let Some(flight) = self.flight.take() else { return Err(NobodyReads) };
        let body = BodyPublisher { flight };
        let flight = &body.flight;
        let terms = &flight.terms;
        let shared = shareable(head.status, &head.headers, &terms.vary_on, terms.across_identities);
        let followers = match shared {
            Err(unshareable) => Followers::Apart(unshareable),
            Ok(()) if head.status.is_server_error() && terms.on_error == CoalesceError::Promote => Followers::Again,
            Ok(()) => Followers::Share,
        };
        if !matches!(followers, Followers::Share) {
            flight.close(matches!(followers, Followers::Apart(_)));
        }
        let mut state = flight.state.lock();
        if state.abandoned {
            return Err(NobodyReads);
        }
        state.head = Some(Arc::new(head));
        state.followers = followers;
        if !matches!(followers, Followers::Share) {
            // The leader's own reader is the first.
            state.readers.retain(|number, _| *number == 0);
            state.whole = false;
            state.window = WINDOW_ALONE;
        }
        let nobody = state.readers.is_empty();
        state.abandoned |= nobody;
        drop(state);
        flight.changed();
        if nobody {
            flight.abandoned.send_replace(true);
            return Err(NobodyReads);
        }
        Ok(body)
    }

    /// The call has failed before its head. The reason is for the leader; a follower leads the next call.
    pub fn fail(mut self, reason: &str) {
        if let Some(flight) = self.flight.take() {
            flight.finish(End::Broken(reason.into()));
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.finish(End::Broken("the call was given up".into()));
        }
    }
}

impl BodyPublisher {
    /// Publishes a piece of the body, and waits for room where the answer is longer than what is kept.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub async fn piece(&mut self, piece: Bytes) -> Result<(), NobodyReads> {
        if piece.is_empty() {
            return Ok(());
        }
        let flight = &self.flight;
        let mut stalled = false;
        while !flight.offer(&piece, stalled)? {
            stalled = timeout(flight.patience, flight.room.notified()).await.is_err();
        }
        Ok(())
    }

    /// How many bytes are kept now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.flight.state.lock().held
    }

    /// The answer is whole.
    pub fn end(self) {
        self.flight.finish(End::Whole);
    }

    /// The answer broke off.
    pub fn fail(self, reason: &str) {
        self.flight.finish(End::Broken(reason.into()));
    }
}

impl Drop for BodyPublisher {
    fn drop(&mut self) {
        self.flight.finish(End::Broken("the answer broke off".into()));
    }
}
