//! Rerank: `POST /v1/rerank` and `/v2/rerank` in the shape that Cohere and Jina share, forwarded to whoever takes it.
//! Sources: <https://docs.cohere.com/reference/rerank>, <https://api.jina.ai/redoc>,
//! <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>.

mod cohere;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::{Tokens, Units};

use crate::answer::{Answer, AnswerContext, AnswerHead};
use crate::embeddings::input_only;
use crate::error::{AnswerError, RequestError};
use crate::peek::Peek;
use crate::pricing::Pricing;
use crate::report::Report;
use crate::request::{Target, UpstreamRequest, with_model};
use crate::tool_names::ToolNames;
use crate::usage::{Count, Sighted};
use crate::wanted::{Wanted, Wish};
use crate::wire::{Text, parse};

/// Where Jina, vLLM and other servers of OpenAI's dialect take it, below the provider's address.
const PATH: &str = "/rerank";

/// Makes the request for `target`.
///
/// # Errors
/// The request is wrong, or the provider has no rerank.
pub(crate) fn prepare(peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<UpstreamRequest, RequestError> {
    let mut report = Report::new(target.strict);
    let (body, path, wanted) = match target.format {
        // Both of OpenAI's dialects are spoken by servers that take this beside them.
        WireFormat::Openai | WireFormat::Responses => (with_model(peek, target).apply(body), PATH, Wanted::default()),
        WireFormat::Cohere => {
            let (body, wish) = cohere::write(body, target, &mut report)?;
            (body, "/v2/rerank", Wanted::of_model(target.model).with(wish))
        }
        WireFormat::Anthropic | WireFormat::Gemini | WireFormat::Bedrock | WireFormat::Ollama => {
            return Err(RequestError::unsupported("model", "its provider reranks nothing"));
        }
    };
    let (dropped, tool_names) = (report.into_dropped(), ToolNames::default());
    Ok(UpstreamRequest { body, dropped, tool_names, path: path.into(), wanted })
}

/// Reads an answer and renders it for the caller.
///
/// # Errors
/// It is no list of results, or an error.
pub(crate) fn answer(
    context: &AnswerContext,
    text: &str,
    body: &Bytes,
    pricing: &dyn Pricing,
) -> Result<Answer, AnswerError> {
    match &context.wanted.wish {
        Wish::Rerank { count, documents } => cohere::answer(context, text, *count, documents.as_deref(), pricing),
        _ => forward(context, text, body, pricing),
    }
}

/// What Cohere bills: a unit is one query with up to a hundred documents. Read wherever it stands; others give tokens.
pub(crate) fn search_units(meta: Option<&RawValue>) -> Option<u64> {
    #[derive(Deserialize)]
    struct Meta {
        billed_units: Billed,
    }
    #[derive(Deserialize)]
    struct Billed {
        search_units: Option<Count>,
    }
    let meta: Meta = serde_json::from_str(meta?.get()).ok()?;
    meta.billed_units.search_units.map(|units| units.0)
}

/// Nothing but so many queries.
fn of_queries(queries: u64) -> Sighted {
    let none = Some(Tokens::default());
    Sighted { input: none, output: none, units: Units { queries, ..Units::default() }, ..Sighted::default() }
}

#[derive(Deserialize)]
#[serde(expecting = "a list of results")]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Same shape: the bytes as they are, but for the cost.
fn forward(context: &AnswerContext, text: &str, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    let head: Head<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(context.upstream, head.error)?;
    if !head.results.is_some_and(|results| results.get().starts_with('[')) {
        return Err(AnswerError::Malformed("it has no list 'results'".into()));
    }
    // Whoever bills by the search says so; the others count tokens.
    let sighted = search_units(head.meta).map_or_else(|| input_only(head.usage), of_queries);
    let head = AnswerHead { id: head.id, model: head.model, finish: None, usage: head.usage, sighted };
    Ok(head.priced(context, (text, body), 0, pricing))
}

#[cfg(test)]
mod tests;
