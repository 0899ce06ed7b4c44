//! OpenAI chat completions. Source: <https://platform.openai.com/docs/api-reference/chat>.

pub(crate) mod error;
pub(crate) mod family;
pub(crate) mod io_usage;
pub(crate) mod read_answer;
pub(crate) mod read_messages;
pub(crate) mod read_request;
pub(crate) mod read_stream;
pub(crate) mod search_fee;
pub(crate) mod strict_schema;
pub(crate) mod thought_signature;
pub(crate) mod usage;
pub(crate) mod write_answer;
pub(crate) mod write_completion;
mod write_messages;
pub(crate) mod write_request;
pub(crate) mod write_stream;
