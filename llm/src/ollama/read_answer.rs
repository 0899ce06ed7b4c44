//! Reads an answer to a chat: whole, or one line of a stream, which has the same form.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::Tokens;

use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Finish, Piece, Reply};
use crate::usage::{Count, Sighted};
use crate::wire::{Raw, Text, record};

record! {
    Chat {
        "model" model: Text<'a>,
        "created_at" created_at: IgnoredAny,
        "message" message: Message<'a>,
        "done" done: bool,
        "done_reason" done_reason: Text<'a>,
        "total_duration" total_duration: IgnoredAny,
        "load_duration" load_duration: IgnoredAny,
        "prompt_eval_count" prompt_eval_count: Count,
        "prompt_eval_duration" prompt_eval_duration: IgnoredAny,
        "eval_count" eval_count: Count,
        "eval_duration" eval_duration: IgnoredAny,
        "logprobs" logprobs: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    Message {
        "role" role: IgnoredAny,
        "content" content: Text<'a>,
        "thinking" thinking: Text<'a>,
        "images" images: &'a RawValue,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
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
        "index" index: IgnoredAny,
        "name" name: Text<'a>,
        "arguments" arguments: &'a RawValue,
    }
}

impl<'a> Function<'a> {
    /// The input: an object. Some models' templates give it as text that holds one.
    pub(super) fn input(&self) -> Raw<'a> {
        let Some(raw) = self.arguments else { return Raw::empty_object() };
        let given = Raw::Borrowed(raw);
        if given.is_object() {
            return given;
        }
        let inner = serde_json::from_str::<Text<'_>>(raw.get()).ok().and_then(|text| Raw::parse(text.trim()));
        inner.filter(Raw::is_object).unwrap_or_else(|| {
            let wrapped = format!("{{\"arguments\":{}}}", raw.get());
            Raw::parse(&wrapped).unwrap_or_else(Raw::empty_object)
        })
    }
}

impl Chat<'_> {
    /// What it says of usage. A prompt that was in the cache whole is not counted by some versions: then nothing is
    /// said of it.
    pub(super) fn sighted(&self) -> Sighted {
        let input = self.prompt_eval_count.map(|n| Tokens { input_uncached: n.0, ..Tokens::default() });
        let output = self.eval_count.map(|n| Tokens { output_text: n.0, ..Tokens::default() });
        Sighted { input, output, ..Sighted::default() }
    }

    /// Notes what no caller's dialect has a place for.
    pub(super) fn note_dropped(&self, dropped: &mut DroppedParts) {
        dropped.note_filled(self.logprobs, "logprobs");
        dropped.note_unknown(&self.extra, "*");
        if let Some(message) = &self.message {
            dropped.note_filled(message.images, "message.images");
            dropped.note_unknown(&message.extra, "message.*");
        }
    }
}

/// Reads a whole answer.
///
/// # Errors
/// It is not an answer to a chat, or it is an error.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let chat: Chat<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Ollama, chat.error)?;
    let (sighted, mut dropped) = (chat.sighted(), DroppedParts::default());
    chat.note_dropped(&mut dropped);
    let Some(message) = chat.message else {
        return Err(AnswerError::Malformed("it has no message".into()));
    };
    let mut pieces = Vec::new();
    pieces.extend(filled(message.thinking).map(|text| Piece::Thinking { text, signature: Text::default() }));
    pieces.extend(filled(message.content).map(Piece::Text));
    for call in message.tool_calls.into_iter().flatten() {
        let Some(function) = call.function else { continue };
        let input = function.input();
        pieces.push(Piece::ToolUse { id: filled(call.id), name: function.name.unwrap_or_default(), input });
    }
    let finish = chat.done_reason.as_deref().map(read_finish);
    Ok(Reply { id: None, model: chat.model, pieces, finish, stop_sequence: None, sighted, dropped })
}

pub(super) fn filled(text: Option<Text<'_>>) -> Option<Text<'_>> {
    text.filter(|text| !text.is_empty())
}

/// Reads a `done_reason`. Of calls of tools it says nothing.
pub(super) fn read_finish(reason: &str) -> Finish {
    if reason == "length" { Finish::Length } else { Finish::Stop }
}
