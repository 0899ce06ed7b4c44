//! Kept answers: given again for nothing to who asks the very same, and to nobody who must not have them.

use weir_domain::ledger::CacheStatus;
use weir_domain::money::NanoUsd;

use super::*;

const VENDORS: [Vendor; 2] = [Vendor::Openai, Vendor::Anthropic];

/// Applications `web` and `shop` are of one team, `rival` of another. The route `chat` keeps answers as `cache` says.
async fn stage(cache: Value) -> (Stage, Caller, Caller) {
    let stage = Stage::start_with(&[Vendor::Openai, Vendor::Openai], json!({"cooldown_ms": 1}), |documents| {
        documents[0]["spec"]["cache"] = cache;
        documents[1]["team"] = json!("blue");
        for (id, team) in [("shop", "blue"), ("rival", "red")] {
            documents.push(json!({"kind": "Application", "id": id, "team": team, "spec": {"models": ["*"]}}));
        }
        documents.extend(["blue", "red"].map(|team| json!({"kind": "Team", "id": team, "spec": {}})));
    })
    .await;
    let keys = [1, 2].map(|seed| generate(&[seed; ENTROPY]));
    let known = [(&stage.world.key, "web"), (&keys[0], "shop"), (&keys[1], "rival")];
    let credentials = known.map(|(key, application)| credential(key, application)).to_vec();
    stage.world.live.credentials(CredentialChange::Replace(credentials));
    let callers = keys.map(|key| Caller::new(&stage.world.url(""), &key));
    let [shop, rival] = callers;
    (stage, shop, rival)
}

fn asked(stage: &Stage) -> usize {
    stage.vendors.iter().map(|vendor| vendor.received().len()).sum()
}

#[tokio::test]
async fn the_very_same_request_is_answered_once_more_for_nothing() {
    for dialect in VENDORS {
        for fields in
            [json!({}), json!({"stream": true}), json!({"stream": true, "stream_options": {"include_usage": true}})]
        {
            if dialect == Vendor::Anthropic && fields["stream_options"].is_object() {
                continue;
            }
            let (stage, ..) = stage(json!({"ttl_s": 60})).await;
            let first = stage.ask(dialect, &fields).await;
            let again = stage.ask(dialect, &fields).await;
            assert_eq!((first.header("x-weir-cache"), again.header("x-weir-cache")), (Some("miss"), Some("hit")));
            assert_eq!((asked(&stage), again.header("age")), (1, Some("0")));
            for name in ["x-weir-provider", "x-weir-model"] {
                assert!(first.header(name).is_some() && again.header(name) == first.header(name), "{name}");
            }
            assert_eq!((first.header("x-weir-attempts"), again.header("x-weir-attempts")), (Some("1"), Some("0")));
            assert_eq!(first.header("content-type"), again.header("content-type"));
            assert_eq!(again.heard(dialect).unwrap().text, first.heard(dialect).unwrap().text);
            let rows = stage.rows(2).await;
            let cost = rows[0].cost.unwrap();
            assert!(cost > NanoUsd::ZERO && rows[0].saved.is_none(), "{cost}");
            assert_eq!(
                (rows[1].cost, rows[1].saved, rows[1].cache),
                (Some(NanoUsd::ZERO), Some(cost), Some(CacheStatus::Hit))
            );
            assert!(rows[1].attempts.is_empty());
            assert_eq!(rows[1].usage, rows[0].usage, "what the wire says of tokens is what the ledger says");
            // Nothing but the cost is another.
            let price = |amount: NanoUsd| format!("\"cost\":{amount}");
            assert_eq!(first.text().replace(&price(cost), &price(NanoUsd::ZERO)), again.text());
        }
    }
}

#[tokio::test]
async fn another_team_never_gets_a_kept_answer_and_an_application_only_where_answers_are_its_teams() {
    for (scope, shops, rivals) in [
        ("team", Some("hit"), Some("miss")),
        ("application", Some("miss"), Some("miss")),
        ("everyone", Some("hit"), Some("hit")),
    ] {
        let (stage, shop, rival) = stage(json!({"ttl_s": 60, "scope": scope})).await;
        let request = body(Vendor::Openai, "chat", &json!({}));
        stage.ask(Vendor::Openai, &json!({})).await;
        assert_eq!(shop.ask(Vendor::Openai, &request).await.unwrap().header("x-weir-cache"), shops, "{scope}");
        assert_eq!(rival.ask(Vendor::Openai, &request).await.unwrap().header("x-weir-cache"), rivals, "{scope}");
    }
}

#[tokio::test]
async fn what_differs_in_anything_is_another_request() {
    let (stage, ..) = stage(json!({"ttl_s": 60})).await;
    stage.ask(Vendor::Openai, &json!({})).await;
    for fields in [
        json!({"temperature": 0}),
        json!({"stream": true}),
        json!({"messages": [{"role": "user", "content": "Hello There"}]}),
    ] {
        assert_eq!(stage.ask(Vendor::Openai, &fields).await.header("x-weir-cache"), Some("miss"), "{fields}");
    }
    assert_eq!(stage.ask(Vendor::Anthropic, &json!({})).await.header("x-weir-cache"), Some("miss"), "another dialect");
    let beta = stage.caller.request(Vendor::Anthropic).header("anthropic-beta", "context-1m-2025-08-07");
    let answered = stage.caller.send(beta.json(&body(Vendor::Anthropic, "chat", &json!({})))).await.unwrap();
    assert_eq!(answered.header("x-weir-cache"), Some("miss"), "another feature");
}

#[tokio::test]
async fn a_caller_may_pass_the_cache_by_or_have_its_answer_made_anew() {
    let (stage, ..) = stage(json!({"ttl_s": 60})).await;
    let ask = async |value: Option<&str>| {
        let request = stage.caller.request(Vendor::Openai).json(&body(Vendor::Openai, "chat", &json!({})));
        let request = value.iter().fold(request, |request, value| request.header("x-weir-cache", *value));
        stage.caller.send(request).await.unwrap()
    };
    let mut seen = Vec::new();
    for value in [Some("bypass"), None, None, Some("refresh"), None, Some("bypass")] {
        let answered = ask(value).await;
        seen.push((answered.header("x-weir-cache").unwrap().to_owned(), asked(&stage)));
    }
    let expected = [("bypass", 1), ("miss", 2), ("hit", 2), ("refresh", 3), ("hit", 3), ("bypass", 4)];
    assert_eq!(seen, expected.map(|(status, calls)| (status.to_owned(), calls)));
    let refused = ask(Some("maybe")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.error(Vendor::Openai).unwrap().1.contains("write one of them"), "{}", refused.text());
}

#[tokio::test]
async fn what_did_not_end_well_or_is_too_long_is_not_kept() {
    use weir_harness::script::{Fault, Script};
    let (stage, ..) = stage(json!({"ttl_s": 60, "max_bytes": 1_024})).await;
    for script in [Script::refuse(400), Script::fail(Fault::ErrorEvent { after: 4 })] {
        stage.vendors[0].next(script.clone());
        stage.vendors[1].next(script);
        stage.ask(Vendor::Openai, &json!({"stream": true})).await;
    }
    let long = "so long ".repeat(400);
    let fields = json!({"messages": [{"role": "user", "content": long}]});
    for _ in 0..2 {
        assert_eq!(stage.ask(Vendor::Openai, &fields).await.header("x-weir-cache"), Some("miss"));
    }
    assert_eq!(stage.ask(Vendor::Openai, &json!({"stream": true})).await.header("x-weir-cache"), Some("miss"));
}

#[tokio::test]
async fn an_answer_is_forgotten_when_its_time_is_over_or_the_route_leads_elsewhere() {
    let mut documents = Vec::new();
    let stage = Stage::start_with(&[Vendor::Openai, Vendor::Openai], json!({}), |all| {
        all[0]["spec"]["cache"] = json!({"ttl_s": 1});
        documents.clone_from(all);
    })
    .await;
    let cache = async || stage.ask(Vendor::Openai, &json!({})).await.header("x-weir-cache").map(str::to_owned);
    assert_eq!(cache().await.as_deref(), Some("miss"));
    assert_eq!(cache().await.as_deref(), Some("hit"));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(cache().await.as_deref(), Some("miss"), "its time is over");
    documents[0]["spec"]["cache"]["ttl_s"] = json!(60);
    stage.world.install(&text(&documents));
    cache().await;
    assert_eq!(cache().await.as_deref(), Some("hit"));
    documents[0]["spec"]["targets"][0]["model"] = json!("m-other");
    stage.world.install(&text(&documents));
    assert_eq!(cache().await.as_deref(), Some("miss"), "it came from elsewhere");
}

fn text(documents: &[Value]) -> String {
    documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n")
}

#[tokio::test]
async fn a_route_without_a_cache_keeps_nothing_and_says_nothing() {
    let stage = Stage::start(&[Vendor::Openai]).await;
    for _ in 0..2 {
        assert_eq!(stage.ask(Vendor::Openai, &json!({})).await.header("x-weir-cache"), None);
    }
    assert_eq!(asked(&stage), 2);
}
