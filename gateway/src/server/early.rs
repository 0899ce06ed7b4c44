//! Answers to heads that never become a request: Pingora cannot read them, or they come too slowly or too large. No step
//! sees these, so here they get what every answer has: an id, our form, a log line and a count.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;

use super::head::HeadReport;
use crate::intake;
use crate::problem::{self, Refusal};
use crate::telemetry::{Telemetry, Unrouted};

/// What the answers of Pingora's own begin with.
const STATUS_LINE: &[u8] = b"HTTP/1.";

/// Answers on one listener.
#[derive(Clone)]
pub(crate) struct Early {
    telemetry: Arc<Telemetry>,
}

/// Why a head was not waited for.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// It took too long.
    Late,
    /// It is far too large.
    Large,
}

impl Early {
    pub(crate) fn new(telemetry: Arc<Telemetry>) -> Self {
        Self { telemetry }
    }

    /// Our answer in place of what Pingora is about to write, if that is a refusal of a head that no step has seen.
    pub(super) fn in_place_of(&self, written: &[u8], head: &HeadReport, began: Instant) -> Option<Bytes> {
        if head.is_admitted() || !written.starts_with(STATUS_LINE) {
            return None;
        }
        let status = written.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())?;
        let refusal = match status {
            400 => intake::unreadable(head),
            405 => Refusal::new(405, "method_not_allowed", "CONNECT is not served here: this is no forward proxy"),
            _ => return None,
        };
        Some(self.answer(&refusal, began))
    }

    /// Our answer to a head that is cut off.
    pub(super) fn to(&self, cut: Cut, began: Instant) -> Bytes {
        let refusal = match cut {
            Cut::Late => Refusal::new(408, "head_timeout", "the request head did not arrive in time"),
            Cut::Large => Refusal::new(431, "head_too_large", "the request head is far too large"),
        };
        self.answer(&refusal, began)
    }

    fn answer(&self, refusal: &Refusal, began: Instant) -> Bytes {
        let id = weir_domain::name::new_id();
        self.telemetry.unrouted(&Unrouted {
            id: &id,
            method: "",
            path: "",
            status: refusal.status,
            reason: refusal.code,
            duration: began.elapsed(),
        });
        problem::on_the_wire(refusal, &id, Timestamp::now())
    }
}

/// Whether a connection that is cut off has begun to say something in HTTP/1.
pub(super) fn is_worth_an_answer(scanned: u32, h2: bool) -> bool {
    scanned > 0 && !h2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early() -> Early {
        Early::new(Arc::new(Telemetry::new("test").unwrap()))
    }

    #[test]
    fn refusals_of_heads_get_our_form_and_nothing_else_is_touched() {
        let (early, head, began) = (early(), HeadReport::default(), Instant::now());
        head.expect();
        let ours = early.in_place_of(b"HTTP/1.1 400 Bad Request\r\n\r\n", &head, began).unwrap();
        let text = String::from_utf8(ours.to_vec()).unwrap();
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        let (fields, body) = text.split_once("\r\n\r\n").unwrap();
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        let field = |name: &str| fields.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        assert_eq!(field("x-weir-request-id"), problem["request_id"].as_str());
        assert_eq!(field("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(field("connection"), Some("close"));
        assert!(field("date").is_some_and(|d| d.ends_with(" GMT")), "{text}");
        assert!(early.in_place_of(b"\0\0\x06\x04\0", &head, began).is_none());
        assert!(early.in_place_of(b"HTTP/1.1 200 OK\r\n\r\n", &head, began).is_none());
        head.admit();
        assert!(early.in_place_of(b"HTTP/1.1 400 Bad Request\r\n\r\n", &head, began).is_none());
    }
}
