//! `/users` and `/me`: people, their roles, and one's own password.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::body::{Json, Query};
use super::guard::{ManageAccess, May, Person};
use crate::app::App;
use crate::app::resource::{ListQuery, Page};
use crate::app::user::{DisabledChange, NewUser, PasswordChange, RoleChange, UserAccount};
use crate::error::Error;

/// A page of the people who may sign in, oldest first.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "list_users", params(ListQuery),
    responses((status = 200, body = Page<UserAccount>))
)]
pub(super) async fn list(
    _: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<UserAccount>>, Error> {
    Ok(Answer(app.users(&query).await?))
}

/// Makes a person with a role and a first password, which they change themselves.
#[utoipa::path(
    post, path = "/users", tag = "users", operation_id = "make_user",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NewUser, responses((status = 201, body = UserAccount))
)]
pub(super) async fn make(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Answer<UserAccount>), Error> {
    Ok((StatusCode::CREATED, Answer(app.make_user(new, &may.actor).await?)))
}

/// Gives a person another role; it holds from their next request on. The last owner stays one.
#[utoipa::path(
    put, path = "/users/{id}/role", tag = "users", operation_id = "change_role", params(("id" = String, Path)),
    request_body = RoleChange, responses((status = 200, body = UserAccount))
)]
pub(super) async fn change_role(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(change): Json<RoleChange>,
) -> Result<Answer<UserAccount>, Error> {
    Ok(Answer(app.change_role(&id, &change, &may.actor).await?))
}

/// Keeps a person from signing in and ends their sessions, or lets them sign in again. Not the last owner.
#[utoipa::path(
    put, path = "/users/{id}/disabled", tag = "users", operation_id = "disable_user", params(("id" = String, Path)),
    request_body = DisabledChange, responses((status = 200, body = UserAccount))
)]
pub(super) async fn disable(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(change): Json<DisabledChange>,
) -> Result<Answer<UserAccount>, Error> {
    Ok(Answer(app.disable_user(&id, &change, &may.actor).await?))
}

/// Removes a person and ends their sessions. Not the last owner.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", operation_id = "remove_user", params(("id" = String, Path)),
    responses((status = 204))
)]
pub(super) async fn remove(
    may: May<ManageAccess>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    app.remove_user(&id, &may.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes one's own password; one's other sessions end.
#[utoipa::path(
    put, path = "/me/password", tag = "users", operation_id = "change_password",
    request_body = PasswordChange, responses((status = 204))
)]
pub(super) async fn change_password(
    person: Person,
    State(app): State<Arc<App>>,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode, Error> {
    app.change_password(&person.session, change, &person.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
