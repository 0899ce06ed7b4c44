//! Usage reports: sums by group and time, exact to the request, and percentiles.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_domain::time::{self, Micros};
use weir_domain::usage::Tokens;

use super::App;
use super::request::{FilterQuery, usd};
use crate::error::Error;
use crate::store::{Dimension, LatencyRow, RequestFilter, UsageQuery, UsageRow, hour_of, next_hour};

const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3600 * SECOND;
const DAY: Micros = 24 * HOUR;
/// The most requests of a range whose durations are sorted for exact percentiles: a third of a second.
const MAX_SORTED: i64 = 100_000;
/// The most rows of a report: what a chart can show and a browser hold.
const MAX_ROWS: usize = 10_000;

/// What to sum by.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupBy {
    /// One group.
    #[default]
    None,
    /// The team of the application.
    Team,
    /// The application.
    Application,
    /// The API key's public id.
    Key,
    /// The model name that callers asked for.
    Model,
    /// The provider that answered.
    Provider,
    /// The REST service.
    Service,
    /// The HTTP status.
    Status,
}

/// How time is cut.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bucket {
    /// Not at all.
    #[default]
    None,
    /// By hour, UTC.
    Hour,
    /// By day, UTC.
    Day,
}

/// How a report is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupQuery {
    /// What to sum by.
    #[param(inline)]
    pub(crate) group_by: GroupBy,
    /// How time is cut.
    #[param(inline)]
    pub(crate) bucket: Bucket,
}

/// The sums of one group in one bucket of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsageReportRow {
    /// The group's value; empty for requests that have none.
    pub(crate) group: String,
    /// Begin of the bucket, RFC 3339; the report's `from` when time is not cut.
    pub(crate) bucket: String,
    pub(crate) requests: i64,
    /// Requests whose outcome was not `ok` or whose status was 400 or more.
    pub(crate) errors: i64,
    /// Requests that consumed tokens of unknown price: `cost` is too low by them.
    pub(crate) unpriced: i64,
    /// Nano-dollars.
    pub(crate) cost: i64,
    /// The same in dollars, as a decimal string.
    pub(crate) cost_usd: String,
    /// Tokens by bucket.
    pub(crate) tokens: Tokens,
    /// Half of the requests took no longer, in microseconds; `percentiles` tells how exact that is.
    pub(crate) p50_us: i64,
    /// 90 % took no longer.
    pub(crate) p90_us: i64,
    /// 99 % took no longer.
    pub(crate) p99_us: i64,
}

/// How percentiles were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Percentiles {
    /// By nearest rank over every request of a row.
    Exact,
    /// From durations counted by length, of the full hours that the range touches: off by at most 9 %.
    Histogram,
}

/// A report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsageReport {
    /// The range that it covers, RFC 3339. Where requests are too old to be kept one by one, full hours.
    pub(crate) from: String,
    /// Its end, exclusive; now when none was named.
    pub(crate) to: String,
    /// Ordered by bucket, then group.
    pub(crate) rows: Vec<UsageReportRow>,
    /// The sums of the whole range; absent when nothing was asked in it.
    pub(crate) total: Option<UsageReportRow>,
    /// How `p50_us`, `p90_us` and `p99_us` were computed: exactly while the hours of the range hold at most
    /// 100,000 requests.
    pub(crate) percentiles: Percentiles,
}

impl GroupBy {
    fn dimension(self) -> Dimension {
        match self {
            Self::None => Dimension::None,
            Self::Team => Dimension::Team,
            Self::Application => Dimension::Application,
            Self::Key => Dimension::Key,
            Self::Model => Dimension::Model,
            Self::Provider => Dimension::Provider,
            Self::Service => Dimension::Service,
            Self::Status => Dimension::Status,
        }
    }
}

impl Bucket {
    fn width(self) -> Micros {
        match self {
            Self::None => i64::MAX,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }
}

impl App {
    /// Sums by group and bucket.
    pub(crate) async fn usage(&self, filter: FilterQuery, by: &GroupQuery) -> Result<UsageReport, Error> {
        let now = time::now();
        let filter = self.told(filter.filter(hour_of(now - 7 * DAY))?).await?;
        let (from, to) = (filter.from, if filter.to == i64::MAX { now } else { filter.to });
        let query = UsageQuery { filter, group_by: by.group_by.dimension(), width: by.bucket.width() };
        let sums = self.db.usage(&query).await?;
        if sums.len() > MAX_ROWS {
            return Err(Error::BadRequest(format!(
                "the report has {} rows, more than {MAX_ROWS}; narrow the time, or take larger buckets",
                sums.len()
            )));
        }
        let percentiles = self.accuracy(&query).await?;
        let latency = self.latency(&query, percentiles).await?;
        let latency: HashMap<(i64, &str), &LatencyRow> =
            latency.iter().map(|row| ((row.bucket, row.grp.as_str()), row)).collect();
        let row =
            |sums: &UsageRow| report_row(sums, latency.get(&(sums.bucket, &*sums.grp)).copied(), from, query.width);
        let rows = sums.iter().map(row).collect();
        let total = self.total(&sums, query.clone(), from, percentiles).await?;
        Ok(UsageReport { from: time::to_rfc3339(from), to: time::to_rfc3339(to), rows, total, percentiles })
    }

    /// Widens a range to full hours where the rows of an hour that it cuts are gone.
    async fn told(&self, mut filter: RequestFilter) -> Result<RequestFilter, Error> {
        let begin = self.ledger_begin().await?;
        if filter.from < begin {
            filter.from = hour_of(filter.from);
        }
        if filter.to < begin {
            filter.to = next_hour(filter.to);
        }
        Ok(filter)
    }

    /// The sums of the requests that a filter lets through, with their latency; `None` when there are none.
    pub(crate) async fn totals(&self, filter: RequestFilter) -> Result<Option<(UsageRow, LatencyRow)>, Error> {
        let query = UsageQuery { filter, group_by: Dimension::None, width: i64::MAX };
        let Some(sums) = self.db.usage(&query).await?.pop() else { return Ok(None) };
        let percentiles = self.accuracy(&query).await?;
        Ok(self.latency(&query, percentiles).await?.pop().map(|latency| (sums, latency)))
    }

    /// The sums of all rows. Percentiles do not add up, so they are computed anew.
    async fn total(
        &self,
        rows: &[UsageRow],
        query: UsageQuery,
        from: Micros,
        percentiles: Percentiles,
    ) -> Result<Option<UsageReportRow>, Error> {
        let Some((first, rest)) = rows.split_first() else { return Ok(None) };
        let mut total = UsageRow { grp: String::new(), ..first.clone() };
        rest.iter().for_each(|row| total.add(row));
        let whole = UsageQuery { group_by: Dimension::None, width: i64::MAX, ..query };
        let latency = self.latency(&whole, percentiles).await?.pop();
        Ok(Some(report_row(&total, latency.as_ref(), from, i64::MAX)))
    }

    /// How exact percentiles can be: reading and sorting every row of a long range would take minutes.
    async fn accuracy(&self, query: &UsageQuery) -> Result<Percentiles, Error> {
        // Rows that are gone cannot be sorted.
        let whole = query.filter.from >= self.ledger_begin().await?;
        let few = whole && self.db.requests_within(query.filter.from, query.filter.to).await? <= MAX_SORTED;
        Ok(if few { Percentiles::Exact } else { Percentiles::Histogram })
    }

    async fn latency(&self, query: &UsageQuery, percentiles: Percentiles) -> Result<Vec<LatencyRow>, Error> {
        Ok(match percentiles {
            Percentiles::Exact => self.db.exact_latency(query).await?,
            Percentiles::Histogram => self.db.histogram_latency(query).await?,
        })
    }
}

fn report_row(row: &UsageRow, latency: Option<&LatencyRow>, from: Micros, width: Micros) -> UsageReportRow {
    let bucket = if width == i64::MAX { from } else { row.bucket };
    UsageReportRow {
        group: row.grp.clone(),
        bucket: time::to_rfc3339(bucket),
        requests: row.requests,
        errors: row.errors,
        unpriced: row.unpriced,
        cost: row.cost,
        cost_usd: usd(row.cost),
        tokens: row.tokens.tokens(),
        p50_us: latency.map_or(0, |l| l.p50),
        p90_us: latency.map_or(0, |l| l.p90),
        p99_us: latency.map_or(0, |l| l.p99),
    }
}
