//! The lease of a resource that a write is checked and done under: taken, held on to while the request lives, given up.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use weir_conflict::resource::ResourceKey;
use weir_conflict::store::{Acquire, Begin, Holder, LeaseAsk, LeaseView, Space, Store, StoreError, WriteEnd};
use weir_domain::spec::LockMode;

/// How long a node waits before it asks again for a lease that another one holds, in milliseconds.
const AGAIN: std::ops::Range<u64> = 2..20;

/// What a lease is asked for with.
pub(super) struct Wish<'a> {
    pub(super) key: ResourceKey,
    pub(super) holder: &'a Holder,
    pub(super) ttl: Duration,
    pub(super) max_wait: Duration,
    /// Whether a write is begun with it.
    pub(super) tracked: bool,
}

/// Why there is no lease.
pub(super) enum NoLease {
    /// Somebody else holds it, after all the waiting.
    Held(Box<LeaseView>),
    /// The store does not answer.
    Store(StoreError),
}

/// A lease that is held. Dropped without [`Lease::end`], nobody knows how its write ended.
pub(super) struct Lease {
    store: Arc<dyn Store>,
    key: ResourceKey,
    token: String,
    ttl: Duration,
    pub(super) fence: u64,
    /// The write that was begun with it.
    pub(super) begun: Option<Begin>,
    keeper: AbortHandle,
    ended: bool,
}

/// How the write under a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was done.
    Done,
    /// Nothing was changed.
    Undone,
    /// Nobody knows.
    Unknown,
}

/// Takes the lease, asking again until it is free or the wait is over.
pub(super) async fn take(store: &Arc<dyn Store>, wish: &Wish<'_>) -> Result<Lease, NoLease> {
    let token = uuid::Uuid::now_v7().to_string();
    let until = Instant::now() + wish.max_wait;
    loop {
        let ask = LeaseAsk {
            space: Space::Write,
            mode: LockMode::Exclusive,
            token: &token,
            holder: wish.holder,
            ttl: wish.ttl,
            track_version: wish.tracked,
        };
        let held = match store.acquire(&wish.key, &ask).await.map_err(NoLease::Store)? {
            Acquire::Granted(grant) => {
                let keeper = keep(Arc::clone(store), wish.key, token.clone(), wish.ttl);
                return Ok(Lease {
                    store: Arc::clone(store),
                    key: wish.key,
                    token,
                    ttl: wish.ttl,
                    fence: grant.fence,
                    begun: grant.version,
                    keeper,
                    ended: false,
                });
            }
            Acquire::Held(view) => view,
        };
        let pause = Duration::from_millis(rand::rng().random_range(AGAIN));
        if Instant::now() + pause > until {
            return Err(NoLease::Held(Box::new(held)));
        }
        tokio::time::sleep(pause).await;
    }
}

/// Holds on to it as long as the request lives: a third of the time is left for the store to answer twice more.
fn keep(store: Arc<dyn Store>, key: ResourceKey, token: String, ttl: Duration) -> AbortHandle {
    let keeping = async move {
        loop {
            tokio::time::sleep(ttl / 3).await;
            if matches!(store.renew(&key, Space::Write, &token, ttl).await, Ok(None)) {
                return;
            }
        }
    };
    tokio::spawn(keeping).abort_handle()
}

impl Lease {
    /// Whether it is held still, by the store's word; it is for a whole term from now then.
    pub(super) async fn is_held(&self) -> Result<bool, StoreError> {
        Ok(self.store.renew(&self.key, Space::Write, &self.token, self.ttl).await?.is_some())
    }

    /// Gives it up, and says how the write ended. The version's number, if that counted.
    pub(super) async fn end(mut self, end: End, tag: Option<&str>) -> Option<u64> {
        self.ended = true;
        self.keeper.abort();
        let fence = self.fence;
        let said = match end {
            End::Done => WriteEnd::Commit { fence, tag },
            End::Undone => WriteEnd::Abort { fence },
            End::Unknown => WriteEnd::Unknown,
        };
        let said = self.begun.is_some().then_some(&said);
        match self.store.release(&self.key, Space::Write, &self.token, said).await {
            Ok(released) => released.generation,
            Err(error) => {
                // It runs out by itself, and the version stays dirty: the next writer reads anew.
                tracing::warn!(%error, "a lease could not be given up; it runs out");
                None
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.abort();
        if self.ended {
            return;
        }
        let (store, key, token) = (Arc::clone(&self.store), self.key, std::mem::take(&mut self.token));
        let tracked = self.begun.is_some();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let said = tracked.then_some(&WriteEnd::Unknown);
                // If this fails too, it runs out.
                _ = store.release(&key, Space::Write, &token, said).await;
            });
        }
    }
}
