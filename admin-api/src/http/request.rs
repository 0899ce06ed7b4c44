//! `/requests`: the request log.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};

use super::body::Query;
use super::filter;
use super::guard::{May, ReadUsage};
use crate::app::App;
use crate::app::request::{FilterQuery, PageQuery, RequestDetail, RequestView};
use crate::app::resource::Page;
use crate::error::Error;

/// A page of the log, newest first.
#[utoipa::path(
    get, path = "/requests", tag = "insights", operation_id = "list_requests", params(FilterQuery, PageQuery),
    responses((status = 200, body = Page<RequestView>))
)]
pub(super) async fn list(
    _: May<ReadUsage>,
    State(app): State<Arc<App>>,
    Query(filter): Query<FilterQuery>,
    Query(at): Query<PageQuery>,
) -> Result<Answer<Page<RequestView>>, Error> {
    filter::check(&filter)?;
    Ok(Answer(app.requests(filter, &at).await?))
}

/// One request with its attempts.
#[utoipa::path(
    get, path = "/requests/{id}", tag = "insights", operation_id = "get_request", params(("id" = String, Path)),
    responses((status = 200, body = RequestDetail))
)]
pub(super) async fn get(
    _: May<ReadUsage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Answer<RequestDetail>, Error> {
    Ok(Answer(app.request(&id).await?))
}
