//! What is known, from moment to moment, of the targets and keys that model routes choose among. It outlives the
//! configuration: a new snapshot finds the same cells again.

pub(super) mod breaker;
pub(super) mod cells;
pub(super) mod cooldown;
mod costs;
pub(super) mod health;
pub(super) mod latency;
pub(super) mod state;
pub(super) mod trial;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use weir_domain::snapshot::{HealthCheck, ModelRoute, PoolKey, Provider, Snapshot, Target};
use weir_domain::time::Micros;

use self::cells::Cells;
use self::costs::{Costs, Priced};
use self::health::Health;
use self::state::{KeyState, KeyUse, TargetState};
use super::health::Check;
use super::plan::ask::{mark, wants_content};
use super::plan::bits::Bits;
use super::plan::pick::by_weight;
use crate::counting::clock::Millis;
use crate::counting::retry_budget::Budget;

/// Pools of directly addressed models that are kept.
const MOST_DIRECT: usize = 1_024;

/// All pools of a data plane.
pub(super) struct Pools {
    by_route: papaya::HashMap<String, Arc<Pool>>,
    /// Of models that are addressed directly.
    direct: papaya::HashMap<String, Arc<Pool>>,
    targets: Cells<TargetState>,
    keys: Cells<KeyState>,
    uses: Cells<KeyUse>,
    health: Cells<Health>,
    epoch: Instant,
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            by_route: papaya::HashMap::new(),
            direct: papaya::HashMap::new(),
            targets: Cells::default(),
            keys: Cells::default(),
            uses: Cells::default(),
            health: Cells::default(),
            epoch: Instant::now(),
        }
    }
}

impl Pools {
    /// The pool of a route: kept while its snapshot is live.
    pub(super) fn of(&self, snapshot: &Snapshot, route: &Arc<ModelRoute>) -> Arc<Pool> {
        if route.direct {
            return self.of_direct(snapshot, route);
        }
        let pools = self.by_route.pin();
        if let Some(pool) = pools.get(&route.name).filter(|pool| Arc::ptr_eq(&pool.route, route)) {
            return Arc::clone(pool);
        }
        let pool = Arc::new(self.make(route));
        pools.insert(route.name.clone(), Arc::clone(&pool));
        if pools.len() > 2 * snapshot.models.len() {
            pools.retain(|name, _| snapshot.models.contains_key(name));
        }
        pool
    }

    /// The pool of a model that is addressed directly: its route is new for each request, and the same as long as its
    /// provider is. Callers choose the names, so only so many are kept; beyond them a request has a pool of its own.
    fn of_direct(&self, snapshot: &Snapshot, route: &Arc<ModelRoute>) -> Arc<Pool> {
        let is_same = |pool: &&Arc<Pool>| {
            let providers = |route: &ModelRoute| route.targets.first().map(|target| Arc::as_ptr(&target.provider));
            providers(&pool.route) == providers(route)
        };
        let pools = self.direct.pin();
        let before = pools.get(&route.name);
        if let Some(pool) = before.filter(is_same) {
            return Arc::clone(pool);
        }
        let pool = Arc::new(self.make(route));
        if before.is_none() && pools.len() >= MOST_DIRECT {
            let is_live = |provider: &Arc<Provider>| {
                snapshot.providers.get(&provider.id).is_some_and(|live| Arc::ptr_eq(live, provider))
            };
            pools.retain(|_, pool| pool.route.targets.iter().all(|target| is_live(&target.provider)));
            if pools.len() >= MOST_DIRECT {
                return pool;
            }
        }
        pools.insert(route.name.clone(), Arc::clone(&pool));
        pool
    }

    fn make(&self, route: &Arc<ModelRoute>) -> Pool {
        let slots: Vec<Slot> = route.targets.iter().map(|target| self.slot(target)).collect();
        let mut groups: Vec<(u32, Bits)> = Vec::new();
        let mut canaries = Bits::default();
        for (at, target) in route.targets.iter().enumerate() {
            if target.canary.is_some() {
                canaries.insert(at);
            } else if let Some((_, group)) = groups.last_mut().filter(|(priority, _)| *priority == target.priority) {
                group.insert(at);
            } else {
                groups.push((target.priority, [at].into_iter().collect()));
            }
        }
        let is_checked = slots.iter().any(|slot| slot.health.is_some());
        Pool {
            route: Arc::clone(route),
            slots,
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            canaries,
            wants_content: wants_content(route),
            is_checked,
            budget: Budget::default(),
            turns: AtomicU64::new(0),
            costs: Costs::default(),
            epoch: self.epoch,
        }
    }

    fn key(&self, provider: &str, key: &PoolKey) -> Arc<KeyState> {
        self.keys.get((provider, &key.id, key.generation), KeyState::default)
    }

    /// A key of a provider for a call of no model that is known: of the best priority that does not rest, has room and
    /// has not expired, by weight; else of those that have not expired. `roll(n)` gives a number below `n`.
    pub(super) fn key_of(
        &self,
        provider: &Provider,
        at: Micros,
        now: Instant,
        roll: impl Fn(u64) -> u64,
    ) -> Option<usize> {
        let chosen = self.rested_key(provider, at, now, roll)?;
        let key = provider.keys.get(chosen)?;
        self.key(&provider.id, key).take(key, 0, self.millis(now));
        Some(chosen)
    }

    /// The same without counting it as a call.
    pub(super) fn rested_key(
        &self,
        provider: &Provider,
        at: Micros,
        now: Instant,
        roll: impl Fn(u64) -> u64,
    ) -> Option<usize> {
        let now = self.millis(now);
        let keys = &provider.keys;
        let cells: Vec<Arc<KeyState>> = keys.iter().map(|key| self.key(&provider.id, key)).collect();
        let both = |at: usize| Some((keys.get(at)?, cells.get(at)?));
        let current: Bits = (0..keys.len())
            .filter(|&n| both(n).is_some_and(|(key, cell)| cell.is_current(&provider.id, key, at)))
            .collect();
        let rested = |n: &usize| {
            both(*n).is_some_and(|(key, cell)| cell.cooldown.rest(now).left.is_zero() && cell.has_room(key, 0, now))
        };
        let rested: Bits = current.iter().filter(rested).collect();
        let usable = if rested.is_empty() { current } else { rested };
        let priority = |n: usize| keys.get(n).map_or(0, |key| key.priority);
        let best = usable.iter().map(priority).min()?;
        let group: Bits = usable.iter().filter(|&n| priority(n) == best).collect();
        by_weight(&group, |n| keys.get(n).map_or(0, |key| key.weight), roll)
    }

    pub(super) fn millis(&self, now: Instant) -> Millis {
        Millis::since(self.epoch, now)
    }

    /// What a check of a provider, or of one model there, has found. Another address or another check begins anew.
    fn health(&self, provider: &Provider, model: &str, check: &HealthCheck) -> Arc<Health> {
        let address = provider.address.as_ref().map(|at| (at.tls, at.authority.as_str(), at.path.as_str()));
        self.health.get((provider.id.as_str(), address, model, check), Health::default)
    }

    /// The health of a target: by its own check, or by its provider's, which all its models share.
    fn health_of(&self, target: &Target) -> Option<Arc<Health>> {
        let check = target.health_check.as_ref()?;
        let shared = target.provider.health_check.as_ref().is_some_and(|own| Arc::ptr_eq(own, check));
        Some(self.health(&target.provider, if shared { "" } else { &target.model }, check))
    }

    /// The health checks of a configuration, each once.
    pub(super) fn checks(&self, snapshot: &Snapshot) -> Vec<Check> {
        let of_providers = snapshot.providers.values().filter_map(|provider| {
            let check = provider.health_check.clone()?;
            let health = self.health(provider, "", &check);
            Some(Check { provider: Arc::clone(provider), model: String::new(), check, health })
        });
        let targets = snapshot.models.values().flat_map(|route| {
            route.targets.iter().chain(route.shadows.iter().flat_map(|shadow| &shadow.route.targets))
        });
        let of_targets = targets.filter_map(|target| {
            let (check, health) = (target.health_check.clone()?, self.health_of(target)?);
            Some(Check { provider: Arc::clone(&target.provider), model: target.model.clone(), check, health })
        });
        let mut checks: Vec<Check> = Vec::new();
        for check in of_providers.chain(of_targets).filter(|check| !check.provider.disabled) {
            if !checks.iter().any(|known| Arc::ptr_eq(&known.health, &check.health)) {
                checks.push(check);
            }
        }
        checks
    }

    fn slot(&self, target: &Target) -> Slot {
        let (provider, model) = (target.provider.id.as_str(), target.model.as_str());
        let key = |key: &PoolKey| KeySlot {
            state: self.key(provider, key),
            usage: self.uses.get((provider, &key.id, key.generation, model), KeyUse::default),
            mark: mark(key.id.as_bytes()) | 1,
        };
        Slot {
            state: self.targets.get((provider, model), TargetState::default),
            health: self.health_of(target),
            keys: target.provider.keys.iter().map(key).collect(),
            mark: mark(format!("{provider}/{model}").as_bytes()),
            weight: target.weight,
            context: target.context(),
        }
    }
}

/// The targets of one route, and their state.
pub(super) struct Pool {
    pub(super) route: Arc<ModelRoute>,
    slots: Vec<Slot>,
    /// Targets of one priority each, lowest priority first; those on trial left out.
    pub(super) groups: Vec<Bits>,
    /// Targets on trial.
    pub(super) canaries: Bits,
    /// Whether choosing goes by what stands in the messages.
    pub(super) wants_content: bool,
    /// Whether any target has health checks.
    pub(super) is_checked: bool,
    pub(super) budget: Budget,
    turns: AtomicU64,
    costs: Costs,
    epoch: Instant,
}

/// One target.
pub(super) struct Slot {
    pub(super) state: Arc<TargetState>,
    /// What its health checks say, where there are any.
    pub(super) health: Option<Arc<Health>>,
    /// By the same index as the provider's keys.
    pub(super) keys: Vec<KeySlot>,
    /// A number of its own, for rendezvous hashing.
    pub(super) mark: u64,
    pub(super) weight: u32,
    /// Tokens that fit into one request, where known.
    pub(super) context: Option<u64>,
}

/// One key of a target's provider.
pub(super) struct KeySlot {
    /// The key, whatever the model.
    pub(super) state: Arc<KeyState>,
    /// The key with this model: limits of rate and permissions hold for both together.
    pub(super) usage: Arc<KeyUse>,
    /// A number of its own, not 0.
    pub(super) mark: u64,
}

impl Slot {
    /// Whether its health checks say that calls should go elsewhere.
    pub(super) fn is_unhealthy(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.is_unhealthy())
    }
}

impl Pool {
    pub(super) fn slot(&self, target: usize) -> Option<&Slot> {
        self.slots.get(target)
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn key(&self, target: usize, key: Option<usize>) -> Option<&KeySlot> {
        self.slots.get(target)?.keys.get(key?)
    }

    pub(super) fn millis(&self, now: Instant) -> Millis {
        Millis::since(self.epoch, now)
    }

    /// A number below `total`, the next of a sequence that spreads evenly over it: each stretch of it is hit as often
    /// as its length says, almost exactly (a Weyl sequence with the golden ratio).
    pub(super) fn turn(&self, total: u64) -> u64 {
        let turn = self.turns.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        u64::try_from((u128::from(turn) * u128::from(total)) >> 64).unwrap_or(0)
    }

    /// What calls cost at the targets.
    pub(super) fn costs(&self, at: Micros) -> Arc<Priced> {
        self.costs.at(&self.route, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ai::plan::tests::{provider, route};

    fn direct(name: &str, provider: &Arc<Provider>) -> Arc<ModelRoute> {
        Arc::new(ModelRoute { name: name.to_owned(), direct: true, ..route(vec![Target::new(provider, name)]) })
    }

    #[test]
    fn a_directly_addressed_model_keeps_its_state_from_request_to_request() {
        let (pools, snapshot) = (Pools::default(), Snapshot::default());
        let one = Arc::new(provider("p", &[]));
        let pool = pools.of(&snapshot, &direct("p/m", &one));
        assert!(Arc::ptr_eq(&pool, &pools.of(&snapshot, &direct("p/m", &one))), "its route is another one each time");
        assert!(!Arc::ptr_eq(&pool, &pools.of(&snapshot, &direct("p/n", &one))), "another model");
        let renewed = Arc::new(provider("p", &[("k", 0, 1)]));
        let after = pools.of(&snapshot, &direct("p/m", &renewed));
        assert!(!Arc::ptr_eq(&pool, &after) && after.slots()[0].keys.len() == 1, "another configuration");
        assert!(Arc::ptr_eq(&pool.slots()[0].state, &after.slots()[0].state), "the target is the same");
    }

    #[test]
    fn names_that_callers_make_up_do_not_fill_the_memory() {
        let (pools, mut snapshot) = (Pools::default(), Snapshot::default());
        let live = Arc::new(provider("live", &[]));
        snapshot.providers.insert("live".to_owned(), Arc::clone(&live));
        let kept = pools.of(&snapshot, &direct("live/m", &live));
        for n in 0..2 * MOST_DIRECT {
            pools.of(&snapshot, &direct(&format!("gone/{n}"), &Arc::new(provider("gone", &[]))));
        }
        assert!(pools.direct.len() <= MOST_DIRECT);
        assert!(Arc::ptr_eq(&kept, &pools.of(&snapshot, &direct("live/m", &live))), "what is live stays");
        for n in 0..2 * MOST_DIRECT {
            pools.of(&snapshot, &direct(&format!("live/{n}"), &live));
        }
        assert!(pools.direct.len() <= MOST_DIRECT);
    }
}
