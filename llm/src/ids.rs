//! Ids of responses and of their items under other names: what a provider of the Responses API keeps is named by ids, and
//! whoever has an id has what it names. The gateway hands out ids of its own in their place, wherever they stand in an
//! answer, in its events, or in what is told later of a response that is kept. Every other byte stays as it is.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

/// The longest id that is replaced. A longer string is passed on as it is.
const MAX_ID: usize = 1_024;
/// The longest name of a member that is looked at.
const MAX_NAME: usize = 24;
/// How deep ids lie at most: in an event, `response.output[].id`.
const MAX_DEPTH: usize = 6;
/// Ids of one answer whose names are remembered: each event of a stream repeats the id of its item.
const REMEMBERED: usize = 32;
/// Stands before the data in a line of an event (a blank may follow).
const DATA: &[u8] = b"data:";

/// What gives a caller's name for a provider's id.
type Name = dyn Fn(&str) -> String + Send + Sync;

/// Gives the caller's name for a provider's id.
#[derive(Clone, Default)]
pub struct Ids(Option<Arc<Name>>);

impl Ids {
    /// Ids are handed out under the names that `name` gives, always the same for the same id.
    #[must_use]
    pub fn named(name: Arc<Name>) -> Self {
        Self(Some(name))
    }

    /// What rewrites a stream of events, or one JSON text; `None` where ids stay as they are.
    #[must_use]
    pub fn rewriter(&self, events: bool) -> Option<IdRewriter> {
        self.0.as_ref().map(|name| IdRewriter::new(Arc::clone(name), events))
    }

    /// One JSON text with the caller's ids.
    pub(crate) fn rewrite(&self, json: Bytes) -> Bytes {
        let Some(mut rewriter) = self.rewriter(false) else { return json };
        let mut out = BytesMut::with_capacity(json.len() + 512);
        rewriter.push(&json, &mut out);
        rewriter.finish(&mut out);
        out.freeze()
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Ids(named)" } else { "Ids(as they are)" })
    }
}

/// Where an object or a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The whole text: a response, an event, a list.
    Root,
    /// The response that an event holds.
    Response,
    /// An item of a response, or the list of them.
    Item,
    /// Anywhere else.
    Other,
}

impl Place {
    /// Where the value of a member stands.
    fn of(self, member: &[u8]) -> Self {
        match (self, member) {
            (Self::Root, b"response") => Self::Response,
            (Self::Root, b"item" | b"data") | (Self::Root | Self::Response, b"output") => Self::Item,
            _ => Self::Other,
        }
    }

    /// Whether a member that is a string is an id.
    fn is_id(self, member: &[u8]) -> bool {
        match self {
            Self::Root => matches!(
                member,
                b"id" | b"previous_response_id" | b"response_id" | b"item_id" | b"first_id" | b"last_id"
            ),
            Self::Response => matches!(member, b"id" | b"previous_response_id"),
            Self::Item => matches!(member, b"id" | b"approval_request_id"),
            Self::Other => false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Level {
    place: Place,
    is_object: bool,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// What stands between strings.
    Between,
    /// The name of a member.
    Name,
    /// An id, which is held back until it is whole.
    Id,
    /// Any other string, or a name that is too long.
    Text,
    /// Behind a backslash in a string that is none of the above.
    Escaped,
}

/// Where a line of an event stream is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// So many bytes of [`DATA`] have come.
    Begin(usize),
    Data,
    /// A carriage return has ended a line; a line feed that follows belongs to it.
    Return,
    /// A comment, or a field of another name.
    Other,
}

/// Rewrites one text or one stream, however it is cut, in constant memory.
pub struct IdRewriter {
    name: Arc<Name>,
    /// `None` where the text is JSON alone.
    line: Option<Line>,
    levels: Vec<Level>,
    /// Levels beyond the deepest that is looked at.
    beyond: usize,
    at: At,
    /// Whether the next string of an object is the name of a member.
    name_next: bool,
    member: Vec<u8>,
    held: Vec<u8>,
    remembered: Vec<(Vec<u8>, String)>,
}

impl IdRewriter {
    fn new(name: Arc<Name>, events: bool) -> Self {
        Self {
            name,
            line: events.then_some(Line::Begin(0)),
            levels: Vec::new(),
            beyond: 0,
            at: At::Between,
            name_next: false,
            member: Vec::new(),
            held: Vec::new(),
            remembered: Vec::new(),
        }
    }

    /// Takes the next bytes and appends to `out` what they become. An id whose end has not come is held back.
    pub fn push(&mut self, bytes: &[u8], out: &mut BytesMut) {
        out.reserve(bytes.len() + 128);
        // What from here on has not been written.
        let (mut from, mut next) = (0, 0);
        while let Some(&byte) = bytes.get(next) {
            if let Some(line) = self.line.filter(|line| *line != Line::Data || self.ends_line(byte)) {
                if self.at == At::Id {
                    // A line break within a string: this is no JSON.
                    self.finish(out);
                    self.at = At::Text;
                }
                next += self.frame(line, bytes.get(next..).unwrap_or_default());
                continue;
            }
            match self.at {
                At::Between => {
                    self.structure(byte);
                    next += 1;
                    if self.at == At::Id {
                        out.put_slice(bytes.get(from..next).unwrap_or_default());
                        from = next;
                    }
                }
                At::Name => {
                    self.name_byte(byte);
                    next += 1;
                }
                At::Id => {
                    next += 1;
                    from = next;
                    self.id_byte(byte, out);
                }
                At::Text => {
                    let rest = bytes.get(next..).unwrap_or_default();
                    let skipped = match self.line {
                        None => memchr::memchr2(b'"', b'\\', rest),
                        Some(_) => memchr::memchr3(b'"', b'\\', b'\n', rest),
                    };
                    next += skipped.unwrap_or(rest.len());
                    match bytes.get(next) {
                        Some(b'"') => self.at = At::Between,
                        Some(b'\\') => self.at = At::Escaped,
                        // The end of the line, which ends the text.
                        Some(_) | None => continue,
                    }
                    next += 1;
                }
                At::Escaped => {
                    self.at = At::Text;
                    next += 1;
                }
            }
        }
        out.put_slice(bytes.get(from..).unwrap_or_default());
    }

    /// At the end: gives what was held back.
    pub fn finish(&mut self, out: &mut BytesMut) {
        out.put_slice(&self.held);
        self.held.clear();
    }

    /// Whether a line of data ends. A lone carriage return ends one as well, but none stands in a string.
    fn ends_line(&self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && self.at == At::Between)
    }

    /// Reads what frames the data of events; how many bytes that took.
    fn frame(&mut self, line: Line, bytes: &[u8]) -> usize {
        let first = bytes.first().copied();
        let ended = if first == Some(b'\r') { Line::Return } else { Line::Begin(0) };
        let (next, took) = match line {
            Line::Begin(0) if matches!(first, Some(b'\n' | b'\r')) => {
                // An empty line ends the event.
                self.restart();
                (ended, 1)
            }
            Line::Begin(come) if first == DATA.get(come).copied() => match come + 1 {
                all if all == DATA.len() => (Line::Data, 1),
                come => (Line::Begin(come), 1),
            },
            Line::Begin(_) => (Line::Other, 0),
            Line::Return => (Line::Begin(0), usize::from(first == Some(b'\n'))),
            Line::Data => (ended, 1),
            Line::Other => match memchr::memchr2(b'\n', b'\r', bytes) {
                Some(0) => (ended, 1),
                Some(end) => (Line::Other, end),
                None => (Line::Other, bytes.len()),
            },
        };
        self.line = Some(next);
        took
    }

    /// Begins another JSON text.
    fn restart(&mut self) {
        self.levels.clear();
        (self.beyond, self.at, self.name_next) = (0, At::Between, false);
    }

    /// Takes a byte that is not within a string.
    fn structure(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                let place = match self.levels.last() {
                    None => Place::Root,
                    Some(level) if level.is_object => level.place.of(&self.member),
                    Some(level) => level.place,
                };
                self.name_next = byte == b'{';
                if self.levels.len() < MAX_DEPTH {
                    self.levels.push(Level { place, is_object: self.name_next });
                } else {
                    self.beyond += 1;
                }
            }
            b'}' | b']' => {
                if self.beyond > 0 {
                    self.beyond -= 1;
                } else {
                    self.levels.pop();
                }
                self.name_next = false;
            }
            b',' => self.name_next = self.level().is_some_and(|level| level.is_object),
            b':' => self.name_next = false,
            b'"' => self.at = self.string(),
            _ => {}
        }
    }

    /// The object or list that the next byte stands in, as far as it is looked at.
    fn level(&self) -> Option<Level> {
        self.levels.last().copied().filter(|_| self.beyond == 0)
    }

    /// What the string is that begins.
    fn string(&mut self) -> At {
        match self.level() {
            Some(level) if level.is_object && self.name_next => {
                self.member.clear();
                At::Name
            }
            Some(level) if level.is_object && level.place.is_id(&self.member) => At::Id,
            _ => At::Text,
        }
    }

    fn name_byte(&mut self, byte: u8) {
        match byte {
            b'"' => self.at = At::Between,
            // None of the names that matter is written with escapes.
            b'\\' => (self.at, self.member) = (At::Escaped, b"?".to_vec()),
            _ if self.member.len() == MAX_NAME => (self.at, self.member) = (At::Text, b"?".to_vec()),
            _ => self.member.push(byte),
        }
    }

    fn id_byte(&mut self, byte: u8, out: &mut BytesMut) {
        match byte {
            b'"' => {
                self.put_name(out);
                out.put_u8(b'"');
                self.at = At::Between;
            }
            b'\\' => {
                self.finish(out);
                out.put_u8(byte);
                self.at = At::Escaped;
            }
            _ => {
                self.held.push(byte);
                if self.held.len() > MAX_ID {
                    self.finish(out);
                    self.at = At::Text;
                }
            }
        }
    }

    /// Writes the caller's name for the id that has come.
    fn put_name(&mut self, out: &mut BytesMut) {
        if let Some((_, name)) = self.remembered.iter().rev().find(|(id, _)| *id == self.held) {
            out.put_slice(name.as_bytes());
        } else if let Some(id) = std::str::from_utf8(&self.held).ok().filter(|id| !id.is_empty()) {
            let name = (self.name)(id);
            out.put_slice(name.as_bytes());
            if self.remembered.len() == REMEMBERED {
                self.remembered.remove(0);
            }
            self.remembered.push((self.held.clone(), name));
        } else {
            out.put_slice(&self.held);
        }
        self.held.clear();
    }
}

#[cfg(test)]
mod tests;
