//! The store in the memory of one node: 256 parts, each behind a lock of its own that is held for microseconds.
//!
//! What has run out is dropped a few entries at a time by the calls that follow, so nothing ever stops to sweep. Memory is
//! bounded twice: by the number of entries, and by the bytes of kept answers; an answer that finds no room is not kept, and
//! its repeats are told so instead of being executed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;

use self::shard::Shard;
use super::{
    Acquire, Begun, Entry, IdemAsk, IdemEnd, Kind, LeaseAsk, LeaseView, Locks, Page, Permit, PermitAsk, PermitId,
    Released, Renewed, Space, Store, StoreError, Version, WriteEnd, mark,
};
use crate::resource::{LeaseId, ResourceKey, TeamTag};

mod keys;
mod leases;
mod limits;
mod pages;
mod shard;
mod versions;

/// How many entries it takes by default: a few hundred bytes each.
const ENTRIES: usize = 4_000_000;
/// How many bytes of kept answers it takes by default.
const ANSWERS: usize = 256 << 20;

/// A store that one node has for itself.
pub struct MemoryStore {
    shards: Box<[Mutex<Shard>]>,
    nodes: Mutex<HashMap<String, u64>>,
    room: Room,
    started: Instant,
    started_wall: i64,
}

/// How much is in the store, and how much may be.
struct Room {
    entries: AtomicUsize,
    most_entries: usize,
    answers: AtomicUsize,
    most_answers: usize,
}

/// One moment.
#[derive(Clone, Copy)]
struct Now {
    /// Microseconds since the store was made: what everything expires by.
    at: u64,
    /// Microseconds since 1970, by the wall clock at the store's making.
    wall: i64,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::with_room(ENTRIES, ANSWERS)
    }

    /// One with room for so many entries, and so many bytes of kept answers.
    #[must_use]
    pub fn with_room(entries: usize, answers: usize) -> Self {
        Self {
            shards: (0..=u8::MAX).map(|_| Mutex::default()).collect(),
            nodes: Mutex::default(),
            room: Room {
                entries: AtomicUsize::new(0),
                most_entries: entries,
                answers: AtomicUsize::new(0),
                most_answers: answers,
            },
            started: Instant::now(),
            started_wall: weir_domain::time::now(),
        }
    }

    /// How many entries it holds, those included that have run out and are not dropped yet.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.room.entries.load(Ordering::Relaxed)
    }

    /// How many bytes of answers it holds.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        self.room.answers.load(Ordering::Relaxed)
    }

    fn now(&self) -> Now {
        let at = micros(self.started.elapsed());
        Now { at, wall: self.started_wall.saturating_add(i64::try_from(at).unwrap_or(i64::MAX)) }
    }

    /// Runs `step` on the part of a name, and drops there a little of what has run out.
    fn on<T>(&self, key: &ResourceKey, step: impl FnOnce(&mut Shard, Now, &Room) -> T) -> T {
        let mut shard = self.shards[usize::from(key.bucket())].lock();
        let now = self.now();
        shard.sweep(now, &self.room);
        step(&mut shard, now, &self.room)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Now {
    /// What fences are made of.
    fn mark(self) -> u64 {
        mark::of_clock(self.wall)
    }

    fn until(self, expires: u64) -> Duration {
        Duration::from_micros(expires.saturating_sub(self.at))
    }

    fn after(self, span: Duration) -> u64 {
        self.at.saturating_add(micros(span))
    }
}

impl Room {
    /// Room for one entry more.
    fn enter(&self) -> Result<(), StoreError> {
        if self.entries.fetch_add(1, Ordering::Relaxed) < self.most_entries {
            return Ok(());
        }
        self.entries.fetch_sub(1, Ordering::Relaxed);
        Err(StoreError::Full)
    }

    fn leave(&self) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }

    /// Room for an answer of this weight.
    fn keep(&self, weight: usize) -> bool {
        let fits = |held: usize| held.checked_add(weight).filter(|sum| *sum <= self.most_answers);
        self.answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    fn drop_answer(&self, weight: usize) {
        self.answers.fetch_sub(weight, Ordering::Relaxed);
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[async_trait]
impl Store for MemoryStore {
    async fn acquire(&self, resource: &ResourceKey, ask: &LeaseAsk<'_>) -> Result<Acquire, StoreError> {
        self.on(resource, |shard, now, room| shard.acquire(now, room, resource, ask))
    }

    async fn renew(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        ttl: Duration,
    ) -> Result<Option<Renewed>, StoreError> {
        let id = LeaseId::of(*resource, token);
        Ok(self.on(resource, |shard, now, _| shard.renew(now, space, &id, ttl)))
    }

    async fn release(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        end: Option<&WriteEnd<'_>>,
    ) -> Result<Released, StoreError> {
        let id = LeaseId::of(*resource, token);
        Ok(self.on(resource, |shard, now, _| {
            let generation = end.and_then(|end| shard.end_write(now, resource, end));
            Released { held: shard.take(now, space, &id).is_some(), generation }
        }))
    }

    async fn locks(&self, resource: &ResourceKey, version: bool) -> Result<Locks, StoreError> {
        self.on(resource, |shard, now, room| {
            let version = version.then(|| shard.version(now, room, resource)).transpose()?;
            Ok(Locks { held: shard.views(now, Space::Lock, resource), version })
        })
    }

    async fn version(&self, resource: &ResourceKey) -> Result<Version, StoreError> {
        self.on(resource, |shard, now, room| shard.version(now, room, resource))
    }

    async fn learn(&self, resource: &ResourceKey, generation: u64, tag: &str) -> Result<bool, StoreError> {
        Ok(self.on(resource, |shard, now, _| shard.learn(now, resource, generation, tag)))
    }

    async fn begin(&self, key: &ResourceKey, ask: &IdemAsk<'_>) -> Result<Begun, StoreError> {
        self.on(key, |shard, now, room| shard.begin_key(now, room, key, ask))
    }

    async fn end(
        &self,
        key: &ResourceKey,
        owner: &str,
        epoch: u64,
        end: &IdemEnd,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        Ok(self.on(key, |shard, now, room| shard.end_key(now, room, key, (owner, epoch), end, ttl)))
    }

    async fn extend(&self, key: &ResourceKey, owner: &str, epoch: u64, lease: Duration) -> Result<bool, StoreError> {
        Ok(self.on(key, |shard, now, _| shard.extend_key(now, key, (owner, epoch), lease)))
    }

    async fn permit(&self, key: &ResourceKey, ask: &PermitAsk<'_>) -> Result<Permit, StoreError> {
        self.on(key, |shard, now, room| shard.permit(now, room, key, ask))
    }

    async fn keep(&self, key: &ResourceKey, ids: &[PermitId], lease: Duration) -> Result<Vec<PermitId>, StoreError> {
        Ok(self.on(key, |shard, now, _| shard.keep_permits(now, key, ids, lease)))
    }

    async fn give_back(&self, key: &ResourceKey, id: PermitId) -> Result<(), StoreError> {
        self.on(key, |shard, _, _| shard.give_back(key, id));
        Ok(())
    }

    async fn heartbeat(&self, node: &str, ttl: Duration) -> Result<u32, StoreError> {
        let now = self.now();
        let mut nodes = self.nodes.lock();
        nodes.retain(|_, expires| *expires > now.at);
        nodes.insert(node.to_owned(), now.after(ttl));
        Ok(u32::try_from(nodes.len()).unwrap_or(u32::MAX))
    }

    async fn list(&self, kind: Kind, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.page(kind, team, cursor, limit)
    }

    async fn look(&self, kind: Kind, key: &ResourceKey) -> Result<Vec<Entry>, StoreError> {
        Ok(self.on(key, |shard, now, _| shard.entries(now, kind, key)))
    }

    async fn break_lease(&self, space: Space, id: &LeaseId) -> Result<Option<LeaseView>, StoreError> {
        Ok(self.on(&id.resource, |shard, now, _| shard.take(now, space, id)))
    }

    async fn purge(&self, key: &ResourceKey) -> Result<bool, StoreError> {
        Ok(self.on(key, |shard, now, room| shard.purge_key(now, room, key)))
    }
}

#[cfg(test)]
mod tests;
