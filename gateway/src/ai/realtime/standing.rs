//! Whether a session may go on: its key and its model as they are now, its time, and whether the process stays.
//!
//! A session lives by the configuration that it began with, as any request does, but it may last for hours: what takes a
//! right away holds for it too, within [`TICK`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_domain::ledger::Outcome;
use weir_domain::snapshot::{Snapshot, Target};
use weir_domain::time;
use weir_llm::RealtimeEvent;

use super::named::Named;
use crate::exchange::Caller;
use crate::state::State;

/// How often it is asked.
pub(super) const TICK: Duration = Duration::from_millis(500);
/// What a drain leaves for the end of sessions that are still under way, of its grace.
const LAST: Duration = Duration::from_secs(5);
/// How long a caller must have been silent for a drain to end its session before that.
const PAUSE: Duration = Duration::from_secs(2);

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// For the ledger.
    pub(super) outcome: Outcome,
    /// The same in a word; empty when it ended well.
    pub(super) word: &'static str,
    /// What the caller is told (RFC 6455 section 7.4.1).
    pub(super) code: u16,
    /// The same in words.
    pub(super) sentence: &'static str,
}

impl Reason {
    const fn new(outcome: Outcome, word: &'static str, code: u16, sentence: &'static str) -> Self {
        Self { outcome, word, code, sentence }
    }

    /// Either side wished to end, with this code; one that stands for none is not sent (section 7.1.5).
    pub(super) fn wished(code: Option<u16>) -> Self {
        let code = code.filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)).unwrap_or(1000);
        Self::new(Outcome::Ok, "", code, "")
    }
}

pub(super) const CALLER_LEFT: Reason = Reason::new(Outcome::Aborted, "caller_left", 1000, "");
pub(super) const CALLER_FAULT: Reason =
    Reason::new(Outcome::Refused, "invalid_frame", 1002, "a frame is not what RFC 6455 allows");
pub(super) const PROVIDER_LEFT: Reason = Reason::new(Outcome::Cut, "upstream_cut", 1011, "the provider hung up");
pub(super) const PROVIDER_FAULT: Reason =
    Reason::new(Outcome::UpstreamError, "invalid_upstream_answer", 1011, "the provider sent an invalid frame");
pub(super) const PROVIDER_STUCK: Reason =
    Reason::new(Outcome::Timeout, "upstream_timeout", 1011, "the provider takes nothing any more");
const REVOKED: Reason = Reason::new(Outcome::Refused, "revoked_api_key", 1008, "the API key is not valid any more");
const NOT_ALLOWED: Reason =
    Reason::new(Outcome::Refused, "model_not_allowed", 1008, "this API key may not use the model any more");
const NAMED_ANOTHER: Reason = Reason::new(
    Outcome::Refused,
    "model_not_allowed",
    1008,
    "the session names a model, or a transcription model, that this API key may not use",
);
const SWITCHED_OFF: Reason =
    Reason::new(Outcome::Refused, "provider_disabled", 1001, "the provider of this session has been switched off");
const IDLE: Reason = Reason::new(Outcome::Timeout, "session_idle", 1001, "nothing was said for too long");
const TOO_LONG: Reason = Reason::new(Outcome::Timeout, "session_too_long", 1001, "the session has lasted too long");
const DRAINING: Reason = Reason::new(Outcome::Cut, "draining", 1001, "the gateway is going down; connect again");
const NO_JOURNAL: Reason =
    Reason::new(Outcome::Internal, "journal_unavailable", 1013, "usage cannot be written down; try again later");

/// What a session depends on.
pub(super) struct Standing<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) model: &'a str,
    pub(super) target: &'a Target,
    pub(super) named: Named,
    pub(super) begun: Instant,
    /// When the drain was seen.
    pub(super) drained: Option<Instant>,
}

/// How quiet a session is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    /// Since the caller said something.
    pub(super) caller: Duration,
    /// Since either side did.
    pub(super) either: Duration,
    /// Whether no response is under way.
    pub(super) no_response: bool,
}

impl Standing<'_> {
    /// Why the session must end, if it must.
    pub(super) fn verdict(&mut self, quiet: Quiet) -> Option<Reason> {
        let settings = &self.state.settings;
        self.right().or_else(|| {
            if !self.state.meter.is_writable() {
                return Some(NO_JOURNAL);
            }
            if self.begun.elapsed() >= settings.realtime_total {
                return Some(TOO_LONG);
            }
            (quiet.either >= settings.realtime_idle).then_some(IDLE).or_else(|| self.drain(quiet))
        })
    }

    /// Why the session must end for what the provider has said of it: it names a model that the caller may not use.
    pub(super) fn heard(&mut self, event: &RealtimeEvent) -> Option<Reason> {
        let RealtimeEvent::Session { begins, model, transcription } = event else { return None };
        self.named.note(self.target, *begins, model.as_deref(), transcription.as_deref());
        let Some((snapshot, caller)) = self.now() else { return Some(REVOKED) };
        self.names_another(&snapshot, &caller).then_some(NAMED_ANOTHER)
    }

    fn names_another(&self, snapshot: &Snapshot, caller: &Caller) -> bool {
        !self.named.are_permitted(self.target, |name| caller.permits_model(snapshot, name))
    }

    /// The caller and the configuration as they are now; `None` when the key is not valid any more.
    fn now(&self) -> Option<(Arc<Snapshot>, Caller)> {
        let (live, before) = (&self.state.live, &self.caller.credential);
        let now = live.credential(&before.id).filter(|now| {
            let expired = now.expires_at.is_some_and(|end| end <= time::now());
            !now.revoked && !expired && now.hash == before.hash
        });
        let snapshot = live.snapshot();
        let owner = now.filter(|now| snapshot.applications.get(&now.application).is_some_and(|owner| !owner.disabled));
        let caller = Caller { credential: owner? };
        Some((snapshot, caller))
    }

    /// Whether caller and provider may still have it.
    fn right(&self) -> Option<Reason> {
        let Some((snapshot, caller)) = self.now() else { return Some(REVOKED) };
        if snapshot.resolve_model(self.model).is_none() || !caller.permits_model(&snapshot, self.model) {
            return Some(NOT_ALLOWED);
        }
        if self.names_another(&snapshot, &caller) {
            return Some(NAMED_ANOTHER);
        }
        snapshot
            .providers
            .get(&self.target.provider.id)
            .is_none_or(|provider| provider.disabled)
            .then_some(SWITCHED_OFF)
    }

    /// A drain ends a session in a pause of the conversation, or shortly before the grace period is over.
    fn drain(&mut self, quiet: Quiet) -> Option<Reason> {
        if !self.state.drain.is_draining() {
            return None;
        }
        let grace = self.state.settings.grace;
        let seen = self.drained.get_or_insert_with(Instant::now).elapsed();
        let last = seen >= grace.saturating_sub(LAST.min(grace / 2));
        let pause = quiet.no_response && quiet.caller >= PAUSE;
        (last || pause).then_some(DRAINING)
    }
}
