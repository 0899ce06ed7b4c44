//! What requests of routes with a policy share on one node, beside what nodes share in stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use weir_conflict::coalesce::Flights;
use weir_conflict::limit::Limits;
use weir_conflict::queue::Turns;
use weir_conflict::resource::Names;
use weir_conflict::store::{Store, Stores};
use weir_domain::snapshot::Snapshot;

use crate::counting::clock::Millis;
use crate::counting::retry_budget::Budget;
use crate::telemetry::ConflictMetrics;

/// How often a node says that it lives, and how long that counts.
const HEARTBEAT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// Shared by all requests of a node.
pub(crate) struct Conflicts {
    stores: Arc<Stores>,
    pub(super) limits: Limits,
    pub(super) turns: Turns,
    pub(super) flights: Flights,
    pub(super) metrics: ConflictMetrics,
    budgets: papaya::HashMap<String, Arc<Budget>>,
    nodes: AtomicU32,
    epoch: Instant,
}

impl Conflicts {
    pub(crate) fn new(stores: Arc<Stores>, metrics: ConflictMetrics) -> Self {
        Self {
            stores,
            limits: Limits::new(),
            turns: Turns::new(),
            flights: Flights::new(),
            metrics,
            budgets: papaya::HashMap::new(),
            nodes: AtomicU32::new(1),
            epoch: Instant::now(),
        }
    }

    /// A new configuration is live.
    pub(crate) fn install(&self, snapshot: &Snapshot) {
        self.stores.install(snapshot);
    }

    pub(crate) fn metrics(&self) -> &ConflictMetrics {
        &self.metrics
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.stores.names()
    }

    pub(crate) fn store(&self, id: &str) -> Arc<dyn Store> {
        self.stores.get(id)
    }

    /// How many nodes live, as far as is known.
    pub(super) fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> Millis {
        Millis::since(self.epoch, Instant::now())
    }

    /// How much is repeated at an upstream.
    pub(super) fn budget(&self, upstream: &str) -> Arc<Budget> {
        let budgets = self.budgets.pin();
        if let Some(budget) = budgets.get(upstream) {
            return Arc::clone(budget);
        }
        Arc::clone(budgets.get_or_insert_with(upstream.to_owned(), Arc::default))
    }

    /// Tells each store that this node lives, and learns how many do.
    pub(crate) async fn beat(self: Arc<Self>, node: String) {
        loop {
            let mut most = 1;
            for store in self.stores.opened() {
                most = most.max(match store.heartbeat(&node, HEARTBEAT.1).await {
                    Ok(nodes) => nodes,
                    // As many as there were: a limit that is divided among nodes counts on them when the store is down.
                    Err(_) => self.nodes(),
                });
            }
            self.nodes.store(most, Ordering::Relaxed);
            tokio::time::sleep(HEARTBEAT.0).await;
        }
    }
}
