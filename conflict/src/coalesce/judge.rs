//! Whether an answer is for others too.

use http::header::{CACHE_CONTROL, SET_COOKIE, VARY};
use http::{HeaderMap, StatusCode};
use thiserror::Error;

/// Why an answer is for the one alone who made the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unshareable {
    /// It answers what only that request asked: a part, a condition, a protocol.
    #[error("its status answers that request alone")]
    Status,
    /// It sets a cookie.
    #[error("it sets a cookie")]
    SetCookie,
    /// `Cache-Control: private`.
    #[error("it is private")]
    Private,
    /// `Cache-Control: no-store`.
    #[error("it must not be stored")]
    NoStore,
    /// It depends on a header in which joined requests may differ.
    #[error("it varies by a header that is not among those in which joined requests are the same")]
    Vary,
}

/// Whether requests that agree in the headers of `vary_on` may share an answer. `across_identities` says whether different
/// callers are joined: what is for one caller alone (RFC 9111 section 3, RFC 6265) is then not shared.
///
/// # Errors
/// Why it is not shared.
pub fn shareable(
    status: StatusCode,
    headers: &HeaderMap,
    vary_on: &[String],
    across_identities: bool,
) -> Result<(), Unshareable> {
    let of_one = [
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
        StatusCode::PRECONDITION_FAILED,
        StatusCode::RANGE_NOT_SATISFIABLE,
    ];
    if status.is_informational() || of_one.contains(&status) {
        return Err(Unshareable::Status);
    }
    if !varies_within(headers, vary_on) {
        return Err(Unshareable::Vary);
    }
    if !across_identities {
        return Ok(());
    }
    if headers.contains_key(SET_COOKIE) {
        return Err(Unshareable::SetCookie);
    }
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in directives(value.as_bytes()) {
            // `private="field"` too: what is left without the field would be another answer.
            if directive.eq_ignore_ascii_case(b"private") {
                return Err(Unshareable::Private);
            }
            if directive.eq_ignore_ascii_case(b"no-store") {
                return Err(Unshareable::NoStore);
            }
        }
    }
    Ok(())
}

fn varies_within(headers: &HeaderMap, vary_on: &[String]) -> bool {
    let lines = headers.get_all(VARY).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .all(|field| field.is_empty() || vary_on.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(field)))
}

/// The names of the directives of a `Cache-Control` line; commas in quoted strings part nothing.
fn directives(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = line.split(move |byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    });
    parts.map(|part| part.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn judged(status: u16, lines: &[(&'static str, &str)], across: bool) -> Result<(), Unshareable> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let vary_on = ["accept".to_owned(), "Accept-Language".to_owned()];
        shareable(StatusCode::from_u16(status).unwrap(), &headers, &vary_on, across)
    }

    #[test]
    fn an_answer_of_one_caller_is_not_for_another() {
        use Unshareable::{NoStore, Private, SetCookie};
        assert_eq!(judged(200, &[("cache-control", "max-age=60, public")], true), Ok(()));
        assert_eq!(judged(200, &[("set-cookie", "a=b")], true), Err(SetCookie));
        for private in ["private", "max-age=1 , Private", "private=\"x-user, x-team\"", ",,private"] {
            assert_eq!(judged(200, &[("cache-control", private)], true), Err(Private), "{private}");
        }
        for no_store in ["no-store", "No-Store", "ext=\"a\\\",b\", no-store"] {
            assert_eq!(judged(200, &[("cache-control", no_store)], true), Err(NoStore), "{no_store}");
        }
        let lines = [("cache-control", "max-age=1"), ("cache-control", "no-store")];
        assert_eq!(judged(200, &lines, true), Err(NoStore), "all lines count");
        // Words within a quoted string, and words that only begin so, say nothing.
        for other in ["ext=\"a, no-store, b\"", "no-store-ish", "x-private", "private-ish=1", "ext=\"\\\", private\""] {
            assert_eq!(judged(200, &[("cache-control", other)], true), Ok(()), "{other}");
        }
    }

    #[test]
    fn the_same_caller_shares_what_is_its_own() {
        for line in [("set-cookie", "a=b"), ("cache-control", "private"), ("cache-control", "no-store")] {
            assert_eq!(judged(200, &[line], false), Ok(()), "{line:?}");
        }
    }

    #[test]
    fn an_answer_varies_only_by_what_joined_requests_agree_in() {
        for (vary, shared) in [
            ("Accept", true),
            ("accept, ACCEPT-LANGUAGE", true),
            ("", true),
            ("accept,,", true),
            ("*", false),
            ("accept, *", false),
            ("origin", false),
            ("accept-encoding, accept", false),
        ] {
            let want = if shared { Ok(()) } else { Err(Unshareable::Vary) };
            assert_eq!(judged(200, &[("vary", vary)], false), want, "{vary}");
            assert_eq!(judged(200, &[("vary", vary)], true), want, "{vary}");
        }
        assert_eq!(judged(200, &[("vary", "accept"), ("vary", "cookie")], false), Err(Unshareable::Vary));
    }

    #[test]
    fn a_part_and_an_answer_to_a_condition_are_of_one_request() {
        for status in [101, 206, 304, 412, 416] {
            assert_eq!(judged(status, &[], false), Err(Unshareable::Status), "{status}");
        }
        for status in [200, 204, 301, 404, 429, 500] {
            assert_eq!(judged(status, &[], true), Ok(()), "{status}");
        }
    }
}
