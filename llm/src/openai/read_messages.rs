//! Reads the conversation of a chat completion request.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::RequestError;
use crate::exchange::{At, Block, BlockKind, Media, ResultPart, Role, Turn};
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Raw, Text, TextOr, record};

record! {
    /// An entry of `messages`. `reasoning_content` and `thinking_blocks` are what Weir (and others) put into answers;
    /// callers send them back with their history.
    Message {
        "role" role: Text<'a>,
        "content" content: TextOr<'a, Part<'a>>,
        "name" name: IgnoredAny,
        "refusal" refusal: Text<'a>,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
        "tool_call_id" tool_call_id: Text<'a>,
        "function_call" function_call: IgnoredAny,
        "reasoning_content" reasoning_content: IgnoredAny,
        "thinking_blocks" thinking_blocks: Vec<ThinkingBlock<'a>>,
        "cache_control" cache_control: &'a RawValue,
        "annotations" annotations: IgnoredAny,
    }
}

record! {
    /// A part of a message's content.
    Part {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        "refusal" refusal: Text<'a>,
        "image_url" image_url: ImageUrl<'a>,
        "file" file: File<'a>,
        "input_audio" input_audio: IgnoredAny,
        "cache_control" cache_control: &'a RawValue,
    }
}

record! {
    /// A part's `image_url`.
    ImageUrl {
        "url" url: Text<'a>,
        "detail" detail: Text<'a>,
    }
}

record! {
    /// A part's `file`.
    File {
        "file_data" file_data: Text<'a>,
        "filename" filename: Text<'a>,
        "file_id" file_id: IgnoredAny,
    }
}

record! {
    /// A call that the assistant made.
    ToolCall {
        "id" id: Text<'a>,
        "type" kind: Text<'a>,
        "function" function: CalledFunction<'a>,
        "index" index: IgnoredAny,
    }
}

record! {
    /// The `function` of a call.
    CalledFunction {
        "name" name: Text<'a>,
        "arguments" arguments: Text<'a>,
    }
}

record! {
    /// Reasoning of an Anthropic model in an earlier answer.
    ThinkingBlock {
        "type" kind: Text<'a>,
        "thinking" thinking: Text<'a>,
        "signature" signature: Text<'a>,
        "data" data: Text<'a>,
    }
}

/// Parts the system messages from the turns.
pub(super) fn read_messages<'a>(
    messages: Vec<Message<'a>>,
    report: &mut Report,
) -> Result<(Vec<Block<'a>>, Vec<Turn<'a>>), RequestError> {
    let (mut system, mut turns) = (Vec::new(), Vec::new());
    for (index, message) in messages.into_iter().enumerate() {
        let at = At { message: index, ..At::default() };
        // A result's tool is known by the id of its call.
        if message.name.is_some() && message.role.as_deref() != Some("tool") {
            report.drop(at.path("name"), NO_COUNTERPART)?;
        }
        report.unknown(&message.extra, |field| at.path(field))?;
        match message.role.as_deref() {
            Some("system" | "developer") => {
                if !turns.is_empty() {
                    report.drop(at.path("role"), "an instruction amid the conversation moves to its start")?;
                }
                let blocks = read_content(at, message.content, message.cache_control, report)?;
                if let Some(other) = blocks.iter().find(|block| !matches!(block.kind, BlockKind::Text(_))) {
                    return Err(RequestError::unsupported(other.at.path("type"), "instructions can only be text"));
                }
                system.extend(blocks);
            }
            Some("user") => {
                let blocks = read_content(at, message.content, message.cache_control, report)?;
                turns.push(Turn { role: Role::User, blocks });
            }
            Some("assistant") => turns.push(read_assistant(at, message, report)?),
            Some("tool") => turns.push(read_tool_result(at, message, report)?),
            Some("function") => {
                return Err(RequestError::unsupported(
                    at.path("role"),
                    "is deprecated and not translated; use role tool",
                ));
            }
            _ => {
                return Err(RequestError::field(
                    at.path("role"),
                    "is none of the known roles",
                    "write system, developer, user, assistant or tool",
                ));
            }
        }
    }
    Ok((system, turns))
}

fn read_content<'a>(
    at: At,
    content: Option<TextOr<'a, Part<'a>>>,
    message_cache: Option<&'a RawValue>,
    report: &mut Report,
) -> Result<Vec<Block<'a>>, RequestError> {
    match content {
        None => Ok(Vec::new()),
        Some(TextOr::Text(text)) => Ok(vec![Block { at, kind: BlockKind::Text(text), cache: message_cache }]),
        Some(TextOr::List(parts)) => {
            let last = parts.len().saturating_sub(1);
            let mut blocks = Vec::with_capacity(parts.len());
            for (part_index, part) in parts.into_iter().enumerate() {
                let at = At { part: Some(part_index), ..at };
                report.unknown(&part.extra, |field| at.path(field))?;
                let cache = part.cache_control.or(message_cache.filter(|_| part_index == last));
                blocks.push(Block { at, kind: read_part(at, part, report)?, cache });
            }
            Ok(blocks)
        }
    }
}

fn read_part<'a>(at: At, part: Part<'a>, report: &mut Report) -> Result<BlockKind<'a>, RequestError> {
    let missing = |field: &str| RequestError::field(at.path(field), "is missing", "its type demands it");
    match part.kind.as_deref() {
        Some("text") => part.text.map(BlockKind::Text).ok_or_else(|| missing("text")),
        Some("refusal") => part.refusal.map(BlockKind::Text).ok_or_else(|| missing("refusal")),
        Some("image_url") => {
            let image = part.image_url.unwrap_or_default();
            if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
                report.drop(at.path("image_url.detail"), NO_COUNTERPART)?;
            }
            let url = image.url.ok_or_else(|| missing("image_url.url"))?;
            read_data_url(url, || at.path("image_url.url")).map(BlockKind::Image)
        }
        Some("file") => {
            let file = part.file.unwrap_or_default();
            let Some(data) = file.file_data else {
                return Err(RequestError::unsupported(
                    at.path("file"),
                    "files of the provider's store cannot be translated; send file_data as a data URL",
                ));
            };
            let source = read_data_url(data, || at.path("file.file_data"))?;
            Ok(BlockKind::Document { title: file.filename, source })
        }
        Some("input_audio") => {
            Err(RequestError::unsupported(at.path("input_audio"), "this model's provider takes no audio"))
        }
        _ => Err(RequestError::field(at.path("type"), "is none of the known types", "write text, image_url or file")),
    }
}

/// A data URL in its parts, any other URL as it is. `path` says where it stands.
pub(crate) fn read_data_url<'a>(url: Text<'a>, path: impl Fn() -> String) -> Result<Media<'a>, RequestError> {
    if !url.starts_with("data:") {
        return Ok(Media::Url(url));
    }
    let Some((head, comma)) = url.find(',').map(|comma| (&url[5..comma], comma)) else {
        return Err(RequestError::field(path(), "is no data URL", "write data:image/png;base64,…"));
    };
    let media_type = head.split(';').next().unwrap_or_default().to_ascii_lowercase();
    if !head.ends_with(";base64") || media_type.is_empty() {
        return Err(RequestError::field(
            path(),
            "is a data URL that is not base64 or names no media type",
            "write data:image/png;base64,…",
        ));
    }
    // A common slip that only some providers forgive.
    let media_type = if media_type == "image/jpg" { "image/jpeg".to_owned() } else { media_type };
    let data = match url.0 {
        std::borrow::Cow::Borrowed(text) => Text::from(&text[comma + 1..]),
        std::borrow::Cow::Owned(text) => Text::from(text[comma + 1..].to_owned()),
    };
    Ok(Media::Base64 { media_type: media_type.into(), data })
}

/// Reasoning first (rule 21), then text, then calls.
fn read_assistant<'a>(at: At, message: Message<'a>, report: &mut Report) -> Result<Turn<'a>, RequestError> {
    if message.function_call.is_some() {
        return Err(RequestError::unsupported(
            at.path("function_call"),
            "is deprecated and not translated; use tool_calls",
        ));
    }
    let mut blocks = Vec::new();
    let signed = message.thinking_blocks.as_ref().is_some_and(|list| !list.is_empty());
    if message.reasoning_content.is_some() && !signed {
        report.drop(at.path("reasoning_content"), "reasoning without a signature is not taken back")?;
    }
    for (index, block) in message.thinking_blocks.into_iter().flatten().enumerate() {
        let kind = match (block.signature, block.data) {
            (Some(signature), _) if !signature.is_empty() => {
                BlockKind::Thinking { text: block.thinking.unwrap_or_default(), signature }
            }
            (_, Some(data)) => BlockKind::RedactedThinking { data },
            _ => {
                let path = at.path(&format!("thinking_blocks[{index}]"));
                report.drop(path, "reasoning without a signature is not taken back")?;
                continue;
            }
        };
        blocks.push(Block { at, kind, cache: None });
    }
    blocks.extend(read_content(at, message.content, message.cache_control, report)?);
    if let Some(refusal) = message.refusal {
        blocks.push(Block { at, kind: BlockKind::Text(refusal), cache: None });
    }
    for (index, call) in message.tool_calls.into_iter().flatten().enumerate() {
        blocks.push(Block { at, kind: read_call(at, index, call, report)?, cache: None });
    }
    Ok(Turn { role: Role::Assistant, blocks })
}

fn read_call<'a>(at: At, index: usize, call: ToolCall<'a>, report: &mut Report) -> Result<BlockKind<'a>, RequestError> {
    let path = |field: &str| at.path(&format!("tool_calls[{index}].{field}"));
    if call.kind.as_deref().is_some_and(|kind| kind != "function") {
        return Err(RequestError::unsupported(path("type"), "only calls of functions can be translated"));
    }
    let function = call.function.unwrap_or_default();
    let (Some(id), Some(name)) = (call.id, function.name) else {
        return Err(RequestError::field(
            path("id"),
            "or its function's name is missing",
            "send the call as it was answered",
        ));
    };
    report.unknown(call.extra.iter().chain(&function.extra), path)?;
    let input = read_arguments(function.arguments.as_deref().unwrap_or_default());
    if matches!(input, Arguments::Wrapped(_)) {
        report.drop(path("function.arguments"), "is not a JSON object; wrapped into one")?;
    }
    let (Arguments::Object(input) | Arguments::Wrapped(input)) = input;
    Ok(BlockKind::ToolUse { id, name, input })
}

/// Arguments as an object.
pub(crate) enum Arguments {
    /// They were one, or empty.
    Object(Raw<'static>),
    /// They were something else, and are now the member `arguments` of an object.
    Wrapped(Raw<'static>),
}

/// OpenAI's arguments are a string that a model wrote: it may be empty, or no object, or no JSON at all (rule 14).
pub(crate) fn read_arguments(text: &str) -> Arguments {
    let text = text.trim();
    if text.is_empty() {
        return Arguments::Object(Raw::empty_object());
    }
    match Raw::parse(text) {
        Some(raw) if raw.is_object() => Arguments::Object(raw),
        Some(raw) if raw.get() == "null" => Arguments::Object(Raw::empty_object()),
        raw => {
            let value = raw.unwrap_or_else(|| Raw::string(text));
            let wrapped = Raw::parse(&format!("{{\"arguments\":{}}}", value.get()));
            Arguments::Wrapped(wrapped.unwrap_or_else(Raw::empty_object))
        }
    }
}

fn read_tool_result<'a>(at: At, message: Message<'a>, report: &mut Report) -> Result<Turn<'a>, RequestError> {
    let Some(id) = message.tool_call_id else {
        return Err(RequestError::field(at.path("tool_call_id"), "is missing", "repeat the id of the call"));
    };
    let blocks = read_content(at, message.content, None, report)?;
    let (mut content, mut cache) = (Vec::with_capacity(blocks.len()), message.cache_control);
    for block in blocks {
        // A result is one block elsewhere: a mark on a part of it holds for the whole.
        cache = block.cache.or(cache);
        content.push(match block.kind {
            BlockKind::Text(text) => ResultPart::Text(text),
            BlockKind::Image(image) => ResultPart::Image(image),
            _ => return Err(RequestError::unsupported(block.at.path(""), "a tool gives back text or images")),
        });
    }
    let kind = BlockKind::ToolResult { id, content, is_error: false };
    Ok(Turn { role: Role::User, blocks: vec![Block { at, kind, cache }] })
}
