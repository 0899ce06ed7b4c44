//! Reads a whole answer of Converse.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::usage;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Finish, Piece, Reply};
use crate::wire::{Raw, Text, record};

record! {
    Whole {
        "output" output: Output<'a>,
        "stopReason" stop_reason: Text<'a>,
        "usage" usage: &'a RawValue,
        "metrics" metrics: IgnoredAny,
        "serviceTier" service_tier: &'a RawValue,
        "performanceConfig" performance: &'a RawValue,
        "additionalModelResponseFields" additional: &'a RawValue,
        "trace" trace: &'a RawValue,
    }
}

record! {
    Output {
        "message" message: Message<'a>,
    }
}

record! {
    Message {
        "role" role: IgnoredAny,
        "content" content: Vec<ContentBlock<'a>>,
    }
}

record! {
    /// A block of an answer: which member it has says what it is.
    ContentBlock {
        "text" text: Text<'a>,
        "toolUse" tool_use: ToolUse<'a>,
        "reasoningContent" reasoning: Reasoning<'a>,
        "citationsContent" citations: Citations<'a>,
        "image" image: IgnoredAny,
    }
}

record! {
    /// A call of a tool, and the start of one in a stream.
    ToolUse {
        "toolUseId" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
        "type" kind: Text<'a>,
    }
}

record! {
    Reasoning {
        "reasoningText" text: ReasoningText<'a>,
        "redactedContent" redacted: Text<'a>,
    }
}

record! {
    ReasoningText {
        "text" text: Text<'a>,
        "signature" signature: Text<'a>,
    }
}

record! {
    Citations {
        "content" content: Vec<CitedText<'a>>,
        "citations" citations: IgnoredAny,
    }
}

record! {
    CitedText {
        "text" text: Text<'a>,
    }
}

/// The names of what is left out of an answer, whole or streamed.
pub(super) const CITATIONS: &str = "output.message.content[].citationsContent";
pub(super) const IMAGE: &str = "output.message.content[].image";
pub(super) const SERVER_TOOL: &str = "output.message.content[].toolUse.type";
pub(super) const OTHER_BLOCK: &str = "output.message.content[]";
pub(super) const ADDITIONAL: &str = "additionalModelResponseFields";
pub(super) const TRACE: &str = "trace";

/// Reads a whole answer.
///
/// # Errors
/// It is no answer of Converse.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let whole: Whole<'_> = serde_json::from_str(text)?;
    let Some(blocks) = whole.output.and_then(|output| output.message).map(|message| message.content) else {
        return Err(AnswerError::Malformed("it has no output.message".into()));
    };
    let mut dropped = DroppedParts::default();
    dropped.note_unknown(&whole.extra, "*");
    dropped.note_filled(whole.additional, ADDITIONAL);
    dropped.note_filled(whole.trace, TRACE);
    let mut pieces = Vec::new();
    for block in blocks.into_iter().flatten() {
        read_block(block, &mut pieces, &mut dropped);
    }
    Ok(Reply {
        pieces,
        finish: whole.stop_reason.map(|reason| read_finish(&reason)),
        sighted: usage::read(whole.usage, whole.service_tier, whole.performance),
        dropped,
        ..Reply::default()
    })
}

fn read_block<'a>(block: ContentBlock<'a>, pieces: &mut Vec<Piece<'a>>, dropped: &mut DroppedParts) {
    let before = pieces.len();
    let known = block.citations.is_some() || block.image.is_some();
    if block.citations.is_some() {
        dropped.note(CITATIONS);
    }
    if block.image.is_some() {
        dropped.note(IMAGE);
    }
    pieces.extend(block.text.map(Piece::Text));
    let cited = block.citations.and_then(|citations| citations.content).into_iter().flatten();
    pieces.extend(cited.filter_map(|part| part.text).map(Piece::Text));
    match block.reasoning {
        Some(Reasoning { text: Some(said), .. }) => pieces.push(Piece::Thinking {
            text: said.text.unwrap_or_default(),
            signature: said.signature.unwrap_or_default(),
        }),
        Some(Reasoning { redacted: Some(data), .. }) => pieces.push(Piece::RedactedThinking { data }),
        _ => {}
    }
    match block.tool_use {
        // A tool that ran at the provider.
        Some(call) if call.kind.is_some() => dropped.note(SERVER_TOOL),
        Some(ToolUse { id, name: Some(name), input, .. }) => {
            pieces.push(Piece::ToolUse { id, name, input: input.map_or_else(Raw::empty_object, Raw::Borrowed) });
        }
        _ if pieces.len() == before && !known => dropped.note(OTHER_BLOCK),
        _ => {}
    }
}

/// Reads a `stopReason`; an unknown one is the harmless `stop` (rule 29).
pub(super) fn read_finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "content_filtered" | "guardrail_intervened" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}
