//! K1: the entity tag of an answer, the upstream's or our own.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use weir_conflict::canonical::Pointers;
use weir_conflict::tag::EntityTag;
use weir_conflict::validator::{Content, Minted, Mode, forbids_transform, mint};
use weir_domain::snapshot::ConflictPolicy;
use weir_domain::spec::{Synthesize, UpstreamEtag, Validators};

use super::run::Run;

/// The tag of a representation that was answered with 200: the upstream's own where it has a good one and the policy
/// prefers it, else one that is made of the body.
pub(super) fn of(run: &Run<'_>, headers: &HeaderMap, body: &[u8]) -> Option<Minted> {
    of_answer(&run.policy, headers, body)
}

/// The same without a request.
pub(crate) fn of_answer(policy: &ConflictPolicy, headers: &HeaderMap, body: &[u8]) -> Option<Minted> {
    if let Some(tag) = upstreams(policy, headers) {
        return Some(Minted { tag, body: None });
    }
    let set = policy.validators.as_ref()?;
    let content = content(headers);
    match set.synthesize {
        Synthesize::Bytes => mint(Mode::Bytes, &policy.salt, &content, body),
        Synthesize::Canonical => mint(Mode::Canonical, &policy.salt, &content, body),
        Synthesize::Semantic => {
            // The compiler of the configuration has refused what is no pointer.
            let ignored = Pointers::compile(&set.ignore).unwrap_or(Pointers::none());
            mint(Mode::Semantic(&ignored), &policy.salt, &content, body)
        }
        // Made of the version's number, which is not in the body.
        Synthesize::Version => None,
    }
}

/// The upstream's own tag, where it counts.
pub(super) fn upstreams(policy: &ConflictPolicy, headers: &HeaderMap) -> Option<EntityTag> {
    let set = policy.validators.as_ref();
    if set.is_some_and(|set| set.upstream_etag == UpstreamEtag::Replace) {
        return None;
    }
    EntityTag::of_answer(headers, set.map(|set| set.lenient).unwrap_or_default())
}

/// The tag of a version by its number.
pub(super) fn of_version(policy: &ConflictPolicy, headers: &HeaderMap, generation: u64) -> Option<Minted> {
    mint(Mode::Version(generation), &policy.salt, &content(headers), &[])
}

/// What an answer says of itself that its tag depends on.
fn content(headers: &HeaderMap) -> Content<'_> {
    let bytes = |name: &HeaderName| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
    Content {
        content_type: bytes(&CONTENT_TYPE),
        content_coding: bytes(&CONTENT_ENCODING),
        no_transform: forbids_transform(headers),
    }
}

/// Whether an answer can be held to make its tag: it is not too long by its own word, and no stream.
pub(super) fn is_holdable(set: &Validators, headers: &HeaderMap) -> bool {
    let length = headers.get(http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    !stream && length.is_none_or(|length| length <= set.max_body.0)
}
