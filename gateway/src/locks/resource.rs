//! The resource that a lock is asked for: a path of a route that lets its resources be locked.

use std::sync::Arc;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use pingora_proxy::Session;
use weir_conflict::facts::Facts;
use weir_conflict::problem::{Problem, Slug};
use weir_conflict::resource::ResourceKey;
use weir_conflict::store::Store;
use weir_domain::conflict_key::Source;
use weir_domain::router::Match;
use weir_domain::snapshot::Route;
use weir_domain::spec::{Auth, Lock, Method};

use crate::exchange::Exchange;
use crate::intake;
use crate::server::trust::Origin;
use crate::state::State;

/// The methods in whose route a resource is looked for: those that a lock keeps others from, first.
const METHODS: [Method; 6] = [Method::Put, Method::Patch, Method::Delete, Method::Post, Method::Get, Method::Head];

/// A resource that can be locked.
pub(super) struct Resource {
    pub(super) route: Arc<Route>,
    pub(super) set: Lock,
    pub(super) key: ResourceKey,
    pub(super) path: String,
    pub(super) label: String,
    pub(super) store: Arc<dyn Store>,
}

/// Finds the resource behind a path, with its query if it has one, on the host that is asked.
pub(super) fn find(
    state: &State,
    session: &Session,
    exchange: &Exchange,
    reference: &str,
) -> Result<Resource, Problem> {
    let request = session.req_header();
    let host = intake::host(request).unwrap_or_default();
    let (path, query) = reference.split_once('?').map_or((reference, None), |(path, query)| (path, Some(query)));
    let path = intake::normalised(path).map_err(|problem| unread(&format!("resource: {problem}")))?;
    let routes = &exchange.snapshot.routes;
    let found = METHODS.iter().find_map(|method| match routes.find(&host, &path, Some(*method)) {
        Match::Found(route, parameters) => {
            let policy = route.conflict.as_ref()?;
            let set = policy.lock.clone()?;
            Some((Arc::clone(route), set, parameters.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>()))
        }
        Match::MethodNotAllowed(_) | Match::NotFound => None,
    });
    let Some((route, set, parameters)) = found else {
        let detail = "resource: no route at this path lets its resources be locked; name the path as you would call it, \
                      such as /orders/42";
        return Err(unread(detail).with_status(404));
    };
    permitted(exchange, &route)?;
    let Some(policy) = route.conflict.clone() else { return Err(Problem::new(Slug::LockNotFound)) };
    if policy.key.reads_json() {
        return Err(unread(
            "the resources of this route are told by their requests' bodies, and cannot be locked by path",
        ));
    }
    let team = exchange.caller.as_ref().and_then(|caller| caller.application(&exchange.snapshot)).map(|a| &a.team);
    let application = exchange.caller.as_ref().map(|caller| caller.credential.application.as_str());
    let headers: &HeaderMap = &request.headers;
    let facts = Facts {
        api: &route.service,
        caller: team.zip(application).map(|(team, application)| (team.as_str(), application)),
        address: Origin::of(session.as_downstream(), &state.settings.trusted_proxies).peer,
        path: &path,
        query,
        parameters: &parameters,
        headers,
        body: None,
    };
    let label = resolve(&policy.key, &facts);
    let names = state.conflicts.names();
    let key = names.key(names.team(&route.team), &["resource", &label]);
    let store = state.conflicts.store(&policy.store);
    Ok(Resource { set, key, path: reference.to_owned(), label, store, route })
}

fn resolve(template: &weir_domain::conflict_key::Template, facts: &impl Source) -> String {
    template.resolve(facts)
}

/// Whether the caller may call the route at all. Who may not learns no more than that there is nothing.
fn permitted(exchange: &Exchange, route: &Route) -> Result<(), Problem> {
    let allowed = match (&exchange.caller, route.auth) {
        (_, Auth::Public) => true,
        (Some(caller), Auth::ApiKey) => caller.permits_service(&exchange.snapshot, &route.service),
        (None, Auth::ApiKey) => {
            let detail = "no API key; send it as 'Authorization: Bearer weir_…'";
            let challenge = HeaderValue::from_static("Bearer realm=\"weir\"");
            let problem = Problem::new(Slug::LockNotYours).with_status(401).with_detail(detail);
            return Err(problem.with_header(WWW_AUTHENTICATE, challenge));
        }
    };
    if allowed { Ok(()) } else { Err(Problem::new(Slug::LockNotFound)) }
}

fn unread(detail: &str) -> Problem {
    Problem::new(Slug::LockRequestMalformed).with_detail(detail.to_owned())
}
