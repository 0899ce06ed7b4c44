//! Shadow targets: a copy of some chats goes to a target whose answer nobody gets, to be compared with the answer that
//! the caller got. A shadow runs in a task of its own, beside the call, and is settled by itself.

mod compare;
mod copies;
mod counts;
mod effects;
mod rest;
mod view;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::{Outcome, Shadowed};
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::snapshot::{ModelRoute, Snapshot};
use weir_llm::{Content, Peek};

pub(super) use self::copies::{Copies, Mirror};
use self::counts::{Counts, End};
use self::rest::Rests;
use super::attempt::{self, Flow, Ready, Request, Sending};
use super::beta::Betas;
use super::body::{Body, Share};
use super::call::Call;
use super::destination::longest;
use super::failure::Stop;
use super::line::LineError;
use super::plan::Plan;
use super::plan::ask::{Ask, dice};
use super::pool::Slot;
use super::running::Running;
use super::watch::{self, Nobody};
use crate::metering::Settlement;
use crate::settings::Settings;
use crate::state::State;

/// Shadows under way at once in a node; beyond that, calls have none.
const AT_ONCE: usize = 32;
/// The longest answer that is compared, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// How long a shadow may take, and how long it waits for the caller's answer after that.
const MOST_TIME: Duration = Duration::from_mins(5);
/// Which part of the budget for bodies they may take beside it.
const PART: usize = 8;

/// The shadows of a data plane.
pub(super) struct Shadows {
    room: Arc<Semaphore>,
    jobs: mpsc::UnboundedSender<Job>,
    /// Taken by the one task that begins them.
    begun: Mutex<Option<mpsc::UnboundedReceiver<Job>>>,
    /// What they hold in memory: a budget of their own, so that no caller is refused for the sake of a copy.
    budget: Arc<Semaphore>,
    rests: Rests,
    pub(super) counts: Counts,
    /// The same of each, by the name of its route. Operators name them, so there are few.
    each: papaya::HashMap<String, Arc<Counts>>,
}

impl Shadows {
    /// None is under way yet.
    pub(super) fn new(settings: &Settings) -> Self {
        // Not bounded here: each job holds one of the permits.
        let (jobs, begun) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let bytes = (settings.body_budget_bytes / PART).max(settings.max_ai_body_bytes);
        let budget = Arc::new(Semaphore::new(bytes.div_ceil(1024).min(Semaphore::MAX_PERMITS)));
        let (rests, counts, each) = (Rests::default(), Counts::default(), papaya::HashMap::new());
        Self { room, jobs, begun: Mutex::new(Some(begun)), budget, rests, counts, each }
    }

    /// What became of the copies for one shadow, by its route.
    fn counts_of(&self, route: &ModelRoute) -> Arc<Counts> {
        Arc::clone(self.each.pin().get_or_insert_with(route.name.clone(), Arc::default))
    }

    fn note(&self, route: &ModelRoute, end: End) {
        self.counts.note(end);
        self.counts_of(route).note(end);
    }

    fn spent(&self, route: &ModelRoute, cost: Option<NanoUsd>) {
        self.counts.spent(cost);
        self.counts_of(route).spent(cost);
    }
}

/// One shadow of one call.
struct Job {
    snapshot: Arc<Snapshot>,
    route: Arc<ModelRoute>,
    inbound: Dialect,
    peek: Peek,
    body: Body,
    betas: Betas,
    settlement: Settlement,
    /// What the caller is answered, when that is whole.
    given: oneshot::Receiver<Bytes>,
    _permit: OwnedSemaphorePermit,
}

/// Begins the shadows of a call that is about to be made, by their index in its route; what gives them the caller's answer.
pub(super) fn mirror(
    call: &Call<'_>,
    snapshot: &Arc<Snapshot>,
    settlement: &Settlement,
    shadows: &[usize],
) -> Option<Mirror> {
    if shadows.is_empty() || call.request.peek.operation != Operation::Chat {
        return None;
    }
    let begun = shadows.iter().filter_map(|&at| begin(call, snapshot, settlement, at));
    let tell: Vec<oneshot::Sender<Bytes>> = begun.collect();
    (!tell.is_empty()).then(|| Mirror::new(tell))
}

fn begin(
    call: &Call<'_>,
    snapshot: &Arc<Snapshot>,
    settlement: &Settlement,
    at: usize,
) -> Option<oneshot::Sender<Bytes>> {
    let Request { state, inbound, peek, .. } = &call.request;
    let (all, body) = (&state.models.shadows, &call.body.bytes);
    let route = &call.route.shadows.get(at)?.route;
    let mut share = Share::default();
    let permit = Arc::clone(&all.room).try_acquire_owned().ok();
    let Some(_permit) = permit.filter(|_| share.grow(&all.budget, body.len())) else {
        all.note(route, End::Busy);
        return None;
    };
    let (tell, given) = oneshot::channel();
    let job = Job {
        snapshot: Arc::clone(snapshot),
        route: Arc::clone(route),
        inbound: *inbound,
        peek: (*peek).clone(),
        body: Body::copied(body.clone(), share),
        betas: call.betas.clone(),
        settlement: settlement.shadow(at),
        given,
        _permit,
    };
    all.jobs.send(job).ok()?;
    Some(tell)
}

/// Runs shadows as they come, each in a task of its own.
pub(crate) async fn run(state: Arc<State>) {
    let Some(mut jobs) = state.models.shadows.begun.lock().take() else { return };
    while let Some(job) = jobs.recv().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let route = Arc::clone(&job.route);
            let end = job.run(&state).await;
            state.models.shadows.note(&route, end);
        });
    }
}

impl Job {
    /// Makes the call, compares, and settles.
    async fn run(self, state: &State) -> End {
        let Self { snapshot, route, inbound, peek, body, betas, mut settlement, given, _permit } = self;
        if effects::has_any(inbound, &peek, &body.bytes) {
            settlement.discard();
            return End::Unfit;
        }
        let ends = watch::later(longest(&route).min(MOST_TIME));
        let id = settlement.id.clone();
        let (budget, snapshot) = (&state.models.shadows.budget, &*snapshot);
        let content_type = None;
        let request =
            Request { state, budget, snapshot, inbound, peek: &peek, content_type, id, ends, reads_on: false };
        let call = Call { request, route: &route, body, betas, copies: Copies::default() };
        let asked = ask(state, &call, &route, &mut settlement).await;
        // The caller's answer may take as long as it likes.
        drop(call);
        let heard = match asked {
            Ok(heard) => heard,
            Err(end) => {
                settlement.discard();
                return end;
            }
        };
        let given = match &heard {
            Some(_) => tokio::time::timeout(MOST_TIME, given).await.ok().and_then(Result::ok),
            None => None,
        };
        let same = heard.as_ref().zip(given.as_ref()).and_then(|(heard, given)| {
            let read = |bytes| compare::read(inbound, &peek, bytes);
            Some(read(heard)? == read(given)?)
        });
        let (mut status, mut outcome) = (0, Outcome::Internal);
        let mut cost = None;
        if let Some(attempt) = settlement.attempts.first_mut() {
            attempt.shadow = Some(Shadowed { same_answer: same });
            (status, outcome, cost) = (attempt.status, attempt.outcome, attempt.cost);
        }
        state.models.shadows.spent(&route, cost);
        settlement.status = status;
        settlement.end(outcome, "");
        settlement.settle();
        match (same, outcome) {
            (Some(true), _) => End::Same,
            (Some(false), _) => End::Different,
            (None, Outcome::Ok) => End::Alone,
            (None, _) => End::Failed,
        }
    }
}

/// Asks the shadow, if nothing speaks against it: its answer in the caller's dialect, if there is a whole one.
async fn ask(
    state: &State,
    call: &Call<'_>,
    route: &Arc<ModelRoute>,
    settlement: &mut Settlement,
) -> Result<Option<Bytes>, End> {
    let (peek, inbound) = (call.request.peek, call.request.inbound);
    let headers = HeaderMap::new();
    let ask = Ask {
        input: peek.estimated_input,
        max_tokens: peek.max_tokens,
        stream: peek.stream,
        tools: peek.has_tools,
        content: Content::default(),
        team: &settlement.team,
        key: &settlement.key,
        headers: &headers,
        at: settlement.at,
    };
    let rests = &state.models.shadows.rests;
    // Looked at first: what is left alone counts against no key's limits.
    if route.targets.iter().any(|target| rests.left(target, Instant::now()).is_some()) {
        return Err(End::Resting);
    }
    let pool = state.models.pools.of(call.request.snapshot, route);
    if pool.slots().iter().any(Slot::is_unhealthy) {
        return Err(End::Resting);
    }
    let mut plan = Plan::new(pool, &ask, dice(&settlement.id), Instant::now());
    // What cools, is open or has no room is left alone: a shadow waits for nothing, and tries nothing twice.
    let choice = plan.calm(Instant::now()).ok_or(End::Resting)?;
    let target = route.targets.get(choice.target).ok_or(End::Unfit)?;
    let prepared = call.prepare(target).map_err(|_| {
        plan.unmade(choice);
        End::Unfit
    })?;
    let trial = plan.begin_apart(choice);
    let running = Running::begin(settlement, target, choice.key);
    let betas = (target.format(inbound) == WireFormat::Anthropic).then_some(&call.betas);
    let sending = Sending { target, key: choice.key, betas, request: &prepared, trial: &trial };
    let ready = match Box::pin(attempt::run(&call.request, &sending, running, &mut Nobody)).await {
        Ok(ready) => ready,
        Err(stop) => {
            // Nobody waits, so nobody leaves.
            if let Stop::Failed(failure) = stop
                && failure.why.is_some()
            {
                let wait = failure.retry_after.unwrap_or(Duration::from_millis(route.cooldown_ms));
                rests.begin(target, Instant::now() + wait);
            }
            return Ok(None);
        }
    };
    rests.end(target);
    let heard = whole(state, ready).await;
    let tokens = settlement.attempts.first().map(|attempt| attempt.usage.tokens).unwrap_or_default();
    trial.consumed(tokens.input_total() + tokens.output_total());
    Ok(heard)
}

/// The whole answer, if it comes to its end.
async fn whole(state: &State, ready: Ready<'_>) -> Option<Bytes> {
    match ready {
        Ready::Whole(_, answer) => Some(answer.body).filter(|body| body.len() <= MOST_BYTES),
        Ready::Stream(flow) => to_the_end(state, *flow).await,
        // Nobody waits, so nobody leaves.
        Ready::Late(..) => None,
    }
}

/// Reads a stream to its end; nothing, when it fails or is too long.
async fn to_the_end(state: &State, mut flow: Flow<'_>) -> Option<Bytes> {
    let provider = flow.streaming.running.settlement.attempts.last().map(|at| at.provider.clone()).unwrap_or_default();
    let stop = loop {
        if flow.ended || flow.streaming.translator.is_complete() {
            flow.streaming.running.end(Outcome::Ok, "");
            break None;
        }
        if flow.held.len() > MOST_BYTES {
            break Some(Stop::unusable(&provider, "its stream is longer than what is compared"));
        }
        flow.clock.arm(flow.timeouts.idle_ms);
        let pushed = match flow.clock.watch(&mut Nobody, flow.line.next()).await {
            Err(interrupt) => break Some(Stop::line(&provider, LineError::Interrupt(interrupt))),
            Ok(Err(error)) => break Some(Stop::broken(&provider, &error)),
            Ok(Ok(Some(piece))) => flow.streaming.translator.push(&piece, &mut flow.held),
            Ok(Ok(None)) => {
                flow.ended = true;
                flow.streaming.translator.finish(&mut flow.held)
            }
        };
        if let Err(error) = pushed {
            break Some(Stop::stream(&provider, &error));
        }
    };
    if let Some(Stop::Failed(failure)) = &stop {
        flow.streaming.running.end(failure.outcome, &failure.error.message);
    }
    flow.streaming.running.waited(flow.clock.waited());
    if stop.is_some() {
        flow.line.cut().await;
        return None;
    }
    flow.line.finish(&state.connector).await;
    Some(flow.held.freeze())
}
