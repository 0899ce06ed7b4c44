//! Writes the conversation of a messages request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Media, ResultPart, Role, Turn};
use crate::wire::{Raw, Text};

#[derive(Serialize)]
pub(super) struct OutMessage<'a> {
    role: &'static str,
    content: OutContent<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum OutContent<'a> {
    Text(Text<'a>),
    Blocks(Vec<OutBlock<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutBlock<'a> {
    Text {
        text: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<Text<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolUse {
        id: Text<'a>,
        name: Text<'a>,
        input: Raw<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolResult {
        tool_use_id: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<OutContent<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Thinking {
        thinking: Text<'a>,
        signature: Text<'a>,
    },
    RedactedThinking {
        data: Text<'a>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: Text<'a>, data: Text<'a> },
    Url { url: Text<'a> },
}

impl<'a> From<Media<'a>> for Source<'a> {
    fn from(media: Media<'a>) -> Self {
        match media {
            Media::Base64 { media_type, data } => Self::Base64 { media_type, data },
            Media::Url(url) => Self::Url { url },
        }
    }
}

/// One message per turn, which [`crate::exchange::coalesce`] has made alternate; the results of tools stand first in theirs (rule 15).
/// `conversation` is what the caller calls the list of turns.
pub(super) fn write_messages<'a>(
    turns: Vec<Turn<'a>>,
    conversation: &'static str,
) -> Result<Vec<OutMessage<'a>>, RequestError> {
    if turns.is_empty() {
        return Err(RequestError::field(
            conversation,
            "holds nothing but instructions or empty text",
            "say something as user",
        ));
    }
    let last = turns.len() - 1;
    Ok(turns.into_iter().enumerate().map(|(index, turn)| write_turn(turn, index == last)).collect())
}

fn write_turn(mut turn: Turn<'_>, last: bool) -> OutMessage<'_> {
    let role = match turn.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    // Stable: only the results move, to the front.
    turn.blocks.sort_by_key(|block| !matches!(block.kind, BlockKind::ToolResult { .. }));
    if last && turn.role == Role::Assistant {
        trim_prefill(&mut turn.blocks);
    }
    let mut blocks: Vec<_> = turn.blocks.into_iter().map(write_block).collect();
    let content = match (blocks.pop(), blocks.is_empty()) {
        (Some(OutBlock::Text { text, cache_control: None }), true) => OutContent::Text(text),
        (block, _) => {
            blocks.extend(block);
            OutContent::Blocks(blocks)
        }
    };
    OutMessage { role, content }
}

/// An answer that the model is to continue must not end in white space: the API refuses it.
fn trim_prefill(blocks: &mut [Block<'_>]) {
    if let Some(Block { kind: BlockKind::Text(text), .. }) = blocks.last_mut() {
        let end = text.trim_end().len();
        match &mut text.0 {
            Cow::Borrowed(borrowed) => *borrowed = &borrowed[..end],
            Cow::Owned(owned) => owned.truncate(end),
        }
    }
}

fn write_block(block: Block<'_>) -> OutBlock<'_> {
    let cache_control = block.cache;
    match block.kind {
        BlockKind::Text(text) => OutBlock::Text { text, cache_control },
        BlockKind::Image(image) => OutBlock::Image { source: image.into(), cache_control },
        BlockKind::Document { title, source } => OutBlock::Document { source: source.into(), title, cache_control },
        BlockKind::ToolUse { id, name, input } => OutBlock::ToolUse { id, name, input, cache_control },
        BlockKind::ToolResult { id, content, is_error } => {
            OutBlock::ToolResult { tool_use_id: id, content: write_result(content), is_error, cache_control }
        }
        BlockKind::Thinking { text, signature } => OutBlock::Thinking { thinking: text, signature },
        BlockKind::RedactedThinking { data } => OutBlock::RedactedThinking { data },
    }
}

/// One text as it is, even an empty one; several pieces as blocks, of which none may be empty.
fn write_result(mut content: Vec<ResultPart<'_>>) -> Option<OutContent<'_>> {
    if let [ResultPart::Text(text)] = content.as_mut_slice() {
        return Some(OutContent::Text(std::mem::take(text)));
    }
    let blocks: Vec<_> = content
        .into_iter()
        .filter_map(|part| match part {
            ResultPart::Text(text) if text.is_empty() => None,
            ResultPart::Text(text) => Some(OutBlock::Text { text, cache_control: None }),
            ResultPart::Image(image) => Some(OutBlock::Image { source: image.into(), cache_control: None }),
        })
        .collect();
    (!blocks.is_empty()).then_some(OutContent::Blocks(blocks))
}
