//! What a caller wants of an answer beyond its format, from the request to the reading of its answer.

/// Made by [`crate::prepare`], handed back in [`crate::AnswerContext`].
#[derive(Clone, Debug, Default)]
pub struct Wanted {}
