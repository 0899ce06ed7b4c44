//! The list: every step of a request, in the order in which it meets them. The only file that names Pingora's phases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HeaderMap;
use pingora_core::modules::http::HttpModules;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Outcome, Traffic};
use weir_domain::snapshot::Snapshot;
use weir_domain::spec::Auth;

use crate::ai::account::create::Unmade;
use crate::ai::account::{self, Admitted};
use crate::ai::{self, native};
use crate::context::{Context, Decision, ready};
use crate::exchange::{Caller, Exchange};
use crate::metering::Settlement;
use crate::problem::{self, Refusal};
use crate::routing::{self, Destination, Miss};
use crate::server::connection;
use crate::server::trust::Origin;
use crate::state::State;
use crate::upstream::repeat::Broken;
use crate::upstream::{Pace, admission, failure, repeat, tunnel};
use crate::{authn, conflict, intake, locks, own};

/// The data plane, as Pingora sees it.
pub(crate) struct Gateway {
    state: Arc<State>,
}

impl Gateway {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Steps 2 to 4: intake, route, identify.
    fn admit(&self, session: &mut Session, context: &mut Context) -> Result<Decision, Refusal> {
        let state = &self.state;
        if let Err(refusal) = intake::check(session, &state.settings) {
            let request = session.req_header();
            context.dialect = ai::dialect_at(request.uri.path(), ai::sdk(&request.headers) == Dialect::Anthropic);
            return Err(refusal);
        }
        let snapshot = state.live.snapshot();
        let host = intake::host(session.req_header()).unwrap_or_default();
        let found = routing::find(&snapshot, session.req_header(), &host);
        if let Err(Miss::NotServed(dialect, _)) = &found {
            context.dialect = Some(*dialect);
        }
        match found? {
            Destination::Live => Ok(Decision::Health("live")),
            Destination::Ready => Ok(Decision::Health("ready")),
            Destination::Ai(endpoint) => {
                context.dialect = Some(endpoint.dialect);
                endpoint.adopt_key(session.req_header_mut())?;
                self.known(session, context, snapshot, Some(endpoint.dialect))?;
                Ok(Decision::Own(endpoint))
            }
            Destination::Native(provider, rest) => {
                authn::adopt_subprotocol(session.req_header_mut())?;
                let exchange = self.known(session, context, snapshot, None)?;
                native::admit(state, session, exchange, &provider, &rest)?;
                Ok(if tunnel::is_asked_for(session) { Decision::Tunnel } else { Decision::Stream })
            }
            Destination::Stored(stored) => {
                let exchange = self.known(session, context, snapshot, Some(Dialect::Responses))?;
                ai::stored::admit(state, exchange, &stored, &session.req_header().uri)?;
                Ok(Decision::Stream)
            }
            Destination::Account(dialect, rest) => {
                let exchange = self.known(session, context, snapshot, Some(dialect))?;
                Ok(match account::admit(state, session, exchange, &rest)? {
                    Admitted::Stream => Decision::Stream,
                    Admitted::BatchOfFile => Decision::BatchOfFile,
                })
            }
            Destination::Locks(asked) => self.locker(session, context, snapshot).map(|()| Decision::Locks(asked)),
            Destination::Rest(forward) => {
                let caller = self.identify_for_route(session, &snapshot, forward.route.auth)?;
                let settlement = self.settlement(session, Traffic::Rest);
                let exchange = context.exchange.insert(admission::exchange(snapshot, settlement, forward));
                admission::permit(session, exchange, caller)?;
                Ok(match (tunnel::is_asked_for(session), conflict::is_asked_for(exchange)) {
                    (true, _) => Decision::Tunnel,
                    (false, true) => Decision::Policed,
                    (false, false) => Decision::Stream,
                })
            }
        }
    }

    /// Identifies the caller of models, and begins the exchange, in the dialect if one is known.
    fn known<'c>(
        &self,
        session: &mut Session,
        context: &'c mut Context,
        snapshot: Arc<Snapshot>,
        dialect: Option<Dialect>,
    ) -> Result<&'c mut Exchange, Refusal> {
        context.dialect = dialect;
        let caller = self.identify(session, &snapshot)?;
        let settlement = self.settlement(session, Traffic::Ai);
        let exchange = context.exchange.insert(Exchange::begin(snapshot, settlement, None));
        exchange.settlement.dialect = dialect;
        exchange.identified(caller);
        Ok(exchange)
    }

    /// Identifies who asks for a lock. Whether a key is needed, the route says whose resource it is.
    fn locker(&self, session: &mut Session, context: &mut Context, snapshot: Arc<Snapshot>) -> Result<(), Refusal> {
        let caller = match self.identify(session, &snapshot) {
            Ok(caller) => Some(caller),
            Err(refusal) if refusal.code == "missing_api_key" => None,
            Err(refusal) => return Err(refusal),
        };
        let settlement = self.settlement(session, Traffic::Rest);
        let exchange = context.exchange.insert(Exchange::begin(snapshot, settlement, None));
        if let Some(caller) = caller {
            exchange.identified(caller);
        }
        Ok(())
    }

    fn settlement(&self, session: &Session, traffic: Traffic) -> Settlement {
        let request = session.req_header();
        Settlement::begin(&self.state.meter, traffic, request.method.as_str(), request.uri.path())
    }

    /// Who calls. A stranger is refused before there is a ledger row: anybody can make any number of such requests, so
    /// they cost no I/O.
    fn identify(&self, session: &mut Session, snapshot: &Snapshot) -> Result<Caller, Refusal> {
        let headers = &session.req_header().headers;
        let caller = authn::identify(&self.state.live, snapshot, headers, weir_domain::time::now)?;
        authn::remove(session.req_header_mut());
        Ok(caller)
    }

    fn identify_for_route(
        &self,
        session: &mut Session,
        snapshot: &Snapshot,
        auth: Auth,
    ) -> Result<Option<Caller>, Refusal> {
        match auth {
            Auth::Public => {
                authn::strip_own_keys(session.req_header_mut());
                Ok(None)
            }
            Auth::ApiKey => self.identify(session, snapshot).map(Some),
        }
    }

    /// Makes a batch of a file.
    async fn batch_of_file(&self, session: &mut Session, context: &mut Context) -> Result<()> {
        let Some(exchange) = &mut context.exchange else { return Ok(()) };
        match Box::pin(account::create::serve(&self.state, session, exchange)).await {
            Ok(()) => Ok(()),
            Err(Unmade::Refused(refusal, outcome)) => self.refuse(session, context, &refusal, outcome).await,
            Err(Unmade::Left(reason)) => {
                exchange.settlement.end(Outcome::Aborted, "caller_left");
                exchange.settlement.free_if_nobody_was_asked();
                Err(reason.into_down())
            }
        }
    }

    /// Answers a refusal, in the form that the destination speaks, and settles it.
    async fn refuse(
        &self,
        session: &mut Session,
        context: &mut Context,
        refusal: &Refusal,
        outcome: Outcome,
    ) -> Result<()> {
        let Some(exchange) = &mut context.exchange else {
            return own::refuse_unrouted(&self.state, session, context, refusal).await;
        };
        let settlement = &mut exchange.settlement;
        settlement.end(outcome, refusal.code);
        settlement.free_if_nobody_was_asked();
        settlement.status = refusal.status;
        settlement.first_byte();
        settlement.settle();
        problem::answer(session, refusal, settlement.dialect, &settlement.id).await
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Context;

    fn new_ctx(&self) -> Context {
        Context::begin(&self.state.drain)
    }

    /// No module: nothing compresses or changes what passes.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    /// Step 1, its end: the head has arrived.
    async fn early_request_filter(&self, session: &mut Session, _context: &mut Context) -> Result<()> {
        connection::current(|connection| connection.head.admit());
        connection::bound(session.as_downstream_mut(), &self.state.settings, self.state.drain.is_draining());
        Ok(())
    }

    /// Steps 2 to 4 for every request; all the others too for model calls and WebSockets.
    async fn request_filter(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        let decision = match self.admit(session, context) {
            Ok(decision) => ready(context).await.map(|()| decision),
            refused => refused,
        };
        match decision {
            Ok(Decision::Stream) => Ok(false),
            Ok(Decision::Tunnel) => {
                let (forward, settlement) = context.rest()?;
                Box::pin(tunnel::serve(&self.state, session, forward, settlement)).await.map(|()| true)
            }
            Ok(Decision::Own(endpoint)) => {
                let Some(exchange) = &mut context.exchange else { return Ok(false) };
                Box::pin(ai::serve(&self.state, session, exchange, endpoint)).await.map(|()| true)
            }
            Ok(Decision::Policed) => {
                let Some(exchange) = &mut context.exchange else { return Ok(false) };
                Box::pin(conflict::serve(&self.state, session, exchange)).await.map(|()| true)
            }
            Ok(Decision::Locks(asked)) => {
                let Some(exchange) = &mut context.exchange else { return Ok(false) };
                Box::pin(locks::serve(&self.state, session, exchange, asked)).await.map(|()| true)
            }
            Ok(Decision::BatchOfFile) => self.batch_of_file(session, context).await.map(|()| true),
            Ok(Decision::Health(question)) => own::answer(&self.state, session, question).await.map(|()| true),
            Err(refusal) => self.refuse(session, context, &refusal, Outcome::Refused).await.map(|()| true),
        }
    }

    /// Step 7: which target, and how it is connected to.
    async fn upstream_peer(&self, _session: &mut Session, context: &mut Context) -> Result<Box<HttpPeer>> {
        let (forward, settlement) = context.rest()?;
        forward.next_peer(&self.state, false, settlement).await
    }

    /// Step 7: no connection. Another target, if the request may be repeated.
    fn fail_to_connect(
        &self,
        session: &mut Session,
        _peer: &HttpPeer,
        context: &mut Context,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let method = &session.req_header().method;
        if let Ok((forward, settlement)) = context.rest() {
            let again = forward.connect_failed(&self.state, method, &error, settlement);
            error.set_retry(again);
        }
        error
    }

    /// Step 7: the connection broke off. Another one, if the request may be repeated.
    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        _context: &mut Context,
        reused: bool,
    ) -> Box<Error> {
        let body_kept = !session.as_ref().retry_buffer_truncated();
        let request = session.req_header();
        let broken = Broken { method: &request.method, headers: &request.headers, reused, body_kept };
        let again = repeat::is_allowed(&error, broken);
        error.set_retry(again);
        error
    }

    /// Step 7: the head that goes upstream.
    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        context: &mut Context,
    ) -> Result<()> {
        let origin = Origin::of(session.as_downstream(), &self.state.settings.trusted_proxies);
        let (forward, settlement) = context.rest()?;
        forward.request_head(head, origin, &settlement.id)
    }

    /// Step 7: a piece of the body that goes upstream.
    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        last: bool,
        context: &mut Context,
    ) -> Result<()> {
        let settings = &self.state.settings;
        let pace = Pace { grace: settings.caller_timeout, rate: settings.min_body_rate };
        let (forward, settlement) = context.rest()?;
        let piece = body.as_deref().unwrap_or_default();
        forward.request_piece(settlement, piece)?;
        // A piece without bytes is the end, or that there is no body at all: neither is slow.
        let paced = if piece.is_empty() { Ok(()) } else { forward.check_pace(settlement, pace) };
        forward.change_request(body, last);
        paced
    }

    /// Step 8: the head of the answer; step 9 when no body follows.
    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        context: &mut Context,
    ) -> Result<()> {
        let (forward, settlement) = context.rest()?;
        forward.response_head(head, &session.req_header().method, settlement)
    }

    /// Step 8: a piece of the answer; step 9 before the last one leaves.
    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        last: bool,
        context: &mut Context,
    ) -> Result<Option<Duration>> {
        let (forward, settlement) = context.rest()?;
        forward.change_answer(body, last);
        forward.response_piece(settlement, body.as_deref().unwrap_or_default(), last)?;
        Ok(None)
    }

    /// Step 9 for answers that end with trailers.
    async fn response_trailer_filter(
        &self,
        _session: &mut Session,
        _trailers: &mut HeaderMap,
        context: &mut Context,
    ) -> Result<Option<Bytes>> {
        let (forward, settlement) = context.rest()?;
        let rest = forward.rest(settlement);
        forward.ended(settlement);
        Ok(rest)
    }

    /// Every way to fail ends here: the caller is told, if it is still there and has had no head yet.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, context: &mut Context) -> FailToProxy {
        let head_sent = session.response_written().is_some_and(|head| !head.status.is_informational());
        let failure = failure::judge(error, head_sent);
        if let Ok((forward, settlement)) = context.rest() {
            forward.failed(settlement, error, &failure);
        }
        let status = failure.answer.as_ref().map_or(0, |answer| answer.status);
        if let Some(answer) = &failure.answer
            && self.refuse(session, context, answer, failure.outcome).await.is_err()
        {
            tracing::debug!("the caller left before it could be told");
        }
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    /// Step 9, the safety net: whatever was not settled on the way is now.
    async fn logging(&self, _session: &mut Session, error: Option<&Error>, context: &mut Context) {
        if let (None, Ok((forward, settlement))) = (error, context.rest()) {
            forward.ended(settlement);
        }
        if let Some(exchange) = &mut context.exchange {
            exchange.settlement.settle();
        }
    }

    /// The request's own log line says it all; Pingora's would repeat the caller's path and the error's internals.
    fn suppress_error_log(&self, _session: &Session, _context: &Context, error: &Error) -> bool {
        !matches!(error.esource(), ErrorSource::Internal)
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _context: &Context,
        _error: &Error,
        _about: ProxyWarnLogContext,
    ) -> bool {
        true
    }
}
