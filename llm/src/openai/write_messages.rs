//! Writes the conversation of a chat completion request.

use serde::Serialize;

use super::thought_signature::{self, ExtraContent};
use crate::error::RequestError;
use crate::exchange::{
    Block, BlockKind, Media, MediaUrl, ResultPart, Role, Turn, check_end, join_texts, last_place, report_cache_marks,
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
    File { file: OutFile<'a> },
}

#[derive(Serialize)]
struct OutImage<'a> {
    url: MediaUrl<'a>,
}

#[derive(Serialize)]
struct OutFile<'a> {
    filename: Text<'a>,
    file_data: MediaUrl<'a>,
}

#[derive(Serialize)]
struct OutCall<'a> {
    id: Text<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: OutCalled<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent>,
}

#[derive(Serialize)]
struct OutCalled<'a> {
    name: Text<'a>,
    /// JSON in a string: that is OpenAI's form.
    arguments: String,
}

/// The system prompt as first message, then the turns. `conversation` is what the caller calls the list of those.
pub(super) fn write_messages<'a>(
    (system, turns): (Vec<Block<'a>>, Vec<Turn<'a>>),
    conversation: &'static str,
    model: &str,
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
            Role::Assistant => write_assistant(turn, model, &mut messages, report)?,
        }
    }
    let written = messages.get(instructions..).unwrap_or_default();
    check_end(written.last().map(|message| message.role), last, conversation, report)?;
    Ok(messages)
}

/// Results of tools become messages of their own, all before the rest of the turn: they must follow the calls.
/// Images in a result, which a tool message cannot hold, follow as what the user says.
fn write_user<'a>(turn: Turn<'a>, messages: &mut Vec<OutMessage<'a>>, report: &mut Report) -> Result<(), RequestError> {
    let mut parts = Vec::new();
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) if text.is_empty() => {}
            BlockKind::Text(text) => parts.push(OutPart::Text { text }),
            BlockKind::Image(image) => parts.push(OutPart::ImageUrl { image_url: OutImage { url: MediaUrl(image) } }),
            BlockKind::Document { title, source } => {
                parts.push(write_document(block.at.path("source"), title, source)?);
            }
            BlockKind::ToolResult { id, content, is_error } => {
                if is_error {
                    report
                        .drop(block.at.path("is_error"), "the provider's dialect cannot mark a result as an error")?;
                }
                let (text, images) = write_result(content);
                parts.extend(images);
                let content = Some(OutContent::Text(text));
                messages.push(OutMessage {
                    role: "tool",
                    content,
                    tool_call_id: Some(thought_signature::open(id).0),
                    ..OutMessage::default()
                });
            }
            _ => {
                return Err(RequestError::field(
                    block.at.path("type"),
                    "is no block of a user",
                    "move it to an assistant turn",
                ));
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

fn write_document<'a>(path: String, title: Option<Text<'a>>, source: Media<'a>) -> Result<OutPart<'a>, RequestError> {
    if matches!(source, Media::Url(_)) {
        return Err(RequestError::unsupported(path, "the provider fetches no documents; send the content itself"));
    }
    let filename = title.unwrap_or_else(|| "document.pdf".into());
    Ok(OutPart::File { file: OutFile { filename, file_data: MediaUrl(source) } })
}

fn write_result(content: Vec<ResultPart<'_>>) -> (Text<'_>, Vec<OutPart<'_>>) {
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for part in content {
        match part {
            ResultPart::Text(text) => texts.push(text),
            ResultPart::Image(image) => images.push(OutPart::ImageUrl { image_url: OutImage { url: MediaUrl(image) } }),
        }
    }
    if texts.is_empty() && !images.is_empty() {
        return ("The result is the image below.".into(), images);
    }
    if texts.len() == 1 {
        return (texts.pop().unwrap_or_default(), images);
    }
    (texts.iter().map(|text| &**text).collect::<Vec<_>>().join("\n").into(), images)
}

fn write_assistant<'a>(
    turn: Turn<'a>,
    model: &str,
    messages: &mut Vec<OutMessage<'a>>,
    report: &mut Report,
) -> Result<(), RequestError> {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for block in turn.blocks {
        match block.kind {
            BlockKind::ToolUse { id, name, input } => {
                let (id, mut extra_content) = thought_signature::open(id);
                if extra_content.is_some() && !thought_signature::are_taken_by(model) {
                    extra_content = None;
                    report.drop(block.at.path("id"), "a signature of another provider's model is not sent back")?;
                }
                if tool_calls.is_empty() {
                    extra_content = extra_content.or_else(|| thought_signature::excuse(model));
                }
                let function = OutCalled { name, arguments: input.get().to_owned() };
                tool_calls.push(OutCall { id, kind: "function", function, extra_content });
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                report.drop(block.at.path("thinking"), "the provider takes no reasoning back")?;
            }
            BlockKind::Text(_) => texts.push(block),
            _ => {
                return Err(RequestError::field(
                    block.at.path("type"),
                    "is no block of an assistant",
                    "move it to a user turn",
                ));
            }
        }
    }
    let content = join_texts(texts).map(OutContent::Text);
    if content.is_some() || !tool_calls.is_empty() {
        messages.push(OutMessage { role: "assistant", content, tool_calls, tool_call_id: None });
    }
    Ok(())
}
