//! Reads the conversation of a `generateContent` request.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::foreign::{self, Held};
use crate::error::RequestError;
use crate::exchange::{At, Block, BlockKind, Lists, Media, ResultPart, Role, Turn};
use crate::report::Report;
use crate::sealed_id;
use crate::wire::{Raw, Text, record};

record! {
    /// An entry of `contents`, and `systemInstruction`.
    Content {
        "role" role: Text<'a>,
        "parts" parts: Vec<Part<'a>>,
    }
}

record! {
    Part {
        "text" text: Text<'a>,
        "thought" thought: bool,
        "thoughtSignature" | "thought_signature" signature: Text<'a>,
        "inlineData" | "inline_data" inline_data: Blob<'a>,
        "fileData" | "file_data" file_data: FileData<'a>,
        "functionCall" | "function_call" call: FunctionCall<'a>,
        "functionResponse" | "function_response" response: FunctionResponse<'a>,
        "executableCode" | "executable_code" executable_code: IgnoredAny,
        "codeExecutionResult" | "code_execution_result" code_result: IgnoredAny,
        "toolCall" | "tool_call" tool_call: IgnoredAny,
        "toolResponse" | "tool_response" tool_response: IgnoredAny,
    }
}

record! {
    Blob {
        "mimeType" | "mime_type" mime_type: Text<'a>,
        "data" data: Text<'a>,
        "displayName" | "display_name" display_name: Text<'a>,
    }
}

record! {
    FileData {
        "mimeType" | "mime_type" mime_type: Text<'a>,
        "fileUri" | "file_uri" file_uri: Text<'a>,
        "displayName" | "display_name" display_name: Text<'a>,
    }
}

record! {
    FunctionCall {
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "args" args: &'a RawValue,
    }
}

record! {
    FunctionResponse {
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "response" response: &'a RawValue,
        "parts" parts: Vec<Part<'a>>,
        "willContinue" | "will_continue" will_continue: IgnoredAny,
        "scheduling" scheduling: IgnoredAny,
    }
}

const UNSIGNED: &str = "reasoning without a signature is not taken back";

/// Reads the instructions, which are text.
pub(super) fn read_system<'a>(system: Content<'a>, report: &mut Report) -> Result<Vec<Block<'a>>, RequestError> {
    let at = At { lists: Lists::ContentsParts, in_system: true, ..At::default() };
    let mut blocks = Vec::new();
    for (part, wire) in system.parts.into_iter().flatten().enumerate() {
        let at = At { part: Some(part), ..at };
        report.unknown(&wire.extra, |field| at.path(field))?;
        let Some(text) = wire.text else {
            return Err(RequestError::unsupported(at.path(""), "instructions can only be text"));
        };
        blocks.push(Block { at, kind: BlockKind::Text(text), cache: None });
    }
    Ok(blocks)
}

/// Reads the turns.
pub(super) fn read_contents<'a>(
    contents: Vec<Content<'a>>,
    report: &mut Report,
) -> Result<Vec<Turn<'a>>, RequestError> {
    let mut reading = Reading { report, open: Vec::new(), thought: None };
    let mut turns: Vec<Turn<'a>> = Vec::with_capacity(contents.len());
    for (index, content) in contents.into_iter().enumerate() {
        let turn = reading.turn(index, content)?;
        match turns.last_mut() {
            Some(last) if last.role == Role::Assistant && turn.role == Role::Assistant => go_on(last, turn),
            _ => turns.push(turn),
        }
    }
    Ok(turns)
}

/// Google's SDKs keep each piece of a streamed answer as a content of its own: together they are one turn of the model,
/// whose calls are answered together, and whose text is one.
fn go_on<'a>(turn: &mut Turn<'a>, next: Turn<'a>) {
    for block in next.blocks {
        match (turn.blocks.last_mut().map(|last| &mut last.kind), block) {
            (Some(BlockKind::Text(text)), Block { kind: BlockKind::Text(more), .. }) => {
                *text = format!("{}{}", &**text, &*more).into();
            }
            (_, block) => turn.blocks.push(block),
        }
    }
}

struct Reading<'r, 'a> {
    report: &'r mut Report,
    /// Calls that no result has answered: their ids, the id that the caller may know, their names.
    open: Vec<(String, String, String)>,
    /// Thoughts whose signature has not come, and where they began.
    thought: Option<(At, Text<'a>)>,
}

impl<'a> Reading<'_, 'a> {
    fn turn(&mut self, index: usize, content: Content<'a>) -> Result<Turn<'a>, RequestError> {
        let at = At { lists: Lists::ContentsParts, message: index, ..At::default() };
        self.report.unknown(&content.extra, |field| at.path(field))?;
        let role = match content.role.as_deref() {
            None | Some("" | "user" | "function" | "tool") => Role::User,
            Some("model") => Role::Assistant,
            Some(_) => {
                return Err(RequestError::field(
                    at.path("role"),
                    "is none of the known roles",
                    "write user or model; instructions go into systemInstruction",
                ));
            }
        };
        let mut blocks = Vec::new();
        for (part, wire) in content.parts.into_iter().flatten().enumerate() {
            let at = At { part: Some(part), ..at };
            self.report.unknown(&wire.extra, |field| at.path(field))?;
            self.part(at, role, wire, &mut blocks)?;
        }
        self.lose_thought()?;
        Ok(Turn { role, blocks })
    }

    fn part(&mut self, at: At, role: Role, part: Part<'a>, blocks: &mut Vec<Block<'a>>) -> Result<(), RequestError> {
        let signature = part.signature.filter(|signature| !signature.is_empty() && !foreign::is_none(signature));
        let mut take = |kind| blocks.push(Block { at, kind, cache: None });
        if part.thought == Some(true) {
            if let Some(kind) = self.thought(at, part.text.unwrap_or_default(), signature.as_deref())? {
                take(kind);
            }
            return Ok(());
        }
        self.lose_thought()?;
        let misplaced = |what: &str, whose: &str| {
            Err(RequestError::field(
                at.path(what),
                "stands in a turn of another",
                format!("move it to one of the {whose}"),
            ))
        };
        match (part.call, part.response) {
            (Some(_), _) if role == Role::User => return misplaced("functionCall", "model"),
            (_, Some(_)) if role == Role::Assistant => return misplaced("functionResponse", "user"),
            (Some(call), _) => {
                take(self.call(at, call, signature.as_deref().unwrap_or_default())?);
                return Ok(());
            }
            (None, Some(response)) => {
                take(self.response(at, response)?);
                return Ok(());
            }
            (None, None) => {}
        }
        if let Some(text) = part.text {
            take(BlockKind::Text(text));
        } else if let Some(blob) = part.inline_data {
            take(read_blob(at, blob)?);
        } else if let Some(file) = part.file_data {
            take(read_file(at, file)?);
        } else if part.executable_code.is_some() || part.code_result.is_some() {
            self.report.drop(at.path(""), "code that ran at the provider cannot be translated")?;
        } else if part.tool_call.is_some() || part.tool_response.is_some() {
            self.report.drop(at.path(""), "calls of tools that run at the provider cannot be translated")?;
        } else if signature.is_none() {
            return Err(RequestError::field(at.path(""), "is empty", "write {\"text\": …} or another kind of part"));
        }
        if let Some(signature) = signature {
            take(held(&signature, Text::default()));
        }
        Ok(())
    }

    /// Thoughts end with their signature, in one part or in a later one.
    fn thought(
        &mut self,
        at: At,
        text: Text<'a>,
        signature: Option<&str>,
    ) -> Result<Option<BlockKind<'a>>, RequestError> {
        let whole = match self.thought.take() {
            None => (at, text),
            Some((at, mut before)) => {
                before.0.to_mut().push_str(&text);
                (at, before)
            }
        };
        let Some(signature) = signature else {
            self.thought = Some(whole);
            return Ok(None);
        };
        if !matches!(foreign::read(signature), Held::Signature(_)) && !whole.1.is_empty() {
            self.report.drop(whole.0.path("thought"), UNSIGNED)?;
        }
        Ok(Some(held(signature, whole.1)))
    }

    /// Thoughts that no signature followed.
    fn lose_thought(&mut self) -> Result<(), RequestError> {
        match self.thought.take() {
            Some((at, text)) if !text.is_empty() => self.report.drop(at.path("thought"), UNSIGNED),
            _ => Ok(()),
        }
    }

    fn call(&mut self, at: At, call: FunctionCall<'a>, signature: &str) -> Result<BlockKind<'a>, RequestError> {
        let Some(name) = call.name else {
            return Err(RequestError::field(
                at.path("functionCall.name"),
                "is missing",
                "send the call as it was answered",
            ));
        };
        self.report.unknown(&call.extra, |field| at.path(&format!("functionCall.{field}")))?;
        let given = call.id.filter(|id| !id.is_empty());
        let bare = given.unwrap_or_else(|| format!("call_{}_{}", at.message, at.part.unwrap_or_default()).into());
        let known = bare.to_string();
        let id = sealed_id::seal(bare, signature);
        self.open.push((id.to_string(), known, name.to_string()));
        let input = call.args.filter(|args| args.get().starts_with('{'));
        Ok(BlockKind::ToolUse { id, name, input: input.map_or_else(Raw::empty_object, Raw::Borrowed) })
    }

    /// A result finds its call by the id where it has one, else by the name: the first that is not answered.
    fn response(&mut self, at: At, response: FunctionResponse<'a>) -> Result<BlockKind<'a>, RequestError> {
        self.report.unknown(&response.extra, |field| at.path(&format!("functionResponse.{field}")))?;
        let (id, name) = (response.id.filter(|id| !id.is_empty()), response.name.unwrap_or_default());
        let by_id = id.as_ref().and_then(|id| self.open.iter().position(|(_, known, _)| *known == **id));
        let by_name = || self.open.iter().position(|(_, _, called)| *called == *name);
        let Some(place) = by_id.or_else(by_name) else {
            return Err(RequestError::field(
                at.path("functionResponse.name"),
                "is the name of no call before it that has no result",
                "send the call as it was answered, and one result for each",
            ));
        };
        let (id, _, _) = self.open.remove(place);
        let (text, is_error) = read_result(response.response);
        let mut content = vec![ResultPart::Text(text)];
        for part in response.parts.into_iter().flatten() {
            match part.inline_data.map(|blob| read_blob(at, blob)).transpose()? {
                Some(BlockKind::Image(media)) => content.push(ResultPart::Image(media)),
                _ => {
                    return Err(RequestError::unsupported(
                        at.path("functionResponse.parts"),
                        "only images can be translated",
                    ));
                }
            }
        }
        Ok(BlockKind::ToolResult { id: id.into(), content, is_error })
    }
}

/// What a signature stands for; `text` is the reasoning before it.
fn held<'a>(signature: &str, text: Text<'a>) -> BlockKind<'a> {
    match foreign::read(signature) {
        Held::Signature(signature) => BlockKind::Thinking { text, signature: signature.into() },
        Held::Hidden(data) => BlockKind::RedactedThinking { data: data.into() },
        Held::Google => BlockKind::RedactedThinking { data: sealed_id::loose(signature).into() },
    }
}

/// `{"output": …}` and `{"error": …}` are Google's own forms (<https://ai.google.dev/api/caching#FunctionResponse>); any
/// other object is told as it stands.
fn read_result(response: Option<&RawValue>) -> (Text<'_>, bool) {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Known<'a> {
        #[serde(borrow)]
        output: Option<Text<'a>>,
        #[serde(borrow)]
        error: Option<Text<'a>>,
    }
    let Some(raw) = response else { return (Text::default(), false) };
    match serde_json::from_str::<Known<'_>>(raw.get()) {
        Ok(Known { output: Some(text), error: None }) => (text, false),
        Ok(Known { output: None, error: Some(text) }) => (text, true),
        _ => (raw.get().into(), false),
    }
}

/// Clients that hold bytes write the alphabet of URLs; other dialects take the usual one only.
fn plain_base64(data: Text<'_>) -> Text<'_> {
    if data.contains(['-', '_']) { data.replace('-', "+").replace('_', "/").into() } else { data }
}

fn read_blob<'a>(at: At, blob: Blob<'a>) -> Result<BlockKind<'a>, RequestError> {
    let (Some(mime), Some(data)) = (blob.mime_type, blob.data) else {
        return Err(RequestError::field(
            at.path("inlineData"),
            "is not complete",
            "write {\"mimeType\": \"image/png\", \"data\": …}",
        ));
    };
    let data = plain_base64(data);
    if mime.starts_with("text/") {
        let bytes = BASE64_STANDARD.decode(data.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = bytes.ok_or_else(|| {
            RequestError::field(
                at.path("inlineData.data"),
                "is no text in base64",
                "encode it as UTF-8, then as base64",
            )
        })?;
        return Ok(BlockKind::Text(text.into()));
    }
    let title = blob.display_name;
    of_kind(at, &mime, title, Media::Base64 { media_type: mime.0.clone().into_owned().into(), data })
}

fn read_file<'a>(at: At, file: FileData<'a>) -> Result<BlockKind<'a>, RequestError> {
    let Some(uri) = file.file_uri else {
        return Err(RequestError::field(at.path("fileData.fileUri"), "is missing", "write the address of the file"));
    };
    let stored = uri.contains("generativelanguage.googleapis.com/") || uri.contains("www.youtube.com/");
    if stored || !uri.starts_with("https://") && !uri.starts_with("http://") {
        return Err(RequestError::unsupported(
            at.path("fileData.fileUri"),
            "files of Google's own stores cannot be translated; send the content itself",
        ));
    }
    let mime = match file.mime_type {
        Some(mime) => mime.0,
        None => Cow::Borrowed(super::write_contents::media_type_of(&uri).unwrap_or("image/*")),
    };
    of_kind(at, &mime, file.display_name, Media::Url(uri))
}

fn of_kind<'a>(at: At, mime: &str, title: Option<Text<'a>>, source: Media<'a>) -> Result<BlockKind<'a>, RequestError> {
    if mime.starts_with("image/") {
        return Ok(BlockKind::Image(source));
    }
    if mime == "application/pdf" {
        return Ok(BlockKind::Document { title, source });
    }
    Err(RequestError::unsupported(
        at.path("mimeType"),
        "only images, text and PDF can be translated for this model's provider",
    ))
}
