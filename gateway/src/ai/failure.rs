//! Why an attempt failed: what the ledger says of it, what the caller is told, and whether another may follow.

use std::time::Duration;

use pingora_core::{Error, ErrorType};
use weir_domain::ledger::Outcome;
use weir_domain::spec::RetryOn;
use weir_llm::{ErrorKind, Origin, StreamError, WireError};

use super::line::LineError;
use super::plan::Blame;
use super::running::Billing;
use super::watch::Interrupt;

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failure {
    /// For the ledger.
    pub(super) outcome: Outcome,
    /// For the caller, when no attempt follows.
    pub(super) error: WireError,
    /// Of which kind it is, for `retry_on`; `None` when no other attempt could do better.
    pub(super) why: Option<RetryOn>,
    /// How long the provider wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// What it tells of the provider's bill.
    pub(super) billing: Billing,
}

/// What providers say of a request that is too long for the model, where they have no code for it: Anthropic, Gemini,
/// Bedrock, and servers that speak as OpenAI does.
const TOO_LONG: [&str; 6] = [
    "prompt is too long",
    "input is too long",
    "maximum context length",
    "context length exceeded",
    "exceeds the maximum number of tokens",
    "exceed context limit",
];

impl Failure {
    /// Whether time ran out.
    pub(super) fn is_timeout(&self) -> bool {
        self.outcome == Outcome::Timeout
    }

    /// Whether the provider answered, and said that it failed.
    pub(super) fn is_told_by_server(&self) -> bool {
        self.outcome == Outcome::UpstreamError && self.error.origin == Origin::Provider && self.error.status >= 500
    }

    /// Whether the provider says that the request is too long for the model: one with a larger context may take it, and
    /// nobody is to blame.
    pub(super) fn is_too_long(&self) -> bool {
        let error = &self.error;
        let named = || {
            let message = error.message.to_ascii_lowercase();
            TOO_LONG.iter().any(|words| message.contains(words))
        };
        error.origin == Origin::Provider
            && matches!(error.status, 400 | 413 | 422)
            && (error.code.as_deref() == Some("context_length_exceeded") || named())
    }

    /// What it says something about, when it is of the kind `why`.
    pub(super) fn blame(&self, why: RetryOn) -> Blame {
        match why {
            RetryOn::RateLimit => Blame::Limit,
            // A key that is known but may not do this, may do something else.
            RetryOn::Unauthorized if self.error.kind == ErrorKind::Permission => Blame::Permission,
            RetryOn::Unauthorized => Blame::Key,
            RetryOn::ServerError | RetryOn::Connect | RetryOn::Timeout => Blame::Target,
        }
    }
}

/// Why an attempt ended without an answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// It failed.
    Failed(Box<Failure>),
    /// The caller left.
    Left(Box<Error>),
}

impl Stop {
    pub(super) fn failed(outcome: Outcome, error: WireError, why: Option<RetryOn>) -> Self {
        Self::Failed(Box::new(Failure { outcome, error, why, retry_after: None, billing: Billing::Silent }))
    }

    fn unreadable(error: WireError) -> Self {
        let (outcome, why) = (Outcome::UpstreamError, Some(RetryOn::ServerError));
        Self::Failed(Box::new(Failure { outcome, error, why, retry_after: None, billing: Billing::Unreadable }))
    }

    /// From an error on the way to the provider or back.
    pub(super) fn line(provider: &str, error: LineError) -> Self {
        let gateway = |kind, status, code: &str, sentence: String| WireError {
            status,
            kind,
            message: sentence,
            param: None,
            code: Some(code.to_owned()),
            origin: Origin::Gateway,
        };
        match error {
            LineError::Interrupt(Interrupt::Left(reason)) => Self::Left(reason),
            LineError::Interrupt(Interrupt::Timeout) => {
                let sentence = format!("the provider {provider} took too long to answer");
                let error = gateway(ErrorKind::Timeout, 504, "upstream_timeout", sentence);
                Self::failed(Outcome::Timeout, error, Some(RetryOn::Timeout))
            }
            LineError::Egress(reason) => {
                let sentence = format!("the provider {provider} cannot be reached: {reason}");
                let error = gateway(ErrorKind::Internal, 502, "upstream_unreachable", sentence);
                Self::failed(Outcome::ConnectFailed, error, Some(RetryOn::Connect))
            }
            LineError::Connect(reason) => {
                let sentence = format!("the provider {provider} cannot be reached: {}", plain(&reason));
                let error = gateway(ErrorKind::Internal, 502, "upstream_unreachable", sentence);
                Self::failed(Outcome::ConnectFailed, error, Some(RetryOn::Connect))
            }
            LineError::Unsent(reason) | LineError::Broken(reason) => {
                let sentence =
                    format!("the provider {provider} closed the connection before it answered: {}", plain(&reason));
                let error = gateway(ErrorKind::Internal, 502, "upstream_cut", sentence);
                Self::failed(Outcome::Cut, error, Some(RetryOn::ServerError))
            }
            LineError::NoMemory => {
                let sentence = "the gateway holds as many bodies as it may; try again in a second";
                let error = gateway(ErrorKind::Overloaded, 503, "body_budget_exhausted", sentence.to_owned());
                Self::failed(Outcome::Internal, error, None)
            }
            LineError::Token(reason) => {
                let sentence = format!("there is no token for the provider {provider}: {reason}");
                let error = gateway(ErrorKind::Internal, 502, "upstream_token", sentence);
                Self::failed(Outcome::ConnectFailed, error, Some(RetryOn::Unauthorized))
            }
            LineError::UnfitKey => {
                let sentence = format!("a key of the provider {provider} holds characters that no header can carry");
                let error = gateway(ErrorKind::Internal, 502, "upstream_key_unfit", sentence);
                Self::failed(Outcome::Internal, error, Some(RetryOn::Unauthorized))
            }
        }
    }

    /// From a connection that died in the middle of a stream.
    pub(super) fn broken(provider: &str, reason: &Error) -> Self {
        let mut error = StreamError::Cut.to_wire();
        error.message = format!("{provider}: {}: {}", error.message, plain(reason));
        Self::failed(Outcome::Cut, error, Some(RetryOn::ServerError))
    }

    /// From the provider's own error.
    pub(super) fn provider(provider: &str, mut error: WireError, retry_after: Option<Duration>) -> Self {
        let why = class(&error);
        error.message = format!("{provider}: {}", error.message);
        let outcome = Outcome::UpstreamError;
        Self::Failed(Box::new(Failure { outcome, error, why, retry_after, billing: Billing::Declined }))
    }

    /// From an answer that is not what its dialect promises, or an error event before any content.
    pub(super) fn stream(provider: &str, error: &StreamError) -> Self {
        match error {
            StreamError::Provider(error) => Self::provider(provider, error.clone(), None),
            other => {
                let mut wire = other.to_wire();
                wire.message = format!("{provider}: {}", wire.message);
                match *other {
                    StreamError::Cut => Self::failed(Outcome::Cut, wire, Some(RetryOn::ServerError)),
                    _ => Self::unreadable(wire),
                }
            }
        }
    }

    /// From an answer that cannot be used.
    pub(super) fn unusable(provider: &str, problem: &str) -> Self {
        let error = WireError {
            status: 502,
            kind: ErrorKind::Internal,
            message: format!("{provider}: {problem}"),
            param: None,
            code: Some("invalid_upstream_answer".to_owned()),
            origin: Origin::Provider,
        };
        Self::unreadable(error)
    }
}

/// Which kind of failure a provider's error is. 402 is the key's account, and another key may have credit.
fn class(error: &WireError) -> Option<RetryOn> {
    match (error.status, error.kind) {
        (429, _) | (_, ErrorKind::RateLimit) => Some(RetryOn::RateLimit),
        (401..=403, _) | (_, ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing) => {
            Some(RetryOn::Unauthorized)
        }
        (408 | 500.., _) => Some(RetryOn::ServerError),
        _ => None,
    }
}

/// A connection error in words, without addresses.
pub(super) fn plain(error: &Error) -> String {
    let words = match error.etype() {
        ErrorType::ConnectTimedout => "no connection within the time limit",
        ErrorType::ConnectRefused => "connection refused",
        ErrorType::ConnectNoRoute => "no route to it",
        ErrorType::TLSHandshakeFailure => "the TLS handshake failed",
        ErrorType::TLSHandshakeTimedout => "the TLS handshake took too long",
        ErrorType::InvalidCert => "its certificate is not valid for this name, or not from a trusted authority",
        ErrorType::ConnectionClosed => "connection closed",
        ErrorType::ReadError => "reading failed",
        ErrorType::WriteError => "writing failed",
        ErrorType::InvalidHTTPHeader => "its answer is not valid HTTP",
        other => return format!("{other:?}"),
    };
    words.to_owned()
}
