//! K8: a request that is sent again gets the first one's answer, and the upstream is asked once.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::HeaderName;
use parking_lot::Mutex;
use tokio::time::Instant;
use weir_conflict::date::HttpDate;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::idempotency_key::{self, FirstSent, Key, REPEATABILITY_REQUEST_ID, REPEATABILITY_RESULT};
use weir_conflict::problem::Slug;
use weir_conflict::resource::ResourceKey;
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::{Begun, IdemAsk, Store, StoredAnswer};
use weir_domain::spec::{Idempotency, InProgress, KeyScope, OnError};
use weir_domain::time;

use super::asking::Asking;
use super::kept::Kept;
use super::run::Stop;

/// How often a repeat that waits asks whether the first has ended: at first, and at most.
const ASK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

/// Begins under the request's key, if it has one; gives the first one's answer, if this is a repeat.
///
/// # Errors
/// The key is missing or malformed, was used for another request, or the first is under way or lost; the store is down.
pub(crate) async fn begin<R: Asking>(run: &mut R) -> Result<Option<Arc<StoredAnswer>>, Stop> {
    let policy = Arc::clone(run.policy());
    let Some(set) = policy.idempotency.as_ref().filter(|set| covers(set, run.method())) else {
        return Ok(None);
    };
    let (header, aliases) = names(set);
    let found = idempotency_key::read(run.headers(), &header, &aliases, set.syntax).map_err(|f| run.bad_key(&f))?;
    let Some(key) = found else {
        return if set.required { Err(run.key_missing(set).into()) } else { Ok(None) };
    };
    if aliases.contains(&REPEATABILITY_REQUEST_ID) {
        let now = HttpDate::from_unix(time::now() / 1_000_000);
        let sent = idempotency_key::first_sent(run.headers(), now, set.first_sent_window.0);
        if matches!(sent.map_err(|fault| run.bad_key(&fault))?, FirstSent::Outside(_)) {
            let rejected = HeaderValue::from_static("rejected");
            let problem = run.problem(Policy::Idempotency, Slug::RepeatabilityRejected);
            return Err(problem.with_header(REPEATABILITY_RESULT, rejected).into());
        }
        if run.headers().contains_key(REPEATABILITY_REQUEST_ID) {
            run.said().insert(REPEATABILITY_RESULT, HeaderValue::from_static("accepted"));
        }
    }
    if !set.forward_key {
        let names: Vec<&HeaderName> = aliases.iter().chain([&header]).collect();
        run.withhold(&names);
    }
    let scope = match set.scope {
        KeyScope::Route => format!("route {}", run.route()),
        KeyScope::Api => format!("api {}", run.service()),
    };
    let facts = run.facts();
    let (team, consumer) = (facts.caller.map_or("", |(team, _)| team), facts.consumer());
    let name = run.names().key(run.tag(), &["idempotency", &scope, team, &consumer, &key.value]);
    begin_under(run, set, &key, name).await
}

/// Whether a policy counts for a method. A key with a safe method says nothing: nothing happens twice there.
fn covers(set: &Idempotency, method: &str) -> bool {
    set.methods.iter().any(|m| m.as_str() == method)
}

/// The headers that a key may stand in. The compiler of the configuration has seen to it that they are names.
fn names(set: &Idempotency) -> (HeaderName, Vec<HeaderName>) {
    let header = set.header.parse().unwrap_or(HeaderName::from_static("idempotency-key"));
    (header, set.aliases.iter().filter_map(|alias| alias.parse().ok()).collect())
}

async fn begin_under<R: Asking>(
    run: &mut R,
    set: &Idempotency,
    key: &Key,
    name: ResourceKey,
) -> Result<Option<Arc<StoredAnswer>>, Stop> {
    let mut making = run.fingerprint();
    let known = run.held().await?.map(|body| {
        making.update(&body);
        making.finish().0
    });
    let store = run.store();
    let owner = run.id().to_owned();
    let until = Instant::now() + set.max_wait.0;
    let mut pause = ASK.0;
    loop {
        let ask = IdemAsk {
            fingerprint: known,
            owner: &owner,
            lease: set.lease.0,
            ttl: set.ttl.0,
            on_lost: set.on_lost,
            label: &key.value,
        };
        let begun = match store.begin(&name, &ask).await {
            Ok(begun) => begun,
            Err(error) if set.on_error == OnError::Open => {
                tracing::warn!(%error, route = %run.route(), "an idempotency key is passed by");
                run.did(Policy::Idempotency, "bypass", &Act::bypassed(Policy::Idempotency));
                return Ok(None);
            }
            Err(error) => return Err(run.store_down(Policy::Idempotency, &error).into()),
        };
        match begun {
            Begun::New { epoch } => {
                begin_first(run, store, (name, owner, epoch), known.is_none().then_some(making));
                return Ok(None);
            }
            Begun::Busy { remaining, fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                if set.in_progress == InProgress::Reject || Instant::now() + pause > until {
                    return Err(run.in_progress(key, remaining).into());
                }
                run.unless_left(tokio::time::sleep(pause)).await?;
                pause = (pause * 2).min(ASK.1);
            }
            Begun::Mismatch => return Err(run.keyed(Slug::IdempotencyKeyReused, key).into()),
            Begun::Done(answer) => {
                same(run, key, &making, known, answer.fingerprint).await?;
                return Ok(Some(answer));
            }
            Begun::NotStored { status, location, fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                return Err(run.not_stored(key, status, location).into());
            }
            Begun::Unknown { fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                return Err(run.keyed(Slug::IdempotencyOutcomeUnknown, key).into());
            }
        }
    }
}

/// Whether a repeat is the same request as the first. A long body is read for that, and goes nowhere.
async fn same<R: Asking>(
    run: &mut R,
    key: &Key,
    making: &Fingerprinting,
    known: Option<[u8; 32]>,
    first: Option<[u8; 32]>,
) -> Result<(), Stop> {
    let Some(first) = first else { return Ok(()) };
    let own = match known {
        Some(own) => own,
        None => run.read_off(making.clone()).await?,
    };
    if own == first { Ok(()) } else { Err(run.keyed(Slug::IdempotencyKeyReused, key).into()) }
}

fn begin_first<R: Asking>(
    run: &mut R,
    store: Arc<dyn Store>,
    (key, owner, epoch): (ResourceKey, String, u64),
    making: Option<Fingerprinting>,
) {
    let making = making.map(|making| Arc::new(Mutex::new(making)));
    if let Some(making) = &making {
        run.taste(Arc::clone(making));
    }
    let policy = Arc::clone(run.policy());
    run.keep(Kept::begin(store, (key, owner, epoch), policy, making));
    run.did(Policy::Idempotency, "first", &Act::new(Policy::Idempotency, "first"));
}
