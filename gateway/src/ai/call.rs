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

use bytes::Bytes;
use http::header;
use pingora_core::Result;
use pingora_proxy::Session;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::{CacheStatus, Outcome};
use weir_domain::operation::Operation;
use weir_domain::snapshot::{ModelRoute, Snapshot, Target};
use weir_llm::{Addressed, Peek, RequestError, UpstreamRequest, WireError};

use super::account::named::{self, Named};
use super::answers::{self, Kept, Place, Taking};
use super::attempt::Request;
use super::beta::{self, Betas};
use super::body::{self, Body, BodyError};
use super::destination::{bind, find, is_named, longest, plan};
use super::held::{self, Held};
use super::refuse::{refuse, refuse_held, retry_after};
use super::shadow::{self, Copies};
use super::{models, relay, repeat, unasked, unknown_caller, watch};
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
    let request =
        Request { state, budget, snapshot, inbound: dialect, peek: &peek, content_type, id, ends, reads_on: false };
    let settlement = &mut exchange.settlement;
    routed(session, settlement, &exchange.snapshot, request, &route, (body, named)).await
}

/// Serves a call whose route is known, as the route's policies say.
async fn routed(
    session: &mut Session,
    settlement: &mut Settlement,
    snapshot: &Arc<Snapshot>,
    request: Request<'_>,
    route: &Arc<ModelRoute>,
    (body, named): (Body, Option<Named>),
) -> Result<()> {
    let (state, dialect) = (request.state, request.inbound);
    let betas = betas(session, dialect);
    let mut held = Held::default();
    let asked = (&**settlement, &body.bytes);
    if let Err(unmade) = held::claim(state, session, route, asked, &mut held).await {
        return repeat::unmade(session, settlement, dialect, unmade, held).await;
    }
    let place = answers::place(route, settlement, &request, &body.bytes, &session.req_header().headers);
    let taking = match place.map(|place| consult(place, session, settlement, &request)) {
        None => None,
        Some(Ok(Consulted::Kept(kept, answer))) => {
            return relay::kept(session, dialect, settlement, (&kept, answer), held).await;
        }
        Some(Ok(Consulted::Nothing(taking))) => taking,
        Some(Err(error)) => return refuse_held(session, settlement, dialect, (&error, None), held).await,
    };
    let asked = (&**settlement, &body.bytes);
    if let Err(unmade) = held::admit(state, session, route, asked, &mut held).await {
        return repeat::unmade(session, settlement, dialect, unmade, held).await;
    }
    let reads_on = held.reads_on();
    let request = Request { reads_on, ..request };
    let mut plan = plan(&request, route, session, settlement, &body.bytes);
    if let Err(error) = bind(&mut plan, &request, route, &settlement.application, named.as_ref()) {
        return refuse_held(session, settlement, dialect, (&error, None), held).await;
    }
    let mut call = Call { request, route, body, betas, copies: Copies { taking, mirror: None } };
    call.copies.mirror = shadow::mirror(&call, snapshot, settlement, plan.shadows());
    match call.attempts(plan, session, settlement, &mut held).await {
        Ok(result) => {
            held.gave_up(settlement).await;
            result
        }
        Err((error, wait)) => {
            let error = named::in_callers_words(named.as_ref(), error);
            refuse_held(session, settlement, dialect, (&error, wait.map(retry_after)), held).await
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
    pub(super) fn dropped(&self, target: &Target, prepared: &UpstreamRequest) -> Vec<String> {
        let mut names: Vec<String> = prepared.dropped.iter().map(|dropped| dropped.path.clone()).collect();
        names.append(&mut self.betas_dropped(target));
        names
    }
}
