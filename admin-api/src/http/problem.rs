//! Renders refusals: the one place that makes `application/problem+json` (RFC 9457).

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use weir_conflict::problem::Problem;

use super::conflict;
use crate::error::Error;

/// A refusal on its way to [`render`], which knows the request's id.
#[derive(Clone)]
struct Refused(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(&self);
        response.extensions_mut().insert(Refused(Arc::new(self)));
        response
    }
}

/// Gives a refusal its body. Every other response passes as it is.
pub(super) fn render(mut response: Response, request_id: &str) -> Response {
    let Some(Refused(error)) = response.extensions_mut().remove::<Refused>() else { return response };
    match &*error {
        Error::Store(cause) => tracing::error!(request_id, %cause, "the database failed"),
        Error::Internal(cause) => tracing::error!(request_id, %cause, "internal error"),
        _ => {}
    }
    let conflict = conflict::of(&error);
    let body = document(&error, conflict.as_ref(), request_id).to_string();
    let headers = response.headers_mut();
    headers.extend(conflict.map(|conflict| conflict.headers()).unwrap_or_default());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    match &*error {
        Error::Throttled(seconds) => {
            headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Error::Unauthenticated(_) => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"weir\""));
        }
        _ => {}
    }
    *response.body_mut() = Body::from(body);
    response
}

/// Status, last part of the type, and title of each refusal: the table that `docs/API.md` shows.
fn kind(error: &Error) -> (StatusCode, &'static str, &'static str) {
    use StatusCode as S;
    match error {
        Error::NotFound(_) => (S::NOT_FOUND, "not-found", "Not found"),
        Error::NoBodies(_) => (S::NOT_FOUND, "no-bodies", "Bodies not kept"),
        Error::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
        Error::AlreadyExists(_) => (S::CONFLICT, "already-exists", "Already exists"),
        Error::PreconditionRequired | Error::BaseRequired => {
            (S::PRECONDITION_REQUIRED, "precondition-required", "Precondition required")
        }
        Error::Stale(_) => (S::PRECONDITION_FAILED, "stale-version", "Changed by somebody else"),
        Error::StaleBase { .. } => (S::PRECONDITION_FAILED, "stale-base", "Changed since the plan"),
        Error::ConditionFailed { .. } => (S::PRECONDITION_FAILED, "precondition-failed", "Condition not met"),
        Error::InUse { .. } => (S::CONFLICT, "in-use", "In use"),
        Error::NeededBySystem(_) => (S::CONFLICT, "needed-by-system", "Needed by Weir itself"),
        Error::LastOwner(_) => (S::CONFLICT, "last-owner", "Last owner"),
        Error::RevokedForGood(_) => (S::CONFLICT, "revoked-for-good", "Revoked for good"),
        Error::ManagedByFile { .. } => (S::CONFLICT, "managed-by-file", "Managed by a file"),
        Error::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid-configuration", "Not valid"),
        Error::BadRequest(_) => (S::BAD_REQUEST, "bad-request", "Bad request"),
        Error::Unauthenticated(_) => (S::UNAUTHORIZED, "unauthenticated", "Not signed in"),
        Error::Forbidden(_) => (S::FORBIDDEN, "forbidden", "Not allowed"),
        Error::CrossSite(_) => (S::FORBIDDEN, "cross-site", "Refused for your protection"),
        Error::Throttled(_) => (S::TOO_MANY_REQUESTS, "throttled", "Too many attempts"),
        Error::SetupDone => (S::GONE, "setup-done", "Set-up is done"),
        Error::IdempotencyMismatch => {
            (S::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Idempotency-Key used for another request")
        }
        Error::IdempotencyRunning => (S::CONFLICT, "request-under-way", "Still under way"),
        Error::IdempotencyLost => (S::CONFLICT, "answer-lost", "Carried out, answer lost"),
        Error::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
        Error::MediaType(_) => (S::UNSUPPORTED_MEDIA_TYPE, "media-type", "Content type not taken"),
        Error::Gateway(_) => (S::BAD_GATEWAY, "gateway-unreachable", "Data plane unreachable"),
        Error::ConflictStore(_) => (S::SERVICE_UNAVAILABLE, "conflict-store-unavailable", "Conflict store unavailable"),
        Error::Store(_) => (S::SERVICE_UNAVAILABLE, "database-unavailable", "Database unavailable"),
        Error::Internal(_) => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
    }
}

fn status(error: &Error) -> StatusCode {
    kind(error).0
}

/// The problem document.
fn document(error: &Error, conflict: Option<&Problem>, request_id: &str) -> Value {
    let (status, code, title) = kind(error);
    let mut fields = Map::new();
    fields.insert("type".to_owned(), json!(format!("/problems/{code}")));
    fields.insert("title".to_owned(), json!(title));
    fields.insert("status".to_owned(), json!(status.as_u16()));
    fields.insert("detail".to_owned(), json!(error.to_string()));
    fields.insert("instance".to_owned(), json!(format!("urn:uuid:{request_id}")));
    fields.insert("request_id".to_owned(), json!(request_id));
    let more = match error {
        Error::Stale(stale) => json!(stale),
        Error::StaleBase { yours, plan } => json!({"yours": yours, "base": plan.base, "changes": plan.changes}),
        Error::NoBodies(reason) => json!({"reason": reason}),
        Error::InUse { referrers, .. } => json!({"referrers": referrers}),
        Error::ManagedByFile { file, .. } => json!({"file": file}),
        Error::Invalid(faults) => json!({"faults": faults.0}),
        Error::Throttled(seconds) => json!({"retry_after": seconds}),
        _ => Value::Null,
    };
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    fields.extend(conflict.map(Problem::members).unwrap_or_default());
    Value::Object(fields)
}
