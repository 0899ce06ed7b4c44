//! Writes the conversation of a `generateContent` request.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;

use super::foreign;
use crate::error::RequestError;
use crate::exchange::{Block, BlockKind, Media, ResultPart, Role, Turn, coalesce};
use crate::report::Report;
use crate::sealed_id;
use crate::wire::{Raw, Text};

#[derive(Debug, Serialize)]
pub(super) struct OutContent<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) role: &'static str,
    pub(super) parts: Vec<OutPart<'a>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inline_data: Option<Blob<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<FileData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<OutCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_response: Option<OutResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob<'a> {
    mime_type: Text<'a>,
    data: Text<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    file_uri: Text<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct OutCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Text<'a>,
    pub(super) args: Raw<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct OutResponse<'a> {
    id: Text<'a>,
    name: String,
    response: Raw<'a>,
}

impl<'a> OutPart<'a> {
    pub(super) fn text(text: Text<'a>) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

const ROLES: (&str, &str) = ("user", "model");
/// Stands where Gemini wants a text, or a turn, and there is nothing to say: it refuses empty ones.
const FILLER: &str = " ";
const CACHE_REASON: &str = "the provider caches by itself";
const FOREIGN: &str = "reasoning of another provider's model is not sent back";

/// The system prompt.
pub(super) fn write_system<'a>(
    system: Vec<Block<'a>>,
    report: &mut Report,
) -> Result<Option<OutContent<'a>>, RequestError> {
    report_cache_marks(&system, report)?;
    let texts = system.into_iter().filter_map(|block| match block.kind {
        BlockKind::Text(text) if !text.is_empty() => Some(OutPart::text(text)),
        _ => None,
    });
    let parts: Vec<_> = texts.collect();
    Ok((!parts.is_empty()).then_some(OutContent { role: "", parts }))
}

/// The turns, which alternate between user and model; results of tools have a turn of the user's for themselves. A model
/// that wants signatures is told where there is none, else it would refuse the conversation.
pub(super) fn write_contents<'a>(
    turns: Vec<Turn<'a>>,
    conversation: &'static str,
    wants_signatures: bool,
    report: &mut Report,
) -> Result<Vec<OutContent<'a>>, RequestError> {
    let turns = coalesce(turns);
    let mut called = Called::default();
    let mut contents: Vec<OutContent<'a>> = Vec::with_capacity(turns.len() + 2);
    let last = turns.last().and_then(|turn| (turn.role == Role::Assistant).then(|| turn.blocks.first().map(|b| b.at)));
    for turn in turns {
        report_cache_marks(&turn.blocks, report)?;
        match turn.role {
            Role::User => write_user(turn, &called.by_id, &mut contents)?,
            Role::Assistant => {
                called.note(&turn);
                let mut parts = write_model(turn, report)?;
                if wants_signatures {
                    excuse_missing_signature(&mut parts);
                }
                if contents.is_empty() && !parts.is_empty() {
                    contents.push(OutContent { role: ROLES.0, parts: vec![OutPart::text(FILLER.into())] });
                }
                if !parts.is_empty() {
                    contents.push(OutContent { role: ROLES.1, parts });
                }
            }
        }
    }
    if contents.is_empty() {
        return Err(RequestError::field(conversation, "holds nothing but empty text", "say something as user"));
    }
    if let Some(Some(at)) = last {
        let at = crate::exchange::At { part: None, ..at };
        report.drop(at.path(""), "the provider does not continue a given answer; it answers anew")?;
        contents.push(OutContent { role: ROLES.0, parts: vec![OutPart::text(FILLER.into())] });
    }
    Ok(contents)
}

fn report_cache_marks(blocks: &[Block<'_>], report: &mut Report) -> Result<(), RequestError> {
    blocks
        .iter()
        .filter(|block| block.cache.is_some())
        .try_for_each(|block| report.drop(block.at.path("cache_control"), CACHE_REASON))
}

/// Name and place of the calls so far by their ids: results know only those. The last call of an id is the one that a
/// result belongs to.
#[derive(Default)]
struct Called {
    by_id: HashMap<String, (usize, String)>,
    count: usize,
}

impl Called {
    fn note(&mut self, turn: &Turn<'_>) {
        for block in &turn.blocks {
            if let BlockKind::ToolUse { id, name, .. } = &block.kind {
                self.by_id.insert(id.to_string(), (self.count, name.to_string()));
                self.count += 1;
            }
        }
    }
}

fn write_user<'a>(
    turn: Turn<'a>,
    names: &HashMap<String, (usize, String)>,
    contents: &mut Vec<OutContent<'a>>,
) -> Result<(), RequestError> {
    let (mut results, mut parts) = (Vec::new(), Vec::new());
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) => parts.push(OutPart::text(text)),
            BlockKind::Image(media) | BlockKind::Document { source: media, .. } => parts.push(write_media(media)),
            BlockKind::ToolResult { id, content, is_error } => {
                let Some((place, name)) = names.get(&*id) else {
                    return Err(RequestError::field(
                        block.at.path("tool_call_id"),
                        "is the id of no call before it",
                        "repeat the id of the call that this is the result of",
                    ));
                };
                let (response, images) = write_result(content, is_error);
                parts.extend(images);
                let (id, _) = sealed_id::open(id);
                let response = OutResponse { id, name: name.clone(), response };
                results.push((*place, OutPart { function_response: Some(response), ..OutPart::default() }));
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
    if !results.is_empty() {
        // In the order of the calls, and nothing beside them.
        results.sort_by_key(|(place, _)| *place);
        contents.push(OutContent { role: ROLES.0, parts: results.into_iter().map(|(_, part)| part).collect() });
    }
    if !parts.is_empty() {
        if parts.iter().all(|part| part.text.is_none()) {
            parts.push(OutPart::text(FILLER.into()));
        }
        contents.push(OutContent { role: ROLES.0, parts });
    }
    Ok(())
}

fn write_media(media: Media<'_>) -> OutPart<'_> {
    match media {
        Media::Base64 { media_type, data } => {
            OutPart { inline_data: Some(Blob { mime_type: media_type, data }), ..OutPart::default() }
        }
        Media::Url(file_uri) => OutPart {
            file_data: Some(FileData { mime_type: media_type_of(&file_uri), file_uri }),
            ..OutPart::default()
        },
    }
}

/// What a file is, by its name.
pub(super) fn media_type_of(uri: &str) -> Option<&'static str> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        _ => return None,
    })
}

/// A result as the object that Gemini wants, and its images, which follow as what the user says.
fn write_result<'a>(content: Vec<ResultPart<'a>>, is_error: bool) -> (Raw<'a>, Vec<OutPart<'a>>) {
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for part in content {
        match part {
            ResultPart::Text(text) => texts.push(text),
            ResultPart::Image(media) => images.push(write_media(media)),
        }
    }
    let text = texts.iter().map(|text| &**text).collect::<Vec<_>>().join("\n");
    if !is_error && let Some(object) = Raw::parse(text.trim()).filter(Raw::is_object) {
        return (object, images);
    }
    let key = if is_error { "error" } else { "output" };
    let object = serde_json::json!({ key: text }).to_string();
    (Raw::parse(&object).unwrap_or_else(Raw::empty_object), images)
}

/// Of calls side by side only the first comes with a signature.
fn excuse_missing_signature(parts: &mut [OutPart<'_>]) {
    let first = parts.iter_mut().find(|part| part.function_call.is_some());
    if let Some(part) = first.filter(|part| part.thought_signature.is_none()) {
        part.thought_signature = Some(foreign::NO_SIGNATURE.into());
    }
}

fn write_model<'a>(turn: Turn<'a>, report: &mut Report) -> Result<Vec<OutPart<'a>>, RequestError> {
    let mut parts: Vec<OutPart<'a>> = Vec::with_capacity(turn.blocks.len());
    let mut loose: Option<String> = None;
    for block in turn.blocks {
        match block.kind {
            BlockKind::Text(text) => parts.push(OutPart::text(text)),
            BlockKind::ToolUse { id, name, input } => {
                let (id, signature) = sealed_id::open(id);
                let call = OutCall { id: Some(id), name, args: input };
                let thought_signature = signature.map(Cow::Owned);
                parts.push(OutPart { function_call: Some(call), thought_signature, ..OutPart::default() });
            }
            // Its summary, which is not needed, but is what Google's own clients send back.
            BlockKind::Thinking { text, signature } if signature.is_empty() => {
                parts.push(OutPart { thought: true, ..OutPart::text(text) });
            }
            BlockKind::RedactedThinking { data } if sealed_id::open_loose(&data).is_some() => {
                loose = sealed_id::open_loose(&data).map(str::to_owned);
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                report.drop(block.at.path("thinking"), FOREIGN)?;
            }
            _ => {
                return Err(RequestError::field(
                    block.at.path("type"),
                    "is no block of an assistant",
                    "move it to a user turn",
                ));
            }
        }
    }
    if let Some(signature) = loose {
        // It came with the text of the turn, or behind it in an empty one.
        let text = parts.iter_mut().rfind(|part| part.text.is_some() && !part.thought);
        match text {
            Some(part) => part.thought_signature = Some(signature.into()),
            None => {
                let empty = OutPart::text(Text::default());
                parts.push(OutPart { thought_signature: Some(signature.into()), ..empty });
            }
        }
    }
    Ok(parts)
}
