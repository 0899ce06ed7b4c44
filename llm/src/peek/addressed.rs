//! Requests whose path names the model and says whether the answer is a stream: Gemini's.

use serde::de::IgnoredAny;
use weir_domain::operation::Operation;

use super::{Peek, as_text, request_error};
use crate::error::RequestError;
use crate::estimate::estimate_input;
use crate::wire::{parse, record};

/// What the path of a call says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressed {
    /// The model as the caller named it.
    pub model: String,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Whether the stream is to be one JSON list rather than server-sent events.
    pub json_array: bool,
    /// Whether it is one call for a list of texts.
    pub batch: bool,
}

record! {
    /// The members that decide something.
    Head {
        "tools" tools: Vec<IgnoredAny>,
        "generationConfig" | "generation_config" config: Config<'a>,
    }
}

record! {
    Config {
        "maxOutputTokens" | "max_output_tokens" max_output_tokens: u64,
        "candidateCount" | "candidate_count" candidate_count: u64,
    }
}

/// Reads the top level of a request.
///
/// # Errors
/// The body is not a JSON object, the path names no model, a field that decides something has the wrong type or stands
/// there twice.
pub fn peek_addressed(operation: Operation, addressed: &Addressed, body: &[u8]) -> Result<Peek, RequestError> {
    let text = as_text(body)?;
    if text.trim_start().starts_with('[') {
        return Err(RequestError::Malformed("expected an object, found a list; send one JSON object".into()));
    }
    if addressed.model.trim().is_empty() {
        let mend = "write /v1beta/models/{model}:generateContent; GET /v1beta/models lists what you may call";
        return Err(RequestError::field("model", "is missing from the path", mend));
    }
    let head: Head<'_> = parse(text).map_err(request_error)?;
    let config = head.config.unwrap_or_default();
    Ok(Peek {
        operation,
        model: addressed.model.clone(),
        stream: addressed.stream,
        json_array: addressed.json_array,
        batch: addressed.batch,
        max_tokens: config.max_output_tokens,
        choices: config.candidate_count.unwrap_or(1).max(1),
        has_tools: head.tools.is_some_and(|tools| !tools.is_empty()),
        estimated_input: estimate_input(body),
        ..Peek::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peeked(body: &str) -> Result<Peek, RequestError> {
        let addressed = Addressed { model: "m/x".into(), stream: true, json_array: true, batch: false };
        peek_addressed(Operation::Chat, &addressed, body.as_bytes())
    }

    #[test]
    fn the_path_names_the_model_and_the_body_the_limits() {
        for config in [
            r#"{"generationConfig":{"maxOutputTokens":9,"candidateCount":3},"tools":[{}]}"#,
            r#"{"generation_config":{"max_output_tokens":9,"candidate_count":3},"tools":[{}],"model":"other","stream":false}"#,
        ] {
            let seen = peeked(config).unwrap();
            assert_eq!((seen.model.as_str(), seen.stream, seen.json_array), ("m/x", true, true));
            assert_eq!((seen.max_tokens, seen.choices, seen.has_tools), (Some(9), 3, true));
        }
        assert_eq!(peeked("{}").unwrap().choices, 1);
    }

    #[test]
    fn what_two_parsers_might_read_in_two_ways_is_refused() {
        for body in [
            "",
            "[]",
            "7",
            r#"{"generationConfig":{},"generation_config":{"maxOutputTokens":9}}"#,
            r#"{"generationConfig":{"maxOutputTokens":"many"}}"#,
        ] {
            assert!(peeked(body).is_err(), "{body}");
        }
        let nameless = peek_addressed(Operation::Chat, &Addressed::default(), b"{}").unwrap_err();
        assert!(nameless.to_string().contains("missing from the path"), "{nameless}");
    }
}
