//! Slows down the guessing of passwords, per account and per address, without locking anybody out: whoever signed
//! in from an address before is slowed down there by wrong tries for this account from this address alone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Wrong tries that are free for one account from one address.
const FREE_PAIR: u32 = 5;
/// Wrong tries that are free from one address, whatever the account: an office behind one address.
const FREE_ADDRESS: u32 = 20;
/// Wrong tries that are free for one account from anywhere.
const FREE_ACCOUNT: u32 = 50;
/// The longest delay for an address.
const LONGEST: Duration = Duration::from_secs(900);
/// The longest delay for an account from anywhere: strangers may slow its owner down, not lock them out.
const LONGEST_ACCOUNT: Duration = Duration::from_secs(10);
/// How long an address is known to be somebody's after they signed in there.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 3600);
/// After this long without a try all is forgotten.
const FORGET: Duration = Duration::from_secs(3600);
/// The most entries kept; the oldest go first.
const CAPACITY: usize = 100_000;

/// Tries that were made, by account, address, and both.
#[derive(Default)]
pub(crate) struct Throttle {
    entries: Mutex<HashMap<String, Entry>>,
    /// Account and address of those who signed in, and when.
    known: Mutex<HashMap<String, Instant>>,
}

/// What tries are counted under, how many are free, and the longest delay.
type Key = (String, u32, Duration);

struct Entry {
    tries: u32,
    last: Instant,
    /// Not before this moment again.
    next: Instant,
}

impl Throttle {
    /// Counts a try before the password is looked at, so that guesses in parallel are counted too.
    /// The error is how long to wait; the try is not counted then.
    pub(crate) fn begin(&self, account: &str, address: &str, now: Instant) -> Result<(), Duration> {
        let keys = self.keys(account, address, now);
        let mut entries = self.entries.lock();
        let wait = keys.iter().filter_map(|(key, ..)| entries.get(key)).map(|e| e.next.saturating_duration_since(now));
        if let Some(wait) = wait.max().filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        for (key, free, longest) in keys {
            let entry = entries.entry(key).or_insert(Entry { tries: 0, last: now, next: now });
            if now.saturating_duration_since(entry.last) > FORGET {
                entry.tries = 0;
            }
            entry.tries = entry.tries.saturating_add(1);
            (entry.last, entry.next) = (now, now + delay(entry.tries, free, longest));
        }
        if entries.len() > CAPACITY {
            entries.retain(|_, e| now.saturating_duration_since(e.last) <= FORGET / 4);
        }
        Ok(())
    }

    /// The password was right: this account from this address starts anew, and the try was none for
    /// the address. Other addresses' guesses at the account stay counted.
    pub(crate) fn succeed(&self, account: &str, address: &str, now: Instant) {
        // Only what the try was counted towards: who is known here must not clear the way for guesses at others.
        let counted = self.keys(account, address, now);
        let mut entries = self.entries.lock();
        for (index, (key, ..)) in counted.into_iter().enumerate() {
            if index == 0 {
                entries.remove(&key);
            } else if let Some(entry) = entries.get_mut(&key) {
                entry.tries = entry.tries.saturating_sub(1);
                entry.next = now;
            }
        }
        let mut known = self.known.lock();
        known.insert(pair(account, address), now);
        if known.len() > CAPACITY {
            known.retain(|_, since| now.saturating_duration_since(*since) <= KNOWN / 4);
        }
    }

    /// What a try counts towards: strangers' tries are none of the business of whoever is known at the address.
    fn keys(&self, account: &str, address: &str, now: Instant) -> Vec<Key> {
        let since = self.known.lock().get(&pair(account, address)).copied();
        let known = since.is_some_and(|since| now.saturating_duration_since(since) <= KNOWN);
        keys(account, address).into_iter().take(if known { 1 } else { 3 }).collect()
    }
}

/// The name of an account at an address.
fn pair(account: &str, address: &str) -> String {
    format!("pair {address} {account}")
}

fn keys(account: &str, address: &str) -> [Key; 3] {
    [
        (pair(account, address), FREE_PAIR, LONGEST),
        (format!("address {address}"), FREE_ADDRESS, LONGEST),
        (format!("account {account}"), FREE_ACCOUNT, LONGEST_ACCOUNT),
    ]
}

/// One second after the free tries, doubling with each.
fn delay(tries: u32, free: u32, longest: Duration) -> Duration {
    match tries.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64.checked_shl(over.min(20)).unwrap_or(u64::MAX)).min(longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_free_at_first_and_then_ever_slower() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..5 {
            assert!(throttle.begin("a@x", "1.2.3.4", now).is_ok());
        }
        let first = throttle.begin("a@x", "1.2.3.4", now).err();
        assert_eq!(first, Some(Duration::from_secs(1)));
        now += Duration::from_secs(1);
        assert!(throttle.begin("a@x", "1.2.3.4", now).is_ok());
        assert_eq!(throttle.begin("a@x", "1.2.3.4", now).err(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_stranger_does_not_lock_the_owner_out() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..5 {
            assert!(throttle.begin("a@x", "6.6.6.6", now).is_ok());
        }
        assert!(throttle.begin("a@x", "6.6.6.6", now).is_err());
        assert!(throttle.begin("a@x", "1.2.3.4", now).is_ok());
    }

    #[test]
    fn whoever_signed_in_from_an_address_is_not_kept_out_by_the_guesses_of_others() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let sign_in = |account: &str, address: &str| throttle.begin(account, address, now).is_ok();
        assert!(sign_in("a@x", "1.2.3.4"));
        throttle.succeed("a@x", "1.2.3.4", now);
        // Guesses at the account from everywhere, and at other accounts from behind the same proxy.
        for n in 0..100 {
            sign_in("a@x", &format!("6.6.6.{n}"));
            sign_in(&format!("{n}@x"), "1.2.3.4");
        }
        assert!(!sign_in("a@x", "6.6.7.1") && !sign_in("b@x", "1.2.3.4"), "guesses are slowed down");
        assert!(sign_in("a@x", "1.2.3.4"));
        // Their own wrong tries count still.
        assert_eq!((0..20).filter(|_| sign_in("a@x", "1.2.3.4")).count(), 4);
    }

    #[test]
    fn one_address_cannot_try_many_accounts() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let passed = (0..100).filter(|n| throttle.begin(&format!("{n}@x"), "6.6.6.6", now).is_ok()).count();
        assert_eq!(passed, 20);
    }

    #[test]
    fn whoever_is_known_does_not_clear_the_way_for_guesses_at_others() {
        let throttle = Throttle::default();
        let now = Instant::now();
        throttle.succeed("me@x", "6.6.6.6", now);
        let passed = (0..100).filter(|n| {
            let guessed = throttle.begin(&format!("{n}@x"), "6.6.6.6", now).is_ok();
            assert!(throttle.begin("me@x", "6.6.6.6", now).is_ok());
            throttle.succeed("me@x", "6.6.6.6", now);
            guessed
        });
        assert_eq!(passed.count(), 20);
    }

    #[test]
    fn an_hour_of_guessing_reaches_the_hash_rarely() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let tries = (0..3600).filter(|s| throttle.begin("a@x", "6.6.6.6", start + Duration::from_secs(*s)).is_ok());
        assert!(tries.count() <= 20);
    }

    #[test]
    fn success_forgives() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..40 {
            assert!(throttle.begin("a@x", "1.2.3.4", now).is_ok());
            throttle.succeed("a@x", "1.2.3.4", now);
        }
    }
}
