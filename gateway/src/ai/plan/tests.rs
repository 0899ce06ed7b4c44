//! The order of targets and keys: priority, strategy, conditions, state, and what follows a failure.

mod health;
mod order;
mod strategies;
mod takes;

use std::collections::HashMap;

use http::HeaderMap;
use weir_domain::key_secret::KeySecret;
use weir_domain::price::PriceHistory;
use weir_domain::secret::Secret;
use weir_domain::snapshot::{ModelFacts, ModelRoute, PoolKey, Provider, Snapshot};
use weir_domain::spec::{Breaker, Protocol, RetryBudget, Strategy};
use weir_llm::Content;

use super::*;
use crate::ai::pool::Pools;
use crate::ai::pool::cooldown::Cause;

/// Keys by name, priority and weight.
pub(in crate::ai) fn provider(id: &str, keys: &[(&str, u32, u32)]) -> Provider {
    let key = |&(id, priority, weight): &(&str, u32, u32)| PoolKey {
        id: id.into(),
        secret: KeySecret::Header(Secret::new("s".into()).unwrap()),
        generation: 1,
        weight,
        priority,
        rpm: None,
        tpm: None,
        expires: None,
    };
    Provider {
        id: id.into(),
        protocol: Protocol::Openai,
        address: None,
        addressing: Default::default(),
        quirks: Default::default(),
        keys: keys.iter().map(key).collect(),
        headers: Vec::new(),
        timeouts: Default::default(),
        stream_options: true,
        region: String::new(),
        on_abort: Protocol::Openai.on_abort(),
        responses: false,
        disabled: false,
        models: HashMap::new(),
        any_model: PriceHistory::default(),
        health_check: None,
    }
}

/// A target by provider, priority and weight.
fn target(provider: Provider, priority: u32, weight: u32) -> Target {
    Target { priority, weight, ..Target::new(&Arc::new(provider), "m") }
}

pub(in crate::ai) fn route(targets: Vec<Target>) -> ModelRoute {
    ModelRoute {
        name: "r".into(),
        id: "r".into(),
        targets,
        max_attempts: 3,
        retry_on: Vec::new(),
        cooldown_ms: 1_000,
        strategy: Strategy::Priority,
        sticky: None,
        breaker: Breaker::default(),
        budget: RetryBudget::default(),
        strict: false,
        direct: false,
        cache: None,
        conflict: None,
        shadows: Vec::new(),
    }
}

/// A pool whose moments are counted from `start`.
struct Stand {
    pool: Arc<Pool>,
    start: Instant,
}

impl Stand {
    fn new(route: ModelRoute) -> Self {
        Self::over(&Pools::default(), route)
    }

    fn over(pools: &Pools, route: ModelRoute) -> Self {
        Self { pool: pools.of(&Snapshot::default(), &Arc::new(route)), start: Instant::now() }
    }

    fn plan<R: FnMut(u64) -> u64>(&self, ask: &Ask<'_>, roll: R) -> Plan<R> {
        Plan::new(Arc::clone(&self.pool), ask, roll, self.start)
    }

    fn usual(&self) -> Plan<impl FnMut(u64) -> u64> {
        self.plan(&ask(&HeaderMap::new()), |_| 0)
    }

    fn millis(&self, after_ms: u64) -> Millis {
        self.pool.millis(self.start + Duration::from_millis(after_ms))
    }

    fn cool(&self, target: usize, seconds: u64, cause: Cause) {
        let slot = self.pool.slot(target).unwrap();
        slot.state.cooldown.cool(Duration::from_secs(seconds), cause, self.millis(0));
    }

    /// How often each target is chosen first, when each ticket is drawn equally often.
    fn firsts(&self, draws: u64) -> HashMap<usize, u64> {
        let mut counts = HashMap::new();
        for draw in 0..draws {
            let choice = self.plan(&ask(&HeaderMap::new()), |n| draw % n).next(self.start).unwrap();
            *counts.entry(choice.target).or_default() += 1;
        }
        counts
    }
}

fn ask(headers: &HeaderMap) -> Ask<'_> {
    Ask {
        input: 100,
        max_tokens: None,
        stream: false,
        tools: false,
        content: Content::default(),
        team: "default",
        key: "key",
        headers,
        at: 0,
    }
}

fn facts(context: u64) -> ModelFacts {
    ModelFacts { context: Some(context), ..ModelFacts::default() }
}
