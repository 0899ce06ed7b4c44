//! Writes the conversation of a Converse request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::documents::{DocumentNames, MAX_DOCUMENTS, format};
use super::family::Family;
use crate::error::RequestError;
use crate::exchange::{At, Block, BlockKind, Media, ResultPart, Role, Turn};
use crate::report::Report;
use crate::wire::{Raw, Text};

#[derive(Serialize)]
pub(super) struct OutMessage<'a> {
    role: &'static str,
    content: Vec<OutBlock<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OutBlock<'a> {
    Text(Text<'a>),
    Image(OutImage<'a>),
    Document(OutDocument<'a>),
    ToolUse(OutToolUse<'a>),
    ToolResult(OutToolResult<'a>),
    ReasoningContent(OutReasoning<'a>),
    CachePoint(CachePoint),
}

#[derive(Serialize)]
pub(super) struct OutImage<'a> {
    format: &'static str,
    source: OutBytes<'a>,
}

#[derive(Serialize)]
pub(super) struct OutDocument<'a> {
    format: &'static str,
    name: String,
    source: OutBytes<'a>,
}

/// Bytes are base64 in JSON, as they are in every dialect: they are passed on as they came.
#[derive(Serialize)]
pub(super) struct OutBytes<'a> {
    bytes: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutToolUse<'a> {
    tool_use_id: Text<'a>,
    name: Text<'a>,
    input: Raw<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutToolResult<'a> {
    tool_use_id: Text<'a>,
    content: Vec<OutBlock<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OutReasoning<'a> {
    ReasoningText { text: Text<'a>, signature: Text<'a> },
    RedactedContent(Text<'a>),
}

/// Marks that what stands before is to be cached.
#[derive(Serialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

/// Stands beside documents where the caller says nothing: Converse wants a text with them.
const DOCUMENT_TEXT: &str = "See the attached document.";
/// Stands before a conversation that begins with an answer.
const OPENING: &str = "(The conversation begins with an answer.)";

/// Writes turns; what the model does not take is reported.
pub(super) struct Writer<'r> {
    pub(super) family: Family,
    pub(super) report: &'r mut Report,
    names: DocumentNames,
}

impl<'r> Writer<'r> {
    pub(super) fn new(family: Family, report: &'r mut Report) -> Self {
        Self { family, report, names: DocumentNames::default() }
    }

    /// One message per turn, which [`crate::exchange::coalesce`] has made alternate; the first is the user's.
    pub(super) fn messages<'a>(&mut self, turns: Vec<Turn<'a>>) -> Result<Vec<OutMessage<'a>>, RequestError> {
        let mut messages: Vec<OutMessage<'a>> = Vec::with_capacity(turns.len() + 1);
        let last = turns.len().saturating_sub(1);
        for (index, mut turn) in turns.into_iter().enumerate() {
            let role = match turn.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let at = turn.blocks.first().map(|block| At { part: None, ..block.at }).unwrap_or_default();
            // Stable: only the results of tools move, to the front (rule 15).
            turn.blocks.sort_by_key(|block| !matches!(block.kind, BlockKind::ToolResult { .. }));
            if index == last && turn.role == Role::Assistant {
                trim_prefill(&mut turn.blocks);
            }
            let content = self.blocks(turn.blocks, turn.role)?;
            match messages.last_mut() {
                // Nothing is left of the turn, or what stood between has gone.
                _ if content.is_empty() => continue,
                Some(before) if before.role == role => {
                    before.content.extend(content);
                    continue;
                }
                Some(_) => {}
                None if role == "user" => {}
                None => {
                    self.report
                        .drop(at.path("role"), "the provider's conversations begin with the user; a turn was added")?;
                    messages.push(OutMessage { role: "user", content: vec![OutBlock::Text(OPENING.into())] });
                }
            }
            messages.push(OutMessage { role, content });
        }
        if messages.is_empty() {
            return Err(RequestError::field(
                "messages",
                "holds nothing but instructions or empty text",
                "say something as user",
            ));
        }
        Ok(messages)
    }

    fn blocks<'a>(&mut self, blocks: Vec<Block<'a>>, role: Role) -> Result<Vec<OutBlock<'a>>, RequestError> {
        let mut written = Vec::with_capacity(blocks.len() + 1);
        for block in blocks {
            let (at, cache) = (block.at, block.cache);
            let Some(out) = self.block(at, block.kind, role)? else { continue };
            written.push(out);
            written.extend(
                self.cache_point(cache, || at.path("cache_control"), self.family.caches())?.map(OutBlock::CachePoint),
            );
        }
        let has = |is: fn(&OutBlock<'_>) -> bool| written.iter().any(is);
        if has(|block| matches!(block, OutBlock::Document(_))) && !has(|block| matches!(block, OutBlock::Text(_))) {
            written.push(OutBlock::Text(DOCUMENT_TEXT.into()));
        }
        Ok(written)
    }

    /// `None` for what is reported and left out.
    fn block<'a>(&mut self, at: At, kind: BlockKind<'a>, role: Role) -> Result<Option<OutBlock<'a>>, RequestError> {
        Ok(Some(match kind {
            BlockKind::Text(text) => OutBlock::Text(text),
            BlockKind::Image(_) | BlockKind::Document { .. } if role == Role::Assistant => {
                return Err(RequestError::unsupported(at.path("type"), "an answer holds no images or documents here"));
            }
            BlockKind::Image(image) => OutBlock::Image(write_image(at, image)?),
            BlockKind::Document { title, source } => OutBlock::Document(self.document(at, title.as_deref(), source)?),
            BlockKind::ToolUse { id, name, input } => {
                OutBlock::ToolUse(OutToolUse { tool_use_id: id, name, input: as_object(input) })
            }
            BlockKind::ToolResult { id, content, is_error } => {
                let content = content.into_iter().filter_map(|part| write_part(at, part).transpose());
                let status = (is_error && self.family.takes_status()).then_some("error");
                let content = content.collect::<Result<Vec<_>, _>>()?;
                OutBlock::ToolResult(OutToolResult { tool_use_id: id, content, status })
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } if !self.family.takes_reasoning_back() => {
                self.report.drop(at.path("thinking"), "reasoning of another provider's model is not sent back")?;
                return Ok(None);
            }
            BlockKind::Thinking { signature, .. } if signature.is_empty() => {
                self.report.drop(at.path("thinking"), "reasoning without a signature is not taken back")?;
                return Ok(None);
            }
            BlockKind::Thinking { text, signature } => {
                OutBlock::ReasoningContent(OutReasoning::ReasoningText { text, signature })
            }
            BlockKind::RedactedThinking { data } => OutBlock::ReasoningContent(OutReasoning::RedactedContent(data)),
        }))
    }

    fn document<'a>(
        &mut self,
        at: At,
        title: Option<&str>,
        source: Media<'a>,
    ) -> Result<OutDocument<'a>, RequestError> {
        let (media_type, bytes) = in_request(at, source)?;
        let Some(format) = format(&media_type) else {
            return Err(RequestError::unsupported(
                at.path("source"),
                "the provider reads no documents of this media type",
            ));
        };
        if self.names.len() == MAX_DOCUMENTS {
            return Err(RequestError::unsupported(at.path("source"), "the provider takes at most 5 documents"));
        }
        Ok(OutDocument { format, name: self.names.fit(title), source: OutBytes { bytes } })
    }

    /// The mark that stands behind a part with `cache_control`; `takes` is whether the model takes one at that place.
    pub(super) fn cache_point(
        &mut self,
        cache: Option<&RawValue>,
        path: impl FnOnce() -> String,
        takes: bool,
    ) -> Result<Option<CachePoint>, RequestError> {
        #[derive(Default, serde::Deserialize)]
        struct Control<'a> {
            #[serde(borrow, default)]
            ttl: Option<Cow<'a, str>>,
        }
        let Some(cache) = cache else { return Ok(None) };
        if !takes {
            self.report.drop(path(), "this model takes no marks for its cache here")?;
            return Ok(None);
        }
        let control: Control<'_> = serde_json::from_str(cache.get()).unwrap_or_default();
        let hour = control.ttl.as_deref() == Some("1h");
        if hour && !self.family.caches_for_an_hour() {
            self.report.drop(path(), "this model caches for five minutes only")?;
            return Ok(Some(CachePoint { kind: "default", ttl: None }));
        }
        Ok(Some(CachePoint { kind: "default", ttl: hour.then_some("1h") }))
    }
}

/// An answer that the model is to continue must not end in white space.
fn trim_prefill(blocks: &mut [Block<'_>]) {
    if let Some(Block { kind: BlockKind::Text(text), .. }) = blocks.last_mut() {
        let end = text.trim_end().len();
        match &mut text.0 {
            Cow::Borrowed(borrowed) => *borrowed = borrowed.get(..end).unwrap_or_default(),
            Cow::Owned(owned) => owned.truncate(end),
        }
    }
}

/// Converse refuses what is no object (rule 14).
fn as_object(input: Raw<'_>) -> Raw<'_> {
    if input.is_object() {
        return input;
    }
    Raw::parse(&format!("{{\"arguments\":{}}}", input.get())).unwrap_or_else(Raw::empty_object)
}

fn write_part<'a>(at: At, part: ResultPart<'a>) -> Result<Option<OutBlock<'a>>, RequestError> {
    match part {
        ResultPart::Text(text) if text.is_empty() => Ok(None),
        ResultPart::Text(text) => Ok(Some(OutBlock::Text(text))),
        ResultPart::Image(image) => write_image(at, image).map(OutBlock::Image).map(Some),
    }
}

fn write_image(at: At, image: Media<'_>) -> Result<OutImage<'_>, RequestError> {
    let (media_type, bytes) = in_request(at, image)?;
    let format = match &*media_type {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => {
            let reason = "the provider takes images of PNG, JPEG, GIF and WebP only";
            return Err(RequestError::unsupported(at.path("source"), reason));
        }
    };
    Ok(OutImage { format, source: OutBytes { bytes } })
}

/// What is in the request itself. Converse takes no addresses, and Weir fetches none.
fn in_request(at: At, media: Media<'_>) -> Result<(Text<'_>, Text<'_>), RequestError> {
    match media {
        Media::Base64 { media_type, data } => Ok((media_type, data)),
        Media::Url(_) => {
            let reason =
                "the provider takes no addresses, and the gateway fetches none; send the content itself as base64";
            Err(RequestError::unsupported(at.path("source"), reason))
        }
    }
}
