//! The output of a response as it grows: what a stream tells piece by piece and a whole answer at once.

use std::fmt::Write as _;

use serde::Serialize;
use weir_domain::usage::Usage;

use super::sealed;
use super::usage::OutUsage;
use crate::answer::AnswerContext;
use crate::error::{ErrorKind, WireError};
use crate::pricing::Cost;
use crate::reply::{Finish, native_id};

/// How far an item, or a response, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

/// An entry of `output`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Part>,
    },
    FunctionCall {
        id: String,
        status: Status,
        call_id: String,
        name: String,
        /// JSON in a string.
        arguments: String,
    },
    Reasoning {
        id: String,
        summary: Vec<Summary>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
}

/// A part of a message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    OutputText { text: String, annotations: [u8; 0], logprobs: [u8; 0] },
    Refusal { refusal: String },
}

/// A part of a summary of reasoning.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Summary {
    SummaryText { text: String },
}

impl Part {
    pub(super) fn text(text: &str) -> Self {
        Self::OutputText { text: text.to_owned(), annotations: [], logprobs: [] }
    }

    pub(super) fn refusal(text: &str) -> Self {
        Self::Refusal { refusal: text.to_owned() }
    }

    /// Its text, to be added to.
    pub(super) fn content(&mut self) -> &mut String {
        match self {
            Self::OutputText { text, .. } => text,
            Self::Refusal { refusal } => refusal,
        }
    }
}

impl Item {
    pub(super) fn message(id: String) -> Self {
        Self::Message { id, status: Status::InProgress, role: "assistant", content: Vec::new() }
    }

    pub(super) fn call(id: String, call_id: String, name: String) -> Self {
        Self::FunctionCall { id, status: Status::InProgress, call_id, name, arguments: String::new() }
    }

    pub(super) fn reasoning(id: String) -> Self {
        Self::Reasoning { id, summary: Vec::new(), encrypted_content: None }
    }

    /// Ends the item: a call without input has an empty object, reasoning is marked so that it is known when it comes
    /// back.
    pub(super) fn end(&mut self, with: Status) {
        match self {
            Self::Message { status, .. } => *status = with,
            Self::FunctionCall { status, arguments, .. } => {
                *status = with;
                if arguments.is_empty() {
                    arguments.push_str("{}");
                }
            }
            Self::Reasoning { encrypted_content, .. } => {
                encrypted_content.get_or_insert_with(|| sealed::seal_signature(""));
            }
        }
    }
}

/// The ids of a response and its items: native ones (rule 39), the same for the same answer.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) response: String,
    /// What the ids of items are made of: letters and digits of the response's.
    stem: String,
}

impl Ids {
    pub(super) fn new(upstream: Option<&str>, request_id: &str) -> Self {
        let response = native_id("resp_", upstream, request_id);
        let bare = response.trim_start_matches("resp_").chars().filter(char::is_ascii_alphanumeric);
        // The API takes ids of at most 64 characters back.
        let letters: Vec<char> = bare.collect();
        let stem = letters.iter().skip(letters.len().saturating_sub(40)).collect();
        Self { response, stem }
    }

    /// The id of the item with this index.
    pub(super) fn item(&self, prefix: &str, index: usize) -> String {
        let mut id = format!("{prefix}{}", self.stem);
        // Writing to a String cannot fail.
        _ = write!(id, "{index:02}");
        id
    }
}

/// How a response stands, to be written as an object.
pub(super) struct Standing<'a> {
    pub(super) ids: &'a Ids,
    pub(super) model: &'a str,
    pub(super) status: Status,
    /// Why it is incomplete.
    pub(super) reason: Option<&'static str>,
    pub(super) error: Option<&'a WireError>,
    pub(super) output: &'a [Item],
    pub(super) usage: Option<(&'a Usage, Cost)>,
}

#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: Status,
    background: bool,
    error: Option<OutError<'a>>,
    incomplete_details: Option<IncompleteDetails>,
    model: &'a str,
}

#[derive(Serialize)]
struct Tail<'a> {
    output: &'a [Item],
    usage: Option<OutUsage>,
}

#[derive(Serialize)]
struct IncompleteDetails {
    reason: &'static str,
}

#[derive(Serialize)]
struct OutError<'a> {
    code: &'static str,
    message: &'a str,
}

impl Standing<'_> {
    /// Appends the response object.
    ///
    /// # Errors
    /// Only when a value does not serialise, which these always do.
    pub(super) fn write(&self, context: &AnswerContext, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let head = Head {
            id: &self.ids.response,
            object: "response",
            created_at: context.created,
            status: self.status,
            background: false,
            error: self.error.map(|error| OutError { code: error_code(error.kind), message: &error.message }),
            incomplete_details: self.reason.map(|reason| IncompleteDetails { reason }),
            model: self.model,
        };
        let usage = self.usage.map(|(usage, cost)| OutUsage::new(&usage.tokens, cost));
        serde_json::to_writer(&mut *out, &head)?;
        out.pop();
        out.push(b',');
        out.extend_from_slice(context.wanted.echo.members().as_bytes());
        let tail = out.len();
        serde_json::to_writer(&mut *out, &Tail { output: self.output, usage })?;
        out.remove(tail);
        Ok(())
    }
}

/// The code of a response that failed; the SDKs know no others for what can happen here.
fn error_code(kind: ErrorKind) -> &'static str {
    if kind == ErrorKind::RateLimit { "rate_limit_exceeded" } else { "server_error" }
}

/// What a response is at its end, and why it is incomplete. A refusal in words is complete.
pub(super) fn settle(finish: Finish, output: &[Item]) -> (Status, Option<&'static str>) {
    let refused = |item: &Item| match item {
        Item::Message { content, .. } => content.iter().any(|part| matches!(part, Part::Refusal { .. })),
        _ => false,
    };
    match finish {
        Finish::Length => (Status::Incomplete, Some("max_output_tokens")),
        Finish::ContentFilter if !output.iter().any(refused) => (Status::Incomplete, Some("content_filter")),
        _ => (Status::Completed, None),
    }
}
