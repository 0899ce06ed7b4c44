//! A store behind its breaker, with counts of what it was asked and how that went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use weir_domain::spec::{StoreBreaker, StoreType};

use super::breaker::{Breaker, Health};
use super::{
    Acquire, Begun, Entry, IdemAsk, IdemEnd, Kind, LeaseAsk, LeaseView, Locks, Page, Permit, PermitAsk, PermitId,
    Released, Renewed, Space, Store, StoreError, Version, WriteEnd,
};
use crate::resource::{LeaseId, ResourceKey, TeamTag};

/// What a store was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the call of `Store` with this name")]
pub enum Operation {
    Acquire,
    Renew,
    Release,
    Locks,
    Version,
    Learn,
    Begin,
    End,
    Extend,
    Permit,
    Keep,
    GiveBack,
    Heartbeat,
    List,
    BreakLease,
    Purge,
}

impl Operation {
    /// All of them, in order.
    pub const ALL: [Self; 16] = [
        Self::Acquire,
        Self::Renew,
        Self::Release,
        Self::Locks,
        Self::Version,
        Self::Learn,
        Self::Begin,
        Self::End,
        Self::Extend,
        Self::Permit,
        Self::Keep,
        Self::GiveBack,
        Self::Heartbeat,
        Self::List,
        Self::BreakLease,
        Self::Purge,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Acquire => "acquire",
            Self::Renew => "renew",
            Self::Release => "release",
            Self::Locks => "locks",
            Self::Version => "version",
            Self::Learn => "learn",
            Self::Begin => "begin",
            Self::End => "end",
            Self::Extend => "extend",
            Self::Permit => "permit",
            Self::Keep => "keep",
            Self::GiveBack => "give_back",
            Self::Heartbeat => "heartbeat",
            Self::List => "list",
            Self::BreakLease => "break_lease",
            Self::Purge => "purge",
        }
    }
}

/// How calls of one operation went since the start. A call whose caller left in the middle is in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// It answered.
    pub answered: u64,
    /// It failed.
    pub failed: u64,
    /// It did not answer in time.
    pub timed_out: u64,
    /// It was left alone.
    pub refused: u64,
    /// Microseconds that all of them took.
    pub micros: u64,
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    refused: AtomicU64,
    micros: AtomicU64,
}

/// A store behind its breaker.
pub struct Guarded {
    /// Or why there is none.
    store: Result<Arc<dyn Store>, StoreError>,
    kind: StoreType,
    breaker: Breaker,
    counts: [Counts; Operation::ALL.len()],
}

impl Guarded {
    /// Puts a breaker before a store.
    #[must_use]
    pub fn new(kind: StoreType, store: Arc<dyn Store>, breaker: StoreBreaker) -> Self {
        Self::of(kind, Ok(store), breaker)
    }

    /// A store that cannot be used as it is configured: it answers each call with why.
    #[must_use]
    pub fn unusable(kind: StoreType, error: StoreError, breaker: StoreBreaker) -> Self {
        Self::of(kind, Err(error), breaker)
    }

    fn of(kind: StoreType, store: Result<Arc<dyn Store>, StoreError>, breaker: StoreBreaker) -> Self {
        Self { store, kind, breaker: Breaker::new(breaker.errors, breaker.open_for.0), counts: Default::default() }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> StoreType {
        self.kind
    }

    /// Whether nodes share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind != StoreType::Memory
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.breaker.health()
    }

    /// How calls of one operation went.
    #[must_use]
    pub fn tally(&self, operation: Operation) -> Tally {
        let counts = &self.counts[operation as usize];
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            answered: read(&counts.answered),
            failed: read(&counts.failed),
            timed_out: read(&counts.timed_out),
            refused: read(&counts.refused),
            micros: read(&counts.micros),
        }
    }

    async fn watch<'a, T, F: Future<Output = Result<T, StoreError>>>(
        &'a self,
        operation: Operation,
        call: impl FnOnce(&'a dyn Store) -> F,
    ) -> Result<T, StoreError> {
        let store = &**self.store.as_ref().map_err(Clone::clone)?;
        let counts = &self.counts[operation as usize];
        let admitted = self.breaker.admit().inspect_err(|_| {
            counts.refused.fetch_add(1, Ordering::Relaxed);
        })?;
        let begun = Instant::now();
        let outcome = call(store).await;
        let failure = outcome.as_ref().err().filter(|error| error.is_failure());
        admitted.ended(failure);
        let count = match failure {
            None => &counts.answered,
            Some(StoreError::Timeout(_)) => &counts.timed_out,
            Some(_) => &counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        counts.micros.fetch_add(micros, Ordering::Relaxed);
        outcome
    }
}

#[async_trait]
impl Store for Guarded {
    async fn acquire(&self, resource: &ResourceKey, ask: &LeaseAsk<'_>) -> Result<Acquire, StoreError> {
        self.watch(Operation::Acquire, |store| store.acquire(resource, ask)).await
    }

    async fn renew(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        ttl: Duration,
    ) -> Result<Option<Renewed>, StoreError> {
        self.watch(Operation::Renew, |store| store.renew(resource, space, token, ttl)).await
    }

    async fn release(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        end: Option<&WriteEnd<'_>>,
    ) -> Result<Released, StoreError> {
        self.watch(Operation::Release, |store| store.release(resource, space, token, end)).await
    }

    async fn locks(&self, resource: &ResourceKey, version: bool) -> Result<Locks, StoreError> {
        self.watch(Operation::Locks, |store| store.locks(resource, version)).await
    }

    async fn version(&self, resource: &ResourceKey) -> Result<Version, StoreError> {
        self.watch(Operation::Version, |store| store.version(resource)).await
    }

    async fn learn(&self, resource: &ResourceKey, generation: u64, tag: &str) -> Result<bool, StoreError> {
        self.watch(Operation::Learn, |store| store.learn(resource, generation, tag)).await
    }

    async fn begin(&self, key: &ResourceKey, ask: &IdemAsk<'_>) -> Result<Begun, StoreError> {
        self.watch(Operation::Begin, |store| store.begin(key, ask)).await
    }

    async fn end(
        &self,
        key: &ResourceKey,
        owner: &str,
        epoch: u64,
        end: &IdemEnd,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        self.watch(Operation::End, |store| store.end(key, owner, epoch, end, ttl)).await
    }

    async fn extend(&self, key: &ResourceKey, owner: &str, epoch: u64, lease: Duration) -> Result<bool, StoreError> {
        self.watch(Operation::Extend, |store| store.extend(key, owner, epoch, lease)).await
    }

    async fn permit(&self, key: &ResourceKey, ask: &PermitAsk<'_>) -> Result<Permit, StoreError> {
        self.watch(Operation::Permit, |store| store.permit(key, ask)).await
    }

    async fn keep(&self, key: &ResourceKey, ids: &[PermitId], lease: Duration) -> Result<Vec<PermitId>, StoreError> {
        self.watch(Operation::Keep, |store| store.keep(key, ids, lease)).await
    }

    async fn give_back(&self, key: &ResourceKey, id: PermitId) -> Result<(), StoreError> {
        self.watch(Operation::GiveBack, |store| store.give_back(key, id)).await
    }

    async fn heartbeat(&self, node: &str, ttl: Duration) -> Result<u32, StoreError> {
        self.watch(Operation::Heartbeat, |store| store.heartbeat(node, ttl)).await
    }

    async fn list(&self, kind: Kind, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.watch(Operation::List, |store| store.list(kind, team, cursor, limit)).await
    }

    async fn look(&self, kind: Kind, key: &ResourceKey) -> Result<Vec<Entry>, StoreError> {
        self.watch(Operation::List, |store| store.look(kind, key)).await
    }

    async fn break_lease(&self, space: Space, id: &LeaseId) -> Result<Option<LeaseView>, StoreError> {
        self.watch(Operation::BreakLease, |store| store.break_lease(space, id)).await
    }

    async fn purge(&self, key: &ResourceKey) -> Result<bool, StoreError> {
        self.watch(Operation::Purge, |store| store.purge(key)).await
    }
}
