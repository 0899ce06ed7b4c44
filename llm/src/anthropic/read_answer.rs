//! Reads a whole message.

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;

use super::usage::WireUsage;
use crate::answer::AnswerHead;
use crate::error::AnswerError;
use crate::reply::{Finish, Piece, Reply};
use crate::wire::{Raw, Text};

#[derive(Deserialize)]
#[serde(expecting = "a message")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    stop_sequence: Option<Text<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// A content block of an answer, and of a stream's `content_block_start`.
#[derive(Deserialize)]
pub(super) struct ContentBlock<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
}

fn parse_head(text: &str) -> Result<Head<'_>, AnswerError> {
    let head: Head<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(Dialect::Anthropic, head.error)?;
    if head.content.is_none() {
        return Err(AnswerError::Malformed("it has no content".into()));
    }
    Ok(head)
}

/// Reads what a forwarded answer must tell.
///
/// # Errors
/// It is not a message, or it is an error.
pub(crate) fn read_head(text: &str) -> Result<AnswerHead<'_>, AnswerError> {
    let head = parse_head(text)?;
    Ok(AnswerHead {
        finish: head.stop_reason.map(|reason| read_finish(&reason)),
        id: head.id,
        model: head.model,
        sighted: head.usage.map(|raw| WireUsage::read(raw).sighted()).unwrap_or_default(),
        usage: head.usage,
    })
}

/// Reads a whole answer. Blocks that only this dialect knows (calls of tools at the provider) are left out; a caller
/// of another dialect cannot have asked for them.
///
/// # Errors
/// It is not a message, or it is an error.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let head = parse_head(text)?;
    let blocks: Vec<ContentBlock<'_>> = match head.content {
        Some(raw) => serde_json::from_str(raw.get())?,
        None => Vec::new(),
    };
    Ok(Reply {
        pieces: blocks.into_iter().filter_map(read_piece).collect(),
        finish: head.stop_reason.map(|reason| read_finish(&reason)),
        id: head.id,
        model: head.model,
        stop_sequence: head.stop_sequence,
        sighted: head.usage.map(|raw| WireUsage::read(raw).sighted()).unwrap_or_default(),
    })
}

fn read_piece(block: ContentBlock<'_>) -> Option<Piece<'_>> {
    Some(match &*block.kind {
        "text" => Piece::Text(block.text?),
        "thinking" => Piece::Thinking { text: block.thinking?, signature: block.signature.unwrap_or_default() },
        "redacted_thinking" => Piece::RedactedThinking { data: block.data? },
        "tool_use" => Piece::ToolUse {
            id: block.id,
            name: block.name?,
            input: block.input.map_or_else(Raw::empty_object, Raw::Borrowed),
        },
        _ => return None,
    })
}

/// Reads a `stop_reason`; an unknown one is the harmless `stop` (rule 29).
pub(crate) fn read_finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "refusal" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}
