//! The events of a stream as they stand on the wire: any that comes in, and the members of those that go out.

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::items::{Item, Part, Summary};
use super::read_answer::{OutputItem, OutputPart};
use crate::wire::{Text, record};

record! {
    /// Any event.
    WireEvent {
        "type" kind: Text<'a>,
        "sequence_number" sequence_number: u64,
        "response" response: &'a RawValue,
        "item" item: OutputItem<'a>,
        "part" part: OutputPart<'a>,
        "output_index" output_index: u64,
        "content_index" content_index: u64,
        "summary_index" summary_index: u64,
        "delta" delta: &'a RawValue,
        "text" text: Text<'a>,
        "refusal" refusal: Text<'a>,
        "arguments" arguments: &'a RawValue,
        "logprobs" logprobs: &'a RawValue,
        "item_id" item_id: IgnoredAny,
        "obfuscation" obfuscation: IgnoredAny,
        "error" error: &'a RawValue,
        "code" code: &'a RawValue,
        "message" message: IgnoredAny,
        "param" param: IgnoredAny,
    }
}

#[derive(Serialize)]
pub(super) struct Indexed<'a> {
    pub(super) output_index: usize,
    pub(super) item: &'a Item,
}

#[derive(Serialize)]
pub(super) struct Place<'a> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    pub(super) content_index: usize,
}

#[derive(Serialize)]
pub(super) struct Placed<'a, T> {
    #[serde(flatten)]
    pub(super) at: &'a Place<'a>,
    #[serde(flatten)]
    pub(super) more: T,
}

#[derive(Serialize)]
pub(super) struct Summarized<'a, T> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    pub(super) summary_index: usize,
    #[serde(flatten)]
    pub(super) more: T,
}

#[derive(Serialize)]
pub(super) struct Called<'a, T> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    #[serde(flatten)]
    pub(super) more: T,
}

#[derive(Serialize)]
pub(super) struct HasPart<'a> {
    pub(super) part: &'a Part,
}

#[derive(Serialize)]
pub(super) struct HasSummary<'a> {
    pub(super) part: &'a Summary,
}

#[derive(Serialize)]
pub(super) struct Delta<'a> {
    pub(super) delta: &'a str,
}

#[derive(Serialize)]
pub(super) struct TextDelta<'a> {
    pub(super) delta: &'a str,
    pub(super) logprobs: [u8; 0],
}

#[derive(Serialize)]
pub(super) struct TextDone<'a> {
    pub(super) text: &'a str,
    pub(super) logprobs: [u8; 0],
}

#[derive(Serialize)]
pub(super) struct WholeText<'a> {
    pub(super) text: &'a str,
}

#[derive(Serialize)]
pub(super) struct Refused<'a> {
    pub(super) refusal: &'a str,
}

#[derive(Serialize)]
pub(super) struct Arguments<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
}
