//! Reads the request log.

use super::db::{Db, StoreError, read};
use super::ledger::{ATTEMPT_COLUMNS, REQUEST_COLUMNS, text};
use super::resource::like;
use super::rollup::{hour_of, next_hour};
use super::sql::{Sql, Value};
use super::tokens::TokenColumns;

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
    pub(crate) asked_model: String,
    pub(crate) provider: String,
    pub(crate) upstream_model: String,
    pub(crate) stream: i64,
    pub(crate) status: i64,
    pub(crate) outcome: String,
    pub(crate) error: String,
    #[sqlx(flatten)]
    pub(crate) tokens: TokenColumns,
    #[sqlx(flatten)]
    pub(crate) usage: UsageColumns,
    pub(crate) cost: Option<i64>,
    pub(crate) cache: Option<String>,
    pub(crate) saved: Option<i64>,
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
    #[sqlx(flatten)]
    pub(crate) usage: UsageColumns,
    pub(crate) cost: Option<i64>,
    pub(crate) price: String,
    pub(crate) aborted: Option<String>,
    pub(crate) shadow: i64,
    pub(crate) same_answer: Option<i64>,
}

/// What is known of a usage beside its tokens.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct UsageColumns {
    pub(crate) usage_source: String,
    /// [`weir_domain::usage::Units`] as JSON; empty for none.
    pub(crate) units: String,
    pub(crate) service_tier: String,
    pub(crate) region: String,
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
    /// Statuses from and to, both within; [`ANY_STATUS`] for all.
    pub(crate) status: (i64, i64),
    pub(crate) traffic: String,
    /// Text that id, path, model or error hold.
    pub(crate) search: String,
}

/// Every status.
pub(crate) const ANY_STATUS: (i64, i64) = (0, 999);

impl RequestFilter {
    /// The columns that are compared with a text; the model is told in two.
    fn texts(&self) -> [(&'static str, &str); 7] {
        [
            ("team", &self.team),
            ("application", &self.application),
            ("key_id", &self.key),
            ("provider", &self.provider),
            ("service", &self.service),
            ("outcome", &self.outcome),
            ("traffic", &self.traffic),
        ]
    }

    /// Whether only time narrows it.
    fn is_of_all(&self) -> bool {
        self.status == ANY_STATUS && self.model.is_empty() && self.texts().iter().all(|(_, wanted)| wanted.is_empty())
    }

    /// The conditions on rows of `requests`, or of `usage_hours`, which have the same columns. `time` is the one
    /// that must lie within `from` and, below, `to`. Only what is asked for is a condition: none stands in the
    /// way of an index.
    pub(super) fn push<'a>(&'a self, sql: &mut Sql<'a>, time: &str, span: (i64, i64)) {
        self.push_but_model(sql, time, span);
        if !self.model.is_empty() {
            sql.push(" AND model = ").bind(Value::Text(text(&self.model)));
        }
    }

    /// The same for hours that may hold rows of the log: where nothing is known of a model, they have no name for it.
    fn push_hours<'a>(&'a self, sql: &mut Sql<'a>, span: (i64, i64)) {
        self.push_but_model(sql, "hour", span);
        if !self.model.is_empty() {
            sql.push(" AND (model = ").bind(Value::Text(text(&self.model))).push(" OR model = '')");
        }
    }

    /// The same for rows of the log, which keep the name that the caller asked for.
    fn push_log<'a>(&'a self, sql: &mut Sql<'a>, span: (i64, i64)) {
        self.push_but_model(sql, "at", span);
        if !self.model.is_empty() {
            sql.push(" AND (model = ").bind(Value::Text(text(&self.model)));
            sql.push(" OR (model = '' AND asked_model = ").bind(Value::Text(text(&self.model))).push("))");
        }
    }

    fn push_but_model<'a>(&'a self, sql: &mut Sql<'a>, time: &str, (from, to): (i64, i64)) {
        sql.push(time).push(" >= ").bind(Value::Number(from));
        sql.push(" AND ").push(time).push(" < ").bind(Value::Number(to));
        for (column, wanted) in self.texts() {
            if !wanted.is_empty() {
                sql.push(" AND ").push(column).push(" = ").bind(Value::Text(text(wanted)));
            }
        }
        if self.status != ANY_STATUS {
            sql.push(" AND status >= ").bind(Value::Number(self.status.0));
            sql.push(" AND status <= ").bind(Value::Number(self.status.1));
        }
    }
}

/// Hours, newest first, with those that follow on each other as one span from and to.
fn spans(hours: &[(i64,)]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for &(hour,) in hours {
        match spans.last_mut() {
            Some((from, _)) if *from == next_hour(hour + 1) => *from = hour,
            _ => spans.push((hour, next_hour(hour + 1))),
        }
    }
    spans
}

impl Db {
    /// A page of the log, newest first, below the place `(at, id)`. The log has one index, by time: where rows are
    /// narrowed to some, the rollups tell in which hours there are any, and only these are read.
    pub(crate) async fn requests(
        &self,
        filter: &RequestFilter,
        below: (i64, &str),
        limit: i64,
    ) -> Result<Vec<RequestRow>, StoreError> {
        if filter.is_of_all() || !filter.search.is_empty() {
            return self.requests_of(filter, (filter.from, filter.to), below, limit).await;
        }
        let mut rows = Vec::new();
        let mut newest = below.0;
        loop {
            let hours = self.hours(filter, newest, limit).await?;
            for (from, to) in spans(&hours) {
                let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
                if left <= 0 {
                    return Ok(rows);
                }
                let span = (from.max(filter.from), to.min(filter.to));
                rows.extend(self.requests_of(filter, span, below, left).await?);
            }
            // Hours in which models were called of which nothing is known may hold none with the name that is wanted.
            match hours.last() {
                Some((oldest,)) if !filter.model.is_empty() && rows.len() < usize::try_from(limit).unwrap_or(0) => {
                    newest = oldest - 1;
                }
                _ => return Ok(rows),
            }
        }
    }

    /// The newest hours that hold what a filter lets through, from the one of `at` down. As many as a page of
    /// `limit` can need: all but those at the ends hold one row of it at least.
    async fn hours(&self, filter: &RequestFilter, at: i64, limit: i64) -> Result<Vec<(i64,)>, StoreError> {
        let mut sql = Sql::new("SELECT hour FROM usage_hours WHERE ");
        filter.push_hours(&mut sql, (hour_of(filter.from), filter.to));
        sql.push(" AND hour <= ").bind(Value::Number(at));
        sql.push(" GROUP BY hour ORDER BY hour DESC LIMIT ").bind(Value::Number(limit.saturating_add(2)));
        read!(self, c => sql.query_as()?.fetch_all(c).await)
    }

    async fn requests_of(
        &self,
        filter: &RequestFilter,
        span: (i64, i64),
        below: (i64, &str),
        limit: i64,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(REQUEST_COLUMNS).push(" FROM requests WHERE ");
        filter.push_log(&mut sql, span);
        if !filter.search.is_empty() {
            let wanted = like(&text(&filter.search).to_lowercase());
            for (n, column) in ["id", "path", "model", "asked_model", "error"].into_iter().enumerate() {
                sql.push(if n == 0 { " AND (LOWER(" } else { " OR LOWER(" }).push(column).push(") LIKE ");
                sql.bind(Value::Text(wanted.clone().into())).push(" ESCAPE '!'");
            }
            sql.push(")");
        }
        sql.push(" AND (at, id) < (").bind(Value::Number(below.0)).push(", ").bind(Value::Text(text(below.1)));
        sql.push(") ORDER BY at DESC, id DESC LIMIT ").bind(Value::Number(limit));
        read!(self, c => sql.query_as()?.fetch_all(c).await)
    }

    /// One request.
    pub(crate) async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(REQUEST_COLUMNS).push(" FROM requests WHERE id = ").bind(Value::Text(text(id)));
        read!(self, c => sql.query_as()?.fetch_optional(c).await)
    }

    /// The attempts of a request, in order.
    pub(crate) async fn attempts(&self, request: &str) -> Result<Vec<AttemptRow>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(ATTEMPT_COLUMNS).push(" FROM attempts WHERE request_id = ").bind(Value::Text(text(request)));
        sql.push(" ORDER BY number");
        read!(self, c => sql.query_as()?.fetch_all(c).await)
    }
}
