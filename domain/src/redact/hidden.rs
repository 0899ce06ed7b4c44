//! What was taken out of bodies for where it stood, and whether it would be found in a body of another shape: only of
//! plain words is that certain, so whoever keeps both must know.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;

use super::Pass;
use super::places::Rule;

/// The shortest and the longest text that is found wherever it stands, in bytes: a shorter one is a part of many words,
/// a longer one need not fit, with its escapes, into the end that is dropped of long texts.
pub(super) const PLAIN: std::ops::RangeInclusive<usize> = 3..=80;
/// The fewest digits of a number that is looked for in other bodies.
const NOTED_DIGITS: usize = 5;
/// How many texts are looked for in other bodies, and how long they are all together, in bytes.
const MOST_WORDS: (usize, usize) = (256, 256 * 1024);

/// Which rules took something out of some bodies.
#[derive(Debug, Default)]
pub struct Hidden {
    /// All that did.
    taken: BTreeSet<Rule>,
    /// Those that took something that may stand in another shape of the body and not be found there.
    unsure: BTreeSet<Rule>,
    /// Whether anything was not looked at, where more may have stood.
    unseen: bool,
}

impl Hidden {
    /// Whether another shape of these bodies may show what was taken out, or would have been.
    #[must_use]
    pub fn may_show_elsewhere(&self) -> bool {
        self.unseen || !self.unsure.is_empty()
    }

    /// Whether these bodies hid, for a rule that did nothing in `others`, what `others` may show.
    #[must_use]
    pub fn may_show_in(&self, others: &Self) -> bool {
        !self.unsure.is_subset(&others.taken)
    }

    /// Whether a rule took something out.
    pub(super) fn took(&self, rule: &Rule) -> bool {
        self.taken.contains(rule)
    }

    /// There was more than was looked at.
    pub(super) fn not_seen(&mut self) {
        self.unseen = true;
    }

    pub(super) fn add(&mut self, more: Self) {
        self.taken.extend(more.taken);
        self.unsure.extend(more.unsure);
        self.unseen |= more.unseen;
    }
}

/// Whether a text stays as it is in every dialect: neither trimmed, nor read as JSON, nor taken apart as a URL of data.
fn is_plain(text: &str) -> bool {
    PLAIN.contains(&text.len())
        && text.trim() == text
        && !text.contains(char::is_control)
        && !text.starts_with(['{', '['])
        && !text.starts_with("data:")
        && serde_json::from_str::<IgnoredAny>(text).is_err()
}

impl Pass<'_> {
    /// A rule takes the value at this path out; what [`Self::took`] is told next is of it.
    pub(super) fn taking(&mut self, rule: Rule, path: &[String]) {
        self.hidden.taken.insert(rule.clone());
        self.taking = Some((rule, path.len()));
    }

    /// What is taken out would not be found in another body.
    pub(super) fn unsure(&mut self) {
        self.hidden.unsure.extend(self.taking.iter().map(|(rule, _)| rule.clone()));
    }

    /// Notes a text that is taken out for where it stands.
    pub(super) fn took(&mut self, path: &[String], text: &str) {
        let alone = self.taking.as_ref().is_some_and(|(_, depth)| *depth == path.len());
        if text.is_empty() {
            return;
        }
        if !alone || !is_plain(text) {
            self.unsure();
        }
        self.noted(path, text);
    }

    /// Notes a number that is taken out.
    pub(super) fn took_number(&mut self, path: &[String], text: &str) {
        if text.len() < NOTED_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.unsure();
        }
        if text.len() >= NOTED_DIGITS {
            self.noted(path, text);
        }
    }

    fn noted(&mut self, path: &[String], text: &str) {
        if self.taken.len() >= MOST_WORDS.0 || self.taken_bytes + text.len() > MOST_WORDS.1 {
            return self.unsure();
        }
        self.taken_bytes += text.len();
        if self.taken.get(path).is_some_and(|before| before == text) {
            // Said again, as the last event of a stream does.
            return;
        }
        if let Some(begin) = self.taken.get_mut(path) {
            // Pieces of a stream, which another body has in other pieces, or of several texts.
            begin.push_str(text);
            return self.unsure();
        }
        self.taken.insert(path.to_vec(), text.to_owned());
    }
}

/// How many texts of all bodies together are looked for.
pub(super) const MOST_OF_ALL: usize = MOST_WORDS.0 * 4;
