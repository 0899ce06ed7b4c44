//! JSON in canonical form (RFC 8785): one text for one meaning, and none where it would be another meaning.
//!
//! Written out rather than left to a library for two reasons: a number that a double cannot hold must be refused rather
//! than rounded, which a parsed value does not show any more, and a page of JSON must cost microseconds.

use std::cmp::Ordering;
use std::ops::Range;

/// How deep values may lie within each other.
const MAX_DEPTH: usize = 128;
/// So many digits a double always holds.
const SAFE_DIGITS: usize = 15;

/// JSON pointers (RFC 6901), taken apart: what is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers(Vec<Vec<Box<str>>>);

/// A text that is no JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no JSON pointer: it begins with / and has ~ only in ~0 and ~1 (RFC 6901)")]
pub struct NoPointer(pub String);

impl Pointers {
    /// None: nothing is left out.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Takes pointers apart.
    ///
    /// # Errors
    /// The first text that is no pointer.
    pub fn compile(texts: &[String]) -> Result<Self, NoPointer> {
        texts
            .iter()
            .map(|text| pointer(text).ok_or_else(|| NoPointer(text.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn pointer(text: &str) -> Option<Vec<Box<str>>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let escapes_fit = text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    let tokens = text.strip_prefix('/').filter(|_| escapes_fit)?;
    Some(tokens.split('/').map(|token| token.replace("~1", "/").replace("~0", "~").into()).collect())
}

/// What of the pointers lies within the value at hand.
type Live<'p> = Vec<&'p [Box<str>]>;

/// The canonical form of `text` but for what `ignored` points to. `None` for what is no JSON, and for JSON that the form
/// would change the meaning of: an object with one name twice, a number that a double does not hold digit by digit,
/// half a surrogate pair; and for values within more than 128 others.
#[must_use]
pub fn of(text: &[u8], ignored: &Pointers) -> Option<Vec<u8>> {
    std::str::from_utf8(text).ok()?;
    let mut form = Form { text, at: 0, out: Vec::with_capacity(text.len()), scratch: Vec::new() };
    let live: Live<'_> = ignored.0.iter().map(Vec::as_slice).collect();
    form.blank();
    form.value(&live, MAX_DEPTH)?;
    form.blank();
    if live.iter().any(|pointer| pointer.is_empty()) {
        form.out.clear();
    }
    (form.at == text.len()).then_some(form.out)
}

struct Form<'t> {
    text: &'t [u8],
    at: usize,
    out: Vec<u8>,
    /// Where members are put in order.
    scratch: Vec<u8>,
}

/// A member of an object, where it stands in what is written.
struct Member {
    /// The name with its quotes.
    name: Range<usize>,
    /// Where the value ends.
    end: usize,
}

impl Form<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Goes over one byte if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, live: &Live<'_>, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(live, depth.checked_sub(1)?),
            b'[' => self.array(live, depth.checked_sub(1)?),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            self.out.extend_from_slice(word);
        })
    }

    fn array(&mut self, live: &Live<'_>, depth: usize) -> Option<()> {
        self.at += 1;
        self.out.push(b'[');
        let start = self.out.len();
        self.blank();
        if self.take(b']') {
            self.out.push(b']');
            return Some(());
        }
        for index in 0_usize.. {
            let before = self.out.len();
            if before > start {
                self.out.push(b',');
            }
            let within = if live.is_empty() { Some(Vec::new()) } else { within(live, &index.to_string()) };
            self.value(within.as_ref().unwrap_or(&Vec::new()), depth)?;
            if within.is_none() {
                self.out.truncate(before);
            }
            self.blank();
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return None;
            }
            self.blank();
        }
        self.out.push(b']');
        Some(())
    }

    fn object(&mut self, live: &Live<'_>, depth: usize) -> Option<()> {
        self.at += 1;
        self.out.push(b'{');
        let start = self.out.len();
        let mut members: Vec<Member> = Vec::new();
        self.blank();
        if self.take(b'}') {
            self.out.push(b'}');
            return Some(());
        }
        loop {
            let before = self.out.len();
            if before > start {
                self.out.push(b',');
            }
            let (member, kept) = self.member(live, depth)?;
            if kept {
                members.push(member);
            } else {
                self.out.truncate(before);
            }
            self.blank();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return None;
            }
            self.blank();
        }
        self.sort(start, &mut members)?;
        self.out.push(b'}');
        Some(())
    }

    /// Writes one member; `false` when it is to be left out.
    fn member(&mut self, live: &Live<'_>, depth: usize) -> Option<(Member, bool)> {
        let name_at = self.out.len();
        if self.peek() != Some(b'"') {
            return None;
        }
        self.string()?;
        let name = name_at..self.out.len();
        let within = if live.is_empty() { Some(Vec::new()) } else { within(live, &unquoted(&self.out[name.clone()])?) };
        self.blank();
        if !self.take(b':') {
            return None;
        }
        self.out.push(b':');
        self.blank();
        self.value(within.as_ref().unwrap_or(&Vec::new()), depth)?;
        Some((Member { name, end: self.out.len() }, within.is_some()))
    }

    /// Puts the members of an object, which are written from `start` on, in order; `None` when a name comes twice.
    fn sort(&mut self, start: usize, members: &mut [Member]) -> Option<()> {
        let out = &self.out;
        if members.is_sorted_by(|a, b| order(&out[a.name.clone()], &out[b.name.clone()]) == Ordering::Less) {
            return Some(());
        }
        members.sort_by(|a, b| order(&out[a.name.clone()], &out[b.name.clone()]));
        if members.windows(2).any(|pair| out[pair[0].name.clone()] == out[pair[1].name.clone()]) {
            return None;
        }
        self.scratch.clear();
        for member in members {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&out[member.name.start..member.end]);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&self.scratch);
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        self.out.push(b'"');
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | ..0x20))?;
            self.out.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            match rest[plain] {
                b'"' => {
                    self.out.push(b'"');
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Writes what an escape stands for; the backslash is behind.
    fn escape(&mut self) -> Option<()> {
        let kind = self.peek()?;
        self.at += 1;
        let meant = match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return None,
        };
        match meant {
            '"' => self.out.extend_from_slice(b"\\\""),
            '\\' => self.out.extend_from_slice(b"\\\\"),
            '\u{8}' => self.out.extend_from_slice(b"\\b"),
            '\u{c}' => self.out.extend_from_slice(b"\\f"),
            '\n' => self.out.extend_from_slice(b"\\n"),
            '\r' => self.out.extend_from_slice(b"\\r"),
            '\t' => self.out.extend_from_slice(b"\\t"),
            '\0'..='\u{1f}' => self.out.extend_from_slice(format!("\\u{:04x}", u32::from(meant)).as_bytes()),
            _ => self.out.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        Some(())
    }

    /// The character of `\uXXXX`, or of two of them; half a pair is none.
    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        let pair = match first {
            0xD800..=0xDBFF if self.take(b'\\') && self.take(b'u') => vec![first, self.unit()?],
            _ => vec![first],
        };
        let mut read = char::decode_utf16(pair);
        let meant = read.next()?.ok()?;
        read.next().is_none().then_some(meant)
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        self.at += 4;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.take(b'-');
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text[self.at - whole] == b'0';
        if whole == 0 || leading_zero {
            return None;
        }
        let mut plain = whole <= SAFE_DIGITS;
        if self.take(b'.') {
            plain = false;
            (self.digits() > 0).then_some(())?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            plain = false;
            self.at += 1;
            let _sign = self.take(b'+') || self.take(b'-');
            (self.digits() > 0).then_some(())?;
        }
        let written = &self.text[start..self.at];
        if plain && written != b"-0" {
            self.out.extend_from_slice(written);
            return Some(());
        }
        let written = std::str::from_utf8(written).ok()?;
        let number: f64 = written.parse().ok().filter(|n: &f64| n.is_finite())?;
        let mut buffer = ryu_js::Buffer::new();
        let form = buffer.format_finite(number);
        (Decimal::read(written)? == Decimal::read(form)?).then(|| self.out.extend_from_slice(form.as_bytes()))
    }

    fn digits(&mut self) -> usize {
        let count = self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }
}

/// A decimal number digit by digit: 0.`digits` · 10^`exponent`, without zeros at either end. Zero has no digits, and no
/// sign, as its canonical form has none.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads a number of JSON; `None` when its exponent is beyond all measure.
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        let zeros = all.iter().take_while(|b| **b == b'0').count();
        let end = all.iter().rposition(|b| *b != b'0').map_or(zeros, |last| last + 1);
        if zeros == all.len() {
            return Some(Self { negative: false, digits: Vec::new(), exponent: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(point)?;
        Some(Self { negative, digits: all[zeros..end].to_vec(), exponent })
    }
}

/// What of the pointers lies within the value under `name`; `None` when it is itself what one points to.
fn within<'p>(live: &Live<'p>, name: &str) -> Option<Live<'p>> {
    let mut inner = Live::new();
    for pointer in live {
        match pointer.split_first() {
            Some((first, [])) if **first == *name => return None,
            Some((first, rest)) if **first == *name => inner.push(rest),
            _ => {}
        }
    }
    Some(inner)
}

/// The name that its canonical text stands for.
fn unquoted(text: &[u8]) -> Option<String> {
    serde_json::from_slice(text).ok()
}

/// The order of names: by UTF-16 code units (RFC 8785 section 3.2.3). Names are given as they are written.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let simple = |text: &[u8]| text.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    if simple(a) && simple(b) {
        // The quote at the end is below every character but the blank and !, so it may not take part.
        return a[1..a.len() - 1].cmp(&b[1..b.len() - 1]);
    }
    let units = |text| unquoted(text).unwrap_or_default().encode_utf16().collect::<Vec<u16>>();
    units(a).cmp(&units(b))
}

#[cfg(test)]
mod tests;
