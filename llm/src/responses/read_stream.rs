//! Reads the events of a streamed response.

use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::Units;

use super::read_answer::{
    ANNOTATIONS, LOGPROBS, OutputItem, OutputPart, Response, SUMMARY_BREAK, arguments_text, drop_of_item, drop_of_part,
    read_response, reasoning_text, sealed_reasoning,
};
use super::usage;
use super::wire_events::WireEvent;
use crate::dropped::DroppedParts;
use crate::error::{AnswerError, StreamError, provider};
use crate::events::{Event, Sight};
use crate::reply::Piece;
use crate::usage::Sighted;
use crate::wire::Text;

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    started: bool,
    /// The number of the last event.
    sequence: u64,
    items: Vec<Seen>,
    calls: usize,
    sighted: Sighted,
    /// What tools of the provider did.
    units: Units,
    working: bool,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
    /// The ids of reasoning that only its provider can read.
    bound: Vec<String>,
}

/// An item of the output that has begun.
#[derive(Debug)]
struct Seen {
    output_index: u64,
    /// The ordinal of a call.
    call: Option<usize>,
    /// Parts whose text came in pieces, by their index; reasoning counts its summary and itself apart.
    told: Vec<(Told, u64)>,
}

/// What can come in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Content,
    Summary,
    Input,
}

/// Reasoning ids of one answer that are remembered at most.
const MAX_BOUND: usize = 16;

impl StreamReader {
    /// Whether the model is at work: something came that is an answer, though nothing of it can be shown yet.
    pub(crate) fn is_working(&self) -> bool {
        self.working || !self.dropped.names().is_empty()
    }

    pub(crate) fn sighted(&self) -> Sighted {
        self.sighted
    }

    /// The number of the next event.
    pub(crate) fn next_sequence(&self) -> u64 {
        if self.started { self.sequence.saturating_add(1) } else { 0 }
    }

    /// The ids of reasoning items that only their provider can read.
    pub(crate) fn bound(&self) -> &[String] {
        &self.bound
    }

    /// Reads the data of one event.
    ///
    /// # Errors
    /// It is an error, or no event.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        // No part of this API, but some who follow it end so.
        if data.trim() == "[DONE]" {
            return Ok(Sight::default());
        }
        let event: WireEvent<'a> = parse(data)?;
        let Some(kind) = event.kind.clone() else {
            return match event.error {
                Some(error) => Err(StreamError::Provider(provider::read_in_band(WireFormat::Responses, error))),
                None => Err(StreamError::Malformed("an event has no type".into())),
            };
        };
        self.sequence = event.sequence_number.unwrap_or(self.sequence);
        match &*kind {
            "response.created" | "response.in_progress" | "response.queued" => self.start(event.response, emit)?,
            "response.output_item.added" => self.add(event, emit),
            "response.output_item.done" => self.finish_item(event, emit),
            "response.output_text.delta" | "response.refusal.delta" | "response.reasoning_text.delta" => {
                self.tell(&event, emit);
            }
            "response.output_text.done" | "response.refusal.done" | "response.reasoning_text.done" => {
                self.tell_whole(event, emit);
            }
            "response.reasoning_summary_text.delta" => self.summarize(&event, emit),
            "response.reasoning_summary_text.done" => self.summarize_whole(event, emit),
            "response.function_call_arguments.delta" => self.add_input(&event, emit),
            "response.function_call_arguments.done" => self.input_whole(&event, emit),
            "response.content_part.done" => {
                event.part.iter().for_each(|part| drop_of_part(&mut self.dropped, part));
            }
            "response.output_text.annotation.added" => self.dropped.note(ANNOTATIONS),
            "response.completed" | "response.incomplete" => return self.end(event.response, emit),
            "response.failed" | "response.cancelled" => return Err(failed(event.response)),
            "error" => {
                let error = match event.error {
                    Some(error) => provider::read_in_band(WireFormat::Responses, error),
                    None => provider::read_in_band(WireFormat::Responses, parse(data)?),
                };
                return Err(StreamError::Provider(error));
            }
            // Progress of the provider's own tools, and what is yet to be invented.
            _ => self.working = true,
        }
        Ok(Sight::default())
    }

    fn start<'a>(
        &mut self,
        response: Option<&'a RawValue>,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<(), StreamError> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let response: Response<'a> = response.map(|raw| parse(raw.get())).transpose()?.unwrap_or_default();
        emit(Event::Start { id: response.id, model: response.model });
        Ok(())
    }

    /// The item at an index, which begins when it is not known.
    fn seen(&mut self, output_index: Option<u64>) -> &mut Seen {
        let output_index = output_index.unwrap_or(0);
        let at = self.items.iter().rposition(|seen| seen.output_index == output_index).unwrap_or_else(|| {
            self.items.push(Seen { output_index, call: None, told: Vec::new() });
            self.items.len() - 1
        });
        &mut self.items[at]
    }

    fn add<'a>(&mut self, event: WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let Some(item) = event.item else { return };
        self.working = true;
        self.seen(event.output_index);
        if item.kind.as_deref() == Some("function_call") {
            self.begin_call(event.output_index, item.call_id, item.name, emit);
        }
    }

    fn begin_call<'a>(
        &mut self,
        output_index: Option<u64>,
        call_id: Option<Text<'a>>,
        name: Option<Text<'a>>,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> usize {
        let ordinal = self.calls;
        self.calls += 1;
        self.seen(output_index).call = Some(ordinal);
        let id = call_id.filter(|id| !id.is_empty());
        emit(Event::ToolStart { ordinal, id, name: name.unwrap_or_default() });
        ordinal
    }

    /// A piece of a message's text, of a refusal or of reasoning that is shown as it is.
    fn tell<'a>(&mut self, event: &WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        self.dropped.note_filled(event.logprobs, LOGPROBS);
        let Some(delta) = text_of(event.delta) else { return };
        self.seen(event.output_index).mark(Told::Content, event.content_index);
        emit(of_kind(event.kind.as_deref(), delta));
    }

    /// The same whole: said here when no piece of it came (some providers send none).
    fn tell_whole<'a>(&mut self, event: WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let news = self.seen(event.output_index).mark(Told::Content, event.content_index);
        if let Some(text) = event.text.or(event.refusal).filter(|text| news && !text.is_empty()) {
            emit(of_kind(event.kind.as_deref(), text));
        }
    }

    fn summarize<'a>(&mut self, event: &WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let Some(delta) = text_of(event.delta) else { return };
        let (first, index) = (event.summary_index.unwrap_or(0) == 0, event.summary_index);
        if self.seen(event.output_index).mark(Told::Summary, index) && !first {
            emit(Event::Thinking(SUMMARY_BREAK.into()));
        }
        emit(Event::Thinking(delta));
    }

    fn summarize_whole<'a>(&mut self, event: WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let (first, index) = (event.summary_index.unwrap_or(0) == 0, event.summary_index);
        let news = self.seen(event.output_index).mark(Told::Summary, index);
        let Some(text) = event.text.filter(|text| news && !text.is_empty()) else { return };
        if !first {
            emit(Event::Thinking(SUMMARY_BREAK.into()));
        }
        emit(Event::Thinking(text));
    }

    fn add_input<'a>(&mut self, event: &WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let seen = self.seen(event.output_index);
        let (Some(ordinal), Some(json)) = (seen.call, text_of(event.delta)) else { return };
        seen.mark(Told::Input, None);
        emit(Event::ToolInput { ordinal, json });
    }

    /// The whole input of a call, which some providers send without pieces before.
    fn input_whole<'a>(&mut self, event: &WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let seen = self.seen(event.output_index);
        let Some(ordinal) = seen.call else { return };
        let Some(json) = arguments_text(event.arguments).filter(|json| !json.is_empty()) else { return };
        if seen.mark(Told::Input, None) {
            emit(Event::ToolInput { ordinal, json });
        }
    }

    /// An item is whole: what of it has not been said is said now.
    fn finish_item<'a>(&mut self, event: WireEvent<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let Some(item) = event.item else { return };
        let index = event.output_index;
        drop_of_item(&mut self.dropped, &item);
        match item.kind.as_deref() {
            Some("function_call") => {
                let call = self.seen(index).call;
                let ordinal = call.unwrap_or_else(|| self.begin_call(index, item.call_id, item.name, emit));
                let news = self.seen(index).mark(Told::Input, None);
                if news {
                    let json = arguments_text(item.arguments).filter(|json| !json.is_empty());
                    emit(Event::ToolInput { ordinal, json: json.unwrap_or_else(|| "{}".into()) });
                }
            }
            Some("message") => {
                for (part_index, part) in item.content.into_iter().flatten().enumerate() {
                    if self.seen(index).mark(Told::Content, Some(part_index as u64)) {
                        say(part, emit);
                    }
                }
            }
            Some("reasoning") => self.finish_reasoning(index, item, emit),
            Some(other) => {
                usage::count_item(&mut self.units, other);
                return;
            }
            None => return,
        }
        emit(Event::BlockEnd);
    }

    fn finish_reasoning<'a>(&mut self, index: Option<u64>, item: OutputItem<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        if item.encrypted_content.is_some() && self.bound.len() < MAX_BOUND {
            self.bound.extend(item.id.as_deref().filter(|id| id.len() <= 128).map(str::to_owned));
        }
        let signature = sealed_reasoning(&item);
        if self.seen(index).told.is_empty() {
            let text = reasoning_text(item);
            if !text.is_empty() {
                emit(Event::Thinking(text));
            }
        }
        if let Some(signature) = signature {
            emit(Event::Signature(signature));
        }
    }

    fn end<'a>(
        &mut self,
        response: Option<&'a RawValue>,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        let Some(raw) = response else {
            return Err(StreamError::Malformed("its last event has no response".into()));
        };
        self.start(Some(raw), emit)?;
        let response: Response<'a> = parse(raw.get())?;
        let usage = response.usage;
        let sighted = response.sighted();
        let reply = read_response(response).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        self.sighted = Sighted { units: if sighted.units.is_empty() { self.units } else { sighted.units }, ..sighted };
        // Who tells nothing on the way tells all of it here.
        if self.items.is_empty() {
            reply.dropped.names().into_iter().for_each(|name| self.dropped.note(name));
            reply.pieces.into_iter().for_each(|piece| self.say_piece(piece, emit));
        }
        if let Some(finish) = reply.finish {
            emit(Event::Finish { finish, stop_sequence: None });
        }
        emit(Event::End);
        Ok(Sight { usage, usage_only: false })
    }

    fn say_piece<'a>(&mut self, piece: Piece<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        match piece {
            Piece::Text(text) => emit(Event::Text(text)),
            Piece::Refusal(text) => emit(Event::Refusal(text)),
            Piece::Thinking { text, signature } => {
                if !text.is_empty() {
                    emit(Event::Thinking(text));
                }
                if !signature.is_empty() {
                    emit(Event::Signature(signature));
                }
            }
            Piece::RedactedThinking { data } => emit(Event::RedactedThinking(data)),
            Piece::ToolUse { id, name, input } => {
                let ordinal = self.begin_call(None, id, Some(name), emit);
                emit(Event::ToolInput { ordinal, json: input.get().to_owned().into() });
            }
        }
        emit(Event::BlockEnd);
    }
}

impl Seen {
    /// Notes that a part has been told; whether it is the first that is heard of it.
    fn mark(&mut self, what: Told, index: Option<u64>) -> bool {
        let part = (what, index.unwrap_or(0));
        let news = !self.told.contains(&part);
        if news {
            self.told.push(part);
        }
        news
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, StreamError> {
    serde_json::from_str(text).map_err(|fault| StreamError::Malformed(fault.to_string()))
}

fn text_of(delta: Option<&RawValue>) -> Option<Text<'_>> {
    let text: Text<'_> = serde_json::from_str(delta?.get()).ok()?;
    (!text.is_empty()).then_some(text)
}

fn of_kind<'a>(kind: Option<&str>, text: Text<'a>) -> Event<'a> {
    match kind {
        Some(kind) if kind.starts_with("response.refusal") => Event::Refusal(text),
        Some(kind) if kind.starts_with("response.reasoning") => Event::Thinking(text),
        _ => Event::Text(text),
    }
}

fn say<'a>(part: OutputPart<'a>, emit: &mut dyn FnMut(Event<'a>)) {
    match (part.text, part.refusal) {
        (Some(text), _) if !text.is_empty() => emit(Event::Text(text)),
        (_, Some(refusal)) if !refusal.is_empty() => emit(Event::Refusal(refusal)),
        _ => {}
    }
}

/// The error of a response that failed.
fn failed(response: Option<&RawValue>) -> StreamError {
    let response: Response<'_> = response.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    match response.check() {
        Err(AnswerError::Provider(error)) => StreamError::Provider(error),
        _ => StreamError::Malformed("it failed without an error".into()),
    }
}
