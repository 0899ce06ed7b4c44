//! Writes the rollups: sums of ledger rows by hour and dimension, in the transaction that stores the rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use weir_domain::ledger::Record;
use weir_domain::time::Micros;
use weir_domain::usage::UsageSource;

use super::db::{StoreError, Tx};
use super::histogram::{self, BUCKETS};
use super::ledger::{money, number, text, traffic};
use super::sql::{Add, Insert, Value};
use super::tokens::{TOKEN_COLUMNS, TokenColumns};

/// Width of a rollup in microseconds.
pub(super) const HOUR: Micros = 3_600_000_000;
/// What a rollup is of; its primary key.
const DIMENSIONS: &str = "hour, team, application, key_id, traffic, service, route, model, provider, status, outcome";

/// What a rollup is of. Ordered, and written in that order: two nodes that lock the same rows in
/// different orders would wait for each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dimensions<'a> {
    hour: i64,
    team: Cow<'a, str>,
    application: Cow<'a, str>,
    key: Cow<'a, str>,
    traffic: &'static str,
    service: Cow<'a, str>,
    route: Cow<'a, str>,
    model: Cow<'a, str>,
    provider: Cow<'a, str>,
    status: i64,
    outcome: &'static str,
}

struct Sums {
    requests: i64,
    unpriced: i64,
    cost: i64,
    tokens: TokenColumns,
    durations: [i64; BUCKETS],
}

/// The begin of the hour that a moment lies in.
pub(crate) fn hour_of(at: Micros) -> Micros {
    at.saturating_sub(at.rem_euclid(HOUR))
}

/// The end of the hour that a moment lies in; a full hour stays.
pub(crate) fn next_hour(at: Micros) -> Micros {
    if at == hour_of(at) { at } else { hour_of(at).saturating_add(HOUR) }
}

/// The columns of durations, `d00` and on.
pub(super) fn duration_columns() -> impl Iterator<Item = String> {
    (0..BUCKETS).map(|n| format!("d{n:02}"))
}

static ROLLUPS: LazyLock<Insert> = LazyLock::new(|| {
    let mut sums: Vec<String> = ["requests", "unpriced", "cost"].map(str::to_owned).to_vec();
    sums.extend(TOKEN_COLUMNS.iter().map(|&column| column.to_owned()));
    sums.extend(duration_columns());
    let added: Vec<String> = sums.iter().map(|c| format!("{c} = usage_hours.{c} + excluded.{c}")).collect();
    let tail = format!("ON CONFLICT ({DIMENSIONS}) DO UPDATE SET {}", added.join(", "));
    Insert::new("usage_hours", format!("{DIMENSIONS}, {}", sums.join(", ")).into(), tail.into())
});

impl<'a> Dimensions<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            hour: hour_of(record.at),
            team: text(&record.team),
            application: text(&record.application),
            key: text(&record.key),
            traffic: traffic(record.traffic),
            service: text(&record.service),
            route: text(&record.route),
            model: text(&record.model),
            provider: text(&record.provider),
            status: i64::from(record.status),
            outcome: record.outcome.as_str(),
        }
    }
}

impl Sums {
    fn none() -> Self {
        Self { requests: 0, unpriced: 0, cost: 0, tokens: TokenColumns::default(), durations: [0; BUCKETS] }
    }

    fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.unpriced += i64::from(record.cost.is_none() && record.usage.source != UsageSource::None);
        self.cost = self.cost.saturating_add(record.cost.map_or(0, |cost| money(&record.id, cost)));
        self.tokens.add(&TokenColumns::of(&record.usage.tokens));
        self.durations[histogram::bucket(number(record.duration_us))] += 1;
    }
}

fn values((dimensions, sums): &(Dimensions<'_>, Sums), add: &mut Add<'_>) {
    let d = dimensions;
    add(Value::Number(d.hour));
    for text in [&*d.team, &d.application, &d.key, d.traffic, &d.service, &d.route, &d.model, &d.provider] {
        add(Value::Text(Cow::Borrowed(text)));
    }
    add(Value::Number(d.status));
    add(Value::Text(Cow::Borrowed(d.outcome)));
    let counts = [sums.requests, sums.unpriced, sums.cost].into_iter().chain(sums.tokens.values());
    counts.chain(sums.durations).for_each(|sum| add(Value::Number(sum)));
}

impl Tx {
    /// Adds records to the sums. Each must have been stored in this transaction, and by it.
    pub(super) async fn add_to_rollups(&mut self, records: &[&Record]) -> Result<(), StoreError> {
        let mut rollups = BTreeMap::new();
        for &record in records {
            rollups.entry(Dimensions::of(record)).or_insert_with(Sums::none).add(record);
        }
        let rollups: Vec<(Dimensions<'_>, Sums)> = rollups.into_iter().collect();
        self.insert(&ROLLUPS, &rollups, values).await?;
        Ok(())
    }
}
