//! What operators see: metrics with bounded labels and one structured log line per request.

mod conflicts;
mod journal;
mod log;
mod metrics;
mod names;
mod routes;

use std::time::Duration;

use weir_domain::ledger::{Outcome, Record};

use crate::bodies::Lost;
use crate::metering::{JournalEvent, Observer, Settled};
use crate::server::drain::Drain;
pub(crate) use conflicts::ConflictMetrics;
use metrics::Metrics;

/// Metrics and log lines of one data plane.
pub struct Telemetry {
    metrics: Metrics,
}

/// A request that was answered before it had a destination: malformed, or for a path that nobody serves. It has no
/// ledger row, because anybody can make any number of them.
pub(crate) struct Unrouted<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// Short machine-readable reason; one of a fixed set.
    pub(crate) reason: &'static str,
    pub(crate) duration: Duration,
}

impl Telemetry {
    pub(crate) fn new(node: &str) -> Result<Self, prometheus::Error> {
        Ok(Self { metrics: Metrics::new(node)? })
    }

    /// The metrics of conflict policies.
    pub(crate) fn conflicts(&self) -> ConflictMetrics {
        self.metrics.conflicts.clone()
    }

    pub(crate) fn unrouted(&self, request: &Unrouted<'_>) {
        log::unrouted(request);
        self.metrics.unrouted(request);
    }

    /// What a request held is on its way to the store.
    pub(crate) fn bodies_kept(&self) {
        self.metrics.bodies_kept.inc();
    }

    /// What a request held is not kept, although its team wants it.
    pub(crate) fn bodies_lost(&self, why: Lost) {
        self.metrics.bodies_lost.with_label_values(&[why.as_str()]).inc();
    }

    /// The text that `/metrics` answers with, in the Prometheus exposition format 0.0.4.
    pub(crate) fn render(&self, drain: &Drain, ready: bool, revision: i64) -> String {
        self.metrics.render(drain, ready, revision)
    }
}

impl Observer for Telemetry {
    fn settled(&self, record: &Record, settled: Settled) {
        if record.shadow_of.is_some() {
            // No request of anybody: it is counted by what became of it, in the model calls.
            return self.metrics.shadow(record, settled);
        }
        log::settled(record, settled.written);
        self.metrics.settled(record, settled);
    }

    fn journal(&self, event: &JournalEvent) {
        journal::log(event);
        self.metrics.journal(event);
    }
}

/// The class of a status as metrics name it; bounded, unlike the status itself.
fn status_class(status: u16) -> usize {
    match status {
        100..=599 => usize::from(status / 100),
        _ => 0,
    }
}

const STATUS_CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

const OUTCOMES: [Outcome; 8] = [
    Outcome::Ok,
    Outcome::Refused,
    Outcome::UpstreamError,
    Outcome::ConnectFailed,
    Outcome::Timeout,
    Outcome::Cut,
    Outcome::Aborted,
    Outcome::Internal,
];

#[cfg(test)]
mod tests;
