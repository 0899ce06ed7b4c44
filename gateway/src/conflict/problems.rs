//! What a caller is told when a policy refuses its request: one function for each way to clash.

use std::time::Duration;

use http::header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use weir_conflict::conditions::Conditions;
use weir_conflict::malformed::{Malformed, shown};
use weir_conflict::problem::{ConflictKind, LockShown, Problem, ResolveAction, Slug};
use weir_conflict::status::Policy;
use weir_conflict::store::LeaseView;
use weir_conflict::tag::{EntityTag, TagList};
use weir_domain::snapshot::Preconditions;
use weir_domain::spec::ConditionHeader;
use weir_domain::time;

use super::asking::Asking;
use super::run::Run;

impl Run<'_> {
    pub(super) fn body_too_large_for_key(&self, most: usize) -> Problem {
        let detail = format!(
            "The resource of this route is told by the request's body, which is longer than the {most} bytes that are \
             looked into."
        );
        self.problem(Policy::LostUpdate, Slug::PreconditionMalformed)
            .with_status(413)
            .with_detail(detail)
            .with_action(ResolveAction::FixRequest, false)
    }

    pub(super) fn busy(&self, policy: Policy, detail: &'static str, wait: Duration) -> Problem {
        self.problem(policy, Slug::ConcurrentModification).with_detail(detail).with_retry_after(wait)
    }

    pub(super) fn lease_lost(&self, policy: Policy) -> Problem {
        self.problem(policy, Slug::LeaseLost).with_retry_after(Duration::from_secs(1))
    }

    pub(super) fn malformed_lock(&self, fault: &Malformed) -> Problem {
        Problem::malformed(Slug::LockRequestMalformed, fault).by(Policy::Lock, &self.route.id)
    }

    /// Somebody holds a lock; who it is, callers of the same team are told.
    pub(super) fn locked(&self, slug: Slug, lock: &LeaseView) -> Problem {
        let own = self.caller.as_ref().is_some_and(|(team, _)| *team == lock.holder.team);
        let shown = LockShown {
            mode: lock.mode,
            expires_at: ends(lock.expires_in),
            owner: (own && !lock.holder.owner.is_empty()).then(|| lock.holder.owner.clone()),
        };
        self.problem(Policy::Lock, slug).with_lock(shown).with_retry_after(lock.expires_in)
    }

    pub(super) fn lock_problem(&self, slug: Slug) -> Problem {
        self.problem(Policy::Lock, slug)
    }

    /// A condition is missing that the route asks for.
    pub(super) fn condition_required(&self, set: &Preconditions) -> Problem {
        let names: Vec<&str> = set.any_of.iter().map(|header| name_of(*header)).collect();
        let detail = format!(
            "This route changes a resource only under a condition. Send {}: read the resource, take the ETag of its \
             answer, and send it with your change, so that nobody's work is overwritten.",
            names.join(" or ")
        );
        let path = self.io.session.req_header().uri.path();
        let mut problem = self.problem(Policy::Preconditions, Slug::PreconditionRequired).with_detail(detail);
        if set.any_of.contains(&ConditionHeader::IfMatch) {
            problem = problem.with_fetch(path).then_send(&IF_MATCH, "the ETag of the answer");
        }
        problem.with_member("required_headers", names.iter().map(|name| serde_json::json!(name)).collect::<Vec<_>>())
    }

    pub(super) fn malformed_condition(&self, fault: &Malformed, status: u16) -> Problem {
        Problem::malformed(Slug::PreconditionMalformed, fault)
            .by(Policy::Preconditions, &self.route.id)
            .with_status(status)
    }

    /// The condition does not hold. `current` is told to callers who may read.
    pub(super) fn condition_failed(
        &self,
        failed: ConditionHeader,
        conditions: &Conditions,
        status: u16,
        current: Option<&EntityTag>,
    ) -> Problem {
        let submitted = conditions.submitted();
        let shown_tags = submitted.iter().map(|tag| shown_condition(tag)).collect::<Vec<_>>().join(", ");
        let detail = format!("{} {shown_tags} does not hold for the current version.", name_of(failed));
        let path = self.io.session.req_header().uri.path().to_owned();
        let policy = if self.reads() { Policy::ConditionalReads } else { Policy::Preconditions };
        let existence = matches!(
            (failed, &conditions.if_match, &conditions.if_none_match),
            (ConditionHeader::IfMatch, Some(TagList::Any), _) | (ConditionHeader::IfNoneMatch, _, Some(TagList::Any))
        );
        let mut problem = self
            .problem(policy, Slug::PreconditionFailed)
            .with_status(status)
            .with_detail(detail)
            .with_submitted(submitted)
            .with_fetch(&path);
        if existence {
            problem = problem.with_kind(ConflictKind::Existence);
        }
        match current {
            Some(tag) => problem.with_current(tag).then_send(&IF_MATCH, tag.to_string()),
            None => problem,
        }
    }

    /// The condition cannot be checked.
    pub(super) fn unverifiable(&self, status: u16, detail: &'static str) -> Problem {
        let problem =
            self.problem(Policy::Preconditions, Slug::PreconditionUnverifiable).with_status(status).with_detail(detail);
        if status == 503 { problem.with_retry_after(Duration::from_secs(1)) } else { problem }
    }

    /// What the upstream said of a conflict, as a problem document.
    pub(super) fn of_upstream(&self, status: u16, said: serde_json::Value) -> Problem {
        self.problem(Policy::UpstreamConflict, Slug::UpstreamConflict).with_status(status).with_member("upstream", said)
    }
}

fn name_of(header: ConditionHeader) -> &'static str {
    match header {
        ConditionHeader::IfMatch => "If-Match",
        ConditionHeader::IfNoneMatch => "If-None-Match",
        ConditionHeader::IfUnmodifiedSince => "If-Unmodified-Since",
    }
}

/// The header that a condition stands in.
pub(super) fn header_of(header: ConditionHeader) -> http::HeaderName {
    match header {
        ConditionHeader::IfMatch => IF_MATCH,
        ConditionHeader::IfNoneMatch => IF_NONE_MATCH,
        ConditionHeader::IfUnmodifiedSince => IF_UNMODIFIED_SINCE,
    }
}

/// A tag, a date or `*` as a person reads it: the quotes of a tag are its own, and what is in them is shown safely.
fn shown_condition(text: &str) -> String {
    match text.strip_suffix('"').and_then(|tag| tag.split_once('"')) {
        Some((weak, opaque)) => format!("{weak}{}", shown(opaque.as_bytes())),
        None => text.to_owned(),
    }
}

/// The moment so far from now, by this node's clock: for people.
pub(crate) fn ends(remaining: Duration) -> String {
    let micros = i64::try_from(remaining.as_micros()).unwrap_or(i64::MAX);
    time::to_rfc3339(time::now().saturating_add(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_shown_in_its_own_quotes() {
        for (text, expected) in
            [("\"a\"", "\"a\""), ("W/\"a\"", "W/\"a\""), ("*", "*"), ("\"\u{202e}\"", r#""\u{202e}""#)]
        {
            assert_eq!(shown_condition(text), expected);
        }
    }
}
