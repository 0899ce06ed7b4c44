//! Rerank: `POST /v1/rerank` and `/v2/rerank` in the shape that Cohere and Jina share, forwarded to whoever takes it.
//! Sources: <https://docs.cohere.com/reference/rerank>, <https://api.jina.ai/redoc>,
//! <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>,
//! <https://docs.voyageai.com/reference/reranker-api>.

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
use crate::reply::Ending;
use crate::report::Report;
use crate::request::{Target, UpstreamRequest, with_model};
use crate::splice::{Splice, span};
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
    /// What Voyage calls its results.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Same shape: the bytes as they are, but for the cost, and for the name of the results where a vendor has its own.
fn forward(context: &AnswerContext, text: &str, body: &Bytes, pricing: &dyn Pricing) -> Result<Answer, AnswerError> {
    if let Some(renamed) = named_as_all_do(text, body)? {
        let text = std::str::from_utf8(&renamed).map_err(|fault| AnswerError::Malformed(fault.to_string()))?;
        return read_and_price(context, text, &renamed, pricing);
    }
    read_and_price(context, text, body, pricing)
}

fn read_head(text: &str) -> Result<Head<'_>, AnswerError> {
    parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))
}

fn is_list(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|list| list.get().starts_with('['))
}

/// The answer with its `data` called `results`, where it has the former only.
fn named_as_all_do(text: &str, body: &Bytes) -> Result<Option<Bytes>, AnswerError> {
    let head = read_head(text)?;
    let Some(data) = head.data.filter(|data| head.results.is_none() && is_list(Some(data))) else { return Ok(None) };
    let before = text.get(..span(text, data.get()).start).unwrap_or_default().trim_end();
    let key = before.strip_suffix(':').map(str::trim_end).unwrap_or_default();
    // Written with escapes, which nobody does, it is not found, and the answer is refused.
    let Some(start) = key.strip_suffix("\"data\"").map(str::len) else { return Ok(None) };
    let mut splice = Splice::default();
    splice.replace(start..key.len(), b"\"results\"".as_slice());
    Ok(Some(splice.apply(body)))
}

fn read_and_price(
    context: &AnswerContext,
    text: &str,
    body: &Bytes,
    pricing: &dyn Pricing,
) -> Result<Answer, AnswerError> {
    let head = read_head(text)?;
    AnswerError::in_band(context.upstream, head.error)?;
    if !is_list(head.results) {
        return Err(AnswerError::Malformed("it has no list 'results'".into()));
    }
    // Whoever bills by the search says so; the others count tokens.
    let sighted = search_units(head.meta).map_or_else(|| input_only(head.usage), of_queries);
    let head = AnswerHead { id: head.id, model: head.model, ending: Ending::default(), usage: head.usage, sighted };
    Ok(head.priced(context, (text, body), 0, pricing))
}

#[cfg(test)]
mod tests;
