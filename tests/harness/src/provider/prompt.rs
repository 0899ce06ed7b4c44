//! The meaning of a request, read from either dialect, and what the model says to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::schema;
use crate::script::{Reply, Stop, ToolCall};

/// What a request asks for, whichever dialect it came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// The conversation in words that no dialect has: `user …`, `assistant …`, `call NAME {…}`, `result NAME …`.
    pub history: Vec<String>,
    /// The system's instructions, parts joined by a line feed.
    pub system: String,
    /// The text of the last user turn.
    pub user: String,
    /// The images of the last user turn: media type and size, or address.
    pub images: Vec<String>,
    /// Results of tools since the last answer: the tool's name and its result.
    pub results: Vec<(String, String)>,
    /// Tools on offer: name and schema.
    pub tools: Vec<(String, Value)>,
    /// Whether a tool must be called.
    pub choice: Choice,
    /// Whether more than one may be called at once.
    pub parallel: bool,
    /// The schema that the answer must satisfy.
    pub schema: Option<Value>,
    /// Whether any JSON object is asked for.
    pub json: bool,
    /// Whether thinking is shown.
    pub thinking: bool,
    /// The most tokens to write.
    pub max_tokens: Option<u64>,
    /// Where to stop.
    pub stop: Vec<String>,
    /// Bytes of all text in the request: what input tokens are counted from.
    pub bytes: usize,
}

/// A conversation as it is read, see [`Prompt::history`].
#[derive(Default)]
pub(super) struct History {
    lines: Vec<String>,
    calls: Vec<(String, String)>,
}

impl History {
    /// What a user says and shows.
    pub(super) fn user(&mut self, text: &str, images: &[String]) {
        if text.is_empty() && images.is_empty() {
            return;
        }
        let shown: String = images.iter().map(|image| format!(" [{image}]")).collect();
        self.lines.push(format!("user {text}{shown}"));
    }

    /// What the model said.
    pub(super) fn assistant(&mut self, text: &str) {
        if !text.is_empty() {
            self.lines.push(format!("assistant {text}"));
        }
    }

    /// A tool that the model called; `id` is empty where calls have none.
    pub(super) fn call(&mut self, id: &str, name: &str, arguments: &Value) {
        self.lines.push(format!("call {name} {arguments}"));
        self.calls.push((id.to_owned(), name.to_owned()));
    }

    /// What a tool gave back, by the id of its call.
    pub(super) fn result(&mut self, id: &str, text: &str) {
        let name = self.calls.iter().rev().find(|(known, _)| known == id).map_or("?", |(_, name)| name);
        self.lines.push(format!("result {name} {text}"));
    }

    /// The same by the tool's name.
    pub(super) fn named_result(&mut self, name: &str, text: &str) {
        self.lines.push(format!("result {name} {text}"));
    }

    /// The whole of it.
    pub(super) fn lines(self) -> Vec<String> {
        self.lines
    }
}

/// Whether a tool must be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The model decides.
    #[default]
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Any,
    /// This tool.
    Tool(String),
}

impl Prompt {
    /// What the model says: the same for the same meaning, in either dialect.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let mut reply = if let Some(tools) = self.calls() {
            Reply { tools, ..Reply::default() }
        } else if let Some(schema) = &self.schema {
            Reply::text(&schema::instance(schema, &self.user).to_string())
        } else if self.json {
            Reply::text(&json!({"you_said": self.user}).to_string())
        } else {
            self.limited(&self.sentence())
        };
        if self.thinking {
            reply.thinking = Some(format!("The user said “{}”. 想一想…", self.user));
        }
        reply
    }

    /// The tools to call: asked for by the request, or by the word "weather" in it.
    fn calls(&self) -> Option<Vec<ToolCall>> {
        let forced = matches!(self.choice, Choice::Any | Choice::Tool(_));
        let wanted = self.user.to_lowercase().contains("weather") && self.results.is_empty();
        if self.tools.is_empty() || self.choice == Choice::None || !(forced || wanted) {
            return None;
        }
        let (name, schema) = match &self.choice {
            Choice::Tool(name) => self.tools.iter().find(|(n, _)| n == name)?,
            _ => self.tools.first()?,
        };
        let mut places = places(&self.user);
        if !self.parallel {
            places.truncate(1);
        }
        if places.is_empty() {
            places.push(self.user.clone());
        }
        let call = |place: &String| ToolCall {
            name: name.clone(),
            arguments: schema::instance(schema, place).to_string(),
            id: None,
        };
        Some(places.iter().map(call).collect())
    }

    fn sentence(&self) -> String {
        let mut text = format!("You said “{}” — 好的 🌍.", self.user);
        if !self.system.is_empty() {
            text.push_str(&format!(" System said “{}”.", self.system));
        }
        if !self.images.is_empty() {
            text.push_str(&format!(" I see {}.", self.images.join(" and ")));
        }
        for (tool, result) in &self.results {
            text.push_str(&format!(" {tool} returned “{result}”."));
        }
        text
    }

    /// Stops at a stop sequence, and at the limit on output (four bytes to a token).
    fn limited(&self, text: &str) -> Reply {
        let first = self.stop.iter().filter_map(|s| text.find(s.as_str()).map(|at| (at, s))).min();
        if let Some((at, sequence)) = first {
            return Reply { stop: Some(Stop::Sequence(sequence.clone())), ..Reply::text(&text[..at]) };
        }
        let most = self.max_tokens.map_or(usize::MAX, |t| usize::try_from(t).unwrap_or(usize::MAX).saturating_mul(4));
        if text.len() > most {
            let mut end = most;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            return Reply { stop: Some(Stop::Length), ..Reply::text(&text[..end]) };
        }
        Reply::text(text)
    }
}

/// Words with a capital letter, the first of each sentence aside: "the weather in Paris and Tokyo".
fn places(text: &str) -> Vec<String> {
    let words = text.split_whitespace().skip(1);
    words
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|w| w.chars().next().is_some_and(char::is_uppercase))
        .map(str::to_owned)
        .collect()
}

/// Names an image by what it is: a media type and a size, or the address.
#[must_use]
pub(super) fn image(media_type: &str, base64: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok()?;
    let known: BTreeMap<&str, &[u8]> = BTreeMap::from([
        ("image/png", &b"\x89PNG"[..]),
        ("image/jpeg", b"\xff\xd8\xff"),
        ("image/gif", b"GIF8"),
        ("image/webp", b"RIFF"),
    ]);
    let magic = known.get(media_type)?;
    bytes.starts_with(magic).then(|| format!("{media_type} of {} bytes", bytes.len()))
}

/// Names an image of which only the bytes are known.
#[must_use]
pub(super) fn bare_image(base64: &str) -> Option<String> {
    ["image/png", "image/jpeg", "image/gif", "image/webp"].into_iter().find_map(|kind| image(kind, base64))
}

/// Counts the bytes of every string in a request.
#[must_use]
pub(super) fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(s) => s.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.values().map(text_bytes).sum(),
        _ => 0,
    }
}
