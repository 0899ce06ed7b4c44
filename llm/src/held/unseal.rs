//! Opens the ids that a caller repeats in a body, as it streams past: the provider knows its own ids only. What is
//! written is as long as what was read, so that the announced length holds: `"file-wrid…"` becomes `"file-…"` and blanks,
//! which mean nothing in JSON.

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

use super::id::{Held, MARK, MAX_ID, MAX_PREFIX};

/// What may be the begin of an id, at the end of a piece: quotation mark, prefix and mark.
const TAIL: usize = 1 + MAX_PREFIX + MARK.len();

/// What an id stands for, where it is to be opened.
pub type Open<'a> = dyn Fn(&str) -> Option<Held> + Send + Sync + 'a;

/// The strings in a whole body that could be ids.
pub fn candidates(body: &[u8]) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(body, MARK).filter_map(move |at| match token(body, at) {
        Token::Whole(begin, end) => std::str::from_utf8(body.get(begin + 1..end - 1)?).ok(),
        Token::None | Token::Open(_) => None,
    })
}

/// Reads and writes one body.
#[derive(Debug)]
pub struct Unsealer {
    finder: Finder<'static>,
    held: BytesMut,
}

impl Default for Unsealer {
    fn default() -> Self {
        Self { finder: Finder::new(MARK), held: BytesMut::new() }
    }
}

impl Unsealer {
    /// Takes the next bytes and gives what can go on. `last` says that nothing follows.
    pub fn push(&mut self, piece: &[u8], last: bool, open: &Open<'_>) -> Bytes {
        self.held.extend_from_slice(piece);
        let mut keep = if last { self.held.len() } else { self.held.len().saturating_sub(TAIL) };
        let mut from = 0;
        while let Some(at) = self.held.get(from..).and_then(|rest| self.finder.find(rest)).map(|at| from + at) {
            from = at + MARK.len();
            match token(&self.held, at) {
                Token::None => {}
                // Its end has not come; where none comes in time it is no id.
                Token::Open(begin) if !last && self.held.len() - begin <= MAX_ID => {
                    keep = keep.min(begin);
                    break;
                }
                Token::Open(_) => {}
                Token::Whole(begin, end) => {
                    from = end;
                    if replace(&mut self.held, begin, end, open) {
                        // What was written is not read again, whatever the vendor's own ids look like.
                        keep = keep.max(end);
                    }
                }
            }
        }
        self.held.split_to(keep).freeze()
    }
}

enum Token {
    None,
    /// It begins here, and the bytes end within it.
    Open(usize),
    /// From one quotation mark to behind the other.
    Whole(usize, usize),
}

/// The string that a mark may belong to. Looked for no further than an id reaches: a body of nothing but marks must not
/// cost more than one of text.
fn token(bytes: &[u8], mark: usize) -> Token {
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-';
    let first = mark.saturating_sub(MAX_PREFIX + 1);
    let before = bytes.get(first..mark).unwrap_or_default();
    let begin = before.iter().rposition(|byte| !named(byte)).map(|at| first + at);
    let Some(begin) = begin.filter(|&at| bytes.get(at) == Some(&b'"')) else { return Token::None };
    let behind = bytes.get(mark..).unwrap_or_default();
    match behind.iter().take(MAX_ID + 1).position(|byte| !named(byte)) {
        None if behind.len() > MAX_ID => Token::None,
        None => Token::Open(begin),
        Some(end) if behind.get(end) == Some(&b'"') => Token::Whole(begin, mark + end + 1),
        Some(_) => Token::None,
    }
}

/// Writes the vendor's id in place of the caller's. `false`: it stays as it is.
fn replace(bytes: &mut BytesMut, begin: usize, end: usize, open: &Open<'_>) -> bool {
    let Some(string) = bytes.get_mut(begin..end) else { return false };
    let name = string.get(1..string.len() - 1).and_then(|name| std::str::from_utf8(name).ok());
    // Of another application, or in another account: the provider says that there is no such thing.
    let Some(held) = name.and_then(open) else { return false };
    // What the vendor calls it is any text.
    let Some(own) = serde_json::to_string(&held.id).ok().filter(|own| own.len() <= string.len()) else { return false };
    let (text, blanks) = string.split_at_mut(own.len());
    text.copy_from_slice(own.as_bytes());
    blanks.fill(b' ');
    true
}
