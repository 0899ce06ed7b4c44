//! One call of a model: from its body to the attempt whose answer the caller gets.
//!
//! Every operation (chat, embeddings, rerank, …) takes this path, and none has a copy of it:
//! [`weir_llm::peek_for`] reads the model out of the body and remembers the [`Operation`] in its [`weir_llm::Peek`];
//! [`weir_llm::prepare`] and, by [`weir_llm::AnswerContext::operation`], [`weir_llm::answer`] dispatch on it. What plans,
//! retries, cools, meters and relays does not know it. To add an operation: a variant of
//! [`Operation`], a path in `endpoint.rs`, and a module of the `llm` crate that prepares its request (with the path below
//! the provider's address) and reads its answer; a target that cannot do it is `RequestError::Unsupported`, so that the
//! next one is tried.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header;
use pingora_core::Result;
use pingora_proxy::Session;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::{CacheStatus, Outcome};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::snapshot::{ModelRoute, Target};
use weir_llm::{Addressed, Peek, RequestError, UpstreamRequest, WireError};

use super::account::named;
use super::answers::{self, Kept, Place, Taking};
use super::attempt::{self, Ready, Request, Sending};
use super::beta::{self, Betas};
use super::body::{self, Body, BodyError};
use super::destination::{bind, find, is_named, longest, plan};
use super::due::{Due, due};
use super::failure::{Failure, Stop};
use super::plan::{Choice, Plan};
use super::pool::cooldown::Rest;
use super::pool::trial::Trial;
use super::refuse::{refuse, retry_after};
use super::running::Running;
use super::shadow::{self, Copies};
use super::unasked::whole_seconds;
use super::{models, relay, unasked, unknown_caller, watch};
use crate::exchange::{Caller, Exchange};
use crate::metering::Settlement;
use crate::state::State;

/// A refusal: what is wrong, and after how many seconds it may be right.
pub(super) type Refusal = (WireError, Option<u64>);

/// What is asked for.
pub(super) struct Asked {
    pub(super) operation: Operation,
    /// What the path says of it, in dialects where it does.
    pub(super) addressed: Option<Addressed>,
}

impl From<Operation> for Asked {
    fn from(operation: Operation) -> Self {
        Self { operation, addressed: None }
    }
}

impl Asked {
    fn peek(&self, dialect: Dialect, content_type: &str, body: &[u8]) -> Result<Peek, RequestError> {
        match &self.addressed {
            Some(addressed) => weir_llm::peek_addressed(self.operation, addressed, body),
            None => weir_llm::peek_form(self.operation, dialect, content_type, body),
        }
    }
}

/// Serves a call.
pub(super) async fn serve(
    state: &State,
    session: &mut Session,
    exchange: &mut Exchange,
    dialect: Dialect,
    asked: Asked,
) -> Result<()> {
    let Some(caller) = exchange.caller.clone() else { return unknown_caller(session, exchange, dialect).await };
    let settlement = &mut exchange.settlement;
    settlement.dialect = Some(dialect);
    let mut body = match take(state, session, settlement, asked.operation).await {
        Ok(body) => body,
        Err(BodyError::Left(reason)) => return Err(reason),
        Err(BodyError::Refused(error, wait)) => {
            return refuse(session, settlement, dialect, &error, wait.map(retry_after)).await;
        }
    };
    let content_type = session.get_header(header::CONTENT_TYPE).cloned();
    let kind = content_type.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    note(state, exchange, &caller, (dialect, kind), &body.bytes);
    let peek = match asked.peek(dialect, kind, &body.bytes) {
        Ok(peek) => peek,
        Err(error) => return refuse(session, &mut exchange.settlement, dialect, &error.to_wire(), None).await,
    };
    wants(exchange, dialect, &peek);
    let route = match find(&exchange.snapshot, &caller, &peek.model) {
        Ok(route) => route,
        Err(reason) => {
            exchange.settlement.end(Outcome::Refused, reason);
            let error = models::unknown(&exchange.snapshot, &caller, &peek.model);
            return refuse(session, &mut exchange.settlement, dialect, &error, None).await;
        }
    };
    let named = match named::open(&exchange.snapshot, &caller, peek.binding.as_ref(), &mut body.bytes) {
        Ok(named) => named,
        Err(error) => return refuse(session, &mut exchange.settlement, dialect, &error, None).await,
    };
    let (id, ends) = (exchange.settlement.id.clone(), watch::later(longest(&route)));
    let content_type = content_type.filter(|_| peek.is_form());
    let (snapshot, budget) = (&*exchange.snapshot, &state.body_budget);
    let request = Request { state, budget, snapshot, inbound: dialect, peek: &peek, content_type, id, ends };
    let settlement = &mut exchange.settlement;
    let betas = betas(session, dialect);
    let place = answers::place(&route, settlement, &request, &body.bytes, &session.req_header().headers);
    let taking = match place.map(|place| consult(place, session, settlement, &request)) {
        None => None,
        Some(Ok(Consulted::Kept(kept, answer))) => {
            return relay::kept(session, dialect, settlement, &kept, answer).await;
        }
        Some(Ok(Consulted::Nothing(taking))) => taking,
        Some(Err(error)) => return refuse(session, settlement, dialect, &error, None).await,
    };
    let mut plan = plan(&request, &route, session, settlement, &body.bytes);
    if let Err(error) = bind(&mut plan, &request, &route, &settlement.application, named.as_ref()) {
        return refuse(session, settlement, dialect, &error, None).await;
    }
    let mut call = Call { request, route: &route, body, betas, copies: Copies { taking, mirror: None } };
    call.copies.mirror = shadow::mirror(&call, &exchange.snapshot, settlement, plan.shadows());
    match call.attempts(plan, session, settlement).await {
        Ok(result) => result,
        Err((error, wait)) => {
            let error = named::in_callers_words(named.as_ref(), error);
            refuse(session, settlement, dialect, &error, wait.map(retry_after)).await
        }
    }
}

/// Reads what the caller sends, if the journal can take what it will cost.
async fn take(
    state: &State,
    session: &mut Session,
    settlement: &Settlement,
    operation: Operation,
) -> Result<Body, BodyError> {
    if !state.meter.is_writable() {
        return Err(BodyError::Refused(unasked::no_journal(), Some(5)));
    }
    body::read(state, session, &settlement.application, operation).await
}

/// Notes what the caller sent: how much, and where its team wants that, what.
fn note(state: &State, exchange: &mut Exchange, caller: &Caller, (dialect, kind): (Dialect, &str), body: &Bytes) {
    let settlement = &mut exchange.settlement;
    settlement.request_bytes = body.len() as u64;
    settlement.capture = state.keeper.capture(&exchange.snapshot, caller, dialect, &settlement.id);
    settlement.captured(|capture| capture.request(body, kind.to_ascii_lowercase().starts_with("multipart/")));
}

/// Notes what the caller asked for.
fn wants(exchange: &mut Exchange, dialect: Dialect, peek: &Peek) {
    let settlement = &mut exchange.settlement;
    settlement.asked(dialect, &peek.model);
    settlement.stream = peek.stream;
    if is_named(&exchange.snapshot, &peek.model) {
        settlement.named();
    }
}

/// What the cache of answers has for a request.
enum Consulted<'a> {
    /// An answer, and its body for this caller.
    Kept(Arc<Kept>, Bytes),
    /// Nothing that the caller wants. What is to take the new answer in, unless the caller does not want that.
    Nothing(Option<Taking<'a>>),
}

/// Looks for a kept answer, and notes what became of that.
fn consult<'a>(
    place: Place<'a>,
    session: &Session,
    settlement: &mut Settlement,
    request: &Request<'_>,
) -> Result<Consulted<'a>, WireError> {
    let wish = answers::wish(&session.req_header().headers)?;
    if wish == CacheStatus::Miss
        && let Some(kept) = place.get()
        && let Some(body) = kept.render(request)
    {
        settlement.cache = Some(CacheStatus::Hit);
        return Ok(Consulted::Kept(kept, body));
    }
    settlement.cache = Some(wish);
    Ok(Consulted::Nothing((wish != CacheStatus::Bypass).then(|| place.take())))
}

fn betas(session: &Session, dialect: Dialect) -> Betas {
    match dialect {
        Dialect::Anthropic => beta::read(&session.req_header().headers),
        Dialect::Openai | Dialect::Gemini | Dialect::Responses => Betas::default(),
    }
}

/// A call whose model is known.
pub(super) struct Call<'a> {
    pub(super) request: Request<'a>,
    pub(super) route: &'a ModelRoute,
    pub(super) body: Body,
    pub(super) betas: Betas,
    /// Who else gets the answer.
    pub(super) copies: Copies<'a>,
}

impl Call<'_> {
    /// Attempts one target after another until one answers, and gives that answer to the caller.
    async fn attempts<R: FnMut(u64) -> u64>(
        self,
        mut plan: Plan<R>,
        session: &mut Session,
        settlement: &mut Settlement,
    ) -> Result<Result<()>, Refusal> {
        let mut last: Option<Box<Failure>> = None;
        let mut misfit = None;
        let mut made = 0;
        while made < self.route.max_attempts.max(1) {
            let Some(choice) = plan.next(Instant::now()) else { break };
            let Some(target) = self.route.targets.get(choice.target) else { break };
            let prepared = match self.prepare(target).inspect_err(|_| plan.unmade(choice)) {
                Ok(prepared) => prepared,
                Err(error @ RequestError::Unsupported { .. }) => {
                    misfit = Some(error.to_wire());
                    plan.unfit(choice);
                    continue;
                }
                Err(error) => return Err((error.to_wire(), None)),
            };
            match due(session, settlement, &plan, choice, self.request.ends).await {
                Due::Now => {}
                Due::Never => break,
                Due::Left(reason) => return Ok(Err(reason)),
            }
            made += 1;
            settlement.dropped = self.dropped(target, &prepared);
            let format = target.format(self.request.inbound);
            settlement.captured(|capture| capture.sending(format, &prepared.body));
            let mut trial = plan.begin(choice);
            let running = Running::begin(settlement, target, choice.key);
            let betas = (format == WireFormat::Anthropic).then_some(&self.betas);
            let sending = Sending { target, key: choice.key, betas, request: &prepared, trial: &trial };
            let ready = match attempt::run(&self.request, &sending, running, session.as_downstream_mut()).await {
                Ok(ready) => ready,
                Err(Stop::Left(reason)) => return Ok(Err(reason)),
                Err(Stop::Failed(failure)) => {
                    let again = failed(self.route, &self.request.id, (&mut trial, choice), &failure, &mut plan, made);
                    last = Some(failure);
                    if again {
                        continue;
                    }
                    break;
                }
            };
            trial.answered();
            // No other attempt follows: a long stream need not hold the request's bytes in memory.
            drop((prepared, self.body));
            let given = give(&self.request, session, ready, self.copies).await;
            let tokens = settlement.usage.tokens;
            trial.consumed(tokens.input_total() + tokens.output_total());
            return Ok(given);
        }
        if plan.is_unmet() {
            return Err((unasked::unmet(&self.route.name), None));
        }
        if self.request.peek.operation == Operation::CountTokens && made == 0 && misfit.is_some() {
            return Ok(estimated(&self.request, session, settlement).await);
        }
        Err(refusal(self.route, settlement, last, misfit, plan.barred(Instant::now()), made))
    }

    /// The body for a target.
    pub(super) fn prepare(&self, target: &Target) -> Result<UpstreamRequest, RequestError> {
        let to = weir_llm::Target {
            format: target.format(self.request.inbound),
            model: &target.model,
            max_output_tokens: target.max_output_tokens(),
            stream_options: target.provider.stream_options,
            completions: target.provider.completes(&target.model),
            strict: self.route.strict,
            betas: &self.betas.allowed,
        };
        let quirks = target.provider.quirks_of(self.request.peek.operation, to.format);
        let own_name = target.provider.addressing.body_model(to.model);
        let prepared = weir_llm::prepare(self.request.inbound, self.request.peek, &self.body.bytes, &to)?
            .adapt(quirks, own_name, to.strict)?;
        match self.betas_dropped(target).first().filter(|_| self.route.strict) {
            None => Ok(prepared),
            Some(name) => Err(RequestError::Unsupported {
                field: name.clone(),
                reason: "this model route is strict, and its target does not get this feature".into(),
            }),
        }
    }

    /// Beta features that the target does not get.
    fn betas_dropped(&self, target: &Target) -> Vec<String> {
        let mut names = self.betas.dropped.clone();
        // Bedrock takes them in the body, and `prepare` says which.
        let takes_some = matches!(target.format(self.request.inbound), WireFormat::Anthropic | WireFormat::Bedrock);
        if !takes_some && self.betas.header.is_some() {
            names.push(beta::HEADER.to_owned());
        }
        names
    }

    /// What the target does not get of what the caller asked for.
    fn dropped(&self, target: &Target, prepared: &UpstreamRequest) -> Vec<String> {
        let mut names: Vec<String> = prepared.dropped.iter().map(|dropped| dropped.path.clone()).collect();
        names.append(&mut self.betas_dropped(target));
        names
    }
}

/// Leaves alone what failed, and says whether another attempt may follow.
pub(super) fn failed<R: FnMut(u64) -> u64>(
    route: &ModelRoute,
    id: &str,
    (trial, choice): (&mut Trial, Choice),
    failure: &Failure,
    plan: &mut Plan<R>,
    made: u32,
) -> bool {
    let blame = failure.why.map(|why| failure.blame(why));
    trial.failed(failure, blame);
    tracing::debug!(request = id, attempt = made, blame = ?blame, reason = failure.error.message, "attempt failed");
    if failure.is_too_long() {
        return plan.outgrown(choice);
    }
    let (Some(why), Some(blame)) = (failure.why, blame) else { return false };
    plan.failed(choice, blame, failure.retry_after, made);
    route.retry_on.contains(&why)
}

/// What the caller is told when no attempt gave an answer.
pub(super) fn refusal(
    route: &ModelRoute,
    settlement: &mut Settlement,
    last: Option<Box<Failure>>,
    misfit: Option<WireError>,
    barred: Option<Rest>,
    made: u32,
) -> Refusal {
    if let Some(mut failure) = last {
        if made > 1 {
            failure.error.message = format!("{} (the last of {made} attempts)", failure.error.message);
        }
        settlement.end(failure.outcome, failure.error.code.as_deref().unwrap_or("upstream_error"));
        return (failure.error, failure.retry_after.map(whole_seconds));
    }
    if let Some(rest) = barred {
        return unasked::not_yet(&route.name, rest);
    }
    if let Some(error) = misfit {
        return (error, None);
    }
    (unasked::nobody(&route.name), None)
}

async fn give(request: &Request<'_>, session: &mut Session, ready: Ready<'_>, copies: Copies<'_>) -> Result<()> {
    match ready {
        Ready::Whole(running, answer) => {
            let (attempt, inbound) = (running.settlement.attempts.last(), request.inbound);
            let bound = attempt.map(|_| weir_llm::bound(inbound, &answer)).unwrap_or_default();
            request.state.models.affinity.keep(running.settlement, bound);
            relay::whole(session, request.inbound, running, answer, copies).await
        }
        Ready::Stream(flow) => relay::stream(request.state, session, request.inbound, flow, copies).await,
    }
}

/// Weir's own count of tokens, where no provider of the model counts.
async fn estimated(request: &Request<'_>, session: &mut Session, settlement: &mut Settlement) -> Result<()> {
    settlement.cost = Some(NanoUsd::ZERO);
    let body = weir_llm::estimated_count(request.inbound, request.peek);
    super::give_with(session, settlement, request.inbound, body, Some(("x-weir-estimated", "true"))).await
}
