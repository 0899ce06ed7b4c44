//! Writes the conversation of a request to `/api/chat`.

use std::collections::HashMap;

use serde::Serialize;

use crate::error::RequestError;
use crate::exchange::{
    At, Block, BlockKind, Media, ResultPart, Role, Turn, check_end, join_texts, last_place, report_cache_marks,
};
use crate::report::Report;
use crate::wire::{Raw, Text};

#[derive(Default, Serialize)]
pub(super) struct OutMessage<'a> {
    role: &'static str,
    content: Text<'a>,
    /// Base64, with no word of what they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<OutCall<'a>>,
    /// Whose result it is: calls have no ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<Text<'a>>,
}

#[derive(Serialize)]
struct OutCall<'a> {
    function: OutCalled<'a>,
}

#[derive(Serialize)]
struct OutCalled<'a> {
    name: Text<'a>,
    arguments: Raw<'a>,
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
    if let Some(content) = join_texts(system) {
        messages.push(OutMessage { role: "system", content, ..OutMessage::default() });
    }
    let instructions = messages.len();
    let last = last_place(&turns);
    // The last call of an id is the one that a result belongs to.
    let mut names: HashMap<String, Text<'a>> = HashMap::new();
    for turn in turns {
        report_cache_marks(&turn.blocks, report)?;
        match turn.role {
            Role::User => write_user(turn, &names, &mut messages, report)?,
            Role::Assistant => write_assistant(turn, &mut names, &mut messages, report)?,
        }
    }
    let written = messages.get(instructions..).unwrap_or_default();
    check_end(written.last().map(|message| message.role), last, conversation, report)?;
    Ok(messages)
}

/// Results of tools become messages of their own, all before the rest of the turn. Images in a result follow as what the
/// user says.
fn write_user<'a>(
    turn: Turn<'a>,
    names: &HashMap<String, Text<'a>>,
    messages: &mut Vec<OutMessage<'a>>,
    report: &mut Report,
) -> Result<(), RequestError> {
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(_) => texts.push(block),
            BlockKind::Image(image) => images.push(write_image(block.at, image)?),
            BlockKind::Document { .. } => {
                let reason = "the provider reads no files; send their text";
                return Err(RequestError::unsupported(block.at.path("source"), reason));
            }
            BlockKind::ToolResult { id, content, is_error } => {
                if is_error {
                    let path = block.at.path("is_error");
                    report.drop(path, "the provider's dialect cannot mark a result as an error")?;
                }
                let before = images.len();
                let mut said = Vec::new();
                for part in content {
                    match part {
                        ResultPart::Text(text) => said.push(text),
                        ResultPart::Image(image) => images.push(write_image(block.at, image)?),
                    }
                }
                let content = match said.len() {
                    0 if images.len() > before => "The result is the image below.".into(),
                    1 => said.pop().unwrap_or_default(),
                    _ => said.iter().map(|text| &**text).collect::<Vec<_>>().join("\n").into(),
                };
                let tool_name = names.get(&*id).cloned();
                messages.push(OutMessage { role: "tool", content, tool_name, ..OutMessage::default() });
            }
            _ => {
                let path = block.at.path("type");
                return Err(RequestError::field(path, "is no block of a user", "move it to an assistant turn"));
            }
        }
    }
    let content = join_texts(texts);
    if content.is_some() || !images.is_empty() {
        let content = content.unwrap_or_default();
        messages.push(OutMessage { role: "user", content, images, ..OutMessage::default() });
    }
    Ok(())
}

fn write_image<'a>(at: At, image: Media<'a>) -> Result<Text<'a>, RequestError> {
    match image {
        Media::Base64 { data, .. } => Ok(data),
        Media::Url(_) => {
            let reason = "the provider fetches no images; send the image itself, in base64";
            Err(RequestError::unsupported(at.path("source"), reason))
        }
    }
}

fn write_assistant<'a>(
    turn: Turn<'a>,
    names: &mut HashMap<String, Text<'a>>,
    messages: &mut Vec<OutMessage<'a>>,
    report: &mut Report,
) -> Result<(), RequestError> {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in turn.blocks {
        match block.kind {
            BlockKind::ToolUse { id, name, input } => {
                names.insert(id.to_string(), name.clone());
                tool_calls.push(OutCall { function: OutCalled { name, arguments: input } });
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
    let content = join_texts(texts);
    if content.is_some() || !tool_calls.is_empty() {
        let content = content.unwrap_or_default();
        messages.push(OutMessage { role: "assistant", content, tool_calls, ..OutMessage::default() });
    }
    Ok(())
}
