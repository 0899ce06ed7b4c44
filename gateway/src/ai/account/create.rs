//! `POST /v1/batches`: the body names the file that the batch is made of, and with it the account. So it is read before a
//! connection is chosen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderName};
use pingora_core::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde::Deserialize;
use weir_domain::addressing::Called;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::Outcome;
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::snapshot::Provider;
use weir_llm::held::Unsealer;

use super::super::body::{self, Body, BodyError, Share};
use super::super::failure::{Failure, Stop};
use super::super::line::{Limit, Line, Outgoing};
use super::super::refuse::{identify, refuse, retry_after};
use super::super::watch::{Clock, later};
use super::{Reading, Sealer, absent, account_of, find, has, layout};
use crate::exchange::Exchange;
use crate::metering::Settlement;
use crate::problem::Refusal;
use crate::state::State;
use crate::upstream::attempt;

/// The longest answer that is read.
const MAX_ANSWER: usize = 4 << 20;
/// What of the answer's head belongs to its way here, or to the account.
const WITHHELD: [&str; 8] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "trailer",
    "set-cookie",
    "openai-organization",
    "openai-project",
];

/// How a call did not end with an answer of the provider's.
pub(crate) enum Unmade {
    /// The caller is told.
    Refused(Refusal, Outcome),
    /// It left.
    Left(Box<Error>),
}

impl From<Refusal> for Unmade {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, Outcome::Refused)
    }
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow, default)]
    input_file_id: Option<std::borrow::Cow<'a, str>>,
}

/// Makes a batch of a file of the caller's.
pub(crate) async fn serve(
    state: &State,
    session: &mut Session,
    exchange: &mut Exchange,
) -> std::result::Result<(), Unmade> {
    let body = match body::read(state, session, &exchange.settlement.application, Operation::Chat).await {
        Ok(body) => body,
        Err(BodyError::Left(reason)) => return Err(Unmade::Left(reason)),
        Err(BodyError::Refused(error, wait)) => {
            let settlement = &mut exchange.settlement;
            let told = refuse(session, settlement, Dialect::Openai, &error, wait.map(retry_after)).await;
            return told.map_err(Unmade::Left);
        }
    };
    exchange.settlement.request_bytes = body.bytes.len() as u64;
    let (provider, key) = account(exchange, &body)?;
    exchange.settlement.provider.clone_from(&provider.id);
    let sealer = Sealer::new(exchange, &provider, key);
    let opened = Unsealer::default().push(&body.bytes, true, &|id: &str| sealer.open_here(id));
    let mut reading = Reading::new(
        sealer,
        (layout(&provider), exchange.settlement.at),
        None,
        true,
        Arc::clone(&state.models.batches),
    );
    let settlement = &mut exchange.settlement;
    let asked = Asking { state, provider: &provider, key };
    let started = attempt::begin(settlement, &provider.id, "/batches");
    let answer = asked.ask(&exchange.snapshot, session, &opened, (settlement, started)).await;
    let (outcome, reason) = match &answer {
        Ok(answer) if answer.status >= 400 => (Outcome::UpstreamError, String::new()),
        Ok(_) => (Outcome::Ok, String::new()),
        Err(Stop::Failed(failure)) => (failure.outcome, failure.error.message.clone()),
        Err(Stop::Left(_)) => (Outcome::Aborted, "the caller left".to_owned()),
    };
    attempt::end(settlement, started, outcome, reason);
    let named = key.and_then(|key| provider.keys.get(key)).map(|key| key.id.clone()).unwrap_or_default();
    if let Some(attempt) = settlement.attempts.last_mut() {
        attempt.provider_key = named;
    }
    match answer {
        Ok(answer) => give(session, settlement, &mut reading, &provider, answer).await.map_err(Unmade::Left),
        Err(Stop::Left(reason)) => Err(Unmade::Left(reason)),
        Err(Stop::Failed(failure)) => Err(failed(settlement, &failure)),
    }
}

/// The account in which the file lies that the body names.
fn account(exchange: &Exchange, body: &Body) -> std::result::Result<(Arc<Provider>, Option<usize>), Refusal> {
    let asked: Asked<'_> = serde_json::from_slice(&body.bytes).map_err(|error| {
        Refusal::new(400, "invalid_body", format!("the body is no JSON object of a batch: {error}"))
    })?;
    let file = asked.input_file_id.as_deref().filter(|file| !file.is_empty()).ok_or_else(|| {
        let sentence = "input_file_id: missing; upload the requests to /v1/files first and give the id of that file";
        Refusal::new(400, "missing_input_file", sentence)
    })?;
    let held = find(exchange, file)?;
    let found = account_of(exchange, &held, file)?;
    if has(&found.0, "/batches") { Ok(found) } else { Err(absent(file)) }
}

/// What the provider answered.
struct Answered {
    status: u16,
    headers: http::HeaderMap,
    body: Bytes,
}

/// Where a batch is made.
struct Asking<'a> {
    state: &'a State,
    provider: &'a Arc<Provider>,
    key: Option<usize>,
}

impl Asking<'_> {
    async fn ask(
        &self,
        snapshot: &weir_domain::snapshot::Snapshot,
        session: &mut Session,
        body: &Bytes,
        (settlement, started): (&mut Settlement, Instant),
    ) -> std::result::Result<Answered, Stop> {
        let (state, provider) = (self.state, self.provider);
        let unusable = || Stop::unusable(&provider.id, "it has no API of its own");
        let link = state.models.links.get(snapshot, provider).ok_or_else(unusable)?;
        let timeouts = provider.timeouts;
        let called = Called { format: WireFormat::Openai, path: "/batches", model: "", stream: false };
        let outgoing = Outgoing { key: self.key, called, betas: None, content_type: None, body };
        let ends = later(Duration::from_millis(timeouts.total_ms));
        let mut clock = Clock::start(timeouts.total_ms, ends, None);
        let caller = session.as_downstream_mut();
        let mut sent = false;
        let way = (&state.connector, &state.egress);
        let line = |error| Stop::line(&provider.id, error);
        let mut answer =
            Line::open(way, &link, &timeouts, &outgoing, &mut sent, caller, &mut clock).await.map_err(line)?;
        attempt::answered(settlement, started, answer.status());
        let mut share = Share::default();
        let budget = &state.body_budget;
        let mut limit = Limit { most: MAX_ANSWER, step_ms: timeouts.idle_ms, share: &mut share, budget };
        let (status, headers) = (answer.status(), answer.headers().cloned().unwrap_or_default());
        match answer.collect(&mut limit, caller, &mut clock).await {
            Ok((body, true)) => {
                answer.release(&state.connector).await;
                Ok(Answered { status, headers, body })
            }
            Ok((_, false)) => {
                answer.cut().await;
                Err(Stop::unusable(&provider.id, "its answer about a batch is longer than 4 MiB"))
            }
            Err(error) => {
                answer.cut().await;
                Err(line(error))
            }
        }
    }
}

/// Gives the provider's answer to the caller, with the caller's ids.
async fn give(
    session: &mut Session,
    settlement: &mut Settlement,
    reading: &mut Reading,
    provider: &Provider,
    answer: Answered,
) -> Result<()> {
    let mut head = ResponseHeader::build_no_case(answer.status, Some(answer.headers.len() + 4))?;
    for (name, value) in answer.headers.iter().filter(|(name, _)| !WITHHELD.contains(&name.as_str())) {
        head.append_header(name.clone(), value.clone())?;
    }
    let good = (200..300).contains(&answer.status);
    let body = match good {
        true => {
            let (body, batch) = reading.sealed(answer.body);
            reading.saw(batch);
            body
        }
        false => answer.body,
    };
    head.insert_header(header::CONTENT_LENGTH, body.len())?;
    identify(&mut head, settlement, Dialect::Openai)?;
    head.remove_header(&HeaderName::from_static("x-weir-model"));
    reading.settle(settlement, true, provider);
    // What a batch costs is not known when it is made; what was refused costs nothing.
    settlement.cost = (!good).then_some(NanoUsd::ZERO);
    let cost = settlement.cost;
    if let Some(attempt) = settlement.attempts.last_mut() {
        attempt.cost = cost;
    }
    settlement.status = answer.status;
    settlement.response_bytes = body.len() as u64;
    settlement.first_byte();
    let (outcome, error) = if good { (Outcome::Ok, "") } else { (Outcome::UpstreamError, "upstream_status") };
    settlement.end(outcome, error);
    settlement.settle();
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await.map_err(Error::into_down)
}

/// What the caller is told when there is no answer. A batch may have been made all the same where the provider had the
/// request: then its cost is unknown.
fn failed(settlement: &mut Settlement, failure: &Failure) -> Unmade {
    let code = match failure.outcome {
        Outcome::Timeout => "upstream_timeout",
        Outcome::ConnectFailed => "upstream_unreachable",
        Outcome::Cut => "upstream_cut",
        _ => "upstream_error",
    };
    let free = matches!(failure.outcome, Outcome::ConnectFailed | Outcome::Internal);
    settlement.cost = free.then_some(NanoUsd::ZERO);
    Unmade::Refused(Refusal::new(failure.error.status, code, failure.error.message.clone()), failure.outcome)
}
