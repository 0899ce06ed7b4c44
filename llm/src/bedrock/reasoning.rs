//! What Converse has no field for and a model takes nevertheless: `additionalModelRequestFields`.
//!
//! Sources: <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>,
//! <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>.

use serde::Serialize;

use super::family::Family;
use crate::anthropic::thinking::{OutThinking, ThinkingPlan, plan};
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Thinking};
use crate::report::Report;

/// The fields beside Converse's own.
#[derive(Debug, Default, Serialize)]
pub(super) struct Additional {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<OutThinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutEffort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    anthropic_beta: Vec<String>,
    /// Nova's.
    #[serde(rename = "inferenceConfig", skip_serializing_if = "Option::is_none")]
    inference_config: Option<OutTopK>,
    #[serde(rename = "reasoningConfig", skip_serializing_if = "Option::is_none")]
    reasoning_config: Option<OutReasoning>,
    /// OpenAI's.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct OutEffort {
    effort: &'static str,
}

#[derive(Debug, Serialize)]
struct OutTopK {
    #[serde(rename = "topK")]
    top_k: u64,
}

#[derive(Debug, Serialize)]
struct OutReasoning {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "maxReasoningEffort")]
    effort: &'static str,
}

/// Beta features that Bedrock knows; it refuses a request that names another.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>.
const BETAS: [&str; 9] = [
    "computer-use-",
    "context-1m-",
    "context-management-",
    "effort-",
    "fine-grained-tool-streaming-",
    "interleaved-thinking-",
    "output-128k-",
    "token-efficient-tools-",
    "tool-search-tool-",
];

impl Additional {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.thinking.is_none()
            && self.output_config.is_none()
            && self.top_k.is_none()
            && self.anthropic_beta.is_empty()
            && self.inference_config.is_none()
            && self.reasoning_config.is_none()
            && self.reasoning_effort.is_none()
    }

    /// Places `top_k`, for which every vendor has a name of its own.
    ///
    /// # Errors
    /// In strict mode, when there is no place.
    pub(super) fn place_top_k(
        &mut self,
        top_k: Option<u64>,
        family: Family,
        report: &mut Report,
    ) -> Result<(), RequestError> {
        match (top_k, family) {
            (None, _) => {}
            (Some(k), Family::Claude(_)) => self.top_k = Some(k),
            (Some(top_k), Family::Nova { .. }) => self.inference_config = Some(OutTopK { top_k }),
            (Some(_), _) => report.drop("top_k", "it is not known how this model's vendor calls it")?,
        }
        Ok(())
    }

    /// Places the beta features that Bedrock knows.
    ///
    /// # Errors
    /// In strict mode, when one is left out.
    pub(super) fn place_betas(
        &mut self,
        betas: &[String],
        family: Family,
        report: &mut Report,
    ) -> Result<(), RequestError> {
        for name in betas {
            let known = matches!(family, Family::Claude(_)) && BETAS.iter().any(|beta| name.starts_with(beta));
            if known {
                self.anthropic_beta.push(name.clone());
            } else {
                report.drop(format!("anthropic-beta.{name}"), "Bedrock does not have this feature for this model")?;
            }
        }
        Ok(())
    }
}

/// Plans the reasoning, and says whether the model will reason; `max_tokens` is the limit that will be sent.
///
/// # Errors
/// In strict mode, when the wish cannot be met.
pub(super) fn plan_reasoning(
    exchange: &Exchange<'_>,
    family: Family,
    max_tokens: u64,
    report: &mut Report,
) -> Result<(Additional, ThinkingPlan), RequestError> {
    let mut additional = Additional::default();
    if let Family::Claude(version) = family {
        let mut plan = plan(exchange, version, max_tokens, report)?;
        additional.output_config = plan.effort.take().map(|effort| OutEffort { effort });
        additional.thinking = plan.thinking.clone();
        return Ok((additional, plan));
    }
    let (name, effort) = match (exchange.thinking, exchange.effort) {
        (Some(Thinking::Off), _) | (None, None | Some(Effort::None)) => {
            return Ok((additional, ThinkingPlan::default()));
        }
        (Some(_), effort) => (exchange.names.thinking, effort.unwrap_or(Effort::Medium)),
        (None, Some(effort)) => (exchange.names.effort, effort),
    };
    let level = match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::Xhigh | Effort::Max => "high",
    };
    match family {
        Family::Nova { reasons: true } => {
            additional.reasoning_config = Some(OutReasoning { kind: "enabled", effort: level });
        }
        Family::Gpt => additional.reasoning_effort = Some(level),
        _ => report.drop(name, "it is not known how this model is asked to reason")?,
    }
    Ok((additional, ThinkingPlan::default()))
}
