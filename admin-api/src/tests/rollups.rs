//! Reports come from rollups: they equal the ledger, whatever was delivered how often and wherever a range ends.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_domain::ledger::{Outcome, Record, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::time;
use weir_domain::usage::UsageSource;

use super::ledger::{HOUR, deliver, record};
use super::server::Server;

/// A generator whose numbers are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A record of any kind within the six hours after `from`.
fn any(dice: &mut Dice, n: u32, from: i64) -> Record {
    let mut r = record(n, from + i64::try_from(dice.below(6 * 3_600_000_000)).unwrap(), dice.below(3_000_000));
    r.team = format!("team-{}", dice.below(2));
    r.application = format!("app-{}", dice.below(4));
    r.key = format!("key-{}", dice.below(8));
    r.model = format!("model\0-{}", dice.below(3));
    r.usage.tokens.output_text = dice.below(5_000);
    r.cost = (dice.below(3) > 0).then_some(NanoUsd(i64::try_from(dice.below(1_000_000)).unwrap()));
    r.usage.source = if dice.below(4) == 0 { UsageSource::None } else { UsageSource::Provider };
    (r.status, r.outcome) = match dice.below(4) {
        0 => (429, Outcome::Refused),
        1 => (200, Outcome::Aborted),
        _ => (200, Outcome::Ok),
    };
    if dice.below(3) == 0 {
        (r.traffic, r.service, r.provider) = (Traffic::Rest, "orders".to_owned(), String::new());
    }
    r
}

/// Requests, errors, unpriced, cost, output text.
type Sums = [i64; 5];

/// What a report must say, by hour and group, of these records.
fn expected<'a>(
    records: impl Iterator<Item = &'a Record>,
    group: impl Fn(&Record) -> String,
) -> BTreeMap<(String, String), Sums> {
    let mut all: BTreeMap<_, Sums> = BTreeMap::new();
    for r in records {
        let sums = all.entry((time::to_rfc3339(r.at - r.at % HOUR), group(r))).or_default();
        let error = r.outcome != Outcome::Ok || r.status >= 400;
        let unpriced = r.cost.is_none() && r.usage.source != UsageSource::None;
        let output = i64::try_from(r.usage.tokens.output_text).unwrap();
        let one = [1, i64::from(error), i64::from(unpriced), r.cost.map_or(0, |c| c.0), output];
        sums.iter_mut().zip(one).for_each(|(sum, more)| *sum += more);
    }
    all
}

fn told(report: &Value) -> BTreeMap<(String, String), Sums> {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let number = |value: &Value| value.as_i64().unwrap();
        let sums = ["requests", "errors", "unpriced", "cost"].map(|name| number(&row[name]));
        let [requests, errors, unpriced, cost] = sums;
        ((text("bucket"), text("group")), [requests, errors, unpriced, cost, number(&row["tokens"]["output_text"])])
    })
    .collect()
}

/// The ids of a whole log, read in small pages.
async fn log(server: &Server, query: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/requests?limit=7&{query}{cursor}")).await;
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn reports_equal_the_ledger_whatever_is_delivered_again() {
    for server in Server::on_both().await {
        let mut dice = Dice(7);
        let from = time::now() / HOUR * HOUR - 10 * HOUR;
        let records: Vec<Record> = (0..700).map(|n| any(&mut dice, n, from)).collect();
        let mut delivered = BTreeSet::new();
        for _ in 0..12 {
            // Overlapping, in any order, some twice within a batch.
            let mut batch: Vec<Record> = Vec::new();
            for _ in 0..=dice.below(150) {
                batch.push(records[usize::try_from(dice.below(700)).unwrap()].clone());
            }
            deliver(&server, &batch).await;
            delivered.extend(batch.into_iter().map(|r| r.id));
        }
        deliver(&server, &records[600..]).await;
        delivered.extend(records[600..].iter().map(|r| r.id.clone()));
        let stored: Vec<&Record> = records.iter().filter(|r| delivered.contains(&r.id)).collect();
        assert!(stored.len() > 400 && stored.len() < 700, "{} of 700", stored.len());

        type Group = (&'static str, fn(&Record) -> String);
        let groups: [Group; 8] = [
            ("none", |_| String::new()),
            ("team", |r| r.team.clone()),
            ("application", |r| r.application.clone()),
            ("key", |r| r.key.clone()),
            ("model", |r| r.model.replace('\0', "\u{fffd}")),
            ("provider", |r| r.provider.clone()),
            ("service", |r| r.service.clone()),
            ("status", |r| r.status.to_string()),
        ];
        // Full hours, broken ones at either end, within one hour, and no end.
        let ranges = [(0, 6 * HOUR), (HOUR / 3, 5 * HOUR / 2), (HOUR / 4, HOUR / 2), (HOUR / 2, i64::MAX - from)];
        for (begin, end) in ranges.map(|(begin, end)| (from + begin, from + end)) {
            let to = if end == i64::MAX { String::new() } else { format!("&to={}", time::to_rfc3339(end)) };
            let range = format!("from={}{to}", time::to_rfc3339(begin));
            let within = |r: &&&Record| r.at >= begin && r.at < end;
            for (name, group) in groups {
                let report = server.get(&format!("/usage?group_by={name}&bucket=hour&{range}")).await;
                let wanted = expected(stored.iter().filter(within).copied(), group);
                assert_eq!(told(&report), wanted, "{name} {range}");
            }
            for (filter, holds) in [
                (
                    "application=app-1&status=4xx",
                    (|r| r.application == "app-1" && r.status >= 400) as fn(&Record) -> bool,
                ),
                ("key=key-3&traffic=rest", |r| r.key == "key-3" && r.traffic == Traffic::Rest),
                ("outcome=aborted&service=orders", |r| r.outcome == Outcome::Aborted && r.service == "orders"),
                ("team=team-0&provider=p&model=model%00-2", |r| {
                    r.team == "team-0" && r.provider == "p" && r.model == "model\0-2"
                }),
            ] {
                let report = server.get(&format!("/usage?bucket=hour&{filter}&{range}")).await;
                let wanted = expected(stored.iter().filter(within).filter(|r| holds(r)).copied(), |_| String::new());
                assert_eq!(told(&report), wanted, "{filter} {range}");
                let mut wanted: Vec<&&Record> = stored.iter().filter(within).filter(|r| holds(r)).collect();
                wanted.sort_by_key(|r| std::cmp::Reverse((r.at, r.id.clone())));
                let wanted: Vec<&str> = wanted.iter().map(|r| r.id.as_str()).collect();
                assert_eq!(log(&server, &format!("{filter}&{range}")).await, wanted, "{filter} {range}");
            }
        }
    }
}

#[tokio::test]
async fn percentiles_of_many_requests_come_from_histograms() {
    for server in Server::on_both().await {
        let now = time::now();
        let batch: Vec<Record> = (0..200).map(|n| record(n, now, u64::from(n * 77 % 200 + 1) * 1_000)).collect();
        deliver(&server, &batch).await;
        let report = server.get("/usage").await;
        assert_eq!((&report["percentiles"], &report["total"]["p50_us"]), (&json!("exact"), &json!(100_000)));
        // As if somebody else's 100,000 stood in the same hours.
        server.plane.tamper("UPDATE usage_hours SET requests = requests + 100000 WHERE application = 'blog'").await;
        let report = server.get("/usage?application=shop").await;
        assert_eq!(report["percentiles"], "histogram");
        let row = &report["rows"][0];
        // The shop's are 1, 3, … 199 ms.
        for (name, exact) in [("p50_us", 99_000), ("p90_us", 179_000), ("p99_us", 197_000)] {
            let told = row[name].as_i64().unwrap();
            assert!((told - exact).abs() * 100 <= exact * 9, "{name} is told as {told}, not {exact}");
        }
        assert_eq!((&row["requests"], &report["total"]["p99_us"]), (&json!(100), &row["p99_us"]));
    }
}

#[tokio::test]
async fn old_requests_go_and_their_sums_stay() {
    for server in Server::on_both().await {
        let now = time::now();
        let old = now / HOUR * HOUR - 40 * 24 * HOUR;
        // More than one transaction deletes, many at the same moment.
        let batch: Vec<Record> = (0..700).map(|n| record(n, old + HOUR / 2 + i64::from(n / 600), 1_000)).collect();
        let kept: Vec<Record> = (700..720).map(|n| record(n, now - HOUR, 1_000)).collect();
        deliver(&server, &batch).await;
        deliver(&server, &kept).await;
        let range = format!("from={}&to={}", time::to_rfc3339(old + HOUR / 3), time::to_rfc3339(old + 2 * HOUR / 3));
        let before = server.get(&format!("/usage?{range}")).await;
        assert_eq!((&before["total"]["requests"], &before["percentiles"]), (&json!(700), &json!("exact")));

        assert_eq!(server.plane.delete_old(now).await, 700);
        assert_eq!(server.plane.delete_old(now).await, 0);
        server.call("GET", "/requests/r-00000", None).await.expect(404);
        assert_eq!(server.get("/requests?limit=500").await["items"].as_array().unwrap().len(), 20);
        let left = server.plane.query("SELECT DISTINCT request_id FROM attempts ORDER BY request_id").await;
        assert_eq!(left, kept.iter().map(|r| r.id.clone()).collect::<Vec<_>>());

        // The same range is told in full hours, and says so.
        let after = server.get(&format!("/usage?{range}")).await;
        assert_eq!(
            (&after["from"], &after["to"]),
            (&json!(time::to_rfc3339(old)), &json!(time::to_rfc3339(old + HOUR)))
        );
        assert_eq!(after["percentiles"], "histogram");
        for name in ["requests", "errors", "cost", "tokens"] {
            assert_eq!(after["total"][name], before["total"][name], "{name}");
        }
        let all = server.get(&format!("/usage?from={}", time::to_rfc3339(old + HOUR / 3))).await;
        assert_eq!(all["total"]["requests"], 720);
    }
}

#[tokio::test]
async fn a_batch_that_is_older_than_the_ledgers_rows_is_not_counted_again() {
    let server = Server::start().await;
    let now = time::now();
    let batch = |name: &str, at| Record {
        id: weir_domain::name::derived_id(&["batch", "openai", name, "0"]),
        at,
        ..record(1, HOUR, 1_000)
    };
    let (old, young) = (batch("old", now - 40 * 24 * HOUR), batch("young", now - 2 * HOUR));
    // Asked after by two nodes, and again when its row was deleted long ago.
    for delivery in [vec![young.clone()], vec![old.clone(), young.clone(), young], vec![old]] {
        deliver(&server, &delivery).await;
    }
    let all = server.get(&format!("/usage?from={}", time::to_rfc3339(now - 50 * 24 * HOUR))).await;
    assert_eq!(all["total"]["requests"], 1);
}

#[tokio::test]
async fn retention_of_zero_days_keeps_all() {
    let database = super::database::sqlite();
    let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let settings = crate::Settings { ledger_retention_days: 0, ..super::server::settings(dir.path(), &database) };
    let server = Server::with(settings, database, dir).await;
    deliver(&server, &[record(1, HOUR, 1_000)]).await;
    assert_eq!(server.plane.delete_old(time::now()).await, 0);
    server.get("/requests/r-00001").await;
}
