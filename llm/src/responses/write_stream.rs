//! Writes the events of a streamed response: the whole set that the official SDKs put a response together from, numbered
//! without a gap (rule 34).

use bytes::{BufMut, BytesMut};
use serde::Serialize;
use weir_domain::usage::Usage;

use super::items::{Ids, Item, Part, Standing, Status, Summary, settle};
use super::sealed;
use super::wire_events::{
    Arguments, Called, Delta, HasPart, HasSummary, Indexed, Place, Placed, Refused, Summarized, TextDelta, TextDone,
    WholeText,
};
use crate::answer::AnswerContext;
use crate::anthropic::json_end::JsonEnd;
use crate::error::WireError;
use crate::events::Event;
use crate::pricing::Cost;
use crate::reply::{Finish, call_id};

/// What must be remembered from event to event.
#[derive(Debug, Default)]
pub(crate) struct StreamWriter {
    ids: Ids,
    model: String,
    /// The number of the next event.
    sequence: u64,
    output: Vec<Item>,
    /// Items whose end has not been told, by index. Calls may be open side by side.
    open: Vec<Open>,
}

/// An item whose end has not been told.
#[derive(Debug)]
struct Open {
    index: usize,
    /// Which call it is, and where its input ends.
    call: Option<(usize, JsonEnd)>,
}

impl Open {
    /// Whether nothing more of it will come once another item begins: a call ends only where its JSON does.
    fn may_end(&self) -> bool {
        self.call.as_ref().is_none_or(|(_, input)| input.is_whole())
    }
}

impl StreamWriter {
    /// Writes what `event` is for this dialect. The end is written by [`Self::end`].
    pub(crate) fn write(&mut self, event: Event<'_>, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), context, out),
            Event::Text(text) => self.say(&text, false, out),
            Event::Refusal(text) => self.say(&text, true, out),
            Event::Thinking(text) => self.think(&text, out),
            Event::Signature(signature) => self.sign(sealed::seal_signature(&signature), out),
            Event::RedactedThinking(data) => {
                self.close_ended(out);
                self.sign(sealed::seal_redacted(&data), out);
                self.close_ended(out);
            }
            Event::ToolStart { ordinal, id, name } => {
                self.close_ended(out);
                let call_id = id.map_or_else(|| call_id(&context.request_id, ordinal), |id| id.0.into_owned());
                let item = Item::call(self.ids.item("fc_", self.output.len()), call_id, name.0.into_owned());
                self.begin(item, Some((ordinal, JsonEnd::default())), out);
            }
            Event::ToolInput { ordinal, json } => self.add_input(ordinal, &json, out),
            // Text that follows text is of one message.
            Event::BlockEnd if self.speaks() => {}
            Event::BlockEnd => self.close_ended(out),
            Event::Ping => out.put_slice(b": keep-alive\n\n"),
            Event::Finish { .. } | Event::OtherChoice(_) | Event::End => {}
        }
    }

    /// Writes the end of the response.
    pub(crate) fn end(
        &mut self,
        finish: Finish,
        usage: &Usage,
        cost: Cost,
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        if self.sequence == 0 {
            self.start(None, None, context, out);
        }
        let (status, reason) = settle(finish, &self.output);
        let last = self.output.len().saturating_sub(1);
        while !self.open.is_empty() {
            let open = self.open.remove(0);
            let with = if status == Status::Incomplete && open.index == last { status } else { Status::Completed };
            self.close(&open, with, out);
        }
        let kind = if status == Status::Incomplete { "response.incomplete" } else { "response.completed" };
        self.response(kind, (status, reason, None), Some((usage, cost)), context, out);
    }

    /// Tells a caller whose stream has begun that it failed: what was said so far stands in it.
    pub(crate) fn fail(&mut self, error: &WireError, context: &AnswerContext, out: &mut BytesMut) {
        if self.sequence == 0 {
            self.start(None, None, context, out);
        }
        self.response("response.failed", (Status::Failed, None, Some(error)), None, context, out);
    }

    /// A writer that goes on where a provider's own stream broke off.
    pub(crate) fn resumed(id: Option<&str>, model: Option<&str>, sequence: u64, context: &AnswerContext) -> Self {
        let mut ids = Ids::new(id, &context.request_id);
        if let Some(id) = id {
            ids.response = id.to_owned();
        }
        Self { ids, model: model.unwrap_or_default().to_owned(), sequence, ..Self::default() }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, context: &AnswerContext, out: &mut BytesMut) {
        self.ids = Ids::new(id, &context.request_id);
        model.unwrap_or_default().clone_into(&mut self.model);
        for kind in ["response.created", "response.in_progress"] {
            self.response(kind, (Status::InProgress, None, None), None, context, out);
        }
    }

    /// Writes an event that holds the response as it stands.
    fn response(
        &mut self,
        kind: &str,
        (status, reason, error): (Status, Option<&'static str>, Option<&WireError>),
        usage: Option<(&Usage, Cost)>,
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        let (ids, model) = (&self.ids, self.model.as_str());
        let mut object = Vec::new();
        // These values always serialise.
        let _ = Standing { ids, model, status, reason, error, output: &self.output, usage }.write(context, &mut object);
        head(kind, &mut self.sequence, out);
        out.put_slice(b",\"response\":");
        out.put_slice(&object);
        out.put_slice(b"}\n\n");
    }

    /// Adds to what the model says, in words of its own or in those of a refusal.
    fn say(&mut self, text: &str, refusal: bool, out: &mut BytesMut) {
        let index = self.message(out);
        let Some(Item::Message { id, content, .. }) = self.output.get_mut(index) else { return };
        let fits = |part: &Part| matches!(part, Part::Refusal { .. }) == refusal;
        if !content.last().is_some_and(fits) {
            if let Some(part) = content.last() {
                end_part(&place(id, index, content.len() - 1), part, &mut self.sequence, out);
            }
            let part = if refusal { Part::refusal("") } else { Part::text("") };
            let added = Placed { at: &place(id, index, content.len()), more: HasPart { part: &part } };
            event("response.content_part.added", &added, &mut self.sequence, out);
            content.push(part);
        }
        let at = place(id, index, content.len().saturating_sub(1));
        let Some(part) = content.last_mut() else { return };
        part.content().push_str(text);
        if refusal {
            event("response.refusal.delta", &Placed { at: &at, more: Delta { delta: text } }, &mut self.sequence, out);
        } else {
            let more = TextDelta { delta: text, logprobs: [] };
            event("response.output_text.delta", &Placed { at: &at, more }, &mut self.sequence, out);
        }
    }

    /// Whether a message is open.
    fn speaks(&self) -> bool {
        self.open.iter().any(|open| matches!(self.output.get(open.index), Some(Item::Message { .. })))
    }

    /// The index of the message that is open, or of a new one.
    fn message(&mut self, out: &mut BytesMut) -> usize {
        let is_message = |open: &&Open| matches!(self.output.get(open.index), Some(Item::Message { .. }));
        if let Some(open) = self.open.iter().find(is_message) {
            return open.index;
        }
        self.close_ended(out);
        let item = Item::message(self.ids.item("msg_", self.output.len()));
        self.begin(item, None, out)
    }

    /// Adds to the reasoning that is open, or begins some.
    fn think(&mut self, text: &str, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        let index = self.reasoning(out);
        let Some(Item::Reasoning { id, summary, .. }) = self.output.get_mut(index) else { return };
        if summary.is_empty() {
            let part = Summary::SummaryText { text: String::new() };
            let more = HasSummary { part: &part };
            let added = Summarized { item_id: id, output_index: index, summary_index: 0, more };
            event("response.reasoning_summary_part.added", &added, &mut self.sequence, out);
            summary.push(part);
        }
        if let Some(Summary::SummaryText { text: whole }) = summary.last_mut() {
            whole.push_str(text);
        }
        let delta = Summarized { item_id: id, output_index: index, summary_index: 0, more: Delta { delta: text } };
        event("response.reasoning_summary_text.delta", &delta, &mut self.sequence, out);
    }

    /// Notes what the reasoning that is open is to be sent back with; reasoning that shows nothing begins with it.
    fn sign(&mut self, sealed: String, out: &mut BytesMut) {
        let index = self.reasoning(out);
        if let Some(Item::Reasoning { encrypted_content, .. }) = self.output.get_mut(index) {
            *encrypted_content = Some(sealed);
        }
    }

    /// The index of the reasoning that is open and not signed, or of new one.
    fn reasoning(&mut self, out: &mut BytesMut) -> usize {
        let unsigned =
            |open: &&Open| matches!(self.output.get(open.index), Some(Item::Reasoning { encrypted_content: None, .. }));
        if let Some(open) = self.open.iter().find(unsigned) {
            return open.index;
        }
        self.close_ended(out);
        let item = Item::reasoning(self.ids.item("rs_", self.output.len()));
        self.begin(item, None, out)
    }

    fn add_input(&mut self, ordinal: usize, json: &str, out: &mut BytesMut) {
        let is_it = |open: &&mut Open| open.call.as_ref().is_some_and(|(known, _)| *known == ordinal);
        let Some(open) = self.open.iter_mut().find(is_it) else { return };
        if let Some((_, input)) = &mut open.call {
            input.take(json);
        }
        let Some(Item::FunctionCall { id, arguments, .. }) = self.output.get_mut(open.index) else { return };
        arguments.push_str(json);
        let delta = Called { item_id: id, output_index: open.index, more: Delta { delta: json } };
        event("response.function_call_arguments.delta", &delta, &mut self.sequence, out);
    }

    fn begin(&mut self, item: Item, call: Option<(usize, JsonEnd)>, out: &mut BytesMut) -> usize {
        let index = self.output.len();
        let added = Indexed { output_index: index, item: &item };
        event("response.output_item.added", &added, &mut self.sequence, out);
        self.output.push(item);
        self.open.push(Open { index, call });
        index
    }

    /// Tells the end of every open item of which nothing more will come.
    fn close_ended(&mut self, out: &mut BytesMut) {
        let mut at = 0;
        while let Some(open) = self.open.get(at) {
            if open.may_end() {
                let open = self.open.remove(at);
                self.close(&open, Status::Completed, out);
            } else {
                at += 1;
            }
        }
    }

    fn close(&mut self, open: &Open, with: Status, out: &mut BytesMut) {
        let index = open.index;
        let Some(item) = self.output.get_mut(index) else { return };
        let silent = matches!(item, Item::FunctionCall { arguments, .. } if arguments.is_empty());
        item.end(with);
        match &mut *item {
            Item::Message { id, content, .. } => {
                let last = content.len().saturating_sub(1);
                if let Some(part) = content.last() {
                    end_part(&place(id, index, last), part, &mut self.sequence, out);
                }
            }
            Item::FunctionCall { id, arguments, name, .. } => {
                if silent {
                    let delta = Called { item_id: id, output_index: index, more: Delta { delta: arguments } };
                    event("response.function_call_arguments.delta", &delta, &mut self.sequence, out);
                }
                let done = Called { item_id: id, output_index: index, more: Arguments { name, arguments } };
                event("response.function_call_arguments.done", &done, &mut self.sequence, out);
            }
            Item::Reasoning { id, summary, .. } => {
                if let Some(part) = summary.last() {
                    let Summary::SummaryText { text } = part;
                    let done =
                        Summarized { item_id: id, output_index: index, summary_index: 0, more: WholeText { text } };
                    event("response.reasoning_summary_text.done", &done, &mut self.sequence, out);
                    let more = HasSummary { part };
                    let done = Summarized { item_id: id, output_index: index, summary_index: 0, more };
                    event("response.reasoning_summary_part.done", &done, &mut self.sequence, out);
                }
            }
        }
        let done = Indexed { output_index: index, item };
        event("response.output_item.done", &done, &mut self.sequence, out);
    }
}

/// Tells that a part of a message is whole.
fn end_part(at: &Place<'_>, part: &Part, sequence: &mut u64, out: &mut BytesMut) {
    match part {
        Part::OutputText { text, .. } => {
            let more = TextDone { text, logprobs: [] };
            event("response.output_text.done", &Placed { at, more }, sequence, out);
        }
        Part::Refusal { refusal } => {
            event("response.refusal.done", &Placed { at, more: Refused { refusal } }, sequence, out);
        }
    }
    event("response.content_part.done", &Placed { at, more: HasPart { part } }, sequence, out);
}

fn place(item_id: &str, output_index: usize, content_index: usize) -> Place<'_> {
    Place { item_id, output_index, content_index }
}

/// Appends what every event begins with: its name, and `{"type":…,"sequence_number":…`.
fn head(kind: &str, sequence: &mut u64, out: &mut BytesMut) {
    for piece in ["event: ", kind, "\ndata: {\"type\":\"", kind, "\",\"sequence_number\":"] {
        out.put_slice(piece.as_bytes());
    }
    out.put_slice(itoa::Buffer::new().format(*sequence).as_bytes());
    *sequence += 1;
}

/// Appends one event with the members of `body`; a `BytesMut` grows, so this cannot fail.
fn event(kind: &str, body: &impl Serialize, sequence: &mut u64, out: &mut BytesMut) {
    head(kind, sequence, out);
    let members = out.len();
    let _ = serde_json::to_writer(out.writer(), body);
    // The members follow those of the head.
    if let Some(brace) = out.get_mut(members) {
        *brace = b',';
    }
    out.put_slice(b"\n\n");
}
