//! Usage as OpenAI writes it everywhere but in chat completions: `input_tokens` and `output_tokens`, with details by
//! modality; or seconds of audio. Responses, images, speech, transcriptions and realtime sessions share it.
//! Sources: <https://platform.openai.com/docs/api-reference/images/object>,
//! <https://platform.openai.com/docs/api-reference/audio/json-object>,
//! <https://platform.openai.com/docs/api-reference/realtime-server-events/response/done>.

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::usage::{Tokens, Units};

use crate::usage::{Count, Sighted};

/// What output is made of where the details do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Made {
    #[default]
    Text,
    Images,
    Audio,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    #[serde(alias = "input_token_details")]
    input_tokens_details: Option<Details>,
    #[serde(alias = "output_token_details")]
    output_tokens_details: Option<Details>,
    /// Of audio, where the model is billed by time.
    seconds: Option<f64>,
}

/// Tokens by modality; those from the cache are among them, and may be split again.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    audio_tokens: Option<Count>,
    image_tokens: Option<Count>,
    cached_tokens: Option<Count>,
    reasoning_tokens: Option<Count>,
    cached_tokens_details: Option<Cached>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Cached {
    audio_tokens: Option<Count>,
    image_tokens: Option<Count>,
}

/// Reads a usage object into disjoint buckets; what does not add up never goes below zero.
pub(crate) fn read(raw: &RawValue, made: Made) -> Sighted {
    let usage: WireUsage = serde_json::from_str(raw.get()).unwrap_or_default();
    let count = |n: Option<Count>| n.map_or(0, |n| n.0);
    let input = usage.input_tokens.map(|total| {
        let details = usage.input_tokens_details.unwrap_or_default();
        let cached = details.cached_tokens_details.unwrap_or_default();
        let (audio, image) = (count(details.audio_tokens).min(total.0), count(details.image_tokens));
        let image = image.min(total.0 - audio);
        let all_cached = count(details.cached_tokens).min(total.0);
        let cache_read_audio = count(cached.audio_tokens).min(audio).min(all_cached);
        let cache_read_image = count(cached.image_tokens).min(image).min(all_cached - cache_read_audio);
        let text = total.0 - audio - image;
        let cache_read = (all_cached - cache_read_audio - cache_read_image).min(text);
        Tokens {
            input_uncached: text - cache_read,
            cache_read,
            audio_in: audio - cache_read_audio,
            image_in: image - cache_read_image,
            cache_read_audio,
            cache_read_image,
            ..Tokens::default()
        }
    });
    let output = usage.output_tokens.map(|total| output(total.0, usage.output_tokens_details, made));
    let units = usage.seconds.map(audio_in).unwrap_or_default();
    Sighted { input, output, units, ..Sighted::default() }
}

fn output(total: u64, details: Option<Details>, made: Made) -> Tokens {
    let count = |n: Option<Count>| n.map_or(0, |n| n.0);
    let details = details.unwrap_or_default();
    let told = details.audio_tokens.is_some() || details.image_tokens.is_some();
    match made {
        Made::Images if !told => return Tokens { image_out: total, ..Tokens::default() },
        Made::Audio if !told => return Tokens { audio_out: total, ..Tokens::default() },
        _ => {}
    }
    let audio_out = count(details.audio_tokens).min(total);
    let image_out = count(details.image_tokens).min(total - audio_out);
    let reasoning = count(details.reasoning_tokens).min(total - audio_out - image_out);
    Tokens {
        output_text: total - audio_out - image_out - reasoning,
        reasoning,
        audio_out,
        image_out,
        ..Tokens::default()
    }
}

/// So many seconds of audio read. No recording lasts longer than a month.
pub(crate) fn audio_in(seconds: f64) -> Units {
    let bounded = seconds.clamp(0.0, 2_678_400.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded the line before")]
    let audio_in_ms = if bounded.is_nan() { 0 } else { (bounded * 1_000.0).round() as u64 };
    Units { audio_in_ms, ..Units::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(json: &str, made: Made) -> Tokens {
        read(&RawValue::from_string(json.to_owned()).unwrap(), made).complete(0, 0).tokens
    }

    #[test]
    fn no_token_is_in_two_buckets() {
        let seen = tokens(
            r#"{"total_tokens":253,"input_tokens":132,"output_tokens":121,
                "input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,
                "cached_tokens_details":{"text_tokens":60,"audio_tokens":4,"image_tokens":0}},
                "output_token_details":{"text_tokens":30,"audio_tokens":91}}"#,
            Made::Text,
        );
        assert_eq!((seen.input_uncached, seen.cache_read, seen.audio_in, seen.cache_read_audio), (59, 60, 9, 4));
        assert_eq!((seen.output_text, seen.audio_out), (30, 91));
        assert_eq!((seen.input_total(), seen.output_total()), (132, 121));
    }

    #[test]
    fn images_and_speech_are_output_of_their_kind() {
        let json = r#"{"total_tokens":1100,"input_tokens":50,"output_tokens":1050,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}"#;
        let seen = tokens(json, Made::Images);
        assert_eq!((seen.input_uncached, seen.image_in, seen.image_out, seen.output_text), (10, 40, 1050, 0));
        assert_eq!(tokens(json, Made::Audio).audio_out, 1050);
    }

    #[test]
    fn what_does_not_add_up_never_goes_below_zero() {
        let seen = tokens(
            r#"{"input_tokens":10,"output_tokens":5,"input_tokens_details":{"audio_tokens":99,"image_tokens":99,"cached_tokens":99},
                "output_tokens_details":{"audio_tokens":99,"reasoning_tokens":99}}"#,
            Made::Text,
        );
        assert_eq!((seen.input_total(), seen.output_total()), (10, 5));
    }

    #[test]
    fn audio_by_time_is_counted_in_milliseconds() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let seen = read(&raw(r#"{"type":"duration","seconds":9}"#), Made::Text);
        assert_eq!((seen.units.audio_in_ms, seen.is_empty()), (9_000, true));
        for (json, ms) in [("-1", 0), ("1e300", 2_678_400_000), ("0.0005", 1), ("2.5", 2_500)] {
            let seen = read(&raw(&format!("{{\"seconds\":{json}}}")), Made::Text);
            assert_eq!(seen.units.audio_in_ms, ms, "{json}");
        }
    }
}
