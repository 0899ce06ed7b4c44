//! Decides how a model of Google's is asked to think, from whatever the caller asked for (rule 20).
//!
//! Source: <https://ai.google.dev/gemini-api/docs/thinking>.

use serde::Serialize;

use super::family::{Family, Knob};
use crate::error::RequestError;
use crate::exchange::{Effort, Exchange, Thinking};
use crate::report::Report;

/// `generationConfig.thinkingConfig`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutThinking {
    /// -1: as many tokens as the model sees fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    include_thoughts: bool,
}

/// What the caller wishes.
#[derive(Clone, Copy)]
enum Wish {
    Off,
    Tokens(u64),
    Level(Effort),
    Free,
}

/// Plans the thinking; `None` leaves it to the model.
///
/// # Errors
/// In strict mode, when the wish cannot be met.
pub(super) fn plan(
    exchange: &Exchange<'_>,
    family: Family,
    report: &mut Report,
) -> Result<Option<OutThinking>, RequestError> {
    let (name, wish) = match (exchange.thinking, exchange.effort) {
        (None, None) => return Ok(None),
        (Some(Thinking::Off), _) => (exchange.names.thinking, Wish::Off),
        (None, Some(Effort::None)) => (exchange.names.effort, Wish::Off),
        (Some(Thinking::Budget(tokens)), _) => (exchange.names.thinking, Wish::Tokens(tokens)),
        (_, Some(effort)) => (exchange.names.effort, Wish::Level(effort)),
        (Some(Thinking::Adaptive), None) => (exchange.names.thinking, Wish::Free),
    };
    match family.knob {
        Knob::None => {
            if !matches!(wish, Wish::Off) {
                report.drop(name, "this model does not reason")?;
            }
            Ok(None)
        }
        Knob::Budget { least, most, off } => {
            budget(wish, (least, most, off), exchange.max_tokens, name, report).map(Some)
        }
        Knob::Level { minimal, medium } => level(wish, minimal, medium, name, report).map(Some),
    }
}

fn budget(
    wish: Wish,
    (least, most, off): (u64, u64, bool),
    max_tokens: Option<u64>,
    name: &'static str,
    report: &mut Report,
) -> Result<OutThinking, RequestError> {
    let wanted = match wish {
        Wish::Free => {
            return Ok(OutThinking { thinking_budget: Some(-1), include_thoughts: true, ..OutThinking::default() });
        }
        Wish::Off if off => return Ok(OutThinking { thinking_budget: Some(0), ..OutThinking::default() }),
        Wish::Off => {
            report.drop(name, format!("this model always reasons; lowered to {least} tokens"))?;
            least
        }
        Wish::Tokens(tokens) => {
            if tokens > most {
                report.drop(name, format!("this model reasons with at most {most} tokens; lowered to that"))?;
            }
            tokens
        }
        Wish::Level(Effort::None | Effort::Minimal | Effort::Low) => 1_024,
        Wish::Level(Effort::Medium) => 8_192,
        Wish::Level(Effort::High) => 24_576,
        Wish::Level(Effort::Xhigh | Effort::Max) => 32_768,
    };
    // Thoughts count as output: a fifth of the limit stays for the answer itself.
    let room = max_tokens.map_or(u64::MAX, |limit| limit / 5 * 4);
    let tokens = wanted.min(most).min(room).max(least);
    let include_thoughts = !matches!(wish, Wish::Off);
    Ok(OutThinking { thinking_budget: i64::try_from(tokens).ok(), include_thoughts, ..OutThinking::default() })
}

fn level(
    wish: Wish,
    minimal: bool,
    medium: bool,
    name: &'static str,
    report: &mut Report,
) -> Result<OutThinking, RequestError> {
    const LOW: &str = "LOW";
    let level = match wish {
        Wish::Free => None,
        Wish::Off | Wish::Level(Effort::None | Effort::Minimal) if minimal => Some("MINIMAL"),
        Wish::Off | Wish::Level(Effort::None | Effort::Minimal) => {
            report.drop(name, "this model always reasons; lowered to low")?;
            Some(LOW)
        }
        Wish::Tokens(0..=2_048) | Wish::Level(Effort::Low) => Some(LOW),
        Wish::Tokens(2_049..=8_192) | Wish::Level(Effort::Medium) if medium => Some("MEDIUM"),
        Wish::Tokens(2_049..=8_192) | Wish::Level(Effort::Medium) => {
            report.drop(name, "this model has low and high only; raised to high")?;
            Some("HIGH")
        }
        Wish::Level(Effort::Xhigh | Effort::Max) => {
            report.drop(name, "the provider has no such level; lowered to high")?;
            Some("HIGH")
        }
        Wish::Tokens(_) | Wish::Level(Effort::High) => Some("HIGH"),
    };
    let include_thoughts = !matches!(wish, Wish::Off | Wish::Level(Effort::None));
    Ok(OutThinking { thinking_level: level, include_thoughts, ..OutThinking::default() })
}
