//! Counting the input tokens of a chat: `POST /v1/messages/count_tokens`, `POST /v1/responses/input_tokens`,
//! `POST /v1beta/models/{model}:countTokens`, by the provider where it speaks the caller's dialect, else by Weir.
//! Sources: <https://docs.anthropic.com/en/api/messages-count-tokens>, <https://ai.google.dev/api/tokens>,
//! <https://platform.openai.com/docs/api-reference/responses/input-tokens>.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

use crate::answer::{Answer, AnswerContext};
use crate::error::{AnswerError, RequestError};
use crate::peek::{Peek, as_text, request_error};
use crate::request::{Target, UpstreamRequest, with_model};
use crate::tool_names::ToolNames;
use crate::usage::Count;
use crate::wanted::Wanted;
use crate::wire::{parse, record};

const PATH: &str = "/messages/count_tokens";
const RESPONSES_PATH: &str = "/responses/input_tokens";

/// Makes the request for `target`.
///
/// # Errors
/// The provider does not count: the caller gets [`estimated`].
pub(crate) fn prepare(
    inbound: Dialect,
    peek: &Peek,
    body: &Bytes,
    target: &Target<'_>,
) -> Result<UpstreamRequest, RequestError> {
    let path = match inbound {
        _ if target.format.dialect() != Some(inbound) => None,
        Dialect::Anthropic => Some(PATH.to_owned()),
        Dialect::Gemini => {
            let chat = target.format.chat_path(target.model, false);
            Some(format!("{}:countTokens", chat.rsplit_once(':').map_or(&*chat, |(model, _)| model)))
        }
        Dialect::Responses => Some(RESPONSES_PATH.to_owned()),
        Dialect::Openai => None,
    };
    let Some(path) = path else {
        check(inbound, body)?;
        return Err(RequestError::unsupported("model", "its provider counts no tokens"));
    };
    Ok(UpstreamRequest {
        body: with_model(peek, target).apply(body),
        dropped: Vec::new(),
        tool_names: ToolNames::default(),
        path: path.into(),
        wanted: Wanted::default(),
    })
}

record! {
    /// The parts of a request without which there is nothing to count.
    Counted {
        "messages" messages: &'a RawValue,
        "contents" contents: &'a RawValue,
        "generateContentRequest" | "generate_content_request" request: &'a RawValue,
    }
}

/// Refuses what a provider that counts would refuse: Weir's estimate of it would be a number of nothing.
fn check(inbound: Dialect, body: &[u8]) -> Result<(), RequestError> {
    let counted: Counted<'_> = parse(as_text(body)?).map_err(request_error)?;
    let (field, part) = match inbound {
        Dialect::Anthropic => ("messages", counted.messages),
        Dialect::Gemini => ("contents", counted.contents.or(counted.request)),
        Dialect::Openai | Dialect::Responses => return Ok(()),
    };
    let mend = "write the conversation that is to be counted, as for the call that would answer it";
    match part.map(RawValue::get) {
        None | Some("null") => Err(RequestError::field(field, "is missing", mend)),
        Some(list) if field == "messages" && !list.starts_with('[') => {
            Err(RequestError::field(field, "is not a list", mend))
        }
        Some(_) => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a count of tokens")]
struct Head<'a> {
    input_tokens: Option<Count>,
    #[serde(rename = "totalTokens")]
    total_tokens: Option<Count>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Reads an answer. Counting costs nothing.
///
/// # Errors
/// It is no count, or an error.
pub(crate) fn answer(context: &AnswerContext, text: &str, body: &Bytes) -> Result<Answer, AnswerError> {
    let head: Head<'_> = parse(text).map_err(|fault| AnswerError::Malformed(fault.problem))?;
    AnswerError::in_band(context.upstream, head.error)?;
    if head.input_tokens.or(head.total_tokens).is_none() {
        return Err(AnswerError::Malformed("it has no count".into()));
    }
    Ok(Answer {
        body: body.clone(),
        usage: Usage::default(),
        cost: Some(NanoUsd::ZERO),
        finish: None,
        upstream_model: None,
        response_id: None,
        dropped: Vec::new(),
    })
}

/// Weir's own count, for a model whose provider does not count: four bytes of text per token.
#[must_use]
pub fn estimated(inbound: Dialect, peek: &Peek) -> Bytes {
    let before = match inbound {
        Dialect::Gemini => r#""totalTokens""#,
        Dialect::Responses => r#""object":"response.input_tokens","input_tokens""#,
        Dialect::Openai | Dialect::Anthropic => r#""input_tokens""#,
    };
    format!("{{{before}:{}}}", peek.estimated_input).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use weir_domain::dialect::WireFormat;
    use weir_domain::operation::Operation;

    use super::*;
    use crate::{peek_for, prepare as make};

    #[test]
    fn tokens_of_a_response_are_counted_where_responses_are_made_and_else_by_weir() {
        let body = Bytes::from_static(br#"{"model":"m","input":"12345678","future":1}"#);
        let seen = peek_for(Operation::CountTokens, Dialect::Responses, &body).unwrap();
        let to = |format| {
            let target = Target::new(format, "up");
            make(Dialect::Responses, &seen, &body, &target)
        };
        let made = to(WireFormat::Responses).unwrap();
        assert_eq!(
            (&*made.path, &made.body[..]),
            (RESPONSES_PATH, &br#"{"model":"up","input":"12345678","future":1}"#[..])
        );
        assert!(matches!(to(WireFormat::Openai), Err(RequestError::Unsupported { .. })));
        let ours: Value = serde_json::from_slice(&estimated(Dialect::Responses, &seen)).unwrap();
        assert_eq!(ours, json!({"object": "response.input_tokens", "input_tokens": seen.estimated_input}));
    }

    #[test]
    fn what_holds_no_messages_is_refused_and_not_estimated_as_nothing() {
        let target = Target::new(WireFormat::Openai, "up");
        let gemini = crate::Addressed { model: "chat".into(), ..crate::Addressed::default() };
        for (body, is_missing) in
            [("{}", true), (r#"{"contents":[]}"#, false), (r#"{"generateContentRequest":{}}"#, false)]
        {
            let seen = crate::peek_addressed(Operation::CountTokens, &gemini, body.as_bytes()).unwrap();
            let error = make(Dialect::Gemini, &seen, &Bytes::from_static(body.as_bytes()), &target).unwrap_err();
            assert_eq!(error.to_string().starts_with("contents: is missing; "), is_missing, "{error}");
        }
        for (body, said) in [
            (r#"{"model":"chat"}"#, Some("messages: is missing; ")),
            (r#"{"model":"chat","messages":null}"#, Some("messages: is missing; ")),
            (r#"{"model":"chat","messages":"hi"}"#, Some("messages: is not a list; ")),
            (r#"{"model":"chat","messages":[{"role":"user","content":"hi"}]}"#, None),
        ] {
            let seen = peek_for(Operation::CountTokens, Dialect::Anthropic, body.as_bytes()).unwrap();
            let error = make(Dialect::Anthropic, &seen, &Bytes::from_static(body.as_bytes()), &target).unwrap_err();
            match said {
                Some(said) => assert!(error.to_string().starts_with(said), "{error}"),
                None => assert!(matches!(error, RequestError::Unsupported { .. }), "{error}"),
            }
        }
    }
}
