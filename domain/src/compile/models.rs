//! Compiles providers and model routes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::bedrock;
use super::conflict::Policies;
use super::prices::{self, Overrides};
use super::vendor::{self, Reach};
use super::{Input, check_range, generation, health, missing, routing};
use crate::addressing::Addressing;
use crate::catalog::{Catalog, CatalogProvider};
use crate::fault::Fault;
use crate::key_secret::{KeySecret, is_header_value};
use crate::name::{MODEL_RULE, is_model};
use crate::quirks::Quirks;
use crate::resource::{Kind, Resource};
use crate::secret::Secret;
use crate::snapshot::{ModelRoute, PoolKey, Provider, Target};
use crate::spec::{self, Protocol, Shadow, Spec};

/// The provider that is always there unless a resource takes its place.
const DEMO: &str = "demo";

pub(super) fn providers(input: &Input<'_>, faults: &mut Vec<Fault>) -> HashMap<String, Arc<Provider>> {
    let mut prices = prices::overrides(input, faults);
    let mut providers = HashMap::new();
    for resource in input.resources {
        if let Spec::Provider(spec) = &resource.spec {
            let provider = provider(resource, spec, input, &mut prices, faults);
            providers.insert(resource.id.clone(), Arc::new(provider));
        }
    }
    if !providers.contains_key(DEMO) {
        let entry = input.catalog.providers.get(DEMO);
        providers.insert(DEMO.to_owned(), Arc::new(demo(entry, &mut prices)));
    }
    prices::check_providers(input, |id| providers.contains_key(id), faults);
    providers
}

fn demo(entry: Option<&CatalogProvider>, prices: &mut Overrides) -> Provider {
    Provider {
        id: DEMO.to_owned(),
        protocol: Protocol::Demo,
        address: None,
        addressing: Addressing::Plain,
        quirks: Quirks::NONE,
        keys: Vec::new(),
        headers: Vec::new(),
        timeouts: spec::ModelTimeouts::default(),
        stream_options: true,
        region: String::new(),
        on_abort: Protocol::Demo.on_abort(),
        responses: false,
        disabled: false,
        models: prices::facts(DEMO, &[], entry.map(|entry| (DEMO, entry)), prices),
        any_model: prices::any_model(DEMO, prices),
        health_check: None,
    }
}

fn provider(
    resource: &Resource,
    spec: &spec::Provider,
    input: &Input<'_>,
    prices: &mut Overrides,
    faults: &mut Vec<Fault>,
) -> Provider {
    check_timeouts(resource, &spec.timeouts, faults);
    let entry = catalog_entry(resource, spec, input.catalog, faults);
    let reach = vendor::reach(resource, spec, entry.map(|(_, entry)| entry), faults);
    let keys = keys(resource, spec, &reach, input, faults);
    let region = bedrock::region(resource, reach.protocol, spec, reach.address.as_ref(), &keys, faults);
    let (said, has_at_azure) = (reach.quirks.endpoints.responses, reach.addressing.has_responses());
    let provider = Provider {
        id: resource.id.clone(),
        protocol: reach.protocol,
        keys,
        address: reach.address,
        addressing: reach.addressing,
        headers: headers(resource, spec, input, faults),
        timeouts: spec.timeouts,
        stream_options: !(spec.no_stream_options || reach.quirks.no_stream_options),
        quirks: reach.quirks,
        region,
        on_abort: spec.on_abort.unwrap_or(reach.protocol.on_abort()),
        responses: match reach.protocol {
            Protocol::Openai => spec.responses.or(said).unwrap_or(has_responses(entry)),
            Protocol::Azure => spec.responses.or(said).unwrap_or(has_at_azure),
            _ => false,
        },
        disabled: spec.disabled,
        models: prices::facts(&resource.id, &spec.models, entry, prices),
        any_model: prices::any_model(&resource.id, prices),
        health_check: None,
    };
    let check = spec.health_check.as_ref();
    let health_check = check.and_then(|check| health::check(resource, "spec.health_check", check, &provider, faults));
    Provider { health_check, ..provider }
}

/// The vendors of the catalogue that have the Responses API.
/// Sources: <https://platform.openai.com/docs/api-reference/responses>,
/// <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses>, <https://docs.x.ai/docs/guides/responses-api>,
/// <https://openrouter.ai/docs/api-reference/responses-api/overview>, <https://console.groq.com/docs/responses-api>.
const RESPONSES: [&str; 5] = ["openai", "azure", "xai", "openrouter", "groq"];

/// Whether a vendor is known to have the Responses API.
fn has_responses(entry: Option<(&str, &CatalogProvider)>) -> bool {
    entry.is_some_and(|(vendor, _)| RESPONSES.contains(&vendor))
}

fn catalog_entry<'c>(
    resource: &Resource,
    spec: &spec::Provider,
    catalog: &'c Catalog,
    faults: &mut Vec<Fault>,
) -> Option<(&'c str, &'c CatalogProvider)> {
    let entry = catalog.vendor_of(spec);
    if let (Some(named), None) = (&spec.catalog, entry) {
        let known = catalog.providers.keys().cloned().collect::<Vec<_>>().join(", ");
        faults.push(Fault::new(
            Kind::Provider,
            &resource.id,
            "spec.catalog",
            format!("{named:?} is not in the catalogue, which knows {known}"),
        ));
    }
    entry
}

fn check_timeouts(resource: &Resource, timeouts: &spec::ModelTimeouts, faults: &mut Vec<Fault>) {
    for (field, value) in [
        ("spec.timeouts.connect_ms", timeouts.connect_ms),
        ("spec.timeouts.first_byte_ms", timeouts.first_byte_ms),
        ("spec.timeouts.idle_ms", timeouts.idle_ms),
        ("spec.timeouts.total_ms", timeouts.total_ms),
    ] {
        check_range(resource, field, value, 1..=86_400_000, faults);
    }
}

fn keys(
    resource: &Resource,
    spec: &spec::Provider,
    reach: &Reach,
    input: &Input<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<PoolKey> {
    let token_url = spec.token_url.as_deref().zip(reach.token_endpoint.as_ref());
    let mut seen = HashSet::new();
    let mut keys = Vec::new();
    if spec.keys.len() > routing::MOST {
        let problem = format!("{} keys; give {} at most", spec.keys.len(), routing::MOST);
        faults.push(Fault::new(Kind::Provider, &resource.id, "spec.keys", problem));
    }
    for (index, key) in spec.keys.iter().enumerate() {
        let mut fault = |field: &str, problem: String| {
            faults.push(Fault::new(Kind::Provider, &resource.id, format!("spec.keys[{index}].{field}"), problem));
        };
        if !crate::name::is_id(&key.id) {
            fault("id", format!("{:?} is not an id; {}", key.id, crate::name::ID_RULE));
        }
        if !seen.insert(key.id.as_str()) {
            fault("id", format!("{:?} stands twice in the pool", key.id));
        }
        for (field, limit) in [("rpm", key.rpm.map(u64::from)), ("tpm", key.tpm)] {
            if limit == Some(0) {
                fault(field, "0 is out of range; give at least 1, or leave it out for no limit".to_owned());
            }
        }
        let expires = match key.expires.as_deref().map(routing::expires).transpose() {
            Ok(expires) => expires,
            Err(problem) => {
                fault("expires", problem);
                None
            }
        };
        if !input.secrets.looks_up(&key.secret) {
            continue;
        }
        let resolved = input.secrets.resolve(&key.secret);
        let generation = resolved.as_ref().map_or(0, |secret| generation::of(secret.expose()));
        match resolved.and_then(|secret| KeySecret::read(reach.protocol, secret, token_url)) {
            Ok(secret) => keys.push(PoolKey {
                id: key.id.clone(),
                secret,
                generation,
                weight: key.weight,
                priority: key.priority,
                rpm: key.rpm,
                tpm: key.tpm,
                expires,
            }),
            Err(problem) => fault("secret", problem),
        }
    }
    keys.sort_by_key(|k| k.priority);
    keys
}

fn headers(
    resource: &Resource,
    spec: &spec::Provider,
    input: &Input<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<(String, Secret)> {
    let mut headers = Vec::new();
    for (name, value) in &spec.headers {
        let lower = name.to_ascii_lowercase();
        let token =
            !lower.is_empty() && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        let checked = if !token {
            Err(format!("{name:?} is not a header name"))
        } else if RESERVED_HEADERS.contains(&lower.as_str()) {
            Err(format!("{name} is set by Weir itself; credentials belong into keys"))
        } else if !input.secrets.looks_up(value) {
            continue;
        } else {
            input.secrets.resolve(value).and_then(|value| match is_header_value(value.expose()) {
                true => Ok(value),
                false => Err("holds characters that cannot stand in a header".to_owned()),
            })
        };
        match checked {
            Err(problem) => {
                faults.push(Fault::new(Kind::Provider, &resource.id, format!("spec.headers.{name}"), problem));
            }
            Ok(value) => headers.push((lower, value)),
        }
    }
    headers
}

/// Headers that an operator must not set on requests to providers.
const RESERVED_HEADERS: [&str; 11] = [
    "authorization",
    "x-api-key",
    "api-key",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "content-type",
    "accept-encoding",
    "te",
    "upgrade",
];

pub(super) fn routes<'a>(
    input: &Input<'a>,
    policies: &Policies<'a>,
    providers: &HashMap<String, Arc<Provider>>,
    faults: &mut Vec<Fault>,
) -> HashMap<String, Arc<ModelRoute>> {
    let mut routes: HashMap<String, Arc<ModelRoute>> = HashMap::new();
    for resource in input.resources {
        let Spec::ModelRoute(spec) = &resource.spec else { continue };
        let name = spec.model.clone().unwrap_or_else(|| resource.id.clone());
        if !is_model(&name) {
            faults.push(Fault::new(Kind::ModelRoute, &resource.id, "spec.model", MODEL_RULE));
        }
        if let Some(other) = routes.get(&name) {
            let problem = format!("the name {name:?} belongs to ModelRoute/{} already", other.id);
            faults.push(Fault::new(
                Kind::ModelRoute,
                &resource.id,
                if spec.model.is_some() { "spec.model" } else { "id" },
                problem,
            ));
        }
        routing::check(resource, spec, input, faults);
        if let Some(cache) = &spec.cache {
            check_range(resource, "spec.cache.ttl_s", cache.ttl_s, 1..=2_592_000, faults);
            check_range(resource, "spec.cache.max_bytes", cache.max_bytes as u64, 1_024..=16_777_216, faults);
        }
        let (real, shadows) = targets(resource, spec, providers, faults).into_iter().partition(|(_, s)| s.is_none());
        let mut route = ModelRoute {
            targets: Vec::into_iter(real).map(|(target, _)| target).collect(),
            id: resource.id.clone(),
            max_attempts: spec.retry.max_attempts,
            retry_on: spec.retry.on.clone(),
            cooldown_ms: spec.retry.cooldown_ms,
            strategy: spec.strategy,
            sticky: spec.sticky.clone(),
            breaker: spec.breaker,
            budget: spec.retry.budget,
            strict: spec.strict,
            direct: false,
            cache: spec.cache,
            conflict: policies.of_model_route(resource, spec.conflict.as_ref(), faults),
            name: name.clone(),
            shadows: Vec::new(),
        };
        route.shadows = routing::shadows(&route, shadows);
        routes.insert(name, Arc::new(route));
    }
    routes
}

fn targets(
    resource: &Resource,
    spec: &spec::ModelRoute,
    providers: &HashMap<String, Arc<Provider>>,
    faults: &mut Vec<Fault>,
) -> Vec<(Target, Option<Shadow>)> {
    if spec.targets.is_empty() {
        faults.push(Fault::new(
            Kind::ModelRoute,
            &resource.id,
            "spec.targets",
            "empty; give at least one {provider, model}",
        ));
    }
    let mut targets = Vec::new();
    for (index, target) in spec.targets.iter().enumerate() {
        if !is_model(&target.model) {
            let problem = match target.model.is_empty() {
                true => "missing; give the model's id at the provider",
                false => MODEL_RULE,
            };
            faults.push(Fault::new(Kind::ModelRoute, &resource.id, format!("spec.targets[{index}].model"), problem));
        }
        match providers.get(&target.provider) {
            Some(provider) => targets.push((
                Target {
                    health_check: match &target.health_check {
                        Some(check) => {
                            let field = format!("spec.targets[{index}].health_check");
                            health::check(resource, &field, check, provider, faults)
                        }
                        None => provider.health_check.clone(),
                    },
                    provider: Arc::clone(provider),
                    model: target.model.clone(),
                    priority: target.priority,
                    weight: target.weight,
                    when: routing::when(&target.when),
                    canary: target.canary.clone(),
                    timeouts: routing::timeouts(resource, spec, provider, faults),
                },
                target.shadow,
            )),
            None => faults.push(missing(
                resource,
                &format!("spec.targets[{index}].provider"),
                Kind::Provider,
                &target.provider,
            )),
        }
    }
    targets.sort_by_key(|(target, _)| target.priority);
    targets
}
