//! OpenAI's realtime sessions: the handshake, as strict as a server may be, then events both ways.
//! Sources: RFC 6455, <https://platform.openai.com/docs/guides/realtime-websocket>.
//!
//! What a response does is told by `response.metadata.fake` of the `response.create` that asks for it: see [`Act`].

mod session;

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};

use self::session::{Act, Session};
use super::{Shared, check, error, refusal_for};
use crate::http1::{Connection, Head, response_head};
use crate::provider::{Received, Refusal, lock};
use crate::script::Fault;

/// How long a session may be silent; a test that forgets one must not keep the process.
const SILENCE: Duration = Duration::from_secs(60);

/// Whether a request asks for a session.
pub(in crate::provider) fn is_asked_for(head: &Head) -> bool {
    head.target.split('?').next() == Some("/v1/realtime") && head.header("upgrade").is_some()
}

/// Serves a session to its end.
pub(in crate::provider) async fn serve(
    mut connection: Connection<TcpStream>,
    number: u64,
    head: Head,
    shared: &Shared,
) -> anyhow::Result<()> {
    let model = parameter(&head.target, "model").unwrap_or_default();
    let script = shared.script_for(&model);
    match script.fault {
        Some(Fault::ResetBeforeHead) => return reset(connection.into_parts().0),
        Some(Fault::BlackHole) => {
            tokio::time::sleep(SILENCE).await;
            return Ok(());
        }
        _ => {}
    }
    let checked = match script.status {
        Some(status) => Err(refusal_for(status)),
        None => handshake(&head, &shared.key),
    };
    let (status, key) = match &checked {
        Ok(key) => (101, key.as_str()),
        Err(refusal) => (refusal.status, ""),
    };
    let offered = list(&head, "sec-websocket-protocol");
    let record = Received { connection: number, head, body: Bytes::new(), status, length: 0 };
    lock(&shared.received).push(record);
    if let Err(refusal) = checked {
        let body = error(&refusal).to_string();
        let headers = [("content-type", "application/json".to_owned()), ("content-length", body.len().to_string())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        connection.write(&response_head(refusal.status, &headers)).await?;
        connection.write(body.as_bytes()).await?;
        return Ok(());
    }
    let mut headers = vec![
        ("upgrade".to_owned(), "websocket".to_owned()),
        ("connection".to_owned(), "Upgrade".to_owned()),
        ("sec-websocket-accept".to_owned(), derive_accept_key(key.as_bytes())),
        ("set-cookie".to_owned(), "session=of-the-vendor".to_owned()),
    ];
    if offered.iter().any(|one| one == "realtime") {
        headers.push(("sec-websocket-protocol".to_owned(), "realtime".to_owned()));
    }
    let session = Session::new(&model);
    // The first event leaves with the head: a reader must not lose what comes with it.
    let created = Frame::message(session.created(), OpCode::Data(Data::Text), true);
    let mut first = response_head(101, &headers);
    created.format(&mut first)?;
    connection.write(&first).await?;
    let (stream, read) = connection.into_parts();
    let socket = WebSocketStream::from_partially_read(stream, read.to_vec(), Role::Server, None).await;
    converse(socket, session, script.wire.no_usage).await
}

/// What is wrong with a handshake, or its key.
fn handshake(head: &Head, key: &str) -> Result<String, Refusal> {
    check::credential(head, key)?;
    let is = |name: &str, value: &str| list(head, name).iter().any(|one| one.eq_ignore_ascii_case(value));
    let forbidden = ["cookie", "sec-websocket-extensions", "x-weir-provider", "content-length"];
    if let Some(name) = forbidden.into_iter().find(|name| head.header(name).is_some()) {
        return Err(Refusal::invalid(format!("{name} has no business here")));
    }
    if list(head, "sec-websocket-protocol").iter().any(|one| one.starts_with("openai-insecure-api-key.")) {
        return Err(Refusal::invalid("two keys in one handshake"));
    }
    let transcribes = parameter(&head.target, "intent").as_deref() == Some("transcription");
    if transcribes == parameter(&head.target, "model").is_some() {
        return Err(Refusal::invalid("name a model, or intent=transcription"));
    }
    let nonce = head.header("sec-websocket-key").unwrap_or_default();
    let whole = head.method == "GET"
        && head.minor_version == 1
        && is("connection", "upgrade")
        && is("upgrade", "websocket")
        && is("sec-websocket-version", "13")
        && BASE64_STANDARD.decode(nonce).is_ok_and(|nonce| nonce.len() == 16);
    if whole { Ok(nonce.to_owned()) } else { Err(Refusal::invalid("this is no handshake of a WebSocket")) }
}

async fn converse(mut socket: WebSocketStream<TcpStream>, mut session: Session, no_usage: bool) -> anyhow::Result<()> {
    while let Ok(Some(message)) = timeout(SILENCE, socket.next()).await {
        let event: Value = match message? {
            Message::Text(text) => serde_json::from_str(&text).unwrap_or(Value::Null),
            Message::Close(_) => break,
            _ => continue,
        };
        for act in session.hear(&event, no_usage) {
            match act {
                Act::Say(event) => socket.send(Message::text(event.to_string())).await?,
                Act::SayInParts(event, parts) => say_in_parts(&mut socket, &event, parts).await?,
                Act::Bytes(bytes) => {
                    use tokio::io::AsyncWriteExt;
                    socket.get_mut().write_all(&bytes).await?;
                }
                Act::Wait(time) => tokio::time::sleep(time).await,
                Act::Reset => return reset(socket.into_inner()),
                Act::HangUp => return Ok(()),
                Act::Close(code, reason) => {
                    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
                    socket.send(Message::Close(Some(frame))).await?;
                }
            }
        }
    }
    // The other side's close is answered by the reader; what is left is to let it go out.
    _ = timeout(Duration::from_secs(2), socket.close(None)).await;
    Ok(())
}

/// A message in fragments, with a ping between any two.
async fn say_in_parts(socket: &mut WebSocketStream<TcpStream>, event: &Value, parts: usize) -> anyhow::Result<()> {
    let text = Bytes::from(event.to_string());
    let size = text.len().div_ceil(parts.max(1));
    let pieces: Vec<Bytes> =
        (0..text.len()).step_by(size).map(|at| text.slice(at..text.len().min(at + size))).collect();
    let last = pieces.len() - 1;
    for (at, piece) in pieces.into_iter().enumerate() {
        let kind = if at == 0 { Data::Text } else { Data::Continue };
        socket.send(Message::Frame(Frame::message(piece, OpCode::Data(kind), at == last))).await?;
        socket.send(Message::Ping(Bytes::from_static(b"between"))).await?;
    }
    Ok(())
}

/// Unsent data discarded and RST in place of FIN, as when a vendor's server dies.
fn reset(stream: TcpStream) -> anyhow::Result<()> {
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

/// The members of a header that is a list.
fn list(head: &Head, name: &str) -> Vec<String> {
    let values = head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    values.flat_map(|(_, value)| value.split(',')).map(|one| one.trim().to_owned()).collect()
}

fn parameter(target: &str, name: &str) -> Option<String> {
    let query = target.split_once('?')?.1;
    let found = url::form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned())
}
