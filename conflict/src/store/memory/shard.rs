//! One part of the store: its tables, and when what is in them can be dropped.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::keys::KeyRecord;
use super::leases::HeldSet;
use super::limits::LimitRecord;
use super::versions::VersionRecord;
use super::{Now, Room};
use crate::resource::ResourceKey;
use crate::store::{Space, StoreError};

/// How many entries a call looks at that may have run out: more than a call can add, so what has run out gets less.
const SWEPT: usize = 4;

/// A table by name.
pub(super) type Table<V> = HashMap<ResourceKey, V, BuildHasherDefault<Spread>>;

/// When an entry may be dropped, at the earliest.
type Due = BinaryHeap<Reverse<(u64, Part, ResourceKey)>>;

/// The hash of a name is the name.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}

/// Which table an entry is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Leases,
    Locks,
    Versions,
    Keys,
    Limits,
}

/// One of 256 parts.
#[derive(Default)]
pub(super) struct Shard {
    /// The last fence that was given in this part.
    pub(super) fence: u64,
    pub(super) leases: Table<HeldSet>,
    pub(super) locks: Table<HeldSet>,
    pub(super) versions: Table<VersionRecord>,
    pub(super) keys: Table<KeyRecord>,
    pub(super) limits: Table<LimitRecord>,
    pub(super) due: Due,
}

/// What lies in a table until a certain time, and may be dropped then.
pub(super) trait Lasting {
    fn lasts_until(&self) -> u64;
}

impl Shard {
    pub(super) fn held(&mut self, space: Space) -> &mut Table<HeldSet> {
        match space {
            Space::Write => &mut self.leases,
            Space::Lock => &mut self.locks,
        }
    }

    /// Drops a little of what has run out. Each entry is due once; one that was prolonged meanwhile becomes due again.
    pub(super) fn sweep(&mut self, now: Now, room: &Room) {
        for _ in 0..SWEPT {
            let Some(Reverse((at, part, key))) = self.due.peek().copied() else { return };
            if at > now.at {
                return;
            }
            self.due.pop();
            let later = match part {
                Part::Leases => later(&mut self.leases, &key, now, room).map(|(at, _)| at),
                Part::Locks => later(&mut self.locks, &key, now, room).map(|(at, _)| at),
                Part::Versions => later(&mut self.versions, &key, now, room).map(|(at, _)| at),
                Part::Limits => later(&mut self.limits, &key, now, room).map(|(at, _)| at),
                Part::Keys => match later(&mut self.keys, &key, now, room) {
                    Some((at, None)) => Some(at),
                    Some((_, Some(dropped))) => {
                        dropped.forget(room);
                        None
                    }
                    None => None,
                },
            };
            if let Some(at) = later.filter(|at| *at > now.at) {
                self.due.push(Reverse((at, part, key)));
            }
        }
    }
}

/// Until when an entry lasts, and the entry itself if it was dropped now.
fn later<V: Lasting>(table: &mut Table<V>, key: &ResourceKey, now: Now, room: &Room) -> Option<(u64, Option<V>)> {
    let at = table.get(key)?.lasts_until();
    if at > now.at {
        return Some((at, None));
    }
    room.leave();
    Some((at, table.remove(key)))
}

/// The entry of a name, made where there is none. It is looked at again at `lasts_until`.
pub(super) fn entry<'a, V: Default>(
    table: &'a mut Table<V>,
    due: &mut Due,
    room: &Room,
    part: Part,
    key: &ResourceKey,
    lasts_until: u64,
) -> Result<&'a mut V, StoreError> {
    match table.entry(*key) {
        Entry::Occupied(found) => Ok(found.into_mut()),
        Entry::Vacant(free) => {
            room.enter()?;
            due.push(Reverse((lasts_until, part, *key)));
            Ok(free.insert(V::default()))
        }
    }
}
