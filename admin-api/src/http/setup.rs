//! `/setup`: the first user.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Json;
use super::guard::Anyone;
use super::session::begun;
use crate::app::App;
use crate::app::session::SessionView;
use crate::app::setup::FirstUser;
use crate::error::Error;

/// Whether set-up is still to be done.
#[derive(Serialize, ToSchema)]
pub(super) struct SetupState {
    /// True while no user exists.
    needed: bool,
}

/// Whether the first user is still to be made.
#[utoipa::path(get, path = "/setup", tag = "session", operation_id = "setup_state", responses((status = 200, body = SetupState)))]
pub(super) async fn needed(State(app): State<Arc<App>>) -> Result<axum::Json<SetupState>, Error> {
    Ok(axum::Json(SetupState { needed: app.setup_needed().await? }))
}

/// Makes the first user, with the one-time token that the first start prints, and signs them in.
#[utoipa::path(
    post, path = "/setup", tag = "session", operation_id = "set_up", request_body = FirstUser,
    responses((status = 201, body = SessionView), (status = 410))
)]
pub(super) async fn set_up(
    Anyone(actor): Anyone,
    State(app): State<Arc<App>>,
    Json(first): Json<FirstUser>,
) -> Result<Response, Error> {
    let session = app.set_up(first, &actor).await?;
    Ok(begun(StatusCode::CREATED, &session, app.settings.is_secure()))
}
