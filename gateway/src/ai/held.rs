//! What a model call holds of its route's policy of conflicts (its key and its room), and what its answer says of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use parking_lot::Mutex;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde_json::Value;
use weir_conflict::facts::Facts;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::problem::Problem;
use weir_conflict::resource::{Names, TeamTag};
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::StoredAnswer;
use weir_domain::ledger::{Outcome, Record};
use weir_domain::money::NanoUsd;
use weir_domain::snapshot::{ConflictPolicy, ModelRoute};
use weir_llm::{ErrorKind, WireError};

use super::failure::Failure;
use crate::conflict::{Asking, Conflicts, Kept, Room, Stop, Tape, begin, enter};
use crate::server::departure::departure;
use crate::server::trust::Origin;
use crate::state::State;

/// The header that says what an answer cost.
pub(super) const COST: &str = "x-weir-cost";

/// What one call holds. Dropped, all of it is given up.
#[derive(Default)]
pub(super) struct Held {
    room: Room,
    kept: Option<Kept>,
    tape: Option<Tape>,
    /// The answer's headers, while it is on its way.
    seen: HeaderMap,
    /// What the answer says of what was done.
    said: HeaderMap,
}

/// Why a call is not made.
pub(super) enum Unmade {
    /// It was made before; this is its answer.
    Again(Arc<StoredAnswer>),
    /// A policy refuses it.
    Refused(WireError),
    /// The caller left.
    Left(Box<pingora_core::Error>),
}

/// Who asks.
struct Asker<'a> {
    state: &'a State,
    session: &'a mut Session,
    policy: Arc<ConflictPolicy>,
    route: &'a ModelRoute,
    record: &'a Record,
    body: &'a Bytes,
    json: Option<Value>,
    origin: Origin,
    held: &'a mut Held,
}

/// Begins under the call's key, if its route knows keys and it has one.
pub(super) async fn claim(
    state: &State,
    session: &mut Session,
    route: &ModelRoute,
    (record, body): (&Record, &Bytes),
    held: &mut Held,
) -> Result<(), Unmade> {
    let Some(mut asker) = Asker::of(state, session, route, (record, body), held) else { return Ok(()) };
    match begin(&mut asker).await {
        Ok(None) => Ok(()),
        Ok(Some(answer)) => {
            asker.replayed();
            Err(Unmade::Again(answer))
        }
        Err(stop) => Err(asker.unmade(stop)),
    }
}

/// Takes room within each limit of the route.
pub(super) async fn admit(
    state: &State,
    session: &mut Session,
    route: &ModelRoute,
    (record, body): (&Record, &Bytes),
    held: &mut Held,
) -> Result<(), Unmade> {
    let Some(mut asker) = Asker::of(state, session, route, (record, body), held) else { return Ok(()) };
    match enter(&mut asker).await {
        Ok(()) => Ok(()),
        Err(stop) => Err(asker.unmade(stop)),
    }
}

impl<'a> Asker<'a> {
    fn of(
        state: &'a State,
        session: &'a mut Session,
        route: &'a ModelRoute,
        (record, body): (&'a Record, &'a Bytes),
        held: &'a mut Held,
    ) -> Option<Self> {
        let policy = Arc::clone(route.conflict.as_ref()?);
        let json = policy.reads_body_for_key().then(|| serde_json::from_slice(body).ok()).flatten();
        let origin = Origin::of(session.as_downstream(), &state.settings.trusted_proxies);
        Some(Self { state, session, policy, route, record, body, json, origin, held })
    }

    fn replayed(&mut self) {
        self.did(Policy::Idempotency, "replayed", &Act::new(Policy::Idempotency, "replayed"));
        let metrics = self.state.conflicts.metrics();
        metrics.replayed(&self.route.id);
        metrics.saved(&self.route.id, Policy::Idempotency);
    }

    fn unmade(&mut self, stop: Stop) -> Unmade {
        match stop {
            Stop::Refused(problem) => Unmade::Refused(self.refused(&problem)),
            Stop::Failed(reason) => Unmade::Left(reason),
            Stop::Answered => Unmade::Refused(WireError::gateway(ErrorKind::Internal, "the call was answered before")),
        }
    }

    /// The problem in words that every dialect has; what it says in headers is said in all of them.
    fn refused(&mut self, problem: &Problem) -> WireError {
        let code = problem.slug().as_str();
        self.state.conflicts.metrics().refused(&self.route.id, problem.policy().unwrap_or_default(), code);
        // Each refusal of a model call has these two of its own.
        let own = [CACHE_CONTROL, CONTENT_TYPE];
        for (name, value) in problem.headers().iter().filter(|(name, _)| !own.contains(name)) {
            self.held.said.append(name, value.clone());
        }
        let mut error = WireError::gateway(ErrorKind::from_status(problem.status()), problem.detail()).with_code(code);
        error.status = problem.status();
        error
    }
}

impl Asking for Asker<'_> {
    fn conflicts(&self) -> &Conflicts {
        &self.state.conflicts
    }

    fn policy(&self) -> &Arc<ConflictPolicy> {
        &self.policy
    }

    fn route(&self) -> &str {
        &self.route.id
    }

    fn service(&self) -> &str {
        &self.route.id
    }

    fn id(&self) -> &str {
        &self.record.id
    }

    fn names(&self) -> Arc<Names> {
        self.state.conflicts.names()
    }

    /// Model routes belong to no team.
    fn tag(&self) -> TeamTag {
        self.names().team("")
    }

    fn facts(&self) -> Facts<'_> {
        let request = self.session.req_header();
        Facts {
            api: &self.route.id,
            caller: Some((&self.record.team, &self.record.application)),
            address: self.origin.peer,
            path: request.uri.path(),
            query: request.uri.query(),
            parameters: &[],
            headers: &request.headers,
            body: self.json.as_ref(),
        }
    }

    fn method(&self) -> &str {
        self.session.req_header().method.as_str()
    }

    fn fingerprint(&self) -> Fingerprinting {
        let request = self.session.req_header();
        let kind = request.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        Fingerprinting::new(request.method.as_str(), request.uri.path(), request.uri.query(), kind)
    }

    fn said(&mut self) -> &mut HeaderMap {
        &mut self.held.said
    }

    fn room(&mut self) -> &mut Room {
        &mut self.held.room
    }

    fn keep(&mut self, kept: Kept) {
        self.held.kept = Some(kept);
    }

    fn taste(&mut self, making: Arc<Mutex<Fingerprinting>>) {
        making.lock().update(self.body);
    }

    /// Providers get no key in any case.
    fn withhold(&mut self, _names: &[&HeaderName]) {}

    async fn held(&mut self) -> Result<Option<Bytes>, Stop> {
        Ok(Some(self.body.clone()))
    }

    async fn read_off(&mut self, mut making: Fingerprinting) -> Result<[u8; 32], Stop> {
        making.update(self.body);
        Ok(making.finish().0)
    }

    async fn unless_left<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> Result<T, Stop> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            reason = departure(self.session.as_downstream_mut()) => Err(Stop::Failed(reason)),
        }
    }
}

impl Held {
    /// Whether the answer is read to its end although the caller has left.
    pub(super) fn reads_on(&self) -> bool {
        self.kept.as_ref().is_some_and(Kept::drains)
    }

    /// A provider is about to be asked.
    pub(super) fn asks(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.is_sent();
        }
    }

    /// The first byte of the provider's answer came after so long.
    pub(super) fn sample(&self, first_byte: Duration) {
        self.room.sample(first_byte);
    }

    /// An attempt failed: where the provider did not answer in time, or said that it is too much, its limit falls.
    pub(super) fn failed(&self, failure: &Failure) {
        let told =
            failure.error.origin == weir_llm::Origin::Provider && matches!(failure.error.status, 429 | 503 | 529);
        if told || failure.is_timeout() {
            self.room.dropped();
        }
    }

    /// An answer begins with this head: it is taken down for repeats, and then says what policies did.
    pub(super) fn dress(&mut self, head: &mut ResponseHeader) -> pingora_core::Result<()> {
        if let Some(kept) = &self.kept {
            self.tape = Some(kept.tape(head));
            self.seen.clone_from(&head.headers);
        }
        for (name, value) in &self.said {
            head.append_header(name, value)?;
        }
        Ok(())
    }

    /// Takes a piece of the answer down.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        if let Some(tape) = &mut self.tape {
            tape.piece(piece);
        }
    }

    /// The answer is whole. Said before its last byte leaves, so that who has it finds the key done and the room free.
    pub(super) async fn end(&mut self, cost: Option<NanoUsd>) {
        if let (Some(kept), Some(mut tape)) = (self.kept.take(), self.tape.take()) {
            if let Some(cost) = cost {
                tape.note(COST, cost.to_string());
            }
            kept.answered(tape, &self.seen).await;
        }
        self.room.leave().await;
    }

    /// An error is what the caller gets. Who was not asked has done nothing; nor has who could not be reached.
    pub(super) async fn refused(&mut self, record: &Record, body: &[u8]) {
        let unasked = record.attempts.is_empty() || record.outcome == Outcome::ConnectFailed;
        if unasked && let Some(kept) = self.kept.take() {
            kept.unanswered(false).await;
        }
        self.piece(body);
        self.end(None).await;
    }

    /// The answer broke off, or the caller left and it was not read on. What surely cost nothing may be asked for again.
    pub(super) async fn gave_up(&mut self, record: &Record) {
        if let Some(kept) = self.kept.take() {
            let paid = record.attempts.iter().any(|attempt| attempt.cost != Some(NanoUsd::ZERO));
            kept.unanswered(paid).await;
        }
        self.room.leave().await;
    }
}
