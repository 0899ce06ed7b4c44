//! Entity tags and the conditions made of them (RFC 9110 section 13).

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};

use crate::app::change::Matches;
use crate::error::Error;

/// The strong entity tag of a version.
pub(super) fn etag(version: i64) -> HeaderValue {
    // Digits and quotes are always fit for a header.
    HeaderValue::from_str(&format!("\"v{version}\"")).unwrap_or(HeaderValue::from_static("\"v0\""))
}

/// What `If-Match` demands. A tag that is not one of ours is told instead of never matching: it is a
/// mistake, and "changed by somebody else" would lead astray.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Matches, Error> {
    let mut versions = Vec::new();
    let mut seen = false;
    for value in headers.get_all(IF_MATCH) {
        seen = true;
        let text = value.to_str().map_err(|_| refused("(not ASCII)"))?;
        for tag in text.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Matches::Any);
            }
            versions.push(version(tag).ok_or_else(|| refused(tag))?);
        }
    }
    if seen { Ok(Matches::Versions(versions)) } else { Err(Error::PreconditionRequired) }
}

fn refused(tag: &str) -> Error {
    let shown: String = tag.chars().take(40).collect();
    Error::BadRequest(format!(
        "If-Match: {shown:?} is no entity tag of ours; send the ETag of the version you started from, such as \"v3\" \
         with its quotes and without W/, or *"
    ))
}

/// Whether the caller has this version already (weak comparison).
pub(super) fn not_modified(headers: &HeaderMap, current: i64) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        value
            .to_str()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || version(tag.strip_prefix("W/").unwrap_or(tag)) == Some(current))
    })
}

fn version(tag: &str) -> Option<i64> {
    tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::http;

    use super::*;

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn if_match_is_a_list_of_strong_tags_or_a_star() {
        let read = |value| if_match(&with(IF_MATCH, value)).ok();
        assert_eq!(read("\"v3\""), Some(Matches::Versions(vec![3])));
        assert_eq!(read("\"v3\", \"v4\""), Some(Matches::Versions(vec![3, 4])));
        assert_eq!(read("*"), Some(Matches::Any));
        assert!(matches!(if_match(&HeaderMap::new()), Err(Error::PreconditionRequired)));
    }

    #[test]
    fn a_tag_that_is_none_of_ours_is_refused_and_quoted() {
        for (value, shown) in
            [("\"abc\"", r#""\"abc\"""#), ("W/\"v3\"", "W/"), ("v3", "v3"), ("\"v3\", x", "\"x\""), ("", "\"\"")]
        {
            let Err(Error::BadRequest(told)) = if_match(&with(IF_MATCH, value)) else { panic!("{value} was taken") };
            assert!(told.contains(shown), "{told}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        assert!(not_modified(&with(IF_NONE_MATCH, "W/\"v3\""), 3));
        assert!(!not_modified(&with(IF_NONE_MATCH, "\"v2\""), 3));
        assert!(!not_modified(&HeaderMap::new(), 3));
    }
}
