//! K6 and K4: the turn of a write at its resource, on this node and among all nodes.

use std::time::Duration;

use tokio::time::Instant;
use weir_conflict::status::{Act, Policy};
use weir_domain::spec::{Evaluate, LostUpdate, OnError, Scope, Serialise, SerializeMode};

use super::asking::Asking;
use super::lease::{self, NoLease, Wish};
use super::run::{Run, Stop};

/// How many writes of one resource wait on a node where only lost updates are guarded against.
const LINE: u32 = 256;

/// What a write needs before it is checked.
struct Need {
    line: Serialise,
    /// The lease among nodes, and whether the version is tracked with it.
    lease: Option<(Duration, bool)>,
    policy: Policy,
    on_error: OnError,
}

/// Waits for the turn, and takes the lease.
///
/// # Errors
/// Others write for too long, or the store is down.
pub(super) async fn take(run: &mut Run<'_>) -> Result<(), Stop> {
    let Some(need) = need(run) else { return Ok(()) };
    // Who leaves while it waits must not be served: that shows only once the body is in.
    run.hold().await?;
    let policy = run.policy.clone();
    let (key, label) = run.named("resource", &policy.key);
    let begun = Instant::now();
    let (turns, consumer) = (run.conflicts().turns.clone(), run.consumer());
    let turn = run.unless_left(turns.turn(key.bytes(), &consumer, &need.line)).await?;
    match turn {
        Ok(turn) => run.held.turn = Some(turn),
        Err(busy) => {
            run.waited(need.policy, busy.waited);
            let detail = "Other requests change this resource at the moment, and the line is full or too slow.";
            return Err(run.busy(need.policy, detail, busy.retry_after).into());
        }
    }
    if let Some((ttl, tracked)) = need.lease {
        let holder = run.holder(label);
        let left = need.line.max_wait.0.saturating_sub(begun.elapsed());
        let max_wait = if need.line.mode == SerializeMode::Reject { Duration::ZERO } else { left };
        let store = run.store();
        let wish = Wish { key, holder: &holder, ttl, max_wait, tracked };
        match run.unless_left(lease::take(&store, &wish)).await? {
            Ok(lease) => run.held.lease = Some(lease),
            Err(NoLease::Held(view)) => {
                let wait = view.expires_in.min(Duration::from_secs(1));
                let detail = "Another node changes this resource at the moment.";
                return Err(run.busy(need.policy, detail, wait).into());
            }
            Err(NoLease::Store(error)) => without_store(run, &need, &error)?,
        }
    }
    run.waited(need.policy, begun.elapsed());
    Ok(())
}

/// What holds while the store is down: a node's own line still does for serialising; a check of versions does not.
fn without_store(run: &mut Run<'_>, need: &Need, error: &weir_conflict::store::StoreError) -> Result<(), Stop> {
    let policy = need.policy;
    if policy == Policy::Serialize {
        run.did(policy, "local", &Act::new(policy, "local").flag("local"));
        return Ok(());
    }
    if need.on_error == OnError::Open {
        run.did(policy, "bypass", &Act::bypassed(policy));
        run.bypassed = true;
        return Ok(());
    }
    Err(run.store_down(policy, error).into())
}

fn need(run: &Run<'_>) -> Option<Need> {
    if run.is_safe() {
        return None;
    }
    let policy = &run.policy;
    let method = run.method().as_str();
    let serialize = policy.serialize.as_ref().filter(|set| set.methods.iter().any(|m| m.as_str() == method));
    let guarded = policy.lost_update.is_some()
        || policy.preconditions.as_ref().is_some_and(|set| set.evaluate == Evaluate::Gateway);
    let on_error = policy.preconditions.as_ref().map(|set| set.on_error).unwrap_or_default();
    if guarded {
        let lost_update = policy.lost_update.clone().unwrap_or_default();
        let line = line(serialize, &lost_update);
        let lease = Some((lost_update.lease.0, true));
        return Some(Need { line, lease, policy: Policy::LostUpdate, on_error });
    }
    let set = serialize?;
    let lease = (set.scope == Scope::Cluster).then_some((set.lease.0, false));
    Some(Need { line: set.clone(), lease, policy: Policy::Serialize, on_error })
}

/// The line of a write that is guarded: as `serialize` says, or one that waits as long as `lost_update` does.
fn line(serialize: Option<&Serialise>, lost_update: &LostUpdate) -> Serialise {
    match serialize {
        Some(set) => set.clone(),
        None => Serialise { max_queue: LINE, max_wait: lost_update.max_wait, ..Serialise::default() },
    }
}
