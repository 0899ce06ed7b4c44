//! Embeddings asked for in Gemini's shape, through the whole data plane: of Gemini itself, and of all others.

use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::usage::UsageSource;
use weir_harness::chat::Dialect;
use weir_harness::provider::Format;
use weir_harness::upstream::{Api, FakeUpstream};

use super::*;

/// A data plane in front of Gemini, Cohere, Ollama and the demo provider; `vectors` is Cohere's, else Gemini's.
struct Embedding {
    stage: Stage,
    cohere: FakeUpstream,
    _ollama: FakeUpstream,
}

impl Embedding {
    async fn start() -> Self {
        let gemini = FakeProvider::start(Format::Gemini, KEY).await.unwrap();
        let cohere = FakeUpstream::start(Api::Cohere, KEY).await.unwrap();
        let ollama = FakeUpstream::start(Api::Ollama, KEY).await.unwrap();
        let mut documents = vec![json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}})];
        let mut gemini_spec = weir_harness::config::provider(&gemini, KEY);
        gemini_spec["timeouts"] = json!({"first_byte_ms": 2_000});
        let spec = |name: &str, fake: &FakeUpstream, keys: Value| json!({"protocol": name, "base_url": fake.base_url(), "keys": keys, "allow_private_address": true});
        for (name, spec) in [
            ("gemini", gemini_spec),
            ("cohere", spec("cohere", &cohere, json!([{"id": "main", "secret": KEY}]))),
            ("ollama", spec("ollama", &ollama, json!([]))),
        ] {
            documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
            let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
            documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        }
        let targets = json!([{"provider": "cohere", "model": "embed-v4.0"}, {"provider": "gemini", "model": "gemini-embedding-001", "priority": 1}]);
        let spec = json!({"targets": targets, "cache": {"ttl_s": 60}});
        documents.push(json!({"kind": "ModelRoute", "id": "vectors", "spec": spec}));
        let stage = Stage::on(&documents, vec![gemini], |_| {}).await;
        Self { stage, cohere, _ollama: ollama }
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        let client = weir_harness::client::client();
        let request = client.post(self.stage.world.url(path)).header("x-goog-api-key", &self.stage.world.key);
        self.stage.caller.send(request.body(body.to_string())).await.unwrap()
    }

    async fn batch(&self, model: &str, tasks: [&str; 2]) -> Answered {
        let one = |text: &str, task: &str| json!({"model": format!("models/{model}"), "content": {"parts": [{"text": text}], "role": "user"}, "taskType": task});
        let body = json!({"requests": [one("a", tasks[0]), one("bcd", tasks[1])]});
        self.post(&format!("/v1beta/models/{model}:batchEmbedContents"), &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn geminis_own_models_are_asked_as_the_caller_wrote_and_charged() {
    let embedding = Embedding::start().await;
    let model = "gemini/gemini-embedding-001";
    let answered = embedding.batch(model, ["CLUSTERING", "SEMANTIC_SIMILARITY"]).await;
    assert_eq!((answered.status, answered.header("x-weir-dropped-params")), (200, None), "{}", answered.text());
    let body = answered.json().unwrap();
    assert_eq!(body["embeddings"], json!([{"values": [0, 1, 0.1]}, {"values": [1, 3, 0.1]}]));
    assert_eq!(
        (&body["usageMetadata"]["promptTokenCount"], &body["usageMetadata"]["cost"]),
        (&json!(5), &json!(0.000_005))
    );
    let single = json!({"content": {"parts": [{"text": "abcd"}]}, "outputDimensionality": 8, "taskType": "CLUSTERING"});
    let one = embedding.post(&format!("/v1beta/models/{model}:embedContent"), &single).await;
    assert_eq!(
        one.json().unwrap()["embedding"],
        json!({"values": [0, 4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}),
        "{}",
        one.text()
    );
    let received = embedding.stage.vendors[0].received();
    assert_eq!(received[0].head.target, "/v1beta/models/gemini-embedding-001:batchEmbedContents");
    assert_eq!(received[0].json()["requests"][1]["model"], "models/gemini-embedding-001");
    assert_eq!(
        (received[1].json(), received[1].head.target.as_str()),
        (single, "/v1beta/models/gemini-embedding-001:embedContent")
    );
    for (row, tokens) in embedding.stage.rows(2).await.into_iter().zip([5, 4]) {
        assert_eq!((row.outcome, row.usage.source), (Outcome::Ok, UsageSource::Provider));
        assert_eq!((row.usage.tokens.input_total(), row.usage.tokens.output_total()), (tokens, 0));
        assert_eq!(row.cost, Some(NanoUsd(i64::try_from(tokens * 1_000).unwrap())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_provider_is_asked_in_its_own_shape_and_answers_in_geminis() {
    let embedding = Embedding::start().await;
    for (model, dropped) in [("cohere/embed-v4.0", None), ("ollama/nomic", Some("taskType"))] {
        let answered = embedding.batch(model, ["RETRIEVAL_QUERY"; 2]).await;
        assert_eq!((answered.status, answered.header("x-weir-dropped-params")), (200, dropped), "{}", answered.text());
        let body = answered.json().unwrap();
        assert_eq!(body["embeddings"], json!([{"values": [0, 1, 0.1]}, {"values": [1, 3, 0.1]}]), "{model}");
        assert_eq!(body["usageMetadata"], json!({"promptTokenCount": 5, "cost": 0.000_005}), "{model}");
    }
    assert_eq!(embedding.cohere.received()[0].1["input_type"], "search_query");
    let single = json!({"content": {"parts": [{"text": "hello"}]}, "outputDimensionality": 8});
    let get = async |path: &str| {
        let request = weir_harness::client::client().get(embedding.stage.world.url(path));
        let answered = embedding.stage.caller.send(request.header("x-goog-api-key", &embedding.stage.world.key)).await;
        answered.unwrap().json().unwrap()
    };
    for (model, methods) in [
        ("demo/demo-embedding", json!(["embedContent", "batchEmbedContents"])),
        ("demo/demo-small", json!(["generateContent", "countTokens"])),
        ("demo/demo-image", json!([])),
    ] {
        let one = get(&format!("/v1beta/models/{}", model.replace('/', "%2F"))).await;
        assert_eq!(one["supportedGenerationMethods"], methods, "{model}: it is found by this and asked so");
    }
    let unserved = embedding.post("/v1beta/models/demo/demo-embedding:foo", &single).await;
    let error = &unserved.json().unwrap()["error"];
    assert_eq!((unserved.status, &error["details"][0]["reason"]), (404, &json!("endpoint_not_served")), "{error}");
    let upload = embedding.post("/upload/v1beta/files", &json!({})).await;
    let said = upload.json().unwrap()["error"]["message"].as_str().unwrap().to_owned();
    assert!(upload.status == 404 && said.contains("/providers/{id}/…"), "{said}");
    let demo = embedding.post("/v1beta/models/demo/demo-embedding:embedContent", &single).await;
    assert_eq!(demo.json().unwrap()["embedding"]["values"].as_array().map(Vec::len), Some(8), "{}", demo.text());
    let rows = embedding.stage.rows(6).await;
    assert!(rows[..2].iter().all(|row| row.cost == Some(NanoUsd(5_000))), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_provider_cannot_do_at_once_goes_to_the_next_and_the_same_again_costs_nothing() {
    let embedding = Embedding::start().await;
    for (again, cache) in [(false, "miss"), (true, "hit")] {
        let answered = embedding.batch("vectors", ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"]).await;
        assert_eq!((answered.status, answered.header("x-weir-cache")), (200, Some(cache)), "{}", answered.text());
        let cost = &answered.json().unwrap()["usageMetadata"]["cost"];
        assert_eq!(cost, &if again { json!(0) } else { json!(0.000_005) }, "{}", answered.text());
    }
    assert!(embedding.cohere.received().is_empty(), "it takes one purpose for all texts");
    assert_eq!(embedding.stage.vendors[0].received().len(), 1);
    let rows = embedding.stage.rows(2).await;
    assert_eq!((rows[0].provider.as_str(), rows[1].cost), ("gemini", Some(NanoUsd::ZERO)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_wrong_is_refused_in_geminis_words_and_nobody_is_asked() {
    let embedding = Embedding::start().await;
    let path = "/v1beta/models/cohere/x:batchEmbedContents";
    for body in ["{", "[]", "{}", r#"{"requests":[]}"#, r#"{"requests":[{"content":{"parts":[{"text":7}]}}]}"#] {
        let request = weir_harness::client::client().post(embedding.stage.world.url(path));
        let request = request.header("x-goog-api-key", &embedding.stage.world.key).body(body);
        let refused = embedding.stage.caller.send(request).await.unwrap();
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        assert_eq!(refused.error(Dialect::Gemini).unwrap().0, "INVALID_ARGUMENT");
    }
    let other = json!({"requests": [{"model": "models/dearer", "content": {"parts": [{"text": "a"}]}}]});
    let refused = embedding.post(path, &other).await;
    assert!(refused.status == 400 && refused.text().contains("requests[0].model"), "{}", refused.text());
    assert!(embedding.cohere.received().is_empty());
}
