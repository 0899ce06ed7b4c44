//! Which paths are model endpoints, and in which dialect each is spoken.

use http::Method;
use weir_domain::dialect::Dialect;

/// A model endpoint that a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The dialect of answers, errors included.
    pub dialect: Dialect,
    /// What is asked for.
    pub operation: Operation,
}

/// What a model endpoint is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A chat: `POST /v1/chat/completions`, `POST /v1/messages`.
    Chat,
    /// The list of models: `GET /v1/models`.
    ListModels,
    /// One model: `GET /v1/models/{id}`.
    GetModel(String),
    /// The path is known, the method is not; what would be is said.
    WrongMethod(&'static str),
}

/// The model endpoint at a path, if there is one. `anthropic` is whether the request has an `anthropic-version` header:
/// it decides the shape of what both dialects keep at the same path.
#[must_use]
pub fn endpoint(method: &Method, path: &str, anthropic: bool) -> Option<Endpoint> {
    let either = if anthropic { Dialect::Anthropic } else { Dialect::Openai };
    let (dialect, operation, allowed) = match path {
        "/v1/chat/completions" => (Dialect::Openai, Operation::Chat, Method::POST),
        "/v1/messages" => (Dialect::Anthropic, Operation::Chat, Method::POST),
        "/v1/models" => (either, Operation::ListModels, Method::GET),
        _ => {
            let id = path.strip_prefix("/v1/models/").filter(|id| !id.is_empty())?;
            (either, Operation::GetModel(decode(id)), Method::GET)
        }
    };
    let wrong = if allowed == Method::POST { "POST" } else { "GET" };
    let operation = if *method == allowed { operation } else { Operation::WrongMethod(wrong) };
    Some(Endpoint { dialect, operation })
}

/// Undoes percent-encoding, which SDKs apply to the `/` of `provider/model`.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        if let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            bytes.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_operation_and_dialect() {
        let at = |method: Method, path: &str, anthropic| endpoint(&method, path, anthropic);
        let is = |dialect, operation| Some(Endpoint { dialect, operation });
        assert_eq!(at(Method::POST, "/v1/chat/completions", true), is(Dialect::Openai, Operation::Chat));
        assert_eq!(at(Method::POST, "/v1/messages", false), is(Dialect::Anthropic, Operation::Chat));
        assert_eq!(at(Method::GET, "/v1/models", false), is(Dialect::Openai, Operation::ListModels));
        assert_eq!(at(Method::GET, "/v1/models", true), is(Dialect::Anthropic, Operation::ListModels));
        assert_eq!(
            at(Method::GET, "/v1/models/demo%2Fecho", false),
            is(Dialect::Openai, Operation::GetModel("demo/echo".into()))
        );
        assert_eq!(at(Method::GET, "/v1/messages", false), is(Dialect::Anthropic, Operation::WrongMethod("POST")));
        assert_eq!(at(Method::POST, "/v1/models", false), is(Dialect::Openai, Operation::WrongMethod("GET")));
        for other in ["/v1", "/v1/models/", "/v1/chat", "/v1/chat/completions/", "/v1/messagesx", "/"] {
            assert_eq!(at(Method::POST, other, false), None, "{other}");
        }
    }

    #[test]
    fn bad_percent_encoding_is_left_as_it_is() {
        assert_eq!(decode("a%2"), "a%2");
        assert_eq!(decode("%zz%41"), "%zzA");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
