//! From a configured address to a socket address: name look-up off the request path, and the check that no name
//! leads into the private network unless the operator said so.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::OnceCell;
use weir_domain::compile::is_public;
use weir_domain::snapshot::Address;

/// How long an answer is used without asking again.
const FRESH: Duration = Duration::from_secs(30);
/// How long a failure is believed.
const FAILURE: Duration = Duration::from_secs(1);
/// How long an answer is used at all while the name servers are silent.
const STALE: Duration = Duration::from_mins(30);
/// How long a look-up may take.
const LOOKUP: Duration = Duration::from_secs(5);
/// Names kept; they come from the configuration, not from callers.
const NAMES: u64 = 10_000;

/// Why there is no address to connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The name has no address, or nobody answered for it.
    #[error("the name {host} could not be resolved: {reason}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Every address of it is private.
    #[error(
        "{host} leads to a loopback, private or otherwise special address; set allow_private_address: true if that is meant"
    )]
    Private {
        /// The name.
        host: String,
    },
}

/// Resolves names and remembers the answers. Shared by all workers.
#[derive(Clone)]
pub struct Egress {
    names: Cache<(String, u16), Slot>,
}

/// The answer for one name; empty while the first look-up is under way, for which all who ask wait together.
type Slot = Arc<OnceCell<Entry>>;

struct Entry {
    found: Result<Vec<SocketAddr>, String>,
    until: Instant,
    refreshing: AtomicBool,
    /// Which address is used, until a connection to it fails.
    preferred: AtomicUsize,
}

impl Default for Egress {
    fn default() -> Self {
        Self { names: Cache::builder().max_capacity(NAMES).time_to_live(STALE).build() }
    }
}

impl Egress {
    /// Where to connect to for `address`: checked, and to be dialled as it is, never by name again (a second look-up
    /// could give another answer).
    ///
    /// # Errors
    /// The name cannot be resolved, or leads to a private address without the operator's word.
    pub async fn resolve(&self, address: &Address) -> Result<SocketAddr, EgressError> {
        if let Ok(ip) = address.host.parse::<IpAddr>() {
            let private = || EgressError::Private { host: address.host.clone() };
            return allowed(address, ip).then(|| SocketAddr::new(ip, address.port)).ok_or_else(private);
        }
        let slot = self.slot(&address.host, address.port).await;
        let unresolved =
            |reason: &str| EgressError::Unresolved { host: address.host.clone(), reason: reason.to_owned() };
        let entry = slot.get().ok_or_else(|| unresolved("no answer"))?;
        let found = entry.found.as_ref().map_err(|reason| unresolved(reason))?;
        let preferred = entry.preferred.load(Ordering::Relaxed);
        let ordered = found.iter().cycle().skip(preferred % found.len().max(1)).take(found.len());
        ordered
            .copied()
            .find(|socket| allowed(address, socket.ip()))
            .ok_or_else(|| EgressError::Private { host: address.host.clone() })
    }

    /// Notes that no connection could be made to `failed`, so that the name's next address is tried.
    pub fn failed(&self, address: &Address, failed: SocketAddr) {
        let Some(slot) = self.names.get(&(address.host.clone(), address.port)) else { return };
        let Some(entry) = slot.get() else { return };
        let at = entry.found.as_ref().ok().and_then(|found| found.iter().position(|&socket| socket == failed));
        if let Some(at) = at {
            entry.preferred.store(at + 1, Ordering::Relaxed);
        }
    }

    /// The slot of a name, with an answer that may be used.
    async fn slot(&self, host: &str, port: u16) -> Slot {
        let key = (host.to_owned(), port);
        let mut slot = self.names.get_with_by_ref(&key, Slot::default);
        if let Some(entry) = slot.get()
            && Instant::now() >= entry.until
        {
            if entry.found.is_ok() {
                if !entry.refreshing.swap(true, Ordering::Relaxed) {
                    let names = self.names.clone();
                    tokio::spawn(async move { refresh(&names, key).await });
                }
                return slot;
            }
            slot = Slot::default();
            self.names.insert(key, Arc::clone(&slot));
        }
        slot.get_or_init(|| look_up(host, port)).await;
        slot
    }
}

/// Replaces a stale answer; keeps it a while longer when there is no new one.
async fn refresh(names: &Cache<(String, u16), Slot>, key: (String, u16)) {
    let entry = look_up(&key.0, key.1).await;
    if entry.found.is_ok() {
        names.insert(key, Arc::new(OnceCell::new_with(Some(entry))));
    } else if let Some(slot) = names.get(&key) {
        tokio::time::sleep(FAILURE).await;
        if let Some(stale) = slot.get() {
            stale.refreshing.store(false, Ordering::Relaxed);
        }
    }
}

async fn look_up(host: &str, port: u16) -> Entry {
    let found = match tokio::time::timeout(LOOKUP, tokio::net::lookup_host((host, port))).await {
        Err(_) => Err(format!("no answer within {} s", LOOKUP.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(found)) => match found.collect::<Vec<_>>() {
            none if none.is_empty() => Err("it has no address".to_owned()),
            found => Ok(found),
        },
    };
    let life = if found.is_ok() { FRESH } else { FAILURE };
    Entry { found, until: Instant::now() + life, refreshing: AtomicBool::new(false), preferred: AtomicUsize::new(0) }
}

fn allowed(address: &Address, ip: IpAddr) -> bool {
    address.allow_private || is_public(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, allow_private: bool) -> Address {
        Address { tls: false, host: host.into(), port: 80, authority: host.into(), path: String::new(), allow_private }
    }

    #[tokio::test]
    async fn a_literal_needs_no_look_up_and_is_checked() {
        let egress = Egress::default();
        assert_eq!(egress.resolve(&address("93.184.216.34", false)).await.unwrap().port(), 80);
        for host in ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1"] {
            let refused = egress.resolve(&address(host, false)).await;
            assert!(matches!(refused, Err(EgressError::Private { .. })), "{host}");
            assert!(egress.resolve(&address(host, true)).await.is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_loopback_is_refused() {
        let egress = Egress::default();
        let refused = egress.resolve(&address("localhost", false)).await;
        assert!(matches!(refused, Err(EgressError::Private { .. })), "{refused:?}");
        assert!(egress.resolve(&address("localhost", true)).await.unwrap().ip().is_loopback());
    }

    fn entry(found: &[&str], until: Instant) -> Slot {
        let found = Ok(found.iter().map(|a| a.parse().unwrap()).collect());
        let entry = Entry { found, until, refreshing: AtomicBool::new(false), preferred: AtomicUsize::new(0) };
        Arc::new(OnceCell::new_with(Some(entry)))
    }

    #[tokio::test]
    async fn a_failing_address_gives_way_to_the_next_and_comes_round_again() {
        let egress = Egress::default();
        let address = address("two.test", false);
        let later = Instant::now() + FRESH;
        egress.names.insert(("two.test".into(), 80), entry(&["93.184.216.34:80", "93.184.216.35:80"], later));
        let first = egress.resolve(&address).await.unwrap();
        assert_eq!(egress.resolve(&address).await.unwrap(), first, "an address that works is kept");
        egress.failed(&address, first);
        let second = egress.resolve(&address).await.unwrap();
        assert_ne!(first, second);
        egress.failed(&address, second);
        assert_eq!(egress.resolve(&address).await.unwrap(), first);
    }

    #[tokio::test]
    async fn a_private_address_among_public_ones_is_never_chosen() {
        let egress = Egress::default();
        let later = Instant::now() + FRESH;
        egress.names.insert(("mixed.test".into(), 80), entry(&["10.0.0.1:80", "93.184.216.35:80"], later));
        let chosen = egress.resolve(&address("mixed.test", false)).await.unwrap();
        assert_eq!(chosen.to_string(), "93.184.216.35:80");
    }

    #[tokio::test]
    async fn a_stale_answer_is_used_while_a_new_one_is_fetched() {
        let egress = Egress::default();
        egress.names.insert(("stale.invalid".into(), 80), entry(&["93.184.216.34:80"], Instant::now()));
        assert!(egress.resolve(&address("stale.invalid", false)).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_name_fails_with_a_sentence() {
        let refused = Egress::default().resolve(&address("no-such-name.invalid", false)).await.unwrap_err();
        assert!(refused.to_string().contains("no-such-name.invalid"), "{refused}");
    }
}
