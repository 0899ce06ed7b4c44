//! Waiting for the moment of an attempt, as long as its request lasts and the caller stays.

use pingora_core::Error;
use pingora_proxy::Session;
use weir_domain::money::NanoUsd;

use super::plan::{Choice, Plan};
use crate::metering::Settlement;
use crate::server::departure::departure;

/// What becomes of a choice that is to be waited for.
pub(super) enum Due {
    /// It is made now.
    Now,
    /// The request ends before: no attempt follows.
    Never,
    /// The caller left meanwhile.
    Left(Box<Error>),
}

/// Waits until a choice is due. What is not made is given back; where the caller leaves, the attempts so far failed, and
/// nobody pays for those.
pub(super) async fn due<R: FnMut(u64) -> u64>(
    session: &mut Session,
    settlement: &mut Settlement,
    plan: &Plan<R>,
    choice: Choice,
    ends: tokio::time::Instant,
) -> Due {
    if tokio::time::Instant::now() + choice.wait >= ends {
        plan.unmade(choice);
        return Due::Never;
    }
    if choice.wait.is_zero() {
        return Due::Now;
    }
    tokio::select! {
        () = tokio::time::sleep(choice.wait) => Due::Now,
        reason = departure(session.as_downstream_mut()) => {
            plan.unmade(choice);
            settlement.cost = Some(NanoUsd::ZERO);
            Due::Left(reason)
        }
    }
}
