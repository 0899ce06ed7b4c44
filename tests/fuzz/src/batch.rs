//! Results of batches as they stream past, and the objects of batches: the same lines and sums however the bytes are cut,
//! and of a legible line what a reader finds who takes all of it in.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;
use weir_domain::usage::{ServiceTier, Usage};
use weir_llm::{BatchLine, BatchLines, BatchState, Metered, Tap};

use crate::context::check_tokens;

/// First byte: in whose form the results are. Second byte: how they are cut. Then the file, which is read as the object of
/// a batch, too.
pub fn check(data: &[u8]) {
    let [vendor, cut, file @ ..] = data else { return };
    let dialect = if vendor % 2 == 0 { Dialect::Openai } else { Dialect::Anthropic };
    let whole = lines(dialect, &[file]);
    let pieces: Vec<&[u8]> = file.chunks(usize::from(*cut) % 61 + 1).collect();
    assert_eq!(whole, lines(dialect, &pieces), "pieces of {}", *cut % 61 + 1);
    let (left, right) = file.split_at(usize::from(*cut) * file.len() / 256);
    assert_eq!(whole, lines(dialect, &[left, right]), "cut at {}", left.len());
    let written: Vec<&[u8]> = file.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    assert_eq!(whole.len(), written.len(), "a line for each");
    for (line, found) in written.into_iter().zip(&whole) {
        check_line(dialect, line, found);
    }
    if let Some(state) = BatchState::read(file) {
        state.metered.usage.iter().for_each(check_usage);
    }
}

fn lines(dialect: Dialect, pieces: &[&[u8]]) -> Vec<BatchLine> {
    let (mut reader, mut all) = (BatchLines::new(dialect), Vec::new());
    pieces.iter().for_each(|piece| reader.push(piece, |line| all.push(line)));
    reader.finish(|line| all.push(line));
    all
}

fn check_usage(usage: &Usage) {
    check_tokens(usage);
    assert_eq!(usage.tier, ServiceTier::Batch);
}

/// A line; what is looked for stands there once.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, deserialize_with = "present", alias = "result")]
    response: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// What stands around an answer.
#[derive(Deserialize)]
struct Openai<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    status_code: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Anthropic<'a> {
    #[serde(borrow, default, deserialize_with = "present", rename = "type")]
    verdict: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    message: Option<&'a RawValue>,
}

/// A member that is there, though it may be `null`.
fn present<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(reader).map(Some)
}

/// What a line says.
#[derive(Default)]
struct Said<'a> {
    answer: Option<&'a str>,
    verdict: &'a str,
    /// Whether there is no answer, and an error in its place.
    failed: bool,
}

/// `None`: it is no object, or something stands there twice.
fn taken_in(dialect: Dialect, line: &str) -> Option<Said<'_>> {
    let read: Line<'_> = serde_json::from_str(line).ok()?;
    let failed = read.error.is_some_and(|error| error.get().starts_with('{'));
    let (verdict, answer) = match (read.response.map(RawValue::get), dialect) {
        (Some("null"), _) => return Some(Said { failed, ..Said::default() }),
        (Some(around), Dialect::Anthropic) if around.starts_with('{') => {
            serde_json::from_str::<Anthropic<'_>>(around).map(|inner| (inner.verdict, inner.message)).ok()?
        }
        (Some(around), _) if around.starts_with('{') => {
            serde_json::from_str::<Openai<'_>>(around).map(|inner| (inner.status_code, inner.body)).ok()?
        }
        _ => (None, None),
    };
    let verdict = verdict.map(RawValue::get).unwrap_or_default();
    Some(Said { answer: answer.map(RawValue::get), verdict, failed: false })
}

/// A legible line says the same to a reader that sees all of it at once.
fn check_line(dialect: Dialect, line: &[u8], found: &BatchLine) {
    found.metered.usage.iter().for_each(check_usage);
    // Names of members may hide behind escapes, which no vendor writes.
    let blank = [' ', '\t', '\r'];
    let Ok(text) = std::str::from_utf8(line).map(|line| line.trim_matches(blank)) else { return };
    let other = if dialect == Dialect::Anthropic { "\"response\"" } else { "\"result\"" };
    if text.contains('\\') || text.contains(other) {
        return;
    }
    let Some(Said { answer, verdict, failed }) = taken_in(dialect, text).filter(|_| text.starts_with('{')) else {
        return;
    };
    let (told, succeeded) = match dialect {
        Dialect::Anthropic => {
            let known = ["\"succeeded\"", "\"errored\"", "\"canceled\"", "\"expired\""];
            (known.contains(&verdict), verdict == known[0])
        }
        _ => (verdict.parse::<u16>().is_ok(), verdict == "200"),
    };
    assert_eq!((found.understood, found.succeeded), (told || failed, succeeded), "{text}");
    let mut tap = Tap::new("application/json");
    if let Some(answer) = answer.filter(|answer| answer.starts_with('{')) {
        tap.push(answer.as_bytes());
    }
    let read = tap.finish(true);
    let usage = read.usage.map(|usage| Usage { tier: ServiceTier::Batch, ..usage });
    assert_eq!(found.metered, Metered { usage, ..read }, "{text}");
}
