//! A stream that is passed on as it is: events of images, speech, transcriptions and completions, or the sound itself.

use bytes::{BufMut, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::operation::Operation;
use weir_domain::usage::{Usage, UsageSource};

use crate::answer::AnswerContext;
use crate::error::StreamError;
use crate::passed_on;
use crate::sse::{Frame, SseError, SseParser};
use crate::tap::Tap;
use crate::usage::estimate;
use crate::wire::Text;

/// Passes one stream on, and reads along.
pub(super) struct Passed {
    context: AnswerContext,
    /// `None` where the answer is no events but bytes.
    events: Option<SseParser>,
    seen: Seen,
}

struct Seen {
    tap: Tap,
    begun: bool,
    /// The event that ends it has come, or the end of bytes that are no events.
    complete: bool,
    text_bytes: u64,
    hides_usage: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
}

impl Passed {
    /// `None` for a chat, which is translated.
    pub(super) fn new(context: &AnswerContext) -> Option<Self> {
        context.operation.passed_on_at().filter(|_| !context.wanted.chats(context.operation))?;
        let sound = context.operation == Operation::Speech && context.wanted.plain;
        let completion = context.operation == Operation::Completion;
        let seen = Seen {
            tap: Tap::new("text/event-stream"),
            begun: false,
            complete: false,
            text_bytes: 0,
            hides_usage: completion && !context.include_usage,
        };
        Some(Self { context: context.clone(), events: (!sound).then(SseParser::default), seen })
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<(), StreamError> {
        match &mut self.events {
            None => {
                self.seen.begun |= !bytes.is_empty();
                out.put_slice(bytes);
                Ok(())
            }
            Some(events) => {
                let seen = &mut self.seen;
                let taken: Result<(), SseError<StreamError>> = events.push(bytes, |frame| {
                    seen.take(&frame, out);
                    Ok(())
                });
                taken.map_err(too_large)
            }
        }
    }

    /// At the provider's end.
    pub(super) fn finish(&mut self, out: &mut BytesMut) -> Result<(), StreamError> {
        match &mut self.events {
            None => self.seen.complete = self.seen.begun,
            Some(events) => {
                let seen = &mut self.seen;
                let taken: Result<(), SseError<StreamError>> = events.finish(|frame| {
                    seen.take(&frame, out);
                    Ok(())
                });
                taken.map_err(too_large)?;
            }
        }
        if self.seen.complete { Ok(()) } else { Err(StreamError::Cut) }
    }

    pub(super) fn has_content(&self) -> bool {
        self.seen.begun
    }

    /// What was consumed so far: what the provider counted, else what it surely takes for the request.
    pub(super) fn usage(&self) -> Usage {
        if !self.seen.begun {
            return Usage::default();
        }
        let told = self.seen.tap.so_far(self.seen.complete).usage;
        let mut usage = told.unwrap_or_else(|| passed_on::accepted(&self.context));
        if told.is_none() && usage.source == UsageSource::Estimated {
            usage.tokens.output_text = estimate(self.seen.text_bytes);
        }
        usage
    }
}

fn too_large(error: SseError<StreamError>) -> StreamError {
    match error {
        SseError::TooLarge(limit) => StreamError::TooLarge(limit),
        SseError::Receiver(error) => error,
    }
}

impl Seen {
    fn take(&mut self, frame: &Frame<'_>, out: &mut BytesMut) {
        let Some(data) = &frame.data else {
            out.put_slice(frame.raw);
            return;
        };
        self.begun = true;
        if data.trim_ascii() == b"[DONE]" {
            self.complete = true;
            out.put_slice(frame.raw);
            return;
        }
        self.tap.event(data);
        let event: Event<'_> = serde_json::from_slice(data).unwrap_or_default();
        let kind = event.kind.as_deref().unwrap_or_default();
        self.complete |= kind.ends_with(".completed") || kind.ends_with(".done");
        let texts = event.choices.iter().flatten().filter_map(|choice| choice.text.as_deref());
        self.text_bytes += texts.map(str::len).sum::<usize>() as u64;
        // The chunk of usage that Weir asked for, not the caller.
        let usage_only = event.usage.is_some() && event.choices.is_some_and(|choices| choices.is_empty());
        if !(usage_only && self.hides_usage) {
            out.put_slice(frame.raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::Wanted;
    use weir_domain::dialect::{Dialect, WireFormat};
    use weir_domain::usage::Units;

    fn context(operation: Operation, plain: bool) -> AnswerContext {
        AnswerContext {
            operation,
            upstream: WireFormat::Openai,
            inbound: Dialect::Openai,
            include_usage: false,
            json_array: false,
            estimated_input: 7,
            created: 0,
            request_id: "r".into(),
            tool_names: crate::ToolNames::default(),
            wanted: Wanted { units: Units { characters: 12, ..Units::default() }, plain, ..Wanted::default() },
        }
    }

    fn passed(operation: Operation, plain: bool, body: &[u8], cut: usize) -> (Vec<u8>, Usage, Result<(), StreamError>) {
        let mut passed = Passed::new(&context(operation, plain)).unwrap();
        let mut out = BytesMut::new();
        for piece in body.chunks(cut) {
            passed.push(piece, &mut out).unwrap();
        }
        let ended = passed.finish(&mut out);
        (out.to_vec(), passed.usage(), ended)
    }

    #[test]
    fn sound_passes_byte_for_byte_and_is_charged_by_its_characters() {
        let sound = [0, 255, b'\n', b'\n', 0, b':', b'd'];
        for cut in 1..=sound.len() {
            let (out, usage, ended) = passed(Operation::Speech, true, &sound, cut);
            assert_eq!((out.as_slice(), usage.units.characters, ended), (sound.as_slice(), 12, Ok(())));
        }
        assert_eq!(passed(Operation::Speech, true, b"", 1).2, Err(StreamError::Cut));
    }

    #[test]
    fn events_pass_byte_for_byte_and_their_usage_is_read() {
        let speech = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"UklG\"}\n\n: hi\n\n\
                      data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":3,\"output_tokens\":9,\"total_tokens\":12}}\n\n";
        let image = "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"x\",\"usage\":\
                     {\"total_tokens\":8,\"input_tokens\":3,\"output_tokens\":5,\"input_tokens_details\":{\"text_tokens\":1,\"image_tokens\":2}}}\n\n";
        for cut in 1..200 {
            let (out, usage, ended) = passed(Operation::Speech, false, speech.as_bytes(), cut);
            assert_eq!((out, ended), (speech.as_bytes().to_vec(), Ok(())));
            assert_eq!((usage.tokens.input_uncached, usage.tokens.audio_out, usage.units), (3, 9, Units::default()));
            let (out, usage, ended) = passed(Operation::ImageGeneration, false, image.as_bytes(), cut);
            assert_eq!((out, ended), (image.as_bytes().to_vec(), Ok(())));
            assert_eq!((usage.tokens.image_in, usage.tokens.image_out, usage.source), (2, 5, UsageSource::Provider));
        }
    }

    #[test]
    fn a_completion_keeps_the_usage_that_the_caller_did_not_ask_for() {
        let stream = "data: {\"choices\":[{\"text\":\"abcdefgh\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        let (out, usage, ended) = passed(Operation::Completion, false, stream.as_bytes(), 5);
        assert!(!String::from_utf8(out).unwrap().contains("usage"));
        assert_eq!((usage.tokens.input_uncached, usage.tokens.output_text, ended), (4, 2, Ok(())));
        let cut = stream.split("data: {\"choices\":[],").next().unwrap();
        let (_, usage, ended) = passed(Operation::Completion, false, cut.as_bytes(), 5);
        assert_eq!(
            (usage.tokens.input_uncached, usage.tokens.output_text, usage.source),
            (7, 2, UsageSource::Estimated)
        );
        assert_eq!(ended, Err(StreamError::Cut));
    }

    #[test]
    fn an_image_stream_that_broke_off_has_unknown_usage() {
        let (_, usage, ended) =
            passed(Operation::ImageGeneration, false, b"data: {\"type\":\"image_generation.partial_image\"}\n\n", 9);
        assert_eq!((usage, ended), (Usage::default(), Err(StreamError::Cut)));
    }
}
