//! A WebSocket's way to its upstream (RFC 6455): the handshake, then bytes both ways until either side ends.
//!
//! It is not left to Pingora's proxy loop: there, the end of the (empty) request body and the upstream's 101 race each
//! other, and when the 101 is seen first the tunnel is closed at once. Seen under load with Pingora 0.9.1.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{Method, StatusCode};
use pingora_core::protocols::http::HttpTask;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::protocols::http::v1::client::HttpSession as Upstream;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::{Forward, headers};
use crate::metering::Settlement;
use crate::server::trust::Origin;
use crate::state::State;

/// Whether a request asks for a WebSocket. Other upgrades are not passed on; their requests go the usual way.
pub(crate) fn is_asked_for(session: &Session) -> bool {
    let request = session.req_header();
    request.method == Method::GET
        && session.is_upgrade_req()
        && request.headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Serves one request for a WebSocket to its end.
///
/// # Errors
/// No connection, no answer in time, or an end of one side in the middle; the caller is told by who called this.
pub(crate) async fn serve(
    state: &State,
    session: &mut Session,
    forward: &mut Forward,
    settlement: &mut Settlement,
) -> Result<()> {
    let mut upstream = connect(state, forward, settlement).await?;
    let mut head = session.req_header().clone();
    headers::strip_hop_by_hop(&mut head);
    let origin = Origin::of(session.as_downstream(), &state.settings.trusted_proxies);
    forward.request_head(&mut head, origin, &settlement.id)?;
    head.insert_header(CONNECTION, "Upgrade")?;
    head.insert_header(UPGRADE, "websocket")?;
    upstream.write_request_header(Box::new(head)).await.map_err(|e| e.into_up())?;
    let (head, ended) = first_head(session, &mut upstream).await?;
    answer(session, &mut upstream, forward, settlement, head, ended).await
}

async fn connect(state: &State, forward: &mut Forward, settlement: &mut Settlement) -> Result<Upstream> {
    loop {
        let peer = forward.next_peer(state, true, settlement).await?;
        match state.connector.get_http_session(&*peer).await {
            Ok((HttpSession::H1(session), _)) => return Ok(session),
            Ok(_) => return Err(Error::explain(ErrorType::InternalError, "HTTP/1.1 was not spoken").into_in()),
            Err(error) => {
                if !forward.connect_failed(state, &Method::GET, &error, settlement) {
                    return Err(error.into_up());
                }
            }
        }
    }
}

/// The head of the answer, informational ones aside, and whether it is all there is.
async fn first_head(session: &mut Session, upstream: &mut Upstream) -> Result<(Box<ResponseHeader>, bool)> {
    loop {
        let task = tokio::select! {
            biased;
            task = upstream.read_response_task() => task.map_err(|e| e.into_up())?,
            left = session.as_downstream_mut().read_body_or_idle(true) => {
                let gone = || Error::explain(ErrorType::ConnectionClosed, "the caller left");
                return Err(left.err().unwrap_or_else(gone).into_down());
            }
        };
        match task {
            HttpTask::Header(head, _)
                if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS => {}
            HttpTask::Header(head, ended) => return Ok((head, ended)),
            _ => return Err(Error::explain(ErrorType::H1Error, "an answer without a head").into_up()),
        }
    }
}

async fn answer(
    session: &mut Session,
    upstream: &mut Upstream,
    forward: &mut Forward,
    settlement: &mut Settlement,
    mut head: Box<ResponseHeader>,
    ended: bool,
) -> Result<()> {
    let upgraded = head.status == StatusCode::SWITCHING_PROTOCOLS;
    if !upgraded {
        headers::strip_hop_by_hop(&mut *head);
        if !ended && !head.headers.contains_key(CONTENT_LENGTH) {
            head.insert_header(TRANSFER_ENCODING, "chunked")?;
        }
    }
    if ended {
        forward.response_head(&mut head, &Method::HEAD, settlement)?;
    } else {
        forward.response_head(&mut head, &Method::GET, settlement)?;
    }
    session.as_downstream_mut().write_response_header(head).await.map_err(|e| e.into_down())?;
    if upgraded {
        upstream.maybe_upgrade_body_writer();
        exchange(session, upstream, forward, settlement).await?;
    } else if !ended {
        refused(session, upstream, forward, settlement).await?;
    }
    forward.ended(settlement);
    session.as_downstream_mut().write_response_body(Bytes::new(), true).await.map_err(|e| e.into_down())
}

/// Bytes both ways until either side ends, or neither says anything for the upstream's read time.
async fn exchange(
    session: &mut Session,
    upstream: &mut Upstream,
    forward: &mut Forward,
    settlement: &mut Settlement,
) -> Result<()> {
    let silence = Duration::from_millis(forward.route.upstream.timeouts.read_ms);
    session.as_downstream_mut().set_read_timeout(None);
    upstream.read_timeout = None;
    loop {
        let downstream = session.as_downstream_mut();
        tokio::select! {
            answer = upstream.read_body_bytes() => {
                let Some(bytes) = answer.map_err(|e| e.into_up())? else { return Ok(()) };
                settlement.response_bytes += bytes.len() as u64;
                downstream.write_response_body(bytes, false).await.map_err(|e| e.into_down())?;
            }
            request = downstream.read_request_body() => {
                let Some(bytes) = request.map_err(|e| e.into_down())? else { return Ok(()) };
                forward.request_piece(settlement, &bytes)?;
                upstream.write_body(&bytes).await.map_err(|e| e.into_up())?;
            }
            () = tokio::time::sleep(silence) => {
                return Err(Error::explain(ErrorType::ReadTimedout, "nothing was said").into_up());
            }
        }
        forward.check_time()?;
    }
}

/// The upstream did not become a WebSocket: its answer is passed on as any other.
async fn refused(
    session: &mut Session,
    upstream: &mut Upstream,
    forward: &mut Forward,
    settlement: &mut Settlement,
) -> Result<()> {
    while let Some(bytes) = upstream.read_body_bytes().await.map_err(|e| e.into_up())? {
        forward.response_piece(settlement, &bytes, false)?;
        session.as_downstream_mut().write_response_body(bytes, false).await.map_err(|e| e.into_down())?;
    }
    Ok(())
}
