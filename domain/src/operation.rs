//! What a model is asked to do.

/// An operation of models that Weir plans, attempts, meters and answers: each takes the one path from body to last byte,
/// and differs only in how its bodies are read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation is continued.
    #[default]
    Chat,
    /// Texts become vectors.
    Embeddings,
    /// Documents are ordered by how well they fit a query.
    Rerank,
}

impl Operation {
    /// The name in sentences, log lines and metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
        }
    }
}
