//! K5: whether a lock that a client holds stands in the way of a request.

use weir_conflict::lock_token::{self, IfHeader, LockToken, Target};
use weir_conflict::malformed::Malformed;
use weir_conflict::problem::Slug;
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::{LeaseView, Locks};
use weir_domain::spec::{Guard, Lock};

use super::asking::Asking;
use super::run::{Run, Stop};

/// A lock whose token the request has submitted.
pub(super) struct Submitted {
    /// What the upstream is told.
    pub(super) fence: u64,
    tokens: Vec<LockToken>,
}

/// Checks the locks of the resource. Gives the one that the request holds.
///
/// # Errors
/// Somebody else holds a lock, the token is of none, or the store is down.
pub(super) async fn check(run: &mut Run<'_>) -> Result<Option<Submitted>, Stop> {
    let policy = run.policy.clone();
    let Some(set) = policy.lock.as_ref().filter(|set| guards(run, set)) else { return Ok(None) };
    let (tokens, condition) = submitted(run).map_err(|fault| run.malformed_lock(&fault))?;
    let (key, _) = run.named("resource", &policy.key);
    let locks = match run.store().locks(&key, false).await {
        Ok(locks) => locks,
        Err(error) => return Err(run.store_down(Policy::Lock, &error).into()),
    };
    let own = judge(run, set, &locks, &tokens)?;
    if let Some(condition) = condition {
        holds(run, &condition, &locks, &tokens)?;
    }
    let Some(own) = own else { return Ok(None) };
    let act = Act::new(Policy::Lock, "held").fence(own.fence);
    run.did(Policy::Lock, "held", &act);
    Ok(Some(Submitted { fence: own.fence, tokens }))
}

/// Whether the lock is held still, right before the request leaves: it may have waited since.
pub(super) async fn is_held(run: &Run<'_>, submitted: &Submitted) -> Result<bool, Stop> {
    let (key, _) = run.named("resource", &run.policy.key);
    match run.store().locks(&key, false).await {
        Ok(locks) => Ok(submitted.tokens.iter().any(|token| locks.of_token(token.as_str()).is_some())),
        Err(error) => Err(run.store_down(Policy::Lock, &error).into()),
    }
}

fn guards(run: &Run<'_>, set: &Lock) -> bool {
    if run.reads() { set.guard.contains(&Guard::Read) } else { !run.is_safe() && set.guard.contains(&Guard::Write) }
}

/// The tokens that the request submits, and the condition that it makes of them.
fn submitted(run: &Run<'_>) -> Result<(Vec<LockToken>, Option<IfHeader>), Malformed> {
    let condition = IfHeader::read(run.headers())?;
    let mut tokens: Vec<LockToken> = condition.iter().flat_map(IfHeader::submitted).cloned().collect();
    tokens.extend(lock_token::lock_token(run.headers())?);
    Ok((tokens, condition))
}

fn judge<'l>(run: &Run<'_>, set: &Lock, locks: &'l Locks, tokens: &[LockToken]) -> Result<Option<&'l LeaseView>, Stop> {
    let own = tokens.iter().find_map(|token| locks.of_token(token.as_str()));
    match (own, locks.held.first()) {
        // Who has found out a token holds no lock by that (RFC 4918 section 6.4).
        (Some(own), _) if own.holder.owner != run.owner() => Err(run.locked(Slug::ResourceLocked, own).into()),
        (Some(own), _) => Ok(Some(own)),
        // A token that is of no lock is told first: who sends one believes to hold it.
        (None, _) if !tokens.is_empty() => Err(run.lock_problem(Slug::LockTokenInvalid).into()),
        (None, Some(lock)) => Err(run.locked(Slug::ResourceLocked, lock).into()),
        (None, None) if set.required => Err(run.lock_problem(Slug::LockTokenRequired).into()),
        (None, None) => Ok(None),
    }
}

/// RFC 4918 section 10.4: no list of `If` holds, so the method is not performed.
fn holds(run: &Run<'_>, condition: &IfHeader, locks: &Locks, tokens: &[LockToken]) -> Result<(), Stop> {
    let held: Vec<LockToken> =
        tokens.iter().filter(|token| locks.of_token(token.as_str()).is_some()).cloned().collect();
    let path = run.io.session.req_header().uri.path();
    let is_named = |reference: &str| {
        reference == path
            || reference.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.path() == path)
    };
    let target = Target { is_named: &is_named, held: &held, tags: &[] };
    if condition.holds(&target) { Ok(()) } else { Err(run.lock_problem(Slug::LockTokenInvalid).into()) }
}
