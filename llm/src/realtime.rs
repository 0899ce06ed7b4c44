//! What a realtime server says that concerns the ledger: one event of a session at a time, read from the side.
//! Source: <https://platform.openai.com/docs/api-reference/realtime-server-events>.

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::usage::Usage;

use crate::openai::io_usage::{self, Made};
use crate::tap;
use crate::wire::Text;

/// The longest id, model or code that is kept, in characters.
const MAX_NAME: usize = 256;
/// What the events that matter hold somewhere: everything else, sound above all, is not parsed.
const WORDS: [&[u8]; 7] = [
    b"response.done",
    b"response.created",
    b"session.created",
    b"session.updated",
    b"transcription.completed",
    b"transcription.failed",
    b"\"error\"",
];

/// An event that the ledger takes note of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RealtimeEvent {
    /// The session is as this says from now on.
    Session {
        /// Whether it has just begun: what it names then, no caller has chosen in it.
        begins: bool,
        /// The model that answers; `None` where it is not named.
        model: Option<String>,
        /// The model that writes down what is said to the session; `None` when nothing does.
        transcription: Option<String>,
    },
    /// A response has begun.
    Began {
        /// Its id.
        response: String,
    },
    /// A response is at its end.
    Done(Box<RealtimeDone>),
    /// Something that was said to the session has been written down.
    Transcribed {
        /// What that consumed; `None` when the event does not say.
        usage: Option<Box<Usage>>,
    },
    /// Something that was said to the session could not be written down.
    Untranscribed {
        /// Why, in a word.
        code: String,
    },
    /// Something went wrong that ends no response.
    Error {
        /// What, in a word.
        code: String,
    },
}

/// A response that is at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RealtimeDone {
    /// Its id.
    pub response: String,
    /// The model that it says gave it; most servers do not say.
    pub model: Option<String>,
    /// How it ended.
    pub status: RealtimeStatus,
    /// What went wrong, in a word.
    pub code: Option<String>,
    /// What it consumed; `None` when the event does not say.
    pub usage: Option<Usage>,
}

/// How a response ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RealtimeStatus {
    /// With all that belongs to it, or at a limit that the session has.
    #[default]
    Completed,
    /// Because the caller spoke, or wanted no more of it.
    Cancelled,
    /// By a fault of the server.
    Failed,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Response<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
    #[serde(borrow, default)]
    status_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Details<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Fault<'a> {
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
}

/// Where both versions of the protocol have the model of transcriptions: the first beside the session's other settings,
/// the present one below `audio.input`.
#[derive(Default, Deserialize)]
struct Session<'a> {
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    input_audio_transcription: Option<&'a RawValue>,
    #[serde(borrow, default)]
    audio: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Audio<'a> {
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Input<'a> {
    #[serde(borrow, default)]
    transcription: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Transcription<'a> {
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
}

/// Reads a message of the server. `None` for all that the ledger has no interest in, what is no event included.
#[must_use]
pub fn realtime_event(message: &[u8]) -> Option<RealtimeEvent> {
    let concerns = WORDS.iter().any(|word| memchr::memmem::find(message, word).is_some());
    if !concerns || !message.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let event: Event<'_> = serde_json::from_slice(message).ok()?;
    match event.kind.as_deref()? {
        "session.created" | "session.updated" | "transcription_session.created" | "transcription_session.updated" => {
            let begins = event.kind.as_deref()?.ends_with(".created");
            let session: Session<'_> = part(event.session).unwrap_or_default();
            let model = session.model.as_deref().filter(|model| !model.is_empty()).map(name);
            Some(RealtimeEvent::Session { begins, model, transcription: transcription(&session) })
        }
        "response.created" => {
            let response: Response<'_> = part(event.response)?;
            Some(RealtimeEvent::Began { response: name(&response.id?) })
        }
        "response.done" => Some(RealtimeEvent::Done(Box::new(done(&part(event.response).unwrap_or_default())))),
        "conversation.item.input_audio_transcription.completed" => {
            Some(RealtimeEvent::Transcribed { usage: usage(event.usage).map(Box::new) })
        }
        "conversation.item.input_audio_transcription.failed" => {
            Some(RealtimeEvent::Untranscribed { code: code(event.error).unwrap_or_else(unnamed) })
        }
        "error" => Some(RealtimeEvent::Error { code: code(event.error).unwrap_or_else(unnamed) }),
        _ => None,
    }
}

/// The message by which a client ends a response early. What it consumed so far is told at its end.
#[must_use]
pub fn realtime_cancel(response: &str) -> String {
    serde_json::json!({"type": "response.cancel", "response_id": response}).to_string()
}

fn done(response: &Response<'_>) -> RealtimeDone {
    let details: Details<'_> = part(response.status_details).unwrap_or_default();
    RealtimeDone {
        response: response.id.as_deref().map(name).unwrap_or_default(),
        model: response.model.as_deref().filter(|model| !model.is_empty()).map(name),
        status: match response.status.as_deref() {
            Some("failed") => RealtimeStatus::Failed,
            Some("cancelled") => RealtimeStatus::Cancelled,
            _ => RealtimeStatus::Completed,
        },
        code: code(details.error),
        usage: usage(response.usage),
    }
}

fn transcription(session: &Session<'_>) -> Option<String> {
    let now = part(session.audio).and_then(|audio: Audio<'_>| part(audio.input));
    let settings = now.and_then(|input: Input<'_>| input.transcription).or(session.input_audio_transcription);
    let model = part(settings).and_then(|settings: Transcription<'_>| settings.model)?;
    (!model.is_empty()).then(|| name(&model))
}

/// Usage that counts something; an object without numbers says nothing.
fn usage(raw: Option<&RawValue>) -> Option<Usage> {
    let sighted = io_usage::read(raw.filter(|raw| raw.get().starts_with('{'))?, Made::Text);
    (!sighted.is_empty() || !sighted.units.is_empty()).then(|| tap::complete(sighted))
}

fn code(raw: Option<&RawValue>) -> Option<String> {
    let fault: Fault<'_> = part(raw)?;
    let words = [fault.code, fault.kind];
    words.into_iter().flatten().find(|word| !word.is_empty()).map(|word| name(&word))
}

fn unnamed() -> String {
    "error".to_owned()
}

/// A part of an event, where it is an object; what else a server writes there says nothing.
fn part<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    raw.filter(|raw| raw.get().starts_with('{')).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn name(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests;
