//! Entity tags (RFC 9110 section 8.8.3), and lists of them.

use std::fmt;
use std::sync::Arc;

use http::header::ETAG;
use http::{HeaderMap, HeaderName, HeaderValue};
use weir_domain::spec::Lenient;

use crate::malformed::Malformed;

/// The most tags that one header may name.
pub const MAX_TAGS: usize = 256;
/// The most bytes that all lines of one header may have.
pub const MAX_LIST: usize = 16 << 10;

/// How to mend a tag that cannot be read.
const TAG_RULE: &str =
    "write each entity tag in quotes, such as \"v3\" or W/\"v3\", and several with commas between them";
const STAR_RULE: &str = "* stands alone, and in one line only";
const EMPTY_RULE: &str = "it names no entity tag; send the ETag of the version that you have, or *";
const TOO_LONG: &str = "it is too long: 256 entity tags and 16 KiB are taken at most";

/// An entity tag. Its opaque part is bytes, as the RFC allows any above 0x7F.
///
/// `==` is equality of what is written; how tags compare is [`strong_eq`](Self::strong_eq) and
/// [`weak_eq`](Self::weak_eq).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EntityTag {
    weak: bool,
    opaque: Arc<[u8]>,
}

/// A content coding that the gateway applies itself, which an entity tag tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];

    /// What stands at the end of the tag, inside its quotes.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
            Self::Zstd => "-zs",
        }
    }
}

impl EntityTag {
    /// A strong tag; `None` when `opaque` holds what a tag may not.
    #[must_use]
    pub fn strong(opaque: impl AsRef<[u8]>) -> Option<Self> {
        Self::new(false, opaque.as_ref())
    }

    /// A weak tag; `None` when `opaque` holds what a tag may not.
    #[must_use]
    pub fn weak(opaque: impl AsRef<[u8]>) -> Option<Self> {
        Self::new(true, opaque.as_ref())
    }

    fn new(weak: bool, opaque: &[u8]) -> Option<Self> {
        opaque.iter().all(|&b| is_etagc(b)).then(|| Self { weak, opaque: opaque.into() })
    }

    /// The strong tag of a numbered version: `"v3"`.
    #[must_use]
    pub fn of_version(version: i64) -> Self {
        Self::of_word(false, format!("v{version}").as_bytes())
    }

    /// A tag of letters, digits, `-` and `_`, which need no check.
    pub(crate) fn of_word(weak: bool, opaque: &[u8]) -> Self {
        debug_assert!(opaque.iter().all(|&b| is_etagc(b)), "a tag of ours is well-formed");
        Self { weak, opaque: opaque.into() }
    }

    /// Reads one whole tag, strictly: `"…"` or `W/"…"` and nothing around it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (tag, rest) = Self::read(text)?;
        rest.is_empty().then_some(tag)
    }

    /// The tag that `text` begins with, and what follows it.
    pub(crate) fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let (weak, quoted) = match text.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|&b| !is_etagc(b))?;
        let (opaque, rest) = inner.split_at(end);
        Some((Self { weak, opaque: opaque.into() }, rest.strip_prefix(b"\"")?))
    }

    /// The tag of an upstream, as its answer has it. One that is malformed for want of quotes gets them with
    /// [`Lenient::Quote`]; any other malformed one is none.
    #[must_use]
    pub fn from_upstream(value: &HeaderValue, lenient: Lenient) -> Option<Self> {
        let text = value.as_bytes().trim_ascii();
        if let Some(tag) = Self::parse(text) {
            return Some(tag);
        }
        let (weak, bare) = match text.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        (lenient == Lenient::Quote && !bare.is_empty()).then(|| Self::new(weak, bare)).flatten()
    }

    /// The tag of an upstream's answer; none when there are several, as nobody can say which one counts.
    #[must_use]
    pub fn of_answer(headers: &HeaderMap, lenient: Lenient) -> Option<Self> {
        let mut lines = headers.get_all(ETAG).iter();
        match (lines.next(), lines.next()) {
            (Some(value), None) => Self::from_upstream(value, lenient),
            _ => None,
        }
    }

    /// Whether it is weak.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.weak
    }

    /// What stands between the quotes.
    #[must_use]
    pub fn opaque(&self) -> &[u8] {
        &self.opaque
    }

    /// Strong comparison (RFC 9110 section 8.8.3.2): both strong, and the same.
    #[must_use]
    pub fn strong_eq(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Weak comparison (RFC 9110 section 8.8.3.2): the same, whether strong or weak.
    #[must_use]
    pub fn weak_eq(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// The tag of the same representation in a coding that the gateway applied.
    #[must_use]
    pub fn with_coding(&self, coding: Coding) -> Self {
        Self { weak: self.weak, opaque: [&self.opaque, coding.suffix().as_bytes()].concat().into() }
    }

    /// What stands between the quotes but for the suffix of a coding.
    #[must_use]
    pub fn without_coding(&self) -> &[u8] {
        Coding::ALL
            .iter()
            .find_map(|coding| self.opaque.strip_suffix(coding.suffix().as_bytes()))
            .unwrap_or(&self.opaque)
    }

    /// Strong comparison for unsafe methods: each coding of a representation is that representation.
    #[must_use]
    pub fn matches_ignoring_coding(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.weakly_matches_ignoring_coding(other)
    }

    /// Weak comparison for unsafe methods: each coding of a representation is that representation.
    #[must_use]
    pub fn weakly_matches_ignoring_coding(&self, other: &Self) -> bool {
        self.opaque == other.opaque || self.without_coding() == other.without_coding()
    }

    /// As the header `ETag` has it.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        let mut text = Vec::with_capacity(self.opaque.len() + 4);
        self.write(&mut text);
        // A tag holds what a header may hold; the weak empty tag stands for what cannot be.
        HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap_or(HeaderValue::from_static("W/\"\""))
    }

    /// Appends the tag as it is written.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.weak { b"W/\"" } else { b"\"" });
        out.extend_from_slice(&self.opaque);
        out.push(b'"');
    }
}

/// As it is written; bytes that are no UTF-8 are shown as U+FFFD.
impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.weak { "W/" } else { "" }, String::from_utf8_lossy(&self.opaque))
    }
}

impl fmt::Debug for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may stand between the quotes: visible ASCII but for the quote, and anything above ASCII.
const fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7E | 0x80..)
}

/// What `If-Match` and `If-None-Match` name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagList {
    /// `*`: any representation there is.
    Any,
    /// These; never empty.
    Tags(Vec<EntityTag>),
}

impl TagList {
    /// Reads all lines of a header; `None` when there are none.
    ///
    /// # Errors
    /// When the lines are no list of entity tags and no `*`, or too long.
    pub fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, Malformed> {
        let (mut tags, mut star, mut length, mut last) = (Vec::new(), false, 0, None);
        for line in headers.get_all(name) {
            let text = line.as_bytes();
            let refused = |problem| Malformed::new(name.clone(), text, problem);
            length += text.len();
            if length > MAX_LIST {
                return Err(refused(TOO_LONG));
            }
            if star || (last.is_some() && trimmed(text) == b"*") {
                return Err(refused(STAR_RULE));
            }
            star = trimmed(text) == b"*";
            if !star {
                read_line(text, &mut tags).map_err(refused)?;
            }
            last = Some(text);
        }
        match last {
            None => Ok(None),
            Some(_) if star => Ok(Some(Self::Any)),
            Some(text) if tags.is_empty() => Err(Malformed::new(name.clone(), text, EMPTY_RULE)),
            Some(_) => Ok(Some(Self::Tags(tags))),
        }
    }

    /// The tags it names; none for `*`.
    #[must_use]
    pub fn tags(&self) -> &[EntityTag] {
        match self {
            Self::Any => &[],
            Self::Tags(tags) => tags,
        }
    }
}

/// Reads the tags of one line. Empty elements are passed over (RFC 9110 section 5.6.1.2).
fn read_line(line: &[u8], tags: &mut Vec<EntityTag>) -> Result<(), &'static str> {
    let mut rest = trimmed(line);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b",") {
            rest = trimmed(after);
            continue;
        }
        if rest[0] == b'*' {
            return Err(STAR_RULE);
        }
        let (tag, after) = EntityTag::read(rest).ok_or(TAG_RULE)?;
        if tags.len() == MAX_TAGS {
            return Err(TOO_LONG);
        }
        tags.push(tag);
        rest = trimmed(after);
        if !rest.is_empty() && rest[0] != b',' {
            return Err(TAG_RULE);
        }
    }
    Ok(())
}

/// Without the optional whitespace (space and tab) around it.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let start = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !blank(b)).map_or(start, |last| last + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests;
