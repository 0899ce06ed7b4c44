//! Whether this process can serve: for load balancers and service managers.

use std::sync::Arc;

use axum::extract::State;

use crate::app::App;
use crate::error::Error;

/// 200 while the database answers.
pub(super) async fn health(State(app): State<Arc<App>>) -> Result<&'static str, Error> {
    app.db.revision().await?;
    Ok("ok\n")
}
