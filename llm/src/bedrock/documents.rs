//! Documents: their names and formats, which Converse is particular about.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>.

use std::collections::HashSet;

/// The most documents that a request may hold.
pub(super) const MAX_DOCUMENTS: usize = 5;
/// The longest name, in bytes; a number may follow.
const MAX_NAME: usize = 180;

/// The format of a media type; `None` for what Converse does not read.
pub(super) fn format(media_type: &str) -> Option<&'static str> {
    Some(match media_type.split(';').next().unwrap_or_default().trim() {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/plain" => "txt",
        "text/markdown" => "md",
        _ => return None,
    })
}

/// The names of a request's documents so far.
#[derive(Debug, Default)]
pub(super) struct DocumentNames(HashSet<String>);

impl DocumentNames {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A name that Converse takes, like the caller's, and unlike the others of the request: letters, digits, single
    /// blanks, hyphens, parentheses and square brackets.
    pub(super) fn fit(&mut self, title: Option<&str>) -> String {
        let mut name = String::new();
        for c in title.unwrap_or_default().chars() {
            let plain = match c {
                c if c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']') => c,
                c if c.is_whitespace() => ' ',
                _ => '-',
            };
            if !(plain == ' ' && name.ends_with(' ')) && name.len() < MAX_NAME {
                name.push(plain);
            }
        }
        let name = name.trim();
        let base = if name.bytes().any(|b| b.is_ascii_alphanumeric()) { name } else { "document" };
        let mut candidate = base.to_owned();
        // Each turn tries another name, and only finitely many are taken.
        for number in 2_u64.. {
            if self.0.insert(candidate.clone()) {
                break;
            }
            candidate = format!("{base} ({number})");
        }
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_characters_that_converse_takes_and_are_unique() {
        let mut names = DocumentNames::default();
        let long = "x".repeat(400);
        let made = ["Report  Q1_2026.pdf", "Report Q1-2026-pdf", "\u{e9}\u{e9}", "", "a\n\tb", &long, &long]
            .map(|title| names.fit(Some(title)));
        assert_eq!(made[..5], ["Report Q1-2026-pdf", "Report Q1-2026-pdf (2)", "document", "document (2)", "a b"]);
        assert!(made.iter().all(|name| name.len() <= 200) && made[5] != made[6]);
        assert_eq!((names.fit(None), names.len()), ("document (3)".to_owned(), 8));
    }
}
