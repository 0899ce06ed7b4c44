//! What writes the caller's stream, by its dialect.

use bytes::BytesMut;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation;

use super::tally::Tally;
use crate::answer::AnswerContext;
use crate::events::Event;
use crate::reply::Finish;
use crate::{anthropic, gemini, openai, responses};

pub(super) enum Writer {
    /// The caller speaks the upstream's dialect.
    Forward,
    Openai(openai::write_stream::StreamWriter),
    Completion(openai::write_completion::StreamWriter),
    Anthropic(anthropic::write_stream::StreamWriter),
    Responses(responses::write_stream::StreamWriter),
    Gemini(gemini::write_stream::StreamWriter),
}

impl Writer {
    /// For a stream that is about to begin.
    pub(super) fn new(context: &AnswerContext) -> Self {
        match context.inbound {
            _ if context.operation == Operation::Completion => {
                Self::Completion(openai::write_completion::StreamWriter::default())
            }
            same if context.upstream.dialect() == Some(same) => Self::Forward,
            Dialect::Openai => Self::Openai(openai::write_stream::StreamWriter::default()),
            Dialect::Anthropic => Self::Anthropic(anthropic::write_stream::StreamWriter::default()),
            Dialect::Responses => Self::Responses(responses::write_stream::StreamWriter::default()),
            Dialect::Gemini => Self::Gemini(gemini::write_stream::StreamWriter::default()),
        }
    }

    /// Writes what `event` is in the dialect.
    pub(super) fn write(&mut self, event: Event<'_>, tally: &Tally, context: &AnswerContext, out: &mut BytesMut) {
        match self {
            Self::Forward => {}
            Self::Completion(writer) => writer.write(event, tally.settled_finish(), context, out),
            Self::Openai(writer) => writer.write(event, tally.settled_finish(), context, out),
            Self::Anthropic(writer) => writer.write(event, context, out),
            Self::Responses(writer) => writer.write(event, context, out),
            Self::Gemini(writer) => writer.write(event, context, out),
        }
    }

    /// Tells the caller that the answer began, and why it ended, where the provider said neither.
    pub(super) fn settle(&mut self, started: &mut bool, tally: &Tally, context: &AnswerContext, out: &mut BytesMut) {
        if tally.finish.is_some() {
            return;
        }
        if !std::mem::replace(started, true) {
            self.write(Event::Start { id: None, model: context.wanted.model(None) }, tally, context, out);
        }
        self.write(Event::Finish { finish: Finish::Stop, stop_sequence: None }, tally, context, out);
    }
}
