//! The one log line of a request. It is made of the ledger record, never of the request itself, so no header, body or
//! credential can reach it.

use weir_domain::ledger::{Record, Traffic};

use super::Unrouted;

/// Target of request lines, so that they can be filtered apart from what the process says about itself.
const TARGET: &str = "weir::request";

pub(super) fn settled(record: &Record, written: bool) {
    match record.traffic {
        Traffic::Ai => model_call(record, written),
        Traffic::Rest => rest_call(record, written),
    }
}

fn model_call(record: &Record, written: bool) {
    let model = if record.model.is_empty() { &record.asked_model } else { &record.model };
    tracing::info!(
        target: TARGET,
        request_id = %record.id,
        traffic = "ai",
        method = %record.method,
        path = %record.path,
        status = record.status,
        outcome = record.outcome.as_str(),
        error = %record.error,
        duration_us = record.duration_us,
        upstream_us = record.upstream_us,
        first_byte_us = record.first_byte_us,
        team = %record.team,
        application = %record.application,
        key = %record.key,
        model = %model,
        provider = %record.provider,
        upstream_model = %record.upstream_model,
        stream = record.stream,
        input_tokens = record.usage.tokens.input_total(),
        output_tokens = record.usage.tokens.output_total(),
        cost = record.cost.map(tracing::field::display),
        cache = record.cache.map(weir_domain::ledger::CacheStatus::as_str),
        attempts = record.attempts.len(),
        dropped = (!record.dropped.is_empty()).then(|| tracing::field::display(Names(&record.dropped))),
        request_bytes = record.request_bytes,
        response_bytes = record.response_bytes,
        journaled = written,
    );
}

/// Names in one field: `logit_bias, seed`.
struct Names<'a>(&'a [String]);

impl std::fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let lead = if index > 0 { ", " } else { "" };
            write!(f, "{lead}{name}")?;
        }
        Ok(())
    }
}

fn rest_call(record: &Record, written: bool) {
    tracing::info!(
        target: TARGET,
        request_id = %record.id,
        traffic = "rest",
        method = %record.method,
        path = %record.path,
        status = record.status,
        outcome = record.outcome.as_str(),
        error = %record.error,
        duration_us = record.duration_us,
        upstream_us = record.upstream_us,
        first_byte_us = record.first_byte_us,
        team = %record.team,
        application = %record.application,
        key = %record.key,
        service = %record.service,
        route = %record.route,
        attempts = record.attempts.len(),
        request_bytes = record.request_bytes,
        response_bytes = record.response_bytes,
        journaled = written,
    );
}

pub(super) fn unrouted(request: &Unrouted<'_>) {
    tracing::info!(
        target: TARGET,
        request_id = request.id,
        traffic = "none",
        method = request.method,
        path = request.path,
        status = request.status,
        outcome = "refused",
        error = request.reason,
        duration_us = crate::metering::micros(request.duration),
    );
}
