//! What a response repeats of its request: the official SDKs' types promise it to their callers.

use std::sync::Arc;

use serde_json::value::RawValue;

/// The members of a response that repeat its request, as JSON without the braces. Empty for callers of other dialects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Echo(Option<Arc<str>>);

/// Members that are always there, and what they are where the request does not say. `store` is false: what was
/// translated is kept nowhere.
const MEMBERS: [(&str, &str); 13] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("store", "false"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
];

impl Echo {
    /// From the members that the request gives.
    pub(super) fn new(given: &[(&str, Option<&RawValue>)]) -> Self {
        let mut members = String::new();
        for (name, default) in MEMBERS {
            let value = given.iter().find(|(given, _)| *given == name).and_then(|(_, value)| *value);
            push(&mut members, name, value.map_or(default, RawValue::get));
        }
        for (name, value) in given {
            if let Some(value) = value.filter(|_| MEMBERS.iter().all(|(known, _)| known != name)) {
                push(&mut members, name, value.get());
            }
        }
        Self(Some(members.into()))
    }

    /// The members, each followed by a comma.
    pub(super) fn members(&self) -> std::borrow::Cow<'_, str> {
        match &self.0 {
            Some(members) => (&**members).into(),
            None => match Self::new(&[]).0 {
                Some(members) => members.to_string().into(),
                None => "".into(),
            },
        }
    }
}

fn push(members: &mut String, name: &str, value: &str) {
    for piece in ["\"", name, "\":"] {
        members.push_str(piece);
    }
    // A line break between tokens would end the line of an event.
    members.extend(value.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
    members.push(',');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_request_says_is_repeated_and_the_rest_is_as_documented() {
        let raw = RawValue::from_string("[{\n\"type\":\"function\"}]".into()).unwrap();
        let user = RawValue::from_string("\"u\"".into()).unwrap();
        let echo = Echo::new(&[("tools", Some(&raw)), ("user", Some(&user)), ("top_p", None)]);
        let object: serde_json::Value = serde_json::from_str(&format!("{{{}\"x\":0}}", echo.members())).unwrap();
        assert_eq!((&object["tools"][0]["type"], &object["user"]), (&"function".into(), &"u".into()));
        assert_eq!((object["store"].as_bool(), object["top_p"].as_f64()), (Some(false), Some(1.0)));
        assert!(!echo.members().contains('\n'));
        assert!(Echo::default().members().contains("\"tools\":[]"));
    }
}
