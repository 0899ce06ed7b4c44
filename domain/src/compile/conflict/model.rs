//! The part of conflict policies that makes sense for model calls: keys that make a repeat free, and limits of calls under
//! way.

use std::sync::Arc;

use super::{Around, Effective, Layer, Policies};
use crate::fault::Fault;
use crate::resource::Resource;
use crate::snapshot::{ConflictPolicy, Rewrite};
use crate::spec::{Auth, Conflict, ConflictSetting, Method};

/// What a model route cannot have, and why.
type Senseless = (&'static str, fn(&Conflict) -> bool, &'static str);

const NO_RESOURCE: &str = "a model call reads and writes no resource of its own";
const SENSELESS: [Senseless; 10] = [
    ("key", |block| block.key.is_some(), NO_RESOURCE),
    ("writers", |block| block.writers.is_some(), NO_RESOURCE),
    ("validators", |block| block.validators.is_some(), "answers of models are not made conditional"),
    ("conditional_reads", |block| block.conditional_reads.is_some(), "answers of models are not made conditional"),
    ("preconditions", |block| block.preconditions.is_some(), NO_RESOURCE),
    ("lost_update", |block| block.lost_update.is_some(), NO_RESOURCE),
    ("serialize", |block| block.serialize.is_some(), "use concurrency with limit: 1 for one call at a time"),
    ("lock", |block| block.lock.is_some(), NO_RESOURCE),
    (
        "coalesce",
        |block| block.coalesce.is_some(),
        "each call is made for itself; use cache for answers that are given again to who asks the same",
    ),
    ("upstream_conflict", |block| block.upstream_conflict.is_some(), "say in retry what is tried again"),
];

impl<'a> Policies<'a> {
    /// The policy of a model route. It inherits nothing: what REST routes share is about resources.
    pub(in crate::compile) fn of_model_route(
        &self,
        resource: &'a Resource,
        setting: Option<&'a ConflictSetting>,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<ConflictPolicy>> {
        let own = Layer::within(resource, setting?)?;
        self.check(own, faults);
        let mut layers = Vec::new();
        self.push(own, &mut layers);
        for layer in &layers {
            for (part, _, reason) in SENSELESS.iter().filter(|(_, given, _)| given(layer.block)) {
                let mend = format!("there is idempotency, concurrency and store; {reason}");
                faults.push(if std::ptr::eq(layer.owner, resource) {
                    own.fault(part, format!("is not for model routes: {mend}"))
                } else {
                    own.fault(
                        "policy",
                        format!("{} has {part}, which is not for model routes: {mend}", layer.owner.label()),
                    )
                });
            }
        }
        let around = Around {
            service: &resource.id,
            parameters: &[],
            methods: &[Method::Get, Method::Post],
            rewrite: &Rewrite::Keep,
            auth: Auth::ApiKey,
        };
        let policy =
            Effective { policies: self, route: resource, layers, around, on_a_route: true }.compiled(faults)?;
        Some(Arc::new(policy))
    }
}
