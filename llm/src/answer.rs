//! From the upstream's whole answer to the caller's.

use bytes::Bytes;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

use crate::error::AnswerError;
use crate::pricing::Pricing;
use crate::reply::Finish;

/// What must be known of the call to read its answer, whole or streamed.
#[derive(Clone, Debug)]
pub struct AnswerContext {
    /// What the provider speaks.
    pub upstream: Dialect,
    /// What the caller speaks.
    pub inbound: Dialect,
    /// Whether the caller asked for usage in the stream: `peek.include_usage == Some(true)`. Only OpenAI streams ask.
    pub include_usage: bool,
    /// `peek.estimated_input`, for an answer that comes without usage.
    pub estimated_input: u64,
    /// Seconds since 1970, for the `created` of a translated answer.
    pub created: u64,
    /// A unique id (the request's) from which ids are made where the upstream gives none.
    pub request_id: String,
}

/// An answer in the caller's dialect, and what is worth knowing of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON body.
    pub body: Bytes,
    /// What was consumed.
    pub usage: Usage,
    /// What that costs; `None` when the price is unknown.
    pub cost: Option<NanoUsd>,
    /// Why the model stopped.
    pub finish: Option<Finish>,
    /// The model that the provider says answered.
    pub upstream_model: Option<String>,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
}

/// Reads a whole answer with status 200 and renders it for the caller, with `usage.cost`.
///
/// # Errors
/// The body is not an answer of the upstream's dialect, or it is an error in spite of its status.
pub fn answer(context: &AnswerContext, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let _ = (context, body, pricing);
    Err(AnswerError::Malformed("in work".into()))
}
