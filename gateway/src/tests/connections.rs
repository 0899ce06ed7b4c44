//! Connections: the deadline of a head, keep-alive behind refusals, caps, the drain.

use std::time::{Duration, Instant};

use weir_harness::rest::RestUpstream;

use super::raw::{Caller, once};
use super::{World, shop};

fn quick(settings: &mut crate::Settings) {
    settings.head_timeout = Duration::from_millis(700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dripping_head_is_cut_off_at_the_deadline_on_new_and_reused_connections() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start_with(&shop(&upstream.url()), quick);
    for reused in [false, true] {
        let mut caller = Caller::connect(world.at.gateway).await;
        if reused {
            caller.send("GET /shop/any/x HTTP/1.1\r\nHost: h\r\n\r\n").await;
            assert_eq!(caller.answer().await.unwrap().status, 200);
            // Idle time between requests is not a head's time.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let begun = Instant::now();
        caller.send("GET /shop/any/y HTTP/1.1\r\nHost: h\r\n").await;
        let (mut read, mut write) = caller.stream.split();
        let drip = async {
            for n in 0.. {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let line = format!("x-{n}: 1\r\n");
                if tokio::io::AsyncWriteExt::write_all(&mut write, line.as_bytes()).await.is_err() {
                    break;
                }
            }
        };
        let mut end = [0; 1];
        tokio::select! {
            () = drip => {}
            _ = tokio::io::AsyncReadExt::read(&mut read, &mut end) => {}
            () = tokio::time::sleep(Duration::from_secs(10)) => panic!("not cut off, reused: {reused}"),
        }
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(600) && took < Duration::from_secs(4), "{took:?}, reused: {reused}");
    }
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_on_a_new_connection_is_cut_off_too() {
    let world = World::start_with(&shop("http://127.0.0.1:1"), quick);
    for sent in ["", "G", "PRI * HTTP/2.0", "GET / HTTP/1.1\r\nHost"] {
        let mut caller = Caller::connect(world.at.gateway).await;
        let begun = Instant::now();
        caller.send(sent).await;
        caller.closed().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_not_a_slow_head() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start_with(&shop(&upstream.url()), quick);
    let mut caller = Caller::connect(world.at.gateway).await;
    caller.send("POST /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n").await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        caller.send("ab").await;
    }
    assert_eq!(caller.answer().await.unwrap().status, 200);
    assert_eq!(upstream.seen()[0].body.bytes, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_request_is_not_waited_on_for_a_preface() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let begun = Instant::now();
    assert_eq!(once(world.at.gateway, "GET / HTTP/1.0\r\n\r\n").await.unwrap().status, 404);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

/// The class of CVE-2025-4366: an early answer, its request body unread, then another request on the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_an_unread_body_keeps_the_connection_in_step() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let mut caller = Caller::connect(world.at.gateway).await;
    let smuggled = "GET /shop/any/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    let head = format!("POST /shop/orders/7 HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", smuggled.len());
    caller.send(head).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    caller.send(smuggled).await;
    let refused = caller.answer().await.unwrap();
    assert_eq!((refused.status, refused.header("connection")), (401, Some("keep-alive")));
    caller.send("GET /shop/any/next HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(caller.answer().await.unwrap().status, 200);
    let targets: Vec<String> = upstream.seen().into_iter().map(|s| s.target).collect();
    assert_eq!(targets, ["/shop/any/next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_a_caller_who_is_still_sending_a_large_body() {
    let world = World::start(&shop("http://127.0.0.1:1"));
    let mut caller = Caller::connect(world.at.gateway).await;
    caller.send("POST /shop/orders/7 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n").await;
    caller.send(vec![b'x'; 120_000]).await;
    let refused = caller.answer().await.unwrap();
    assert_eq!((refused.status, refused.header("connection")), (401, Some("close")));
    caller.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_cap_are_closed() {
    let world = World::start_with(&shop("http://127.0.0.1:1"), |s| s.max_connections_per_ip = 2);
    let (mut first, _second) = (Caller::connect(world.at.gateway).await, Caller::connect(world.at.gateway).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(once(world.at.gateway, "GET /-/live HTTP/1.1\r\nHost: h\r\n\r\n").await.is_none());
    first.send("GET /-/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
    assert_eq!(first.answer().await.unwrap().status, 200);
    first.closed().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(once(world.at.gateway, "GET /-/live HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_with_the_last_answer_and_loses_none() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start_with(&shop(&upstream.url()), |s| s.linger = Duration::from_millis(600));
    let gateway = world.at.gateway;
    let mut slow = Caller::connect(gateway).await;
    let mut idle = Caller::connect(gateway).await;
    idle.send("GET /shop/any/one HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.answer().await.unwrap().header("connection"), Some("keep-alive"));
    slow.send("GET /shop/any/slow?size=40&pieces=4&gap_ms=300&chunked=1 HTTP/1.1\r\nHost: h\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    let begun = Instant::now();
    let stopping = tokio::task::spawn_blocking(move || world.stop());
    tokio::time::sleep(Duration::from_millis(150)).await;
    // A connection that was idle may ask once more, and is told that this was the last time.
    idle.send("GET /shop/any/two HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let last = idle.answer().await.unwrap();
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    assert_eq!(slow.answer().await.unwrap().body.len(), 40);
    let (ended, records) = stopping.await.unwrap();
    assert!(ended.drained);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(records.len(), 3);
    assert!(tokio::net::TcpStream::connect(gateway).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_with_nothing_open_is_quick() {
    let world = World::start_with(&shop("http://127.0.0.1:1"), |s| s.linger = Duration::from_secs(5));
    let begun = Instant::now();
    let (ended, _) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    assert!(ended.drained && begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn live_ready_and_metrics_are_answered() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start(&shop(&upstream.url()));
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(once(world.at.gateway, get("/-/live")).await.unwrap().body, b"live");
    assert_eq!(once(world.at.gateway, get("/-/ready")).await.unwrap().body, b"ready");
    assert_eq!(once(world.at.gateway, get("/shop/any/x")).await.unwrap().status, 200);
    assert_eq!(once(world.at.gateway, get("/metrics")).await.unwrap().status, 404);
    assert_eq!(once(world.at.ops, get("/ready")).await.unwrap().body, b"ready");
    let metrics = once(world.at.ops, get("/metrics")).await.unwrap();
    let text = String::from_utf8(metrics.body).unwrap();
    let line = r#"weir_requests_total{outcome="ok",route="any",status="2xx",traffic="rest",node="local"} 1"#;
    assert!(text.contains(line), "{text}");
    let _idle = Caller::connect(world.at.gateway).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.shutdown.begin();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let draining = once(world.at.ops, get("/ready")).await.unwrap();
    assert_eq!(draining.status, 503);
}
