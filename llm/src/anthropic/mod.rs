//! Anthropic messages. Source: <https://docs.anthropic.com/en/api/messages>.

pub(crate) mod error;
pub(crate) mod read_answer;
mod read_blocks;
pub(crate) mod read_request;
mod thinking;
mod usage;
mod version;
pub(crate) mod write_answer;
mod write_blocks;
pub(crate) mod write_request;
