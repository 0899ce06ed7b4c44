//! Who may call what, from outside.

use weir_domain::credential::{ENTROPY, generate};
use weir_domain::ports::CredentialChange;
use weir_harness::rest::RestUpstream;

use super::raw::once;
use super::{World, credential, shop};

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_the_route_and_never_reaches_the_upstream() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let key = &world.key;
    for fields in [
        format!("Authorization: Bearer {key}\r\n"),
        format!("x-api-key: {key}\r\n"),
        format!("api-key: {key}\r\n"),
        format!("Authorization: Basic dTpw\r\nx-api-key: {key}\r\n"),
    ] {
        assert_eq!(once(world.at.gateway, get("/shop/orders/7", &fields)).await.unwrap().status, 200, "{fields}");
    }
    let public = once(world.at.gateway, get("/shop/any/x", &format!("x-api-key: {key}\r\n"))).await.unwrap();
    assert_eq!(public.status, 200);
    let seen = upstream.seen();
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[0].target, "/orders/7");
    let all = format!("{seen:?}");
    assert!(!all.contains(key.as_str()), "{all}");
    assert_eq!(seen[3].header("authorization"), Some("Basic dTpw"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorizations_are_refused_on_every_way() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let both = format!("Authorization: Basic dTpw\r\nAuthorization: Bearer {}\r\n", world.key);
    let upgrade = format!("{both}Connection: Upgrade\r\nUpgrade: websocket\r\n");
    for path in ["/shop/orders/7", "/shop/any/x"] {
        for fields in [&both, &upgrade] {
            let answer = once(world.at.gateway, get(path, fields)).await.unwrap();
            assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("ambiguous_authorization")));
        }
        let client = weir_harness::client::builder().http2_prior_knowledge().build().unwrap();
        let call = client.get(world.url(path)).header("authorization", "Basic dTpw");
        let answer = call.header("authorization", format!("Bearer {}", world.key)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (400, http::Version::HTTP_2), "{path}");
    }
    assert_eq!(upstream.seen().len(), 0, "{:?}", upstream.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_the_answer_says_why() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let other = generate(&[9; ENTROPY]);
    let both = format!("x-api-key: {}\r\nAuthorization: Bearer {other}\r\n", world.key);
    for (fields, status, code) in [
        (String::new(), 401, "missing_api_key"),
        (format!("x-api-key: {other}\r\n"), 401, "invalid_api_key"),
        ("x-api-key: weir_nonsense\r\n".to_owned(), 401, "invalid_api_key"),
        (both, 400, "ambiguous_api_key"),
    ] {
        let answer = once(world.at.gateway, get("/shop/orders/7", &fields)).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{fields}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
        assert!(!String::from_utf8_lossy(&answer.body).contains(&other));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_with_the_next_request() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let request = get("/shop/orders/7", &format!("x-api-key: {}\r\n", world.key));
    assert_eq!(once(world.at.gateway, &request).await.unwrap().status, 200);
    let mut revoked = credential(&world.key, "web");
    revoked.revoked = true;
    world.live.credentials(CredentialChange::Upsert(vec![revoked]));
    let answer = once(world.at.gateway, &request).await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("revoked_api_key")));
}

#[tokio::test(flavor = "multi_thread")]
async fn model_calls_are_refused_in_the_callers_dialect() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let post = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}");
    let openai = once(world.at.gateway, post("/v1/chat/completions")).await.unwrap();
    assert_eq!((openai.status, openai.json()["error"]["code"].as_str()), (401, Some("missing_api_key")));
    let anthropic = once(world.at.gateway, post("/v1/messages")).await.unwrap();
    assert_eq!(anthropic.status, 401);
    assert_eq!(anthropic.json()["error"]["type"], "authentication_error");
    assert!(anthropic.header("x-weir-request-id").is_some());
}
