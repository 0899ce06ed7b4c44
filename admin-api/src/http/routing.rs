//! `/routing`: how the targets of model routes stand at this moment.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::routing::RouteState;

use super::guard::{May, ReadConfig};
use crate::app::App;

/// The live picture of the data plane in this process.
#[derive(Serialize, ToSchema)]
pub(super) struct Routing {
    /// Whether there is one: `weir admin` alone has none, and each other node shows its own at its operators' listener.
    live: bool,
    /// Every model route, by name.
    routes: Vec<RouteState>,
}

/// How the targets of model routes stand at this moment: breaker, cooldown, latency, calls under way, last error, keys.
#[utoipa::path(get, path = "/routing", tag = "models", responses((status = 200, body = Routing)))]
pub(super) async fn routing(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Answer<Routing> {
    let target = app.live.target();
    Answer(Routing { live: target.is_some(), routes: target.map(|live| live.routing()).unwrap_or_default() })
}
