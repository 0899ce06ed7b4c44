//! Bodies that come too slowly: each piece is in time, the whole is not.

use std::time::{Duration, Instant};

use weir_harness::rest::RestUpstream;

use super::raw::Caller;
use super::{World, shop};

fn impatient(settings: &mut crate::Settings) {
    settings.caller_timeout = Duration::from_secs(1);
    settings.min_body_rate = 1_000;
}

/// Sends a byte now and then until the other end closes; what it said, and after how long.
async fn drip(caller: &mut Caller, gap: Duration) -> (String, Duration) {
    let begun = Instant::now();
    let (mut read, mut write) = caller.stream.split();
    let dripping = async {
        loop {
            tokio::time::sleep(gap).await;
            if tokio::io::AsyncWriteExt::write_all(&mut write, b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut said = Vec::new();
    let ended = async {
        // A reset is an end as well.
        _ = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut said).await;
    };
    tokio::select! {
        () = dripping => {}
        () = ended => {}
        () = tokio::time::sleep(Duration::from_secs(15)) => panic!("not cut off"),
    }
    (String::from_utf8_lossy(&said).into_owned(), begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dripping_body_is_cut_off_on_rest_and_model_routes() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start_with(&shop(&upstream.url()), impatient);
    let key = world.key.clone();
    for (path, code) in [("/shop/any/x", "caller_timeout"), ("/v1/chat/completions", "")] {
        let mut caller = Caller::connect(world.at.gateway).await;
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nContent-Length: 5000\r\n\r\n");
        caller.send(head).await;
        let (said, took) = drip(&mut caller, Duration::from_millis(100)).await;
        assert!(said.starts_with("HTTP/1.1 408 ") && said.contains(code), "{path}: {said}");
        assert!(took > Duration::from_millis(800) && took < Duration::from_secs(6), "{path}: {took:?}");
    }
    let (_, records) = tokio::task::spawn_blocking(move || world.stop()).await.unwrap();
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|r| r.status == 408), "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_at_the_least_pace_arrives_however_long_it_takes() {
    let upstream = RestUpstream::start("origin").await.unwrap();
    let world = World::start_with(&shop(&upstream.url()), impatient);
    let mut caller = Caller::connect(world.at.gateway).await;
    caller.send("POST /shop/any/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4800\r\n\r\n").await;
    let begun = Instant::now();
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        caller.send(vec![b'x'; 400]).await;
    }
    assert_eq!(caller.answer().await.unwrap().status, 200);
    assert!(begun.elapsed() > Duration::from_secs(2), "this was no long body");
    assert_eq!(upstream.seen()[0].body.bytes, 4_800);
}
