//! Test connection.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::body::OptionalJson;
use super::guard::{CallModels, May};
use crate::app::App;
use crate::app::probe::{Probe, ProbeResult};
use crate::error::Error;

/// Makes one real request to a provider with its own key. A failure is an answer, not an error. Each test is
/// in the audit trail; none is in the ledger.
#[utoipa::path(
    post, path = "/providers/{id}/test", tag = "providers", operation_id = "test_provider",
    params(("id" = String, Path)), request_body = Probe, responses((status = 200, body = ProbeResult))
)]
pub(super) async fn test(
    may: May<CallModels>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    OptionalJson(probe): OptionalJson<Probe>,
) -> Result<Answer<ProbeResult>, Error> {
    Ok(Answer(app.test_provider(&id, &probe, &may.actor).await?))
}
