//! K8: the first request under a key, while it is under way, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use parking_lot::Mutex;
use pingora_http::ResponseHeader;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::resource::ResourceKey;
use weir_conflict::store::{IdemEnd, Store};
use weir_domain::snapshot::ConflictPolicy;
use weir_domain::spec::{Idempotency, OnClientAbort};

use super::tape::Tape;

/// The first request under a key, on its way. Dropped unended, nobody knows whether it was executed; or it was not, if
/// nothing of it had been sent.
pub(crate) struct Kept {
    store: Arc<dyn Store>,
    key: ResourceKey,
    owner: String,
    epoch: u64,
    policy: Arc<ConflictPolicy>,
    /// The fingerprint, where the body came too late to be asked for with it.
    making: Option<Arc<Mutex<Fingerprinting>>>,
    keeper: AbortHandle,
    sent: bool,
    ended: bool,
}

/// Says that the request lives, as long as it does.
fn keep(store: Arc<dyn Store>, key: ResourceKey, (owner, epoch): (String, u64), lease: Duration) -> AbortHandle {
    let keeping = async move {
        loop {
            tokio::time::sleep(lease / 3).await;
            if matches!(store.extend(&key, &owner, epoch, lease).await, Ok(false)) {
                return;
            }
        }
    };
    tokio::spawn(keeping).abort_handle()
}

impl Kept {
    /// Begins: the store has said that the request is the first.
    pub(super) fn begin(
        store: Arc<dyn Store>,
        (key, owner, epoch): (ResourceKey, String, u64),
        policy: Arc<ConflictPolicy>,
        making: Option<Arc<Mutex<Fingerprinting>>>,
    ) -> Self {
        let lease = policy.idempotency.clone().unwrap_or_default().lease.0;
        let keeper = keep(Arc::clone(&store), key, (owner.clone(), epoch), lease);
        Self { store, key, owner, epoch, policy, making, keeper, sent: false, ended: false }
    }

    fn set(&self) -> Idempotency {
        self.policy.idempotency.clone().unwrap_or_default()
    }

    /// Bytes of the request are about to leave: from here on it may have been executed.
    pub(crate) fn is_sent(&mut self) {
        self.sent = true;
    }

    /// Whether the upstream's answer is read to its end although the caller has left.
    pub(crate) fn drains(&self) -> bool {
        self.set().on_client_abort == OnClientAbort::Drain
    }

    /// Begins to take an answer down.
    pub(crate) fn tape(&self, head: &ResponseHeader) -> Tape {
        Tape::begin(&self.set(), head.status.as_u16(), &head.headers)
    }

    /// Ends with an answer, or with what it says of the request.
    pub(crate) async fn answered(self, tape: Tape, headers: &HeaderMap) {
        let end = tape.end(&self.set(), headers, self.fingerprint());
        self.end(end).await;
    }

    /// Ends without an answer.
    pub(crate) async fn unanswered(self, reached: bool) {
        let fingerprint = self.fingerprint();
        self.end(if reached { IdemEnd::Unknown { fingerprint } } else { IdemEnd::Released }).await;
    }

    fn fingerprint(&self) -> Option<[u8; 32]> {
        self.making.as_ref().map(|making| making.lock().finish().0)
    }

    async fn end(mut self, end: IdemEnd) {
        self.ended = true;
        self.keeper.abort();
        let ttl = self.set().ttl.0;
        let (store, key) = (Arc::clone(&self.store), self.key);
        let (owner, epoch) = (std::mem::take(&mut self.owner), self.epoch);
        match store.end(&key, &owner, epoch, &end, ttl).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("an idempotency key was taken over while its request was under way"),
            Err(error) => {
                // The caller has its answer all the same; repeats are refused until this has succeeded.
                tracing::warn!(%error, "an answer is not kept yet for its idempotency key; it is tried again");
                tokio::spawn(again(store, key, (owner, epoch), end, ttl));
            }
        }
    }
}

/// Writes an end down that the store did not take, for as long as repeats may come.
async fn again(store: Arc<dyn Store>, key: ResourceKey, (owner, epoch): (String, u64), end: IdemEnd, ttl: Duration) {
    let until = Instant::now() + ttl.min(Duration::from_secs(600));
    let mut pause = Duration::from_millis(100);
    while Instant::now() < until {
        tokio::time::sleep(pause).await;
        if store.end(&key, &owner, epoch, &end, ttl).await.is_ok() {
            return;
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
        if self.ended {
            return;
        }
        let fingerprint = self.fingerprint().filter(|_| self.sent);
        let end = if self.sent { IdemEnd::Unknown { fingerprint } } else { IdemEnd::Released };
        let (store, key, ttl) = (Arc::clone(&self.store), self.key, self.set().ttl.0);
        let (owner, epoch) = (std::mem::take(&mut self.owner), self.epoch);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // If this fails, the lease runs out, which means the same.
                _ = store.end(&key, &owner, epoch, &end, ttl).await;
            });
        }
    }
}
