//! The ledger rows of a batch: written when its usage is first seen, known by an id that follows from the batch, so that
//! the ledger takes each of them once, whoever sees it and how often.

use weir_domain::ledger::{Attempt, Outcome, Record};
use weir_domain::name::derived_id;
use weir_domain::snapshot::Provider;
use weir_domain::time::Micros;

use super::count::Counted;
use super::{Sealer, Written};
use crate::metering::Settlement;

/// A batch whose usage has been seen.
pub(super) struct Seen<'a> {
    /// The vendor's id.
    pub(super) id: &'a str,
    /// When it was made.
    pub(super) at: Micros,
    /// Its path at the vendor.
    pub(super) path: String,
}

/// The id of the batch's row for the model at a place in the order of their names.
fn row_id(provider: &str, batch: &str, at: usize) -> String {
    derived_id(&["batch", provider, batch, &at.to_string()])
}

/// Whether this node has written a batch to the ledger.
pub(super) fn is_written(written: &Written, provider: &str, batch: &str) -> bool {
    written.0.contains_key(&row_id(provider, batch, 0))
}

/// Writes what a batch consumed, unless this node has done so.
pub(super) fn write(
    written: &Written,
    settlement: &Settlement,
    (sealer, provider): (&Sealer, &Provider),
    seen: &Seen<'_>,
    counted: &[Counted],
) {
    if is_written(written, &provider.id, seen.id) {
        return;
    }
    let mut kept = true;
    for (at, one) in counted.iter().enumerate() {
        let named = provider.models.contains_key(&one.model);
        kept &= settlement.beside(&record(settlement, (sealer, provider), seen, one, at), named);
    }
    // What is lost is written when the batch is asked after again.
    if kept {
        written.0.insert(row_id(&provider.id, seen.id, 0), ());
    }
}

/// A row of its own: the caller's, of the moment when the batch was made.
fn record(
    settlement: &Record,
    (sealer, provider): (&Sealer, &Provider),
    seen: &Seen<'_>,
    counted: &Counted,
    at: usize,
) -> Record {
    let attempt = Attempt {
        number: 1,
        provider: provider.id.clone(),
        provider_key: sealer.key.clone(),
        target: counted.model.clone(),
        started_us: 0,
        first_byte_us: None,
        duration_us: 0,
        status: 200,
        outcome: Outcome::Ok,
        error: String::new(),
        usage: counted.usage,
        cost: counted.cost,
        price: counted.price.clone(),
        aborted: None,
        shadow: None,
    };
    Record {
        id: row_id(&provider.id, seen.id, at),
        at: seen.at,
        duration_us: 0,
        upstream_us: 0,
        first_byte_us: None,
        method: "POST".to_owned(),
        path: seen.path.clone(),
        model: counted.model.clone(),
        provider: provider.id.clone(),
        upstream_model: counted.model.clone(),
        stream: false,
        status: 200,
        outcome: Outcome::Ok,
        error: String::new(),
        usage: counted.usage,
        cost: counted.cost,
        request_bytes: 0,
        response_bytes: 0,
        attempts: vec![attempt],
        ..settlement.clone()
    }
}
