//! What policies hold: looked at, and taken from its holder, in the memory that a data plane shares with its control plane.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use weir_conflict::resource::ResourceKey;
use weir_conflict::store::{Acquire, Begun, Holder, IdemAsk, LeaseAsk, PermitAsk, PermitId, Space, Store, Stores};
use weir_domain::spec::{LockMode, OnLost};

use super::server::Server;

const LONG: Duration = Duration::from_secs(60);
const TOKEN: &str = "urn:uuid:canary-token";
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

fn name(stores: &Stores, team: &str, parts: &[&str]) -> ResourceKey {
    let names = stores.names();
    names.key(names.team(team), parts)
}

/// Takes the lock of a resource, for the application `shop` of the team `sales`.
pub(super) async fn lock(stores: &Stores, space: Space, resource: &str, token: &str) -> u64 {
    let holder = Holder {
        owner: "shop".to_owned(),
        team: "sales".to_owned(),
        label: resource.to_owned(),
        note: "stocktaking".to_owned(),
    };
    let ask = LeaseAsk { space, mode: LockMode::Exclusive, token, holder: &holder, ttl: LONG, track_version: false };
    let key = name(stores, "default", &["resource", resource]);
    match stores.get("memory").acquire(&key, &ask).await.unwrap() {
        Acquire::Granted(grant) => grant.fence,
        Acquire::Held(view) => panic!("{view:?}"),
    }
}

async fn key(stores: &Stores, label: &str) -> ResourceKey {
    let ask = IdemAsk { fingerprint: None, owner: "r-1", lease: LONG, ttl: LONG, on_lost: OnLost::Unknown, label };
    let key = name(stores, "default", &["idempotency", label]);
    assert!(matches!(stores.get("memory").begin(&key, &ask).await, Ok(Begun::New { .. })));
    key
}

async fn held(server: &Server, query: &str) -> Vec<Value> {
    server.get(&format!("/conflicts/held?{query}")).await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_held_is_shown_without_what_gives_the_right_to_it() {
    for server in Server::on_both().await {
        assert!(held(&server, "").await.is_empty());
        let stores = server.plane.conflict_stores();
        let fence = lock(&stores, Space::Lock, "/orders/42", TOKEN).await;
        lock(&stores, Space::Write, "/orders/43", "w").await;
        key(&stores, KEY).await;
        let limit = name(&stores, "default", &["limit"]);
        let ask = PermitAsk { limit: 7, id: PermitId::new(), lease: LONG, label: "per-app shop" };
        stores.get("memory").permit(&limit, &ask).await.unwrap();

        let page = server.call("GET", "/conflicts/held?team=default&store=memory", None).await.expect(200);
        assert!(!page.text.contains("canary"), "{}", page.text);
        let page = page.json();
        let entry = &page["items"][0];
        assert_eq!(
            (&entry["kind"], &entry["store"], &entry["label"], &entry["mode"], &entry["owner"], &entry["owner_team"]),
            (
                &json!("locks"),
                &json!("memory"),
                &json!("/orders/42"),
                &json!("exclusive"),
                &json!("shop"),
                &json!("sales")
            )
        );
        assert_eq!(
            (&entry["fence"], &entry["note"], &entry["team"]),
            (&json!(fence), &json!("stocktaking"), &json!("default"))
        );
        assert!(entry["expires_at"].is_string() && entry["state"].is_null(), "{entry}");
        assert!(page["notes"][0].as_str().unwrap().contains("serves no requests"), "{page}");
        assert_eq!(page["stores"], json!([{"id": "memory", "shared": false, "problem": null}]));

        assert_eq!(held(&server, "kind=leases").await[0]["label"], "/orders/43");
        let listed = held(&server, "kind=keys").await[0].clone();
        assert_eq!((&listed["label"], &listed["state"]), (&json!("8e03978e…"), &json!("pending")));
        let listed = held(&server, "kind=limits").await[0].clone();
        assert_eq!(
            (&listed["taken"], &listed["limit"], &listed["label"]),
            (&json!(1), &json!(7), &json!("per-app shop"))
        );
        assert!(held(&server, "team=nobody").await.is_empty());
        let missing = server.call("GET", "/conflicts/held?store=nothing", None).await.expect(404);
        assert_eq!(missing.problem(), "not-found");
        assert_eq!(server.call("GET", "/conflicts/held?kind=doors", None).await.expect(400).problem(), "bad-request");
    }
}

#[tokio::test]
async fn pages_have_everything_once_over_all_teams() {
    let server = Server::start().await;
    for team in ["a", "b"] {
        server.create("teams", team, json!({"name": team})).await;
    }
    held(&server, "").await;
    let stores = server.plane.conflict_stores();
    for team in ["a", "b", "default"] {
        for n in 0..4 {
            let holder = Holder { label: format!("{team}/{n}"), ..Holder::default() };
            let ask = LeaseAsk {
                space: Space::Lock,
                mode: LockMode::Shared,
                token: "t",
                holder: &holder,
                ttl: LONG,
                track_version: false,
            };
            stores.get("memory").acquire(&name(&stores, team, &[&n.to_string()]), &ask).await.unwrap();
        }
    }
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = server.get(&format!("/conflicts/held?limit=5{cursor}")).await;
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 5);
        for item in items {
            assert!(seen.insert(item["label"].as_str().unwrap().to_owned()), "{item} twice");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 12);
    assert_eq!(held(&server, "team=a&limit=500").await.len(), 4);
    server.call("GET", "/conflicts/held?cursor=zz", None).await.expect(400);
}

#[tokio::test]
async fn a_lock_is_broken_and_a_key_forgotten_and_the_trail_says_by_whom_and_why() {
    for server in Server::on_both().await {
        held(&server, "").await;
        let stores = server.plane.conflict_stores();
        lock(&stores, Space::Lock, "/orders/42", TOKEN).await;
        lock(&stores, Space::Write, "/orders/43", "w").await;
        let known = key(&stores, KEY).await;
        let id = |entries: Vec<Value>| entries[0]["id"].as_str().unwrap().to_owned();
        let broken = id(held(&server, "").await);
        let path = format!("/conflicts/locks/memory/{broken}");
        for refused in [path.clone(), format!("{path}?reason=%20"), format!("{path}?reason={}", "x".repeat(501))] {
            let refused = server.call("DELETE", &refused, None).await.expect(422);
            assert_eq!(refused.json()["faults"][0]["field"], "reason");
        }
        server.call("DELETE", &format!("{path}?reason=shop%20is%20gone"), None).await.expect(204);
        assert!(held(&server, "").await.is_empty());
        let resource = name(&stores, "default", &["resource", "/orders/42"]);
        assert_eq!(stores.get("memory").renew(&resource, Space::Lock, TOKEN, LONG).await, Ok(None));
        server.call("DELETE", &format!("{path}?reason=again"), None).await.expect(404);

        let lease = id(held(&server, "kind=leases").await);
        let why = json!({"reason": "stuck"});
        server.call("DELETE", &format!("/conflicts/locks/memory/{lease}"), Some(why.clone())).await.expect(204);
        let listed = id(held(&server, "kind=keys").await);
        assert_eq!(listed, known.to_string());
        let path = format!("/conflicts/keys/memory/{listed}");
        server.call("DELETE", &path, Some(why.clone())).await.expect(204);
        server.call("DELETE", &path, Some(why.clone())).await.expect(404);
        assert!(held(&server, "kind=keys").await.is_empty());

        let foreign = name(&stores, "nobody", &["x"]).to_string();
        for path in ["locks/memory/x".to_owned(), format!("keys/memory/{foreign}"), format!("keys/none/{listed}")] {
            let refused = server.call("DELETE", &format!("/conflicts/{path}"), Some(why.clone())).await.expect(404);
            assert_eq!(refused.problem(), "not-found");
        }

        let trail = server.get("/audit?action=break-lock").await["items"].as_array().unwrap().clone();
        let kinds: Vec<&str> = trail.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["ConflictLease", "ConflictLock"]);
        let entry = &trail[1];
        assert_eq!((&entry["id"], &entry["after"]), (&json!(broken), &json!({"reason": "shop is gone"})));
        assert!(entry["actor"].as_str().unwrap().starts_with("token:"), "{entry}");
        let before = &entry["before"];
        assert_eq!(
            (&before["resource"], &before["owner"], &before["owner_team"], &before["team"]),
            (&json!("/orders/42"), &json!("shop"), &json!("sales"), &json!("default"))
        );
        let trail = server.call("GET", "/audit?action=forget-key", None).await.expect(200);
        assert_eq!(trail.json()["items"][0]["before"]["key"], "8e03978e…");
        assert!(!trail.text.contains(KEY) && !trail.text.contains("canary"), "{}", trail.text);
        assert_eq!(server.get("/audit/check").await["intact"], true);
    }
}

#[tokio::test]
async fn who_may_look_may_not_take_away() {
    let server = Server::start().await;
    held(&server, "").await;
    lock(&server.plane.conflict_stores(), Space::Lock, "/orders/42", TOKEN).await;
    let id = held(&server, "").await[0]["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", server.scoped(&["read"]).await);
    let headers = [("authorization", bearer.as_str())];
    let seen = server.raw("GET", "/api/v1/conflicts/held", &headers, None).await.expect(200);
    assert_eq!(seen.json()["items"][0]["id"], id);
    for path in [format!("locks/memory/{id}"), "keys/memory/x".to_owned()] {
        let path = format!("/api/v1/conflicts/{path}?reason=x");
        assert_eq!(server.raw("DELETE", &path, &headers, None).await.expect(403).problem(), "forbidden");
        server.raw("DELETE", &path, &[], None).await.expect(401);
    }
    assert_eq!(held(&server, "").await.len(), 1);
}
