//! Copies JSON from text to text, value by value, without what must not be kept: no tree of it is built, and the copy
//! ends where enough is there. What comes after a fault of the JSON is not kept, since nobody can say what it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::{Pass, mark};

/// The fewest digits of a number that is looked at as a text where built-in patterns alone are.
const DIGITS: usize = 8;
/// How deep JSON in texts of JSON is followed.
const DEEPEST: usize = 4;

/// Whether a text begins as an object, or a list of some, does.
pub(super) fn is_like_json(text: &str) -> bool {
    let rest = text.trim_start();
    let inside = |open: char| rest.strip_prefix(open).map(str::trim_start);
    inside('{').is_some_and(|inside| inside.is_empty() || inside.starts_with(['"', '}']))
        || inside('[').is_some_and(|inside| inside.is_empty() || inside.starts_with(['{', '[', '"', ']']))
}

impl Pass<'_> {
    /// A whole body.
    pub(super) fn whole(&mut self, text: &str) -> String {
        let is_json = text.trim_start().starts_with(['{', '[', '"']);
        if !is_json {
            return self.text(text, self.most).unwrap_or_else(|| text.to_owned());
        }
        let (copy, read) = self.copy(text, &mut Vec::new(), self.most, 0);
        if read {
            return copy;
        }
        self.full = true;
        if copy.is_empty() || is_like_json(text) {
            return copy;
        }
        // A text that only begins like JSON.
        self.text(text, self.most).unwrap_or_else(|| text.to_owned())
    }

    /// A text within JSON that may be JSON itself, such as the arguments of a tool. `None`: it stays as it is.
    pub(super) fn nested(&mut self, text: &str, path: &mut Vec<String>, room: usize, depth: usize) -> Option<String> {
        if depth < DEEPEST && !self.rules.places.is_empty() && is_like_json(text) {
            let before = self.counts.clone();
            let (copy, read) = self.copy(text, path, room, depth + 1);
            // JSON that breaks off may name a member whose value cannot be told from the rest.
            if !read {
                self.hidden.not_seen();
                return Some(format!("{copy}{}", mark("cut")));
            }
            return (self.counts != before).then_some(copy);
        }
        self.text(text, room)
    }

    /// Notes the texts of a value that is taken out.
    pub(super) fn note(&mut self, value: &serde_json::Value, path: &mut Vec<String>) {
        // Reading a value that is there does not fail.
        _ = serde::Deserializer::deserialize_any(value, Note { pass: self, path });
    }

    /// A copy of JSON, and whether all of it was read.
    fn copy(&mut self, text: &str, path: &mut Vec<String>, room: usize, depth: usize) -> (String, bool) {
        let mut out = String::new();
        let mut reader = serde_json::Deserializer::from_str(text);
        let copied = Copy { pass: self, out: &mut out, path, named: false, room, depth }.deserialize(&mut reader);
        let read = copied.is_ok() && reader.end().is_ok();
        (out, read)
    }
}

/// The copy of one value.
struct Copy<'c, 'a> {
    pass: &'c mut Pass<'a>,
    out: &'c mut String,
    path: &'c mut Vec<String>,
    /// Whether the last step of the path is a member's name.
    named: bool,
    room: usize,
    depth: usize,
}

impl<'a> Copy<'_, 'a> {
    fn inner<'b>(&'b mut self, named: bool) -> Copy<'b, 'a> {
        let Self { pass, out, path, room, depth, .. } = self;
        Copy { pass, out, path, named, room: *room, depth: *depth }
    }

    /// Why copying stops when there is enough.
    fn enough<E: Error>(&self) -> Result<(), E> {
        if self.out.len() > self.room { Err(E::custom("enough")) } else { Ok(()) }
    }

    fn string(&mut self, text: &str) {
        quote(text, self.out);
    }

    /// A number, which may be one of a card.
    fn number(&mut self, text: &str) {
        let looked_at = text.len() >= DIGITS || self.pass.looks_at_every_number();
        let hits = if looked_at { self.pass.find(text) } else { Vec::new() };
        match hits.first() {
            Some(hit) => {
                let instead = self.pass.in_place_of(hit, text);
                self.string(&instead);
            }
            None => self.out.push_str(text),
        }
    }

    /// Whether the value is taken out for where it stands.
    fn taken_out(&mut self) -> bool {
        let Some(rule) = self.pass.rules.places.say(self.path, self.named) else { return false };
        self.pass.count(rule.what());
        self.string(&mark(rule.what()));
        self.pass.taking(rule, self.path);
        true
    }
}

/// Writes a JSON string.
pub(super) fn quote(text: &str, out: &mut String) {
    // Writing text as JSON does not fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

impl<'de> DeserializeSeed<'de> for Copy<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        self.enough()?;
        if self.taken_out() {
            return deserializer.deserialize_any(Note { pass: self.pass, path: self.path });
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copy<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<(), E> {
        self.number(&value.to_string());
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        self.number(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        self.number(&serde_json::Number::from_f64(value).map_or_else(|| "null".to_owned(), |n| n.to_string()));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.out.push_str("null");
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        let room = self.room.saturating_sub(self.out.len());
        let depth = self.depth;
        let changed = self.pass.nested(text, self.path, room, depth);
        self.string(changed.as_deref().unwrap_or(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.out.push('[');
        for index in 0_usize.. {
            let begin = self.out.len();
            if index > 0 {
                self.out.push(',');
            }
            self.path.push(index.to_string());
            let element = list.next_element_seed(self.inner(false));
            self.path.pop();
            if element?.is_none() {
                self.out.truncate(begin);
                break;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.out.push('{');
        let mut first = true;
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            let room = self.room.saturating_sub(self.out.len());
            let shown = self.pass.text(&name, room);
            self.string(shown.as_deref().unwrap_or(&name));
            self.out.push(':');
            self.path.push(name.into_owned());
            let value = members.next_value_seed(self.inner(true));
            self.path.pop();
            value?;
        }
        self.out.push('}');
        Ok(())
    }
}

/// Notes the texts of a value that is taken out.
struct Note<'c, 'a> {
    pass: &'c mut Pass<'a>,
    path: &'c mut Vec<String>,
}

impl<'a> Note<'_, 'a> {
    fn inner<'b>(&'b mut self) -> Note<'b, 'a> {
        Note { pass: self.pass, path: self.path }
    }

    fn number<E>(self, text: &str) -> Result<(), E> {
        self.pass.took_number(self.path, text);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Note<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Note<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.pass.unsure();
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number(&value.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.pass.took(self.path, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.pass.unsure();
        for index in 0_usize.. {
            self.path.push(index.to_string());
            let element = list.next_element_seed(self.inner());
            self.path.pop();
            if element?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.pass.unsure();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            self.path.push(name.into_owned());
            let value = members.next_value_seed(self.inner());
            self.path.pop();
            value?;
        }
        Ok(())
    }
}
