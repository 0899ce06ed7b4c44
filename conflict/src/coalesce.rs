//! One upstream call for identical requests at the same time: who leads, who follows, and when they part.
//!
//! The first request with a key leads: it makes the call, and what comes is published piece by piece. Requests that join
//! meanwhile read the same from its beginning on. So it is as long as the answer is no longer than `max_body`, which is
//! kept whole; those who come later lead a call of their own, and those who are there read on through a window of that
//! size. Within `max_body` nobody waits for a slow reader. Beyond it the call waits for the slowest, as it would for a
//! single one; but who takes nothing for five seconds while others wait for more is cut off with an error.
//!
//! The call belongs to the flight, not to the leader's request: [`Leader::spawn`] runs it as a task of its own, which ends
//! with its last reader. What must live as long as the call (permits, leases) moves into that task.
//!
//! Who has written reads what it wrote: after [`Flights::wrote`] nobody joins a call at this node that began before, if the
//! resource's [`Flights::generation`] is part of the key.
//!
//! When a call fails before its head, each follower asks for the key again, so that one of them leads and the others
//! follow it.

mod flight;
mod judge;
mod reader;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};
use weir_domain::spec::{Coalesce, CoalesceError};

use self::flight::Flight;
pub use self::flight::{BodyPublisher, NobodyReads, Publisher};
pub use self::judge::{Unshareable, shareable};
use self::reader::Standing;
pub use self::reader::{Broken, Reader};
use crate::keyed::{Key, Keyed, Rest, Resting};

/// How long nobody joins at a key after an answer that could not be shared.
const APART_FOR: Duration = Duration::from_secs(10);
/// How long a reader may take nothing while the others wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counts of writes. Resources that share one only part from their calls more often.
const GENERATIONS: usize = 4_096;

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers, as the upstream sent them.
    pub headers: HeaderMap,
}

/// The calls under way at a node that others may join.
#[derive(Clone)]
pub struct Flights {
    registry: Arc<Registry>,
}

pub(crate) struct Registry {
    slots: Keyed<Slot>,
    counts: Counts,
    patience: Duration,
    generations: Box<[AtomicU64]>,
    hashes: RandomState,
}

enum Slot {
    Free,
    Taken(Arc<Flight>),
    /// Hit-for-miss: until then each request goes alone.
    Apart(Instant),
}

#[derive(Default)]
struct Counts {
    led: AtomicU64,
    joined: AtomicU64,
    promoted: AtomicU64,
    alone: AtomicU64,
}

/// How often what became of requests, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// They led, and made the call; those who were promoted among them.
    pub led: u64,
    /// They got the answer of another's call.
    pub joined: u64,
    /// They followed, and led when the leader's call had failed.
    pub promoted: u64,
    /// They made a call that nobody could join.
    pub alone: u64,
}

/// What a flight does with its answer.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) max_body: usize,
    pub(crate) vary_on: Vec<String>,
    pub(crate) across_identities: bool,
    pub(crate) on_error: CoalesceError,
}

/// What a request is to do.
pub enum Role {
    /// Make the call, for itself and for those who join.
    Lead(Leader),
    /// Wait for another's answer.
    Follow(Follower),
    /// Make a call that nobody joins: answers at this key could not be shared lately.
    Alone,
}

/// Who makes the call.
#[must_use = "a leader that is dropped leaves the call to a follower"]
pub struct Leader {
    publisher: Publisher,
    reader: Reader,
}

/// Who waits for another's answer.
pub struct Follower {
    flights: Flights,
    key: Key,
    terms: Terms,
    reader: Reader,
    until: Instant,
}

/// What became of following.
pub enum Followed {
    /// The answer, from its beginning.
    Answer(Arc<Head>, Reader),
    /// The leader's call failed: this request makes it now, for itself and for the others.
    Lead(Leader),
    /// This request makes a call of its own, which nobody joins.
    Alone(Why),
}

/// Why a follower makes a call of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The answer is not for others.
    Unshareable(Unshareable),
    /// The head did not come within `max_wait`.
    Waited,
    /// Answers at this key could not be shared lately.
    Apart,
}

impl Default for Flights {
    fn default() -> Self {
        Self::new()
    }
}

impl Flights {
    /// None under way.
    #[must_use]
    pub fn new() -> Self {
        Self::with_patience(PATIENCE)
    }

    fn with_patience(patience: Duration) -> Self {
        let registry = Registry {
            slots: Keyed::new(),
            counts: Counts::default(),
            patience,
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            hashes: RandomState::new(),
        };
        Self { registry: Arc::new(registry) }
    }

    /// How often a resource was written, or one that shares its count. Part of the key of its reads.
    #[must_use]
    pub fn generation(&self, resource: impl Hash) -> u64 {
        self.registry.writes(resource).load(Ordering::Acquire)
    }

    /// A resource was written, as far as is known. Said when the upstream has answered, before the writer is told.
    pub fn wrote(&self, resource: impl Hash) {
        self.registry.writes(resource).fetch_add(1, Ordering::Release);
    }

    /// Joins the call at a key, or begins it. `key` is a hash of all in which joined requests are the same: method (GET and
    /// HEAD are one, and the leader asks with GET), authority, path, query, the resource's [`Self::generation`], the headers
    /// of `vary_on`, the body's hash where bodies count, and unless `share_across_consumers` is set who asks: the consumer, and what else tells the upstream
    /// who it is (`Authorization`, `Cookie`).
    #[must_use]
    pub fn join(&self, key: &[u8; 32], settings: &Coalesce) -> Role {
        let terms = Terms {
            max_body: settings.max_body.as_len(),
            vary_on: settings.vary_on.clone(),
            across_identities: settings.share_across_consumers,
            on_error: settings.on_error,
        };
        match self.place(key, &terms) {
            Place::Lead(leader) => Role::Lead(leader),
            Place::Follow(reader) => {
                let until = Instant::now() + settings.max_wait.0;
                Role::Follow(Follower { flights: self.clone(), key: *key, terms, reader, until })
            }
            Place::Apart => {
                self.count(|counts| &counts.alone);
                Role::Alone
            }
        }
    }

    fn place(&self, key: &Key, terms: &Terms) -> Place {
        let now = Instant::now();
        let place = self.registry.slots.with(
            key,
            || Slot::Free,
            |slot| {
                match slot {
                    Slot::Apart(until) if *until > now => return Place::Apart,
                    Slot::Taken(flight) => {
                        if let Some(reader) = Flight::attach(flight) {
                            return Place::Follow(reader);
                        }
                    }
                    Slot::Apart(_) | Slot::Free => {}
                }
                let (flight, reader) = Flight::begin(terms.clone(), &self.registry, key);
                *slot = Slot::Taken(Arc::clone(&flight));
                Place::Lead(Leader { publisher: Publisher::new(flight), reader })
            },
        );
        if matches!(place, Place::Lead(_)) {
            self.count(|counts| &counts.led);
        }
        place
    }

    /// How often what became of requests, since the start.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let counts = &self.registry.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            led: read(&counts.led),
            joined: read(&counts.joined),
            promoted: read(&counts.promoted),
            alone: read(&counts.alone),
        }
    }

    /// At how many keys calls are under way or are kept apart.
    #[must_use]
    pub fn len(&self) -> usize {
        self.registry.slots.len()
    }

    /// Whether no call is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn count(&self, which: impl FnOnce(&Counts) -> &AtomicU64) {
        which(&self.registry.counts).fetch_add(1, Ordering::Relaxed);
    }
}

enum Place {
    Lead(Leader),
    Follow(Reader),
    Apart,
}

impl Registry {
    fn writes(&self, resource: impl Hash) -> &AtomicU64 {
        let hash = self.hashes.hash_one(resource) % GENERATIONS as u64;
        &self.generations[usize::try_from(hash).unwrap_or_default()]
    }

    /// The flight takes nobody more; `apart` if what it brought could not be shared.
    pub(crate) fn close(&self, key: &Key, flight: &Arc<Flight>, apart: bool) {
        self.slots.existing(key, |slot| {
            if matches!(slot, Slot::Taken(taken) if Arc::ptr_eq(taken, flight)) {
                *slot = if apart { Slot::Apart(Instant::now() + APART_FOR) } else { Slot::Free };
            }
        });
    }
}

impl Resting for Slot {
    fn rest(&self) -> Rest {
        match self {
            Self::Free => Rest::Idle,
            Self::Taken(_) => Rest::Busy,
            Self::Apart(until) => Rest::Until(*until),
        }
    }
}

impl Leader {
    /// Runs the call as a task of its own, which ends when nobody reads any more, and reads what it publishes.
    ///
    /// Must be called within a runtime.
    pub fn spawn<C, F>(self, call: C) -> Reader
    where
        C: FnOnce(Publisher) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let (publisher, reader) = self.split();
        let abandoned = publisher.abandoned();
        let call = call(publisher);
        tokio::spawn(async move {
            tokio::select! {
                () = call => {}
                () = abandoned => {}
            }
        });
        reader
    }

    /// How many read or will, the leader among them.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.publisher.readers()
    }

    /// The end that publishes, and the leader's own end that reads.
    pub fn split(self) -> (Publisher, Reader) {
        (self.publisher, self.reader)
    }
}

impl Follower {
    /// Waits for the head of the answer.
    pub async fn followed(mut self) -> Followed {
        loop {
            let Ok(standing) = timeout_at(self.until, self.reader.standing()).await else {
                return self.alone(Why::Waited);
            };
            match standing {
                Standing::Shared(head) => {
                    self.flights.count(|counts| &counts.joined);
                    return Followed::Answer(head, self.reader);
                }
                Standing::Apart(unshareable) => return self.alone(Why::Unshareable(unshareable)),
                Standing::Failed => {}
            }
            match self.flights.place(&self.key, &self.terms) {
                Place::Lead(leader) => {
                    self.flights.count(|counts| &counts.promoted);
                    return Followed::Lead(leader);
                }
                Place::Follow(reader) => self.reader = reader,
                Place::Apart => return self.alone(Why::Apart),
            }
        }
    }

    fn alone(&self, why: Why) -> Followed {
        self.flights.count(|counts| &counts.alone);
        Followed::Alone(why)
    }
}
