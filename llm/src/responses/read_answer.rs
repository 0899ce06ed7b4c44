//! Reads a whole response.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::Units;

use super::{sealed, usage};
use crate::answer::AnswerHead;
use crate::dropped::DroppedParts;
use crate::error::AnswerError;
use crate::openai::read_messages::{Arguments, read_arguments};
use crate::reply::{Ending, Finish, Piece, Reply};
use crate::usage::{Sighted, text};
use crate::wire::{Text, record};

record! {
    /// A response, and the `response` of an event. What repeats the request is of no interest here.
    Response {
        "id" id: Text<'a>,
        "model" model: Text<'a>,
        "status" status: Text<'a>,
        "error" error: &'a RawValue,
        "incomplete_details" incomplete_details: IncompleteDetails<'a>,
        "output" output: Vec<OutputItem<'a>>,
        "usage" usage: &'a RawValue,
        "service_tier" service_tier: &'a RawValue,
        "moderation" moderation: &'a RawValue,
    }
}

record! {
    IncompleteDetails {
        "reason" reason: Text<'a>,
    }
}

record! {
    /// An entry of `output`, of any type.
    OutputItem {
        "type" kind: Text<'a>,
        "id" id: Text<'a>,
        "status" status: IgnoredAny,
        "role" role: IgnoredAny,
        "phase" phase: IgnoredAny,
        "content" content: Vec<OutputPart<'a>>,
        "summary" summary: Vec<OutputPart<'a>>,
        "encrypted_content" encrypted_content: Text<'a>,
        "call_id" call_id: Text<'a>,
        "name" name: Text<'a>,
        "arguments" arguments: &'a RawValue,
        "namespace" namespace: &'a RawValue,
        "caller" caller: &'a RawValue,
    }
}

record! {
    /// A part of a message, of a summary or of reasoning.
    OutputPart {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        "refusal" refusal: Text<'a>,
        "annotations" annotations: &'a RawValue,
        "logprobs" logprobs: &'a RawValue,
    }
}

impl OutputPart<'_> {
    /// Whether it is no text but says why there is none.
    fn refuses(&self) -> bool {
        let says = |text: &Option<Text<'_>>| text.as_deref().is_some_and(|text| !text.is_empty());
        says(&self.refusal) && !says(&self.text)
    }
}

/// The name of items that only this dialect knows.
pub(super) const OTHER_ITEMS: &str = "output[]";

/// What a response of a status is at its end.
pub(super) enum End {
    Finished(Finish),
    /// It goes on in the background.
    Pending,
}

impl<'a> Response<'a> {
    /// Refuses a response that is an error, or none.
    pub(super) fn check(&self) -> Result<(), AnswerError> {
        AnswerError::in_band(WireFormat::Responses, self.error)?;
        if self.status.as_deref() == Some("failed") {
            return Err(AnswerError::Malformed("it failed without an error".into()));
        }
        if self.output.is_none() {
            return Err(AnswerError::Malformed("it has no output".into()));
        }
        Ok(())
    }

    pub(super) fn end(&self) -> End {
        match self.status.as_deref() {
            Some("queued" | "in_progress") => End::Pending,
            Some("incomplete") => {
                let reason = self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
                End::Finished(if reason == Some("content_filter") { Finish::ContentFilter } else { Finish::Length })
            }
            _ => End::Finished(Finish::Stop),
        }
    }

    /// What was consumed. What goes on in the background will cost nobody knows what.
    pub(super) fn sighted(&self) -> Sighted {
        let kinds = self.output.iter().flatten().filter_map(|item| item.kind.as_deref());
        let units = count_items(kinds, matches!(self.end(), End::Pending));
        usage::with_extras(self.usage.map(usage::read).unwrap_or_default(), self.service_tier, units)
    }
}

/// What the items of an answer cost beside tokens. What goes on in the background will cost nobody knows what.
fn count_items<'a>(kinds: impl Iterator<Item = &'a str>, is_pending: bool) -> Units {
    let mut units = Units { unlisted: u64::from(is_pending), ..Units::default() };
    kinds.for_each(|kind| usage::count_item(&mut units, kind));
    units
}

/// The same of an `output` of which nothing else is read.
pub(crate) fn tools(output: Option<&RawValue>, status: Option<&RawValue>) -> Units {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Text<'a>>,
    }
    let items: Vec<Item<'_>> = output.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let is_pending = matches!(text(status).as_deref(), Some("queued" | "in_progress"));
    count_items(items.iter().filter_map(|item| item.kind.as_deref()), is_pending)
}

/// Reads what a forwarded answer must tell.
///
/// # Errors
/// It is not a response, or it is an error.
pub(crate) fn read_head(text: &str) -> Result<AnswerHead<'_>, AnswerError> {
    let response: Response<'_> = serde_json::from_str(text)?;
    response.check()?;
    let called = |item: &OutputItem<'_>| item.kind.as_deref() == Some("function_call");
    let refuses = |item: &OutputItem<'_>| {
        item.kind.as_deref() == Some("message") && item.content.iter().flatten().any(OutputPart::refuses)
    };
    let output = || response.output.iter().flatten();
    let finish = match response.end() {
        End::Finished(finish) => Some(finish),
        End::Pending => None,
    };
    let ending = Ending { finish, called_tool: output().any(called), refused: output().any(refuses) };
    let (sighted, usage) = (response.sighted(), response.usage);
    Ok(AnswerHead { id: response.id, model: response.model, ending, usage, sighted })
}

/// Reads a whole answer.
///
/// # Errors
/// It is not a response, it is an error, or not at its end.
pub(crate) fn read(text: &str) -> Result<Reply<'_>, AnswerError> {
    let response: Response<'_> = serde_json::from_str(text)?;
    response.check()?;
    read_response(response)
}

/// Reads a response object.
pub(super) fn read_response(response: Response<'_>) -> Result<Reply<'_>, AnswerError> {
    let sighted = response.sighted();
    let finish = match response.end() {
        End::Finished(finish) => Some(finish),
        // A forwarded answer is read here for its length alone.
        End::Pending => None,
    };
    let mut dropped = DroppedParts::default();
    dropped.note_filled(response.moderation, "moderation");
    let mut pieces = Vec::new();
    for item in response.output.into_iter().flatten() {
        drop_of_item(&mut dropped, &item);
        read_item(item, &mut pieces);
    }
    Ok(Reply { id: response.id, model: response.model, pieces, finish, stop_sequence: None, sighted, dropped })
}

/// Notes what an item holds besides what is read of it.
pub(super) fn drop_of_item(dropped: &mut DroppedParts, item: &OutputItem<'_>) {
    if !matches!(item.kind.as_deref(), Some("message" | "function_call" | "reasoning")) {
        dropped.note(OTHER_ITEMS);
        return;
    }
    dropped.note_filled(item.namespace, "output[].namespace");
    dropped.note_unknown(&item.extra, "output[].*");
    for part in item.content.iter().flatten() {
        drop_of_part(dropped, part);
    }
}

/// Notes what a part of a message holds besides its text.
pub(super) fn drop_of_part(dropped: &mut DroppedParts, part: &OutputPart<'_>) {
    dropped.note_filled(part.annotations, ANNOTATIONS);
    dropped.note_filled(part.logprobs, LOGPROBS);
    dropped.note_unknown(&part.extra, "output[].content[].*");
}

/// The name of sources that a text names.
pub(super) const ANNOTATIONS: &str = "output[].content[].annotations";
/// The name of the probabilities of a text.
pub(super) const LOGPROBS: &str = "output[].content[].logprobs";

fn read_item<'a>(item: OutputItem<'a>, pieces: &mut Vec<Piece<'a>>) {
    match item.kind.as_deref() {
        Some("message") => {
            for part in item.content.into_iter().flatten() {
                match (part.text, part.refusal) {
                    (Some(text), _) if !text.is_empty() => pieces.push(Piece::Text(text)),
                    (_, Some(refusal)) if !refusal.is_empty() => pieces.push(Piece::Refusal(refusal)),
                    _ => {}
                }
            }
        }
        Some("function_call") => {
            let (Arguments::Object(input) | Arguments::Wrapped(input)) =
                read_arguments(&arguments_text(item.arguments).unwrap_or_default());
            let id = item.call_id.filter(|id| !id.is_empty());
            pieces.push(Piece::ToolUse { id, name: item.name.unwrap_or_default(), input });
        }
        Some("reasoning") => {
            let signature = sealed_reasoning(&item).unwrap_or_default();
            let text = reasoning_text(item);
            if !text.is_empty() || !signature.is_empty() {
                pieces.push(Piece::Thinking { text, signature });
            }
        }
        _ => {}
    }
}

/// This API's are a string; some who follow it write the object itself.
pub(super) fn arguments_text(raw: Option<&RawValue>) -> Option<Text<'_>> {
    raw.map(|raw| serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().into()))
}

/// What a reasoning item is to be sent back with.
pub(super) fn sealed_reasoning<'a>(item: &OutputItem<'a>) -> Option<Text<'a>> {
    let encrypted = item.encrypted_content.as_deref().filter(|text| !text.is_empty())?;
    Some(sealed::seal_item(item.id.as_deref().unwrap_or_default(), encrypted).into())
}

/// The summary, or the reasoning itself where a provider shows it.
pub(super) fn reasoning_text(item: OutputItem<'_>) -> Text<'_> {
    let shown = item.summary.filter(|parts| !parts.is_empty()).or(item.content);
    let mut texts: Vec<Text<'_>> = shown.into_iter().flatten().filter_map(|part| part.text).collect();
    match texts.len() {
        0 => Text::default(),
        1 => texts.pop().unwrap_or_default(),
        _ => texts.iter().map(|text| &**text).collect::<Vec<_>>().join(SUMMARY_BREAK).into(),
    }
}

/// Stands between two parts of a summary.
pub(super) const SUMMARY_BREAK: &str = "\n\n";
