//! `/config`: declarative configuration.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::body::{Query, Yaml};
use super::guard::{May, ReadConfig, WriteConfig};
use super::resource::ChangeQuery;
use crate::app::App;
use crate::config::{ApplyReport, Plan, Source};
use crate::error::Error;

/// How documents are taken.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct DocumentQuery {
    /// Removes what the documents do not name (API keys and what the system needs stay).
    prune: bool,
}

/// What apply was planned on.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct BaseQuery {
    /// `base` of the plan, or `*` for whatever is there.
    base: Option<String>,
}

/// What an apply of these documents would do. Needs the right to apply them: a plan looks up the variables
/// and files that the documents name.
#[utoipa::path(
    post, path = "/config/plan", tag = "config", operation_id = "plan", params(DocumentQuery),
    request_body(content = String, content_type = "application/yaml"), responses((status = 200, body = Plan))
)]
pub(super) async fn plan(
    _: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Query(query): Query<DocumentQuery>,
    Yaml(yaml): Yaml,
) -> Result<Answer<Plan>, Error> {
    Ok(Answer(app.plan(&Source { yaml: &yaml, name: "", prune: query.prune }, false, true).await?))
}

/// Applies documents, all or nothing. A stale base is refused with what the documents would change now.
#[utoipa::path(
    post, path = "/config/apply", tag = "config", operation_id = "apply",
    params(DocumentQuery, BaseQuery, ChangeQuery, ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = String, content_type = "application/yaml"), responses((status = 200, body = ApplyReport))
)]
pub(super) async fn apply(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Query(query): Query<DocumentQuery>,
    Query(base): Query<BaseQuery>,
    Query(change): Query<ChangeQuery>,
    Yaml(yaml): Yaml,
) -> Result<Answer<ApplyReport>, Error> {
    let base = match base.base.as_deref() {
        None => return Err(Error::BaseRequired),
        Some("*") => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Error::BadRequest(format!("base: {text:?} is not a revision; give the plan's base, or * for any"))
        })?),
    };
    let source = Source { yaml: &yaml, name: "", prune: query.prune };
    Ok(Answer(app.apply(&source, base, &may.actor, false, change.dry_run).await?))
}

/// Everything as YAML documents, secrets as references or fingerprints.
#[utoipa::path(
    get, path = "/config/export", tag = "config", operation_id = "export",
    responses((status = 200, body = String, content_type = "application/yaml"))
)]
pub(super) async fn export(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Result<Response, Error> {
    Ok(([(CONTENT_TYPE, "application/yaml")], app.export().await?).into_response())
}
