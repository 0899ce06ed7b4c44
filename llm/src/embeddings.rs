//! Embeddings: `POST /v1/embeddings` in OpenAI's shape, `:embedContent` and `:batchEmbedContents` in Gemini's, forwarded
//! to whoever takes it, translated for the others.
//! Sources: <https://platform.openai.com/docs/api-reference/embeddings>, <https://ai.google.dev/api/embeddings>.

mod bedrock;
mod from_gemini;
mod request;
mod vectors;

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::{Dialect, WireFormat, gemini_path};
use weir_domain::operation::Operation;
use weir_domain::usage::Tokens;

use self::request::Request;
use crate::answer::{Answer, AnswerContext, AnswerHead};
use crate::error::{AnswerError, RequestError};
use crate::gemini;
use crate::peek::Peek;
use crate::pricing::{Cost, Pricing};
use crate::reply::Ending;
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
pub(crate) fn prepare(
    inbound: Dialect,
    peek: &Peek,
    body: &Bytes,
    target: &Target<'_>,
) -> Result<UpstreamRequest, RequestError> {
    let mut report = Report::new(target.strict);
    let (body, path, wanted) = match (inbound, target.format) {
        (Dialect::Gemini, WireFormat::Gemini) => {
            (from_gemini::forward(peek, body, target)?, on_gemini(target.model, peek.batch), Wanted::default())
        }
        // Both of OpenAI's dialects are spoken by servers that take this beside them.
        (Dialect::Openai | Dialect::Anthropic | Dialect::Responses, WireFormat::Openai | WireFormat::Responses) => {
            (with_model(peek, target).apply(body), PATH.into(), Wanted::default())
        }
        _ => {
            let request = match inbound {
                Dialect::Gemini => from_gemini::read(peek, body, &mut report)?,
                Dialect::Openai | Dialect::Anthropic | Dialect::Responses => request::read(body, &mut report)?,
            };
            report.tell_in_words_of(inbound);
            let (body, path) =
                write(&request, target, &mut report).map_err(|error: RequestError| error.in_words_of(inbound))?;
            let wish = Wish::Embeddings { layout: request.layout, count: request.texts.len() };
            (body, path, Wanted::of_model(target.model).with(wish))
        }
    };
    Ok(UpstreamRequest { body, dropped: report.into_dropped(), tool_names: ToolNames::default(), path, wanted })
}

/// Where Gemini takes them.
fn on_gemini(model: &str, batch: bool) -> Cow<'static, str> {
    let method = if batch { "batchEmbedContents" } else { "embedContent" };
    format!("{}:{method}", gemini_path(model)).into()
}

/// The body for a provider of another shape, and where it is posted.
fn write(
    request: &Request<'_>,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<(Bytes, Cow<'static, str>), RequestError> {
    Ok(match target.format {
        WireFormat::Openai | WireFormat::Responses => (request.to_openai(target, report)?, PATH.into()),
        WireFormat::Cohere => (request.to_cohere(target)?, "/v2/embed".into()),
        WireFormat::Bedrock => (bedrock::write(request, target, report)?, bedrock::path(target.model).into()),
        WireFormat::Gemini => (request.to_gemini(target)?, on_gemini(target.model, true)),
        WireFormat::Ollama => (request.to_ollama(target, report)?, "/api/embed".into()),
        WireFormat::Anthropic => {
            return Err(RequestError::unsupported("model", "its provider makes no embeddings"));
        }
    })
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
    let Wish::Embeddings { layout, count } = context.wanted.wish else {
        return forward(context, text, body, pricing);
    };
    let vectors = vectors::read(context.upstream, text, count)?;
    let usage = vectors.sighted.complete(context.estimated_input, 0);
    let cost = pricing.cost(&usage);
    let model = context.wanted.model(vectors.model.clone()).unwrap_or_default();
    let body = vectors.write(layout, &model, usage.tokens.input_total(), Cost(cost))?.into();
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
#[serde(expecting = "an answer with embeddings")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    /// Gemini's of one text.
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    /// Gemini's of a batch.
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, rename = "usageMetadata")]
    usage_metadata: Option<&'a RawValue>,
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

/// Reads Gemini's `usageMetadata`, whose tokens are all input; their kinds may have prices of their own.
fn counted_by_gemini(raw: Option<&RawValue>) -> Sighted {
    raw.map(|raw| gemini::usage::read(raw, true)).unwrap_or_default()
}

/// Same shape: the bytes as they are, but for the cost.
fn forward(context: &AnswerContext, text: &str, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let head: Head<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(context.upstream, head.error)?;
    let is_list = |member: Option<&RawValue>| member.is_some_and(|raw| raw.get().starts_with('['));
    let (usage, sighted) = match context.inbound {
        Dialect::Gemini if !is_list(head.embeddings) && head.embedding.is_none() => {
            return Err(AnswerError::Malformed("it has neither 'embedding' nor a list 'embeddings'".into()));
        }
        Dialect::Gemini => (head.usage_metadata, counted_by_gemini(head.usage_metadata)),
        _ if !is_list(head.data) => return Err(AnswerError::Malformed("it has no list 'data'".into())),
        _ => (head.usage, input_only(head.usage)),
    };
    let head = AnswerHead { id: head.id, model: head.model, ending: Ending::default(), usage, sighted };
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
