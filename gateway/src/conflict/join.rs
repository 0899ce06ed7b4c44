//! K7: identical requests at the same time share one upstream call.

use std::sync::Arc;

use http::Method;
use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, RANGE};
use tokio::sync::oneshot;
use weir_conflict::coalesce::{Followed, Head, Leader, Publisher, Role};
use weir_conflict::status::{Act, CacheStatus, Forward as Forwarded, Policy};
use weir_domain::ledger::{Attempt, Traffic};
use weir_domain::spec::Coalesce;

use super::again::{self, NoAnswer};
use super::asking::Asking;
use super::run::{Run, Stop};
use super::source::Source;
use crate::metering::Settlement;
use crate::state::State;
use crate::upstream::owned::{self, Unanswered};
use crate::upstream::upload::{Talk, Upload};
use crate::upstream::{Forward, Pace};

/// What the call that several share is made with.
struct Call {
    state: Arc<State>,
    forward: Forward,
    request: pingora_http::RequestHeader,
    upload: Upload,
    origin: crate::server::trust::Origin,
    pace: Pace,
    settlement: Settlement,
}

/// What the leader learns of its call: the attempts, or why there was no answer.
type Told = Result<Vec<Attempt>, Unanswered>;

/// Asks the upstream, or joins who asks already.
pub(super) async fn ask(run: &mut Run<'_>) -> Result<Source, NoAnswer> {
    let policy = run.policy.clone();
    let Some(set) = policy.coalesce.as_ref().filter(|set| is_joinable(run, set)) else {
        let asked = alone(run).await;
        if !run.is_safe() {
            // Whatever became of it: who has the answer must not read what was asked for before.
            run.conflicts().flights.wrote(resource(run));
        }
        return asked;
    };
    let body = if set.body_hash {
        run.hold().await.map_err(NoAnswer::Stop)?.then(|| run.upload.bytes()).flatten()
    } else {
        None
    };
    if set.body_hash && body.is_none() {
        return alone(run).await;
    }
    let key = key(run, set, body.as_deref());
    match run.conflicts().flights.join(&key, set) {
        Role::Alone => apart(run).await,
        Role::Lead(leader) => lead(run, leader).await,
        Role::Follow(follower) => match run.unless_left(follower.followed()).await.map_err(NoAnswer::Stop)? {
            Followed::Answer(head, reader) => {
                CacheStatus { forwarded: Some(Forwarded::Miss), collapsed: true, ..CacheStatus::default() }
                    .append_to(&mut run.said);
                run.did(Policy::Coalesce, "joined", &Act::new(Policy::Coalesce, "joined"));
                run.conflicts().metrics.saved(&run.route.id, Policy::Coalesce);
                Source::shared(&head, reader).map_err(NoAnswer::from)
            }
            Followed::Lead(leader) => lead(run, leader).await,
            Followed::Alone(_) => apart(run).await,
        },
    }
}

async fn alone(run: &mut Run<'_>) -> Result<Source, NoAnswer> {
    Source::own(again::ask(run).await?).map_err(NoAnswer::from)
}

async fn apart(run: &mut Run<'_>) -> Result<Source, NoAnswer> {
    CacheStatus { forwarded: Some(Forwarded::Miss), ..CacheStatus::default() }.append_to(&mut run.said);
    run.did(Policy::Coalesce, "alone", &Act::new(Policy::Coalesce, "alone"));
    alone(run).await
}

/// Whether a request may share a call: nothing in it is for it alone.
fn is_joinable(run: &Run<'_>, set: &Coalesce) -> bool {
    let method = run.method().as_str();
    let fresh =
        run.headers().get_all(CACHE_CONTROL).iter().any(|value| {
            value.as_bytes().split(|&b| b == b',').map(<[u8]>::trim_ascii).any(|directive| {
                directive.eq_ignore_ascii_case(b"no-cache") || directive.eq_ignore_ascii_case(b"no-store")
            })
        });
    let bodiless = run.upload.is_whole() && run.upload.bytes().is_some_and(|body| body.is_empty());
    set.methods.iter().any(|m| m.as_str() == method)
        && !fresh
        && !run.headers().contains_key(RANGE)
        && (bodiless || (set.body_hash && !run.expects()))
}

/// What a write changes, as far as its address says (RFC 9111 section 4.4): of all routes of the service.
fn resource<'a>(run: &'a Run<'_>) -> (&'a str, &'a str) {
    (&run.route.service, run.io.session.req_header().uri.path())
}

/// All in which joined requests are the same. Conditions are not among it: each is judged for itself.
fn key(run: &Run<'_>, set: &Coalesce, body: Option<&[u8]>) -> [u8; 32] {
    let request = run.io.session.req_header();
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &[u8]| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    let method = if request.method == Method::HEAD { "GET" } else { request.method.as_str() };
    let host = crate::intake::host(request).unwrap_or_default();
    let query = weir_domain::conflict_key::normalised(request.uri.query().unwrap_or_default());
    part(&run.conflicts().flights.generation(resource(run)).to_le_bytes());
    for text in [run.route.id.as_str(), method, &host, request.uri.path(), &query] {
        part(text.as_bytes());
    }
    let who = [AUTHORIZATION, COOKIE];
    let vary = set.vary_on.iter().filter_map(|name| name.parse::<http::HeaderName>().ok());
    let own = (!set.share_across_consumers).then_some(who).into_iter().flatten();
    for name in vary.chain(own) {
        part(name.as_str().as_bytes());
        for value in request.headers.get_all(&name) {
            part(value.as_bytes());
        }
    }
    if !set.share_across_consumers {
        part(run.consumer().as_bytes());
    }
    part(body.unwrap_or_default());
    *hasher.finalize().as_bytes()
}

/// Makes the call as a task of its own: it lives as long as anybody reads it.
async fn lead(run: &mut Run<'_>, leader: Leader) -> Result<Source, NoAnswer> {
    let mut request = run.request.clone();
    if request.method == Method::HEAD {
        request.set_method(Method::GET);
    }
    let upload = match run.upload.bytes().filter(|body| !body.is_empty()) {
        Some(body) => Upload::held(body, &run.state.body_budget),
        None => Upload::none(&run.state.body_budget),
    };
    let path = run.io.session.req_header().uri.path();
    let call = Call {
        state: Arc::clone(run.state),
        forward: run.io.forward.another(),
        upload,
        origin: run.origin,
        pace: run.io.pace,
        settlement: Settlement::begin(&run.state.meter, Traffic::Rest, request.method.as_str(), path),
        request,
    };
    let (tell, told) = oneshot::channel();
    let mut reader = leader.spawn(|publisher| pump(call, publisher, tell));
    CacheStatus { forwarded: Some(Forwarded::Miss), ..CacheStatus::default() }.append_to(&mut run.said);
    run.did(Policy::Coalesce, "led", &Act::new(Policy::Coalesce, "led"));
    let told = run.unless_left(told).await.map_err(NoAnswer::Stop)?;
    match told {
        Ok(Ok(attempts)) => run.io.settlement.attempts.extend(attempts),
        Ok(Err(unanswered)) => return Err(NoAnswer::Upstream(unanswered)),
        Err(_) => {
            let error =
                pingora_core::Error::explain(pingora_core::ErrorType::InternalError, "a shared call ended early");
            return Err(NoAnswer::Upstream(Unanswered { error: error.into_up(), reached: true }));
        }
    }
    match reader.head().await {
        Ok(head) => Source::shared(&head, reader).map_err(NoAnswer::from),
        Err(broken) => {
            let error = pingora_core::Error::explain(pingora_core::ErrorType::ConnectionClosed, broken.to_string());
            Err(NoAnswer::Upstream(Unanswered { error: error.into_up(), reached: true }))
        }
    }
}

async fn pump(call: Call, publisher: Publisher, tell: oneshot::Sender<Told>) {
    let Call { state, mut forward, request, mut upload, origin, pace, mut settlement } = call;
    let mut talk = Talk { session: None, forward: &mut forward, settlement: &mut settlement, pace, once: false };
    let asked = owned::ask(&state, &mut talk, &request, &mut upload, origin).await;
    let mut answer = match asked {
        Ok(answer) => answer,
        Err(unanswered) => {
            publisher.fail(unanswered.error.etype().as_str());
            _ = tell.send(Err(unanswered));
            settlement.discard();
            return;
        }
    };
    let status = answer.head.status;
    forward.superseded(&mut settlement, status.as_u16(), "");
    // The leader may be gone; others read on.
    _ = tell.send(Ok(std::mem::take(&mut settlement.attempts)));
    settlement.discard();
    let head = Head { status, headers: answer.head.headers.clone() };
    let Ok(mut body) = publisher.head(head) else { return answer.cut().await };
    loop {
        match answer.piece().await {
            Ok(Some(piece)) => {
                if body.piece(piece).await.is_err() {
                    return answer.cut().await;
                }
            }
            Ok(None) => break,
            Err(error) => {
                body.fail(error.etype().as_str());
                return answer.cut().await;
            }
        }
    }
    body.end();
    answer.release(&state).await;
}

impl From<Stop> for NoAnswer {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}
