//! The neutral form of an answer: what every dialect's answer is read into and written from.

use crate::dropped::DroppedParts;
use crate::usage::Sighted;
use crate::wire::{Raw, Text};

/// Why a model stopped, in the words of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finish {
    /// It was done, or met a stop sequence.
    Stop,
    /// It ran into the limit of output tokens or of context.
    Length,
    /// It wants tools to be called.
    ToolCalls,
    /// It refused, or a filter cut it.
    ContentFilter,
}

impl Finish {
    /// The name in the ledger and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// A whole answer.
#[derive(Debug, Default)]
pub(crate) struct Reply<'a> {
    pub(crate) id: Option<Text<'a>>,
    pub(crate) model: Option<Text<'a>>,
    pub(crate) pieces: Vec<Piece<'a>>,
    pub(crate) finish: Option<Finish>,
    /// The stop sequence that was met, where the dialect tells.
    pub(crate) stop_sequence: Option<Text<'a>>,
    pub(crate) sighted: Sighted,
    /// What the neutral form has no place for.
    pub(crate) dropped: DroppedParts,
}

/// A piece of an answer.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    Text(Text<'a>),
    /// Why the model will not answer, in its words.
    Refusal(Text<'a>),
    Thinking {
        text: Text<'a>,
        signature: Text<'a>,
    },
    RedactedThinking {
        data: Text<'a>,
    },
    ToolUse {
        id: Option<Text<'a>>,
        name: Text<'a>,
        input: Raw<'a>,
    },
}

impl Reply<'_> {
    /// Bytes of text that were delivered, to estimate tokens by.
    pub(crate) fn text_bytes(&self) -> u64 {
        let bytes = |piece: &Piece<'_>| match piece {
            Piece::Text(text) | Piece::Refusal(text) | Piece::Thinking { text, .. } => text.len(),
            Piece::ToolUse { name, input, .. } => name.len() + input.get().len(),
            Piece::RedactedThinking { data } => data.len(),
        };
        self.pieces.iter().map(|piece| bytes(piece) as u64).sum()
    }

    /// The finish that the caller is told: see [`settle_finish`].
    pub(crate) fn settled_finish(&self) -> Finish {
        let has = |is: fn(&Piece<'_>) -> bool| self.pieces.iter().any(is);
        settle_finish(
            self.finish,
            has(|piece| matches!(piece, Piece::ToolUse { .. })),
            has(|piece| matches!(piece, Piece::Refusal(_))),
        )
    }
}

/// What the finish is in truth: several providers say `stop` although they called a tool, or refused in words.
pub(crate) fn settle_finish(finish: Option<Finish>, called_tool: bool, refused: bool) -> Finish {
    match finish {
        Some(Finish::Stop) | None if called_tool => Finish::ToolCalls,
        Some(Finish::Stop) | None if refused => Finish::ContentFilter,
        Some(Finish::ToolCalls) if !called_tool => Finish::Stop,
        Some(finish) => finish,
        None => Finish::Stop,
    }
}

/// How an answer that is passed on as it came ended: what its provider says, and what the answer shows of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) finish: Option<Finish>,
    pub(crate) called_tool: bool,
    pub(crate) refused: bool,
}

impl Ending {
    /// The finish of the ledger, whole and streamed: as [`settle_finish`], but who says that a tool was called did call
    /// one, be it of a kind that is not read here. The caller gets it all the same.
    pub(crate) fn settled(self) -> Option<Finish> {
        let called_tool = self.called_tool || self.finish == Some(Finish::ToolCalls);
        self.finish.map(|finish| settle_finish(Some(finish), called_tool, self.refused))
    }
}

/// An id in the dialect's own style (rule 39): the upstream's without its prefix, or one made of the request's id.
pub(crate) fn native_id(prefix: &str, upstream: Option<&str>, request_id: &str) -> String {
    let id = upstream.filter(|id| !id.is_empty()).unwrap_or(request_id);
    let bare = ["chatcmpl-", "msg_", "resp_"].iter().find_map(|known| id.strip_prefix(known)).unwrap_or(id);
    let safe = bare.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' });
    prefix.chars().chain(safe.take(120)).collect()
}

/// The id of a call for which the upstream gave none.
pub(crate) fn call_id(request_id: &str, ordinal: usize) -> String {
    // OpenAI takes ids of at most 40 characters back.
    let tail: String = request_id.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    format!("call_{tail}_{ordinal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_with_a_tool_call_is_tool_calls() {
        assert_eq!(settle_finish(Some(Finish::Stop), true, false), Finish::ToolCalls);
        assert_eq!(settle_finish(Some(Finish::Length), true, false), Finish::Length);
        assert_eq!(settle_finish(Some(Finish::Stop), false, true), Finish::ContentFilter);
        assert_eq!(settle_finish(Some(Finish::ToolCalls), false, false), Finish::Stop);
    }

    #[test]
    fn what_is_passed_on_ends_as_it_shows_and_its_provider_is_believed_on_calls() {
        let ending = |finish, called_tool, refused| Ending { finish, called_tool, refused }.settled();
        assert_eq!(ending(Some(Finish::Stop), true, false), Some(Finish::ToolCalls));
        assert_eq!(ending(Some(Finish::Stop), false, true), Some(Finish::ContentFilter));
        assert_eq!(ending(Some(Finish::ToolCalls), false, false), Some(Finish::ToolCalls));
        assert_eq!(ending(None, true, true), None);
    }

    #[test]
    fn ids_are_native_and_stable() {
        assert_eq!(native_id("chatcmpl-", Some("msg_01Ab"), "r"), "chatcmpl-01Ab");
        assert_eq!(native_id("msg_", Some("chatcmpl-x.y"), "r"), "msg_x_y");
        assert_eq!(native_id("msg_", None, "0199-ab"), "msg_0199-ab");
        assert!(call_id("01993c2e-7f00-7000-8000-0123456789ab", 7).len() <= 40);
    }
}
