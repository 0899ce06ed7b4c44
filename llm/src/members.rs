//! Finds a few members of a JSON text's top level while it streams past, in constant memory: however long the text is,
//! only those members are kept.

use memchr::memchr2;

/// The longest member that is kept, in bytes; a longer one counts as absent.
const MAX_VALUE: usize = 16 << 10;
/// Names are shorter.
const MAX_NAME: usize = 64;

/// A push scanner. The text is an object, or a list of objects, as some vendors stream: then the last object that has a
/// member wins. What is no JSON yields nothing, or nonsense that no reader takes for anything; it never fails.
#[derive(Debug)]
pub(crate) struct Members {
    names: &'static [&'static str],
    values: Vec<Option<Vec<u8>>>,
    depth: u32,
    /// The depth inside the object whose members are looked at; 0 before its begin.
    level: u32,
    place: Place,
    in_string: bool,
    escaped: bool,
    name: Vec<u8>,
    /// Which member is being read, and what has come of it.
    taking: Option<(usize, Vec<u8>)>,
}

/// Where on the level of interest the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeName,
    InName,
    BehindName,
    InValue,
}

impl Members {
    pub(crate) fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            values: vec![None; names.len()],
            depth: 0,
            level: 0,
            place: Place::InValue,
            in_string: false,
            escaped: false,
            name: Vec::new(),
            taking: None,
        }
    }

    /// Takes the next bytes, however they are cut.
    pub(crate) fn push(&mut self, input: &[u8]) {
        let mut rest = input;
        while let Some((&byte, behind)) = rest.split_first() {
            if self.in_string && !self.escaped && self.place != Place::InName && self.taking.is_none() {
                // Most of a text is strings that nobody wants.
                let Some(at) = memchr2(b'"', b'\\', rest) else { return };
                let (found, after) =
                    rest.get(at..).and_then(<[u8]>::split_first).map_or((0, &[][..]), |(f, a)| (*f, a));
                self.string(found);
                rest = after;
                continue;
            }
            rest = behind;
            if self.in_string { self.string(byte) } else { self.plain(byte) }
        }
    }

    fn string(&mut self, byte: u8) {
        let ends = byte == b'"' && !self.escaped;
        self.escaped = byte == b'\\' && !self.escaped;
        if self.place == Place::InName && self.depth == self.level {
            if ends {
                self.place = Place::BehindName;
            } else if self.name.len() < MAX_NAME {
                self.name.push(byte);
            }
        } else {
            self.take(byte);
        }
        self.in_string = !ends;
    }

    fn plain(&mut self, byte: u8) {
        let here = self.level > 0 && self.depth == self.level;
        match byte {
            b'"' => {
                self.in_string = true;
                if here && self.place == Place::BeforeName {
                    self.place = Place::InName;
                    self.name.clear();
                } else {
                    self.take(byte);
                }
            }
            b'{' | b'[' => {
                self.take(byte);
                self.depth = self.depth.saturating_add(1);
                // The outermost object, or each object of the outermost list.
                if byte == b'{' && self.depth <= 2 && (self.level == 0 || self.level == self.depth) {
                    self.level = self.depth;
                    self.place = Place::BeforeName;
                }
            }
            b'}' | b']' => {
                if here {
                    self.keep();
                    self.place = Place::InValue;
                } else {
                    self.take(byte);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if here => {
                self.keep();
                self.place = Place::BeforeName;
            }
            b':' if here && self.place == Place::BehindName => {
                self.place = Place::InValue;
                let wanted = self.names.iter().position(|name| name.as_bytes() == self.name);
                self.taking = wanted.map(|at| (at, Vec::new()));
            }
            other => self.take(other),
        }
    }

    fn take(&mut self, byte: u8) {
        let Some((_, value)) = &mut self.taking else { return };
        value.push(byte);
        if value.len() > MAX_VALUE {
            self.taking = None;
        }
    }

    fn keep(&mut self) {
        if let Some((at, value)) = self.taking.take()
            && let Some(slot) = self.values.get_mut(at)
        {
            *slot = Some(value);
        }
    }

    /// What was found so far, as one JSON object; the last value of a name that stood twice.
    pub(crate) fn object(&self) -> String {
        let found = self.names.iter().zip(&self.values).filter_map(|(name, value)| {
            let text = std::str::from_utf8(value.as_ref()?).ok()?;
            serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
            Some(format!("\"{name}\":{text}"))
        });
        format!("{{{}}}", found.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["model", "usage", "n"];

    fn found(text: &str, cut: usize) -> String {
        let mut members = Members::new(NAMES);
        for piece in text.as_bytes().chunks(cut) {
            members.push(piece);
        }
        members.object()
    }

    #[test]
    fn members_of_the_top_level_are_found_however_the_text_is_cut() {
        let text = r#" {"messages": [{"model":"no","usage":{"a":1}}], "x\"model":"no", "model" : "gp\"t-4o",
            "usage":{"a":[1,{"model":"no"}],"b":"}"},"n":3 } "#;
        let all = r#"{"model": "gp\"t-4o","usage":{"a":[1,{"model":"no"}],"b":"}"},"n":3 }"#;
        for cut in 1..text.len() {
            assert_eq!(found(text, cut), all, "{cut}");
        }
    }

    #[test]
    fn of_a_list_of_objects_the_last_that_says_it_wins() {
        let text = r#"[{"usage":{"a":1},"model":"m"},{"x":{"usage":1}},{"usage":{"a":2}}]"#;
        for cut in 1..text.len() {
            assert_eq!(found(text, cut), r#"{"model":"m","usage":{"a":2}}"#, "{cut}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        for text in
            ["", "{}", "[]", "\"model\":1", "[[{\"model\":1}]]", "{\"model\":", "}}}{{{", "{\"model\":tru}", "\u{0}"]
        {
            assert_eq!(found(text, 1), "{}", "{text}");
        }
    }

    #[test]
    fn a_long_member_is_left_out_and_takes_no_memory() {
        let long = format!(r#"{{"usage":"{}","model":"m"}}"#, "x".repeat(MAX_VALUE * 3));
        assert_eq!(found(&long, 1000), r#"{"model":"m"}"#);
    }
}
