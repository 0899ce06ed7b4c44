//! `/models` and `/catalog`: what can be called and what is known.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::guard::{May, ReadConfig};
use crate::app::App;
use crate::app::model::{CatalogView, Models};
use crate::error::Error;

/// Vendors and models that are known before anybody configures them.
#[utoipa::path(get, path = "/catalog/providers", tag = "models", responses((status = 200, body = CatalogView)))]
pub(super) async fn catalog(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Answer<CatalogView> {
    Answer(app.catalog())
}

/// What can be called: model routes, and models addressed as `provider/model`, with their price.
#[utoipa::path(get, path = "/models", tag = "models", responses((status = 200, body = Models)))]
pub(super) async fn models(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Result<Answer<Models>, Error> {
    Ok(Answer(app.models().await?))
}
