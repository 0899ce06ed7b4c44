//! Sums over the ledger: requests, errors, tokens, cost and latency, by group and time.

use super::db::{Db, StoreError, read};
use super::request::{RequestFilter, TokenColumns};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct UsageQuery {
    /// Which requests count.
    pub(crate) filter: RequestFilter,
    /// `team`, `application`, `key`, `model`, `provider`, `service`, `status`, or anything else for one group.
    pub(crate) group_by: &'static str,
    /// Width of a bucket of time in microseconds; `i64::MAX` for one bucket.
    pub(crate) width: i64,
}

/// The sums of one group in one bucket.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct UsageRow {
    pub(crate) bucket: i64,
    pub(crate) grp: String,
    pub(crate) requests: i64,
    pub(crate) errors: i64,
    pub(crate) unpriced: i64,
    pub(crate) cost: i64,
    #[sqlx(flatten)]
    pub(crate) tokens: TokenColumns,
}

/// Latency of one group in one bucket, in microseconds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct LatencyRow {
    pub(crate) bucket: i64,
    pub(crate) grp: String,
    pub(crate) p50: i64,
    pub(crate) p90: i64,
    pub(crate) p99: i64,
}

impl Db {
    /// Sums by bucket and group. An error is an outcome other than `ok`, or a status of 400 and more.
    pub(crate) async fn usage(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, StoreError> {
        let filter = &query.filter;
        read!(self, c => sqlx::query_as(
            "SELECT bucket, grp, COUNT(*) AS requests,
                 CAST(SUM(CASE WHEN outcome <> 'ok' OR status >= 400 THEN 1 ELSE 0 END) AS BIGINT) AS errors,
                 CAST(SUM(CASE WHEN cost IS NULL AND usage_source <> 'none' THEN 1 ELSE 0 END) AS BIGINT) AS unpriced,
                 CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost,
                 CAST(SUM(input_uncached) AS BIGINT) AS input_uncached, CAST(SUM(cache_read) AS BIGINT) AS cache_read,
                 CAST(SUM(cache_write_5m) AS BIGINT) AS cache_write_5m,
                 CAST(SUM(cache_write_1h) AS BIGINT) AS cache_write_1h,
                 CAST(SUM(output_text) AS BIGINT) AS output_text, CAST(SUM(reasoning) AS BIGINT) AS reasoning,
                 CAST(SUM(audio_in) AS BIGINT) AS audio_in, CAST(SUM(audio_out) AS BIGINT) AS audio_out,
                 CAST(SUM(image_in) AS BIGINT) AS image_in, CAST(SUM(image_out) AS BIGINT) AS image_out
             FROM (SELECT at - at % $13 AS bucket,
                     CASE $14 WHEN 'team' THEN team WHEN 'application' THEN application WHEN 'key' THEN key_id
                          WHEN 'model' THEN model WHEN 'provider' THEN provider WHEN 'service' THEN service
                          WHEN 'status' THEN CAST(status AS TEXT) ELSE '' END AS grp,
                     outcome, status, cost, usage_source, input_uncached, cache_read, cache_write_5m, cache_write_1h,
                     output_text, reasoning, audio_in, audio_out, image_in, image_out
                 FROM requests
                 WHERE at >= $1 AND at < $2 AND ($3 = '' OR team = $3) AND ($4 = '' OR application = $4)
                 AND ($5 = '' OR key_id = $5) AND ($6 = '' OR model = $6) AND ($7 = '' OR provider = $7)
                 AND ($8 = '' OR service = $8) AND ($9 = '' OR outcome = $9) AND status >= $10 AND status <= $11
                 AND ($12 = '' OR traffic = $12)) AS counted
             GROUP BY bucket, grp ORDER BY bucket, grp",
        )
        .bind(filter.from)
        .bind(filter.to)
        .bind(&filter.team)
        .bind(&filter.application)
        .bind(&filter.key)
        .bind(&filter.model)
        .bind(&filter.provider)
        .bind(&filter.service)
        .bind(&filter.outcome)
        .bind(filter.status.0)
        .bind(filter.status.1)
        .bind(&filter.traffic)
        .bind(query.width)
        .bind(query.group_by)
        .fetch_all(c)
        .await)
    }

    /// Exact percentiles by nearest rank: the smallest duration that at least p % of requests stay within.
    pub(crate) async fn latency(&self, query: &UsageQuery) -> Result<Vec<LatencyRow>, StoreError> {
        let filter = &query.filter;
        read!(self, c => sqlx::query_as(
            "SELECT bucket, grp,
                 CAST(MIN(CASE WHEN place * 100 >= total * 50 THEN duration_us END) AS BIGINT) AS p50,
                 CAST(MIN(CASE WHEN place * 100 >= total * 90 THEN duration_us END) AS BIGINT) AS p90,
                 CAST(MIN(CASE WHEN place * 100 >= total * 99 THEN duration_us END) AS BIGINT) AS p99
             FROM (SELECT bucket, grp, duration_us,
                     ROW_NUMBER() OVER (PARTITION BY bucket, grp ORDER BY duration_us) AS place,
                     COUNT(*) OVER (PARTITION BY bucket, grp) AS total
                 FROM (SELECT at - at % $13 AS bucket,
                         CASE $14 WHEN 'team' THEN team WHEN 'application' THEN application WHEN 'key' THEN key_id
                              WHEN 'model' THEN model WHEN 'provider' THEN provider WHEN 'service' THEN service
                              WHEN 'status' THEN CAST(status AS TEXT) ELSE '' END AS grp,
                         duration_us
                     FROM requests
                     WHERE at >= $1 AND at < $2 AND ($3 = '' OR team = $3) AND ($4 = '' OR application = $4)
                     AND ($5 = '' OR key_id = $5) AND ($6 = '' OR model = $6) AND ($7 = '' OR provider = $7)
                     AND ($8 = '' OR service = $8) AND ($9 = '' OR outcome = $9) AND status >= $10 AND status <= $11
                     AND ($12 = '' OR traffic = $12)) AS counted) AS ranked
             GROUP BY bucket, grp",
        )
        .bind(filter.from)
        .bind(filter.to)
        .bind(&filter.team)
        .bind(&filter.application)
        .bind(&filter.key)
        .bind(&filter.model)
        .bind(&filter.provider)
        .bind(&filter.service)
        .bind(&filter.outcome)
        .bind(filter.status.0)
        .bind(filter.status.1)
        .bind(&filter.traffic)
        .bind(query.width)
        .bind(query.group_by)
        .fetch_all(c)
        .await)
    }
}
