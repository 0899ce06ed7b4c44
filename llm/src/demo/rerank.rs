//! The demo provider's rerank: a document's score is the part of the query's words that stand in it.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::vectors::words;
use crate::error::{ErrorKind, WireError};

/// The model that does it.
pub(super) const MODEL: &str = "demo-rerank";

/// Answers a rerank whose model is [`MODEL`].
///
/// # Errors
/// What the caller is to be told.
pub(super) fn answer(request: &Value) -> Result<Value, WireError> {
    let invalid = |param: &str, message: &str| {
        WireError::gateway(ErrorKind::InvalidRequest, format!("{param}: {message}")).with_param(param)
    };
    let query = request.get("query").and_then(Value::as_str).filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| invalid("query", "is missing or empty; send a text"))?;
    let documents = request.get("documents").and_then(Value::as_array).filter(|list| !list.is_empty());
    let documents = documents.ok_or_else(|| invalid("documents", "is missing or empty; send at least one"))?;
    let most = match request.get("top_n").filter(|value| !value.is_null()) {
        None => documents.len(),
        Some(value) => value
            .as_u64()
            .filter(|n| *n > 0)
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| invalid("top_n", "send a whole number from 1 on"))?,
    };
    let shown = request.get("return_documents").and_then(Value::as_bool).unwrap_or(false);
    let wanted: HashSet<String> = words(query).collect();
    let mut tokens = wanted.len();
    let mut scored = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let text = match document {
            Value::String(text) => Some(text.as_str()),
            other => other.get("text").and_then(Value::as_str),
        };
        let text =
            text.ok_or_else(|| invalid(&format!("documents[{index}]"), "is neither a text nor an object with 'text'"))?;
        let has: HashSet<String> = words(text).collect();
        tokens += has.len();
        scored.push((score(&wanted, &has), index, text));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let results: Vec<Value> = scored
        .iter()
        .take(most)
        .map(|(score, index, text)| {
            let mut result = json!({"index": index, "relevance_score": score});
            if shown {
                result["document"] = json!({"text": text});
            }
            result
        })
        .collect();
    Ok(json!({"object": "list", "model": MODEL, "results": results, "usage": {"total_tokens": tokens}}))
}

#[expect(clippy::cast_precision_loss, reason = "nobody asks in so many words")]
fn score(wanted: &HashSet<String>, has: &HashSet<String>) -> f64 {
    wanted.intersection(has).count() as f64 / wanted.len().max(1) as f64
}
