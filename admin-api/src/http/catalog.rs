//! `/catalog`: vendors and models that are known before anybody configures them.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use super::body::Query;
use super::guard::{May, ReadConfig};
use crate::app::App;
use crate::app::catalog::{CatalogModelView, CatalogQuery, CatalogView};
use crate::app::resource::Page;
use crate::error::Error;

/// Vendors that are known before anybody configures them, with the ids of their models.
#[utoipa::path(get, path = "/catalog/providers", tag = "models", operation_id = "catalog",
    responses((status = 200, body = CatalogView)))]
pub(super) async fn providers(_: May<ReadConfig>, State(app): State<Arc<App>>) -> Result<Answer<CatalogView>, Error> {
    Ok(Answer(app.catalog()?))
}

/// Models that are known, with what they can do and their prices by date, by provider and id.
#[utoipa::path(get, path = "/catalog/models", tag = "models", operation_id = "catalog_models", params(CatalogQuery),
    responses((status = 200, body = Page<CatalogModelView>)))]
pub(super) async fn models(
    _: May<ReadConfig>,
    State(app): State<Arc<App>>,
    Query(query): Query<CatalogQuery>,
) -> Result<Answer<Page<CatalogModelView>>, Error> {
    Ok(Answer(app.catalog_models(&query)?))
}
