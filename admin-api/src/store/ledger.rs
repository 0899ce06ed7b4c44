//! Writes the ledger: one row per request and one per attempt, idempotent by the request's id.

use std::borrow::Cow;

use weir_domain::ledger::{Attempt, Record, Traffic};
use weir_domain::money::NanoUsd;

use super::db::{StoreError, Tx, execute};

/// PostgreSQL takes no NUL in text, and one record must not hold up a batch for ever.
fn text(value: &str) -> Cow<'_, str> {
    if value.contains('\0') { Cow::Owned(value.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(value) }
}

/// The most that a counter of one request holds: a million times what any was seen to be.
const MOST: i64 = 1_000_000_000_000;
/// The most that one request costs, a million dollars in nano-dollars.
const DEAREST: i64 = 1_000_000_000_000_000;

/// Counters come from providers, and one that lies must not make every later sum overflow.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(MOST).min(MOST)
}

fn money(cost: NanoUsd) -> i64 {
    cost.0.clamp(-DEAREST, DEAREST)
}

fn traffic(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Ai => "ai",
        Traffic::Rest => "rest",
    }
}

impl Tx {
    /// Stores a record with its attempts; tells whether it was new.
    pub(crate) async fn add_record(&mut self, record: &Record) -> Result<bool, StoreError> {
        let tokens = &record.usage.tokens;
        let dropped = serde_json::to_string(&record.dropped).unwrap_or_default();
        let inserted = execute!(self, sqlx::query(
            "INSERT INTO requests (id, node, at, duration_us, upstream_us, first_byte_us, traffic, team, application,
                 key_id, method, path, service, route, dialect, model, provider, upstream_model, stream, status,
                 outcome, error, input_uncached, cache_read, cache_write_5m, cache_write_1h, output_text, reasoning,
                 audio_in, audio_out, image_in, image_out, usage_source, cost, request_bytes, response_bytes, dropped)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                 $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(text(&record.id))
        .bind(text(&record.node))
        .bind(record.at)
        .bind(number(record.duration_us))
        .bind(number(record.upstream_us))
        .bind(record.first_byte_us.map(number))
        .bind(traffic(record.traffic))
        .bind(text(&record.team))
        .bind(text(&record.application))
        .bind(text(&record.key))
        .bind(text(&record.method))
        .bind(text(&record.path))
        .bind(text(&record.service))
        .bind(text(&record.route))
        .bind(record.dialect.map(|d| d.as_str()))
        .bind(text(&record.model))
        .bind(text(&record.provider))
        .bind(text(&record.upstream_model))
        .bind(i64::from(record.stream))
        .bind(i64::from(record.status))
        .bind(record.outcome.as_str())
        .bind(text(&record.error))
        .bind(number(tokens.input_uncached))
        .bind(number(tokens.cache_read))
        .bind(number(tokens.cache_write_5m))
        .bind(number(tokens.cache_write_1h))
        .bind(number(tokens.output_text))
        .bind(number(tokens.reasoning))
        .bind(number(tokens.audio_in))
        .bind(number(tokens.audio_out))
        .bind(number(tokens.image_in))
        .bind(number(tokens.image_out))
        .bind(record.usage.source.as_str())
        .bind(record.cost.map(money))
        .bind(number(record.request_bytes))
        .bind(number(record.response_bytes))
        .bind(text(&dropped)))?;
        if inserted == 0 {
            return Ok(false);
        }
        for attempt in &record.attempts {
            self.add_attempt(&record.id, attempt).await?;
        }
        Ok(true)
    }

    async fn add_attempt(&mut self, request: &str, attempt: &Attempt) -> Result<(), StoreError> {
        let tokens = &attempt.usage.tokens;
        execute!(
            self,
            sqlx::query(
                "INSERT INTO attempts (request_id, number, provider, provider_key, target, started_us, first_byte_us,
                 duration_us, status, outcome, error, input_uncached, cache_read, cache_write_5m, cache_write_1h,
                 output_text, reasoning, audio_in, audio_out, image_in, image_out, usage_source, cost, price)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                 $22, $23, $24)
             ON CONFLICT (request_id, number) DO NOTHING",
            )
            .bind(text(request))
            .bind(i64::from(attempt.number))
            .bind(text(&attempt.provider))
            .bind(text(&attempt.provider_key))
            .bind(text(&attempt.target))
            .bind(number(attempt.started_us))
            .bind(attempt.first_byte_us.map(number))
            .bind(number(attempt.duration_us))
            .bind(i64::from(attempt.status))
            .bind(attempt.outcome.as_str())
            .bind(text(&attempt.error))
            .bind(number(tokens.input_uncached))
            .bind(number(tokens.cache_read))
            .bind(number(tokens.cache_write_5m))
            .bind(number(tokens.cache_write_1h))
            .bind(number(tokens.output_text))
            .bind(number(tokens.reasoning))
            .bind(number(tokens.audio_in))
            .bind(number(tokens.audio_out))
            .bind(number(tokens.image_in))
            .bind(number(tokens.image_out))
            .bind(attempt.usage.source.as_str())
            .bind(attempt.cost.map(money))
            .bind(text(&attempt.price))
        )?;
        Ok(())
    }
}
