//! `/models`: what can be called.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::guard::{May, ReadConfig};
use crate::app::App;
use crate::app::model::Models;
use crate::error::Error;

/// What can be called: model routes, and models addressed as `provider/model`, with their price.
#[utoipa::path(get, path = "/models", tag = "models", responses((status = 200, body = Models)))]
pub(super) async fn models(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Result<Answer<Models>, Error> {
    Ok(Answer(app.models().await?))
}
