//! Reads the request log.

use super::db::{Db, StoreError, read};
use super::ledger::{ATTEMPT_COLUMNS, REQUEST_COLUMNS, text};
use super::resource::like;
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
    /// The conditions on rows of `requests`, or of `usage_hours`, which have the same columns. `time` is the one
    /// that must lie within `from` and, below, `to`. Only what is asked for is a condition: none stands in the
    /// way of an index.
    pub(super) fn push<'a>(&'a self, sql: &mut Sql<'a>, time: &str, (from, to): (i64, i64)) {
        sql.push(time).push(" >= ").bind(Value::Number(from));
        sql.push(" AND ").push(time).push(" < ").bind(Value::Number(to));
        for (column, wanted) in [
            ("team", &self.team),
            ("application", &self.application),
            ("key_id", &self.key),
            ("model", &self.model),
            ("provider", &self.provider),
            ("service", &self.service),
            ("outcome", &self.outcome),
            ("traffic", &self.traffic),
        ] {
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

impl Db {
    /// A page of the log, newest first, below the place `(at, id)`.
    pub(crate) async fn requests(
        &self,
        filter: &RequestFilter,
        below: (i64, &str),
        limit: i64,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(REQUEST_COLUMNS).push(" FROM requests WHERE ");
        filter.push(&mut sql, "at", (filter.from, filter.to));
        if !filter.search.is_empty() {
            let wanted = like(&text(&filter.search).to_lowercase());
            for (n, column) in ["id", "path", "model", "error"].into_iter().enumerate() {
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
