//! A header that cannot be read: which one, what it says, and what is wrong with it.

use http::HeaderName;

/// The longest piece of a caller's text that a refusal shows, in characters.
pub const MAX_SHOWN: usize = 40;

/// A header that cannot be read. Its `Display` is a sentence for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}; it says {text}", title_case(.header))]
pub struct Malformed {
    /// The header.
    pub header: HeaderName,
    /// What it says, as [`shown`] shows it: in quotes, cut, and free of control characters.
    pub text: String,
    /// What is wrong, and how to mend it.
    pub problem: &'static str,
}

impl Malformed {
    /// A header that cannot be read because of `text`, which is shown safely.
    #[must_use]
    pub fn new(header: HeaderName, text: &[u8], problem: &'static str) -> Self {
        Self { header, text: shown(text), problem }
    }
}

/// A caller's text in quotes, cut to [`MAX_SHOWN`] characters: what could end a line, hide, or turn the direction of
/// writing is escaped.
#[must_use]
pub fn shown(text: &[u8]) -> String {
    // A character has four bytes at most, so what is cut off here would not have been shown.
    let head = text.get(..4 * (MAX_SHOWN + 1)).unwrap_or(text);
    let text = String::from_utf8_lossy(head);
    let mut cut: String = text.chars().take(MAX_SHOWN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}

/// `if-match` as people write it: `If-Match`.
#[must_use]
pub fn title_case(header: &HeaderName) -> String {
    let mut start = true;
    header
        .as_str()
        .chars()
        .map(|c| {
            let written = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            written
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    #[test]
    fn a_refusal_shows_what_was_sent_in_one_harmless_line() {
        let said = |text: &[u8]| Malformed::new(IF_MATCH, text, "no tag").to_string();
        assert_eq!(said(b"abc"), r#"If-Match: no tag; it says "abc""#);
        assert_eq!(said(b"a\r\nSet-Cookie: x"), r#"If-Match: no tag; it says "a\r\nSet-Cookie: x""#);
        assert_eq!(said("\u{202e}x".as_bytes()), r#"If-Match: no tag; it says "\u{202e}x""#);
        assert_eq!(said(b"\xff"), "If-Match: no tag; it says \"\u{fffd}\"");
        assert_eq!(said(&[b'x'; 9_000]).len(), said(&[b'x'; 41]).len());
        assert!(said(&[b'x'; 41]).ends_with("xxx…\""));
        assert!(said(&[b'x'; 40]).ends_with("xxx\""));
    }
}
