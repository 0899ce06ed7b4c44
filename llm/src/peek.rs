//! What routing and admission must know of a request, read without building the rest of it.

use std::ops::Range;

use weir_domain::dialect::Dialect;

use crate::error::RequestError;

/// What a request asks for, and where in its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// The model as the caller named it.
    pub model: String,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// `stream_options.include_usage` (OpenAI only), when given.
    pub include_usage: Option<bool>,
    /// The caller's own limit of output tokens.
    pub max_tokens: Option<u64>,
    /// Whether tools are given.
    pub has_tools: bool,
    /// A guess at the input tokens, for reservations and for answers that are cut: four bytes of JSON per token,
    /// base64 payloads counted as a flat amount each.
    pub estimated_input: u64,
    pub(crate) spans: Spans,
}

/// Byte ranges within the body that [`crate::prepare`] may replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    /// Just after the opening brace.
    pub(crate) start: usize,
    /// The value of `model`, quotes included.
    pub(crate) model: Range<usize>,
    /// The value of `stream_options`.
    pub(crate) stream_options: Option<Range<usize>>,
    /// The value of `stream_options.include_usage`.
    pub(crate) include_usage: Option<Range<usize>>,
}

/// Reads the top level of a request.
///
/// # Errors
/// The body is not a JSON object, `model` is missing, a field that decides something has the wrong type or stands
/// there twice.
pub fn peek(dialect: Dialect, body: &[u8]) -> Result<Peek, RequestError> {
    let _ = (dialect, body);
    Err(RequestError::Malformed("in work".into()))
}
