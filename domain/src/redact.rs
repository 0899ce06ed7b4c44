//! Takes out of bodies what must not be written down, before they are: what a team names, what Weir recognises, and keys.
//!
//! A body is read as JSON where it is JSON, so that no escape hides anything; a stream is read event by event, and texts
//! that came in pieces are looked at as the whole that they make. Whatever is cut off is cut off afterwards.

mod accounts;
mod events;
mod hidden;
mod media;
mod places;
mod secrets;
mod text;
mod walk;

use std::collections::{BTreeMap, HashMap};

use aho_corasick::AhoCorasick;
use regex::Regex;

use crate::bodies::{Body, Event};
use crate::spec;

pub use self::hidden::Hidden;
use self::hidden::{MOST_OF_ALL, PLAIN};
use self::places::{Places, Rule};
pub use self::secrets::Secrets;
use self::text::Patterns;

/// What was taken out of the bodies of one exchange for where it stood: in another body of it, which has another shape, it
/// may stand anywhere.
#[derive(Debug, Default)]
pub struct TakenOut {
    words: Vec<String>,
    hidden: Hidden,
}

impl TakenOut {
    /// What was taken out since this was asked last.
    pub fn hidden(&mut self) -> Hidden {
        std::mem::take(&mut self.hidden)
    }
}

/// The most entries of each list.
const MOST_ENTRIES: usize = 64;
/// The longest entry, in bytes.
const MOST_LENGTH: usize = 512;
/// How much memory one pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// What is taken out, ready to be looked for.
#[derive(Debug)]
pub struct Redactor {
    places: Places,
    patterns: Patterns,
}

impl Redactor {
    /// Makes what a team wrote ready.
    ///
    /// # Errors
    /// The fields that are wrong, below `redact`, each with what is wrong.
    pub fn new(written: &spec::Redact) -> Result<Self, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        for (list, entries) in
            [("members", &written.members), ("pointers", &written.pointers), ("patterns", &written.patterns)]
        {
            if entries.len() > MOST_ENTRIES {
                wrong.push((list.to_owned(), format!("{} entries; give {MOST_ENTRIES} at most", entries.len())));
            }
            for (index, entry) in entries.iter().enumerate() {
                if entry.is_empty() || entry.len() > MOST_LENGTH {
                    let problem = format!("{} bytes long; give 1 to {MOST_LENGTH}", entry.len());
                    wrong.push((format!("{list}[{index}]"), problem));
                }
            }
        }
        let mut own = Vec::new();
        for (index, pattern) in written.patterns.iter().enumerate() {
            match regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build() {
                Ok(regex) if regex.is_match("") => {
                    let problem = "matches the empty text, so it would match everywhere; write what must stand there";
                    wrong.push((format!("patterns[{index}]"), problem.to_owned()));
                }
                Ok(regex) => own.push(regex),
                Err(error) => wrong.push((format!("patterns[{index}]"), not_a_pattern(&error))),
            }
        }
        let places = Places::new(&written.members, &written.pointers, &mut wrong);
        let patterns = Patterns::new(&written.builtin, own);
        match patterns {
            Ok(patterns) if wrong.is_empty() => Ok(Self { places, patterns }),
            Ok(_) => Err(wrong),
            Err(error) => {
                wrong.push(("builtin".to_owned(), not_a_pattern(&error)));
                Err(wrong)
            }
        }
    }

    /// Whether anything is taken out for where it stands, so that bodies of one exchange must be looked at twice: first
    /// for what is taken out, then for where else that stands.
    #[must_use]
    pub fn goes_by_place(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a pointer found nothing in these bodies, and so may be for one that never came.
    #[must_use]
    pub fn has_idle_pointers(&self, hidden: &Hidden) -> bool {
        self.places.pointers().any(|pointer| !hidden.took(&pointer))
    }

    /// A body that is one text: JSON, or anything else. At most `most` bytes of it are kept.
    #[must_use]
    pub fn body(&self, secrets: &Secrets, taken: &mut TakenOut, content: &[u8], most: usize) -> Body {
        let Ok(text) = std::str::from_utf8(content) else {
            taken.hidden.not_seen();
            return opaque(content);
        };
        let mut pass = Pass::new(self, secrets, taken, most);
        let whole = pass.whole(text);
        pass.finish(taken, whole, content.len())
    }

    /// A stream: its events, how many bytes it had, and whether it went on behind these events.
    #[must_use]
    pub fn events(
        &self,
        secrets: &Secrets,
        taken: &mut TakenOut,
        events: Vec<Event>,
        (bytes, cut): (usize, bool),
        most: usize,
    ) -> Body {
        let mut pass = Pass::new(self, secrets, taken, most);
        pass.full |= cut;
        let text = events::rewritten(&mut pass, events);
        pass.finish(taken, text, bytes)
    }
}

/// A body that is no text, or holds files: its digest and size in its place.
#[must_use]
pub fn opaque(content: &[u8]) -> Body {
    let redacted = BTreeMap::from([("media".to_owned(), 1)]);
    Body { text: media::digest(content), bytes: content.len() as u64, truncated: false, redacted }
}

/// What is kept of a body of which another shape hides something that could not be found in this one: its digest and
/// size, and why. `bytes`: how many it had, where `content` is its begin.
#[must_use]
pub fn withheld(content: &[u8], bytes: usize) -> Body {
    let why = "withheld, since what members or pointers take out may stand anywhere in this format";
    let text = format!("[{why}: {}]", media::digest_and_size(content));
    let redacted = BTreeMap::from([("withheld".to_owned(), 1)]);
    Body { text, bytes: bytes as u64, truncated: content.len() < bytes, redacted }
}

/// What the crate says of a pattern, on one line.
fn not_a_pattern(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("takes more than {limit} bytes of memory; write a smaller one"),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            format!("is no regular expression: {}", last.strip_prefix("error: ").unwrap_or(last))
        }
    }
}

/// One body on its way through.
struct Pass<'a> {
    rules: &'a Redactor,
    secrets: &'a Secrets,
    /// What was taken out of other bodies.
    words: Option<AhoCorasick>,
    /// What is taken out of this one for where it stands: texts by place, since a stream brings them in pieces.
    taken: HashMap<Vec<String>, String>,
    taken_bytes: usize,
    /// The rule that takes something out now, and how deep that stands.
    taking: Option<(Rule, usize)>,
    hidden: Hidden,
    counts: BTreeMap<String, u64>,
    /// How much of the body is kept, in bytes.
    most: usize,
    /// Whether the body goes on behind what was looked at.
    full: bool,
}

impl<'a> Pass<'a> {
    fn new(rules: &'a Redactor, secrets: &'a Secrets, taken: &TakenOut, most: usize) -> Self {
        // It is made of some megabytes at most, which always works.
        let words = (!taken.words.is_empty()).then(|| secrets::automaton(&taken.words).ok()).flatten();
        let hidden = Hidden::default();
        let (taken, taken_bytes, counts) = (HashMap::new(), 0, BTreeMap::new());
        Self { rules, secrets, words, taken, taken_bytes, taking: None, hidden, counts, most, full: false }
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn finish(mut self, taken: &mut TakenOut, mut text: String, bytes: usize) -> Body {
        let mut truncated = self.full;
        if self.full {
            self.hidden.not_seen();
        }
        if text.len() > self.most {
            text.truncate(text.floor_char_boundary(self.most));
            truncated = true;
        }
        for word in self.taken.into_values().filter(|word| word.len() >= *PLAIN.start()) {
            if taken.words.contains(&word) {
                continue;
            }
            if taken.words.len() < MOST_OF_ALL {
                taken.words.push(word);
            } else {
                self.hidden.not_seen();
            }
        }
        taken.hidden.add(self.hidden);
        Body { text, bytes: bytes as u64, truncated, redacted: self.counts }
    }
}

/// What stands in the place of something.
fn mark(what: &str) -> String {
    format!("[redacted:{what}]")
}

/// A pattern that is always right.
fn built_in(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(pattern)
}

#[cfg(test)]
mod tests;
