//! What requests held: kept as their team says, read by few and not unseen, gone when it should be, and never back.

use serde_json::{Value, json};
use weir_domain::bodies::{Bodies, Body, Held};
use weir_domain::ledger::Record;
use weir_domain::time;

use super::ledger::{HOUR, deliver, record};
use super::server::Server;

const DAY: i64 = 24 * HOUR;

/// What the request `r-0000n` held, kept for a day.
fn bodies(n: u32, at: i64, length: usize) -> Bodies {
    let body = |text: &str| Some(Body { text: text.to_owned(), bytes: 7, ..Body::default() });
    let held = Held {
        attempt: 2,
        request: body(&"x".repeat(length)),
        provider_request: body("{\"nul\":\"\\u0000\"}"),
        provider_answer: None,
        answer: body("raw \0 nul"),
    };
    let id = format!("r-{n:05}");
    Bodies { id, team: "default".to_owned(), at, expires_at: at + DAY, max_total_bytes: 1 << 20, held }
}

async fn keep(server: &Server, batch: &[Bodies]) {
    server.plane.usage_sink().keep(batch).await.unwrap();
}

async fn records(server: &Server, count: u32, at: i64) {
    let all: Vec<Record> = (0..count).map(|n| record(n, at + i64::from(n), 1_000)).collect();
    deliver(server, &all).await;
}

async fn log(server: &Server, spec: Value) {
    let version = server.get("/teams/default").await["version"].as_i64().unwrap();
    let body = json!({"spec": {"name": "Default", "request_log": spec}});
    let etag = format!("\"v{version}\"");
    server.call_with("PUT", "/teams/default", &[("if-match", &etag)], Some(body)).await.expect(200);
}

/// Why there is nothing.
async fn reason(server: &Server, n: u32) -> String {
    let refused = server.call("GET", &format!("/requests/r-{n:05}/bodies"), None).await.expect(404);
    assert_eq!(refused.problem(), "no-bodies");
    let reason = refused.json()["reason"].as_str().unwrap().to_owned();
    let state = server.get(&format!("/requests/r-{n:05}")).await["bodies"].clone();
    assert_eq!(state, json!({"kept": false, "expires_at": null, "reason": reason}));
    reason
}

async fn audit(server: &Server, action: &str) -> Vec<Value> {
    server.get(&format!("/audit?action={action}")).await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_was_kept_is_read_back_and_each_reading_is_in_the_audit_trail() {
    for server in Server::on_both().await {
        let now = time::now();
        records(&server, 2, now).await;
        let kept = bodies(1, now, 10);
        keep(&server, std::slice::from_ref(&kept)).await;
        keep(&server, &[Bodies { held: Held::default(), ..kept.clone() }]).await;
        let state = server.get("/requests/r-00001").await["bodies"].clone();
        let expires = time::to_rfc3339(now + DAY);
        assert_eq!(state, json!({"kept": true, "expires_at": expires, "reason": null}));
        assert!(audit(&server, "read-bodies").await.is_empty(), "to know of it is not to read it");
        let read = server.get("/requests/r-00001/bodies").await;
        assert_eq!((&read["expires_at"], &read["attempt"]), (&json!(expires), &json!(2)));
        assert_eq!(read["request"], json!({"text": "xxxxxxxxxx", "bytes": 7, "truncated": false}));
        assert_eq!(read["answer"]["text"], "raw \0 nul");
        assert_eq!(read["size"], json!(kept.held.size()));
        let seen = audit(&server, "read-bodies").await;
        assert_eq!((seen.len(), &seen[0]["kind"], &seen[0]["id"]), (1, &json!("Request"), &json!("r-00001")));
        assert_eq!(server.get("/audit/check").await["intact"], true);
        server.call("GET", "/requests/r-00009/bodies", None).await.expect(404);
    }
}

#[tokio::test]
async fn only_who_may_reads_or_erases_them() {
    let server = Server::start().await;
    let now = time::now();
    records(&server, 1, now).await;
    keep(&server, &[bodies(0, now, 1)]).await;
    for scope in ["read", "ledger", "config"] {
        let body = Some(json!({"name": scope, "scopes": [scope]}));
        let made = server.call_with("POST", "/tokens", &[("idempotency-key", scope)], body).await.expect(201).json();
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        for (method, path) in [
            ("GET", "/api/v1/requests/r-00000/bodies"),
            ("DELETE", "/api/v1/requests/r-00000/bodies"),
            ("DELETE", "/api/v1/teams/default/bodies"),
        ] {
            let refused = server.raw(method, path, &[("authorization", &bearer)], None).await.expect(403);
            assert_eq!(refused.problem(), "forbidden");
        }
    }
    assert_eq!(server.get("/requests/r-00000/bodies").await["size"], json!(bodies(0, now, 1).held.size()));
}

#[tokio::test]
async fn it_is_said_why_there_is_nothing() {
    for server in Server::on_both().await {
        let now = time::now();
        records(&server, 3, now - 2 * DAY).await;
        assert_eq!(reason(&server, 0).await, "off");
        log(&server, json!({"bodies": "off"})).await;
        assert_eq!(reason(&server, 0).await, "off");
        log(&server, json!({"bodies": "all", "retention_days": 3})).await;
        assert_eq!(reason(&server, 0).await, "not_kept");
        log(&server, json!({"bodies": "errors", "retention_days": 1})).await;
        assert_eq!(reason(&server, 0).await, "expired");
        keep(&server, &[Bodies { expires_at: now + 1_500_000, ..bodies(1, now - 2 * DAY, 1) }]).await;
        server.get("/requests/r-00001/bodies").await;
        tokio::time::sleep(std::time::Duration::from_millis(1_600)).await;
        // Not deleted by now, and still not given out.
        assert_eq!(server.plane.query("SELECT request_id FROM bodies").await, ["r-00001"]);
        assert_eq!(reason(&server, 1).await, "expired");
    }
}

#[tokio::test]
async fn what_was_erased_is_gone_and_does_not_come_back() {
    for server in Server::on_both().await {
        let now = time::now();
        records(&server, 4, now - 1_000).await;
        let all: Vec<Bodies> = (0..3).map(|n| bodies(n, now - 1_000 + i64::from(n), 5)).collect();
        keep(&server, &all[..2]).await;
        server.call("DELETE", "/requests/r-00001/bodies", None).await.expect(204);
        // One that had not arrived, too.
        server.call("DELETE", "/requests/r-00002/bodies", None).await.expect(204);
        keep(&server, &all).await;
        assert_eq!((reason(&server, 1).await, reason(&server, 2).await), ("erased".to_owned(), "erased".to_owned()));
        server.get("/requests/r-00000/bodies").await;
        server.call("DELETE", "/requests/r-00077/bodies", None).await.expect(404);
        let erased = server.call("DELETE", "/teams/default/bodies", None).await.expect(200).json();
        assert_eq!(erased, json!({"erased": 1}));
        keep(&server, &[bodies(0, now - 1_000, 5), bodies(3, now - 997, 5)]).await;
        assert_eq!(reason(&server, 0).await, "erased");
        let (id, later) = ("r-00005".to_owned(), time::now() + 1_000_000);
        assert_eq!(server.get("/requests/r-00003").await["bodies"]["kept"], false, "of before, on its way");
        keep(&server, &[Bodies { id, ..bodies(5, later, 5) }]).await;
        let held = server.plane.query("SELECT request_id FROM bodies WHERE content IS NOT NULL").await;
        assert_eq!(held, ["r-00005"], "what comes after the erasure is kept");
        server.call("DELETE", "/teams/nobody/bodies", None).await.expect(404);
        let seen: Vec<(Value, Value)> =
            audit(&server, "erase-bodies").await.iter().map(|e| (e["kind"].clone(), e["before"].clone())).collect();
        let (request, team) = (json!("Request"), json!("Team"));
        assert_eq!(
            seen,
            [
                (team, json!({"requests": 1})),
                (request.clone(), json!({"kept": false})),
                (request, json!({"kept": true})),
            ]
        );
    }
}

#[tokio::test]
async fn the_oldest_go_by_age_and_when_a_team_has_too_much() {
    for server in Server::on_both().await {
        let now = time::now();
        records(&server, 10, now).await;
        let all: Vec<Bodies> = (0..10).map(|n| bodies(n, now + i64::from(n), 200_000)).collect();
        keep(&server, &all[..3]).await;
        keep(&server, &all[3..]).await;
        // Five of them fit into a mebibyte.
        let left = server.plane.query("SELECT request_id FROM bodies ORDER BY request_id").await;
        assert_eq!(left, ["r-00005", "r-00006", "r-00007", "r-00008", "r-00009"]);
        // Another team's do not count.
        let other = Bodies { team: "other".to_owned(), ..bodies(20, now - DAY, 1_000_000) };
        keep(&server, &[Bodies { expires_at: now + DAY, ..other }]).await;
        assert_eq!(server.plane.query("SELECT request_id FROM bodies WHERE team = 'default'").await.len(), 5);
        // The team keeps less long from now on.
        log(&server, json!({"bodies": "all", "retention_days": 1})).await;
        assert_eq!(server.plane.delete_old_bodies(now + DAY / 2).await, 0);
        assert_eq!(server.plane.delete_old_bodies(now + DAY + 100).await, 6);
        assert!(server.plane.query("SELECT request_id FROM bodies").await.is_empty());
    }
}

#[tokio::test]
async fn a_shorter_retention_holds_for_what_is_there_and_none_outlives_its_request() {
    for server in Server::on_both().await {
        let now = time::now();
        records(&server, 1, now).await;
        let long = |n, at| Bodies { expires_at: now + 90 * DAY, ..bodies(n, at, 1) };
        keep(&server, &[long(0, now), long(1, now - 3 * DAY)]).await;
        log(&server, json!({"bodies": "all", "retention_days": 2})).await;
        assert_eq!(server.plane.delete_old_bodies(now).await, 1);
        assert_eq!(server.plane.query("SELECT request_id FROM bodies").await, ["r-00000"]);
        let expires = server.get("/requests/r-00000").await["bodies"]["expires_at"].clone();
        assert_eq!(expires, json!(time::to_rfc3339(now + 2 * DAY)));
        log(&server, json!({"bodies": "all", "retention_days": 90})).await;
        // The ledger keeps rows for thirty days.
        assert_eq!(server.plane.delete_old(now + 31 * DAY).await, 1);
        assert_eq!(server.plane.delete_old_bodies(now).await, 1);
    }
}

#[tokio::test]
async fn a_team_is_told_what_is_wrong_with_its_settings() {
    let server = Server::start().await;
    let put = |spec: Value| {
        let body = json!({"spec": {"request_log": spec}});
        let server = &server;
        async move { server.call_with("PUT", "/teams/default", &[("if-match", "\"v1\"")], Some(body)).await }
    };
    for (spec, field, problem) in [
        (json!({"bodies": "some"}), "spec.request_log.bodies", "unknown value, expected one of `off`, `errors`, `all`"),
        (json!({"sample_percent": 0}), "spec.request_log.sample_percent", "0 is out of range; give 1 to 100"),
        (json!({"max_bytes": 1}), "spec.request_log.max_bytes", "1 is out of range; give 1024 to 262144"),
        (json!({"retention_days": 91}), "spec.request_log.retention_days", "91 is out of range; give 1 to 90"),
        (json!({"redact": {"patterns": ["("]}}), "spec.request_log.redact.patterns[0]", "is no regular expression"),
        (json!({"redact": {"pointers": ["x"]}}), "spec.request_log.redact.pointers[0]", "is no JSON pointer"),
        (json!({"redact": {"builtin": ["face"]}}), "spec.request_log.redact.builtin[0]", "unknown value"),
    ] {
        let refused = put(spec).await.expect(422).json();
        let fault = &refused["faults"][0];
        assert_eq!(fault["field"], field, "{refused}");
        assert!(fault["problem"].as_str().unwrap().contains(problem), "{refused}");
    }
    put(json!({"bodies": "errors", "redact": {"members": ["ssn"]}})).await.expect(200);
}
