//! Health checks as callers meet them: who is passed over before anybody has failed, and when that ends.

use weir_harness::script::Script;

use super::routing::{live, provider, stage, who};
use super::*;

/// Rounds so quick that a test need not wait for them.
fn quick() -> Value {
    json!({"interval_ms": 200, "unhealthy_after": 2, "healthy_after": 1})
}

/// Waits until the live state says this of a target.
async fn until_healthy_is(stage: &Stage, target: usize, healthy: Value) -> Value {
    for _ in 0..200 {
        let shown = live(stage).await[0]["targets"][target].clone();
        if shown["healthy"] == healthy {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("healthy does not become {healthy}: {}", live(stage).await);
}

async fn metrics(stage: &Stage) -> String {
    let url = format!("http://{}/metrics", stage.world.at.ops);
    weir_harness::client::client().get(url).send().await.unwrap().text().await.unwrap()
}

fn metric(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let has = |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
    text.lines().find(has).and_then(|line| line.rsplit(' ').next()?.parse().ok())
}

#[tokio::test]
async fn a_target_that_fails_its_checks_is_passed_over_without_a_call_and_comes_back() {
    let stage = stage(json!({}), |documents| provider(documents, "one")["health_check"] = quick()).await;
    until_healthy_is(&stage, 0, json!(true)).await;
    assert_eq!(who(&stage, &json!({})).await, "one");
    stage.vendors[0].answer_gets(Some(503));
    let shown = until_healthy_is(&stage, 0, json!(false)).await;
    assert_eq!(shown["health_error"]["message"], "it answered with status 503");
    let calls = stage.vendors[0].received().len();
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((answered.header("x-weir-provider"), answered.header("x-weir-attempts")), (Some("two"), Some("1")));
    assert_eq!(stage.vendors[0].received().len(), calls, "no call found out");
    let text = metrics(&stage).await;
    assert_eq!(metric(&text, "weir_target_healthy", &["\"one\""]), Some(0.0), "{text}");
    assert_eq!(metric(&text, "weir_target_healthy", &["\"two\""]), None, "nobody asks it");
    assert!(metric(&text, "weir_health_checks_total", &["\"one\"", "\"failed\""]).is_some_and(|rounds| rounds >= 2.0));
    stage.vendors[0].answer_gets(None);
    until_healthy_is(&stage, 0, json!(true)).await;
    assert_eq!(who(&stage, &json!({})).await, "one");
    assert_eq!(stage.vendors[1].gets(), 0, "who has no check is left in peace");
    assert_eq!(stage.vendors[0].received().len(), calls + 1, "checks are no calls of a model: nobody pays for them");
}

#[tokio::test]
async fn a_refused_key_is_no_sick_server_and_a_server_that_is_gone_is_one() {
    let stage = stage(json!({}), |documents| {
        provider(documents, "one")["health_check"] = quick();
        provider(documents, "one")["keys"] = json!([{"id": "old", "secret": "sk-revoked"}]);
        let mut gone = quick();
        gone["path"] = json!("/nothing-here");
        provider(documents, "two")["health_check"] = gone;
    })
    .await;
    until_healthy_is(&stage, 0, json!(true)).await;
    let shown = until_healthy_is(&stage, 1, json!(false)).await;
    assert_eq!(shown["health_error"]["message"], "it answered with status 404");
}

#[tokio::test]
async fn when_every_target_is_unhealthy_calls_are_made_all_the_same() {
    let stage = stage(json!({}), |documents| {
        for name in ["one", "two"] {
            provider(documents, name)["health_check"] = quick();
        }
    })
    .await;
    for vendor in &stage.vendors {
        vendor.answer_gets(Some(500));
    }
    until_healthy_is(&stage, 0, json!(false)).await;
    until_healthy_is(&stage, 1, json!(false)).await;
    assert_eq!(who(&stage, &json!({})).await, "one");
    stage.vendors[0].next(Script::refuse(503));
    assert_eq!(who(&stage, &json!({})).await, "two", "and failures are followed as ever");
}

#[tokio::test]
async fn the_checks_of_a_configuration_end_with_it_and_what_they_found_outlives_a_change_of_something_else() {
    let targets = json!([{"provider": "one", "model": "m-one", "health_check": quick()},
        {"provider": "two", "model": "m-two", "priority": 1}]);
    let mut documents = Vec::new();
    let stage = stage(json!({"targets": targets}), |all| documents = all.clone()).await;
    stage.vendors[0].answer_gets(Some(500));
    until_healthy_is(&stage, 0, json!(false)).await;
    let install = |documents: &[Value]| {
        let text: Vec<String> = documents.iter().map(Value::to_string).collect();
        stage.world.install(&text.join("\n---\n"));
    };
    documents[1]["spec"]["name"] = json!("renamed");
    install(&documents);
    assert_eq!(live(&stage).await[0]["targets"][0]["healthy"], json!(false), "known from before");
    for target in documents[0]["spec"]["targets"].as_array_mut().unwrap() {
        target.as_object_mut().unwrap().remove("health_check");
    }
    install(&documents);
    // A round that was under way may still arrive.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asked = stage.vendors[0].gets();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(stage.vendors[0].gets(), asked, "three rounds would have been made");
    assert_eq!(live(&stage).await[0]["targets"][0]["healthy"], Value::Null);
    assert_eq!(who(&stage, &json!({})).await, "one");
}

#[tokio::test]
async fn a_call_of_a_model_is_made_for_a_check_only_when_the_operator_says_so() {
    let check = json!({"method": "post", "path": "/chat/completions", "interval_ms": 200,
        "body": {"model": "m-one", "max_tokens": 1, "messages": [{"role": "user", "content": "Say OK."}]}});
    let stage = stage(json!({}), |documents| provider(documents, "one")["health_check"] = check).await;
    until_healthy_is(&stage, 0, json!(true)).await;
    let received = stage.vendors[0].received();
    assert_eq!((received[0].head.method.as_str(), received[0].json()["max_tokens"].as_u64()), ("POST", Some(1)));
    assert!(stage.world.ledger.0.lock().is_empty(), "charged to nobody");
}
