//! What requests and their answers held: read by few, and not unseen.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::guard::{May, ReadBodies};
use crate::app::App;
use crate::app::bodies::{ErasedView, RequestBodies};
use crate::error::Error;

/// What a request and its answer held, as they came and as they were translated, without what was redacted. Each reading
/// is in the audit trail. 404 `no-bodies` says in `reason` why there is nothing.
#[utoipa::path(
    get, path = "/requests/{id}/bodies", tag = "insights", operation_id = "get_request_bodies",
    params(("id" = String, Path)), responses((status = 200, body = RequestBodies))
)]
pub(super) async fn get(
    May { actor, .. }: May<ReadBodies>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Answer<RequestBodies>, Error> {
    Ok(Answer(app.request_bodies(&id, &actor).await?))
}

/// Erases what a request and its answer held; the request itself stays in the log.
#[utoipa::path(
    delete, path = "/requests/{id}/bodies", tag = "insights", operation_id = "erase_request_bodies",
    params(("id" = String, Path)), responses((status = 204))
)]
pub(super) async fn erase(
    May { actor, .. }: May<ReadBodies>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    app.erase_bodies(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erases what all requests of a team held up to now; the requests themselves stay in the log.
#[utoipa::path(
    delete, path = "/teams/{id}/bodies", tag = "insights", operation_id = "erase_team_bodies",
    params(("id" = String, Path)), responses((status = 200, body = ErasedView))
)]
pub(super) async fn erase_of_team(
    May { actor, .. }: May<ReadBodies>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Answer<ErasedView>, Error> {
    Ok(Answer(app.erase_bodies_of_team(&id, &actor).await?))
}
