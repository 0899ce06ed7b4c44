//! The stores of a configuration, opened once and kept while their settings stay the same.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use weir_domain::snapshot::{MEMORY_STORE, Snapshot};
use weir_domain::spec::StoreType;

use super::{MemoryStore, Store};

/// The stores of a process. What holds in memory is there from the start.
pub struct Stores {
    memory: Arc<dyn Store>,
    opened: ArcSwap<HashMap<String, Opened>>,
}

#[derive(Clone)]
struct Opened {
    generation: u64,
    store: Arc<dyn Store>,
}

impl Default for Stores {
    fn default() -> Self {
        Self::new()
    }
}

impl Stores {
    /// Memory alone.
    #[must_use]
    pub fn new() -> Self {
        Self { memory: Arc::new(MemoryStore::default()), opened: ArcSwap::default() }
    }

    /// A configuration is about to become live: its stores are there from now on, those of before are gone unless they are
    /// the same.
    pub fn install(&self, snapshot: &Snapshot) {
        let before = self.opened.load();
        let kept = |id: &String, generation| before.get(id).filter(|opened| opened.generation == generation).cloned();
        let opened = snapshot.conflict_stores.iter().map(|(id, set)| {
            let opened = kept(id, set.generation).unwrap_or_else(|| Opened {
                generation: set.generation,
                store: match set.kind {
                    StoreType::Memory | StoreType::Redis | StoreType::Postgres => Arc::new(MemoryStore::default()),
                },
            });
            (id.clone(), opened)
        });
        self.opened.store(Arc::new(opened.collect()));
    }

    /// A store by its id. The compiler of the configuration sees to it that a policy names one that there is.
    #[must_use]
    pub fn get(&self, id: &str) -> Arc<dyn Store> {
        if id == MEMORY_STORE {
            return Arc::clone(&self.memory);
        }
        self.opened.load().get(id).map_or_else(|| Arc::clone(&self.memory), |opened| Arc::clone(&opened.store))
    }

    /// Those that are shared between nodes.
    #[must_use]
    pub fn opened(&self) -> Vec<Arc<dyn Store>> {
        self.opened.load().values().map(|opened| Arc::clone(&opened.store)).collect()
    }
}
