//! The path of a call, which names the model and says what is asked for.

use std::borrow::Cow;
use std::fmt::Write;

use crate::error::RequestError;

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Generate,
    Stream,
    CountTokens,
}

/// The path below a provider's `base_url`. Streams are always asked for as server-sent events.
///
/// # Errors
/// The model's name would lead elsewhere than to a model.
pub(crate) fn write(model: &str, method: Method) -> Result<Cow<'static, str>, RequestError> {
    if model.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(RequestError::field("model", "is no name of a model", "GET /v1beta/models lists those there are"));
    }
    // Tuned models and those of Vertex stand in collections of their own.
    let collected = ["models/", "tunedModels/"].iter().any(|collection| model.starts_with(collection));
    let mut path = String::from(if collected { "/" } else { "/models/" });
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(path, "%{byte:02X}");
        }
    }
    path.push_str(match method {
        Method::Generate => ":generateContent",
        Method::Stream => ":streamGenerateContent?alt=sse",
        Method::CountTokens => ":countTokens",
    });
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_stands_in_the_path_and_cannot_lead_out_of_it() {
        let at = |model| write(model, Method::Generate).map(Cow::into_owned);
        assert_eq!(at("gemini-2.5-pro").unwrap(), "/models/gemini-2.5-pro:generateContent");
        assert_eq!(at("tunedModels/a-b").unwrap(), "/tunedModels/a-b:generateContent");
        assert_eq!(at("a?key=x#y:z%2e").unwrap(), "/models/a%3Fkey%3Dx%23y%3Az%252e:generateContent");
        for model in ["../x", "a/../b", "a//b", "", "./a"] {
            assert!(at(model).is_err(), "{model}");
        }
        assert!(write("m", Method::Stream).unwrap().ends_with(":streamGenerateContent?alt=sse"));
    }
}
