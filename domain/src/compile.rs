//! Compiles resources into a snapshot: checks everything, reports every fault, builds every table.
//!
//! This is the one gate to live configuration: files, the admin API and the portal all pass it.

mod address;
mod bedrock;
mod conflict;
mod generation;
mod health;
mod models;
mod prices;
mod request_log;
mod rest;
mod routing;
mod vendor;

/// The data plane checks with it what names resolve to.
pub use address::is_public;
pub(crate) use address::token_address;
pub(crate) use conflict::block as conflict_block;
pub(crate) use vendor::base_url;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::credential::{Allow, Credential, KeyHash};
use crate::fault::{Fault, Faults};
use crate::resource::{Kind, Resource};
use crate::secret::ResolveSecret;
use crate::snapshot::{Application, Provider, Route, Snapshot};
use crate::spec::{self, Spec};
use crate::time;

/// What a snapshot is made of.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The store's revision.
    pub revision: i64,
    /// Every resource but API keys, which are compiled one by one with [`credential`].
    pub resources: &'a [Resource],
    /// Finds the secrets they refer to.
    pub secrets: &'a dyn ResolveSecret,
    /// What is known of providers and models.
    pub catalog: &'a Catalog,
}

/// Compiles a whole configuration.
///
/// # Errors
/// Every fault found, each with resource and field.
pub fn compile(input: &Input<'_>) -> Result<Snapshot, Faults> {
    let mut faults = Vec::new();
    check_identity(input.resources, &mut faults);
    let ids = |kind| input.resources.iter().filter(move |r| r.kind() == kind).map(|r| r.id.as_str());
    let teams: HashSet<&str> = ids(Kind::Team).chain(std::iter::once(crate::resource::DEFAULT_TEAM)).collect();
    let services: HashSet<&str> = ids(Kind::Service).collect();
    for resource in input.resources.iter().filter(|r| !teams.contains(r.team.as_str())) {
        faults.push(missing(resource, "team", Kind::Team, &resource.team));
    }
    let providers = models::providers(input, &mut faults);
    let policies = conflict::Policies::read(input, &mut faults);
    let models = models::routes(input, &policies, &providers, &mut faults);
    let routes = rest::routes(input, &policies, &mut faults);
    let mut snapshot = Snapshot {
        revision: input.revision,
        applications: HashMap::new(),
        providers,
        models,
        routes,
        conflict_stores: policies.stores,
        sealing: None,
    };
    let logs = request_log::by_team(input, &mut faults);
    for resource in input.resources {
        if let Spec::Application(spec) = &resource.spec {
            let mut application = application(resource, spec, &services, &snapshot, &mut faults);
            application.request_log = logs.get(&application.team).cloned();
            snapshot.applications.insert(resource.id.clone(), application);
        }
    }
    if faults.is_empty() { Ok(snapshot) } else { Err(Faults(faults)) }
}

/// Compiles the providers of `input` alone, for a test of one of them.
///
/// # Errors
/// Every fault found.
pub fn providers(input: &Input<'_>) -> Result<HashMap<String, Arc<Provider>>, Faults> {
    let mut faults = Vec::new();
    let providers = models::providers(input, &mut faults);
    if faults.is_empty() { Ok(providers) } else { Err(Faults(faults)) }
}

/// Compiles one REST route of `input`, with what it inherits; `None` where there is no such route.
///
/// # Errors
/// Every fault found on the way to it.
pub fn route(input: &Input<'_>, id: &str) -> Result<Option<Arc<Route>>, Faults> {
    let mut faults = Vec::new();
    let policies = conflict::Policies::read(input, &mut faults);
    let route = rest::one(input, &policies, id, &mut faults);
    if faults.is_empty() { Ok(route) } else { Err(Faults(faults)) }
}

/// Compiles one API key. Whether its application exists is the store's to check.
///
/// # Errors
/// The fault in the key.
pub fn credential(resource: &Resource) -> Result<Credential, Fault> {
    let fault = |field: &str, problem: String| Fault::new(Kind::ApiKey, &resource.id, field, problem);
    let Spec::ApiKey(key) = &resource.spec else {
        return Err(fault("kind", "this is not an ApiKey".to_owned()));
    };
    let hash = KeyHash::from_hex(&key.hash).ok_or_else(|| {
        fault("spec.hash", "must be the SHA-256 of the whole key, 64 lower-case hexadecimal digits".to_owned())
    })?;
    let expires_at =
        key.expires_at.as_deref().map(time::parse_rfc3339).transpose().map_err(|e| fault("spec.expires_at", e))?;
    Ok(Credential {
        id: resource.id.clone(),
        hash,
        application: key.application.clone(),
        expires_at,
        models: key.models.as_deref().map(Allow::compile),
        services: key.services.as_deref().map(Allow::compile),
        providers: key.providers.as_deref().map(Allow::compile),
        revoked: key.revoked,
    })
}

fn check_identity(resources: &[Resource], faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for resource in resources {
        faults.extend(resource.check_names());
        if !seen.insert((resource.kind(), resource.id.as_str())) {
            faults.push(Fault::new(resource.kind(), &resource.id, "id", "stands twice; ids are unique within a kind"));
        }
    }
}

fn application(
    resource: &Resource,
    spec: &spec::Application,
    services: &HashSet<&str>,
    snapshot: &Snapshot,
    faults: &mut Vec<Fault>,
) -> Application {
    for (index, name) in spec.models.iter().enumerate() {
        let known = name == "*"
            || snapshot.models.contains_key(name)
            || name.split_once('/').is_some_and(|(provider, _)| snapshot.providers.contains_key(provider));
        if !known {
            let (field, what) = (format!("spec.models[{index}]"), format!("model route {name:?}"));
            let mend = "name one that there is, provider/model of a known provider, or \"*\"";
            faults.push(Fault::missing_reference(Kind::Application, &resource.id, field, &what, mend));
        }
    }
    let known = |name: &str| name == "*" || services.contains(name);
    for (index, name) in spec.services.iter().enumerate().filter(|(_, name)| !known(name)) {
        faults.push(missing(resource, &format!("spec.services[{index}]"), Kind::Service, name));
    }
    let known = |name: &str| name == "*" || snapshot.providers.contains_key(name);
    for (index, name) in spec.providers.iter().enumerate().filter(|(_, name)| !known(name)) {
        faults.push(missing(resource, &format!("spec.providers[{index}]"), Kind::Provider, name));
    }
    for (index, name) in spec.batches.iter().enumerate().filter(|(_, name)| !known(name)) {
        faults.push(missing(resource, &format!("spec.batches[{index}]"), Kind::Provider, name));
    }
    Application {
        id: resource.id.clone(),
        team: resource.team.clone(),
        models: Allow::compile(&spec.models),
        services: Allow::compile(&spec.services),
        providers: Allow::compile(&spec.providers),
        batches: Allow::compile(&spec.batches),
        disabled: spec.disabled,
        request_log: None,
    }
}

/// A reference to something that is not there.
fn missing(resource: &Resource, field: &str, kind: Kind, id: &str) -> Fault {
    let what = format!("{kind} {id:?}");
    Fault::missing_reference(resource.kind(), &resource.id, field, &what, "create it, or name one that exists")
}

/// A number outside its range.
fn check_range(
    resource: &Resource,
    field: &str,
    value: u64,
    range: std::ops::RangeInclusive<u64>,
    faults: &mut Vec<Fault>,
) {
    if !range.contains(&value) {
        let problem = format!("{value} is out of range; give {} to {}", range.start(), range.end());
        faults.push(Fault::new(resource.kind(), &resource.id, field, problem));
    }
}

#[cfg(test)]
pub(crate) mod tests;
