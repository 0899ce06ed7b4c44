//! Taking, showing, renewing and giving up a lock, over either face.

use std::sync::Arc;
use std::time::Duration;

use weir_conflict::lock_token::LockToken;
use weir_conflict::problem::{LockShown, Problem, Slug};
use weir_conflict::resource::{LeaseId, ResourceKey};
use weir_conflict::store::{
    Acquire, Holder, LeaseAsk, LeaseView, Permit, PermitAsk, PermitId, Space, Store, StoreError,
};
use weir_domain::snapshot::{ConflictPolicy, Snapshot};
use weir_domain::spec::{Lock as Settings, LockMode};

use super::id::{self, Known};
use super::resource::Resource;
use super::{SHORTEST, malformed};
use crate::exchange::Exchange;
use crate::state::State;

/// How many locks one caller holds at most.
const MOST: u32 = 100;

/// A lock that was taken.
pub(super) struct Taken {
    pub(super) id: String,
    pub(super) token: LockToken,
    pub(super) fence: u64,
    pub(super) mode: LockMode,
    pub(super) expires_in: Duration,
}

/// A lock that is held.
pub(super) struct Lock {
    pub(super) id: String,
    pub(super) fence: u64,
    pub(super) mode: LockMode,
    pub(super) note: String,
    pub(super) expires_in: Duration,
}

/// Takes a lock of a resource.
pub(super) async fn take(
    state: &State,
    exchange: &mut Exchange,
    resource: &Resource,
    mode: LockMode,
    ttl: Duration,
    note: String,
) -> Result<Taken, Problem> {
    exchange.settlement.route.clone_from(&resource.route.id);
    exchange.settlement.service.clone_from(&resource.route.service);
    if !resource.set.modes.contains(&mode) {
        let word = if mode == LockMode::Shared { "shared" } else { "exclusive" };
        return Err(malformed(format!("mode: this route gives no {word} locks")));
    }
    let ttl = ttl.clamp(SHORTEST, resource.set.max_ttl.0.max(SHORTEST));
    let token = LockToken::mint().map_err(|_| Problem::new(Slug::StoreUnavailable))?;
    let permit = count(state, exchange, resource, &token, ttl).await?;
    let holder = holder(exchange, resource.label.clone(), note);
    let ask = LeaseAsk { space: Space::Lock, mode, token: token.as_str(), holder: &holder, ttl, track_version: false };
    let acquired = resource.store.acquire(&resource.key, &ask).await;
    let grant = match acquired {
        Ok(Acquire::Granted(grant)) => grant,
        Ok(Acquire::Held(view)) => {
            _ = resource.store.give_back(&permit.0, permit.1).await;
            return Err(conflict(&holder, &view));
        }
        Err(error) => return Err(down(&error)),
    };
    let known = Known {
        route: resource.route.id.clone(),
        resource: resource.key.to_string(),
        token: token.as_str().to_owned(),
        owner: holder.owner.clone(),
        team: holder.team.clone(),
    };
    let id = id::seal(state, &known);
    Ok(Taken { id, token, fence: grant.fence, mode, expires_in: grant.expires_in })
}

/// Counts the caller's locks, in the store, with the lock's own time to live.
async fn count(
    state: &State,
    exchange: &Exchange,
    resource: &Resource,
    token: &LockToken,
    ttl: Duration,
) -> Result<(ResourceKey, PermitId), Problem> {
    let key = counter(state, exchange, &resource.key);
    let id = permit_of(&LeaseId::of(resource.key, token.as_str()));
    let label = format!("locks of {}", id::consumer(exchange));
    let ask = PermitAsk { limit: MOST, id, lease: ttl, label: &label };
    match resource.store.permit(&key, &ask).await {
        Ok(Permit::Granted { .. }) => Ok((key, id)),
        Ok(Permit::Full { next_in, .. }) => Err(Problem::new(Slug::TooManyLocks)
            .with_detail(format!("You hold {MOST} locks already, which is all that one caller may. End some of them."))
            .with_retry_after(next_in)),
        Err(error) => Err(down(&error)),
    }
}

fn counter(state: &State, exchange: &Exchange, resource: &ResourceKey) -> ResourceKey {
    state.conflicts.names().key(resource.team(), &["lock count", &id::consumer(exchange)])
}

fn permit_of(id: &LeaseId) -> PermitId {
    PermitId(u128::from_be_bytes(id.holder))
}

fn holder(exchange: &Exchange, label: String, note: String) -> Holder {
    Holder { owner: id::consumer(exchange), team: id::team(exchange), label, note }
}

/// Somebody else holds a lock; who it is, callers of the same team are told.
fn conflict(asker: &Holder, view: &LeaseView) -> Problem {
    let same = !asker.team.is_empty() && asker.team == view.holder.team;
    let shown = LockShown {
        mode: view.mode,
        expires_at: crate::conflict::ends(view.expires_in),
        owner: (same && !view.holder.owner.is_empty()).then(|| view.holder.owner.clone()),
    };
    Problem::new(Slug::LockConflict).with_lock(shown).with_retry_after(view.expires_in)
}

pub(super) fn down(error: &StoreError) -> Problem {
    tracing::warn!(%error, "a lock is refused");
    Problem::new(Slug::StoreUnavailable).with_retry_after(Duration::from_secs(1))
}

/// Where a lock lies that this caller was given.
struct Place {
    known: Known,
    key: ResourceKey,
    set: Settings,
    store: Arc<dyn Store>,
}

fn place(state: &State, exchange: &Exchange, id: &str) -> Result<Place, Problem> {
    let absent = || Problem::new(Slug::LockNotFound);
    let known = id::open(state, exchange, id)?;
    let key: ResourceKey = known.resource.parse().map_err(|_| absent())?;
    let policy = policy(&exchange.snapshot, &known.route).ok_or_else(absent)?;
    let set = policy.lock.clone().ok_or_else(absent)?;
    let store = state.conflicts.store(&policy.store);
    Ok(Place { known, key, set, store })
}

fn policy(snapshot: &Snapshot, route: &str) -> Option<Arc<ConflictPolicy>> {
    snapshot.routes.by_id(route)?.conflict.clone()
}

/// Shows a lock to who holds it.
pub(super) async fn find(state: &State, exchange: &Exchange, id: &str) -> Result<Lock, Problem> {
    let place = place(state, exchange, id)?;
    let locks = place.store.locks(&place.key, false).await.map_err(|error| down(&error))?;
    let lock = locks.of_token(&place.known.token).ok_or_else(|| Problem::new(Slug::LockNotFound))?;
    Ok(Lock {
        id: id.to_owned(),
        fence: lock.fence,
        mode: lock.mode,
        note: lock.holder.note.clone(),
        expires_in: lock.expires_in,
    })
}

/// Holds on to a lock, for `ttl` or as long as the route's locks are held by default.
pub(super) async fn renew(
    state: &State,
    exchange: &mut Exchange,
    id: &str,
    ttl: Option<Duration>,
) -> Result<Lock, Problem> {
    let place = place(state, exchange, id)?;
    exchange.settlement.route.clone_from(&place.known.route);
    let ttl = ttl.unwrap_or(place.set.default_ttl.0).clamp(SHORTEST, place.set.max_ttl.0.max(SHORTEST));
    let renewed = place.store.renew(&place.key, Space::Lock, &place.known.token, ttl).await;
    if renewed.map_err(|error| down(&error))?.is_none() {
        return Err(Problem::new(Slug::LockTokenInvalid));
    }
    let counter = counter(state, exchange, &place.key);
    let permit = permit_of(&LeaseId::of(place.key, &place.known.token));
    // If this fails, the caller may hold one lock more than it should: not worth a refusal.
    _ = place.store.keep(&counter, &[permit], ttl).await;
    find(state, exchange, id).await
}

/// Whether a lock is the caller's: who may see that it is there is told that it is not, others that there is none.
pub(super) fn is_own(exchange: &Exchange, holder: &Holder) -> Result<(), Problem> {
    if holder.owner == id::consumer(exchange) {
        return Ok(());
    }
    Err(Problem::new(Slug::LockNotYours))
}

/// Gives a lock up, by its id.
pub(super) async fn release(state: &State, exchange: &Exchange, id: &str) -> Result<(), Problem> {
    let place = place(state, exchange, id)?;
    drop_lock(state, exchange, &place.store, (&place.key, &place.known.token)).await
}

/// Gives a lock up, by its token.
pub(super) async fn give_up(
    state: &State,
    exchange: &Exchange,
    resource: &Resource,
    token: &str,
) -> Result<(), Problem> {
    drop_lock(state, exchange, &resource.store, (&resource.key, token)).await
}

async fn drop_lock(
    state: &State,
    exchange: &Exchange,
    store: &Arc<dyn Store>,
    (key, token): (&ResourceKey, &str),
) -> Result<(), Problem> {
    let released = store.release(key, Space::Lock, token, None).await.map_err(|error| down(&error))?;
    let counter = counter(state, exchange, key);
    // If this fails, the place is free when the lock would have run out.
    _ = store.give_back(&counter, permit_of(&LeaseId::of(*key, token))).await;
    if released.held { Ok(()) } else { Err(Problem::new(Slug::LockNotFound)) }
}
