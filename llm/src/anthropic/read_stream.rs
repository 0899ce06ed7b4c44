//! Reads the events of a streamed message.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use super::read_answer::{CITATIONS, ContentBlock, STOP_SEQUENCE, drop_of_block, read_finish};
use super::usage::WireUsage;
use crate::dropped::DroppedParts;
use crate::error::{StreamError, provider};
use crate::events::{Event, Sight};
use crate::usage::Sighted;
use crate::wire::{Text, record};

record! {
    WireEvent {
        "type" kind: Text<'a>,
        "index" index: u64,
        "message" message: StartMessage<'a>,
        "content_block" content_block: ContentBlock<'a>,
        "delta" delta: Delta<'a>,
        "usage" usage: &'a RawValue,
        "error" error: &'a RawValue,
    }
}

record! {
    StartMessage {
        "id" id: Text<'a>,
        "type" kind: IgnoredAny,
        "role" role: IgnoredAny,
        "model" model: Text<'a>,
        "content" content: IgnoredAny,
        "stop_reason" stop_reason: IgnoredAny,
        "stop_sequence" stop_sequence: IgnoredAny,
        "usage" usage: &'a RawValue,
    }
}

record! {
    /// The delta of a block, told apart by which field it has, and that of the message.
    Delta {
        "type" kind: IgnoredAny,
        "text" text: Text<'a>,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
        "partial_json" partial_json: Text<'a>,
        "citation" citation: IgnoredAny,
        "stop_reason" stop_reason: Text<'a>,
        "stop_sequence" stop_sequence: Text<'a>,
    }
}

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    started: bool,
    /// A block has begun, of whatever kind.
    working: bool,
    usage: WireUsage,
    /// Whether the final number of output tokens has come; the one at the start only counts the first.
    final_output: bool,
    calls: Vec<Call>,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
}

/// A `tool_use` block that has begun.
#[derive(Debug)]
struct Call {
    index: u64,
    /// Input that came whole with the start.
    whole: Option<String>,
    has_input: bool,
}

impl StreamReader {
    /// Whether the model is at work, be it at something that is no content yet (thinking that is not shown, a search).
    pub(crate) fn is_working(&self) -> bool {
        self.working
    }

    /// What was said of usage so far.
    pub(crate) fn sighted(&self) -> Sighted {
        let sighted = self.usage.sighted();
        if self.final_output { sighted } else { Sighted { output: None, ..sighted } }
    }

    /// Reads the data of one event. The name beside it says nothing that the data does not.
    ///
    /// # Errors
    /// It is an error, or no event of a message.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        let event: WireEvent<'a> =
            serde_json::from_str(data).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        if let Some(error) = event.error {
            return Err(StreamError::Provider(provider::read_in_band(WireFormat::Anthropic, error)));
        }
        self.dropped.note_unknown(&event.extra, "*");
        let index = event.index.unwrap_or(0);
        match event.kind.as_deref() {
            Some("message_start") => self.message_start(event.message.unwrap_or_default(), emit),
            Some("content_block_start") => {
                self.working = true;
                if let Some(block) = event.content_block {
                    self.block_start(index, block, emit)?;
                }
            }
            Some("content_block_delta") => self.block_delta(index, event.delta.unwrap_or_default(), emit),
            Some("content_block_stop") => self.block_stop(index, emit),
            Some("message_delta") => {
                if let Some(raw) = event.usage {
                    let later = WireUsage::read(raw);
                    self.final_output |= later.sighted().output.is_some();
                    self.usage.update(later);
                }
                let delta = event.delta.unwrap_or_default();
                self.dropped.note_unknown(&delta.extra, "*");
                if delta.stop_sequence.as_deref().is_some_and(|sequence| !sequence.is_empty()) {
                    self.dropped.note(STOP_SEQUENCE);
                }
                if let Some(reason) = delta.stop_reason {
                    emit(Event::Finish { finish: read_finish(&reason), stop_sequence: delta.stop_sequence });
                }
                return Ok(Sight { usage: event.usage, usage_only: false });
            }
            Some("message_stop") => emit(Event::End),
            Some("ping") => emit(Event::Ping),
            // New kinds of events are to be ignored: <https://docs.anthropic.com/en/api/versioning>.
            _ => self.dropped.note("*"),
        }
        Ok(Sight::default())
    }

    fn message_start<'a>(&mut self, message: StartMessage<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        self.dropped.note_unknown(&message.extra, "*");
        if let Some(raw) = message.usage {
            self.usage.update(WireUsage::read(raw));
        }
        if !std::mem::replace(&mut self.started, true) {
            emit(Event::Start { id: message.id, model: message.model });
        }
    }

    fn block_start<'a>(
        &mut self,
        index: u64,
        block: ContentBlock<'a>,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<(), StreamError> {
        drop_of_block(&mut self.dropped, &block);
        let some = |text: Option<Text<'a>>| text.filter(|text| !text.is_empty());
        let Some(kind) = &block.kind else {
            return Err(StreamError::Malformed("a block of its content has no type".into()));
        };
        match &**kind {
            "text" => emit_some(some(block.text), Event::Text, emit),
            "thinking" => emit_some(some(block.thinking), Event::Thinking, emit),
            "redacted_thinking" => emit_some(block.data, Event::RedactedThinking, emit),
            "tool_use" => {
                let ordinal = self.calls.len();
                let whole = block.input.map(RawValue::get).filter(|json| json.len() > 2).map(str::to_owned);
                self.calls.push(Call { index, whole, has_input: false });
                emit(Event::ToolStart { ordinal, id: block.id, name: block.name.unwrap_or_default() });
            }
            _ => {}
        }
        Ok(())
    }

    fn block_delta<'a>(&mut self, index: u64, delta: Delta<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        if delta.citation.is_some() {
            self.dropped.note(CITATIONS);
        }
        self.dropped.note_unknown(&delta.extra, "content[].*");
        emit_some(delta.text, Event::Text, emit);
        emit_some(delta.thinking, Event::Thinking, emit);
        emit_some(delta.signature, Event::Signature, emit);
        let Some(json) = delta.partial_json.filter(|json| !json.is_empty()) else { return };
        if let Some((ordinal, call)) = self.call_at(index) {
            call.has_input = true;
            emit(Event::ToolInput { ordinal, json });
        }
    }

    /// A call without a piece of input has the input it started with, or none: an empty object (rule 33).
    fn block_stop<'a>(&mut self, index: u64, emit: &mut dyn FnMut(Event<'a>)) {
        if let Some((ordinal, call)) = self.call_at(index)
            && !std::mem::replace(&mut call.has_input, true)
        {
            let json = call.whole.take().unwrap_or_else(|| "{}".to_owned()).into();
            emit(Event::ToolInput { ordinal, json });
        }
        emit(Event::BlockEnd);
    }

    fn call_at(&mut self, index: u64) -> Option<(usize, &mut Call)> {
        self.calls.iter_mut().enumerate().rfind(|(_, call)| call.index == index)
    }
}

fn emit_some<'a>(text: Option<Text<'a>>, event: fn(Text<'a>) -> Event<'a>, emit: &mut dyn FnMut(Event<'a>)) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        emit(event(text));
    }
}
