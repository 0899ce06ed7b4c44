//! K9: room for the request, within each limit of the route.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;
use weir_conflict::limit::{LimitKey, LimitSettings};
use weir_conflict::resource::ResourceKey;
use weir_conflict::status::{Act, LimitStatus, Policy};
use weir_conflict::store::{Permit, PermitAsk, PermitId, Store, StoreError};
use weir_domain::snapshot::{Bound, ConcurrencyLimit};
use weir_domain::spec::{LimitOnError, Scope};

use super::asking::Asking;
use super::run::Stop;

/// How long a permit of the store is held that nobody keeps: a node that died frees its permits after that.
const LEASE: Duration = Duration::from_secs(30);
/// How often the store is asked again while the request waits.
const ASK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// The header that names a request's priority.
const PRIORITY: &str = "x-priority";

/// The room that a request has. Dropped, all of it is given back.
#[derive(Default)]
pub(crate) struct Room {
    local: Vec<weir_conflict::limit::Permit>,
    shared: Vec<Shared>,
}

/// A permit of the store.
struct Shared {
    store: Arc<dyn Store>,
    key: ResourceKey,
    id: PermitId,
    keeper: AbortHandle,
    given: bool,
}

/// Takes room within each limit, in the order of the configuration.
///
/// # Errors
/// One of them is full.
pub(crate) async fn enter<R: Asking>(run: &mut R) -> Result<(), Stop> {
    let policy = Arc::clone(run.policy());
    if policy.concurrency.is_empty() {
        return Ok(());
    }
    // Who leaves while it waits must not be served: that shows only once the body is in.
    if policy.concurrency.iter().any(|limit| limit.queue.is_some()) {
        run.held().await?;
    }
    for limit in &policy.concurrency {
        match (limit.scope, limit.bound) {
            (Scope::Cluster, Bound::Fixed(bound)) => enter_shared(run, limit, bound).await?,
            (Scope::Node, _) | (Scope::Cluster, Bound::Adaptive(_)) => enter_local(run, limit, limit.bound).await?,
        }
    }
    Ok(())
}

fn value(run: &impl Asking, limit: &ConcurrencyLimit) -> String {
    limit.key.as_ref().map(|key| key.resolve(&run.facts())).unwrap_or_default()
}

async fn enter_local<R: Asking>(run: &mut R, limit: &ConcurrencyLimit, bound: Bound) -> Result<(), Stop> {
    let key = LimitKey::new(run.route(), &limit.name, &value(run, limit));
    let priority = run.headers().get(PRIORITY).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let limits = run.conflicts().limits.clone();
    let route = run.route().to_owned();
    let settings = LimitSettings { bound, ..LimitSettings::of(&route, limit) };
    let entered = run.unless_left(limits.enter(&key, &settings, priority.as_deref())).await?;
    let look = limits.look(&key);
    match entered {
        Ok(permit) => {
            if let Some(look) = look.filter(|look| !look.adaptive) {
                tell(run, &limit.name, look.limit, look.limit.saturating_sub(look.in_flight));
            }
            let waited = permit.waited();
            run.room().local.push(permit);
            run.waited(Policy::Concurrency, waited);
            if waited > Duration::ZERO {
                run.did(Policy::Concurrency, "waited", &Act::new(Policy::Concurrency, "waited").wait(waited));
            }
            Ok(())
        }
        Err(full) => {
            tell(run, &limit.name, full.limit, 0);
            let detail = if full.queued > 0 {
                format!(
                    "{} of {} requests are under way, and {} wait already.",
                    full.in_flight, full.limit, full.queued
                )
            } else {
                format!("{} of {} requests are under way.", full.in_flight, full.limit)
            };
            run.waited(Policy::Concurrency, full.waited);
            Err(run.no_room(&limit.name, limit.reject_status, detail, full.retry_after).into())
        }
    }
}

async fn enter_shared<R: Asking>(run: &mut R, limit: &ConcurrencyLimit, bound: u32) -> Result<(), Stop> {
    let (team, route) = (run.tag(), run.route().to_owned());
    let key = run.names().key(team, &["concurrency", &route, &limit.name, &value(run, limit)]);
    let store = run.store();
    let begun = Instant::now();
    let until = begun + limit.queue.map_or(Duration::ZERO, |queue| queue.max_wait.0);
    let mut pause = ASK.0;
    loop {
        let id = PermitId::new();
        let label = format!("{route} {}", limit.name);
        let ask = PermitAsk { limit: bound, id, lease: LEASE, label: &label };
        let (taken, next_in) = match store.permit(&key, &ask).await {
            Ok(Permit::Granted { taken }) => {
                let keeper = keep(Arc::clone(&store), key, id);
                run.room().shared.push(Shared { store, key, id, keeper, given: false });
                tell(run, &limit.name, bound, bound.saturating_sub(taken));
                run.waited(Policy::Concurrency, begun.elapsed());
                return Ok(());
            }
            Ok(Permit::Full { taken, next_in }) => (taken, next_in),
            Err(error) => return without_store(run, limit, bound, &error).await,
        };
        if Instant::now() + pause > until {
            tell(run, &limit.name, bound, 0);
            let detail = format!("{taken} of {bound} requests are under way on all nodes.");
            let wait = next_in.min(Duration::from_secs(1));
            return Err(run.no_room(&limit.name, limit.reject_status, detail, wait).into());
        }
        run.unless_left(tokio::time::sleep(pause)).await?;
        pause = (pause * 2).min(ASK.1);
    }
}

/// What holds while the store is down.
async fn without_store<R: Asking>(
    run: &mut R,
    limit: &ConcurrencyLimit,
    bound: u32,
    error: &StoreError,
) -> Result<(), Stop> {
    match limit.on_error {
        LimitOnError::Closed => Err(run.store_down(Policy::Concurrency, error).into()),
        LimitOnError::Open => {
            run.did(Policy::Concurrency, "bypass", &Act::bypassed(Policy::Concurrency));
            Ok(())
        }
        LimitOnError::Local => {
            let part = (bound / run.conflicts().nodes().max(1)).max(1);
            let act = Act::new(Policy::Concurrency, "local").flag("local");
            run.did(Policy::Concurrency, "local", &act);
            enter_local(run, limit, Bound::Fixed(part)).await
        }
    }
}

fn tell(run: &mut impl Asking, name: &str, quota: u32, remaining: u32) {
    LimitStatus { name, quota: u64::from(quota), remaining: u64::from(remaining) }.append_to(run.said());
}

/// Keeps a permit as long as the request lives: a long stream keeps its place.
fn keep(store: Arc<dyn Store>, key: ResourceKey, id: PermitId) -> AbortHandle {
    let keeping = async move {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            // A store that is silent now may answer the next time; two thirds of the lease are left for that.
            _ = store.keep(&key, &[id], LEASE).await;
        }
    };
    tokio::spawn(keeping).abort_handle()
}

impl Room {
    /// The first byte of the answer came after so long.
    pub(crate) fn sample(&self, first_byte: Duration) {
        self.local.iter().for_each(|permit| permit.sample(first_byte));
    }

    /// The upstream did not answer in time, or said that it is too much.
    pub(crate) fn dropped(&self) {
        self.local.iter().for_each(weir_conflict::limit::Permit::dropped);
    }

    /// Gives all of it back.
    pub(crate) async fn leave(&mut self) {
        self.local.clear();
        for mut shared in self.shared.drain(..) {
            shared.given = true;
            shared.keeper.abort();
            // If this fails it runs out.
            _ = shared.store.give_back(&shared.key, shared.id).await;
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
        if self.given {
            return;
        }
        let (store, key, id) = (Arc::clone(&self.store), self.key, self.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                _ = store.give_back(&key, id).await;
            });
        }
    }
}
