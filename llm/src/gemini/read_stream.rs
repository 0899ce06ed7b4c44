//! Reads the events of a streamed answer: each is a whole answer of its own, with the next parts of the content.

use weir_domain::dialect::WireFormat;
use weir_domain::usage::Units;

use super::read_answer::{Candidate, OTHER_CANDIDATES, Response, drop_of_candidate, read_finish, read_part, sighted};
use super::usage;
use crate::dropped::DroppedParts;
use crate::error::{StreamError, provider};
use crate::events::{Event, Sight};
use crate::reply::{Finish, Piece};
use crate::usage::Sighted;
use crate::wire::Text;

/// What must be remembered from event to event.
#[derive(Debug)]
pub(crate) struct StreamReader {
    /// From which ids of calls are made that have none.
    request_id: String,
    started: bool,
    finished: bool,
    working: bool,
    searched: Units,
    model: String,
    /// How many calls have begun.
    calls: usize,
    /// Counts are of all so far: the last ones hold.
    usage: Option<Box<serde_json::value::RawValue>>,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
}

impl StreamReader {
    pub(crate) fn new(request_id: &str) -> Self {
        Self {
            request_id: request_id.to_owned(),
            started: false,
            finished: false,
            working: false,
            searched: Units::default(),
            model: String::new(),
            calls: 0,
            usage: None,
            dropped: DroppedParts::default(),
        }
    }

    /// Whether the model is at work, be it at something that is no content (thoughts that are not shown, a search).
    pub(crate) fn is_working(&self) -> bool {
        self.working
    }

    /// What was said of usage so far.
    pub(crate) fn sighted(&self) -> Sighted {
        sighted(self.usage.as_deref(), self.searched, self.finished)
    }

    /// Reads the data of one event. Nothing in it tells that it is the last.
    ///
    /// # Errors
    /// It is an error, or no answer.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        let response: Response<'a> =
            serde_json::from_str(data).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        if let Some(error) = response.error {
            return Err(StreamError::Provider(provider::read_in_band(WireFormat::Gemini, error)));
        }
        self.dropped.note_unknown(&response.extra, "*");
        self.working = true;
        if let Some(raw) = response.usage {
            self.usage = Some(raw.to_owned());
        }
        if !std::mem::replace(&mut self.started, true) {
            response.model.as_deref().unwrap_or_default().clone_into(&mut self.model);
            emit(Event::Start { id: response.id, model: response.model });
        }
        let candidates = response.candidates.unwrap_or_default();
        let blocked = response.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
        if blocked && candidates.is_empty() {
            self.finish(Finish::ContentFilter, emit);
        }
        for candidate in candidates {
            self.read_candidate(candidate, emit);
        }
        Ok(Sight { usage: response.usage, usage_only: false })
    }

    fn finish<'a>(&mut self, finish: Finish, emit: &mut dyn FnMut(Event<'a>)) {
        self.finished = true;
        emit(Event::Finish { finish, stop_sequence: None });
    }

    fn read_candidate<'a>(&mut self, candidate: Candidate<'a>, emit: &mut dyn FnMut(Event<'a>)) {
        let reason = candidate.finish_reason.as_deref().map(read_finish);
        let searched = usage::searches(candidate.grounding, Some(&self.model));
        if !searched.is_empty() {
            self.searched = searched;
        }
        if candidate.index.unwrap_or(0) != 0 {
            let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
            let bytes = parts.iter().filter_map(|part| part.text.as_deref()).map(str::len).sum();
            emit(Event::OtherChoice(bytes));
            self.dropped.note(OTHER_CANDIDATES);
            return;
        }
        drop_of_candidate(&mut self.dropped, &candidate);
        for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
            let before = self.calls;
            read_part(part, &self.request_id, &mut self.calls, &mut |piece| emit_piece(piece, before, emit));
        }
        if let Some(finish) = reason {
            self.finish(finish, emit);
        }
    }
}

/// A piece is whole when it comes.
fn emit_piece<'a>(piece: Piece<'a>, ordinal: usize, emit: &mut dyn FnMut(Event<'a>)) {
    match piece {
        Piece::Text(text) => emit(Event::Text(text)),
        Piece::Refusal(text) => emit(Event::Refusal(text)),
        Piece::Thinking { text, .. } => emit(Event::Thinking(text)),
        Piece::RedactedThinking { data } => emit(Event::RedactedThinking(data)),
        Piece::ToolUse { id, name, input } => {
            emit(Event::ToolStart { ordinal, id, name });
            let json = match input {
                crate::wire::Raw::Borrowed(raw) => Text::from(raw.get()),
                crate::wire::Raw::Owned(raw) => Text::from(raw.get().to_owned()),
            };
            emit(Event::ToolInput { ordinal, json });
            emit(Event::BlockEnd);
        }
    }
}
