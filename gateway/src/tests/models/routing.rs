//! Choosing as callers meet it: what was learnt from one call decides the next, and is shown.

use weir_harness::script::Script;

use super::*;

/// A stage over two vendors whose route says this beside its targets.
pub(super) async fn stage(route: Value, change: impl FnOnce(&mut Vec<Value>)) -> Stage {
    Stage::start_with(&[Vendor::Openai, Vendor::Openai], json!({"cooldown_ms": 1}), |documents| {
        let spec = &mut documents.iter_mut().find(|d| d["kind"] == "ModelRoute").unwrap()["spec"];
        for (name, value) in route.as_object().unwrap() {
            spec[name] = value.clone();
        }
        change(documents);
    })
    .await
}

pub(super) fn provider<'d>(documents: &'d mut [Value], id: &str) -> &'d mut Value {
    &mut documents.iter_mut().find(|d| d["kind"] == "Provider" && d["id"] == id).unwrap()["spec"]
}

pub(super) async fn who(stage: &Stage, fields: &Value) -> String {
    let answered = stage.ask(Vendor::Openai, fields).await;
    answered.heard(Vendor::Openai).unwrap();
    answered.header("x-weir-provider").unwrap_or_default().to_owned()
}

/// The live state as the operators' listener shows it.
pub(super) async fn live(stage: &Stage) -> Value {
    let url = format!("http://{}/routing", stage.world.at.ops);
    let answer = weir_harness::client::client().get(url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    answer.json().await.unwrap()
}

const TOO_LONG: &str = r#"{"error":{"message":"This model's maximum context length is 8 tokens.",
    "type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;

#[tokio::test]
async fn a_request_that_is_too_long_goes_to_a_larger_model_and_nobody_is_blamed() {
    let stage = stage(json!({}), |documents| {
        provider(documents, "one")["models"] = json!([{"id": "m-one", "context": 8_000}]);
        provider(documents, "two")["models"] = json!([{"id": "m-two", "context": 200_000}]);
    })
    .await;
    for _ in 0..3 {
        stage.vendors[0].next(Script { status: Some(400), body: Some(TOO_LONG.into()), ..Script::default() });
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        answered.heard(Vendor::Openai).unwrap();
        assert_eq!((answered.header("x-weir-provider"), answered.header("x-weir-attempts")), (Some("two"), Some("2")));
    }
    assert_eq!(who(&stage, &json!({})).await, "one", "it is as good as before");
    let asked = stage.vendors[0].received().len();
    let long = json!({"messages": [{"role": "user", "content": "word ".repeat(8_000)}]});
    assert_eq!(who(&stage, &long).await, "two", "by the estimate it does not fit");
    assert_eq!(stage.vendors[0].received().len(), asked, "so it was not even tried");
    stage.vendors[0].next(Script { status: Some(400), body: Some(TOO_LONG.into()), ..Script::default() });
    stage.vendors[1].next(Script { status: Some(400), body: Some(TOO_LONG.into()), ..Script::default() });
    let refused = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json().unwrap()["error"]["code"], "context_length_exceeded");
}

#[tokio::test]
async fn a_target_that_fails_again_and_again_is_open_and_that_is_shown() {
    let stage = stage(json!({"breaker": {"failures": 2, "open_ms": 60_000}}), |_| {}).await;
    stage.vendors[0].always(Script::refuse(500));
    for attempts in ["2", "2", "1"] {
        // Until the rest after a failure, one millisecond here, is over.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some(attempts)));
    }
    let shown = live(&stage).await[0].clone();
    assert_eq!((shown["model"].as_str(), shown["strategy"].as_str()), (Some("chat"), Some("priority")));
    let [first, second] = &shown["targets"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!((first["breaker"].as_str(), first["picks"].as_u64()), (Some("open"), Some(2)));
    assert!(first["last_error"]["message"].as_str().is_some_and(|said| said.starts_with("one: ")), "{first}");
    assert_eq!((second["breaker"].as_str(), second["picks"].as_u64()), (Some("closed"), Some(3)));
    assert!(second["latency_ms"].as_f64().is_some() && second["in_flight"] == 0, "{second}");
    let url = format!("http://{}/metrics", stage.world.at.ops);
    let metrics = weir_harness::client::client().get(url).send().await.unwrap().text().await.unwrap();
    let open = metrics.lines().find(|line| line.starts_with("weir_target_breaker") && line.contains("\"one\""));
    assert!(open.is_some_and(|line| line.ends_with(" 2")), "{open:?}");
}

#[tokio::test]
async fn a_key_with_a_limit_is_passed_over_and_the_caller_is_told_when_there_is_no_other() {
    let stage = stage(json!({}), |documents| {
        let keys = json!([{"id": "small", "secret": KEY, "rpm": 2}]);
        provider(documents, "one")["keys"] = keys.clone();
        provider(documents, "two")["keys"] = keys;
    })
    .await;
    let mut order = Vec::new();
    for _ in 0..4 {
        order.push(who(&stage, &json!({})).await);
    }
    assert_eq!(order, ["one", "one", "two", "two"]);
    let refused = stage.ask(Vendor::Openai, &json!({})).await;
    // A minute, and the part of one that the calls fell into.
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(refused.status == 429 && (60..=65).contains(&wait), "{wait}: {}", refused.text());
    assert_eq!(live(&stage).await[0]["targets"][0]["keys"][0]["requests"], 2);
}

#[tokio::test]
async fn conditions_decide_and_a_call_that_nobody_takes_is_told_why() {
    let targets = json!([
        {"provider": "one", "model": "m-one", "when": {"tools": false, "headers": {"x-tier": ["gold"]}}},
        {"provider": "two", "model": "m-two", "when": {"images": true}}]);
    let stage = stage(json!({"targets": targets}), |_| {}).await;
    let gold = stage
        .caller
        .request(Vendor::Openai)
        .header("x-tier", "gold")
        .body(body(Vendor::Openai, "chat", &json!({})).to_string());
    assert_eq!(stage.caller.send(gold).await.unwrap().header("x-weir-provider"), Some("one"));
    let picture = json!({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}});
    let seen = json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "what is it?"}, picture]}]});
    assert_eq!(who(&stage, &seen).await, "two");
    let refused = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json().unwrap()["error"]["code"], "no_matching_target");
}

#[tokio::test]
async fn the_time_limits_of_a_route_go_before_those_of_its_providers() {
    let stage = stage(json!({"timeouts": {"first_byte_ms": 150}}), |_| {}).await;
    stage.vendors[0].next(Script::fail(weir_harness::script::Fault::BlackHole));
    let begun = std::time::Instant::now();
    assert_eq!(who(&stage, &json!({})).await, "two");
    assert!(begun.elapsed() < Duration::from_millis(1_400), "the provider alone has 1.5 s: {:?}", begun.elapsed());
}
