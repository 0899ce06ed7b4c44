//! Finds in one text what must not be kept, and takes it out.

use regex::Regex;

use super::{Pass, accounts, built_in, mark, media};
use crate::spec::Builtin;

/// How often escapes within a text are undone: a text in a text in a text.
const LEVELS: usize = 3;
/// What is looked at beyond what is kept, in bytes, and how much of its end is dropped: what begins there may go on.
pub(super) const BEYOND: (usize, usize) = (4_096, 1_024);

const EMAIL: &str = r"[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+";
/// With the country (ITU-T E.123), with a leading zero, or as in North America.
const PHONE: &str = concat!(
    r"(?:\+|\b00)[1-9](?:[ .\-/()]{0,3}\d){6,14}",
    r"|\(?\b0\d{2,5}\)?[ /\-]{1,3}\d(?:[ \-/]?\d){3,10}|\b0\d[ /\-]\d{6,10}\b",
    r"|\(?\b[2-9]\d{2}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}\b",
);
/// API keys, admin tokens and set-up tokens of Weir, whole or cut.
const WEIR: &str = r"weir[a-z]{0,4}_[A-Za-z0-9_-]{12,}";
/// Media in the middle of a text.
const DATA_URL: &str = r"data:[A-Za-z0-9.+/-]*(?:;[A-Za-z0-9=.+-]+)*;base64,[A-Za-z0-9+/_=-]+";

/// What is found in any text.
#[derive(Debug)]
pub(super) struct Patterns {
    weir: Regex,
    data_url: Regex,
    email: Option<Regex>,
    phone: Option<Regex>,
    card: bool,
    iban: bool,
    own: Vec<Regex>,
}

impl Patterns {
    pub(super) fn new(builtin: &[Builtin], own: Vec<Regex>) -> Result<Self, regex::Error> {
        let wanted = |one: Builtin, pattern| builtin.contains(&one).then(|| built_in(pattern)).transpose();
        Ok(Self {
            weir: built_in(WEIR)?,
            data_url: built_in(DATA_URL)?,
            email: wanted(Builtin::Email, EMAIL)?,
            phone: wanted(Builtin::Phone, PHONE)?,
            card: builtin.contains(&Builtin::Card),
            iban: builtin.contains(&Builtin::Iban),
            own,
        })
    }
}

/// Something in a text that is taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: &'static str,
}

impl Pass<'_> {
    /// Everything in a text that is taken out; where escapes stand in it, also what they hide.
    pub(super) fn find(&self, text: &str) -> Vec<Hit> {
        let mut hits = self.find_plain(text);
        let mut level = unescaped(text);
        for _ in 0..LEVELS {
            let Some((plain, origins)) = level else { break };
            let origin = |at: usize| origins.get(at).copied().unwrap_or(text.len());
            hits.extend(self.find_plain(&plain).into_iter().map(|hit| Hit {
                start: origin(hit.start),
                end: origin(hit.end),
                what: hit.what,
            }));
            level = unescaped(&plain).map(|(deeper, inner)| {
                let through = |at: usize| origins.get(at).copied().unwrap_or(text.len());
                (deeper, inner.into_iter().map(through).collect())
            });
        }
        merged(hits)
    }

    /// Whether short numbers are looked at too: a team's own patterns and words may be of any length.
    pub(super) fn looks_at_every_number(&self) -> bool {
        self.words.is_some() || !self.rules.patterns.own.is_empty()
    }

    fn find_plain(&self, text: &str) -> Vec<Hit> {
        let patterns = &self.rules.patterns;
        let mut hits = Vec::new();
        let mut add = |what: &'static str, found: Vec<(usize, usize)>| {
            hits.extend(found.into_iter().map(|(start, end)| Hit { start, end, what }));
        };
        let of = |regex: &Regex| regex.find_iter(text).map(|found| (found.start(), found.end())).collect();
        add("secret", self.secrets.find(text));
        add("secret", of(&patterns.weir));
        if let Some(words) = &self.words {
            add("member", words.find_iter(text).map(|found| (found.start(), found.end())).collect());
        }
        if text.contains("base64,") {
            add("media", of(&patterns.data_url));
        }
        if text.contains('@') || text.contains("%40") {
            patterns.email.iter().for_each(|email| add("email", of(email)));
        }
        if text.bytes().any(|byte| byte.is_ascii_digit()) {
            let mut numbers = Vec::new();
            if patterns.iban {
                accounts::ibans(text, &mut numbers);
                add("iban", std::mem::take(&mut numbers));
            }
            if patterns.card {
                accounts::cards(text, &mut numbers);
                add("card", numbers);
            }
            patterns.phone.iter().for_each(|phone| add("phone", of(phone)));
        }
        patterns.own.iter().for_each(|own| add("pattern", of(own)));
        hits
    }

    /// A text without what must not be kept; `None` when nothing is in it. `room`: how much of it is kept at most.
    pub(super) fn text(&mut self, text: &str, room: usize) -> Option<String> {
        if let Some(replaced) = self.media(text) {
            return Some(replaced);
        }
        let long = text.len() > room.saturating_add(BEYOND.0);
        if !long {
            let hits = self.find(text);
            return (!hits.is_empty()).then(|| self.without(text, &hits));
        }
        // Marks are short, so that what is kept need not show that there was more.
        self.full = true;
        let begin = &text[..text.floor_char_boundary(room + BEYOND.0)];
        let sure = begin.floor_char_boundary(begin.len() - BEYOND.1);
        let mut hits = self.find(begin);
        // What reaches into the end is dropped with it.
        let end = hits.iter().filter(|hit| hit.end > sure).map(|hit| hit.start).fold(sure, usize::min);
        hits.retain(|hit| hit.end <= end);
        Some(self.without(&begin[..end], &hits))
    }

    fn without(&mut self, text: &str, hits: &[Hit]) -> String {
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for hit in hits {
            out.push_str(&text[from..hit.start]);
            out.push_str(&self.in_place_of(hit, &text[hit.start..hit.end]));
            from = hit.end;
        }
        out.push_str(&text[from..]);
        out
    }

    /// What stands in the place of something that was found.
    pub(super) fn in_place_of(&mut self, hit: &Hit, text: &str) -> String {
        self.count(hit.what);
        match text.split_once(";base64,").filter(|_| hit.what == "media") {
            Some((head, data)) => self.headed(head, &media::of_base64(data)),
            None => mark(hit.what),
        }
    }

    /// What stands in the place of a text that is nothing but media; `None` for any other text.
    pub(super) fn media(&mut self, text: &str) -> Option<String> {
        let (head, digest) = media::replaced(text)?;
        self.count("media");
        Some(if head.is_empty() { digest } else { self.headed(head, &digest) })
    }

    /// A digest behind what the media are said to be, which is a text as any other.
    fn headed(&mut self, head: &str, digest: &str) -> String {
        let hits = self.find(head);
        format!("{};{digest}", self.without(head, &hits))
    }
}

/// What was found, in order and without overlaps: where two overlap they become one, named after the first.
pub(super) fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, usize::MAX - hit.end));
    let mut all: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match all.last_mut() {
            Some(last) if hit.start < last.end => last.end = last.end.max(hit.end),
            _ => all.push(hit),
        }
    }
    all
}

/// A text with its JSON escapes undone, and for each of its bytes, and its end, where it comes from. `None`: it has none.
fn unescaped(text: &str) -> Option<(String, Vec<usize>)> {
    if !text.contains('\\') {
        return None;
    }
    let (mut plain, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut changed = false;
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let (read, length) = match escape(&text[at..]).filter(|_| next == '\\') {
            Some(escape) => {
                changed = true;
                escape
            }
            None => (next, next.len_utf8()),
        };
        plain.push(read);
        origins.resize(plain.len(), at);
        at += length;
    }
    origins.push(text.len());
    changed.then_some((plain, origins))
}

/// The character of an escape, and how long the escape is (RFC 8259 section 7).
fn escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match text.as_bytes().get(1)? {
        b'n' => Some(('\n', 2)),
        b't' => Some(('\t', 2)),
        b'r' => Some(('\r', 2)),
        b'b' | b'f' => Some((' ', 2)),
        other @ (b'"' | b'\\' | b'/') => Some((char::from(*other), 2)),
        b'u' => match unit(2)? {
            high @ 0xd800..=0xdbff if text.get(6..8) == Some("\\u") => {
                let low = unit(8).filter(|low| (0xdc00..=0xdfff).contains(low))?;
                Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12))
            }
            one => Some((char::from_u32(one)?, 6)),
        },
        _ => None,
    }
}
