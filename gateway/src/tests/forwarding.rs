//! The REST way to the upstream and back.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use weir_domain::ledger::Outcome;
use weir_harness::client;
use weir_harness::rest::{RestUpstream, pattern};
use weir_harness::tls::Authority;

use super::raw::{Caller, once};
use super::{World, shop};

/// The shop with its upstream's spec written out.
fn shop_with(upstream: &str) -> String {
    let plain = shop("http://127.0.0.1:1");
    let (_, rest) = plain.split_once("---").unwrap();
    format!("kind: Upstream\nid: origin\nspec: {upstream}\n---{rest}")
}

/// A loopback port that nobody listens on.
fn dead() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_any_size_pass_both_ways_unchanged() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let client = client::client();
    for size in [0, 1, 65_535, 65_537, 5_000_000] {
        for chunked in ["", "&chunked=1"] {
            let url = world.url(&format!("/shop/any/x?size={size}{chunked}"));
            let answer = client.post(url).body(pattern(0, size)).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().await.unwrap() == pattern(0, size), "{size} {chunked}");
            let seen = upstream.seen().pop().unwrap();
            assert_eq!((seen.body.bytes, seen.body.is_pattern), (size as u64, size > 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upstream_connections_are_used_again() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    for _ in 0..30 {
        let answer = once(world.at.gateway, "GET /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(answer.status, 200);
    }
    // A connection is put back just after the answer's end: the next request may come before.
    assert!(upstream.connections() <= 5, "{}", upstream.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_target_is_stepped_over_for_what_may_be_repeated() {
    let upstream = RestUpstream::start("alive").await.unwrap();
    let spec = format!(
        "{{targets: [{{url: \"{}\", weight: 1000}}, {{url: \"{}\", weight: 1}}], allow_private_address: true}}",
        dead(),
        upstream.url()
    );
    let world = World::start(&shop_with(&spec));
    for method in ["GET", "PUT", "DELETE"] {
        let message = format!("{method} /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(once(world.at.gateway, message).await.unwrap().status, 200, "{method}");
    }
    let mut refused = 0;
    for _ in 0..20 {
        let message = "POST /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
        refused += usize::from(once(world.at.gateway, message).await.unwrap().status == 502);
    }
    assert!(refused >= 15, "a POST is not repeated: {refused}");
    let (_, records) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    let repeated = records.iter().find(|r| r.method == "GET" && r.attempts.len() == 2).unwrap();
    assert_eq!(repeated.attempts[0].outcome, Outcome::ConnectFailed);
    assert!(repeated.attempts[0].error.contains("refused"), "{:?}", repeated.attempts[0]);
    assert_eq!((repeated.attempts[1].outcome, repeated.attempts[1].status), (Outcome::Ok, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_upstream_is_a_502_that_says_so() {
    let world = World::start(&shop(&dead()));
    let answer = once(world.at.gateway, "GET /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_unreachable")));
    assert!(answer.header("x-weir-request-id").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_upstream_is_a_504_in_time() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    for timeouts in ["{read_ms: 300}", "{read_ms: 60000, total_ms: 300}"] {
        let spec = format!(
            "{{targets: [{{url: \"{}\"}}], allow_private_address: true, timeouts: {timeouts}}}",
            upstream.url()
        );
        let world = World::start(&shop_with(&spec));
        let begun = Instant::now();
        let message = "GET /shop/any/x?delay_ms=5000 HTTP/1.1\r\nHost: h\r\n\r\n";
        let answer = once(world.at.gateway, message).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (504, Some("upstream_timeout")), "{timeouts}");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified_against_the_upstreams_own_authority_and_name() {
    let authority = Authority::new().unwrap();
    let upstream = RestUpstream::start_tls("tls", authority.server(&["orders.internal"], &["h2", "http/1.1"]).unwrap());
    let upstream = upstream.await.unwrap();
    let pem = authority.pem().replace('\n', "\\n");
    let stranger = Authority::new().unwrap().pem().replace('\n', "\\n");
    for (tls, status) in [
        (format!("{{server_name: orders.internal, ca: \"{pem}\"}}"), 200),
        (format!("{{server_name: other.internal, ca: \"{pem}\"}}"), 502),
        (format!("{{ca: \"{pem}\"}}"), 502),
        (format!("{{server_name: orders.internal, ca: \"{stranger}\"}}"), 502),
        ("{server_name: orders.internal}".to_owned(), 502),
    ] {
        let spec = format!("{{targets: [{{url: \"{}\"}}], allow_private_address: true, tls: {tls}}}", upstream.url());
        let world = World::start(&shop_with(&spec));
        let answer = once(world.at.gateway, "GET /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        assert_eq!(answer.status, status, "{tls}");
        if status == 502 {
            assert_eq!(answer.json()["code"], "upstream_tls");
        }
    }
    let seen = upstream.seen();
    assert_eq!((seen.len(), seen[0].tls, seen[0].version), (1, true, "HTTP/2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_spoken_on_both_sides() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let spec = format!("{{targets: [{{url: \"{}\"}}], allow_private_address: true, http: http2}}", upstream.url());
    let world = World::start(&shop_with(&spec));
    let client = client::builder().http2_prior_knowledge().build().unwrap();
    let first = client.get(world.url("/shop/any/first")).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let calls = (0..20).map(|n| {
        let request = client.post(world.url(&format!("/shop/any/{n}"))).body(pattern(0, 100_000));
        async move { request.send().await.unwrap() }
    });
    for answer in futures::future::join_all(calls).await {
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
        assert!(answer.headers().contains_key("x-weir-request-id"));
    }
    let seen = upstream.seen();
    assert!(
        seen.iter().skip(1).all(|s| s.version == "HTTP/2" && s.body.is_pattern && s.body.bytes == 100_000),
        "{seen:?}"
    );
    // Several streams share a connection; how many is a race between those that open the first ones.
    assert_eq!(seen.len(), 21);
    assert!(upstream.connections() < 21, "{}", upstream.connections());
    let refused = client.post(world.url("/shop/orders/7")).body("x").send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_passed_through() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let stream = tokio::net::TcpStream::connect(world.at.gateway).await.unwrap();
    let url = format!("ws://{}/shop/any/socket", world.at.gateway);
    let (mut socket, answer) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    for text in ["one", "two", &"long".repeat(50_000)] {
        socket.send(text.to_owned().into()).await.unwrap();
        let echoed = socket.next().await.unwrap().unwrap();
        assert_eq!(echoed.to_text().unwrap(), text);
    }
    socket.close(None).await.unwrap();
    while socket.next().await.is_some_and(|m| m.is_ok()) {}
    drop(socket);
    let (_, records) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    assert_eq!((records.len(), records[0].status), (1, 101));
    assert!(records[0].response_bytes > 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_websocket_is_answered_as_any_request() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let head = "Host: h\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: websocket\r\n";
    for (path, length) in [("/shop/any/x?size=70000", 70_000), ("/shop/any/x?size=70000&chunked=1", 70_000)] {
        // Without a key there is no handshake, so the upstream answers with a page.
        let answer = once(world.at.gateway, format!("GET {path} HTTP/1.1\r\n{head}\r\n")).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, length), "{path}");
        assert!(answer.header("x-weir-request-id").is_some());
    }
    assert_eq!(upstream.seen()[0].header("x-hop"), None);
    let unknown = once(world.at.gateway, format!("GET /shop/orders/1 HTTP/1.1\r\n{head}\r\n")).await.unwrap();
    assert_eq!(unknown.status, 401);
    let dead = World::start(&shop(&dead()));
    let answer = once(dead.at.gateway, format!("GET /shop/any/x HTTP/1.1\r\n{head}\r\n")).await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_unreachable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_routes_limit_is_a_413() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let body = "x".repeat(1_001);
    let announced = format!("POST /shop/small HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n{body}");
    let head = "POST /shop/small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunked = format!("{head}3e9\r\n{body}\r\n0\r\n\r\n");
    for message in [announced, chunked] {
        let answer = once(world.at.gateway, message).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some("body_too_large")));
    }
    let fits = format!("POST /shop/small HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{}", &body[1..]);
    assert_eq!(once(world.at.gateway, fits).await.unwrap().status, 200);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_continue_is_answered_by_the_upstream_or_not_needed() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let mut caller = Caller::connect(world.at.gateway).await;
    let begun = Instant::now();
    caller.send("POST /shop/orders/7 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await;
    // Refused before any body was sent, and not waited on for one.
    assert_eq!(caller.answer().await.unwrap().status, 401);
    assert!(begun.elapsed() < Duration::from_millis(800), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_changes_under_load_fail_no_request() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let config = shop(&upstream.url());
    let world = World::start(&config);
    let gateway = world.at.gateway;
    let callers = (0..8).map(|_| {
        tokio::spawn(async move {
            let mut caller = Caller::connect(gateway).await;
            for _ in 0..150 {
                caller.send("GET /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n").await;
                assert_eq!(caller.answer().await.unwrap().status, 200);
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..20 {
        world.install(&config);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for caller in callers {
        caller.await.unwrap();
    }
}
