//! Sums of requests, errors, tokens, cost and latency by group and time: from the rollups, and from ledger rows
//! where a range begins or ends within an hour.

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::db::{Db, StoreError, read};
use super::histogram::{BUCKETS, Histogram};
use super::request::RequestFilter;
use super::rollup::{duration_columns, hour_of, next_hour};
use super::sql::{Sql, Value};
use super::tokens::{TOKEN_COLUMNS, TokenColumns};

/// What a report groups by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dimension {
    /// One group.
    None,
    Team,
    Application,
    Key,
    Model,
    Provider,
    Service,
    Status,
}

impl Dimension {
    /// The group of a row of `requests` or of `usage_hours`.
    fn sql(self) -> &'static str {
        match self {
            Self::None => "CAST('' AS TEXT)",
            Self::Team => "team",
            Self::Application => "application",
            Self::Key => "key_id",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Service => "service",
            Self::Status => "CAST(status AS TEXT)",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct UsageQuery {
    /// Which requests count.
    pub(crate) filter: RequestFilter,
    /// What to sum by.
    pub(crate) group_by: Dimension,
    /// Width of a bucket of time in microseconds, a multiple of an hour; `i64::MAX` for one bucket.
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

impl UsageRow {
    /// Adds what adds up. Sums saturate: a report must not wrap.
    pub(crate) fn add(&mut self, more: &Self) {
        self.requests = self.requests.saturating_add(more.requests);
        self.errors = self.errors.saturating_add(more.errors);
        self.unpriced = self.unpriced.saturating_add(more.unpriced);
        self.cost = self.cost.saturating_add(more.cost);
        self.tokens.add(&more.tokens);
    }
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

struct HistogramRow(LatencyRow);

impl<'r, R: Row> FromRow<'r, R> for HistogramRow
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let mut histogram = Histogram([0; BUCKETS]);
        for (n, count) in histogram.0.iter_mut().enumerate() {
            *count = row.try_get(n + 2)?;
        }
        let [p50, p90, p99] = [50, 90, 99].map(|percent| histogram.percentile(percent));
        Ok(Self(LatencyRow { bucket: row.try_get(0)?, grp: row.try_get(1)?, p50, p90, p99 }))
    }
}

fn sums(columns: impl Iterator<Item = impl AsRef<str>>) -> String {
    columns.fold(String::new(), |text, c| format!("{text}, CAST(SUM({0}) AS BIGINT) AS {0}", c.as_ref()))
}

impl UsageQuery {
    /// `SELECT` of bucket and group, from rows of which `column` is the time.
    fn select(&self, sql: &mut Sql<'_>, column: &str) {
        sql.push(&format!("SELECT {column} - {column} % ")).bind(Value::Number(self.width));
        sql.push(&format!(" AS bucket, {} AS grp", self.group_by.sql()));
    }

    /// The whole hours within the range, from and to; none when the first is not below the second.
    fn whole_hours(&self) -> (i64, i64) {
        let to = if self.filter.to == i64::MAX { i64::MAX } else { hour_of(self.filter.to) };
        (next_hour(self.filter.from), to)
    }

    /// One row per rollup or request: what is summed.
    fn summands<'a>(&'a self, sql: &mut Sql<'a>) {
        let tokens = TOKEN_COLUMNS.join(", ");
        let (from, to) = (self.filter.from, self.filter.to);
        let whole = self.whole_hours();
        let mut ends = vec![(from, to)];
        if whole.0 < whole.1 {
            self.select(sql, "hour");
            sql.push(", requests, CASE WHEN outcome <> 'ok' OR status >= 400 THEN requests ELSE 0 END AS errors, ");
            sql.push(&format!("unpriced, cost, {tokens} FROM usage_hours WHERE "));
            self.filter.push(sql, "hour", whole);
            ends = vec![(from, whole.0), (whole.1, to)];
        }
        for (n, end) in ends.into_iter().filter(|(from, to)| from < to).enumerate() {
            sql.push(if n > 0 || whole.0 < whole.1 { " UNION ALL " } else { "" });
            self.select(sql, "at");
            sql.push(", 1 AS requests, CASE WHEN outcome <> 'ok' OR status >= 400 THEN 1 ELSE 0 END AS errors, ");
            sql.push("CASE WHEN cost IS NULL AND usage_source <> 'none' THEN 1 ELSE 0 END AS unpriced, ");
            sql.push(&format!("COALESCE(cost, 0) AS cost, {tokens} FROM requests WHERE "));
            self.filter.push(sql, "at", end);
        }
    }
}

impl Db {
    /// Sums by bucket and group. An error is an outcome other than `ok`, or a status of 400 and more.
    pub(crate) async fn usage(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, StoreError> {
        let columns = ["requests", "errors", "unpriced", "cost"].into_iter().chain(TOKEN_COLUMNS);
        let mut sql = Sql::new(&format!("SELECT bucket, grp{} FROM (", sums(columns)));
        query.summands(&mut sql);
        sql.push(") AS counted GROUP BY bucket, grp ORDER BY bucket, grp");
        read!(self, c => sql.query_as()?.fetch_all(c).await)
    }

    /// How many requests the hours that a range touches hold, whatever else it is narrowed to.
    pub(crate) async fn requests_within(&self, from: i64, to: i64) -> Result<i64, StoreError> {
        read!(self, c => sqlx::query_scalar(
            "SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT) FROM usage_hours WHERE hour >= $1 AND hour < $2",
        ).bind(hour_of(from)).bind(to).fetch_one(c).await)
    }

    /// Exact percentiles by nearest rank: the smallest duration that at least p % of requests stay within. Reads
    /// and sorts every row of the range.
    pub(crate) async fn exact_latency(&self, query: &UsageQuery) -> Result<Vec<LatencyRow>, StoreError> {
        let mut sql = Sql::new(
            "SELECT bucket, grp,
                 CAST(MIN(CASE WHEN place * 100 >= total * 50 THEN duration_us END) AS BIGINT) AS p50,
                 CAST(MIN(CASE WHEN place * 100 >= total * 90 THEN duration_us END) AS BIGINT) AS p90,
                 CAST(MIN(CASE WHEN place * 100 >= total * 99 THEN duration_us END) AS BIGINT) AS p99
             FROM (SELECT bucket, grp, duration_us,
                     ROW_NUMBER() OVER (PARTITION BY bucket, grp ORDER BY duration_us) AS place,
                     COUNT(*) OVER (PARTITION BY bucket, grp) AS total
                 FROM (",
        );
        query.select(&mut sql, "at");
        sql.push(", duration_us FROM requests WHERE ");
        query.filter.push(&mut sql, "at", (query.filter.from, query.filter.to));
        sql.push(") AS counted) AS ranked GROUP BY bucket, grp");
        read!(self, c => sql.query_as()?.fetch_all(c).await)
    }

    /// Percentiles within 9 %, of every hour that the range touches.
    pub(crate) async fn histogram_latency(&self, query: &UsageQuery) -> Result<Vec<LatencyRow>, StoreError> {
        let mut sql = Sql::new(&format!("SELECT bucket, grp{} FROM (", sums(duration_columns())));
        query.select(&mut sql, "hour");
        for column in duration_columns() {
            sql.push(", ").push(&column);
        }
        sql.push(" FROM usage_hours WHERE ");
        query.filter.push(&mut sql, "hour", (hour_of(query.filter.from), query.filter.to));
        sql.push(") AS counted GROUP BY bucket, grp");
        let rows: Vec<HistogramRow> = read!(self, c => sql.query_as()?.fetch_all(c).await)?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }
}
