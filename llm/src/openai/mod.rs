//! OpenAI chat completions. Source: <https://platform.openai.com/docs/api-reference/chat>.

pub(crate) mod error;
mod family;
pub(crate) mod io_usage;
pub(crate) mod read_answer;
mod read_messages;
pub(crate) mod read_request;
pub(crate) mod read_stream;
mod strict_schema;
mod thought_signature;
pub(crate) mod usage;
pub(crate) mod write_answer;
mod write_messages;
pub(crate) mod write_request;
pub(crate) mod write_stream;
