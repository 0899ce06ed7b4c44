//! Listings of what is in memory, by part and then by name.

use super::shard::Shard;
use super::{MemoryStore, Now};
use crate::resource::{ResourceKey, TeamTag};
use crate::store::{Entry, Kind, MAX_PAGE, Page, Space, StoreError};

impl MemoryStore {
    pub(super) fn page(
        &self,
        kind: Kind,
        team: TeamTag,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let after: Option<ResourceKey> = cursor.map(str::parse).transpose().map_err(|_| StoreError::BadCursor)?;
        let limit = limit.clamp(1, MAX_PAGE);
        let first = after.map_or(0, |key| usize::from(key.bucket()));
        let mut page = Page::default();
        for shard in self.shards.iter().skip(first) {
            let shard = shard.lock();
            let now = self.now();
            let mut names = shard.names(kind, team);
            names.retain(|key| after.is_none_or(|after| key.bucket() != after.bucket() || *key > after));
            names.sort_unstable();
            for key in names {
                page.entries.extend(shard.entries(now, kind, &key));
                if page.entries.len() >= limit {
                    page.next = Some(key.to_string());
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }
}

impl Shard {
    fn names(&self, kind: Kind, team: TeamTag) -> Vec<ResourceKey> {
        fn of<V>(table: &super::shard::Table<V>, team: TeamTag) -> Vec<ResourceKey> {
            table.keys().filter(|key| key.team() == team).copied().collect()
        }
        match kind {
            Kind::Held(Space::Write) => of(&self.leases, team),
            Kind::Held(Space::Lock) => of(&self.locks, team),
            Kind::Key => of(&self.keys, team),
            Kind::Limit => of(&self.limits, team),
        }
    }

    /// What lives under a name.
    pub(super) fn entries(&self, now: Now, kind: Kind, key: &ResourceKey) -> Vec<Entry> {
        let held = match kind {
            Kind::Key => return self.keys.get(key).and_then(|record| record.view(now, key)).into_iter().collect(),
            Kind::Limit => return self.limits.get(key).and_then(|record| record.view(now, key)).into_iter().collect(),
            Kind::Held(Space::Write) => self.leases.get(key),
            Kind::Held(Space::Lock) => self.locks.get(key),
        };
        held.map(|set| set.views(now, key)).unwrap_or_default().into_iter().map(Entry::Held).collect()
    }
}
