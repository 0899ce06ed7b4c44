//! What a fake provider does with a request, where it shall not simply answer well.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The behaviour for one request. The default is a healthy vendor that answers from the request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// What the model says; absent: made from the request.
    pub reply: Option<Reply>,
    /// Refuse with this status, in the vendor's error shape.
    pub status: Option<u16>,
    /// The body of the refusal or of the answer, in place of the vendor's.
    pub body: Option<String>,
    /// Headers added to the answer.
    pub headers: Vec<(String, String)>,
    /// What goes wrong on the way.
    pub fault: Option<Fault>,
    /// The form that the answer takes on the wire.
    pub wire: Wire,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is reset in place of an answer.
    ResetBeforeHead,
    /// No answer ever comes; the connection stays open until the peer closes it.
    BlackHole,
    /// The head comes, then nothing.
    SilenceAfterHead,
    /// Within a 200 stream, an error event in place of event number `after` (0: the first one), then the end.
    ErrorEvent {
        /// Good events before it.
        after: usize,
    },
    /// The stream ends cleanly, but too early.
    EndAfterEvents {
        /// Good events before it.
        after: usize,
    },
    /// The connection is reset inside the body.
    CutAfterBytes {
        /// Bytes of the body before it.
        after: usize,
    },
    /// `content-length` says more than is sent; the connection closes at the end.
    LengthTooLong {
        /// By how many bytes.
        by: usize,
    },
}

/// The form on the wire. All forms mean the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wire {
    /// Wait before the head.
    pub head_delay_ms: u64,
    /// Wait between two events.
    pub event_delay_ms: u64,
    /// Send the body in pieces of this many bytes, regardless of events and characters.
    pub cut_every: Option<usize>,
    /// Send the body in two pieces, split at this byte.
    pub cut_at: Option<usize>,
    /// Wait between two pieces; with a cut, at least 200 µs, so that they do not arrive as one.
    pub piece_delay_ms: u64,
    /// End lines by CR LF.
    pub crlf: bool,
    /// Comments between the events, as keep-alives.
    pub comments: bool,
    /// A byte order mark first.
    pub bom: bool,
    /// Each JSON document over several `data:` lines.
    pub multi_line: bool,
    /// No space after the colons.
    pub tight: bool,
    /// A whole answer chunked, in place of a `content-length`.
    pub chunked: bool,
    /// Leave usage out.
    pub no_usage: bool,
    /// Send usage twice: on the last chunk with a choice too (OpenAI), in a second `message_delta` (Anthropic).
    pub usage_twice: bool,
}

/// What the model says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    /// Visible text.
    pub text: String,
    /// Thinking before the text; only Anthropic shows it.
    pub thinking: Option<String>,
    /// Tools called, in order.
    pub tools: Vec<ToolCall>,
    /// Why the model stopped; absent: at its end, or for its tools.
    pub stop: Option<Stop>,
    /// What it consumed; absent: counted from the texts.
    pub usage: Option<Counts>,
    /// Id of the answer; absent: a new one each time.
    pub id: Option<String>,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments, as JSON text.
    pub arguments: String,
    /// The call's id; absent: made by the vendor.
    #[serde(default)]
    pub id: Option<String>,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stop {
    /// It was done.
    End,
    /// The limit on output was reached.
    Length,
    /// It waits for tools.
    Tools,
    /// It met a stop sequence. OpenAI does not say which.
    Sequence(String),
    /// It declined.
    Refusal,
}

/// Tokens consumed, in disjoint buckets; each vendor sums them in its own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counts {
    /// Input that met no cache.
    pub input: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache for five minutes; Anthropic only.
    pub cache_write_5m: u64,
    /// Input written to a cache for an hour; Anthropic only.
    pub cache_write_1h: u64,
    /// Output without reasoning.
    pub output: u64,
    /// Reasoning; OpenAI counts it apart within the output, Anthropic does not tell.
    pub reasoning: u64,
}

impl Script {
    /// Refuses with a status, in the vendor's error shape.
    #[must_use]
    pub fn refuse(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Fails in the given way.
    #[must_use]
    pub fn fail(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Says exactly this.
    #[must_use]
    pub fn say(reply: Reply) -> Self {
        Self { reply: Some(reply), ..Self::default() }
    }

    /// The same, with a header added to the answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, in another form on the wire.
    #[must_use]
    pub fn on_wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }
}

impl Wire {
    /// The wait between two pieces of the body.
    #[must_use]
    pub fn piece_delay(&self) -> Duration {
        let cut = self.cut_at.is_some() || self.cut_every.is_some();
        let least = if cut { Duration::from_micros(200) } else { Duration::ZERO };
        Duration::from_millis(self.piece_delay_ms).max(least)
    }
}

impl Reply {
    /// Says a text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Calls tools, given as pairs of name and arguments.
    #[must_use]
    pub fn calls(calls: &[(&str, &str)]) -> Self {
        let tools = calls
            .iter()
            .map(|(name, arguments)| ToolCall {
                name: (*name).to_owned(),
                arguments: (*arguments).to_owned(),
                id: None,
            })
            .collect();
        Self { tools, ..Self::default() }
    }

    /// Why the model stops here.
    #[must_use]
    pub fn stop(&self) -> Stop {
        match &self.stop {
            Some(stop) => stop.clone(),
            None if self.tools.is_empty() => Stop::End,
            None => Stop::Tools,
        }
    }

    /// What this reply consumes after a prompt of `prompt` bytes.
    #[must_use]
    pub fn counts(&self, prompt: usize) -> Counts {
        self.usage.unwrap_or_else(|| {
            let tools: usize = self.tools.iter().map(|t| t.name.len() + t.arguments.len()).sum();
            let output = 1 + (self.text.len() + tools) as u64 / 4;
            let reasoning = self.thinking.as_ref().map_or(0, String::len) as u64 / 4;
            Counts { input: 8 + prompt as u64 / 4, output, reasoning, ..Counts::default() }
        })
    }
}

impl Counts {
    /// All input, as OpenAI counts it.
    #[must_use]
    pub fn input_total(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    /// All output, as both vendors count it.
    #[must_use]
    pub fn output_total(&self) -> u64 {
        self.output + self.reasoning
    }
}
