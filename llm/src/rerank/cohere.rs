//! Rerank at Cohere, version 2: it takes texts only, and answers without them.
//! Source: <https://docs.cohere.com/reference/rerank>.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;
use weir_domain::usage::UsageSource;

use super::{of_queries, search_units};
use crate::answer::{Answer, AnswerContext};
use crate::error::{AnswerError, RequestError};
use crate::peek::{as_text, request_error};
use crate::pricing::{Cost, Pricing};
use crate::report::Report;
use crate::request::Target;
use crate::wanted::Wish;
use crate::wire::{Text, parse, record};

/// Documents that one search unit covers.
const UNIT: usize = 100;

record! {
    Rerank {
        "model" model: Text<'a>,
        "query" query: Text<'a>,
        "documents" documents: Vec<&'a RawValue>,
        "top_n" top_n: u64,
        "return_documents" return_documents: bool,
        "max_tokens_per_doc" max_tokens_per_doc: u64,
    }
}

#[derive(Serialize)]
struct OutRequest<'a> {
    model: &'a str,
    query: Text<'a>,
    documents: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens_per_doc: Option<u64>,
}

/// Writes the request, and what its answer will lack.
///
/// # Errors
/// A field is missing or wrong; in strict mode, something is not carried over.
pub(super) fn write(body: &Bytes, target: &Target<'_>, report: &mut Report) -> Result<(Bytes, Wish), RequestError> {
    let rerank: Rerank<'_> = parse(as_text(body)?).map_err(request_error)?;
    report.unknown(&rerank.extra, str::to_owned)?;
    let query = rerank.query.filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| RequestError::field("query", "is missing or empty", "send a text"))?;
    let given = rerank.documents.filter(|documents| !documents.is_empty());
    let given = given.ok_or_else(|| RequestError::field("documents", "is missing or empty", "send at least one"))?;
    if rerank.top_n == Some(0) {
        return Err(RequestError::field("top_n", "is 0", "write 1 or more, or leave it out"));
    }
    let mut documents = Vec::with_capacity(given.len());
    for (at, document) in given.iter().enumerate() {
        documents.push(text_of(at, document)?);
    }
    let shown = rerank.return_documents == Some(true);
    let kept = shown.then(|| given.iter().map(|raw| raw.get().to_owned()).collect::<Arc<[String]>>());
    let wish = Wish::Rerank { count: given.len(), documents: kept };
    let (top_n, max_tokens_per_doc) = (rerank.top_n, rerank.max_tokens_per_doc);
    let request = OutRequest { model: target.model, query, documents, top_n, max_tokens_per_doc };
    let body = serde_json::to_vec(&request).map_err(|fault| RequestError::Malformed(fault.to_string()))?;
    Ok((body.into(), wish))
}

/// A document as text. One of several fields goes as the JSON that it is: Cohere reads YAML, which JSON is.
fn text_of(at: usize, document: &RawValue) -> Result<Text<'_>, RequestError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct OnlyText<'a> {
        #[serde(borrow)]
        text: Text<'a>,
    }
    let raw = document.get();
    if let Ok(text) = serde_json::from_str::<Text<'_>>(raw) {
        return Ok(text);
    }
    match serde_json::from_str::<OnlyText<'_>>(raw) {
        Ok(only) => Ok(only.text),
        Err(_) if raw.starts_with('{') => Ok(raw.into()),
        Err(_) => {
            let problem = "is neither a text nor an object";
            Err(RequestError::field(format!("documents[{at}]"), problem, "write a text or {\"text\": …}"))
        }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a list of results")]
struct Wire<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    results: Option<Vec<WireResult<'a>>>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireResult<'a> {
    index: usize,
    /// As it came: no digit is lost.
    #[serde(borrow)]
    relevance_score: &'a RawValue,
}

#[derive(Serialize)]
struct OutAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    model: &'a str,
    results: Vec<OutResult<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
    usage: OutUsage,
}

#[derive(Serialize)]
struct OutResult<'a> {
    index: usize,
    relevance_score: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<OutDocument<'a>>,
}

/// An object whatever the caller sent, as Cohere's first version and Jina write it.
#[derive(Serialize)]
#[serde(untagged)]
enum OutDocument<'a> {
    Text { text: &'a RawValue },
    Object(&'a RawValue),
}

#[derive(Serialize)]
struct OutUsage {
    search_units: u64,
    cost: Cost,
}

/// Reads the answer and renders it for the caller.
///
/// # Errors
/// It is no list of results, one of them is for no document, or it is an error.
pub(super) fn answer(
    context: &AnswerContext,
    text: &str,
    count: usize,
    documents: Option<&[String]>,
    pricing: &dyn Pricing,
) -> Result<Answer, AnswerError> {
    let wire: Wire<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(WireFormat::Cohere, wire.error)?;
    let Some(list) = wire.results else {
        return Err(AnswerError::Malformed("it has no list 'results'".into()));
    };
    let mut results = Vec::with_capacity(list.len());
    for result in list {
        if result.index >= count {
            return Err(AnswerError::Malformed(format!("it ranks document {} of {count}", result.index)));
        }
        let kept = documents.and_then(|all| all.get(result.index));
        let raw = kept.and_then(|document| serde_json::from_str::<&RawValue>(document).ok());
        let document = raw.map(|raw| match raw.get().starts_with('"') {
            true => OutDocument::Text { text: raw },
            false => OutDocument::Object(raw),
        });
        results.push(OutResult { index: result.index, relevance_score: result.relevance_score, document });
    }
    let told = search_units(wire.meta);
    let units = told.unwrap_or(count.div_ceil(UNIT) as u64);
    let mut usage = of_queries(units).complete(0, 0);
    if told.is_none() {
        usage.source = UsageSource::Estimated;
    }
    let cost = pricing.cost(&usage);
    let model = context.wanted.model(None).unwrap_or_default();
    let usage_shown = OutUsage { search_units: units, cost: Cost(cost) };
    let id = wire.id.as_deref();
    let body = serde_json::to_vec(&OutAnswer { id, model: &model, results, meta: wire.meta, usage: usage_shown })?;
    let response_id = wire.id.map(|id| id.0.into_owned());
    Ok(Answer { body: body.into(), usage, cost, finish: None, upstream_model: None, response_id, dropped: Vec::new() })
}
