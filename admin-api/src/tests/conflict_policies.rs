//! Stores and policies of conflicts as resources: addresses stay secret, references hold, faults name their field.

use serde_json::json;

use super::server::{Recorder, Server};

const URL: &str = "redis://default:canary-3e1f@redis.example:6379/0";

#[tokio::test]
async fn the_address_of_a_store_is_a_secret_and_goes_live() {
    for server in Server::on_both().await {
        let recorder = std::sync::Arc::new(Recorder::default());
        server.plane.attach(recorder.clone()).await.unwrap();
        let live = || recorder.snapshots.lock().last().unwrap().conflict_stores["shared"].clone();
        server.create("conflict-stores", "shared", json!({"type": "redis", "urls": [URL]})).await;
        assert_eq!(live().url.as_ref().map(weir_domain::secret::Secret::expose), Some(URL));
        let shown = server.get("/conflict-stores/shared").await["spec"].clone();
        assert!(shown["urls"][0].as_str().unwrap().starts_with("sealed:"), "{shown}");
        let before = live().generation;
        let mut changed = shown.clone();
        changed["op_timeout"] = json!("75ms");
        let any = [("if-match", "*")];
        server.call_with("PUT", "/conflict-stores/shared", &any, Some(json!({"spec": changed}))).await.expect(200);
        assert_eq!(live().url.as_ref().map(weir_domain::secret::Secret::expose), Some(URL));
        assert_ne!(live().generation, before);
        for path in ["/conflict-stores", "/conflict-stores/shared/history", "/config/export"] {
            let text = server.call("GET", path, None).await.expect(200).text;
            assert!(!text.contains("canary") && text.contains("sealed:"), "{path}: {text}");
        }
        let refused = json!({"id": "b", "spec": {"type": "postgres", "urls": [URL]}});
        let refused = server.call("POST", "/conflict-stores", Some(refused)).await.expect(422);
        assert_eq!(refused.json()["faults"][0]["field"], "spec.urls[0]");
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_policy_is_checked_referred_to_and_inherited() {
    for server in Server::on_both().await {
        let recorder = std::sync::Arc::new(Recorder::default());
        server.plane.attach(recorder.clone()).await.unwrap();
        server.create("conflict-stores", "shared", json!({"type": "redis", "urls": [URL]})).await;
        server.create("conflict-policies", "default", json!({"store": "shared", "idempotency": {"ttl": "1h"}})).await;
        let target = json!({"targets": [{"url": "https://u.example"}]});
        server.create("upstreams", "u", target).await;
        server.create("services", "s", json!({"upstream": "u"})).await;
        let etag = server.create("routes", "r", json!({"service": "s", "path": "/pay", "methods": ["POST"]})).await;
        let policy = || {
            let snapshot = recorder.snapshots.lock().last().unwrap().clone();
            match snapshot.routes.find("h", "/pay", Some(weir_domain::spec::Method::Post)) {
                weir_domain::router::Match::Found(route, _) => route.conflict.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(policy().unwrap().store, "shared");
        assert_eq!(policy().unwrap().idempotency.as_ref().unwrap().ttl.to_string(), "1h");
        let used = server.call_with("DELETE", "/conflict-stores/shared", &[("if-match", "*")], None).await.expect(409);
        let referrers = used.json()["referrers"].clone();
        assert_eq!(referrers, json!([{"resource": "ConflictPolicy/default", "field": "spec.store"}]));
        let document = server.get("/routes/r/openapi").await;
        let post = &document["paths"]["/pay"]["post"];
        assert_eq!(post["parameters"][0]["name"], "Idempotency-Key");
        assert!(post["responses"]["422"].is_object() && document["paths"]["/pay"].get("get").is_none(), "{document}");
        assert_eq!(server.call("GET", "/routes/none/openapi", None).await.expect(404).problem(), "not-found");
        let off = json!({"spec": {"service": "s", "path": "/pay", "methods": ["POST"], "conflict": "off"}});
        server.call_with("PUT", "/routes/r", &[("if-match", &etag)], Some(off)).await.expect(200);
        assert!(policy().is_none());
        assert_eq!(server.get("/routes/r").await["spec"]["conflict"], "off");
        for (conflict, field, reason) in [
            (
                json!({"idempotencyy": {}}),
                "spec.conflict.idempotencyy",
                "unknown field `idempotencyy`, expected one of",
            ),
            (json!({"lost_update": {"authority": "gateway"}}), "spec.conflict.lost_update.authority", "gateway-only"),
            (json!("none"), "spec.conflict", "must be the word off, or a mapping of fields"),
        ] {
            let body = json!({"spec": {"service": "s", "path": "/pay", "conflict": conflict}});
            let refused = server.call_with("PUT", "/routes/r", &[("if-match", "*")], Some(body)).await.expect(422);
            let fault = refused.json()["faults"][0].clone();
            assert_eq!(fault["field"], field);
            assert!(fault["problem"].as_str().unwrap().contains(reason), "{fault}");
        }
        let export = server.call("GET", "/config/export", None).await.expect(200).text;
        assert!(export.contains("conflict: \"off\"") && export.contains("kind: ConflictPolicy"), "{export}");
        assert_eq!(server.yaml("plan", &export).await.expect(200).json()["changes"], json!([]));
    }
}
