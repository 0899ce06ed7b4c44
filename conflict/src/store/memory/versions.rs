//! Versions of resources in memory.

use super::shard::{Lasting, Part, Shard, entry};
use super::{Now, Room};
use crate::resource::ResourceKey;
use crate::store::{Begin, MAX_TAGS, StoreError, VERSION_TTL, Version, WriteEnd};

/// What is known of one resource.
#[derive(Default)]
pub(super) struct VersionRecord {
    /// 0 where it has no number yet.
    generation: u64,
    /// The newest writer.
    fence: u64,
    dirty: bool,
    tags: Vec<String>,
    changed_at: Option<i64>,
    expires: u64,
}

impl Lasting for VersionRecord {
    fn lasts_until(&self) -> u64 {
        self.expires
    }
}

impl Shard {
    /// The record of a resource that somebody deals with now.
    fn record(&mut self, now: Now, room: &Room, resource: &ResourceKey) -> Result<&mut VersionRecord, StoreError> {
        let expires = now.after(VERSION_TTL);
        let record = entry(&mut self.versions, &mut self.due, room, Part::Versions, resource, expires)?;
        if record.expires <= now.at {
            *record = VersionRecord { generation: (now.mark() / 1_000).max(1), ..VersionRecord::default() };
        }
        record.expires = expires;
        Ok(record)
    }

    pub(super) fn version(&mut self, now: Now, room: &Room, resource: &ResourceKey) -> Result<Version, StoreError> {
        let record = self.record(now, room, resource)?;
        Ok(Version {
            generation: record.generation,
            dirty: record.dirty,
            tags: record.tags.clone(),
            changed_at: record.changed_at,
        })
    }

    pub(super) fn begin_write(
        &mut self,
        now: Now,
        room: &Room,
        resource: &ResourceKey,
        fence: u64,
    ) -> Result<Begin, StoreError> {
        let record = self.record(now, room, resource)?;
        let dirty_before = record.dirty;
        if dirty_before {
            record.generation += 1;
            record.tags.clear();
        }
        record.fence = fence;
        record.dirty = true;
        Ok(Begin {
            generation: record.generation,
            dirty_before,
            tags: record.tags.clone(),
            changed_at: record.changed_at,
        })
    }

    /// Ends a write; the number of the version after it, or `None` where that does not count or is not known.
    pub(super) fn end_write(&mut self, now: Now, resource: &ResourceKey, end: &WriteEnd<'_>) -> Option<u64> {
        let record = self.versions.get_mut(resource).filter(|record| record.expires > now.at)?;
        let (fence, commit) = match end {
            WriteEnd::Commit { fence, tag } => (*fence, Some(tag)),
            WriteEnd::Abort { fence } => (*fence, None),
            WriteEnd::Unknown => return None,
        };
        if record.fence != fence {
            return None;
        }
        if let (true, Some(tag)) = (record.dirty, commit) {
            record.generation += 1;
            record.tags = tag.iter().map(|tag| (*tag).to_owned()).collect();
            record.changed_at = Some(now.wall);
        }
        record.dirty = false;
        record.expires = now.after(VERSION_TTL);
        Some(record.generation)
    }

    pub(super) fn learn(&mut self, now: Now, resource: &ResourceKey, generation: u64, tag: &str) -> bool {
        let Some(record) = self.versions.get_mut(resource).filter(|record| record.expires > now.at) else {
            return false;
        };
        if record.dirty || record.generation != generation {
            return false;
        }
        if !record.tags.iter().any(|known| known == tag) {
            if record.tags.len() >= MAX_TAGS {
                record.tags.remove(0);
            }
            record.tags.push(tag.to_owned());
        }
        record.expires = now.after(VERSION_TTL);
        true
    }
}
