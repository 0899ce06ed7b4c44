//! The Responses API through the whole data plane: passed on to providers that have it, translated to and from all
//! others; what a provider keeps is asked for at the account that gave it, by whom it was given to.

use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_harness::responses::FakeResponses;

use super::*;

/// A data plane in front of two providers that have the API, `alpha` and `beta`, one that has not, and the demo provider.
struct Two {
    stage: Stage,
    alpha: FakeResponses,
    beta: FakeResponses,
}

impl Two {
    async fn start() -> Self {
        let alpha = FakeResponses::start("alpha", KEY).await.unwrap();
        let beta = FakeResponses::start("beta", KEY).await.unwrap();
        let plain = FakeProvider::start(Vendor::Openai, KEY).await.unwrap();
        let mut documents = vec![json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}})];
        for (name, url, has) in
            [("alpha", alpha.base_url(), true), ("beta", beta.base_url(), true), ("plain", plain.base_url(), false)]
        {
            let only = json!([{"id": "pro", "responses_only": true}]);
            let spec = json!({"protocol": "openai", "base_url": url, "keys": [{"id": "main", "secret": KEY}],
                "allow_private_address": true, "responses": has, "models": only});
            documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
            let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
            documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        }
        let targets = json!([{"provider": "alpha", "model": "m"}, {"provider": "beta", "model": "m"}]);
        documents.push(json!({"kind": "ModelRoute", "id": "both", "spec": {"targets": targets}}));
        let stage = Stage::on(&documents, vec![plain], |_| {}).await;
        Self { stage, alpha, beta }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answered {
        let client = weir_harness::client::client();
        let request = client.request(method.parse().unwrap(), self.stage.world.url(path));
        let request = request.bearer_auth(&self.stage.world.key).header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.stage.caller.send(request.body(body)).await.unwrap()
    }

    async fn respond(&self, body: &Value) -> Answered {
        self.send("POST", "/v1/responses", body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_passed_on_with_tools_and_state_of_its_provider_and_is_charged() {
    let two = Two::start().await;
    let sent = json!({"model": "alpha/m", "input": "Hello", "tools": [{"type": "web_search"}], "metadata": {"a": "b"}});
    let answered = two.respond(&sent).await;
    let body = answered.json().unwrap();
    assert_eq!(body["output"][0]["content"][0]["text"], "alpha heard “Hello”.", "{body}");
    assert_eq!(body["usage"]["cost"], json!(0.00009));
    let mut passed = sent.clone();
    passed["model"] = json!("m");
    assert_eq!(two.alpha.received(), [("POST".to_owned(), "/v1/responses".to_owned(), passed)]);
    assert!(answered.headers.get("x-weir-dropped-params").is_none());
    let rows = two.stage.rows(1).await;
    assert_eq!((rows[0].outcome, rows[0].cost), (Outcome::Ok, Some(NanoUsd(90_000))), "{rows:?}");
    assert_eq!((rows[0].usage.tokens.cache_read, rows[0].usage.tokens.reasoning), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_response_goes_to_the_account_that_gave_it_streamed_or_not() {
    let two = Two::start().await;
    for stream in [false, true] {
        for _ in 0..6 {
            let first = two.respond(&json!({"model": "both", "input": "Hello", "stream": stream})).await;
            let text = first.text();
            let id = text.split("\"id\":\"resp_").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            let name = if id.starts_with("alpha") { "alpha" } else { "beta" };
            let next = json!({"model": "both", "input": "And?", "previous_response_id": format!("resp_{id}")});
            let answered = two.respond(&next).await;
            let says = format!("{name} heard “And?”. Before, I said “{name} heard “Hello”.”.");
            assert_eq!(answered.json().unwrap()["output"][0]["content"][0]["text"], says, "{}", answered.text());
        }
    }
    assert!(!two.alpha.received().is_empty() && !two.beta.received().is_empty(), "both were asked");
}

/// The account of a provider is shared by all teams: whose a response is that nothing is known of, nobody can tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_was_not_given_to_the_application_here_is_never_looked_for_at_a_shared_account() {
    let two = Two::start().await;
    let given = two.respond(&json!({"model": "alpha/m", "input": "Hello"})).await.json().unwrap()["id"].clone();
    let before = two.alpha.received().len() + two.beta.received().len();
    let long = format!("{}{}", given.as_str().unwrap(), "0".repeat(200));
    for id in ["resp_of_another_node", long.as_str()] {
        for model in ["both", "alpha/m", "plain/gpt-4o"] {
            let asked = json!({"model": model, "input": "x", "previous_response_id": id});
            let error = two.respond(&asked).await.json().unwrap();
            assert_eq!(error["error"]["code"], "previous_response_not_found", "{model}: {error}");
            assert_eq!(error["error"]["param"], "previous_response_id", "{model}: {error}");
        }
    }
    assert_eq!(two.alpha.received().len() + two.beta.received().len(), before, "nobody was asked");
    let row = two.stage.rows(7).await.pop().unwrap();
    assert_eq!((row.outcome, row.cost, row.attempts.len()), (Outcome::Refused, Some(NanoUsd::ZERO), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_response_is_found_at_its_provider_and_costs_nothing_and_is_nobody_elses() {
    let two = Two::start().await;
    let id = two.respond(&json!({"model": "beta/m", "input": "Hello"})).await.json().unwrap()["id"].clone();
    let path = format!("/v1/responses/{}", id.as_str().unwrap());
    let got = two.send("GET", &path, &Value::Null).await;
    assert_eq!((got.status, &got.json().unwrap()["id"]), (200, &id), "{}", got.text());
    let items = two.send("GET", &format!("{path}/input_items"), &Value::Null).await;
    assert_eq!(items.json().unwrap()["object"], "list");
    let deleted = two.send("DELETE", &path, &Value::Null).await;
    assert_eq!(deleted.json().unwrap()["deleted"], true);
    assert_eq!(two.send("GET", &path, &Value::Null).await.status, 404);
    assert!(two.alpha.received().is_empty(), "only the provider that gave it is asked");
    let unknown = two.send("GET", "/v1/responses/resp_nobody1", &Value::Null).await;
    let error = unknown.json().unwrap();
    assert_eq!((unknown.status, &error["error"]["code"]), (404, &json!("response_not_found")), "{error}");
    let rows = two.stage.rows(6).await;
    assert!(rows.iter().filter(|row| row.method != "POST").all(|row| row.cost == Some(NanoUsd::ZERO)), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_responses_reaches_every_provider_and_state_that_nobody_keeps_is_refused() {
    let two = Two::start().await;
    for model in ["plain/gpt-4o", "demo/demo-small"] {
        let whole = two.respond(&json!({"model": model, "input": "Hello", "instructions": "Be brief."})).await;
        let body = whole.json().unwrap();
        assert_eq!((&body["object"], &body["status"]), (&json!("response"), &json!("completed")), "{body}");
        assert!(body["output"][0]["content"][0]["text"].as_str().unwrap().contains("Hello"), "{body}");
        let streamed = two.respond(&json!({"model": model, "input": "Hello", "stream": true})).await.text();
        assert!(streamed.starts_with("event: response.created\n"), "{streamed}");
        assert!(streamed.contains("event: response.completed\n"), "{streamed}");
    }
    let refused = two.respond(&json!({"model": "plain/gpt-4o", "input": "x", "previous_response_id": "resp_1"})).await;
    let error = refused.json().unwrap();
    assert_eq!((refused.status, &error["error"]["param"]), (400, &json!("previous_response_id")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_there_in_this_api_only_is_reached_from_every_dialect() {
    let two = Two::start().await;
    for dialect in [Vendor::Openai, Vendor::Anthropic] {
        for fields in [json!({}), stream()] {
            let answered = two.stage.caller.ask(dialect, &body(dialect, "alpha/pro", &fields)).await.unwrap();
            let heard = answered.heard(dialect).unwrap();
            assert_eq!(heard.text, "alpha heard “Hello there”.", "{dialect:?} {fields}");
        }
    }
    assert!(two.alpha.received().iter().all(|(_, path, body)| path == "/v1/responses" && body["store"] == false));
}
