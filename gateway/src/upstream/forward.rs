//! One REST request on its way to its upstream and back: what each phase of Pingora's proxy loop asks and reports.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use rand::Rng;
use weir_domain::ledger::Outcome;
use weir_domain::snapshot::Route;

use super::failure::{self, BODY_TOO_LARGE, BODY_TOO_SLOW, Failure, NO_TARGET, TOTAL_TIMEOUT};
use super::peer::{Wish, peer};
use super::{attempt, choice, headers, repeat};
use crate::ai::native::Native;
use crate::metering::Settlement;
use crate::problem::Refusal;
use crate::server::trust::Origin;
use crate::state::State;

/// How slowly a request body may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// What it may take anyhow.
    pub(crate) grace: Duration,
    /// And beyond that, bytes a second.
    pub(crate) rate: u64,
}

impl Pace {
    fn allows(self, bytes: u64) -> Duration {
        self.grace + Duration::from_millis(bytes.saturating_mul(1_000) / self.rate.max(1))
    }
}

/// The state of one request's forwarding.
pub(crate) struct Forward {
    pub(crate) route: Arc<Route>,
    /// Path and query for the upstream, where they are not the caller's.
    target: Option<String>,
    /// The values of the template's parameters, where a policy may ask for them.
    parameters: Box<[String]>,
    /// Targets that no connection could be made to.
    tried: Vec<usize>,
    chosen: usize,
    socket: Option<SocketAddr>,
    /// When the attempt under way began.
    attempt: Option<Instant>,
    /// When the exchange must be over.
    deadline: Option<Instant>,
    /// What is added for a provider's own API.
    native: Option<Box<Native>>,
}

impl Forward {
    pub(crate) fn new(route: &Arc<Route>, target: Option<String>) -> Self {
        Self {
            route: Arc::clone(route),
            target,
            parameters: Box::default(),
            tried: Vec::new(),
            chosen: 0,
            socket: None,
            attempt: None,
            deadline: None,
            native: None,
        }
    }

    /// With the values of the template's parameters, where the route has a policy that may ask for them.
    pub(crate) fn with_parameters(mut self, parameters: &[&str]) -> Self {
        if self.route.conflict.is_some() {
            self.parameters = parameters.iter().map(|value| (*value).to_owned()).collect();
        }
        self
    }

    /// The values of the template's parameters.
    pub(crate) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// For a call of a provider's own API.
    pub(crate) fn native(route: &Arc<Route>, target: String, native: Native) -> Self {
        Self { native: Some(Box::new(native)), ..Self::new(route, Some(target)) }
    }

    /// Refuses a request whose announced body is beyond the route's limit, before anything is sent on.
    pub(crate) fn check_length(&self, request: &RequestHeader) -> std::result::Result<(), Refusal> {
        let Some(limit) = self.route.max_body_bytes else { return Ok(()) };
        let announced =
            request.headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit) {
            let detail = format!("the request body is larger than the {limit} bytes that this route takes");
            return Err(Refusal::new(413, "body_too_large", detail));
        }
        Ok(())
    }

    /// Where to connect to for the next attempt.
    pub(crate) async fn next_peer(
        &mut self,
        state: &State,
        upgrade: bool,
        settlement: &mut Settlement,
    ) -> Result<Box<HttpPeer>> {
        let upstream = Arc::clone(&self.route.upstream);
        self.close_attempt(settlement, Outcome::ConnectFailed, "the pooled connection was dead".to_owned());
        // A repeat sends the body from its begin, and it is counted again.
        settlement.request_bytes = 0;
        // A provider's session over a WebSocket lasts as long as both sides speak.
        let endless = upgrade && self.native.is_some();
        if let Some(total) = upstream.timeouts.total_ms.filter(|_| !endless) {
            self.deadline.get_or_insert_with(|| settlement.started() + Duration::from_millis(total));
        }
        loop {
            let draw = |below: u64| rand::rng().random_range(0..below);
            let Some(chosen) = choice::choose(&upstream.targets, &self.tried, draw) else {
                return Err(Error::explain(NO_TARGET, "every target was tried").into_up());
            };
            self.chosen = chosen;
            let target = &upstream.targets[chosen];
            let started = attempt::begin(settlement, &upstream.id, &target.address.authority);
            self.attempt = Some(started);
            let wish = Wish { upgrade, left: self.left()? };
            let problem = match state.egress.resolve(&target.address).await {
                Ok(socket) => match peer(&upstream, target, socket, &state.authorities, wish) {
                    Ok(peer) => {
                        self.socket = Some(socket);
                        return Ok(Box::new(peer));
                    }
                    Err(error) => error.to_string(),
                },
                Err(error) => error.to_string(),
            };
            tracing::warn!(upstream = %upstream.id, target = %target.address.authority, %problem, "target not usable");
            self.tried.push(chosen);
            self.close_attempt(settlement, Outcome::ConnectFailed, problem);
        }
    }

    /// What is left of the total time, where there is a limit and an attempt has begun.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// What is left of the total time.
    fn left(&self) -> Result<Option<Duration>> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        match deadline.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(Error::explain(TOTAL_TIMEOUT, "total_ms is over").into_up()),
        }
    }

    /// Notes that no connection could be made; says whether another target may be tried. Nothing was sent, but only
    /// idempotent requests are repeated, as the configuration promises.
    pub(crate) fn connect_failed(
        &mut self,
        state: &State,
        method: &Method,
        error: &Error,
        settlement: &mut Settlement,
    ) -> bool {
        let upstream = Arc::clone(&self.route.upstream);
        let target = &upstream.targets[self.chosen];
        if let Some(socket) = self.socket.take() {
            state.egress.failed(&target.address, socket);
        }
        let failure = failure::judge(error, false);
        self.close_attempt(settlement, failure.outcome, failure::text(error));
        if !self.tried.contains(&self.chosen) {
            self.tried.push(self.chosen);
        }
        let retries = upstream.connect_retries as usize;
        let another = choice::choose(&upstream.targets, &self.tried, |_| 0).is_some();
        repeat::is_idempotent(method) && another && self.tried.len() <= retries
    }

    /// Sees to it that a provider's key can be used, where the call goes to one.
    pub(crate) async fn ready(&self) -> std::result::Result<(), Refusal> {
        match &self.native {
            Some(native) => native.ready().await,
            None => Ok(()),
        }
    }

    /// Prepares the head that goes upstream.
    pub(crate) fn request_head(&mut self, head: &mut RequestHeader, origin: Origin, id: &str) -> Result<()> {
        let upstream = &self.route.upstream;
        let authority = upstream.targets[self.chosen].address.authority.as_str();
        let host = (!upstream.preserve_host).then_some(authority);
        headers::request(head, &headers::Change { target: self.target.as_deref(), host, origin, id })?;
        self.native.as_mut().map_or(Ok(()), |native| native.request_head(head))
    }

    /// Ends the exchange when the request body comes too slowly: each piece by itself may have been in time. Once the
    /// upstream answers, the body is its concern.
    pub(crate) fn check_pace(&self, settlement: &Settlement, pace: Pace) -> Result<()> {
        let begun = self.attempt.unwrap_or_else(|| settlement.started());
        if settlement.status == 0 && begun.elapsed() > pace.allows(settlement.request_bytes) {
            return Err(Error::explain(BODY_TOO_SLOW, "min_body_rate").into_down());
        }
        Ok(())
    }

    /// Counts a piece of the request body.
    pub(crate) fn request_piece(&mut self, settlement: &mut Settlement, piece: &[u8]) -> Result<()> {
        settlement.request_bytes += piece.len() as u64;
        if let Some(native) = &mut self.native {
            native.request_piece(piece);
        }
        if self.route.max_body_bytes.is_some_and(|limit| settlement.request_bytes > limit) {
            return Err(Error::explain(BODY_TOO_LARGE, "max_body_bytes").into_down());
        }
        self.check_time()
    }

    /// Changes a piece of the request, where the call goes to an account that applications share.
    pub(crate) fn change_request(&mut self, body: &mut Option<Bytes>, last: bool) {
        if let Some(native) = &mut self.native {
            native.change_request(body, last);
        }
    }

    /// Changes a piece of the answer, likewise.
    pub(crate) fn change_answer(&mut self, body: &mut Option<Bytes>, last: bool) {
        if let Some(native) = &mut self.native {
            native.change_answer(body, last);
        }
    }

    /// What of the answer was held back, where trailers end it.
    pub(crate) fn rest(&mut self, settlement: &mut Settlement) -> Option<Bytes> {
        let rest = self.native.as_mut().and_then(|native| native.rest())?;
        settlement.response_bytes += rest.len() as u64;
        Some(rest)
    }

    /// Fails once the total time is over.
    pub(crate) fn check_time(&self) -> Result<()> {
        self.left().map(|_| ())
    }

    /// Prepares the head that goes to the caller. An answer without a body ends here.
    pub(crate) fn response_head(
        &mut self,
        head: &mut ResponseHeader,
        method: &Method,
        settlement: &mut Settlement,
    ) -> Result<()> {
        headers::response(head, &settlement.id)?;
        if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        if let Some(native) = &mut self.native {
            native.response_head(head, settlement)?;
        }
        let status = head.status.as_u16();
        settlement.status = status;
        settlement.first_byte();
        if let Some(started) = self.attempt {
            attempt::answered(settlement, started, status);
        }
        if is_bodiless(head, method) {
            self.ended(settlement);
        }
        Ok(())
    }

    /// Counts a piece of the answer's body; the last one settles the request before it is written.
    pub(crate) fn response_piece(&mut self, settlement: &mut Settlement, piece: &[u8], last: bool) -> Result<()> {
        settlement.response_bytes += piece.len() as u64;
        if let Some(native) = &mut self.native {
            native.response_piece(piece);
        }
        if last {
            self.ended(settlement);
            return Ok(());
        }
        self.check_time()
    }

    /// The upstream has answered whole.
    pub(crate) fn ended(&mut self, settlement: &mut Settlement) {
        if settlement.is_settled() {
            return;
        }
        let bad = if self.native.is_some() { 400 } else { 500 };
        let (outcome, error) =
            if settlement.status >= bad { (Outcome::UpstreamError, "upstream_status") } else { (Outcome::Ok, "") };
        self.close_attempt(settlement, outcome, String::new());
        if let Some(native) = &mut self.native {
            native.settle(settlement, true);
        }
        settlement.end(outcome, error);
        settlement.settle();
    }

    /// The exchange has failed for good.
    pub(crate) fn failed(&mut self, settlement: &mut Settlement, error: &Error, failure: &Failure) {
        self.close_attempt(settlement, failure.outcome, failure::text(error));
        if let Some(native) = &mut self.native {
            native.settle(settlement, false);
        }
        settlement.end(failure.outcome, failure.code);
    }

    /// An attempt was answered, and the caller does not get that answer.
    pub(crate) fn superseded(&mut self, settlement: &mut Settlement, status: u16, why: &str) {
        if let Some(started) = self.attempt {
            attempt::answered(settlement, started, status);
        }
        let outcome = if status >= 400 { Outcome::UpstreamError } else { Outcome::Ok };
        self.close_attempt(settlement, outcome, why.to_owned());
    }

    /// Another request of Weir's own to where this one goes.
    pub(crate) fn another(&self) -> Self {
        Self { deadline: self.deadline, ..Self::new(&self.route, self.target.clone()) }
    }

    fn close_attempt(&mut self, settlement: &mut Settlement, outcome: Outcome, error: String) {
        if let Some(started) = self.attempt.take() {
            attempt::end(settlement, started, outcome, error);
        }
    }
}

/// Whether no body follows a head (RFC 9112 section 6.3), so that the head is the last the caller sees.
pub(super) fn is_bodiless(head: &ResponseHeader, method: &Method) -> bool {
    *method == Method::HEAD
        || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || head.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0")
}
