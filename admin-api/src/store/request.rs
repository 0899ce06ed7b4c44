//! Reads the request log.

use super::db::{Db, StoreError, read};
use super::resource::like;

/// One request, without its attempts. The field names are those of [`weir_domain::ledger::Record`].
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct RequestRow {
    pub(crate) id: String,
    pub(crate) node: String,
    pub(crate) at: i64,
    pub(crate) duration_us: i64,
    pub(crate) upstream_us: i64,
    pub(crate) first_byte_us: Option<i64>,
    pub(crate) traffic: String,
    pub(crate) team: String,
    pub(crate) application: String,
    pub(crate) key_id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) service: String,
    pub(crate) route: String,
    pub(crate) dialect: Option<String>,
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) upstream_model: String,
    pub(crate) stream: i64,
    pub(crate) status: i64,
    pub(crate) outcome: String,
    pub(crate) error: String,
    #[sqlx(flatten)]
    pub(crate) tokens: TokenColumns,
    pub(crate) usage_source: String,
    pub(crate) cost: Option<i64>,
    pub(crate) request_bytes: i64,
    pub(crate) response_bytes: i64,
    pub(crate) dropped: String,
}

/// One attempt.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct AttemptRow {
    pub(crate) number: i64,
    pub(crate) provider: String,
    pub(crate) provider_key: String,
    pub(crate) target: String,
    pub(crate) started_us: i64,
    pub(crate) first_byte_us: Option<i64>,
    pub(crate) duration_us: i64,
    pub(crate) status: i64,
    pub(crate) outcome: String,
    pub(crate) error: String,
    #[sqlx(flatten)]
    pub(crate) tokens: TokenColumns,
    pub(crate) usage_source: String,
    pub(crate) cost: Option<i64>,
    pub(crate) price: String,
}

/// The ten buckets, as columns.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub(crate) struct TokenColumns {
    pub(crate) input_uncached: i64,
    pub(crate) cache_read: i64,
    pub(crate) cache_write_5m: i64,
    pub(crate) cache_write_1h: i64,
    pub(crate) output_text: i64,
    pub(crate) reasoning: i64,
    pub(crate) audio_in: i64,
    pub(crate) audio_out: i64,
    pub(crate) image_in: i64,
    pub(crate) image_out: i64,
}

/// What requests are narrowed to, in the log and in usage reports; empty text means anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestFilter {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) team: String,
    pub(crate) application: String,
    pub(crate) key: String,
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) service: String,
    pub(crate) outcome: String,
    /// Statuses from and to, both within; 0 and 999 for all.
    pub(crate) status: (i64, i64),
    pub(crate) traffic: String,
    /// Text that id, path, model or error hold.
    pub(crate) search: String,
}

impl Db {
    /// A page of the log, newest first, below the place `(at, id)`.
    pub(crate) async fn requests(
        &self,
        filter: &RequestFilter,
        below: (i64, &str),
        limit: i64,
    ) -> Result<Vec<RequestRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, node, at, duration_us, upstream_us, first_byte_us, traffic, team, application, key_id, method,
                 path, service, route, dialect, model, provider, upstream_model, stream, status, outcome, error,
                 input_uncached, cache_read, cache_write_5m, cache_write_1h, output_text, reasoning, audio_in,
                 audio_out, image_in, image_out, usage_source, cost, request_bytes, response_bytes, dropped
             FROM requests
             WHERE at >= $1 AND at < $2 AND ($3 = '' OR team = $3) AND ($4 = '' OR application = $4)
             AND ($5 = '' OR key_id = $5) AND ($6 = '' OR model = $6) AND ($7 = '' OR provider = $7)
             AND ($8 = '' OR service = $8) AND ($9 = '' OR outcome = $9) AND status >= $10 AND status <= $11
             AND ($12 = '' OR traffic = $12)
             AND ($13 = '%%' OR LOWER(id) LIKE $13 ESCAPE '!' OR LOWER(path) LIKE $13 ESCAPE '!'
                  OR LOWER(model) LIKE $13 ESCAPE '!' OR LOWER(error) LIKE $13 ESCAPE '!')
             AND (at < $14 OR (at = $14 AND id < $15))
             ORDER BY at DESC, id DESC LIMIT $16",
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
        .bind(like(&filter.search.to_lowercase()))
        .bind(below.0)
        .bind(below.1)
        .bind(limit)
        .fetch_all(c)
        .await)
    }

    /// One request.
    pub(crate) async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT id, node, at, duration_us, upstream_us, first_byte_us, traffic, team, application, key_id, method,
                 path, service, route, dialect, model, provider, upstream_model, stream, status, outcome, error,
                 input_uncached, cache_read, cache_write_5m, cache_write_1h, output_text, reasoning, audio_in,
                 audio_out, image_in, image_out, usage_source, cost, request_bytes, response_bytes, dropped
             FROM requests WHERE id = $1",
        ).bind(id).fetch_optional(c).await)
    }

    /// The attempts of a request, in order.
    pub(crate) async fn attempts(&self, request: &str) -> Result<Vec<AttemptRow>, StoreError> {
        read!(self, c => sqlx::query_as(
            "SELECT number, provider, provider_key, target, started_us, first_byte_us, duration_us, status, outcome,
                 error, input_uncached, cache_read, cache_write_5m, cache_write_1h, output_text, reasoning, audio_in,
                 audio_out, image_in, image_out, usage_source, cost, price
             FROM attempts WHERE request_id = $1 ORDER BY number",
        ).bind(request).fetch_all(c).await)
    }
}
