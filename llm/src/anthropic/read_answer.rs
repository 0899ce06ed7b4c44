//! Reads a whole message.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::usage::WireUsage;
use crate::answer::AnswerHead;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Ending, Finish, Piece, Reply};
use crate::wire::{Raw, Text, record};

record! {
    Head {
        "id" id: Text<'a>,
        "type" kind: IgnoredAny,
        "role" role: IgnoredAny,
        "model" model: Text<'a>,
        "content" content: &'a RawValue,
        "stop_reason" stop_reason: Text<'a>,
        "stop_sequence" stop_sequence: Text<'a>,
        "usage" usage: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    /// A content block of an answer, and of a stream's `content_block_start`.
    ContentBlock {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
        "data" data: Text<'a>,
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
        "citations" citations: &'a RawValue,
        "caller" caller: &'a RawValue,
    }
}

/// What of a block tells how its message ended.
#[derive(Deserialize)]
struct HeadBlock<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

/// Who made a call: the model itself (`direct`), or code that it ran at the provider.
#[derive(Deserialize)]
struct Caller<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

/// Blocks of tools that run at the provider, by their types.
/// Source: <https://docs.anthropic.com/en/api/messages#response-content>.
const SERVER_BLOCKS: [(&str, &str); 11] = [
    ("server_tool_use", "content[].server_tool_use"),
    ("web_search_tool_result", "content[].web_search_tool_result"),
    ("web_fetch_tool_result", "content[].web_fetch_tool_result"),
    ("code_execution_tool_result", "content[].code_execution_tool_result"),
    ("bash_code_execution_tool_result", "content[].bash_code_execution_tool_result"),
    ("text_editor_code_execution_tool_result", "content[].text_editor_code_execution_tool_result"),
    ("tool_search_tool_result", "content[].tool_search_tool_result"),
    ("mcp_tool_use", "content[].mcp_tool_use"),
    ("mcp_tool_result", "content[].mcp_tool_result"),
    ("container_upload", "content[].container_upload"),
    ("compaction", "content[].compaction"),
];
/// The name of sources that a text cites.
pub(super) const CITATIONS: &str = "content[].citations";
/// The name of a stop sequence that was met, for which another dialect has only `stop`.
pub(super) const STOP_SEQUENCE: &str = "stop_sequence";

/// The name of a block that nobody knows.
const OTHER_BLOCK: &str = "content[]";

/// Whether a block's type is one that the neutral form has.
fn is_neutral(block: &ContentBlock<'_>) -> bool {
    matches!(block.kind.as_deref(), Some("text" | "thinking" | "redacted_thinking" | "tool_use"))
}

/// Notes what a block holds besides what is read of it.
pub(super) fn drop_of_block(dropped: &mut DroppedParts, block: &ContentBlock<'_>) {
    if !is_neutral(block) {
        let kind = block.kind.as_deref().unwrap_or_default();
        let known = SERVER_BLOCKS.iter().find(|(server, _)| *server == kind);
        dropped.note(known.map_or(OTHER_BLOCK, |(_, name)| name));
        return;
    }
    dropped.note_filled(block.citations, CITATIONS);
    let direct = |raw: &RawValue| {
        serde_json::from_str::<Caller<'_>>(raw.get()).is_ok_and(|caller| caller.kind.as_deref() == Some("direct"))
    };
    if block.caller.is_some_and(|caller| !direct(caller)) {
        dropped.note("content[].caller");
    }
    dropped.note_unknown(&block.extra, "content[].*");
}

fn parse_head(text: &str) -> Result<Head<'_>, AnswerError> {
    let head: Head<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Anthropic, head.error)?;
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
    let blocks = head.content.and_then(|raw| serde_json::from_str(raw.get()).ok());
    // Content that cannot be read tells nothing, and is passed on.
    let blocks: Vec<HeadBlock<'_>> = blocks.unwrap_or_default();
    Ok(AnswerHead {
        ending: Ending {
            finish: head.stop_reason.map(|reason| read_finish(&reason)),
            called_tool: blocks.iter().any(|block| block.kind.as_deref() == Some("tool_use")),
            refused: false,
        },
        id: head.id,
        model: head.model,
        sighted: head.usage.map(|raw| WireUsage::read(raw).sighted()).unwrap_or_default(),
        usage: head.usage,
    })
}

/// Reads a whole answer. Blocks that only this dialect knows (calls of tools at the provider) are left out
/// and reported.
///
/// # Errors
/// It is not a message, or it is an error.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let head = parse_head(text)?;
    let blocks: Vec<ContentBlock<'_>> = match head.content {
        Some(raw) => serde_json::from_str(raw.get())?,
        None => Vec::new(),
    };
    if blocks.iter().any(|block| block.kind.is_none()) {
        return Err(AnswerError::Malformed("a block of its content has no type".into()));
    }
    let mut dropped = DroppedParts::default();
    dropped.note_unknown(&head.extra, "*");
    if head.stop_sequence.as_deref().is_some_and(|sequence| !sequence.is_empty()) {
        dropped.note(STOP_SEQUENCE);
    }
    let mut pieces = Vec::with_capacity(blocks.len());
    for block in blocks {
        drop_of_block(&mut dropped, &block);
        match (is_neutral(&block), read_piece(block)) {
            (_, Some(piece)) => pieces.push(piece),
            // One of a known type without what makes it one.
            (true, None) => dropped.note(OTHER_BLOCK),
            (false, None) => {}
        }
    }
    Ok(Reply {
        pieces,
        finish: head.stop_reason.map(|reason| read_finish(&reason)),
        id: head.id,
        model: head.model,
        stop_sequence: head.stop_sequence,
        sighted: head.usage.map(|raw| WireUsage::read(raw).sighted()).unwrap_or_default(),
        dropped,
    })
}

fn read_piece(block: ContentBlock<'_>) -> Option<Piece<'_>> {
    Some(match block.kind.as_deref()? {
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
