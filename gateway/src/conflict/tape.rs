//! K8: what of an answer is taken down for repeats, and what it says of the request.

use std::sync::Arc;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::{CONNECTION, DATE, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE, TRANSFER_ENCODING};
use weir_conflict::store::{IdemEnd, StoredAnswer};
use weir_domain::spec::Idempotency;
use weir_domain::time;

/// What of an answer is not said again: what is of one connection, or of one moment.
const NOT_AGAIN: [HeaderName; 7] = [
    CONNECTION,
    TRANSFER_ENCODING,
    DATE,
    SET_COOKIE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("set-cookie2"),
    HeaderName::from_static("x-weir-request-id"),
];

/// What of an answer is taken down for repeats.
pub(crate) struct Tape {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: BytesMut,
    most: usize,
    full: bool,
    location: Option<String>,
}

impl Tape {
    /// Begins to take an answer down.
    pub(crate) fn begin(set: &Idempotency, status: u16, headers: &HeaderMap) -> Self {
        let dropped = |name: &HeaderName| {
            NOT_AGAIN.contains(name) || set.no_store_headers.iter().any(|no| name.as_str().eq_ignore_ascii_case(no))
        };
        let kept = headers.iter().filter(|(name, _)| !dropped(name));
        Self {
            status,
            headers: kept.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
            body: BytesMut::new(),
            most: set.max_body.as_len(),
            full: false,
            location: headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned),
        }
    }

    /// Takes a piece down, unless that is too much.
    pub(crate) fn piece(&mut self, piece: &[u8]) {
        self.full |= self.body.len() + piece.len() > self.most;
        if self.full {
            self.body = BytesMut::new();
        } else {
            self.body.extend_from_slice(piece);
        }
    }

    /// Adds a header that only those who repeat are given.
    pub(crate) fn note(&mut self, name: &str, value: String) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into_bytes()));
    }

    /// How a request under a key ends with this answer, which had these headers.
    pub(super) fn end(self, set: &Idempotency, headers: &HeaderMap, fingerprint: Option<[u8; 32]>) -> IdemEnd {
        match verdict(set, self.status, headers) {
            Verdict::Keep if self.full => {
                IdemEnd::NotStored { status: self.status, location: self.location, fingerprint }
            }
            Verdict::Keep => IdemEnd::Done(Arc::new(StoredAnswer {
                status: self.status,
                headers: self.headers,
                body: self.body.freeze(),
                fingerprint,
                at: time::now(),
            })),
            Verdict::Free => IdemEnd::Released,
            Verdict::Unknown => IdemEnd::Unknown { fingerprint },
        }
    }
}

/// What an answer says of the request under its key.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the answer, also for repeats.
    Keep,
    /// Nothing was executed.
    Free,
    /// Nobody knows.
    Unknown,
}

fn verdict(set: &Idempotency, status: u16, headers: &HeaderMap) -> Verdict {
    match status {
        401 | 403 | 408 | 409 | 425 | 429 => Verdict::Free,
        200..=499 => Verdict::Keep,
        _ if set.store_5xx.contains(&status) => Verdict::Keep,
        503 if headers.contains_key(RETRY_AFTER) => Verdict::Free,
        502..=504 => Verdict::Unknown,
        _ => Verdict::Free,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_was_executed_is_kept_and_what_was_not_is_free() {
        let set = Idempotency::default();
        let (none, mut later) = (HeaderMap::new(), HeaderMap::new());
        later.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        for (status, headers, expected) in [
            (201, &none, Verdict::Keep),
            (304, &none, Verdict::Keep),
            (422, &none, Verdict::Keep),
            (401, &none, Verdict::Free),
            (409, &none, Verdict::Free),
            (429, &later, Verdict::Free),
            (500, &none, Verdict::Keep),
            (501, &none, Verdict::Keep),
            (503, &later, Verdict::Free),
            (503, &none, Verdict::Unknown),
            (502, &none, Verdict::Unknown),
            (504, &none, Verdict::Unknown),
        ] {
            assert_eq!(verdict(&set, status, headers), expected, "{status}");
        }
        let strict = Idempotency { store_5xx: Vec::new(), ..set };
        assert_eq!(verdict(&strict, 500, &none), Verdict::Free);
    }
}
