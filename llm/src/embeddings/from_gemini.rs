//! Requests for embeddings in Gemini's shape: `:embedContent` for one text, `:batchEmbedContents` for a list. Read into
//! the neutral form, or passed on with the model as the provider names it, which they repeat in the body.
//! Source: <https://ai.google.dev/api/embeddings>.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::dialect::gemini_path;

use super::request::{Purpose, Request};
use crate::error::RequestError;
use crate::peek::{Peek, as_text, request_error};
use crate::report::{NO_COUNTERPART, Report};
use crate::request::Target;
use crate::splice::{Splice, span};
use crate::wanted::Layout;
use crate::wire::{Text, parse, record};

record! {
    Batch {
        "model" model: IgnoredAny,
        "requests" requests: Vec<One<'a>>,
    }
}

record! {
    /// What one vector is asked for with.
    One {
        "model" model: IgnoredAny,
        "content" content: Content<'a>,
        "taskType" | "task_type" task_type: Text<'a>,
        "title" title: IgnoredAny,
        "outputDimensionality" | "output_dimensionality" dimensions: u64,
        "embedContentConfig" | "embed_content_config" config: Config<'a>,
    }
}

record! {
    /// The newer place of the same.
    Config {
        "taskType" | "task_type" task_type: Text<'a>,
        "title" title: IgnoredAny,
        "outputDimensionality" | "output_dimensionality" dimensions: u64,
    }
}

record! {
    Content {
        "role" role: IgnoredAny,
        "parts" parts: Vec<Part<'a>>,
    }
}

record! {
    Part {
        "text" text: Text<'a>,
    }
}

/// What a text is to be embedded for and with, which other providers take once for all texts.
type Wish = (Option<Purpose>, Option<u64>);

/// Reads a request; of `peek` whether it is a batch.
///
/// # Errors
/// A field is missing or wrong, the content is no text, or texts are to be embedded in different ways, which only
/// Gemini takes at once.
pub(super) fn read<'a>(peek: &Peek, body: &'a Bytes, report: &mut Report) -> Result<Request<'a>, RequestError> {
    let text = as_text(body)?;
    models(peek, text)?;
    let asked = if peek.batch {
        let batch: Batch<'a> = parse(text).map_err(request_error)?;
        report.unknown(&batch.extra, str::to_owned)?;
        batch.requests.unwrap_or_default()
    } else {
        vec![parse(text).map_err(request_error)?]
    };
    if asked.is_empty() {
        return Err(RequestError::field("requests", "is missing or empty", "send at least one request"));
    }
    let mut texts = Vec::with_capacity(asked.len());
    let mut first: Option<Wish> = None;
    for (at, one) in asked.into_iter().enumerate() {
        let place = if peek.batch { format!("requests[{at}].") } else { String::new() };
        let (text, wish) = read_one(one, &place, report)?;
        let of_all = *first.get_or_insert(wish);
        if of_all != wish {
            let field = if of_all.0 == wish.0 { "outputDimensionality" } else { "taskType" };
            let reason =
                "differs from that of the first request, and the provider takes one for all; send a batch for each";
            return Err(RequestError::unsupported(format!("{place}{field}"), reason));
        }
        texts.push(text);
    }
    let (purpose, dimensions) = first.unwrap_or_default();
    let layout = if peek.batch { Layout::Many } else { Layout::One };
    Ok(Request { texts, dimensions, purpose, layout })
}

/// Reads what one vector is asked for with; `place` stands before the names of its fields.
fn read_one<'a>(one: One<'a>, place: &str, report: &mut Report) -> Result<(Text<'a>, Wish), RequestError> {
    let config = one.config.unwrap_or_default();
    report.unknown(&one.extra, |name| format!("{place}{name}"))?;
    report.unknown(&config.extra, |name| format!("{place}embedContentConfig.{name}"))?;
    if one.title.or(config.title).is_some() {
        report.drop(format!("{place}title"), NO_COUNTERPART)?;
    }
    let dimensions = one.dimensions.or(config.dimensions);
    if dimensions == Some(0) {
        let field = format!("{place}outputDimensionality");
        return Err(RequestError::field(field, "is 0", "write 1 or more, or leave it out"));
    }
    let purpose = match one.task_type.or(config.task_type) {
        None => None,
        Some(name) => purpose(&name, place, report)?,
    };
    let Some(content) = one.content else {
        let mend = "send {\"parts\": [{\"text\": …}]}";
        return Err(RequestError::field(format!("{place}content"), "is missing", mend));
    };
    Ok((read_text(content, &format!("{place}content"), report)?, (purpose, dimensions)))
}

/// What a `taskType` is elsewhere. Questions and claims are queries for what answers or proves them.
fn purpose(name: &str, place: &str, report: &mut Report) -> Result<Option<Purpose>, RequestError> {
    let field = || format!("{place}taskType");
    Ok(Some(match name {
        "TASK_TYPE_UNSPECIFIED" => return Ok(None),
        "RETRIEVAL_QUERY" | "QUESTION_ANSWERING" | "FACT_VERIFICATION" | "CODE_RETRIEVAL_QUERY" => Purpose::Query,
        "RETRIEVAL_DOCUMENT" => Purpose::Document,
        "CLASSIFICATION" => Purpose::Classification,
        "CLUSTERING" => Purpose::Clustering,
        "SEMANTIC_SIMILARITY" => {
            report.drop(field(), NO_COUNTERPART)?;
            return Ok(None);
        }
        _ => {
            let mend = "write RETRIEVAL_QUERY, RETRIEVAL_DOCUMENT, SEMANTIC_SIMILARITY, CLASSIFICATION, CLUSTERING, \
                        QUESTION_ANSWERING, FACT_VERIFICATION or CODE_RETRIEVAL_QUERY";
            return Err(RequestError::field(field(), "is none of the known ones", mend));
        }
    }))
}

/// The text of a content: that of its parts, each on lines of its own.
fn read_text<'a>(content: Content<'a>, place: &str, report: &mut Report) -> Result<Text<'a>, RequestError> {
    report.unknown(&content.extra, |name| format!("{place}.{name}"))?;
    let mut texts = Vec::new();
    for (at, part) in content.parts.unwrap_or_default().into_iter().enumerate() {
        if let Some(kind) = part.extra.first() {
            let reason = "the provider makes vectors of text only";
            return Err(RequestError::unsupported(format!("{place}.parts[{at}].{}", &**kind), reason));
        }
        texts.extend(part.text.filter(|text| !text.is_empty()));
    }
    if texts.len() > 1 {
        return Ok(texts.iter().map(|text| &**text).collect::<Vec<_>>().join("\n").into());
    }
    texts.pop().ok_or_else(|| RequestError::field(place.to_owned(), "holds no text", "send a part with a text in it"))
}

/// The members that repeat the model.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Named<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Repeated<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    requests: Option<Vec<Named<'a>>>,
}

/// Where the body repeats the model.
///
/// # Errors
/// It names another one than the path, which is the one that is asked.
fn models(peek: &Peek, text: &str) -> Result<Vec<Range<usize>>, RequestError> {
    let bare = |name: &str| name.strip_prefix("models/").unwrap_or(name).to_owned();
    let asked = bare(&peek.model);
    let repeated: Repeated<'_> = parse(text).map_err(request_error)?;
    let within = repeated.requests.iter().flatten().enumerate();
    let within = within.filter_map(|(at, one)| Some((format!("requests[{at}].model"), one.model?)));
    let top = repeated.model.map(|model| ("model".to_owned(), model));
    let mut places = Vec::new();
    for (field, raw) in top.into_iter().chain(within) {
        let name = serde_json::from_str::<Text<'_>>(raw.get()).map(|name| bare(&name));
        if name.as_ref().ok() != Some(&asked) {
            let mend = "write the same, or leave it out";
            return Err(RequestError::field(field, "is not the model that the path names", mend));
        }
        places.push(span(text, raw.get()));
    }
    Ok(places)
}

/// The caller's bytes for a provider of the same shape.
///
/// # Errors
/// As [`models`].
pub(super) fn forward(peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<Bytes, RequestError> {
    let mut splice = Splice::default();
    let name = serde_json::Value::from(gemini_path(target.model).trim_start_matches('/')).to_string();
    for place in models(peek, as_text(body)?)? {
        splice.replace(place, name.clone().into_bytes());
    }
    Ok(splice.apply(body))
}
