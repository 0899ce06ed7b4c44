//! OpenAI chat completions. Source: <https://platform.openai.com/docs/api-reference/chat>.

pub(crate) mod error;
