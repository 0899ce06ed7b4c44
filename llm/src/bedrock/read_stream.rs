//! Reads the events of ConverseStream.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::read_answer::{ADDITIONAL, CITATIONS, IMAGE, OTHER_BLOCK, SERVER_TOOL, TRACE, ToolUse, read_finish};
use super::usage;
use crate::dropped::DroppedParts;
use crate::error::StreamError;
use crate::events::{Event, Sight};
use crate::usage::Sighted;
use crate::wire::{Text, record};

record! {
    /// The payload of any event. `p` is padding, which hides the length of what is said.
    Payload {
        "p" padding: IgnoredAny,
        "role" role: IgnoredAny,
        "contentBlockIndex" index: u64,
        "start" start: Start<'a>,
        "delta" delta: Delta<'a>,
        "stopReason" stop_reason: Text<'a>,
        "additionalModelResponseFields" additional: &'a RawValue,
        "usage" usage: &'a RawValue,
        "metrics" metrics: IgnoredAny,
        "trace" trace: &'a RawValue,
        "serviceTier" service_tier: &'a RawValue,
        "performanceConfig" performance: &'a RawValue,
    }
}

record! {
    Start {
        "toolUse" tool_use: ToolUse<'a>,
        "image" image: IgnoredAny,
    }
}

record! {
    Delta {
        "text" text: Text<'a>,
        "toolUse" tool_use: ToolDelta<'a>,
        "reasoningContent" reasoning: ReasoningDelta<'a>,
        "citation" citation: IgnoredAny,
        "image" image: IgnoredAny,
    }
}

record! {
    ToolDelta {
        "input" input: Text<'a>,
    }
}

record! {
    ReasoningDelta {
        "text" text: Text<'a>,
        "signature" signature: Text<'a>,
        "redactedContent" redacted: Text<'a>,
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

/// A call of a tool that has begun.
#[derive(Debug)]
struct Call {
    index: u64,
    has_input: bool,
}

impl StreamReader {
    /// Whether the model is at work.
    pub(crate) fn is_working(&self) -> bool {
        self.working
    }

    /// What was said of usage so far: all at once, with the last event.
    pub(crate) fn sighted(&self) -> Sighted {
        self.sighted
    }

    /// Reads one event, by its name.
    ///
    /// # Errors
    /// It is not what its name promises.
    pub(crate) fn read<'a>(
        &mut self,
        name: &str,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        let event: Payload<'a> =
            serde_json::from_str(data).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        self.dropped.note_unknown(&event.extra, "*");
        self.dropped.note_filled(event.additional, ADDITIONAL);
        self.dropped.note_filled(event.trace, TRACE);
        let index = event.index.unwrap_or(0);
        match name {
            "messageStart" => emit(Event::Start { id: None, model: None }),
            "contentBlockStart" => {
                self.working = true;
                self.block_start(index, event.start.unwrap_or_default(), emit);
            }
            "contentBlockDelta" => {
                self.working = true;
                self.block_delta(index, event.delta.unwrap_or_default(), emit);
            }
            "contentBlockStop" => {
                if let Some((ordinal, call)) = self.call_at(index)
                    && !std::mem::replace(&mut call.has_input, true)
                {
                    // A call without a piece of input has none: an empty object (rule 33).
                    emit(Event::ToolInput { ordinal, json: "{}".into() });
                }
                emit(Event::BlockEnd);
            }
            "messageStop" => {
                let Some(reason) = event.stop_reason else {
                    return Err(StreamError::Malformed("its messageStop has no stopReason".into()));
                };
                emit(Event::Finish { finish: read_finish(&reason), stop_sequence: None });
            }
            "metadata" => {
                self.sighted = usage::read(event.usage, event.service_tier, event.performance);
                emit(Event::End);
            }
            // Of the protocol, not of the model.
            "initial-response" => {}
            _ => self.dropped.note("*"),
        }
        Ok(Sight::default())
    }

    fn block_start<'a>(&mut self, index: u64, start: Start<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        if start.image.is_some() {
            self.dropped.note(IMAGE);
        }
        if !start.extra.is_empty() {
            self.dropped.note(OTHER_BLOCK);
        }
        match start.tool_use {
            Some(call) if call.kind.is_some() => self.dropped.note(SERVER_TOOL),
            Some(call) => {
                let ordinal = self.calls.len();
                self.calls.push(Call { index, has_input: false });
                emit(Event::ToolStart { ordinal, id: call.id, name: call.name.unwrap_or_default() });
            }
            None => {}
        }
    }

    fn block_delta<'a>(&mut self, index: u64, delta: Delta<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        if delta.citation.is_some() {
            self.dropped.note(CITATIONS);
        }
        if delta.image.is_some() {
            self.dropped.note(IMAGE);
        }
        if !delta.extra.is_empty() {
            self.dropped.note(OTHER_BLOCK);
        }
        let mut some = |text: Option<Text<'a>>, event: fn(Text<'a>) -> Event<'a>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                emit(event(text));
            }
        };
        some(delta.text, Event::Text);
        let reasoning = delta.reasoning.unwrap_or_default();
        some(reasoning.text, Event::Thinking);
        some(reasoning.signature, Event::Signature);
        some(reasoning.redacted, Event::RedactedThinking);
        let Some(json) = delta.tool_use.and_then(|call| call.input).filter(|json| !json.is_empty()) else { return };
        if let Some((ordinal, call)) = self.call_at(index) {
            call.has_input = true;
            emit(Event::ToolInput { ordinal, json });
        }
    }

    fn call_at(&mut self, index: u64) -> Option<(usize, &mut Call)> {
        self.calls.iter_mut().enumerate().rfind(|(_, call)| call.index == index)
    }
}
