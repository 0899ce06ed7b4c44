//! Legacy completions of models that only chat: the prompt is what a user says, the completion the answer to it.
//! Source: <https://platform.openai.com/docs/api-reference/completions>.

use bytes::Bytes;
use serde_json::value::RawValue;
use weir_domain::dialect::{Dialect, WireFormat};

use crate::error::RequestError;
use crate::peek::{Peek, as_text, request_error};
use crate::report::Report;
use crate::request::{Target, UpstreamRequest, translate};
use crate::wanted::{Wanted, Wish};
use crate::wire::{Text, parse, record};

record! {
    /// What stands in a chat too is kept as it is written.
    Completion {
        "model" model: &'a RawValue,
        "prompt" prompt: &'a RawValue,
        "suffix" suffix: Text<'a>,
        "echo" echo: bool,
        "best_of" best_of: u64,
        "logprobs" logprobs: u64,
        "n" n: &'a RawValue,
        "stream" stream: &'a RawValue,
        "stream_options" stream_options: &'a RawValue,
        "max_tokens" max_tokens: &'a RawValue,
        "temperature" temperature: &'a RawValue,
        "top_p" top_p: &'a RawValue,
        "stop" stop: &'a RawValue,
        "seed" seed: &'a RawValue,
        "frequency_penalty" frequency_penalty: &'a RawValue,
        "presence_penalty" presence_penalty: &'a RawValue,
        "logit_bias" logit_bias: &'a RawValue,
        "user" user: &'a RawValue,
    }
}

/// Whether a target is asked to chat in the place of completing.
pub(crate) fn is_chat(target: &Target<'_>) -> bool {
    target.format != WireFormat::Openai || !target.completions
}

/// Makes the request for `target`.
///
/// # Errors
/// The request is wrong, or asks for what no chat gives: another target may complete.
pub(crate) fn prepare(peek: &Peek, body: &Bytes, target: &Target<'_>) -> Result<UpstreamRequest, RequestError> {
    let mut report = Report::new(target.strict);
    let chat = as_chat(as_text(body)?, &mut report)?;
    let (body, tool_names, _) =
        translate(Dialect::Openai, peek, chat.as_bytes(), target, &mut report).map_err(in_own_words)?;
    let mut dropped = report.into_dropped();
    dropped.iter_mut().for_each(|dropped| dropped.path = own_word(std::mem::take(&mut dropped.path)));
    let path = target.format.chat_path(target.model, peek.stream);
    let wanted = Wanted::of_model(target.model).with(Wish::Completion);
    Ok(UpstreamRequest { body, dropped, tool_names, path, wanted })
}

/// The conversation is the prompt.
fn own_word(path: String) -> String {
    if path.starts_with("messages") { "prompt".to_owned() } else { path }
}

fn in_own_words(error: RequestError) -> RequestError {
    match error {
        RequestError::Field { field, problem, mend } => {
            RequestError::Field { field: own_word(field.into_owned()).into(), problem, mend }
        }
        RequestError::Unsupported { field, reason } => RequestError::Unsupported { field: own_word(field), reason },
        other @ RequestError::Malformed(_) => other,
    }
}

/// The chat that stands for a completion.
fn as_chat(body: &str, report: &mut Report) -> Result<String, RequestError> {
    let asked: Completion<'_> = parse(body).map_err(request_error)?;
    report.unknown(&asked.extra, str::to_owned)?;
    for (given, field, reason) in [
        (asked.suffix.is_some_and(|suffix| !suffix.is_empty()), "suffix", "a chat writes nothing between two texts"),
        (asked.echo == Some(true), "echo", "a chat does not repeat the prompt; put it before the answer yourself"),
        (asked.best_of.is_some_and(|n| n > 1), "best_of", "this model's provider gives one answer per request"),
    ] {
        if given {
            return Err(RequestError::unsupported(field, reason));
        }
    }
    if asked.logprobs.is_some() {
        report.drop("logprobs", "the probabilities of a chat have another form")?;
    }
    let prompt = prompt(asked.prompt)?;
    let mut chat = format!("{{\"messages\":[{{\"role\":\"user\",\"content\":{}}}]", prompt.get());
    for (name, value) in [
        ("model", asked.model),
        ("n", asked.n),
        ("stream", asked.stream),
        ("stream_options", asked.stream_options),
        ("max_tokens", asked.max_tokens),
        ("temperature", asked.temperature),
        ("top_p", asked.top_p),
        ("stop", asked.stop),
        ("seed", asked.seed),
        ("frequency_penalty", asked.frequency_penalty),
        ("presence_penalty", asked.presence_penalty),
        ("logit_bias", asked.logit_bias),
        ("user", asked.user),
    ] {
        if let Some(value) = value {
            chat.push_str(&format!(",\"{name}\":{}", value.get()));
        }
    }
    chat.push('}');
    Ok(chat)
}

/// The one text of the prompt.
fn prompt(prompt: Option<&RawValue>) -> Result<&RawValue, RequestError> {
    let Some(prompt) = prompt else {
        return Err(RequestError::field("prompt", "is missing", "send the text that is to be continued"));
    };
    if prompt.get().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(prompt.get()).unwrap_or_default();
        return match list.as_slice() {
            [one] if one.get().starts_with('"') => text(one),
            [] => Err(RequestError::field("prompt", "is empty", "send the text that is to be continued")),
            list if list.iter().all(|one| one.get().starts_with('"')) => {
                let reason = "this model's provider chats, and answers one prompt at a time; send a request for each";
                Err(RequestError::unsupported("prompt", reason))
            }
            list if list.iter().all(|one| one.get().starts_with(|c: char| c.is_ascii_digit() || c == '[')) => {
                let reason = "is tokens, and this model's provider reads text; send the text of it";
                Err(RequestError::unsupported("prompt", reason))
            }
            _ => Err(not_a_prompt()),
        };
    }
    if prompt.get().starts_with('"') { text(prompt) } else { Err(not_a_prompt()) }
}

fn text(prompt: &RawValue) -> Result<&RawValue, RequestError> {
    if prompt.get() == "\"\"" {
        return Err(RequestError::field("prompt", "is empty", "send the text that is to be continued"));
    }
    Ok(prompt)
}

fn not_a_prompt() -> RequestError {
    RequestError::field("prompt", "is neither a text nor a list of texts or tokens", "send one of these")
}

#[cfg(test)]
mod tests;
