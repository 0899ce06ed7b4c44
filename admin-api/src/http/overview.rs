//! `/overview` and `/system`.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::guard::{May, ReadConfig, ReadUsage};
use crate::app::App;
use crate::app::overview::{Overview, System};
use crate::error::Error;

/// What Home shows.
#[utoipa::path(get, path = "/overview", tag = "insights", responses((status = 200, body = Overview)))]
pub(super) async fn overview(_: May<ReadUsage>, State(app): State<Arc<App>>) -> Result<Answer<Overview>, Error> {
    Ok(Answer(app.overview().await?))
}

/// Version, revision, and how this process is.
#[utoipa::path(get, path = "/system", tag = "system", responses((status = 200, body = System)))]
pub(super) async fn system(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Result<Answer<System>, Error> {
    Ok(Answer(app.system().await?))
}
