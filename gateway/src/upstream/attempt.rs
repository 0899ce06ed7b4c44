//! The attempts of a REST request, one row each in its ledger record.

use std::time::Instant;

use weir_domain::ledger::{Attempt, Outcome};
use weir_domain::usage::Usage;

use crate::metering::{Settlement, micros};

/// Opens the row of a new attempt; an open one before it has ended unanswered.
pub(crate) fn begin(settlement: &mut Settlement, upstream: &str, target: &str) -> Instant {
    let number = u32::try_from(settlement.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
    let started_us = settlement.elapsed_us();
    settlement.attempts.push(Attempt {
        number,
        provider: upstream.to_owned(),
        provider_key: String::new(),
        target: target.to_owned(),
        started_us,
        first_byte_us: None,
        duration_us: 0,
        status: 0,
        outcome: Outcome::Internal,
        error: String::new(),
        usage: Usage::default(),
        cost: None,
        price: String::new(),
        aborted: None,
        shadow: None,
    });
    Instant::now()
}

/// Notes the status that an attempt was answered with.
pub(crate) fn answered(settlement: &mut Settlement, started: Instant, status: u16) {
    if let Some(attempt) = settlement.attempts.last_mut() {
        attempt.status = status;
        attempt.first_byte_us = Some(micros(started.elapsed()));
    }
}

/// Closes the row of an attempt.
pub(crate) fn end(settlement: &mut Settlement, started: Instant, outcome: Outcome, error: String) {
    let took = micros(started.elapsed());
    if let Some(attempt) = settlement.attempts.last_mut() {
        attempt.duration_us = took;
        attempt.outcome = outcome;
        attempt.error = error;
    }
    settlement.upstream_us = settlement.upstream_us.saturating_add(took);
}
