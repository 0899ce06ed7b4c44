//! Shadow targets: who gets copies, what is compared, and that callers notice nothing of it.

use weir_domain::ledger::Outcome;
use weir_domain::usage::UsageSource;
use weir_harness::script::{Fault, Reply, Script};

use super::routing::live;
use super::*;

/// Vendor `one` answers; `two` gets copies of so many calls.
async fn shadowed(vendors: &[Vendor], percent: u32) -> Stage {
    Stage::start_with(vendors, json!({"cooldown_ms": 1}), |documents| {
        documents[0]["spec"]["targets"][1]["shadow"] = json!({"percent": percent});
    })
    .await
}

/// The rows of requests and those of shadows, when there are so many of the latter.
async fn rows(stage: &Stage, shadows: usize) -> (Vec<Record>, Vec<Record>) {
    for _ in 0..200 {
        let all = stage.world.ledger.0.lock().clone();
        let (copies, real): (Vec<Record>, Vec<Record>) = all.into_iter().partition(|row| row.shadow_of.is_some());
        if copies.len() >= shadows && !real.is_empty() {
            assert_eq!(copies.len(), shadows, "{copies:?}");
            return (real, copies);
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("no {shadows} shadows, but {:?}", stage.world.ledger.0.lock());
}

async fn metric(stage: &Stage, wanted: &str) -> Option<f64> {
    let url = format!("http://{}/metrics", stage.world.at.ops);
    let text = weir_harness::client::client().get(url).send().await.unwrap().text().await.unwrap();
    text.lines()
        .find(|line| {
            line.starts_with(wanted.split('{').next().unwrap()) && {
                let labels = wanted.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
                line.contains(labels)
            }
        })?
        .rsplit(' ')
        .next()?
        .parse()
        .ok()
}

async fn until_counted(stage: &Stage, result: &str, count: f64) {
    let name = format!("weir_shadows_total{{result=\"{result}\"}}");
    for _ in 0..100 {
        if metric(stage, &name).await == Some(count) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("{name} is {:?}, not {count}", metric(stage, &name).await);
}

#[tokio::test]
async fn a_shadow_answers_nobody_and_is_compared_whatever_it_speaks() {
    for fields in [json!({}), stream()] {
        let stage = shadowed(&[Vendor::Openai, Vendor::Anthropic], 100).await;
        for (told, same) in [("It is four.", true), ("It is five.", false)] {
            stage.vendors[0].next(Script::say(Reply::text("It is four.")));
            stage.vendors[1].next(Script::say(Reply::text(told)));
            let answered = stage.ask(Vendor::Openai, &fields).await;
            assert_eq!(answered.heard(Vendor::Openai).unwrap().text, "It is four.");
            let headers = ["x-weir-provider", "x-weir-attempts"].map(|name| answered.header(name));
            assert_eq!(headers, [Some("one"), Some("1")]);
            let (real, copies) = rows(&stage, 1).await;
            stage.world.ledger.0.lock().clear();
            let [real] = &real[..] else { panic!("one request") };
            assert_eq!(
                (real.attempts.len(), real.cost),
                (1, real.attempts[0].cost),
                "charged for its own answer alone"
            );
            assert_eq!(copies[0].shadow_of.as_deref(), Some(real.id.as_str()));
            let [copy] = &copies[0].attempts[..] else { panic!("one attempt") };
            assert_eq!(
                (copy.number, copy.provider.as_str(), copy.status, copy.outcome),
                (101, "two", 200, Outcome::Ok)
            );
            assert_eq!(copy.shadow.unwrap().same_answer, Some(same), "{fields}: {told}");
            assert!(copy.usage.source == UsageSource::Provider && copy.cost.is_some(), "{copy:?}");
            assert_eq!((copies[0].cost, copies[0].usage.source), (None, UsageSource::None), "and nobody pays for that");
        }
        until_counted(&stage, "same", 1.0).await;
        until_counted(&stage, "different", 1.0).await;
        assert_eq!(metric(&stage, "weir_requests_total{status=\"2xx\"}").await, Some(2.0), "two calls, no more");
        assert!(metric(&stage, "weir_shadow_cost_nanodollars_total").await.is_some_and(|cost| cost > 0.0));
    }
}

#[tokio::test]
async fn a_shadow_that_hangs_or_fails_changes_nothing_for_the_caller() {
    let stage = shadowed(&[Vendor::Openai, Vendor::Openai], 100).await;
    stage.vendors[1].next(Script::fail(Fault::BlackHole));
    let begun = std::time::Instant::now();
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    assert!(begun.elapsed() < Duration::from_millis(1_200), "the shadow takes 1.5 s to fail: {:?}", begun.elapsed());
    let (_, copies) = rows(&stage, 1).await;
    let copy = &copies[0].attempts[0];
    assert_eq!((copy.outcome, copy.shadow.unwrap().same_answer), (Outcome::Timeout, None));
    // It has failed, and rests for a moment.
    tokio::time::sleep(Duration::from_millis(20)).await;
    stage.vendors[0].next(Script::refuse(400));
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 400);
    let (_, copies) = tokio::time::timeout(Duration::from_secs(5), rows(&stage, 2)).await.unwrap();
    assert_eq!(copies[1].attempts[0].shadow.unwrap().same_answer, None, "the caller had no answer to compare with");
}

#[tokio::test]
async fn what_could_do_more_than_answer_and_what_is_not_in_the_share_has_no_shadow() {
    let stage = shadowed(&[Vendor::Openai, Vendor::Openai], 100).await;
    assert_eq!(stage.ask(Vendor::Openai, &json!({"store": true})).await.status, 200);
    until_counted(&stage, "unfit", 1.0).await;
    assert!(stage.vendors[1].received().is_empty());
    let none = shadowed(&[Vendor::Openai, Vendor::Openai], 0).await;
    for _ in 0..5 {
        assert_eq!(none.ask(Vendor::Openai, &json!({})).await.status, 200);
    }
    assert_eq!(none.rows(5).await.len(), 5);
    assert!(none.vendors[1].received().is_empty());
}

#[tokio::test]
async fn shadows_beyond_as_many_as_may_be_are_left_out() {
    let stage = shadowed(&[Vendor::Openai, Vendor::Openai], 100).await;
    stage.vendors[1].always(Script::fail(Fault::SilenceAfterHead));
    let fields = json!({});
    let calls = (0..40).map(|_| stage.ask(Vendor::Openai, &fields));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answered| answered.status == 200));
    until_counted(&stage, "busy", 8.0).await;
    assert_eq!(rows(&stage, 32).await.1.len(), 32);
}

#[tokio::test]
async fn what_a_shadow_meets_says_nothing_of_the_same_key_to_callers() {
    // The same target twice: it answers callers, and gets copies that its vendor refuses.
    let stage = Stage::start_with(&[Vendor::Openai, Vendor::Openai], json!({"cooldown_ms": 60_000}), |documents| {
        documents[0]["spec"]["targets"][1]["shadow"] = json!({"percent": 100});
        let two = documents[0]["spec"]["targets"][1].clone();
        let targets = json!([{"provider": two["provider"], "model": two["model"]}]);
        documents.push(json!({"kind": "ModelRoute", "id": "real", "spec": {"targets": targets}}));
    })
    .await;
    stage.vendors[1].next(Script::refuse(401));
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    assert_eq!(rows(&stage, 1).await.1[0].attempts[0].status, 401);
    let asked = stage.vendors[1].received().len();
    let answered = stage.ask(Vendor::Openai, &json!({"model": "real"})).await;
    assert_eq!((answered.status, answered.header("x-weir-provider")), (200, Some("two")));
    assert_eq!(stage.vendors[1].received().len(), asked + 1);
    // The shadow itself rests.
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    until_counted(&stage, "resting", 1.0).await;
    assert_eq!(stage.vendors[1].received().len(), asked + 1);
}

#[tokio::test]
async fn what_shadows_hold_is_not_taken_from_callers() {
    let vendors = [
        FakeProvider::start(Vendor::Openai, KEY).await.unwrap(),
        FakeProvider::start(Vendor::Openai, KEY).await.unwrap(),
    ];
    let [one, two] = [0, 1].map(|at| weir_harness::config::provider(&vendors[at], KEY));
    let targets =
        json!([{"provider": "one", "model": "m"}, {"provider": "two", "model": "m", "shadow": {"percent": 100}}]);
    let documents = [
        json!({"kind": "ModelRoute", "id": "chat", "spec": {"targets": targets}}),
        json!({"kind": "Application", "id": "web", "spec": {"models": ["*"]}}),
        json!({"kind": "Provider", "id": "one", "spec": one}),
        json!({"kind": "Provider", "id": "two", "spec": two}),
    ];
    // Room for one such body, and what it is answered.
    let stage = Stage::on(&documents, vendors.into(), |settings| settings.body_budget_bytes = 48 << 10).await;
    stage.vendors[1].always(Script::fail(Fault::SilenceAfterHead));
    let long = json!({"user": "x".repeat(32 << 10)});
    for calls in 1..=3 {
        assert_eq!(stage.ask(Vendor::Openai, &long).await.status, 200, "call {calls}");
        // The copies are under way, and stay so.
        for _ in 0..100 {
            if stage.vendors[1].received().len() == calls {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(stage.vendors[1].received().len(), calls);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_live_state_shows_each_shadow_and_what_became_of_its_copies() {
    let stage = shadowed(&[Vendor::Openai, Vendor::Openai], 100).await;
    for (told, status) in [("It is four.", 200), ("It is five.", 200), ("", 503)] {
        stage.vendors[0].next(Script::say(Reply::text("It is four.")));
        stage.vendors[1].next(if status == 200 { Script::say(Reply::text(told)) } else { Script::refuse(status) });
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
        rows(&stage, 1).await;
        stage.world.ledger.0.lock().clear();
    }
    until_counted(&stage, "failed", 1.0).await;
    let shown = live(&stage).await[0].clone();
    assert_eq!(shown["targets"].as_array().unwrap().len(), 1, "who answers nobody is no target of theirs: {shown}");
    let [shadow] = &shown["shadows"].as_array().unwrap()[..] else { panic!("one shadow: {shown}") };
    assert_eq!((&shadow["target"]["provider"], &shadow["percent"]), (&json!("two"), &json!(100)));
    let none = json!({"same": 1, "different": 1, "not_compared": 0, "failed": 1, "busy": 0, "resting": 0, "unfit": 0});
    assert_eq!(shadow["copies"], none);
    assert_eq!(shadow["unpriced"], json!(0));
    assert!(shadow["cost"].as_u64().is_some_and(|nanos| nanos > 0), "{shadow}");
}

#[tokio::test]
async fn a_shadow_whose_health_check_fails_gets_no_copies_and_shows_when_it_was_asked() {
    let stage = Stage::start_with(&[Vendor::Openai, Vendor::Openai], json!({}), |documents| {
        let target = &mut documents[0]["spec"]["targets"][1];
        target["shadow"] = json!({"percent": 100});
        target["health_check"] = json!({"path": "/nothing-here", "interval_ms": 200, "unhealthy_after": 1});
    })
    .await;
    let mut shown = json!(null);
    for _ in 0..200 {
        shown = live(&stage).await[0]["shadows"][0]["target"].clone();
        if shown["healthy"] == json!(false) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(shown["health_error"]["message"], "it answered with status 404", "{shown}");
    let checks = &shown["health_checks"];
    assert_eq!((&checks["interval_ms"], &checks["good"]), (&json!(200), &json!(0)), "{checks}");
    assert!(checks["failed"].as_u64().is_some_and(|rounds| rounds >= 1) && checks["last_at"].is_i64(), "{checks}");
    assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.status, 200);
    until_counted(&stage, "resting", 1.0).await;
    assert!(stage.vendors[1].received().is_empty());
}
