//! Errors, and how they look on the wire of each dialect.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;
use weir_domain::dialect::{Dialect, WireFormat};

use crate::{anthropic, caller_words, gemini, openai};

/// Who is at fault for an answer that is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Weir refused or failed.
    Gateway,
    /// The provider answered with an error.
    Provider,
}

/// The class of an error, which each dialect names in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong as it stands (400, 422).
    InvalidRequest,
    /// The credential is missing or wrong (401).
    Authentication,
    /// Out of credit, quota or budget (402).
    Billing,
    /// The credential is right but may not do this (403).
    Permission,
    /// No such model or route (404).
    NotFound,
    /// The body is too large (413).
    TooLarge,
    /// Too many requests or tokens; try later (429).
    RateLimit,
    /// Something broke (500, 502).
    Internal,
    /// Too busy, try later (503, 529).
    Overloaded,
    /// It took too long (408, 504).
    Timeout,
}

impl ErrorKind {
    /// The class that an HTTP status stands for.
    #[must_use]
    pub fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            408 | 504 => Self::Timeout,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }

    /// The status to use when a class is all that is known.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Authentication => 401,
            Self::Billing => 402,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimit => 429,
            Self::Internal => 500,
            Self::Overloaded => 503,
            Self::Timeout => 504,
        }
    }
}

/// An error that can be written in any dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// The HTTP status: the provider's own when `origin` is the provider (retry and cooldown decide by it), else the
    /// one to answer with. See [`Self::caller_status`].
    pub status: u16,
    /// Its class.
    pub kind: ErrorKind,
    /// A sentence that helps the reader. Bounded, one line, free of credentials.
    pub message: String,
    /// The parameter at fault, such as `messages[2].content`.
    pub param: Option<String>,
    /// A stable word for programs, such as `model_not_found`.
    pub code: Option<String>,
    /// Who is at fault.
    pub origin: Origin,
}

impl WireError {
    /// An error of Weir's own, with the status that its kind stands for.
    #[must_use]
    pub fn gateway(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { status: kind.status(), kind, message: message.into(), param: None, code: None, origin: Origin::Gateway }
    }

    /// The same with a stable word for programs.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same with the parameter at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The status to answer the caller with. A provider that refuses *Weir's* credential (401, 403) is a 502 to the
    /// caller, whose own credential is fine; "overloaded" is 529 in Anthropic's dialect and 503 elsewhere.
    #[must_use]
    pub fn caller_status(&self, inbound: Dialect) -> u16 {
        match (self.origin, self.kind) {
            (Origin::Provider, ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing) => 502,
            (Origin::Provider, ErrorKind::Overloaded) if inbound == Dialect::Anthropic => 529,
            (Origin::Provider, ErrorKind::Overloaded) => 503,
            (Origin::Provider, ErrorKind::Timeout) => 504,
            (Origin::Provider, ErrorKind::Internal) if !(500..=504).contains(&self.status) => 502,
            _ => self.status,
        }
    }

    /// The class to show the caller; differs from `kind` where [`Self::caller_status`] differs from `status`.
    #[must_use]
    pub fn caller_kind(&self) -> ErrorKind {
        match (self.origin, self.kind) {
            (Origin::Provider, ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing) => {
                ErrorKind::Internal
            }
            (_, kind) => kind,
        }
    }
}

/// Why a caller's request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is not JSON, or not the kind of JSON that the dialect wants.
    #[error("the request body is not valid: {0}")]
    Malformed(String),
    /// One field is missing or wrong.
    #[error("{field}: {problem}; {mend}")]
    Field {
        /// Its path.
        field: Cow<'static, str>,
        /// What is wrong.
        problem: Cow<'static, str>,
        /// What to write instead.
        mend: Cow<'static, str>,
    },
    /// The request is fine in its own dialect, but this target cannot do what it asks for. Another target may.
    #[error("{field}: {reason}")]
    Unsupported {
        /// The path of the part that cannot be carried over.
        field: String,
        /// Why not.
        reason: Cow<'static, str>,
    },
}

impl RequestError {
    pub(crate) fn field(
        field: impl Into<Cow<'static, str>>,
        problem: impl Into<Cow<'static, str>>,
        mend: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Field { field: field.into(), problem: problem.into(), mend: mend.into() }
    }

    pub(crate) fn unsupported(field: impl Into<String>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported { field: field.into(), reason: reason.into() }
    }

    /// The same, with the place in the words of the caller's dialect.
    pub(crate) fn in_words_of(mut self, inbound: Dialect) -> Self {
        match &mut self {
            Self::Malformed(_) => {}
            Self::Field { field, .. } => *field = caller_words::path(inbound, field).into_owned().into(),
            Self::Unsupported { field, .. } => *field = caller_words::path(inbound, field).into_owned(),
        }
        self
    }

    /// As a 400 for the caller.
    #[must_use]
    pub fn to_wire(&self) -> WireError {
        let error = WireError::gateway(ErrorKind::InvalidRequest, self.to_string());
        match self {
            Self::Malformed(_) => error.with_code("invalid_json"),
            Self::Field { field, .. } => error.with_param(field.clone()).with_code("invalid_value"),
            Self::Unsupported { field, .. } => error.with_param(field.clone()).with_code("unsupported_parameter"),
        }
    }
}

/// Why an upstream's whole answer cannot be passed on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is not what the dialect promises.
    #[error("the provider's answer is not valid: {0}")]
    Malformed(String),
    /// It is an error, although the status said 200.
    #[error("the provider answered with an error: {}", .0.message)]
    Provider(WireError),
}

/// Why an upstream's stream cannot go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// An event is not what the dialect promises.
    #[error("the provider's stream is not valid: {0}")]
    Malformed(String),
    /// One event is larger than the limit.
    #[error("one event of the provider's stream is larger than {0} bytes")]
    TooLarge(usize),
    /// The provider sent an error event.
    #[error("the provider sent an error: {}", .0.message)]
    Provider(WireError),
    /// The stream ended before the event that ends it.
    #[error("the provider's stream was cut before its end")]
    Cut,
}

/// The body is no JSON of the form that the dialect promises.
impl From<serde_json::Error> for AnswerError {
    fn from(fault: serde_json::Error) -> Self {
        Self::Malformed(fault.to_string())
    }
}

impl AnswerError {
    /// Refuses an answer that holds an error in spite of its status.
    pub(crate) fn in_band(upstream: WireFormat, error: Option<&RawValue>) -> Result<(), Self> {
        error.map_or(Ok(()), |raw| Err(Self::Provider(provider::read_in_band(upstream, raw))))
    }

    /// As an error for the caller.
    #[must_use]
    pub fn to_wire(&self) -> WireError {
        match self {
            Self::Provider(error) => error.clone(),
            Self::Malformed(_) => provider_fault(self.to_string(), "invalid_upstream_answer"),
        }
    }
}

impl StreamError {
    /// As an error for the caller.
    #[must_use]
    pub fn to_wire(&self) -> WireError {
        match self {
            Self::Provider(error) => error.clone(),
            Self::Malformed(_) | Self::TooLarge(_) => provider_fault(self.to_string(), "invalid_upstream_answer"),
            Self::Cut => provider_fault(self.to_string(), "upstream_cut"),
        }
    }
}

fn provider_fault(message: String, code: &str) -> WireError {
    WireError {
        status: 502,
        kind: ErrorKind::Internal,
        message,
        param: None,
        code: Some(code.to_owned()),
        origin: Origin::Provider,
    }
}

/// The error body in the caller's dialect. Its status is [`WireError::caller_status`].
#[must_use]
pub fn render_error(inbound: Dialect, error: &WireError) -> Bytes {
    let error = &*in_words_of(inbound, error);
    match inbound {
        // Both of OpenAI's dialects have one envelope.
        Dialect::Openai | Dialect::Responses => openai::error::render(error),
        Dialect::Anthropic => anthropic::error::render(error),
        Dialect::Gemini => gemini::error::render(error),
    }
}

/// A provider's error with the parameter at fault in the caller's words; Weir's own have them.
fn in_words_of(inbound: Dialect, error: &WireError) -> Cow<'_, WireError> {
    match &error.param {
        Some(theirs) if error.origin == Origin::Provider => {
            let param = caller_words::of_provider(inbound, theirs).map(Cow::into_owned);
            Cow::Owned(WireError { param, ..error.clone() })
        }
        _ => Cow::Borrowed(error),
    }
}

/// The event that tells a caller of a stream, whose head has gone out, that it failed.
#[must_use]
pub fn error_event(inbound: Dialect, error: &WireError) -> Bytes {
    let (head, body): (&[u8], _) = match inbound {
        Dialect::Openai | Dialect::Gemini => (b"data: ", render_error(inbound, error)),
        Dialect::Anthropic => (b"event: error\ndata: ", render_error(inbound, error)),
        Dialect::Responses => (b"event: error\ndata: ", openai::error::render_event(&in_words_of(inbound, error))),
    };
    [head, &body, b"\n\n"].concat().into()
}

/// The header in which AWS names an error.
pub const ERROR_TYPE_HEADER: &str = "x-amzn-errortype";

/// Understands a provider's error body: its dialect's envelope, Google's array of one, bare strings, HTML from a
/// proxy in between. The message is bounded, one line, and holds no credential. `error_type` is what AWS says beside the
/// body, in [`ERROR_TYPE_HEADER`].
#[must_use]
pub fn read_error(upstream: WireFormat, status: u16, error_type: Option<&str>, body: &[u8]) -> WireError {
    provider::read(upstream, status, error_type, body)
}

pub(crate) mod provider;
