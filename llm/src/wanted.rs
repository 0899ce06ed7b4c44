//! What a caller wants of an answer beyond its format, and what the answer itself will not say: from the request to the
//! reading of its answer.

use std::sync::Arc;

use weir_domain::operation::Operation;
use weir_domain::usage::Units;

use crate::ids::Ids;
use crate::openai::search_fee::SearchSize;
use crate::responses::echo::Echo;
use crate::wire::Text;

/// Made by [`crate::prepare`], handed back in [`crate::AnswerContext`].
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The model that was asked, for formats whose answers do not name it.
    pub(crate) model: Option<Arc<str>>,
    /// What the request is for that is not counted in tokens, as far as it says itself: what it costs where the answer
    /// counts nothing.
    pub(crate) units: Units,
    /// Whether the answer is to be a text that is no JSON.
    pub(crate) plain: bool,
    /// How much searches of the web are to find, where the answer does not say.
    pub(crate) search: SearchSize,
    /// What the answer repeats of the request.
    pub(crate) echo: Echo,
    /// Under which names the caller knows the ids of a provider that keeps what it answers.
    pub(crate) ids: Ids,
    /// What belongs to the operation.
    pub(crate) wish: Wish,
}

/// How vectors are written for the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layout {
    /// OpenAI's list, each vector a list of numbers.
    #[default]
    Numbers,
    /// OpenAI's list, each vector as base64 of little-endian 32-bit floats.
    Base64,
    /// The one that Gemini calls `embedding`.
    One,
    /// Gemini's list `embeddings`.
    Many,
}

/// By operation.
#[derive(Clone, Debug, Default)]
pub(crate) enum Wish {
    /// The format says it all.
    #[default]
    Nothing,
    /// Of embeddings that are translated.
    Embeddings {
        /// How they are written.
        layout: Layout,
        /// How many there must be.
        count: usize,
    },
    /// Of a completion that is a chat.
    Completion,
    /// Of a rerank that is translated.
    Rerank {
        /// How many documents there are to point at.
        count: usize,
        /// The documents as JSON, when they are to stand in the answer.
        documents: Option<Arc<[String]>>,
    },
}

impl Wanted {
    /// Remembers the model.
    pub(crate) fn of_model(model: &str) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    /// The same, with ids under other names where the answer of a provider of the Responses API is passed on.
    #[must_use]
    pub fn with_ids(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    /// The same with a wish.
    pub(crate) fn with(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    /// Whether the answer is a chat's, be it in the place of a completion.
    pub(crate) fn chats(&self, operation: Operation) -> bool {
        operation == Operation::Chat || matches!(self.wish, Wish::Completion)
    }

    /// The model that the answer names, else the one that was asked.
    pub(crate) fn model<'a>(&self, named: Option<Text<'a>>) -> Option<Text<'a>> {
        named.filter(|name| !name.is_empty()).or_else(|| Some(self.model.as_deref()?.to_owned().into()))
    }
}
