//! What in a policy contradicts itself once all of it is together: told at the field that has to give way, wherever it was
//! inherited from.

use super::{Effective, Layer};
use crate::conflict_key::{Piece, Template};
use crate::fault::Fault;
use crate::spec::{
    AlreadyApplied, Auth, Authority, ConflictStrategy, Evaluate, Method, Preconditions, Synthesize, Writers,
};

impl<'a> Effective<'_, 'a, '_> {
    /// Every contradiction of what holds for the route.
    pub(super) fn contradictions(&self, faults: &mut Vec<Fault>) {
        let mut found = Vec::new();
        self.of_writers(&mut found);
        self.of_preconditions(&mut found);
        self.of_repeats(&mut found);
        self.of_route(&mut found);
        for (layer, field, problem) in found {
            self.tell(layer, field, problem, faults);
        }
    }

    /// Tells a fault, of a block of another's once only: for the first route that it is wrong for.
    pub(super) fn tell(&self, layer: Layer<'a>, field: &str, problem: String, faults: &mut Vec<Fault>) {
        let fault = layer.fault(field, self.on_route(layer, problem));
        if !faults.iter().any(|known| known.resource == fault.resource && known.field == fault.field) {
            faults.push(fault);
        }
    }

    fn of_writers(&self, found: &mut Vec<Found<'a>>) {
        // Without a word of it there may be other writers; a block alone is judged by what it says.
        let writers = self.value(|block| block.writers.as_ref()).or(self.on_a_route.then_some(Writers::Mixed));
        if writers != Some(Writers::Mixed) {
            return;
        }
        if let Some((layer, part)) = self.part(|block| block.lost_update.as_ref())
            && part.authority == Authority::Gateway
        {
            let problem = "the gateway does not see writes that go past it, as writers: mixed says there are; say writers: \
                           gateway-only if nobody does that, or authority: upstream";
            found.push((layer, "lost_update.authority", problem.to_owned()));
        }
        if let Some((layer, part)) = self.part(|block| block.validators.as_ref())
            && part.synthesize == Synthesize::Version
        {
            let problem = "the version counts writes through the gateway and stays the same when others write, as writers: \
                           mixed says they do; say writers: gateway-only if nobody does that, or synthesize: bytes";
            found.push((layer, "validators.synthesize", problem.to_owned()));
        }
    }

    fn of_preconditions(&self, found: &mut Vec<Found<'a>>) {
        let given = self.part(|block| block.preconditions.as_ref());
        let validators = self.part(|block| block.validators.as_ref());
        let lost_update = self.part(|block| block.lost_update.as_ref());
        let usual = match validators.is_some() || lost_update.is_some() {
            true => Evaluate::Gateway,
            false => Evaluate::Upstream,
        };
        let Some((layer, part)) = given else { return };
        let evaluate = part.evaluate.unwrap_or(usual);
        if lost_update.is_some() && evaluate == Evaluate::Upstream {
            let problem = "lost_update checks and writes as one step, which only the gateway can do; say gateway, or leave \
                           it out";
            found.push((layer, "preconditions.evaluate", problem.to_owned()));
        }
        let weak = validators.filter(|(_, part)| part.synthesize == Synthesize::Semantic);
        if let Some((layer, _)) = weak
            && part.require.is_some()
            && evaluate == Evaluate::Gateway
        {
            let problem = "semantic tags are weak, and If-Match never holds for a weak one (RFC 9110 section 13.1.1), so the \
                           condition that preconditions.require asks for could not be met; say bytes or canonical, or leave \
                           require out";
            found.push((layer, "validators.synthesize", problem.to_owned()));
        }
        if evaluate == Evaluate::Upstream && (self.on_a_route || part.evaluate.is_some()) {
            for field in only_at_gateway(part) {
                let problem = "is for conditions that the gateway evaluates; say evaluate: gateway, or leave it out";
                found.push((layer, field, problem.to_owned()));
            }
        }
    }

    fn of_repeats(&self, found: &mut Vec<Found<'a>>) {
        let Some((layer, repeats)) = self.part(|block| block.upstream_conflict.as_ref()) else { return };
        let idempotency = self.part(|block| block.idempotency.as_ref());
        if repeats.strategy == ConflictStrategy::Retry && idempotency.is_some_and(|(_, part)| !part.forward_key) {
            let problem = "sends a request again that the upstream cannot know to be the same, as idempotency.forward_key is \
                           false; forward the key, or say strategy: pass";
            found.push((layer, "upstream_conflict.strategy", problem.to_owned()));
        }
    }

    fn of_route(&self, found: &mut Vec<Found<'a>>) {
        if let Some((layer, coalesce)) = self.part(|block| block.coalesce.as_ref())
            && coalesce.share_across_consumers
            && !coalesce.ack_public
            && self.around.auth == Auth::ApiKey
        {
            let problem = "callers of this route prove who they are, so an answer may be for one of them alone; say \
                           ack_public: true if answers are the same for everybody, or leave share_across_consumers out";
            found.push((layer, "coalesce.share_across_consumers", problem.to_owned()));
        }
        if let Some(own) = self.layers.first().filter(|layer| std::ptr::eq(layer.owner, self.route)) {
            self.never_applies(*own, found);
        }
    }

    /// What a route asks for itself, and none of its methods ever gets to. What is inherited may be for other routes.
    fn never_applies(&self, own: Layer<'a>, found: &mut Vec<Found<'a>>) {
        const READS: &[Method] = &[Method::Get, Method::Head];
        let block = own.block;
        let require = block.preconditions.as_ref().and_then(|part| part.require.as_ref());
        let parts: [(&'static str, Option<&[Method]>); 5] = [
            ("preconditions.require.methods", require.map(|require| require.methods.as_slice())),
            ("conditional_reads", block.conditional_reads.filter(|reads| reads.enabled).map(|_| READS)),
            ("serialize.methods", block.serialize.as_ref().map(|part| part.methods.as_slice())),
            ("coalesce.methods", block.coalesce.as_ref().map(|part| part.methods.as_slice())),
            ("idempotency.methods", block.idempotency.as_ref().map(|part| part.methods.as_slice())),
        ];
        for (field, methods) in parts {
            let Some(methods) = methods.filter(|methods| !methods.is_empty() && !self.around.answers(methods)) else {
                continue;
            };
            let problem = format!(
                "can never apply: it is for {}, and the route answers {} only",
                names(methods),
                names(self.around.methods)
            );
            found.push((own, field, problem));
        }
        let reads_body = |text: &str| {
            let template = Template::parse(text, self.around.parameters);
            template.is_ok_and(|template| template.pieces().iter().any(|piece| matches!(piece, Piece::Json(_))))
        };
        let bodies = [Method::Post, Method::Put, Method::Patch, Method::Delete];
        if block.key.as_deref().is_some_and(reads_body) && !self.around.answers(&bodies) {
            let problem = format!("reads the request's body, and {} have none", names(self.around.methods));
            found.push((own, "key", problem));
        }
    }
}

type Found<'a> = (Layer<'a>, &'static str, String);

/// What is given and has no meaning where the upstream evaluates.
fn only_at_gateway(part: &Preconditions) -> Vec<&'static str> {
    let given = [
        ("preconditions.mismatch_status", part.mismatch_status.is_some()),
        ("preconditions.already_applied", part.already_applied == AlreadyApplied::Success),
    ];
    given.into_iter().filter(|(_, given)| *given).map(|(field, _)| field).collect()
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ")
}
