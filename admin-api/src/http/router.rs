//! The complete list of routes, and the layers that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_domain::resource::Kind;

use super::body::MAX_BODY;
use super::openapi::{self, Problem};
use super::{
    assets, audit, bodies, catalog, config, conflicts, guard, headers, health, idempotency, key, model, overview,
    playground, provider, query, request, resource, route_document, routing, schema, session, setup, token, usage,
    user,
};
use crate::app::App;
use crate::error::Error;

#[derive(OpenApi)]
#[openapi(components(schemas(Problem)))]
struct Base;

/// The routes below `/api/v1`, with their document.
fn api() -> OpenApiRouter<Arc<App>> {
    let mut api = OpenApiRouter::with_openapi(Base::openapi());
    for kind in Kind::ALL {
        for routes in resource::routes(kind) {
            api = api.routes(routes);
        }
    }
    api.routes(routes!(setup::needed, setup::set_up))
        .routes(routes!(session::current, session::sign_in, session::sign_out))
        .routes(routes!(key::make))
        .routes(routes!(key::revoke))
        .routes(routes!(token::list, token::make))
        .routes(routes!(token::remove))
        .routes(routes!(user::list, user::make))
        .routes(routes!(user::remove))
        .routes(routes!(user::change_role))
        .routes(routes!(user::disable))
        .routes(routes!(user::change_password))
        .routes(routes!(provider::test))
        .routes(routes!(catalog::providers))
        .routes(routes!(catalog::models))
        .routes(routes!(model::models))
        .routes(routes!(routing::routing))
        .routes(routes!(route_document::of_route))
        .routes(routes!(playground::chat))
        .routes(routes!(usage::report))
        .routes(routes!(request::list))
        .routes(routes!(request::get))
        .routes(routes!(bodies::get, bodies::erase))
        .routes(routes!(bodies::erase_of_team))
        .routes(routes!(conflicts::held))
        .routes(routes!(conflicts::break_lock))
        .routes(routes!(conflicts::forget_key))
        .routes(routes!(audit::list))
        .routes(routes!(audit::check))
        .routes(routes!(overview::overview))
        .routes(routes!(overview::system))
        .routes(routes!(config::plan))
        .routes(routes!(config::apply))
        .routes(routes!(config::export))
        .routes(routes!(schema::of_kind))
}

/// The OpenAPI document.
pub(crate) fn document() -> serde_json::Value {
    openapi::finish(&api().into_openapi())
}

/// Everything that the control plane answers.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (api, document) = api().split_for_parts();
    let document = openapi::finish(&document);
    let known = Arc::new(query::Known::of(&document));
    // Rendered once: it is the same for every caller.
    let document: Arc<str> = document.to_string().into();
    let api = api
        .route(
            "/openapi.json",
            get(move || async move { ([(CONTENT_TYPE, "application/json")], document.to_string()) }),
        )
        .fallback(|| async { Error::NotFound("there is nothing at this path; see /api/v1/openapi.json".to_owned()) })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .layer(from_fn_with_state(Arc::clone(app), idempotency::layer))
        .layer(from_fn_with_state(Arc::clone(app), guard::layer))
        .layer(from_fn_with_state(known, query::layer));
    Router::new()
        .nest("/api/v1", api)
        .route("/healthz", get(health::health))
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(headers::layer))
        .with_state(Arc::clone(app))
}
