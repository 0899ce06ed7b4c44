//! `/routes/{id}/openapi`: the OpenAPI document of a route.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use serde_json::Value;

use super::guard::{May, ReadConfig};
use crate::app::App;
use crate::error::Error;

/// The OpenAPI 3.1 document of a route: its methods, its parameters, who may call, and the headers and answers that its
/// conflict policy adds. What the upstream answers is not known, and stands there as `default`.
#[utoipa::path(
    get, path = "/routes/{id}/openapi", tag = "routes", operation_id = "route_openapi",
    params(("id" = String, Path)), responses((status = 200, body = Object))
)]
pub(super) async fn of_route(
    _: May<ReadConfig>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Answer<Value>, Error> {
    Ok(Answer(app.route_document(&id).await?))
}
