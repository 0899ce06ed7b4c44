//! Bodies on their way into the request log: what must not be kept is not in what is kept, whole, in pieces of a stream,
//! behind escapes, at a limit, or in the same body of another shape; what was JSON is JSON, and what holds nothing of the
//! kind stays as it was.

use std::sync::LazyLock;

use serde_json::{Value, json};
use weir_domain::bodies::{Body, Event};
use weir_domain::catalog::Catalog;
use weir_domain::compile::{Input, compile};
use weir_domain::credential::{ENTROPY, generate};
use weir_domain::redact::{Redactor, Secrets, TakenOut};
use weir_domain::resource::Resource;
use weir_domain::secret::{ResolveSecret, Secret, SecretRef};
use weir_domain::spec::{Builtin, Redact};
use weir_domain::yaml;

use crate::context::pick;
use crate::exact::exact;

/// The key of a provider, and a beginning of it that nothing else has.
const KEY: &str = "sk-proj-canary/7f3a+9b1c5d";
const BEGIN: &str = "sk-proj-c";
const EMAIL: &str = "ann@mail.example";
const CUSTOMER: &str = "CUST-123456";
const MEMBERS: [&str; 3] = ["ssn", "größe", "user"];
/// How much is kept.
const MOST: [usize; 3] = [64 << 10, 300, 2_000];

/// What some team takes out, and which of our texts it names by that.
struct Rules {
    redactor: Redactor,
    named: &'static [&'static str],
    members: bool,
}

static RULES: LazyLock<[Rules; 4]> = LazyLock::new(|| {
    let rules = |builtin: &[Builtin], by_place: bool, patterns: &[&str], named| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (members, pointers) =
            if by_place { (texts(&MEMBERS), texts(&["/messages/*/name", "/a~1b"])) } else { (Vec::new(), Vec::new()) };
        let written = Redact { builtin: builtin.to_vec(), members, pointers, patterns: texts(patterns) };
        Rules { redactor: Redactor::new(&written).expect("the rules are right"), named, members: by_place }
    };
    [
        rules(&Builtin::ALL, false, &[], &[EMAIL]),
        rules(&[], true, &[], &[]),
        rules(&Builtin::ALL, true, &[r"CUST-\d+"], &[EMAIL, CUSTOMER]),
        rules(&[Builtin::Card], false, &["(?i)badger", r"CUST-\d+"], &[CUSTOMER]),
    ]
});

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    struct Plain;
    impl ResolveSecret for Plain {
        fn resolve(&self, reference: &SecretRef) -> Result<Secret, String> {
            Secret::new(reference.0.clone()).ok_or_else(|| "it is empty".to_owned())
        }
    }
    let provider = format!(
        "kind: Provider\nid: p\nspec:\n  protocol: openai\n  base_url: https://x.example\n  keys: [{{id: k, secret: {KEY}}}]\n"
    );
    let documents = yaml::documents(&provider).expect("it is YAML");
    let resources: Vec<Resource> =
        documents.iter().map(|document| Resource::from_document(&document.value).expect("it is a provider")).collect();
    let input = Input { revision: 1, resources: &resources, secrets: &Plain, catalog: &Catalog::default() };
    Secrets::of(&compile(&input).expect("it compiles")).expect("there is one key")
});

/// What bytes from 1 to 7 stand for in a body.
static TEXTS: LazyLock<[String; 7]> = LazyLock::new(|| {
    [
        KEY.to_owned(),
        KEY.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect(),
        generate(&[7; ENTROPY]),
        EMAIL.to_owned(),
        CUSTOMER.to_owned(),
        "4111 1111 1111 1111".to_owned(),
        "DE89 3704 0044 0532 0130 00".to_owned(),
    ]
});

/// First byte: whose rules, and what the rest is. Second byte: how it is cut, or how much of it is kept.
pub fn check(data: &[u8]) {
    let [options, cut, rest @ ..] = data else { return };
    let rules = &RULES[usize::from(options % 4)];
    let (content, plain) = filled(rest);
    match (options >> 2) % 4 {
        0 => check_whole(rules, &content, pick(&MOST, *cut), plain),
        1 => check_stream(rules, &String::from_utf8_lossy(&content), usize::from(*cut), false, plain),
        2 => check_stream(rules, &String::from_utf8_lossy(&content), usize::from(*cut), true, plain),
        _ => check_elsewhere(rules, &String::from_utf8_lossy(&content)),
    }
}

/// A body with the texts in it, and whether the secret stands in it as we wrote it alone.
fn filled(data: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::with_capacity(data.len());
    for byte in data {
        match byte.checked_sub(1).and_then(|at| TEXTS.get(usize::from(at))) {
            Some(text) if body.len() < 32 << 10 => body.extend_from_slice(text.as_bytes()),
            _ => body.push(*byte),
        }
    }
    (body, !data.windows(3).any(|window| window == b"sk-"))
}

/// None of the texts that the rules name is in what a reader sees.
fn check_hidden(rules: &Rules, text: &str, shown: &str) {
    for named in [KEY, TEXTS[2].as_str()].iter().chain(rules.named) {
        assert!(!text.contains(named), "{named} in {text}\nof {shown}");
    }
}

fn check_body(rules: &Rules, kept: &Body, most: usize, plain: bool) {
    assert!(kept.text.len() <= most, "{} bytes", kept.text.len());
    check_hidden(rules, &kept.text, "");
    // Nor half of it, at the end of what is kept.
    assert!(!plain || !kept.text.contains(BEGIN), "{}", kept.text);
}

fn check_whole(rules: &Rules, content: &[u8], most: usize, plain: bool) {
    let kept = rules.redactor.body(&SECRETS, &mut TakenOut::default(), content, most);
    assert_eq!(kept.bytes, content.len() as u64);
    check_body(rules, &kept, most, plain);
    let Ok(before) = serde_json::from_slice::<Value>(content) else {
        if kept.redacted.is_empty() && !kept.truncated {
            assert_eq!(kept.text.as_bytes(), content, "nothing was taken out");
        }
        return;
    };
    if kept.truncated {
        return;
    }
    let after: Value = match serde_json::from_str(&kept.text) {
        Ok(after) => after,
        // Digits alone that are one text, such as a card's number.
        Err(_) if !before.is_object() && !before.is_array() => return,
        Err(fault) => panic!("{fault}: {}", kept.text),
    };
    each_text(&after, 3, &mut |text| check_hidden(rules, text, &kept.text));
    if kept.redacted.is_empty() {
        assert_eq!(exact(&before), exact(&after));
    }
    if rules.members {
        check_members(&after, 1);
    }
}

/// Every text of a value, the names of members and JSON within texts included.
fn each_text(value: &Value, depth: usize, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => {
            see(text);
            if let Some(inner) = serde_json::from_str::<Value>(text).ok().filter(|_| depth > 0) {
                each_text(&inner, depth - 1, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_text(item, depth, see)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            see(name);
            each_text(value, depth, see);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Members that go for where they stand have gone, in JSON within a text too.
fn check_members(value: &Value, depth: usize) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let taken = MEMBERS.contains(&name.to_lowercase().as_str());
                assert!(!taken || value.as_str().is_some_and(|mark| mark.starts_with("[redacted:")), "{name}: {value}");
                check_members(value, depth);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_members(item, depth)),
        Value::String(text) if depth > 0 && text.starts_with("{\"") => {
            serde_json::from_str(text).iter().for_each(|inner| check_members(inner, depth - 1));
        }
        _ => {}
    }
}

/// The events of a stream: pieces of what is said, or of the arguments of a tool.
fn events(pieces: &[&str], arguments: bool) -> Vec<Event> {
    let event = |piece: &&str| {
        let delta = if arguments {
            json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        } else {
            json!({"content": piece})
        };
        Event { name: String::new(), data: json!({"choices": [{"delta": delta, "index": 0}]}).to_string() }
    };
    pieces.iter().map(event).collect()
}

/// What a reader of kept events puts together.
fn said(kept: &Body) -> String {
    let data = kept.text.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut said = String::new();
    for event in data.filter_map(|data| serde_json::from_str::<Value>(data).ok()) {
        let delta = &event["choices"][0]["delta"];
        let piece = delta["content"].as_str().or_else(|| delta["tool_calls"][0]["function"]["arguments"].as_str());
        said.push_str(piece.unwrap_or_default());
    }
    said
}

/// Between characters, so many bytes each, and not too many of them.
fn cut_up(text: &str, cut: usize) -> Vec<&str> {
    let size = (cut % 23 + 1).max(text.len() / 150);
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.ceil_char_boundary(size.min(rest.len())));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn check_stream(rules: &Rules, text: &str, cut: usize, arguments: bool, plain: bool) {
    let most = MOST[0];
    let keep = |pieces: &[&str], goes_on: bool| {
        let events = events(pieces, arguments);
        rules.redactor.events(&SECRETS, &mut TakenOut::default(), events, (text.len(), goes_on), most)
    };
    let (whole, kept) = (keep(&[text], false), keep(&cut_up(text, cut), false));
    for kept in [&whole, &kept] {
        check_body(rules, kept, most, plain);
        let said = said(kept);
        check_hidden(rules, &said, &kept.text);
        let read: Option<Value> = serde_json::from_str(&said).ok().filter(|_| !kept.truncated);
        read.iter().for_each(|read| each_text(read, 2, &mut |text| check_hidden(rules, text, &kept.text)));
        if rules.members {
            read.iter().filter(|_| said.starts_with("{\"")).for_each(|read| check_members(read, 0));
        }
        if kept.redacted.is_empty() && !kept.truncated && !said.contains("[redacted:cut]") {
            assert_eq!(said, text, "nothing was taken out");
        }
    }
    let found = |kept: &Body| kept.redacted.keys().any(|what| what != "media");
    assert!(!found(&whole) || !kept.redacted.is_empty() || kept.truncated, "{text:?}\n{whole:?}\n{kept:?}");
    // A stream that goes on behind what was looked at, and breaks off within a secret or not.
    let end = text.floor_char_boundary(text.len() * cut / 256);
    let kept = keep(&cut_up(&text[..end], cut / 3), true);
    check_body(rules, &kept, most, plain);
    assert!(kept.truncated && (!plain || !said(&kept).contains(BEGIN)), "{}", kept.text);
}

/// A word that goes for where it stands in one body stays in no other, unless that is known to be unsure.
fn check_elsewhere(rules: &Rules, word: &str) {
    if !rules.members {
        return;
    }
    let mut taken = TakenOut::default();
    let first = json!({"user": word}).to_string();
    let kept = rules.redactor.body(&SECRETS, &mut taken, first.as_bytes(), MOST[0]);
    assert_eq!(kept.text, r#"{"user":"[redacted:member]"}"#);
    if taken.hidden().may_show_elsewhere() || word.is_empty() {
        return;
    }
    let marks = ["[redacted:member]", "[redacted:secret]", "[redacted:email]", "[redacted:pattern]", "[redacted:card]"];
    let more = ["[redacted:iban]", "[redacted:phone]", "[redacted:pointer]", "a", "b", "say", "now", "so"];
    if marks.iter().chain(&more).any(|text| text.contains(word) || word.contains("redacted:")) {
        return;
    }
    let inner = json!({"a": word}).to_string();
    let shapes = [
        json!({"a": word}).to_string(),
        json!([{"a": {"b": [format!("say {word} now")]}}]).to_string(),
        json!({"a": inner, "b": format!("{word}{word}")}).to_string(),
        json!({ word: 1 }).to_string(),
        format!("so {word}"),
    ];
    for shape in shapes {
        let kept = rules.redactor.body(&SECRETS, &mut taken, shape.as_bytes(), MOST[0]);
        if kept.text.contains("[media") {
            continue;
        }
        assert!(!kept.text.contains(word) || is_of_json(word), "{word:?} in {}", kept.text);
        let read = serde_json::from_str::<Value>(&kept.text).ok();
        read.iter().for_each(|read| each_text(read, 1, &mut |text| assert!(is_free(text, word), "{word:?} in {text}")));
    }
    let pieces = cut_up(word, 1);
    let kept = rules.redactor.events(&SECRETS, &mut taken, events(&pieces, false), (word.len(), false), MOST[0]);
    assert!(is_free(&said(&kept), word), "{word:?} in {}", kept.text);
}

/// Whether a word may be a part of JSON itself, such as `":"`.
fn is_of_json(word: &str) -> bool {
    word.contains(['"', '{', '}', '[', ']', ':', ',', '1'])
}

/// Whether a word is not in a text, JSON around other texts aside.
fn is_free(text: &str, word: &str) -> bool {
    !text.contains(word) || (text.starts_with('{') && is_of_json(word))
}
