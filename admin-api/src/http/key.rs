//! Making and revoking the API keys of applications.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::spec::ApiKey;

use super::body::{OptionalJson, Query};
use super::guard::{May, WriteConfig};
use super::precondition::etag;
use super::resource::ChangeQuery;
use crate::app::App;
use crate::app::key::NewKey;
use crate::app::resource::{self, ResourceView};
use crate::error::Error;

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeApiKey {
    /// The whole key: shown this once.
    key: String,
    /// The resource that stands for it.
    #[schema(value_type = Object)]
    api_key: ResourceView,
}

/// Makes a key for an application. The key is shown this once.
#[utoipa::path(
    post, path = "/applications/{id}/keys", tag = "api-keys", operation_id = "make_key",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewKey, responses((status = 201, body = MadeApiKey))
)]
pub(super) async fn make(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Path(application): Path<String>,
    OptionalJson(new): OptionalJson<NewKey>,
) -> Result<Response, Error> {
    let spec = ApiKey {
        application,
        name: new.name,
        expires_at: new.expires_at,
        models: new.models,
        services: new.services,
        providers: new.providers,
        ..ApiKey::default()
    };
    let (key, stored) = app.make_key(spec, &may.actor).await?;
    let made = MadeApiKey { key: key.expose().to_owned(), api_key: resource::view(stored) };
    Ok((StatusCode::CREATED, axum::Json(made)).into_response())
}

/// Revokes a key: it is refused on every node within two seconds, for good.
#[utoipa::path(
    post, path = "/api-keys/{id}/revoke", tag = "api-keys", operation_id = "revoke_key",
    params(("id" = String, Path), ChangeQuery), responses((status = 200, body = Object))
)]
pub(super) async fn revoke(
    may: May<WriteConfig>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<ChangeQuery>,
) -> Result<Response, Error> {
    let view = resource::view(app.revoke_key(&id, &may.actor, query.dry_run).await?);
    Ok(([(ETAG, etag(view.version))], axum::Json(view)).into_response())
}
