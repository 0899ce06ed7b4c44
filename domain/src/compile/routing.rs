//! Checks what a model route says of choosing: strategy, conditions, shares, limits of time and of repeating.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Input, check_range, missing};
use crate::fault::Fault;
use crate::resource::{Kind, Resource};
use crate::snapshot::{ModelRoute, Provider, ShadowTarget, Target};
use crate::spec::{self, ModelTimeouts, Shadow, Spec, StickyBy, Strategy, TokenRange, When};
use crate::time::{self, Micros};

/// The most targets of one route, and the most keys of one provider.
pub(super) const MOST: usize = 256;

/// Checks one route, its targets' providers aside.
pub(super) fn check(resource: &Resource, route: &spec::ModelRoute, input: &Input<'_>, faults: &mut Vec<Fault>) {
    let retry = &route.retry;
    for (field, value, range) in [
        ("spec.retry.max_attempts", u64::from(retry.max_attempts), 1..=10),
        ("spec.retry.cooldown_ms", retry.cooldown_ms, 0..=3_600_000),
        ("spec.retry.budget.percent", u64::from(retry.budget.percent), 0..=1_000),
        ("spec.retry.budget.floor", u64::from(retry.budget.floor), 0..=1_000_000),
        ("spec.retry.budget.window_ms", retry.budget.window_ms, 1_000..=600_000),
        ("spec.breaker.failures", u64::from(route.breaker.failures), 0..=10_000),
        ("spec.breaker.error_percent", u64::from(route.breaker.error_percent), 0..=100),
        ("spec.breaker.min_attempts", u64::from(route.breaker.min_attempts), 1..=1_000_000),
        ("spec.breaker.window_ms", route.breaker.window_ms, 1_000..=600_000),
        ("spec.breaker.open_ms", route.breaker.open_ms, 100..=3_600_000),
    ] {
        check_range(resource, field, value, range, faults);
    }
    let mut fault = |field: String, problem: String| {
        faults.push(Fault::new(Kind::ModelRoute, &resource.id, field, problem));
    };
    for (field, problem) in sticky(route) {
        fault(field.to_owned(), problem.to_owned());
    }
    if let Some(header) = route.sticky.as_ref().and_then(|sticky| sticky.header.as_deref()) {
        fault_of_header(header).into_iter().for_each(|problem| fault("spec.sticky.header".to_owned(), problem));
    }
    if route.targets.len() > MOST {
        let problem = format!("{} targets; give {MOST} at most", route.targets.len());
        fault("spec.targets".to_owned(), problem);
    }
    for problem in who_answers(route) {
        fault("spec.targets".to_owned(), problem);
    }
    for (index, target) in route.targets.iter().enumerate() {
        let at = |field: &str| format!("spec.targets[{index}].{field}");
        if let Some(canary) = &target.canary {
            if canary.percent > 100 {
                fault(at("canary.percent"), format!("{} is out of range; give 0 to 100", canary.percent));
            }
            if let Some(problem) = canary.header.as_deref().and_then(fault_of_header) {
                fault(at("canary.header"), problem);
            }
        }
        if let Some(shadow) = target.shadow.filter(|shadow| shadow.percent > 100) {
            fault(at("shadow.percent"), format!("{} is out of range; give 0 to 100", shadow.percent));
        }
        if target.shadow.is_some() && target.canary.is_some() {
            fault(at("shadow"), "stands beside canary; a target gives answers or does not: leave one out".to_owned());
        }
        for (field, problem) in conditions(&target.when) {
            fault(at(&field), problem);
        }
    }
    teams(resource, route, input, faults);
}

/// What is wrong with who answers how many calls.
fn who_answers(route: &spec::ModelRoute) -> Vec<String> {
    let mut problems = Vec::new();
    let share: u64 = route.targets.iter().filter_map(|t| t.canary.as_ref()).map(|c| u64::from(c.percent)).sum();
    if share > 100 {
        problems.push(format!("the canaries' shares sum up to {share} %; give 100 at most"));
    }
    let mut real = route.targets.iter().filter(|target| target.shadow.is_none()).peekable();
    if route.targets.is_empty() {
        return problems;
    }
    if real.peek().is_none() {
        problems.push("every target is a shadow, and nobody answers; leave shadow out at one".to_owned());
    } else if real.all(|target| target.canary.is_some()) {
        let problem = "every target is a canary; leave canary out at one that takes the other calls";
        problems.push(problem.to_owned());
    }
    problems
}

fn sticky(route: &spec::ModelRoute) -> Vec<(&'static str, &'static str)> {
    match (route.strategy, &route.sticky) {
        (Strategy::Sticky, None) => {
            vec![("spec.sticky", "missing; say by what calls belong together, such as {by: conversation}")]
        }
        (Strategy::Sticky, Some(sticky)) => match (sticky.by, &sticky.header) {
            (StickyBy::Header, None) => vec![("spec.sticky.header", "missing; name the header to go by")],
            (StickyBy::User | StickyBy::Conversation, Some(_)) => {
                vec![("spec.sticky.header", "is only for by: header; leave it out, or change by")]
            }
            _ => Vec::new(),
        },
        (_, Some(_)) => vec![("spec.sticky", "is only for strategy: sticky; leave it out, or set that strategy")],
        (_, None) => Vec::new(),
    }
}

fn fault_of_header(name: &str) -> Option<String> {
    let token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    (!token).then(|| format!("{name:?} is not a header name"))
}

fn conditions(when: &When) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    if let Some(TokenRange { min, max }) = when.input_tokens {
        if min.is_none() && max.is_none() {
            problems.push(("when.input_tokens".to_owned(), "empty; give min, max or both".to_owned()));
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            problems.push(("when.input_tokens".to_owned(), format!("min {min} is above max {max}; swap them")));
        }
    }
    for (name, values) in &when.headers {
        if let Some(problem) = fault_of_header(name) {
            problems.push((format!("when.headers.{name}"), problem));
        }
        if values.is_empty() {
            problems.push((format!("when.headers.{name}"), "empty; list the values that it may have".to_owned()));
        }
    }
    problems
}

fn teams(resource: &Resource, route: &spec::ModelRoute, input: &Input<'_>, faults: &mut Vec<Fault>) {
    if route.targets.iter().all(|target| target.when.teams.is_empty()) {
        return;
    }
    let known = input.resources.iter().filter(|r| matches!(r.spec, Spec::Team(_))).map(|r| r.id.as_str());
    let known: HashSet<&str> = known.chain([crate::resource::DEFAULT_TEAM]).collect();
    for (index, target) in route.targets.iter().enumerate() {
        for (at, team) in target.when.teams.iter().enumerate().filter(|(_, team)| !known.contains(team.as_str())) {
            let field = format!("spec.targets[{index}].when.teams[{at}]");
            faults.push(missing(resource, &field, Kind::Team, team));
        }
    }
}

/// The time limits of a target: its provider's, and the route's in their place.
pub(super) fn timeouts(
    resource: &Resource,
    route: &spec::ModelRoute,
    provider: &Provider,
    faults: &mut Vec<Fault>,
) -> ModelTimeouts {
    let (own, base) = (&route.timeouts, provider.timeouts);
    for (field, value) in [
        ("spec.timeouts.connect_ms", own.connect_ms),
        ("spec.timeouts.first_byte_ms", own.first_byte_ms),
        ("spec.timeouts.idle_ms", own.idle_ms),
        ("spec.timeouts.total_ms", own.total_ms),
    ] {
        check_range(resource, field, value.unwrap_or(1), 1..=86_400_000, faults);
    }
    if own.connect_ms.is_some_and(|ms| ms > base.connect_ms) {
        let problem = format!(
            "longer than the {} ms that Provider/{} has for it; raise it there, connections are shared",
            base.connect_ms, provider.id
        );
        faults.push(Fault::new(Kind::ModelRoute, &resource.id, "spec.timeouts.connect_ms", problem));
    }
    ModelTimeouts {
        connect_ms: own.connect_ms.unwrap_or(base.connect_ms),
        first_byte_ms: own.first_byte_ms.unwrap_or(base.first_byte_ms),
        idle_ms: own.idle_ms.unwrap_or(base.idle_ms),
        total_ms: own.total_ms.unwrap_or(base.total_ms),
    }
}

/// The shadows of a route, each with a route to it alone.
pub(super) fn shadows(route: &ModelRoute, targets: Vec<(Target, Option<Shadow>)>) -> Vec<ShadowTarget> {
    let one = |(mut target, shadow): (Target, Option<Shadow>)| {
        let (percent, when) = (shadow?.percent, target.when.take());
        target.canary = None;
        Some(ShadowTarget { percent, when, route: Arc::new(route.alone(target)) })
    };
    targets.into_iter().filter_map(one).collect()
}

/// The condition of a target with header names as they stand on the wire; `None` when it takes every call.
pub(super) fn when(when: &When) -> Option<Box<When>> {
    if *when == When::default() {
        return None;
    }
    let headers = when.headers.iter().map(|(name, values)| (name.to_ascii_lowercase(), values.clone())).collect();
    Some(Box::new(When { headers, ..when.clone() }))
}

/// The day or moment at which a key expires.
pub(super) fn expires(text: &str) -> Result<Micros, String> {
    time::parse_date(text)
        .or_else(|_| time::parse_rfc3339(text))
        .map_err(|_| format!("{text:?} is neither a date such as 2026-01-31 nor a time such as 2026-01-31T12:00:00Z"))
}

#[cfg(test)]
mod tests;
