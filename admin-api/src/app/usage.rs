//! Usage reports: sums over the ledger by group and time, with exact percentiles.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_domain::time::{self, Micros};
use weir_domain::usage::Tokens;

use super::App;
use super::request::{FilterQuery, tokens, usd};
use crate::error::Error;
use crate::store::{LatencyRow, UsageQuery, UsageRow};

const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3600 * SECOND;
const DAY: Micros = 24 * HOUR;
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
    /// Half of the requests took no longer, in microseconds. Exact, by nearest rank.
    pub(crate) p50_us: i64,
    /// 90 % took no longer.
    pub(crate) p90_us: i64,
    /// 99 % took no longer.
    pub(crate) p99_us: i64,
}

/// A report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsageReport {
    /// The range that it covers, RFC 3339.
    pub(crate) from: String,
    /// Its end, exclusive; now when none was named.
    pub(crate) to: String,
    /// Ordered by bucket, then group.
    pub(crate) rows: Vec<UsageReportRow>,
    /// The sums of the whole range; absent when nothing was asked in it.
    pub(crate) total: Option<UsageReportRow>,
}

impl GroupBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Team => "team",
            Self::Application => "application",
            Self::Key => "key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Service => "service",
            Self::Status => "status",
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

impl UsageReportRow {
    /// Adds what adds up. Sums saturate: a report must not wrap.
    fn add(&mut self, other: &Self) {
        let sums = [
            (&mut self.requests, other.requests),
            (&mut self.errors, other.errors),
            (&mut self.unpriced, other.unpriced),
            (&mut self.cost, other.cost),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
        let (tokens, more) = (&mut self.tokens, &other.tokens);
        for (sum, more) in [
            (&mut tokens.input_uncached, more.input_uncached),
            (&mut tokens.cache_read, more.cache_read),
            (&mut tokens.cache_write_5m, more.cache_write_5m),
            (&mut tokens.cache_write_1h, more.cache_write_1h),
            (&mut tokens.output_text, more.output_text),
            (&mut tokens.reasoning, more.reasoning),
            (&mut tokens.audio_in, more.audio_in),
            (&mut tokens.audio_out, more.audio_out),
            (&mut tokens.image_in, more.image_in),
            (&mut tokens.image_out, more.image_out),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

impl App {
    /// Sums by group and bucket.
    pub(crate) async fn usage(&self, filter: FilterQuery, by: &GroupQuery) -> Result<UsageReport, Error> {
        let now = time::now();
        let filter = filter.filter(now - 7 * DAY)?;
        let (from, to) = (filter.from, if filter.to == i64::MAX { now } else { filter.to });
        let query = UsageQuery { filter, group_by: by.group_by.as_str(), width: by.bucket.width() };
        let rows = self.sums(&query, from).await?;
        if rows.len() > MAX_ROWS {
            return Err(Error::BadRequest(format!(
                "the report has {} rows, more than {MAX_ROWS}; narrow the time, or take larger buckets",
                rows.len()
            )));
        }
        let total = match (by.group_by, by.bucket) {
            (GroupBy::None, Bucket::None) => rows.first().cloned(),
            _ => self.total(&rows, query, from).await?,
        };
        Ok(UsageReport { from: time::to_rfc3339(from), to: time::to_rfc3339(to), rows, total })
    }

    /// The sums of all rows. Percentiles do not add up, so they are computed anew.
    async fn total(
        &self,
        rows: &[UsageReportRow],
        query: UsageQuery,
        from: Micros,
    ) -> Result<Option<UsageReportRow>, Error> {
        let Some((first, rest)) = rows.split_first() else { return Ok(None) };
        let mut total = first.clone();
        rest.iter().for_each(|row| total.add(row));
        let whole = UsageQuery { group_by: "none", width: i64::MAX, ..query };
        let latency = self.db.latency(&whole).await?.into_iter().next();
        let [p50, p90, p99] = latency.map_or([0; 3], |l| [l.p50, l.p90, l.p99]);
        (total.group, total.bucket, total.cost_usd) = (String::new(), time::to_rfc3339(from), usd(total.cost));
        (total.p50_us, total.p90_us, total.p99_us) = (p50, p90, p99);
        Ok(Some(total))
    }

    async fn sums(&self, query: &UsageQuery, from: Micros) -> Result<Vec<UsageReportRow>, Error> {
        let sums = self.db.usage(query).await?;
        let latency = self.db.latency(query).await?;
        let latency: HashMap<(i64, &str), &LatencyRow> =
            latency.iter().map(|row| ((row.bucket, row.grp.as_str()), row)).collect();
        Ok(sums
            .iter()
            .map(|row| report_row(row, latency.get(&(row.bucket, row.grp.as_str())), from, query.width))
            .collect())
    }
}

fn report_row(row: &UsageRow, latency: Option<&&LatencyRow>, from: Micros, width: Micros) -> UsageReportRow {
    let bucket = if width == i64::MAX { from } else { row.bucket };
    UsageReportRow {
        group: row.grp.clone(),
        bucket: time::to_rfc3339(bucket),
        requests: row.requests,
        errors: row.errors,
        unpriced: row.unpriced,
        cost: row.cost,
        cost_usd: usd(row.cost),
        tokens: tokens(&row.tokens),
        p50_us: latency.map_or(0, |l| l.p50),
        p90_us: latency.map_or(0, |l| l.p90),
        p99_us: latency.map_or(0, |l| l.p99),
    }
}
