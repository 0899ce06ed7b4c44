//! The neutral form of a stream: what every dialect's events are read into and written from.

use serde_json::value::RawValue;

use crate::reply::Finish;
use crate::wire::Text;

/// One step of an answer. Calls of tools are told apart by their ordinal, 0 for the first.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The answer begins; sent at most once.
    Start {
        id: Option<Text<'a>>,
        model: Option<Text<'a>>,
    },
    Text(Text<'a>),
    Refusal(Text<'a>),
    Thinking(Text<'a>),
    /// The signature of the reasoning just sent.
    Signature(Text<'a>),
    RedactedThinking(Text<'a>),
    ToolStart {
        ordinal: usize,
        id: Option<Text<'a>>,
        name: Text<'a>,
    },
    /// A piece of a call's input, which is JSON once it is whole.
    ToolInput {
        ordinal: usize,
        json: Text<'a>,
    },
    /// What was last sent is whole, where the dialect says so.
    BlockEnd,
    /// So many bytes of an alternative answer, which only its own dialect can carry.
    OtherChoice(usize),
    Finish {
        finish: Finish,
        stop_sequence: Option<Text<'a>>,
    },
    /// Nothing but a sign of life.
    Ping,
    /// The event that ends the stream.
    End,
}

/// What an upstream's event holds besides neutral events.
#[derive(Debug, Default)]
pub(crate) struct Sight<'a> {
    /// Its usage object, where the caller's dialect shows the final usage.
    pub(crate) usage: Option<&'a RawValue>,
    /// It holds nothing else.
    pub(crate) usage_only: bool,
}
