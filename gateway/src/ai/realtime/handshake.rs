//! The provider's side of a session's beginning: a connection of its own, the handshake, and what a refusal says.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http::StatusCode;
use http::header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::protocols::http::v1::client::HttpSession as Upstream;
use pingora_core::protocols::http::{HttpTask, ServerSession};
use pingora_core::{Error, ErrorType};
use pingora_http::ResponseHeader;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::snapshot::{Snapshot, Target};
use weir_domain::time;

use super::asked::Asked;
use crate::ai::failure::Stop;
use crate::ai::line::LineError;
use crate::ai::link::Link;
use crate::ai::running::Running;
use crate::ai::watch::{Clock, Interrupt};
use crate::retry_after::retry_after;
use crate::state::State;

/// The longest refusal that is read, and for how long.
const MAX_REFUSAL: (usize, Duration) = (64 << 10, Duration::from_secs(5));

/// A provider that has agreed to a session.
pub(super) struct Opened {
    /// The connection.
    pub(super) stream: Stream,
    /// What it has said already.
    pub(super) early: Bytes,
    /// The head of its answer.
    pub(super) head: Box<ResponseHeader>,
}

/// Whether a target has sessions of this kind: it speaks as OpenAI does, at an address.
pub(super) fn is_fit(target: &Target) -> bool {
    let openai = matches!(target.format(Dialect::Openai), WireFormat::Openai | WireFormat::Responses);
    let has_place = target.provider.addressing.realtime("/realtime", None).is_some();
    openai && has_place && target.provider.address.is_some()
}

/// Asks a target for a session. What becomes of that is noted in the attempt's entry, its end aside.
pub(super) async fn open(
    (state, snapshot): (&State, &Snapshot),
    (target, key): (&Target, Option<usize>),
    asked: &Asked,
    running: &mut Running<'_>,
    caller: &mut ServerSession,
    clock: &mut Clock,
) -> Result<Opened, Stop> {
    let provider = &target.provider;
    let Some(link) = state.models.links.get(snapshot, provider) else {
        return Err(Stop::unusable(&provider.id, "it has no address"));
    };
    let failed = |error| Stop::line(&provider.id, error);
    let mut upstream = connect(state, &link, target, key, caller, clock).await.map_err(failed)?;
    let head = link.realtime(key, asked.named(&target.model)).ok_or(LineError::UnfitKey);
    let mut head = head.map_err(failed)?;
    asked.complete(&mut head).map_err(|_| failed(LineError::UnfitKey))?;
    *running.sent() = true;
    clock.arm(target.timeouts.first_byte_ms);
    let answer = async {
        upstream.write_request_header(Box::new(head)).await?;
        first_head(&mut upstream).await
    };
    let head = match clock.watch(caller, answer).await {
        Ok(Ok(head)) => head,
        Ok(Err(error)) => return Err(failed(LineError::Broken(error))),
        Err(interrupt) => return Err(failed(LineError::Interrupt(interrupt))),
    };
    running.head(head.status.as_u16());
    if head.status != StatusCode::SWITCHING_PROTOCOLS {
        if head.status == StatusCode::UNAUTHORIZED {
            link.refused(key);
        }
        if head.status.as_u16() < 400 {
            return Err(Stop::unusable(&provider.id, "it took the handshake of a WebSocket for a plain request"));
        }
        return Err(refused(&provider.id, &mut upstream, &head, caller, clock).await);
    }
    if let Some(problem) = unfit(&head) {
        return Err(Stop::unusable(&provider.id, problem));
    }
    // What came with the head is in the session's buffer; nothing else is waited for.
    upstream.read_timeout = None;
    let early = match upstream.read_body_bytes().now_or_never() {
        Some(Ok(Some(early))) => early,
        Some(Err(error)) => return Err(failed(LineError::Broken(error))),
        Some(Ok(None)) | None => Bytes::new(),
    };
    Ok(Opened { stream: upstream.into_inner(), early, head })
}

async fn connect(
    state: &State,
    link: &Link,
    target: &Target,
    key: Option<usize>,
    caller: &mut ServerSession,
    clock: &mut Clock,
) -> Result<Upstream, LineError> {
    clock.arm(target.timeouts.first_byte_ms);
    clock.watch(caller, link.ready(key)).await?.map_err(LineError::Token)?;
    clock.arm(target.timeouts.connect_ms);
    let socket = clock.watch(caller, state.egress.resolve(&link.address)).await?.map_err(LineError::Egress)?;
    let peer = link.upgraded(socket);
    let connected = clock.watch(caller, Box::pin(state.connector.get_http_session(&peer))).await?;
    match connected {
        Ok((HttpSession::H1(session), _)) => Ok(session),
        Ok(_) => Err(LineError::Connect(Error::explain(ErrorType::InternalError, "HTTP/1.1 was not spoken"))),
        Err(error) => {
            state.egress.failed(&link.address, socket);
            Err(LineError::Connect(error))
        }
    }
}

/// The head of the answer, informational ones aside.
async fn first_head(upstream: &mut Upstream) -> pingora_core::Result<Box<ResponseHeader>> {
    loop {
        match upstream.read_response_task().await? {
            HttpTask::Header(head, _)
                if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS => {}
            HttpTask::Header(head, _) => return Ok(head),
            _ => return Err(Error::explain(ErrorType::H1Error, "an answer without a head")),
        }
    }
}

/// What is wrong with a handshake that looks agreed to. Whether the accepted key is the right one, the caller checks.
fn unfit(head: &ResponseHeader) -> Option<&'static str> {
    let websocket = head.headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !websocket || !head.headers.contains_key(SEC_WEBSOCKET_ACCEPT) {
        return Some("it answered 101 without the handshake of a WebSocket");
    }
    let extended = head.headers.contains_key(SEC_WEBSOCKET_EXTENSIONS);
    extended.then_some("it wants an extension of WebSockets that was not offered")
}

/// What the provider's refusal says.
async fn refused(
    provider: &str,
    upstream: &mut Upstream,
    head: &ResponseHeader,
    caller: &mut ServerSession,
    clock: &mut Clock,
) -> Stop {
    let wait = retry_after(&head.headers, time::now());
    let mut body = BytesMut::new();
    let reading = async {
        while let Ok(Some(piece)) = upstream.read_body_bytes().await {
            body.extend_from_slice(&piece);
            if body.len() > MAX_REFUSAL.0 {
                break;
            }
        }
    };
    clock.arm(u64::try_from(MAX_REFUSAL.1.as_millis()).unwrap_or(u64::MAX));
    if let Err(Interrupt::Left(reason)) = clock.watch(caller, reading).await {
        return Stop::Left(reason);
    }
    let error = weir_llm::read_error(WireFormat::Openai, head.status.as_u16(), None, &body);
    Stop::provider(provider, error, wait)
}

/// The head of the answer that the caller gets: the handshake, and nothing else of the provider's.
pub(super) fn agreed(theirs: &ResponseHeader, asked: &Asked) -> pingora_core::Result<ResponseHeader> {
    let mut head = ResponseHeader::build_no_case(StatusCode::SWITCHING_PROTOCOLS, Some(10))?;
    head.insert_header(http::header::CONNECTION, "Upgrade")?;
    head.insert_header(UPGRADE, "websocket")?;
    if let Some(accept) = theirs.headers.get(SEC_WEBSOCKET_ACCEPT) {
        head.insert_header(SEC_WEBSOCKET_ACCEPT, accept.clone())?;
    }
    let chosen = theirs.headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|chosen| chosen.to_str().ok());
    let ours = asked.wants_subprotocol.then_some(super::asked::SUBPROTOCOL);
    if let Some(subprotocol) = chosen.filter(|chosen| asked.offers(chosen)).or(ours) {
        head.insert_header(SEC_WEBSOCKET_PROTOCOL, subprotocol)?;
    }
    Ok(head)
}
