//! Realtime sessions: a WebSocket to a model, passed on as it is and metered from the side. This file is the list of its
//! steps; what a session is, is told by [`session`].
//!
//! ```text
//! handshake ─▶ model, allow-list ─▶ plan ─▶ provider's handshake ─┬─▶ 101 ─▶ bytes both ways, a row for each response
//!                                    ▲                            │
//!                                    └── cooldown, next target ◀──┘ refused, while the caller has no answer
//! ```

mod asked;
mod frames;
mod handshake;
mod named;
mod responses;
mod session;
mod standing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pingora_core::Result;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::Record;
use weir_domain::money::NanoUsd;
use weir_domain::snapshot::{ModelRoute, Snapshot, Target};
use weir_llm::{Content, ErrorKind, WireError};

use self::asked::Asked;
use self::handshake::Opened;
use self::named::Named;
use self::responses::Responses;
use self::session::Pump;
use self::standing::Standing;
use super::attempts::{failed, refusal};
use super::call::Refusal;
use super::destination::{find, is_named, longest};
use super::due::{Due, due};
use super::failure::{Failure, Stop};
use super::plan::Plan;
use super::plan::ask::{Ask, dice};
use super::pool::trial::Trial;
use super::refuse::{identify, refuse, retry_after};
use super::running::Running;
use super::watch::{self, Clock};
use super::{models, unasked, unknown_caller};
use crate::exchange::{Caller, Exchange};
use crate::metering::Settlement;
use crate::state::State;
use crate::upstream::tunnel;

/// How long the caller may take the last bytes of a session.
const LAST_WRITE: Duration = Duration::from_secs(1);
/// What is spoken at the endpoint.
const DIALECT: Dialect = Dialect::Openai;

/// Serves one session from its handshake to its end.
pub(super) async fn serve(state: &State, session: &mut Session, exchange: &mut Exchange) -> Result<()> {
    let Some(caller) = exchange.caller.clone() else { return unknown_caller(session, exchange, DIALECT).await };
    let settlement = &mut exchange.settlement;
    let asked = match asked::read(session.req_header(), tunnel::is_asked_for(session)) {
        Ok(asked) => asked,
        Err(refused) => {
            let (error, header) = *refused;
            return refuse(session, settlement, DIALECT, &error, header).await;
        }
    };
    settlement.asked(DIALECT, &asked.model);
    settlement.stream = true;
    if let Some((error, wait)) = not_now(state) {
        return refuse(session, settlement, DIALECT, &error, wait.map(retry_after)).await;
    }
    let route = match find(&exchange.snapshot, &caller, &asked.model) {
        Ok(route) => route,
        Err(reason) => {
            settlement.end(weir_domain::ledger::Outcome::Refused, reason);
            let error = models::unknown(&exchange.snapshot, &caller, &asked.model);
            return refuse(session, settlement, DIALECT, &error, None).await;
        }
    };
    let named = is_named(&exchange.snapshot, &asked.model);
    if named {
        settlement.named();
    }
    settlement.dropped.clone_from(&asked.dropped);
    let wish = Wish { state, snapshot: &exchange.snapshot, route: &route, asked: &asked, caller: &caller, named };
    match wish.attempts(session, settlement).await {
        Ok(result) => result,
        Err((error, wait)) => refuse(session, settlement, DIALECT, &error, wait.map(retry_after)).await,
    }
}

/// Refuses what would let a caller speak with the vendor past the gateway, where nothing is counted.
pub(super) async fn refuse_past(session: &mut Session, settlement: &mut Settlement) -> Result<()> {
    let sentence = "realtime sessions are served as a WebSocket at GET /v1/realtime?model=…, with a key of this gateway \
                    (browsers: Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.KEY); keys and calls of the \
                    vendor's own would go past the gateway unmetered. An operator who wants that allows the \
                    application the provider's own API, at /providers/{id}/realtime/…";
    let error = WireError::gateway(ErrorKind::Permission, sentence).with_code("realtime_past_the_gateway");
    refuse(session, settlement, DIALECT, &error, None).await
}

/// Why no session begins now, whoever asks.
fn not_now(state: &State) -> Option<Refusal> {
    if !state.meter.is_writable() {
        return Some((unasked::no_journal(), Some(5)));
    }
    state.drain.is_draining().then(|| {
        let sentence = "the gateway is going down and begins no sessions; try again";
        (WireError::gateway(ErrorKind::Overloaded, sentence).with_code("draining"), Some(1))
    })
}

/// A session that is wished for, by somebody who may have it.
struct Wish<'a> {
    state: &'a State,
    snapshot: &'a Snapshot,
    route: &'a Arc<ModelRoute>,
    asked: &'a Asked,
    caller: &'a Caller,
    named: bool,
}

impl Wish<'_> {
    /// Asks one target after another until one agrees, and runs the session with that.
    async fn attempts(
        &self,
        session: &mut Session,
        settlement: &mut Settlement,
    ) -> std::result::Result<Result<()>, Refusal> {
        let mut plan = self.plan(session, settlement);
        let mut last: Option<Box<Failure>> = None;
        let mut misfit = None;
        let mut made = 0;
        let ends = watch::later(longest(self.route));
        while made < self.route.max_attempts.max(1) {
            let Some(choice) = plan.next(Instant::now()) else { break };
            let Some(target) = self.route.targets.get(choice.target) else { break };
            if !handshake::is_fit(target) {
                misfit = Some(unfit(self.route));
                plan.unmade(choice);
                plan.unfit(choice);
                continue;
            }
            match due(session, settlement, &plan, choice, ends).await {
                Due::Now => {}
                Due::Never => break,
                Due::Left(reason) => return Ok(Err(reason)),
            }
            made += 1;
            let mut trial = plan.begin(choice);
            let mut running = Running::begin(settlement, target, choice.key);
            // A handshake is never charged, whatever becomes of it: what the session consumes has rows of its own.
            running.costs_nothing();
            let mut clock = Clock::start(target.timeouts.total_ms, ends, None);
            let (place, way) = ((self.state, self.snapshot), (target, choice.key));
            let caller = session.as_downstream_mut();
            let opened = handshake::open(place, way, self.asked, &mut running, caller, &mut clock).await;
            running.waited(clock.waited());
            match opened {
                Ok(opened) => {
                    trial.answered();
                    drop(plan);
                    return Ok(Box::pin(self.run(session, running, target, &trial, opened)).await);
                }
                Err(Stop::Left(reason)) => return Ok(Err(reason)),
                Err(Stop::Failed(failure)) => {
                    running.failed(&failure);
                    drop(running);
                    let again = failed(self.route, &settlement.id, (&mut trial, choice), &failure, &mut plan, made);
                    last = Some(failure);
                    if !again {
                        break;
                    }
                }
            }
        }
        if plan.is_unmet() {
            return Err((unasked::unmet(&self.route.name), None));
        }
        let barred = plan.barred(Instant::now());
        Err(refusal(self.route, settlement, last, misfit, barred, made))
    }

    /// The choices of a session. What it will hold is not known when it begins.
    fn plan(&self, session: &Session, record: &Record) -> Plan<impl FnMut(u64) -> u64 + use<>> {
        let pool = self.state.models.pools.of(self.snapshot, self.route);
        let ask = Ask {
            input: 0,
            max_tokens: None,
            stream: true,
            tools: false,
            content: Content::default(),
            team: &record.team,
            key: &record.key,
            headers: &session.req_header().headers,
            at: record.at,
        };
        Plan::new(pool, &ask, dice(&record.id), Instant::now())
    }

    /// Runs a session that a target has agreed to.
    async fn run(
        &self,
        session: &mut Session,
        mut running: Running<'_>,
        target: &Target,
        trial: &Trial,
        opened: Opened,
    ) -> Result<()> {
        let mut head = handshake::agreed(&opened.head, self.asked)?;
        identify(&mut head, running.settlement, DIALECT)?;
        running.settlement.status = 101;
        running.settlement.cost = Some(NanoUsd::ZERO);
        running.settlement.first_byte();
        let caller = session.as_downstream_mut();
        caller.write_response_header(Box::new(head)).await?;
        let mut responses = Responses::new(&self.state.meter, target, trial, running.settlement, self.named);
        let mut standing = Standing {
            state: self.state,
            caller: self.caller,
            model: &self.asked.model,
            target,
            named: Named::default(),
            begun: Instant::now(),
            drained: None,
        };
        let patience = self.state.settings.caller_timeout;
        let mut pump = Pump::new(caller, opened.stream, &opened.early, patience);
        let reason = pump.run(&mut responses, &mut standing).await;
        let bytes = pump.bytes;
        pump.hang_up(reason).await;
        responses.close(reason.outcome, reason.word);
        let complaint = responses.complaint().filter(|_| !reason.word.is_empty());
        running.end(reason.outcome, complaint.unwrap_or(reason.word));
        running.close();
        let settlement = &mut *running.settlement;
        (settlement.request_bytes, settlement.response_bytes) = bytes;
        settlement.end(reason.outcome, reason.word);
        settlement.settle();
        session.set_keepalive(None);
        // Who does not read holds up nobody any more.
        let last = session.as_downstream_mut().write_response_body(Bytes::new(), true);
        tokio::time::timeout(LAST_WRITE, last).await.unwrap_or(Ok(()))
    }
}

/// For a model that has no realtime sessions anywhere.
fn unfit(route: &ModelRoute) -> WireError {
    let sentence = format!(
        "model: '{}' has no realtime sessions; they are served for providers that speak as OpenAI does, such as openai \
         and azure",
        route.name
    );
    WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("realtime_not_supported").with_param("model")
}
