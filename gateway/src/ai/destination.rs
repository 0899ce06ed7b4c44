//! Where a call goes: the route that its model means, and the plan of its attempts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::Result;
use pingora_proxy::Session;
use weir_domain::ledger::Record;
use weir_domain::snapshot::{ModelRoute, Snapshot};
use weir_llm::{Content, WireError};

use super::account::named::{self, Named};
use super::attempt::Request;
use super::plan::Plan;
use super::plan::ask::{Ask, dice};
use crate::exchange::Caller;

/// The model that the caller names, if it is there and the caller may use it; else what the ledger says of the refusal.
/// The caller is told the same in both cases: a name that it may not use is none of its business.
pub(super) fn find(snapshot: &Snapshot, caller: &Caller, name: &str) -> Result<Arc<ModelRoute>, &'static str> {
    let route = snapshot.resolve_model(name).ok_or("model_not_found")?;
    if caller.permits_model(snapshot, name) { Ok(route) } else { Err("model_not_allowed") }
}

/// Whether the configuration or the catalogue names the model: a direct name may be made up.
pub(super) fn is_named(snapshot: &Snapshot, model: &str) -> bool {
    let direct =
        || model.split_once('/').and_then(|(provider, model)| Some((snapshot.providers.get(provider)?, model)));
    snapshot.models.contains_key(model) || direct().is_some_and(|(provider, model)| provider.models.contains_key(model))
}

/// How long a request may take with all its attempts: as long as its slowest target may take alone, so that a caller
/// who waits for `total_ms` does not leave before the answer.
pub(super) fn longest(route: &ModelRoute) -> Duration {
    let totals = route.targets.iter().map(|target| target.timeouts.total_ms);
    Duration::from_millis(totals.max().unwrap_or_default())
}

/// The choices of a request.
pub(super) fn plan(
    request: &Request<'_>,
    route: &Arc<ModelRoute>,
    session: &Session,
    record: &Record,
    body: &[u8],
) -> Plan<impl FnMut(u64) -> u64 + use<>> {
    let pool = request.state.models.pools.of(request.snapshot, route);
    let peek = request.peek;
    let ask = Ask {
        input: peek.estimated_input,
        max_tokens: peek.max_tokens,
        stream: peek.stream,
        tools: peek.has_tools,
        content: if pool.wants_content { weir_llm::content(body) } else { Content::default() },
        team: &record.team,
        key: &record.key,
        headers: &session.req_header().headers,
        at: record.at,
    };
    // A request that is bound to an account of which nothing is known finds the same one each time.
    let seed = peek.binding.as_ref().map_or(&record.id, |binding| &binding.id);
    Plan::new(pool, &ask, dice(seed), Instant::now())
}

/// Keeps a request to the account where what it names lies, and prefers the one that gave reasoning which only it can
/// read.
pub(super) fn bind<R: FnMut(u64) -> u64>(
    plan: &mut Plan<R>,
    request: &Request<'_>,
    route: &ModelRoute,
    application: &str,
    named: Option<&Named>,
) -> Result<(), WireError> {
    named::bind(plan, named, route)?;
    let Some(binding) = request.peek.binding.as_ref().filter(|binding| !binding.required) else { return Ok(()) };
    let account = request.state.models.affinity.find(application, &binding.id);
    if let Some(Ok((target, key))) = account.map(|account| account.way(route)) {
        plan.prefer(target, key);
    }
    Ok(())
}
