//! What Home shows: counts, the checklist, the last 24 hours, and how this process is.

use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::resource::Kind;
use weir_domain::time;

use super::request::{FilterQuery, usd};
use super::{App, PLAYGROUND};
use crate::error::Error;
use crate::store::{LatencyRow, UsageRow, hour_of};

const DAY: i64 = 24 * 3600 * 1_000_000;

/// The steps of the first minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Checklist {
    /// A provider was added.
    pub(crate) provider: bool,
    /// A model answered in the playground.
    pub(crate) playground: bool,
    /// An API key was made.
    pub(crate) key: bool,
    /// An application called with success.
    pub(crate) called: bool,
}

/// How many there are. What the system keeps for itself is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) teams: i64,
    pub(crate) providers: i64,
    pub(crate) model_routes: i64,
    pub(crate) services: i64,
    pub(crate) routes: i64,
    pub(crate) applications: i64,
    pub(crate) api_keys: i64,
}

/// The last 24 hours and what had begun of the hour before: sums are kept by the hour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LastDay {
    pub(crate) requests: i64,
    pub(crate) errors: i64,
    /// Tokens of all buckets.
    pub(crate) tokens: i64,
    /// Nano-dollars.
    pub(crate) cost: i64,
    /// The same in dollars, as a decimal string.
    pub(crate) cost_usd: String,
    /// Requests that consumed tokens of unknown price.
    pub(crate) unpriced: i64,
    /// Percentiles of the duration in microseconds, as `/usage` computes them; absent without requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p50_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p99_us: Option<i64>,
}

/// What Home shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    pub(crate) checklist: Checklist,
    pub(crate) counts: Counts,
    pub(crate) last_24h: LastDay,
}

/// This process.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct System {
    /// Of the program.
    pub(crate) version: String,
    /// Of the stored configuration.
    pub(crate) revision: i64,
    /// The data plane's address as this process reaches it.
    pub(crate) gateway_url: String,
    /// The name of this machine.
    pub(crate) node: String,
    /// `sqlite` or `postgresql`.
    pub(crate) database: String,
    /// When this process started, RFC 3339.
    pub(crate) started_at: String,
    /// Why the stored configuration is not live; null when it is.
    pub(crate) problem: Option<String>,
}

fn last_day(sums: Option<&UsageRow>, latency: Option<&LatencyRow>) -> LastDay {
    let cost = sums.map_or(0, |s| s.cost);
    LastDay {
        requests: sums.map_or(0, |s| s.requests),
        errors: sums.map_or(0, |s| s.errors),
        tokens: sums.map_or(0, |s| s.tokens.values().into_iter().fold(0, i64::saturating_add)),
        cost,
        cost_usd: usd(cost),
        unpriced: sums.map_or(0, |s| s.unpriced),
        p50_us: latency.map(|l| l.p50),
        p99_us: latency.map(|l| l.p99),
    }
}

impl App {
    /// What Home shows.
    pub(crate) async fn overview(&self) -> Result<Overview, Error> {
        let counts = self.db.count_by_kind().await?;
        let count = |kind: Kind| counts.iter().find(|(k, _)| k == kind.as_str()).map_or(0, |(_, n)| *n);
        let system = i64::from(self.db.resource(Kind::Application, PLAYGROUND).await?.is_some());
        let (playground, called) = self.db.called(PLAYGROUND).await?;
        let from = hour_of(time::now() - DAY);
        let totals = self.totals(FilterQuery::default().filter(from)?).await?;
        let (sums, latency) = totals.unzip();
        Ok(Overview {
            checklist: Checklist {
                provider: count(Kind::Provider) > 0,
                playground,
                key: count(Kind::ApiKey) > 0,
                called,
            },
            counts: Counts {
                teams: count(Kind::Team),
                providers: count(Kind::Provider),
                model_routes: count(Kind::ModelRoute),
                services: count(Kind::Service),
                routes: count(Kind::Route),
                applications: count(Kind::Application) - system,
                api_keys: count(Kind::ApiKey),
            },
            last_24h: last_day(sums.as_ref(), latency.as_ref()),
        })
    }

    /// How this process is.
    pub(crate) async fn system(&self) -> Result<System, Error> {
        // Linux tells the name here; elsewhere it stays empty rather than wrong.
        let node = tokio::fs::read_to_string("/proc/sys/kernel/hostname").await.unwrap_or_default();
        Ok(System {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: self.db.revision().await?,
            gateway_url: self.settings.gateway_url.clone(),
            node: node.trim().to_owned(),
            database: self.db.name().to_owned(),
            started_at: time::to_rfc3339(self.started_at),
            problem: self.live.problem(),
        })
    }
}
