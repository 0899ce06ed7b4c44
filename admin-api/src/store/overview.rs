//! The few figures that Home shows.

use super::db::{Db, StoreError, read};

impl Db {
    /// Whether a key of this application, or one of any other, has ever been used with success.
    pub(crate) async fn called(&self, playground: &str) -> Result<(bool, bool), StoreError> {
        let by: Option<(i64,)> = read!(self, c => sqlx::query_as(
            "SELECT hour FROM usage_hours WHERE application = $1 AND outcome = 'ok' LIMIT 1",
        ).bind(playground).fetch_optional(c).await)?;
        let others: Option<(i64,)> = read!(self, c => sqlx::query_as(
            "SELECT hour FROM usage_hours WHERE application <> $1 AND application <> '' AND outcome = 'ok' LIMIT 1",
        ).bind(playground).fetch_optional(c).await)?;
        Ok((by.is_some(), others.is_some()))
    }
}
