//! Declarative configuration: plans, atomic applies, stale bases, round trips.

use serde_json::{Value, json};

use super::server::{Server, provider};

const SHOP: &str = "kind: Provider\nid: p\nspec:\n  protocol: openai\n  base_url: https://api.example.com/v1\n---\n\
                    kind: ModelRoute\nid: fast\nspec:\n  targets: [{provider: p, model: m}]\n";

#[tokio::test]
async fn a_plan_shows_what_an_apply_then_does() {
    for server in Server::on_both().await {
        let plan = server.yaml("plan", SHOP).await.expect(200).json();
        let what: Vec<_> =
            plan["changes"].as_array().unwrap().iter().map(|c| (&c["action"], &c["kind"], &c["id"])).collect();
        assert_eq!(
            what,
            [
                (&json!("create"), &json!("Provider"), &json!("p")),
                (&json!("create"), &json!("ModelRoute"), &json!("fast")),
            ]
        );
        server.call("GET", "/providers/p", None).await.expect(404);
        let done = server.yaml(&format!("apply?base={}", plan["base"]), SHOP).await.expect(200).json();
        assert_eq!(done["changes"], plan["changes"]);
        assert_eq!(done["revision"].as_i64(), plan["base"].as_i64().map(|b| b + 1));
        let again = server.yaml("plan", SHOP).await.expect(200).json();
        assert_eq!((again["changes"].as_array().unwrap().len(), &again["base"]), (0, &done["revision"]));
        let heavier = SHOP.replace("model: m}", "model: m, weight: 7}");
        let diff = server.yaml("plan", &heavier).await.expect(200).json()["changes"][0]["diff"].clone();
        assert_eq!(diff, json!([{"path": "spec.targets[0].weight", "before": 1, "after": 7}]));
    }
}

#[tokio::test]
async fn of_two_parallel_applies_on_one_base_one_wins_and_one_gets_a_diff() {
    for server in Server::on_both().await {
        server.yaml("apply?base=*", SHOP).await.expect(200);
        // Two processes on one database, as two nodes of the control plane are.
        let other = server.sibling().await;
        for round in 1..=5 {
            let base = server.yaml("plan", SHOP).await.json()["base"].clone();
            let text = |weight: i32| SHOP.replace("model: m}", &format!("model: m, weight: {weight}}}"));
            let path = format!("apply?base={base}");
            let (a, b) = (text(round * 10), text(round * 10 + 1));
            let (first, second) = tokio::join!(server.yaml(&path, &a), other.yaml(&path, &b));
            let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
            won.expect(200);
            let lost = lost.expect(412);
            assert_eq!(lost.problem(), "stale-base");
            let told = lost.json();
            assert_eq!((&told["yours"], told["base"].as_i64()), (&base, base.as_i64().map(|b| b + 1)));
            assert_eq!(told["changes"][0]["diff"][0]["path"], "spec.targets[0].weight");
        }
        assert_eq!(server.get("/model-routes/fast").await["version"], 6);
    }
}

#[tokio::test]
async fn an_apply_without_base_is_refused() {
    let server = Server::start().await;
    assert_eq!(server.yaml("apply", SHOP).await.expect(428).problem(), "precondition-required");
    server.yaml("apply?base=soon", SHOP).await.expect(400);
}

#[tokio::test]
async fn one_fault_keeps_all_out_and_names_its_line() {
    for server in Server::on_both().await {
        let text = format!("{SHOP}---\nkind: ModelRoute\nid: slow\nspec:\n  targets: [{{provider: gone, model: m}}]\n");
        let refused = server.yaml("apply?base=*", &text).await.expect(422);
        let fault = refused.json()["faults"][0].clone();
        assert_eq!((&fault["file"], &fault["resource"]), (&json!("line 15"), &json!("ModelRoute/slow")));
        assert_eq!(fault["field"], "spec.targets[0].provider");
        server.call("GET", "/providers/p", None).await.expect(404);
        for (text, field) in [
            ("kind: Team\n", "id"),
            ("kind: Tame\nid: x\n", "kind"),
            ("kind: Team\nid: x\n---\nkind: Team\nid: x\n", "id"),
            ("kind: [", "document"),
            ("kind: Team\nid: x\nspec: {nope: 1}\n", "spec"),
        ] {
            let told = server.yaml("plan", text).await.expect(422).json();
            assert!(told["faults"][0]["field"].as_str().unwrap().starts_with(field), "{told}");
        }
    }
}

/// The fields of all faults, sorted.
fn fields(told: &Value) -> Vec<String> {
    let faults = told["faults"].as_array().unwrap();
    let mut fields: Vec<_> = faults.iter().map(|fault| fault["field"].as_str().unwrap().to_owned()).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_of_shape_of_references_and_of_meaning() {
    for server in Server::on_both().await {
        let mut spec = provider("env:HOME");
        spec["nam"] = json!("x");
        spec["disabled"] = json!("no");
        spec["timeouts"] = json!({"connect_ms": 0});
        let body = json!({"id": "p", "team": 7, "extra": 1, "spec": spec});
        let told = server.call("POST", "/providers", Some(body)).await.expect(422).json();
        let of_spec = ["spec.disabled", "spec.keys[0].secret", "spec.nam", "spec.timeouts.connect_ms"];
        assert_eq!(fields(&told), [&["extra"], &of_spec[..], &["team"]].concat(), "{told}");
        let route = json!({"kind": "ModelRoute", "id": "fast", "spec": {"targets": [{"provider": "p", "model": "m"}]}});
        let document = json!({"kind": "Provider", "id": "p", "spec": spec});
        let text = format!("{route}\n---\n{document}\n---\nkind: Team\nid: t\nteam: gone\n");
        for path in ["plan", "apply?base=*", "plan?prune=true"] {
            let told = server.yaml(path, &text).await.expect(422).json();
            assert_eq!(fields(&told), [&of_spec[..], &["team"]].concat(), "{path}: {told}");
            let files: Vec<_> = told["faults"].as_array().unwrap().iter().map(|fault| &fault["file"]).collect();
            assert_eq!(files, [&["line 3"; 4][..], &["line 7"]].concat(), "{path}: {told}");
        }
        server.call("GET", "/providers/p", None).await.expect(404);
    }
}

#[tokio::test]
async fn what_may_not_be_read_is_not_read_to_find_more_faults() {
    let server = Server::start().await;
    let there = server.data_dir().join("there");
    std::fs::write(&there, "line\nline").unwrap();
    for path in [there, server.data_dir().join("absent"), "/etc/hostname".into()] {
        let secret = format!("file:{}", path.display());
        let mut spec = provider(&secret);
        spec["headers"] = json!({"x-one": secret});
        spec["timeouts"] = json!({"connect_ms": 0});
        let told = server.call("POST", "/providers", Some(json!({"id": "p", "spec": spec}))).await.expect(422).json();
        assert_eq!(fields(&told), ["spec.headers.x-one", "spec.keys[0].secret", "spec.timeouts.connect_ms"], "{told}");
        for fault in told["faults"].as_array().unwrap().iter().filter(|f| f["field"] != "spec.timeouts.connect_ms") {
            assert!(fault["problem"].as_str().unwrap().contains("is not a file below"), "{told}");
        }
    }
}

#[tokio::test]
async fn prune_removes_what_is_not_named_and_keeps_what_the_system_needs() {
    for server in Server::on_both().await {
        server.create("teams", "gone", json!({})).await;
        server.yaml("apply?base=*&prune=true", SHOP).await.expect(200);
        server.call("GET", "/teams/gone", None).await.expect(404);
        server.call("GET", "/teams/default", None).await.expect(200);
        server.call("GET", "/applications/playground", None).await.expect(200);
    }
}

#[tokio::test]
async fn a_text_without_documents_prunes_nothing_and_says_how_to_delete_everything() {
    for server in Server::on_both().await {
        server.yaml("apply?base=*", SHOP).await.expect(200);
        let file = server.data_dir().join("weir.yaml");
        for empty in ["", " \n", "# kind: Team\n", "---\n", "---\n# nothing\n---\nnull\n"] {
            for path in ["plan?prune=true", "apply?base=*&prune=true"] {
                let told = server.yaml(path, empty).await.expect(422).json();
                assert_eq!(told["faults"][0]["field"], "document", "{path} {empty:?}: {told}");
            }
            std::fs::write(&file, empty).unwrap();
            let refused = server.plane.apply_file(&file).await.err().unwrap().to_string();
            assert!(refused.starts_with("weir.yaml:1: document: "), "{refused}");
            server.yaml("apply?base=*", empty).await.expect(200);
        }
        server.call("GET", "/providers/p", None).await.expect(200);
        // As the refusal says.
        let told = server.yaml("apply?base=*&prune=true", "").await.expect(422).json();
        let problem = told["faults"][0]["problem"].as_str().unwrap();
        let (_, document) = problem.split_once("leave one document: ").unwrap();
        server.yaml("apply?base=*&prune=true", document).await.expect(200);
        server.call("GET", "/providers/p", None).await.expect(404);
    }
}

#[tokio::test]
async fn an_export_applied_again_changes_nothing() {
    for server in Server::on_both().await {
        server.create("providers", "p", provider("sk-canary-export")).await;
        server.call("POST", "/applications/playground/keys", Some(json!({"name": "k"}))).await.expect(201);
        let export = server.call("GET", "/config/export", None).await.expect(200);
        assert_eq!(export.header("content-type"), "application/yaml");
        assert!(export.text.contains("sealed:") && !export.text.contains("canary"), "{}", export.text);
        let plan = server.yaml("plan", &export.text).await.expect(200).json();
        assert_eq!(plan["changes"], json!([]), "{}", export.text);
    }
}

#[tokio::test]
async fn a_dry_run_of_an_apply_or_a_revocation_keeps_nothing() {
    for server in Server::on_both().await {
        let before = server.get("/system").await["revision"].clone();
        let tried = server.yaml("apply?base=*&dry_run=true", SHOP).await.expect(200).json();
        assert_eq!((tried["changes"].as_array().unwrap().len(), &tried["revision"]), (2, &before));
        server.call("GET", "/providers/p", None).await.expect(404);
        let made = server.call("POST", "/applications/playground/keys", None).await.expect(201).json();
        let path = format!("/api-keys/{}", made["api_key"]["id"].as_str().unwrap());
        let tried = server.call("POST", &format!("{path}/revoke?dry_run=true"), None).await.expect(200).json();
        assert_eq!(tried["spec"]["revoked"], true);
        assert!(server.get(&path).await["spec"].get("revoked").is_none_or(|revoked| revoked == false));
    }
}

#[tokio::test]
async fn a_parameter_that_an_endpoint_does_not_take_is_refused_by_name() {
    let server = Server::start().await;
    let team = || Some(json!({"id": "x", "spec": {}}));
    for (method, path, name, body) in [
        ("POST", "/teams?dryrun=true", "dryrun", team()),
        ("POST", "/applications/playground/keys?dry_run=true", "dry_run", Some(json!({}))),
        ("POST", "/tokens?dry_run=true", "dry_run", Some(json!({"name": "t", "scopes": ["read"]}))),
        ("GET", "/teams?offset=3", "offset", None),
        ("GET", "/usage?group=team", "group", None),
        ("GET", "/system?x", "x", None),
    ] {
        let told = server.call(method, path, body).await.expect(400).json();
        assert!(told["detail"].as_str().unwrap().contains(&format!("no parameter {name:?}")), "{told}");
    }
    server.yaml("plan?prunee=true", SHOP).await.expect(400);
    server.call("GET", "/teams/x", None).await.expect(404);
    let tokens = server.get("/tokens").await;
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);
}
