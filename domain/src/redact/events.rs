//! Streams: events are rewritten one by one, but texts that came in pieces are looked at as the whole that they make, so
//! that nothing slips through between two events.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::text::{BEYOND, Hit, merged};
use super::walk::is_like_json;
use super::{Pass, mark, media};
use crate::bodies::Event;

/// The shortest text in pieces that is taken for media.
const SHORTEST_MEDIA: usize = 1_024;

/// An event whose data has been read.
struct Read {
    name: String,
    value: Value,
    /// Whether it is JSON, and not a text such as `[DONE]`.
    is_json: bool,
}

/// Texts of the same place in several events, put together.
#[derive(Default)]
struct Joined {
    text: String,
    /// Which text begins where, in order.
    pieces: Vec<(usize, usize)>,
    /// Where these texts stand.
    path: Vec<String>,
}

/// Where the mark of something stands that goes over several texts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marked {
    /// Here.
    Here,
    /// In the text before, with certainty.
    Before,
    /// In the text before, if these texts belong together.
    Perhaps,
}

/// What becomes of one text.
#[derive(Default)]
struct Fate {
    /// What is taken out of it.
    cuts: Vec<(Hit, Marked)>,
    /// What stands in place of all of it.
    instead: Option<String>,
    /// How much text the stream had up to its end, in bytes.
    end: usize,
}

/// The events as one text, without what must not be kept.
pub(super) fn rewritten(pass: &mut Pass<'_>, events: Vec<Event>) -> String {
    let mut all: Vec<Read> = events.into_iter().map(|event| read(pass, event)).collect();
    let mut fates: Vec<Fate> = Vec::new();
    let (mut exact, mut rough): (HashMap<u64, Joined>, HashMap<u64, Joined>) = (HashMap::new(), HashMap::new());
    for event in &mut all {
        let mut place = Place::of(&event.name, &event.value);
        each_text(&mut event.value, &mut place, &mut |text, place| {
            let number = fates.len();
            let end = fates.last().map_or(0, |last: &Fate| last.end) + text.len();
            fates.push(Fate { end, ..Fate::default() });
            add(pass, &mut fates, text, number);
            for (joined, key) in [(&mut exact, place.exact()), (&mut rough, place.rough())] {
                let joined = joined.entry(key).or_default();
                joined.pieces.push((number, joined.text.len()));
                joined.text.push_str(text);
                if joined.path.is_empty() {
                    joined.path.clone_from(&place.path);
                }
            }
        });
    }
    for (joined, is_exact) in exact.into_values().map(|j| (j, true)).chain(rough.into_values().map(|j| (j, false))) {
        // JSON is read even where it came in one piece.
        let goes_on = pass.full && is_near_the_end(&joined, &fates);
        if joined.pieces.len() > 1 || goes_on || is_like_json(&joined.text) {
            whole(pass, joined, (is_exact, goes_on), &mut fates);
        }
    }
    let mut fates = fates.into_iter();
    let mut out = String::new();
    for mut event in all {
        let mut place = Place::of(&event.name, &event.value);
        each_text(&mut event.value, &mut place, &mut |text, _| {
            if let Some(fate) = fates.next() {
                apply(pass, text, fate);
            }
        });
        write(&event, &mut out);
        if out.len() > pass.most {
            break;
        }
    }
    out
}

fn read(pass: &mut Pass<'_>, event: Event) -> Read {
    let event = Event { name: pass.text(&event.name, usize::MAX).unwrap_or(event.name), ..event };
    let parsed: Option<Value> = serde_json::from_str(&event.data).ok();
    let Some(mut value) = parsed else {
        // JSON that cannot be read may hold anything.
        let data = if is_like_json(&event.data) {
            pass.hidden.not_seen();
            mark("cut")
        } else {
            event.data
        };
        return Read { name: event.name, value: Value::String(data), is_json: false };
    };
    take_out(pass, &mut value, &mut Vec::new(), false);
    Read { name: event.name, value, is_json: true }
}

/// Takes out what goes for where it stands, and what is no text: names of members, numbers.
fn take_out(pass: &mut Pass<'_>, value: &mut Value, path: &mut Vec<String>, named: bool) {
    if let Some(rule) = pass.rules.places.say(path, named) {
        let what = rule.what();
        pass.count(what);
        pass.taking(rule, path);
        pass.note(value, path);
        *value = Value::String(mark(what));
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, mut value) in std::mem::take(members) {
                path.push(name);
                take_out(pass, &mut value, path, true);
                let name = path.pop().unwrap_or_default();
                let shown = pass.text(&name, usize::MAX);
                members.insert(shown.unwrap_or(name), value);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                take_out(pass, item, path, false);
                path.pop();
            }
        }
        Value::Number(number) => {
            let text = number.to_string();
            if let Some(hit) = pass.find(&text).first() {
                *value = Value::String(pass.in_place_of(hit, &text));
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Where a text stands.
struct Place {
    path: Vec<String>,
    /// Members that tell apart what comes interleaved, such as `index` of a choice, with what the event is.
    told_by: Vec<String>,
}

impl Place {
    fn of(name: &str, event: &Value) -> Self {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        Self { path: Vec::new(), told_by: vec![name.to_owned(), kind.to_owned()] }
    }

    fn exact(&self) -> u64 {
        hash(&(&self.path, &self.told_by))
    }

    /// For streams whose pieces are told apart by nothing that is known.
    fn rough(&self) -> u64 {
        hash(&self.path)
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Visits every text of an event, always in the same order.
fn each_text(value: &mut Value, place: &mut Place, visit: &mut impl FnMut(&mut String, &Place)) {
    match value {
        Value::String(text) => visit(text, place),
        Value::Object(members) => {
            let before = place.told_by.len();
            for (name, value) in members.iter() {
                if let Some(number) = value.as_u64().filter(|_| name.to_ascii_lowercase().ends_with("index")) {
                    place.told_by.push(format!("{name}={number}"));
                }
            }
            for (name, value) in members.iter_mut() {
                place.path.push(name.clone());
                each_text(value, place, visit);
                place.path.pop();
            }
            place.told_by.truncate(before);
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                place.path.push(index.to_string());
                each_text(item, place, visit);
                place.path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What one text alone shows.
fn add(pass: &mut Pass<'_>, fates: &mut [Fate], text: &str, number: usize) {
    let Some(fate) = fates.get_mut(number) else { return };
    match pass.media(text) {
        Some(instead) => fate.instead = Some(instead),
        None => fate.cuts.extend(pass.find(text).into_iter().map(|hit| (hit, Marked::Here))),
    }
}

/// What texts show when they are put together.
fn whole(pass: &mut Pass<'_>, mut joined: Joined, (is_exact, goes_on): (bool, bool), fates: &mut [Fate]) {
    let Joined { text, pieces, path } = &mut joined;
    if is_exact && !pass.rules.places.is_empty() && is_like_json(text) {
        // The arguments of a tool: what is taken out may begin and end anywhere, so they stand in the first piece.
        if let Some(mut instead) = pass.nested(text, path, usize::MAX, 0) {
            let cut = mark("cut");
            if pass.full && instead.ends_with(&cut) {
                // Its end may be half a number.
                instead.truncate(instead.floor_char_boundary(instead.len().saturating_sub(cut.len() + BEYOND.1)));
                instead.push_str(&cut);
            }
            return stands_in_first(pieces, fates, instead);
        }
    }
    let alike = pieces.windows(2).all(|pair| match pair {
        [(_, first), (_, second)] => second - first == text.len() / pieces.len(),
        _ => true,
    });
    if is_exact && pieces.len() > 1 && !alike && media::looks_so(text, SHORTEST_MEDIA) {
        pass.count("media");
        return stands_in_first(pieces, fates, media::of_base64(text));
    }
    let hits = pass.find(text);
    if goes_on {
        drop_end(text, pieces, fates);
    }
    let mut first = 0;
    for hit in hits {
        let end_of = |n: usize| pieces.get(n + 1).map_or(text.len(), |(_, begin)| *begin);
        while first < pieces.len() && end_of(first) <= hit.start {
            first += 1;
        }
        for (n, &(number, begin)) in pieces.iter().enumerate().skip(first) {
            if begin >= hit.end {
                break;
            }
            let (start, end) = (hit.start.max(begin) - begin, hit.end.min(end_of(n)) - begin);
            if let Some(fate) = fates.get_mut(number).filter(|_| start < end) {
                let marked = match (n == first, is_exact) {
                    (true, _) => Marked::Here,
                    (false, true) => Marked::Before,
                    (false, false) => Marked::Perhaps,
                };
                fate.cuts.push((Hit { start, end, what: hit.what }, marked));
            }
        }
    }
}

/// Whether a text may go on behind what was looked at: texts that come interleaved take turns after a few bytes.
fn is_near_the_end(joined: &Joined, fates: &[Fate]) -> bool {
    let end_of = |fate: Option<&Fate>| fate.map_or(0, |fate| fate.end);
    let last = joined.pieces.last().and_then(|(number, _)| fates.get(*number));
    end_of(last) + BEYOND.0 > end_of(fates.last())
}

/// Drops the end of texts that go on behind what was looked at, with whatever it may be half of.
fn drop_end(text: &str, pieces: &[(usize, usize)], fates: &mut [Fate]) {
    let sure = text.floor_char_boundary(text.len().saturating_sub(BEYOND.1));
    for (n, &(number, begin)) in pieces.iter().enumerate() {
        let end = pieces.get(n + 1).map_or(text.len(), |(_, next)| *next);
        let Some(fate) = fates.get_mut(number).filter(|_| end > sure.max(begin)) else { continue };
        let hit = Hit { start: sure.max(begin) - begin, end: end - begin, what: "cut" };
        // Nothing stands for it, nor for what begins before and reaches into it.
        fate.cuts.push((hit, Marked::Before));
    }
}

fn stands_in_first(pieces: &[(usize, usize)], fates: &mut [Fate], instead: String) {
    let mut instead = Some(instead);
    for (number, _) in pieces {
        if let Some(fate) = fates.get_mut(*number) {
            fate.instead = Some(instead.take().unwrap_or_default());
        }
    }
}

fn apply(pass: &mut Pass<'_>, text: &mut String, fate: Fate) {
    if let Some(instead) = fate.instead {
        *text = instead;
        return;
    }
    if fate.cuts.is_empty() {
        return;
    }
    let marked = |merged: &Hit| {
        let inside = || fate.cuts.iter().filter(|(hit, _)| hit.start < merged.end && merged.start < hit.end);
        inside().any(|(_, mark)| *mark == Marked::Here) && !inside().any(|(_, mark)| *mark == Marked::Before)
    };
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for hit in merged(fate.cuts.iter().map(|(hit, _)| hit.clone()).collect()) {
        out.push_str(&text[from..hit.start]);
        if marked(&hit) {
            out.push_str(&pass.in_place_of(&hit, &text[hit.start..hit.end]));
        }
        from = hit.end;
    }
    out.push_str(&text[from..]);
    *text = out;
}

/// An event as server-sent events are written; those of other framings are shown so too.
fn write(event: &Read, out: &mut String) {
    if !event.name.is_empty() {
        out.push_str("event: ");
        out.push_str(&event.name);
        out.push('\n');
    }
    let data = match &event.value {
        Value::String(text) if !event.is_json => text.clone(),
        value => value.to_string(),
    };
    for line in data.split('\n') {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}
