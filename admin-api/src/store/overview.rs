//! The few figures that Home shows.

use super::db::{Db, StoreError, read};

/// What the ledger holds since a moment.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Totals {
    pub(crate) requests: i64,
    pub(crate) errors: i64,
    pub(crate) cost: i64,
    pub(crate) unpriced: i64,
    pub(crate) tokens: i64,
}

impl Db {
    /// Sums since a moment.
    pub(crate) async fn totals_since(&self, from: i64) -> Result<Totals, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT COUNT(*) AS requests,
                 CAST(COALESCE(SUM(CASE WHEN outcome <> 'ok' OR status >= 400 THEN 1 ELSE 0 END), 0) AS BIGINT)
                     AS errors,
                 CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost,
                 CAST(COALESCE(SUM(CASE WHEN cost IS NULL AND usage_source <> 'none' THEN 1 ELSE 0 END), 0) AS BIGINT)
                     AS unpriced,
                 CAST(COALESCE(SUM(input_uncached + cache_read + cache_write_5m + cache_write_1h + output_text
                     + reasoning + audio_in + audio_out + image_in + image_out), 0) AS BIGINT) AS tokens
             FROM requests WHERE at >= $1",
        ).bind(from).fetch_one(c).await)
    }

    /// Whether a key of this application, or one of any other, has ever been used with success.
    pub(crate) async fn called(&self, playground: &str) -> Result<(bool, bool), StoreError> {
        let by: Option<(i64,)> = read!(self, c => sqlx::query_as(
            "SELECT at FROM requests WHERE application = $1 AND outcome = 'ok' LIMIT 1",
        ).bind(playground).fetch_optional(c).await)?;
        let others: Option<(i64,)> = read!(self, c => sqlx::query_as(
            "SELECT at FROM requests WHERE application <> $1 AND application <> '' AND outcome = 'ok' LIMIT 1",
        ).bind(playground).fetch_optional(c).await)?;
        Ok((by.is_some(), others.is_some()))
    }
}
