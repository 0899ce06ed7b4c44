//! Test connection against wire-accurate vendors, and what can be called.

use serde_json::{Value, json};
use weir_harness::provider::{FakeProvider, Vendor};

use super::server::Server;

async fn with(vendor: Vendor, protocol: &str, secret: &str) -> (Server, FakeProvider) {
    let server = Server::start().await;
    let fake = FakeProvider::start(vendor, "sk-right").await.unwrap();
    let spec = json!({
        "protocol": protocol, "base_url": fake.base_url(), "allow_private_address": true,
        "keys": [{"id": "main", "secret": secret}],
    });
    server.create("providers", "p", spec).await;
    (server, fake)
}

async fn test(server: &Server, body: Value) -> Value {
    server.call("POST", "/providers/p/test", Some(body)).await.expect(200).json()
}

#[tokio::test]
async fn a_good_provider_answers_in_both_dialects() {
    for (vendor, protocol) in [(Vendor::Openai, "openai"), (Vendor::Anthropic, "anthropic")] {
        let (server, fake) = with(vendor, protocol, "sk-right").await;
        let listed = test(&server, json!({})).await;
        assert_eq!(listed["ok"], true, "{listed}");
        assert!(!listed["models"].as_array().unwrap().is_empty(), "{listed}");
        let called = test(&server, json!({"model": "any-model"})).await;
        assert_eq!((&called["ok"], &called["message"]), (&json!(true), &json!("any-model answered")));
        assert_eq!(fake.received().last().unwrap().json()["model"], "any-model");
        let entries = server.get("/audit?kind=Provider&action=test").await["items"].clone();
        let after: Vec<&Value> = entries.as_array().unwrap().iter().map(|entry| &entry["after"]).collect();
        assert_eq!(after, [&json!({"ok": true, "model": "any-model"}), &json!({"ok": true, "model": null})]);
    }
}

#[tokio::test]
async fn a_failure_is_told_in_a_sentence() {
    let (server, fake) = with(Vendor::Openai, "openai", "sk-wrong-canary").await;
    let refused = test(&server, json!({})).await;
    assert_eq!(refused["ok"], false);
    assert!(refused["message"].as_str().unwrap().contains("the key was refused"), "{refused}");
    assert!(!refused.to_string().contains("sk-wrong-canary"), "{refused}");
    drop(fake);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let gone = test(&server, json!({})).await;
    assert!(gone["message"].as_str().unwrap().contains("no connection could be made"), "{gone}");
    server.call("POST", "/providers/nobody/test", None).await.expect(404);
}

#[tokio::test]
async fn private_addresses_are_not_reached_without_the_operators_word() {
    let server = Server::start().await;
    // A name, not a literal: only looking it up tells where it leads.
    let spec = json!({"protocol": "openai", "base_url": "https://ip6-localhost:1/v1"});
    server.create("providers", "p", spec).await;
    let refused = test(&server, json!({})).await;
    let sentence = refused["message"].as_str().unwrap();
    assert!(sentence.contains("special address") || sentence.contains("not known to the name server"), "{refused}");
}

#[tokio::test]
async fn the_demo_provider_is_there_from_the_start() {
    let server = Server::start().await;
    let demo = server.call("POST", "/providers/demo/test", None).await.expect(200).json();
    assert_eq!(demo["ok"], json!(true));
    for model in ["demo-large", "demo-small"] {
        assert!(demo["models"].as_array().unwrap().contains(&json!(model)), "{demo}");
    }
    let models = server.get("/models").await["items"].clone();
    let small = models.as_array().unwrap().iter().find(|m| m["id"] == "demo/demo-small").unwrap();
    assert_eq!((&small["kind"], &small["price"]["input"]), (&json!("direct"), &json!("0.10")));
    let targets = json!({"targets": [{"provider": "demo", "model": "demo-large", "priority": 1}, {"provider": "demo", "model": "demo-small"}]});
    server.create("model-routes", "fast", targets).await;
    let price = json!({"provider": "demo", "model": "demo-small", "per_million": {"input": "9", "output": "9"}});
    server.create("prices", "mine", price).await;
    let route = server.get("/models").await["items"][0].clone();
    assert_eq!(
        (&route["id"], &route["kind"], &route["model"]),
        (&json!("fast"), &json!("route"), &json!("demo-small"))
    );
    assert_eq!(route["price"]["input"], "9");
    let catalog = server.get("/catalog/providers").await;
    assert!(
        catalog["items"].as_array().unwrap().iter().any(|p| p["id"] == "openai" && p["key_env"] == "OPENAI_API_KEY")
    );
}

#[tokio::test]
async fn the_catalogue_is_searched_page_by_page() {
    let server = Server::start().await;
    let providers = server.get("/catalog/providers").await;
    let openai = providers["items"].as_array().unwrap().iter().find(|p| p["id"] == "openai").unwrap().clone();
    assert!(openai["model_ids"].as_array().unwrap().contains(&json!("gpt-4o")) && openai["models"].is_null());

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/catalog/models?search=GPT%204o&ability=tools,vision&limit=7{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7);
        for item in items {
            assert!(item["abilities"].as_array().unwrap().contains(&json!("vision")), "{item}");
            seen.push(format!("{}/{}", item["provider"].as_str().unwrap(), item["id"].as_str().unwrap()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(seen.len() > 14 && seen.is_sorted() && seen.contains(&"openai/gpt-4o".to_owned()), "{seen:?}");
    let whole = server.get("/catalog/models?search=gpt%204o&ability=tools,vision&limit=500").await;
    assert_eq!(whole["items"].as_array().unwrap().len(), seen.len());

    let embeddings = server.get("/catalog/models?provider=openai&modality=embedding&limit=500").await;
    let embeddings = embeddings["items"].as_array().unwrap();
    assert!(embeddings.iter().all(|m| m["modality"] == "embedding" && m["provider"] == "openai"));
    let small = embeddings.iter().find(|m| m["id"] == "text-embedding-3-small").unwrap();
    assert_eq!(small["prices"][0]["per_million"]["input"], "0.02");

    for bad in ["modality=song", "ability=flight", "limit=0", "cursor=x", "colour=red"] {
        server.call("GET", &format!("/catalog/models?{bad}"), None).await.expect(400);
    }
}

#[tokio::test]
async fn a_price_takes_every_dimension_and_names_the_one_that_is_wrong() {
    let server = Server::start().await;
    let price = json!({"provider": "demo", "model": "demo-small", "per_million": {"input": "1", "output": "2"},
        "context_tiers": [{"above": 200_000, "per_million": {"input": "2"}}],
        "service_tiers": {"flex": {"per_million": {"input": "0.5"}, "context_tiers": []}},
        "per_unit": {"images": [{"size": "1024x1024", "quality": "hd", "price": "0.08"}], "web_search": "0.01"},
        "multipliers": {"us": "1.1"}});
    server.create("prices", "all", price.clone()).await;
    assert_eq!(server.get("/prices/all").await["spec"], price);
    let bad = json!({"id": "bad", "spec": {"provider": "demo", "model": "x",
        "service_tiers": {"flex": {"per_million": {"input": "a"}}}}});
    let refused = server.call("POST", "/prices", Some(bad)).await.expect(422).text;
    assert!(refused.contains("spec.service_tiers.flex.per_million.input"), "{refused}");
    let nothing = json!({"id": "none", "spec": {"provider": "demo", "model": "x"}});
    server.call("POST", "/prices", Some(nothing)).await.expect(422);
}

#[tokio::test]
async fn every_kind_has_a_json_schema() {
    let server = Server::start().await;
    for kind in weir_domain::resource::Kind::ALL {
        for name in [kind.as_str(), kind.collection()] {
            let schema = server.get(&format!("/schema/{name}")).await;
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        }
    }
    server.call("GET", "/schema/Nothing", None).await.expect(404);
}
