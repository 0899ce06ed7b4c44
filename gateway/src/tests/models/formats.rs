//! Providers that speak what no application does, and operations beside chats, through the whole data plane.

use base64::Engine;
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::upstream::{Api, FakeUpstream};

use super::*;

/// A data plane in front of Cohere, Ollama, and a vendor of OpenAI's dialect that has no embeddings.
struct Formats {
    stage: Stage,
    cohere: FakeUpstream,
    ollama: FakeUpstream,
}

impl Formats {
    async fn start() -> Self {
        let cohere = FakeUpstream::start(Api::Cohere, KEY).await.unwrap();
        let ollama = FakeUpstream::start(Api::Ollama, KEY).await.unwrap();
        let mut documents = vec![json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}})];
        for (name, fake, keys) in
            [("cohere", &cohere, json!([{"id": "main", "secret": KEY}])), ("ollama", &ollama, json!([]))]
        {
            let spec =
                json!({"protocol": name, "base_url": fake.base_url(), "keys": keys, "allow_private_address": true});
            documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
            let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
            documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        }
        let targets = json!([{"provider": "cohere", "model": "embed-v4.0"}, {"provider": "ollama", "model": "nomic", "priority": 1}]);
        let spec = json!({"targets": targets, "retry": {"cooldown_ms": 1}});
        documents.push(json!({"kind": "ModelRoute", "id": "vectors", "spec": spec}));
        let stage = Stage::on(&documents, Vec::new(), |_| {}).await;
        Self { stage, cohere, ollama }
    }

    async fn post(&self, path: &str, body: Value) -> Answered {
        let request =
            weir_harness::client::client().post(self.stage.world.url(path)).bearer_auth(&self.stage.world.key);
        self.stage.caller.send(request.body(body.to_string())).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_either_dialect_reaches_cohere_and_ollama_whole_and_streamed() {
    let formats = Formats::start().await;
    for (model, says) in [("cohere/command-a", "Cohere heard"), ("ollama/llama3.2", "Ollama heard")] {
        for dialect in [Vendor::Openai, Vendor::Anthropic] {
            for fields in [json!({}), json!({"stream": true})] {
                let asked = body(dialect, model, &fields);
                let answered = formats.stage.caller.ask(dialect, &asked).await.unwrap();
                let heard = answered.heard(dialect).unwrap();
                assert_eq!(heard.text, format!("{says} “Hello there”."), "{model} {dialect:?} {fields}");
                assert_eq!(heard.model, model.split_once('/').unwrap().1, "{dialect:?} {fields}");
            }
        }
    }
    let rows = formats.stage.rows(8).await;
    for row in rows {
        let tokens = row.usage.tokens;
        assert_eq!((row.outcome, row.usage.source), (Outcome::Ok, UsageSource::Provider), "{row:?}");
        assert_eq!((tokens.input_uncached, tokens.output_text, row.cost), (11, 7, Some(NanoUsd(81_000))), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_an_earlier_line_is_the_finish_though_the_last_line_says_stop() {
    let formats = Formats::start().await;
    let tool = json!({"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}});
    for fields in [json!({"tools": [tool]}), json!({"tools": [tool], "stream": true})] {
        let asked = body(Vendor::Openai, "ollama/llama3.2", &fields);
        let heard = formats.stage.caller.ask(Vendor::Openai, &asked).await.unwrap().heard(Vendor::Openai).unwrap();
        assert_eq!(heard.stop, "tool_calls", "{fields}");
        assert_eq!((heard.tools[0].1.as_str(), &heard.tools[0].2), ("get_weather", &json!({"city": "Köln"})));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_are_translated_charged_and_fall_back_as_chats_do() {
    let formats = Formats::start().await;
    let request = json!({"model": "vectors", "input": ["a", "bcd"], "encoding_format": "base64", "user": "u"});
    let first = formats.post("/v1/embeddings", request.clone()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let answer = first.json().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(answer["data"][1]["embedding"].as_str().unwrap());
    assert_eq!(bytes.unwrap(), [1_f32, 3.0, 0.1].map(f32::to_le_bytes).concat());
    assert_eq!((&answer["data"][1]["index"], &answer["model"]), (&json!(1), &json!("embed-v4.0")));
    assert_eq!(answer["usage"], json!({"prompt_tokens": 5, "total_tokens": 5, "cost": 0.000_005}));
    assert_eq!(first.header("x-weir-dropped-params"), Some("user"));
    assert_eq!((first.header("x-weir-provider"), first.header("x-weir-cost")), (Some("cohere"), Some("0.000005")));

    formats.cohere.fail(1);
    let second = formats.post("/v1/embeddings", request).await;
    assert_eq!((second.status, second.header("x-weir-provider")), (200, Some("ollama")), "{}", second.text());
    let rows = formats.stage.rows(2).await;
    assert_eq!((rows[1].attempts.len(), rows[1].cost), (2, Some(NanoUsd(5_000))), "one bill for two attempts");
    assert_eq!((rows[1].attempts[0].cost, rows[1].model.as_str()), (Some(NanoUsd::ZERO), "vectors"));
    assert_eq!(
        formats.ollama.received()[0],
        ("/api/embed".to_owned(), json!({"model": "nomic", "input": ["a", "bcd"]}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_cannot_do_it_is_passed_over_and_none_that_can_is_told() {
    let formats = Formats::start().await;
    // Ollama reranks nothing; the demo provider does.
    let refused = formats.post("/v1/rerank", json!({"model": "ollama/x", "query": "q", "documents": ["d"]})).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.error(Vendor::Openai).unwrap().0, "invalid_request_error");
    assert!(formats.ollama.received().is_empty());
    for path in ["/v1/rerank", "/v2/rerank"] {
        let request = json!({"model": "cohere/rerank-v3.5", "query": "q", "documents": ["d", {"text": "longer"}], "top_n": 1,
            "return_documents": true});
        let answered = formats.post(path, request).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        let answer = answered.json().unwrap();
        let expected = json!([{"index": 1, "relevance_score": 0.98, "document": {"text": "longer"}}]);
        assert_eq!((&answer["results"], &answer["usage"]["search_units"]), (&expected, &json!(1)));
        // There is a price for tokens, and none for searches: unknown is not 0.
        assert_eq!(answer["usage"]["cost"], Value::Null);
    }
    let rows = formats.stage.rows(3).await;
    let units = rows[2].usage.units.queries;
    assert_eq!((units, rows[2].cost, rows[2].outcome), (1, None, Outcome::Ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_provider_embeds_and_reranks_offline() {
    let formats = Formats::start().await;
    let embedded = formats.post("/v1/embeddings", json!({"model": "demo/demo-embedding", "input": "hello"})).await;
    assert_eq!(embedded.json().unwrap()["data"][0]["embedding"].as_array().unwrap().len(), 64);
    let request = json!({"model": "demo/demo-rerank", "query": "hello", "documents": ["bye", "hello there"]});
    let ranked = formats.post("/v1/rerank", request).await.json().unwrap();
    assert_eq!(ranked["results"][0]["index"], 1);
    for bad in ["{", "[]", "{}", r#"{"model":"demo/demo-embedding"}"#, r#"{"model":"demo/demo-embedding","input":7}"#] {
        let request = weir_harness::client::client().post(formats.stage.world.url("/v1/embeddings"));
        let request = request.bearer_auth(&formats.stage.world.key).body(bad);
        let refused = formats.stage.caller.send(request).await.unwrap();
        assert_eq!(refused.status, 400, "{bad}: {}", refused.text());
    }
}
