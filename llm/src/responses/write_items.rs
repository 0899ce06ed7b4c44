//! Writes the conversation of a Responses request as items of its `input`.

use serde::Serialize;

use super::sealed;
use crate::error::RequestError;
use crate::exchange::{
    At, BlockKind, Media, MediaUrl, ResultPart, Role, Turn, check_end, last_place, report_cache_marks,
};
use crate::report::Report;
use crate::sealed_id;
use crate::wire::Text;

/// An item of the input.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum InItem<'a> {
    Message { role: &'static str, content: Vec<InPart<'a>> },
    FunctionCall { call_id: Text<'a>, name: Text<'a>, arguments: String },
    FunctionCallOutput { call_id: Text<'a>, output: Output<'a> },
    Reasoning { id: String, summary: [u8; 0], encrypted_content: String },
}

/// A part of a message, or of a tool's output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum InPart<'a> {
    InputText {
        text: Text<'a>,
    },
    OutputText {
        text: Text<'a>,
    },
    InputImage {
        image_url: MediaUrl<'a>,
        detail: &'static str,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<Text<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<MediaUrl<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<Text<'a>>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Output<'a> {
    Text(Text<'a>),
    Parts(Vec<InPart<'a>>),
}

/// One item per message, call, result and piece of reasoning, in their order. `conversation` is what the caller calls
/// the list of its turns.
pub(super) fn write_items<'a>(
    turns: Vec<Turn<'a>>,
    conversation: &'static str,
    report: &mut Report,
) -> Result<Vec<InItem<'a>>, RequestError> {
    let mut items = Vec::with_capacity(turns.len());
    let last = last_place(&turns);
    for turn in turns {
        report_cache_marks(&turn.blocks, report)?;
        match turn.role {
            Role::User => write_user(turn, &mut items, report)?,
            Role::Assistant => write_assistant(turn, &mut items, report)?,
        }
    }
    let role = items.last().map(|item| match item {
        InItem::Message { role, .. } => *role,
        _ => "tool",
    });
    check_end(role, last, conversation, report)?;
    Ok(items)
}

/// Results of tools stand before the rest of the turn: they follow their calls.
fn write_user<'a>(turn: Turn<'a>, items: &mut Vec<InItem<'a>>, report: &mut Report) -> Result<(), RequestError> {
    let mut content = Vec::new();
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) if text.is_empty() => {}
            BlockKind::Text(text) => content.push(InPart::InputText { text }),
            BlockKind::Image(image) => content.push(write_image(image)),
            BlockKind::Document { title, source } => content.push(write_file(title, source)),
            BlockKind::ToolResult { id, content, is_error } => {
                if is_error {
                    let reason = "the provider's dialect cannot mark a result as an error";
                    report.drop(block.at.path("is_error"), reason)?;
                }
                let call_id = sealed_id::open(id).0;
                items.push(InItem::FunctionCallOutput { call_id, output: write_output(content) });
            }
            _ => return Err(misplaced(block.at, "is no block of a user", "move it to an assistant turn")),
        }
    }
    if !content.is_empty() {
        items.push(InItem::Message { role: "user", content });
    }
    Ok(())
}

fn write_assistant<'a>(turn: Turn<'a>, items: &mut Vec<InItem<'a>>, report: &mut Report) -> Result<(), RequestError> {
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) if text.is_empty() => {}
            BlockKind::Text(text) => match items.last_mut() {
                Some(InItem::Message { role: "assistant", content }) => content.push(InPart::OutputText { text }),
                _ => items.push(InItem::Message { role: "assistant", content: vec![InPart::OutputText { text }] }),
            },
            BlockKind::ToolUse { id, name, input } => {
                let (call_id, signature) = sealed_id::open(id);
                if signature.is_some() {
                    report.drop(block.at.path("id"), "a signature of another provider's model is not sent back")?;
                }
                items.push(InItem::FunctionCall { call_id, name, arguments: input.get().to_owned() });
            }
            BlockKind::Thinking { signature, .. } => match sealed::open_item(&signature) {
                Some((id, encrypted)) => items.push(InItem::Reasoning {
                    id: id.to_owned(),
                    summary: [],
                    encrypted_content: encrypted.to_owned(),
                }),
                None => report.drop(block.at.path("thinking"), sealed::NOT_SENT)?,
            },
            BlockKind::RedactedThinking { .. } => report.drop(block.at.path("thinking"), sealed::NOT_SENT)?,
            _ => return Err(misplaced(block.at, "is no block of an assistant", "move it to a user turn")),
        }
    }
    Ok(())
}

fn misplaced(at: At, problem: &'static str, mend: &'static str) -> RequestError {
    RequestError::field(at.path("type"), problem, mend)
}

fn write_image(image: Media<'_>) -> InPart<'_> {
    InPart::InputImage { image_url: MediaUrl(image), detail: "auto" }
}

fn write_file<'a>(filename: Option<Text<'a>>, source: Media<'a>) -> InPart<'a> {
    match source {
        Media::Url(url) => InPart::InputFile { filename: None, file_data: None, file_url: Some(url) },
        data @ Media::Base64 { .. } => {
            let filename = Some(filename.unwrap_or_else(|| "document.pdf".into()));
            InPart::InputFile { filename, file_data: Some(MediaUrl(data)), file_url: None }
        }
    }
}

fn write_output(mut content: Vec<ResultPart<'_>>) -> Output<'_> {
    if content.len() == 1
        && let Some(ResultPart::Text(_)) = content.first()
        && let Some(ResultPart::Text(text)) = content.pop()
    {
        return Output::Text(text);
    }
    if content.is_empty() {
        return Output::Text(Text::default());
    }
    let part = |part| match part {
        ResultPart::Text(text) => InPart::InputText { text },
        ResultPart::Image(image) => write_image(image),
    };
    Output::Parts(content.into_iter().map(part).collect())
}
