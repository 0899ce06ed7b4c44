//! What a store holds, as people see it.

use std::time::Duration;

use super::idempotency::KeyState;
use super::lease::{LeaseView, Space};
use crate::resource::ResourceKey;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Leases of writes, or locks of clients.
    Held(Space),
    /// Idempotency keys.
    Key,
    /// Limits of which permits are taken.
    Limit,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What is on it.
    pub entries: Vec<Entry>,
    /// Where the next begins; `None` on the last.
    pub next: Option<String>,
}

/// One thing that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A lease or a lock.
    Held(LeaseView),
    /// An idempotency key.
    Key {
        /// What [`super::Store::purge`] takes.
        id: ResourceKey,
        /// Where its request stands.
        state: KeyState,
        /// The answer's status.
        status: Option<u16>,
        /// How long its request is taken to be under way still.
        lease_remaining: Option<Duration>,
        /// How long it is known still.
        expires_in: Duration,
        /// What a repeat must be the same in, if it is known.
        fingerprint: Option<[u8; 32]>,
        /// The key as the caller has it.
        label: String,
    },
    /// A limit.
    Limit {
        /// Its name in the store.
        id: ResourceKey,
        /// How many permits are taken.
        taken: u32,
        /// How many there were when the last was asked for.
        limit: u32,
        /// What is limited.
        label: String,
    },
}
