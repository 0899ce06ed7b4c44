//! Cohere's API of version 2, towards providers only. Sources: <https://docs.cohere.com/reference/chat>,
//! <https://docs.cohere.com/v2/docs/streaming>.

pub(crate) mod read_answer;
pub(crate) mod read_stream;
pub(crate) mod usage;
mod write_messages;
pub(crate) mod write_request;
