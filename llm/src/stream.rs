//! From the upstream's stream to the caller's, however the bytes are cut.

use std::sync::Arc;

use bytes::BytesMut;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

use crate::answer::AnswerContext;
use crate::error::StreamError;
use crate::pricing::Pricing;
use crate::reply::Finish;

/// Reads one upstream stream and writes the caller's.
pub struct StreamTranslator {
    context: AnswerContext,
    pricing: Arc<dyn Pricing>,
}

impl StreamTranslator {
    /// For one attempt whose answer is a stream with status 200.
    #[must_use]
    pub fn new(context: AnswerContext, pricing: Arc<dyn Pricing>) -> Self {
        Self { context, pricing }
    }

    /// Takes bytes as they came, cut anywhere, and appends to `out` what the caller is to get.
    ///
    /// # Errors
    /// The provider sent an error event, or something that is not its dialect. `out` then holds all that came before.
    pub fn push(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<(), StreamError> {
        let _ = (&self.context, bytes, out);
        Ok(())
    }

    /// At the upstream's end: completes the caller's stream.
    ///
    /// # Errors
    /// [`StreamError::Cut`] when the stream ended before it was complete.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), StreamError> {
        let _ = out;
        Ok(())
    }

    /// Whether a first piece of the answer itself (text, reasoning, a tool call, a finish) has come. Up to then
    /// nothing of worth is in `out`, and another target may be tried.
    #[must_use]
    pub fn has_content(&self) -> bool {
        false
    }

    /// Whether the event that ends the stream has come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        false
    }

    /// What was consumed so far. Numbers that the provider has not given are estimated from what was delivered, four
    /// bytes of text per token, and `source` says so.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::default()
    }

    /// What [`Self::usage`] costs; `None` when the price is unknown.
    #[must_use]
    pub fn cost(&self) -> Option<NanoUsd> {
        self.pricing.cost(&self.usage())
    }

    /// Why the model stopped, once it has said so.
    #[must_use]
    pub fn finish_reason(&self) -> Option<Finish> {
        None
    }

    /// The model that the provider says answers.
    #[must_use]
    pub fn upstream_model(&self) -> Option<&str> {
        None
    }

    /// The provider's id of the answer.
    #[must_use]
    pub fn response_id(&self) -> Option<&str> {
        None
    }
}
