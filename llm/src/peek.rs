//! What routing and admission must know of a request, read without building the rest of it.

pub(crate) mod addressed;
mod head;

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation;

use self::head::{Head, Twin};
use crate::embeddings;
use crate::error::RequestError;
use crate::estimate::estimate_input;
use crate::form::Form;
use crate::openai::search_fee::SearchSize;
use crate::splice::span;
use crate::wire::{Fault, Text, even_null, parse};

/// What a request asks for, and where in its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// What is asked for.
    pub operation: Operation,
    /// The model as the caller named it.
    pub model: String,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Whether the stream is to be one JSON list (Gemini only).
    pub json_array: bool,
    /// Whether a list of texts is asked about rather than one (Gemini's `batchEmbedContents`).
    pub batch: bool,
    /// `stream_options.include_usage` (OpenAI only), when given.
    pub include_usage: Option<bool>,
    /// The caller's own limit of output tokens.
    pub max_tokens: Option<u64>,
    /// Whether tools are given.
    pub has_tools: bool,
    /// How many answers are asked for at once (`n`, OpenAI only): each may be as long as `max_tokens`.
    pub choices: u64,
    /// A guess at the input tokens, for reservations and for answers that are cut: four bytes of text per token,
    /// base64 payloads counted as a flat amount each.
    pub estimated_input: u64,
    /// What of an earlier answer only the account that gave it can read.
    pub binding: Option<Binding>,
    /// How much searches of the web are to find (OpenAI only).
    pub(crate) search_size: SearchSize,
    pub(crate) spans: Spans,
    /// The fields of a request that is a form.
    pub(crate) form: Option<Arc<Form>>,
}

/// What binds a request to the account that gave an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The id of that answer, or of an item of it.
    pub id: String,
    /// Whether no other account can take the request at all: it names the answer and does not repeat it.
    pub required: bool,
}

/// Byte ranges within the body that [`crate::prepare`] may replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    /// The value of `model`, quotes included.
    pub(crate) model: Range<usize>,
    /// The value of `stream_options`.
    pub(crate) stream_options: Option<Range<usize>>,
    /// The value of `stream_options.include_usage`.
    pub(crate) include_usage: Option<Range<usize>>,
}

/// OpenAI's `stream_options`.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct StreamOptions<'a> {
    #[serde(borrow, default, deserialize_with = "even_null")]
    include_usage: Option<&'a RawValue>,
}

impl Peek {
    /// Whether the request is a form.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.form.is_some()
    }
}

/// [`peek_for`] of a chat.
///
/// # Errors
/// As there.
pub fn peek(dialect: Dialect, body: &[u8]) -> Result<Peek, RequestError> {
    peek_for(Operation::Chat, dialect, body)
}

/// Reads the top level of a request whose body names the model; for others there is [`addressed::peek_addressed`].
///
/// # Errors
/// The body is not a JSON object, `model` is missing, a field that decides something has the wrong type or stands
/// there twice, or once more in other letters (`Model`).
pub fn peek_for(operation: Operation, dialect: Dialect, body: &[u8]) -> Result<Peek, RequestError> {
    let text = as_text(body)?;
    // serde would also take a list of the values in order.
    if text.trim_start().starts_with('[') {
        return Err(RequestError::Malformed("expected an object, found a list; send one JSON object".into()));
    }
    let head: Head<'_> = parse(text).map_err(request_error)?;
    if let Some(Twin { written, meant }) = head.twin {
        let problem = format!("differs from '{meant}' in case only, and a provider may take it for that");
        return Err(RequestError::field(written, problem, format!("write '{meant}', once, or leave it out")));
    }
    let Some(model_raw) = head.model.filter(|raw| raw.get() != "null") else {
        // Which names work for this caller is not known here: an example that is refused would mislead.
        let mend = "name a model that GET /v1/models lists";
        return Err(RequestError::field("model", "is missing", mend));
    };
    let model: Text<'_> = serde_json::from_str(model_raw.get())
        .map_err(|_| RequestError::field("model", "is not a string", "write the model's name in quotes"))?;
    if model.trim().is_empty() {
        return Err(RequestError::field("model", "is empty", "GET /v1/models lists what you may call"));
    }
    let spans = Spans { model: span(text, model_raw.get()), ..Spans::default() };
    let (model, estimated_input) = (model.0.into_owned(), estimate_input(body));
    if !matches!(operation, Operation::Chat | Operation::Completion) {
        // The other members mean something there only.
        let estimated_input = estimated_input + embeddings::token_count(operation, text);
        let stream = streams(operation, head.stream, text);
        // What is counted may go on from a response that its provider keeps.
        let counts = operation == Operation::CountTokens;
        let binding = counts.then(|| binding(dialect, head.previous_response_id, body)).flatten();
        return Ok(Peek { operation, model, stream, choices: 1, estimated_input, binding, spans, ..Peek::default() });
    }
    let mut peek = Peek {
        operation,
        model,
        stream: head.stream.unwrap_or(false),
        json_array: false,
        batch: false,
        include_usage: None,
        max_tokens: match dialect {
            Dialect::Responses => head.max_output_tokens,
            Dialect::Openai | Dialect::Anthropic | Dialect::Gemini => head.max_completion_tokens.or(head.max_tokens),
        },
        choices: head.n.unwrap_or(1).max(1),
        has_tools: head.tools.is_some_and(|tools| !tools.is_empty()),
        estimated_input,
        binding: binding(dialect, head.previous_response_id, body),
        search_size: SearchSize::of_request(head.web_search_options),
        spans,
        form: None,
    };
    if let (Dialect::Openai, Some(options)) = (dialect, head.stream_options) {
        read_stream_options(text, options, &mut peek)?;
    }
    Ok(peek)
}

/// Whether an operation that is passed on is to answer with events.
fn streams(operation: Operation, stream: Option<bool>, text: &str) -> bool {
    #[derive(Deserialize)]
    struct Speech<'a> {
        #[serde(borrow)]
        stream_format: Option<Text<'a>>,
    }
    match operation {
        Operation::Speech => {
            let format = serde_json::from_str::<Speech<'_>>(text).ok().and_then(|speech| speech.stream_format);
            format.as_deref() == Some("sse")
        }
        operation => stream.unwrap_or(false) && operation.passed_on_at().is_some(),
    }
}

/// [`peek_for`] of a request that may be a form, by its `content-type`.
///
/// # Errors
/// As there; the form is cut, or holds what two parsers could read differently.
pub fn peek_form(
    operation: Operation,
    dialect: Dialect,
    content_type: &str,
    body: &[u8],
) -> Result<Peek, RequestError> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !operation.takes_form() || !kind.to_ascii_lowercase().starts_with("multipart/") {
        return peek_for(operation, dialect, body);
    }
    let form = Form::read(content_type, body)?;
    let Some(model) = form.text("model", body).filter(|model| !model.trim().is_empty()) else {
        let mend = "name a model in a text field of the form; GET /v1/models lists what you may call";
        return Err(RequestError::field("model", "is missing, or is no UTF-8 text", mend));
    };
    let spans = Spans { model: form.span("model").unwrap_or_default(), ..Spans::default() };
    let stream = form.text("stream", body).is_some_and(|text| matches!(text.trim(), "true" | "True" | "1"));
    let model = model.to_owned();
    Ok(Peek { operation, model, stream, choices: 1, spans, form: Some(Arc::new(form)), ..Peek::default() })
}

/// The longest id of reasoning that is looked at, as the gateway hands it out.
const MAX_ID: usize = 1_024;

/// What binds the request: `previous_response_id`, or the last encrypted reasoning in it (rule 21).
fn binding(dialect: Dialect, previous: Option<&RawValue>, body: &[u8]) -> Option<Binding> {
    let named = |id: &str| !id.is_empty() && id.len() <= MAX_ID;
    let (mark, end): (&[u8], u8) = match dialect {
        Dialect::Responses => {
            let id = previous.and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok());
            // However long: what is no id of an answer that was given is refused where that is known.
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                return Some(Binding { id: id.0.into_owned(), required: true });
            }
            (b"\"rs_", b'"')
        }
        Dialect::Openai | Dialect::Anthropic => (b"\"weir-r1.", b'.'),
        // What binds is wrapped there.
        Dialect::Gemini => return None,
    };
    let at = memchr::memmem::rfind(body, mark)?;
    // A reasoning item's own id begins with the mark, a signature holds it behind one.
    let from = if dialect == Dialect::Responses { at + 1 } else { at + mark.len() };
    let rest = body.get(from..from.saturating_add(MAX_ID + 1).min(body.len()))?;
    let id = rest.get(..memchr::memchr(end, rest)?)?;
    let id = std::str::from_utf8(id).ok().filter(|id| named(id))?;
    Some(Binding { id: id.to_owned(), required: false })
}

fn read_stream_options(text: &str, raw: &RawValue, peek: &mut Peek) -> Result<(), RequestError> {
    peek.spans.stream_options = Some(span(text, raw.get()));
    let options: Option<StreamOptions<'_>> = parse(raw.get()).map_err(|_| {
        RequestError::field("stream_options", "is not an object", "write {\"include_usage\": true}, or leave it out")
    })?;
    if let Some(include) = options.and_then(|options| options.include_usage) {
        let flag = serde_json::from_str(include.get()).map_err(|_| {
            RequestError::field("stream_options.include_usage", "is not a boolean", "write true or false")
        })?;
        peek.include_usage = flag;
        peek.spans.include_usage = Some(span(text, include.get()));
    }
    Ok(())
}

/// The body as text; everything after this may rely on UTF-8.
pub(crate) fn as_text(body: &[u8]) -> Result<&str, RequestError> {
    std::str::from_utf8(body).map_err(|fault| {
        RequestError::Malformed(format!("byte {} is not UTF-8; send the JSON as UTF-8", fault.valid_up_to()))
    })
}

/// A fault of the JSON as an error that names the field.
pub(crate) fn request_error(Fault { path, problem }: Fault) -> RequestError {
    if path.is_empty() {
        return RequestError::Malformed(format!("{problem}; send one JSON object, as the API reference shows it"));
    }
    RequestError::field(path, problem, "see the API reference for what goes there")
}

#[cfg(test)]
mod tests;
