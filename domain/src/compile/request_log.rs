//! Checks what teams want kept of bodies, and makes it ready for the data plane.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Input, check_range};
use crate::fault::Fault;
use crate::redact::Redactor;
use crate::request_log::RequestLog;
use crate::resource::{Kind, Resource};
use crate::spec::{self, KeptBodies, Spec};
use crate::time::Micros;

const DAY: Micros = 24 * 3_600_000_000;

/// What is kept of bodies, by team; teams of which nothing is kept are not there.
pub(super) fn by_team(input: &Input<'_>, faults: &mut Vec<Fault>) -> HashMap<String, Arc<RequestLog>> {
    let mut logs = HashMap::new();
    for resource in input.resources {
        let Spec::Team(team) = &resource.spec else { continue };
        let Some(log) = &team.request_log else { continue };
        // What is switched off is checked too: it is there to be switched on.
        if let Some(compiled) = compiled(resource, log, faults).filter(|_| log.bodies != KeptBodies::Off) {
            logs.insert(resource.id.clone(), Arc::new(compiled));
        }
    }
    logs
}

fn compiled(resource: &Resource, log: &spec::RequestLog, faults: &mut Vec<Fault>) -> Option<RequestLog> {
    for (field, value, range) in [
        ("spec.request_log.sample_percent", u64::from(log.sample_percent), 1..=100),
        ("spec.request_log.max_bytes", log.max_bytes as u64, 1_024..=262_144),
        ("spec.request_log.retention_days", u64::from(log.retention_days), 1..=90),
        ("spec.request_log.max_total_bytes", log.max_total_bytes, 1_048_576..=107_374_182_400),
    ] {
        check_range(resource, field, value, range, faults);
    }
    let redactor = match Redactor::new(&log.redact) {
        Ok(redactor) => redactor,
        Err(wrong) => {
            faults.extend(wrong.into_iter().map(|(field, problem)| {
                Fault::new(Kind::Team, &resource.id, format!("spec.request_log.redact.{field}"), problem)
            }));
            return None;
        }
    };
    Some(RequestLog {
        errors_only: log.bodies == KeptBodies::Errors,
        sample_percent: log.sample_percent,
        max_bytes: log.max_bytes,
        retention: Micros::from(log.retention_days).saturating_mul(DAY),
        max_total_bytes: log.max_total_bytes,
        redactor,
    })
}
