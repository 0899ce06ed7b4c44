//! Compiles upstreams, services and routes into the REST router.

use std::collections::HashMap;
use std::sync::Arc;

use super::address::{self, Path};
use super::conflict::{Around, Policies};
use super::{Input, check_range, missing};
use crate::fault::Fault;
use crate::operation::Operation;
use crate::resource::{Kind, Resource};
use crate::router::{self, Router, RouterError};
use crate::snapshot::{Piece, Rewrite, Route, Upstream, UpstreamTarget};
use crate::spec::{self, Spec};

/// Paths on which the data plane itself answers, on every host.
const RESERVED_PATHS: [&str; 7] = [
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/embeddings",
    "/v1/rerank",
    "/v2/rerank",
];
/// The prefixes of everything else the data plane answers itself.
const RESERVED_PREFIXES: [&str; 3] = ["/-/", "/.gw/", "/providers/"];

pub(super) fn routes<'a>(input: &Input<'a>, policies: &Policies<'a>, faults: &mut Vec<Fault>) -> Router {
    let upstreams = upstreams(input, faults);
    let services = services(input, &upstreams, faults);
    let mut router = Router::default();
    for resource in input.resources {
        let Spec::Route(spec) = &resource.spec else { continue };
        let Some(service) = services.get(spec.service.as_str()) else {
            faults.push(missing(resource, "spec.service", Kind::Service, &spec.service));
            continue;
        };
        let Some(route) = route(resource, spec, service, &upstreams, policies, faults) else { continue };
        let hosts: Vec<Option<&str>> = if service.hosts.is_empty() {
            vec![None]
        } else {
            service.hosts.iter().map(|h| Some(h.as_str())).collect()
        };
        for host in hosts {
            if let Err(error) = router.insert(host, &spec.methods, &route) {
                let field = if matches!(error, RouterError::Template(_)) { "spec.path" } else { "spec" };
                faults.push(Fault::new(Kind::Route, &resource.id, field, error.to_string()));
            }
        }
    }
    router
}

/// One route, with nothing that the others of its service are.
pub(super) fn one<'a>(
    input: &Input<'a>,
    policies: &Policies<'a>,
    id: &str,
    faults: &mut Vec<Fault>,
) -> Option<Arc<Route>> {
    let upstreams = upstreams(input, faults);
    let services = services(input, &upstreams, faults);
    let wanted = input.resources.iter().filter(|resource| resource.id == id);
    let (resource, spec) = wanted.into_iter().find_map(|resource| match &resource.spec {
        Spec::Route(spec) => Some((resource, spec)),
        _ => None,
    })?;
    route(resource, spec, services.get(spec.service.as_str())?, &upstreams, policies, faults)
}

fn upstreams(input: &Input<'_>, faults: &mut Vec<Fault>) -> HashMap<String, Arc<Upstream>> {
    let mut upstreams = HashMap::new();
    for resource in input.resources {
        if let Spec::Upstream(spec) = &resource.spec {
            upstreams.insert(resource.id.clone(), Arc::new(upstream(resource, spec, input, faults)));
        }
    }
    upstreams
}

fn upstream(resource: &Resource, spec: &spec::Upstream, input: &Input<'_>, faults: &mut Vec<Fault>) -> Upstream {
    let mut targets = Vec::new();
    for (index, target) in spec.targets.iter().enumerate() {
        match address::parse(&target.url, Path::Refused, spec.allow_private_address) {
            Ok(address) => targets.push(UpstreamTarget { address, weight: target.weight }),
            Err(problem) => {
                faults.push(Fault::new(Kind::Upstream, &resource.id, format!("spec.targets[{index}].url"), problem));
            }
        }
    }
    if spec.targets.iter().all(|t| t.weight == 0) {
        faults.push(Fault::new(
            Kind::Upstream,
            &resource.id,
            "spec.targets",
            "needs at least one target with a weight above 0",
        ));
    }
    let ca = spec.tls.ca.as_ref().filter(|reference| input.secrets.looks_up(reference));
    let ca = ca.and_then(|reference| match input.secrets.resolve(reference) {
        Ok(pem) if pem.expose().contains("-----BEGIN CERTIFICATE-----") => Some(pem),
        Ok(_) => {
            faults.push(Fault::new(Kind::Upstream, &resource.id, "spec.tls.ca", "holds no PEM certificate"));
            None
        }
        Err(problem) => {
            faults.push(Fault::new(Kind::Upstream, &resource.id, "spec.tls.ca", problem));
            None
        }
    });
    check_range(resource, "spec.connect_retries", u64::from(spec.connect_retries), 0..=10, faults);
    for (field, value) in [
        ("spec.timeouts.connect_ms", spec.timeouts.connect_ms),
        ("spec.timeouts.read_ms", spec.timeouts.read_ms),
        ("spec.timeouts.write_ms", spec.timeouts.write_ms),
        ("spec.timeouts.idle_ms", spec.timeouts.idle_ms),
        ("spec.timeouts.total_ms", spec.timeouts.total_ms.unwrap_or(1)),
    ] {
        check_range(resource, field, value, 1..=86_400_000, faults);
    }
    Upstream {
        id: resource.id.clone(),
        targets,
        timeouts: spec.timeouts,
        connect_retries: spec.connect_retries,
        http: spec.http,
        server_name: spec.tls.server_name.clone(),
        ca,
        preserve_host: spec.preserve_host,
    }
}

fn services<'a>(
    input: &Input<'a>,
    upstreams: &HashMap<String, Arc<Upstream>>,
    faults: &mut Vec<Fault>,
) -> HashMap<&'a str, &'a spec::Service> {
    let mut services = HashMap::new();
    for resource in input.resources {
        let Spec::Service(spec) = &resource.spec else { continue };
        services.insert(resource.id.as_str(), spec);
        let mut fault =
            |field: String, problem: String| faults.push(Fault::new(Kind::Service, &resource.id, field, problem));
        for (index, host) in spec.hosts.iter().enumerate() {
            if !is_host(host) {
                fault(
                    format!("spec.hosts[{index}]"),
                    format!("{host:?} is not a lower-case host such as api.example.com or *.example.com, without port"),
                );
            }
        }
        let base = &spec.base_path;
        if !base.is_empty() && (base.ends_with('/') || base.contains('{') || router::compile_template(base).is_err()) {
            fault(
                "spec.base_path".to_owned(),
                format!("{base:?} must begin with '/', not end with '/', and hold no parameters, such as /shop"),
            );
        }
        if let Some(upstream) = spec.upstream.as_ref().filter(|u| !upstreams.contains_key(*u)) {
            faults.push(missing(resource, "spec.upstream", Kind::Upstream, upstream));
        }
    }
    services
}

fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn route<'a>(
    resource: &'a Resource,
    spec: &'a spec::Route,
    service: &spec::Service,
    upstreams: &HashMap<String, Arc<Upstream>>,
    policies: &Policies<'a>,
    faults: &mut Vec<Fault>,
) -> Option<Arc<Route>> {
    let mut fault = |field: &str, problem: String| faults.push(Fault::new(Kind::Route, &resource.id, field, problem));
    let template = format!("{}{}", service.base_path, spec.path);
    let reserved = RESERVED_PREFIXES.iter().any(|prefix| template.starts_with(prefix));
    let passed_on = template.strip_prefix("/v1").is_some_and(|path| Operation::at(path).is_some());
    if reserved || passed_on || RESERVED_PATHS.contains(&template.as_str()) {
        fault("spec.path", format!("{template} is answered by Weir itself; choose another path"));
    }
    let names = match router::compile_template(&template) {
        Ok((_, names)) => names,
        Err(problem) => {
            fault("spec.path", problem);
            return None;
        }
    };
    let rewrite = match rewrite(spec, &template, &names) {
        Ok(rewrite) => rewrite,
        Err((field, problem)) => {
            fault(field, problem);
            Rewrite::Keep
        }
    };
    let auth = spec.auth.unwrap_or(service.auth);
    let around = Around { service: &spec.service, parameters: &names, methods: &spec.methods, rewrite: &rewrite, auth };
    let conflict = policies.of_route(resource, spec.conflict.as_ref(), around, faults);
    let Some(upstream) = spec.upstream.as_ref().or(service.upstream.as_ref()) else {
        let problem = format!("neither this route nor Service/{} names an upstream", spec.service);
        faults.push(Fault::new(Kind::Route, &resource.id, "spec.upstream", problem));
        return None;
    };
    let Some(upstream) = upstreams.get(upstream) else {
        if spec.upstream.is_some() {
            faults.push(missing(resource, "spec.upstream", Kind::Upstream, upstream));
        }
        return None;
    };
    Some(Arc::new(Route {
        id: resource.id.clone(),
        service: spec.service.clone(),
        team: resource.team.clone(),
        template,
        rewrite,
        auth,
        max_body_bytes: spec.max_body_bytes,
        conflict,
        upstream: Arc::clone(upstream),
    }))
}

fn rewrite(spec: &spec::Route, template: &str, names: &[String]) -> Result<Rewrite, (&'static str, String)> {
    match (&spec.strip_prefix, &spec.rewrite) {
        (None, None) => Ok(Rewrite::Keep),
        (Some(_), Some(_)) => Err(("spec.rewrite", "give either strip_prefix or rewrite, not both".to_owned())),
        (Some(prefix), None) => {
            let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
            let follows = template.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if prefix.contains('{') || !prefix.starts_with('/') || !follows {
                return Err((
                    "spec.strip_prefix",
                    format!("{prefix:?} is not a whole-segment prefix of the path {template}"),
                ));
            }
            Ok(Rewrite::Strip(prefix.to_owned()))
        }
        (None, Some(target)) => compose(target, names).map_err(|problem| ("spec.rewrite", problem)),
    }
}

/// Takes a rewrite such as `/v2/orders/{id}` apart.
fn compose(target: &str, names: &[String]) -> Result<Rewrite, String> {
    router::compile_template(target)?;
    let mut pieces = Vec::new();
    let mut literal = String::new();
    for segment in target[1..].split('/') {
        literal.push('/');
        let Some(inner) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            literal.push_str(segment);
            continue;
        };
        let name = inner.strip_prefix('*').unwrap_or(inner);
        let index = names
            .iter()
            .position(|n| n == name)
            .ok_or_else(|| format!("{{{inner}}} is no parameter of the route's path"))?;
        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        pieces.push(Piece::Parameter(index));
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(Rewrite::Compose(pieces))
}
