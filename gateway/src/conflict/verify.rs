//! K1, `write_response: verify`: reads a write back under its lease, to say the new tag.

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap};
use pingora_http::ResponseHeader;
use weir_conflict::status::{Act, Policy};
use weir_conflict::tag::EntityTag;
use weir_domain::spec::VerifyWith;

use super::asking::Asking;
use super::run::Run;
use super::{fetch, tags};

/// Reads the resource back. The answer has the new tag if what is stored is byte for byte what was sent, so that the
/// caller knows the representation that it belongs to (RFC 9110 section 9.3.4); else only `Conflict-Status` says it.
pub(super) async fn after_write(run: &mut Run<'_>, head: &mut ResponseHeader) {
    let reader = match run.policy.preconditions.as_ref().map(|set| &set.verify_with) {
        Some(VerifyWith::Service) => fetch::Reader::Service,
        _ => fetch::Reader::Caller,
    };
    let Ok(current) = fetch::current(run, reader).await else { return };
    let Some(body) = current.body.as_ref().filter(|_| current.status == 200) else { return };
    let Some(tag) = tags::of(run, &current.headers, body).map(|minted| minted.tag) else { return };
    head.remove_header(&ETAG);
    if says_all(run, &current.headers, body) {
        let _ = head.insert_header(ETAG, tag.to_header_value());
    }
    tell(run, &tag);
}

/// Whether the caller sent just what is stored: the same bytes, of the same type and coding.
fn says_all(run: &Run<'_>, stored: &HeaderMap, body: &[u8]) -> bool {
    if *run.method() == Method::PATCH || *run.method() == Method::POST {
        // What was sent is no representation; the answer's content, if it has any, is not read here.
        return false;
    }
    let same = |name| run.headers().get(&name) == stored.get(&name);
    run.upload.bytes().is_some_and(|sent| sent == body) && same(CONTENT_TYPE) && same(CONTENT_ENCODING)
}

fn tell(run: &mut Run<'_>, tag: &EntityTag) {
    let act = Act::new(Policy::Validators, "verified").etag(tag);
    run.did(Policy::Validators, "verified", &act);
}
