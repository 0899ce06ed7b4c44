//! K10: what is done when the upstream itself reports a conflict: passed on, sent again, or sent again upon what is read
//! anew.

use std::time::Duration;

use bytes::BytesMut;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RETRY_AFTER,
};
use http::{HeaderMap, Method};
use pingora_core::Error;
use rand::Rng;
use tokio::time::Instant;
use weir_conflict::status::{Act, Policy};
use weir_domain::spec::{ConflictStrategy, RetryBudget, UpstreamConflict};

use super::asking::Asking;
use super::fetch;
use super::run::{Run, Stop};
use super::source::Source;
use crate::retry_after::retry_after;
use crate::server::departure::departure;
use crate::upstream::owned::{self, Answer, Unanswered};
use crate::upstream::repeat;
use crate::upstream::upload::Talk;

/// The window that the budget is reckoned over, and the repeats that are free in each.
const WINDOW: (u64, u32) = (10_000, 3);

/// The longest words of an upstream's that are put into a problem document.
const MAX_SAID: usize = 64 << 10;

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// The upstream gave none.
    Upstream(Unanswered),
    /// The caller left before anything was sent again.
    Stop(Stop),
}

/// Asks the upstream, again where the policy says so.
pub(super) async fn ask(run: &mut Run<'_>) -> Result<Answer, NoAnswer> {
    let policy = run.policy.clone();
    let Some(set) = policy.upstream_conflict.as_ref().filter(|set| set.strategy != ConflictStrategy::Pass) else {
        return once(run).await;
    };
    let budget = RetryBudget { percent: u32::from(set.budget.0), floor: WINDOW.1, window_ms: WINDOW.0 };
    let conflicts = run.conflicts();
    let spent = conflicts.budget(&run.route.upstream.id);
    spent.call(&budget, conflicts.now());
    let begun = Instant::now();
    let mut made = 1;
    loop {
        let answer = once(run).await?;
        let status = answer.head.status.as_u16();
        let may = set.on.contains(&status) || (set.strategy == ConflictStrategy::Reread && status == 412);
        if !may || !is_repeatable(run, set, status) || made >= set.max_attempts {
            return Ok(noted(run, answer, made));
        }
        let Some(pause) = pause(set, &answer.head.headers, made) else { return Ok(noted(run, answer, made)) };
        let late = set.deadline.is_some_and(|deadline| begun.elapsed() + pause > deadline.0);
        if late || !spent.repeat(&budget, conflicts.now()) {
            return Ok(noted(run, answer, made));
        }
        if set.strategy == ConflictStrategy::Reread && !reread(run).await {
            return Ok(noted(run, answer, made));
        }
        answer.finish(run.state).await;
        run.io.forward.superseded(run.io.settlement, status, "a conflict, sent again");
        run.unless_left(tokio::time::sleep(pause)).await.map_err(NoAnswer::Stop)?;
        made += 1;
    }
}

async fn once(run: &mut Run<'_>) -> Result<Answer, NoAnswer> {
    let cancels = run.upload.is_whole() && run.held.kept.as_ref().is_some_and(|kept| !kept.drains());
    let Run { state, io, request, upload, origin, .. } = run;
    if !cancels {
        return owned::ask(state, &mut io.talk(), request, upload, *origin).await.map_err(NoAnswer::Upstream);
    }
    // The call ends with its caller, also before the upstream has answered: how it ended there is then not known.
    let mut talk = Talk { session: None, forward: io.forward, settlement: io.settlement, pace: io.pace, once: io.once };
    tokio::select! {
        biased;
        answer = owned::ask(state, &mut talk, request, upload, *origin) => answer.map_err(NoAnswer::Upstream),
        reason = departure(io.session.as_downstream_mut()) => Err(NoAnswer::Stop(Stop::Failed(reason.into_down()))),
    }
}

fn noted(run: &mut Run<'_>, answer: Answer, made: u32) -> Answer {
    if made > 1 {
        let act = Act::new(Policy::UpstreamConflict, "repeated").attempts(made);
        run.did(Policy::UpstreamConflict, "repeated", &act);
    }
    answer
}

/// Whether a request may be sent again after an answer: nothing may happen twice (RFC 9110 section 9.2.2), the body must
/// be at hand, and a condition that the caller itself made is the caller's to make anew.
fn is_repeatable(run: &Run<'_>, set: &UpstreamConflict, status: u16) -> bool {
    let conditional =
        [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE].iter().any(|name| run.headers().contains_key(name));
    if !run.upload.is_repeatable() || (conditional && matches!(status, 409 | 412 | 428)) {
        return false;
    }
    match set.strategy {
        ConflictStrategy::Pass => false,
        ConflictStrategy::Reread => !conditional && is_patch_document(run.method(), run.headers()),
        ConflictStrategy::Retry => {
            let keyed = run.held.kept.is_some() && run.policy.idempotency.as_ref().is_some_and(|set| set.forward_key);
            set.replay_safe || keyed || repeat::is_idempotent(run.method())
        }
    }
}

/// A patch that says what to change, and can be applied to any version.
fn is_patch_document(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let kind = kind.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
    method == Method::PATCH
        && [&b"application/merge-patch+json"[..], b"application/json-patch+json"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
}

/// How long is waited before the next attempt; `None` where the upstream says longer than is waited.
fn pause(set: &UpstreamConflict, headers: &HeaderMap, made: u32) -> Option<Duration> {
    if headers.contains_key(RETRY_AFTER) {
        let wait = retry_after(headers, weir_domain::time::now())?;
        return (wait <= set.honor_retry_after.0).then_some(wait);
    }
    let most = set.backoff.base.0.saturating_mul(1 << made.saturating_sub(1).min(16)).min(set.backoff.max.0);
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).max(1);
    Some(Duration::from_millis(rand::rng().random_range(0..=most)))
}

/// Reads the current version, so that the patch is sent again upon it. Says whether there is one with a tag.
async fn reread(run: &mut Run<'_>) -> bool {
    let Ok(current) = fetch::current(run, fetch::Reader::Caller).await else { return false };
    let Some(tag) = current.headers.get(ETAG).filter(|_| current.status == 200).cloned() else { return false };
    if tag.as_bytes().starts_with(b"W/") {
        return false;
    }
    run.request.insert_header(IF_MATCH, tag).is_ok()
}

/// A conflict of the upstream's as a problem document, where the policy wants that and it is none already.
pub(super) async fn normalised(run: &mut Run<'_>, mut source: Source) -> Result<Source, Stop> {
    let wanted = run.policy.upstream_conflict.as_ref().is_some_and(|set| set.normalize);
    let status = source.head.status.as_u16();
    let kind = source.head.headers.get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let told = kind.to_ascii_lowercase().starts_with(b"application/problem+json");
    if !wanted || told || !matches!(status, 409 | 412 | 423 | 428) {
        return Ok(source);
    }
    let mut said = BytesMut::new();
    while let Some(piece) = run.unless_left(source.piece()).await?? {
        said.extend_from_slice(&piece);
        if said.len() > MAX_SAID {
            source.prefix.push_back(said.freeze());
            return Ok(source);
        }
    }
    let said = serde_json::from_slice(&said)
        .unwrap_or_else(|_| serde_json::Value::String(String::from_utf8_lossy(&said).into_owned()));
    let path = run.io.session.req_header().uri.path().to_owned();
    let answer = run.of_upstream(status, said).for_request(&path, &run.io.settlement.id).answer();
    for (name, value) in &answer.headers {
        source.head.insert_header(name, value)?;
    }
    source.head.insert_header(CONTENT_LENGTH, answer.body.len())?;
    source.head.remove_header(&CONTENT_ENCODING);
    source.bodiless = *run.method() == Method::HEAD;
    source.prefix.push_back(answer.body);
    Ok(source)
}

impl From<Box<Error>> for NoAnswer {
    fn from(error: Box<Error>) -> Self {
        Self::Stop(Stop::Failed(error))
    }
}
