//! The neutral form of a request: what every dialect's request is read into and written from.
//!
//! It is a superset: each reader fills what its dialect has, each writer renders what its dialect has and reports the
//! rest under the name it has in the caller's dialect. Text is borrowed from the body, JSON that nobody looks into
//! (schemas, arguments) is carried as it is.

mod blocks;
mod media_url;

use serde_json::value::RawValue;
use weir_domain::dialect::WireFormat;

use crate::error::RequestError;
use crate::report::{NO_COUNTERPART, Report};
use crate::sealed_id;
use crate::wire::{Raw, Text};
pub(crate) use blocks::{check_end, join_texts, last_place, report_cache_marks};
pub(crate) use media_url::MediaUrl;

/// One request.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    /// What the caller's dialect calls the fields below, for reports.
    pub(crate) names: &'static Names,
    /// Instructions that stand above the conversation.
    pub(crate) system: Vec<Block<'a>>,
    /// The conversation. Turns of one role may follow each other; none is empty.
    pub(crate) turns: Vec<Turn<'a>>,
    pub(crate) tools: Vec<Tool<'a>>,
    pub(crate) tool_choice: Option<ToolChoice<'a>>,
    /// `Some(false)`: at most one tool call per answer.
    pub(crate) parallel_tools: Option<bool>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u64>,
    pub(crate) penalties: Penalties,
    pub(crate) stop: Vec<Text<'a>>,
    pub(crate) stream: bool,
    pub(crate) format: Option<Format<'a>>,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) effort: Option<Effort>,
    /// Who the end user is, opaque.
    pub(crate) user: Option<Text<'a>>,
}

/// Wishes for the choice of words that only OpenAI's and Google's models know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Penalties {
    pub(crate) seed: Option<i64>,
    pub(crate) frequency: Option<f64>,
    pub(crate) presence: Option<f64>,
}

/// The names of neutral fields in a dialect.
#[derive(Debug)]
pub(crate) struct Names {
    /// The list of turns.
    pub(crate) conversation: &'static str,
    pub(crate) max_tokens: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) format: &'static str,
    pub(crate) thinking: &'static str,
    /// The most tokens of reasoning.
    pub(crate) budget: &'static str,
    pub(crate) effort: &'static str,
    pub(crate) user: &'static str,
    pub(crate) parallel_tools: &'static str,
    pub(crate) seed: &'static str,
    pub(crate) frequency_penalty: &'static str,
    pub(crate) presence_penalty: &'static str,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Assistant,
}

/// What one side says.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) role: Role,
    pub(crate) blocks: Vec<Block<'a>>,
}

/// One piece of a turn.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// Where it stands in the caller's request.
    pub(crate) at: At,
    pub(crate) kind: BlockKind<'a>,
    /// Anthropic's `cache_control`, also taken from callers of OpenAI's dialect.
    pub(crate) cache: Option<&'a RawValue>,
}

/// What a dialect calls the list of turns, and the list of a turn's pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lists {
    #[default]
    MessagesContent,
    ContentsParts,
    /// Items of the Responses API.
    InputContent,
    /// The same as one string.
    WholeInput,
}

/// A place in the caller's request: `messages[message].content[part]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) lists: Lists,
    pub(crate) message: usize,
    /// `None` when the content is one string, or the piece is no part of the content.
    pub(crate) part: Option<usize>,
    /// It stands in the top-level `system`, not in `messages`.
    pub(crate) in_system: bool,
}

impl At {
    /// The path, followed by `.field` unless that is empty.
    pub(crate) fn path(self, field: &str) -> String {
        let dot = if field.is_empty() { "" } else { "." };
        let (system, turns, pieces) = match self.lists {
            Lists::MessagesContent => ("system", "messages", ".content"),
            Lists::ContentsParts => ("systemInstruction.parts", "contents", ".parts"),
            Lists::InputContent => ("instructions", "input", ".content"),
            Lists::WholeInput => return format!("input{dot}{field}"),
        };
        match (self.in_system, self.part) {
            (true, Some(part)) => format!("{system}[{part}]{dot}{field}"),
            (true, None) => format!("{system}{dot}{field}"),
            (false, Some(part)) => format!("{turns}[{}]{pieces}[{part}]{dot}{field}", self.message),
            (false, None) => format!("{turns}[{}]{dot}{field}", self.message),
        }
    }
}

/// What a piece is.
#[derive(Debug)]
pub(crate) enum BlockKind<'a> {
    Text(Text<'a>),
    Image(Media<'a>),
    Document { title: Option<Text<'a>>, source: Media<'a> },
    ToolUse { id: Text<'a>, name: Text<'a>, input: Raw<'a> },
    ToolResult { id: Text<'a>, content: Vec<ResultPart<'a>>, is_error: bool },
    Thinking { text: Text<'a>, signature: Text<'a> },
    RedactedThinking { data: Text<'a> },
}

/// Bytes that are not text.
#[derive(Debug)]
pub(crate) enum Media<'a> {
    /// In the request itself.
    Base64 { media_type: Text<'a>, data: Text<'a> },
    /// To be fetched by the provider. Weir never fetches.
    Url(Text<'a>),
}

/// A piece of what a tool gave back.
#[derive(Debug)]
pub(crate) enum ResultPart<'a> {
    Text(Text<'a>),
    Image(Media<'a>),
}

/// A tool that the model may call.
#[derive(Debug)]
pub(crate) struct Tool<'a> {
    /// Its place in `tools`.
    pub(crate) at: usize,
    pub(crate) name: Text<'a>,
    pub(crate) description: Option<Text<'a>>,
    /// JSON Schema of its input; `None` when it takes none.
    pub(crate) schema: Option<Raw<'a>>,
    /// Whether the input must conform to the schema.
    pub(crate) strict: Option<bool>,
    pub(crate) cache: Option<&'a RawValue>,
}

/// Which tool the model is to call.
#[derive(Debug)]
pub(crate) enum ToolChoice<'a> {
    Auto,
    None,
    Any,
    Named(Text<'a>),
}

/// Takes a choice back that only tools could meet which were dropped: `given` is how many the caller offered.
///
/// # Errors
/// In strict mode, that it cannot be carried over.
pub(crate) fn keep_choice<'a>(
    choice: Option<ToolChoice<'a>>,
    tools: &[Tool<'_>],
    given: usize,
    report: &mut Report,
) -> Result<Option<ToolChoice<'a>>, RequestError> {
    let kept = match &choice {
        _ if tools.len() == given => true,
        Some(ToolChoice::Named(name)) => tools.iter().any(|tool| *tool.name == **name),
        Some(ToolChoice::Any) => !tools.is_empty(),
        Some(ToolChoice::Auto | ToolChoice::None) | None => true,
    };
    if kept {
        return Ok(choice);
    }
    report.drop("tool_choice", "it asks for a tool that was dropped")?;
    Ok(None)
}

/// What the answer must look like.
#[derive(Debug)]
pub(crate) enum Format<'a> {
    /// Some JSON object.
    JsonObject,
    /// JSON of a schema.
    JsonSchema { name: Option<Text<'a>>, schema: Raw<'a> },
}

/// Whether and how far the model may reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thinking {
    Off,
    /// At most so many tokens.
    Budget(u64),
    /// As far as the model sees fit.
    Adaptive,
}

/// How hard the model is to try; the union of both vendors' levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Thinking {
    /// Reads `thinking`, which callers of both dialects write in Anthropic's words.
    ///
    /// # Errors
    /// It names no known kind, or lacks its budget.
    pub(crate) fn read(kind: Option<&str>, budget: Option<u64>) -> Result<Self, RequestError> {
        match (kind, budget) {
            (Some("disabled"), _) => Ok(Self::Off),
            (Some("adaptive"), _) => Ok(Self::Adaptive),
            (Some("enabled"), Some(budget)) => Ok(Self::Budget(budget)),
            _ => Err(RequestError::field(
                "thinking",
                "is not complete",
                "write {\"type\": \"adaptive\"} or {\"type\": \"enabled\", \"budget_tokens\": 2048}, or leave it out",
            )),
        }
    }
}

impl Effort {
    /// Reads a level by its wire name; `field` is where it stands, `known` what may be written there.
    ///
    /// # Errors
    /// There is no such level.
    pub(crate) fn read(name: &str, field: &'static str, known: &'static str) -> Result<Self, RequestError> {
        Self::parse(name).ok_or_else(|| RequestError::field(field, "is none of the known levels", known))
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::Xhigh,
            "max" => Self::Max,
            _ => return None,
        })
    }

    /// The wire name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

impl Exchange<'_> {
    /// Lowers the caller's limit of output tokens to what the model can write: its provider would refuse more.
    ///
    /// # Errors
    /// In strict mode, when it is lowered.
    pub(crate) fn clamp_max_tokens(&mut self, most: Option<u64>, report: &mut Report) -> Result<(), RequestError> {
        match (self.max_tokens, most) {
            (Some(asked), Some(most)) if asked > most => {
                self.max_tokens = Some(most);
                report.drop(self.names.max_tokens, format!("the model writes at most {most} tokens; lowered to that"))
            }
            _ => Ok(()),
        }
    }
}

impl Exchange<'_> {
    /// Takes out what an upstream's dialect has no place for and every writer would have to report.
    ///
    /// # Errors
    /// In strict mode, when there is some.
    pub(crate) fn limit(&mut self, upstream: WireFormat, report: &mut Report) -> Result<(), RequestError> {
        if upstream != WireFormat::Gemini {
            self.drop_loose_signatures(report)?;
        }
        if upstream.takes_penalties() {
            return Ok(());
        }
        let given = std::mem::take(&mut self.penalties);
        for (is_given, name) in [
            (given.seed.is_some(), self.names.seed),
            (given.frequency.is_some_and(|p| p != 0.0), self.names.frequency_penalty),
            (given.presence.is_some_and(|p| p != 0.0), self.names.presence_penalty),
        ] {
            if is_given {
                report.drop(name, NO_COUNTERPART)?;
            }
        }
        Ok(())
    }
}

impl Exchange<'_> {
    /// Signatures of Google's models mean nothing to others, who would refuse them.
    fn drop_loose_signatures(&mut self, report: &mut Report) -> Result<(), RequestError> {
        let is_loose = |kind: &BlockKind<'_>| matches!(kind, BlockKind::RedactedThinking { data } if sealed_id::open_loose(data).is_some());
        for turn in &mut self.turns {
            if let Some(block) = turn.blocks.iter().find(|block| is_loose(&block.kind)) {
                report.drop(block.at.path("thinking"), "reasoning of another provider's model is not sent back")?;
                turn.blocks.retain(|block| !is_loose(&block.kind));
            }
        }
        Ok(())
    }
}

/// The conversation, without which there is no request in any dialect.
///
/// # Errors
/// It is missing.
pub(crate) fn conversation<T>(messages: Option<T>) -> Result<T, RequestError> {
    messages.ok_or_else(|| {
        RequestError::field(
            "messages",
            "is missing",
            "send at least one, such as {\"role\": \"user\", \"content\": \"Hello\"}",
        )
    })
}

/// Turns of one role that follow each other become one (rule 3); empty ones, and text of white space only, which
/// Anthropic refuses, go (rule 2).
pub(crate) fn coalesce(turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let mut merged: Vec<Turn<'_>> = Vec::with_capacity(turns.len());
    for mut turn in turns {
        turn.blocks.retain(|block| !matches!(&block.kind, BlockKind::Text(text) if text.trim().is_empty()));
        match merged.last_mut() {
            _ if turn.blocks.is_empty() => {}
            Some(last) if last.role == turn.role => last.blocks.append(&mut turn.blocks),
            _ => merged.push(turn),
        }
    }
    merged
}
