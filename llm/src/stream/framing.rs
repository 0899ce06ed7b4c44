//! How an upstream cuts its stream into events: server-sent events, lines of JSON, or AWS's binary messages.

use bytes::BytesMut;
use weir_domain::dialect::WireFormat;

use super::Relay;
use crate::bedrock;
use crate::error::StreamError;
use crate::event_stream::{Message, MessageError, MessageKind, MessageParser};
use crate::lines::LineParser;
use crate::sse::{SseError, SseParser};

/// The parser of an upstream's stream.
pub(super) enum Framing {
    Sse(SseParser),
    Lines(LineParser),
    EventStream(MessageParser),
    /// Behind the end of the answer came what are no events: nothing is read any more.
    Over,
}

impl Framing {
    /// That of a format.
    pub(super) fn of(format: WireFormat) -> Self {
        match format {
            WireFormat::Openai
            | WireFormat::Anthropic
            | WireFormat::Responses
            | WireFormat::Gemini
            | WireFormat::Cohere => Self::Sse(SseParser::default()),
            WireFormat::Ollama => Self::Lines(LineParser::default()),
            WireFormat::Bedrock => Self::EventStream(MessageParser::default()),
        }
    }

    /// Hands the events that `bytes` complete to `relay`.
    pub(super) fn push(&mut self, bytes: &[u8], relay: &mut Relay, out: &mut BytesMut) -> Result<(), StreamError> {
        let pushed = match self {
            Self::Sse(parser) => parser.push(bytes, |frame| relay.take(&frame, out)).map_err(StreamError::from),
            Self::Lines(parser) => parser.push(bytes, |frame| relay.take(&frame, out)).map_err(StreamError::from),
            Self::EventStream(parser) => {
                parser.push(bytes, |message| relay.take_message(&message, out)).map_err(StreamError::from)
            }
            Self::Over => Ok(()),
        };
        self.settle(pushed, relay)
    }

    /// At the stream's end: hands out the last event, whose end may be missing where a blank line is all that lacks.
    pub(super) fn finish(&mut self, relay: &mut Relay, out: &mut BytesMut) -> Result<(), StreamError> {
        let finished = match self {
            Self::Sse(parser) => parser.finish(|frame| relay.take_last(&frame, out)).map_err(StreamError::from),
            Self::Lines(parser) => parser.finish(|frame| relay.take_last(&frame, out)).map_err(StreamError::from),
            Self::EventStream(parser) if parser.is_between() => Ok(()),
            Self::EventStream(_) => Err(StreamError::Malformed("its last message is cut".into())),
            Self::Over => Ok(()),
        };
        self.settle(finished, relay)
    }

    /// An answer that has come to its end, of which its caller was told, is whole: no fault behind it takes that back.
    fn settle(&mut self, result: Result<(), StreamError>, relay: &mut Relay) -> Result<(), StreamError> {
        let Err(error) = result else { return Ok(()) };
        if relay.tally.complete {
            *self = Self::Over;
            return Ok(());
        }
        // An error of the provider's own.
        relay.tally.failed |= matches!(error, StreamError::Provider(_));
        Err(error)
    }
}

impl From<SseError<Self>> for StreamError {
    fn from(error: SseError<Self>) -> Self {
        match error {
            SseError::TooLarge(limit) => Self::TooLarge(limit),
            SseError::Receiver(error) => error,
        }
    }
}

impl From<MessageError<Self>> for StreamError {
    fn from(error: MessageError<Self>) -> Self {
        match error {
            MessageError::TooLarge(limit) => Self::TooLarge(limit),
            MessageError::Damaged(problem) => Self::Malformed(problem.into()),
            MessageError::Receiver(error) => error,
        }
    }
}

impl Relay {
    /// Takes one binary message. No application speaks them, so they are always translated.
    fn take_message(&mut self, message: &Message<'_>, out: &mut BytesMut) -> Result<(), StreamError> {
        if self.tally.complete {
            return Ok(());
        }
        match message.kind {
            MessageKind::Event => {
                let data = std::str::from_utf8(message.payload)
                    .map_err(|_| StreamError::Malformed("an event is not UTF-8".into()))?;
                self.read(message.name, data, out).map(|_| ())
            }
            MessageKind::Exception | MessageKind::Error => {
                Err(StreamError::Provider(bedrock::error::in_stream(message)))
            }
        }
    }
}
