//! Embeddings: `POST /v1/embeddings` in OpenAI's shape, forwarded to whoever takes it, translated for the others.
//! Source: <https://platform.openai.com/docs/api-reference/embeddings>.

mod bedrock;
mod request;
mod vectors;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::{WireFormat, gemini_path};
use weir_domain::operation::Operation;
use weir_domain::usage::Tokens;

use crate::answer::{Answer, AnswerContext, AnswerHead};
use crate::error::{AnswerError, RequestError};
use crate::peek::Peek;
use crate::pricing::{Cost, Pricing};
use crate::report::Report;
use crate::request::{Target, UpstreamRequest, with_model};
use crate::tool_names::ToolNames;
use crate::usage::{Count, Sighted};
use crate::wanted::{Wanted, Wish};
use crate::wire::{Text, parse};

/// Where OpenAI and those who follow it take them, below the provider's address.
const PATH: &str = "/embeddings";

/// Makes the request for `target`.
///
/// # Errors
/// The request is wrong, or the provider has no embeddings.
pub(crate) fn prepare(peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<UpstreamRequest, RequestError> {
    let mut report = Report::new(target.strict);
    let (body, path, wanted) = match target.format {
        // Both of OpenAI's dialects are spoken by servers that take this beside them.
        WireFormat::Openai | WireFormat::Responses => {
            (with_model(peek, target).apply(body), PATH.into(), Wanted::default())
        }
        WireFormat::Cohere | WireFormat::Gemini | WireFormat::Ollama | WireFormat::Bedrock => {
            let request = request::read(body, &mut report)?;
            let (body, path) = match target.format {
                WireFormat::Cohere => (request.to_cohere(target)?, "/v2/embed".into()),
                WireFormat::Bedrock => {
                    (bedrock::write(&request, target, &mut report)?, bedrock::path(target.model).into())
                }
                WireFormat::Gemini => {
                    (request.to_gemini(target)?, format!("{}:batchEmbedContents", gemini_path(target.model)).into())
                }
                _ => (request.to_ollama(target, &mut report)?, "/api/embed".into()),
            };
            let wish = Wish::Embeddings { base64: request.base64, count: request.texts.len() };
            (body, path, Wanted::of_model(target.model).with(wish))
        }
        WireFormat::Anthropic => {
            return Err(RequestError::unsupported("model", "its provider makes no embeddings"));
        }
    };
    Ok(UpstreamRequest { body, dropped: report.into_dropped(), tool_names: ToolNames::default(), path, wanted })
}

/// Reads an answer and renders it for the caller.
///
/// # Errors
/// It is no list of embeddings, or an error.
pub(crate) fn answer(
    context: &AnswerContext,
    text: &str,
    body: &Bytes,
    pricing: &dyn Pricing,
) -> Result<Answer, AnswerError> {
    let Wish::Embeddings { base64, count } = context.wanted.wish else {
        return forward(context, text, body, pricing);
    };
    let vectors = vectors::read(context.upstream, text, count)?;
    let usage = vectors.sighted.complete(context.estimated_input, 0);
    let cost = pricing.cost(&usage);
    let model = context.wanted.model(vectors.model.clone()).unwrap_or_default();
    let body = vectors.write(base64, &model, usage.tokens.input_total(), Cost(cost))?.into();
    Ok(Answer {
        body,
        usage,
        cost,
        finish: None,
        upstream_model: vectors.model.map(|model| model.0.into_owned()),
        response_id: vectors.id.map(|id| id.0.into_owned()),
        dropped: Vec::new(),
    })
}

#[derive(Deserialize)]
#[serde(expecting = "a list of embeddings")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// `usage` of an answer without output: Jina and Voyage give the total only.
#[derive(Debug, Default, Deserialize)]
struct InputUsage {
    prompt_tokens: Option<Count>,
    total_tokens: Option<Count>,
}

/// Reads a usage object of an operation that writes nothing: all tokens are input.
pub(crate) fn input_only(raw: Option<&RawValue>) -> Sighted {
    let usage: InputUsage = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let input = usage.prompt_tokens.or(usage.total_tokens);
    let input = input.map(|n| Tokens { input_uncached: n.0, ..Tokens::default() });
    Sighted { input, output: input.map(|_| Tokens::default()), ..Sighted::default() }
}

/// Same shape: the bytes as they are, but for the cost.
fn forward(context: &AnswerContext, text: &str, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let head: Head<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(context.upstream, head.error)?;
    if !head.data.is_some_and(|data| data.get().starts_with('[')) {
        return Err(AnswerError::Malformed("it has no list 'data'".into()));
    }
    let sighted = input_only(head.usage);
    let head = AnswerHead { id: head.id, model: head.model, finish: None, usage: head.usage, sighted };
    Ok(head.priced(context, (text, body), 0, pricing))
}

/// How many tokens stand in a request as numbers: embeddings may be asked for of what is tokenised already, which an
/// estimate by text does not see. 0 for other operations and for text.
pub(crate) fn token_count(operation: Operation, body: &str) -> u64 {
    #[derive(Deserialize)]
    struct Input<'a> {
        #[serde(borrow)]
        input: Option<&'a RawValue>,
    }
    if operation != Operation::Embeddings {
        return 0;
    }
    let input = serde_json::from_str::<Input<'_>>(body).ok().and_then(|read| read.input);
    let Some(raw) = input.map(RawValue::get).filter(|raw| raw.starts_with('[') && !raw.contains('"')) else { return 0 };
    let mut within = false;
    let starts = raw.bytes().filter(|b| !std::mem::replace(&mut within, b.is_ascii_digit()) && b.is_ascii_digit());
    starts.count() as u64
}

#[cfg(test)]
mod tests;
