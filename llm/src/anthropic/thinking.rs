//! Decides how an Anthropic model is asked to reason, from whatever the caller asked for (rule 20).

use serde::Serialize;

use super::version::ClaudeVersion;
use crate::error::RequestError;
use crate::exchange::{BlockKind, Effort, Exchange, Role, Thinking, ToolChoice};
use crate::report::Report;

/// `thinking` of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum OutThinking {
    Enabled { budget_tokens: u64 },
    Adaptive,
}

/// What goes into the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ThinkingPlan {
    pub(crate) thinking: Option<OutThinking>,
    /// `output_config.effort`.
    pub(crate) effort: Option<&'static str>,
}

/// The least budget that the API takes.
const MIN_BUDGET: u64 = 1024;

/// Tokens of reasoning for a level, on models that are given a budget.
fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None | Effort::Minimal => MIN_BUDGET,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
        Effort::Xhigh | Effort::Max => 32_768,
    }
}

/// Plans the reasoning.
///
/// # Errors
/// In strict mode, when the wish cannot be met.
pub(crate) fn plan(
    exchange: &Exchange<'_>,
    version: Option<ClaudeVersion>,
    max_tokens: u64,
    report: &mut Report,
) -> Result<ThinkingPlan, RequestError> {
    let (name, wish) = match (exchange.thinking, exchange.effort) {
        (Some(Thinking::Off), _) | (None, None | Some(Effort::None)) => return Ok(ThinkingPlan::default()),
        (Some(thinking), _) => (exchange.names.thinking, Some(thinking)),
        (None, Some(_)) => (exchange.names.effort, None),
    };
    let adaptive = version.is_some_and(ClaudeVersion::thinks_adaptively);
    let effort = exchange.effort.filter(|_| adaptive).map(|effort| level(effort, version));
    let refusal = if version.is_some_and(|version| !version.can_think()) {
        Some("this model does not reason")
    } else {
        obstacle(exchange, adaptive, max_tokens)
    };
    if let Some(reason) = refusal {
        report.drop(name, reason)?;
        return Ok(ThinkingPlan { thinking: None, effort });
    }
    let thinking = if adaptive {
        OutThinking::Adaptive
    } else {
        let wanted = match wish {
            Some(Thinking::Budget(tokens)) => tokens,
            _ => budget(exchange.effort.unwrap_or(Effort::Medium)),
        };
        // A fifth of the limit stays for the answer itself.
        OutThinking::Enabled { budget_tokens: wanted.min(max_tokens / 5 * 4).max(MIN_BUDGET) }
    };
    Ok(ThinkingPlan { thinking: Some(thinking), effort })
}

/// What makes the API refuse reasoning in this request.
fn obstacle(exchange: &Exchange<'_>, adaptive: bool, max_tokens: u64) -> Option<&'static str> {
    if matches!(exchange.tool_choice, Some(ToolChoice::Any | ToolChoice::Named(_))) && !exchange.tools.is_empty() {
        return Some("the model cannot reason when a tool call is forced");
    }
    if exchange.turns.last().is_some_and(|turn| turn.role == Role::Assistant) {
        return Some("the model cannot reason when it continues a given answer");
    }
    if !adaptive && max_tokens <= MIN_BUDGET {
        return Some("the limit of output tokens leaves no room for reasoning");
    }
    if !adaptive && unsigned_tool_loop(exchange) {
        return Some("the history holds tool calls without the reasoning that led to them");
    }
    None
}

/// Whether the last assistant turn called tools without the signed reasoning that the API then wants first.
fn unsigned_tool_loop(exchange: &Exchange<'_>) -> bool {
    let Some(turn) = exchange.turns.iter().rfind(|turn| turn.role == Role::Assistant) else { return false };
    let has = |is: fn(&BlockKind<'_>) -> bool| turn.blocks.iter().any(|block| is(&block.kind));
    has(|kind| matches!(kind, BlockKind::ToolUse { .. }))
        && !has(|kind| matches!(kind, BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. }))
}

fn level(effort: Effort, version: Option<ClaudeVersion>) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::Xhigh if version.is_some_and(ClaudeVersion::has_xhigh) => "xhigh",
        Effort::High | Effort::Xhigh => "high",
        Effort::Max => "max",
    }
}
