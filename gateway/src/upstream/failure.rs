//! What became of an exchange with an upstream that did not end well, and what the caller is told.

use pingora_core::{Error, ErrorSource, ErrorType};
use weir_domain::ledger::Outcome;

use crate::metering::cut;
use crate::problem::Refusal;

/// The longest text of an error in an attempt's row, in bytes.
const MAX_ERROR: usize = 300;

/// Marks an error of ours: the request body grew beyond the route's limit.
pub(crate) const BODY_TOO_LARGE: ErrorType = ErrorType::CustomCode("body_too_large", 413);
/// Marks an error of ours: the request body came too slowly.
pub(crate) const BODY_TOO_SLOW: ErrorType = ErrorType::CustomCode("body_too_slow", 408);
/// Marks an error of ours: the exchange took longer than the upstream's total time.
pub(crate) const TOTAL_TIMEOUT: ErrorType = ErrorType::CustomCode("total_timeout", 504);
/// Marks an error of ours: no target of the upstream can be connected to.
pub(crate) const NO_TARGET: ErrorType = ErrorType::CustomCode("no_target", 502);

/// How an exchange failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// For the ledger.
    pub(crate) outcome: Outcome,
    /// For the ledger and for programs; one of a fixed set.
    pub(crate) code: &'static str,
    /// What to answer, if the caller is still there and has had no head yet.
    pub(crate) answer: Option<Refusal>,
}

/// Judges an error of Pingora's. `head_sent` is whether the caller has had the head of the answer.
pub(crate) fn judge(error: &Error, head_sent: bool) -> Failure {
    let (outcome, code, answer) = match (error.esource(), error.etype()) {
        (_, &BODY_TOO_LARGE) => (
            Outcome::Refused,
            "body_too_large",
            Some((413, "the request body is larger than the route's max_body_bytes")),
        ),
        (_, &BODY_TOO_SLOW) => (Outcome::Aborted, "caller_timeout", Some((408, "the request body came too slowly"))),
        (_, &TOTAL_TIMEOUT) => {
            (Outcome::Timeout, "upstream_timeout", Some((504, "the upstream took longer than its timeouts.total_ms")))
        }
        (_, &NO_TARGET) => unreachable_upstream(),
        (ErrorSource::Downstream, ErrorType::ReadTimedout) => {
            (Outcome::Aborted, "caller_timeout", Some((408, "the request body did not arrive in time")))
        }
        (ErrorSource::Downstream, ErrorType::InvalidHTTPHeader | ErrorType::H1Error) => {
            (Outcome::Refused, "malformed_message", Some((400, "the request body is not framed as its head says")))
        }
        (ErrorSource::Downstream, _) => (Outcome::Aborted, "caller_left", None),
        (ErrorSource::Upstream | ErrorSource::Unset, etype) => of_upstream(etype, head_sent),
        (ErrorSource::Internal, _) => (Outcome::Internal, "internal", Some((500, "the gateway failed; see its log"))),
    };
    let answer = answer.filter(|_| !head_sent).map(|(status, detail)| Refusal::new(status, code, detail).closing());
    Failure { outcome, code, answer }
}

type Verdict = (Outcome, &'static str, Option<(u16, &'static str)>);

fn of_upstream(etype: &ErrorType, head_sent: bool) -> Verdict {
    use ErrorType as E;
    match etype {
        E::ConnectTimedout | E::TLSHandshakeTimedout => {
            (Outcome::Timeout, "connect_timeout", Some((504, "no connection to the upstream in time")))
        }
        E::ReadTimedout | E::WriteTimedout => {
            (Outcome::Timeout, "upstream_timeout", Some((504, "the upstream did not answer in time")))
        }
        E::TLSHandshakeFailure | E::InvalidCert | E::HandshakeError | E::TLSWantX509Lookup => (
            Outcome::ConnectFailed,
            "upstream_tls",
            Some((502, "the upstream's certificate or TLS handshake was not acceptable")),
        ),
        E::ConnectRefused
        | E::ConnectNoRoute
        | E::ConnectError
        | E::ConnectProxyFailure
        | E::BindError
        | E::SocketError => unreachable_upstream(),
        _ if head_sent => (Outcome::Cut, "upstream_cut", None),
        _ => {
            (Outcome::UpstreamError, "upstream_error", Some((502, "the upstream broke off, or its answer is not HTTP")))
        }
    }
}

fn unreachable_upstream() -> Verdict {
    (Outcome::ConnectFailed, "upstream_unreachable", Some((502, "no connection to the upstream could be made")))
}

/// What went wrong, for the attempt's row: the innermost cause, which names no credential and no header.
pub(crate) fn text(error: &Error) -> String {
    let cause = error.root_cause();
    match cause.downcast_ref::<Error>() {
        Some(inner) => inner.etype().as_str().to_owned(),
        None => cut(&format!("{}: {cause}", error.etype().as_str()), MAX_ERROR).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(error: &Error, head_sent: bool) -> (Outcome, &'static str, Option<u16>) {
        let failure = judge(error, head_sent);
        (failure.outcome, failure.code, failure.answer.map(|a| a.status))
    }

    #[test]
    fn every_way_to_fail_has_its_outcome_and_status() {
        for (error, expected) in [
            (Error::new_up(ErrorType::ConnectRefused), (Outcome::ConnectFailed, "upstream_unreachable", Some(502))),
            (Error::new_up(ErrorType::ConnectTimedout), (Outcome::Timeout, "connect_timeout", Some(504))),
            (Error::new_up(ErrorType::TLSHandshakeFailure), (Outcome::ConnectFailed, "upstream_tls", Some(502))),
            (Error::new_up(ErrorType::ReadTimedout), (Outcome::Timeout, "upstream_timeout", Some(504))),
            (Error::new_up(ErrorType::ConnectionClosed), (Outcome::UpstreamError, "upstream_error", Some(502))),
            (Error::new_down(ErrorType::WriteError), (Outcome::Aborted, "caller_left", None)),
            (Error::new_down(ErrorType::ReadTimedout), (Outcome::Aborted, "caller_timeout", Some(408))),
            (Error::new(BODY_TOO_LARGE), (Outcome::Refused, "body_too_large", Some(413))),
            (Error::new(BODY_TOO_SLOW).into_down(), (Outcome::Aborted, "caller_timeout", Some(408))),
            (Error::new(TOTAL_TIMEOUT), (Outcome::Timeout, "upstream_timeout", Some(504))),
            (Error::new_in(ErrorType::InternalError), (Outcome::Internal, "internal", Some(500))),
        ] {
            assert_eq!(judged(&error, false), expected, "{error}");
        }
    }

    #[test]
    fn nothing_is_answered_behind_a_head() {
        assert_eq!(judged(&Error::new_up(ErrorType::ConnectionClosed), true), (Outcome::Cut, "upstream_cut", None));
        assert_eq!(judged(&Error::new_up(ErrorType::ReadTimedout), true).2, None);
    }
}
