//! Compiles health checks: what is asked, and which answers are good.

use std::sync::Arc;
use std::time::Duration;

use super::check_range;
use crate::fault::Fault;
use crate::resource::Resource;
use crate::snapshot::{HealthCheck, Provider};
use crate::spec::{self, HealthMethod};

/// Compiles the check that `resource` names in `field`, of a provider that is complete but for this.
pub(super) fn check(
    resource: &Resource,
    field: &str,
    spec: &spec::HealthCheck,
    provider: &Provider,
    faults: &mut Vec<Fault>,
) -> Option<Arc<HealthCheck>> {
    for (name, value, range) in [
        ("interval_ms", spec.interval_ms, 200..=3_600_000),
        ("timeout_ms", spec.timeout_ms, 1..=60_000),
        ("unhealthy_after", u64::from(spec.unhealthy_after), 1..=100),
        ("healthy_after", u64::from(spec.healthy_after), 1..=100),
    ] {
        check_range(resource, &format!("{field}.{name}"), value, range, faults);
    }
    let mut fault = |name: &str, problem: String| {
        faults.push(Fault::new(resource.kind(), &resource.id, format!("{field}{name}"), problem));
    };
    if let Some(status) = spec.statuses.iter().find(|status| !(200..=599).contains(*status)) {
        fault(".statuses", format!("{status} is no status of an answer; give 200 to 599"));
    }
    match (spec.method, &spec.body) {
        (HealthMethod::Post, None) => fault(".body", "missing; a post needs one".to_owned()),
        (HealthMethod::Get | HealthMethod::Head, Some(_)) => {
            fault(".body", "is only for method: post; leave it out, or set that method".to_owned());
        }
        _ => {}
    }
    if provider.address.is_none() {
        fault("", "the demo provider is inside Weir and needs no check; leave it out".to_owned());
        return None;
    }
    let path = match &spec.path {
        Some(path) => path.clone(),
        None => match provider.models_path() {
            Some(path) if spec.method != HealthMethod::Post => path,
            Some(_) => {
                fault(".path", "missing; say what a post is sent to, such as /chat/completions".to_owned());
                return None;
            }
            None => {
                fault(".path", "missing; this vendor lists no models, so say what to ask for".to_owned());
                return None;
            }
        },
    };
    if !path.starts_with('/') || !path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        fault(".path", format!("{path:?} is not a path; give one that begins with /, such as /models"));
    }
    Some(Arc::new(HealthCheck {
        path,
        method: spec.method,
        body: spec.body.as_ref().map(ToString::to_string).unwrap_or_default(),
        interval: Duration::from_millis(spec.interval_ms),
        timeout: Duration::from_millis(spec.timeout_ms),
        unhealthy_after: spec.unhealthy_after,
        healthy_after: spec.healthy_after,
        statuses: spec.statuses.clone(),
    }))
}

#[cfg(test)]
mod tests;
