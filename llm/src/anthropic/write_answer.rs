//! Writes a whole message.

use serde::Serialize;
use weir_domain::usage::Usage;

use super::usage::OutUsage;
use crate::answer::AnswerContext;
use crate::pricing::Cost;
use crate::reply::{Finish, Piece, Reply, call_id, native_id};
use crate::wire::{Raw, Text};

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: Text<'a>,
    content: Vec<OutBlock<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<Text<'a>>,
    usage: OutUsage,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutBlock<'a> {
    Text { text: Text<'a> },
    Thinking { thinking: Text<'a>, signature: Text<'a> },
    RedactedThinking { data: Text<'a> },
    ToolUse { id: Text<'a>, name: Text<'a>, input: Raw<'a> },
}

/// Writes the answer for a caller of this dialect.
///
/// # Errors
/// Only when a value does not serialise, which a read answer always does.
pub(crate) fn write(
    reply: Reply<'_>,
    context: &AnswerContext,
    usage: &Usage,
    cost: Cost,
) -> Result<Vec<u8>, serde_json::Error> {
    let stop_reason = stop_reason(reply.settled_finish());
    let mut calls = 0;
    let content = reply
        .pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Refusal(text) => OutBlock::Text { text },
            Piece::Thinking { text, signature } => OutBlock::Thinking { thinking: text, signature },
            Piece::RedactedThinking { data } => OutBlock::RedactedThinking { data },
            Piece::ToolUse { id, name, input } => {
                calls += 1;
                let id = id.unwrap_or_else(|| call_id(&context.request_id, calls - 1).into());
                OutBlock::ToolUse { id, name, input }
            }
        })
        .collect();
    serde_json::to_vec(&Message {
        id: native_id("msg_", reply.id.as_deref(), &context.request_id),
        kind: "message",
        role: "assistant",
        model: reply.model.unwrap_or_default(),
        content,
        stop_reason,
        stop_sequence: reply.stop_sequence,
        usage: OutUsage::new(&usage.tokens, Some(cost)),
    })
}

/// The `stop_reason` of a finish.
pub(super) fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter => "refusal",
    }
}
