//! Writes a whole answer of `generateContent`.

use std::borrow::Cow;

use serde::Serialize;
use weir_domain::usage::Usage;

use super::foreign;
use super::usage::OutUsage;
use super::write_contents::{OutCall, OutContent, OutPart};
use crate::answer::AnswerContext;
use crate::pricing::Cost;
use crate::reply::{Finish, Piece, Reply, call_id, native_id};
use crate::sealed_id;
use crate::wire::{Raw, Text};

/// An answer, and each event of a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutResponse<'a> {
    pub(super) candidates: [OutCandidate<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage_metadata: Option<OutUsage>,
    pub(super) model_version: &'a str,
    pub(super) response_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutCandidate<'a> {
    pub(super) content: OutContent<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'static str>,
    pub(super) index: u8,
}

/// Who speaks in an answer.
pub(super) const MODEL: &str = "model";

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
    let finish = reply.settled_finish();
    let mut calls = 0;
    let parts = reply.pieces.into_iter().flat_map(|piece| write_piece(piece, context, &mut calls)).collect();
    let content = OutContent { role: MODEL, parts };
    serde_json::to_vec(&OutResponse {
        candidates: [OutCandidate { content, finish_reason: Some(finish_reason(finish)), index: 0 }],
        usage_metadata: Some(OutUsage::new(&usage.tokens, cost)),
        model_version: reply.model.as_deref().unwrap_or_default(),
        response_id: &native_id("", reply.id.as_deref(), &context.request_id),
    })
}

fn write_piece<'a>(piece: Piece<'a>, context: &AnswerContext, calls: &mut usize) -> Vec<OutPart<'a>> {
    match piece {
        Piece::Text(text) | Piece::Refusal(text) => vec![OutPart::text(text)],
        Piece::Thinking { text, signature } => {
            let signature = (!signature.is_empty()).then(|| signed(&signature));
            std::iter::once(thought(text)).chain(signature).collect()
        }
        Piece::RedactedThinking { data } => vec![hidden(&data)],
        Piece::ToolUse { id, name, input } => {
            *calls += 1;
            let id = id.unwrap_or_else(|| call_id(&context.request_id, *calls - 1).into());
            vec![call(id, name, input)]
        }
    }
}

/// A thought.
pub(super) fn thought(text: Text<'_>) -> OutPart<'_> {
    OutPart { thought: true, ..OutPart::text(text) }
}

/// The signature of the thoughts before it.
pub(super) fn signed<'a>(signature: &str) -> OutPart<'a> {
    OutPart { thought_signature: Some(foreign::wrap(signature).into()), ..thought(Text::default()) }
}

/// Reasoning that is hidden: a signature of Google's that came with no call is one again.
pub(super) fn hidden<'a>(data: &str) -> OutPart<'a> {
    match sealed_id::open_loose(data) {
        Some(own) => OutPart { thought_signature: Some(own.to_owned().into()), ..OutPart::text(Text::default()) },
        None => OutPart { thought_signature: Some(foreign::wrap_hidden(data).into()), ..thought(Text::default()) },
    }
}

/// A call, with the signature that its id may carry.
pub(super) fn call<'a>(id: Text<'a>, name: Text<'a>, args: Raw<'a>) -> OutPart<'a> {
    let (id, signature) = sealed_id::open(id);
    let function_call = Some(OutCall { id: Some(id), name, args });
    OutPart { function_call, thought_signature: signature.map(Cow::Owned), ..OutPart::default() }
}

/// The `finishReason` of a finish. A call of a tool ends an answer like any other.
pub(super) fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::ToolCalls => "STOP",
        Finish::Length => "MAX_TOKENS",
        Finish::ContentFilter => "SAFETY",
    }
}
