//! `/audit`: who changed what.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::body::Query;
use super::guard::{May, ReadAudit};
use crate::app::App;
use crate::app::audit::{AuditCheck, AuditEntry, AuditQuery};
use crate::app::resource::Page;
use crate::error::Error;

/// A page of the trail, newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit", operation_id = "list_audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>))
)]
pub(super) async fn list(
    _: May<ReadAudit>,
    State(app): State<Arc<App>>,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<Page<AuditEntry>>, Error> {
    Ok(Answer(app.audit(&query).await?))
}

/// Reads the whole trail and tells whether an entry was changed, put in or taken out.
#[utoipa::path(
    get, path = "/audit/check", tag = "audit", operation_id = "check_audit",
    responses((status = 200, body = AuditCheck))
)]
pub(super) async fn check(_: May<ReadAudit>, State(app): State<Arc<App>>) -> Result<Answer<AuditCheck>, Error> {
    Ok(Answer(app.check_audit().await?))
}
