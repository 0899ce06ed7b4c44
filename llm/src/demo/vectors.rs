//! Embeddings of the demo provider: hashed bags of words, so that texts that share words lie close to each other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::request::fingerprint;
use crate::error::{ErrorKind, WireError};

/// The model that makes them.
pub(super) const MODEL: &str = "demo-embedding";
/// Numbers in a vector, unless `dimensions` says another.
const DIMENSIONS: usize = 64;
const MAX_DIMENSIONS: usize = 1_024;
/// Texts in one request, as OpenAI limits them.
const MAX_INPUTS: usize = 2_048;

/// Answers a request for embeddings whose model is [`MODEL`].
///
/// # Errors
/// What the caller is to be told.
pub(super) fn answer(request: &Value) -> Result<Value, WireError> {
    let inputs = inputs(request.get("input").unwrap_or(&Value::Null))?;
    let dimensions = match request.get("dimensions").filter(|value| !value.is_null()) {
        None => DIMENSIONS,
        Some(value) => value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=MAX_DIMENSIONS).contains(n))
            .ok_or_else(|| {
                invalid("dimensions", format!("dimensions: send a whole number from 1 to {MAX_DIMENSIONS}"))
            })?,
    };
    let base64 = match request.get("encoding_format").and_then(Value::as_str) {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => return Err(invalid("encoding_format", "encoding_format: send float or base64".into())),
    };
    let data = inputs.iter().enumerate().map(|(index, words)| {
        let vector = vector(words, dimensions);
        let embedding = if base64 {
            let bytes: Vec<u8> = vector.iter().flat_map(|n| n.to_le_bytes()).collect();
            Value::from(STANDARD.encode(bytes))
        } else {
            json!(vector)
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let data: Vec<Value> = data.collect();
    let tokens: usize = inputs.iter().map(|words| words.len().max(1)).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Ok(json!({"object": "list", "data": data, "model": MODEL, "usage": usage}))
}

/// Each text, or list of tokens, as hashes of its words.
fn inputs(input: &Value) -> Result<Vec<Vec<u64>>, WireError> {
    let wrong =
        || invalid("input", "input: send a text, a list of texts, or lists of tokens; none may be empty".into());
    let list = match input {
        Value::Array(list) if list.first().is_some_and(Value::is_number) => {
            return Ok(vec![tokens(list).ok_or_else(wrong)?]);
        }
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    if list.is_empty() || list.len() > MAX_INPUTS {
        return Err(wrong());
    }
    let one = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(words(text).map(|word| fingerprint(word.as_bytes())).collect()),
        Value::Array(list) if !list.is_empty() => tokens(list),
        _ => None,
    };
    list.iter().map(|value| one(value).ok_or_else(wrong)).collect()
}

fn tokens(list: &[Value]) -> Option<Vec<u64>> {
    list.iter().map(|token| token.as_u64().map(|token| fingerprint(&token.to_le_bytes()))).collect()
}

/// Lower-case words of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A vector of length 1: the sum of a pseudo-random direction per word.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a direction needs no more digits")]
fn vector(words: &[u64], dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0_f64; dimensions];
    for word in words {
        let mut state = *word | 1;
        for slot in &mut sum {
            // xorshift64: its state is never 0.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *slot += (state >> 40) as f64 / f64::from(1_u32 << 23) - 1.0;
        }
    }
    let length = sum.iter().map(|n| n * n).sum::<f64>().sqrt();
    if length == 0.0 {
        // Nothing but signs: any direction is as good.
        sum.fill(1.0);
    }
    let length = if length == 0.0 { (dimensions as f64).sqrt() } else { length };
    sum.iter().map(|n| (n / length) as f32).collect()
}

fn invalid(param: &str, message: String) -> WireError {
    WireError::gateway(ErrorKind::InvalidRequest, message).with_param(param)
}
