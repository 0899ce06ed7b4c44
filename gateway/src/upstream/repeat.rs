//! Whether a request whose upstream connection broke off before any byte of the answer may be sent again, on another
//! connection. A pooled connection can be closed by the upstream at the very moment it is used again; what the upstream
//! has done with the request is then not known (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1).

use http::Method;
use http::header::{HeaderMap, HeaderName};
use pingora_core::{Error, ErrorType, RetryType};
use weir_domain::spec;

/// The caller's word that the upstream knows a repeated request (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What Pingora says of an HTTP/1.1 head that did not get onto the connection.
const HEAD_NOT_SENT: [&str; 2] = ["while writing request headers", "flushing request header"];

/// What is known of the exchange that broke off.
#[derive(Clone, Copy)]
pub(crate) struct Broken<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    /// Whether the connection came from the pool. One that was made for this request and breaks off is the upstream's
    /// answer to it, so to say: never repeated.
    pub(crate) reused: bool,
    /// Whether all of the body that was sent is still at hand.
    pub(crate) body_kept: bool,
}

/// Whether it may be sent again: only on the death of a pooled connection before any byte of the answer, with the whole
/// body at hand, and where nothing was sent, the method is idempotent, or the caller gave an `Idempotency-Key`.
pub(crate) fn is_allowed(error: &Error, broken: Broken<'_>) -> bool {
    if !broken.body_kept {
        return false;
    }
    let mut retry = error.retry;
    let unsent = is_unsent(error);
    if unsent {
        retry = RetryType::ReusedOnly;
    }
    retry.decide_reuse(broken.reused);
    let repeatable = unsent || is_idempotent(broken.method) || broken.headers.contains_key(IDEMPOTENCY_KEY);
    retry.retry() && repeatable
}

/// Whether a method may be repeated by its meaning (RFC 9110 section 9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    spec::Method::from_token(method.as_str()).is_some_and(spec::Method::is_idempotent)
}

/// An upstream acts on a whole head only, and this one did not leave whole.
pub(super) fn is_unsent(error: &Error) -> bool {
    *error.etype() == ErrorType::WriteError
        && error.context.as_ref().is_some_and(|context| HEAD_NOT_SENT.contains(&context.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(retry: RetryType) -> Box<Error> {
        let mut error = Error::explain(ErrorType::ConnectionClosed, "while reading response headers").into_up();
        error.retry = retry;
        error
    }

    fn unsent() -> Box<Error> {
        Error::explain(ErrorType::WriteError, HEAD_NOT_SENT[0]).into_up()
    }

    #[test]
    fn only_what_cannot_happen_twice_is_repeated_and_only_once_a_pooled_connection_died() {
        let (none, mut key) = (HeaderMap::new(), HeaderMap::new());
        key.insert(IDEMPOTENCY_KEY, http::HeaderValue::from_static("\"7\""));
        let closed = || lost(RetryType::ReusedOnly);
        for (error, method, headers, reused, body_kept, allowed) in [
            (closed(), Method::GET, &none, true, true, true),
            (closed(), Method::DELETE, &none, true, true, true),
            (closed(), Method::POST, &none, true, true, false),
            (closed(), Method::PATCH, &none, true, true, false),
            (closed(), Method::POST, &key, true, true, true),
            (closed(), Method::POST, &key, true, false, false),
            (closed(), Method::POST, &key, false, true, false),
            (closed(), Method::GET, &none, false, true, false),
            (closed(), Method::from_bytes(b"BREW").unwrap(), &none, true, true, false),
            (unsent(), Method::POST, &none, true, true, true),
            (unsent(), Method::POST, &none, false, true, false),
            (lost(RetryType::Decided(false)), Method::GET, &none, true, true, false),
            (lost(RetryType::Decided(true)), Method::GET, &none, false, true, true),
        ] {
            let shown = format!("{method} {error} {headers:?} {reused} {body_kept}");
            let broken = Broken { method: &method, headers, reused, body_kept };
            assert_eq!(is_allowed(&error, broken), allowed, "{shown}");
        }
    }
}
