//! A request translated to another dialect and back: whatever is not reported as dropped arrives, on the way there and on
//! the way back; and what Weir writes in a dialect, its own reader of that dialect takes. To the formats that providers
//! alone speak there is only the way there.

use bytes::Bytes;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::operation::Operation;
use weir_llm::{Dropped, RequestError, UpstreamRequest, prepare};

use crate::context::{DIALECTS, json, peeked, pick, target};
use crate::talk::{Source, Substance, read, write};

/// What providers speak and no caller does: there is no way back.
pub(crate) const ONE_WAY: [WireFormat; 3] = [WireFormat::Cohere, WireFormat::Ollama, WireFormat::Bedrock];

/// First byte: the two dialects, whether the second is a format of [`ONE_WAY`] instead (`0x80`), and whether what follows
/// is a request (`0x40`) or the decisions that one is made of.
pub fn check(data: &[u8]) {
    let _ = lost(data);
}

/// How many parts of a conversation were reported as dropped, on all its way.
pub(crate) fn lost(data: &[u8]) -> usize {
    let Some((options, rest)) = data.split_first() else { return 0 };
    let (here, there) = (pick(&DIALECTS, *options), pick(&DIALECTS, options >> 2));
    if options & 0x40 != 0 {
        there_and_back(here, there, &Bytes::copy_from_slice(rest));
        return 0;
    }
    let talk = Source(rest).talk();
    let mut meant = talk.substance();
    if here == Dialect::Responses {
        // It has no stop sequences to write.
        meant.stop.clear();
    }
    let body = Bytes::from(write(here, &talk).to_string());
    if options & 0x80 != 0 {
        return one_way(here, pick(&ONE_WAY, (options >> 2) & 3), meant, &body);
    }
    let sent = translated(here, there.format(), &body).unwrap_or_else(|error| panic!("{here} to {there}: {error}"));
    compare(here, there.format(), &meant, &sent, &sent.dropped);
    let back = translated(there, here.format(), &sent.body);
    let back = back.unwrap_or_else(|error| panic!("{there} back to {here}: {error}"));
    let dropped = [sent.dropped.as_slice(), &back.dropped].concat();
    compare(there, here.format(), &meant, &back, &dropped);
    dropped.len()
}

/// What a provider has that speaks no dialect of callers, with what its format cannot say.
fn one_way(here: Dialect, there: WireFormat, mut meant: Substance, body: &Bytes) -> usize {
    let sent = translated(here, there, body).unwrap_or_else(|error| panic!("{here} to {there:?}: {error}"));
    match (there, meant.choice.as_deref()) {
        // No tool is to be called, and so none is offered.
        (WireFormat::Ollama | WireFormat::Bedrock, Some("none")) => {
            meant.tools.clear();
            meant.choice = None;
        }
        // Some tool must be called, and there is but one.
        (WireFormat::Cohere, Some(choice)) if choice.starts_with("named ") && meant.tools.len() == 1 => {
            meant.choice = Some("any".to_owned());
        }
        _ => {}
    }
    if there == WireFormat::Cohere {
        // 1 is the same as nothing said.
        meant.top_p = meant.top_p.filter(|tenths| *tenths < 10);
    }
    if there == WireFormat::Ollama {
        meant = meant.images_apart();
    }
    compare(here, there, &meant, &sent, &sent.dropped);
    sent.dropped.len()
}

fn translated(from: Dialect, to: WireFormat, body: &Bytes) -> Result<UpstreamRequest, RequestError> {
    prepare(from, &peeked(Operation::Chat, from, false, body)?, body, &target(to, false))
}

/// Any request that is taken at all.
fn there_and_back(here: Dialect, there: Dialect, body: &Bytes) {
    let Ok(sent) = translated(here, there.format(), body) else { return };
    // What lies deeper than a tree of values may be, or holds a number that none of our types does, is passed on.
    if json(&sent.body).is_none() {
        return;
    }
    if let Err(error @ (RequestError::Malformed(_) | RequestError::Field { .. })) =
        translated(there, here.format(), &sent.body)
        && here != there
        // Reasoning alone does not go everywhere, and then there is nothing to say.
        && !error.to_string().contains("holds nothing but")
    {
        panic!("{here} to {there} wrote what {there} cannot mean: {error}\n{}", String::from_utf8_lossy(&sent.body));
    }
}

/// What arrived is what was meant, but for what was reported.
fn compare(from: Dialect, to: WireFormat, meant: &Substance, sent: &UpstreamRequest, dropped: &[Dropped]) {
    let Some(body) = json(&sent.body) else { panic!("not a tree of JSON") };
    let found = read(to, &body);
    let reported = |words: &[&str]| dropped.iter().any(|part| words.iter().any(|word| part.path.contains(word)));
    let at = || format!("{from} to {to:?}, dropped {dropped:?}\n{body}");
    if !reported(&["messages", "contents", "input", "system", "instructions"]) {
        assert_eq!(found.system, meant.system, "{}", at());
        assert_eq!(found.turns, meant.turns, "{}", at());
    }
    if !reported(&["tools", "tool_choice", "toolConfig", "parameters"]) {
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
