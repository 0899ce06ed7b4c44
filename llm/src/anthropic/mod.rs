//! Anthropic messages. Source: <https://docs.anthropic.com/en/api/messages>.

mod closed_schema;
pub(crate) mod error;
pub(crate) mod held_format;
pub(crate) mod json_end;
pub(crate) mod read_answer;
mod read_blocks;
pub(crate) mod read_request;
pub(crate) mod read_stream;
pub(crate) mod thinking;
pub(crate) mod tool_ids;
pub(crate) mod usage;
pub(crate) mod version;
pub(crate) mod write_answer;
mod write_blocks;
pub(crate) mod write_request;
pub(crate) mod write_stream;
