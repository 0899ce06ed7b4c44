//! Anthropic messages. Source: <https://docs.anthropic.com/en/api/messages>.

pub(crate) mod error;
