//! Writes the conversation of a chat request.

use serde::Serialize;

use crate::error::RequestError;
use crate::exchange::{
    Block, BlockKind, MediaUrl, ResultPart, Role, Turn, check_end, join_texts, last_place, report_cache_marks,
};
use crate::report::Report;
use crate::wire::Text;

#[derive(Default, Serialize)]
pub(super) struct OutMessage<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<OutContent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<OutCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OutContent<'a> {
    Text(Text<'a>),
    Parts(Vec<OutPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OutPart<'a> {
    Text { text: Text<'a> },
    ImageUrl { image_url: OutImage<'a> },
    Document { document: OutDocument<'a> },
}

#[derive(Serialize)]
struct OutImage<'a> {
    url: MediaUrl<'a>,
}

/// What a tool gave back: as a document it can be cited.
#[derive(Serialize)]
struct OutDocument<'a> {
    data: Text<'a>,
}

#[derive(Serialize)]
struct OutCall<'a> {
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: OutCalled<'a>,
}

#[derive(Serialize)]
struct OutCalled<'a> {
    name: Text<'a>,
    /// JSON in a string.
    arguments: String,
}

/// The system prompt as first message, then the turns. `conversation` is what the caller calls the list of those.
pub(super) fn write_messages<'a>(
    system: Vec<Block<'a>>,
    turns: Vec<Turn<'a>>,
    conversation: &'static str,
    report: &mut Report,
) -> Result<Vec<OutMessage<'a>>, RequestError> {
    let mut messages = Vec::with_capacity(turns.len() + 1);
    report_cache_marks(&system, report)?;
    if let Some(text) = join_texts(system) {
        messages.push(OutMessage { role: "system", content: Some(OutContent::Text(text)), ..OutMessage::default() });
    }
    let instructions = messages.len();
    let last = last_place(&turns);
    for turn in turns {
        report_cache_marks(&turn.blocks, report)?;
        match turn.role {
            Role::User => write_user(turn, &mut messages, report)?,
            Role::Assistant => write_assistant(turn, &mut messages, report)?,
        }
    }
    let written = messages.get(instructions..).unwrap_or_default();
    check_end(written.last().map(|message| message.role), last, conversation, report)?;
    Ok(messages)
}

/// Results of tools become messages of their own, all before the rest of the turn. Images in a result follow as what the
/// user says.
fn write_user<'a>(turn: Turn<'a>, messages: &mut Vec<OutMessage<'a>>, report: &mut Report) -> Result<(), RequestError> {
    let mut parts = Vec::new();
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) if text.is_empty() => {}
            BlockKind::Text(text) => parts.push(OutPart::Text { text }),
            BlockKind::Image(image) => parts.push(OutPart::ImageUrl { image_url: OutImage { url: MediaUrl(image) } }),
            BlockKind::Document { .. } => {
                let reason = "the provider reads no files; send their text";
                return Err(RequestError::unsupported(block.at.path("source"), reason));
            }
            BlockKind::ToolResult { id, content, is_error } => {
                if is_error {
                    let path = block.at.path("is_error");
                    report.drop(path, "the provider's dialect cannot mark a result as an error")?;
                }
                let documents = write_result(content, &mut parts);
                let content = Some(OutContent::Parts(documents));
                messages.push(OutMessage { role: "tool", content, tool_call_id: Some(id), ..OutMessage::default() });
            }
            _ => {
                let path = block.at.path("type");
                return Err(RequestError::field(path, "is no block of a user", "move it to an assistant turn"));
            }
        }
    }
    let content = match (parts.pop(), parts.is_empty()) {
        (None, _) => return Ok(()),
        (Some(OutPart::Text { text }), true) => OutContent::Text(text),
        (Some(part), _) => {
            parts.push(part);
            OutContent::Parts(parts)
        }
    };
    messages.push(OutMessage { role: "user", content: Some(content), ..OutMessage::default() });
    Ok(())
}

/// One document per text, never none: a result without one is not taken.
fn write_result<'a>(content: Vec<ResultPart<'a>>, beside: &mut Vec<OutPart<'a>>) -> Vec<OutPart<'a>> {
    let images = beside.len();
    let mut documents = Vec::with_capacity(content.len().max(1));
    for part in content {
        match part {
            ResultPart::Text(data) => documents.push(OutPart::Document { document: OutDocument { data } }),
            ResultPart::Image(image) => beside.push(OutPart::ImageUrl { image_url: OutImage { url: MediaUrl(image) } }),
        }
    }
    if documents.is_empty() {
        let data = if beside.len() > images { "The result is the image below." } else { "" };
        documents.push(OutPart::Document { document: OutDocument { data: data.into() } });
    }
    documents
}

fn write_assistant<'a>(
    turn: Turn<'a>,
    messages: &mut Vec<OutMessage<'a>>,
    report: &mut Report,
) -> Result<(), RequestError> {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in turn.blocks {
        match block.kind {
            BlockKind::ToolUse { id, name, input } => {
                let function = OutCalled { name, arguments: input.get().to_owned() };
                tool_calls.push(OutCall { id, kind: "function", function });
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                report.drop(block.at.path("thinking"), "reasoning of another model is not sent back")?;
            }
            BlockKind::Text(_) => texts.push(block),
            _ => {
                let path = block.at.path("type");
                return Err(RequestError::field(path, "is no block of an assistant", "move it to a user turn"));
            }
        }
    }
    let content = join_texts(texts).map(OutContent::Text);
    if content.is_some() || !tool_calls.is_empty() {
        messages.push(OutMessage { role: "assistant", content, tool_calls, tool_call_id: None });
    }
    Ok(())
}
