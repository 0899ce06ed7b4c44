//! Writes the ledger: one row per request and one per attempt, idempotent by the request's id.

use std::borrow::Cow;
use std::collections::HashSet;

use weir_domain::ledger::{Attempt, Record, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::name::is_derived;
use weir_domain::usage::Usage;

use super::db::{StoreError, Tx, execute, within};
use super::sql::{Add, Insert, Sql, Value};
use super::tokens::TokenColumns;

/// Columns of `requests`, in the order of [`request_values`].
pub(super) const REQUEST_COLUMNS: &str = "id, node, at, duration_us, upstream_us, first_byte_us, traffic, team, \
    application, key_id, method, path, service, route, dialect, model, asked_model, provider, upstream_model, stream, status, \
    outcome, error, input_uncached, cache_read, cache_write_5m, cache_write_1h, output_text, reasoning, audio_in, \
    audio_out, image_in, image_out, cache_read_audio, cache_read_image, video_in, usage_source, units, \
    service_tier, region, cost, cache, saved, request_bytes, response_bytes, dropped";
/// Columns of `attempts`, in the order of [`attempt_values`].
pub(super) const ATTEMPT_COLUMNS: &str = "request_id, number, provider, provider_key, target, started_us, \
    first_byte_us, duration_us, status, outcome, error, input_uncached, cache_read, cache_write_5m, cache_write_1h, \
    output_text, reasoning, audio_in, audio_out, image_in, image_out, cache_read_audio, cache_read_image, video_in, \
    usage_source, units, service_tier, region, cost, price, aborted, shadow, same_answer";

static REQUESTS: Insert =
    Insert::new("requests", Cow::Borrowed(REQUEST_COLUMNS), Cow::Borrowed("ON CONFLICT (id) DO NOTHING"));
static MISSING: Insert =
    Insert::new("requests", Cow::Borrowed(REQUEST_COLUMNS), Cow::Borrowed("ON CONFLICT (id) DO NOTHING RETURNING id"));
static ATTEMPTS: Insert = Insert::new(
    "attempts",
    Cow::Borrowed(ATTEMPT_COLUMNS),
    Cow::Borrowed("ON CONFLICT (request_id, number) DO NOTHING"),
);

/// PostgreSQL takes no NUL in text, and one record must not hold up a batch for ever.
pub(super) fn text(value: &str) -> Cow<'_, str> {
    if value.contains('\0') { Cow::Owned(value.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(value) }
}

/// The most that a counter of one request holds: a million times what any was seen to be.
const MOST: i64 = 1_000_000_000_000;
/// The most that one request costs, ten thousand dollars in nano-dollars: nearly a million of them fit into a sum.
const DEAREST: i64 = 10_000_000_000_000;
/// The most that a batch costs, which is one row for tens of thousands of requests: a million dollars.
const DEAREST_BATCH: i64 = 100 * DEAREST;

/// Counters come from providers, and one that lies must not make every later sum overflow.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(MOST).min(MOST)
}

/// The cost of the row with an id, or of an attempt of it.
pub(super) fn money(id: &str, cost: NanoUsd) -> i64 {
    let most = if is_derived(id) { DEAREST_BATCH } else { DEAREST };
    cost.0.clamp(-most, most)
}

pub(super) fn traffic(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Ai => "ai",
        Traffic::Rest => "rest",
    }
}

/// Gives each text of a list.
fn texts(add: &mut Add<'_>, list: &[&str]) {
    list.iter().for_each(|value| add(Value::Text(text(value))));
}

/// Gives each counter of a list.
fn numbers(add: &mut Add<'_>, list: &[u64]) {
    list.iter().for_each(|&value| add(Value::Number(number(value))));
}

/// The buckets, who counted them, and what was consumed beside tokens.
fn usage(add: &mut Add<'_>, usage: &Usage) {
    TokenColumns::of(&usage.tokens).values().into_iter().for_each(|tokens| add(Value::Number(tokens)));
    let units =
        if usage.units.is_empty() { String::new() } else { serde_json::to_string(&usage.units).unwrap_or_default() };
    texts(add, &[usage.source.as_str(), &units, usage.tier.as_str(), usage.region.as_str()]);
}

fn request_values(record: &&Record, add: &mut Add<'_>) {
    let r = *record;
    texts(add, &[&r.id, &r.node]);
    add(Value::Number(r.at));
    numbers(add, &[r.duration_us, r.upstream_us]);
    add(Value::MaybeNumber(r.first_byte_us.map(number)));
    texts(add, &[traffic(r.traffic), &r.team, &r.application, &r.key, &r.method, &r.path, &r.service, &r.route]);
    add(Value::MaybeText(r.dialect.map(|d| d.as_str())));
    texts(add, &[&r.model, &r.asked_model, &r.provider, &r.upstream_model]);
    numbers(add, &[u64::from(r.stream), u64::from(r.status)]);
    texts(add, &[r.outcome.as_str(), &r.error]);
    usage(add, &r.usage);
    add(Value::MaybeNumber(r.cost.map(|cost| money(&r.id, cost))));
    add(Value::MaybeText(r.cache.map(|status| status.as_str())));
    add(Value::MaybeNumber(r.saved.map(|saved| money(&r.id, saved))));
    numbers(add, &[r.request_bytes, r.response_bytes]);
    texts(
        add,
        &[&if r.dropped.is_empty() { "[]".into() } else { serde_json::to_string(&r.dropped).unwrap_or_default() }],
    );
}

fn attempt_values((request, attempt): &(&Record, &Attempt), add: &mut Add<'_>) {
    let a = *attempt;
    texts(add, &[request.shadow_of.as_ref().unwrap_or(&request.id)]);
    numbers(add, &[u64::from(a.number)]);
    texts(add, &[&a.provider, &a.provider_key, &a.target]);
    numbers(add, &[a.started_us]);
    add(Value::MaybeNumber(a.first_byte_us.map(number)));
    numbers(add, &[a.duration_us, u64::from(a.status)]);
    texts(add, &[a.outcome.as_str(), &a.error]);
    usage(add, &a.usage);
    add(Value::MaybeNumber(a.cost.map(|cost| money(&request.id, cost))));
    texts(add, &[&a.price]);
    add(Value::MaybeText(a.aborted.map(|aborted| aborted.as_str())));
    add(Value::Number(i64::from(a.shadow.is_some())));
    add(Value::MaybeNumber(a.shadow.and_then(|shadow| shadow.same_answer).map(i64::from)));
}

impl Tx {
    /// Stores records with their attempts and adds them to the rollups, all of them new. Tells whether they were:
    /// when not, roll back and use [`Tx::add_missing_records`]. Which of many were there is dearer to know.
    pub(crate) async fn add_new_records(&mut self, records: &[Record]) -> Result<bool, StoreError> {
        let requests = self.add_shadows(records).await?;
        let stored = self.insert(&REQUESTS, &requests, request_values).await?;
        if stored != requests.len() as u64 {
            return Ok(false);
        }
        self.add_to_record(&requests).await?;
        Ok(true)
    }

    /// The same for records of which some may be there, by their id: these stay as they are.
    pub(crate) async fn add_missing_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let mut requests = self.add_shadows(records).await?;
        let stored = self.insert_returning(&MISSING, &requests, request_values).await?;
        let mut stored: HashSet<String> = stored.into_iter().collect();
        // Taken out, so that a record that stands twice in the batch counts once.
        requests.retain(|record| stored.remove(&*text(&record.id)));
        self.add_to_record(&requests).await
    }

    /// Stores the attempts of shadows, as ones of the requests that they are shadows of: they count for nobody, so they are
    /// in no sum. Gives back the records of requests.
    async fn add_shadows<'r>(&mut self, records: &'r [Record]) -> Result<Vec<&'r Record>, StoreError> {
        let (shadows, requests): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|r| r.shadow_of.is_some());
        self.add_attempts(&shadows).await?;
        Ok(requests)
    }

    async fn add_attempts(&mut self, records: &[&Record]) -> Result<(), StoreError> {
        let attempts = records.iter().flat_map(|&record| record.attempts.iter().map(move |attempt| (record, attempt)));
        let attempts: Vec<(&Record, &Attempt)> = attempts.collect();
        self.insert(&ATTEMPTS, &attempts, attempt_values).await?;
        Ok(())
    }

    /// What belongs to requests that were stored in this transaction.
    async fn add_to_record(&mut self, requests: &[&Record]) -> Result<(), StoreError> {
        self.add_attempts(requests).await?;
        self.add_to_rollups(requests).await
    }

    /// Sets aside a record that the ledger refuses, with the reason.
    pub(crate) async fn add_dead_letter(&mut self, record: &Record, at: i64, reason: &str) -> Result<(), StoreError> {
        // JSON writes a NUL as an escape, so this text is one that both databases take.
        let json = serde_json::to_string(record).map_err(|e| sqlx::Error::Encode(e.into()))?;
        let digest = crate::crypto::sha256_hex(json.as_bytes());
        execute!(
            self,
            sqlx::query(
                "INSERT INTO dead_letters (digest, at, reason, record) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (digest) DO NOTHING",
            )
            .bind(digest)
            .bind(at)
            .bind(text(reason))
            .bind(json)
        )?;
        Ok(())
    }

    /// Deletes the oldest requests before a moment, as many as `limit` says and those of the same microsecond,
    /// with their attempts; tells how many requests.
    pub(crate) async fn delete_requests_before(&mut self, before: i64, limit: i64) -> Result<u64, StoreError> {
        // From the index alone; and the ids come from what was deleted, so that none is left without its attempts.
        let last: Option<(i64,)> = within!(self, c => sqlx::query_as(
            "SELECT MAX(at) FROM (SELECT at FROM requests WHERE at < $1 ORDER BY at LIMIT $2) AS oldest HAVING COUNT(*) > 0",
        ).bind(before).bind(limit).fetch_optional(c).await)?;
        let Some((last,)) = last else { return Ok(0) };
        let ids: Vec<(String,)> = within!(self, c => sqlx::query_as("DELETE FROM requests WHERE at <= $1 RETURNING id")
            .bind(last)
            .fetch_all(c)
            .await)?;
        for some in ids.chunks(500) {
            let mut sql = Sql::new("DELETE FROM attempts WHERE request_id IN (");
            for (n, (id,)) in some.iter().enumerate() {
                sql.push(if n == 0 { "" } else { ", " }).bind(Value::Text(Cow::Borrowed(id)));
            }
            sql.push(")");
            execute!(self, sql.query()?)?;
        }
        Ok(ids.len() as u64)
    }
}
