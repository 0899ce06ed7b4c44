//! What all requests of a data plane share.

use std::sync::Arc;

use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::Connector;
use tokio::sync::Semaphore;
use weir_conflict::store::Stores;

use crate::ai::Models;
use crate::bodies::Keeper;
use crate::conflict::Conflicts;
use crate::egress::Egress;
use crate::live::Live;
use crate::metering::{JournalError, Meter};
use crate::server::drain::Drain;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::upstream::authority::Authorities;

/// Shared by all workers; nothing in it is locked on the way of a request.
pub struct State {
    /// Settings of the process.
    pub settings: Settings,
    /// Snapshot and credentials.
    pub(crate) live: Arc<Live>,
    /// The usage journal and its shipper.
    pub meter: Arc<Meter>,
    /// What requests of routes with a policy of conflicts share.
    pub(crate) conflicts: Arc<Conflicts>,
    /// Connections to providers: one pool for all workers.
    pub connector: Connector,
    /// Cooldowns and prepared providers of model calls.
    pub models: Models,
    /// Name look-up for everything that is connected to.
    pub egress: Egress,
    /// Authorities that upstreams are verified against.
    pub(crate) authorities: Authorities,
    /// Metrics and log lines.
    pub telemetry: Arc<Telemetry>,
    /// One permit per KiB that request bodies held in memory may still take.
    pub body_budget: Arc<Semaphore>,
    /// Where requests bring what they held, for teams that want it kept.
    pub(crate) keeper: Arc<Keeper>,
    /// Whether the process is going down, and what it still waits for.
    pub(crate) drain: Arc<Drain>,
}

impl State {
    pub(crate) fn new(
        settings: Settings,
        meter: Arc<Meter>,
        telemetry: Arc<Telemetry>,
        stores: Arc<Stores>,
    ) -> Result<Self, JournalError> {
        let pool = settings.upstream_pool.saturating_mul(settings.threads.max(1));
        let kib = (settings.body_budget_bytes >> 10).clamp(1, Semaphore::MAX_PERMITS);
        let egress = Egress::default();
        let body_budget = Arc::new(Semaphore::new(kib));
        let conflicts = Arc::new(Conflicts::new(stores, telemetry.conflicts()));
        Ok(Self {
            conflicts,
            keeper: Keeper::open(&settings, &body_budget, &telemetry)?,
            live: Arc::new(Live::default()),
            meter,
            connector: Connector::new(Some(ConnectorOptions::new(pool))),
            models: Models::new(&settings, egress.clone()),
            egress,
            authorities: Authorities::default(),
            telemetry,
            body_budget,
            drain: Arc::new(Drain::default()),
            settings,
        })
    }

    /// Whether the node takes traffic: it has a configuration, can write down what it is used for, and stays.
    pub(crate) fn is_ready(&self) -> Result<(), &'static str> {
        if self.drain.is_draining() {
            return Err("draining");
        }
        if !self.live.is_installed() {
            return Err("no configuration yet");
        }
        if !self.meter.is_writable() {
            return Err("the usage journal cannot be written");
        }
        Ok(())
    }
}
