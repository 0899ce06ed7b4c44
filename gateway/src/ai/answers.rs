//! Answers that are kept for who asks the very same again: whole, in memory, bounded, each team's apart by default.
//!
//! Only what ended well is kept. A kept answer goes through the same code as a provider's that speaks the caller's dialect,
//! at a price of nothing, so that its `usage.cost` is what its ledger row says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use moka::Expiry;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use weir_domain::dialect::Dialect;
use weir_domain::ledger::{CacheStatus, Record};
use weir_domain::money::NanoUsd;
use weir_domain::snapshot::ModelRoute;
use weir_domain::spec::{AnswerCache, CacheScope};
use weir_domain::usage::Usage;
use weir_llm::{AnswerContext, ErrorKind, Peek, StreamTranslator, ToolNames, Wanted, WireError};

use super::attempt::Request;
use super::body::Share;

/// The header by which a caller passes the cache by, and in which it is told what became of that.
pub(super) const HEADER: &str = "x-weir-cache";
/// What an entry takes beside its bytes, roughly.
const ENTRY: usize = 512;

/// What tells one request from another: a hash of all that its answer depends on.
type Key = [u8; 32];

/// All kept answers of the process.
pub(super) struct Answers {
    kept: Cache<Key, Arc<Kept>>,
}

/// One answer, as the caller got it.
pub(super) struct Kept {
    since: Instant,
    ttl: Duration,
    pub(super) body: Bytes,
    pub(super) usage: Usage,
    /// What it cost, which whoever gets it again saves.
    pub(super) cost: Option<NanoUsd>,
    pub(super) dropped: Vec<String>,
    /// Who gave it.
    pub(super) provider: String,
    /// Its model there.
    pub(super) upstream_model: String,
}

struct Life;

impl Expiry<Key, Arc<Kept>> for Life {
    fn expire_after_create(&self, _key: &Key, kept: &Arc<Kept>, _now: Instant) -> Option<Duration> {
        Some(kept.ttl)
    }

    fn expire_after_update(
        &self,
        _key: &Key,
        kept: &Arc<Kept>,
        _now: Instant,
        _left: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.ttl)
    }
}

impl Answers {
    /// With room for so many bytes; the least used answers go first.
    pub(super) fn new(bytes: u64) -> Self {
        let weight = |_: &Key, kept: &Arc<Kept>| u32::try_from(kept.body.len() + ENTRY).unwrap_or(u32::MAX);
        Self { kept: Cache::builder().max_capacity(bytes).weigher(weight).expire_after(Life).build() }
    }
}

/// What the caller wants of the cache.
///
/// # Errors
/// The header says something else than it may.
pub(super) fn wish(headers: &HeaderMap) -> Result<CacheStatus, WireError> {
    if let Some(value) = headers.get(HEADER) {
        return match value.as_bytes() {
            b"bypass" => Ok(CacheStatus::Bypass),
            b"refresh" => Ok(CacheStatus::Refresh),
            _ => {
                let sentence =
                    "the header x-weir-cache is neither bypass nor refresh; write one of them, or leave it out";
                Err(WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("invalid_header"))
            }
        };
    }
    let says = |directive: &str| {
        let values = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(directive))
    };
    if says("no-store") {
        return Ok(CacheStatus::Bypass);
    }
    Ok(if says("no-cache") { CacheStatus::Refresh } else { CacheStatus::Miss })
}

/// The place of one request's answer.
pub(super) struct Place<'a> {
    answers: &'a Answers,
    /// What answers take of the memory that all bodies share, until they are kept: those that are have room of their own.
    budget: &'a Arc<Semaphore>,
    key: Key,
    policy: AnswerCache,
}

/// The place of a request's answer, when its route keeps answers.
pub(super) fn place<'a>(
    route: &ModelRoute,
    record: &Record,
    request: &Request<'a>,
    body: &[u8],
    headers: &HeaderMap,
) -> Option<Place<'a>> {
    // What a provider keeps of a response belongs to whom it was given to, and its id leads back there.
    if request.inbound == Dialect::Responses {
        return None;
    }
    // What is only passed on may be anything, and large: sound, images. A list is rendered from events, not read again.
    let answers = &request.state.models.answers;
    let can_be_read = request.peek.operation.passed_on_at().is_none() && !request.peek.json_array;
    let policy = route.cache.filter(|_| can_be_read)?;
    let (scope, owner) = match policy.scope {
        CacheScope::Team => ("team", record.team.as_str()),
        CacheScope::Application => ("application", record.application.as_str()),
        CacheScope::Everyone => ("everyone", ""),
    };
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        // With its length before it, no two lists of parts are one text.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    let peek: &Peek = request.peek;
    for part in [scope, owner, &route.id, request.inbound.as_str(), peek.operation.as_str(), &peek.model] {
        add(part.as_bytes());
    }
    // A route that leads elsewhere from now on gives no answer of where it led before.
    for target in &route.targets {
        add(target.provider.id.as_bytes());
        add(target.model.as_bytes());
    }
    add(&[u8::from(peek.stream), u8::from(route.strict), u8::from(peek.batch)]);
    // Whatever else decides which target answers, or how.
    for name in route.targets.iter().filter_map(|target| target.when.as_ref()).flat_map(|when| when.headers.keys()) {
        add(headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default());
    }
    if route.targets.iter().filter_map(|target| target.when.as_ref()).any(|when| !when.teams.is_empty()) {
        add(record.team.as_bytes());
    }
    for name in [super::beta::HEADER, super::beta::VERSION] {
        headers.get_all(name).into_iter().for_each(|value| add(value.as_bytes()));
        add(b"");
    }
    add(body);
    Some(Place { answers, budget: &request.state.body_budget, key: hash.finalize().into(), policy })
}

impl<'a> Place<'a> {
    /// The answer that is kept.
    pub(super) fn get(&self) -> Option<Arc<Kept>> {
        self.answers.kept.get(&self.key)
    }

    /// Begins to take an answer in.
    pub(super) fn take(self) -> Taking<'a> {
        Taking { place: self, bytes: Some(BytesMut::new()), share: Share::default() }
    }
}

/// An answer that is being taken in while it goes to the caller.
pub(super) struct Taking<'a> {
    place: Place<'a>,
    /// `None` once it is too long, or there is no memory left for it.
    bytes: Option<BytesMut>,
    share: Share,
}

impl Taking<'_> {
    /// Takes a piece of it.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        let Some(bytes) = &mut self.bytes else { return };
        let total = bytes.len() + piece.len();
        if total <= self.place.policy.max_bytes && self.share.grow(self.place.budget, total) {
            bytes.put_slice(piece);
        } else {
            (self.bytes, self.share) = (None, Share::default());
        }
    }

    /// Keeps it: it is whole, and went well.
    pub(super) fn keep(self, record: &Record) {
        let Some(bytes) = self.bytes else { return };
        let Place { answers, key, policy, .. } = self.place;
        let kept = Kept {
            since: Instant::now(),
            ttl: Duration::from_secs(policy.ttl_s),
            body: bytes.freeze(),
            usage: record.usage,
            cost: record.cost,
            dropped: record.dropped.clone(),
            provider: record.provider.clone(),
            upstream_model: record.upstream_model.clone(),
        };
        answers.kept.insert(key, Arc::new(kept));
    }
}

impl Kept {
    /// For how many seconds it has been kept.
    pub(super) fn age(&self) -> u64 {
        self.since.elapsed().as_secs()
    }

    /// The body for one more caller: the same, but for its cost. `None` when it cannot be read, which sends the caller to a
    /// provider.
    pub(super) fn render(&self, request: &Request<'_>) -> Option<Bytes> {
        let context = AnswerContext {
            operation: request.peek.operation,
            upstream: request.inbound.format(),
            inbound: request.inbound,
            include_usage: request.peek.include_usage == Some(true),
            json_array: false,
            estimated_input: request.peek.estimated_input,
            created: 0,
            request_id: request.id.clone(),
            tool_names: ToolNames::default(),
            wanted: Wanted::default(),
        };
        let free = |_: &Usage| Some(NanoUsd::ZERO);
        if !request.peek.stream {
            return weir_llm::answer(&context, &self.body, &free).ok().map(|answer| answer.body);
        }
        let mut translator = StreamTranslator::new(context, Arc::new(free));
        let mut out = BytesMut::with_capacity(self.body.len());
        translator.push(&self.body, &mut out).ok()?;
        translator.finish(&mut out).ok()?;
        Some(out.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_say_in_two_ways_what_they_want() {
        for (name, value, wish_is) in [
            ("accept", "*/*", Some(CacheStatus::Miss)),
            (HEADER, "bypass", Some(CacheStatus::Bypass)),
            (HEADER, "refresh", Some(CacheStatus::Refresh)),
            (HEADER, "Bypass ", None),
            ("cache-control", "max-age=0, No-Store", Some(CacheStatus::Bypass)),
            ("cache-control", "no-cache", Some(CacheStatus::Refresh)),
            ("cache-control", "no-cached", Some(CacheStatus::Miss)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(wish(&headers).ok(), wish_is, "{name}: {value}");
        }
    }

    #[test]
    fn what_is_taken_in_counts_as_a_body_until_it_is_kept_and_is_let_go_when_there_is_no_room() {
        let (answers, budget) = (Answers::new(1 << 20), Arc::new(Semaphore::new(4)));
        let policy = AnswerCache { ttl_s: 60, scope: CacheScope::Team, max_bytes: 1 << 20 };
        let place = |key| Place { answers: &answers, budget: &budget, key: [key; 32], policy };
        let mut first = place(1).take();
        first.piece(&[0; 3 << 10]);
        assert_eq!(budget.available_permits(), 1);
        let mut second = place(2).take();
        second.piece(&[0; 1 << 10]);
        second.piece(&[0; 1 << 10]);
        assert!(second.bytes.is_none(), "the answer goes to its caller all the same");
        assert_eq!(budget.available_permits(), 1, "and holds nothing any more");
        second.piece(&[0; 10]);
        assert!(second.bytes.is_none(), "an answer without its middle is none");
        drop(first);
        assert_eq!(budget.available_permits(), 4);
    }
}
