//! The last change of a request before it leaves: what the provider's quirks demand of a body of its format.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use weir_domain::quirks::Quirks;

use crate::error::RequestError;
use crate::peek::as_text;
use crate::report::Report;
use crate::request::UpstreamRequest;
use crate::splice::{Splice, span};
use crate::wire::Text;

impl UpstreamRequest {
    /// Makes of a request in the provider's format one that this provider takes: without what it refuses, under its
    /// names, with what it demands. `model` is its own name of the model, where that is another than the target's.
    /// Values that nobody changes keep their bytes; a body that needs no change is not touched.
    ///
    /// # Errors
    /// With `strict`, when a parameter of the caller would be left out.
    pub fn adapt(mut self, quirks: &Quirks, model: Option<&str>, strict: bool) -> Result<Self, RequestError> {
        if !concerns(quirks, model, &self.body) {
            return Ok(self);
        }
        let mut report = Report::new(strict);
        let body = {
            // What is no object, such as a form with a file, has no members that quirks could name.
            let members = std::str::from_utf8(&self.body).ok().and_then(|text| serde_json::from_str(text).ok());
            let Some(Members(members)) = members else { return Ok(self) };
            adapted(&members, quirks, model, &mut report)?
        };
        self.body = body;
        self.dropped.append(&mut report.into_dropped());
        Ok(self)
    }
}

/// Whether a body may hold something to change. A name that does not stand in it in quotes is no member of it, unless
/// it was written with escapes, which no encoder does to letters: then the provider judges.
fn concerns(quirks: &Quirks, model: Option<&str>, body: &[u8]) -> bool {
    if model.is_some() || quirks.model_in_path || !quirks.added.is_empty() {
        return true;
    }
    let holds = |name: &str| memmem::find(body, format!("\"{name}\"").as_bytes()).is_some();
    quirks.touch_bodies()
        && (quirks.unsupported.iter().chain(quirks.renamed.keys()).any(|name| holds(name))
            || quirks.no_developer_role && holds("developer"))
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(Text<'de>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Self)
    }
}

fn adapted(
    members: &[(Text<'_>, &RawValue)],
    quirks: &Quirks,
    model: Option<&str>,
    report: &mut Report,
) -> Result<Bytes, RequestError> {
    let has = |name: &str| members.iter().any(|(key, _)| &**key == name);
    let mut out: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::with_capacity(members.len() + quirks.added.len());
    for (key, value) in members {
        let name: &str = key;
        if quirks.unsupported.iter().any(|refused| refused == name) {
            // `null` says what leaving out says.
            if value.get() != "null" {
                report.drop(name.to_owned(), "the provider refuses it")?;
            }
            continue;
        }
        match (name, quirks.renamed.get(name)) {
            ("model", _) if quirks.model_in_path => {}
            ("model", _) if model.is_some() => out.push((name.into(), quoted(model.unwrap_or_default()).into())),
            ("messages", _) if quirks.no_developer_role => out.push((name.into(), without_developer(value.get())?)),
            (_, Some(other)) if has(other) => {
                report.drop(name.to_owned(), format!("the provider knows it as {other}, which is there too"))?;
            }
            (_, Some(other)) => out.push((other.as_str().into(), value.get().into())),
            (_, None) => out.push((name.into(), value.get().into())),
        }
    }
    for (name, value) in quirks.added.iter().filter(|(name, _)| !has(name)) {
        out.push((name.as_str().into(), value.to_string().into()));
    }
    Ok(written(&out))
}

fn written(members: &[(Cow<'_, str>, Cow<'_, str>)]) -> Bytes {
    let size = members.iter().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>();
    let mut body = Vec::with_capacity(size + 2);
    body.push(b'{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(quoted(key).as_bytes());
        body.push(b':');
        body.extend_from_slice(value.as_bytes());
    }
    body.push(b'}');
    body.into()
}

/// Messages with the role `developer` under the role `system`, which is what it is called without reasoning models.
/// Source: <https://platform.openai.com/docs/api-reference/chat/create>.
fn without_developer(messages: &str) -> Result<Cow<'_, str>, RequestError> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow, default)]
        role: Option<&'a RawValue>,
    }
    // What is no list of messages is the provider's to refuse.
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(messages) else { return Ok(messages.into()) };
    let mut splice = Splice::default();
    for message in list {
        let role = serde_json::from_str::<Message<'_>>(message.get()).ok().and_then(|message| message.role);
        if let Some(role) = role.filter(|role| role.get() == "\"developer\"") {
            splice.replace(span(messages, role.get()), b"\"system\"".as_slice());
        }
    }
    let changed = splice.apply(&Bytes::copy_from_slice(messages.as_bytes()));
    as_text(&changed).map(|text| text.to_owned().into())
}

/// `text` as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
