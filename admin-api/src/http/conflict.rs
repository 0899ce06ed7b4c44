//! What a refusal says of the conflict behind it: the members `conflict` and `resolve`, and the headers that go with
//! them, as on every route with a policy.

use std::time::Duration;

use axum::http::header::IF_MATCH;
use weir_conflict::problem::{ConflictKind, Problem, Slug};
use weir_domain::spec::ConditionHeader;
use weir_domain::time::parse_rfc3339;

use crate::app::version_tag;
use crate::error::{Error, Stale};

/// How long a request with an idempotency key is under way at least, when it is asked for again.
const STILL_UNDER_WAY: Duration = Duration::from_secs(1);

/// The conflict behind a refusal; `None` when there is none.
pub(super) fn of(error: &Error) -> Option<Problem> {
    let problem = match error {
        Error::PreconditionRequired | Error::BaseRequired => Problem::new(Slug::PreconditionRequired),
        Error::Stale(stale) => of_stale(stale),
        Error::StaleBase { yours, .. } => {
            Problem::new(Slug::PreconditionFailed).with_submitted(vec![yours.to_string()])
        }
        Error::ConditionFailed { header, current } => {
            let problem = Problem::new(Slug::PreconditionFailed).with_current(&version_tag::of(*current));
            match header {
                ConditionHeader::IfNoneMatch => problem.with_kind(ConflictKind::Existence),
                ConditionHeader::IfMatch | ConditionHeader::IfUnmodifiedSince => problem,
            }
        }
        Error::IdempotencyMismatch => Problem::new(Slug::IdempotencyKeyReused),
        Error::IdempotencyRunning => Problem::new(Slug::IdempotencyInProgress).with_retry_after(STILL_UNDER_WAY),
        Error::IdempotencyLost => Problem::new(Slug::IdempotencyOutcomeUnknown),
        Error::ConflictStore(_) => Problem::new(Slug::StoreUnavailable).with_retry_after(STILL_UNDER_WAY),
        _ => return None,
    };
    Some(problem)
}

fn of_stale(stale: &Stale) -> Problem {
    let mut problem = Problem::new(Slug::PreconditionFailed).with_submitted(stale.submitted.clone());
    if let Some(version) = stale.current["version"].as_i64() {
        let current = version_tag::of(version);
        problem = problem.with_current(&current).then_send(&IF_MATCH, current.to_string());
    }
    match parse_rfc3339(&stale.changed_at) {
        Ok(at) => problem.with_changed_at(at),
        Err(_) => problem,
    }
}
