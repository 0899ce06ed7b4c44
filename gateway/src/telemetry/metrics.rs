//! The Prometheus registry. Labels are bounded: route ids, model and provider names from the configuration, and words
//! from fixed sets; never a path, a key or anything else that callers choose.

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use weir_domain::ledger::{Attempt, Record, Traffic};
use weir_domain::name::is_derived;

use super::conflicts::ConflictMetrics;
use super::names::Names;
use super::routes::{OTHER, Routes};
use super::{STATUS_CLASSES, Unrouted, status_class};
use crate::metering::{JournalEvent, Settled};
use crate::server::drain::Drain;

/// Upper bounds in seconds: fine where gateways live, coarse where models do.
const SECONDS: [f64; 16] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

/// Every metric of the data plane.
pub(super) struct Metrics {
    registry: Registry,
    models: Routes,
    rest: Routes,
    upstream_models: Names,
    gateway_seconds: [Histogram; 2],
    upstream_seconds: [Histogram; 2],
    unrouted: IntCounterVec,
    calls: ModelCalls,
    in_flight: IntGauge,
    connections: IntGauge,
    ready: IntGauge,
    revision: IntGauge,
    journal_records: IntCounter,
    journal_lost: IntCounter,
    journal_failures: IntCounter,
    ledger_delivered: IntCounter,
    ledger_failures: IntCounter,
    pub(super) conflicts: ConflictMetrics,
    pub(super) bodies_kept: IntCounter,
    pub(super) bodies_lost: IntCounterVec,
}

/// What is counted of model calls alone.
struct ModelCalls {
    attempts: IntCounterVec,
    tokens: IntCounterVec,
    cost_nanodollars: IntCounterVec,
    unpriced: IntCounterVec,
    cache: IntCounterVec,
}

impl ModelCalls {
    fn new(new: &New<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            attempts: new.counters(
                "attempts_total",
                "Attempts at providers and upstreams.",
                &["provider", "outcome"],
            )?,
            tokens: new.counters(
                "tokens_total",
                "Tokens of model calls that are charged.",
                &["provider", "model", "kind"],
            )?,
            cost_nanodollars: new.counters(
                "cost_nanodollars_total",
                "What they cost, in billionths of a US dollar.",
                &["provider", "model"],
            )?,
            unpriced: new.counters("unpriced_total", "Model calls whose price is unknown.", &["provider", "model"])?,
            cache: new.counters(
                "answer_cache_total",
                "Model calls on routes that keep answers, by what became of them.",
                &["result"],
            )?,
        })
    }
}

impl Metrics {
    pub(super) fn new(node: &str) -> Result<Self, prometheus::Error> {
        let registry =
            Registry::new_custom(Some("weir".to_owned()), Some([("node".to_owned(), node.to_owned())].into()))?;
        let new = New(&registry);
        let requests = new.counters(
            "requests_total",
            "Requests by what became of them.",
            &["traffic", "route", "status", "outcome"],
        )?;
        let duration =
            new.histograms("request_duration_seconds", "Head in to last byte out.", &["traffic", "route"])?;
        let gateway = new.histograms(
            "gateway_seconds",
            "The part of a request spent in Weir and with the caller.",
            &["traffic"],
        )?;
        let upstream = new.histograms(
            "upstream_seconds",
            "The part of a request spent waiting for providers and upstreams.",
            &["traffic"],
        )?;
        Ok(Self {
            models: Routes::new("ai", requests.clone(), duration.clone()),
            rest: Routes::new("rest", requests, duration),
            upstream_models: Names::default(),
            gateway_seconds: ["ai", "rest"].map(|traffic| gateway.with_label_values(&[traffic])),
            upstream_seconds: ["ai", "rest"].map(|traffic| upstream.with_label_values(&[traffic])),
            unrouted: new.counters(
                "unrouted_total",
                "Requests refused before they had a destination.",
                &["status", "reason"],
            )?,
            calls: ModelCalls::new(&new)?,
            in_flight: new.gauge("in_flight_requests", "Requests under way.")?,
            connections: new.gauge("connections", "Open connections of callers.")?,
            ready: new.gauge("ready", "1 when this node takes traffic.")?,
            revision: new.gauge("config_revision", "Revision of the live configuration.")?,
            journal_records: new.counter("journal_records_total", "Usage records written to the journal.")?,
            journal_lost: new.counter("journal_lost_total", "Usage records lost.")?,
            journal_failures: new.counter("journal_failures_total", "Times the journal stopped taking records.")?,
            ledger_delivered: new.counter("ledger_delivered_total", "Usage records delivered to the ledger.")?,
            ledger_failures: new.counter("ledger_failures_total", "Deliveries that the ledger did not take.")?,
            conflicts: ConflictMetrics::new(&new)?,
            bodies_kept: new
                .counter("bodies_kept_total", "Requests of which bodies are kept, for teams that want it.")?,
            bodies_lost: new.counters(
                "bodies_lost_total",
                "Requests of which bodies were to be kept and are not, by why.",
                &["reason"],
            )?,
            registry,
        })
    }

    pub(super) fn settled(&self, record: &Record, Settled { written, named }: Settled) {
        if written {
            self.journal_records.inc();
        }
        if is_derived(&record.id) {
            // No request, but what one has found out of another: it took no time, and is counted where it was made.
            return self.consumed(record, named);
        }
        let seconds = seconds(record.duration_us);
        let (routes, name, slot, may_add) = match record.traffic {
            Traffic::Ai => (&self.models, &record.model, 0, named),
            Traffic::Rest => (&self.rest, &record.route, 1, true),
        };
        routes.with(name, may_add, |handles| {
            handles.count(record.status, record.outcome);
            handles.duration.observe(seconds);
        });
        self.gateway_seconds[slot].observe(self::seconds(record.duration_us.saturating_sub(record.upstream_us)));
        self.upstream_seconds[slot].observe(self::seconds(record.upstream_us));
        if record.traffic == Traffic::Ai {
            for attempt in &record.attempts {
                self.attempt(attempt);
            }
            if let Some(status) = record.cache {
                self.calls.cache.with_label_values(&[status.as_str()]).inc();
            }
            self.consumed(record, named);
        }
    }

    /// A shadow is an attempt at a provider, and nothing else.
    pub(super) fn shadow(&self, record: &Record, Settled { written, .. }: Settled) {
        if written {
            self.journal_records.inc();
        }
        record.attempts.iter().for_each(|attempt| self.attempt(attempt));
    }

    fn attempt(&self, attempt: &Attempt) {
        self.calls.attempts.with_label_values(&[attempt.provider.as_str(), attempt.outcome.as_str()]).inc();
    }

    /// Tokens and cost are labelled with the provider's model only when the configuration or the catalogue names it:
    /// where an application may call `provider/*`, the name may be the caller's word. Configurations change, so even
    /// the named ones are bounded.
    fn consumed(&self, record: &Record, named: bool) {
        let (input, output) = (record.usage.tokens.input_total(), record.usage.tokens.output_total());
        if input + output == 0 {
            return;
        }
        let model = if named { self.upstream_models.label(&record.upstream_model) } else { OTHER };
        let labels = [record.provider.as_str(), model];
        self.calls.tokens.with_label_values(&[labels[0], labels[1], "input"]).inc_by(input);
        self.calls.tokens.with_label_values(&[labels[0], labels[1], "output"]).inc_by(output);
        match record.cost {
            Some(cost) => {
                self.calls.cost_nanodollars.with_label_values(&labels).inc_by(u64::try_from(cost.0).unwrap_or(0));
            }
            None => self.calls.unpriced.with_label_values(&labels).inc(),
        }
    }

    pub(super) fn unrouted(&self, request: &Unrouted<'_>) {
        self.unrouted.with_label_values(&[STATUS_CLASSES[status_class(request.status)], request.reason]).inc();
    }

    pub(super) fn journal(&self, event: &JournalEvent) {
        match event {
            JournalEvent::WriteFailed { .. } => self.journal_failures.inc(),
            JournalEvent::Lost { .. } => self.journal_lost.inc(),
            JournalEvent::Delivered { records } => {
                self.ledger_delivered.inc_by(u64::try_from(*records).unwrap_or(u64::MAX));
            }
            JournalEvent::DeliveryFailed { .. } => self.ledger_failures.inc(),
            JournalEvent::Recovered | JournalEvent::Skipped { .. } => {}
        }
    }

    pub(super) fn render(&self, drain: &Drain, ready: bool, revision: i64) -> String {
        self.in_flight.set(i64::try_from(drain.in_flight()).unwrap_or(i64::MAX));
        self.connections.set(i64::try_from(drain.connections()).unwrap_or(i64::MAX));
        self.ready.set(i64::from(ready));
        self.revision.set(revision);
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics cannot be rendered");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a request are far below 2^52")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// Makes metrics and registers them.
pub(super) struct New<'a>(&'a Registry);

impl New<'_> {
    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let metric = HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let metric = IntCounter::new(name, help)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let metric = IntGauge::new(name, help)?;
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}
