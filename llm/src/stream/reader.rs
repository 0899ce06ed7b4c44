//! The reader of a provider's stream, by its format.

use weir_domain::dialect::WireFormat;

use crate::answer::AnswerContext;
use crate::error::StreamError;
use crate::events::{Event, Sight};
use crate::usage::Sighted;
use crate::{anthropic, bedrock, cohere, gemini, ollama, openai, responses};

/// One per format.
pub(super) enum Reader {
    Openai(openai::read_stream::StreamReader),
    Anthropic(anthropic::read_stream::StreamReader),
    Gemini(gemini::read_stream::StreamReader),
    Cohere(cohere::read_stream::StreamReader),
    Bedrock(bedrock::read_stream::StreamReader),
    Ollama(ollama::read_stream::StreamReader),
    Responses(responses::read_stream::StreamReader),
}

/// The same of whichever reader it is.
macro_rules! each {
    ($self:ident, $reader:ident => $what:expr) => {
        match $self {
            Self::Openai($reader) => $what,
            Self::Anthropic($reader) => $what,
            Self::Gemini($reader) => $what,
            Self::Cohere($reader) => $what,
            Self::Bedrock($reader) => $what,
            Self::Ollama($reader) => $what,
            Self::Responses($reader) => $what,
        }
    };
}

impl Reader {
    /// For one stream.
    pub(super) fn new(context: &AnswerContext) -> Self {
        match context.upstream {
            WireFormat::Openai => Self::Openai(openai::read_stream::StreamReader::new(context.wanted.search)),
            WireFormat::Anthropic => Self::Anthropic(anthropic::read_stream::StreamReader::default()),
            WireFormat::Gemini => Self::Gemini(gemini::read_stream::StreamReader::new(&context.request_id)),
            WireFormat::Cohere => Self::Cohere(cohere::read_stream::StreamReader::default()),
            WireFormat::Bedrock => Self::Bedrock(bedrock::read_stream::StreamReader::default()),
            WireFormat::Ollama => Self::Ollama(ollama::read_stream::StreamReader::default()),
            WireFormat::Responses => Self::Responses(responses::read_stream::StreamReader::default()),
        }
    }

    /// Reads an event, whose name counts where the data does not say what it is.
    ///
    /// # Errors
    /// It is an error, or no event of the format.
    pub(super) fn read<'a>(
        &mut self,
        name: &str,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        match self {
            Self::Openai(reader) => reader.read(data, emit),
            Self::Anthropic(reader) => reader.read(data, emit),
            Self::Gemini(reader) => reader.read(data, emit),
            Self::Cohere(reader) => reader.read(data, emit),
            Self::Bedrock(reader) => reader.read(name, data, emit),
            Self::Ollama(reader) => reader.read(data, emit),
            Self::Responses(reader) => reader.read(data, emit),
        }
    }

    /// Whether the model is at work, though nothing of the answer itself may have come.
    pub(super) fn is_working(&self) -> bool {
        each!(self, reader => reader.is_working())
    }

    /// What was said of usage so far.
    pub(super) fn sighted(&self) -> Sighted {
        each!(self, reader => reader.sighted())
    }

    /// Names of what was left out so far.
    pub(super) fn dropped(&self) -> Vec<&'static str> {
        each!(self, reader => reader.dropped.names())
    }
}
