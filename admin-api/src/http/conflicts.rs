//! `/conflicts/…`: what conflict policies hold at this moment, and taking it from who holds it.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::body::{OptionalJson, Query};
use super::guard::{May, ReadUsage, WriteConfig};
use crate::app::App;
use crate::app::conflicts::{HeldPage, HeldQuery, Reason};
use crate::error::Error;

/// What is held: locks of clients, leases of writes under way, idempotency keys, limits with their permits. A page may be
/// short, or even empty, while `next_cursor` says that there is more. Secrets, tokens and kept answers are never shown.
#[utoipa::path(
    get, path = "/conflicts/held", tag = "conflicts", operation_id = "list_held", params(HeldQuery),
    responses((status = 200, body = HeldPage))
)]
pub(super) async fn held(
    _: May<ReadUsage>,
    State(app): State<Arc<App>>,
    Query(query): Query<HeldQuery>,
) -> Result<Answer<HeldPage>, Error> {
    Ok(Answer(app.held(&query).await?))
}

/// Takes a lock, or the lease of a write, from who holds it: its token is worth nothing from then on. The audit trail says
/// who did it, whose it was, and why.
#[utoipa::path(
    delete, path = "/conflicts/locks/{store}/{id}", tag = "conflicts", operation_id = "break_lock",
    params(("store" = String, Path), ("id" = String, Path), Reason), request_body = Option<Reason>,
    responses((status = 204))
)]
pub(super) async fn break_lock(
    May { actor, .. }: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Path((store, id)): Path<(String, String)>,
    Query(query): Query<Reason>,
    OptionalJson(body): OptionalJson<Reason>,
) -> Result<StatusCode, Error> {
    app.break_lock(&store, &id, &body.or(query)?, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets an idempotency key: the next request with it is executed. The audit trail says who did it, and why.
#[utoipa::path(
    delete, path = "/conflicts/keys/{store}/{id}", tag = "conflicts", operation_id = "forget_idempotency_key",
    params(("store" = String, Path), ("id" = String, Path), Reason), request_body = Option<Reason>,
    responses((status = 204))
)]
pub(super) async fn forget_key(
    May { actor, .. }: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Path((store, id)): Path<(String, String)>,
    Query(query): Query<Reason>,
    OptionalJson(body): OptionalJson<Reason>,
) -> Result<StatusCode, Error> {
    app.forget_key(&store, &id, &body.or(query)?, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
