//! Faulty configuration files: made by hand, and mutated from a good one.

use std::ops::RangeInclusive;

use anyhow::Context;
use serde_json::{Value, json};

/// One faulty file.
pub(super) struct Faulty {
    /// What is wrong, for people.
    pub(super) name: String,
    /// What the refusal must name; `None` where the text is no YAML at all.
    pub(super) field: Option<&'static str>,
    /// The content.
    pub(super) text: String,
    /// Where the refusal must point.
    at: Place,
}

/// Where a fault stands.
enum Place {
    /// In one of these lines, from 1: a parser may notice at the end what began at the start.
    Lines(RangeInclusive<usize>),
    /// In the document with this index, in the field that the refusal names.
    Document(Vec<Value>, usize),
}

impl Faulty {
    /// Whether it holds no document at all.
    pub(super) fn is_empty(&self) -> bool {
        self.field == Some("document")
    }

    /// Whether `line` is right for a refusal that names `field`, the whole path, of a resource: the one at fault, or another
    /// that refers to it.
    pub(super) fn stands_at(&self, line: usize, resource: Option<&str>, field: &str) -> bool {
        match &self.at {
            Place::Lines(lines) => lines.contains(&line),
            Place::Document(documents, at_fault) => {
                let is = |document: &Value| {
                    let word = |name: &str| document[name].as_str().unwrap_or_default();
                    resource.is_some_and(|resource| resource == format!("{}/{}", word("kind"), word("id")))
                };
                let other = || documents.iter().position(is);
                let index = if is(&documents[*at_fault]) { None } else { other() };
                line_of(documents, index.unwrap_or(*at_fault), field) == line
            }
        }
    }
}

/// A hundred and more.
pub(super) fn files(good: &str) -> anyhow::Result<Vec<Faulty>> {
    let documents: Vec<Value> =
        good.split("\n---\n").map(serde_json::from_str).collect::<Result<_, _>>().context("the good file")?;
    let mut all = broken_text(&join(&documents));
    let faulty = |name: String, field, changed: Vec<Value>, index| {
        let text = join(&changed);
        Faulty { name, field: Some(field), text, at: Place::Document(changed, index) }
    };
    for (name, field, kind, pointer, value) in changes() {
        let mut changed = documents.clone();
        let index = changed.iter().position(|d| d["kind"] == kind).with_context(|| format!("no {kind}"))?;
        set(&mut changed[index], pointer, value).with_context(|| name.to_owned())?;
        all.push(faulty(name.to_owned(), field, changed, index));
    }
    for (name, field, extra) in additions() {
        let mut changed = documents.clone();
        changed.push(extra);
        all.push(faulty(name.to_owned(), field, changed, documents.len()));
    }
    all.extend(mutations(&documents).into_iter().map(|(name, changed, index)| faulty(name, "spec", changed, index)));
    Ok(all)
}

fn join(documents: &[Value]) -> String {
    documents.iter().map(|document| format!("{document:#}")).collect::<Vec<_>>().join("\n---\n")
}

/// The line of a field, or of what should hold it, found by what stands in the text when the field is replaced by a
/// mark: another way than that of the code under test.
fn line_of(documents: &[Value], index: usize, field: &str) -> usize {
    const MARK: &str = "the mark of the field";
    let before: usize = documents[..index].iter().map(|d| format!("{d:#}").lines().count() + 1).sum();
    let mut pointer = format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
    while !pointer.is_empty() {
        let mut marked = documents[index].clone();
        if let Some(value) = marked.pointer_mut(&pointer) {
            *value = json!(MARK);
            let text = format!("{marked:#}");
            return before + 1 + text.lines().position(|line| line.contains(MARK)).unwrap_or_default();
        }
        pointer.truncate(pointer.rfind('/').unwrap_or_default());
    }
    before + 1
}

/// Sets what a pointer names, or removes it where the value is `Null`.
fn set(document: &mut Value, pointer: &str, value: Value) -> anyhow::Result<()> {
    let (parent, last) = pointer.rsplit_once('/').context("pointer")?;
    let parent = if parent.is_empty() { Some(document) } else { document.pointer_mut(parent) };
    match parent.context("no such place")? {
        Value::Object(fields) if value.is_null() => drop(fields.remove(last)),
        Value::Object(fields) => drop(fields.insert(last.to_owned(), value)),
        Value::Array(items) => items[last.parse::<usize>()?] = value,
        _ => anyhow::bail!("{pointer} leads into a scalar"),
    }
    Ok(())
}

/// No YAML, or YAML of the wrong shape.
fn broken_text(good: &str) -> Vec<Faulty> {
    let first = good.lines().count() + 2;
    let file = |name: &str, added: &str| {
        let text = format!("{good}\n---\n{added}");
        let at = Place::Lines(first..=first + added.lines().count());
        Faulty { name: name.to_owned(), field: None, text, at }
    };
    let at = |line: usize, faulty: Faulty| Faulty { at: Place::Lines(first + line..=first + line), ..faulty };
    vec![
        file("an open bracket", "kind: [Team\n"),
        at(2, file("a tab as indentation", "kind: Team\nspec:\n\tname: x\n")),
        at(0, file("an unknown alias", "kind: *nobody\n")),
        file("a key without value separator", "kind Team\nid: x\n: :\n"),
        at(0, file("a list", "- kind: Team\n")),
        at(0, file("a word", "just words\n")),
        at(0, file("a number", "42\n")),
        at(2, file("a key twice", "kind: Team\nid: a\nid: b\n")),
        file("an unclosed quote", "kind: \"Team\n"),
        at(1, file("a control character", "kind: Team\nid: \"a\u{1}\"\n")),
        half(good),
        nothing("an empty file", ""),
        nothing("a file of blanks", " \n\n"),
        nothing("a file of comments", "# kind: Team\n# id: shop\n"),
        nothing("a file of a separator", "---\n"),
        nothing("a file of empty documents", "---\nnull\n---\n# nothing\n"),
        file("an alias bomb", &bomb()),
    ]
}

fn half(good: &str) -> Faulty {
    let text = good[..good.len() / 2].to_owned();
    let at = Place::Lines(1..=text.lines().count() + 1);
    Faulty { name: "half a file".to_owned(), field: None, text, at }
}

/// A file without documents, which would delete everything.
fn nothing(name: &str, text: &str) -> Faulty {
    Faulty { name: name.to_owned(), field: Some("document"), text: text.to_owned(), at: Place::Lines(1..=1) }
}

fn bomb() -> String {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(",");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    text
}

type Change = (&'static str, &'static str, &'static str, &'static str, Value);

/// One field of the first resource of a kind, and what the refusal must name.
#[expect(clippy::too_many_lines, reason = "a table of data")]
fn changes() -> Vec<Change> {
    vec![
        ("unknown kind", "kind", "Provider", "/kind", json!("Supplier")),
        ("kind missing", "kind", "Provider", "/kind", Value::Null),
        ("id missing", "id", "Provider", "/id", Value::Null),
        ("id with capitals", "id", "Provider", "/id", json!("OpenAI")),
        ("id empty", "id", "Provider", "/id", json!("")),
        ("id a number", "id", "Provider", "/id", json!(7)),
        ("id too long", "id", "Provider", "/id", json!("a".repeat(101))),
        ("id a path", "id", "ModelRoute", "/id", json!("../x")),
        ("unknown team", "team", "Provider", "/team", json!("nobody")),
        ("unknown envelope field", "labels", "Provider", "/labels", json!({})),
        ("unknown protocol", "protocol", "Provider", "/spec/protocol", json!("gemini-live")),
        ("protocol missing", "protocol", "Provider", "/spec/protocol", Value::Null),
        ("base_url missing", "base_url", "Provider", "/spec/base_url", Value::Null),
        ("base_url no url", "base_url", "Provider", "/spec/base_url", json!("not a url")),
        ("base_url wrong scheme", "base_url", "Provider", "/spec/base_url", json!("ftp://example.com/v1")),
        ("base_url a file", "base_url", "Provider", "/spec/base_url", json!("file:///etc/passwd")),
        (
            "base_url with credentials",
            "base_url",
            "Provider",
            "/spec/base_url",
            json!("https://user:pass@example.com/v1"),
        ),
        ("base_url with query", "base_url", "Provider", "/spec/base_url", json!("https://example.com/v1?key=1")),
        ("base_url a number", "base_url", "Provider", "/spec/base_url", json!(1)),
        ("private address not allowed", "base_url", "Provider", "/spec/allow_private_address", json!(false)),
        ("keys no list", "keys", "Provider", "/spec/keys", json!("sk-x")),
        ("key without id", "keys[0]", "Provider", "/spec/keys/0/id", Value::Null),
        ("key without secret", "keys[0]", "Provider", "/spec/keys/0/secret", Value::Null),
        ("key with empty secret", "keys[0].secret", "Provider", "/spec/keys/0/secret", json!("")),
        ("key with blank secret", "keys[0].secret", "Provider", "/spec/keys/0/secret", json!("  ")),
        (
            "key of a missing variable",
            "keys[0].secret",
            "Provider",
            "/spec/keys/0/secret",
            json!("env:NO_SUCH_VARIABLE_HERE"),
        ),
        ("key of a missing file", "keys[0].secret", "Provider", "/spec/keys/0/secret", json!("file:/no/such/file")),
        ("key with line feed", "keys[0].secret", "Provider", "/spec/keys/0/secret", json!("sk-a\r\nx-evil: 1")),
        ("negative weight", "keys[0].weight", "Provider", "/spec/keys/0/weight", json!(-1)),
        ("weight too large", "keys[0].weight", "Provider", "/spec/keys/0/weight", json!(5_000_000_000_u64)),
        ("unknown key field", "keys[0]", "Provider", "/spec/keys/0/secert", json!("x")),
        ("unknown provider field", "base_ulr", "Provider", "/spec/base_ulr", json!("https://x")),
        ("zero timeout", "timeouts", "Provider", "/spec/timeouts", json!({"connect_ms": 0})),
        ("timeout a text", "timeouts.connect_ms", "Provider", "/spec/timeouts", json!({"connect_ms": "5s"})),
        ("header name malformed", "headers", "Provider", "/spec/headers", json!({"bad name": "x"})),
        ("header value malformed", "headers", "Provider", "/spec/headers", json!({"x-a": "b\r\nc: d"})),
        ("models no list", "models", "Provider", "/spec/models", json!({"id": "x"})),
        ("model without id", "models[0]", "Provider", "/spec/models", json!([{"context": 5}])),
        ("spec a list", "spec", "Provider", "/spec", json!([])),
        ("spec a text", "spec", "ModelRoute", "/spec", json!("x")),
        ("targets missing", "targets", "ModelRoute", "/spec/targets", Value::Null),
        ("targets empty", "targets", "ModelRoute", "/spec/targets", json!([])),
        (
            "unknown provider of a target",
            "targets[0].provider",
            "ModelRoute",
            "/spec/targets/0/provider",
            json!("nobody"),
        ),
        ("target without model", "targets[0]", "ModelRoute", "/spec/targets/0/model", Value::Null),
        ("target with empty model", "targets[0].model", "ModelRoute", "/spec/targets/0/model", json!("")),
        ("target weight a text", "targets[0].weight", "ModelRoute", "/spec/targets/0/weight", json!("heavy")),
        ("no attempts", "retry.max_attempts", "ModelRoute", "/spec/retry", json!({"max_attempts": 0})),
        ("too many attempts", "retry.max_attempts", "ModelRoute", "/spec/retry", json!({"max_attempts": 11})),
        ("unknown reason to retry", "retry.on", "ModelRoute", "/spec/retry", json!({"on": ["mondays"]})),
        ("strict a text", "strict", "ModelRoute", "/spec/strict", json!("yes")),
        ("unknown model of an application", "models[0]", "Application", "/spec/models", json!(["no-such-model"])),
        (
            "unknown service of an application",
            "services[0]",
            "Application",
            "/spec/services",
            json!(["no-such-service"]),
        ),
        ("models a text", "models", "Application", "/spec/models", json!("*")),
        ("key of nobody", "application", "ApiKey", "/spec/application", json!("nobody")),
        ("key without application", "application", "ApiKey", "/spec/application", Value::Null),
        ("hash too short", "hash", "ApiKey", "/spec/hash", json!("abc")),
        ("hash in capitals", "hash", "ApiKey", "/spec/hash", json!("A".repeat(64))),
        ("hash missing", "hash", "ApiKey", "/spec/hash", Value::Null),
        ("expiry no time", "expires_at", "ApiKey", "/spec/expires_at", json!("tomorrow")),
        ("expiry without zone", "expires_at", "ApiKey", "/spec/expires_at", json!("2030-01-01T00:00:00")),
    ]
}

/// Documents that are faulty by themselves.
#[expect(clippy::too_many_lines, reason = "a table of data")]
fn additions() -> Vec<(&'static str, &'static str, Value)> {
    let upstream = |spec: &Value| json!({"kind": "Upstream", "id": "u", "spec": spec});
    let route = |spec: &Value| json!({"kind": "Route", "id": "r", "spec": spec});
    let price = |spec: &Value| json!({"kind": "Price", "id": "p", "spec": spec});
    vec![
        ("id twice", "id", json!({"kind": "Provider", "id": "oai", "spec": {"protocol": "demo"}})),
        ("route of no service", "service", route(&json!({"service": "none", "path": "/x"}))),
        ("service of no upstream", "upstream", json!({"kind": "Service", "id": "s", "spec": {"upstream": "none"}})),
        ("upstream without targets", "targets", upstream(&json!({"targets": []}))),
        ("upstream at a path", "targets[0].url", upstream(&json!({"targets": [{"url": "https://example.com/path"}]}))),
        (
            "upstream of another scheme",
            "targets[0].url",
            upstream(&json!({"targets": [{"url": "gopher://example.com"}]})),
        ),
        (
            "upstream at a private address",
            "targets[0].url",
            upstream(&json!({"targets": [{"url": "http://169.254.169.254"}]})),
        ),
        (
            "upstream version unknown",
            "http",
            upstream(&json!({"targets": [{"url": "https://example.com"}], "http": "http3"})),
        ),
        (
            "upstream authority no certificate",
            "tls.ca",
            upstream(&json!({"targets": [{"url": "https://example.com"}], "tls": {"ca": "no pem"}})),
        ),
        (
            "upstream retries too many",
            "connect_retries",
            upstream(&json!({"targets": [{"url": "https://example.com"}], "connect_retries": 99})),
        ),
        (
            "price of nobody",
            "provider",
            price(&json!({"provider": "nobody", "model": "x", "per_million": {"input": "1", "output": "1"}})),
        ),
        (
            "price no number",
            "per_million",
            price(&json!({"provider": "oai", "model": "x", "per_million": {"input": "cheap", "output": "1"}})),
        ),
        (
            "price negative",
            "per_million",
            price(&json!({"provider": "oai", "model": "x", "per_million": {"input": "-1", "output": "1"}})),
        ),
        (
            "price too precise",
            "per_million",
            price(
                &json!({"provider": "oai", "model": "x", "per_million": {"input": "0.0000000000000001", "output": "1"}}),
            ),
        ),
        (
            "price from no day",
            "effective_from",
            price(
                &json!({"provider": "oai", "model": "x", "effective_from": "soon", "per_million": {"input": "1", "output": "1"}}),
            ),
        ),
        ("route without slash", "path", json!({"kind": "Service", "id": "s2", "spec": {"base_path": "shop"}})),
    ]
}

/// Each scalar of each good document replaced by something of another kind, where no kind is right.
fn mutations(documents: &[Value]) -> Vec<(String, Vec<Value>, usize)> {
    let mut all = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        for pointer in pointers(&document["spec"], "/spec") {
            for (what, value) in [("an object", json!({"mutated": true})), ("a nested list", json!([[[]]]))] {
                let mut changed = documents.to_vec();
                if set(&mut changed[index], &pointer, value).is_ok() {
                    let name = format!("{}/{}: {what} at {pointer}", document["kind"], document["id"]);
                    all.push((name, changed, index));
                }
            }
        }
    }
    all
}

/// Pointers to all scalars.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(k, v)| pointers(v, &format!("{at}/{k}"))).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(n, v)| pointers(v, &format!("{at}/{n}"))).collect(),
        _ => vec![at.to_owned()],
    }
}
