//! Vectors of other shapes read, and written as OpenAI or Gemini write them: numbers as they came, or base64 of
//! little-endian 32-bit floats.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::Tokens;

use crate::error::AnswerError;
use crate::pricing::Cost;
use crate::usage::{Count, Sighted};
use crate::wanted::Layout;
use crate::wire::{Text, parse};

/// What providers answer; each fills its own fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an answer with embeddings")]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    /// The one of Titan.
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(rename = "inputTextTokenCount")]
    input_text_token_count: Option<Count>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    /// OpenAI's.
    #[serde(borrow)]
    data: Option<Vec<OpenaiVector<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, rename = "usageMetadata")]
    usage_metadata: Option<&'a RawValue>,
    prompt_eval_count: Option<Count>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct OpenaiVector<'a> {
    index: Option<usize>,
    #[serde(borrow)]
    embedding: &'a RawValue,
}

#[derive(Deserialize)]
struct CohereVectors<'a> {
    #[serde(borrow)]
    float: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct GeminiVector<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
}

#[derive(Default, Deserialize)]
struct Meta {
    billed_units: Option<Billed>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Billed {
    input_tokens: Option<Count>,
}

/// An answer in the neutral form.
pub(super) struct Vectors<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) model: Option<Text<'a>>,
    /// In the order of the texts; each a list of numbers.
    list: Vec<&'a RawValue>,
    pub(super) sighted: Sighted,
}

/// Reads a provider's answer, which must hold `count` vectors.
///
/// # Errors
/// It does not, or it is an error.
pub(super) fn read(format: WireFormat, text: &str, count: usize) -> Result<Vectors<'_>, AnswerError> {
    let wire: Wire<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(format, wire.error)?;
    let (list, sighted) = match format {
        WireFormat::Openai | WireFormat::Responses => (of_openai(wire.data)?, super::input_only(wire.usage)),
        _ => of_others(format, &wire)?,
    };
    if list.len() != count {
        return Err(AnswerError::Malformed(format!("it has {} embeddings for {count} texts", list.len())));
    }
    Ok(Vectors { id: wire.id, model: wire.model, list, sighted })
}

/// OpenAI's, put in order.
fn of_openai(data: Option<Vec<OpenaiVector<'_>>>) -> Result<Vec<&RawValue>, AnswerError> {
    let mut data = data.ok_or_else(|| AnswerError::Malformed("it has no list 'data'".into()))?;
    // Those without an index stay where they are.
    data.sort_by_key(|vector| vector.index.unwrap_or(usize::MAX));
    if data.iter().enumerate().any(|(at, vector)| vector.index.is_some_and(|index| index != at)) {
        return Err(AnswerError::Malformed("the indexes in its 'data' are not those of the texts".into()));
    }
    Ok(data.into_iter().map(|vector| vector.embedding).collect())
}

/// Those that stand under `embeddings`, or under `embedding`, and what was counted.
fn of_others<'a>(format: WireFormat, wire: &Wire<'a>) -> Result<(Vec<&'a RawValue>, Sighted), AnswerError> {
    let one = wire.embedding.filter(|_| format == WireFormat::Bedrock && wire.embeddings.is_none());
    let Some(raw) = wire.embeddings.or(one).map(RawValue::get) else {
        return Err(AnswerError::Malformed("it has no embeddings".into()));
    };
    let (list, input) = match format {
        WireFormat::Cohere => {
            let meta: Meta = wire.meta.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
            let vectors: CohereVectors<'_> = serde_json::from_str(raw)?;
            (vectors.float, meta.billed_units.and_then(|billed| billed.input_tokens))
        }
        WireFormat::Bedrock => {
            (one.map_or_else(|| on_bedrock(raw), |vector| Ok(vec![vector]))?, wire.input_text_token_count)
        }
        WireFormat::Gemini => {
            let vectors: Vec<GeminiVector<'a>> = serde_json::from_str(raw)?;
            let list = vectors.into_iter().map(|vector| vector.values).collect();
            return Ok((list, super::counted_by_gemini(wire.usage_metadata)));
        }
        _ => (serde_json::from_str::<Vec<&RawValue>>(raw)?, wire.prompt_eval_count),
    };
    let input = input.map(|n| Tokens { input_uncached: n.0, ..Tokens::default() });
    let sighted = Sighted { input, output: input.map(|_| Tokens::default()), ..Sighted::default() };
    Ok((list, sighted))
}

/// Cohere's on Bedrock: by type where types were asked for, else a list. How many tokens they took is not in the body.
fn on_bedrock(raw: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    match serde_json::from_str::<CohereVectors<'_>>(raw) {
        Ok(vectors) => Ok(vectors.float),
        Err(_) => serde_json::from_str(raw),
    }
}

#[derive(Serialize)]
struct OutList<'a> {
    object: &'static str,
    data: Vec<OutVector<'a>>,
    model: &'a str,
    usage: OutUsage,
}

#[derive(Serialize)]
struct OutVector<'a> {
    object: &'static str,
    index: usize,
    embedding: Out<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Out<'a> {
    Numbers(&'a RawValue),
    Base64(String),
}

#[derive(Serialize)]
struct OutUsage {
    prompt_tokens: u64,
    total_tokens: u64,
    cost: Cost,
}

/// As Gemini writes them: one, or a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutGemini<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<OutValues<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embeddings: Option<Vec<OutValues<'a>>>,
    usage_metadata: OutMetadata,
}

#[derive(Serialize)]
struct OutValues<'a> {
    values: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutMetadata {
    prompt_token_count: u64,
    /// Not of Google's: decimal dollars.
    cost: Cost,
}

impl Vectors<'_> {
    /// Writes them for a caller, whose layout it is.
    ///
    /// # Errors
    /// One is no list of numbers.
    pub(super) fn write(&self, layout: Layout, model: &str, tokens: u64, cost: Cost) -> Result<Vec<u8>, AnswerError> {
        let mut data = Vec::with_capacity(self.list.len());
        let mut values = Vec::new();
        for (index, &raw) in self.list.iter().enumerate() {
            let numbers = floats(raw.get())
                .ok_or_else(|| AnswerError::Malformed(format!("its embedding {index} is no list of numbers")))?;
            let embedding = match layout {
                Layout::Numbers => Out::Numbers(raw),
                Layout::Base64 => Out::Base64(encode(&numbers)),
                Layout::One | Layout::Many => {
                    values.push(OutValues { values: raw });
                    continue;
                }
            };
            data.push(OutVector { object: "embedding", index, embedding });
        }
        let written = match layout {
            Layout::Numbers | Layout::Base64 => {
                let usage = OutUsage { prompt_tokens: tokens, total_tokens: tokens, cost };
                serde_json::to_vec(&OutList { object: "list", data, model, usage })
            }
            Layout::One | Layout::Many => {
                let usage_metadata = OutMetadata { prompt_token_count: tokens, cost };
                let (embedding, embeddings) = match layout {
                    Layout::One => (values.pop(), None),
                    _ => (None, Some(values)),
                };
                serde_json::to_vec(&OutGemini { embedding, embeddings, usage_metadata })
            }
        };
        written.map_err(AnswerError::from)
    }
}

/// The numbers of a list, each rounded once, to the nearest float. `None`: something else stands there, or a number that
/// no float holds.
fn floats(list: &str) -> Option<Vec<f32>> {
    let inner = list.strip_prefix('[')?.strip_suffix(']')?.trim();
    if inner.is_empty() {
        return Some(Vec::new());
    }
    inner.split(',').map(|number| number.trim().parse().ok().filter(|float: &f32| float.is_finite())).collect()
}

/// Base64 of the floats' bytes, little-endian, as the official SDKs read it.
fn encode(numbers: &[f32]) -> String {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_list_of_numbers_is_none() {
        assert_eq!(floats("[1, -2.5e-3 ,0]"), Some(vec![1.0, -0.0025, 0.0]));
        assert_eq!(floats("[]"), Some(vec![]));
        for list in ["[null]", "[[1]]", "{}", "[\"1\"]", "[1,]", "[1e400]", "1", "[inf]", "[NaN]"] {
            assert_eq!(floats(list), None, "{list}");
        }
    }

    proptest! {
        /// What a client decodes is the very float that stands in the provider's text.
        #[test]
        fn numbers_to_base64_and_back_are_the_same_floats(numbers in prop::collection::vec(any::<f32>(), 0..40)) {
            let numbers: Vec<f32> = numbers.into_iter().filter(|n| n.is_finite()).collect();
            let text = serde_json::to_string(&numbers).unwrap();
            let bytes = STANDARD.decode(encode(&floats(&text).unwrap())).unwrap();
            let decoded: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b).to_bits()).collect();
            prop_assert_eq!(decoded, numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>());
        }
    }
}
