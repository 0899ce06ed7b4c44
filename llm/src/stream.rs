//! From the upstream's stream to the caller's, however the bytes are cut.

mod forward;
mod framing;
mod passed;
mod reader;
mod shape;
mod tally;
mod writer;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

use crate::answer::AnswerContext;
use crate::error::{StreamError, WireError, error_event};
use crate::events::{Event, Sight};
use crate::pricing::{Cost, Pricing};
use crate::reply::Finish;
use crate::sse::Frame;
use crate::usage::{Sighted, estimate};
use crate::wire::is_json;
use crate::{openai, responses};
use framing::Framing;
use passed::Passed;
use reader::Reader;
use shape::Shape;
use tally::Tally;
use writer::Writer;

/// Reads one upstream stream and writes the caller's.
///
/// Within one dialect every event is passed on byte for byte, comments included; only a usage object gets its cost,
/// and the usage chunk that Weir asked for, not the caller, is taken out.
pub struct StreamTranslator {
    framing: Framing,
    relay: Relay,
    /// In place of the others for what is no chat.
    passed: Option<Passed>,
    shape: Shape,
}

/// All but the parser, so that the parser can hand its events to it.
struct Relay {
    context: AnswerContext,
    pricing: Arc<dyn Pricing>,
    reader: Reader,
    writer: Writer,
    /// The writer was told that the answer begins.
    started: bool,
    tally: Tally,
}

impl StreamTranslator {
    /// For one attempt whose answer is a stream with status 200.
    #[must_use]
    pub fn new(context: AnswerContext, pricing: Arc<dyn Pricing>) -> Self {
        let reader = Reader::new(&context);
        let writer = Writer::new(&context);
        let passed = Passed::new(&context);
        let shape = Shape::new(&context, matches!(writer, Writer::Forward));
        let relay = Relay { context, pricing, reader, writer, started: false, tally: Tally::default() };
        Self { framing: Framing::of(relay.context.upstream), relay, passed, shape }
    }

    /// Takes bytes as they came, cut anywhere, and appends to `out` what the caller is to get.
    ///
    /// # Errors
    /// The provider sent an error event, or something that is not its dialect. `out` then holds all that came before.
    pub fn push(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<(), StreamError> {
        if let Some(passed) = &mut self.passed {
            return passed.push(bytes, out);
        }
        self.write(out, |translator, out| translator.framing.push(bytes, &mut translator.relay, out))
    }

    /// At the upstream's end: completes the caller's stream. A stream that named its finish but lacks the event that
    /// ends it is completed; one that did neither was cut.
    ///
    /// # Errors
    /// [`StreamError::Cut`] when the stream ended before it was complete; nothing is then written that looks like an
    /// end. As [`Self::push`] for a last event without its blank line.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), StreamError> {
        if let Some(passed) = &mut self.passed {
            return passed.finish(out);
        }
        self.write(out, Self::complete)
    }

    /// Whether the caller gets one JSON list in the place of events.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.shape, Shape::List(_))
    }

    /// Runs what writes events, and puts them into the form that the caller wants.
    fn write(
        &mut self,
        out: &mut BytesMut,
        run: impl FnOnce(&mut Self, &mut BytesMut) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        if matches!(self.shape, Shape::Events) {
            return run(self, out);
        }
        let mut events = BytesMut::new();
        let result = run(self, &mut events);
        self.shape.take(&events, self.relay.tally.complete, out);
        result
    }

    fn complete(&mut self, out: &mut BytesMut) -> Result<(), StreamError> {
        let last = self.framing.finish(&mut self.relay, out);
        let relay = &mut self.relay;
        match last {
            // Half an event is a cut, not a fault of the dialect.
            Err(StreamError::Malformed(_)) if relay.tally.finish.is_none() => return Err(StreamError::Cut),
            Err(StreamError::Malformed(_)) | Ok(()) => {}
            Err(error) => return Err(error),
        }
        if relay.tally.complete {
            return Ok(());
        }
        if relay.tally.finish.is_none() {
            return Err(StreamError::Cut);
        }
        relay.end(out);
        Ok(())
    }

    /// Tells a caller, who has got what was written so far, that the stream failed. As [`error_event`], but with what
    /// the dialect wants repeated of the stream.
    pub fn fail(&mut self, error: &WireError, out: &mut BytesMut) {
        let mut event = BytesMut::new();
        let Relay { context, reader, writer, tally, .. } = &mut self.relay;
        match (writer, reader) {
            (Writer::Responses(writer), _) => writer.fail(error, context, &mut event),
            (Writer::Forward, Reader::Responses(reader)) => {
                let (id, model, next) = (tally.id.as_deref(), tally.model.as_deref(), reader.next_sequence());
                let mut writer = responses::write_stream::StreamWriter::resumed(id, model, next, context);
                writer.fail(error, context, &mut event);
            }
            _ => event.put_slice(&error_event(context.inbound, error)),
        }
        self.shape.take(&event, true, out);
    }

    /// The ids of reasoning that only the account that gave it can read, for a caller of another dialect than its
    /// provider's. Empty but for providers of the Responses API.
    #[must_use]
    pub fn bound(&self) -> Vec<String> {
        match (&self.relay.reader, &self.relay.writer) {
            (_, Writer::Forward) => Vec::new(),
            (Reader::Responses(reader), _) => reader.bound().to_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether a first piece of the answer itself (text, reasoning, a tool call, a finish) has come. Up to then
    /// nothing of worth is in `out`, and another target may be tried.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.passed.as_ref().map_or(self.relay.tally.has_content, Passed::has_content)
    }

    /// Whether the model is at work, though nothing of the answer itself may have come: an Anthropic block that shows
    /// nothing (thinking, a search), or parts of a kind that is not known. Pings and comments alone do not tell.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.relay.reader.is_working()
    }

    /// Whether the event that ends the stream has come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.relay.tally.complete
    }

    /// What was consumed so far. Numbers that the provider has not given are estimated from what was delivered, four
    /// bytes of text per token, and `source` says so. An attempt that failed or ended before its first event
    /// consumed nothing.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.passed.as_ref().map_or_else(|| self.relay.usage(), Passed::usage)
    }

    /// What [`Self::usage`] costs; `None` when the price is unknown.
    #[must_use]
    pub fn cost(&self) -> Option<NanoUsd> {
        self.relay.pricing.cost(&self.usage())
    }

    /// Why the model stopped, once it has said so.
    #[must_use]
    pub fn finish_reason(&self) -> Option<Finish> {
        let tally = &self.relay.tally;
        match self.relay.writer {
            Writer::Forward => tally.ending().settled(),
            _ => tally.finish.map(|_| tally.settled_finish()),
        }
    }

    /// The model that the provider says answers.
    #[must_use]
    pub fn upstream_model(&self) -> Option<&str> {
        self.relay.tally.model.as_deref()
    }

    /// The provider's id of the answer.
    #[must_use]
    pub fn response_id(&self) -> Option<&str> {
        self.relay.tally.id.as_deref()
    }

    /// What was left out so far because the caller's dialect has no place for it: names as in
    /// [`Answer::dropped`](crate::Answer::dropped). Empty within one dialect.
    #[must_use]
    pub fn dropped(&self) -> Vec<&'static str> {
        match &self.relay.writer {
            Writer::Forward => Vec::new(),
            Writer::Completion(writer) => self.relay.reader.dropped().into_iter().chain(writer.dropped()).collect(),
            _ => self.relay.reader.dropped(),
        }
    }
}

impl Relay {
    fn take(&mut self, frame: &Frame<'_>, out: &mut BytesMut) -> Result<(), StreamError> {
        let forward = matches!(self.writer, Writer::Forward);
        let stray = frame.data.is_none().then(|| self.stray_error(frame.raw)).flatten();
        let Some(data) = frame.data.as_ref().or(stray.as_ref()) else {
            if forward {
                out.put_slice(frame.raw);
            } else if frame.raw.starts_with(b":") && !self.tally.complete {
                self.writer.write(Event::Ping, &self.tally, &self.context, out);
            }
            return Ok(());
        };
        if self.tally.complete {
            return Ok(());
        }
        let text = std::str::from_utf8(data).map_err(|_| StreamError::Malformed("an event is not UTF-8".into()));
        match text.and_then(|text| self.read("", text, out).map(|sight| (text, sight))) {
            Ok((text, sight)) if forward => self.forward(frame, text, &sight, out),
            Ok(_) => {}
            // What the provider's own clients would have to bear is not for Weir to judge; but one element that is no
            // JSON would make a list unreadable as a whole.
            Err(StreamError::Malformed(_)) if forward && (!self.context.json_array || is_json(data)) => {
                out.put_slice(frame.raw);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Google puts an error into a stream that has begun as bare JSON, on lines that are no event's.
    fn stray_error<'f>(&self, raw: &'f [u8]) -> Option<Cow<'f, [u8]>> {
        let json = raw.trim_ascii();
        (matches!(self.reader, Reader::Gemini(_)) && json.starts_with(b"{")).then_some(Cow::Borrowed(json))
    }

    /// The last event, whose blank line is missing: what is whole is taken as ever, half of one is nothing, so that an
    /// error event may follow.
    fn take_last(&mut self, frame: &Frame<'_>, out: &mut BytesMut) -> Result<(), StreamError> {
        let stray = frame.data.is_none().then(|| self.stray_error(frame.raw)).flatten();
        let data = frame.data.as_ref().or(stray.as_ref());
        let Some(data) = data.filter(|_| !self.tally.complete) else { return Ok(()) };
        let done = data.trim_ascii() == b"[DONE]";
        if !done && !is_json(data) {
            return Err(StreamError::Malformed("its last event is cut".into()));
        }
        let before = out.len();
        self.take(frame, out)?;
        if out.len() > before && !out.ends_with(b"\n\n") {
            out.put_slice(b"\n\n");
        }
        Ok(())
    }

    /// Reads an event, whose name counts where the data does not say what it is; when translating, writes what it
    /// becomes.
    fn read<'a>(&mut self, name: &str, data: &'a str, out: &mut BytesMut) -> Result<Sight<'a>, StreamError> {
        let Self { reader, writer, started, tally, context, .. } = self;
        let mut emit = |mut event: Event<'a>| {
            tally.count(&event);
            match &mut event {
                Event::ToolStart { name, .. } => *name = context.tool_names.callers(std::mem::take(name)),
                Event::Start { model, .. } => *model = context.wanted.model(model.take()),
                _ => {}
            }
            // A provider may leave its first event out, or send it late: the caller's answer begins once, and first.
            match (&event, *started) {
                (Event::Start { .. }, true) => return,
                (Event::Start { .. }, false) => *started = true,
                (Event::Ping | Event::End, _) | (_, true) => {}
                (_, false) => {
                    *started = true;
                    writer.write(Event::Start { id: None, model: context.wanted.model(None) }, tally, context, out);
                }
            }
            writer.write(event, tally, context, out);
        };
        let sight = reader.read(name, data, &mut emit)?;
        if self.tally.complete && !matches!(self.writer, Writer::Forward) {
            self.end(out);
        }
        Ok(sight)
    }

    /// Writes the end of the caller's stream.
    fn end(&mut self, out: &mut BytesMut) {
        self.tally.complete = true;
        self.writer.settle(&mut self.started, &self.tally, &self.context, out);
        let (usage, finish) = (self.usage(), self.tally.settled_finish());
        let cost = Cost(self.pricing.cost(&usage));
        let wanted = self.context.include_usage.then_some((&usage, cost));
        match &mut self.writer {
            Writer::Completion(writer) => writer.end(wanted, &self.context, out),
            Writer::Openai(writer) => writer.end(wanted, &self.context, out),
            Writer::Anthropic(writer) => writer.end(finish, &usage, cost, &self.context, out),
            Writer::Responses(writer) => writer.end(finish, &usage, cost, &self.context, out),
            Writer::Gemini(writer) => writer.end(finish, &usage, cost, &self.context, out),
            Writer::Forward => match self.context.inbound {
                Dialect::Openai => {
                    self.add_missing_usage(out);
                    out.put_slice(b"data: [DONE]\n\n");
                }
                Dialect::Anthropic => {
                    out.put_slice(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
                }
                // Its finish and its end are one event.
                Dialect::Responses => {}
                // The last event is like the others.
                Dialect::Gemini => {}
            },
        }
    }

    /// Same dialect: the bytes as they are, but for usage.
    fn forward(&mut self, frame: &Frame<'_>, data: &str, sight: &Sight<'_>, out: &mut BytesMut) {
        match sight.usage {
            Some(_) if sight.usage_only && !self.context.include_usage && self.is_openai() => {}
            Some(raw) => {
                let cost = Cost(self.pricing.cost(&self.usage()));
                forward::with_cost(frame, data, raw, cost, out);
            }
            None => {
                if self.tally.complete {
                    self.add_missing_usage(out);
                }
                out.put_slice(frame.raw);
            }
        }
    }

    /// A caller who asked for usage gets it, even from a provider that cannot be asked: estimated, before the end.
    fn add_missing_usage(&mut self, out: &mut BytesMut) {
        if !self.is_openai() || !self.context.include_usage || !self.sighted().is_empty() {
            return;
        }
        let usage = self.usage();
        let cost = Cost(self.pricing.cost(&usage));
        let mut writer = openai::write_stream::StreamWriter::default();
        // Every chunk of a stream carries the same head, this one too.
        let mut context = self.context.clone();
        if let Reader::Openai(reader) = &self.reader {
            context.created = reader.created().unwrap_or(context.created);
        }
        writer.start(self.tally.id.as_deref(), self.tally.model.as_deref(), &context);
        writer.usage_chunk(&usage, cost, &context, out);
    }

    fn is_openai(&self) -> bool {
        self.context.inbound == Dialect::Openai
    }

    fn sighted(&self) -> Sighted {
        self.reader.sighted()
    }

    fn usage(&self) -> Usage {
        let sighted = self.sighted();
        let idle = !self.tally.begun || (self.tally.failed && !self.tally.has_content);
        if idle && sighted.is_empty() {
            return Usage::default();
        }
        sighted.complete(self.context.estimated_input, estimate(self.tally.text_bytes))
    }
}

#[cfg(test)]
mod tests;
