//! The neutral form of an answer: what every dialect's answer is read into and written from.

/// Why a model stopped, in the words of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finish {
    /// It was done, or met a stop sequence.
    Stop,
    /// It ran into the limit of output tokens or of context.
    Length,
    /// It wants tools to be called.
    ToolCalls,
    /// It refused, or a filter cut it.
    ContentFilter,
}

impl Finish {
    /// The name in the ledger and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}
