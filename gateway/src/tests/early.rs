//! Heads that never become a request are answered in our form, with an id that the log and the count know.

use std::time::Duration;

use super::raw::{Answer, Caller, once};
use super::{World, shop};

fn assert_ours(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("connection"), Some("close"));
    let problem = answer.json();
    assert_eq!(
        (problem["status"].as_u64(), problem["code"].as_str()),
        (Some(u64::from(status)), Some(code)),
        "{problem}"
    );
    assert_eq!(problem["request_id"].as_str(), answer.header("x-weir-request-id"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pingora_refuses_by_itself_is_answered_counted_and_closed() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    for (message, status, code, hint) in [
        ("GET /x HTTP/1.2\r\nHost: h\r\n\r\n", 400, "malformed_message", "cannot be read"),
        ("GET /x y HTTP/1.1\r\nHost: h\r\n\r\n", 400, "malformed_message", "METHOD target HTTP/1.1"),
        ("GET /x HTTP/1.1\r\nHost : h\r\n\r\n", 400, "malformed_message", "cannot be read"),
        ("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2, 3\r\n\r\nhi", 400, "malformed_message", ""),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 405, "method_not_allowed", "no forward proxy"),
    ] {
        let mut caller = Caller::connect(world.at.gateway).await;
        caller.send(message).await;
        let answer = caller.answer().await.unwrap();
        assert_ours(&answer, status, code);
        assert!(answer.json()["detail"].as_str().unwrap().contains(hint), "{message:?}: {}", answer.json());
        assert!(caller.closed().await.is_empty(), "{message:?}");
    }
    let metrics = once(world.at.ops, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    let count = |reason: &str| {
        let line = metrics.lines().find(|l| l.starts_with("weir_unrouted_total{") && l.contains(reason));
        line.and_then(|l| l.rsplit(' ').next()?.parse::<u64>().ok())
    };
    assert_eq!((count("malformed_message"), count("method_not_allowed")), (Some(4), Some(1)), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_too_slowly_is_told_so() {
    let world = World::start_with(&shop("http://127.0.0.1:1"), |s| s.head_timeout = Duration::from_millis(500));
    let mut caller = Caller::connect(world.at.gateway).await;
    caller.send("GET /x HTTP/1.1\r\nHost: ").await;
    let answer = caller.answer().await.unwrap();
    assert_ours(&answer, 408, "head_timeout");
    assert!(caller.closed().await.is_empty());
    // Who said nothing is told nothing.
    let mut silent = Caller::connect(world.at.gateway).await;
    assert!(silent.closed().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_head_of_a_connection_is_refused_alike() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let mut caller = Caller::connect(world.at.gateway).await;
    caller.send("GET /-/live HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(caller.answer().await.unwrap().body, b"live");
    caller.send("GET /x HTTP/1.2\r\nHost: h\r\n\r\n").await;
    assert_ours(&caller.answer().await.unwrap(), 400, "malformed_message");
    assert!(caller.closed().await.is_empty());
}
