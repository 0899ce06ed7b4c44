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
    /// The input tokens of a chat are counted; nothing is generated or charged.
    CountTokens,
    /// A text is continued, as before there were chats.
    Completion,
    /// Images are made from a text.
    ImageGeneration,
    /// Images are made from images and a text.
    ImageEdit,
    /// Images are made that resemble one.
    ImageVariation,
    /// A text is spoken.
    Speech,
    /// Speech becomes text.
    Transcription,
    /// Speech becomes English text.
    SpeechTranslation,
    /// Texts and images are judged.
    Moderation,
}

impl Operation {
    /// The name in sentences, log lines and metric labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
            Self::CountTokens => "count_tokens",
            Self::Completion => "completion",
            Self::ImageGeneration => "image_generation",
            Self::ImageEdit => "image_edit",
            Self::ImageVariation => "image_variation",
            Self::Speech => "speech",
            Self::Transcription => "transcription",
            Self::SpeechTranslation => "speech_translation",
            Self::Moderation => "moderation",
        }
    }

    /// Where OpenAI and those who follow it take what is only passed on, below the provider's address; `None` for
    /// operations that are read and written. Source: <https://platform.openai.com/docs/api-reference>.
    #[must_use]
    pub fn passed_on_at(self) -> Option<&'static str> {
        match self {
            Self::Chat | Self::Embeddings | Self::Rerank | Self::CountTokens => None,
            Self::Completion => Some("/completions"),
            Self::ImageGeneration => Some("/images/generations"),
            Self::ImageEdit => Some("/images/edits"),
            Self::ImageVariation => Some("/images/variations"),
            Self::Speech => Some("/audio/speech"),
            Self::Transcription => Some("/audio/transcriptions"),
            Self::SpeechTranslation => Some("/audio/translations"),
            Self::Moderation => Some("/moderations"),
        }
    }

    /// What is passed on at a path below an address.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let all = [
            Self::Completion,
            Self::ImageGeneration,
            Self::ImageEdit,
            Self::ImageVariation,
            Self::Speech,
            Self::Transcription,
            Self::SpeechTranslation,
            Self::Moderation,
        ];
        all.into_iter().find(|operation| operation.passed_on_at() == Some(path))
    }

    /// Whether the request may be a form with files (`multipart/form-data`).
    #[must_use]
    pub fn takes_form(self) -> bool {
        matches!(self, Self::ImageEdit | Self::ImageVariation | Self::Transcription | Self::SpeechTranslation)
    }

    /// Whether an estimate of tokens says something of what it costs.
    #[must_use]
    pub fn is_of_text(self) -> bool {
        matches!(self, Self::Chat | Self::Embeddings | Self::Rerank | Self::Completion | Self::Moderation)
    }
}
