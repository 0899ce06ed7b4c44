//! OpenAI Responses. Source: <https://platform.openai.com/docs/api-reference/responses>.

pub(crate) mod echo;
mod items;
pub(crate) mod read_answer;
mod read_items;
pub(crate) mod read_request;
pub(crate) mod read_stream;
pub(crate) mod sealed;
pub(crate) mod usage;
mod wire_events;
pub(crate) mod write_answer;
mod write_items;
pub(crate) mod write_request;
pub(crate) mod write_stream;
