//! Reads the chunks of a streamed chat completion.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::read_answer::{Message, OTHER_CHOICES, ToolCall, drop_of_choice, drop_of_message, drop_top, read_finish};
use super::search_fee::SearchSize;
use super::usage::Beside;
use super::{thought_signature, usage};
use crate::dropped::DroppedParts;
use crate::error::{StreamError, provider};
use crate::events::{Event, Sight};
use crate::usage::Sighted;
use crate::wire::{Text, TextOr, record};

record! {
    Chunk {
        "id" id: Text<'a>,
        "object" object: IgnoredAny,
        "created" created: &'a RawValue,
        "model" model: Text<'a>,
        "choices" choices: Vec<Choice<'a>>,
        "usage" usage: &'a RawValue,
        "service_tier" service_tier: &'a RawValue,
        "system_fingerprint" system_fingerprint: IgnoredAny,
        "provider" provider: IgnoredAny,
        "x_groq" x_groq: IgnoredAny,
        // Padding against guesses by length, new with each chunk.
        "obfuscation" obfuscation: IgnoredAny,
        "citations" citations: &'a RawValue,
        "search_results" search_results: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    Choice {
        "index" index: u64,
        "delta" delta: Message<'a>,
        "finish_reason" finish_reason: Text<'a>,
        "native_finish_reason" native_finish_reason: IgnoredAny,
        "logprobs" logprobs: &'a RawValue,
    }
}

/// What must be remembered from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    started: bool,
    /// The size of searches that was asked for.
    asked: SearchSize,
    model: String,
    created: Option<u64>,
    calls: Vec<Call>,
    sighted: Sighted,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
}

/// A call that has begun.
#[derive(Debug)]
struct Call {
    index: u64,
    id: String,
}

impl StreamReader {
    /// For an answer to a request that asks for searches of a size.
    pub(crate) fn new(asked: SearchSize) -> Self {
        Self { asked, ..Self::default() }
    }

    /// Whether the model is at work: something came that is an answer, though in no form that is known here.
    pub(crate) fn is_working(&self) -> bool {
        !self.dropped.names().is_empty()
    }

    /// The stream's own time, in seconds since 1970.
    pub(crate) fn created(&self) -> Option<u64> {
        self.created
    }

    /// What was last said of usage: each sighting replaces the one before (rule 35).
    pub(crate) fn sighted(&self) -> Sighted {
        self.sighted
    }

    /// Reads the data of one event.
    ///
    /// # Errors
    /// It is an error, or no chunk.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        if data.trim() == "[DONE]" {
            emit(Event::End);
            return Ok(Sight::default());
        }
        let chunk: Chunk<'a> = serde_json::from_str(data).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        if let Some(error) = chunk.error {
            return Err(StreamError::Provider(provider::read_in_band(WireFormat::Openai, error)));
        }
        drop_top(&mut self.dropped, chunk.citations, chunk.search_results, &chunk.extra);
        let choices = chunk.choices.unwrap_or_default();
        let usage_only = choices.is_empty();
        let began = !usage_only && !self.started;
        if began {
            self.started = true;
            chunk.model.as_deref().unwrap_or_default().clone_into(&mut self.model);
            self.created = chunk.created.and_then(|raw| raw.get().parse().ok());
            emit(Event::Start { id: chunk.id, model: chunk.model });
        }
        for choice in choices {
            self.read_choice(choice, emit);
        }
        if chunk.usage.is_some() || began {
            let beside = Beside { model: Some(&self.model), tier: None, asked: self.asked };
            self.sighted.update(usage::of_answer(chunk.usage, beside));
        }
        self.sighted = usage::with_tier(self.sighted, chunk.service_tier);
        Ok(Sight { usage: chunk.usage, usage_only })
    }

    fn read_choice<'a>(&mut self, choice: Choice<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let delta = choice.delta.unwrap_or_default();
        if choice.index.unwrap_or(0) != 0 {
            let content = delta.content.map_or(0, |content| text_of(content).iter().map(|text| text.len()).sum());
            emit(Event::OtherChoice(content));
            self.dropped.note(OTHER_CHOICES);
            return;
        }
        drop_of_choice(&mut self.dropped, choice.logprobs, &choice.extra);
        drop_of_message(&mut self.dropped, &delta);
        let signed = delta.thinking_blocks.as_ref().is_some_and(|blocks| !blocks.is_empty());
        if let Some(text) = delta.reasoning_content.or(delta.reasoning).filter(|text| !text.is_empty()) {
            emit(Event::Thinking(text));
        }
        if signed {
            for block in delta.thinking_blocks.into_iter().flatten() {
                // Its text came before, as `reasoning_content`.
                if let Some(signature) = block.signature.filter(|text| !text.is_empty()) {
                    emit(Event::Signature(signature));
                }
                if let Some(data) = block.data {
                    emit(Event::RedactedThinking(data));
                }
            }
        }
        for text in delta.content.map(text_of).unwrap_or_default() {
            emit(Event::Text(text));
        }
        if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
            emit(Event::Refusal(text));
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.read_call(call, emit);
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            emit(Event::Finish { finish: read_finish(&reason), stop_sequence: None });
        }
    }

    /// A call goes on when its index was seen, unless a name comes with another id or without one: some providers number
    /// every call 0, some repeat the id with each piece, some (vLLM) make a new one for each, some give no index at all.
    fn read_call<'a>(&mut self, call: ToolCall<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let id = call.id.filter(|id| !id.is_empty());
        let named = call.function.as_ref().is_some_and(|f| f.name.as_deref().is_some_and(|name| !name.is_empty()));
        let last = self.calls.len().checked_sub(1);
        let known = match call.index {
            Some(index) => self.calls.iter().rposition(|known| known.index == index),
            None if id.is_none() => last,
            None => {
                let same = self.calls.iter().rposition(|known| Some(known.id.as_str()) == id.as_deref());
                same.or(last.filter(|_| !named))
            }
        };
        let continues = known.filter(|at| match (&id, self.calls.get(*at)) {
            (Some(id), Some(known)) if named && !known.id.is_empty() => **id == *known.id,
            _ => !named,
        });
        // A call of another kind than a function: no dialect that is translated to has a place for it.
        if continues.is_none() && call.function.is_none() {
            return;
        }
        let function = call.function;
        let input = function.as_ref().and_then(super::read_answer::Function::arguments_text);
        let ordinal = continues.unwrap_or_else(|| {
            let ordinal = self.calls.len();
            let index = call.index.unwrap_or(ordinal as u64);
            self.calls.push(Call { index, id: id.as_deref().unwrap_or_default().to_owned() });
            let name = function.and_then(|function| function.name).unwrap_or_default();
            let id = id.map(|id| thought_signature::seal(id, call.extra_content));
            emit(Event::ToolStart { ordinal, id, name });
            ordinal
        });
        if let Some(json) = input.filter(|json| !json.is_empty()) {
            emit(Event::ToolInput { ordinal, json });
        }
    }
}

fn text_of<'a>(content: TextOr<'a, super::read_answer::ContentPart<'a>>) -> Vec<Text<'a>> {
    let texts = match content {
        TextOr::Text(text) => vec![text],
        TextOr::List(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
