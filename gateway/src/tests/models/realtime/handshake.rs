//! Who gets a session, with whose key, from which target; and what a refusal says.

use super::*;
use weir_domain::credential::Allow;
use weir_harness::script::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_sees_its_own_key_and_nothing_of_the_callers_connection() {
    let stage = stage(1, |_| {}).await;
    let mut request = stage.request("/v1/realtime?model=voice&api-key=x");
    for (name, value) in [
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("cookie", "session=1"),
        ("openai-organization", "org-of-the-caller"),
        ("x-weir-provider", "forged"),
        ("openai-beta", "realtime=v1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let client = Client::connect(request).await.unwrap();
    let head = &stage.vendors[0].received()[0].head;
    assert_eq!(head.target, "/v1/realtime?model=m-one");
    assert_eq!(head.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(head.header("openai-beta"), Some("realtime=v1"));
    for name in ["sec-websocket-extensions", "cookie", "openai-organization", "x-weir-provider", "x-forwarded-for"] {
        assert_eq!(head.header(name), None, "{name}");
    }
    assert!(!format!("{head:?}").contains("weir_"));
    let header = |name: &str| client.response.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!((header("x-weir-provider"), header("x-weir-model")), (Some("one"), Some("m-one")));
    assert_eq!((header("set-cookie"), header("sec-websocket-extensions")), (None, None));
    let id = header("x-weir-request-id").unwrap().to_owned();
    client.close().await;
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.id, row.dropped), (id, vec!["query.api-key".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_key_among_the_subprotocols_is_taken_and_goes_no_further() {
    let stage = stage(1, |_| {}).await;
    let offer = |offer: &str| {
        let mut request = stage.request("/v1/realtime?model=voice");
        request.headers_mut().remove("authorization");
        request.headers_mut().insert("sec-websocket-protocol", offer.parse().unwrap());
        request
    };
    let key = format!("openai-insecure-api-key.{}", stage.world.key);
    let mut client = Client::connect(offer(&format!("realtime, {key}, openai-project.p"))).await.unwrap();
    assert_eq!(client.response.headers().get("sec-websocket-protocol").unwrap(), "realtime");
    client.hear("session.created").await;
    let head = &stage.vendors[0].received()[0].head;
    assert_eq!(head.header("sec-websocket-protocol"), Some("realtime"));
    assert!(!format!("{head:?}").contains("weir_"));
    client.close().await;
    let bad = format!("realtime, {key}x");
    assert_eq!(stage.refused(offer(&bad)).await.0, 401);
    assert_eq!(stage.refused(offer("realtime, openai-insecure-api-key.ek_vendor")).await.0, 401);
    assert_eq!(stage.refused(offer("realtime")).await.0, 401);
    assert_eq!(stage.vendors[0].received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_plain_answers_in_openais_dialect() {
    let stage = stage(1, |_| {}).await;
    let told = |(status, body): (u16, Value)| (status, body["error"]["code"].as_str().unwrap_or_default().to_owned());
    let is = |status: u16, code: &str| (status, code.to_owned());
    let mut stranger = stage.request("/v1/realtime?model=voice");
    stranger.headers_mut().insert("authorization", "Bearer weir_nobody".parse().unwrap());
    assert_eq!(told(stage.refused(stranger).await), is(401, "invalid_api_key"));
    for (path, status, code) in [
        ("/v1/realtime?model=nothing", 404, "model_not_found"),
        ("/v1/realtime", 400, "invalid_realtime_request"),
        ("/v1/realtime?model=demo/demo-small", 400, "realtime_not_supported"),
    ] {
        assert_eq!(told(stage.refused(stage.request(path)).await), is(status, code), "{path}");
    }
    let narrow = Credential { models: Some(Allow::compile(&["other".into()])), ..credential(&stage.world.key, "web") };
    stage.world.live.credentials(CredentialChange::Replace(vec![narrow]));
    assert_eq!(told(stage.refused(stage.request("/v1/realtime?model=voice")).await), is(404, "model_not_found"));
    stage.world.live.credentials(CredentialChange::Replace(vec![credential(&stage.world.key, "web")]));
    let plain = weir_harness::client::client().get(stage.world.url("/v1/realtime?model=voice"));
    let plain = stage.caller.send(plain.bearer_auth(&stage.world.key)).await.unwrap();
    assert_eq!((plain.status, plain.header("upgrade")), (426, Some("websocket")));
    assert!(stage.vendors[0].received().is_empty());
    assert!(stage.rows(5).await.iter().all(|row| row.outcome == Outcome::Refused && row.cost == Some(NanoUsd::ZERO)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_go_past_the_gateway_is_refused_with_what_to_do() {
    let stage = stage(1, |_| {}).await;
    for path in ["/v1/realtime/client_secrets", "/v1/realtime/sessions", "/v1/realtime/calls", "/v1/realtime"] {
        let request = weir_harness::client::client().post(stage.world.url(path)).body("{}");
        let stranger = stage.caller.send(request.try_clone().unwrap()).await.unwrap();
        assert_eq!(stranger.status, 401, "{path}");
        let refused = stage.caller.send(request.bearer_auth(&stage.world.key)).await.unwrap();
        let error = &refused.json().unwrap()["error"];
        assert_eq!((refused.status, error["code"].as_str()), (403, Some("realtime_past_the_gateway")), "{path}");
        assert!(error["message"].as_str().unwrap().contains("GET /v1/realtime?model="), "{error}");
    }
    assert!(stage.vendors[0].received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_refuses_hands_over_to_the_next_before_anything_is_answered() {
    for script in [
        Script { status: Some(503), ..Script::default() },
        Script { status: Some(429), ..Script::default() },
        // What stands there speaks plain HTTP: a proxy that knows no WebSockets, or a page.
        Script { status: Some(200), ..Script::default() },
        Script { status: Some(302), ..Script::default() },
        Script { fault: Some(Fault::ResetBeforeHead), ..Script::default() },
        Script { fault: Some(Fault::BlackHole), ..Script::default() },
    ] {
        let stage = stage(2, |_| {}).await;
        stage.vendors[0].next(script.clone());
        let mut client = stage.connect("/v1/realtime?model=voice").await;
        assert_eq!(client.response.headers().get("x-weir-attempts").unwrap(), "2", "{script:?}");
        client.ask("hello", "text", "").await;
        client.hear("response.done").await;
        client.close().await;
        let rows = stage.rows(2).await;
        assert_eq!((rows[0].provider.as_str(), rows[1].provider.as_str()), ("two", "two"));
        let [first, second] = rows[1].attempts.as_slice() else { panic!("{rows:?}") };
        assert_eq!((first.provider.as_str(), second.provider.as_str(), second.outcome), ("one", "two", Outcome::Ok));
        assert_eq!((first.cost, rows[1].cost), (Some(NanoUsd::ZERO), Some(NanoUsd::ZERO)));
        assert!(first.outcome != Outcome::Ok && first.status == script.status.unwrap_or(0), "{first:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_target_refuses_the_caller_is_told_in_plain_http() {
    let stage = stage(2, |_| {}).await;
    for vendor in &stage.vendors {
        vendor.always(Script { status: Some(400), ..Script::default() });
    }
    let (status, body) = stage.refused(stage.request("/v1/realtime?model=voice")).await;
    assert_eq!(status, 400, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().starts_with("one: "), "{body}");
    // A request that is wrong is wrong everywhere.
    assert!(stage.vendors[1].received().is_empty());
    for vendor in &stage.vendors {
        vendor.reset();
        vendor.always(Script { status: Some(500), ..Script::default() });
    }
    let (status, body) = stage.refused(stage.request("/v1/realtime?model=voice")).await;
    assert_eq!(status, 500, "{body}");
    let rows = stage.rows(2).await;
    assert!(rows.iter().all(|row| row.cost == Some(NanoUsd::ZERO) && row.outcome == Outcome::UpstreamError));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_providers_own_api_is_passed_on_and_its_cost_is_unknown() {
    let stage = stage(1, |_| {}).await;
    let mut request = stage.request("/providers/one/realtime?model=m-native");
    request.headers_mut().remove("authorization");
    assert_eq!(stage.refused(request.clone()).await.0, 401);
    let offer = format!("realtime, openai-insecure-api-key.{}", stage.world.key);
    request.headers_mut().insert("sec-websocket-protocol", offer.parse().unwrap());
    let mut client = Client::connect(request).await.unwrap();
    client.ask("hello", "text", "").await;
    client.hear("response.done").await;
    let head = &stage.vendors[0].received()[0].head;
    assert_eq!(
        (head.target.as_str(), head.header("sec-websocket-protocol")),
        ("/v1/realtime?model=m-native", Some("realtime"))
    );
    assert!(!format!("{head:?}").contains("weir_"));
    client.close().await;
    let row = stage.rows(1).await.remove(0);
    assert_eq!((row.path.as_str(), row.provider.as_str(), row.status), ("/providers/one/realtime", "one", 101));
    assert_eq!((row.cost, row.usage.source, row.application.as_str()), (None, UsageSource::None, "web"));
}
