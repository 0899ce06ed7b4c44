//! Reads a whole chat answer.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::usage;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Finish, Piece, Reply};
use crate::wire::{Raw, Text, TextOr, record};

record! {
    Chat {
        "id" id: Text<'a>,
        "message" message: Message<'a>,
        "finish_reason" finish_reason: Text<'a>,
        "usage" usage: &'a RawValue,
        "logprobs" logprobs: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    Message {
        "role" role: IgnoredAny,
        "content" content: TextOr<'a, Part<'a>>,
        "tool_plan" tool_plan: Text<'a>,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
        "citations" citations: &'a RawValue,
    }
}

record! {
    /// A piece of the content, whole or streamed.
    Part {
        "type" kind: IgnoredAny,
        "text" text: Text<'a>,
        "thinking" thinking: Text<'a>,
    }
}

record! {
    ToolCall {
        "id" id: Text<'a>,
        "type" kind: IgnoredAny,
        "function" function: Function<'a>,
    }
}

record! {
    Function {
        "name" name: Text<'a>,
        "arguments" arguments: Text<'a>,
    }
}

/// Where Cohere says what an answer rests on.
pub(super) const CITATIONS: &str = "message.citations";

/// Reads a whole answer.
///
/// # Errors
/// It is not a chat answer, or it is an error.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let chat: Chat<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Cohere, chat.error)?;
    let Some(message) = chat.message else {
        return Err(AnswerError::Malformed("it has no message".into()));
    };
    let finish = chat.finish_reason.as_deref().map(read_finish);
    if let Some(None) = finish {
        return Err(AnswerError::Malformed("it ended with an error that it does not describe".into()));
    }
    let mut dropped = DroppedParts::default();
    dropped.note_filled(chat.logprobs, "logprobs");
    dropped.note_unknown(&chat.extra, "*");
    dropped.note_filled(message.citations, CITATIONS);
    dropped.note_unknown(&message.extra, "message.*");
    Ok(Reply {
        id: chat.id,
        model: None,
        pieces: read_pieces(message, &mut dropped),
        finish: finish.flatten(),
        stop_sequence: None,
        sighted: chat.usage.map(usage::read).unwrap_or_default(),
        dropped,
    })
}

/// The plan for the tools is reasoning, and stands before everything.
fn read_pieces<'a>(message: Message<'a>, dropped: &mut DroppedParts) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let some = |text: Option<Text<'a>>| text.filter(|text| !text.is_empty());
    let thinking = |text| Piece::Thinking { text, signature: Text::default() };
    pieces.extend(some(message.tool_plan).map(thinking));
    match message.content {
        Some(TextOr::Text(text)) => pieces.extend(some(Some(text)).map(Piece::Text)),
        Some(TextOr::List(parts)) => {
            for part in parts {
                drop_of_part(dropped, &part);
                pieces.extend(some(part.thinking).map(thinking));
                pieces.extend(some(part.text).map(Piece::Text));
            }
        }
        None => {}
    }
    for call in message.tool_calls.into_iter().flatten() {
        let Some(function) = call.function else { continue };
        let input = read_arguments(&function.arguments.unwrap_or_default());
        pieces.push(Piece::ToolUse { id: call.id, name: function.name.unwrap_or_default(), input });
    }
    pieces
}

/// Notes a piece of a kind that is not known.
pub(super) fn drop_of_part(dropped: &mut DroppedParts, part: &Part<'_>) {
    if (part.text.is_none() && part.thinking.is_none()) || !part.extra.is_empty() {
        dropped.note("message.content[]");
    }
}

/// The input of a call: an object, whatever stands there.
fn read_arguments<'a>(text: &str) -> Raw<'a> {
    match text.trim() {
        "" | "null" => Raw::empty_object(),
        text => Raw::parse(text).filter(Raw::is_object).unwrap_or_else(|| {
            Raw::parse(&serde_json::json!({"arguments": text}).to_string()).unwrap_or_else(Raw::empty_object)
        }),
    }
}

/// Reads a `finish_reason`; `None` for those that say that the answer failed.
pub(super) fn read_finish(reason: &str) -> Option<Finish> {
    Some(match reason {
        "MAX_TOKENS" => Finish::Length,
        "TOOL_CALL" => Finish::ToolCalls,
        "ERROR_TOXIC" => Finish::ContentFilter,
        "ERROR" | "TIMEOUT" => return None,
        _ => Finish::Stop,
    })
}
