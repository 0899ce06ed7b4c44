//! Refuses JSON in which an object has a key twice (RFC 8259 section 4 leaves open which one holds): what
//! a proxy in front has checked must be what is carried out here.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON without doubled keys; nothing of it is kept.
pub(super) struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                let shown: String = key.chars().take(50).collect();
                return Err(A::Error::custom(format!("the key {shown:?} stands twice in one object; send it once")));
            }
            seen.insert(key);
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_key_is_named_wherever_it_stands() {
        let told = |text: &str| serde_json::from_str::<Unambiguous>(text).err().map(|e| e.to_string());
        for good in [r#"{"a": 1, "b": {"a": [1, -2, 0.5, null, true, "a", "a"]}}"#, "[]", "1e400", "\"x\""] {
            // A number out of range is the typed reader's to refuse.
            assert!(!told(good).unwrap_or_default().contains("twice"), "{good}");
        }
        for bad in [r#"{"a": 1, "a": 2}"#, r#"[{"x": {"a": 1, "\u0061": 1}}]"#] {
            assert!(told(bad).unwrap_or_default().contains(r#"the key "a" stands twice"#), "{bad}");
        }
    }
}
