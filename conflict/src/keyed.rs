//! Entries by key that are there only while something goes on with them: the registry below limits, queues and flights.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};

use parking_lot::Mutex;
use tokio::time::Instant;

/// A hash of all that makes one key.
pub(crate) type Key = [u8; 32];

/// Shards: what happens to one key holds up no more than its 256th part of the others, and that for a moment only.
const SHARDS: usize = 256;
/// Entries that only rest, in one shard; beyond, the oldest are forgotten before their time.
const RESTING_MAX: usize = 4_096;
/// A map with fewer slots than this is not worth shrinking.
const SHRINK_FROM: usize = 64;

/// Whether an entry is needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Something is under way, or somebody waits.
    Busy,
    /// Nothing is known of it that a new one would not know.
    Idle,
    /// Nothing is under way, but what it has learnt is good until then.
    Until(Instant),
}

/// An entry that says whether it is needed.
pub(crate) trait Resting {
    /// Asked after each change.
    fn rest(&self) -> Rest;
}

/// The registry.
pub(crate) struct Keyed<V> {
    shards: Box<[Padded<V>]>,
}

/// On cache lines of its own, so that cores that work on neighbours do not take them from each other.
#[repr(align(128))]
struct Padded<V>(Mutex<Shard<V>>);

struct Shard<V> {
    entries: HashMap<Key, Slot<V>, Spread>,
    /// Entries that rest, by when they are looked at again.
    resting: VecDeque<(Instant, Key)>,
}

struct Slot<V> {
    value: V,
    /// Whether it stands in `resting`, where it stands once at most.
    listed: bool,
}

/// Keys are hashes already, so that little is left to do; but who may choose what is hashed shall not choose what falls
/// together.
#[derive(Clone, Copy)]
struct Spread {
    secret: u64,
    sum: u64,
}

impl Spread {
    fn new() -> Self {
        Self { secret: RandomState::new().hash_one(0), sum: 0 }
    }
}

impl BuildHasher for Spread {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        *self
    }
}

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks();
        for word in words {
            let (low, high) = (self.sum ^ u64::from_le_bytes(*word)).carrying_mul(self.secret | 1, 0);
            self.sum = low ^ high;
        }
    }

    /// The length, which is the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.sum
    }
}

impl<V: Resting> Keyed<V> {
    pub(crate) fn new() -> Self {
        let spread = Spread::new();
        let shard = |_| Shard { entries: HashMap::with_hasher(spread), resting: VecDeque::new() };
        Self { shards: (0..SHARDS).map(shard).map(Mutex::new).map(Padded).collect() }
    }

    /// Does something with an entry, which is made if there is none and forgotten if it is not needed afterwards.
    /// `act` runs under the shard's lock: it must not come back to the registry, nor wake anybody.
    pub(crate) fn with<R>(&self, key: &Key, make: impl FnOnce() -> V, act: impl FnOnce(&mut V) -> R) -> R {
        let mut shard = self.shard(key).lock();
        shard.sweep();
        let Shard { entries, resting } = &mut *shard;
        match entries.entry(*key) {
            Entry::Occupied(mut found) => {
                let result = act(&mut found.get_mut().value);
                if found.get_mut().settled(key, resting) {
                    found.remove();
                    shard.shrink();
                }
                result
            }
            Entry::Vacant(free) => {
                let mut slot = Slot { value: make(), listed: false };
                let result = act(&mut slot.value);
                if !slot.settled(key, resting) {
                    free.insert(slot);
                }
                result
            }
        }
    }

    /// Does something with an entry if there is one; as [`Self::with`] otherwise.
    pub(crate) fn existing<R>(&self, key: &Key, act: impl FnOnce(&mut V) -> R) -> Option<R> {
        let mut shard = self.shard(key).lock();
        let Shard { entries, resting } = &mut *shard;
        let Entry::Occupied(mut found) = entries.entry(*key) else { return None };
        let result = act(&mut found.get_mut().value);
        if found.get_mut().settled(key, resting) {
            found.remove();
            shard.shrink();
        }
        Some(result)
    }

    /// Looks at each entry, shard by shard.
    pub(crate) fn each(&self, mut look: impl FnMut(&Key, &V)) {
        for shard in &self.shards {
            shard.0.lock().entries.iter().for_each(|(key, slot)| look(key, &slot.value));
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().entries.len()).sum()
    }

    fn shard(&self, key: &Key) -> &Mutex<Shard<V>> {
        // The last byte: the first ones of a resource's name are its team's.
        &self.shards[usize::from(key[31]) % SHARDS].0
    }
}

impl<V: Resting> Slot<V> {
    /// Whether it is to be forgotten.
    fn settled(&mut self, key: &Key, resting: &mut VecDeque<(Instant, Key)>) -> bool {
        match self.value.rest() {
            Rest::Busy => false,
            Rest::Idle => true,
            Rest::Until(when) => {
                if !self.listed {
                    self.listed = true;
                    resting.push_back((when, *key));
                }
                false
            }
        }
    }
}

impl<V: Resting> Shard<V> {
    /// Forgets what has rested for long. Two at a time: each call adds one at most, so they do not pile up.
    fn sweep(&mut self) {
        for _ in 0..2 {
            let Some((when, _)) = self.resting.front() else { return };
            let crowded = self.resting.len() > RESTING_MAX;
            let now = Instant::now();
            if *when > now && !crowded {
                return;
            }
            let Some((_, key)) = self.resting.pop_front() else { return };
            let Some(slot) = self.entries.get_mut(&key) else { continue };
            slot.listed = false;
            match slot.value.rest() {
                Rest::Busy => {}
                Rest::Until(later) if later > now && !crowded => {
                    slot.listed = true;
                    self.resting.push_back((later, key));
                }
                Rest::Until(_) | Rest::Idle => {
                    self.entries.remove(&key);
                    self.shrink();
                }
            }
        }
    }

    /// Gives memory back after a crowd has gone.
    fn shrink(&mut self) {
        let (len, room) = (self.entries.len(), self.entries.capacity());
        if room > SHRINK_FROM && len * 8 < room {
            self.entries.shrink_to(len * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Value(Rest);

    impl Resting for Value {
        fn rest(&self) -> Rest {
            self.0
        }
    }

    fn key(number: u32) -> Key {
        // All in one shard.
        let mut key = [0; 32];
        key[4..8].copy_from_slice(&number.to_le_bytes());
        key
    }

    #[test]
    fn an_entry_is_there_as_long_as_it_is_needed() {
        let keyed = Keyed::new();
        keyed.with(&key(1), || Value(Rest::Idle), |_| ());
        assert_eq!(keyed.len(), 0, "nothing was begun");
        keyed.with(&key(1), || Value(Rest::Idle), |value| value.0 = Rest::Busy);
        assert_eq!((keyed.len(), keyed.existing(&key(2), |_| ())), (1, None));
        assert_eq!(keyed.existing(&key(1), |value| value.0 = Rest::Idle), Some(()));
        assert_eq!(keyed.len(), 0);
    }

    #[test]
    fn what_rests_is_forgotten_in_time_and_never_by_mistake() {
        let (keyed, now) = (Keyed::new(), Instant::now());
        let (past, later) = (Rest::Until(now), Rest::Until(now + Duration::from_secs(600)));
        for (number, rest) in [(1, past), (2, past), (3, past)] {
            keyed.with(&key(number), || Value(rest), |_| ());
        }
        // What has been busy again, or has been used again, is not forgotten at the old time.
        assert_eq!(keyed.len(), 1, "two were swept as the third came");
        keyed.existing(&key(3), |value| value.0 = later);
        keyed.with(&key(4), || Value(Rest::Busy), |_| ());
        assert_eq!(keyed.len(), 2);
        keyed.existing(&key(4), |value| value.0 = past);
        keyed.existing(&key(4), |value| value.0 = Rest::Busy);
        keyed.with(&key(5), || Value(Rest::Busy), |_| ());
        assert!(keyed.existing(&key(4), |_| ()).is_some());
    }

    #[test]
    fn names_of_one_team_do_not_share_a_lock() {
        let keyed = Keyed::<Value>::new();
        let names = crate::resource::Names::new(&[1; 32]);
        let team = names.team("acme");
        let key = |number: u32| *names.key(team, &["resource", &number.to_string()]).bytes();
        let locks = (0..1_000).map(|number| std::ptr::from_ref(keyed.shard(&key(number))));
        let locks: std::collections::HashSet<_> = locks.collect();
        assert!(locks.len() > SHARDS / 2, "{} of {SHARDS}", locks.len());
    }

    #[test]
    fn a_crowd_that_rests_is_bounded_and_memory_comes_back() {
        let keyed = Keyed::new();
        let later = Instant::now() + Duration::from_secs(600);
        for number in 0..20_000 {
            keyed.with(&key(number), || Value(Rest::Until(later)), |_| ());
        }
        assert!((RESTING_MAX..RESTING_MAX + 4).contains(&keyed.len()), "{}", keyed.len());
        assert!(keyed.existing(&key(19_999), |_| ()).is_some(), "the oldest go first");
        for number in 0..20_000 {
            keyed.existing(&key(number), |value| value.0 = Rest::Idle);
        }
        assert_eq!(keyed.len(), 0);
        assert!(keyed.shards[0].0.lock().entries.capacity() <= SHRINK_FROM * 2);
    }
}
