//! SIGTERM drains: requests under way end, connections are told, nothing that was accepted fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_harness::provider::Vendor;
use weir_harness::script::{Reply, Script, Wire};

use crate::rest::Shop;
use crate::stand::{DIALECTS, Stand, request, route_to, streamed};

/// What one connection was used for.
#[derive(Debug, Default)]
struct Tally {
    good: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

/// Asks over kept-alive connections until no new one is accepted.
async fn ask_until_closed(address: std::net::SocketAddr, key: String, tally: Arc<Tally>) {
    let request = format!("GET /shop/x?size=300 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { return };
        for asked in 1.. {
            match ask_once(&mut stream, request.as_bytes()).await {
                Ok(closes) => {
                    tally.good.fetch_add(1, Ordering::SeqCst);
                    if closes {
                        break;
                    }
                }
                Err(error) => {
                    let told = format!("request {asked} of its connection: {error:#}");
                    tally.failures.lock().unwrap_or_else(PoisonError::into_inner).push(told);
                    break;
                }
            }
        }
    }
}

/// One request and its answer; whether the server ends the connection.
async fn ask_once(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<bool> {
    stream.write_all(request).await?;
    let mut all = Vec::new();
    let head = loop {
        anyhow::ensure!(stream.read_buf(&mut all).await? > 0, "closed before the answer");
        if let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&all[..head]).to_ascii_lowercase();
    anyhow::ensure!(text.starts_with("http/1.1 200"), "{text}");
    let length = text.lines().find_map(|l| l.strip_prefix("content-length: ")).context("no length")?;
    let length: usize = length.trim().parse()?;
    while all.len() < head + length {
        anyhow::ensure!(stream.read_buf(&mut all).await? > 0, "closed within the answer");
    }
    Ok(text.contains("connection: close"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_draining() -> anyhow::Result<()> {
    let mut shop = Shop::start(|config, _| config).await?;
    let tally = Arc::new(Tally::default());
    let address = shop.weir.gateway_address();
    let callers: Vec<_> = (0..16)
        .map(|_| tokio::spawn(ask_until_closed(address, shop.key.whole().to_owned(), Arc::clone(&tally))))
        .collect();
    let deadline = Instant::now() + Duration::from_secs(30);
    while tally.good.load(Ordering::SeqCst) < 300 {
        anyhow::ensure!(Instant::now() < deadline, "only {tally:?} after 30 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shop.weir.signal("TERM").await?;
    assert_eq!(shop.weir.ended(Duration::from_secs(30)).await?, Some(0), "{}", shop.weir.log());
    for caller in callers {
        tokio::time::timeout(Duration::from_secs(5), caller).await??;
    }
    let good = tally.good.load(Ordering::SeqCst);
    let failures = tally.failures.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(failures.is_empty(), "{} of {good} failed: {failures:?}", failures.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_under_way_end_whole() -> anyhow::Result<()> {
    let mut stand = Stand::start().await?;
    let text = "word ".repeat(60);
    let mut streams = Vec::new();
    for dialect in DIALECTS {
        for provider in DIALECTS {
            let slow = Wire { event_delay_ms: 25, ..Wire::default() };
            stand.fake(provider).next(Script::say(Reply::text(&text)).on_wire(slow));
            let (caller, body) = (stand.caller.clone(), request(dialect, route_to(provider), &streamed(dialect)));
            streams.push((dialect, tokio::spawn(async move { caller.ask(dialect, &body).await })));
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    stand.weir.signal("TERM").await?;
    for (dialect, stream) in streams {
        let heard = stream.await??.heard(dialect)?;
        assert_eq!(heard.text, text);
    }
    assert_eq!(stand.weir.ended(Duration::from_secs(20)).await?, Some(0));
    // It waits for what is under way, not for a fixed time.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    // What was answered is in the ledger, also when it ended during the drain.
    stand.restart().await?;
    let rows = stand.weir.admin()?.requests(4).await?;
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|r| r["outcome"] == "ok"), "{rows:?}");
    Ok(())
}

#[tokio::test]
async fn an_idle_process_ends_soon() -> anyhow::Result<()> {
    let mut stand = Stand::start().await?;
    stand.ask(Vendor::Openai, Vendor::Openai, &json!({})).await?;
    let begun = Instant::now();
    stand.weir.signal("TERM").await?;
    assert_eq!(stand.weir.ended(Duration::from_secs(15)).await?, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    Ok(())
}
