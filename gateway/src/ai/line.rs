//! The way to a provider and back: one request on one connection, or the demo provider in its place.

use bytes::{Bytes, BytesMut};
use http::header::HeaderValue;
use http::{HeaderMap, header};
use pingora_core::connectors::http::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, RetryType};
use pingora_http::RequestHeader;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use weir_domain::addressing::Called;
use weir_domain::spec::ModelTimeouts;

use super::beta::Betas;
use super::body::Share;
use super::link::{Link, Peers};
use super::packed::{hold, packed};
use super::token::TokenError;
use super::watch::{Clock, Interrupt, Waiting};
use crate::egress::{Egress, EgressError};

/// How long an unused connection to a provider is kept.
const IDLE: Duration = Duration::from_secs(90);
/// Answers up to this size do not count against the budget.
const FREE: usize = 64 * 1024;
/// How much of an answer that nobody wants is read so that its connection can be used again, and for how long.
const DRAIN: (usize, Duration) = (64 * 1024, Duration::from_millis(200));

/// Why a provider's answer did not begin, or broke off.
#[derive(Debug)]
pub(super) enum LineError {
    /// The name leads nowhere, or where it must not.
    Egress(EgressError),
    /// No connection could be made.
    Connect(Box<Error>),
    /// The connection died before the provider had the whole request, or it said that it did nothing with it.
    Unsent(Box<Error>),
    /// The connection died when the provider had the whole request: it may work on it, and bill.
    Broken(Box<Error>),
    /// The provider's key cannot stand in a header.
    UnfitKey,
    /// There is no token for the provider's key.
    Token(TokenError),
    /// The budget for bodies is used up.
    NoMemory,
    /// Time ran out, or the caller left.
    Interrupt(Interrupt),
}

impl From<Interrupt> for LineError {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupt(interrupt)
    }
}

/// What is sent.
pub(super) struct Outgoing<'a> {
    pub(super) key: Option<usize>,
    /// What is called.
    pub(super) called: Called<'a>,
    /// What the caller says beside the body; for a provider of its own dialect only.
    pub(super) betas: Option<&'a Betas>,
    /// What the body is, where it is no JSON.
    pub(super) content_type: Option<&'a HeaderValue>,
    pub(super) body: &'a Bytes,
}

/// How much of an answer is held in memory.
pub(super) struct Limit<'a> {
    /// The most bytes.
    pub(super) most: usize,
    /// How long one piece may take.
    pub(super) step_ms: u64,
    /// What answers take of the memory that all bodies share.
    pub(super) share: &'a mut Share,
    pub(super) budget: &'a Arc<Semaphore>,
}

impl Limit<'_> {
    /// Whether so many bytes may be held. Small answers do not count: they live as long as one turn of the loop.
    fn takes(&mut self, bytes: usize) -> Result<bool, LineError> {
        if bytes > self.most {
            return Ok(false);
        }
        if bytes <= FREE || self.share.grow(self.budget, bytes) { Ok(true) } else { Err(LineError::NoMemory) }
    }
}

/// A request that was sent, and the way on which its answer comes.
pub(super) enum Line {
    /// A connection.
    Wire {
        /// The request on it. Boxed: it is large, and moves between tasks' frames.
        session: Box<HttpSession>,
        /// Where it came from.
        peers: Arc<Peers>,
        /// Whether it was made outside the pool.
        fresh: bool,
    },
    /// The demo provider.
    Demo {
        /// What it still has to say.
        chunks: std::vec::IntoIter<Bytes>,
        /// Its status and content type.
        status: u16,
        content_type: &'static str,
    },
}

impl Line {
    /// Asks the demo provider.
    pub(super) fn demo(path: &str, body: &[u8]) -> Self {
        let answer = weir_llm::demo::respond_at(path, body);
        Self::Demo { chunks: answer.chunks.into_iter(), status: answer.status, content_type: answer.content_type }
    }

    /// Connects, sends, and waits for the answer's head. A connection of the pool that turns out dead before the whole
    /// request was on it is replaced once by a new one, in silence: the provider had closed it while it was idle. A
    /// request that it may have read whole is not sent again here (RFC 9110 section 9.2.2): that is another attempt,
    /// which the plan decides on and the ledger shows. `sent` becomes true when bytes begin to go out.
    pub(super) async fn open(
        (connector, egress): (&Connector, &Egress),
        link: &Link,
        timeouts: &ModelTimeouts,
        outgoing: &Outgoing<'_>,
        sent: &mut bool,
        caller: &mut impl Waiting,
        clock: &mut Clock,
    ) -> Result<Self, LineError> {
        clock.arm(timeouts.first_byte_ms);
        clock.watch(caller, link.ready(outgoing.key)).await?.map_err(LineError::Token)?;
        clock.arm(timeouts.connect_ms);
        let found = clock.watch(caller, egress.resolve(&link.address)).await.map_err(too_long)?;
        let socket = found.map_err(LineError::Egress)?;
        let peers = link.peers(socket);
        let mut fresh = false;
        loop {
            let peer = if fresh { &peers.fresh } else { &peers.pooled };
            clock.arm(timeouts.connect_ms);
            // Connecting takes a large future; on the heap it is gone before a long stream begins.
            let connected = clock.watch(caller, Box::pin(connector.get_http_session(peer))).await.map_err(too_long)?;
            let (mut session, reused) = connected.map_err(|error| {
                egress.failed(&link.address, socket);
                LineError::Connect(error)
            })?;
            if !reused {
                session = packed(session);
            }
            let head = link.head(outgoing, session.as_http2().is_some()).ok_or(LineError::UnfitKey)?;
            *sent = true;
            match exchange(&mut session, head, timeouts, outgoing.body, caller, clock).await {
                Ok(()) => return Ok(Self::Wire { session: Box::new(session), peers, fresh }),
                Err(LineError::Unsent(_)) if reused && !fresh => fresh = true,
                Err(error) => {
                    session.shutdown().await;
                    return Err(error);
                }
            }
        }
    }

    /// The answer's status.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Wire { session, .. } => session.response_header().map_or(0, |head| head.status.as_u16()),
            Self::Demo { status, .. } => *status,
        }
    }

    /// The answer's headers; `None` for the demo provider.
    pub(super) fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Self::Wire { session, .. } => session.response_header().map(|head| &head.headers),
            Self::Demo { .. } => None,
        }
    }

    /// What the answer says it is.
    pub(super) fn content_type(&self) -> Option<HeaderValue> {
        match self {
            Self::Wire { .. } => self.headers()?.get(header::CONTENT_TYPE).cloned(),
            Self::Demo { content_type, .. } => Some(HeaderValue::from_static(content_type)),
        }
    }

    /// How AWS names an error.
    pub(super) fn error_type(&self) -> Option<String> {
        let value = self.headers()?.get(weir_llm::ERROR_TYPE_HEADER)?.to_str().ok()?;
        Some(value.chars().take(128).collect())
    }

    /// Whether the answer says that it is a stream of this type.
    pub(super) fn is_stream(&self, stream_type: &str) -> bool {
        let value = match self {
            Self::Demo { content_type, .. } => content_type.as_bytes(),
            Self::Wire { .. } => {
                self.headers().and_then(|h| h.get(header::CONTENT_TYPE)).map_or(&b""[..], HeaderValue::as_bytes)
            }
        };
        let kind = value.split(|&b| b == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(stream_type.as_bytes())
    }

    /// What the answer says it is, when that is not JSON.
    pub(super) fn foreign_type(&self) -> Option<String> {
        let value = self.headers()?.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        (!kind.is_empty() && !kind.ends_with("json")).then(|| kind.chars().take(64).collect())
    }

    /// The encoding of the answer's body, when it is one that was not asked for.
    pub(super) fn foreign_encoding(&self) -> Option<String> {
        let value = self.headers()?.get(header::CONTENT_ENCODING)?;
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (!text.is_empty() && !text.eq_ignore_ascii_case("identity")).then_some(text)
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Box<Error>> {
        match self {
            Self::Wire { session, .. } => session.read_response_body().await,
            Self::Demo { chunks, .. } => Ok(chunks.next()),
        }
    }

    /// The whole body, or its first bytes within the limit; the flag says whether it is whole.
    pub(super) async fn collect(
        &mut self,
        limit: &mut Limit<'_>,
        caller: &mut impl Waiting,
        clock: &mut Clock,
    ) -> Result<(Bytes, bool), LineError> {
        let mut first = Bytes::new();
        let mut collected = BytesMut::new();
        loop {
            clock.arm(limit.step_ms);
            let piece = clock.watch(caller, self.next()).await?.map_err(LineError::Broken)?;
            clock.took(piece.as_ref().map_or(0, Bytes::len))?;
            let have = first.len().max(collected.len());
            let whole = piece.is_none();
            let piece = piece.unwrap_or_default();
            if whole || !limit.takes(have + piece.len())? {
                return Ok((if collected.is_empty() { first } else { collected.freeze() }, whole));
            }
            if have == 0 {
                first = piece;
                continue;
            }
            if collected.is_empty() {
                collected.extend_from_slice(&first);
            }
            collected.extend_from_slice(&piece);
        }
    }

    /// The answer has been read to its end: the connection goes back to the pool.
    pub(super) async fn release(self, connector: &Connector) {
        if let Self::Wire { session, peers, fresh } = self {
            // A new connection joins the pool, unless it is one of HTTP/2, which knows under which name it was made.
            let http2 = session.as_http2().is_some();
            let peer: &HttpPeer = if fresh && http2 { &peers.fresh } else { &peers.pooled };
            connector.release_http_session(*session, peer, Some(IDLE)).await;
        }
    }

    /// Nobody wants the rest: reads it when it is short, so that the connection can be used again, else closes.
    pub(super) async fn finish(mut self, connector: &Connector) {
        let rest = async {
            let mut read = 0;
            while let Ok(piece) = self.next().await {
                let Some(piece) = piece else { return true };
                read += piece.len();
                if read > DRAIN.0 {
                    return false;
                }
            }
            false
        };
        if tokio::time::timeout(DRAIN.1, rest).await == Ok(true) {
            self.release(connector).await;
        } else {
            self.cut().await;
        }
    }

    /// Stops the provider: closes the connection, or resets its stream.
    pub(super) async fn cut(self) {
        if let Self::Wire { mut session, .. } = self {
            session.shutdown().await;
        }
    }
}

/// Time that runs out before there is a connection is one of the reasons why there is none, whoever's clock it was on.
fn too_long(interrupt: Interrupt) -> LineError {
    match interrupt {
        Interrupt::Timeout => {
            LineError::Connect(Error::explain(ErrorType::ConnectTimedout, "no connection within the time limit"))
        }
        left @ Interrupt::Left(_) => LineError::Interrupt(left),
    }
}

/// Whether the provider says that it did nothing with a request that it has: `GOAWAY` below its stream, or
/// `REFUSED_STREAM` (RFC 9113 section 8.7).
fn is_undone(error: &Error) -> bool {
    matches!(error.etype(), ErrorType::H2Error) && matches!(error.retry, RetryType::Decided(true))
}

/// Sends head and body and waits for the answer's final head.
async fn exchange(
    session: &mut HttpSession,
    head: RequestHeader,
    timeouts: &ModelTimeouts,
    body: &Bytes,
    caller: &mut impl Waiting,
    clock: &mut Clock,
) -> Result<(), LineError> {
    clock.arm(timeouts.first_byte_ms);
    let sent = clock
        .watch(caller, async {
            // What has no body has nothing to wait for.
            hold(session, !body.is_empty());
            session.write_request_header(Box::new(head)).await?;
            hold(session, false);
            session.write_request_body(body.clone(), true).await?;
            session.finish_request_body().await
        })
        .await?;
    if sent.is_ok() {
        clock.has_request();
    }
    // A provider may answer and close before it has read all (413, 401): then the answer is there in spite of the error.
    clock.arm(timeouts.first_byte_ms);
    loop {
        let read = clock.watch(caller, session.read_response_header()).await?;
        if let Err(error) = read {
            return Err(match sent {
                Err(cause) => LineError::Unsent(cause),
                Ok(()) if is_undone(&error) => LineError::Unsent(error),
                Ok(()) => LineError::Broken(error),
            });
        }
        match session.response_header().map_or(0, |head| head.status.as_u16()) {
            101 => return Err(LineError::Broken(Error::explain(ErrorType::InvalidHTTPHeader, "unasked upgrade"))),
            100..=199 => {}
            _ => return Ok(()),
        }
    }
}
