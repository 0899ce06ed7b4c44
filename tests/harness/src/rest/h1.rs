//! The upstream over HTTP/1.1, WebSocket included (RFC 6455).

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::reply::{BodyMaker, Digesting, Wish};
use super::{Seen, Shared, Wire};
use crate::http1::{Connection, Head, response_head};

pub(super) async fn serve<S: Wire>(stream: S, number: u64, shared: &Shared) -> anyhow::Result<()> {
    let mut connection = Connection::new(stream, BytesMut::new());
    while let Some(head) = connection.read_head().await? {
        let mut digest = Digesting::new();
        while let Some(piece) = connection.read_body().await? {
            digest.add(&piece);
        }
        let seen = seen(shared, number, &head, digest);
        shared.record(&seen);
        if let Some(key) = head.header("sec-websocket-key") {
            return echo_messages(connection, key.to_owned()).await;
        }
        let again = answer(&mut connection, &head, &seen).await?;
        if !again {
            return Ok(());
        }
    }
    Ok(())
}

fn seen(shared: &Shared, connection: u64, head: &Head, body: Digesting) -> Seen {
    Seen {
        server: shared.name.clone(),
        connection,
        version: if head.minor_version == 0 { "HTTP/1.0" } else { "HTTP/1.1" },
        tls: shared.tls.is_some(),
        method: head.method.clone(),
        target: head.target.clone(),
        authority: head.header("host").unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone())).collect(),
        body: body.finish(),
    }
}

/// Answers; whether the connection takes another request.
async fn answer<S: Wire>(to: &mut Connection<S>, head: &Head, seen: &Seen) -> anyhow::Result<bool> {
    let wish = Wish::of(&head.target);
    let mut body = BodyMaker::new(&wish, seen);
    tokio::time::sleep(wish.delay).await;
    let framing = if wish.chunked {
        ("transfer-encoding".to_owned(), "chunked".to_owned())
    } else {
        ("content-length".to_owned(), body.length.to_string())
    };
    let headers = [
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-upstream".to_owned(), seen.server.clone()),
        framing,
    ];
    to.write(&response_head(wish.status.unwrap_or(200), &headers)).await?;
    if head.method == "HEAD" {
        return Ok(!head.closes());
    }
    let (mut sent, mut first) = (0_u64, true);
    while let Some(mut piece) = body.next() {
        if !first {
            tokio::time::sleep(wish.gap).await;
        }
        first = false;
        let left = wish.cut.map_or(u64::MAX, |cut| cut - sent);
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        sent += piece.len() as u64;
        if wish.chunked {
            to.write_chunk(&piece).await?;
        } else {
            to.write(&piece).await?;
        }
        if wish.cut == Some(sent) {
            return Ok(false);
        }
    }
    if wish.chunked {
        to.write(b"0\r\n\r\n").await?;
    }
    Ok(!head.closes())
}

async fn echo_messages<S: Wire>(mut connection: Connection<S>, key: String) -> anyhow::Result<()> {
    let headers = [
        ("upgrade".to_owned(), "websocket".to_owned()),
        ("connection".to_owned(), "Upgrade".to_owned()),
        ("sec-websocket-accept".to_owned(), derive_accept_key(key.as_bytes())),
    ];
    connection.write(&response_head(101, &headers)).await?;
    let (stream, read) = connection.into_parts();
    let mut socket = WebSocketStream::from_partially_read(stream, Bytes::from(read).to_vec(), Role::Server, None).await;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
