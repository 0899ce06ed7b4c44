//! Finds a few members of a JSON text's top level while it streams past, in constant memory: however long the text is,
//! only those members are kept. Of a member that is a list of objects, a member of each of these may be kept.

use std::borrow::Cow;

use memchr::memchr2;

/// The longest member that is kept, in bytes; a longer one counts as absent.
const MAX_VALUE: usize = 16 << 10;
/// The longest member of a list's objects that is kept, and the most of all of them.
const MAX_LIST: usize = 256 << 10;
/// Names are shorter, even where each of their letters is written as an escape.
const MAX_NAME: usize = 256;

/// A member that is a list of objects, and the one member of these that is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) of_each: &'static [&'static str; 1],
}

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
    /// The longest member that is kept.
    most: usize,
    lists: Vec<Listed>,
    /// The list whose value is being read.
    inside: Option<usize>,
    /// The begins of objects that have ended, for who looks at each of a list.
    ended: bool,
    /// A member was there that was too long to be kept.
    overflowed: bool,
}

/// What has come of a list.
#[derive(Debug)]
struct Listed {
    name: &'static str,
    of_each: &'static [&'static str; 1],
    reader: Members,
    /// The members kept of its objects, each `{"name":value}`, with commas between them.
    found: String,
    overflowed: bool,
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
            most: MAX_VALUE,
            lists: Vec::new(),
            inside: None,
            ended: false,
            overflowed: false,
        }
    }

    /// The same, with lists.
    pub(crate) fn with_lists(names: &'static [&'static str], lists: &[List]) -> Self {
        let listed = |list: &List| Listed {
            name: list.name,
            of_each: list.of_each,
            reader: Self::of_list(list.of_each),
            found: String::new(),
            overflowed: false,
        };
        Self { lists: lists.iter().map(listed).collect(), ..Self::new(names) }
    }

    /// For the value of a list.
    fn of_list(names: &'static [&'static str; 1]) -> Self {
        Self { most: MAX_LIST, ..Self::new(names) }
    }

    /// Whether something of a list was too long to be kept: what it tells is not all.
    pub(crate) fn overflowed(&self) -> bool {
        self.lists.iter().any(|list| list.overflowed)
    }

    /// Takes the next bytes, however they are cut.
    pub(crate) fn push(&mut self, input: &[u8]) {
        let mut rest = input;
        while let Some((&byte, behind)) = rest.split_first() {
            if self.in_string && !self.escaped && self.place != Place::InName && self.taking.is_none() {
                // Most of a text is strings that nobody wants.
                let end = memchr2(b'"', b'\\', rest);
                if let Some(list) = self.inside.and_then(|at| self.lists.get_mut(at)) {
                    list.reader.push(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
                }
                let Some(at) = end else { return };
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

    /// Bytes that are held in memory.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        let taken = self.taking.as_ref().map_or(0, |(_, value)| value.len());
        let lists: usize = self.lists.iter().map(|list| list.found.len() + list.reader.kept()).sum();
        taken + self.name.len() + lists + self.values.iter().flatten().map(Vec::len).sum::<usize>()
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
                    self.ended = true;
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
                self.begin_value();
            }
            other => self.take(other),
        }
    }

    /// A value begins, of the member whose name has come.
    fn begin_value(&mut self) {
        let name = plain_name(&self.name);
        let wanted = self.names.iter().position(|known| known.as_bytes() == &*name);
        self.inside = self.lists.iter().position(|list| list.name.as_bytes() == &*name);
        self.taking = wanted.map(|at| (at, Vec::new()));
        if let Some(list) = self.inside.and_then(|at| self.lists.get_mut(at)) {
            list.reader = Self::of_list(list.of_each);
        }
        // Of two members of one name the last holds, even where it is too long to be kept.
        if let Some(slot) = wanted.and_then(|at| self.values.get_mut(at)) {
            *slot = None;
        }
    }

    fn take(&mut self, byte: u8) {
        if let Some(list) = self.inside.and_then(|at| self.lists.get_mut(at)) {
            list.take(byte);
        }
        let Some((_, value)) = &mut self.taking else { return };
        value.push(byte);
        if value.len() > self.most {
            self.taking = None;
            self.overflowed = true;
        }
    }

    fn keep(&mut self) {
        self.inside = None;
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
        let filled = self.lists.iter().filter(|list| !list.found.is_empty());
        let lists = filled.map(|list| format!("\"{}\":[{}]", list.name, list.found));
        format!("{{{}}}", found.chain(lists).collect::<Vec<_>>().join(","))
    }
}

impl Listed {
    fn take(&mut self, byte: u8) {
        self.reader.push(&[byte]);
        if std::mem::take(&mut self.reader.ended) {
            let object = self.reader.object();
            self.reader.values.fill(None);
            self.overflowed |= std::mem::take(&mut self.reader.overflowed);
            if object == "{}" {
                return;
            }
            if self.found.len() + object.len() > MAX_LIST {
                self.overflowed = true;
                return;
            }
            if !self.found.is_empty() {
                self.found.push(',');
            }
            self.found.push_str(&object);
        }
    }
}

/// A name as it is meant: any letter of it may stand there as an escape.
fn plain_name(written: &[u8]) -> Cow<'_, [u8]> {
    if !written.contains(&b'\\') {
        return Cow::Borrowed(written);
    }
    let quoted = [b"\"", written, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(Cow::Borrowed(written), |name| Cow::Owned(name.into_bytes()))
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
    fn a_name_that_is_written_in_escapes_is_the_name_and_the_last_of_two_holds() {
        for text in [
            r#"{"mod\u0065l":"m"}"#,
            r#"{"\u006d\u006f\u0064\u0065\u006C":"m"}"#,
            r#"{"model":"cheap","mod\u0065l":"m"}"#,
            r#"{"mod\u0065l":"cheap","model":"m"}"#,
        ] {
            for cut in 1..text.len() {
                assert_eq!(found(text, cut), r#"{"model":"m"}"#, "{text} at {cut}");
            }
        }
        assert_eq!(found(r#"{"mod\u0045l":"m","mod\uzzzzl":"m","model\\":"m"}"#, 1), "{}");
        let long = format!(r#"{{"model":"cheap","model":"{}"}}"#, "x".repeat(MAX_VALUE));
        assert_eq!(found(&long, 100), "{}", "what the provider takes is too long to be known");
    }

    #[test]
    fn of_a_list_a_member_of_each_object_is_kept_however_the_text_is_cut() {
        const LISTS: &[List] = &[List { name: "output", of_each: &["type"] }];
        let read = |text: &str, cut: usize| {
            let mut members = Members::with_lists(NAMES, LISTS);
            text.as_bytes().chunks(cut).for_each(|piece| members.push(piece));
            (members.object(), members.overflowed())
        };
        let text = r#"{"output":[{"type":"web_search_call","action":{"type":"search","x":[{"type":"no"}]}},{"x":1},
            {"t\u0079pe":"mess\"}age","content":[{"type":"no"}]}],"model":"m","other":[{"type":"no"}]}"#;
        let all = r#"{"model":"m","output":[{"type":"web_search_call"},{"type":"mess\"}age"}]}"#;
        for cut in 1..text.len() {
            assert_eq!(read(text, cut), (all.to_owned(), false), "{cut}");
        }
        let long = format!(r#"{{"output":[{{"type":"{}"}},{{"type":"b"}}]}}"#, "x".repeat(2 * MAX_LIST));
        assert_eq!(read(&long, 4_096), (r#"{"output":[{"type":"b"}]}"#.to_owned(), true));
        let many = format!(r#"{{"output":[{}]}}"#, vec![r#"{"type":"abcdefgh"}"#; MAX_LIST / 10].join(","));
        let (object, overflowed) = read(&many, 4_096);
        assert!(overflowed && object.len() < 2 * MAX_LIST);
        for odd in [
            r#"{"output":7,"model":"m"}"#,
            r#"{"output":"[{\"type\":1}]","model":"m"}"#,
            r#"{"output":{},"model":"m"}"#,
        ] {
            assert_eq!(read(odd, 3), (r#"{"model":"m"}"#.to_owned(), false), "{odd}");
        }
    }

    #[test]
    fn a_long_member_is_left_out_and_takes_no_memory() {
        let long = format!(r#"{{"usage":"{}","model":"m"}}"#, "x".repeat(MAX_VALUE * 3));
        assert_eq!(found(&long, 1000), r#"{"model":"m"}"#);
    }
}
