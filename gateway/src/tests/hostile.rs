//! Messages that servers read differently: none reaches the upstream but in one unmistakable form.

use weir_harness::rest::RestUpstream;

use super::raw::{Caller, once};
use super::{World, shop};

/// Message, and the status it is answered with.
type Table = Vec<(String, u16)>;

fn hostile_fields() -> Table {
    let post = |fields: &str, body: &str| format!("POST /shop/any/x HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}");
    [
        ("Content-Length: 2, 2\r\n", "hi"),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", "hi"),
        ("Content-Length: +2\r\n", "hi"),
        ("Content-Length: -1\r\n", ""),
        ("Content-Length: 0x2\r\n", "hi"),
        ("Content-Length: \r\n", ""),
        ("Content-Length: 18446744073709551618\r\n", "hi"),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"),
        ("X-A: a\rb\r\n", ""),
        ("X-A: a\0b\r\n", ""),
        ("X-A: a\r\n b\r\n", ""),
        (": empty\r\n", ""),
        ("Host: other\r\n", ""),
        ("Connection: close, X-Forwarded-For\r\nX-Forwarded-For: 1.2.3.4\r\n", ""),
    ]
    .into_iter()
    .map(|(fields, body)| (post(fields, body), 400))
    .collect()
}

fn hostile_targets() -> Table {
    [
        "/shop/any/%2e%2e%2fadmin",
        "/shop/any/a%5cb",
        "/shop/any/a\\b",
        "/shop/any/a%00",
        "/shop/any/..;/x",
        "//admin/..;/x/%2e%2e/y",
        "/shop/any/../../../x",
        "/shop/any/a b",
        "/shop/any/%zz",
        "/shop/any/a#b",
        "/shop/any/\u{e9}",
        "http://other/shop/any/x",
    ]
    .map(|target| (format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"), 400))
    .to_vec()
}

fn hostile_heads() -> Table {
    let huge = "a".repeat(60_000);
    let fields: String = (0..120).map(|n| format!("x-{n}: 1\r\n")).collect();
    let plain = [
        ("GET /shop/any/x HTTP/1.1\r\n\r\n", 400),
        ("GET /shop/any/x HTTP/1.1\r\nHost: localhost/#@evil\r\n\r\n", 400),
        ("GET /shop/any/x HTTP/1.1\nHost: h\n\n", 400),
        ("GET /shop/any/x HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400),
        ("get /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /shop/any/x HTTP/1.2\r\nHost: h\r\n\r\n", 400),
        ("GET /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", 400),
        ("POST /shop/any/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("TRACE /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("POST /shop/any/x HTTP/1.1\r\nHost: h\r\nExpect: maybe\r\n\r\n", 417),
    ];
    let mut table: Table = plain.map(|(message, status)| (message.to_owned(), status)).to_vec();
    table.extend([
        (format!("GET /shop/any/x HTTP/1.1\r\nHost: h\r\nX-A: {huge}\r\n\r\n"), 431),
        (format!("GET /shop/any/x HTTP/1.1\r\nHost: h\r\n{fields}\r\n"), 431),
        (format!("GET /shop/any/{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(9_000)), 414),
    ]);
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_messages_are_refused_and_never_forwarded() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    for (message, status) in [hostile_fields(), hostile_targets(), hostile_heads()].concat() {
        let answer = once(world.at.gateway, &message).await;
        let shown: String = message.chars().take(120).collect();
        assert_eq!(answer.as_ref().map_or(0, |a| a.status), status, "{shown:?}");
    }
    // Far too large: cut off unread, and whether the caller still gets to read why is not ours to say.
    let cut = format!("GET /shop/any/x HTTP/1.1\r\nHost: h\r\nX-A: {}\r\n\r\n", "a".repeat(1_200_000));
    assert!(once(world.at.gateway, cut).await.is_none_or(|answer| answer.status == 431));
    assert_eq!(upstream.seen().len(), 0, "{:?}", upstream.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_is_wrong_in_json_with_a_request_id() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let answer = once(world.at.gateway, "GET /a%2fb HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], 400);
    assert_eq!(problem["code"], "invalid_path");
    assert!(problem["detail"].as_str().unwrap().contains("encoded slash"), "{problem}");
    assert_eq!(problem["request_id"].as_str(), answer.header("x-weir-request-id"));
    let missing = once(world.at.gateway, "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!((missing.status, missing.json()["code"].as_str()), (404, Some("no_route")));
    let wrong = once(world.at.gateway, "GET /shop/small HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_normalised_and_cleaned() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let message = "GET //shop/./any/%7Ea/b/../c?q=%2F%2e HTTP/1.1\r\nHost: H.Example:80\r\nX_User: eve\r\n\
                   X-Weir-Application: root\r\nX-Consumer-Id: 1\r\nX-Forwarded-For: 9.9.9.9\r\nX-Hop: 1\r\n\
                   Connection: X-Hop\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nX-User: u\r\n\r\n";
    assert_eq!(once(world.at.gateway, message).await.unwrap().status, 200);
    let seen = upstream.seen().remove(0);
    assert_eq!(seen.target, "/shop/any/~a/c?q=%2F%2e");
    for gone in ["x_user", "x-weir-application", "x-consumer-id", "x-hop", "keep-alive", "proxy-authorization"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert_eq!(seen.header("x-user"), Some("u"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-host"), Some("H.Example:80"));
    assert!(seen.header("x-weir-request-id").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_loses_and_the_connection_ends() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let mut caller = Caller::connect(world.at.gateway).await;
    let both = "POST /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
                5;ext=1\r\nhello\r\n0\r\n\r\nGET /shop/any/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    caller.send(both).await;
    assert_eq!(caller.answer().await.unwrap().status, 200);
    assert!(caller.closed().await.is_empty());
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].body.bytes, 5);
    assert_eq!(seen[0].header("content-length"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_chunk_ends_the_request_and_spoils_no_upstream_connection() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    for bad in ["0x2\r\nhi\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "2\nhi\n0\n\n", "zz\r\n\r\n"] {
        let head = "POST /shop/any/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = once(world.at.gateway, format!("{head}{bad}")).await;
        assert!(answer.is_none_or(|a| (400..500).contains(&a.status)), "{bad:?}");
    }
    let good = once(world.at.gateway, "GET /shop/any/good HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(good.status, 200);
    assert_eq!(upstream.seen().iter().filter(|s| s.target != "/shop/any/good").count(), 0);
}
