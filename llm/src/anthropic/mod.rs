//! Anthropic messages. Source: <https://docs.anthropic.com/en/api/messages>.

pub(crate) mod error;
mod read_blocks;
pub(crate) mod read_request;
mod thinking;
mod version;
mod write_blocks;
pub(crate) mod write_request;
