//! Compiles conflict policies: what a route says goes before what its service says, and that before the `ConflictPolicy`
//! with the id `default`, part by part.

mod check;
mod contradictions;
mod model;
mod store;
mod values;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use self::check::Check;
use super::{Input, missing};
use crate::conflict_key::{self, Template};
use crate::fault::Fault;
use crate::resource::{Kind, Resource};
use crate::snapshot::{Bound, ConcurrencyLimit, ConflictPolicy, ConflictStore, MEMORY_STORE, Preconditions, Rewrite};
use crate::spec::{self, Conflict, ConflictSetting, ConflictStrategy, Evaluate, Method, Spec, Synthesize};

/// The policy that is inherited from, and the store where none is named.
const DEFAULT: &str = "default";

/// A block of a policy, and where it stands.
#[derive(Clone, Copy)]
struct Layer<'a> {
    /// The resource that it is written in.
    owner: &'a Resource,
    /// The way to its fields: `spec` in a `ConflictPolicy`, else `spec.conflict`.
    at: &'static str,
    block: &'a Conflict,
}

impl<'a> Layer<'a> {
    fn within(owner: &'a Resource, setting: &'a ConflictSetting) -> Option<Self> {
        match setting {
            ConflictSetting::Off(_) => None,
            ConflictSetting::On(block) => Some(Self { owner, at: "spec.conflict", block }),
        }
    }

    fn fault(&self, field: &str, problem: impl Into<String>) -> Fault {
        Fault::new(self.owner.kind(), &self.owner.id, format!("{}.{field}", self.at), problem)
    }
}

/// Everything that routes inherit, and the stores that they name.
pub(super) struct Policies<'a> {
    pub(super) stores: HashMap<String, Arc<ConflictStore>>,
    named: BTreeMap<&'a str, Layer<'a>>,
    services: BTreeMap<&'a str, Option<Layer<'a>>>,
}

/// What of a route its policy depends on.
#[derive(Clone, Copy)]
pub(super) struct Around<'r> {
    /// The service's id.
    pub(super) service: &'r str,
    /// Names of the path's parameters, in order.
    pub(super) parameters: &'r [String],
    /// Methods that it answers; empty for all.
    pub(super) methods: &'r [Method],
    /// How its path is changed.
    pub(super) rewrite: &'r Rewrite,
    /// Who may call it.
    pub(super) auth: spec::Auth,
}

impl Around<'_> {
    fn answers(&self, any_of: &[Method]) -> bool {
        self.methods.is_empty() || any_of.iter().any(|method| self.methods.contains(method))
    }
}

impl<'a> Policies<'a> {
    /// Reads stores, policies and what services say.
    pub(super) fn read(input: &Input<'a>, faults: &mut Vec<Fault>) -> Self {
        let stores = store::stores(input, faults);
        let (mut named, mut services) = (BTreeMap::new(), BTreeMap::new());
        for resource in input.resources {
            match &resource.spec {
                Spec::ConflictPolicy(block) => {
                    named.insert(resource.id.as_str(), Layer { owner: resource, at: "spec", block });
                }
                Spec::Service(service) => {
                    if let Some(setting) = &service.conflict {
                        services.insert(resource.id.as_str(), Layer::within(resource, setting));
                    }
                }
                _ => {}
            }
        }
        let policies = Self { stores, named, services };
        for layer in policies.named.values().chain(policies.services.values().flatten()) {
            policies.check(*layer, faults);
        }
        policies
    }

    /// Judges a block by itself.
    fn check(&self, layer: Layer<'a>, faults: &mut Vec<Fault>) {
        if let Some(store) = &layer.block.store
            && store != MEMORY_STORE
            && store != DEFAULT
            && !self.stores.contains_key(store)
        {
            faults.push(missing(layer.owner, &format!("{}.store", layer.at), Kind::ConflictStore, store));
        }
        match &layer.block.policy {
            Some(_) if layer.owner.kind() == Kind::ConflictPolicy => {
                let problem = "a policy names no other; put its parts into this one";
                faults.push(layer.fault("policy", problem));
            }
            Some(policy) if !self.named.contains_key(policy.as_str()) => {
                faults.push(missing(layer.owner, &format!("{}.policy", layer.at), Kind::ConflictPolicy, policy));
            }
            _ => {}
        }
        Check { layer, faults: &mut *faults }.block();
        let around =
            Around { service: "", parameters: &[], methods: &[], rewrite: &Rewrite::Keep, auth: spec::Auth::Public };
        let alone = Effective { policies: self, route: layer.owner, layers: vec![layer], around, on_a_route: false };
        alone.contradictions(faults);
    }

    /// The policy of a REST route; `None` where nothing is to be done.
    pub(super) fn of_route(
        &self,
        resource: &'a Resource,
        setting: Option<&'a ConflictSetting>,
        around: Around<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<ConflictPolicy>> {
        if let Some(own) = setting.and_then(|setting| Layer::within(resource, setting)) {
            self.check(own, faults);
        }
        let layers = self.layers(resource, setting, around.service);
        let policy = Effective { policies: self, route: resource, layers, around, on_a_route: true }.compiled(faults);
        policy.map(Arc::new)
    }

    /// What holds for a route, the nearest first.
    fn layers(&self, route: &'a Resource, setting: Option<&'a ConflictSetting>, service: &str) -> Vec<Layer<'a>> {
        let mut layers = Vec::new();
        if let Some(setting) = setting {
            let Some(own) = Layer::within(route, setting) else { return layers };
            self.push(own, &mut layers);
        }
        match self.services.get(service) {
            Some(None) => return layers,
            Some(Some(layer)) => self.push(*layer, &mut layers),
            None => {}
        }
        layers.extend(self.named.get(DEFAULT));
        layers
    }

    /// A block, and behind it the policy that it names.
    fn push(&self, layer: Layer<'a>, layers: &mut Vec<Layer<'a>>) {
        layers.push(layer);
        layers.extend(layer.block.policy.as_deref().and_then(|name| self.named.get(name)));
    }
}

/// Judges a `ConflictPolicy` by itself: all but whether what it refers to is there.
pub(crate) fn block(resource: &Resource) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Spec::ConflictPolicy(block) = &resource.spec {
        let policies = Policies { stores: HashMap::new(), named: BTreeMap::new(), services: BTreeMap::new() };
        policies.check(Layer { owner: resource, at: "spec", block }, &mut faults);
    }
    faults.retain(|fault| !fault.is_missing_reference());
    faults
}

/// What holds for one route.
struct Effective<'p, 'a, 'r> {
    policies: &'p Policies<'a>,
    route: &'a Resource,
    layers: Vec<Layer<'a>>,
    around: Around<'r>,
    /// Whether it is what holds for a route, and not a block by itself.
    on_a_route: bool,
}

impl<'a> Effective<'_, 'a, '_> {
    /// A part, from the nearest block that has it.
    fn part<T: 'a>(&self, part: impl Fn(&'a Conflict) -> Option<&'a T>) -> Option<(Layer<'a>, &'a T)> {
        self.layers.iter().find_map(|layer| Some((*layer, part(layer.block)?)))
    }

    /// The same, as a value of its own.
    fn value<T: Clone + 'a>(&self, part: impl Fn(&'a Conflict) -> Option<&'a T>) -> Option<T> {
        self.part(part).map(|(_, value)| value.clone())
    }

    fn compiled(&self, faults: &mut Vec<Fault>) -> Option<ConflictPolicy> {
        if self.layers.is_empty() {
            return None;
        }
        self.contradictions(faults);
        let validators = self.value(|block| block.validators.as_ref());
        let lost_update = self.value(|block| block.lost_update.as_ref());
        // A version is the number of the writes, and nothing else counts them.
        let counts = validators.as_ref().is_some_and(|part| part.synthesize == Synthesize::Version);
        let lost_update = lost_update.or_else(|| counts.then(spec::LostUpdate::default));
        let given = self.value(|block| block.preconditions.as_ref());
        let at_gateway = validators.is_some() || lost_update.is_some();
        // A tag of ours means nothing upstream: who gives one out must also evaluate it, or a condition would be lost.
        let preconditions =
            (given.is_some() || at_gateway).then(|| preconditions(&given.unwrap_or_default(), at_gateway));
        let policy = ConflictPolicy {
            key: self.key(faults)?,
            store: self.store(),
            writers: self.value(|block| block.writers.as_ref()).unwrap_or_default(),
            status_header: self.value(|block| block.status_header.as_ref()).unwrap_or(true),
            salt: self.salt(validators.as_ref()),
            validators,
            conditional_reads: self
                .part(|block| block.conditional_reads.as_ref())
                .is_some_and(|(_, reads)| reads.enabled),
            preconditions,
            lost_update,
            lock: self.value(|block| block.lock.as_ref()).filter(|lock| lock.enabled),
            serialize: self
                .value(|block| block.serialize.as_ref())
                .filter(|serialize| self.around.answers(&serialize.methods)),
            coalesce: self
                .value(|block| block.coalesce.as_ref())
                .filter(|coalesce| self.around.answers(&coalesce.methods)),
            idempotency: self
                .value(|block| block.idempotency.as_ref())
                .filter(|idempotency| self.around.answers(&idempotency.methods)),
            concurrency: self.concurrency(faults),
            upstream_conflict: self.value(|block| block.upstream_conflict.as_ref()).and_then(upstream_conflict),
        };
        (!does_nothing(&policy)).then_some(policy)
    }

    fn key(&self, faults: &mut Vec<Fault>) -> Option<Template> {
        match self.part(|block| block.key.as_ref()) {
            Some((layer, text)) => self.template(layer, "key", text, faults),
            None => Template::parse(conflict_key::DEFAULT, self.around.parameters).ok(),
        }
    }

    fn template(&self, layer: Layer<'a>, field: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Template> {
        match Template::parse(text, self.around.parameters) {
            Ok(template) => Some(template),
            Err(problem) => {
                self.tell(layer, field, problem, faults);
                None
            }
        }
    }

    /// A sentence that names the route where the block is another's.
    fn on_route(&self, layer: Layer<'_>, problem: String) -> String {
        if std::ptr::eq(layer.owner, self.route) { problem } else { format!("for {}: {problem}", self.route.label()) }
    }

    fn store(&self) -> String {
        let named = self.part(|block| block.store.as_ref()).map_or(DEFAULT, |(_, name)| name);
        // Where there is no default, the memory of the node is it.
        if self.policies.stores.contains_key(named) { named.to_owned() } else { MEMORY_STORE.to_owned() }
    }

    fn concurrency(&self, faults: &mut Vec<Fault>) -> Vec<ConcurrencyLimit> {
        let Some((layer, limits)) = self.part(|block| Some(&block.concurrency).filter(|limits| !limits.is_empty()))
        else {
            return Vec::new();
        };
        let mut compiled = Vec::new();
        for (index, limit) in limits.iter().enumerate() {
            let key = match &limit.key {
                Some(text) => match self.template(layer, &format!("concurrency[{index}].key"), text, faults) {
                    Some(key) => Some(key),
                    None => continue,
                },
                None => None,
            };
            let bound = match (limit.limit, limit.adaptive) {
                (Some(limit), None) => Bound::Fixed(limit),
                (None, Some(adaptive)) => Bound::Adaptive(adaptive),
                _ => continue,
            };
            let by_caller = key.as_ref().is_some_and(Template::tells_callers_apart);
            let mut priorities: Vec<_> = limit.priorities.iter().map(|(name, share)| (name.clone(), *share)).collect();
            priorities.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
            compiled.push(ConcurrencyLimit {
                name: limit.name.clone(),
                key,
                bound,
                reject_status: limit.reject_status.unwrap_or(if by_caller { 429 } else { 503 }),
                queue: limit.queue,
                scope: limit.scope,
                priorities,
                on_error: limit.on_error,
            });
        }
        compiled
    }

    /// What tells the representations of this route from those of another version of the API. The node is not in it: every
    /// node makes the same tag.
    fn salt(&self, validators: Option<&spec::Validators>) -> [u8; 16] {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add("weir entity tags 1");
        add(self.around.service);
        add(&format!("{:?}", self.around.rewrite));
        if let Some(validators) = validators {
            add(&format!("{:?}", validators.synthesize));
            validators.ignore.iter().for_each(|pointer| add(pointer));
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&hash.finalize()[..16]);
        salt
    }
}

fn preconditions(given: &spec::Preconditions, at_gateway: bool) -> Preconditions {
    let usual = if at_gateway { Evaluate::Gateway } else { Evaluate::Upstream };
    let (required, any_of) = given.require.clone().map(|require| (require.methods, require.any_of)).unwrap_or_default();
    Preconditions {
        required,
        any_of,
        evaluate: given.evaluate.unwrap_or(usual),
        mismatch_status: given.mismatch_status.unwrap_or(412),
        malformed_status: given.malformed_status.unwrap_or(400),
        already_applied: given.already_applied,
        verify_with: given.verify_with,
        on_error: given.on_error,
        disclose_current: given.disclose_current.unwrap_or(true),
    }
}

/// What is done about conflicts of the upstream's; `None` where that is nothing.
fn upstream_conflict(mut part: spec::UpstreamConflict) -> Option<spec::UpstreamConflict> {
    // A patch is sent upon a version that is read anew because the one before does not hold any more: 412.
    if part.strategy == ConflictStrategy::Reread && !part.on.contains(&412) {
        part.on.push(412);
    }
    (part.strategy != ConflictStrategy::Pass || part.normalize).then_some(part)
}

/// Whether a policy asks for nothing, so that its route need not look at it.
fn does_nothing(policy: &ConflictPolicy) -> bool {
    let evaluates = policy
        .preconditions
        .as_ref()
        .is_some_and(|preconditions| preconditions.evaluate == Evaluate::Gateway || !preconditions.required.is_empty());
    !(evaluates
        || policy.validators.is_some()
        || policy.conditional_reads
        || policy.lost_update.is_some()
        || policy.lock.is_some()
        || policy.serialize.is_some()
        || policy.coalesce.is_some()
        || policy.idempotency.is_some()
        || !policy.concurrency.is_empty()
        || policy.upstream_conflict.is_some())
}

#[cfg(test)]
mod tests;
