//! Hostile callers are bounded: heads that never end and floods of HTTP/2 frames cost their own connection, little
//! memory, and nobody else's requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::rest::Shop;

/// What memory may grow by under any of these, in bytes.
const GROWTH: u64 = 48 << 20;
/// No flood goes on for longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A shop whose route is for anybody, as strangers are whom this is about.
async fn open_shop() -> anyhow::Result<Shop> {
    let route = json!({"service": "shop", "path": "/{*rest}", "auth": "public"});
    let shop = Shop::start(|config, _| config.with("Route", "shop-all", &route)).await?;
    for _ in 0..50 {
        shop.get("/shop/warm").await?;
    }
    Ok(shop)
}

/// Somebody with a legitimate interest, asking all the while.
struct Bystander {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<(usize, Duration)>>,
}

impl Bystander {
    fn start(shop: &Shop) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (client, url, until) = (shop.client.clone(), shop.url("/shop/x"), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let (mut asked, mut slowest) = (0, Duration::ZERO);
            while !until.load(Ordering::SeqCst) {
                let begun = Instant::now();
                let answer = client.get(&url).timeout(PATIENCE).send().await?;
                ensure!(answer.status() == 200, "{}", answer.status());
                answer.bytes().await?;
                slowest = slowest.max(begun.elapsed());
                asked += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok((asked, slowest))
        });
        Self { stop, task }
    }

    /// Every request was answered, and in good time; some of them after all was over.
    async fn unharmed(self) -> anyhow::Result<()> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.stop.store(true, Ordering::SeqCst);
        let (asked, slowest) = self.task.await??;
        ensure!(asked >= 10, "only {asked} requests were answered meanwhile");
        ensure!(slowest < Duration::from_secs(3), "a request took {slowest:?} meanwhile");
        Ok(())
    }
}

/// One frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The fields of a GET, without any table (RFC 7541 section 6.2.2).
fn fields(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(0x04, path), (0x01, "h")] {
        block.extend([name, u8::try_from(value.len()).unwrap_or_default()]);
        block.extend(value.as_bytes());
    }
    block
}

/// A connection on which HTTP/2 has begun.
async fn h2(at: SocketAddr) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    Ok(stream)
}

/// Reads frames until the other end closes or `wanted` finds what it looks for; whether it did.
async fn read_until(stream: &mut TcpStream, wanted: impl Fn(u8, &[u8]) -> bool) -> anyhow::Result<bool> {
    let reading = async {
        let mut head = [0; 9];
        loop {
            if stream.read_exact(&mut head).await.is_err() {
                return false;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                return false;
            }
            if wanted(head[3], &payload) {
                return true;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.context("neither closed nor answered")
}

/// Waits until no request is under way any more, as the metrics tell.
async fn until_calm(shop: &Shop) -> anyhow::Result<()> {
    let url = format!("{}/metrics", shop.weir.ops_url().context("no operators' listener")?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = shop.client.get(&url).send().await?.text().await?;
        let line = text.lines().find(|l| l.starts_with("weir_in_flight_requests")).context("no gauge")?;
        if line.ends_with(" 0") {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "still under way: {line}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn grown(shop: &Shop, before: u64) -> anyhow::Result<()> {
    let growth = shop.weir.resident_bytes()?.saturating_sub(before);
    ensure!(growth < GROWTH, "memory grew by {} KiB", growth >> 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_never_end_are_cut_off_together() -> anyhow::Result<()> {
    let shop = open_shop().await?;
    let (before, bystander) = (shop.weir.resident_bytes()?, Bystander::start(&shop));
    let at = shop.weir.gateway_address();
    let told = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let slow: Vec<_> = (0..400)
        .map(|n| {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(at).await?;
                stream.write_all(b"GET /shop/x HTTP/1.1\r\nHost: h\r\n").await?;
                let (mut read, mut write) = stream.split();
                let drip = async {
                    for line in 0.. {
                        tokio::time::sleep(Duration::from_millis(500 + n % 100)).await;
                        if write.write_all(format!("x-{line}: 1\r\n").as_bytes()).await.is_err() {
                            break;
                        }
                    }
                };
                let mut said = Vec::new();
                tokio::select! {
                    () = drip => {}
                    _ = read.read_to_end(&mut said) => {}
                    () = tokio::time::sleep(Duration::from_secs(30)) => anyhow::bail!("never cut off"),
                }
                told.fetch_add(usize::from(said.starts_with(b"HTTP/1.1 408 ")), Ordering::SeqCst);
                Ok(begun.elapsed())
            })
        })
        .collect();
    for connection in slow {
        let took = connection.await??;
        ensure!(took > Duration::from_secs(8) && took < Duration::from_secs(20), "cut off after {took:?}");
    }
    ensure!(told.load(Ordering::SeqCst) > 300, "only {told:?} of 400 were told why");
    bystander.unharmed().await?;
    grown(&shop, before)
}

/// CVE-2023-44487: the caller never has more than one stream open, and makes as many as it can; how many those were.
async fn reset_flood(at: SocketAddr, number: usize) -> anyhow::Result<usize> {
    let mut stream = h2(at).await?;
    let block = fields(&format!("/shop/{number}?size=10&pieces=2&gap_ms=3000"));
    let begun = Instant::now();
    let mut sent = 0;
    'connection: for batch in 0..500_u32 {
        let mut bytes = Vec::new();
        for n in 0..20 {
            let id = (batch * 20 + n) * 2 + 1;
            bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, id, &block));
            bytes.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
        }
        match tokio::time::timeout(Duration::from_secs(2), stream.write_all(&bytes)).await {
            Ok(Ok(())) if begun.elapsed() < PATIENCE => sent += 20,
            _ => break 'connection,
        }
    }
    Ok(sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_reset_at_once_are_bounded() -> anyhow::Result<()> {
    let shop = open_shop().await?;
    let (before, bystander) = (shop.weir.resident_bytes()?, Bystander::start(&shop));
    let at = shop.weir.gateway_address();
    let floods: Vec<_> = (0..10).map(|n| tokio::spawn(reset_flood(at, n))).collect();
    let mut sent = 0;
    for flood in floods {
        sent += flood.await??;
    }
    ensure!(sent > 0, "nothing was sent");
    until_calm(&shop).await?;
    bystander.unharmed().await?;
    grown(&shop, before)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_of_endless_frames_ends_its_connection() -> anyhow::Result<()> {
    let shop = open_shop().await?;
    let (before, bystander) = (shop.weir.resident_bytes()?, Bystander::start(&shop));
    // One field after another, each of some length, and END_HEADERS never.
    let mut block = Vec::new();
    while block.len() < 16_000 {
        block.extend([0x00, 0x01, b'x', 0x7e]);
        block.extend([b'v'; 0x7e]);
    }
    for fill in [block, Vec::new()] {
        let mut stream = h2(shop.weir.gateway_address()).await?;
        stream.write_all(&frame(HEADERS, END_STREAM, 1, &fields("/shop/x"))).await?;
        let mut sent = 0;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && sent < 64 << 20 {
            let next = frame(CONTINUATION, 0, 1, &fill);
            match tokio::time::timeout(Duration::from_secs(2), stream.write_all(&next)).await {
                Ok(Ok(())) => sent += next.len(),
                _ => break,
            }
        }
        ensure!(sent < 16 << 20, "{} KiB of one head were taken in", sent >> 10);
    }
    bystander.unharmed().await?;
    grown(&shop, before)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_and_settings_that_nobody_reads_the_answers_of_are_bounded() -> anyhow::Result<()> {
    let shop = open_shop().await?;
    let (before, bystander) = (shop.weir.resident_bytes()?, Bystander::start(&shop));
    for flood in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])] {
        let many = flood.repeat(1_000);
        let mut connections = Vec::new();
        for _ in 0..8 {
            let mut stream = h2(shop.weir.gateway_address()).await?;
            for _ in 0..300 {
                let sending = tokio::time::timeout(Duration::from_millis(300), stream.write_all(&many));
                if !matches!(sending.await, Ok(Ok(()))) {
                    break;
                }
            }
            connections.push(stream);
        }
        // Still open, their answers unread.
        grown(&shop, before)?;
    }
    bystander.unharmed().await?;
    grown(&shop, before)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_a_hundred_streams_at_most() -> anyhow::Result<()> {
    let shop = open_shop().await?;
    let mut stream = h2(shop.weir.gateway_address()).await?;
    let limit = read_until(&mut stream, |kind, payload| {
        // SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 section 6.5.2).
        kind == SETTINGS && payload.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 100])
    });
    ensure!(limit.await?, "no limit was announced");
    let block = fields("/shop/x?size=10&pieces=2&gap_ms=3000");
    for n in 0..101_u32 {
        stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, n * 2 + 1, &block)).await?;
    }
    // The one too many is refused, or the connection is.
    let refused =
        read_until(&mut stream, |kind, payload| (kind == RST_STREAM && payload == [0, 0, 0, 7]) || kind == GOAWAY);
    ensure!(refused.await?, "a hundred and first stream was served");
    drop(stream);
    until_calm(&shop).await
}
