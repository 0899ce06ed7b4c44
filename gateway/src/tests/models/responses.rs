//! The Responses API through the whole data plane: passed on to providers that have it, translated to and from all
//! others; what a provider keeps is asked for at the account that gave it, by whom it was given to.

use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_harness::chat::Dialect;
use weir_harness::provider::Format;
use weir_harness::responses::FakeResponses;
use weir_harness::script::{Fault, Script};

use super::*;

/// A data plane in front of two providers that have the API, `alpha` and `beta`, one that has not, and the demo provider.
struct Two {
    documents: Vec<Value>,
    stage: Stage,
    /// A key of another application.
    others: String,
    alpha: FakeResponses,
    beta: FakeResponses,
}

impl Two {
    async fn start() -> Self {
        let alpha = FakeResponses::start("alpha", KEY).await.unwrap();
        let beta = FakeResponses::start("beta", KEY).await.unwrap();
        let plain = FakeProvider::start(Vendor::Openai, KEY).await.unwrap();
        let application = |id: &str| json!({"kind": "Application", "id": id, "spec": {"models": ["*"]}});
        let mut documents = vec![application("web"), application("other")];
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
        let others = generate(&[8; ENTROPY]);
        stage.world.live.credentials(CredentialChange::Upsert(vec![credential(&others, "other")]));
        Self { documents, stage, others, alpha, beta }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answered {
        send(&self.stage, &self.stage.world.key, (method, path), body).await
    }

    async fn respond(&self, body: &Value) -> Answered {
        self.send("POST", "/v1/responses", body).await
    }
}

async fn send(stage: &Stage, key: &str, (method, path): (&str, &str), body: &Value) -> Answered {
    let client = weir_harness::client::client();
    let request = client.request(method.parse().unwrap(), stage.world.url(path));
    let request = request.bearer_auth(key).header("content-type", "application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    stage.caller.send(request.body(body)).await.unwrap()
}

/// The text of a response, or of the one that ends a stream.
fn said(answered: &Answered) -> String {
    let text = answered.text();
    let last = text.lines().rev().find_map(|line| line.strip_prefix("data: "));
    let body: Value = match last {
        Some(event) => serde_json::from_str::<Value>(event).unwrap()["response"].clone(),
        None => serde_json::from_str(&text).unwrap(),
    };
    body["output"][0]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// The id of a response, whole or streamed: the same wherever it stands.
fn id(answered: &Answered) -> String {
    let text = answered.text();
    let ids: std::collections::BTreeSet<&str> =
        text.split("\"resp_").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let [id] = ids.iter().collect::<Vec<_>>()[..] else { panic!("{text}") };
    format!("resp_{id}")
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
            let (id, name) = (id(&first), said(&first).split(' ').next().unwrap().to_owned());
            assert!(id.starts_with("resp_wrid"), "{id}");
            let next = json!({"model": "both", "input": "And?", "previous_response_id": id, "stream": stream});
            let answered = two.respond(&next).await;
            let says = format!("{name} heard “And?”. Before, I said “{name} heard “Hello”.”.");
            assert_eq!(said(&answered), says, "{}", answered.text());
            assert!(answered.text().contains(&format!("\"previous_response_id\":\"{id}\"")), "{}", answered.text());
            assert!(!first.text().contains(&format!("_{name}")), "an id of the provider's: {}", first.text());
        }
    }
    assert!(!two.alpha.received().is_empty() && !two.beta.received().is_empty(), "both were asked");
}

/// The account of a provider is shared by all teams, and whoever names a response has the conversation.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_of_another_application_a_forged_id_and_the_providers_own_are_as_if_they_never_were() {
    let two = Two::start().await;
    let mine = id(&two.respond(&json!({"model": "alpha/m", "input": "Hello"})).await);
    let asked = json!({"model": "alpha/m", "input": "Secret"});
    let others = id(&send(&two.stage, &two.others, ("POST", "/v1/responses"), &asked).await);
    let before = two.alpha.received().len() + two.beta.received().len();
    let (head, tail) = mine.split_at(mine.len() - 1);
    let forged = format!("{head}{}", if tail == "A" { "B" } else { "A" });
    let long = format!("{mine}{}", "0".repeat(2_000));
    let mut seen = Vec::new();
    for id in ["resp_alpha2", "resp_of_nobody", others.as_str(), &forged, &long, "x"] {
        for model in ["both", "alpha/m", "plain/gpt-4o"] {
            let asked = json!({"model": model, "input": "x", "previous_response_id": id});
            let error = two.respond(&asked).await.json().unwrap();
            assert_eq!(error["error"]["code"], "previous_response_not_found", "{model}: {error}");
            assert_eq!(error["error"]["param"], "previous_response_id", "{model}: {error}");
            seen.push(error["error"]["message"].clone());
        }
        let counted = json!({"model": "alpha/m", "input": "x", "previous_response_id": id});
        let error = two.send("POST", "/v1/responses/input_tokens", &counted).await.json().unwrap();
        assert_eq!(error["error"]["code"], "previous_response_not_found", "{error}");
        if id.starts_with("resp_") && id.len() < 1_000 {
            for (method, below) in [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")] {
                let gone = two.send(method, &format!("/v1/responses/{id}{below}"), &Value::Null).await;
                let error = gone.json().unwrap();
                assert_eq!((gone.status, &error["error"]["code"]), (404, &json!("response_not_found")), "{error}");
            }
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "who asks learns no more of one than of another: {seen:?}");
    assert_eq!(two.alpha.received().len() + two.beta.received().len(), before, "nobody was asked");
    let row = two.stage.world.ledger.0.lock().last().cloned().unwrap();
    assert_eq!((row.outcome, row.cost, row.attempts.len()), (Outcome::Refused, Some(NanoUsd::ZERO), 0));
}

/// Some vendors take the id of an answer from its caller; it must not decide what is asked for with the provider's key.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_a_path_leads_nowhere() {
    let two = Two::start().await;
    let account = |is_response, id: &str| weir_llm::held::Held {
        provider: "alpha".into(),
        key: "main".into(),
        is_response,
        made: 0,
        results_of: String::new(),
        id: id.into(),
    };
    for id in ["resp_/../../chat/completions?", "../files", "resp_1&x=2", ".."] {
        let sealed = |is_response| weir_llm::held::seal(&sealing_key(), "web", &account(is_response, id));
        let response = format!("/v1/responses/{}", sealed(true));
        for (method, path) in [("GET", response.clone()), ("POST", format!("{response}/cancel")), ("DELETE", response)]
        {
            assert_eq!(two.send(method, &path, &Value::Null).await.status, 404, "{method} of {id}");
        }
        let file = two.send("GET", &format!("/v1/files/{}", sealed(false)), &Value::Null).await;
        assert_eq!(file.status, 404, "{id}: {}", file.text());
    }
    assert!(two.alpha.received().is_empty() && two.beta.received().is_empty(), "nobody was asked");
    let plain = weir_llm::held::seal(&sealing_key(), "web", &account(true, "resp_plain"));
    two.send("GET", &format!("/v1/responses/{plain}"), &Value::Null).await;
    assert_eq!(two.alpha.received().len(), 1, "and by a plain one it is");
}

/// A node that is started anew, or another one, has never seen the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_its_applications_at_a_node_that_has_never_seen_it() {
    let two = Two::start().await;
    let mut given = Vec::new();
    for stream in [false, true, false, true] {
        let first = two.respond(&json!({"model": "both", "input": "Hello", "stream": stream})).await;
        given.push((id(&first), said(&first).split(' ').next().unwrap().to_owned()));
    }
    let other = Stage::on(&two.documents, Vec::new(), |_| {}).await;
    other.world.live.credentials(CredentialChange::Upsert(vec![credential(&two.others, "other")]));
    for (id, name) in given {
        let next = json!({"model": "both", "input": "And?", "previous_response_id": id});
        let theirs = send(&other, &two.others, ("POST", "/v1/responses"), &next).await;
        assert_eq!(theirs.json().unwrap()["error"]["code"], "previous_response_not_found");
        let answered = send(&other, &other.world.key, ("POST", "/v1/responses"), &next).await;
        assert_eq!(said(&answered), format!("{name} heard “And?”. Before, I said “{name} heard “Hello”.”."));
        let path = format!("/v1/responses/{id}");
        let theirs = send(&other, &two.others, ("GET", &path), &Value::Null).await;
        assert_eq!(theirs.status, 404, "{}", theirs.text());
        let got = send(&other, &other.world.key, ("GET", &path), &Value::Null).await;
        assert_eq!((got.status, got.json().unwrap()["id"].as_str()), (200, Some(id.as_str())), "{}", got.text());
        assert_eq!(send(&other, &other.world.key, ("DELETE", &path), &Value::Null).await.status, 200);
        assert_eq!(two.send("GET", &path, &Value::Null).await.status, 404);
    }
}

/// Items of what a provider keeps may be repeated, or only referred to, and go where they are kept.
#[tokio::test(flavor = "multi_thread")]
async fn items_are_known_by_the_ids_that_were_given_for_them() {
    let two = Two::start().await;
    for _ in 0..8 {
        let first = two.respond(&json!({"model": "both", "input": "Hello"})).await;
        let name = said(&first).split(' ').next().unwrap().to_owned();
        let item = first.json().unwrap()["output"][0].clone();
        assert!(item["id"].as_str().unwrap().starts_with("msg_wrid"), "{item}");
        for said_before in [json!({"type": "item_reference", "id": item["id"]}), item.clone()] {
            let input = json!([said_before, {"role": "user", "content": "And?"}]);
            let answered = two.respond(&json!({"model": "both", "input": input})).await;
            assert_eq!(said(&answered), format!("{name} heard “And?”."), "{}", answered.text());
        }
        let (path, key) = (format!("/v1/responses/{}", id(&first)), &two.stage.world.key);
        let listed = send(&two.stage, key, ("GET", &format!("{path}/input_items")), &Value::Null).await;
        let listed = listed.json().unwrap();
        let last = listed["last_id"].as_str().unwrap().to_owned();
        assert_eq!((listed["data"][0]["id"].as_str(), last.starts_with("msg_wrid")), (Some(last.as_str()), true));
        let more = format!("{path}/input_items?limit=2&after={last}");
        assert_eq!(send(&two.stage, key, ("GET", &more), &Value::Null).await.status, 200);
    }
    let asked = two.alpha.queries().into_iter().chain(two.beta.queries());
    let more: Vec<String> = asked.filter(|query| query.contains("after=")).collect();
    assert!(more.len() == 8 && more.iter().all(|query| query.starts_with("limit=2&after=msg_in_resp_")), "{more:?}");
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
    let deleted = two.send("DELETE", &path, &Value::Null).await.json().unwrap();
    assert_eq!((&deleted["deleted"], &deleted["id"]), (&json!(true), &id));
    let gone = two.send("GET", &path, &Value::Null).await;
    let error = gone.json().unwrap();
    let says = format!("Response with id '{}' not found.", id.as_str().unwrap());
    assert_eq!((gone.status, error["error"]["message"].as_str()), (404, Some(says.as_str())), "in the caller's words");
    let next = json!({"model": "beta/m", "input": "And?", "previous_response_id": id});
    let error = two.respond(&next).await.json().unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains(id.as_str().unwrap()), "{error}");
    assert!(two.alpha.received().is_empty(), "only the provider that gave it is asked");
    let unknown = two.send("GET", "/v1/responses/resp_nobody1", &Value::Null).await;
    let error = unknown.json().unwrap();
    assert_eq!((unknown.status, &error["error"]["code"]), (404, &json!("response_not_found")), "{error}");
    let rows = two.stage.rows(7).await;
    assert!(
        rows.iter().filter(|row| row.path != "/v1/responses").all(|row| row.cost == Some(NanoUsd::ZERO)),
        "{rows:?}"
    );
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

/// What others charge for twice: the head said 200, the stream began, and then there was nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_ends_before_its_first_word_is_made_by_the_next_target_and_paid_once() {
    let mut documents = vec![json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}})];
    let mut fakes = Vec::new();
    for name in ["one", "two"] {
        let fake = FakeProvider::start(Format::Responses, KEY).await.unwrap();
        let spec = weir_harness::config::provider(&fake, KEY);
        documents.push(json!({"kind": "Provider", "id": name, "spec": spec}));
        let price = json!({"provider": name, "model": "*", "per_million": {"input": "1", "output": "10"}});
        documents.push(json!({"kind": "Price", "id": format!("price-{name}"), "spec": price}));
        fakes.push(fake);
    }
    let targets = json!([{"provider": "one", "model": "gpt-5"}, {"provider": "two", "model": "gpt-5", "priority": 1}]);
    let spec = json!({"targets": targets, "retry": {"cooldown_ms": 1, "max_attempts": 2}});
    documents.push(json!({"kind": "ModelRoute", "id": "chat", "spec": spec}));
    let stage = Stage::on(&documents, fakes, |_| {}).await;
    let sent = json!({"model": "chat", "input": "Hello there", "stream": true});
    let broken = || Script::fail(Fault::EndAfterEvents { after: 2 });

    stage.vendors[0].next(broken());
    let answered = stage.caller.ask(Dialect::Responses, &sent).await.unwrap();
    let heard = answered.heard(Dialect::Responses).unwrap();
    assert_eq!(answered.header("x-weir-attempts"), Some("2"), "{}", answered.text());
    let row = stage.rows(1).await.remove(0);
    let outcomes: Vec<Outcome> = row.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [Outcome::Cut, Outcome::Ok]);
    assert_eq!((row.cost, row.usage), (row.attempts[1].cost, row.attempts[1].usage), "one answer, one price");
    assert!(row.cost.is_some_and(|cost| cost > NanoUsd::ZERO));
    assert_eq!(heard.usage.unwrap().output, row.usage.tokens.output_total());

    stage.vendors.iter().for_each(|fake| fake.next(broken()));
    tokio::time::sleep(Duration::from_millis(5)).await;
    let failed = stage.caller.ask(Dialect::Responses, &sent).await.unwrap();
    let row = stage.rows(2).await.remove(1);
    assert_eq!((failed.status, row.status, row.outcome), (502, 502, Outcome::Cut), "{}", failed.text());
    assert_eq!((row.cost, row.attempts.len()), (Some(NanoUsd::ZERO), 2), "nobody pays for no answer");
}
