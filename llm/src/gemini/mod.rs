//! Gemini `generateContent`. Source: <https://ai.google.dev/api/generate-content>.

mod family;
pub(crate) mod read_answer;
pub(crate) mod read_stream;
mod schema;
mod thinking;
mod usage;
mod write_contents;
pub(crate) mod write_request;
