//! What in a policy contradicts itself once all of it is together.

use super::Effective;
use crate::fault::Fault;
use crate::spec::Auth;

impl Effective<'_, '_, '_> {
    /// Every contradiction, each at the field that has to give way.
    pub(super) fn contradictions(&self, faults: &mut Vec<Fault>) {
        if let Some((layer, coalesce)) = self.part(|block| block.coalesce.as_ref())
            && coalesce.share_across_consumers
            && !coalesce.ack_public
            && self.around.auth == Auth::ApiKey
        {
            let problem = "callers of this route prove who they are, so an answer may be for one of them alone; say \
                           ack_public: true if answers are the same for everybody, or leave share_across_consumers out";
            faults.push(layer.fault("coalesce.share_across_consumers", self.on_route(layer, problem.to_owned())));
        }
    }
}
