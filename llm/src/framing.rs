//! How events stand in a provider's stream, by its format: one parser in front of all readers.

use weir_domain::dialect::WireFormat;

use crate::lines::LineParser;
use crate::sse::{Frame, SseError, SseParser};

/// A push parser of one of the known framings.
#[derive(Debug)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events(SseParser),
    /// One JSON value per line.
    Lines(LineParser),
}

impl Framing {
    /// The framing of a format's streams.
    pub(crate) fn of(format: WireFormat) -> Self {
        match format {
            WireFormat::Ollama => Self::Lines(LineParser::default()),
            WireFormat::Openai
            | WireFormat::Anthropic
            | WireFormat::Responses
            | WireFormat::Gemini
            | WireFormat::Cohere => Self::Events(SseParser::default()),
        }
    }

    /// Takes bytes and hands out each event that they complete.
    ///
    /// # Errors
    /// An event is too large, or `receive` failed; the stream is then to be given up.
    pub(crate) fn push<E>(
        &mut self,
        input: &[u8],
        receive: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), SseError<E>> {
        match self {
            Self::Events(parser) => parser.push(input, receive),
            Self::Lines(parser) => parser.push(input, receive),
        }
    }

    /// Hands out what is left at the end of the stream, as if it were ended in order.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish<E>(&mut self, receive: impl FnMut(Frame<'_>) -> Result<(), E>) -> Result<(), SseError<E>> {
        match self {
            Self::Events(parser) => parser.finish(receive),
            Self::Lines(parser) => parser.finish(receive),
        }
    }
}
