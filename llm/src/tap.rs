//! Reads usage from the side: from an answer that is passed on as it is, in whichever of the known formats it comes.
//! Constant memory, whatever the answer's length; what is not understood is unknown usage, never a guess and never 0.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::usage::{Tokens, Usage, UsageSource};

use crate::members::Members;
use crate::openai::io_usage::{self, Made};
use crate::sse::SseParser;
use crate::usage::Sighted;
use crate::wire::Text;
use crate::{anthropic, gemini, openai};

/// The largest event that is looked at.
const MAX_EVENT: usize = 4 << 20;
/// What is looked for at the top of a whole answer.
const NAMES: &[&str] = &["model", "modelVersion", "type", "output_format", "service_tier", "usage", "usageMetadata"];

/// Reads along with one answer.
#[derive(Debug)]
pub struct Tap {
    form: Form,
    seen: Seen,
}

#[derive(Debug)]
enum Form {
    Json(Members),
    Events(SseParser),
    /// Nothing that tells usage.
    Other,
}

/// What the side reading found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// The model that answered, in the provider's words.
    pub model: Option<String>,
    /// What it consumed; `None` when the answer does not say.
    pub usage: Option<Usage>,
}

#[derive(Debug, Default)]
struct Seen {
    model: Option<String>,
    openai: Option<Sighted>,
    anthropic: Option<anthropic::usage::WireUsage>,
}

/// What may stand at the top of an answer or an event, or one level below.
#[derive(Debug, Default, Deserialize)]
struct Shape<'a> {
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default, rename = "modelVersion")]
    model_version: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    /// Only images have it.
    #[serde(borrow, default)]
    output_format: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    /// Gemini's.
    #[serde(borrow, default, rename = "usageMetadata")]
    usage_metadata: Option<&'a RawValue>,
    /// Where Anthropic's first event has the rest.
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    /// Where the events of Responses have it.
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
}

/// Tells the formats of `usage` apart.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kind {
    prompt_tokens: Option<IgnoredAny>,
    completion_tokens: Option<IgnoredAny>,
    cache_read_input_tokens: Option<IgnoredAny>,
    cache_creation_input_tokens: Option<IgnoredAny>,
    input_tokens: Option<IgnoredAny>,
    output_tokens: Option<IgnoredAny>,
    input_tokens_details: Option<IgnoredAny>,
    output_tokens_details: Option<IgnoredAny>,
    #[serde(alias = "input_token_details", alias = "output_token_details")]
    token_details: Option<IgnoredAny>,
    total_tokens: Option<IgnoredAny>,
    seconds: Option<IgnoredAny>,
}

impl Tap {
    /// For an answer of a media type, as its `content-type` says.
    #[must_use]
    pub fn new(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match kind.as_str() {
            "text/event-stream" => Form::Events(SseParser::with_limit(MAX_EVENT)),
            kind if kind == "application/json" || kind.ends_with("+json") => Form::Json(Members::new(NAMES)),
            _ => Form::Other,
        };
        Self { form, seen: Seen::default() }
    }

    /// Takes the next bytes of the answer.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Json(members) => members.push(bytes),
            Form::Events(parser) => {
                let seen = &mut self.seen;
                let read = parser.push(bytes, |frame| -> Result<(), ()> {
                    seen.event(frame.data.as_deref().unwrap_or_default());
                    Ok(())
                });
                if read.is_err() {
                    // An event too large to look at: what follows cannot be told apart any more.
                    (self.form, self.seen) = (Form::Other, Seen::default());
                }
            }
            Form::Other => {}
        }
    }

    /// One event that did not come as a stream of events, such as a message of a WebSocket.
    pub fn event(&mut self, data: &[u8]) {
        self.seen.event(data);
    }

    /// What was found. `whole` is whether the answer has come to its end: what a broken one says is not all.
    #[must_use]
    pub fn finish(mut self, whole: bool) -> Metered {
        match &mut self.form {
            Form::Json(members) => self.seen.event(members.object().as_bytes()),
            Form::Events(parser) => {
                let seen = &mut self.seen;
                _ = parser.finish(|frame| -> Result<(), ()> {
                    seen.event(frame.data.as_deref().unwrap_or_default());
                    Ok(())
                });
            }
            Form::Other => {}
        }
        self.seen.metered(whole)
    }

    /// What was found so far in events.
    #[must_use]
    pub fn so_far(&self, whole: bool) -> Metered {
        self.seen.metered(whole)
    }
}

/// The answer is whole: what it does not count, as an embedding's output, is none.
fn complete(sighted: Sighted) -> Usage {
    let input = sighted.input.or(Some(Tokens::default()));
    let output = sighted.output.or(Some(Tokens::default()));
    Usage { source: UsageSource::Provider, ..Sighted { input, output, ..sighted }.complete(0, 0) }
}

impl Seen {
    fn metered(&self, whole: bool) -> Metered {
        let sighted = self.openai.or_else(|| self.anthropic.map(anthropic::usage::WireUsage::sighted));
        let told = |sighted: &Sighted| !sighted.is_empty() || !sighted.units.is_empty();
        Metered { model: self.model.clone(), usage: sighted.filter(|sighted| whole && told(sighted)).map(complete) }
    }

    fn event(&mut self, data: &[u8]) {
        if let Ok(shape) = serde_json::from_slice::<Shape<'_>>(data) {
            self.read(&shape);
            for inner in [shape.message, shape.response].into_iter().flatten() {
                if let Ok(shape) = serde_json::from_str::<Shape<'_>>(inner.get()) {
                    self.read(&shape);
                }
            }
        }
    }

    fn read(&mut self, shape: &Shape<'_>) {
        if let Some(model) = shape.model.as_deref().or(shape.model_version.as_deref()).filter(|m| !m.is_empty()) {
            self.model = Some(model.chars().take(256).collect());
        }
        if let Some(raw) = shape.usage_metadata.filter(|raw| raw.get().starts_with('{')) {
            self.openai = Some(gemini::usage::read(raw, true));
        }
        let Some(raw) = shape.usage.filter(|raw| raw.get().starts_with('{')) else { return };
        let kind: Kind = serde_json::from_str(raw.get()).unwrap_or_default();
        if kind.is_openai() {
            self.openai = Some(openai::usage::with_tier(openai::usage::read(raw), shape.service_tier));
        } else if kind.is_anthropic() {
            self.anthropic.get_or_insert_default().update(anthropic::usage::WireUsage::read(raw));
        } else {
            let sighted = io_usage::read(raw, shape.made());
            self.openai = Some(openai::usage::with_tier(sighted, shape.service_tier));
        }
    }
}

impl Shape<'_> {
    /// What output is made of where usage does not say.
    fn made(&self) -> Made {
        match self.kind.as_deref().unwrap_or_default() {
            kind if kind.starts_with("image_") || self.output_format.is_some() => Made::Images,
            kind if kind.starts_with("speech.") => Made::Audio,
            _ => Made::Text,
        }
    }
}

impl Kind {
    fn is_openai(&self) -> bool {
        self.prompt_tokens.is_some() || self.completion_tokens.is_some()
    }

    fn is_anthropic(&self) -> bool {
        let counted = self.input_tokens.is_some() || self.output_tokens.is_some();
        let cached = self.cache_read_input_tokens.is_some() || self.cache_creation_input_tokens.is_some();
        // Responses and images have a total and details.
        let details = [&self.input_tokens_details, &self.output_tokens_details, &self.token_details];
        let other = details.into_iter().any(Option::is_some) || self.seconds.is_some();
        cached || (counted && !other && self.total_tokens.is_none())
    }
}

/// Reads from the side which model a request asks for.
#[derive(Debug)]
pub struct ModelTap(Members);

impl Default for ModelTap {
    fn default() -> Self {
        Self(Members::new(&["model"]))
    }
}

impl ModelTap {
    /// Takes the next bytes of a JSON request.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// The model that the bytes so far ask for.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        let object = self.0.object();
        let shape: Shape<'_> = serde_json::from_str(&object).ok()?;
        shape.model.as_deref().filter(|model| !model.is_empty()).map(|model| model.chars().take(256).collect())
    }
}

#[cfg(test)]
mod tests;
