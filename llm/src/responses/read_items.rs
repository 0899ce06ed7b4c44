//! Reads the items of a Responses request's `input`.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::sealed::{Foreign, open_foreign};
use crate::error::RequestError;
use crate::exchange::{At, Block, BlockKind, Lists, Media, ResultPart, Role, Turn};
use crate::openai::read_messages::{Arguments, read_arguments, read_data_url};
use crate::report::{NO_COUNTERPART, Report};
use crate::wire::{Text, TextOr, record};

record! {
    /// An entry of `input`, of any type: what types have in common is of one kind in all of them, the rest is read when
    /// the type is known.
    WireItem {
        "type" kind: Text<'a>,
        "role" role: Text<'a>,
        "content" content: TextOr<'a, WirePart<'a>>,
        "id" id: IgnoredAny,
        "status" status: IgnoredAny,
        "phase" phase: IgnoredAny,
        "call_id" call_id: Text<'a>,
        "name" name: Text<'a>,
        "arguments" arguments: &'a RawValue,
        "output" output: &'a RawValue,
        "summary" summary: Vec<WirePart<'a>>,
        "encrypted_content" encrypted_content: Text<'a>,
    }
}

record! {
    /// A part of an item's content, output or summary.
    WirePart {
        "type" kind: Text<'a>,
        "text" text: Text<'a>,
        "refusal" refusal: Text<'a>,
        "image_url" image_url: Text<'a>,
        "detail" detail: Text<'a>,
        "file_id" file_id: IgnoredAny,
        "file_data" file_data: Text<'a>,
        "file_url" file_url: Text<'a>,
        "filename" filename: Text<'a>,
        "annotations" annotations: IgnoredAny,
        "logprobs" logprobs: IgnoredAny,
        "prompt_cache_breakpoint" prompt_cache_breakpoint: IgnoredAny,
    }
}

/// Items of tools that ran at a provider: what they found stands in the answer that followed.
const SERVER_SIDE: [&str; 9] = [
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "tool_search_call",
    "tool_search_output",
    "compaction_trigger",
];

/// Parts the instructions from the turns. Items of the assistant that follow each other are one turn, and so are
/// results of tools: other dialects keep calls that were made at once, and their results, together (rule 15).
pub(super) fn read_items<'a>(
    items: Vec<WireItem<'a>>,
    report: &mut Report,
) -> Result<(Vec<Block<'a>>, Vec<Turn<'a>>), RequestError> {
    let (mut system, mut turns): (Vec<Block<'a>>, Vec<Turn<'a>>) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let at = At { lists: Lists::InputContent, message: index, ..At::default() };
        let kind = item.kind.as_deref().unwrap_or("message").to_owned();
        match kind.as_str() {
            "message" => read_message(at, item, &mut system, &mut turns, report)?,
            "function_call" => {
                let kind = read_call(at, item, report)?;
                push(&mut turns, Role::Assistant, Block { at, kind, cache: None });
            }
            "function_call_output" => {
                let kind = read_output(at, item, report)?;
                push(&mut turns, Role::User, Block { at, kind, cache: None });
            }
            "reasoning" => {
                if let Some(kind) = read_reasoning(at, item, report)? {
                    push(&mut turns, Role::Assistant, Block { at, kind, cache: None });
                }
            }
            "item_reference" => {
                let reason = "refers to an item that a provider of the Responses API keeps, and this model's provider \
                              speaks another one; send the item itself";
                return Err(RequestError::unsupported(at.path(""), reason));
            }
            known if SERVER_SIDE.contains(&known) => {
                report.drop(at.path("type"), "items of tools that run at the provider cannot be translated")?;
            }
            other => {
                let shown: String = other.chars().take(40).collect();
                let reason = format!("items of type {shown:?} cannot be translated for this model's provider");
                return Err(RequestError::unsupported(at.path("type"), reason));
            }
        }
    }
    Ok((system, turns))
}

/// Adds to the last turn, or begins one: what a user says is not of one turn with the results of tools before it.
fn push<'a>(turns: &mut Vec<Turn<'a>>, role: Role, block: Block<'a>) {
    let is_result = |block: &Block<'_>| matches!(block.kind, BlockKind::ToolResult { .. });
    match turns.last_mut() {
        Some(last) if last.role == role && (role == Role::Assistant || last.blocks.iter().all(is_result)) => {
            last.blocks.push(block);
        }
        _ => turns.push(Turn { role, blocks: vec![block] }),
    }
}

fn read_message<'a>(
    at: At,
    item: WireItem<'a>,
    system: &mut Vec<Block<'a>>,
    turns: &mut Vec<Turn<'a>>,
    report: &mut Report,
) -> Result<(), RequestError> {
    report.unknown(&item.extra, |field| at.path(field))?;
    let blocks = read_content(at, item.content, report)?;
    match item.role.as_deref() {
        Some("system" | "developer") => {
            if !turns.is_empty() {
                report.drop(at.path("role"), "an instruction amid the conversation moves to its start")?;
            }
            if let Some(other) = blocks.iter().find(|block| !matches!(block.kind, BlockKind::Text(_))) {
                return Err(RequestError::unsupported(other.at.path("type"), "instructions can only be text"));
            }
            system.extend(blocks);
        }
        Some("user") => turns.push(Turn { role: Role::User, blocks }),
        Some("assistant") => blocks.into_iter().for_each(|block| push(turns, Role::Assistant, block)),
        _ => {
            return Err(RequestError::field(
                at.path("role"),
                "is none of the known roles",
                "write system, developer, user or assistant",
            ));
        }
    }
    Ok(())
}

fn read_content<'a>(
    at: At,
    content: Option<TextOr<'a, WirePart<'a>>>,
    report: &mut Report,
) -> Result<Vec<Block<'a>>, RequestError> {
    match content {
        None => Err(RequestError::field(at.path("content"), "is missing", "write a string or a list of parts")),
        Some(TextOr::Text(text)) => Ok(vec![Block { at, kind: BlockKind::Text(text), cache: None }]),
        Some(TextOr::List(parts)) => {
            let mut blocks = Vec::with_capacity(parts.len());
            for (index, part) in parts.into_iter().enumerate() {
                let at = At { part: Some(index), ..at };
                report.unknown(&part.extra, |field| at.path(field))?;
                blocks.push(Block { at, kind: read_part(at, "", part, report)?, cache: None });
            }
            Ok(blocks)
        }
    }
}

/// Reads a part; `within` is the path to it below `at`, with a dot behind, for those of a tool's output.
fn read_part<'a>(at: At, within: &str, part: WirePart<'a>, report: &mut Report) -> Result<BlockKind<'a>, RequestError> {
    let path = |field: &str| at.path(&format!("{within}{field}"));
    let missing = |field: &str| RequestError::field(path(field), "is missing", "its type demands it");
    if part.prompt_cache_breakpoint.is_some() {
        report.drop(path("prompt_cache_breakpoint"), NO_COUNTERPART)?;
    }
    let stored = "files of the provider's store cannot be translated; send the content itself";
    match part.kind.as_deref() {
        Some("input_text" | "output_text" | "text") => part.text.map(BlockKind::Text).ok_or_else(|| missing("text")),
        Some("refusal") => part.refusal.map(BlockKind::Text).ok_or_else(|| missing("refusal")),
        Some("input_image") => {
            if part.detail.as_deref().is_some_and(|detail| detail != "auto") {
                report.drop(path("detail"), NO_COUNTERPART)?;
            }
            let Some(url) = part.image_url else {
                return Err(match part.file_id {
                    Some(_) => RequestError::unsupported(path("file_id"), stored),
                    None => missing("image_url"),
                });
            };
            read_data_url(url, || path("image_url")).map(BlockKind::Image)
        }
        Some("input_file") => match (part.file_data, part.file_url) {
            (Some(data), _) => {
                let source = read_data_url(data, || path("file_data"))?;
                Ok(BlockKind::Document { title: part.filename, source })
            }
            (None, Some(url)) => Ok(BlockKind::Document { title: part.filename, source: Media::Url(url) }),
            (None, None) if part.file_id.is_some() => Err(RequestError::unsupported(path("file_id"), stored)),
            (None, None) => Err(missing("file_data")),
        },
        Some("input_audio") => Err(RequestError::unsupported(path("type"), "this model's provider takes no audio")),
        _ => Err(RequestError::field(
            path("type"),
            "is none of the known types",
            "write input_text, input_image, input_file or output_text",
        )),
    }
}

fn read_call<'a>(at: At, item: WireItem<'a>, report: &mut Report) -> Result<BlockKind<'a>, RequestError> {
    report.unknown(&item.extra, |field| at.path(field))?;
    let (Some(id), Some(name)) = (item.call_id, item.name) else {
        return Err(RequestError::field(at.path("call_id"), "or name is missing", "send the call as it was answered"));
    };
    let arguments: Option<Text<'_>> = match item.arguments {
        None => None,
        Some(raw) => Some(serde_json::from_str(raw.get()).map_err(|_| {
            RequestError::field(at.path("arguments"), "is not a string", "write the JSON of the arguments in a string")
        })?),
    };
    let input = read_arguments(arguments.as_deref().unwrap_or_default());
    if matches!(input, Arguments::Wrapped(_)) {
        report.drop(at.path("arguments"), "is not a JSON object; wrapped into one")?;
    }
    let (Arguments::Object(input) | Arguments::Wrapped(input)) = input;
    Ok(BlockKind::ToolUse { id, name, input })
}

fn read_output<'a>(at: At, item: WireItem<'a>, report: &mut Report) -> Result<BlockKind<'a>, RequestError> {
    report.unknown(&item.extra, |field| at.path(field))?;
    let Some(id) = item.call_id else {
        return Err(RequestError::field(at.path("call_id"), "is missing", "repeat the call_id of the call"));
    };
    let raw = item
        .output
        .ok_or_else(|| RequestError::field(at.path("output"), "is missing", "write what the function gave back"))?;
    let output: TextOr<'a, WirePart<'a>> = serde_json::from_str(raw.get()).map_err(|fault| {
        RequestError::field(at.path("output"), fault.to_string(), "write a string or a list of parts")
    })?;
    let parts = match output {
        TextOr::Text(text) => {
            return Ok(BlockKind::ToolResult { id, content: vec![ResultPart::Text(text)], is_error: false });
        }
        TextOr::List(parts) => parts,
    };
    let mut content = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let within = format!("output[{index}].");
        content.push(match read_part(at, &within, part, report)? {
            BlockKind::Text(text) => ResultPart::Text(text),
            BlockKind::Image(image) => ResultPart::Image(image),
            _ => {
                let path = at.path(&format!("output[{index}]"));
                return Err(RequestError::unsupported(path, "a tool gives back text or images"));
            }
        });
    }
    Ok(BlockKind::ToolResult { id, content, is_error: false })
}

/// Reasoning of a provider that was translated from goes back to it with what it came with; what a provider of the
/// Responses API has encrypted nobody else can read (rule 21).
fn read_reasoning<'a>(at: At, item: WireItem<'a>, report: &mut Report) -> Result<Option<BlockKind<'a>>, RequestError> {
    let sealed = item.encrypted_content.unwrap_or_default();
    match open_foreign(&sealed) {
        Some(Foreign::Signed(signature)) => {
            let texts: Vec<_> = item.summary.into_iter().flatten().filter_map(|part| part.text).collect();
            let text = match <[Text<'a>; 1]>::try_from(texts) {
                Ok([one]) => one,
                Err(texts) => texts.iter().map(|text| &**text).collect::<Vec<_>>().join("\n\n").into(),
            };
            Ok(Some(BlockKind::Thinking { text, signature: signature.to_owned().into() }))
        }
        Some(Foreign::Redacted(data)) => Ok(Some(BlockKind::RedactedThinking { data: data.to_owned().into() })),
        Some(Foreign::Unsigned) | None => {
            report.drop(at.path("type"), "reasoning that another provider cannot read is not sent to it")?;
            Ok(None)
        }
    }
}
