//! Routes with a policy of conflicts, the owned exchange path: this file is the list of their stages, in the one order that
//! cannot deadlock; each gives up what it holds in reverse.
//!
//! ```text
//! K8 idempotency ─▶ K9 room ─▶ K5 locks ─▶ K6/K4 turn, lease ─▶ K3 preconditions ─▶ upstream with K10 ─▶ K4 commit
//!        │                                    reads: K7 shared call ─▶ K1 tag ─▶ K2 304, 412      ─▶ K8 answer kept
//!        └─▶ the first answer again
//! ```

mod again;
mod asking;
mod deliver;
mod fetch;
mod guard;
mod idempotency;
mod join;
mod kept;
mod learnt;
mod lease;
mod preconditions;
mod problems;
mod reads;
mod room;
mod run;
mod shared;
mod source;
mod tags;
mod tape;
mod turn;
mod verify;

use std::sync::Arc;
use std::time::Instant;

use http::HeaderValue;
use http::header::{DATE, HeaderName};
use pingora_core::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use weir_conflict::date::HttpDate;
use weir_conflict::idempotency_key::IDEMPOTENCY_REPLAYED;
use weir_conflict::problem::Problem;
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::StoredAnswer;
use weir_domain::ledger::Outcome;
use weir_domain::snapshot::Snapshot;
use weir_domain::spec::OnError;

use self::again::NoAnswer;
pub(crate) use self::asking::Asking;
use self::guard::Submitted;
pub(crate) use self::idempotency::begin;
pub(crate) use self::kept::Kept;
use self::lease::End;
pub(crate) use self::problems::ends;
pub(crate) use self::room::{Room, enter};
pub(crate) use self::run::Stop;
use self::run::{Io, Run};
pub(crate) use self::shared::Conflicts;
pub(crate) use self::tape::Tape;
use crate::exchange::Exchange;
use crate::problem::{self, REQUEST_ID};
use crate::state::State;
use crate::upstream::Pace;

/// Serves one request of a route with a policy, whole.
///
/// # Errors
/// The caller left, or the upstream failed; the caller is told by who called this.
pub(crate) async fn serve(state: &Arc<State>, session: &mut Session, exchange: &mut Exchange) -> Result<()> {
    let snapshot: Arc<Snapshot> = Arc::clone(&exchange.snapshot);
    let caller = exchange.caller.clone();
    let team = caller.as_ref().and_then(|caller| caller.application(&snapshot)).map(|a| a.team.clone());
    let Some(forward) = exchange.forward.as_deref_mut() else { return Ok(()) };
    let Some(policy) = forward.route.conflict.clone() else { return Ok(()) };
    let pace = Pace { grace: state.settings.caller_timeout, rate: state.settings.min_body_rate };
    let io = Io { session, forward, settlement: &mut exchange.settlement, pace, once: false };
    let caller = caller.as_ref().map(|caller| (caller, team.unwrap_or_default()));
    let mut run = Run::begin(state, &policy, caller, io);
    match stages(&mut run).await {
        Ok(()) | Err(Stop::Answered) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(problem)) => refuse(&mut run, *problem).await,
    }
}

async fn stages(run: &mut Run<'_>) -> Result<(), Stop> {
    strip_fences(run);
    run.read_json().await?;
    if let Some(answer) = begin(run).await? {
        return replay(run, &answer).await;
    }
    enter(run).await?;
    let lock = guard::check(run).await?;
    let conditions = preconditions::read(run)?;
    if run.reads() {
        return reads::serve(run, &conditions).await;
    }
    turn::take(run).await?;
    preconditions::judge(run, &conditions).await?;
    check_out(run, lock.as_ref()).await?;
    let begun = Instant::now();
    match join::ask(run).await {
        Ok(source) => {
            answered(run, source.head.status.as_u16(), begun);
            let source = again::normalised(run, source).await?;
            deliver::pass(run, source).await
        }
        Err(none) => unanswered(run, none).await,
    }
}

/// Who may say a fencing token is Weir alone.
fn strip_fences(run: &mut Run<'_>) {
    let policy = run.policy.clone();
    let lock = policy.lock.as_ref().map(|set| set.fencing_header.as_str());
    let update = policy.lost_update.as_ref().map(|set| set.fencing_header.as_str());
    for name in lock.into_iter().chain(update).filter(|name| !name.is_empty()) {
        run.request.remove_header(name);
    }
}

/// The last look before a write leaves: whether what it holds is held still, after all the waiting.
async fn check_out(run: &mut Run<'_>, lock: Option<&Submitted>) -> Result<(), Stop> {
    run.let_in().await?;
    if let Some(lease) = &run.held.lease {
        match lease.is_held().await {
            Ok(true) => {}
            Ok(false) => return lost(run, Policy::LostUpdate).await,
            Err(error) => {
                let open = run.policy.preconditions.as_ref().is_some_and(|set| set.on_error == OnError::Open);
                if !open {
                    give_up(run, End::Undone).await;
                    return Err(run.store_down(Policy::LostUpdate, &error).into());
                }
                run.did(Policy::LostUpdate, "bypass", &Act::bypassed(Policy::LostUpdate));
            }
        }
    }
    if let Some(lock) = lock
        && !guard::is_held(run, lock).await?
    {
        return lost(run, Policy::Lock).await;
    }
    fence(run, lock)?;
    run.io.once = run.held.kept.is_some() || run.held.lease.as_ref().is_some_and(|lease| lease.begun.is_some());
    if let Some(kept) = &mut run.held.kept {
        kept.is_sent();
    }
    Ok(())
}

async fn lost(run: &mut Run<'_>, policy: Policy) -> Result<(), Stop> {
    run.conflicts().metrics.lease_lost(&run.route.id);
    give_up(run, End::Undone).await;
    Err(run.lease_lost(policy).into())
}

/// Tells the upstream the fencing token: that of the client's lock, or that of the write's own lease.
fn fence(run: &mut Run<'_>, lock: Option<&Submitted>) -> Result<(), Stop> {
    let policy = run.policy.clone();
    let said = match (lock, &run.held.lease) {
        (Some(lock), _) => policy.lock.as_ref().map(|set| (set.fencing_header.clone(), lock.fence)),
        (None, Some(lease)) if lease.begun.is_some() => {
            let header = policy.lost_update.clone().unwrap_or_default().fencing_header;
            Some((header, lease.fence))
        }
        _ => None,
    };
    let Some((header, fence)) = said.filter(|(header, _)| !header.is_empty()) else { return Ok(()) };
    let name: HeaderName = header.parse().unwrap_or(HeaderName::from_static("fencing-token"));
    run.request.insert_header(name, fence.to_string())?;
    let policy = if lock.is_some() { Policy::Lock } else { Policy::LostUpdate };
    run.did(policy, "fenced", &Act::new(policy, "fenced").fence(fence));
    Ok(())
}

/// Notes what the upstream's answer says of how much it bears: 429 and 503 that it is too much, and they come so soon that
/// their time would say the contrary.
fn answered(run: &mut Run<'_>, status: u16, begun: Instant) {
    if matches!(status, 429 | 503) {
        run.held.room.dropped();
    } else {
        run.held.room.sample(begun.elapsed());
    }
}

/// There is no answer: what the request holds is given up as far as is known.
async fn unanswered(run: &mut Run<'_>, none: NoAnswer) -> Result<(), Stop> {
    match none {
        NoAnswer::Stop(stop) => Err(stop),
        NoAnswer::Upstream(unanswered) => {
            run.held.room.dropped();
            give_up(run, if unanswered.reached { End::Unknown } else { End::Undone }).await;
            if let Some(kept) = run.held.kept.take() {
                kept.unanswered(unanswered.reached).await;
            }
            Err(Stop::Failed(unanswered.error))
        }
    }
}

async fn give_up(run: &mut Run<'_>, end: End) {
    if let Some(lease) = run.held.lease.take() {
        lease.end(end, None).await;
    }
    run.held.turn = None;
}

/// Gives the first answer again.
async fn replay(run: &mut Run<'_>, answer: &StoredAnswer) -> Result<(), Stop> {
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + 6))?;
    for (name, value) in &answer.headers {
        head.append_header(name.clone(), HeaderValue::from_bytes(value).unwrap_or(HeaderValue::from_static("")))?;
    }
    head.insert_header(IDEMPOTENCY_REPLAYED, "true")?;
    head.insert_header(DATE, HttpDate::now().to_header_value())?;
    let bodiless = matches!(answer.status, 204 | 304);
    if bodiless {
        head.remove_header(&http::header::CONTENT_LENGTH);
    } else {
        head.insert_header(http::header::CONTENT_LENGTH, answer.body.len())?;
    }
    run.did(Policy::Idempotency, "replayed", &Act::new(Policy::Idempotency, "replayed"));
    let metrics = &run.conflicts().metrics;
    metrics.replayed(&run.route.id);
    metrics.saved(&run.route.id, Policy::Idempotency);
    // What is left of a repeat's body goes nowhere.
    if !run.upload.is_whole() {
        run.io.session.set_keepalive(None);
    }
    deliver::whole(run, head, answer.body.clone()).await
}

/// Refuses a request in the words of a policy.
async fn refuse(run: &mut Run<'_>, problem: Problem) -> Result<()> {
    give_up(run, End::Undone).await;
    if let Some(kept) = run.held.kept.take() {
        kept.unanswered(false).await;
    }
    run.held.room.leave().await;
    let code = problem.slug().as_str();
    run.conflicts().metrics.refused(&run.route.id, problem.policy().unwrap_or_default(), code);
    let settlement = &mut *run.io.settlement;
    settlement.end(Outcome::Refused, code);
    settlement.status = problem.status();
    settlement.first_byte();
    settlement.settle();
    let path = run.io.session.req_header().uri.path().to_owned();
    let answer = problem.for_request(&path, &run.io.settlement.id).answer();
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + run.said.len() + 2))?;
    for (name, value) in answer.headers.iter().chain(&run.said) {
        head.append_header(name, value)?;
    }
    head.insert_header(REQUEST_ID, run.io.settlement.id.as_str())?;
    problem::give(run.io.session, head, answer.body, false).await
}

/// Whether a route's requests take this path.
pub(crate) fn is_asked_for(exchange: &Exchange) -> bool {
    exchange.forward.as_ref().is_some_and(|forward| forward.route.conflict.is_some())
}
