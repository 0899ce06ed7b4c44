//! The top level of a request, read once: the members that decide something, and whoever looks like one of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::wire::Text;

/// The members that decide something, of either dialect. One that stands there twice is an error.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) model: Option<&'a RawValue>,
    pub(super) stream: Option<bool>,
    /// There even when it is `null`.
    pub(super) stream_options: Option<&'a RawValue>,
    pub(super) max_tokens: Option<u64>,
    pub(super) max_completion_tokens: Option<u64>,
    pub(super) tools: Option<Vec<IgnoredAny>>,
    pub(super) n: Option<u64>,
    pub(super) max_output_tokens: Option<u64>,
    pub(super) previous_response_id: Option<&'a RawValue>,
    /// What searches of the web cost hangs on it.
    pub(super) web_search_options: Option<&'a RawValue>,
    /// A member that a parser without regard to case would take for one of the above (Go's does by default): the
    /// provider would then act on another value than the one that was decided on.
    pub(super) twin: Option<Twin>,
}

/// A name in disguise.
pub(super) struct Twin {
    /// As the caller wrote it; a few characters longer than the true name at most.
    pub(super) written: String,
    /// What it would be taken for.
    pub(super) meant: &'static str,
}

/// The names of [`Head`] on which something hangs: where it goes, what it may cost, how it is answered.
const NAMES: [&str; 9] = [
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "max_output_tokens",
    "previous_response_id",
    "web_search_options",
];

/// The name that `key` is, but for the case of its letters.
fn twin(key: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        // The two letters outside ASCII that fold into it (U+017F, U+212A) are longer than what they fold to.
        key.len() >= name.len()
            && key.len() <= 3 * name.len()
            && (key.eq_ignore_ascii_case(name) || (!key.is_ascii() && key.chars().map(fold).eq(name.chars())))
    })
}

/// Simple case folding, as far as it ends in ASCII.
fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

/// Sets a member that was not there before.
fn once<'de, T: Deserialize<'de>, M: MapAccess<'de>>(
    seen: &mut bool,
    name: &'static str,
    map: &mut M,
) -> Result<T, M::Error> {
    if std::mem::replace(seen, true) { Err(Error::duplicate_field(name)) } else { map.next_value() }
}

impl<'a> Deserialize<'a> for Head<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadVisitor;
        impl<'a> Visitor<'a> for HeadVisitor {
            type Value = Head<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut head = Head::default();
                let mut seen = [false; 10];
                while let Some(key) = map.next_key::<Text<'a>>()? {
                    match &*key {
                        "model" => head.model = Some(once(&mut seen[0], "model", &mut map)?),
                        "stream" => head.stream = once(&mut seen[1], "stream", &mut map)?,
                        "stream_options" => {
                            head.stream_options = Some(once(&mut seen[2], "stream_options", &mut map)?);
                        }
                        "max_tokens" => head.max_tokens = once(&mut seen[3], "max_tokens", &mut map)?,
                        "max_completion_tokens" => {
                            head.max_completion_tokens = once(&mut seen[4], "max_completion_tokens", &mut map)?;
                        }
                        "tools" => head.tools = once(&mut seen[5], "tools", &mut map)?,
                        "n" => head.n = once(&mut seen[6], "n", &mut map)?,
                        "max_output_tokens" => {
                            head.max_output_tokens = once(&mut seen[7], "max_output_tokens", &mut map)?;
                        }
                        "previous_response_id" => {
                            head.previous_response_id = once(&mut seen[8], "previous_response_id", &mut map)?;
                        }
                        "web_search_options" => {
                            head.web_search_options = Some(once(&mut seen[9], "web_search_options", &mut map)?);
                        }
                        other => {
                            if let (None, Some(meant)) = (&head.twin, twin(other)) {
                                head.twin = Some(Twin { written: other.to_owned(), meant });
                            }
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(head)
            }
        }
        deserializer.deserialize_map(HeadVisitor)
    }
}
