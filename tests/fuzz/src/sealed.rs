//! Ids of what applications keep at a provider, sealed in its answers and opened in what callers send: what was sealed
//! opens to what it was, for its owner alone; a body is changed in the ids that it holds and nowhere else, however it is
//! cut.

use std::sync::LazyLock;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use weir_domain::sealing::SealingKey;
use weir_llm::BatchState;
use weir_llm::held::{Held, MARK, Unsealer, candidates, open, seal, seal_answer};

use crate::exact::exact;

/// The longest id that is opened.
const MAX_ID: usize = 1_024;
/// Members that name a file, or what else lies in the account.
const NAMES: [&str; 7] = ["id", "input_file_id", "error_file_id", "file_id", "upload_id", "batch_id", "output_file_id"];

static KEY: LazyLock<SealingKey> = LazyLock::new(|| SealingKey::new([7; 32]));
static OTHER_KEY: LazyLock<SealingKey> = LazyLock::new(|| SealingKey::new([8; 32]));

/// Ids that stand for themselves in a body: each with the byte that it is written for.
static IDS: LazyLock<[(u8, String); 5]> = LazyLock::new(|| {
    let own = own_id(0, "", "file-6F2ksmvXxt4VdoqmHRw6kL");
    let elsewhere = Held { key: "second".to_owned(), ..held(0, "", "file-elsewhere") };
    [
        (1, own.clone()),
        // Of another gateway, say, that stands behind this one.
        (2, own_id(9, "batch_1", &own)),
        (3, seal(&KEY, "other", &held(0, "", "file-secret"))),
        (4, seal(&KEY, "web", &elsewhere)),
        (5, seal(&OTHER_KEY, "web", &held(0, "", "file-secret"))),
    ]
});

fn held(made: u64, results_of: &str, id: &str) -> Held {
    Held {
        provider: "openai".to_owned(),
        key: "main".to_owned(),
        made,
        is_response: false,
        results_of: results_of.to_owned(),
        id: id.to_owned(),
    }
}

fn own_id(made: u64, results_of: &str, id: &str) -> String {
    seal(&KEY, "web", &held(made, results_of, id))
}

/// What an id stands for in the account of these calls.
fn open_here(id: &str) -> Option<Held> {
    open(&KEY, "web", id).filter(|held| held.provider == "openai" && held.key == "main")
}

/// The first byte chooses what the rest is: a vendor's id, a caller's body, or an answer about something. The second one
/// is where it is cut.
pub fn check(data: &[u8]) {
    let [kind, cut, rest @ ..] = data else { return };
    match kind % 3 {
        0 => check_id(rest, usize::from(*cut)),
        1 => check_body(&filled(rest), usize::from(*cut)),
        _ => check_answer(rest, usize::from(*cut)),
    }
}

/// Lines: the vendor's id, whose results it holds, the provider, the key.
fn check_id(data: &[u8], at: usize) {
    let text = String::from_utf8_lossy(data);
    assert_eq!(open(&KEY, "web", &text), None, "nobody but the gateway makes ids");
    let mut lines = text.split('\n').map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    let (id, results_of, provider, key) = (line(), line(), line(), line());
    let held = Held { provider, key, is_response: false, made: at as u64 * 1_000_003, results_of, id };
    let sealed = seal(&KEY, "web", &held);
    assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{sealed}");
    assert!(sealed.contains(MARK) && sealed == seal(&KEY, "web", &held));
    let opens = sealed.len() <= MAX_ID;
    assert_eq!(open(&KEY, "web", &sealed), opens.then_some(held), "{sealed}");
    assert_eq!(open(&KEY, "we", &sealed), None);
    assert_eq!(open(&OTHER_KEY, "web", &sealed), None);
    let mut forged = sealed.into_bytes();
    let at = at * forged.len() / 256;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    assert_eq!(open(&KEY, "web", &String::from_utf8_lossy(&forged)), None, "{forged:?}");
}

/// A body in which bytes from 1 to 5 stand for [`IDS`].
fn filled(data: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(data.len());
    for byte in data {
        match IDS.iter().find(|(place, _)| place == byte) {
            Some((_, id)) => body.extend_from_slice(id.as_bytes()),
            None => body.push(*byte),
        }
    }
    body
}

/// A body as it must become, found without a thought of speed or pieces: the two ids that lie in this account, where one
/// is all that stands between two quotation marks.
fn expected(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let quoted = IDS[..2].iter().map(|(_, id)| (format!("\"{id}\""), open_here(id).expect("it is ours").id));
    let quoted: Vec<(String, String)> = quoted.collect();
    let mut rest = body;
    while let Some(byte) = rest.first() {
        let found = quoted.iter().find(|(quoted, _)| rest.starts_with(quoted.as_bytes()));
        let used = match found {
            Some((quoted, id)) => {
                out.extend(format!("{:width$}", format!("\"{id}\""), width = quoted.len()).into_bytes());
                quoted.len()
            }
            None => {
                out.push(*byte);
                1
            }
        };
        rest = &rest[used..];
    }
    out
}

fn opened(pieces: &[&[u8]], open: fn(&str) -> Option<Held>) -> Vec<u8> {
    let (mut unsealer, mut out) = (Unsealer::default(), Vec::new());
    pieces.iter().for_each(|piece| out.extend_from_slice(&unsealer.push(piece, false, &open)));
    out.extend_from_slice(&unsealer.push(b"", true, &open));
    out
}

fn check_body(body: &[u8], cut: usize) {
    let whole = Unsealer::default().push(body, true, &open_here);
    let wanted = expected(body);
    assert_eq!(whole, wanted, "{}", String::from_utf8_lossy(body));
    let pieces: Vec<&[u8]> = body.chunks(cut % 61 + 1).collect();
    assert_eq!(opened(&pieces, open_here), wanted, "pieces of {}", cut % 61 + 1);
    let (left, right) = body.split_at(cut * body.len() / 256);
    assert_eq!(opened(&[left, right], open_here), wanted, "cut at {}", left.len());
    assert_eq!(opened(&[body], |id| open(&KEY, "web-2", id)), body, "nothing in it is another application's");
    if whole != body {
        assert!(candidates(body).any(|id| open_here(id).is_some()));
    }
    if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        serde_json::from_slice::<IgnoredAny>(&whole).expect("it is JSON as before");
    }
}

fn check_answer(answer: &[u8], cut: usize) {
    let seal = |made: u64, results_of: &str, id: &str| own_id(made, results_of, id);
    let read = serde_json::from_slice::<Value>(answer).ok().and_then(|read| read.as_object().cloned());
    let sealed = seal_answer(&seal, None, answer);
    assert_eq!(sealed.is_some(), read.is_some());
    let (Some(sealed), Some(before)) = (sealed, read) else { return };
    let own = before.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!(sealed.batch, BatchState::read(answer).map(|state| (own, state)));
    let told = object(&sealed.body);
    // The caller repeats it, and the provider knows its own again.
    let pieces: Vec<&[u8]> = sealed.body.chunks(cut % 61 + 1).collect();
    let back = object(&opened(&pieces, open_here));
    assert_eq!(opened(&pieces, |id| open(&KEY, "web-2", id)), sealed.body);
    compare(&before, &told, &back);
    if let (Some(Value::Object(before)), Some(Value::Object(told)), Some(Value::Object(back))) =
        (before.get("file"), told.get("file"), back.get("file"))
    {
        let only_id = |file: &Map<String, Value>| file.iter().filter(|(name, _)| *name == "id").map(clone).collect();
        compare(&only_id(before), &only_id(told), &only_id(back));
    }
    check_asked(&before, &told, answer);
}

fn clone((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

fn object(bytes: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => object,
        other => panic!("no object any more: {other:?}"),
    }
}

/// Ids became the caller's and are the provider's again; all else is as it was.
fn compare(before: &Map<String, Value>, told: &Map<String, Value>, back: &Map<String, Value>) {
    assert!(before.keys().eq(told.keys()) && before.keys().eq(back.keys()));
    for (name, was) in before {
        let is_id = NAMES.contains(&name.as_str()) && was.as_str().is_some_and(|id| !id.is_empty());
        match (name.as_str(), was) {
            ("results_url", Value::String(url)) if !url.is_empty() => {
                let url = told[name].as_str().unwrap_or_default();
                assert!(url.starts_with("/v1/messages/batches/") && url.ends_with("/results"), "{url}");
            }
            ("file", Value::Object(_)) => {}
            (_, Value::String(id)) if is_id => {
                let known = told[name].as_str().expect("it is a text");
                match open_here(known) {
                    Some(held) => assert_eq!(&held.id, id, "{name}"),
                    None => assert!(known.len() > MAX_ID || name == "output_file_id", "{name}: {known}"),
                }
                let fits = open_here(known).is_some_and(|held| written(&held.id) <= known.len() + 2);
                assert_eq!(back[name].as_str(), Some(if fits { id } else { known }), "{name}");
            }
            _ => assert_eq!((exact(was), exact(was)), (exact(&told[name]), exact(&back[name])), "{name}"),
        }
    }
}

/// How long a text is as JSON.
fn written(text: &str) -> usize {
    Value::from(text).to_string().len()
}

/// What a path names keeps the id that it was asked for by.
fn check_asked(before: &Map<String, Value>, told: &Map<String, Value>, answer: &[u8]) {
    let Some(id) = before.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) else { return };
    let asked = held(0, "batch_7", id);
    let seal = |made: u64, results_of: &str, id: &str| own_id(made, results_of, id);
    let again = seal_answer(&seal, Some(("as-it-was-asked-for", &asked)), answer).expect("it was an object before");
    let again = object(&again.body);
    assert_eq!(again["id"], "as-it-was-asked-for");
    assert!(
        again.iter().filter(|(name, _)| !["id", "results_url"].contains(&name.as_str())).all(|(n, v)| told[n] == *v)
    );
}
