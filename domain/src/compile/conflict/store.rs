//! Compiles the stores of conflict policies.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::compile::{Input, check_range, generation, missing};
use crate::fault::Fault;
use crate::resource::{Kind, Resource};
use crate::secret::Secret;
use crate::snapshot::{ConflictStore, MEMORY_STORE};
use crate::spec::{self, Spec, StoreType};

/// Stores by id.
pub(super) fn stores(input: &Input<'_>, faults: &mut Vec<Fault>) -> HashMap<String, Arc<ConflictStore>> {
    let mut stores = HashMap::new();
    for resource in input.resources {
        if let Spec::ConflictStore(spec) = &resource.spec {
            let mut compiled = store(resource, spec, input, faults);
            compiled.epoch_from = epoch_from(resource, spec, input, faults);
            compiled.generation = generation::of((
                compiled.kind as u8,
                compiled.url.as_ref().map(Secret::expose),
                compiled.op_timeout,
                (compiled.breaker.errors, compiled.breaker.open_for),
                &compiled.epoch_from,
            ));
            stores.insert(resource.id.clone(), Arc::new(compiled));
        }
    }
    stores
}

fn store(resource: &Resource, spec: &spec::ConflictStore, input: &Input<'_>, faults: &mut Vec<Fault>) -> ConflictStore {
    if resource.id == MEMORY_STORE {
        let problem = "is the name of each node's own memory, which is always there; choose another id";
        faults.push(Fault::new(Kind::ConflictStore, &resource.id, "id", problem));
    }
    let usual = match spec.store {
        StoreType::Postgres => Duration::from_millis(500),
        StoreType::Redis | StoreType::Memory => Duration::from_millis(50),
    };
    let op_timeout = spec.op_timeout.map_or(usual, |span| span.0);
    check_span(resource, "spec.op_timeout", op_timeout, (1, "1ms"), (30_000, "30s"), faults);
    check_range(resource, "spec.breaker.errors", u64::from(spec.breaker.errors), 1..=1_000, faults);
    check_span(resource, "spec.breaker.open_for", spec.breaker.open_for.0, (100, "100ms"), (600_000, "10m"), faults);
    ConflictStore {
        id: resource.id.clone(),
        kind: spec.store,
        url: url(resource, spec, input, faults),
        op_timeout,
        breaker: spec.breaker,
        epoch_from: None,
        generation: 0,
    }
}

fn check_span(
    resource: &Resource,
    field: &str,
    span: Duration,
    (least, least_text): (u128, &str),
    (most, most_text): (u128, &str),
    faults: &mut Vec<Fault>,
) {
    if !(least..=most).contains(&span.as_millis()) {
        let problem = format!("{} is out of range; give {least_text} to {most_text}", spec::Span(span));
        faults.push(Fault::new(resource.kind(), &resource.id, field, problem));
    }
}

/// The address of a store, which may hold a password: no sentence quotes it.
fn url(resource: &Resource, spec: &spec::ConflictStore, input: &Input<'_>, faults: &mut Vec<Fault>) -> Option<Secret> {
    let mut fault = |field: &str, problem: String| {
        faults.push(Fault::new(Kind::ConflictStore, &resource.id, field, problem));
    };
    let (kind, schemes) = match spec.store {
        StoreType::Memory => {
            if !spec.urls.is_empty() {
                let problem = "the memory of the nodes has no address; leave urls out, or say type: redis or postgres";
                fault("spec.urls", problem.to_owned());
            }
            return None;
        }
        StoreType::Redis => ("redis", ["redis", "rediss"]),
        StoreType::Postgres => ("postgres", ["postgres", "postgresql"]),
    };
    let [reference] = spec.urls.as_slice() else {
        let example = format!("{}://host/0", schemes[0]);
        let problem = match spec.urls.len() {
            0 => format!("a store of type {kind} needs its address, such as {example}"),
            many => format!("{many} addresses; give one, such as {example}"),
        };
        fault("spec.urls", problem);
        return None;
    };
    if !input.secrets.looks_up(reference) {
        return None;
    }
    let checked = input.secrets.resolve(reference).and_then(|secret| {
        check_url(secret.expose(), kind, schemes)?;
        Ok(secret)
    });
    checked.map_err(|problem| fault("spec.urls[0]", problem)).ok()
}

fn check_url(text: &str, kind: &str, schemes: [&str; 2]) -> Result<(), String> {
    let spoken = format!("{}:// or {}://", schemes[0], schemes[1]);
    let url = url::Url::parse(text).map_err(|_| format!("is not an address; a store of type {kind} has {spoken}"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!("the scheme does not fit: a store of type {kind} has {spoken}"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("has no host; write such as {}://host:port/name", schemes[0]));
    }
    if url.port() == Some(0) {
        return Err("names the port 0, at which nothing can listen; give the server's port".to_owned());
    }
    Ok(())
}

/// The store that counts this one's losses of data.
fn epoch_from(
    resource: &Resource,
    spec: &spec::ConflictStore,
    input: &Input<'_>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let name = spec.epoch_from.as_ref()?;
    let mut fault = |problem: &str| {
        faults.push(Fault::new(Kind::ConflictStore, &resource.id, "spec.epoch_from", problem));
    };
    if spec.store != StoreType::Redis {
        fault("is for a store of type redis, which may lose data; leave it out");
        return None;
    }
    let found = input.resources.iter().find_map(|other| match &other.spec {
        Spec::ConflictStore(store) if other.id == *name => Some(store),
        _ => None,
    });
    match found {
        Some(other) if other.store == StoreType::Postgres => Some(name.clone()),
        Some(_) => {
            fault("must name a ConflictStore of type postgres, which does not lose what it has counted");
            None
        }
        None => {
            faults.push(missing(resource, "spec.epoch_from", Kind::ConflictStore, name));
            None
        }
    }
}
