//! The upstream over HTTP/2.

use std::future::poll_fn;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{Request, Response};

use super::reply::{BodyMaker, Digesting, Wish};
use super::{Seen, Shared, Wire};

/// Flow control windows that let a large body run.
const WINDOW: u32 = 1 << 20;

pub(super) async fn serve<S: Wire>(stream: S, number: u64, shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
    let mut connection = builder.handshake(stream).await?;
    let mut exchanges = tokio::task::JoinSet::new();
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        let shared = Arc::clone(&shared);
        exchanges.spawn(async move {
            // A stream that is reset by its peer is what some tests do.
            let _ = exchange(request, respond, number, &shared).await;
        });
    }
    Ok(())
}

async fn exchange(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    number: u64,
    shared: &Shared,
) -> anyhow::Result<()> {
    let (parts, mut body) = request.into_parts();
    let mut digest = Digesting::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        digest.add(&piece);
        body.flow_control().release_capacity(piece.len())?;
    }
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let seen = Seen {
        server: shared.name.clone(),
        connection: number,
        version: "HTTP/2",
        tls: shared.tls.is_some(),
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        authority: parts.uri.authority().map(ToString::to_string).unwrap_or_default(),
        headers: parts.headers.iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect(),
        body: digest.finish(),
    };
    shared.record(&seen);
    let wish = Wish::of(&seen.target);
    let mut body = BodyMaker::new(&wish, &seen);
    tokio::time::sleep(wish.delay).await;
    let mut head = Response::builder()
        .status(wish.status.unwrap_or(200))
        .header("content-type", "application/json")
        .header("x-upstream", &seen.server);
    if !wish.chunked {
        head = head.header("content-length", body.length);
    }
    let ends = parts.method == "HEAD";
    let mut sending = respond.send_response(head.body(())?, ends)?;
    while let Some(piece) = if ends { None } else { body.next() } {
        tokio::time::sleep(wish.gap).await;
        send(&mut sending, Bytes::from(piece)).await?;
    }
    if !ends {
        sending.send_data(Bytes::new(), true)?;
    }
    Ok(())
}

/// Sends within the peer's window.
async fn send(to: &mut SendStream<Bytes>, mut piece: Bytes) -> anyhow::Result<()> {
    while !piece.is_empty() {
        to.reserve_capacity(piece.len());
        let granted = poll_fn(|cx| to.poll_capacity(cx)).await.context("stream closed")??;
        to.send_data(piece.split_to(granted.min(piece.len())), false)?;
    }
    Ok(())
}
