//! What a request holds beside text, who it is for and how it begins: read only for model routes that choose by it.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::wire::Text;

/// What routing may go by beside [`crate::Peek`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Whether the messages hold images.
    pub images: bool,
    /// Whether they hold audio.
    pub audio: bool,
    /// Whether they hold documents.
    pub documents: bool,
    /// The user that the body names: `user` (OpenAI) or `metadata.user_id` (Anthropic).
    pub user: Option<String>,
    /// A number made of the system prompt and the first user message: the same for every turn of one conversation, on
    /// every node and in every version.
    pub opening: u64,
}

/// How much of a text goes into [`Content::opening`]: conversations that agree so far may share a target.
const OPENING: usize = 4_096;

/// Where the dialects keep messages and what stands before them.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contents: Option<&'a RawValue>,
    #[serde(borrow, default)]
    system: Option<&'a RawValue>,
    #[serde(borrow, default)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "systemInstruction")]
    system_instruction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

/// The one member of a message that says whose it is.
#[derive(Deserialize)]
struct Turn<'a> {
    #[serde(borrow, default)]
    role: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
}

/// Reads the body of any dialect. What cannot be read is not there: whoever translates the body says what is wrong.
#[must_use]
pub fn content(body: &[u8]) -> Content {
    let mut content = Content::default();
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else { return content };
    let mut opening = Opening::default();
    for before in [body.system, body.instructions, body.system_instruction].into_iter().flatten() {
        opening.add(before);
    }
    for messages in [body.messages, body.input, body.contents].into_iter().flatten() {
        opening.add_first(messages);
        let mut reader = serde_json::Deserializer::from_str(messages.get());
        // Too deep, or damaged: what was found so far stands.
        let _ = Walk(&mut content).deserialize(&mut reader);
    }
    content.opening = opening.0;
    let metadata = || serde_json::from_str::<Metadata<'_>>(body.metadata?.get()).ok()?.user_id;
    let user = body.user.and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok()).or_else(metadata);
    content.user = user.filter(|user| !user.is_empty()).map(|user| user.0.into_owned());
    content
}

/// FNV-1a, 64 bits: the same on every node and in every version, which std's hashers do not promise.
struct Opening(u64);

impl Default for Opening {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Opening {
    fn add(&mut self, raw: &RawValue) {
        for byte in raw.get().bytes().take(OPENING).chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds everything up to the first message of the user. A conversation that is one string is that message.
    fn add_first(&mut self, messages: &RawValue) {
        let Ok(turns) = serde_json::from_str::<Vec<&RawValue>>(messages.get()) else { return self.add(messages) };
        for raw in turns {
            self.add(raw);
            let role = serde_json::from_str::<Turn<'_>>(raw.get()).ok().and_then(|turn| turn.role);
            if role.is_none_or(|role| *role == *"user") {
                return;
            }
        }
    }
}

/// Looks through messages for parts that are not text.
struct Walk<'c>(&'c mut Content);

/// Members whose values are a tool's own words: what looks like a part there is none.
const FOREIGN: [&str; 5] = ["input", "args", "arguments", "parameters", "response"];

impl Walk<'_> {
    fn part(&mut self, kind: &str) {
        match kind {
            "image" | "image_url" | "input_image" => self.0.images = true,
            "audio" | "input_audio" => self.0.audio = true,
            "document" | "file" | "input_file" => self.0.documents = true,
            _ => {}
        }
    }

    fn media(&mut self, mime: &str) {
        match mime.split('/').next() {
            Some("image") => self.0.images = true,
            Some("audio") => self.0.audio = true,
            _ => self.0.documents = true,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A value of which only a string matters.
struct Word<'a>(Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).ok()))
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key {
                "type" => {
                    if let Word(Some(kind)) = map.next_value()? {
                        self.part(&kind);
                    }
                }
                "mimeType" | "mime_type" => {
                    if let Word(Some(mime)) = map.next_value()? {
                        self.media(&mime);
                    }
                }
                name if FOREIGN.contains(&name) => drop(map.next_value::<IgnoredAny>()?),
                _ => map.next_value_seed(Walk(&mut *self.0))?,
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while list.next_element_seed(Walk(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(body: Value) -> Content {
        content(body.to_string().as_bytes())
    }

    fn kinds(body: Value) -> [bool; 3] {
        let content = of(body);
        [content.images, content.audio, content.documents]
    }

    #[test]
    fn images_audio_and_documents_are_found_in_every_dialect() {
        let message = |parts: Value| json!({"messages": [{"role": "user", "content": parts}]});
        assert_eq!(kinds(message(json!("a plain text that says image_url"))), [false; 3]);
        assert_eq!(kinds(message(json!([{"type": "text", "text": "image"}]))), [false; 3]);
        let picture = json!({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}});
        assert_eq!(kinds(message(json!([picture]))), [true, false, false]);
        assert_eq!(kinds(message(json!([{"type": "input_audio", "input_audio": {}}]))), [false, true, false]);
        assert_eq!(kinds(message(json!([{"type": "file", "file": {}}]))), [false, false, true]);
        let shot = json!({"type": "tool_result", "content": [{"type": "image", "source": {"type": "base64"}}]});
        assert_eq!(kinds(message(json!([shot]))), [true, false, false]);
        assert_eq!(kinds(message(json!([{"type": "document", "source": {}}]))), [false, false, true]);
        let item = json!({"role": "user", "content": [{"type": "input_image"}, {"type": "input_file"}]});
        assert_eq!(kinds(json!({"input": [item]})), [true, false, true]);
        let gemini = |mime: &str| json!({"contents": [{"parts": [{"inlineData": {"mimeType": mime, "data": "AA"}}]}]});
        assert_eq!(kinds(gemini("image/png")), [true, false, false]);
        assert_eq!(kinds(gemini("audio/wav")), [false, true, false]);
        assert_eq!(kinds(gemini("application/pdf")), [false, false, true]);
    }

    #[test]
    fn what_a_tool_says_is_no_part() {
        let call = json!({"type": "tool_use", "name": "draw", "input": {"type": "image"}});
        assert_eq!(kinds(json!({"messages": [{"role": "assistant", "content": [call]}]})), [false; 3]);
    }

    #[test]
    fn the_opening_is_that_of_the_whole_conversation() {
        let turn = |role: &str, text: &str| json!({"role": role, "content": text});
        let first = json!({"system": "be kind", "messages": [turn("user", "hello")]});
        let later = json!({"system": "be kind", "messages": [
            turn("user", "hello"), turn("assistant", "hi"), turn("user", "and now?")]});
        assert_eq!(of(first.clone()).opening, of(later).opening);
        let other = json!({"system": "be kind", "messages": [turn("user", "good day")]});
        assert_ne!(of(first.clone()).opening, of(other).opening);
        let stern = json!({"system": "be stern", "messages": [turn("user", "hello")]});
        assert_ne!(of(first).opening, of(stern).opening);
        let system = |text: &str| json!({"messages": [turn("system", text), turn("user", "hello")]});
        assert_ne!(of(system("a")).opening, of(system("b")).opening, "a system message is not the user's");
        assert_eq!(of(json!({"input": "hello"})).opening, of(json!({"input": "hello", "store": false})).opening);
    }

    #[test]
    fn the_user_is_whom_the_body_names() {
        assert_eq!(of(json!({"user": "u-1"})).user.as_deref(), Some("u-1"));
        assert_eq!(of(json!({"metadata": {"user_id": "u-2"}})).user.as_deref(), Some("u-2"));
        assert_eq!(of(json!({"user": "", "metadata": 7})).user, None);
        assert_eq!(content(b"not json"), Content::default());
    }
}
