//! `/tokens`: admin tokens.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::body::{Json, Query};
use super::guard::{ManageAccess, May};
use crate::app::App;
use crate::app::resource::{ListQuery, Page};
use crate::app::token::{MadeToken, NewToken, TokenView};
use crate::error::Error;

/// A page of tokens, oldest first.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens", operation_id = "list_tokens", params(ListQuery),
    responses((status = 200, body = Page<TokenView>))
)]
pub(super) async fn list(
    _: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<TokenView>>, Error> {
    Ok(Answer(app.tokens(&query).await?))
}

/// Makes a token that may do no more than its maker. It is shown this once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", operation_id = "make_token",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewToken, responses((status = 201, body = MadeToken))
)]
pub(super) async fn make(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Answer<MadeToken>), Error> {
    let made = app.make_token(new, &may.caller, &may.actor).await?;
    Ok((StatusCode::CREATED, Answer(made)))
}

/// Removes a token: it is refused from the next request on.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", operation_id = "remove_token", params(("id" = String, Path)),
    responses((status = 204))
)]
pub(super) async fn remove(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    app.remove_token(&id, &may.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
