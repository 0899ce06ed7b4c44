//! YAML in and out: the only module that names the YAML crate (docs/adr/0002).

mod place;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use place::line_of;

/// Why a text is not YAML. It never quotes the text, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Malformed {
    /// The line, counted from 1 in the whole text, where it is known.
    pub line: Option<usize>,
    /// What is wrong, with the column.
    pub problem: String,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}, {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// One document of a YAML file, as JSON.
#[derive(Clone, Debug)]
pub struct Document {
    /// The line on which the document begins, counted from 1.
    pub line: usize,
    /// Its content.
    pub value: Value,
}

/// Reads all documents of a file; empty ones are skipped.
///
/// # Errors
/// A sentence with line and column when the text is not YAML, or when it is built to exhaust memory.
pub fn documents(text: &str) -> Result<Vec<Document>, Malformed> {
    each(text).collect()
}

/// Reads each document of a file by itself; empty ones are skipped. One that is not YAML has an error as in [`documents`].
pub fn each(text: &str) -> impl Iterator<Item = Result<Document, Malformed>> + '_ {
    let empty = |part: &str| part.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
    let parts = split(text).into_iter().filter(move |(_, part)| !empty(part));
    parts.filter_map(|(line, part)| match serde_yaml::from_str_with_options::<Value>(part, options()) {
        Ok(Value::Null) => None,
        Ok(value) => Some(Ok(Document { line, value })),
        Err(error) => Some(Err(locate(&error, line))),
    })
}

/// Reads one document into a type.
///
/// # Errors
/// A sentence with line and column when the text is not YAML or does not fit the type.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str_with_options(text, options()).map_err(|e| locate(&e, 1).to_string())
}

/// Writes one value as a YAML document.
///
/// # Errors
/// When the value cannot be written, which no resource of ours is known to cause.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|e| e.to_string())
}

/// YAML 1.2 booleans (so that `y` and `no` stay text), leading zeros kept, and no snippet of the text in
/// an error, because the text may hold a secret.
fn options() -> serde_yaml::Options {
    serde_yaml::options! { strict_booleans: true, leading_zero_numbers_as_strings: true, with_snippet: false }
}

/// Splits at `---` lines, keeping the line number on which each part begins.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let end = offset + line.len();
        if line.trim_end() == "---" {
            parts.push((first_line, &text[start..offset]));
            (start, first_line) = (end, index + 2);
        }
        offset = end;
    }
    parts.push((first_line, &text[start..]));
    parts
}

fn locate(error: &serde_yaml::Error, first_line: usize) -> Malformed {
    let message = error.to_string();
    // The crate leads with "error: line L column C: " of the part; ours counts in the whole file.
    let first = message.lines().next().unwrap_or("not YAML");
    let sentence = first.strip_prefix("error: ").unwrap_or(first);
    let sentence = match sentence.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((_, rest)) => rest,
        None => sentence,
    };
    // What a program may do about it is of no use to who writes the file.
    let sentence = sentence.split_once(", set DuplicateKeyPolicy").map_or(sentence, |(sentence, _)| sentence);
    let line = |at: &serde_yaml::Location| usize::try_from(at.line()).unwrap_or(1) + first_line - 1;
    match error.location() {
        Some(at) => Malformed { line: Some(line(&at)), problem: format!("column {}: {sentence}", at.column()) },
        None => Malformed { line: None, problem: sentence.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_carry_the_line_they_begin_on() {
        let found = documents("# head\n---\na: 1\n---\n\n---\nb: [x, \"no\"]\n").unwrap_or_default();
        assert_eq!(found.iter().map(|d| d.line).collect::<Vec<_>>(), [3, 7]);
        assert_eq!(found[1].value["b"][1], "no");
    }

    #[test]
    fn a_syntax_error_names_line_and_column_of_the_whole_file() {
        let error = documents("a: 1\n---\nb: [1,\nc: }\n").err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.starts_with("line 3, column 4: mismatched"), "{error}");
    }

    #[test]
    fn a_field_that_stands_twice_is_named_and_nothing_is_said_to_programmers() {
        let error = documents("a: 1\n---\nspec: 1\nspec: 2\n").err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(error, "line 4, column 1: duplicate mapping key: spec");
    }

    #[test]
    fn a_document_that_is_no_yaml_does_not_hide_the_others() {
        let lines: Vec<_> =
            each("a: [\n---\nb: 1\n---\nc: }\n").map(|d| d.map(|d| d.line).map_err(|e| e.line)).collect();
        assert!(matches!(lines[..], [Err(_), Ok(3), Err(_)]), "{lines:?}");
    }

    #[test]
    fn text_that_looks_like_an_old_boolean_stays_text() {
        let found = documents("a: y\nb: no\nc: true\nd: 0123\n").unwrap_or_default();
        assert_eq!(found[0].value, serde_json::json!({"a": "y", "b": "no", "c": true, "d": "0123"}));
    }

    #[test]
    fn an_error_never_quotes_the_text() {
        for text in ["key: sk-canary\nkey: [", "a: \"sk-canary\n", "{sk-canary: ]"] {
            let error = documents(text).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let below = level - 1;
            let refs = vec![format!("*a{below}"); 10].join(",");
            text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
        }
        assert!(documents(&text).is_err());
    }
}
