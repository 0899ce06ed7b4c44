//! Reads a whole chat completion.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::read_messages::{Arguments, read_arguments};
use super::{thought_signature, usage};
use crate::answer::AnswerHead;
use crate::error::AnswerError;
use crate::reply::{Finish, Piece, Reply};
use crate::wire::{Text, TextOr};
use weir_domain::dialect::Dialect;

#[derive(Deserialize)]
#[serde(expecting = "a chat completion")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    choices: Option<Vec<HeadChoice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct HeadChoice<'a> {
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a chat completion")]
struct Completion<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

/// The message of an answer, and the delta of a stream, which has the same fields in pieces. `reasoning_content` is
/// DeepSeek's, vLLM's and Weir's name, `reasoning` OpenRouter's and Ollama's.
#[derive(Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) content: Option<TextOr<'a, ContentPart<'a>>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking_blocks: Option<Vec<ThinkingBlock<'a>>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
}

/// Mistral's reasoning models answer with a list of parts.
#[derive(Deserialize)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ThinkingBlock<'a> {
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ToolCall<'a> {
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) function: Option<Function<'a>>,
    #[serde(borrow)]
    pub(super) extra_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
}

impl<'a> Function<'a> {
    /// OpenAI's are a string; some who follow it write the object itself.
    pub(super) fn arguments_text(&self) -> Option<Text<'a>> {
        let raw = self.arguments?;
        Some(serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().into()))
    }
}

/// Reads what a forwarded answer must tell.
///
/// # Errors
/// It is not a chat completion, or it is an error.
pub(crate) fn read_head(text: &str) -> Result<AnswerHead<'_>, AnswerError> {
    let head: Head<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(Dialect::Openai, head.error)?;
    let Some(choices) = head.choices else {
        return Err(AnswerError::Malformed("it has no choices".into()));
    };
    Ok(AnswerHead {
        id: head.id,
        model: head.model,
        finish: choices.into_iter().next().and_then(|choice| choice.finish_reason).map(|reason| read_finish(&reason)),
        usage: head.usage,
        sighted: usage::with_tier(head.usage.map(usage::read).unwrap_or_default(), head.service_tier),
    })
}

/// Reads a whole answer. Only the first choice: nobody who is translated for can ask for more.
///
/// # Errors
/// It is not a chat completion, or it is an error.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let completion: Completion<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(Dialect::Openai, completion.error)?;
    let Some(choice) = completion.choices.and_then(|choices| choices.into_iter().next()) else {
        return Err(AnswerError::Malformed("it has no choices".into()));
    };
    Ok(Reply {
        id: completion.id,
        model: completion.model,
        pieces: read_pieces(choice.message.unwrap_or_default()),
        finish: choice.finish_reason.map(|reason| read_finish(&reason)),
        stop_sequence: None,
        sighted: usage::with_tier(completion.usage.map(usage::read).unwrap_or_default(), completion.service_tier),
    })
}

/// Reasoning, then text, then calls: the order in which another dialect's blocks stand.
fn read_pieces(message: Message<'_>) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for block in message.thinking_blocks.into_iter().flatten() {
        pieces.push(match block.data {
            Some(data) => Piece::RedactedThinking { data },
            None => Piece::Thinking {
                text: block.thinking.unwrap_or_default(),
                signature: block.signature.unwrap_or_default(),
            },
        });
    }
    if pieces.is_empty()
        && let Some(text) = message.reasoning_content.or(message.reasoning).filter(|text| !text.is_empty())
    {
        pieces.push(Piece::Thinking { text, signature: Text::default() });
    }
    match message.content {
        Some(TextOr::Text(text)) if !text.is_empty() => pieces.push(Piece::Text(text)),
        Some(TextOr::List(parts)) => {
            let texts = parts.into_iter().filter_map(|part| part.text.filter(|text| !text.is_empty()));
            pieces.extend(texts.map(Piece::Text));
        }
        _ => {}
    }
    pieces.extend(message.refusal.filter(|text| !text.is_empty()).map(Piece::Refusal));
    for call in message.tool_calls.into_iter().flatten() {
        let Some(function) = call.function else { continue };
        let (Arguments::Object(input) | Arguments::Wrapped(input)) =
            read_arguments(&function.arguments_text().unwrap_or_default());
        let id = call.id.filter(|id| !id.is_empty()).map(|id| thought_signature::seal(id, call.extra_content));
        pieces.push(Piece::ToolUse { id, name: function.name.unwrap_or_default(), input });
    }
    pieces
}

/// Reads a `finish_reason`; an unknown one is the harmless `stop` (rule 29).
pub(crate) fn read_finish(reason: &str) -> Finish {
    match reason {
        "length" | "max_tokens" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        "content_filter" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}
