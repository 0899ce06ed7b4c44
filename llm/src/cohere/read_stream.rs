//! Reads the events of a streamed chat answer.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::read_answer::{CITATIONS, Part, ToolCall, drop_of_part, read_finish};
use super::usage;
use crate::dropped::DroppedParts;
use crate::error::{StreamError, provider};
use crate::events::{Event, Sight};
use crate::usage::Sighted;
use crate::wire::{Text, record};

record! {
    WireEvent {
        "type" kind: Text<'a>,
        "id" id: Text<'a>,
        "index" index: u64,
        "delta" delta: Delta<'a>,
        "logprobs" logprobs: &'a RawValue,
        "message" message: Text<'a>,
    }
}

record! {
    Delta {
        "message" message: Message<'a>,
        "finish_reason" finish_reason: Text<'a>,
        "usage" usage: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    /// One piece of a message; which field is there says of what.
    Message {
        "role" role: IgnoredAny,
        "content" content: &'a RawValue,
        "tool_plan" tool_plan: Text<'a>,
        "tool_calls" tool_calls: &'a RawValue,
        "citations" citations: &'a RawValue,
    }
}

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    working: bool,
    sighted: Sighted,
    calls: Vec<Call>,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
}

/// A call that has begun.
#[derive(Debug)]
struct Call {
    index: u64,
    has_input: bool,
}

impl StreamReader {
    /// Whether the model is at work: a piece of its answer has begun.
    pub(crate) fn is_working(&self) -> bool {
        self.working
    }

    /// What was said of usage.
    pub(crate) fn sighted(&self) -> Sighted {
        self.sighted
    }

    /// Reads the data of one event.
    ///
    /// # Errors
    /// It is an error, or no event of a chat.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        if data.trim() == "[DONE]" {
            emit(Event::End);
            return Ok(Sight::default());
        }
        let malformed = |fault: serde_json::Error| StreamError::Malformed(fault.to_string());
        let event: WireEvent<'a> = serde_json::from_str(data).map_err(malformed)?;
        self.dropped.note_unknown(&event.extra, "*");
        self.dropped.note_filled(event.logprobs, "logprobs");
        let delta = event.delta.unwrap_or_default();
        self.dropped.note_unknown(&delta.extra, "*");
        let (index, message) = (event.index.unwrap_or(0), delta.message.unwrap_or_default());
        self.dropped.note_unknown(&message.extra, "message.*");
        match event.kind.as_deref() {
            Some("message-start") => emit(Event::Start { id: event.id, model: None }),
            Some("content-start" | "content-delta") => {
                self.working = true;
                if let Some(raw) = message.content.filter(|raw| raw.get().starts_with('{')) {
                    self.part(serde_json::from_str(raw.get()).map_err(malformed)?, emit);
                }
            }
            Some("content-end") => emit(Event::BlockEnd),
            Some("tool-plan-delta") => emit_some(message.tool_plan, Event::Thinking, emit),
            Some("tool-call-start" | "tool-call-delta") => {
                if let Some(raw) = message.tool_calls.filter(|raw| raw.get().starts_with('{')) {
                    self.call(index, serde_json::from_str(raw.get()).map_err(malformed)?, emit);
                }
            }
            Some("tool-call-end") => self.call_end(index, emit),
            Some("citation-start") => self.dropped.note_filled(message.citations, CITATIONS),
            Some("citation-end") => {}
            Some("message-end") => {
                return self.message_end(delta.finish_reason.as_deref(), delta.usage, delta.error, emit);
            }
            // What a proxy between says instead of an event.
            None if event.message.is_some() => {
                let raw = serde_json::from_str(data).map_err(malformed)?;
                return Err(StreamError::Provider(provider::read_in_band(WireFormat::Cohere, raw)));
            }
            _ => self.dropped.note("*"),
        }
        Ok(Sight::default())
    }

    fn part<'a>(&mut self, part: Part<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        drop_of_part(&mut self.dropped, &part);
        emit_some(part.thinking, Event::Thinking, emit);
        emit_some(part.text, Event::Text, emit);
    }

    /// A call begins with its name; pieces without one go on with the call of their index.
    fn call<'a>(&mut self, index: u64, call: ToolCall<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        self.working = true;
        let Some(function) = call.function else { return };
        let ordinal = match (function.name, self.calls.iter().rposition(|known| known.index == index)) {
            (None, None) => return,
            (None, Some(known)) => known,
            (Some(name), _) => {
                let ordinal = self.calls.len();
                self.calls.push(Call { index, has_input: false });
                emit(Event::ToolStart { ordinal, id: call.id.filter(|id| !id.is_empty()), name });
                ordinal
            }
        };
        if let Some(json) = function.arguments.filter(|json| !json.is_empty()) {
            if let Some(call) = self.calls.get_mut(ordinal) {
                call.has_input = true;
            }
            emit(Event::ToolInput { ordinal, json });
        }
    }

    /// A call without a piece of input has none: an empty object.
    fn call_end<'a>(&mut self, index: u64, emit: &mut dyn FnMut(Event<'a>)) {
        if let Some((ordinal, call)) = self.calls.iter_mut().enumerate().rfind(|(_, call)| call.index == index)
            && !std::mem::replace(&mut call.has_input, true)
        {
            emit(Event::ToolInput { ordinal, json: "{}".into() });
        }
        emit(Event::BlockEnd);
    }

    fn message_end<'a>(
        &mut self,
        reason: Option<&str>,
        usage: Option<&'a RawValue>,
        error: Option<&'a RawValue>,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        if let Some(raw) = usage {
            self.sighted = usage::read(raw);
        }
        if let Some(error) = error {
            return Err(StreamError::Provider(provider::read_in_band(WireFormat::Cohere, error)));
        }
        match reason.map(read_finish) {
            Some(Some(finish)) => emit(Event::Finish { finish, stop_sequence: None }),
            Some(None) => {
                return Err(StreamError::Malformed("it ended with an error that it does not describe".into()));
            }
            None => {}
        }
        emit(Event::End);
        Ok(Sight { usage, usage_only: false })
    }
}

fn emit_some<'a>(text: Option<Text<'a>>, event: fn(Text<'a>) -> Event<'a>, emit: &mut dyn FnMut(Event<'a>)) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        emit(event(text));
    }
}
