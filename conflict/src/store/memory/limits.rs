//! Permits in memory.

use std::collections::HashMap;
use std::time::Duration;

use super::shard::{Lasting, Part, Shard, entry};
use super::{Now, Room, micros};
use crate::resource::ResourceKey;
use crate::store::{Entry, Permit, PermitAsk, PermitId, StoreError};

/// The permits of one limit.
#[derive(Default)]
pub(super) struct LimitRecord {
    taken: HashMap<PermitId, u64>,
    /// No permit runs out before.
    earliest: u64,
    /// No permit runs out after.
    latest: u64,
    limit: u32,
    label: String,
}

impl Lasting for LimitRecord {
    fn lasts_until(&self) -> u64 {
        if self.taken.is_empty() { 0 } else { self.latest }
    }
}

impl LimitRecord {
    /// Drops permits that have run out, and finds when the next does.
    fn tidy(&mut self, now: Now) {
        if self.earliest <= now.at {
            self.taken.retain(|_, expires| *expires > now.at);
            self.earliest = self.taken.values().copied().min().unwrap_or(u64::MAX);
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn view(&self, now: Now, key: &ResourceKey) -> Option<Entry> {
        let taken = self.taken.values().filter(|expires| **expires > now.at).count();
        (taken > 0).then(|| Entry::Limit {
            id: *key,
            taken: u32::try_from(taken).unwrap_or(u32::MAX),
            limit: self.limit,
            label: self.label.clone(),
        })
    }
}

impl Shard {
    pub(super) fn permit(
        &mut self,
        now: Now,
        room: &Room,
        key: &ResourceKey,
        ask: &PermitAsk<'_>,
    ) -> Result<Permit, StoreError> {
        let expires = now.after(ask.lease);
        let record = entry(&mut self.limits, &mut self.due, room, Part::Limits, key, expires)?;
        record.tidy(now);
        record.limit = ask.limit;
        if record.count() >= ask.limit && !record.taken.contains_key(&ask.id) {
            // A permit that was kept since leaves `earliest` behind: then the caller comes back a little early.
            return Ok(Permit::Full { taken: record.count(), next_in: now.until(record.earliest) });
        }
        if record.label != ask.label {
            ask.label.clone_into(&mut record.label);
        }
        record.earliest = if record.taken.is_empty() { expires } else { record.earliest.min(expires) };
        record.latest = record.latest.max(expires);
        record.taken.insert(ask.id, expires);
        Ok(Permit::Granted { taken: record.count() })
    }

    pub(super) fn keep_permits(
        &mut self,
        now: Now,
        key: &ResourceKey,
        ids: &[PermitId],
        lease: Duration,
    ) -> Vec<PermitId> {
        let Some(record) = self.limits.get_mut(key) else { return ids.to_vec() };
        let until = now.at.saturating_add(micros(lease));
        let mut gone = Vec::new();
        for id in ids {
            match record.taken.get_mut(id).filter(|expires| **expires > now.at) {
                Some(expires) => *expires = until,
                None => gone.push(*id),
            }
        }
        record.latest = record.latest.max(until);
        gone
    }

    pub(super) fn give_back(&mut self, key: &ResourceKey, id: PermitId) {
        if let Some(record) = self.limits.get_mut(key) {
            record.taken.remove(&id);
        }
    }
}
