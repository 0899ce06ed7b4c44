//! The request log: what was asked, by whom, what became of it, and each attempt on the way.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_domain::money::NanoUsd;
use weir_domain::time::{self, Micros};
use weir_domain::usage::{Tokens, Units};

use super::App;
use super::bodies::BodiesState;
use super::cursor;
use super::resource::{Page, limit, page};
use crate::error::Error;
use crate::store::{ANY_STATUS, AttemptRow, RequestFilter, RequestRow, UsageColumns};

/// What requests are narrowed to, in the log and in usage reports.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterQuery {
    /// From this moment on, RFC 3339. Absent: the begin of the hour seven days ago for usage, the begin for the log.
    pub(crate) from: Option<String>,
    /// Before this moment, RFC 3339. Absent: no end.
    pub(crate) to: Option<String>,
    /// Only this team's.
    pub(crate) team: Option<String>,
    /// Only this application's.
    pub(crate) application: Option<String>,
    /// Only this API key's, by public id.
    pub(crate) key: Option<String>,
    /// Only calls of this model name. In the log also those that asked for it where nothing is known of such a model
    /// (`asked_model`), which sums count under no name.
    pub(crate) model: Option<String>,
    /// Only what this provider answered.
    pub(crate) provider: Option<String>,
    /// Only this REST service's.
    pub(crate) service: Option<String>,
    /// Only this status (`429`), class (`4xx`), or `error` for every status of 400 and more.
    pub(crate) status: Option<String>,
    /// Only this outcome, such as `ok` or `timeout`.
    pub(crate) outcome: Option<String>,
    /// Only `ai` or `rest`.
    pub(crate) traffic: Option<String>,
    /// Text to find in id, path, model and error.
    pub(crate) q: Option<String>,
}

/// How a page of the log is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// What a call consumed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// Tokens by bucket.
    pub(crate) tokens: Tokens,
    /// Who counted: `none`, `provider`, `estimated` or `mixed`.
    pub(crate) source: String,
    /// What was consumed beside tokens; a unit that is absent is 0.
    pub(crate) units: Units,
    /// The service tier that the provider served it in.
    pub(crate) service_tier: String,
    /// Where it was processed, as far as vendors bill by it.
    pub(crate) region: String,
}

impl UsageView {
    fn new(tokens: Tokens, beside: UsageColumns) -> Self {
        Self {
            tokens,
            source: beside.usage_source,
            units: serde_json::from_str(&beside.units).unwrap_or_default(),
            service_tier: beside.service_tier,
            region: beside.region,
        }
    }
}

/// One request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RequestView {
    pub(crate) id: String,
    /// The node that served it.
    pub(crate) node: String,
    /// When its head had arrived, RFC 3339.
    pub(crate) at: String,
    /// Until the last byte out, in microseconds.
    pub(crate) duration_us: i64,
    /// Of which it waited for providers or upstreams.
    pub(crate) upstream_us: i64,
    /// Until the first byte of the answer out.
    pub(crate) first_byte_us: Option<i64>,
    /// `ai` or `rest`.
    pub(crate) traffic: String,
    pub(crate) team: String,
    pub(crate) application: String,
    /// Public id of the API key.
    pub(crate) key: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) service: String,
    pub(crate) route: String,
    pub(crate) dialect: Option<String>,
    /// The model name that the caller asked for; empty when it asked for none, or for one that is not known to exist.
    pub(crate) model: String,
    /// The name that the caller asked for where nothing is known of such a model; else empty.
    pub(crate) asked_model: String,
    pub(crate) provider: String,
    /// The model at that provider.
    pub(crate) upstream_model: String,
    pub(crate) stream: bool,
    /// HTTP status sent; 0 when none was.
    pub(crate) status: i64,
    /// `ok`, `refused`, `upstream_error`, `connect_failed`, `timeout`, `cut`, `aborted`, `internal`.
    pub(crate) outcome: String,
    /// Short reason when it did not end well.
    pub(crate) error: String,
    pub(crate) usage: UsageView,
    /// Nano-dollars; null when the price is unknown.
    pub(crate) cost: Option<i64>,
    /// The same in dollars, as a decimal string.
    pub(crate) cost_usd: Option<String>,
    /// `hit`, `miss`, `bypass` or `refresh` on a model route that keeps answers.
    pub(crate) cache: Option<String>,
    /// Nano-dollars that the answer had cost when it was made; null when that is unknown, or it was not a kept one.
    pub(crate) saved: Option<i64>,
    /// The same in dollars, as a decimal string.
    pub(crate) saved_usd: Option<String>,
    pub(crate) request_bytes: i64,
    pub(crate) response_bytes: i64,
    /// Parameters that could not be carried over.
    pub(crate) dropped: Vec<String>,
}

/// One request with its attempts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RequestDetail {
    /// The request itself.
    #[serde(flatten)]
    pub(crate) request: RequestView,
    /// Every attempt, in order.
    pub(crate) attempts: Vec<AttemptView>,
    /// Whether what it held is kept.
    pub(crate) bodies: BodiesState,
}

/// One attempt at one target.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// Counts from 1.
    pub(crate) number: i64,
    /// The provider (AI) or upstream (REST).
    pub(crate) provider: String,
    /// Name of the key within the provider's pool.
    pub(crate) provider_key: String,
    /// The model at the provider (AI), or the target's address (REST).
    pub(crate) target: String,
    /// When it began, microseconds after the request's `at`.
    pub(crate) started_us: i64,
    /// From its begin to the first byte of the answer.
    pub(crate) first_byte_us: Option<i64>,
    pub(crate) duration_us: i64,
    /// HTTP status received; 0 when none came.
    pub(crate) status: i64,
    pub(crate) outcome: String,
    /// What went wrong.
    pub(crate) error: String,
    pub(crate) usage: UsageView,
    /// Nano-dollars; null when the price is unknown.
    pub(crate) cost: Option<i64>,
    /// The same in dollars, as a decimal string.
    pub(crate) cost_usd: Option<String>,
    /// The price row that the cost was computed with.
    pub(crate) price: String,
    /// What became of the answer where the caller left before its end: `cut`, `drained` (read to its end) or `truncated`
    /// (read on, but not to its end); null where the caller stayed.
    pub(crate) aborted: Option<String>,
    /// Whether it was made with a copy of the request, for comparison: nobody got its answer, and its cost is nobody's.
    pub(crate) shadow: bool,
    /// Of a shadow: whether its text and calls of tools are those that the caller got; null where one of the two gave no
    /// whole answer.
    pub(crate) same_answer: Option<bool>,
}

/// Dollars as a decimal string.
pub(crate) fn usd(nanos: i64) -> String {
    NanoUsd(nanos).to_string()
}

fn view(row: &RequestRow) -> RequestView {
    let row = row.clone();
    RequestView {
        at: time::to_rfc3339(row.at),
        usage: UsageView::new(row.tokens.tokens(), row.usage),
        cost_usd: row.cost.map(usd),
        cost: row.cost,
        saved_usd: row.saved.map(usd),
        saved: row.saved,
        cache: row.cache,
        stream: row.stream == 1,
        key: row.key_id,
        dropped: serde_json::from_str(&row.dropped).unwrap_or_default(),
        id: row.id,
        node: row.node,
        duration_us: row.duration_us,
        upstream_us: row.upstream_us,
        first_byte_us: row.first_byte_us,
        traffic: row.traffic,
        team: row.team,
        application: row.application,
        method: row.method,
        path: row.path,
        service: row.service,
        route: row.route,
        dialect: row.dialect,
        model: row.model,
        asked_model: row.asked_model,
        provider: row.provider,
        upstream_model: row.upstream_model,
        status: row.status,
        outcome: row.outcome,
        error: row.error,
        request_bytes: row.request_bytes,
        response_bytes: row.response_bytes,
    }
}

fn attempt_view(row: AttemptRow) -> AttemptView {
    AttemptView {
        usage: UsageView::new(row.tokens.tokens(), row.usage),
        cost_usd: row.cost.map(usd),
        cost: row.cost,
        number: row.number,
        provider: row.provider,
        provider_key: row.provider_key,
        target: row.target,
        started_us: row.started_us,
        first_byte_us: row.first_byte_us,
        duration_us: row.duration_us,
        status: row.status,
        outcome: row.outcome,
        error: row.error,
        price: row.price,
        aborted: row.aborted,
        shadow: row.shadow == 1,
        same_answer: row.same_answer.map(|same| same == 1),
    }
}

/// `429`, `4xx` or `error`, as a range of statuses.
fn statuses(text: &str) -> Result<(i64, i64), Error> {
    let refused = || Error::BadRequest(format!("status: {text:?} is none of 429, 4xx and error"));
    if text == "error" {
        return Ok((400, 999));
    }
    if let Some(class) = text.strip_suffix("xx") {
        let class: i64 = class.parse().ok().filter(|c| (1..=5).contains(c)).ok_or_else(refused)?;
        return Ok((class * 100, class * 100 + 99));
    }
    let status: i64 = text.parse().ok().filter(|s| (0..=999).contains(s)).ok_or_else(refused)?;
    Ok((status, status))
}

impl FilterQuery {
    /// The filter that the store takes; `from` when the query has none.
    pub(crate) fn filter(self, from: Micros) -> Result<RequestFilter, Error> {
        let moment = |name: &str, text: Option<String>, or: Micros| match text {
            Some(text) => time::parse_rfc3339(&text).map_err(|e| Error::BadRequest(format!("{name}: {e}"))),
            None => Ok(or),
        };
        let (from, to) = (moment("from", self.from, from)?, moment("to", self.to, i64::MAX)?);
        if from >= to {
            return Err(Error::BadRequest("from: must lie before to".to_owned()));
        }
        Ok(RequestFilter {
            from,
            to,
            team: self.team.unwrap_or_default(),
            application: self.application.unwrap_or_default(),
            key: self.key.unwrap_or_default(),
            model: self.model.unwrap_or_default(),
            provider: self.provider.unwrap_or_default(),
            service: self.service.unwrap_or_default(),
            outcome: self.outcome.unwrap_or_default(),
            status: self.status.filter(|s| !s.is_empty()).map_or(Ok(ANY_STATUS), |s| statuses(&s))?,
            traffic: self.traffic.unwrap_or_default(),
            search: self.q.unwrap_or_default(),
        })
    }
}

impl App {
    /// A page of the log, newest first.
    pub(crate) async fn requests(&self, filter: FilterQuery, at: &PageQuery) -> Result<Page<RequestView>, Error> {
        let limit = limit(at.limit)?;
        let [below, id] = cursor::decode(at.cursor.as_deref(), [&i64::MAX.to_string(), ""])?;
        let below = below.parse().map_err(|_| cursor::refused())?;
        let mut filter = filter.filter(0)?;
        // Before that there is nothing, although the sums of those hours are there.
        filter.from = filter.from.max(self.ledger_begin().await?);
        let rows = self.db.requests(&filter, (below, &id), limit + 1).await?;
        page(&rows, limit, |row| vec![row.at.to_string(), row.id.clone()], |row| Ok(view(row)))
    }

    /// One request with its attempts.
    pub(crate) async fn request(&self, id: &str) -> Result<RequestDetail, Error> {
        let missing = || Error::NotFound(format!("there is no request {id:?}, or its record is still on the way"));
        let row = self.db.request(id).await?.ok_or_else(missing)?;
        let attempts = self.db.attempts(id).await?.into_iter().map(attempt_view).collect();
        let bodies = self.bodies_state(&row).await?;
        Ok(RequestDetail { request: view(&row), attempts, bodies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_one_class_or_all_errors() {
        for (text, range) in [("429", (429, 429)), ("4xx", (400, 499)), ("error", (400, 999)), ("0", (0, 0))] {
            assert!(statuses(text).is_ok_and(|r| r == range), "{text}");
        }
        for bad in ["x", "9xx", "-1", "1000", "xx"] {
            assert!(statuses(bad).is_err(), "{bad}");
        }
    }
}
