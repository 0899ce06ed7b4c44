//! Finds in each line of results the answer and what became of the request, in constant memory.

use memchr::{memchr, memchr2};

use crate::tap::{Metered, Tap};

/// The longest member that is kept, in bytes; a longer one counts as absent.
const MAX_VALUE: usize = 16 << 10;
/// Names are shorter.
const MAX_NAME: usize = 64;
/// The places of what is kept beside the answer: the verdict, what stands where the object around the answer would, and
/// the member [`ERROR`].
const VERDICT: usize = 0;
const INSTEAD: usize = 1;
const FAILURE: usize = 2;
/// Says why there is no answer.
const ERROR: &str = "error";

/// Where things stand in a line.
#[derive(Debug)]
pub(super) struct Layout {
    /// The members that lead from the line to the answer.
    pub(super) path: [&'static str; 2],
    /// The member beside the answer that says whether the request succeeded.
    pub(super) verdict: &'static str,
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Whether it is an object that has come to its end.
    pub(super) whole: bool,
    /// The verdict, as JSON.
    pub(super) verdict: Option<String>,
    /// Whether it says by an error that there is no answer.
    pub(super) failed: bool,
    /// What the answer tells.
    pub(super) answer: Metered,
}

/// A push scanner of lines. What is no JSON yields nothing, or nonsense that no reader takes for anything.
#[derive(Debug)]
pub(super) struct Scan {
    layout: &'static Layout,
    values: [Option<Vec<u8>>; 3],
    /// Reads along with the answer.
    answer: Tap,
    /// Whether anything but blanks has come, and whether it began an object.
    begun: Option<bool>,
    depth: usize,
    /// How much of the path leads to the object that is being read.
    matched: usize,
    place: Place,
    in_string: bool,
    escaped: bool,
    name: Vec<u8>,
    next: Next,
}

/// Where in the object of interest the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeName,
    InName,
    BehindName,
    InValue,
}

/// What becomes of the value that is being read.
#[derive(Debug)]
enum Next {
    Skip,
    /// It is on the path, if it is an object.
    Enter,
    Take(usize, Vec<u8>),
}

impl Scan {
    pub(super) fn new(layout: &'static Layout) -> Self {
        Self {
            layout,
            values: Default::default(),
            answer: Tap::new("application/json"),
            begun: None,
            depth: 0,
            matched: 0,
            place: Place::InValue,
            in_string: false,
            escaped: false,
            name: Vec::new(),
            next: Next::Skip,
        }
    }

    /// Takes the next bytes and hands out each line that they complete.
    pub(super) fn push(&mut self, mut input: &[u8], mut receive: impl FnMut(Line)) {
        // JSON has no line feed within a string, so every one ends a line.
        while let Some(end) = memchr(b'\n', input) {
            let (line, rest) = input.split_at(end);
            self.take_in(line);
            if let Some(line) = self.end() {
                receive(line);
            }
            input = rest.get(1..).unwrap_or_default();
        }
        self.take_in(input);
    }

    /// Ends the line; `None` where it is blank.
    pub(super) fn end(&mut self) -> Option<Line> {
        let read = std::mem::replace(self, Self::new(self.layout));
        let whole = read.begun? && read.depth == 0 && !read.in_string;
        let [verdict, instead, error] = read.values.map(|value| {
            let text = String::from_utf8(value?).ok()?;
            serde_json::from_str::<serde::de::IgnoredAny>(&text).ok().map(|_| text)
        });
        let failed = instead.as_deref() == Some("null") && error.is_some_and(|error| error.starts_with('{'));
        Some(Line { whole, verdict, failed, answer: read.answer.finish(whole) })
    }

    /// Bytes that are held in memory.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        let taken = if let Next::Take(_, value) = &self.next { value.len() } else { 0 };
        taken + self.name.len() + self.answer.kept() + self.values.iter().flatten().map(Vec::len).sum::<usize>()
    }

    fn take_in(&mut self, mut rest: &[u8]) {
        while let Some((&byte, behind)) = rest.split_first() {
            let unwanted = self.place != Place::InName && !matches!(self.next, Next::Take(..));
            if self.in_string && !self.escaped && unwanted {
                // Most of a line is strings that nobody wants.
                let end = memchr2(b'"', b'\\', rest);
                if self.in_answer() {
                    // Together with the byte that is found there.
                    self.answer.push(rest.get(..end.map_or(rest.len(), |at| at + 1)).unwrap_or_default());
                }
                let Some(at) = end else { return };
                let (found, after) =
                    rest.get(at..).and_then(<[u8]>::split_first).map_or((0, &[][..]), |(f, a)| (*f, a));
                self.string(found);
                rest = after;
                continue;
            }
            rest = behind;
            // Its braces belong to it.
            let within = self.in_answer();
            if self.in_string {
                self.string(byte);
            } else {
                self.plain(byte);
            }
            if within || self.in_answer() {
                self.answer.push(&[byte]);
            }
        }
    }

    /// Whether what stands next is part of the answer.
    fn in_answer(&self) -> bool {
        self.matched == self.layout.path.len() && self.depth > self.matched
    }

    /// Whether what stands next is a member of the object of interest.
    fn here(&self) -> bool {
        self.depth == self.matched + 1
    }

    fn string(&mut self, byte: u8) {
        let ends = byte == b'"' && !self.escaped;
        self.escaped = byte == b'\\' && !self.escaped;
        if self.place == Place::InName && self.here() {
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
        if self.begun.is_none() && !byte.is_ascii_whitespace() {
            self.begun = Some(byte == b'{');
        }
        match byte {
            b'"' => {
                self.in_string = true;
                if self.here() && self.place == Place::BeforeName {
                    self.place = Place::InName;
                    self.name.clear();
                } else {
                    self.take(byte);
                }
            }
            b'{' => {
                let enters = self.here() && matches!(self.next, Next::Enter);
                if enters {
                    self.matched += 1;
                    self.next = Next::Skip;
                }
                if enters || self.depth == 0 {
                    self.place = Place::BeforeName;
                } else {
                    self.take(byte);
                }
                self.depth += 1;
            }
            b'[' => {
                self.take(byte);
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.here() {
                    self.keep();
                    self.matched = self.matched.saturating_sub(1);
                    self.place = Place::InValue;
                } else {
                    self.take(byte);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.here() => {
                self.keep();
                self.place = Place::BeforeName;
            }
            b':' if self.here() && self.place == Place::BehindName => {
                self.place = Place::InValue;
                self.next = self.wanted();
            }
            b' ' | b'\t' | b'\r' => {}
            other => self.take(other),
        }
    }

    /// What becomes of the value whose name has been read.
    fn wanted(&self) -> Next {
        let Layout { path, verdict } = self.layout;
        let is = |name: &str| name.as_bytes() == self.name;
        if path.get(self.matched).is_some_and(|step| is(step)) {
            return Next::Enter;
        }
        let slot = match self.matched {
            0 => is(ERROR).then_some(FAILURE),
            at if at + 1 == path.len() => is(verdict).then_some(VERDICT),
            _ => None,
        };
        slot.map_or(Next::Skip, |slot| Next::Take(slot, Vec::new()))
    }

    fn take(&mut self, byte: u8) {
        match &mut self.next {
            Next::Take(_, value) if value.len() < MAX_VALUE => value.push(byte),
            Next::Skip => {}
            // No object where one would be on the path.
            Next::Enter if self.matched == 0 => self.next = Next::Take(INSTEAD, vec![byte]),
            // The same; or too long.
            _ => self.next = Next::Skip,
        }
    }

    fn keep(&mut self) {
        if let Next::Take(at, value) = std::mem::replace(&mut self.next, Next::Skip)
            && let Some(slot) = self.values.get_mut(at)
        {
            *slot = Some(value);
        }
    }
}
