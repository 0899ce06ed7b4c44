//! `/schema/{kind}`: JSON Schema for editors and generators.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use weir_domain::resource::Kind;

use super::guard::{May, ReadConfig};
use crate::error::Error;

/// The JSON Schema (draft 2020-12) of a document of a kind.
#[utoipa::path(
    get, path = "/schema/{kind}", tag = "config", operation_id = "schema",
    params(("kind" = String, Path, description = "`ModelRoute` or `model-routes`")),
    responses((status = 200, body = Object, content_type = "application/schema+json"))
)]
pub(super) async fn of_kind(_: May<ReadConfig>, Path(kind): Path<String>) -> Result<Response, Error> {
    let kind: Kind = kind.parse().map_err(Error::NotFound)?;
    let schema = weir_domain::schema::of(kind).to_string();
    Ok(([(CONTENT_TYPE, "application/schema+json")], schema).into_response())
}
