//! Resources that a file manages: `weir run --config`.

use serde_json::json;

use super::server::{Server, application};
use crate::config::ConfigError;

const BOTH: &str = "kind: Team\nid: a\n---\nkind: Team\nid: b\n";

#[tokio::test]
async fn a_file_owns_its_resources_and_removes_what_left_it() {
    for server in Server::on_both().await {
        let file = server.data_dir().join("weir.yaml");
        server.create("teams", "by-hand", json!({})).await;
        std::fs::write(&file, BOTH).unwrap();
        assert_eq!(server.plane.apply_file(&file).await.unwrap().changes.len(), 2);
        assert_eq!(server.get("/teams/a").await["managed_by"], "weir.yaml");
        let body = Some(json!({"spec": {"name": "mine"}}));
        let refused = server.call_with("PUT", "/teams/a", &[("if-match", "*")], body).await.expect(409);
        assert_eq!((refused.problem().as_str(), &refused.json()["file"]), ("managed-by-file", &json!("weir.yaml")));
        server.call_with("DELETE", "/teams/a", &[("if-match", "*")], None).await.expect(409);
        server.yaml("apply?base=*", "kind: Team\nid: a\nspec: {name: other}\n").await.expect(409);
        server.yaml("apply?base=*&prune=true", "kind: Team\nid: c\n").await.expect(200);
        server.call("GET", "/teams/a", None).await.expect(200);
        std::fs::write(&file, "kind: Team\nid: b\n").unwrap();
        server.plane.apply_file(&file).await.unwrap();
        server.call("GET", "/teams/a", None).await.expect(404);
        assert!(server.plane.apply_file(&file).await.unwrap().changes.is_empty());
        assert_eq!(server.plane.release_file().await.unwrap(), 1);
        server.call_with("DELETE", "/teams/b", &[("if-match", "*")], None).await.expect(204);
    }
}

#[tokio::test]
async fn a_faulty_file_changes_nothing_and_names_file_and_line() {
    let server = Server::start().await;
    let file = server.data_dir().join("weir.yaml");
    std::fs::write(&file, BOTH).unwrap();
    server.plane.apply_file(&file).await.unwrap();
    std::fs::write(&file, "kind: Team\nid: a\n---\nkind: Route\nid: r\nspec: {service: gone, path: /x}\n").unwrap();
    let Err(ConfigError::Faults(faults)) = server.plane.apply_file(&file).await else { panic!("it was taken") };
    assert_eq!(faults.0[0].file.as_deref(), Some("weir.yaml:6"));
    server.call("GET", "/teams/b", None).await.expect(200);
}

#[tokio::test]
async fn a_file_may_hold_keys_by_reference() {
    let server = Server::start().await;
    server.create("applications", "shop", application()).await;
    let made = server.call("POST", "/applications/shop/keys", Some(json!({}))).await.expect(201).json();
    let (key, id) = (made["key"].as_str().unwrap(), made["api_key"]["id"].as_str().unwrap());
    server.call_with("DELETE", &format!("/api-keys/{id}"), &[("if-match", "*")], None).await.expect(204);
    let (secret, file) = (server.data_dir().join("key.txt"), server.data_dir().join("weir.yaml"));
    std::fs::write(&secret, format!("{key}\n")).unwrap();
    let document = |id: &str| {
        format!("kind: ApiKey\nid: {id}\nspec: {{application: shop, secret: \"file:{}\"}}\n", secret.display())
    };
    std::fs::write(&file, document("another-id")).unwrap();
    let refused = server.plane.apply_file(&file).await.err().unwrap().to_string();
    assert!(refused.contains(id) && !refused.contains(key), "{refused}");
    std::fs::write(&file, document(id)).unwrap();
    server.plane.apply_file(&file).await.unwrap();
    let stored = server.get(&format!("/api-keys/{id}")).await;
    assert_eq!(stored["spec"]["hash"], made["api_key"]["spec"]["hash"]);
    assert!(stored["spec"].get("secret").is_none());
}

#[tokio::test]
async fn an_unchanged_export_of_what_a_file_manages_is_an_empty_plan() {
    let server = Server::start().await;
    let file = server.data_dir().join("weir.yaml");
    let provider = json!({"kind": "Provider", "id": "p", "spec": super::server::provider("env:HOME")});
    std::fs::write(&file, format!("kind: Team\nid: a\n---\n{provider}\n")).unwrap();
    server.plane.apply_file(&file).await.unwrap();
    let export = server.call("GET", "/config/export", None).await.expect(200).text;
    assert_eq!(server.yaml("plan", &export).await.expect(200).json()["changes"], json!([]), "{export}");
    server.yaml("apply?base=*", &export).await.expect(200);
    let refused = server.yaml("plan", "kind: Team\nid: a\nspec: {name: Changed}\n").await.expect(409);
    assert_eq!(refused.problem(), "managed-by-file");
    server.call_with("DELETE", "/teams/a", &[("if-match", "*")], None).await.expect(409);
}
