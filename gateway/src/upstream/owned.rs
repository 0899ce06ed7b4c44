//! One request to a REST upstream that the data plane drives itself: for routes whose policies must hold, repeat or read
//! what Pingora's loop only passes through.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use http::{Method, Uri, Version};
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, OrErr, Result};
use pingora_http::{RequestHeader, ResponseHeader};

use super::forward::is_bodiless;
use super::headers::strip_hop_by_hop;
use super::repeat::{self, Broken};
use super::upload::{Cursor, Talk, Upload};
use crate::server::trust::Origin;
use crate::state::State;

/// How long the answer of an upstream is waited for that has stopped to read.
const EARLY_ANSWER: Duration = Duration::from_secs(1);
/// What is left of an answer that nobody wants is read so far, so that its connection can be used again.
const DRAIN: (usize, Duration) = (64 << 10, Duration::from_millis(200));

/// An answer whose head is here.
pub(crate) struct Answer {
    session: Box<HttpSession>,
    peer: Box<HttpPeer>,
    /// The head, without what belongs to the connection.
    pub(crate) head: Box<ResponseHeader>,
    /// Whether no body follows.
    pub(crate) bodiless: bool,
}

/// No answer.
pub(crate) struct Unanswered {
    pub(crate) error: Box<Error>,
    /// Whether the upstream may have seen the request: bytes of it went out.
    pub(crate) reached: bool,
}

/// Sends a request, and waits for the head of the answer. Connections that cannot be made, or were dead in the pool, are
/// replaced as on the streaming path.
///
/// # Errors
/// What went wrong in the last attempt.
pub(crate) async fn ask(
    state: &State,
    talk: &mut Talk<'_>,
    request: &RequestHeader,
    upload: &mut Upload,
    origin: Origin,
) -> Result<Answer, Unanswered> {
    let mut reached = false;
    loop {
        let unreached = |error| Unanswered { error, reached };
        let peer = talk.forward.next_peer(state, false, talk.settlement).await.map_err(unreached)?;
        // Connecting takes a large future; on the heap it is gone before a long answer begins.
        let (mut session, reused) = match Box::pin(state.connector.get_http_session(&*peer)).await {
            Ok(connected) => connected,
            Err(error) => {
                if talk.forward.connect_failed(state, &request.method, &error, talk.settlement) {
                    continue;
                }
                return Err(unreached(error.into_up()));
            }
        };
        session.set_read_timeout(peer.options.read_timeout);
        session.set_write_timeout(peer.options.write_timeout);
        let error = match exchange(&mut session, talk, request, upload, (origin, &peer)).await {
            Ok(()) => return Ok(answer(session, peer, &request.method)),
            Err(error) => error,
        };
        session.shutdown().await;
        let body_kept = upload.is_repeatable();
        let broken = Broken { method: &request.method, headers: &request.headers, reused, body_kept };
        let unsent = repeat::is_unsent(&error);
        reached |= !unsent;
        if !repeat::is_allowed(&error, broken) || (talk.once && !unsent) {
            return Err(Unanswered { error, reached });
        }
    }
}

fn answer(session: HttpSession, peer: Box<HttpPeer>, method: &Method) -> Answer {
    let mut head = match session.response_header() {
        Some(head) => head.clone(),
        None => unreachable!("the head was read"),
    };
    strip_hop_by_hop(&mut head);
    let bodiless = is_bodiless(&head, method);
    Answer { session: Box::new(session), peer, head: Box::new(head), bodiless }
}

async fn exchange(
    session: &mut HttpSession,
    talk: &mut Talk<'_>,
    request: &RequestHeader,
    upload: &mut Upload,
    (origin, peer): (Origin, &HttpPeer),
) -> Result<()> {
    let http2 = session.as_http2().is_some();
    let head = head(talk, request, upload, origin, http2.then(|| peer.is_tls()))?;
    session.write_request_header(Box::new(head)).await.map_err(Error::into_up)?;
    let mut cursor = Cursor::default();
    let written = loop {
        let Some(piece) = upload.next(&mut cursor, talk).await? else {
            break session.finish_request_body().await;
        };
        if let Err(error) = session.write_request_body(piece, false).await {
            break Err(error);
        }
    };
    let Err(error) = written else { return read_head(session).await };
    // An upstream may answer and close before it has read all (413): then the answer is there in spite of the error.
    session.set_read_timeout(Some(EARLY_ANSWER));
    let early = read_head(session).await;
    session.set_read_timeout(peer.options.read_timeout);
    early.map_err(|_| error.into_up())
}

/// Waits for the final head.
async fn read_head(session: &mut HttpSession) -> Result<()> {
    loop {
        session.read_response_header().await.map_err(Error::into_up)?;
        match session.response_header().map_or(0, |head| head.status.as_u16()) {
            101 => return Err(Error::explain(ErrorType::InvalidHTTPHeader, "unasked upgrade").into_up()),
            100..=199 => {}
            _ => return Ok(()),
        }
    }
}

/// The head as it goes to one target. `http2` says whether HTTP/2 is spoken, and if so, whether over TLS.
fn head(
    talk: &mut Talk<'_>,
    request: &RequestHeader,
    upload: &Upload,
    origin: Origin,
    http2: Option<bool>,
) -> Result<RequestHeader> {
    let mut head = request.clone();
    let announced = head.headers.contains_key(CONTENT_LENGTH);
    strip_hop_by_hop(&mut head);
    talk.forward.request_head(&mut head, origin, &talk.settlement.id)?;
    match upload.bytes() {
        Some(body) if !body.is_empty() => head.insert_header(CONTENT_LENGTH, body.len())?,
        Some(_) if !announced || head.method == Method::GET || head.method == Method::HEAD => {
            head.remove_header(&CONTENT_LENGTH);
        }
        Some(_) => head.insert_header(CONTENT_LENGTH, 0)?,
        None if !announced && http2.is_none() => head.insert_header(TRANSFER_ENCODING, "chunked")?,
        None => {}
    }
    match http2 {
        Some(tls) => to_http2(&mut head, tls)?,
        None => head.set_version(Version::HTTP_11),
    }
    Ok(head)
}

/// HTTP/2 has the whole address in the request line (RFC 9113 section 8.3.1).
fn to_http2(head: &mut RequestHeader, tls: bool) -> Result<()> {
    let host = head.remove_header(&HOST);
    let authority = host.as_ref().map_or(&b""[..], |host| host.as_bytes());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let uri = Uri::builder().scheme(if tls { "https" } else { "http" }).authority(authority).path_and_query(path);
    head.set_uri(uri.build().or_err(ErrorType::InvalidHTTPHeader, "the address cannot stand in a request")?);
    head.set_version(Version::HTTP_2);
    Ok(())
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// The upstream broke off or is silent.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>> {
        if self.bodiless {
            return Ok(None);
        }
        loop {
            match self.session.read_response_body().await.map_err(Error::into_up)? {
                Some(piece) if piece.is_empty() => {}
                piece => return Ok(piece),
            }
        }
    }

    /// What follows the body, where it is HTTP/2.
    ///
    /// # Errors
    /// The upstream broke off.
    pub(crate) async fn trailers(&mut self) -> Result<Option<HeaderMap>> {
        match &mut *self.session {
            HttpSession::H2(session) if !self.bodiless => session.read_trailers().await.map_err(Error::into_up),
            _ => Ok(None),
        }
    }

    /// The answer has been read to its end: the connection goes back to the pool.
    pub(crate) async fn release(self, state: &State) {
        let idle = self.peer.options.idle_timeout;
        state.connector.release_http_session(*self.session, &*self.peer, idle).await;
    }

    /// Nobody wants the rest: reads it when it is short, so that the connection can be used again, else closes.
    pub(crate) async fn finish(mut self, state: &State) {
        let rest = async {
            let mut read = 0;
            while let Ok(piece) = self.piece().await {
                let Some(piece) = piece else { return true };
                read += piece.len();
                if read > DRAIN.0 {
                    return false;
                }
            }
            false
        };
        if tokio::time::timeout(DRAIN.1, rest).await == Ok(true) {
            self.release(state).await;
        } else {
            self.cut().await;
        }
    }

    /// Stops the upstream: closes the connection, or resets its stream.
    pub(crate) async fn cut(mut self) {
        self.session.shutdown().await;
    }
}
