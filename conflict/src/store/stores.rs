//! The stores of a configuration, open: each as long as its settings are the same.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use weir_domain::snapshot::{ConflictStore, MEMORY_STORE, Snapshot};
use weir_domain::spec::{StoreBreaker, StoreType};
use zeroize::Zeroizing;

use super::{Epochs, Guarded, MemoryStore, PostgresStore, RedisStore, Store, StoreError};
use crate::resource::Names;

/// What names are made with follows from the installation's own secret, under this word.
const PURPOSE: &str = "conflict stores";

/// The stores of a process. What holds in memory is there from the start.
pub struct Stores {
    memory: Arc<Guarded>,
    now: ArcSwap<Now>,
}

/// The stores of one configuration.
struct Now {
    secret: Option<Zeroizing<[u8; 32]>>,
    names: Arc<Names>,
    open: HashMap<String, Opened>,
}

#[derive(Clone)]
struct Opened {
    generation: u64,
    /// The generation of the store that counts its epochs.
    epochs_generation: Option<u64>,
    store: Arc<Guarded>,
    epochs: Option<Arc<dyn Epochs>>,
}

impl Default for Stores {
    fn default() -> Self {
        Self::new()
    }
}

/// What stands in stores is shown to nobody by accident.
impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stores(..)")
    }
}

impl Stores {
    /// Memory alone.
    #[must_use]
    pub fn new() -> Self {
        let memory = Guarded::new(StoreType::Memory, Arc::new(MemoryStore::new()), StoreBreaker::default());
        // Until a configuration is there, nothing leaves the process.
        let names = Arc::new(Names::new(&[0; 32]));
        Self { memory: Arc::new(memory), now: ArcSwap::from_pointee(Now { secret: None, names, open: HashMap::new() }) }
    }

    /// A configuration is about to become live: its stores are there from now on. One that is open already and configured
    /// the same stays as it is, with all that it holds; what is named no longer is closed once nobody uses it. Nothing is
    /// waited for: a store connects with its first call.
    pub fn install(&self, snapshot: &Snapshot) {
        let secret = snapshot.sealing.as_ref().map(|sealing| sealing.derived(PURPOSE));
        self.apply(secret, &snapshot.conflict_stores);
    }

    fn apply(&self, secret: Option<Zeroizing<[u8; 32]>>, wanted: &HashMap<String, Arc<ConflictStore>>) {
        let before = self.now.load();
        let same_secret = before.secret == secret;
        let names = match &secret {
            Some(secret) if !same_secret => Arc::new(Names::new(secret)),
            _ => Arc::clone(&before.names),
        };
        let mut now = Now { secret, names, open: HashMap::with_capacity(wanted.len()) };
        // Stores that count for others come first.
        let (others, counting): (Vec<_>, Vec<_>) = wanted.values().partition(|set| set.kind != StoreType::Postgres);
        for set in counting.into_iter().chain(others) {
            let epochs = set.epoch_from.as_ref().and_then(|id| now.open.get(id));
            let epochs_generation = epochs.map(|store| store.generation);
            let stays = before.open.get(&set.id).filter(|open| {
                same_secret && open.generation == set.generation && open.epochs_generation == epochs_generation
            });
            let opened = match stays {
                Some(open) => open.clone(),
                None => now.opened(set, epochs),
            };
            now.open.insert(set.id.clone(), opened);
        }
        self.now.store(Arc::new(now));
    }

    /// Makes names for the stores.
    #[must_use]
    pub fn names(&self) -> Arc<Names> {
        Arc::clone(&self.now.load().names)
    }

    /// The store with this id. The compiler sees to it that a policy names one that there is; a request that began with an
    /// older configuration may name one that is gone, and is told so.
    #[must_use]
    pub fn get(&self, id: &str) -> Arc<Guarded> {
        if id == MEMORY_STORE {
            return Arc::clone(&self.memory);
        }
        self.now.load().open.get(id).map_or_else(|| Arc::new(gone()), |open| Arc::clone(&open.store))
    }

    /// Those that are shared between nodes.
    #[must_use]
    pub fn opened(&self) -> Vec<Arc<Guarded>> {
        self.all().into_iter().map(|(_, store)| store).filter(|store| store.is_shared()).collect()
    }

    /// All of them with their ids, the memory of the node included, by id.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Arc<Guarded>)> {
        let now = self.now.load();
        let mut all: Vec<_> = now.open.iter().map(|(id, open)| (id.clone(), Arc::clone(&open.store))).collect();
        all.retain(|(id, _)| id != MEMORY_STORE);
        all.push((MEMORY_STORE.to_owned(), Arc::clone(&self.memory)));
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

fn gone() -> Guarded {
    let error = StoreError::Unavailable("it is configured no longer".to_owned());
    Guarded::unusable(StoreType::Memory, error, StoreBreaker::default())
}

impl Now {
    fn opened(&self, config: &ConflictStore, epochs: Option<&Opened>) -> Opened {
        let counting = epochs.and_then(|store| store.epochs.clone());
        let (store, own_epochs) = match self.connect(config, counting) {
            Ok((store, epochs)) => (Guarded::new(config.kind, store, config.breaker), epochs),
            Err(error) => {
                tracing::error!(store = config.id, %error, "the conflict store cannot be used");
                (Guarded::unusable(config.kind, error, config.breaker), None)
            }
        };
        Opened {
            generation: config.generation,
            epochs_generation: epochs.map(|store| store.generation),
            store: Arc::new(store),
            epochs: own_epochs,
        }
    }

    #[expect(clippy::type_complexity, reason = "a store, and what it counts for others if it does")]
    fn connect(
        &self,
        config: &ConflictStore,
        epochs: Option<Arc<dyn Epochs>>,
    ) -> Result<(Arc<dyn Store>, Option<Arc<dyn Epochs>>), StoreError> {
        let url = || config.url.as_ref().ok_or_else(|| StoreError::Unavailable("it has no address".to_owned()));
        let names = Arc::clone(&self.names);
        if config.kind != StoreType::Memory && self.secret.is_none() {
            return Err(StoreError::Unavailable("there is no secret to make names with".to_owned()));
        }
        match config.kind {
            StoreType::Memory => Ok((Arc::new(MemoryStore::new()), None)),
            StoreType::Redis => {
                if config.epoch_from.is_some() && epochs.is_none() {
                    return Err(StoreError::Unavailable("the store of epoch_from is not there".to_owned()));
                }
                let epochs = config.epoch_from.is_some().then_some(config.id.clone()).zip(epochs);
                Ok((Arc::new(RedisStore::new(url()?, config.op_timeout, names, epochs)?), None))
            }
            StoreType::Postgres => {
                let store = Arc::new(PostgresStore::new(url()?, config.op_timeout, names)?);
                Ok((Arc::clone(&store) as Arc<dyn Store>, Some(store)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_domain::secret::Secret;
    use weir_domain::spec::Span;

    use super::*;
    use crate::store::Operation;

    fn config(id: &str, kind: StoreType, url: Option<&str>, generation: u64) -> (String, Arc<ConflictStore>) {
        let store = ConflictStore {
            id: id.to_owned(),
            kind,
            url: url.and_then(|url| Secret::new(url.to_owned())),
            op_timeout: Span::ms(500).0,
            breaker: StoreBreaker::default(),
            epoch_from: None,
            generation,
        };
        (id.to_owned(), Arc::new(store))
    }

    #[tokio::test]
    async fn what_is_configured_the_same_stays_open_with_what_it_holds() {
        let stores = Stores::new();
        let secret = || Some(Zeroizing::new([1; 32]));
        let unset = stores.names().key(stores.names().team("t"), &["x"]);
        let memory = stores.get(MEMORY_STORE);
        assert!(!memory.is_shared());
        assert!(stores.get("default").version(&unset).await.is_err(), "it is not there");
        stores.apply(None, &HashMap::from([config("r", StoreType::Redis, Some("redis://127.0.0.1:1"), 1)]));
        assert!(stores.get("r").version(&unset).await.unwrap_err().to_string().contains("secret"));
        stores.apply(secret(), &HashMap::from([config("default", StoreType::Memory, None, 1)]));
        let key = stores.names().key(stores.names().team("t"), &["x"]);
        assert_ne!(key, unset);
        let first = stores.get("default");
        first.version(&key).await.unwrap();
        assert_eq!(first.tally(Operation::Version).answered, 1);
        stores.apply(
            secret(),
            &HashMap::from([
                config("default", StoreType::Memory, None, 1),
                config("bad", StoreType::Redis, Some("http://canary"), 2),
                config("gone", StoreType::Redis, Some("redis://127.0.0.1:1"), 3),
            ]),
        );
        assert!(Arc::ptr_eq(&first, &stores.get("default")));
        assert!(Arc::ptr_eq(&memory, &stores.get(MEMORY_STORE)));
        for (id, count) in [("bad", 0), ("gone", 1)] {
            let store = stores.get(id);
            let error = store.version(&key).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)) && !error.to_string().contains("canary"), "{error}");
            assert_eq!(store.tally(Operation::Version).failed, count);
        }
        assert_eq!(stores.opened().len(), 2);
        let ids: Vec<String> = stores.all().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["bad", "default", "gone", "memory"]);
        stores.apply(secret(), &HashMap::from([config("default", StoreType::Memory, None, 4)]));
        assert!(!Arc::ptr_eq(&first, &stores.get("default")));
        assert!(stores.opened().is_empty());
        let second = stores.get("default");
        stores.apply(Some(Zeroizing::new([2; 32])), &HashMap::from([config("default", StoreType::Memory, None, 4)]));
        assert!(!Arc::ptr_eq(&second, &stores.get("default")), "another secret makes other names");
    }
}
