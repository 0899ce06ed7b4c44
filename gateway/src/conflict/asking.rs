//! What the stages that REST and model calls share need of a request: keys of idempotency, and room.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderName;
use parking_lot::Mutex;
use weir_conflict::facts::Facts;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::idempotency_key::Key;
use weir_conflict::malformed::Malformed;
use weir_conflict::problem::{Problem, Slug};
use weir_conflict::resource::{Names, TeamTag};
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::{Store, StoreError};
use weir_domain::snapshot::ConflictPolicy;
use weir_domain::spec::Idempotency;

use super::Conflicts;
use super::kept::Kept;
use super::room::Room;
use super::run::Stop;

/// A request of a route with a policy.
pub(crate) trait Asking: Send {
    fn conflicts(&self) -> &Conflicts;

    fn policy(&self) -> &Arc<ConflictPolicy>;

    /// The route's id.
    fn route(&self) -> &str;

    /// The id of what the route is of.
    fn service(&self) -> &str;

    /// The request's id.
    fn id(&self) -> &str;

    fn names(&self) -> Arc<Names>;

    /// The team whose routes these are.
    fn tag(&self) -> TeamTag;

    /// What it has for templates.
    fn facts(&self) -> Facts<'_>;

    fn method(&self) -> &str;

    /// What a repeat must be the same in, but for the body.
    fn fingerprint(&self) -> Fingerprinting;

    /// What the answer says of what was done.
    fn said(&mut self) -> &mut HeaderMap;

    fn room(&mut self) -> &mut Room;

    /// It is the first under its key.
    fn keep(&mut self, kept: Kept);

    /// What is fed with the body as it comes, where that was not whole when the key was asked for.
    fn taste(&mut self, making: Arc<Mutex<Fingerprinting>>);

    /// Whoever is asked does not get the key.
    fn withhold(&mut self, names: &[&HeaderName]);

    /// Takes in the body, as far as it is short; `None` where it is not whole.
    fn held(&mut self) -> impl Future<Output = Result<Option<Bytes>, Stop>> + Send;

    /// Reads a body that is not whole, which goes nowhere.
    fn read_off(&mut self, making: Fingerprinting) -> impl Future<Output = Result<[u8; 32], Stop>> + Send;

    /// Waits for something, unless the caller leaves before; what is waited for is dropped then.
    fn unless_left<T: Send>(
        &mut self,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Result<T, Stop>> + Send;

    fn headers(&self) -> &HeaderMap {
        self.facts().headers
    }

    /// The store of the route's policy.
    fn store(&self) -> Arc<dyn Store> {
        self.conflicts().store(&self.policy().store)
    }

    /// Notes what a policy did, for the answer and the metrics.
    fn did(&mut self, policy: Policy, outcome: &'static str, act: &Act) {
        self.conflicts().metrics.outcome(self.route(), policy, outcome);
        if self.policy().status_header {
            act.append_to(self.said());
        }
    }

    /// Notes how long a policy kept the request waiting.
    fn waited(&self, policy: Policy, waited: Duration) {
        self.conflicts().metrics.waited(self.route(), policy, waited.as_secs_f64());
    }

    fn problem(&self, policy: Policy, slug: Slug) -> Problem {
        Problem::new(slug).by(policy, self.route())
    }

    /// A store does not answer, and the policy does not let requests pass then.
    fn store_down(&self, policy: Policy, error: &StoreError) -> Problem {
        tracing::warn!(%error, route = %self.route(), policy = policy.as_str(), "a request is refused");
        let wait = match error {
            StoreError::Open { retry_in } => *retry_in,
            _ => Duration::from_secs(1),
        };
        self.problem(policy, Slug::StoreUnavailable).with_retry_after(wait)
    }

    fn no_room(&self, name: &str, reject_status: u16, detail: String, wait: Duration) -> Problem {
        let slug = if reject_status == 429 { Slug::QuotaExceeded } else { Slug::TemporaryReducedCapacity };
        self.problem(Policy::Concurrency, slug)
            .with_status(reject_status)
            .with_detail(detail)
            .with_violated_policies(&[name])
            .with_retry_after(wait)
    }

    fn key_missing(&self, set: &Idempotency) -> Problem {
        let detail = format!(
            "Send {}: a new value for each operation, such as a UUID, and the same value when you repeat it.",
            set.header
        );
        self.problem(Policy::Idempotency, Slug::IdempotencyKeyMissing).with_detail(detail)
    }

    fn bad_key(&self, fault: &Malformed) -> Problem {
        Problem::malformed(Slug::IdempotencyKeyInvalid, fault).by(Policy::Idempotency, self.route())
    }

    /// Something about a key that was read.
    fn keyed(&self, slug: Slug, key: &Key) -> Problem {
        self.problem(Policy::Idempotency, slug).with_submitted(vec![key.value.clone()])
    }

    fn in_progress(&self, key: &Key, remaining: Duration) -> Problem {
        // The first may end at any time; what remains of its lease is only the longest that it can take to be given up.
        let wait = remaining.min(Duration::from_secs(1));
        self.keyed(Slug::IdempotencyInProgress, key).with_retry_after(wait)
    }

    fn not_stored(&self, key: &Key, status: u16, location: Option<String>) -> Problem {
        let problem = self.keyed(Slug::IdempotencyResponseNotStored, key).with_member("original_status", status);
        match location {
            Some(location) => problem.with_member("location", location),
            None => problem,
        }
    }
}
