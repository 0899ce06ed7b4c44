//! What is known of a streamed answer so far.

use crate::events::Event;
use crate::reply::{Ending, Finish, settle_finish};

/// What is known of the answer so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) model: Option<String>,
    pub(super) id: Option<String>,
    /// An event of the answer has come, so the upstream has begun to work.
    pub(super) begun: bool,
    pub(super) has_content: bool,
    pub(super) text_bytes: u64,
    pub(super) called_tool: bool,
    pub(super) refused: bool,
    pub(super) finish: Option<Finish>,
    pub(super) complete: bool,
    /// The upstream sent an error.
    pub(super) failed: bool,
}

impl Tally {
    /// Takes note of an event.
    pub(super) fn count(&mut self, event: &Event<'_>) {
        self.begun |= !matches!(event, Event::Ping);
        let bytes = match event {
            Event::Start { id, model } => {
                self.id = id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
                self.model = model.as_deref().filter(|model| !model.is_empty()).map(str::to_owned);
                return;
            }
            Event::Text(text) | Event::Thinking(text) | Event::RedactedThinking(text) => text.len(),
            Event::Refusal(text) => {
                self.refused = true;
                text.len()
            }
            Event::ToolStart { name, .. } => {
                self.called_tool = true;
                name.len()
            }
            Event::ToolInput { json, .. } => json.len(),
            Event::OtherChoice(bytes) => *bytes,
            Event::Finish { finish, .. } => {
                self.finish = Some(*finish);
                0
            }
            Event::End => {
                self.complete = true;
                return;
            }
            Event::Signature(_) | Event::BlockEnd | Event::Ping => return,
        };
        self.has_content = true;
        self.text_bytes += bytes as u64;
    }

    /// What tells how an answer ended that is passed on.
    pub(super) fn ending(&self) -> Ending {
        Ending { finish: self.finish, called_tool: self.called_tool, refused: self.refused }
    }

    /// The finish that the caller is told.
    pub(super) fn settled_finish(&self) -> Finish {
        settle_finish(self.finish, self.called_tool, self.refused)
    }
}
