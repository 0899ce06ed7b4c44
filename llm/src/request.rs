//! From the caller's request to the upstream's: splice within one dialect, translate between two.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::operation::Operation;

use crate::error::RequestError;
use crate::history::without_foreign_reasoning;
use crate::peek::{Peek, as_text};
use crate::report::{Dropped, Report};
use crate::responses::echo::Echo;
use crate::splice::Splice;
use crate::tool_names::ToolNames;
use crate::wanted::Wanted;
use crate::{
    anthropic, bedrock, cohere, completion, count_tokens, embeddings, gemini, ollama, openai, passed_on, rerank,
    responses,
};

/// The model that one attempt goes to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What its provider speaks.
    pub format: WireFormat,
    /// The model's id at the provider.
    pub model: &'a str,
    /// The most tokens it writes, from the catalogue: the default where a dialect demands a limit.
    pub max_output_tokens: Option<u64>,
    /// Whether the provider takes `stream_options` (OpenAI dialect).
    pub stream_options: bool,
    /// Whether the model takes legacy completions (OpenAI dialect); where it does not, they are chats.
    pub completions: bool,
    /// Refuse what cannot be carried over, in place of reporting it.
    pub strict: bool,
    /// Beta features of Anthropic's that the caller asks for beside the body, as far as the gateway allows them; for
    /// formats that carry them in the body (Bedrock).
    pub betas: &'a [String],
}

impl<'a> Target<'a> {
    /// A model of which nothing special is known: it takes what its format takes.
    #[must_use]
    pub const fn new(format: WireFormat, model: &'a str) -> Self {
        Self {
            format,
            model,
            max_output_tokens: None,
            stream_options: true,
            completions: true,
            strict: false,
            betas: &[],
        }
    }
}

/// What goes upstream.
#[derive(Clone, Debug)]
pub struct UpstreamRequest {
    /// The JSON body.
    pub body: Bytes,
    /// What could not be carried over; empty in strict mode.
    pub dropped: Vec<Dropped>,
    /// Tools that the upstream knows under other names than the caller; its answer is read with them.
    pub tool_names: ToolNames,
    /// Where it is posted, below the provider's `base_url`.
    pub path: Cow<'static, str>,
    /// What the caller wants of the answer beyond its format; it is read with that.
    pub wanted: Wanted,
}

/// Makes the body for `target` from the caller's body that [`crate::peek`] was called with.
///
/// # Errors
/// The request is wrong, or cannot be expressed in the target's dialect ([`RequestError::Unsupported`]: another
/// target may take it).
pub fn prepare(
    inbound: Dialect,
    peek: &Peek,
    body: &Bytes,
    target: &Target<'_>,
) -> Result<UpstreamRequest, RequestError> {
    match peek.operation {
        Operation::Chat => chat(inbound, peek, body, target),
        Operation::Embeddings => embeddings::prepare(inbound, peek, body, target),
        Operation::Rerank => rerank::prepare(peek, body, target),
        Operation::CountTokens => count_tokens::prepare(inbound, peek, body, target),
        Operation::Completion if completion::is_chat(target) => completion::prepare(peek, body, target),
        _ => passed_on::prepare(peek, body, target),
    }
}

impl UpstreamRequest {
    /// Whether it is a chat, be it in the place of a completion; of `operation` what the caller asked for.
    #[must_use]
    pub fn is_chat(&self, operation: Operation) -> bool {
        self.wanted.chats(operation)
    }
}

fn chat(inbound: Dialect, peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<UpstreamRequest, RequestError> {
    let mut report = Report::new(target.strict);
    let mut wanted = match target.format.dialect() {
        Some(_) => Wanted::default(),
        None => Wanted::of_model(target.model),
    };
    let (body, tool_names, echo) = if target.format.dialect() == Some(inbound) {
        let body = match without_foreign_reasoning(inbound, body, &mut report)? {
            None => forward(inbound, peek, body, target, &mut report)?,
            // Everything after the reasoning stands elsewhere now.
            Some(body) if inbound == Dialect::Gemini => body,
            Some(body) => forward(inbound, &crate::peek::peek(inbound, &body)?, &body, target, &mut report)?,
        };
        (body, ToolNames::default(), Echo::default())
    } else {
        translate(inbound, peek, body, target, &mut report)?
    };
    wanted.echo = echo;
    wanted.search = peek.search_size;
    Ok(UpstreamRequest {
        body,
        dropped: report.into_dropped(),
        tool_names,
        path: target.format.chat_path(target.model, peek.stream),
        wanted,
    })
}

/// Same dialect: the caller's bytes, with only `model` and the wish for usage spliced in.
fn forward(
    dialect: Dialect,
    peek: &Peek,
    body: &Bytes,
    target: &Target<'_>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    let mut splice = with_model(peek, target);
    if dialect == Dialect::Openai && peek.stream {
        ask_for_usage(peek, body, target, report, &mut splice)?;
    }
    Ok(splice.apply(body))
}

/// The caller's bytes with the model as the provider names it.
pub(crate) fn with_model<'a>(peek: &Peek, target: &Target<'_>) -> Splice<'a> {
    let mut splice = Splice::default();
    if peek.model != target.model && !peek.spans.model.is_empty() {
        splice.replace(peek.spans.model.clone(), json_string(target.model));
    }
    splice
}

/// Streams of OpenAI's dialect carry usage only when asked (rule 28); Weir always wants it. A provider that refuses
/// `stream_options` does not get the caller's either.
pub(crate) fn ask_for_usage(
    peek: &Peek,
    body: &[u8],
    target: &Target<'_>,
    report: &mut Report,
    splice: &mut Splice<'_>,
) -> Result<(), RequestError> {
    let spans = &peek.spans;
    if !target.stream_options {
        if let Some(options) = &spans.stream_options {
            splice.replace(member_span(body, options), b"".as_slice());
            report.drop("stream_options", "the provider refuses it; usage is estimated")?;
        }
        return Ok(());
    }
    match (&spans.include_usage, &spans.stream_options) {
        (Some(_), _) if peek.include_usage == Some(true) => {}
        (Some(value), _) => splice.replace(value.clone(), b"true".as_slice()),
        (None, Some(options)) if body.get(options.start) == Some(&b'{') => {
            let inside = options.start + 1;
            let empty = body.get(inside..options.end - 1).is_none_or(|rest| rest.trim_ascii().is_empty());
            let comma = if empty { "" } else { "," };
            splice.replace(inside..inside, format!("\"include_usage\":true{comma}").into_bytes());
        }
        (None, Some(null)) => splice.replace(null.clone(), b"{\"include_usage\":true}".as_slice()),
        (None, None) => {
            let after_model = peek.spans.model.end;
            splice.replace(after_model..after_model, b",\"stream_options\":{\"include_usage\":true}".as_slice());
        }
    }
    Ok(())
}

/// The range of a whole member, key and one comma included, given the range of its value in valid JSON.
fn member_span(body: &[u8], value: &Range<usize>) -> Range<usize> {
    let before = |at: usize, is: fn(u8) -> bool| {
        body.get(..at).and_then(|head| head.iter().rposition(|b| !is(*b))).map_or(0, |last| last + 1)
    };
    // Back over white space and the colon to the key's closing quote, then to its opening one, which is the first
    // quote from there that no odd run of backslashes stands before.
    let close = before(value.start, |b| b.is_ascii_whitespace() || b == b':').saturating_sub(1);
    let mut open = close;
    while let Some(quote) = body.get(..open).and_then(|head| memchr::memrchr(b'"', head)) {
        open = quote;
        if (quote - before(quote, |b| b == b'\\')) % 2 == 0 {
            break;
        }
    }
    let rest = body.get(value.end..).unwrap_or_default();
    let gap = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    if rest.get(gap) == Some(&b',') {
        return open..value.end + gap + 1;
    }
    let comma = before(open, |b| b.is_ascii_whitespace());
    let has_comma = comma > 0 && body.get(comma - 1) == Some(&b',');
    if has_comma { comma - 1..value.end } else { open..value.end }
}

/// Another dialect: read into the neutral exchange, written from it.
pub(crate) fn translate(
    inbound: Dialect,
    peek: &Peek,
    body: &[u8],
    target: &Target<'_>,
    report: &mut Report,
) -> Result<(Bytes, ToolNames, Echo), RequestError> {
    let text = as_text(body)?;
    let (mut exchange, echo) = match inbound {
        Dialect::Openai => (openai::read_request::read(text, report)?, Echo::default()),
        Dialect::Anthropic => (anthropic::read_request::read(text, report)?, Echo::default()),
        Dialect::Responses => responses::read_request::read(text, report)?,
        Dialect::Gemini => (gemini::read_request::read(text, peek.stream, report)?, Echo::default()),
    };
    report.tell_in_words_of(inbound);
    exchange.limit(target.format, report)?;
    if target.format != WireFormat::Responses {
        responses::sealed::without_items(&mut exchange.turns, report)?;
    }
    let tool_names = ToolNames::fit(&mut exchange, target.format);
    let body = match target.format {
        WireFormat::Openai => openai::write_request::write(exchange, target, report),
        WireFormat::Anthropic => anthropic::write_request::write(exchange, target, report),
        WireFormat::Gemini => gemini::write_request::write(exchange, target, report),
        WireFormat::Cohere => cohere::write_request::write(exchange, target, report),
        WireFormat::Ollama => ollama::write_request::write(exchange, target, report),
        WireFormat::Responses => responses::write_request::write(exchange, target, report),
        WireFormat::Bedrock => bedrock::write_request::write(exchange, target, report),
    }
    .map_err(|error| error.in_words_of(inbound))?;
    Ok((body, tool_names, echo))
}

/// `text` as a JSON string.
fn json_string(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
