//! Writes a whole chat completion.

use serde::Serialize;
use weir_domain::usage::Usage;

use super::usage::OutUsage;
use crate::answer::AnswerContext;
use crate::pricing::Cost;
use crate::reply::{Finish, Piece, Reply, call_id, native_id};
use crate::wire::Text;

#[derive(Serialize)]
struct Completion<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: Text<'a>,
    choices: [Choice<'a>; 1],
    usage: OutUsage,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    message: OutMessage<'a>,
    logprobs: (),
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct OutMessage<'a> {
    role: &'static str,
    /// Always there: `null` beside tool calls is OpenAI's own form.
    content: Option<String>,
    refusal: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<OutThinking<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<OutCall<'a>>,
}

/// Reasoning with its signature, in the form in which callers send it back.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutThinking<'a> {
    Thinking { thinking: Text<'a>, signature: Text<'a> },
    RedactedThinking { data: Text<'a> },
}

#[derive(Serialize)]
struct OutCall<'a> {
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: OutFunction<'a>,
}

#[derive(Serialize)]
struct OutFunction<'a> {
    name: Text<'a>,
    arguments: String,
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
    let refused = reply.pieces.iter().any(|piece| matches!(piece, Piece::Refusal(_)));
    let finish_reason = finish_reason(reply.finish, reply.settled_finish(), refused).as_str();
    let completion = Completion {
        id: native_id("chatcmpl-", reply.id.as_deref(), &context.request_id),
        object: "chat.completion",
        created: context.created,
        model: reply.model.unwrap_or_default(),
        choices: [Choice { index: 0, message: write_message(reply.pieces, context), logprobs: (), finish_reason }],
        usage: OutUsage::new(&usage.tokens, cost),
    };
    serde_json::to_vec(&completion)
}

/// A refusal in words is a whole answer here, which ends as any other: `content_filter` is for what a filter took out.
/// Source: <https://platform.openai.com/docs/guides/structured-outputs#refusals>.
pub(super) fn finish_reason(told: Option<Finish>, settled: Finish, refused: bool) -> Finish {
    let in_words = refused && settled == Finish::ContentFilter && told != Some(Finish::ContentFilter);
    if in_words { Finish::Stop } else { settled }
}

fn write_message<'a>(pieces: Vec<Piece<'a>>, context: &AnswerContext) -> OutMessage<'a> {
    let mut message = OutMessage {
        role: "assistant",
        content: None,
        refusal: None,
        reasoning_content: None,
        thinking_blocks: Vec::new(),
        tool_calls: Vec::new(),
    };
    for piece in pieces {
        match piece {
            Piece::Text(text) => message.content.get_or_insert_default().push_str(&text),
            Piece::Refusal(text) => message.refusal = Some(text),
            Piece::Thinking { text, signature } => {
                if !text.is_empty() {
                    message.reasoning_content.get_or_insert_default().push_str(&text);
                }
                if !signature.is_empty() {
                    message.thinking_blocks.push(OutThinking::Thinking { thinking: text, signature });
                }
            }
            Piece::RedactedThinking { data } => message.thinking_blocks.push(OutThinking::RedactedThinking { data }),
            Piece::ToolUse { id, name, input } => {
                let ordinal = message.tool_calls.len();
                let id = id.unwrap_or_else(|| call_id(&context.request_id, ordinal).into());
                let function = OutFunction { name, arguments: input.get().to_owned() };
                message.tool_calls.push(OutCall { id, kind: "function", function });
            }
        }
    }
    if message.content.is_none() && message.tool_calls.is_empty() && message.refusal.is_none() {
        message.content = Some(String::new());
    }
    message
}
