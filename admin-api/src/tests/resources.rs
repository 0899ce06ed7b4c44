//! The operations that every kind has: entity tags, conditions, history, rollback, dry runs, references.

use serde_json::json;

use super::server::{Server, application, provider};

#[tokio::test]
async fn a_resource_lives_from_post_to_delete() {
    for server in Server::on_both().await {
        let body = json!({"id": "ops", "spec": {"name": "Operations"}});
        let made = server.call("POST", "/teams", Some(body.clone())).await.expect(201);
        assert_eq!((made.header("location").as_str(), made.header("etag").as_str()), ("/api/v1/teams/ops", "\"v1\""));
        assert_eq!(server.call("POST", "/teams", Some(body)).await.expect(409).problem(), "already-exists");
        let known = server.call_with("GET", "/teams/ops", &[("if-none-match", "\"v1\"")], None).await.expect(304);
        assert_eq!((known.header("etag").as_str(), known.text.as_str()), ("\"v1\"", ""));
        let put = json!({"spec": {"name": "Ops"}});
        let put = server.call_with("PUT", "/teams/ops", &[("if-match", "\"v1\"")], Some(put)).await.expect(200);
        assert_eq!((put.header("etag").as_str(), put.json()["spec"]["name"].as_str()), ("\"v2\"", Some("Ops")));
        assert_eq!(put.json()["updated_by"], "token:data-dir");
        let history = server.get("/teams/ops/history").await;
        let versions: Vec<_> = history["items"].as_array().unwrap().iter().map(|v| &v["version"]).collect();
        assert_eq!(versions, [&json!(2), &json!(1)]);
        let back =
            server.call_with("POST", "/teams/ops/rollback", &[("if-match", "*")], Some(json!({"version": 1}))).await;
        let back = back.expect(200).json();
        assert_eq!((back["version"].as_i64(), back["spec"]["name"].as_str()), (Some(3), Some("Operations")));
        server.call_with("DELETE", "/teams/ops", &[("if-match", "\"v3\"")], None).await.expect(204);
        assert_eq!(server.call("GET", "/teams/ops", None).await.expect(404).problem(), "not-found");
        // A resource made anew goes on counting, so an old entity tag never fits it.
        assert_eq!(server.create("teams", "ops", json!({})).await, "\"v5\"");
    }
}

#[tokio::test]
async fn a_stale_change_is_refused_with_both_versions() {
    for server in Server::on_both().await {
        let first = server.create("teams", "ops", json!({"name": "one"})).await;
        let two = json!({"spec": {"name": "two"}});
        server.call_with("PUT", "/teams/ops", &[("if-match", &first)], Some(two)).await.expect(200);
        let mine = json!({"spec": {"name": "mine"}});
        for (method, body) in [("PUT", Some(mine)), ("DELETE", None)] {
            let stale = server.call_with(method, "/teams/ops", &[("if-match", &first)], body).await.expect(412);
            assert_eq!(stale.problem(), "stale-version");
            let told = stale.json();
            assert_eq!((&told["yours"], &told["current"]["version"]), (&json!(1), &json!(2)));
            assert_eq!((&told["base"]["name"], &told["current"]["spec"]["name"]), (&json!("one"), &json!("two")));
            assert_eq!(told["changed_by"], "token:data-dir");
            assert!(told["changed_at"].as_str().unwrap().ends_with('Z'));
            assert_eq!(stale.header("etag"), "\"v2\"");
            let (conflict, resolve) = (&told["conflict"], &told["resolve"]);
            assert_eq!(conflict["kind"], "version");
            assert_eq!((&conflict["submitted"], &conflict["current"]), (&json!(["\"v1\""]), &json!("\"v2\"")));
            assert_eq!(
                (&conflict["changed_at"], &resolve["action"]),
                (&told["changed_at"], &json!("refetch_and_reapply"))
            );
            assert_eq!(resolve["then_send"], json!({"If-Match": "\"v2\""}));
        }
        assert_eq!(server.get("/teams/ops").await["spec"]["name"], "two");
    }
}

#[tokio::test]
async fn a_change_without_if_match_is_refused() {
    let server = Server::start().await;
    server.create("teams", "ops", json!({})).await;
    let put = server.call("PUT", "/teams/ops", Some(json!({"spec": {}}))).await.expect(428);
    assert_eq!(put.problem(), "precondition-required");
    assert_eq!(put.json()["resolve"]["action"], "add_precondition");
    assert_eq!(put.header("cache-control"), "no-store");
    server.call("DELETE", "/teams/ops", None).await.expect(428);
    server.call("POST", "/teams/ops/rollback", Some(json!({"version": 1}))).await.expect(428);
    let weak = [("if-match", "W/\"v1\"")];
    server.call_with("DELETE", "/teams/ops", &weak, None).await.expect(400);
}

#[tokio::test]
async fn each_condition_counts_and_one_that_cannot_be_read_is_refused() {
    for server in Server::on_both().await {
        server.create("teams", "ops", json!({"name": "one"})).await;
        let read = async |headers: &[(&str, &str)]| server.call_with("GET", "/teams/ops", headers, None).await;
        for headers in [
            &[("if-none-match", "*")][..],
            &[("if-none-match", "\"v9\", W/\"v1\"")],
            &[("if-match", "\"v1\""), ("if-none-match", "\"v1\"")],
        ] {
            assert_eq!(read(headers).await.expect(304).text, "");
        }
        for headers in [&[("if-none-match", "\"v2\"")][..], &[("if-match", "*")], &[("if-modified-since", "garbage")]] {
            read(headers).await.expect(200);
        }
        let other = read(&[("if-match", "\"v2\""), ("if-none-match", "\"v1\"")]).await.expect(412);
        assert_eq!((other.problem().as_str(), other.header("etag").as_str()), ("precondition-failed", "\"v1\""));
        assert!(read(&[("if-none-match", "v1")]).await.expect(400).text.contains("If-None-Match"));
        server.call_with("GET", "/teams/none", &[("if-none-match", "*")], None).await.expect(404);

        let write = async |headers: &[(&str, &str)]| {
            server.call_with("PUT", "/teams/ops", headers, Some(json!({"spec": {"name": "two"}}))).await
        };
        for (headers, status) in [
            (&[("if-none-match", "*")][..], 428),
            (&[("if-match", "\"v1\""), ("if-none-match", "*")], 412),
            (&[("if-match", "*"), ("if-none-match", "\"v1\"")], 412),
            (&[("if-match", "*, \"v1\"")], 400),
            (&[("if-match", "\"v1")], 400),
        ] {
            write(headers).await.expect(status);
        }
        let there = write(&[("if-match", "\"v1\""), ("if-none-match", "*")]).await.expect(412);
        assert_eq!(there.json()["conflict"]["kind"], "existence");
        assert_eq!(server.get("/teams/ops").await["version"], 1, "nothing was changed");
        write(&[("if-match", ", \"v7\",\"v1\""), ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")])
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn the_same_content_makes_no_new_version() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary-1")).await;
    let revision = server.get("/system").await["revision"].clone();
    let again = json!({"spec": provider("sk-canary-1")});
    let same = server.call_with("PUT", "/providers/p", &[("if-match", "\"v1\"")], Some(again)).await.expect(200);
    assert_eq!(same.header("etag"), "\"v1\"");
    assert_eq!(server.get("/system").await["revision"], revision);
}

#[tokio::test]
async fn a_dry_run_answers_and_keeps_nothing() {
    for server in Server::on_both().await {
        let before = server.get("/system").await["revision"].clone();
        let body = Some(json!({"id": "x", "spec": {"name": "X"}}));
        let tried = server.call("POST", "/teams?dry_run=true", body).await.expect(200);
        assert_eq!(tried.json()["spec"]["name"], "X");
        server.call("GET", "/teams/x", None).await.expect(404);
        server.create("teams", "y", json!({})).await;
        server.call_with("DELETE", "/teams/y?dry_run=true", &[("if-match", "*")], None).await.expect(204);
        server.call("GET", "/teams/y", None).await.expect(200);
        assert_eq!(server.get("/system").await["revision"].as_i64(), before.as_i64().map(|r| r + 1));
    }
}

#[tokio::test]
async fn what_is_referred_to_stays() {
    for server in Server::on_both().await {
        server.create("providers", "p", provider("env:PATH")).await;
        server.create("model-routes", "fast", json!({"targets": [{"provider": "p", "model": "m"}]})).await;
        let any = [("if-match", "*")];
        let used = server.call_with("DELETE", "/providers/p", &any, None).await.expect(409);
        assert_eq!(used.problem(), "in-use");
        let told = used.json()["referrers"].clone();
        assert_eq!(told, json!([{"resource": "ModelRoute/fast", "field": "spec.targets[0].provider"}]));
        server.create("applications", "shop", application()).await;
        let key = server.call("POST", "/applications/shop/keys", Some(json!({}))).await.expect(201).json();
        let id = key["api_key"]["id"].as_str().unwrap();
        let used = server.call_with("DELETE", "/applications/shop", &any, None).await.expect(409).json();
        assert_eq!(used["referrers"][0]["resource"], format!("ApiKey/{id}"));
        server.call_with("DELETE", &format!("/api-keys/{id}"), &any, None).await.expect(204);
        server.call_with("DELETE", "/applications/shop", &any, None).await.expect(204);
        server.call_with("DELETE", "/model-routes/fast", &any, None).await.expect(204);
        server.call_with("DELETE", "/providers/p", &any, None).await.expect(204);
    }
}

#[tokio::test]
async fn every_fault_is_told_and_nothing_is_kept() {
    let server = Server::start().await;
    let spec = json!({"targets": [{"provider": "gone", "model": ""}], "retry": {"max_attempts": 99}});
    let refused = server.call("POST", "/model-routes", Some(json!({"id": "bad", "spec": spec}))).await.expect(422);
    assert_eq!(refused.problem(), "invalid-configuration");
    let faults = refused.json()["faults"].clone();
    let fields: Vec<&str> = faults.as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    for field in ["spec.targets[0].provider", "spec.targets[0].model", "spec.retry.max_attempts"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
    server.call("GET", "/model-routes/bad", None).await.expect(404);
    for (body, field) in [
        (json!({"id": "UPPER", "spec": {}}), "id"),
        (json!({"spec": {"nmae": "x"}}), "spec"),
        (json!({"sepc": {}}), "sepc"),
        (json!({"id": "x"}), "spec"),
        (json!({"id": "x", "team": "nobody", "spec": {}}), "team"),
    ] {
        let told = server.call("POST", "/teams", Some(body)).await.expect(422).json();
        assert!(told["faults"][0]["field"].as_str().unwrap().starts_with(field), "{told}");
    }
}

#[tokio::test]
async fn malformed_messages_are_answered_with_a_sentence() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.token);
    let auth = ("authorization", token.as_str());
    let json = ("content-type", "application/json");
    let broken = server.raw("POST", "/api/v1/teams", &[auth, json], Some("{\"id\":".to_owned())).await.expect(400);
    assert!(broken.json()["detail"].as_str().unwrap().contains("line 1, column 6"), "{}", broken.text);
    let form = ("content-type", "application/x-www-form-urlencoded");
    server.raw("POST", "/api/v1/teams", &[auth, form], Some("id=x".to_owned())).await.expect(415);
    let large = "x".repeat(17 * 1024 * 1024);
    let large = server.raw("POST", "/api/v1/teams", &[auth, json], Some(large)).await.expect(413);
    assert_eq!(large.problem(), "too-large");
    assert_eq!(server.call("PATCH", "/teams/default", None).await.expect(405).problem(), "method-not-allowed");
    assert_eq!(server.call("GET", "/nothing", None).await.expect(404).problem(), "not-found");
    assert_eq!(server.call("GET", "/teams?limit=0", None).await.expect(400).problem(), "bad-request");
    assert_eq!(server.call("GET", "/teams?limit=x", None).await.expect(400).problem(), "bad-request");
}

#[tokio::test]
async fn a_resource_as_shown_may_be_sent_back() {
    let server = Server::start().await;
    server.create("providers", "p", provider("sk-canary-2")).await;
    let shown = server.get("/providers/p").await;
    let sent = server.call_with("PUT", "/providers/p", &[("if-match", "\"v1\"")], Some(shown)).await.expect(200);
    assert_eq!(sent.header("etag"), "\"v1\"");
}

#[tokio::test]
async fn what_weir_itself_works_with_cannot_be_removed() {
    let server = Server::start().await;
    for path in ["/teams/default", "/applications/playground"] {
        let refused = server.call_with("DELETE", path, &[("if-match", "*")], None).await.expect(409);
        assert_eq!(refused.problem(), "needed-by-system");
        server.call("GET", path, None).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_that_says_a_key_twice_is_refused() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.token);
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    for (path, body, key) in [
        ("/teams", r#"{"id": "x", "spec": {"name": "a", "name": "b"}}"#, "name"),
        ("/teams", r#"{"id": "x", "id": "y", "spec": {}}"#, "id"),
        ("/tokens", r#"{"name": "t", "scopes": ["read"], "scopes": ["admin"]}"#, "scopes"),
        ("/applications/playground/keys", r#"{"name": "a", "name": "b"}"#, "name"),
    ] {
        let told = server.raw("POST", &format!("/api/v1{path}"), &headers, Some(body.to_owned())).await.expect(400);
        let wanted = format!("the key {key:?} stands twice in one object; send it once");
        assert_eq!(told.json()["detail"], wanted);
    }
    server.call("GET", "/teams/x", None).await.expect(404);
}

#[tokio::test]
async fn texts_that_are_too_long_are_refused_by_field() {
    let server = Server::start().await;
    // Characters count, not bytes.
    let fits = json!({"name": "ü".repeat(200), "description": "d".repeat(10_000)});
    server.create("teams", "fits", fits).await;
    let long = json!({"id": "long", "spec": {"name": "n".repeat(201), "description": "d".repeat(10_001)}});
    let told = server.call("POST", "/teams", Some(long)).await.expect(422).json();
    let fields: Vec<_> = told["faults"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["spec.name", "spec.description"]);
    let mut huge = provider("sk-canary");
    huge["headers"] = json!({"x-project": "x".repeat(1024 * 1024)});
    let told = server.call("POST", "/providers", Some(json!({"id": "p", "spec": huge}))).await.expect(422).json();
    assert_eq!(told["faults"][0]["field"], "spec", "{}", told["detail"]);
}
