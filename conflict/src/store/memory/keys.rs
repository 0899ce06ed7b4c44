//! Idempotency keys in memory.

use std::sync::Arc;
use std::time::Duration;

use weir_domain::spec::OnLost;

use super::shard::{Lasting, Part, Shard, entry};
use super::{Now, Room};
use crate::resource::ResourceKey;
use crate::store::{Begun, Entry, IdemAsk, IdemEnd, KeyState, StoreError, StoredAnswer};

/// What became of the request under one key.
#[derive(Default)]
pub(super) struct KeyRecord {
    state: State,
    owner: String,
    epoch: u64,
    lease: u64,
    expires: u64,
    fingerprint: Option<[u8; 32]>,
    label: String,
}

#[derive(Default)]
enum State {
    #[default]
    Free,
    Pending,
    Done(Arc<StoredAnswer>),
    NotStored {
        status: u16,
        location: Option<String>,
    },
    Unknown,
}

impl Lasting for KeyRecord {
    fn lasts_until(&self) -> u64 {
        if matches!(self.state, State::Free) { 0 } else { self.expires }
    }
}

impl KeyRecord {
    /// Gives the answer's room back.
    pub(super) fn forget(mut self, room: &Room) {
        self.become_state(room, State::Free);
    }

    fn become_state(&mut self, room: &Room, state: State) {
        if let State::Done(answer) = std::mem::replace(&mut self.state, state) {
            room.drop_answer(answer.weight());
        }
    }

    fn is_live(&self, now: Now) -> bool {
        self.lasts_until() > now.at
    }

    /// This owner's and of this epoch, and not ended yet for good.
    fn is_of(&self, now: Now, (owner, epoch): (&str, u64)) -> bool {
        self.is_live(now) && self.owner == owner && self.epoch == epoch
    }

    fn taken(&mut self, now: Now, room: &Room, ask: &IdemAsk<'_>) -> Begun {
        self.become_state(room, State::Pending);
        self.epoch += 1;
        ask.owner.clone_into(&mut self.owner);
        ask.label.clone_into(&mut self.label);
        self.fingerprint = ask.fingerprint;
        self.lease = now.after(ask.lease);
        self.expires = now.after(ask.ttl);
        Begun::New { epoch: self.epoch }
    }

    fn answer_of(&self, answer: &Arc<StoredAnswer>) -> Arc<StoredAnswer> {
        let fingerprint = self.fingerprint.or(answer.fingerprint);
        if fingerprint == answer.fingerprint {
            return Arc::clone(answer);
        }
        Arc::new(StoredAnswer { fingerprint, ..StoredAnswer::clone(answer) })
    }

    pub(super) fn view(&self, now: Now, key: &ResourceKey) -> Option<Entry> {
        let (state, status) = match &self.state {
            State::Free => return None,
            State::Pending if self.lease <= now.at => (KeyState::Unknown, None),
            State::Pending => (KeyState::Pending, None),
            State::Done(answer) => (KeyState::Done, Some(answer.status)),
            State::NotStored { status, .. } => (KeyState::NotStored, Some(*status)),
            State::Unknown => (KeyState::Unknown, None),
        };
        self.is_live(now).then(|| Entry::Key {
            id: *key,
            state,
            status,
            lease_remaining: (state == KeyState::Pending).then(|| now.until(self.lease)),
            expires_in: now.until(self.expires),
            fingerprint: self.fingerprint,
            label: self.label.clone(),
        })
    }
}

impl Shard {
    pub(super) fn begin_key(
        &mut self,
        now: Now,
        room: &Room,
        key: &ResourceKey,
        ask: &IdemAsk<'_>,
    ) -> Result<Begun, StoreError> {
        let record = entry(&mut self.keys, &mut self.due, room, Part::Keys, key, now.after(ask.ttl))?;
        if !record.is_live(now) {
            return Ok(record.taken(now, room, ask));
        }
        let fingerprint = record.fingerprint;
        if fingerprint.zip(ask.fingerprint).is_some_and(|(first, repeat)| first != repeat) {
            return Ok(Begun::Mismatch);
        }
        Ok(match &record.state {
            State::Done(answer) => Begun::Done(Arc::clone(answer)),
            State::NotStored { status, location } => {
                Begun::NotStored { status: *status, location: location.clone(), fingerprint }
            }
            State::Pending if record.lease > now.at => Begun::Busy { remaining: now.until(record.lease), fingerprint },
            State::Pending | State::Unknown | State::Free if ask.on_lost == OnLost::Retry => {
                record.taken(now, room, ask)
            }
            State::Pending | State::Unknown | State::Free => {
                record.state = State::Unknown;
                Begun::Unknown { fingerprint }
            }
        })
    }

    pub(super) fn end_key(
        &mut self,
        now: Now,
        room: &Room,
        key: &ResourceKey,
        by: (&str, u64),
        end: &IdemEnd,
        ttl: Duration,
    ) -> bool {
        let Some(record) = self.keys.get_mut(key).filter(|record| record.is_of(now, by)) else { return false };
        let (state, fingerprint) = match end {
            IdemEnd::Done(answer) => {
                let answer = record.answer_of(answer);
                let fingerprint = answer.fingerprint;
                (kept(room, answer), fingerprint)
            }
            IdemEnd::NotStored { status, location, fingerprint } => {
                (State::NotStored { status: *status, location: location.clone() }, *fingerprint)
            }
            IdemEnd::Unknown { fingerprint } => (State::Unknown, *fingerprint),
            IdemEnd::Released => (State::Free, None),
        };
        record.become_state(room, state);
        record.fingerprint = record.fingerprint.or(fingerprint);
        record.expires = now.after(ttl);
        true
    }

    pub(super) fn extend_key(&mut self, now: Now, key: &ResourceKey, by: (&str, u64), lease: Duration) -> bool {
        let Some(record) = self.keys.get_mut(key).filter(|record| record.is_of(now, by)) else { return false };
        if !matches!(record.state, State::Pending) {
            return false;
        }
        record.lease = now.after(lease);
        record.expires = record.expires.max(record.lease);
        true
    }

    pub(super) fn purge_key(&mut self, now: Now, room: &Room, key: &ResourceKey) -> bool {
        let Some(record) = self.keys.get_mut(key).filter(|record| record.is_live(now)) else { return false };
        record.become_state(room, State::Free);
        true
    }
}

/// The state of an answer, if there is room for it; else what is told in its place.
fn kept(room: &Room, answer: Arc<StoredAnswer>) -> State {
    if room.keep(answer.weight()) {
        return State::Done(answer);
    }
    State::NotStored { status: answer.status, location: answer.location() }
}
