//! The answers that a policy gives in place of the upstream, by status.

use std::collections::BTreeMap;

use super::{Answer, evaluated, is_guarded, is_read, is_safe};
use crate::snapshot::ConflictPolicy;
use crate::spec::{InProgress, LimitOnError, Method, OnError, Scope};

const RETRY_AFTER: (&str, &str) = ("Retry-After", "Seconds after which to try again.");
const ETAG: (&str, &str) = ("ETag", "The version that is current, for callers who may read it.");

/// Answers in the making.
#[derive(Default)]
struct Answers(BTreeMap<u16, Answer>);

impl Answers {
    fn add(&mut self, status: u16, problem: &'static str, reason: &'static str) -> &mut Answer {
        let answer = self.0.entry(status).or_default();
        if !answer.problems.contains(&problem) {
            answer.problems.push(problem);
            answer.reasons.push(reason);
        }
        answer
    }

    fn again(&mut self, status: u16, problem: &'static str, reason: &'static str) {
        self.add(status, problem, reason).headers.insert(RETRY_AFTER.0, RETRY_AFTER.1);
    }

    fn store_is_down(&mut self) {
        let reason = "The store of the policy cannot be asked; nothing was changed.";
        self.again(503, "conflict-store-unavailable", reason);
    }
}

/// What `policy` answers a `method` by itself.
pub(super) fn of(policy: &ConflictPolicy, method: Method) -> BTreeMap<u16, Answer> {
    let mut answers = Answers::default();
    if policy.conditional_reads && is_read(method) {
        let not_modified = answers.0.entry(304).or_default();
        not_modified.reasons.push("The caller has the current version.");
        not_modified.headers.insert("ETag", "The version of the representation.");
        failed(&mut answers, 412);
        malformed(&mut answers, 400);
    }
    preconditions(&mut answers, policy, method);
    exclusion(&mut answers, policy, method);
    idempotency(&mut answers, policy, method);
    concurrency(&mut answers, policy);
    if let Some(part) = policy.upstream_conflict.as_ref().filter(|part| part.normalize) {
        for status in &part.on {
            answers.add(*status, "upstream-conflict", "The upstream reports a conflict; `upstream` is what it said.");
        }
    }
    answers.0
}

fn failed(answers: &mut Answers, status: u16) {
    let reason = "The condition does not hold for the current version.";
    answers.add(status, "precondition-failed", reason).headers.insert(ETAG.0, ETAG.1);
}

fn malformed(answers: &mut Answers, status: u16) {
    answers.add(status, "precondition-malformed", "A header with a condition cannot be read.");
}

fn preconditions(answers: &mut Answers, policy: &ConflictPolicy, method: Method) {
    if policy.preconditions.as_ref().is_some_and(|part| part.required.contains(&method)) {
        let reason = "The request does not say which version it changes (RFC 6585 section 3).";
        answers.add(428, "precondition-required", reason);
    }
    if let Some(conditions) = evaluated(policy, method) {
        failed(answers, conditions.mismatch_status);
        malformed(answers, conditions.malformed_status);
        let reason = "The caller may not read what the condition is about.";
        answers.add(412, "precondition-unverifiable", reason);
        if conditions.on_error == OnError::Closed {
            let reason = "The current version could not be read; nothing was changed.";
            answers.again(503, "precondition-unverifiable", reason);
            answers.store_is_down();
        }
    }
    if policy.lost_update.is_some() && !is_safe(method) {
        concurrent_write(answers);
        answers.store_is_down();
    }
}

fn concurrent_write(answers: &mut Answers) {
    answers.again(409, "concurrent-modification", "Another request changes the resource at the moment.");
    answers.again(503, "lease-lost", "The request waited too long for its turn; nothing was sent to the upstream.");
}

fn exclusion(answers: &mut Answers, policy: &ConflictPolicy, method: Method) {
    if policy.serialize.as_ref().is_some_and(|part| part.methods.contains(&method)) {
        concurrent_write(answers);
    }
    if !is_guarded(policy, method) {
        return;
    }
    answers.again(423, "resource-locked", "The resource is locked, and the request has no token of the lock.");
    if policy.lock.as_ref().is_some_and(|lock| lock.required) {
        answers.add(423, "lock-token-required", "The resource must be locked before it is changed.");
    }
    answers.add(412, "lock-token-invalid", "The lock has ended, or is of another resource.");
    answers.add(400, "lock-request-malformed", "The token of the lock cannot be read.");
    answers.store_is_down();
}

fn idempotency(answers: &mut Answers, policy: &ConflictPolicy, method: Method) {
    let Some(part) = policy.idempotency.as_ref().filter(|part| part.methods.contains(&method)) else { return };
    if part.required {
        let missing = answers.add(400, "idempotency-key-missing", "A key is required.");
        missing.headers.insert("Link", "Where keys are explained, as `rel=\"describedby\"`.");
    }
    answers.add(400, "idempotency-key-invalid", "The key cannot be read.");
    answers.add(422, "idempotency-key-reused", "The key was used for another request.");
    let reason = match part.in_progress {
        InProgress::Reject => "The first request with the key is still under way.",
        InProgress::Wait => "The first request with the key is still under way, and was waited for long enough.",
    };
    answers.again(409, "idempotency-in-progress", reason);
    answers.add(409, "idempotency-outcome-unknown", "Nobody knows how the first request with the key ended.");
    let reason = "The first request with the key was carried out, and its answer not kept.";
    answers.add(409, "idempotency-response-not-stored", reason);
    let names = std::iter::once(&part.header).chain(&part.aliases);
    if names.into_iter().any(|name| name.eq_ignore_ascii_case("Repeatability-Request-ID")) {
        let reason = "Repeatability-First-Sent lies too far from now.";
        let rejected = answers.add(412, "repeatability-window-exceeded", reason);
        rejected.headers.insert("Repeatability-Result", "`rejected`.");
    }
    if part.on_error == OnError::Closed {
        answers.store_is_down();
    }
}

fn concurrency(answers: &mut Answers, policy: &ConflictPolicy) {
    for limit in &policy.concurrency {
        let (problem, reason) = match limit.reject_status {
            429 => ("quota-exceeded", "The caller has as many requests under way as it may."),
            _ => ("temporary-reduced-capacity", "As many requests are under way as can be served."),
        };
        answers.again(limit.reject_status, problem, reason);
        if limit.scope == Scope::Cluster && limit.on_error == LimitOnError::Closed {
            answers.store_is_down();
        }
    }
}
