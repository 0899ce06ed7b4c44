//! Speech of the demo provider: a tone for each word, as a real WAV of one channel, 8,000 samples of 16 bits a second.
//! Source: <https://learn.microsoft.com/windows/win32/multimedia/multimedia-file-i-o> (RIFF).

use serde_json::Value;

use super::request::fingerprint;
use super::vectors::words;
use crate::error::{ErrorKind, WireError};

/// The model that speaks.
pub(super) const MODEL: &str = "demo-speech";
/// Its answer's `content-type`.
pub(super) const TYPE: &str = "audio/wav";
const RATE: u32 = 8_000;
/// Samples of a word's tone, and of the silence behind it.
const TONE: u32 = RATE / 5;
const SILENCE: u32 = RATE / 20;
/// As OpenAI limits the text, in characters.
const MOST: usize = 4_096;

/// Answers a request for speech whose model is [`MODEL`].
///
/// # Errors
/// What the caller is to be told.
pub(super) fn answer(request: &Value) -> Result<Vec<u8>, WireError> {
    let invalid = |param: &str, message: &str| {
        WireError::gateway(ErrorKind::InvalidRequest, format!("{param}: {message}")).with_param(param)
    };
    let input = request.get("input").and_then(Value::as_str).filter(|input| !input.is_empty());
    let input = input.ok_or_else(|| invalid("input", "is missing or empty; send a text"))?;
    if input.chars().count() > MOST {
        return Err(invalid("input", "is longer than 4,096 characters; send less at once"));
    }
    let format = request.get("response_format").and_then(Value::as_str);
    if format.is_some_and(|format| format != "wav") {
        return Err(invalid("response_format", "the demo provider speaks WAV; write wav, or leave it out"));
    }
    if request.get("stream_format").and_then(Value::as_str) == Some("sse") {
        return Err(invalid("stream_format", "the demo provider sends sound as it is; leave it out"));
    }
    let mut sound = Vec::new();
    for word in words(input) {
        // Between two notes of a voice: half a period in samples.
        let half = 12 + u32::try_from(fingerprint(word.as_bytes()) % 24).unwrap_or(0);
        let tone = (0..TONE).map(|at| if at / half % 2 == 0 { 4_000_i16 } else { -4_000 });
        let silence = (0..SILENCE).map(|_| 0_i16);
        sound.extend(tone.chain(silence).flat_map(i16::to_le_bytes));
    }
    Ok(wav(&sound))
}

fn wav(sound: &[u8]) -> Vec<u8> {
    let length = u32::try_from(sound.len()).unwrap_or(u32::MAX);
    let mut file = b"RIFF".to_vec();
    file.extend(length.saturating_add(36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // Plain samples, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend_from_slice(sound);
    file
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_words_tone_lasts_a_quarter_of_a_second_as_the_files_own_head_says() {
        for (text, milliseconds) in [("hello", 250), ("hello there, you", 750), ("?!", 0)] {
            let sound = answer(&json!({"input": text, "voice": "any"})).unwrap();
            assert_eq!(crate::sound::milliseconds(&sound).unwrap_or(0), milliseconds, "{text}");
            assert_eq!(sound, answer(&json!({"input": text, "response_format": "wav"})).unwrap());
        }
    }

    #[test]
    fn what_cannot_be_spoken_is_refused_by_its_field() {
        for (request, param) in [
            (json!({"input": ""}), "input"),
            (json!({"input": "x".repeat(4_097)}), "input"),
            (json!({"input": "x", "response_format": "mp3"}), "response_format"),
            (json!({"input": "x", "stream_format": "sse"}), "stream_format"),
        ] {
            assert_eq!(answer(&request).unwrap_err().param.as_deref(), Some(param));
        }
    }
}
