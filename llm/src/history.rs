//! Takes reasoning out of a conversation that is forwarded within a dialect, where the target would refuse it.
//!
//! A conversation may move between models: a route falls back, or its target changes. What Weir put into answers for
//! the caller then comes back to a provider that never wrote it: `thinking_blocks` of a Claude model to a server of
//! OpenAI's dialect, or reasoning without a signature to Anthropic, which never takes it (rule 21).

use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use weir_domain::dialect::Dialect;

use crate::error::RequestError;
use crate::gemini;
use crate::peek::as_text;
use crate::report::Report;
use crate::responses::sealed::{FOREIGN, open_item};
use crate::sealed_id;
use crate::splice::{Splice, span};
use crate::wire::Text;

const REASON: &str = "reasoning of another provider's model is not sent back";
/// The same of Gemini.
const NO_PART: &str = r#"[{"text":"(no answer)"}]"#;
/// A part that is longer holds no signature.
const MAX_PART: usize = 1 << 20;
/// Stands in a turn that was nothing but such reasoning: Anthropic refuses empty turns.
const NO_TEXT: &str = r#"[{"type":"text","text":"(no answer)"}]"#;

/// The body without such reasoning; `None` when there is none, which a search tells without parsing.
///
/// # Errors
/// In strict mode, when there is some.
pub(crate) fn without_foreign_reasoning(
    dialect: Dialect,
    body: &Bytes,
    report: &mut Report,
) -> Result<Option<Bytes>, RequestError> {
    let marks: &[&[u8]] = match dialect {
        Dialect::Openai => &[b"\"thinking_blocks\""],
        Dialect::Anthropic => &[b"\"signature\":\"\"", b"\"signature\": \"\"", b"\"weir-r1.", b"\"google:"],
        Dialect::Responses => &[b"\"weir-x1."],
        Dialect::Gemini => &[gemini::foreign::MARKS[0].as_bytes(), gemini::foreign::MARKS[1].as_bytes()],
    };
    if marks.iter().all(|mark| memmem::find(body, mark).is_none()) {
        return Ok(None);
    }
    let text = as_text(body)?;
    if dialect == Dialect::Responses {
        return clean_responses(text, body, report);
    }
    // A conversation of another shape is for the provider to refuse.
    let Ok(Conversation { messages, contents }) = serde_json::from_str(text) else { return Ok(None) };
    let messages = if dialect == Dialect::Gemini { contents } else { messages };
    let mut splice = Splice::default();
    for (index, raw) in messages.into_iter().enumerate() {
        let Ok(mut message) = serde_json::from_str::<Members<'_>>(raw.get()) else { continue };
        let changed = match dialect {
            Dialect::Openai => clean_openai(index, &mut message, report)?,
            Dialect::Anthropic => clean_list((index, "messages", "content"), &mut message, is_unsigned, report)?,
            Dialect::Gemini => clean_list((index, "contents", "parts"), &mut message, is_foreign_part, report)?,
            Dialect::Responses => false,
        };
        if changed {
            splice.replace(span(text, raw.get()), serde_json::to_vec(&message).unwrap_or_default());
        }
    }
    Ok(Some(splice.apply(body)))
}

/// Items of `reasoning` that were translated from another dialect.
fn clean_responses(text: &str, body: &Bytes, report: &mut Report) -> Result<Option<Bytes>, RequestError> {
    #[derive(Deserialize)]
    struct Input<'a> {
        #[serde(borrow)]
        input: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        encrypted_content: Option<Text<'a>>,
    }
    let Ok(Input { input }) = serde_json::from_str(text) else { return Ok(None) };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(input.get()) else { return Ok(None) };
    let is_foreign = |item: &RawValue| {
        serde_json::from_str::<Item<'_>>(item.get())
            .is_ok_and(|item| item.encrypted_content.is_some_and(|sealed| sealed.starts_with(FOREIGN)))
    };
    let mut kept = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if is_foreign(item) {
            report.drop(format!("input[{index}]"), REASON)?;
        } else {
            kept.push(*item);
        }
    }
    if kept.len() == items.len() {
        return Ok(None);
    }
    let mut splice = Splice::default();
    splice.replace(span(text, input.get()), serde_json::to_vec(&kept).unwrap_or_default());
    Ok(Some(splice.apply(body)))
}

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow, default)]
    messages: Vec<&'a RawValue>,
    /// The same in Gemini's dialect.
    #[serde(borrow, default)]
    contents: Vec<&'a RawValue>,
}

/// `thinking_blocks`, and the text of them that `reasoning_content` repeats.
fn clean_openai(index: usize, message: &mut Members<'_>, report: &mut Report) -> Result<bool, RequestError> {
    if !message.0.iter().any(|(name, _)| &**name == "thinking_blocks") {
        return Ok(false);
    }
    message.0.retain(|(name, _)| !matches!(&**name, "thinking_blocks" | "reasoning_content"));
    report.drop(format!("messages[{index}].thinking_blocks"), REASON)?;
    Ok(true)
}

/// Pieces that are of others, from the list of them in a turn.
fn clean_list(
    (index, turns, list): (usize, &str, &str),
    message: &mut Members<'_>,
    is_foreign: fn(&RawValue) -> bool,
    report: &mut Report,
) -> Result<bool, RequestError> {
    let Some((_, content)) = message.0.iter_mut().find(|(name, _)| &**name == list) else { return Ok(false) };
    let Member::Given(raw) = content else { return Ok(false) };
    let Ok(pieces) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else { return Ok(false) };
    let mut kept = Vec::with_capacity(pieces.len());
    for (part, piece) in pieces.iter().enumerate() {
        if is_foreign(piece) {
            report.drop(format!("{turns}[{index}].{list}[{part}].thinking"), REASON)?;
        } else {
            kept.push(*piece);
        }
    }
    if kept.len() == pieces.len() {
        return Ok(false);
    }
    let no_text = if list == "parts" { NO_PART } else { NO_TEXT };
    let rest = match kept.as_slice() {
        [] => RawValue::from_string(no_text.to_owned()),
        kept => serde_json::value::to_raw_value(kept),
    };
    if let Ok(rest) = rest {
        *content = Member::Made(rest);
    }
    Ok(true)
}

/// A part that holds another vendor's reasoning, which only Weir puts there.
fn is_foreign_part(part: &RawValue) -> bool {
    let text = part.get();
    text.len() < MAX_PART && gemini::foreign::MARKS.iter().any(|mark| text.contains(&format!("\"{mark}")))
}

/// Blocks of `thinking` without a signature, and signatures of Google's models.
fn is_unsigned(block: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Text<'a>>,
        #[serde(borrow)]
        signature: Option<Text<'a>>,
        #[serde(borrow)]
        data: Option<Text<'a>>,
    }
    serde_json::from_str::<Block<'_>>(block.get()).is_ok_and(|block| match block.kind.as_deref() {
        Some("thinking") => {
            let signature = block.signature.as_deref().unwrap_or_default();
            signature.is_empty() || open_item(signature).is_some()
        }
        Some("redacted_thinking") => block.data.as_deref().is_some_and(|data| sealed_id::open_loose(data).is_some()),
        _ => false,
    })
}

/// An object as it stands: its members in their order, values unread.
struct Members<'a>(Vec<(Text<'a>, Member<'a>)>);

enum Member<'a> {
    Given(&'a RawValue),
    Made(Box<RawValue>),
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(raw) => raw.serialize(serializer),
            Self::Made(raw) => raw.serialize(serializer),
        }
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, value)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name, Member::Given(raw)));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(dialect: Dialect, body: &str) -> (Option<String>, Vec<String>) {
        let mut report = Report::new(false);
        let made = without_foreign_reasoning(dialect, &Bytes::copy_from_slice(body.as_bytes()), &mut report).unwrap();
        let paths = report.into_dropped().into_iter().map(|dropped| dropped.path).collect();
        (made.map(|body| String::from_utf8(body.to_vec()).unwrap()), paths)
    }

    #[test]
    fn blocks_of_a_claude_model_do_not_go_to_an_openai_server() {
        let body = r#"{"messages":[{"role":"user","content":"thinking_blocks"},
            {"role":"assistant","reasoning_content":"t","content":"a", "thinking_blocks":[{"type":"thinking"}],"x":1.50}],"y":1}"#;
        let (made, paths) = cleaned(Dialect::Openai, body);
        let expected = r#"{"messages":[{"role":"user","content":"thinking_blocks"},
            {"role":"assistant","content":"a","x":1.50}],"y":1}"#;
        assert_eq!((made.as_deref(), paths), (Some(expected), vec!["messages[1].thinking_blocks".to_owned()]));
    }

    #[test]
    fn a_providers_own_reasoning_stays() {
        let body = r#"{"messages":[{"role":"assistant","reasoning_content":"t","content":"a"}]}"#;
        assert_eq!(cleaned(Dialect::Openai, body), (None, vec![]));
        let body =
            r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]}]}"#;
        assert_eq!(cleaned(Dialect::Anthropic, body), (None, vec![]));
    }

    #[test]
    fn unsigned_reasoning_does_not_go_to_anthropic() {
        let body = concat!(
            r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},"#,
            r#"{"type":"text","text":"\u0061"},{"signature":"s","type":"thinking"}]},"#,
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature": ""}]},{"role":"user","content":"x"}]}"#
        );
        let expected = concat!(
            r#"{"messages":[{"role":"assistant","content":[{"type":"text","text":"\u0061"},{"signature":"s","type":"thinking"}]},"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"(no answer)"}]},{"role":"user","content":"x"}]}"#
        );
        let (made, paths) = cleaned(Dialect::Anthropic, body);
        assert_eq!(made.as_deref(), Some(expected));
        assert_eq!(paths, ["messages[0].content[0].thinking", "messages[1].content[0].thinking"]);
    }
}
