//! Reading JSON of the wire into borrowed, typed records that also know which fields they did not know.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A string that is borrowed from the input unless it holds escapes (serde's own `Cow` always copies).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// What the wire writes either as one string or as a list.
#[derive(Debug)]
pub(crate) enum TextOr<'a, T> {
    /// The string form.
    Text(Text<'a>),
    /// The list form.
    List(Vec<T>),
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrVisitor<T> {
            type Value = TextOr<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.into()))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.to_owned().into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(TextOr::List(list))
            }
        }
        deserializer.deserialize_any(TextOrVisitor(PhantomData))
    }
}

/// JSON that is passed on as it is: borrowed from the request, or made from a string that held it.
#[derive(Clone, Debug)]
pub(crate) enum Raw<'a> {
    /// A part of the input.
    Borrowed(&'a RawValue),
    /// Unescaped out of a string of the input.
    Owned(Box<RawValue>),
}

impl Raw<'_> {
    /// The JSON text.
    pub(crate) fn get(&self) -> &str {
        match self {
            Self::Borrowed(raw) => raw.get(),
            Self::Owned(raw) => raw.get(),
        }
    }

    /// Reads JSON text; `None` when it is not JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().map(Self::Owned)
    }

    /// A JSON string holding `text`.
    pub(crate) fn string(text: &str) -> Self {
        Self::parse(&serde_json::Value::from(text).to_string()).unwrap_or(Self::empty_object())
    }

    /// `{}`.
    pub(crate) fn empty_object() -> Self {
        Self::Owned(serde_json::value::to_raw_value(&serde_json::Map::new()).unwrap_or_default())
    }

    /// Whether the JSON is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.get().starts_with('{')
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Borrowed(raw) => raw.serialize(serializer),
            Self::Owned(raw) => raw.serialize(serializer),
        }
    }
}

/// For a field whose place matters even when it is `null`, because it is about to be replaced.
pub(crate) fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Defines a record of optional fields read from a JSON object: `null` is absence, a field given twice is an error
/// (two parsers might see two different requests), and the names of unknown fields are kept in `extra`. A field may have
/// several names: `"maxTokens" | "max_tokens" max_tokens: u64`.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $key:literal $(| $alias:literal)* $field:ident : $type:ty ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: Option<$type>,)*
            /// Names of the fields that are not among the above, in their order.
            pub(crate) extra: Vec<$crate::wire::Text<'a>>,
        }

        impl<'a> serde::de::Deserialize<'a> for $name<'a> {
            fn deserialize<D: serde::de::Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
                struct RecordVisitor;
                impl<'a> serde::de::Visitor<'a> for RecordVisitor {
                    type Value = $name<'a>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<M: serde::de::MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                        let mut record = $name::default();
                        while let Some(key) = map.next_key::<$crate::wire::Text<'a>>()? {
                            match &*key {
                                $($key $(| $alias)* => {
                                    if record.$field.is_some() {
                                        return Err(serde::de::Error::duplicate_field($key));
                                    }
                                    record.$field = map.next_value()?;
                                })*
                                _ => {
                                    if map.next_value::<Option<serde::de::IgnoredAny>>()?.is_some() {
                                        record.extra.push(key);
                                    }
                                }
                            }
                        }
                        Ok(record)
                    }
                }
                deserializer.deserialize_map(RecordVisitor)
            }
        }
    };
}
pub(crate) use record;

/// Parses a JSON text. A fault is described by its place and, where one is known, by the path of the field.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|first| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        // Only the second reading keeps track of where it is: faults are rare, requests are not.
        let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(fault) => fault.path().to_string(),
            Ok(_) => String::new(),
        };
        let path = if first.is_data() && path != "." && path != "?" { path } else { String::new() };
        Fault { path, problem: clean(&first.to_string()) }
    })
}

/// Whether bytes are one JSON value, of whatever kind and depth.
pub(crate) fn is_json(data: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(data).is_ok()
}

/// What is wrong with a JSON text, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The path of the field; empty when the text is not JSON at all.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) problem: String,
}

/// What Rust calls the types that callers know by other names; the longer names first.
const TYPES: [(&str, &str); 5] = [
    ("expected u64", "expected a whole number, not negative"),
    ("expected u32", "expected a whole number, not negative"),
    ("expected i64", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list"),
];

/// At most 200 characters of one line: serde quotes the input in its messages.
fn clean(message: &str) -> String {
    // Only what stands last is serde's own word; what it quotes of the input comes before.
    let plain = TYPES.iter().find_map(|(rust, plain)| {
        let (before, behind) = message.rsplit_once(rust)?;
        behind.starts_with(" at line").then(|| format!("{before}{plain}{behind}"))
    });
    let message = plain.as_deref().unwrap_or(message);
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
