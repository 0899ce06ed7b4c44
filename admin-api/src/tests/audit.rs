//! The audit trail: one entry for each change, in its transaction, and no silent tampering.

use serde_json::json;

use super::server::{Server, provider};

#[tokio::test]
async fn each_change_leaves_one_entry_with_before_and_after() {
    for server in Server::on_both().await {
        server.create("providers", "p", provider("sk-canary")).await;
        let mut spec = provider("env:PATH");
        spec["name"] = json!("New");
        let put = server
            .call_with("PUT", "/providers/p", &[("if-match", "*")], Some(json!({"spec": spec})))
            .await
            .expect(200);
        server
            .call_with("PUT", "/providers/p", &[("if-match", "\"v1\"")], Some(json!({"spec": spec})))
            .await
            .expect(412);
        server.call_with("DELETE", "/providers/p", &[("if-match", "*")], None).await.expect(204);
        let entries = server.get("/audit?kind=Provider&id=p").await["items"].clone();
        let actions: Vec<&str> = entries.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["delete", "update", "create"]);
        let update = &entries[1];
        assert_eq!((&update["actor"], &update["address"]), (&json!("token:data-dir"), &json!("127.0.0.1")));
        assert_eq!(update["request_id"], put.header("x-request-id"));
        assert_eq!((&update["after"]["spec"]["name"], update["before"]["spec"].get("name")), (&json!("New"), None));
        assert!(entries[2]["before"].is_null() && entries[0]["after"].is_null());
        let check = server.get("/audit/check").await;
        assert_eq!((&check["intact"], &check["broken_at"]), (&json!(true), &json!(null)));
    }
}

#[tokio::test]
async fn a_changed_or_removed_entry_is_noticed() {
    for tamper in [
        "UPDATE audit SET actor = 'nobody' WHERE seq = 4",
        "DELETE FROM audit WHERE seq = 4",
        "DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)",
    ] {
        for server in Server::on_both().await {
            for n in 0..5 {
                server.create("teams", &format!("t{n}"), json!({})).await;
            }
            assert_eq!(server.get("/audit/check").await["intact"], true);
            server.plane.tamper(tamper).await;
            let check = server.get("/audit/check").await;
            assert_eq!(check["intact"], false, "{tamper}");
            assert!(check["broken_at"].as_i64().unwrap() >= 4, "{check}");
        }
    }
}
