//! Which models a caller sees and may use, and what is said of those it may not.

use super::*;
use weir_domain::ledger::Record;

fn documents(models: &Value) -> Vec<Value> {
    let target = json!([{"provider": "demo", "model": "demo-small"}]);
    vec![
        json!({"kind": "ModelRoute", "id": "fast", "spec": {"targets": target}}),
        json!({"kind": "ModelRoute", "id": "smart", "spec": {"targets": target}}),
        json!({"kind": "Provider", "id": "local", "spec": {
            "protocol": "openai", "base_url": "http://127.0.0.1:9/v1", "allow_private_address": true,
            "models": [{"id": "llama"}, {"id": "qwen"}]}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": models}}),
    ]
}

async fn get(stage: &Stage, path: &str, anthropic: bool) -> Answered {
    let mut request = weir_harness::client::client().get(stage.world.url(path)).bearer_auth(&stage.world.key);
    if anthropic {
        request = request.header("anthropic-version", "2023-06-01");
    }
    stage.caller.send(request).await.unwrap()
}

fn ids(answered: &Answered) -> Vec<String> {
    let list = answered.json().unwrap();
    list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_list_holds_what_application_and_key_both_allow() {
    let stage = Stage::on(&documents(&json!(["fast", "local/*"])), Vec::new(), |_| {}).await;
    for anthropic in [false, true] {
        let answered = get(&stage, "/v1/models", anthropic).await;
        assert_eq!(ids(&answered), ["fast", "local/llama", "local/qwen"], "{}", answered.text());
        assert!(answered.header("x-weir-request-id").is_some());
    }
    // SDKs differ in whether they encode the slash.
    for path in ["/v1/models/local/llama", "/v1/models/local%2Fllama"] {
        let one = get(&stage, path, false).await.json().unwrap();
        let [object, id, owner] = ["object", "id", "owned_by"].map(|field| one[field].as_str());
        assert_eq!((object, id, owner), (Some("model"), Some("local/llama"), Some("local")), "{path}");
    }
    let anthropic = get(&stage, "/v1/models/fast", true).await.json().unwrap();
    assert_eq!((&anthropic["type"], &anthropic["id"]), (&json!("model"), &json!("fast")));
    assert_eq!(get(&stage, "/v1/models/smart", false).await.status, 404);

    let mut narrow = credential(&stage.world.key, "web");
    narrow.models = Some(weir_domain::credential::Allow::compile(&["local/qwen".to_owned(), "smart".to_owned()]));
    stage.world.live.credentials(CredentialChange::Upsert(vec![narrow]));
    assert_eq!(ids(&get(&stage, "/v1/models", false).await), ["local/qwen"]);
    let rows = stage.rows(7).await;
    assert!(rows.iter().all(|row| row.application == "web"), "lists are in the ledger too");
}

#[tokio::test]
async fn unknown_and_forbidden_models_are_answered_alike_with_a_hint() {
    let stage = Stage::on(&documents(&json!(["fast", "local/*"])), Vec::new(), |_| {}).await;
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        for (model, status, words) in [
            ("fats", 404, "did you mean 'fast'?"),
            ("llama", 404, "'local/llama'"),
            ("nowhere/x", 404, "GET /v1/models"),
            ("smart", 404, "GET /v1/models"),
            ("demo/demo-small", 404, "GET /v1/models"),
        ] {
            let answered = stage.caller.ask(dialect, &body(dialect, model, &json!({}))).await.unwrap();
            assert_eq!(answered.status, status, "{model}: {}", answered.text());
            let (_, message) = answered.error(dialect).unwrap();
            assert!(message.contains(words) && message.contains(model), "{message}");
            assert!(message.contains("does not exist here, or this API key may not use it"), "{message}");
        }
    }
    let rows = stage.rows(10).await;
    assert!(rows.iter().all(|row| row.attempts.is_empty() && row.status >= 400));
    // Whoever reads the ledger sees which of both it was.
    let named = |row: &Record, model: &str| row.model == model || row.asked_model == model;
    let reason = |model: &str| rows.iter().find(|row| named(row, model)).unwrap().error.clone();
    // What a caller makes up is told, but is nothing that sums are made by.
    let asked = |model: &str| rows.iter().filter(|row| row.asked_model == model && row.model.is_empty()).count();
    assert_eq!((asked("nowhere/x"), asked("fats"), asked("smart")), (2, 2, 0));
    assert_eq!((reason("smart"), reason("nowhere/x")), ("model_not_allowed".to_owned(), "model_not_found".to_owned()));
}

#[tokio::test]
async fn a_direct_name_that_no_model_route_could_have_is_unknown() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        for name in [format!("one/{}", "z".repeat(2_200_000)), "one/a b".to_owned(), "one/a\r\nb".to_owned()] {
            let answered = stage.caller.ask(dialect, &body(dialect, &name, &json!({}))).await.unwrap();
            assert_eq!(answered.status, 404, "{}", answered.text());
            answered.error(dialect).unwrap();
            assert!(answered.text().len() < 500, "{}", answered.text());
        }
        let unlisted = stage.caller.ask(dialect, &body(dialect, "one/unlisted", &json!({}))).await.unwrap();
        assert_eq!(unlisted.status, 200, "{}", unlisted.text());
    }
    let rows = stage.rows(8).await;
    let lengths = |row: &Record| [row.model.len(), row.asked_model.len(), row.upstream_model.len()];
    assert!(rows.iter().all(|row| lengths(row).into_iter().all(|length| length <= 256)));
    assert_eq!(rows.iter().filter(|row| row.asked_model.is_empty()).count(), 2, "a provider answered for it");
    assert!(rows.iter().all(|row| row.model == if row.asked_model.is_empty() { "one/unlisted" } else { "" }));
    assert_eq!(stage.vendors[0].received().len(), 2);
    let metrics = format!("http://{}/metrics", stage.world.at.ops);
    let metrics = weir_harness::client::client().get(metrics).send().await.unwrap().text().await.unwrap();
    assert!(!metrics.contains("unlisted") && !metrics.contains("zzz"), "{metrics}");
    assert!(metrics.contains(r#"weir_tokens_total{kind="input",model="other",provider="one""#), "{metrics}");
}

#[tokio::test]
async fn a_direct_address_works_where_it_is_allowed() {
    let stage = Stage::on(&documents(&json!(["demo/*"])), Vec::new(), |_| {}).await;
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        let answered = stage.caller.ask(dialect, &body(dialect, "demo/demo-small", &json!({}))).await.unwrap();
        let heard = answered.heard(dialect).unwrap();
        assert!(!heard.text.is_empty());
        let streamed = stage.caller.ask(dialect, &body(dialect, "demo/demo-small", &stream())).await.unwrap();
        assert_eq!(streamed.heard(dialect).unwrap().text, heard.text, "stream and whole say the same");
        assert_eq!(streamed.header("x-weir-provider"), Some("demo"));
    }
    let rows = stage.rows(4).await;
    assert!(rows.iter().all(|row| row.usage == rows[0].usage && row.provider == "demo"), "{rows:?}");
}

#[tokio::test]
async fn a_wrong_method_says_the_right_one() {
    let stage = Stage::on(&documents(&json!(["*"])), Vec::new(), |_| {}).await;
    let answered = get(&stage, "/v1/messages", false).await;
    assert_eq!((answered.status, answered.header("allow")), (405, Some("POST")));
    assert!(answered.error(Vendor::Anthropic).unwrap().1.contains("POST"));
}
