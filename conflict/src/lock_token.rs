//! Lock tokens, and the headers that carry them (RFC 4918 section 10).

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::malformed::Malformed;
use crate::tag::{EntityTag, trimmed};

/// Names the lock that `UNLOCK` ends, and the one that `LOCK` made.
pub const LOCK_TOKEN: HeaderName = HeaderName::from_static("lock-token");
/// How long a lock is asked for.
pub const TIMEOUT: HeaderName = HeaderName::from_static("timeout");
/// Conditions on states, and the way tokens are submitted.
pub const IF: HeaderName = HeaderName::from_static("if");
/// Whether a lock holds for what lies beneath: `0`, or `infinity`.
pub const DEPTH: HeaderName = HeaderName::from_static("depth");

/// The longest `If` that is read, in bytes.
const MAX_IF: usize = 8 << 10;
/// A state that no resource is ever in: a condition that always fails, or with `Not` always holds.
const NO_LOCK: &str = "DAV:no-lock";
/// The longest token, in bytes.
const MAX_TOKEN: usize = 512;

const CODED_URL: &str =
    "write one lock token in angle brackets, such as <urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>";
const IF_RULE: &str =
    "write lists of lock tokens and entity tags, such as (<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6> [\"v3\"])";
const TAGGED_RULE: &str = "either every list follows a resource in angle brackets, or none does";
const IF_TOO_LONG: &str = "it is longer than 8 KiB";
const ONE_LINE: &str = "send it in one line";
const TIMEOUT_RULE: &str = "write Second-60, or Infinite";
const DEPTH_RULE: &str = "a lock has the depth 0 or infinity";

/// A lock token: an absolute URI, without the brackets around it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LockToken(Box<str>);

impl LockToken {
    /// A new token that nobody can guess: `urn:uuid:…`.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn mint() -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self(uuid::Builder::from_random_bytes(random).into_uuid().urn().to_string().into()))
    }

    /// A token as it stands between the brackets; `None` for what is no absolute URI.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let rest_fits = !rest.is_empty()
            && rest.bytes().all(|b| {
                b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
            });
        (scheme_fits && rest_fits && text.len() <= MAX_TOKEN).then(|| Self(text.into()))
    }

    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the header `Lock-Token` has it, in brackets.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&format!("<{}>", self.0)).unwrap_or(HeaderValue::from_static("<>"))
    }
}

/// The token itself: it is no secret to who may see answers, and a log has no use for it.
impl fmt::Debug for LockToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockToken(…)")
    }
}

/// Reads `Lock-Token`; `None` when there is none.
///
/// # Errors
/// When it is not one token in brackets.
pub fn lock_token(headers: &HeaderMap) -> Result<Option<LockToken>, Malformed> {
    let Some(text) = only_line(headers, &LOCK_TOKEN)? else { return Ok(None) };
    let token = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.strip_prefix('<')?.strip_suffix('>'))
        .and_then(|inner| LockToken::parse(inner.trim_matches([' ', '\t'])));
    token.map(Some).ok_or_else(|| Malformed::new(LOCK_TOKEN, text, CODED_URL))
}

/// How long a lock is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// So many seconds.
    Seconds(u32),
    /// As long as possible.
    Infinite,
}

impl Timeout {
    /// How long it is given: what was asked for, within bounds.
    #[must_use]
    pub fn granted(self, least: Duration, most: Duration) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(u64::from(seconds)).clamp(least, most.max(least)),
            Self::Infinite => most,
        }
    }
}

/// Reads `Timeout`: the first of several wishes counts. `None` when there is none.
///
/// # Errors
/// When no wish can be read.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Timeout>, Malformed> {
    let mut unread = None;
    for line in headers.get_all(&TIMEOUT) {
        for wish in line.as_bytes().split(|b| *b == b',').map(trimmed).filter(|wish| !wish.is_empty()) {
            match read_timeout(wish) {
                Some(timeout) => return Ok(Some(timeout)),
                None => unread = Some(wish),
            }
        }
        unread = unread.or(Some(line.as_bytes()));
    }
    unread.map_or(Ok(None), |wish| Err(Malformed::new(TIMEOUT, wish, TIMEOUT_RULE)))
}

fn read_timeout(wish: &[u8]) -> Option<Timeout> {
    if wish.eq_ignore_ascii_case(b"infinite") {
        return Some(Timeout::Infinite);
    }
    let (word, digits) = wish.split_at_checked(7)?;
    let fits = word.eq_ignore_ascii_case(b"second-") && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // More than 32 bits of seconds are as good as no end (RFC 4918 section 10.7 has 2^32 - 1 as the largest).
    let seconds = fits.then(|| std::str::from_utf8(digits).ok())??;
    Some(seconds.parse().map_or(Timeout::Infinite, Timeout::Seconds))
}

/// The `Timeout` of an answer: what the lock was given.
#[must_use]
pub fn timeout_value(granted: Duration) -> HeaderValue {
    let seconds = granted.as_secs().min(u64::from(u32::MAX));
    HeaderValue::from_str(&format!("Second-{seconds}")).unwrap_or(HeaderValue::from_static("Second-0"))
}

/// How far down a lock holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The resource alone.
    Zero,
    /// What lies beneath too; the default of `LOCK`.
    Infinity,
}

/// Reads `Depth` of a `LOCK`.
///
/// # Errors
/// When it is another than `0` and `infinity`.
pub fn depth(headers: &HeaderMap) -> Result<Depth, Malformed> {
    match only_line(headers, &DEPTH)? {
        None => Ok(Depth::Infinity),
        Some(b"0") => Ok(Depth::Zero),
        Some(text) if text.eq_ignore_ascii_case(b"infinity") => Ok(Depth::Infinity),
        Some(text) => Err(Malformed::new(DEPTH, text, DEPTH_RULE)),
    }
}

/// The header `If` (RFC 4918 section 10.4): lists of which one must hold. In a list everything must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfHeader {
    lists: Vec<List>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    /// The resource it speaks of; `None` for that of the request.
    resource: Option<Box<str>>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    negated: bool,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Token(LockToken),
    Tag(EntityTag),
}

/// What is known of the resource of the request.
pub struct Target<'a> {
    /// Whether a list tagged with this reference speaks of it: an absolute URI, or an absolute path.
    pub is_named: &'a dyn Fn(&str) -> bool,
    /// The tokens of the locks that are held on it.
    pub held: &'a [LockToken],
    /// Its current tags.
    pub tags: &'a [EntityTag],
}

impl IfHeader {
    /// Reads the header; `None` when there is none.
    ///
    /// # Errors
    /// When it does not follow the grammar, or is too long.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Malformed> {
        let Some(text) = only_line(headers, &IF)? else { return Ok(None) };
        if text.len() > MAX_IF {
            return Err(Malformed::new(IF, text, IF_TOO_LONG));
        }
        let mut reader = Reader(text);
        reader.lists().map(|lists| Some(Self { lists })).map_err(|problem| Malformed::new(IF, text, problem))
    }

    /// Whether one of its lists holds. Of another resource than the target nothing is known: there no token matches and
    /// no tag.
    #[must_use]
    pub fn holds(&self, target: &Target<'_>) -> bool {
        self.lists.iter().any(|list| {
            let known = list.resource.as_deref().is_none_or(target.is_named);
            list.conditions.iter().all(|condition| {
                let matches = known
                    && match &condition.state {
                        State::Token(token) => target.held.contains(token),
                        State::Tag(tag) => target.tags.iter().any(|current| current.strong_eq(tag)),
                    };
                matches != condition.negated
            })
        })
    }

    /// The tokens that it submits: every one that it names, whether its list holds or not (RFC 4918 section 10.4.1), but
    /// for `DAV:no-lock`, which is never one of a lock (section 10.4.8).
    pub fn submitted(&self) -> impl Iterator<Item = &LockToken> {
        self.lists.iter().flat_map(|list| &list.conditions).filter_map(|condition| match &condition.state {
            State::Token(token) if token.as_str() != NO_LOCK => Some(token),
            State::Token(_) | State::Tag(_) => None,
        })
    }
}

/// Reads `If` from its beginning on.
struct Reader<'t>(&'t [u8]);

impl<'t> Reader<'t> {
    fn blank(&mut self) {
        self.0 = trimmed(self.0);
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blank();
        self.0.split_first().is_some_and(|(first, rest)| {
            let there = *first == byte;
            if there {
                self.0 = rest;
            }
            there
        })
    }

    /// What stands up to `end`, which is gone over.
    fn until(&mut self, end: u8) -> Option<&'t str> {
        let at = self.0.iter().position(|b| *b == end)?;
        let (inner, rest) = self.0.split_at(at);
        self.0 = &rest[1..];
        std::str::from_utf8(inner).ok()
    }

    fn lists(&mut self) -> Result<Vec<List>, &'static str> {
        let mut lists = Vec::new();
        let mut resource: Option<Box<str>> = None;
        let mut after_resource = false;
        while !self.0.is_empty() {
            if self.take(b'<') {
                if after_resource || (resource.is_none() && !lists.is_empty()) {
                    return Err(TAGGED_RULE);
                }
                let named = self.until(b'>').map(str::trim).filter(|uri| is_reference(uri)).ok_or(IF_RULE)?;
                resource = Some(named.into());
                after_resource = true;
            } else if self.take(b'(') {
                lists.push(List { resource: resource.clone(), conditions: self.conditions()? });
                after_resource = false;
            } else {
                return Err(IF_RULE);
            }
            self.blank();
        }
        if lists.is_empty() || after_resource { Err(IF_RULE) } else { Ok(lists) }
    }

    /// The conditions of a list, up to its end.
    fn conditions(&mut self) -> Result<Vec<Condition>, &'static str> {
        let mut conditions = Vec::new();
        while !self.take(b')') {
            let negated = self.0.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"not"));
            if negated {
                self.0 = &self.0[3..];
            }
            let state = if self.take(b'<') {
                self.until(b'>').and_then(|text| LockToken::parse(text.trim())).map(State::Token)
            } else if self.take(b'[') {
                self.tag().map(State::Tag)
            } else {
                None
            };
            conditions.push(Condition { negated, state: state.ok_or(IF_RULE)? });
        }
        if conditions.is_empty() { Err(IF_RULE) } else { Ok(conditions) }
    }

    fn tag(&mut self) -> Option<EntityTag> {
        self.blank();
        let (tag, rest) = EntityTag::read(self.0)?;
        self.0 = rest;
        self.take(b']').then_some(tag)
    }
}

/// Whether it is an absolute URI, or an absolute path.
fn is_reference(text: &str) -> bool {
    let path = text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"'));
    path || LockToken::parse(text).is_some()
}

/// The value of a header that may come once.
fn only_line<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h [u8]>, Malformed> {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else { return Ok(None) };
    match lines.next() {
        None => Ok(Some(trimmed(first.as_bytes()))),
        Some(second) => Err(Malformed::new(name.clone(), second.as_bytes(), ONE_LINE)),
    }
}

#[cfg(test)]
mod tests;
