//! Keys of one provider: what one of them meets by itself leaves the others at work.

use weir_harness::script::Script;

use super::routing::{live, provider, stage};
use super::*;

/// Two keys, both good, the first of which is tried first; the only target of the route.
async fn two_keys(breaker: Value) -> Stage {
    let targets = json!([{"provider": "one", "model": "m-one"}]);
    stage(json!({"targets": targets, "breaker": breaker}), |documents| {
        provider(documents, "one")["keys"] =
            json!([{"id": "first", "secret": KEY}, {"id": "second", "secret": KEY, "priority": 1}]);
    })
    .await
}

/// Lets the rest after a failure, one millisecond here, be over.
async fn rested() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

fn keys_of(row: &Record) -> Vec<(&str, u16)> {
    row.attempts.iter().map(|attempt| (attempt.provider_key.as_str(), attempt.status)).collect()
}

#[tokio::test]
async fn a_key_with_which_the_server_fails_is_left_alone_and_the_other_goes_on() {
    let stage = two_keys(json!({"failures": 2, "open_ms": 60_000})).await;
    for count in 1..=2 {
        stage.vendors[0].next(Script::refuse(500));
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
        let row = stage.rows(count).await.pop().unwrap();
        assert_eq!(keys_of(&row), [("first", 500), ("second", 200)], "the same request, with the other key");
        rested().await;
    }
    let answered = stage.ask(Vendor::Openai, &json!({})).await;
    assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some("1")));
    let row = stage.rows(3).await.pop().unwrap();
    assert_eq!(keys_of(&row), [("second", 200)], "its breaker is open");
    let target = live(&stage).await[0]["targets"][0].clone();
    assert_eq!((target["breaker"].as_str(), &target["cooldown"]), (Some("closed"), &Value::Null), "{target}");
    let [first, second] = &target["keys"].as_array().unwrap()[..] else { panic!("{target}") };
    assert_eq!((first["breaker"].as_str(), second["breaker"].as_str()), (Some("open"), Some("closed")));
    assert!(first["last_error"]["message"].as_str().is_some_and(|said| said.starts_with("one: ")), "{first}");
    assert_eq!(second["last_error"], Value::Null);
    let url = format!("http://{}/metrics", stage.world.at.ops);
    let metrics = weir_harness::client::client().get(url).send().await.unwrap().text().await.unwrap();
    let shown =
        metrics.lines().find(|line| line.starts_with("weir_provider_key_breaker") && line.contains("\"first\""));
    assert!(shown.is_some_and(|line| line.ends_with(" 2")), "{metrics}");
}

#[tokio::test]
async fn a_server_that_fails_with_every_key_is_the_targets_fault() {
    let stage = two_keys(json!({"failures": 2, "open_ms": 60_000})).await;
    stage.vendors[0].always(Script::refuse(503));
    for _ in 0..2 {
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 503);
        rested().await;
    }
    let target = live(&stage).await[0]["targets"][0].clone();
    assert_eq!(target["breaker"], "open", "{target}");
}

#[tokio::test]
async fn a_key_that_is_refused_or_limited_leaves_the_other_at_work() {
    for (status, reason) in [(401, "failed"), (403, "failed"), (429, "limited")] {
        let stage = two_keys(json!({"failures": 1, "open_ms": 60_000})).await;
        stage.vendors[0].next(Script::refuse(status));
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200, "{status}");
        rested().await;
        let answered = stage.ask(Vendor::Openai, &json!({})).await;
        assert_eq!((answered.status, answered.header("x-weir-attempts")), (200, Some("1")), "{status}");
        let rows = stage.rows(2).await;
        assert_eq!(keys_of(&rows[0]), [("first", status), ("second", 200)]);
        assert_eq!(keys_of(&rows[1]), [("second", 200)]);
        let target = live(&stage).await[0]["targets"][0].clone();
        assert_eq!(target["keys"][0]["breaker"], "open", "{status}: {target}");
        assert_eq!((target["breaker"].as_str(), &target["cooldown"]), (Some("closed"), &Value::Null), "{status}");
        if status != 429 {
            assert_eq!(target["keys"][0]["cooldown"]["reason"], reason, "{status}: {target}");
        }
    }
}
