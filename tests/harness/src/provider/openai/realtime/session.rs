//! What a realtime session remembers, hears and says, and what it counts.
//! Source: <https://platform.openai.com/docs/api-reference/realtime-server-events>.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::provider::vendor_id;

/// Bytes of sound for one token: a tenth of a second of 24 kHz PCM.
const BYTES_PER_TOKEN: u64 = 4_800;
/// Bytes of sound in a second.
const BYTES_PER_SECOND: f64 = 48_000.0;
/// Tokens of speech for each word of it.
const SPOKEN: u64 = 20;

/// What the server does.
#[derive(Debug)]
pub(super) enum Act {
    /// Says an event.
    Say(Value),
    /// Says it in so many fragments.
    SayInParts(Value, usize),
    /// Sends bytes that need be no frame.
    Bytes(Vec<u8>),
    /// Does nothing for a while.
    Wait(Duration),
    /// Resets the connection.
    Reset,
    /// Ends the connection without a close.
    HangUp,
    /// Sends a close.
    Close(u16, &'static str),
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default)]
struct Tokens {
    text: u64,
    audio: u64,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    settings: Value,
    /// What was said to it since the last response.
    fresh: Tokens,
    /// What was said before, by either side: it is read from the cache.
    before: Tokens,
    last_text: String,
    sound: Vec<u8>,
    events: u64,
    responses: u64,
    /// The response that waits to be ended.
    held: Option<Value>,
}

impl Session {
    pub(super) fn new(model: &str) -> Self {
        let settings = json!({"type": "realtime", "object": "realtime.session", "model": model, "instructions": "",
            "output_modalities": ["audio"], "audio": {"input": {"transcription": null}, "output": {"voice": "alloy"}}});
        Self {
            id: vendor_id("sess_", 1),
            settings,
            fresh: Tokens::default(),
            before: Tokens::default(),
            last_text: String::new(),
            sound: Vec::new(),
            events: 0,
            responses: 0,
            held: None,
        }
    }

    /// The event that opens a session.
    pub(super) fn created(&self) -> String {
        let mut session = self.settings.clone();
        session["id"] = json!(self.id);
        json!({"type": "session.created", "event_id": "event_created", "session": session}).to_string()
    }

    /// What is done about an event of the client. `no_usage` leaves usage out.
    pub(super) fn hear(&mut self, event: &Value, no_usage: bool) -> Vec<Act> {
        match event["type"].as_str().unwrap_or_default() {
            "session.update" => self.update(&event["session"]),
            "conversation.item.create" => self.item(&event["item"]),
            "input_audio_buffer.append" => {
                let sound = BASE64_STANDARD.decode(event["audio"].as_str().unwrap_or_default());
                self.sound.extend(sound.unwrap_or_default());
                Vec::new()
            }
            "input_audio_buffer.commit" => self.commit(),
            "response.create" => self.respond(&event["response"], no_usage),
            "response.cancel" => match self.held.take() {
                Some(response) => vec![self.done(response, "cancelled", no_usage)],
                None => vec![self.error("response_cancel_not_active", "there is no response to cancel")],
            },
            other => vec![self.error("invalid_value", &format!("Invalid value: '{other}'"))],
        }
    }

    fn update(&mut self, change: &Value) -> Vec<Act> {
        if change["model"].as_str().is_some_and(|model| self.settings["model"] != model) {
            return vec![self.error("invalid_model", "the model of a session cannot be changed")];
        }
        for (name, value) in change.as_object().into_iter().flatten() {
            self.settings[name] = value.clone();
        }
        let session = self.settings.clone();
        vec![self.say("session.updated", &json!({"session": session}))]
    }

    fn item(&mut self, item: &Value) -> Vec<Act> {
        for part in item["content"].as_array().into_iter().flatten() {
            let text = part["text"].as_str().unwrap_or_default();
            text.clone_into(&mut self.last_text);
            self.fresh.text += words(text);
        }
        vec![self.say("conversation.item.added", &json!({"item": item}))]
    }

    fn commit(&mut self) -> Vec<Act> {
        let bytes = self.sound.len() as u64;
        self.sound.clear();
        self.fresh.audio += bytes.div_ceil(BYTES_PER_TOKEN);
        "something said".clone_into(&mut self.last_text);
        let mut acts = vec![self.say("input_audio_buffer.committed", &json!({"item_id": "item_1"}))];
        let transcription = &self.settings["audio"]["input"]["transcription"]["model"];
        let Some(model) = transcription.as_str() else { return acts };
        // Billed by time: the first of its kind; later ones by tokens.
        let audio = bytes.div_ceil(BYTES_PER_TOKEN);
        #[expect(clippy::cast_precision_loss, reason = "a recording of a test is short")]
        let usage = match model {
            "whisper-1" => json!({"type": "duration", "seconds": bytes as f64 / BYTES_PER_SECOND}),
            _ => json!({"type": "tokens", "total_tokens": audio + 2, "input_tokens": audio, "output_tokens": 2,
                "input_token_details": {"text_tokens": 0, "audio_tokens": audio}}),
        };
        let fields = json!({"item_id": "item_1", "content_index": 0, "transcript": "something said", "usage": usage});
        acts.push(self.say("conversation.item.input_audio_transcription.completed", &fields));
        acts
    }

    fn respond(&mut self, wish: &Value, no_usage: bool) -> Vec<Act> {
        self.responses += 1;
        let wanted = wish["output_modalities"].as_array().or(self.settings["output_modalities"].as_array());
        let spoken = wanted.is_some_and(|kinds| kinds.iter().any(|kind| kind == "audio"));
        let response = json!({"object": "realtime.response", "id": vendor_id("resp_", self.responses),
            "status": "in_progress", "status_details": null, "output": [], "usage": null,
            "output_modalities": [if spoken { "audio" } else { "text" }]});
        let mut acts = vec![self.say("response.created", &json!({"response": response}))];
        let fake = wish["metadata"]["fake"].as_str().unwrap_or_default();
        let (what, number) = fake.split_once(' ').unwrap_or((fake, ""));
        let number: usize = number.parse().unwrap_or(1);
        let said = format!("You said: {}", self.last_text);
        match what {
            "hold" => {
                self.held = Some(response);
                return acts;
            }
            "reset" | "hang-up" | "close" | "fail" | "bad-frame" | "half-frame" => {
                // What was said before is to arrive before.
                acts.push(Act::Wait(Duration::from_millis(50)));
                acts.push(match what {
                    "reset" => Act::Reset,
                    "hang-up" => Act::HangUp,
                    "close" => Act::Close(1001, "the session has ended"),
                    "fail" => self.failed(response),
                    "bad-frame" => Act::Bytes(vec![0xc1, 0x01, b'x']),
                    _ => Act::Bytes(vec![0x81, 126, 1, 0, b'{']),
                });
                return acts;
            }
            "flood" => {
                let sound = BASE64_STANDARD.encode(vec![7; 48_000]);
                acts.extend((0..number).map(|_| self.say("response.output_audio.delta", &json!({"delta": sound}))));
            }
            _ if spoken => {
                let sound = BASE64_STANDARD.encode(vec![7; 960]);
                acts.push(self.say("response.output_audio.delta", &json!({"delta": sound})));
                acts.push(self.say("response.output_audio_transcript.done", &json!({"transcript": said})));
            }
            _ => {
                acts.push(self.say("response.output_text.delta", &json!({"delta": said})));
                acts.push(self.say("response.output_text.done", &json!({"text": said})));
            }
        }
        let mut done = self.done(response, "completed", no_usage);
        if let (Act::Say(event), "parts" | "huge") = (&mut done, what) {
            let size = if what == "huge" { 2 << 20 } else { 300_000 };
            event["response"]["output"] = json!([{"type": "message", "content": "z".repeat(size)}]);
            done = Act::SayInParts(event.clone(), number);
        }
        acts.push(done);
        acts
    }

    /// The end of a response, with what it consumed.
    fn done(&mut self, mut response: Value, status: &str, no_usage: bool) -> Act {
        let spoken = response["output_modalities"][0] == "audio";
        let text = words(&self.last_text) + 2;
        let output = Tokens { text, audio: if spoken { text * SPOKEN } else { 0 } };
        let (cached, fresh) = (self.before, std::mem::take(&mut self.fresh));
        let input = Tokens { text: cached.text + fresh.text, audio: cached.audio + fresh.audio };
        self.before = Tokens { text: input.text + output.text, audio: input.audio + output.audio };
        response["status"] = json!(status);
        if !no_usage {
            response["usage"] = json!({
                "total_tokens": input.text + input.audio + output.text + output.audio,
                "input_tokens": input.text + input.audio,
                "output_tokens": output.text + output.audio,
                "input_token_details": {"text_tokens": input.text, "audio_tokens": input.audio, "image_tokens": 0,
                    "cached_tokens": cached.text + cached.audio, "cached_tokens_details":
                        {"text_tokens": cached.text, "audio_tokens": cached.audio, "image_tokens": 0}},
                "output_token_details": {"text_tokens": output.text, "audio_tokens": output.audio},
            });
        }
        self.say("response.done", &json!({"response": response}))
    }

    fn failed(&mut self, mut response: Value) -> Act {
        response["status"] = json!("failed");
        response["status_details"] =
            json!({"type": "failed", "error": {"type": "server_error", "code": "rate_limit_exceeded"}});
        self.say("response.done", &json!({"response": response}))
    }

    fn error(&mut self, code: &str, message: &str) -> Act {
        let error = json!({"type": "invalid_request_error", "code": code, "message": message, "param": null});
        self.say("error", &json!({"error": error}))
    }

    fn say(&mut self, kind: &str, fields: &Value) -> Act {
        self.events += 1;
        let mut event = json!({"type": kind, "event_id": vendor_id("event_", self.events)});
        for (name, value) in fields.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        Act::Say(event)
    }
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}
