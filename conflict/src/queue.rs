//! One write at a time on one node: who waits, in which order, and who is turned away.
//!
//! Of those who wait at a resource, consumers take turns, and within one consumer who came first is first. A consumer
//! that fills the line does not keep others out of it: who has none waiting displaces the last of who has the most.

mod entry;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;
use weir_domain::spec::Serialise;

use self::entry::{Answer, Entry};
use crate::keyed::{Key, Keyed};
use crate::line::{Held, Line, Place, Ticket};

/// Somebody else writes, and there was no turn as long as could be waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("another write is under way, and {queued} wait")]
pub struct Busy {
    /// How many wait.
    pub queued: u32,
    /// How long this one has waited.
    pub waited: Duration,
    /// When there may be a turn, by how long turns took lately: from 50 ms to 60 s.
    pub retry_after: Duration,
}

/// The turns at the resources of a node.
#[derive(Clone)]
pub struct Turns {
    registry: Arc<Registry>,
}

struct Registry {
    entries: Keyed<Entry>,
}

/// The turn at a resource, until it is dropped.
#[must_use = "the turn is over when it is dropped"]
pub struct Turn {
    /// Its end is what it is for.
    _held: Held<Registry>,
    waited: Duration,
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}

impl Turns {
    /// No turn is taken.
    #[must_use]
    pub fn new() -> Self {
        Self { registry: Arc::new(Registry { entries: Keyed::new() }) }
    }

    /// Waits for the turn at a resource, if the settings let it. `key` is a hash of the resource, `consumer` who asks.
    /// A future that is dropped never has the turn, and holds up nobody.
    ///
    /// # Errors
    /// Somebody else has the turn: at once with `mode: reject` and where the line is full, else after the longest wait.
    pub async fn turn(&self, key: &[u8; 32], consumer: &str, settings: &Serialise) -> Result<Turn, Busy> {
        let began = Instant::now();
        let consumer = consumer_number(consumer);
        let entries = &self.registry.entries;
        let answer = entries.with(key, || Entry::new(began), |entry| entry.ask(began, consumer, settings));
        match answer {
            Answer::Turn => {
                let place = Place { key: *key, lane: consumer, number: 0 };
                Ok(Turn { _held: Held::new(Arc::clone(&self.registry), place), waited: Duration::ZERO })
            }
            Answer::Wait { number, called, displaced } => {
                // Whose end of the channel is gone, is displaced.
                drop(displaced);
                let place = Place { key: *key, lane: consumer, number };
                let ticket = Ticket::new(Arc::clone(&self.registry), place, called);
                let held = ticket.wait(settings.max_wait.0).await;
                let waited = began.elapsed();
                match held {
                    Some(held) => Ok(Turn { _held: held, waited }),
                    None => Err(entries.with(key, || Entry::new(began), |entry| entry.busy(Instant::now(), waited))),
                }
            }
            Answer::Busy(busy) => Err(busy),
        }
    }

    /// At how many resources turns are taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.registry.entries.len()
    }

    /// Whether no turn is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The resources with the most writes waiting, so many at most: their keys, and how many wait.
    #[must_use]
    pub fn view(&self, top: usize) -> Vec<([u8; 32], u32)> {
        let mut longest: Vec<(Key, u32)> = Vec::new();
        self.registry.entries.each(|key, entry| longest.push((*key, entry.queued())));
        longest.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        longest.truncate(top);
        longest
    }
}

impl Turn {
    /// How long it was waited for.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Line for Registry {
    fn leave(&self, place: &Place) -> bool {
        self.entries.existing(&place.key, |entry| entry.leave(place.lane, place.number)).unwrap_or(true)
    }

    fn give_back(&self, place: &Place, held: Option<Duration>) {
        let now = Instant::now();
        let called = self.entries.existing(&place.key, |entry| entry.give_back(now, held));
        called.unwrap_or_default().wake();
    }
}

/// Two consumers with one number would only share their turns.
fn consumer_number(consumer: &str) -> u64 {
    let hash = blake3::hash(consumer.as_bytes());
    hash.as_bytes()[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
