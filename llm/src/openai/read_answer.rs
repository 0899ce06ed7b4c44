//! Reads a whole chat completion.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::read_messages::{Arguments, read_arguments};
use super::search_fee::SearchSize;
use super::usage::Beside;
use super::{thought_signature, usage};
use crate::answer::AnswerHead;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::reply::{Ending, Finish, Piece, Reply};
use crate::wire::{Text, TextOr, record};
use weir_domain::dialect::WireFormat;

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
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// What of a message tells how it ended.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadMessage<'a> {
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<HeadCall<'a>>>,
}

#[derive(Deserialize)]
struct HeadCall<'a> {
    #[serde(borrow)]
    function: Option<&'a RawValue>,
}

impl HeadChoice<'_> {
    /// A message that cannot be read tells nothing, and is passed on.
    fn ending(&self) -> Ending {
        let message = self.message.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let message: HeadMessage<'_> = message.unwrap_or_default();
        Ending {
            finish: self.finish_reason.as_deref().map(read_finish),
            called_tool: message.tool_calls.iter().flatten().any(|call| call.function.is_some()),
            refused: message.refusal.is_some_and(|text| !text.is_empty()),
        }
    }
}

record! {
    Completion {
        "id" id: Text<'a>,
        "object" object: IgnoredAny,
        "created" created: IgnoredAny,
        "model" model: Text<'a>,
        "choices" choices: Vec<Choice<'a>>,
        "usage" usage: &'a RawValue,
        "service_tier" service_tier: &'a RawValue,
        "system_fingerprint" system_fingerprint: IgnoredAny,
        "provider" provider: IgnoredAny,
        "x_groq" x_groq: IgnoredAny,
        "citations" citations: &'a RawValue,
        "search_results" search_results: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    Choice {
        "index" index: IgnoredAny,
        "message" message: Message<'a>,
        "finish_reason" finish_reason: Text<'a>,
        "native_finish_reason" native_finish_reason: IgnoredAny,
        "logprobs" logprobs: &'a RawValue,
    }
}

record! {
    /// The message of an answer, and the delta of a stream, which has the same fields in pieces. `reasoning_content` is
    /// DeepSeek's, vLLM's and Weir's name, `reasoning` OpenRouter's and Ollama's.
    Message {
        "role" role: IgnoredAny,
        "content" content: TextOr<'a, ContentPart<'a>>,
        "refusal" refusal: Text<'a>,
        "reasoning_content" reasoning_content: Text<'a>,
        "reasoning" reasoning: Text<'a>,
        "thinking_blocks" thinking_blocks: Vec<ThinkingBlock<'a>>,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
        "annotations" annotations: &'a RawValue,
        "audio" audio: &'a RawValue,
        "function_call" function_call: &'a RawValue,
    }
}

record! {
    /// Mistral's reasoning models answer with a list of parts.
    ContentPart {
        "type" kind: IgnoredAny,
        "text" text: Text<'a>,
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ThinkingBlock<'a> {
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
}

record! {
    ToolCall {
        "index" index: u64,
        "id" id: Text<'a>,
        "type" kind: IgnoredAny,
        "function" function: Function<'a>,
        "extra_content" extra_content: &'a RawValue,
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Function<'a> {
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
pub(crate) fn read_head(text: &str, asked: SearchSize) -> Result<AnswerHead<'_>, AnswerError> {
    let head: Head<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Openai, head.error)?;
    let Some(choices) = head.choices else {
        return Err(AnswerError::Malformed("it has no choices".into()));
    };
    let beside = Beside { model: head.model.as_deref(), tier: head.service_tier, asked };
    let sighted = usage::of_answer(head.usage, beside);
    Ok(AnswerHead {
        id: head.id,
        model: head.model,
        ending: choices.first().map(HeadChoice::ending).unwrap_or_default(),
        usage: head.usage,
        sighted,
    })
}

/// Notes what stands beside the choices. Perplexity gives its sources there.
pub(super) fn drop_top(
    dropped: &mut DroppedParts,
    citations: Option<&RawValue>,
    results: Option<&RawValue>,
    unknown: &[Text<'_>],
) {
    dropped.note_filled(citations, "citations");
    dropped.note_filled(results, "search_results");
    dropped.note_unknown(unknown, "*");
}

/// Notes what stands beside a message. A stream's delta goes by the same names as the message that it is a piece of.
pub(super) fn drop_of_choice(dropped: &mut DroppedParts, logprobs: Option<&RawValue>, unknown: &[Text<'_>]) {
    dropped.note_filled(logprobs, "choices[].logprobs");
    dropped.note_unknown(unknown, "choices[].*");
}

/// Notes what a message, or a piece of one, holds besides what is read of it.
pub(super) fn drop_of_message(dropped: &mut DroppedParts, message: &Message<'_>) {
    dropped.note_filled(message.annotations, "choices[].message.annotations");
    dropped.note_filled(message.audio, "choices[].message.audio");
    dropped.note_filled(message.function_call, "choices[].message.function_call");
    dropped.note_unknown(&message.extra, "choices[].message.*");
    if let Some(TextOr::List(parts)) = &message.content
        && parts.iter().any(|part| part.text.is_none() || !part.extra.is_empty())
    {
        dropped.note("choices[].message.content[]");
    }
    for call in message.tool_calls.iter().flatten() {
        if !call.extra.is_empty() {
            dropped.note(OTHER_CALLS);
        }
        let has_id = call.id.as_deref().is_some_and(|id| !id.is_empty());
        let carried = |extra: &RawValue| has_id && thought_signature::is_known(extra);
        let lost = call.extra_content.filter(|extra| !carried(extra));
        dropped.note_filled(lost, "choices[].message.tool_calls[].extra_content");
    }
}

/// The name of what is left out of an answer with several choices.
pub(super) const OTHER_CHOICES: &str = "choices[1..]";
/// The name of calls of another kind than a function.
const OTHER_CALLS: &str = "choices[].message.tool_calls[]";

/// Reads a whole answer. Only the first choice: nobody who is translated for can ask for more, and one that comes
/// nevertheless is reported.
///
/// # Errors
/// It is not a chat completion, or it is an error.
pub(crate) fn read(text: &str, asked: SearchSize) -> Result<Reply<'_>, AnswerError> {
    let completion: Completion<'_> = serde_json::from_str(text)?;
    AnswerError::in_band(WireFormat::Openai, completion.error)?;
    let mut dropped = DroppedParts::default();
    drop_top(&mut dropped, completion.citations, completion.search_results, &completion.extra);
    let mut choices = completion.choices.unwrap_or_default().into_iter();
    let Some(choice) = choices.next() else {
        return Err(AnswerError::Malformed("it has no choices".into()));
    };
    if choices.next().is_some() {
        dropped.note(OTHER_CHOICES);
    }
    drop_of_choice(&mut dropped, choice.logprobs, &choice.extra);
    let message = choice.message.unwrap_or_default();
    drop_of_message(&mut dropped, &message);
    if message.tool_calls.iter().flatten().any(|call| call.function.is_none()) {
        dropped.note(OTHER_CALLS);
    }
    let beside = Beside { model: completion.model.as_deref(), tier: completion.service_tier, asked };
    let sighted = usage::of_answer(completion.usage, beside);
    Ok(Reply {
        id: completion.id,
        model: completion.model,
        pieces: read_pieces(message),
        finish: choice.finish_reason.map(|reason| read_finish(&reason)),
        stop_sequence: None,
        sighted,
        dropped,
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
