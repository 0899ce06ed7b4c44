//! Metrics of conflict policies.

use prometheus::{HistogramVec, IntCounterVec};
use weir_conflict::status::Policy;

use super::metrics::New;

/// What became of requests on routes with a policy.
#[derive(Clone)]
pub(crate) struct ConflictMetrics {
    outcomes: IntCounterVec,
    waits: HistogramVec,
    leases_lost: IntCounterVec,
    unstable: IntCounterVec,
    replays: IntCounterVec,
    saved: IntCounterVec,
    bypassed: IntCounterVec,
}

impl ConflictMetrics {
    pub(super) fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            outcomes: new.counters(
                "conflict_outcome_total",
                "What policies of conflicts did, and refused.",
                &["route", "policy", "outcome"],
            )?,
            waits: new.histograms(
                "conflict_wait_seconds",
                "How long requests waited for their turn, or for room.",
                &["route", "policy"],
            )?,
            leases_lost: new.counters(
                "lease_lost_total",
                "Writes that lost their lease before they were sent.",
                &["route"],
            )?,
            unstable: new.counters(
                "etag_unstable_total",
                "Reads of one version whose tags differed: the upstream writes the same content in different ways.",
                &["route"],
            )?,
            replays: new.counters(
                "idempotency_replays_total",
                "Repeats that got the first answer again.",
                &["route"],
            )?,
            saved: new.counters(
                "upstream_calls_saved_total",
                "Requests that were answered without a call of their own.",
                &["route", "policy"],
            )?,
            bypassed: new.counters(
                "conflict_bypass_total",
                "Requests that passed a policy by because its store did not answer.",
                &["route", "policy"],
            )?,
        })
    }

    /// A policy did something with a request of a route.
    pub(crate) fn outcome(&self, route: &str, policy: Policy, outcome: &str) {
        self.outcomes.with_label_values(&[route, policy.as_str(), outcome]).inc();
        if matches!(outcome, "bypass" | "local") {
            self.bypassed.with_label_values(&[route, policy.as_str()]).inc();
        }
    }

    /// A policy, by its name, refused a request of a route.
    pub(crate) fn refused(&self, route: &str, policy: &str, code: &str) {
        self.outcomes.with_label_values(&[route, policy, code]).inc();
    }

    /// A request waited so many seconds.
    pub(crate) fn waited(&self, route: &str, policy: Policy, seconds: f64) {
        self.waits.with_label_values(&[route, policy.as_str()]).observe(seconds);
    }

    /// A write lost its lease before it was sent.
    pub(crate) fn lease_lost(&self, route: &str) {
        self.leases_lost.with_label_values(&[route]).inc();
    }

    /// Two reads of one version had different tags.
    pub(crate) fn unstable(&self, route: &str) {
        self.unstable.with_label_values(&[route]).inc();
    }

    /// A repeat got the first answer again.
    pub(crate) fn replayed(&self, route: &str) {
        self.replays.with_label_values(&[route]).inc();
    }

    /// A request was answered without a call of its own.
    pub(crate) fn saved(&self, route: &str, policy: Policy) {
        self.saved.with_label_values(&[route, policy.as_str()]).inc();
    }
}
