//! REST on the wire: HTTP/2 on both sides, TLS that is verified, WebSocket, bodies of any size in
//! constant memory.

use std::time::{Duration, Instant};

use anyhow::Context;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use weir_harness::rest::{RestUpstream, pattern};
use weir_harness::tls::Authority;

use crate::rest::Shop;

const GIB: u64 = 1 << 30;

fn upstream(url: &str, fields: &Value) -> Value {
    crate::stand::both(&json!({"targets": [{"url": url}], "allow_private_address": true}), fields)
}

#[tokio::test]
async fn callers_speak_http2() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    let client = weir_harness::client::builder().http2_prior_knowledge().build()?;
    let body = pattern(0, 500_000);
    let answer = client.post(shop.url("/shop/x?size=700000")).bearer_auth(shop.key.whole()).body(body).send().await?;
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.bytes().await?, pattern(0, 700_000));
    let seen = shop.upstream.seen().remove(0);
    assert!(seen.body.is_pattern && seen.version == "HTTP/1.1", "{seen:?}");
    // Many at once over one connection.
    let many =
        (0..50).map(|n| client.get(shop.url(&format!("/shop/{n}?delay_ms=50"))).bearer_auth(shop.key.whole()).send());
    for answer in futures::future::join_all(many).await {
        assert_eq!(answer?.status(), 200);
    }
    Ok(())
}

#[tokio::test]
async fn upstreams_speak_http2() -> anyhow::Result<()> {
    let shop = Shop::start(|config, clear| {
        config.with("Upstream", "shop", &upstream(&clear.url(), &json!({"http": "http2"})))
    })
    .await?;
    let answer =
        shop.client.post(shop.url("/shop/x")).bearer_auth(shop.key.whole()).body(pattern(0, 300_000)).send().await?;
    let seen: Value = answer.json().await?;
    assert_eq!((&seen["version"], &seen["body"]["is_pattern"]), (&json!("HTTP/2"), &json!(true)), "{seen}");
    for _ in 0..20 {
        shop.get("/shop/x").await?;
    }
    assert!(shop.upstream.connections() <= 3, "{} connections", shop.upstream.connections());
    Ok(())
}

#[tokio::test]
async fn tls_to_an_upstream_is_verified() -> anyhow::Result<()> {
    let (authority, stranger) = (Authority::new()?, Authority::new()?);
    let both =
        RestUpstream::start_tls("both", authority.server(&["127.0.0.1", "orders.internal"], &["h2", "http/1.1"])?)
            .await?;
    let old = RestUpstream::start_tls("old", authority.server(&["127.0.0.1"], &["http/1.1"])?).await?;
    let named = RestUpstream::start_tls("named", authority.server(&["orders.internal"], &["h2", "http/1.1"])?).await?;
    let foreign = RestUpstream::start_tls("foreign", stranger.server(&["127.0.0.1"], &["h2", "http/1.1"])?).await?;
    let ca = json!({"tls": {"ca": authority.pem()}});
    let shop = Shop::start(|config, _| {
        let mut config = config;
        let name = json!({"tls": {"ca": authority.pem(), "server_name": "orders.internal"}});
        for (id, server, fields) in [
            ("both", &both, &ca),
            ("old", &old, &ca),
            ("named", &named, &name),
            ("wrongname", &named, &ca),
            ("foreign", &foreign, &ca),
            ("system", &both, &json!({})),
        ] {
            config =
                config.service(id, &format!("/{id}"), server).with("Upstream", id, &upstream(&server.url(), fields));
        }
        config
    })
    .await?;
    for (id, version) in [("both", "HTTP/2"), ("old", "HTTP/1.1"), ("named", "HTTP/2")] {
        let seen = shop.get(&format!("/{id}/x")).await?;
        assert_eq!((seen["version"].as_str(), &seen["tls"]), (Some(version), &json!(true)), "{id}: {seen}");
    }
    for id in ["wrongname", "foreign", "system"] {
        let answer = shop.client.get(shop.url(&format!("/{id}/x"))).bearer_auth(shop.key.whole()).send().await?;
        assert_eq!(answer.status(), 502, "{id}");
    }
    assert!(foreign.seen().is_empty());
    Ok(())
}

#[tokio::test]
async fn websockets_pass() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    let mut request = format!("ws://{}/shop/live", shop.weir.gateway_address()).into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", shop.key.whole()).parse()?);
    let stream = tokio::net::TcpStream::connect(shop.weir.gateway_address()).await?;
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    for n in 0..50 {
        let message =
            if n % 2 == 0 { Message::text(format!("Grüße {n}")) } else { Message::binary(pattern(n, 20_000)) };
        socket.send(message.clone()).await?;
        assert_eq!(socket.next().await.context("closed")??, message);
    }
    socket.close(None).await?;
    // Without a key there is no socket.
    let request = format!("ws://{}/shop/live", shop.weir.gateway_address()).into_client_request()?;
    let stream = tokio::net::TcpStream::connect(shop.weir.gateway_address()).await?;
    assert!(tokio_tungstenite::client_async(request, stream).await.is_err());
    Ok(())
}

#[tokio::test]
async fn pieces_pass_as_they_come() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    for client in [weir_harness::client::client(), weir_harness::client::builder().http2_prior_knowledge().build()?] {
        let begun = Instant::now();
        let mut answer = client
            .get(shop.url("/shop/x?size=1000&chunked=1&pieces=10&gap_ms=100"))
            .bearer_auth(shop.key.whole())
            .send()
            .await?;
        answer.chunk().await?.context("no first piece")?;
        assert!(begun.elapsed() < Duration::from_millis(500), "the first piece took {:?}", begun.elapsed());
        let mut rest = 0;
        while let Some(piece) = answer.chunk().await? {
            rest += piece.len();
        }
        assert_eq!(rest, 900);
    }
    Ok(())
}

#[tokio::test]
async fn a_broken_answer_does_not_look_whole() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    for path in ["/shop/x?size=100000&cut=5000", "/shop/x?size=100000&cut=5000&chunked=1&pieces=20"] {
        for client in [weir_harness::client::client(), weir_harness::client::builder().http2_prior_knowledge().build()?]
        {
            let answer = client.get(shop.url(path)).bearer_auth(shop.key.whole()).send().await?;
            assert!(answer.bytes().await.is_err(), "{path}");
        }
    }
    // The broken connection is not used again.
    shop.get("/shop/good").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_passes_both_ways_in_constant_memory() -> anyhow::Result<()> {
    let shop = Shop::start(|config, _| config).await?;
    shop.get("/shop/warm").await?;
    let before = shop.weir.resident_bytes()?;
    let mut most = before;
    let pieces = (0..GIB / (256 << 10)).map(|n| Ok::<_, std::io::Error>(pattern(n * (256 << 10), 256 << 10)));
    let upload = shop
        .client
        .put(shop.url("/shop/up"))
        .bearer_auth(shop.key.whole())
        .body(reqwest::Body::wrap_stream(futures::stream::iter(pieces)))
        .send();
    tokio::pin!(upload);
    let answer = loop {
        tokio::select! {
            answer = &mut upload => break answer?,
            () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(shop.weir.resident_bytes()?),
        }
    };
    let seen: Value = answer.json().await?;
    assert_eq!((&seen["body"]["bytes"], &seen["body"]["is_pattern"]), (&json!(GIB), &json!(true)), "{seen}");
    let mut answer =
        shop.client.get(shop.url(&format!("/shop/down?size={GIB}"))).bearer_auth(shop.key.whole()).send().await?;
    let (mut got, mut looked) = (0_u64, Instant::now());
    while let Some(piece) = answer.chunk().await? {
        got += piece.len() as u64;
        if looked.elapsed() > Duration::from_millis(20) {
            most = most.max(shop.weir.resident_bytes()?);
            looked = Instant::now();
        }
    }
    assert_eq!(got, GIB);
    let grown = most - before;
    assert!(grown < 24 << 20, "memory grew by {} KiB", grown >> 10);
    Ok(())
}
