//! Idempotency keys: a repeated POST is carried out once.

use serde_json::json;

use super::server::{Server, application};

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    for server in Server::on_both().await {
        server.create("applications", "shop", application()).await;
        let (path, key) = ("/applications/shop/keys", [("idempotency-key", "k1")]);
        let first = server.call_with("POST", path, &key, Some(json!({"name": "a"}))).await.expect(201);
        let second = server.call_with("POST", path, &key, Some(json!({"name": "a"}))).await.expect(201);
        assert_eq!(first.text, second.text);
        assert_eq!(
            (first.header("idempotency-replayed"), second.header("idempotency-replayed")),
            (String::new(), "true".to_owned())
        );
        assert_eq!(server.get("/api-keys").await["items"].as_array().unwrap().len(), 1);
        let other = server.call_with("POST", path, &key, Some(json!({"name": "b"}))).await.expect(422);
        assert_eq!(other.problem(), "idempotency-key-reused");
        assert_eq!(other.json()["resolve"]["action"], "new_idempotency_key");
        let quoted = [("idempotency-key", "\"k1\";v=1")];
        let third = server.call_with("POST", path, &quoted, Some(json!({"name": "a"}))).await.expect(201);
        assert_eq!(first.text, third.text, "with quotes or without, it is one key");
        let team = json!({"id": "t", "spec": {}});
        let made =
            server.call_with("POST", "/teams", &[("idempotency-key", "k2")], Some(team.clone())).await.expect(201);
        let again = server.call_with("POST", "/teams", &[("idempotency-key", "k2")], Some(team)).await.expect(201);
        assert_eq!((made.header("etag"), made.header("location")), (again.header("etag"), again.header("location")));
    }
}

#[tokio::test]
async fn parallel_repeats_make_one() {
    for server in Server::on_both().await {
        let other = server.sibling().await;
        let key = [("idempotency-key", "same")];
        let ask = async |on: &Server| on.call_with("POST", "/teams", &key, Some(json!({"spec": {"name": "x"}}))).await;
        let answers = tokio::join!(ask(&server), ask(&other), ask(&server), ask(&other));
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.text);
            if answer.status == 409 {
                assert_eq!(answer.problem(), "request-under-way");
            }
        }
        assert_eq!(server.get("/teams?q=x").await["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_repeated_and_a_missing_right_is_not_kept() {
    let server = Server::start().await;
    let body = json!({"id": "UPPER", "spec": {}});
    let key = [("idempotency-key", "k")];
    let first = server.call_with("POST", "/teams", &key, Some(body.clone())).await.expect(422);
    let second = server.call_with("POST", "/teams", &key, Some(body)).await.expect(422);
    assert_eq!(first.text, second.text);
    server.call_with("POST", "/teams", &[("idempotency-key", "")], Some(json!({"spec": {}}))).await.expect(400);
    let reader = format!("Bearer {}", server.scoped(&["read"]).await);
    let headers = [("authorization", reader.as_str()), ("content-type", "application/json"), ("idempotency-key", "r")];
    for _ in 0..2 {
        let refused = server.raw("POST", "/api/v1/teams", &headers, Some(json!({"spec": {}}).to_string())).await;
        assert_eq!(refused.expect(403).header("idempotency-replayed"), "");
    }
}

#[tokio::test]
async fn keys_belong_to_their_caller() {
    let server = Server::start().await;
    let other = format!("Bearer {}", server.scoped(&["admin"]).await);
    let key = ("idempotency-key", "mine");
    server.call_with("POST", "/teams", &[key], Some(json!({"id": "a", "spec": {}}))).await.expect(201);
    let headers = [("authorization", other.as_str()), ("content-type", "application/json"), key];
    let body = json!({"id": "b", "spec": {}}).to_string();
    server.raw("POST", "/api/v1/teams", &headers, Some(body)).await.expect(201);
}

#[tokio::test]
async fn what_a_crash_left_behind_is_neither_repeated_nor_stuck() {
    for server in Server::on_both().await {
        let body = json!({"spec": {"name": "once"}});
        let ask = async || server.call_with("POST", "/teams", &[("idempotency-key", "k")], Some(body.clone())).await;
        ask().await.expect(201);
        // The process died after the commit and before the answer was kept.
        server.plane.tamper("UPDATE idempotency SET answer = NULL").await;
        assert_eq!(ask().await.expect(409).problem(), "request-under-way");
        server.plane.tamper("UPDATE idempotency SET started_at = started_at - 120000000").await;
        assert_eq!(ask().await.expect(409).problem(), "answer-lost");
        assert_eq!(server.get("/teams?q=once").await["items"].as_array().unwrap().len(), 1);
        // It died before the commit: nothing was done, so it is done now.
        server.plane.tamper("UPDATE idempotency SET committed = 0").await;
        server.plane.tamper("DELETE FROM resources WHERE search LIKE '%once%'").await;
        ask().await.expect(201);
        assert_eq!(ask().await.expect(201).header("idempotency-replayed"), "true");
        assert_eq!(server.get("/teams?q=once").await["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_is_for_the_token_that_asked_and_not_for_its_namesake() {
    for server in Server::on_both().await {
        let token = async |scope: &str| format!("Bearer {}", server.scoped(&[scope]).await);
        let (first, namesake, ledger) = (token("admin").await, token("admin").await, token("ledger").await);
        let ask = async |bearer: &str| {
            let headers =
                [("authorization", bearer), ("content-type", "application/json"), ("idempotency-key", "minted")];
            let body = json!({"name": "new", "scopes": ["admin"]}).to_string();
            server.raw("POST", "/api/v1/tokens", &headers, Some(body)).await
        };
        let made = ask(&first).await.expect(201);
        assert_eq!(ask(&first).await.expect(201).text, made.text);
        let refused = ask(&ledger).await.expect(403);
        assert!(!refused.text.contains("weirat_"), "{}", refused.text);
        let own = ask(&namesake).await.expect(201);
        assert!(own.header("idempotency-replayed").is_empty() && own.text != made.text);
        // Who may less than when the answer was kept, is not shown it again.
        server.plane.tamper("UPDATE tokens SET scopes = 'ledger' WHERE name = 'scoped'").await;
        let refused = ask(&first).await.expect(403);
        assert!(!refused.text.contains("weirat_"), "{}", refused.text);
        let entries = server.get("/audit?kind=AdminToken&actor=token:scoped").await["items"].clone();
        let ids: Vec<&str> = entries.as_array().unwrap().iter().map(|e| e["actor_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 2, "{entries}");
        assert!(ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("token:") && id.len() > 20), "{ids:?}");
        let mine = server.get(&format!("/audit?actor={}", ids[0])).await["items"].clone();
        assert_eq!(mine.as_array().unwrap().len(), 1, "{mine}");
    }
}
