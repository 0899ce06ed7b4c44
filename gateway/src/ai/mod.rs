//! Model calls, the owned exchange path: this file is the list of its steps.
//!
//! [`endpoint`] says whether a request is one; [`serve`] then owns it to the end and settles it. `State` holds one
//! [`Models`] (the state of targets, and prepared providers) and one [`crate::egress::Egress`], as `state.models` and
//! `state.egress`.
//!
//! ```text
//! body ─▶ peek ─▶ model, allow-list ─▶ key, room ─▶ plan ─▶ prepare ─▶ attempt ─┬─▶ relay (whole, or stream) ─▶ settle
//!                                       (see held)   ▲                          │   ─▶ last byte
//!                                                    └── cooldown, next target ◀┘ failed before the first byte of content
//! ```

pub(crate) mod account;
mod affinity;
mod answers;
mod attempt;
mod attempts;
mod beta;
mod body;
mod call;
mod credential;
mod destination;
mod drain;
mod due;
mod endpoint;
mod failure;
pub(crate) mod health;
mod held;
mod line;
mod link;
mod models;
pub(crate) mod native;
mod packed;
mod plan;
mod pool;
mod post;
mod realtime;
mod refuse;
mod relay;
mod repeat;
mod running;
pub(crate) mod shadow;
pub(crate) mod stored;
mod token;
mod unasked;
mod watch;

pub(crate) use body::Share;
pub use endpoint::{Endpoint, Operation, endpoint};
pub(crate) use endpoint::{account_at, dialect_at, not_served, sdk};

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderValue;
use pingora_core::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::Outcome;
use weir_domain::operation::Operation as ModelOperation;
use weir_domain::routing::RouteState;
use weir_domain::snapshot::Snapshot;
use weir_llm::{ErrorKind, WireError};

use crate::exchange::Exchange;
use crate::metering::Settlement;
use crate::settings::Settings;
use crate::state::State;

/// What model calls share between requests, beside the snapshot.
pub struct Models {
    affinity: affinity::Affinity,
    batches: Arc<account::Written>,
    answers: answers::Answers,
    pools: pool::Pools,
    links: link::Links,
    drains: drain::Drains,
    parts: body::Parts,
    shadows: shadow::Shadows,
}

impl Models {
    /// Nothing is known and nothing kept yet; names are looked up by `egress`.
    pub(crate) fn new(settings: &Settings, egress: crate::egress::Egress) -> Self {
        Self {
            affinity: affinity::Affinity::default(),
            batches: Arc::default(),
            answers: answers::Answers::new(settings.answer_cache_bytes),
            pools: pool::Pools::default(),
            drains: drain::Drains::default(),
            links: link::Links::new(egress),
            parts: body::Parts::default(),
            shadows: shadow::Shadows::new(settings),
        }
    }

    /// The health checks of the configuration, each once.
    fn checks(&self, snapshot: &Snapshot) -> Vec<health::Check> {
        self.pools.checks(snapshot)
    }

    /// How the targets of model routes stand.
    pub(crate) fn routing(&self, snapshot: &Snapshot) -> Vec<RouteState> {
        let mut routes = self.pools.view(snapshot);
        for state in &mut routes {
            let route = snapshot.models.get(&state.model);
            state.shadows = route.map(|route| self.shadows.view(&self.pools, snapshot, route)).unwrap_or_default();
        }
        routes
    }

    /// The same for Prometheus, in its text format.
    pub(crate) fn metrics(&self, snapshot: &Snapshot, node: &str) -> String {
        let mut text = self.pools.metrics(snapshot, node);
        if snapshot.models.values().any(|route| !route.shadows.is_empty()) {
            text.push_str(&self.shadows.counts.metrics(node));
        }
        text
    }
}

/// Serves one model call whole: reads the body, finds the model, plans, attempts, answers, settles.
///
/// `exchange.settlement` knows the caller already; `exchange.caller` is there.
///
/// # Errors
/// The caller is gone, or left before the end; the settlement says so already.
pub async fn serve(state: &State, session: &mut Session, exchange: &mut Exchange, endpoint: Endpoint) -> Result<()> {
    exchange.settlement.dialect = Some(endpoint.dialect);
    let dialect = endpoint.dialect;
    let result = match endpoint.operation {
        Operation::Chat => call::serve(state, session, exchange, dialect, ModelOperation::Chat.into()).await,
        Operation::Embeddings => {
            call::serve(state, session, exchange, dialect, ModelOperation::Embeddings.into()).await
        }
        Operation::Rerank => call::serve(state, session, exchange, dialect, ModelOperation::Rerank.into()).await,
        Operation::Model(operation) => call::serve(state, session, exchange, dialect, operation.into()).await,
        Operation::Addressed(operation, addressed) => {
            let asked = call::Asked { operation, addressed: Some(addressed) };
            call::serve(state, session, exchange, dialect, asked).await
        }
        Operation::ListModels => list_models(session, exchange, dialect).await,
        Operation::GetModel(id) => get_model(session, exchange, dialect, &id).await,
        Operation::Realtime => realtime::serve(state, session, exchange).await,
        Operation::PastTheGateway => realtime::refuse_past(session, &mut exchange.settlement).await,
        Operation::WrongMethod(right) => wrong_method(session, &mut exchange.settlement, dialect, right).await,
    };
    let settlement = &mut exchange.settlement;
    if !settlement.is_settled() && result.is_err() && !settlement.is_decided() {
        settlement.end(Outcome::Aborted, "caller_left");
        settlement.free_if_nobody_was_asked();
    }
    settlement.settle();
    // Whatever comes of providers is answered here; what remains is the caller's connection.
    result.map_err(Error::into_down)
}

async fn list_models(session: &mut Session, exchange: &mut Exchange, dialect: Dialect) -> Result<()> {
    let Some(caller) = &exchange.caller else { return unknown_caller(session, exchange, dialect).await };
    let list = weir_llm::models_list(dialect, &models::list(&exchange.snapshot, caller));
    give(session, &mut exchange.settlement, dialect, list).await
}

async fn get_model(session: &mut Session, exchange: &mut Exchange, dialect: Dialect, id: &str) -> Result<()> {
    let Some(caller) = &exchange.caller else { return unknown_caller(session, exchange, dialect).await };
    let permitted = caller.permits_model(&exchange.snapshot, id);
    if let Some(body) = models::one(dialect, &exchange.snapshot, id).filter(|_| permitted) {
        return give(session, &mut exchange.settlement, dialect, body).await;
    }
    let error = models::unknown(&exchange.snapshot, caller, id);
    refuse::refuse(session, &mut exchange.settlement, dialect, &error, None).await
}

/// Model calls are never public; a route that let one through without a caller is a fault of ours.
async fn unknown_caller(session: &mut Session, exchange: &mut Exchange, dialect: Dialect) -> Result<()> {
    let sentence = "an API key is needed: send it as Authorization: Bearer, x-api-key or x-goog-api-key";
    let error = WireError::gateway(ErrorKind::Authentication, sentence).with_code("missing_api_key");
    refuse::refuse(session, &mut exchange.settlement, dialect, &error, None).await
}

async fn wrong_method(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    right: &'static str,
) -> Result<()> {
    let sentence = format!("the method {} is not served here; use {right}", settlement.method);
    let mut error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("method_not_allowed");
    error.status = 405;
    let allow = (http::header::ALLOW, HeaderValue::from_static(right));
    refuse::refuse(session, settlement, dialect, &error, Some(allow)).await
}

/// Answers with a body that is ready.
async fn give(session: &mut Session, settlement: &mut Settlement, dialect: Dialect, body: Bytes) -> Result<()> {
    give_with(session, settlement, dialect, body, None).await
}

/// The same with a header of Weir's.
async fn give_with(
    session: &mut Session,
    settlement: &mut Settlement,
    dialect: Dialect,
    body: Bytes,
    header: Option<(&'static str, &'static str)>,
) -> Result<()> {
    let mut head = ResponseHeader::build_no_case(200, Some(7))?;
    if let Some((name, value)) = header {
        head.insert_header(name, HeaderValue::from_static(value))?;
    }
    head.insert_header("content-type", HeaderValue::from_static("application/json"))?;
    head.insert_header("content-length", HeaderValue::from(body.len()))?;
    refuse::identify(&mut head, settlement, dialect)?;
    settlement.status = 200;
    settlement.response_bytes = body.len() as u64;
    settlement.first_byte();
    settlement.end(Outcome::Ok, "");
    settlement.captured(|capture| capture.given(&body));
    settlement.settle();
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await
}
