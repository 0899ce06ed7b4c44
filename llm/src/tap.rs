//! Reads usage from the side: from an answer that is passed on as it is, in whichever of the known formats it comes.
//! Constant memory, whatever the answer's length; what is not understood is unknown usage, never a guess and never 0.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use weir_domain::usage::{Tokens, Units, Usage, UsageSource};

use crate::members::{List, Members};
use crate::openai::io_usage::{self, Made};
use crate::openai::search_fee::SearchSize;
use crate::openai::usage::Beside;
use crate::sse::SseParser;
use crate::usage::Sighted;
use crate::wire::Text;
use crate::{anthropic, gemini, openai, responses};

/// The largest event that is looked at.
const MAX_EVENT: usize = 4 << 20;
/// What is looked for at the top of a whole answer.
const NAMES: &[&str] =
    &["model", "modelVersion", "object", "type", "status", "output_format", "service_tier", "usage", "usageMetadata"];
/// The lists in which an answer tells of tools that the provider ran.
const LISTS: &[List] =
    &[List { name: "output", of_each: &["type"] }, List { name: "candidates", of_each: &["groundingMetadata"] }];

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
    /// The size of searches that the request asks for.
    asked: SearchSize,
    openai: Option<Sighted>,
    anthropic: Option<anthropic::usage::WireUsage>,
    /// What tools of the provider did, as far as that stands beside usage.
    tools: Units,
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
    /// `response` for one of the Responses API.
    #[serde(borrow, default)]
    object: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    /// Items of the Responses API.
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    /// Gemini's.
    #[serde(borrow, default)]
    candidates: Option<&'a RawValue>,
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
    cache_creation: Option<IgnoredAny>,
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
    /// For an answer of a media type, as its `content-type` says, to a request that was read along with.
    #[must_use]
    pub fn to(asked: Option<&ModelTap>, content_type: &str) -> Self {
        let mut tap = Self::new(content_type);
        tap.seen.asked = asked.map(ModelTap::search_size).unwrap_or_default();
        tap
    }

    /// For an answer of a media type, as its `content-type` says.
    #[must_use]
    pub fn new(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match kind.as_str() {
            "text/event-stream" => Form::Events(SseParser::with_limit(MAX_EVENT)),
            kind if kind == "application/json" || kind.ends_with("+json") => {
                Form::Json(Members::with_lists(NAMES, LISTS))
            }
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
            Form::Json(members) => {
                self.seen.event(members.object().as_bytes());
                // Tools may have done more than is known.
                self.seen.tools.unlisted += u64::from(members.overflowed());
            }
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

    /// Bytes that are held in memory of a whole answer.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        if let Form::Json(members) = &self.form { members.kept() } else { 0 }
    }

    /// What was found so far in events.
    #[must_use]
    pub fn so_far(&self, whole: bool) -> Metered {
        self.seen.metered(whole)
    }
}

/// The answer is whole: what it does not count, as an embedding's output, is none.
pub(crate) fn complete(sighted: Sighted) -> Usage {
    let input = sighted.input.or(Some(Tokens::default()));
    let output = sighted.output.or(Some(Tokens::default()));
    Usage { source: UsageSource::Provider, ..Sighted { input, output, ..sighted }.complete(0, 0) }
}

impl Seen {
    fn metered(&self, whole: bool) -> Metered {
        let sighted = self.openai.or_else(|| self.anthropic.map(anthropic::usage::WireUsage::sighted));
        let sighted = sighted.map(|sighted| Sighted { units: with_tools(sighted.units, self.tools), ..sighted });
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
        self.read_tools(shape);
        if let Some(raw) = shape.usage_metadata.filter(|raw| raw.get().starts_with('{')) {
            self.openai = Some(gemini::usage::read(raw, true));
        }
        let Some(raw) = shape.usage.filter(|raw| raw.get().starts_with('{')) else { return };
        let kind: Kind = serde_json::from_str(raw.get()).unwrap_or_default();
        if kind.is_openai() {
            let beside = Beside { model: self.model.as_deref(), tier: shape.service_tier, asked: self.asked };
            self.openai = Some(openai::usage::of_answer(Some(raw), beside));
        } else if kind.is_anthropic() {
            self.anthropic.get_or_insert_default().update(anthropic::usage::WireUsage::read(raw));
        } else if shape.is_response() {
            self.openai = Some(openai::usage::with_tier(responses::usage::read(raw), shape.service_tier));
        } else {
            let sighted = io_usage::read(raw, shape.made());
            self.openai = Some(openai::usage::with_tier(sighted, shape.service_tier));
        }
    }

    /// What is counted is counted by the code that counts it in answers that are translated.
    fn read_tools(&mut self, shape: &Shape<'_>) {
        if shape.is_response() {
            self.tools = responses::read_answer::tools(shape.output, shape.status);
        }
        let grounded = shape.candidates.map(|list| gemini::read_answer::tools(list, self.model.as_deref()));
        // An event that tells of none takes none back.
        if let Some(units) = grounded.filter(|units| !units.is_empty()) {
            self.tools = units;
        }
    }
}

/// What usage itself counts beside tokens, with what was seen of tools.
fn with_tools(units: Units, tools: Units) -> Units {
    Units {
        web_searches: units.web_searches + tools.web_searches,
        file_searches: units.file_searches + tools.file_searches,
        code_sessions: units.code_sessions + tools.code_sessions,
        map_queries: units.map_queries + tools.map_queries,
        unlisted: units.unlisted + tools.unlisted,
        ..units
    }
}

impl Shape<'_> {
    fn is_response(&self) -> bool {
        self.object.as_deref() == Some("response")
    }

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
        // Nobody else counts the cache by these names.
        let own = [&self.cache_read_input_tokens, &self.cache_creation_input_tokens, &self.cache_creation];
        let cached = own.into_iter().any(Option::is_some);
        // Responses and images have a total and details.
        let details = [&self.input_tokens_details, &self.output_tokens_details, &self.token_details];
        let other = details.into_iter().any(Option::is_some) || self.seconds.is_some();
        cached || (counted && !other && self.total_tokens.is_none())
    }
}

/// Reads from the side which model a request asks for.
#[derive(Debug)]
pub struct ModelTap(Members);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    web_search_options: Option<&'a RawValue>,
}

impl Default for ModelTap {
    fn default() -> Self {
        Self(Members::new(&["model", "web_search_options"]))
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
        let asked: Asked<'_> = serde_json::from_str(&object).ok()?;
        asked.model.as_deref().filter(|model| !model.is_empty()).map(|model| model.chars().take(256).collect())
    }

    fn search_size(&self) -> SearchSize {
        let object = self.0.object();
        let asked: Asked<'_> = serde_json::from_str(&object).unwrap_or_default();
        SearchSize::of_request(asked.web_search_options)
    }
}

#[cfg(test)]
mod tests;
