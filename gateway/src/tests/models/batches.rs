//! Files and batches in an account that applications share: whose they are, and what they cost.

use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::name::is_derived;
use weir_domain::usage::{ServiceTier, UsageSource};
use weir_harness::client::RequestBuilder;
use weir_harness::script::{Fault, Script};

use super::*;

/// Half of what the same costs outside of a batch.
const BATCH: &str = r#"{"batch": {"per_million": {"input": "0.5", "output": "5"}}}"#;

/// Applications `web` and `other`, who may both run batches at these vendors.
struct Shared {
    stage: Stage,
    others: String,
}

async fn shared(vendors: &[Vendor]) -> Shared {
    shared_with(vendors, |_| {}).await
}

async fn shared_with(vendors: &[Vendor], change: impl FnOnce(&mut Vec<Value>)) -> Shared {
    let stage = Stage::start_with(vendors, json!({}), |documents| {
        documents[1]["spec"]["batches"] = json!(["*"]);
        let tiers: Value = serde_json::from_str(BATCH).unwrap();
        for price in documents.iter_mut().filter(|document| document["kind"] == "Price") {
            price["spec"]["service_tiers"] = tiers.clone();
        }
        documents.push(json!({"kind": "Application", "id": "other", "spec": {"models": ["*"], "batches": ["*"]}}));
        change(documents);
    })
    .await;
    let others = generate(&[8; ENTROPY]);
    stage.world.live.credentials(CredentialChange::Upsert(vec![credential(&others, "other")]));
    Shared { stage, others }
}

impl Shared {
    fn request(&self, method: &str, path: &str, key: &str) -> RequestBuilder {
        let request = weir_harness::client::client().request(method.parse().unwrap(), self.stage.world.url(path));
        request.header("x-api-key", key)
    }

    async fn send(&self, request: RequestBuilder) -> Answered {
        self.stage.caller.send(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answered {
        self.send(self.request("GET", path, &self.stage.world.key)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        let request = self.request("POST", path, &self.stage.world.key);
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Uploads a file of requests, and gives its id.
    async fn upload(&self, lines: &str, provider: Option<&str>) -> String {
        let form = format!(
            "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\ncontent-disposition: form-data; \
             name=\"file\"; filename=\"in.jsonl\"\r\ncontent-type: application/jsonl\r\n\r\n{lines}\r\n--b--\r\n"
        );
        let request = self.request("POST", "/v1/files", &self.stage.world.key);
        let request = request.header("content-type", "multipart/form-data; boundary=b").body(form);
        let request = provider.into_iter().fold(request, |request, name| request.header("x-weir-provider", name));
        let made = self.send(request).await;
        assert_eq!(made.status, 200, "{}", made.text());
        made.json().unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn batch(&self, file: &str, metadata: &Value) -> Value {
        let asked = json!({"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h",
            "metadata": metadata});
        let made = self.post("/v1/batches", &asked).await;
        assert_eq!(made.status, 200, "{}", made.text());
        made.json().unwrap()
    }

    async fn poll(&self, batch: &Value) -> Value {
        let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
        let polled = self.get(&path).await;
        assert_eq!(polled.status, 200, "{}", polled.text());
        polled.json().unwrap()
    }

    /// The ledger once it has so many rows: those of batches, then the others by path and cost.
    async fn ledger(&self, count: usize) -> (Vec<Record>, Vec<(String, Option<NanoUsd>)>) {
        let rows = self.stage.rows(count).await;
        let (batches, calls): (Vec<Record>, Vec<Record>) = rows.into_iter().partition(|row| is_derived(&row.id));
        (batches, calls.into_iter().map(|row| (format!("{} {}", row.method, row.path), row.cost)).collect())
    }
}

/// A file of requests, one for each model.
fn lines(models: &[&str]) -> String {
    let line = |(at, model): (usize, &&str)| {
        json!({"custom_id": format!("r{at}"), "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": model, "messages": [{"role": "user", "content": "Hello there"}]}})
        .to_string()
    };
    models.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// What a usage costs in a batch.
fn price(row: &Record) -> Option<NanoUsd> {
    let tokens = row.usage.tokens;
    assert!(tokens.input_total() > 0 && tokens.output_total() > 0, "{row:?}");
    i64::try_from(tokens.input_total() * 500 + tokens.output_total() * 5_000).ok().map(NanoUsd)
}

#[tokio::test]
async fn a_batch_is_charged_once_at_its_tier_however_often_it_is_asked_after() {
    let shared = shared(&[Vendor::Openai]).await;
    let file = shared.upload(&lines(&["m-1", "m-1"]), None).await;
    let batch = shared.batch(&file, &json!({"mine": "1"})).await;
    assert_eq!((batch["input_file_id"].as_str(), &batch["status"]), (Some(file.as_str()), &json!("validating")));
    assert_eq!(batch["metadata"], json!({"mine": "1"}));
    assert_eq!(shared.poll(&batch).await["status"], "in_progress");
    let mut done = Value::Null;
    for _ in 0..20 {
        done = shared.poll(&batch).await;
        assert_eq!((&done["status"], &done["id"]), (&json!("completed"), &batch["id"]));
    }
    let output = done["output_file_id"].as_str().unwrap();
    for _ in 0..2 {
        let results = shared.get(&format!("/v1/files/{output}/content")).await;
        assert_eq!((results.status, results.text().lines().count()), (200, 2));
        assert_eq!(results.header("content-type"), Some("application/octet-stream"));
    }
    let (batches, calls) = shared.ledger(26).await;
    let [row] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((row.application.as_str(), row.provider.as_str(), row.model.as_str()), ("web", "one", "m-1"));
    assert_eq!((row.usage.tier, row.usage.source), (ServiceTier::Batch, UsageSource::Provider));
    assert_eq!(row.usage.tokens.input_total(), done["usage"]["input_tokens"].as_u64().unwrap());
    assert_eq!((row.cost, row.at, row.outcome), (price(row), 1_763_000_000_000_000, Outcome::Ok));
    assert_eq!(row.path.strip_prefix("/v1/batches/batch_").map(str::len), Some(24), "the vendor's own id");
    let attempt = &row.attempts[0];
    assert_eq!((attempt.cost, attempt.price.as_str(), attempt.provider_key.as_str()), (row.cost, "price-one", "main"));
    for (call, cost) in calls {
        // What a batch will cost is not known when it is made; everything else costs nothing.
        assert_eq!(cost, (call != "POST /v1/batches").then_some(NanoUsd::ZERO), "{call}");
    }
}

#[tokio::test]
async fn a_batch_that_does_not_tell_its_usage_is_charged_by_its_results_once_by_model_at_every_node() {
    let shared = shared(&[Vendor::Openai]).await;
    let file =
        shared.upload(&format!("{}\n{{\"custom_id\":\"bad\",\"body\":{{}}}}", lines(&["b", "a", "b"])), None).await;
    let batch = shared.batch(&file, &json!({"usage": "no"})).await;
    shared.poll(&batch).await;
    let done = shared.poll(&batch).await;
    assert_eq!((&done["status"], &done["usage"]), (&json!("completed"), &Value::Null));
    let content = format!("/v1/files/{}/content", done["output_file_id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(shared.get(&content).await.status, 200);
    }
    // Whoever would take it compressed gets it plain: it is read on its way.
    let packed = shared.request("GET", &content, &shared.stage.world.key).header("accept-encoding", "gzip");
    assert_eq!(shared.send(packed).await.header("content-encoding"), None);
    let (batches, _) = shared.ledger(9).await;
    let [a, b] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((a.model.as_str(), b.model.as_str()), ("a", "b"));
    assert_eq!((a.cost, b.cost), (price(a), price(b)));
    assert!(b.usage.tokens.input_total() == 2 * a.usage.tokens.input_total(), "two requests and one");
    // Another node that has seen nothing of it writes the same rows, which the ledger knows by their ids.
    let vendor = shared.stage.vendors[0].base_url();
    let documents = [
        json!({"kind": "Provider", "id": "one", "spec": {"protocol": "openai", "base_url": vendor,
            "keys": [{"id": "main", "secret": KEY}], "allow_private_address": true}}),
        json!({"kind": "Application", "id": "web", "spec": {"batches": ["one"]}}),
    ];
    let node = Stage::on(&documents, Vec::new(), |_| {}).await;
    let request = weir_harness::client::client().get(node.world.url(&content)).bearer_auth(&node.world.key);
    assert_eq!(node.caller.send(request).await.unwrap().status, 200);
    let again = node.rows(3).await;
    assert_eq!((&again[0].id, &again[1].id, again[0].at), (&a.id, &b.id, a.at));
    assert_eq!((again[0].cost, again[0].usage), (None, a.usage), "no price is known there, and unknown is not nothing");
}

#[tokio::test]
async fn what_another_application_keeps_at_a_shared_account_is_as_absent_as_what_never_was() {
    let shared = shared(&[Vendor::Openai]).await;
    let file = shared.upload(&lines(&["m"]), None).await;
    let batch = shared.batch(&file, &Value::Null).await;
    let id = batch["id"].as_str().unwrap();
    let raw = {
        let made = shared.stage.vendors[0].received().pop().unwrap().json();
        made["input_file_id"].as_str().unwrap().to_owned()
    };
    assert!(raw.starts_with("file-0") && raw != file);
    let own = shared.get(&format!("/v1/files/{file}")).await;
    assert_eq!((own.status, own.json().unwrap()["id"].as_str()), (200, Some(file.as_str())));
    let mut said = std::collections::BTreeSet::new();
    for (method, path) in [
        ("GET", format!("/v1/files/{file}")),
        ("GET", format!("/v1/files/{file}/content")),
        ("DELETE", format!("/v1/files/{file}")),
        ("GET", format!("/v1/batches/{id}")),
        ("POST", format!("/v1/batches/{id}/cancel")),
        ("GET", format!("/v1/files/{raw}")),
        ("GET", format!("/v1/files/{raw}/content")),
        ("GET", "/v1/files/file-wridAAAA".to_owned()),
    ] {
        let refused = shared.send(shared.request(method, &path, &shared.others)).await;
        let error = refused.json().unwrap()["error"].clone();
        assert_eq!((refused.status, &error["code"]), (404, &json!("not_found")), "{path}: {error}");
        let named = path.split('/').nth(3).unwrap();
        said.insert(error["message"].as_str().unwrap().replace(named, "it"));
    }
    assert_eq!(said.len(), 1, "{said:?}");
    for input in [file.as_str(), raw.as_str()] {
        let asked = json!({"input_file_id": input, "endpoint": "/v1/chat/completions", "completion_window": "24h"});
        let request = shared.request("POST", "/v1/batches", &shared.others);
        let refused = shared.send(request.header("content-type", "application/json").body(asked.to_string())).await;
        assert_eq!(refused.status, 404, "{}", refused.text());
    }
    for path in ["/v1/files", "/v1/batches?limit=2"] {
        let refused = shared.get(path).await;
        assert_eq!((refused.status, &refused.json().unwrap()["error"]["code"]), (403, &json!("list_not_served")));
    }
    assert_eq!(shared.stage.vendors[0].received().len(), 2, "nothing of that reached the provider");
    assert_eq!(shared.get(&format!("/v1/files/{file}")).await.status, 200);
}

#[tokio::test]
async fn a_batch_is_made_in_the_account_where_its_file_lies() {
    let shared = shared(&[Vendor::Openai, Vendor::Openai]).await;
    let file = shared.upload(&lines(&["m"]), Some("two")).await;
    let batch = shared.batch(&file, &Value::Null).await;
    assert_eq!((shared.stage.vendors[0].received().len(), shared.stage.vendors[1].received().len()), (0, 2));
    assert_eq!(shared.poll(&batch).await["status"], "in_progress");
    for (body, status, code) in [
        ("{\"input_file_id\": 1}".to_owned(), 400, "invalid_body"),
        ("{}".to_owned(), 400, "missing_input_file"),
        ("[".to_owned(), 400, "invalid_body"),
        (json!({"input_file_id": file, "endpoint": null}).to_string(), 400, ""),
    ] {
        let request = shared.request("POST", "/v1/batches", &shared.stage.world.key);
        let refused = shared.send(request.header("content-type", "application/json").body(body.clone())).await;
        let said = refused.json().unwrap()["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!((refused.status, said.as_str()), (status, code), "{body}");
    }
    let rows = shared.stage.rows(7).await;
    assert!(rows[..3].iter().all(|row| row.provider == "two"), "{rows:?}");
    let last = &rows[6];
    assert_eq!((last.outcome, last.cost, last.attempts.len()), (Outcome::UpstreamError, Some(NanoUsd::ZERO), 1));
}

#[tokio::test]
async fn a_call_that_names_a_file_goes_to_the_account_where_it_lies() {
    let shared = shared(&[Vendor::Openai, Vendor::Openai]).await;
    let file = shared.upload("text", Some("two")).await;
    let ask = |model: &str| {
        let content = json!([{"type": "text", "text": "Hello there"}, {"type": "file", "file": {"file_id": file}}]);
        json!({"model": model, "messages": [{"role": "user", "content": content}]})
    };
    shared.post("/v1/chat/completions", &ask("chat")).await;
    assert_eq!(shared.stage.vendors[0].received().len(), 0, "the first by priority");
    let received = shared.stage.vendors[1].received().pop().unwrap();
    assert_eq!(
        (received.head.target.as_str(), received.json()["model"].as_str()),
        ("/v1/chat/completions", Some("m-two"))
    );
    let named = received.json()["messages"][0]["content"][1]["file"]["file_id"].as_str().unwrap().to_owned();
    assert!(named.starts_with("file-0"), "{named}");
    let refused = shared.post("/v1/chat/completions", &ask("one/m")).await;
    assert_eq!((refused.status, &refused.json().unwrap()["error"]["code"]), (400, &json!("file_elsewhere")));
    // To another application it is no id of anything: it goes on as it is, and the provider knows no such file.
    let request = shared.request("POST", "/v1/chat/completions", &shared.others);
    shared.send(request.header("content-type", "application/json").body(ask("one/m").to_string())).await;
    let received = shared.stage.vendors[0].received().pop().unwrap().json();
    assert_eq!(received["messages"][0]["content"][1]["file"]["file_id"].as_str(), Some(file.as_str()));
}

#[tokio::test]
async fn a_batch_of_messages_is_charged_by_its_results() {
    let shared = shared(&[Vendor::Anthropic]).await;
    let request = |id: &str, model: &str| {
        json!({"custom_id": id, "params": {"model": model, "max_tokens": 100,
            "messages": [{"role": "user", "content": "Hello there"}]}})
    };
    let bad = json!({"custom_id": "c", "params": {"model": "claude-a"}});
    let asked = json!({"requests": [request("a", "claude-b"), request("b", "claude-a"), bad]});
    let made = shared.post("/v1/messages/batches", &asked).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json().unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("msgbatch_wrid"), "{id}");
    let path = format!("/v1/messages/batches/{id}");
    let early = shared.get(&format!("{path}/results")).await;
    assert_eq!(early.status, 400);
    shared.get(&path).await;
    let ended = shared.get(&path).await.json().unwrap();
    assert_eq!((&ended["processing_status"], &ended["id"]), (&json!("ended"), &made["id"]));
    let results = format!("{path}/results");
    assert_eq!(ended["results_url"].as_str(), Some(results.as_str()), "at the gateway, not at the vendor");
    for _ in 0..3 {
        let answered = shared.get(&results).await;
        assert_eq!((answered.status, answered.text().lines().count()), (200, 3));
    }
    let foreign = shared.send(shared.request("GET", &results, &shared.others)).await;
    assert_eq!((foreign.status, &foreign.json().unwrap()["error"]["type"]), (404, &json!("not_found_error")));
    let (batches, calls) = shared.ledger(10).await;
    let [a, b] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((a.model.as_str(), b.model.as_str()), ("claude-a", "claude-b"));
    assert_eq!((a.cost, b.cost, a.usage.tier), (price(a), price(b), ServiceTier::Batch));
    assert_eq!(a.at, 1_763_000_000_000_000);
    for (call, cost) in calls {
        assert_eq!(cost, (call != "POST /v1/messages/batches").then_some(NanoUsd::ZERO), "{call}");
    }
}

#[tokio::test]
async fn results_that_break_off_have_an_unknown_cost_and_are_counted_when_they_come_whole() {
    let shared = shared(&[Vendor::Anthropic]).await;
    let (path, _) = ended(&shared).await;
    let head = shared.request("GET", &format!("{path}/results"), &shared.stage.world.key).header("range", "bytes=0-9");
    shared.stage.vendors[0].next(Script { fault: Some(Fault::CutAfterBytes { after: 40 }), ..Script::default() });
    assert!(shared.stage.caller.send(head).await.is_err());
    assert_eq!(shared.get(&format!("{path}/results")).await.status, 200);
    let rows = shared.stage.rows(6).await;
    let costs: Vec<_> = rows.iter().map(|row| (is_derived(&row.id), row.cost)).collect();
    assert_eq!(costs[3], (false, None), "{costs:?}");
    assert_eq!(costs[4], (true, price(&rows[4])));
    assert_eq!(costs[5], (false, Some(NanoUsd::ZERO)));
}

/// A batch of messages that has ended: its path, and the vendor's id.
async fn ended(shared: &Shared) -> (String, String) {
    let asked = json!({"requests": [{"custom_id": "a", "params": {"model": "m", "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hello there"}]}}]});
    let id = shared.post("/v1/messages/batches", &asked).await.json().unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/messages/batches/{id}");
    shared.get(&path).await;
    shared.get(&path).await;
    let held = weir_llm::held::open(&sealing_key(), "web", &id).unwrap();
    (path, held.id)
}

fn said(body: &str) -> Script {
    Script { body: Some(body.to_owned()), ..Script::default() }
}

#[tokio::test]
async fn no_header_of_the_callers_changes_what_its_batch_costs() {
    let shared = shared(&[Vendor::Openai]).await;
    let file = shared.upload(&lines(&["m-1"]), None).await;
    let batch = shared.batch(&file, &json!({"usage": "no"})).await;
    shared.poll(&batch).await;
    let done = shared.poll(&batch).await;
    let content = format!("/v1/files/{}/content", done["output_file_id"].as_str().unwrap());
    let disguised = |method: &str, path: &str| {
        let request = shared.request(method, path, &shared.stage.world.key);
        request.header("anthropic-version", "2023-06-01").header("x-weir-provider", "one")
    };
    assert_eq!(shared.send(disguised("GET", &content)).await.status, 200);
    let id = batch["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/v1/messages/batches/{id}")),
        ("GET", format!("/v1/messages/batches/{id}/results")),
        ("POST", "/v1/messages/batches".to_owned()),
    ] {
        let refused = shared.send(disguised(method, &path)).await;
        assert_eq!(refused.status, 404, "{path}: {}", refused.text());
    }
    assert_eq!(shared.stage.vendors[0].received().len(), 2, "what the provider does not have never reaches it");
    let (batches, _) = shared.ledger(9).await;
    let [row] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((row.model.as_str(), row.cost), ("m-1", price(row)));
    assert!(row.path.starts_with("/v1/batches/batch_"), "{}", row.path);
}

#[tokio::test]
async fn results_that_nobody_understands_have_an_unknown_cost_and_do_not_stand_for_others() {
    let shared = shared(&[Vendor::Anthropic]).await;
    let (path, _) = ended(&shared).await;
    let results = format!("{path}/results");
    for strange in [
        "{\"custom_id\":\"a\",\"outcome\":{}}\n",
        "<html>busy</html>",
        "{\"custom_id\":\"a\",\"result\":{\"type\":\"succ",
    ] {
        shared.stage.vendors[0].next(said(strange));
        assert_eq!(shared.get(&results).await.text(), strange);
    }
    assert_eq!(shared.get(&results).await.status, 200);
    let rows = shared.stage.rows(8).await;
    let costs: Vec<_> = rows[3..].iter().map(|row| (is_derived(&row.id), row.cost)).collect();
    let call = |cost| (false, cost);
    assert_eq!(costs, [call(None), call(None), call(None), (true, price(&rows[6])), call(Some(NanoUsd::ZERO))]);
}

#[tokio::test]
async fn results_of_which_a_part_is_not_understood_are_not_charged_as_if_that_were_nothing() {
    let shared = shared(&[Vendor::Anthropic]).await;
    let good = json!({"custom_id": "a", "result": {"type": "succeeded", "message": {"type": "message", "model": "m",
        "usage": {"input_tokens": 11, "output_tokens": 7}}}});
    let bad = json!({"custom_id": "b", "result": {"type": "errored", "error": {"type": "api_error"}}});
    for (at, (end, known)) in
        [("", true), ("{\"custom_id\":\"c\",\"resu", false), ("{}\n", false)].into_iter().enumerate()
    {
        let (path, _) = ended(&shared).await;
        shared.stage.vendors[0].next(said(&format!("{good}\n\n{bad}\n{end}")));
        shared.get(&format!("{path}/results")).await;
        let (batches, _) = shared.ledger(5 * (at + 1)).await;
        let row = &batches[at];
        assert_eq!((row.cost, row.attempts[0].cost), (price(row).filter(|_| known), row.cost), "{end}");
        assert_eq!((row.usage.tokens.input_total(), row.attempts[0].price.is_empty()), (11, !known));
    }
}

#[tokio::test]
async fn a_batch_that_does_not_tell_when_it_was_made_is_charged_at_the_prices_of_when_it_is_seen() {
    let shared = shared_with(&[Vendor::Anthropic], |documents| {
        for price in documents.iter_mut().filter(|document| document["kind"] == "Price") {
            price["spec"]["effective_from"] = json!("2025-01-01");
        }
    })
    .await;
    let (_, raw) = ended(&shared).await;
    let object = json!({"id": raw, "type": "message_batch", "processing_status": "ended", "created_at": null});
    shared.stage.vendors[0].next(said(&object.to_string()));
    let asked = json!({"requests": [{"custom_id": "a", "params": {"model": "m", "max_tokens": 9, "messages": []}}]});
    let made = shared.post("/v1/messages/batches", &asked).await.json().unwrap();
    let results = shared.get(&format!("/v1/messages/batches/{}/results", made["id"].as_str().unwrap())).await;
    assert_eq!(results.status, 200, "{}", results.text());
    let (batches, _) = shared.ledger(6).await;
    let [row] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!(row.cost, price(row));
    assert!(weir_domain::time::now() - row.at < 600_000_000, "{}", row.at);
}

#[tokio::test]
async fn a_batch_of_which_nothing_succeeded_costs_nothing_whatever_else_it_says() {
    let shared = shared(&[Vendor::Openai]).await;
    let file = shared.upload(&lines(&["m"]), None).await;
    let batch = shared.batch(&file, &Value::Null).await;
    let failed = json!({"id": "batch_0", "object": "batch", "endpoint": "/v1/responses", "status": "failed",
        "created_at": 1_763_000_000, "model": null, "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}});
    shared.stage.vendors[0].next(said(&failed.to_string()));
    let told = shared.post(&format!("/v1/batches/{}/cancel", batch["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(told.json().unwrap()["status"], "failed");
    let (batches, _) = shared.ledger(4).await;
    let [row] = &batches[..] else { panic!("{batches:?}") };
    assert_eq!((row.cost, row.usage.tier), (Some(NanoUsd::ZERO), ServiceTier::Batch));
}

#[tokio::test]
async fn who_may_run_batches_reaches_nothing_else_of_the_provider() {
    let shared = shared_with(&[Vendor::Openai], |documents| {
        documents.push(json!({"kind": "Application", "id": "none", "spec": {"models": ["*"]}}));
    })
    .await;
    let refused = shared.get("/providers/one/files").await;
    assert_eq!((refused.status, &refused.json().unwrap()["code"]), (403, &json!("provider_not_allowed")));
    let key = generate(&[9; ENTROPY]);
    shared.stage.world.live.credentials(CredentialChange::Upsert(vec![credential(&key, "none")]));
    let refused = shared.send(shared.request("POST", "/v1/files", &key)).await;
    assert_eq!((refused.status, &refused.json().unwrap()["error"]["code"]), (403, &json!("provider_not_allowed")));
    for (method, path, status) in
        [("PUT", "/v1/files", 405), ("DELETE", "/v1/batches/b", 405), ("GET", "/v1/files/a/b", 404)]
    {
        let refused = shared.send(shared.request(method, path, &shared.stage.world.key)).await;
        assert_eq!(refused.status, status, "{method} {path}: {}", refused.text());
    }
}
