//! `/usage`: sums over the ledger.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::body::Query;
use super::filter;
use super::guard::{May, ReadUsage};
use crate::app::App;
use crate::app::request::FilterQuery;
use crate::app::usage::{GroupQuery, UsageReport};
use crate::error::Error;

/// Sums of requests, errors, tokens, cost and latency, by group and time.
#[utoipa::path(
    get, path = "/usage", tag = "insights", params(FilterQuery, GroupQuery),
    responses((status = 200, body = UsageReport))
)]
pub(super) async fn report(
    _: May<ReadUsage>,
    State(app): State<Arc<App>>,
    Query(filter): Query<FilterQuery>,
    Query(by): Query<GroupQuery>,
) -> Result<Answer<UsageReport>, Error> {
    filter::check(&filter)?;
    Ok(Answer(app.usage(filter, &by).await?))
}
