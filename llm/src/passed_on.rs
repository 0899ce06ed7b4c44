//! Operations that are only passed on, between callers and providers of OpenAI's shape: images, speech, transcriptions,
//! moderations, completions. The caller's bytes with the model's name replaced; the provider's bytes with the cost.
//! Sources: <https://platform.openai.com/docs/api-reference/images>, <https://platform.openai.com/docs/api-reference/audio>,
//! <https://platform.openai.com/docs/api-reference/moderations>, <https://platform.openai.com/docs/api-reference/completions>.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::operation::Operation;
use weir_domain::usage::{ImageQuality, ImageSize, Tokens, Units, Usage, UsageSource};

use crate::answer::{Answer, AnswerContext};
use crate::error::{AnswerError, RequestError};
use crate::openai::io_usage::{self, Made};
use crate::openai::usage::Beside;
use crate::peek::Peek;
use crate::pricing::{Cost, Pricing, splice_cost};
use crate::report::Report;
use crate::request::{Target, UpstreamRequest, ask_for_usage, with_model};
use crate::splice::Splice;
use crate::tool_names::ToolNames;
use crate::usage::{Sighted, estimate};
use crate::wanted::Wanted;
use crate::wire::{Text, parse};
use crate::{openai, sound};

/// The fields of a request that say what it costs where the answer does not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    size: Option<Text<'a>>,
    #[serde(borrow)]
    quality: Option<Text<'a>>,
    #[serde(borrow)]
    response_format: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

/// Makes the request for `target`.
///
/// # Errors
/// The request is wrong, or the provider has no such operation.
pub(crate) fn prepare(peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<UpstreamRequest, RequestError> {
    let path = peek.operation.passed_on_at().filter(|_| target.format == WireFormat::Openai);
    let Some(path) = path else {
        let problem = format!("its provider has no operation '{}'", peek.operation.as_str());
        return Err(RequestError::unsupported("model", problem));
    };
    let mut report = Report::new(target.strict);
    let mut splice = match &peek.form {
        None => with_model(peek, target),
        Some(_) => {
            let mut splice = Splice::default();
            splice.replace(peek.spans.model.clone(), target.model.as_bytes().to_vec());
            splice
        }
    };
    if peek.operation == Operation::Completion && peek.stream {
        ask_for_usage(peek, body, target, &mut report, &mut splice)?;
    }
    let wanted = wanted(peek, body);
    Ok(UpstreamRequest {
        body: splice.apply(body),
        dropped: report.into_dropped(),
        tool_names: ToolNames::default(),
        path: path.into(),
        wanted,
    })
}

/// What the request says of its cost.
fn wanted(peek: &Peek, body: &[u8]) -> Wanted {
    let text = |name| peek.form.as_ref().and_then(|form| form.text(name, body)).map(Text::from);
    let asked: Asked<'_> = match &peek.form {
        Some(_) => {
            let (size, quality, response_format) = (text("size"), text("quality"), text("response_format"));
            Asked { size, quality, response_format, input: None }
        }
        None => serde_json::from_slice(body).unwrap_or_default(),
    };
    let units = match peek.operation {
        Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => Units {
            image_size: asked.size.as_deref().and_then(ImageSize::parse).unwrap_or_default(),
            image_quality: quality(asked.quality.as_deref()),
            ..Units::default()
        },
        Operation::Speech => {
            let input: Option<Text<'_>> = asked.input.and_then(|raw| serde_json::from_str(raw.get()).ok());
            Units { characters: input.map_or(0, |text| text.chars().count() as u64), ..Units::default() }
        }
        Operation::Transcription | Operation::SpeechTranslation => {
            let sound = peek.form.as_ref().and_then(|form| form.file(body)).and_then(sound::milliseconds);
            Units { audio_in_ms: sound.unwrap_or(0), ..Units::default() }
        }
        _ => Units::default(),
    };
    let spoken = peek.operation == Operation::Speech && !peek.stream;
    let plain = spoken || matches!(asked.response_format.as_deref(), Some("text" | "srt" | "vtt"));
    Wanted { units, plain, ..Wanted::default() }
}

fn quality(name: Option<&str>) -> ImageQuality {
    match name {
        Some("low") => ImageQuality::Low,
        Some("medium") => ImageQuality::Medium,
        Some("high") => ImageQuality::High,
        Some("standard") => ImageQuality::Standard,
        Some("hd") => ImageQuality::Hd,
        _ => ImageQuality::Unknown,
    }
}

/// What a provider surely consumes that has accepted the request, as long as its answer says nothing better.
#[must_use]
pub fn accepted(context: &AnswerContext) -> Usage {
    match context.operation {
        Operation::Speech => Usage::of_units(context.wanted.units),
        operation if operation.is_of_text() => {
            let tokens = Tokens { input_uncached: context.estimated_input, ..Tokens::default() };
            Usage::of_tokens(tokens, UsageSource::Estimated)
        }
        _ => Usage::default(),
    }
}

/// What is read of a whole answer.
#[derive(Deserialize)]
#[serde(expecting = "an answer")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    size: Option<Text<'a>>,
    #[serde(borrow)]
    quality: Option<Text<'a>>,
    duration: Option<f64>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

/// Reads a whole answer and passes it on.
///
/// # Errors
/// It is not what the operation answers with, or an error.
pub(crate) fn answer(
    context: &AnswerContext,
    text: &str,
    body: &Bytes,
    pricing: &dyn Pricing,
) -> Result<Answer, AnswerError> {
    if context.wanted.plain {
        let usage = by_time(context, None);
        return Ok(passed(body.clone(), usage, pricing, None, None));
    }
    let head: Head<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(context.upstream, head.error)?;
    let usage = usage(context, &head)?;
    let mut splice = Splice::default();
    if let Some(raw) = head.usage {
        splice_cost(&mut splice, text, raw, Cost(pricing.cost(&usage)));
    }
    let (model, id) = (head.model.map(|model| model.0.into_owned()), head.id.map(|id| id.0.into_owned()));
    Ok(passed(splice.apply(body), usage, pricing, model, id))
}

fn passed(
    body: Bytes,
    usage: Usage,
    pricing: &dyn Pricing,
    upstream_model: Option<String>,
    response_id: Option<String>,
) -> Answer {
    let cost = pricing.cost(&usage).filter(|_| usage.source != UsageSource::None);
    Answer { body, usage, cost, finish: None, upstream_model, response_id, dropped: Vec::new() }
}

/// What a whole answer consumed.
fn usage(context: &AnswerContext, head: &Head<'_>) -> Result<Usage, AnswerError> {
    let without = |what: &str| Err(AnswerError::Malformed(format!("it has no '{what}'")));
    match context.operation {
        Operation::ImageGeneration | Operation::ImageEdit | Operation::ImageVariation => match &head.data {
            Some(images) => Ok(images_made(context, head, images.len())),
            None => without("data"),
        },
        Operation::Transcription | Operation::SpeechTranslation if head.text.is_none() => without("text"),
        Operation::Transcription | Operation::SpeechTranslation => Ok(by_time(context, Some(head))),
        Operation::Moderation if head.results.is_none() => without("results"),
        Operation::Completion => match &head.choices {
            Some(choices) => Ok(completed(context, head, choices)),
            None => without("choices"),
        },
        // Nothing is generated.
        _ => {
            let told = sighted(head.usage, Made::Text);
            Ok(Sighted { output: Some(told.output.unwrap_or_default()), ..told }.complete(context.estimated_input, 0))
        }
    }
}

fn sighted(raw: Option<&RawValue>, made: Made) -> Sighted {
    raw.map(|raw| io_usage::read(raw, made)).unwrap_or_default()
}

/// Tokens where the answer counts them; else images by size and quality.
fn images_made(context: &AnswerContext, head: &Head<'_>, images: usize) -> Usage {
    let tokens = sighted(head.usage, Made::Images);
    if !tokens.is_empty() {
        return tokens.complete(0, 0);
    }
    let asked = context.wanted.units;
    let told = quality(head.quality.as_deref());
    Usage::of_units(Units {
        images: images as u64,
        image_size: head.size.as_deref().and_then(ImageSize::parse).unwrap_or(asked.image_size),
        image_quality: if told == ImageQuality::Unknown { asked.image_quality } else { told },
        ..Units::default()
    })
}

/// Tokens or seconds where the answer counts them; else the length of the recording, as its own head says.
fn by_time(context: &AnswerContext, head: Option<&Head<'_>>) -> Usage {
    let told = sighted(head.and_then(|head| head.usage), Made::Text);
    if !told.is_empty() {
        return told.complete(0, 0);
    }
    if !told.units.is_empty() {
        return Usage::of_units(told.units);
    }
    if let Some(seconds) = head.and_then(|head| head.duration) {
        return Usage::of_units(io_usage::audio_in(seconds));
    }
    match context.wanted.units {
        units if units.is_empty() => Usage::default(),
        units => Usage { source: UsageSource::Estimated, ..Usage::of_units(units) },
    }
}

fn completed(context: &AnswerContext, head: &Head<'_>, choices: &[Choice<'_>]) -> Usage {
    let beside = Beside { model: head.model.as_deref(), tier: head.service_tier, ..Beside::default() };
    let sighted = openai::usage::of_answer(head.usage, beside);
    let text: usize = choices.iter().filter_map(|choice| choice.text.as_deref()).map(str::len).sum();
    sighted.complete(context.estimated_input, estimate(text as u64))
}

#[cfg(test)]
mod tests;
