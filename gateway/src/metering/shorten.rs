//! Shortens a record that is too large for the journal, so that what was consumed and what it costs is not lost.
//!
//! It is the last resort: what callers name is bounded where the record is filled.

use weir_domain::ledger::{Attempt, Record};

use super::settlement::cut;

/// The longest text that is kept, in bytes.
const MAX_TEXT: usize = 256;
/// The most dropped parameters that are kept.
const MAX_DROPPED: usize = 64;
/// The most attempts that are kept: the first ones and as many last ones. Their numbers show the gap.
const MAX_ATTEMPTS: usize = 500;
/// What a text ends with that was cut.
const MARK: &str = "…[cut]";

/// The record with every text, list of names and list of attempts cut, and each cut marked. Numbers are kept.
pub(super) fn shortened(record: &Record) -> Record {
    let mut short = record.clone();
    let texts = [
        &mut short.id,
        &mut short.node,
        &mut short.team,
        &mut short.application,
        &mut short.key,
        &mut short.method,
        &mut short.path,
        &mut short.service,
        &mut short.route,
        &mut short.model,
        &mut short.provider,
        &mut short.upstream_model,
        &mut short.error,
    ];
    texts.into_iter().for_each(shorten);
    if short.dropped.len() > MAX_DROPPED {
        short.dropped.truncate(MAX_DROPPED);
        short.dropped.push(MARK.to_owned());
    }
    short.dropped.iter_mut().for_each(shorten);
    let last = short.attempts.len().saturating_sub(MAX_ATTEMPTS / 2);
    if last > MAX_ATTEMPTS / 2 {
        short.attempts.drain(MAX_ATTEMPTS / 2..last);
    }
    short.attempts.iter_mut().for_each(attempt);
    short
}

fn attempt(attempt: &mut Attempt) {
    let Attempt { provider, provider_key, target, error, price, .. } = attempt;
    [provider, provider_key, target, error, price].into_iter().for_each(shorten);
}

fn shorten(text: &mut String) {
    if text.len() > MAX_TEXT {
        *text = format!("{}{MARK}", cut(text, MAX_TEXT - MARK.len()));
    }
}
