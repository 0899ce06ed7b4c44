//! Reads the lines of a streamed answer to a chat.

use weir_domain::dialect::WireFormat;

use super::read_answer::{Chat, filled, read_finish};
use crate::dropped::DroppedParts;
use crate::error::{StreamError, provider};
use crate::events::{Event, Sight};
use crate::reply::Finish;
use crate::usage::Sighted;

/// What must be remembered from line to line.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    started: bool,
    calls: usize,
    sighted: Sighted,
    /// What was left out so far.
    pub(crate) dropped: DroppedParts,
}

impl StreamReader {
    /// Whether the model is at work: something came that is an answer, though in no form that is known here.
    pub(crate) fn is_working(&self) -> bool {
        !self.dropped.names().is_empty()
    }

    /// What was said of usage.
    pub(crate) fn sighted(&self) -> Sighted {
        self.sighted
    }

    /// Reads one line.
    ///
    /// # Errors
    /// It is an error, or no line of an answer.
    pub(crate) fn read<'a>(
        &mut self,
        data: &'a str,
        emit: &mut dyn FnMut(Event<'a>),
    ) -> Result<Sight<'a>, StreamError> {
        let chat: Chat<'a> = serde_json::from_str(data).map_err(|fault| StreamError::Malformed(fault.to_string()))?;
        if let Some(error) = chat.error {
            return Err(StreamError::Provider(provider::read_in_band(WireFormat::Ollama, error)));
        }
        chat.note_dropped(&mut self.dropped);
        let sighted = chat.sighted();
        if !sighted.is_empty() {
            self.sighted = sighted;
        }
        if !std::mem::replace(&mut self.started, true) {
            emit(Event::Start { id: None, model: chat.model });
        }
        let message = chat.message.unwrap_or_default();
        if let Some(text) = filled(message.thinking) {
            emit(Event::Thinking(text));
        }
        if let Some(text) = filled(message.content) {
            emit(Event::Text(text));
        }
        for call in message.tool_calls.into_iter().flatten() {
            let Some(function) = call.function else { continue };
            let (ordinal, json) = (self.calls, function.input().get().to_owned().into());
            self.calls += 1;
            emit(Event::ToolStart { ordinal, id: filled(call.id), name: function.name.unwrap_or_default() });
            // A call comes whole, in one line.
            emit(Event::ToolInput { ordinal, json });
            emit(Event::BlockEnd);
        }
        if chat.done == Some(true) {
            let finish = chat.done_reason.as_deref().map_or(Finish::Stop, read_finish);
            emit(Event::Finish { finish, stop_sequence: None });
            emit(Event::End);
        }
        Ok(Sight::default())
    }
}
