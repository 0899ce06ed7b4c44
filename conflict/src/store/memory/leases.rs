//! Leases and locks in memory.

use std::time::Duration;

use weir_domain::spec::LockMode;

use super::shard::{Lasting, Part, Shard, entry};
use super::{Now, Room};
use crate::resource::{LeaseId, ResourceKey};
use crate::store::{Acquire, Grant, Holder, LeaseAsk, LeaseView, MAX_SHARED, Renewed, Space, StoreError, mark};

/// Who holds one resource.
#[derive(Default)]
pub(super) struct HeldSet(Vec<Held>);

struct Held {
    holder_id: [u8; 16],
    mode: LockMode,
    fence: u64,
    expires: u64,
    holder: Holder,
}

impl Lasting for HeldSet {
    fn lasts_until(&self) -> u64 {
        self.0.iter().map(|held| held.expires).max().unwrap_or(0)
    }
}

impl Held {
    fn view(&self, now: Now, resource: &ResourceKey) -> LeaseView {
        LeaseView {
            id: LeaseId { resource: *resource, holder: self.holder_id },
            mode: self.mode,
            fence: self.fence,
            expires_in: now.until(self.expires),
            holder: self.holder.clone(),
        }
    }
}

impl HeldSet {
    /// Who keeps a newcomer out: of several the one who holds longest, but where shared holders are merely too many the
    /// one who leaves first.
    fn in_the_way(&self, mode: LockMode) -> Option<&Held> {
        match mode {
            LockMode::Exclusive => self.0.iter().max_by_key(|held| held.expires),
            LockMode::Shared => {
                let full = self.0.len() >= MAX_SHARED;
                let first_to_leave = || self.0.iter().min_by_key(|held| held.expires).filter(|_| full);
                self.0.iter().find(|held| held.mode == LockMode::Exclusive).or_else(first_to_leave)
            }
        }
    }

    pub(super) fn views(&self, now: Now, resource: &ResourceKey) -> Vec<LeaseView> {
        let live = self.0.iter().filter(|held| held.expires > now.at);
        let mut views: Vec<LeaseView> = live.map(|held| held.view(now, resource)).collect();
        views.sort_by_key(|view| view.fence);
        views
    }
}

impl Shard {
    pub(super) fn acquire(
        &mut self,
        now: Now,
        room: &Room,
        resource: &ResourceKey,
        ask: &LeaseAsk<'_>,
    ) -> Result<Acquire, StoreError> {
        let id = LeaseId::of(*resource, ask.token);
        let expires = now.after(ask.ttl);
        if ask.track_version {
            // Room for it is found before anything is held.
            self.version(now, room, resource)?;
        }
        let (table, part) = match ask.space {
            Space::Write => (&mut self.leases, Part::Leases),
            Space::Lock => (&mut self.locks, Part::Locks),
        };
        let set = entry(table, &mut self.due, room, part, resource, expires)?;
        set.0.retain(|held| held.expires > now.at && held.holder_id != id.holder);
        if let Some(held) = set.in_the_way(ask.mode) {
            return Ok(Acquire::Held(held.view(now, resource)));
        }
        let fence = mark::next(self.fence, now.mark());
        self.fence = fence;
        let holder = ask.holder.clone();
        set.0.push(Held { holder_id: id.holder, mode: ask.mode, fence, expires, holder });
        let version = if ask.track_version { Some(self.begin_write(now, room, resource, fence)?) } else { None };
        Ok(Acquire::Granted(Grant { fence, expires_in: ask.ttl, version }))
    }

    pub(super) fn renew(&mut self, now: Now, space: Space, id: &LeaseId, ttl: Duration) -> Option<Renewed> {
        let set = self.held(space).get_mut(&id.resource)?;
        let held = set.0.iter_mut().find(|held| held.holder_id == id.holder && held.expires > now.at)?;
        held.expires = now.after(ttl);
        Some(Renewed { fence: held.fence, expires_in: ttl })
    }

    /// Takes a holding away, if it is live.
    pub(super) fn take(&mut self, now: Now, space: Space, id: &LeaseId) -> Option<LeaseView> {
        let set = self.held(space).get_mut(&id.resource)?;
        let at = set.0.iter().position(|held| held.holder_id == id.holder)?;
        let held = set.0.swap_remove(at);
        (held.expires > now.at).then(|| held.view(now, &id.resource))
    }

    pub(super) fn views(&mut self, now: Now, space: Space, resource: &ResourceKey) -> Vec<LeaseView> {
        self.held(space).get(resource).map(|set| set.views(now, resource)).unwrap_or_default()
    }
}
