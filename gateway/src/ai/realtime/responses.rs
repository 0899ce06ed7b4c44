//! The ledger rows of a session: one for each response and each transcription, written when the provider says what it
//! consumed, so that a session of an hour is visible while it runs and a killed process loses none of it.

use std::sync::Arc;

use weir_domain::dialect::Dialect;
use weir_domain::ledger::{Aborted, Attempt, Outcome, Record, Traffic};
use weir_domain::money::NanoUsd;
use weir_domain::snapshot::Target;
use weir_domain::usage::Usage;
use weir_llm::{RealtimeDone, RealtimeEvent, RealtimeStatus};

use crate::ai::pool::trial::Trial;
use crate::metering::{Meter, Settlement, cut, micros};

/// Responses at once in one session; servers allow far fewer. Beyond it the oldest is taken to be lost.
const MAX_OPEN: usize = 64;
/// The longest reason in a row, in bytes.
const MAX_CODE: usize = 64;

/// What a session consumes.
pub(super) struct Responses<'a> {
    meter: &'a Arc<Meter>,
    target: &'a Target,
    trial: &'a Trial,
    session: Of,
    /// Those that have begun and not ended, the oldest first.
    open: Vec<Open>,
    /// The model that writes down what is said: the one named last.
    transcription: Option<String>,
    /// Whether another was named before. Which of them wrote what comes then, the provider does not say.
    transcribers: bool,
    /// What the provider complained of last.
    complaint: Option<String>,
    /// Messages that were not looked at.
    unread: u64,
    /// Whether the caller is gone.
    alone: bool,
}

/// What all rows of a session have in common.
struct Of {
    path: String,
    team: String,
    application: String,
    key: String,
    model: String,
    provider_key: String,
    named: bool,
}

/// A response under way, and its row: dropped, it is written as one whose end is not known.
struct Open {
    id: String,
    row: Settlement,
}

/// How a row ends.
struct End<'e> {
    outcome: Outcome,
    error: &'e str,
    usage: Option<Usage>,
    /// The model whose price holds.
    model: &'e str,
    /// Whether it is sure that it was this model.
    sure: bool,
}

impl<'a> Responses<'a> {
    /// For a session that has begun; `record` is its own.
    pub(super) fn new(
        meter: &'a Arc<Meter>,
        target: &'a Target,
        trial: &'a Trial,
        record: &Record,
        named: bool,
    ) -> Self {
        let session = Of {
            path: record.path.clone(),
            team: record.team.clone(),
            application: record.application.clone(),
            key: record.key.clone(),
            model: record.model.clone(),
            provider_key: record.attempts.last().map(|attempt| attempt.provider_key.clone()).unwrap_or_default(),
            named,
        };
        let (open, unread) = (Vec::new(), 0);
        let (transcription, transcribers, complaint) = (None, false, None);
        Self { meter, target, trial, session, open, transcription, transcribers, complaint, unread, alone: false }
    }

    /// Takes note of an event. Rows are in the journal when this returns, before the caller sees the event.
    pub(super) fn note(&mut self, event: RealtimeEvent) {
        match event {
            RealtimeEvent::Session { transcription, .. } => self.transcribes(transcription),
            RealtimeEvent::Began { response } => self.began(response),
            RealtimeEvent::Done(done) => self.done(&done),
            RealtimeEvent::Transcribed { usage } => {
                let model = self.transcription.clone().unwrap_or_default();
                let (row, usage) = (self.row(), usage.map(|usage| *usage));
                let sure = !self.transcribers;
                self.end(row, &End { outcome: Outcome::Ok, error: "", usage, model: &model, sure });
            }
            RealtimeEvent::Untranscribed { code } | RealtimeEvent::Error { code } => self.complaint = Some(code),
        }
    }

    /// Notes that a message of the provider was too long to be looked at.
    pub(super) fn passed_over(&mut self) {
        self.unread += 1;
    }

    /// Notes that the caller is gone, and what comes from now on is only counted.
    pub(super) fn alone(&mut self) {
        self.alone = true;
    }

    /// The responses that have begun and not ended.
    pub(super) fn open(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|open| open.id.as_str())
    }

    /// Whether no response is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }

    /// What the provider complained of last, in a word.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref().map(|code| cut(code, MAX_CODE))
    }

    /// The session is over: what a response consumed whose end did not come is not known, and stays so.
    pub(super) fn close(&mut self, outcome: Outcome, error: &str) {
        let error = if self.unread > 0 && outcome == Outcome::Ok { "message_too_long" } else { error };
        let outcome = if outcome == Outcome::Ok { Outcome::Cut } else { outcome };
        for Open { row, .. } in std::mem::take(&mut self.open) {
            self.lost(row, outcome, error);
        }
    }

    /// Another model may write from now on. What was said before may be written down only now, by the one before, so
    /// what a session costs that has named several is not known any more: it must not be the price of the cheaper one.
    fn transcribes(&mut self, model: Option<String>) {
        let Some(model) = model else { return };
        self.transcribers |= self.transcription.as_ref().is_some_and(|before| *before != model);
        self.transcription = Some(model);
    }

    fn began(&mut self, id: String) {
        if self.open().any(|open| open == id) {
            return;
        }
        if self.open.len() >= MAX_OPEN {
            let Open { row, .. } = self.open.remove(0);
            self.lost(row, Outcome::Cut, "response_without_end");
        }
        let row = self.row();
        self.open.push(Open { id, row });
    }

    fn done(&mut self, done: &RealtimeDone) {
        let at = self.open.iter().position(|open| open.id == done.response);
        let row = match at {
            Some(at) => self.open.remove(at).row,
            None => self.row(),
        };
        let (outcome, error) = match done.status {
            RealtimeStatus::Failed => (Outcome::UpstreamError, done.code.as_deref().unwrap_or("response_failed")),
            _ if self.alone => (Outcome::Aborted, "caller_left"),
            RealtimeStatus::Completed | RealtimeStatus::Cancelled => (Outcome::Ok, ""),
        };
        let priced = |model: &&str| self.target.provider.price(model, row.at).is_some();
        let named = done.model.as_deref().filter(priced).unwrap_or(&self.target.model).to_owned();
        self.end(row, &End { outcome, error: cut(error, MAX_CODE), usage: done.usage, model: &named, sure: true });
    }

    /// A row that begins now.
    fn row(&self) -> Settlement {
        let session = &self.session;
        let mut row = Settlement::begin(self.meter, Traffic::Ai, "GET", &session.path);
        row.asked(Dialect::Openai, &session.model);
        row.team.clone_from(&session.team);
        row.application.clone_from(&session.application);
        row.key.clone_from(&session.key);
        row.provider.clone_from(&self.target.provider.id);
        row.upstream_model.clone_from(&self.target.model);
        row.stream = true;
        row.status = 101;
        if session.named {
            row.named();
        }
        row.attempts.push(Attempt {
            number: 1,
            provider: self.target.provider.id.clone(),
            provider_key: session.provider_key.clone(),
            target: self.target.model.clone(),
            started_us: 0,
            first_byte_us: None,
            duration_us: 0,
            status: 101,
            outcome: Outcome::Aborted,
            error: String::new(),
            usage: Usage::default(),
            cost: None,
            price: String::new(),
            aborted: None,
            shadow: None,
        });
        row
    }

    fn end(&self, mut row: Settlement, end: &End<'_>) {
        let price = self.target.provider.price(end.model, row.at).filter(|_| end.sure);
        let known = price.and_then(|price| price.rates.cost_of(&end.usage?));
        // A response that failed and counts nothing consumed nothing; of any other that is not known.
        let nothing = end.usage.is_none() && end.outcome == Outcome::UpstreamError;
        let cost = if nothing { Some(NanoUsd::ZERO) } else { known };
        let usage = end.usage.unwrap_or_default();
        let took = micros(row.started().elapsed());
        end.model.clone_into(&mut row.upstream_model);
        if let Some(attempt) = row.attempts.last_mut() {
            end.model.clone_into(&mut attempt.target);
            attempt.duration_us = took;
            attempt.outcome = end.outcome;
            end.error.clone_into(&mut attempt.error);
            (attempt.usage, attempt.cost) = (usage, cost);
            attempt.price = price.filter(|_| known.is_some()).map(|price| price.id.clone()).unwrap_or_default();
            attempt.aborted = (end.outcome == Outcome::Aborted).then_some(Aborted::Drained);
        }
        row.upstream_us = took;
        (row.usage, row.cost) = (usage, cost);
        row.end(end.outcome, end.error);
        row.settle();
        self.trial.consumed(usage.tokens.input_total() + usage.tokens.output_total());
    }

    /// Ends the row of a response whose end did not come.
    fn lost(&self, mut row: Settlement, outcome: Outcome, error: &str) {
        let took = micros(row.started().elapsed());
        if let Some(attempt) = row.attempts.last_mut() {
            attempt.duration_us = took;
            attempt.outcome = outcome;
            error.clone_into(&mut attempt.error);
            attempt.aborted = Some(Aborted::Cut);
        }
        row.upstream_us = took;
        row.end(outcome, error);
        row.settle();
    }
}
