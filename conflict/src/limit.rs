//! Limits of requests under way on one node: exact, with queues and priorities, fixed or found out.
//!
//! A [`Permit`] is room for one request; dropping it gives the room back, however the request ends. An entry is there while
//! something is under way at its key; what an adaptive limit has learnt is kept for ten minutes beyond.

mod entry;
mod gradient;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;
use weir_domain::snapshot::{Bound, ConcurrencyLimit};
use weir_domain::spec::{Percent, Queue};

use self::entry::{Admission, Entry};
use crate::keyed::{Key, Keyed};
use crate::line::{Held, Line, Place, Ticket};

/// Parts of a key that are no longer than this are hashed in one go, which takes half the time.
const SHORT: usize = 256;

/// What is counted together: a route's limit, and the value of its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LimitKey(Key);

impl LimitKey {
    /// The key of a route's limit with this name for this value of the limit's template; empty where it has none.
    #[must_use]
    pub fn new(route: &str, limit: &str, value: &str) -> Self {
        let parts = [route, limit, value].map(str::as_bytes);
        let mut short = [0_u8; SHORT];
        let hash = match lengthed(&parts, &mut short) {
            Some(text) => blake3::hash(text),
            None => {
                let mut hasher = blake3::Hasher::new();
                for part in parts {
                    hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
                }
                hasher.finalize()
            }
        };
        Self(*hash.as_bytes())
    }
}

/// The parts with their lengths before, so that no two lists of parts look the same; `None` if that is too long.
fn lengthed<'a>(parts: &[&[u8]; 3], short: &'a mut [u8; SHORT]) -> Option<&'a [u8]> {
    let mut end = 0;
    for part in parts {
        for text in [&(part.len() as u64).to_le_bytes(), *part] {
            short.get_mut(end..end + text.len())?.copy_from_slice(text);
            end += text.len();
        }
    }
    short.get(..end)
}

/// The first 8 bytes in hexadecimal: nothing of the caller's shows in it.
impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({self})")
    }
}

/// What a limit is, for one request: settings of another request may differ, and count from then on.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings<'a> {
    /// The route's id.
    pub route: &'a str,
    /// The limit's name.
    pub name: &'a str,
    /// How many at once.
    pub bound: Bound,
    /// Who may wait. With priorities each has its share of the places, so that none fills the line for the others.
    pub queue: Option<Queue>,
    /// Shares by priority, the largest first. A share is guaranteed; what others leave idle may be used beyond it. Others
    /// that have borrowed are not ended: the next room that gets free is for who is within its share.
    pub priorities: &'a [(String, Percent)],
}

impl<'a> LimitSettings<'a> {
    /// The settings of a route's limit.
    #[must_use]
    pub fn of(route: &'a str, limit: &'a ConcurrencyLimit) -> Self {
        Self { route, name: &limit.name, bound: limit.bound, queue: limit.queue, priorities: &limit.priorities }
    }
}

/// There is no room, and there was none as long as could be waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{in_flight} of {limit} are under way and {queued} wait")]
pub struct Full {
    /// How many may be under way.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many wait.
    pub queued: u32,
    /// How long this one has waited.
    pub waited: Duration,
    /// When there may be room, by how long requests took lately: from 50 ms to 60 s.
    pub retry_after: Duration,
}

/// The limits of a node.
#[derive(Clone)]
pub struct Limits {
    registry: Arc<Registry>,
}

struct Registry {
    entries: Keyed<Entry>,
}

/// Room for one request, until it is dropped.
#[must_use = "room is given back when the permit is dropped"]
pub struct Permit {
    held: Held<Registry>,
    waited: Duration,
    adaptive: bool,
}

/// What goes on at one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// The key.
    pub key: LimitKey,
    /// The route's id.
    pub route: String,
    /// The limit's name.
    pub name: String,
    /// How many may be under way now.
    pub limit: u32,
    /// Whether that is found out.
    pub adaptive: bool,
    /// How many are under way.
    pub in_flight: u32,
    /// How many wait.
    pub queued: u32,
    /// How many were refused since something has been under way here.
    pub rejected: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// None under way.
    #[must_use]
    pub fn new() -> Self {
        Self { registry: Arc::new(Registry { entries: Keyed::new() }) }
    }

    /// Waits for room, if the settings let it. A future that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// There is no room.
    pub async fn enter(
        &self,
        key: &LimitKey,
        settings: &LimitSettings<'_>,
        priority: Option<&str>,
    ) -> Result<Permit, Full> {
        let began = Instant::now();
        let entries = &self.registry.entries;
        let (admission, called) =
            entries.with(&key.0, || Entry::new(settings), |entry| entry.enter(began, settings, priority));
        called.wake();
        let adaptive = matches!(settings.bound, Bound::Adaptive(_));
        match admission {
            Admission::In(lane) => {
                let place = Place { key: key.0, lane, number: 0 };
                Ok(Permit { held: Held::new(Arc::clone(&self.registry), place), waited: Duration::ZERO, adaptive })
            }
            Admission::Wait(lane, number, receiver) => {
                let place = Place { key: key.0, lane, number };
                let ticket = Ticket::new(Arc::clone(&self.registry), place, receiver);
                let longest = settings.queue.map_or(Duration::ZERO, |queue| queue.max_wait.0);
                let held = ticket.wait(longest).await;
                let waited = began.elapsed();
                match held {
                    Some(held) => Ok(Permit { held, waited, adaptive }),
                    None => Err(entries.with(&key.0, || Entry::new(settings), |entry| entry.refuse(waited))),
                }
            }
            Admission::Out(full) => Err(full),
        }
    }

    /// What goes on at a key, if anything does.
    #[must_use]
    pub fn look(&self, key: &LimitKey) -> Option<Occupancy> {
        self.registry.entries.existing(&key.0, |entry| occupancy(&key.0, entry))
    }

    /// The keys with the most requests under way, so many at most, the fullest first.
    #[must_use]
    pub fn view(&self, top: usize) -> Vec<Occupancy> {
        let mut fullest = BinaryHeap::with_capacity(top.min(1_024));
        self.registry.entries.each(|key, entry| {
            let one = Reverse((entry.in_flight, entry.queued(), LimitKey(*key)));
            if fullest.len() < top {
                fullest.push(one);
            } else if let Some(mut least) = fullest.peek_mut()
                && one < *least
            {
                *least = one;
            }
        });
        let fullest = fullest.into_sorted_vec();
        fullest.iter().filter_map(|Reverse((_, _, key))| self.look(key)).collect()
    }

    /// How many keys are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.registry.entries.len()
    }

    /// Whether nothing is known of any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Permit {
    /// How long it was waited for.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The first byte of the upstream's answer came after this time. It counts for adaptive limits only.
    pub fn sample(&self, first_byte: Duration) {
        self.learn(Some(first_byte));
    }

    /// The upstream did not answer in time, or said that it is too much for it (429, 503).
    pub fn dropped(&self) {
        self.learn(None);
    }

    fn learn(&self, time: Option<Duration>) {
        if self.adaptive {
            let entries = &self.held.line.entries;
            let called = entries.existing(&self.held.place.key, |entry| entry.sample(Instant::now(), time));
            called.unwrap_or_default().wake();
        }
    }
}

impl Line for Registry {
    fn leave(&self, place: &Place) -> bool {
        self.entries.existing(&place.key, |entry| entry.leave(place.lane, place.number)).unwrap_or(true)
    }

    fn give_back(&self, place: &Place, held: Option<Duration>) {
        let now = Instant::now();
        let called = self.entries.existing(&place.key, |entry| entry.give_back(place.lane, held, now));
        called.unwrap_or_default().wake();
    }
}

fn occupancy(key: &Key, entry: &Entry) -> Occupancy {
    let (route, name) = entry.label();
    Occupancy {
        key: LimitKey(*key),
        route: route.to_owned(),
        name: name.to_owned(),
        limit: entry.limit(),
        adaptive: entry.adaptive(),
        in_flight: entry.in_flight,
        queued: entry.queued(),
        rejected: u64::from(entry.rejected),
    }
}
