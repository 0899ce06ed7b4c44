//! Reads the content blocks of a messages request.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::RequestError;
use crate::exchange::{At, Block, BlockKind, Media, ResultPart};
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Raw, Text, TextOr, record};

record! {
    /// A content block, of any type.
    WireBlock {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        "source" source: &'a RawValue,
        "title" title: Text<'a>,
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "input" input: &'a RawValue,
        "tool_use_id" tool_use_id: Text<'a>,
        "content" content: &'a RawValue,
        "is_error" is_error: bool,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
        "data" data: Text<'a>,
        "cache_control" cache_control: &'a RawValue,
        "citations" citations: &'a RawValue,
        "caller" caller: IgnoredAny,
    }
}

record! {
    /// The `source` of an image or a document.
    WireSource {
        "type" kind: Text<'a>,
        "media_type" media_type: Text<'a>,
        "data" data: Text<'a>,
        "url" url: Text<'a>,
        "file_id" file_id: IgnoredAny,
        "content" content: IgnoredAny,
    }
}

/// Reads the blocks of one message.
pub(super) fn read_blocks<'a>(
    at: At,
    list: Vec<WireBlock<'a>>,
    report: &mut Report,
) -> Result<Vec<Block<'a>>, RequestError> {
    let mut blocks = Vec::with_capacity(list.len());
    for (part, block) in list.into_iter().enumerate() {
        let at = At { part: Some(part), ..at };
        report.unknown(&block.extra, |field| at.path(field))?;
        let cache = block.cache_control;
        if let Some(kind) = read_block(at, block, report)? {
            blocks.push(Block { at, kind, cache });
        }
    }
    Ok(blocks)
}

/// Reads a block where only text may stand.
pub(super) fn read_text_block<'a>(
    at: At,
    block: WireBlock<'a>,
    report: &mut Report,
) -> Result<Block<'a>, RequestError> {
    let cache = block.cache_control;
    match read_block(at, block, report)? {
        Some(kind @ BlockKind::Text(_)) => Ok(Block { at, kind, cache }),
        _ => Err(RequestError::field(at.path("type"), "is not text", "only text blocks may stand here")),
    }
}

/// `None` for a block that is reported and left out.
fn read_block<'a>(at: At, block: WireBlock<'a>, report: &mut Report) -> Result<Option<BlockKind<'a>>, RequestError> {
    let missing = |field: &str| RequestError::field(at.path(field), "is missing", "its type demands it");
    let Some(kind) = block.kind else { return Err(missing("type")) };
    Ok(Some(match &*kind {
        "text" => {
            if block.citations.is_some_and(|list| list.get().len() > 2) {
                report.drop(at.path("citations"), NO_COUNTERPART)?;
            }
            BlockKind::Text(block.text.ok_or_else(|| missing("text"))?)
        }
        "image" => BlockKind::Image(read_media(at, read_source(at, block.source)?)?),
        "document" => {
            if block.citations.is_some() {
                report.drop(at.path("citations"), NO_COUNTERPART)?;
            }
            read_document(at, block.title, read_source(at, block.source)?)?
        }
        "tool_use" => BlockKind::ToolUse {
            id: block.id.ok_or_else(|| missing("id"))?,
            name: block.name.ok_or_else(|| missing("name"))?,
            input: block.input.map_or_else(Raw::empty_object, Raw::Borrowed),
        },
        "tool_result" => BlockKind::ToolResult {
            id: block.tool_use_id.ok_or_else(|| missing("tool_use_id"))?,
            content: block.content.map(|raw| read_result(at, raw, report)).transpose()?.unwrap_or_default(),
            is_error: block.is_error.unwrap_or(false),
        },
        "thinking" => BlockKind::Thinking {
            text: block.thinking.unwrap_or_default(),
            signature: block.signature.unwrap_or_default(),
        },
        "redacted_thinking" => BlockKind::RedactedThinking { data: block.data.unwrap_or_default() },
        "server_tool_use" => {
            report.drop(at.path("type"), "calls of tools that run at the provider cannot be translated")?;
            return Ok(None);
        }
        other if other.ends_with("_tool_result") => {
            report.drop(at.path("type"), "results of tools that run at the provider cannot be translated")?;
            return Ok(None);
        }
        other => {
            let shown: String = other.chars().take(40).collect();
            let reason = format!("blocks of type {shown:?} cannot be translated for this model's provider");
            return Err(RequestError::unsupported(at.path("type"), reason));
        }
    }))
}

/// Only here is it an object: in a `search_result` it is an address.
fn read_source<'a>(at: At, raw: Option<&'a RawValue>) -> Result<WireSource<'a>, RequestError> {
    let path = || at.path("source");
    let raw = raw.ok_or_else(|| RequestError::field(path(), "is missing", "its type demands it"))?;
    serde_json::from_str(raw.get())
        .map_err(|fault| RequestError::field(path(), fault.to_string(), "write {\"type\": …} with what belongs to it"))
}

fn read_media<'a>(at: At, source: WireSource<'a>) -> Result<Media<'a>, RequestError> {
    match (source.kind.as_deref(), source.media_type, source.data, source.url) {
        (Some("base64"), Some(media_type), Some(data), _) => Ok(Media::Base64 { media_type, data }),
        (Some("url"), _, _, Some(url)) => Ok(Media::Url(url)),
        (Some("file"), ..) => Err(RequestError::unsupported(
            at.path("source"),
            "files of the provider's store cannot be translated; send the content itself",
        )),
        _ => Err(RequestError::field(
            at.path("source"),
            "is not complete",
            "write {\"type\": \"base64\", \"media_type\": \"image/png\", \"data\": …} or {\"type\": \"url\", \"url\": …}",
        )),
    }
}

/// Plain text is text in every dialect.
fn read_document<'a>(at: At, title: Option<Text<'a>>, source: WireSource<'a>) -> Result<BlockKind<'a>, RequestError> {
    match source.kind.as_deref() {
        Some("text") => Ok(BlockKind::Text(source.data.unwrap_or_default())),
        Some("content") => Err(RequestError::unsupported(
            at.path("source"),
            "documents made of blocks cannot be translated; send them as text blocks",
        )),
        _ => Ok(BlockKind::Document { title, source: read_media(at, source)? }),
    }
}

/// What a tool gave back: a string, or blocks of text and images.
fn read_result<'a>(at: At, raw: &'a RawValue, report: &mut Report) -> Result<Vec<ResultPart<'a>>, RequestError> {
    let content: TextOr<'a, WireBlock<'a>> = serde_json::from_str(raw.get()).map_err(|fault| {
        RequestError::field(at.path("content"), fault.to_string(), "write a string or a list of text and image blocks")
    })?;
    let list = match content {
        TextOr::Text(text) => return Ok(vec![ResultPart::Text(text)]),
        TextOr::List(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    for (index, block) in list.into_iter().enumerate() {
        if block.cache_control.is_some() {
            report.drop(at.path(&format!("content[{index}].cache_control")), NO_COUNTERPART)?;
        }
        parts.push(match read_block(at, block, report)? {
            Some(BlockKind::Text(text)) => ResultPart::Text(text),
            Some(BlockKind::Image(image)) => ResultPart::Image(image),
            _ => {
                return Err(RequestError::unsupported(
                    at.path(&format!("content[{index}]")),
                    "only text and images of a tool's result can be translated",
                ));
            }
        });
    }
    Ok(parts)
}
