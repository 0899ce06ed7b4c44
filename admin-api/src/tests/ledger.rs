//! Usage: delivered once, summed exactly, found again.

use serde_json::{Value, json};
use weir_domain::ledger::{Aborted, Attempt, CacheStatus, Outcome, Record, Shadowed, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::name::derived_id;
use weir_domain::time;
use weir_domain::usage::{ImageSize, Region, ServiceTier, Tokens, Units, Usage, UsageSource};

use super::server::Server;

pub(super) const HOUR: i64 = 3_600_000_000;

/// Tokens in some buckets, and something of everything beside them.
fn usage() -> Usage {
    Usage {
        tokens: Tokens { input_uncached: 10, cache_read: 1, output_text: 5, reasoning: 2, ..Tokens::default() },
        source: UsageSource::Provider,
        units: Units { web_searches: 3, image_size: ImageSize { width: 2, height: 1 }, ..Units::default() },
        tier: ServiceTier::Priority,
        region: Region::Eu,
    }
}

/// One that failed, and one that won and whose caller left.
fn attempts(duration_us: u64) -> Vec<Attempt> {
    let attempt = Attempt {
        number: 1,
        provider: "p".to_owned(),
        provider_key: "main".to_owned(),
        target: "m-1".to_owned(),
        started_us: 20,
        first_byte_us: Some(300),
        duration_us,
        status: 429,
        outcome: Outcome::UpstreamError,
        error: "slow down".to_owned(),
        usage: Usage::default(),
        cost: None,
        price: String::new(),
        aborted: None,
        shadow: None,
    };
    let won = Attempt {
        number: 2,
        status: 200,
        outcome: Outcome::Ok,
        error: String::new(),
        usage: usage(),
        cost: Some(NanoUsd(1_000_000_007)),
        price: "p-1".to_owned(),
        aborted: Some(Aborted::Drained),
        ..attempt.clone()
    };
    vec![attempt, won]
}

/// A record with its own id, `at` and duration.
pub(super) fn record(n: u32, at: i64, duration_us: u64) -> Record {
    Record {
        id: format!("r-{n:05}"),
        node: "n1".to_owned(),
        at,
        duration_us,
        upstream_us: duration_us / 2,
        first_byte_us: Some(400),
        traffic: Traffic::Ai,
        team: "default".to_owned(),
        application: if n.is_multiple_of(2) { "shop" } else { "blog" }.to_owned(),
        key: "k1".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/chat/completions".to_owned(),
        service: String::new(),
        route: "fast".to_owned(),
        dialect: Some(weir_domain::dialect::Dialect::Openai),
        model: "fast".to_owned(),
        asked_model: String::new(),
        provider: "p".to_owned(),
        upstream_model: "m-1".to_owned(),
        stream: true,
        status: 200,
        outcome: Outcome::Ok,
        error: String::new(),
        usage: usage(),
        cost: Some(NanoUsd(1_000_000_007)),
        cache: Some(CacheStatus::Hit),
        saved: Some(NanoUsd(5_000)),
        request_bytes: 100,
        response_bytes: 200,
        dropped: vec!["logit_bias".to_owned()],
        shadow_of: None,
        attempts: attempts(duration_us),
    }
}

pub(super) async fn deliver(server: &Server, batch: &[Record]) {
    server.plane.usage_sink().deliver(batch).await.unwrap();
}

/// The one row of an ungrouped report.
async fn total(server: &Server, query: &str) -> Value {
    server.get(&format!("/usage?{query}")).await["total"].clone()
}

#[tokio::test]
async fn a_batch_delivered_twice_counts_once() {
    for server in Server::on_both().await {
        let now = time::now();
        let batch: Vec<Record> = (0..50).map(|n| record(n, now - i64::from(n), 1_000)).collect();
        deliver(&server, &batch).await;
        deliver(&server, &batch[10..]).await;
        deliver(&server, &[record(7, now, 5), record(50, now, 1_000)]).await;
        let sums = total(&server, "").await;
        assert_eq!((&sums["requests"], &sums["errors"], &sums["unpriced"]), (&json!(51), &json!(0), &json!(0)));
        assert_eq!((&sums["cost"], &sums["cost_usd"]), (&json!(51 * 1_000_000_007_i64), &json!("51.000000357")));
        assert_eq!((&sums["tokens"]["input_uncached"], &sums["tokens"]["reasoning"]), (&json!(510), &json!(102)));
    }
}

#[tokio::test]
async fn a_request_is_found_again_with_its_attempts() {
    for server in Server::on_both().await {
        let record = record(1, time::now(), 9_000);
        deliver(&server, std::slice::from_ref(&record)).await;
        let shown = server.get("/requests/r-00001").await;
        assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
        assert_eq!((&shown["attempts"][0]["status"], &shown["attempts"][1]["price"]), (&json!(429), &json!("p-1")));
        assert_eq!(
            (&shown["attempts"][0]["aborted"], &shown["attempts"][1]["aborted"]),
            (&Value::Null, &json!("drained"))
        );
        assert_eq!((&shown["at"], &shown["dropped"]), (&json!(time::to_rfc3339(record.at)), &json!(["logit_bias"])));
        assert_eq!((&shown["cache"], &shown["saved_usd"]), (&json!("hit"), &json!("0.000005")));
        assert_eq!(
            (&shown["stream"], &shown["dialect"], &shown["cost_usd"]),
            (&json!(true), &json!("openai"), &json!("1.000000007"))
        );
        let usage = &shown["usage"];
        assert_eq!(usage["tokens"], serde_json::to_value(record.usage.tokens).unwrap());
        assert_eq!(usage["units"], json!({"web_searches": 3, "image_size": {"width": 2, "height": 1}}));
        assert_eq!(
            (&usage["source"], &usage["service_tier"], &usage["region"]),
            (&json!("provider"), &json!("priority"), &json!("eu"))
        );
        assert_eq!(shown["attempts"][0]["usage"]["units"], json!({}));
        server.call("GET", "/requests/nothing", None).await.expect(404);
    }
}

#[tokio::test]
async fn a_shadow_stands_with_its_request_and_in_no_sum() {
    for server in Server::on_both().await {
        let real = record(1, time::now(), 9_000);
        let copy = |same_answer| Attempt {
            number: 101,
            provider: "q".to_owned(),
            shadow: Some(Shadowed { same_answer }),
            ..real.attempts[1].clone()
        };
        let shadow = |same| Record {
            id: "s-1".to_owned(),
            shadow_of: Some(real.id.clone()),
            attempts: vec![copy(same)],
            ..real.clone()
        };
        // It may come before its request, with it, or twice.
        deliver(&server, &[shadow(Some(false))]).await;
        deliver(&server, &[real.clone(), shadow(None)]).await;
        deliver(&server, &[shadow(None), real.clone()]).await;
        let sums = total(&server, "").await;
        assert_eq!((&sums["requests"], &sums["cost"]), (&json!(1), &json!(1_000_000_007_i64)));
        let shown = server.get("/requests/r-00001").await;
        let attempts = shown["attempts"].as_array().unwrap();
        let brief: Vec<_> = attempts.iter().map(|a| (&a["number"], &a["shadow"], &a["same_answer"])).collect();
        let (real, none) = (json!(false), Value::Null);
        assert_eq!(
            brief,
            [(&json!(1), &real, &none), (&json!(2), &real, &none), (&json!(101), &json!(true), &json!(false))]
        );
        assert_eq!((&attempts[2]["provider"], &attempts[2]["cost_usd"]), (&json!("q"), &json!("1.000000007")));
        server.call("GET", "/requests/s-1", None).await.expect(404);
    }
}

#[tokio::test]
async fn sums_follow_groups_buckets_and_filters() {
    for server in Server::on_both().await {
        let hour = time::now() / HOUR * HOUR;
        let mut batch: Vec<Record> = (0..10).map(|n| record(n, hour - HOUR + i64::from(n), 1_000)).collect();
        batch.extend((10..15).map(|n| record(n, hour + i64::from(n), 1_000)));
        (batch[0].status, batch[0].outcome, batch[0].cost) = (502, Outcome::UpstreamError, None);
        deliver(&server, &batch).await;
        let report = server.get("/usage?group_by=application&bucket=hour").await;
        let rows: Vec<_> = report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                (
                    r["bucket"].as_str().unwrap().to_owned(),
                    r["group"].as_str().unwrap().to_owned(),
                    r["requests"].as_i64().unwrap(),
                )
            })
            .collect();
        let (before, now) = (time::to_rfc3339(hour - HOUR), time::to_rfc3339(hour));
        assert_eq!(
            rows,
            [
                (before.clone(), "blog".to_owned(), 5),
                (before, "shop".to_owned(), 5),
                (now.clone(), "blog".to_owned(), 2),
                (now, "shop".to_owned(), 3),
            ]
        );
        let errors = total(&server, "status=error").await;
        assert_eq!((&errors["requests"], &errors["errors"], &errors["unpriced"]), (&json!(1), &json!(1), &json!(1)));
        for (query, requests) in [
            ("application=shop", 8),
            ("application=none", 0),
            ("key=k1", 15),
            ("model=fast", 15),
            ("provider=q", 0),
            ("status=2xx", 14),
            ("status=502", 1),
            ("outcome=ok", 14),
            ("team=default", 15),
            ("traffic=rest", 0),
        ] {
            assert_eq!(total(&server, query).await["requests"].as_i64().unwrap_or(0), requests, "{query}");
        }
    }
}

#[tokio::test]
async fn every_grouping_counts_all_and_the_log_pages_newest_first() {
    for server in Server::on_both().await {
        let now = time::now();
        deliver(&server, &(0..15).map(|n| record(n, now + i64::from(n) - 100, 1_000)).collect::<Vec<_>>()).await;
        let range = format!("from={}", time::to_rfc3339(now - HOUR));
        let whole = total(&server, &range).await;
        assert_eq!((&whole["requests"], &whole["tokens"]["reasoning"]), (&json!(15), &json!(30)));
        for group in ["none", "team", "key", "model", "provider", "service", "status"] {
            let rows = server.get(&format!("/usage?group_by={group}")).await["rows"].clone();
            let sum: i64 = rows.as_array().unwrap().iter().map(|r| r["requests"].as_i64().unwrap()).sum();
            assert_eq!(sum, 15, "{group}");
            // However it is grouped, the whole is the same.
            assert_eq!(total(&server, &format!("group_by={group}&bucket=hour&{range}")).await, whole, "{group}");
        }
        server.call("GET", "/usage?group_by=colour", None).await.expect(400);
        server.call("GET", "/usage?from=yesterday", None).await.expect(400);
        let listed = server.get("/requests?application=shop&limit=5").await;
        let rest =
            server.get(&format!("/requests?application=shop&cursor={}", listed["next_cursor"].as_str().unwrap())).await;
        let ids: Vec<&str> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .chain(rest["items"].as_array().unwrap())
            .map(|i| i["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["r-00014", "r-00012", "r-00010", "r-00008", "r-00006", "r-00004", "r-00002", "r-00000"]);
        assert_eq!(server.get("/requests?q=R-00003").await["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_failed_call_of_a_model_that_nobody_knows_is_found_by_the_name_that_was_asked_for() {
    for server in Server::on_both().await {
        let now = time::now();
        // More hours with others of no name than a page looks at, and behind them the one that is wanted.
        let batch = (0..8).map(|n| {
            let mut record = record(n, now - i64::from(n) * 2 * HOUR, 1_000);
            record.asked_model = if n == 7 { "fo/e500" } else { "fo/other" }.to_owned();
            record.model.clear();
            record
        });
        deliver(&server, &batch.collect::<Vec<_>>()).await;
        let found = server.get("/requests?model=fo/e500&limit=2").await;
        let ids: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["r-00007"], "{found}");
        assert_eq!(found["items"][0]["asked_model"], "fo/e500");
        assert_eq!(server.get("/requests?model=fo/e50").await["items"], json!([]));
        assert_eq!(total(&server, "model=fo/e500").await["requests"].as_i64().unwrap_or(0), 0, "it has no sums");
    }
}

#[tokio::test]
async fn percentiles_are_exact() {
    for server in Server::on_both().await {
        let now = time::now();
        // 1 to 200 ms in an order that is no order; 77 and 200 have no common divisor.
        let batch: Vec<Record> = (0..200).map(|n| record(n, now, u64::from(n * 77 % 200 + 1) * 1_000)).collect();
        deliver(&server, &batch).await;
        let sums = total(&server, "").await;
        assert_eq!(
            (&sums["p50_us"], &sums["p90_us"], &sums["p99_us"]),
            (&json!(100_000), &json!(180_000), &json!(198_000))
        );
        let last = server.get("/overview").await["last_24h"].clone();
        assert_eq!(
            (&last["requests"], &last["tokens"], &last["p99_us"]),
            (&json!(200), &json!(200 * 18), &json!(198_000))
        );
    }
}

#[tokio::test]
async fn hostile_text_does_not_hold_up_a_batch() {
    for server in Server::on_both().await {
        let mut record = record(1, time::now(), 1);
        record.model = "nul\0 '; DROP TABLE requests; --".to_owned();
        record.usage.tokens.input_uncached = u64::MAX;
        record.cost = Some(NanoUsd(i64::MAX));
        let another = Record { id: "r-00002".to_owned(), ..record.clone() };
        deliver(&server, &[record, another]).await;
        let shown = server.get("/requests/r-00001").await;
        assert_eq!(shown["model"], "nul\u{fffd} '; DROP TABLE requests; --");
        // A provider that lies about its counts does not break the sums of everybody else.
        let sums = total(&server, "group_by=provider").await;
        assert_eq!((&sums["requests"], &sums["cost"]), (&json!(2), &json!(20_000_000_000_000_i64)));
        assert_eq!(sums["tokens"]["input_uncached"], 2_000_000_000_000_i64);
    }
}

#[tokio::test]
async fn a_batch_may_cost_more_than_any_single_request() {
    for server in Server::on_both().await {
        let mut batch = record(1, time::now(), 1);
        batch.id = derived_id(&["batch", "p", "batch_1", "0"]);
        batch.cost = Some(NanoUsd(50_000_000_000_007));
        batch.attempts[1].cost = batch.cost;
        let liar =
            Record { id: derived_id(&["batch", "p", "batch_2", "0"]), cost: Some(NanoUsd(i64::MAX)), ..batch.clone() };
        deliver(&server, &[batch.clone(), liar]).await;
        let shown = server.get(&format!("/requests/{}", batch.id)).await;
        assert_eq!(shown["cost"], 50_000_000_000_007_i64);
        assert_eq!(shown["attempts"][1]["cost"], 50_000_000_000_007_i64);
        let sums = total(&server, "group_by=provider").await;
        assert_eq!(sums["cost"], 1_050_000_000_000_007_i64);
    }
}

#[tokio::test]
async fn a_record_that_is_refused_holds_up_no_others() {
    for server in Server::on_both().await {
        // From now on one request of this path is let in, and every further one is refused.
        server.plane.tamper("CREATE UNIQUE INDEX refuse ON requests (path) WHERE path = '/once'").await;
        let now = time::now();
        let mut batch: Vec<Record> = (0..100).map(|n| record(n, now, 1_000)).collect();
        for n in [0, 41, 42, 99] {
            batch[n].path = "/once".to_owned();
        }
        deliver(&server, &batch).await;
        // Again, as after a delivery whose answer was lost: nothing counts twice, nor is set aside twice.
        deliver(&server, &batch).await;
        let sums = total(&server, "").await;
        assert_eq!((&sums["requests"], &sums["cost"]), (&json!(97), &json!(97 * 1_000_000_007_i64)));
        let dead = server.plane.query("SELECT record FROM dead_letters ORDER BY record").await;
        let dead: Vec<Record> = dead.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
        assert_eq!(dead, [&batch[41], &batch[42], &batch[99]].map(Clone::clone));
        // Refused once, it is refused again; taken once, it stays.
        server.call("GET", "/requests/r-00041", None).await.expect(404);
        server.get("/requests/r-00000").await;
    }
}

#[tokio::test]
async fn a_ledger_that_fails_is_told_and_loses_nothing() {
    for server in Server::on_both().await {
        let batch: Vec<Record> = (0..10).map(|n| record(n, time::now(), 1_000)).collect();
        server.plane.tamper("ALTER TABLE attempts RENAME TO elsewhere").await;
        let failed = server.plane.usage_sink().deliver(&batch).await.unwrap_err();
        assert!(failed.to_string().contains("attempts"), "{failed}");
        server.plane.tamper("ALTER TABLE elsewhere RENAME TO attempts").await;
        assert_eq!(total(&server, "").await, Value::Null);
        assert!(server.plane.query("SELECT record FROM dead_letters").await.is_empty());
        deliver(&server, &batch).await;
        assert_eq!(total(&server, "").await["requests"], 10);
    }
}

#[tokio::test]
async fn the_checklist_follows_what_was_done() {
    let server = Server::start().await;
    let list = async || server.get("/overview").await["checklist"].clone();
    assert_eq!(list().await, json!({"provider": false, "playground": false, "key": false, "called": false}));
    server.create("providers", "p", json!({"protocol": "demo"})).await;
    server.call("POST", "/applications/playground/keys", None).await.expect(201);
    let mut tried = record(1, time::now(), 1);
    tried.application = "playground".to_owned();
    deliver(&server, &[tried]).await;
    assert_eq!(list().await, json!({"provider": true, "playground": true, "key": true, "called": false}));
    deliver(&server, &[record(2, time::now(), 1)]).await;
    assert_eq!(list().await["called"], true);
}
