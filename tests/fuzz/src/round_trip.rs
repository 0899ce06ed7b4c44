//! A request translated to another dialect and back: whatever is not reported as dropped arrives, on the way there and on
//! the way back; and what Weir writes in a dialect, its own reader of that dialect takes.

use bytes::Bytes;
use weir_domain::dialect::Dialect;
use weir_domain::operation::Operation;
use weir_llm::{Dropped, RequestError, UpstreamRequest, prepare};

use crate::context::{DIALECTS, json, peeked, pick, target};
use crate::talk::{Source, Substance, read, write};

/// First byte: the two dialects, and whether what follows is a request (`0x40`) or the decisions that one is made of.
pub fn check(data: &[u8]) {
    let Some((options, rest)) = data.split_first() else { return };
    let (here, there) = (pick(&DIALECTS, *options), pick(&DIALECTS, options >> 2));
    if options & 0x40 != 0 {
        return there_and_back(here, there, &Bytes::copy_from_slice(rest));
    }
    let talk = Source(rest).talk();
    let mut meant = talk.substance();
    if here == Dialect::Responses {
        // It has no stop sequences to write.
        meant.stop.clear();
    }
    let body = Bytes::from(write(here, &talk).to_string());
    let sent = translated(here, there, &body).unwrap_or_else(|error| panic!("{here} to {there}: {error}"));
    compare(here, there, &meant, &sent, &sent.dropped);
    let back = translated(there, here, &sent.body).unwrap_or_else(|error| panic!("{there} back to {here}: {error}"));
    let dropped = [sent.dropped.as_slice(), &back.dropped].concat();
    compare(there, here, &meant, &back, &dropped);
}

fn translated(from: Dialect, to: Dialect, body: &Bytes) -> Result<UpstreamRequest, RequestError> {
    prepare(from, &peeked(Operation::Chat, from, false, body)?, body, &target(to.format(), false))
}

/// Any request that is taken at all.
fn there_and_back(here: Dialect, there: Dialect, body: &Bytes) {
    let Ok(sent) = translated(here, there, body) else { return };
    // What lies deeper than a tree of values may be, or holds a number that none of our types does, is passed on.
    if json(&sent.body).is_none() {
        return;
    }
    if let Err(error @ (RequestError::Malformed(_) | RequestError::Field { .. })) = translated(there, here, &sent.body)
        && here != there
    {
        panic!("{here} to {there} wrote what {there} cannot mean: {error}\n{}", String::from_utf8_lossy(&sent.body));
    }
}

/// What arrived is what was meant, but for what was reported.
fn compare(from: Dialect, to: Dialect, meant: &Substance, sent: &UpstreamRequest, dropped: &[Dropped]) {
    let Some(body) = json(&sent.body) else { panic!("not a tree of JSON") };
    let found = read(to, &body);
    let reported = |words: &[&str]| dropped.iter().any(|part| words.iter().any(|word| part.path.contains(word)));
    let at = || format!("{from} to {to}, dropped {dropped:?}\n{body}");
    if !reported(&["messages", "contents", "input", "system", "instructions"]) {
        assert_eq!(found.system, meant.system, "{}", at());
        assert_eq!(found.turns, meant.turns, "{}", at());
    }
    if !reported(&["tools", "tool_choice", "parameters"]) {
        assert_eq!(found.tools, meant.tools, "{}", at());
        assert_eq!(found.choice, meant.choice, "{}", at());
    }
    if !reported(&["max_", "max"]) {
        assert_eq!(found.max_tokens, meant.max_tokens, "{}", at());
    }
    if !reported(&["temperature"]) {
        assert_eq!(found.temperature, meant.temperature, "{}", at());
    }
    if !reported(&["top_p", "topP"]) {
        assert_eq!(found.top_p, meant.top_p, "{}", at());
    }
    if !reported(&["stop"]) {
        assert_eq!(found.stop, meant.stop, "{}", at());
    }
}
