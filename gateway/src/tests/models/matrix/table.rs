//! The upstreams of the matrix, and what of a request each of them cannot carry. Whatever is not listed here arrives.

use weir_harness::chat::Dialect;
use weir_harness::provider::Format;

use super::tasks::Task;

/// An upstream and the model that is asked there.
pub(super) struct Upstream {
    pub(super) name: &'static str,
    pub(super) format: Format,
    pub(super) model: &'static str,
}

impl Upstream {
    /// The id of its provider. Nova is asked with a Bedrock API key, the other models there with an access key.
    pub(super) fn provider(&self) -> &'static str {
        if self.name == "Nova on Bedrock" { KEYED } else { self.format.name() }
    }
}

/// The provider of Bedrock's format that has an API key.
pub(super) const KEYED: &str = "bedrock-keyed";

const fn upstream(name: &'static str, format: Format, model: &'static str) -> Upstream {
    Upstream { name, format, model }
}

pub(super) const UPSTREAMS: [Upstream; 11] = [
    upstream("OpenAI", Format::Openai, "gpt-5"),
    upstream("Responses", Format::Responses, "gpt-5"),
    upstream("Anthropic", Format::Anthropic, "claude-sonnet-4-5"),
    upstream("Gemini", Format::Gemini, "gemini-3-flash-preview"),
    upstream("Bedrock", Format::Bedrock, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    upstream("Nova on Bedrock", Format::Bedrock, "eu.amazon.nova-pro-v1:0"),
    upstream("Azure", Format::Azure, "gpt-4o"),
    upstream("Gemini on Vertex", Format::Vertex, "gemini-2.5-pro"),
    upstream("Claude on Vertex", Format::Vertex, "claude-sonnet-4-5@20250929"),
    upstream("Cohere", Format::Cohere, "command-a-03-2025"),
    upstream("Ollama", Format::Ollama, "qwen3:8b"),
];

/// How a cell ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Everything is carried.
    Whole,
    /// Everything but this, which the answer's head names.
    Without(&'static str),
    /// 400 in the caller's dialect, for this field; nobody is asked.
    Refused(&'static str),
    /// The caller speaks the vendor's own dialect, and reads the vendor's own refusal of this field.
    Told(&'static str),
}

/// What cannot be carried, in the caller's words. Everything else of the matrix is [`Ends::Whole`].
pub(super) fn ends(caller: Dialect, upstream: &Upstream, task: Task) -> Ends {
    use Dialect::{Anthropic, Gemini, Openai, Responses};
    match (task, upstream.name, caller) {
        // They take no addresses, and the gateway fetches nothing.
        (Task::ImageAddress, "Bedrock" | "Nova on Bedrock" | "Ollama", Openai) => {
            Ends::Refused("messages[1].content[1]: ")
        }
        (Task::ImageAddress, "Bedrock" | "Nova on Bedrock" | "Ollama", Responses) => {
            Ends::Refused("input[0].content[1]: ")
        }
        (Task::ImageAddress, "Bedrock" | "Nova on Bedrock" | "Ollama", Anthropic) => {
            Ends::Refused("messages[0].content[1].source: ")
        }
        (Task::ImageAddress, "Bedrock" | "Nova on Bedrock" | "Ollama", Gemini) => {
            Ends::Refused("contents[0].parts[1]: ")
        }
        // Google's schemas cannot say that an object is closed, and Claude takes no other.
        (Task::Schema, "Anthropic" | "Bedrock" | "Claude on Vertex", Gemini) => {
            Ends::Without("generationConfig.responseSchema.additionalProperties")
        }
        // The model there is held to no schema: it is told the schema in words.
        (Task::Schema, "Nova on Bedrock", Openai) => Ends::Without("response_format"),
        (Task::Schema, "Nova on Bedrock", Responses) => Ends::Without("text.format"),
        (Task::Schema, "Nova on Bedrock", Anthropic) => Ends::Without("output_config.format"),
        (Task::Schema, "Nova on Bedrock", Gemini) => Ends::Without("generationConfig.responseSchema"),
        // The model there does not reason.
        (Task::Reasoning, "Azure", Openai) => Ends::Told("reasoning_effort"),
        (Task::Reasoning, "Nova on Bedrock", Openai) => Ends::Without("reasoning_effort"),
        (Task::Reasoning, "Azure" | "Nova on Bedrock", Responses) => Ends::Without("reasoning.effort"),
        (Task::Reasoning, "Azure" | "Nova on Bedrock", Anthropic) => Ends::Without("thinking"),
        (Task::Reasoning, "Azure" | "Nova on Bedrock", Gemini) => {
            Ends::Without("generationConfig.thinkingConfig.thinkingBudget")
        }
        // They reason or do not, and know no levels.
        (Task::Reasoning, "Cohere" | "Ollama", Openai) => Ends::Without("reasoning_effort"),
        (Task::Reasoning, "Cohere" | "Ollama", Responses) => Ends::Without("reasoning.effort"),
        // Nor budgets.
        (Task::Reasoning, "Ollama", Anthropic) => Ends::Without("thinking.budget_tokens"),
        (Task::Reasoning, "Ollama", Gemini) => Ends::Without("generationConfig.thinkingConfig.thinkingBudget"),
        _ => Ends::Whole,
    }
}

/// Whether the model there reasons.
pub(super) fn reasons(upstream: &Upstream) -> bool {
    !matches!(upstream.name, "Azure" | "Nova on Bedrock")
}

/// The reasoning that the caller sees.
pub(super) fn thinking(caller: Dialect, upstream: &Upstream, task: Task) -> &'static str {
    match (task, upstream.name, caller) {
        // What Cohere's models say before they call tools.
        (Task::OneTool | Task::ParallelTools, "Cohere", _) => "I will look it up.",
        // OpenAI shows none, and in its Responses API a summary to those only who ask for one: in chat completions
        // there is no way to.
        (Task::Reasoning, "OpenAI" | "Azure" | "Nova on Bedrock", _)
        | (Task::Reasoning, "Responses", Dialect::Openai) => "",
        (Task::Reasoning, ..) => "The user said “Think first”. 想一想…",
        _ => "",
    }
}

/// Whether calls come with ids: Gemini before 3 gives none, and its own callers read what it says.
pub(super) fn has_ids(caller: Dialect, upstream: &Upstream) -> bool {
    !(caller == Dialect::Gemini && upstream.name == "Gemini on Vertex")
}

/// Why it stopped, in the caller's word.
pub(super) fn stop(caller: Dialect, calls: bool) -> &'static str {
    match (caller, calls) {
        (Dialect::Openai, false) => "stop",
        (Dialect::Openai, true) => "tool_calls",
        (Dialect::Responses, _) => "completed",
        (Dialect::Anthropic, false) => "end_turn",
        (Dialect::Anthropic, true) => "tool_use",
        (Dialect::Gemini, _) => "STOP",
    }
}
