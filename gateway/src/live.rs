//! The live configuration: one snapshot, swapped whole, and beside it the credentials, changed one by one.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use weir_domain::credential::Credential;
use weir_domain::ports::{CredentialChange, LiveConfig};
use weir_domain::routing::RouteState;
use weir_domain::snapshot::Snapshot;

use crate::state::State;

/// What requests read without locks.
#[derive(Default)]
pub(crate) struct Live {
    snapshot: ArcSwap<Snapshot>,
    credentials: papaya::HashMap<String, Arc<Credential>>,
    installed: std::sync::atomic::AtomicBool,
    revisions: watch::Sender<i64>,
}

impl Live {
    /// The snapshot a new request lives by.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Tells of each new snapshot, by its revision.
    pub(crate) fn revisions(&self) -> watch::Receiver<i64> {
        self.revisions.subscribe()
    }

    /// What is known of a key, by its public id.
    pub(crate) fn credential(&self, public_id: &str) -> Option<Arc<Credential>> {
        self.credentials.pin().get(public_id).cloned()
    }

    /// Whether any configuration has come in yet; before, the node is not ready.
    pub(crate) fn is_installed(&self) -> bool {
        self.installed.load(std::sync::atomic::Ordering::Acquire)
    }
}

impl LiveConfig for State {
    fn install(&self, snapshot: Arc<Snapshot>) {
        // Before any request can ask for a store of it.
        self.conflicts.install(&snapshot);
        self.live.install(snapshot);
    }

    fn credentials(&self, change: CredentialChange) {
        self.live.credentials(change);
    }

    fn routing(&self) -> Vec<RouteState> {
        self.models.routing(&self.live.snapshot())
    }
}

impl Live {
    fn install(&self, snapshot: Arc<Snapshot>) {
        let revision = snapshot.revision;
        tracing::info!(revision, "configuration installed");
        self.snapshot.store(snapshot);
        self.installed.store(true, std::sync::atomic::Ordering::Release);
        self.revisions.send_replace(revision);
    }

    pub(crate) fn credentials(&self, change: CredentialChange) {
        let map = self.credentials.pin();
        match change {
            CredentialChange::Replace(all) => {
                let keep: std::collections::HashSet<String> = all.iter().map(|c| c.id.clone()).collect();
                for credential in all {
                    map.insert(credential.id.clone(), Arc::new(credential));
                }
                map.retain(|id, _| keep.contains(id));
            }
            CredentialChange::Upsert(changed) => {
                for credential in changed {
                    map.insert(credential.id.clone(), Arc::new(credential));
                }
            }
            CredentialChange::Remove(gone) => {
                for id in gone {
                    map.remove(&id);
                }
            }
        }
    }
}
