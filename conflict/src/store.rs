//! What nodes share: leases, locks, versions, idempotency keys, permits. One trait, and a store of each kind.
//!
//! Whatever a stage of a request needs is one call, and one round trip. Times are the store's own: a node says how long, and
//! is told how long still, and no clock of a node decides anything.

use std::time::Duration;

use async_trait::async_trait;

use crate::resource::{LeaseId, ResourceKey, TeamTag};

mod breaker;
mod error;
mod guarded;
mod idempotency;
mod lease;
mod listing;
mod mark;
mod memory;
mod permit;
mod postgres;
mod redis;
mod sealed;
mod stores;
#[cfg(test)]
mod suite;

pub use self::breaker::{Health, HealthState};
pub use self::error::StoreError;
pub use self::guarded::{Guarded, Operation, Tally};
pub use self::idempotency::{Begun, IdemAsk, IdemEnd, KeyState, StoredAnswer};
pub use self::lease::{
    Acquire, Begin, Grant, Holder, LeaseAsk, LeaseView, Locks, Released, Renewed, Space, Version, WriteEnd,
};
pub use self::listing::{Entry, Kind, Page};
pub use self::memory::MemoryStore;
pub use self::permit::{Permit, PermitAsk, PermitId};
pub use self::postgres::PostgresStore;
pub use self::redis::RedisStore;
pub use self::stores::Stores;

/// How long a version is remembered that nobody reads or writes. Its numbers begin at the store's clock, so a version that
/// is begun anew is never taken for an old one.
pub const VERSION_TTL: Duration = Duration::from_secs(24 * 3600);
/// How many tags one version may have: one for each representation that was seen.
pub const MAX_TAGS: usize = 32;
/// How many holders share one resource at most.
pub const MAX_SHARED: usize = 128;
/// How many entries a page of a listing has at most.
pub const MAX_PAGE: usize = 500;

/// Counts how often another store has lost data, and does not lose the count.
#[async_trait]
pub trait Epochs: Send + Sync {
    /// The next epoch of `store`: greater than every one before, and than the upper bits of every fence that its clock has
    /// made until now. A fence is `(epoch << 40) | counter`.
    async fn next_epoch(&self, store: &str) -> Result<u64, StoreError>;
}

/// A store. Every call ends within the store's `op_timeout`; a call that failed may have had its effect.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes a lease or a lock, unless somebody holds one that it does not go with: shared goes with shared, nothing else
    /// goes together. Fences rise strictly for each resource, whatever the store loses. What the same token held of the
    /// resource is given up for the new one.
    ///
    /// With [`LeaseAsk::track_version`] a write is begun in the same step: the version is marked dirty, and where it was
    /// dirty already, because a writer died or nobody knows how its write ended, it gets a new number and no tags.
    async fn acquire(&self, resource: &ResourceKey, ask: &LeaseAsk<'_>) -> Result<Acquire, StoreError>;

    /// Holds on for `ttl` from now. `None` when it is held no longer: it ran out, or was broken, or never was.
    async fn renew(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        ttl: Duration,
    ) -> Result<Option<Renewed>, StoreError>;

    /// Gives up what `token` holds, and says how the write ended that was begun with it. How a write ended counts while
    /// its fence is the newest of the resource, also when its lease ran out meanwhile.
    async fn release(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        end: Option<&WriteEnd<'_>>,
    ) -> Result<Released, StoreError>;

    /// The locks that are held of a resource, and its version if `version` asks for it.
    async fn locks(&self, resource: &ResourceKey, version: bool) -> Result<Locks, StoreError>;

    /// The version of a resource as a reader sees it before it reads. One that is not known gets a number here.
    async fn version(&self, resource: &ResourceKey) -> Result<Version, StoreError>;

    /// Notes the tag of what was read. False when it may be old: somebody writes, or has written since `generation` was
    /// seen.
    async fn learn(&self, resource: &ResourceKey, generation: u64, tag: &str) -> Result<bool, StoreError>;

    /// Begins a request under an idempotency key, or says what became of the first with it.
    async fn begin(&self, key: &ResourceKey, ask: &IdemAsk<'_>) -> Result<Begun, StoreError>;

    /// Says how the request under a key ended; kept for `ttl` from now. False when it is no longer this owner's in this
    /// epoch: then nothing changes.
    async fn end(
        &self,
        key: &ResourceKey,
        owner: &str,
        epoch: u64,
        end: &IdemEnd,
        ttl: Duration,
    ) -> Result<bool, StoreError>;

    /// Says that the request under a key is still under way, for `lease` from now. False as with [`Store::end`].
    async fn extend(&self, key: &ResourceKey, owner: &str, epoch: u64, lease: Duration) -> Result<bool, StoreError>;

    /// Takes one of `limit` permits. Exact over all nodes: there are never more than `limit` of them.
    async fn permit(&self, key: &ResourceKey, ask: &PermitAsk<'_>) -> Result<Permit, StoreError>;

    /// Holds permits on for `lease` from now, and says which of them are gone.
    async fn keep(&self, key: &ResourceKey, ids: &[PermitId], lease: Duration) -> Result<Vec<PermitId>, StoreError>;

    /// Gives a permit back; one that is gone is no error.
    async fn give_back(&self, key: &ResourceKey, id: PermitId) -> Result<(), StoreError>;

    /// Says that `node` lives, for `ttl` from now, and how many nodes do.
    async fn heartbeat(&self, node: &str, ttl: Duration) -> Result<u32, StoreError>;

    /// What routes of a team hold, page by page. A page may be short, or even empty, while there are more: only
    /// [`Page::next`] says whether there are. What changes between two pages may be missing or be there twice.
    async fn list(&self, kind: Kind, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError>;

    /// What lives under one name now, as a listing has it. It changes nothing: people ask with it what would happen.
    async fn look(&self, kind: Kind, key: &ResourceKey) -> Result<Vec<Entry>, StoreError>;

    /// Takes a lease or lock from its holder. `None` when it was not held.
    async fn break_lease(&self, space: Space, id: &LeaseId) -> Result<Option<LeaseView>, StoreError>;

    /// Forgets an idempotency key: the next request with it is executed. False when it was not known.
    async fn purge(&self, key: &ResourceKey) -> Result<bool, StoreError>;
}
