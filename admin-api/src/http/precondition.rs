//! What the conditions of a request (RFC 9110 section 13) come to here. The engine reads and evaluates them; what is
//! this API's own is which tags it knows.

use axum::http::{HeaderMap, HeaderValue, Method};
use weir_conflict::conditions::{Conditions, Current, Verdict};
use weir_conflict::malformed::{Malformed, shown};
use weir_conflict::tag::{EntityTag, TagList};

use crate::app::change::Matches;
use crate::app::version_tag;
use crate::error::Error;

/// The strong entity tag of a version.
pub(super) fn etag(version: i64) -> HeaderValue {
    version_tag::of(version).to_header_value()
}

/// What the conditions of a change demand, of which `If-Match` must be one. A tag that is not one of ours is told
/// instead of never matching: it is a mistake, and "changed by somebody else" would lead astray.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Matches, Error> {
    let conditions = Conditions::read(headers).map_err(|fault| refused(&fault))?;
    let tags = conditions.if_match.as_ref().ok_or(Error::PreconditionRequired)?.tags();
    if let Some(foreign) = tags.iter().find(|tag| version_tag::version(tag).is_none()) {
        return Err(not_ours(foreign));
    }
    let whatever = conditions.if_match == Some(TagList::Any) && conditions.if_none_match.is_none();
    Ok(if whatever { Matches::Any } else { Matches::When(Box::new(conditions)) })
}

fn refused(fault: &Malformed) -> Error {
    Error::BadRequest(fault.to_string())
}

fn not_ours(tag: &EntityTag) -> Error {
    Error::BadRequest(format!(
        "If-Match: {} is no entity tag of ours; send the ETag of the version you started from, such as \"v3\" with its \
         quotes and without W/, or *",
        shown(tag.to_string().as_bytes())
    ))
}

/// Whether the caller has this version already.
///
/// # Errors
/// When a condition cannot be read, or demands another version.
pub(super) fn not_modified(headers: &HeaderMap, current: i64) -> Result<bool, Error> {
    let conditions = Conditions::read(headers).map_err(|fault| refused(&fault))?;
    let tags = [version_tag::of(current)];
    match conditions.evaluate(&Method::GET, &Current { exists: true, tags: &tags, ..Current::default() }) {
        Verdict::NotModified => Ok(true),
        Verdict::Failed(header) => Err(Error::ConditionFailed { header, current }),
        Verdict::Proceed | Verdict::IgnoreRange | Verdict::Absent => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use axum::http;
    use axum::http::header::{IF_MATCH, IF_NONE_MATCH};

    use super::*;

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn if_match_is_a_list_of_strong_tags_or_a_star() {
        let versions = |value| match if_match(&with(IF_MATCH, value)) {
            Ok(Matches::When(conditions)) => {
                conditions.if_match.unwrap().tags().iter().filter_map(version_tag::version).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(versions("\"v3\""), [3]);
        assert_eq!(versions("\"v3\", \"v4\""), [3, 4]);
        assert!(matches!(if_match(&with(IF_MATCH, "*")), Ok(Matches::Any)));
        assert!(matches!(if_match(&HeaderMap::new()), Err(Error::PreconditionRequired)));
        assert!(matches!(if_match(&with(IF_NONE_MATCH, "*")), Err(Error::PreconditionRequired)));
    }

    #[test]
    fn a_tag_that_is_none_of_ours_is_refused_and_quoted() {
        for (value, shown) in [
            ("\"abc\"", r#""\"abc\"""#),
            ("W/\"v3\"", "W/"),
            ("\"v+3\"", "v+3"),
            ("v3", "v3"),
            ("\"v3\", x", "x\""),
            ("\"v3\", *", "*"),
            ("", "\"\""),
        ] {
            let Err(Error::BadRequest(told)) = if_match(&with(IF_MATCH, value)) else { panic!("{value} was taken") };
            assert!(told.contains(shown), "{told}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let of = |value| not_modified(&with(IF_NONE_MATCH, value), 3).ok();
        assert_eq!((of("W/\"v3\""), of("*"), of("\"v2\", \"v3\"")), (Some(true), Some(true), Some(true)));
        assert_eq!((of("\"v2\""), of("v3")), (Some(false), None));
        assert_eq!(not_modified(&HeaderMap::new(), 3).ok(), Some(false));
        assert!(matches!(
            not_modified(&with(IF_MATCH, "\"v2\""), 3),
            Err(Error::ConditionFailed { header: weir_domain::spec::ConditionHeader::IfMatch, current: 3 })
        ));
    }
}
