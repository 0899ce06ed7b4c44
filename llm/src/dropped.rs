//! The parts of an answer that the caller's dialect has no place for: a fixed set of names, never a vendor's own words.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::wire::Text;

/// The names of what was left out of a translated answer, each once, in the order of the alphabet, so that a stream
/// gives the same list however it was cut. Readers note only constants: the list cannot grow with the answer.
#[derive(Debug, Default)]
pub(crate) struct DroppedParts(BTreeSet<&'static str>);

impl DroppedParts {
    /// Notes a part that is left out.
    pub(crate) fn note(&mut self, name: &'static str) {
        self.0.insert(name);
    }

    /// Notes a field, unless it is absent or empty: many providers always send their empty lists.
    pub(crate) fn note_filled(&mut self, field: Option<&RawValue>, name: &'static str) {
        if field.is_some_and(|raw| !matches!(raw.get(), "null" | "[]" | "{}" | "\"\"")) {
            self.note(name);
        }
    }

    /// Notes that a record had fields that nobody knows.
    pub(crate) fn note_unknown(&mut self, fields: &[Text<'_>], name: &'static str) {
        if !fields.is_empty() {
            self.note(name);
        }
    }

    /// The names.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().copied().collect()
    }
}
