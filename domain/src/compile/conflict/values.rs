//! Judges a block of a policy by itself, wherever it stands: each value, and each part for itself.

use std::collections::HashSet;

use super::check::{Check, MAX_WAIT};
use crate::conflict_key::{Template, check_pointer};
use crate::name;
use crate::spec::{
    Adaptive, Coalesce, Concurrency, Conflict, ConflictStrategy, Idempotency, Lock, LostUpdate, Method, OnLost,
    Percent, Preconditions, Scope, Serialise, SerializeMode, Span, Synthesize, UpstreamConflict, Validators,
};

/// The most limits of a route: each is asked for with each request.
const MAX_LIMITS: usize = 16;
/// The highest limit.
const MOST: u32 = 1_000_000;

impl Check<'_, '_> {
    /// Everything in the block, except what depends on the route.
    pub(super) fn block(&mut self) {
        let Conflict {
            policy: _,
            key,
            store: _,
            writers: _,
            status_header: _,
            validators,
            conditional_reads: _,
            preconditions,
            lost_update,
            serialize,
            lock,
            coalesce,
            idempotency,
            concurrency,
            upstream_conflict,
        } = self.layer.block;
        if let Some(key) = key {
            self.template("key", key);
        }
        if let Some(part) = validators {
            self.validators(part);
        }
        if let Some(part) = preconditions {
            self.preconditions(part);
        }
        if let Some(part) = lost_update {
            self.lost_update(part);
        }
        if let Some(part) = serialize {
            self.serialize(part);
        }
        if let Some(part) = lock {
            self.lock(part);
        }
        if let Some(part) = coalesce {
            self.coalesce(part);
        }
        if let Some(part) = idempotency {
            self.idempotency(part);
        }
        if let Some(part) = upstream_conflict {
            self.upstream_conflict(part);
        }
        self.concurrency(concurrency);
    }

    /// A template as far as it can be judged without its route: any parameter may be one of the path.
    fn template(&mut self, field: &str, text: &str) {
        let named = text.split("{path.").skip(1).filter_map(|rest| rest.split_once('}'));
        let named: Vec<String> = named.map(|(name, _)| name.to_owned()).collect();
        if let Err(problem) = Template::parse(text, &named) {
            self.fault(field, problem);
        }
    }

    fn validators(&mut self, part: &Validators) {
        if part.synthesize != Synthesize::Semantic && !part.ignore.is_empty() {
            self.fault("validators.ignore", "is for synthesize: semantic; leave it out, or make tags semantic");
        }
        for (index, pointer) in part.ignore.iter().enumerate() {
            let field = format!("validators.ignore[{index}]");
            if pointer.is_empty() {
                self.fault(
                    &field,
                    "points to the whole answer, of which nothing would be left; name a field such as /ts",
                );
            } else if let Err(problem) = check_pointer(pointer) {
                self.fault(&field, problem);
            }
        }
        self.body("validators.max_body", part.max_body);
        self.within("validators.max_wait_body", &part.max_wait_body, Span::ms(1)..=Span::s(60));
    }

    fn preconditions(&mut self, part: &Preconditions) {
        self.status("preconditions.mismatch_status", part.mismatch_status, [412, 409]);
        self.status("preconditions.malformed_status", part.malformed_status, [400, 412]);
        if let Some(require) = &part.require {
            self.writes("preconditions.require.methods", &require.methods, "conditions are required of writes");
            let mend = "name if-match, if-none-match or if-unmodified-since, or leave the field out for if-match";
            self.list("preconditions.require.any_of", &require.any_of, mend);
        }
    }

    fn lost_update(&mut self, part: &LostUpdate) {
        self.lease("lost_update.lease", part.lease);
        self.within("lost_update.max_wait", &part.max_wait, Span::ms(0)..=MAX_WAIT);
        self.fencing("lost_update.fencing_header", &part.fencing_header);
    }

    fn fencing(&mut self, field: &str, name: &str) {
        if !name.is_empty() {
            self.header(field, name);
        }
    }

    fn serialize(&mut self, part: &Serialise) {
        self.list("serialize.methods", &part.methods, "name methods such as PUT, or leave the field out");
        self.lease("serialize.lease", part.lease);
        self.within("serialize.max_wait", &part.max_wait, Span::ms(0)..=MAX_WAIT);
        match part.mode {
            SerializeMode::Reject => {}
            SerializeMode::Queue if part.max_queue == 0 => {
                self.fault("serialize.max_queue", "0 lets nobody wait; say mode: reject for that, or give 1 to 10000");
            }
            SerializeMode::Queue => self.within("serialize.max_queue", &part.max_queue, 1..=10_000),
        }
    }

    fn lock(&mut self, part: &Lock) {
        if part.required && !part.enabled {
            let problem =
                "nobody can take a lock with enabled: false, so no write would ever pass; leave one of them out";
            self.fault("lock.required", problem);
        }
        let range = Span::s(5)..=Span::s(3_600);
        self.within("lock.default_ttl", &part.default_ttl, range.clone());
        self.within("lock.max_ttl", &part.max_ttl, range);
        if part.default_ttl > part.max_ttl {
            let problem = format!("{} is longer than max_ttl, {}", part.default_ttl, part.max_ttl);
            self.fault("lock.default_ttl", problem);
        }
        self.list("lock.modes", &part.modes, "name exclusive, shared or both");
        self.list("lock.guard", &part.guard, "name write, or read too");
        self.fencing("lock.fencing_header", &part.fencing_header);
    }

    fn coalesce(&mut self, part: &Coalesce) {
        self.list("coalesce.methods", &part.methods, "name GET and HEAD, or leave the field out");
        for (index, method) in part.methods.iter().enumerate() {
            if !part.body_hash && !matches!(method, Method::Get | Method::Head) {
                let problem = format!(
                    "requests with {} are told apart by their bodies; say body_hash: true, or leave it out",
                    method.as_str()
                );
                self.fault(&format!("coalesce.methods[{index}]"), problem);
            }
        }
        for (index, name) in part.vary_on.iter().enumerate() {
            self.compared(&format!("coalesce.vary_on[{index}]"), name);
        }
        self.within("coalesce.max_wait", &part.max_wait, Span::ms(1)..=MAX_WAIT);
        self.body("coalesce.max_body", part.max_body);
    }

    fn idempotency(&mut self, part: &Idempotency) {
        self.writes("idempotency.methods", &part.methods, "it may be sent again without a key");
        self.header("idempotency.header", &part.header);
        let mut seen = HashSet::from([part.header.to_ascii_lowercase()]);
        for (index, name) in part.aliases.iter().enumerate() {
            let field = format!("idempotency.aliases[{index}]");
            self.header(&field, name);
            if !seen.insert(name.to_ascii_lowercase()) {
                self.fault(&field, format!("{name} stands twice among header and aliases"));
            }
        }
        for (index, name) in part.no_store_headers.iter().enumerate() {
            self.compared(&format!("idempotency.no_store_headers[{index}]"), name);
        }
        self.within("idempotency.ttl", &part.ttl, Span::s(1)..=Span::s(30 * 86_400));
        self.lease("idempotency.lease", part.lease);
        self.within("idempotency.max_wait", &part.max_wait, Span::ms(1)..=MAX_WAIT);
        self.statuses("idempotency.store_5xx", &part.store_5xx, 500..=599);
        self.body("idempotency.max_body", part.max_body);
        self.within("idempotency.first_sent_window", &part.first_sent_window, Span::s(300)..=Span::s(86_400));
        if part.on_lost == OnLost::Retry && !part.forward_key {
            let problem = "retry is safe only where the upstream knows the key itself; say forward_key: true, or on_lost: \
                           unknown";
            self.fault("idempotency.on_lost", problem);
        }
    }

    fn concurrency(&mut self, limits: &[Concurrency]) {
        if limits.len() > MAX_LIMITS {
            self.fault("concurrency", format!("{} limits; give {MAX_LIMITS} at most", limits.len()));
        }
        let mut seen = HashSet::new();
        for (index, limit) in limits.iter().enumerate() {
            let at = |field: &str| format!("concurrency[{index}].{field}");
            if !name::is_id(&limit.name) {
                self.fault(&at("name"), format!("{:?} is not a name; {}", limit.name, name::ID_RULE));
            } else if !seen.insert(limit.name.as_str()) {
                self.fault(&at("name"), format!("{:?} stands twice; each limit has a name of its own", limit.name));
            }
            if let Some(key) = &limit.key {
                self.template(&at("key"), key);
            }
            match (limit.limit, &limit.adaptive) {
                (Some(_), Some(_)) => self.fault(&at("adaptive"), "give either limit or adaptive, not both"),
                (None, None) => self.fault(&at("limit"), "missing; give a number, or adaptive: {}"),
                (Some(limit), None) => self.within(&at("limit"), &limit, 1..=MOST),
                (None, Some(adaptive)) => self.adaptive(&at("adaptive"), adaptive),
            }
            if limit.adaptive.is_some() && limit.scope == Scope::Cluster {
                let problem = "an adaptive limit is what one node finds out by itself; leave scope out, or give limit";
                self.fault(&at("scope"), problem);
            }
            self.status(&at("reject_status"), limit.reject_status, [429, 503]);
            if let Some(queue) = limit.queue {
                self.within(&at("queue.max"), &queue.max, 1..=10_000);
                self.within(&at("queue.max_wait"), &queue.max_wait, Span::ms(1)..=MAX_WAIT);
            }
            self.priorities(&at("priorities"), limit);
        }
    }

    fn adaptive(&mut self, field: &str, adaptive: &Adaptive) {
        let Adaptive { min, initial, max, tolerance_percent, .. } = *adaptive;
        self.within(&format!("{field}.min"), &min, 1..=MOST);
        self.within(&format!("{field}.max"), &max, 1..=MOST);
        if min > max {
            self.fault(&format!("{field}.min"), format!("{min} is above max, {max}"));
        } else if !(min..=max).contains(&initial) {
            self.fault(&format!("{field}.initial"), format!("{initial} must lie between min, {min}, and max, {max}"));
        }
        self.within(&format!("{field}.tolerance_percent"), &tolerance_percent, 100..=1_000);
    }

    fn priorities(&mut self, field: &str, limit: &Concurrency) {
        for (name, share) in &limit.priorities {
            let at = format!("{field}.{name}");
            if !name::is_id(name) {
                self.fault(&at, format!("{name:?} is not a name; {}", name::ID_RULE));
            }
            if share.0 == 0 {
                self.fault(&at, "0% lets no request in; give 1% or more, or leave the priority out");
            }
        }
        let sum: u32 = limit.priorities.values().map(|share| u32::from(share.0)).sum();
        if sum > 100 {
            self.fault(field, format!("the shares add up to {sum}%; give 100% at most"));
        }
    }

    fn upstream_conflict(&mut self, part: &UpstreamConflict) {
        if part.on.is_empty() {
            self.fault("upstream_conflict.on", "empty; name statuses such as 409, or leave the field out");
        }
        self.statuses("upstream_conflict.on", &part.on, 400..=599);
        self.within("upstream_conflict.max_attempts", &part.max_attempts, 1..=10);
        self.within("upstream_conflict.backoff.base", &part.backoff.base, Span::ms(1)..=Span::s(60));
        self.within("upstream_conflict.backoff.max", &part.backoff.max, Span::ms(1)..=Span::s(60));
        if part.backoff.base > part.backoff.max {
            let problem = format!("{} is longer than max, {}", part.backoff.base, part.backoff.max);
            self.fault("upstream_conflict.backoff.base", problem);
        }
        self.within("upstream_conflict.honor_retry_after", &part.honor_retry_after, Span::ms(0)..=MAX_WAIT);
        if let Some(deadline) = part.deadline {
            self.within("upstream_conflict.deadline", &deadline, Span::ms(1)..=Span::s(600));
        }
        if part.budget == Percent(0) && part.strategy != ConflictStrategy::Pass {
            self.fault("upstream_conflict.budget", "0% lets nothing be sent again; give 1% or more, or strategy: pass");
        }
        self.body("upstream_conflict.max_body", part.max_body);
    }
}
