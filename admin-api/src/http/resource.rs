//! The operations that every kind of resource has.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use weir_domain::resource::Kind;

use super::body::{Json, Query};
use super::guard::{May, ReadConfig, WriteConfig};
use super::openapi::{self, AnyCreate, AnyHistory, AnyPage, AnyReplace, AnyResource, RollbackBody};
use super::precondition::{etag, if_match, not_modified};
use crate::app::App;
use crate::app::change::{Done, Edit, Order};
use crate::app::resource::{self, HistoryView, ListQuery, Page, ResourceView};
use crate::error::Error;

/// How a change is tried first.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangeQuery {
    /// Checks everything and answers as usual, but keeps nothing.
    pub(super) dry_run: bool,
}

/// The routes of a kind, with their part of the OpenAPI document.
pub(super) fn routes(kind: Kind) -> Vec<UtoipaMethodRouter<Arc<App>>> {
    let all = [routes!(list, create), routes!(get, replace, remove), routes!(history), routes!(rollback)];
    all.into_iter()
        .map(|(schemas, paths, router)| {
            let (schemas, paths) = openapi::specialise(kind, schemas, paths);
            (schemas, paths, router).layer(Extension(kind))
        })
        .collect()
}

fn answer(status: StatusCode, view: &ResourceView) -> Response {
    let mut response = (status, axum::Json(view)).into_response();
    response.headers_mut().insert(ETAG, etag(view.version));
    response
}

/// The resource after a change.
fn changed(status: StatusCode, done: Done) -> Result<Response, Error> {
    let stored = done.after.ok_or_else(|| Error::Internal("a change left no resource".to_owned()))?;
    Ok(answer(status, &resource::view(stored)))
}

/// A page of the kind, ordered by id.
#[utoipa::path(get, path = "/{collection}", params(ListQuery), responses((status = 200, body = AnyPage)))]
async fn list(
    _: May<ReadConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<ResourceView>>, Error> {
    Ok(axum::Json(app.list(kind, &query).await?))
}

/// Makes a new one.
#[utoipa::path(
    post, path = "/{collection}", params(ChangeQuery, ("Idempotency-Key" = Option<String>, Header)),
    request_body = AnyCreate, responses((status = 201, body = AnyResource))
)]
async fn create(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Query(query): Query<ChangeQuery>,
    Json(body): Json<Value>,
) -> Result<Response, Error> {
    let (resource, found) = resource::from_body(kind, None, &body)?;
    let location = format!("/api/v1/{}/{}", kind.collection(), resource.id);
    let order = Order { found, ..Order::one(Edit::Create(resource), &may.actor, query.dry_run) };
    let done = app.change(order).await?.only()?;
    if query.dry_run {
        return changed(StatusCode::OK, done);
    }
    let mut response = changed(StatusCode::CREATED, done)?;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One, with its ETag.
#[utoipa::path(
    get, path = "/{collection}/{id}", params(("id" = String, Path), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = AnyResource), (status = 304))
)]
async fn get(
    _: May<ReadConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let view = app.resource(kind, &id).await?;
    if not_modified(&headers, view.version)? {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag(view.version))]).into_response());
    }
    Ok(answer(StatusCode::OK, &view))
}

/// Gives it new content.
#[utoipa::path(
    put, path = "/{collection}/{id}", params(("id" = String, Path), ("If-Match" = String, Header), ChangeQuery),
    request_body = AnyReplace, responses((status = 200, body = AnyResource))
)]
async fn replace(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response, Error> {
    let matches = if_match(&headers)?;
    let (mut resource, found) = resource::from_body(kind, Some(&id), &body)?;
    if body.get("team").is_none() {
        // Content without a team keeps the one it has.
        resource.team = app.resource(kind, &id).await?.team;
    }
    let order = Order { found, ..Order::one(Edit::Replace(resource, matches), &may.actor, query.dry_run) };
    changed(StatusCode::OK, app.change(order).await?.only()?)
}

/// Removes it.
#[utoipa::path(
    delete, path = "/{collection}/{id}", params(("id" = String, Path), ("If-Match" = String, Header), ChangeQuery),
    responses((status = 204))
)]
async fn remove(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
) -> Result<StatusCode, Error> {
    let edit = Edit::Delete(kind, id, if_match(&headers)?);
    app.change(Order::one(edit, &may.actor, query.dry_run)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Its versions, newest first; those of a removed one too.
#[utoipa::path(
    get, path = "/{collection}/{id}/history", params(("id" = String, Path), ListQuery),
    responses((status = 200, body = AnyHistory))
)]
async fn history(
    _: May<ReadConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<Page<HistoryView>>, Error> {
    Ok(axum::Json(app.history(kind, &id, &query).await?))
}

/// Gives it the content of an earlier version, as a new one.
#[utoipa::path(
    post, path = "/{collection}/{id}/rollback",
    params(("id" = String, Path), ("If-Match" = String, Header), ChangeQuery),
    request_body = RollbackBody, responses((status = 200, body = AnyResource))
)]
async fn rollback(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Extension(kind): Extension<Kind>,
    Path(id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(body): Json<RollbackBody>,
) -> Result<Response, Error> {
    let edit = Edit::Rollback(kind, id, body.version, if_match(&headers)?);
    changed(StatusCode::OK, app.change(Order::one(edit, &may.actor, query.dry_run)).await?.only()?)
}
