//! Ollama's own API, towards providers only. Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.

pub(crate) mod read_answer;
pub(crate) mod read_stream;
mod write_messages;
pub(crate) mod write_request;
