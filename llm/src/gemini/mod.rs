//! Gemini `generateContent`. Source: <https://ai.google.dev/api/generate-content>.

pub(crate) mod error;
pub(crate) mod family;
pub(crate) mod foreign;
pub(crate) mod read_answer;
mod read_contents;
pub(crate) mod read_request;
mod read_schema;
pub(crate) mod read_stream;
mod schema;
mod thinking;
pub(crate) mod usage;
pub(crate) mod write_answer;
mod write_contents;
pub(crate) mod write_request;
pub(crate) mod write_stream;
