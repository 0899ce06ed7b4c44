//! K8: a request that is sent again gets the first one's answer, and the upstream is asked once.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, DATE, HeaderName, LOCATION, RETRY_AFTER, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;
use pingora_http::ResponseHeader;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use weir_conflict::date::HttpDate;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::idempotency_key::{self, FirstSent, Key, REPEATABILITY_REQUEST_ID, REPEATABILITY_RESULT};
use weir_conflict::resource::ResourceKey;
use weir_conflict::status::{Act, Policy};
use weir_conflict::store::{Begun, IdemAsk, IdemEnd, Store, StoredAnswer};
use weir_domain::snapshot::ConflictPolicy;
use weir_domain::spec::{Idempotency, InProgress, KeyScope, OnError};
use weir_domain::time;

use super::run::{Run, Stop};

/// How often a repeat that waits asks whether the first has ended: at first, and at most.
const ASK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

/// What of an answer is not said again: what is of one connection, or of one moment.
const NOT_AGAIN: [HeaderName; 7] = [
    CONNECTION,
    TRANSFER_ENCODING,
    DATE,
    SET_COOKIE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("set-cookie2"),
    HeaderName::from_static("x-weir-request-id"),
];

/// The first request under a key, on its way. Dropped unended, nobody knows whether it was executed; or it was not, if
/// nothing of it had been sent.
pub(super) struct Kept {
    store: Arc<dyn Store>,
    key: ResourceKey,
    owner: String,
    epoch: u64,
    policy: Arc<ConflictPolicy>,
    /// The fingerprint, where the body came too late to be asked for with it.
    making: Option<Arc<Mutex<Fingerprinting>>>,
    keeper: AbortHandle,
    sent: bool,
    ended: bool,
}

/// What of an answer is taken down for repeats.
pub(super) struct Tape {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: BytesMut,
    most: usize,
    full: bool,
    location: Option<String>,
}

/// Begins under the request's key, if it has one; gives the first one's answer, if this is a repeat.
///
/// # Errors
/// The key is missing or malformed, was used for another request, or the first is under way or lost; the store is down.
pub(super) async fn begin(run: &mut Run<'_>) -> Result<Option<Arc<StoredAnswer>>, Stop> {
    let policy = Arc::clone(&run.policy);
    let Some(set) = policy.idempotency.as_ref().filter(|set| covers(set, run.method().as_str())) else {
        return Ok(None);
    };
    let (header, aliases) = names(set);
    let found = idempotency_key::read(run.headers(), &header, &aliases, set.syntax).map_err(|f| run.bad_key(&f))?;
    let Some(key) = found else {
        return if set.required { Err(run.key_missing(set).into()) } else { Ok(None) };
    };
    if aliases.contains(&REPEATABILITY_REQUEST_ID) {
        let now = HttpDate::from_unix(time::now() / 1_000_000);
        let sent = idempotency_key::first_sent(run.headers(), now, set.first_sent_window.0);
        if matches!(sent.map_err(|fault| run.bad_key(&fault))?, FirstSent::Outside(_)) {
            return Err(run.rejected().into());
        }
        if run.headers().contains_key(REPEATABILITY_REQUEST_ID) {
            run.said.insert(REPEATABILITY_RESULT, HeaderValue::from_static("accepted"));
        }
    }
    if !set.forward_key {
        for name in aliases.iter().chain([&header]) {
            run.request.remove_header(name);
        }
    }
    let scope = match set.scope {
        KeyScope::Route => format!("route {}", run.route.id),
        KeyScope::Api => format!("api {}", run.route.service),
    };
    let (team, application) = run.caller.clone().unwrap_or_default();
    let consumer = if application.is_empty() { run.consumer() } else { application };
    let name = run.names.key(run.tag(), &["idempotency", &scope, &team, &consumer, &key.value]);
    begin_under(run, set, &key, name).await
}

/// Whether a policy counts for a method. A key with a safe method says nothing: nothing happens twice there.
fn covers(set: &Idempotency, method: &str) -> bool {
    set.methods.iter().any(|m| m.as_str() == method)
}

/// The headers that a key may stand in. The compiler of the configuration has seen to it that they are names.
fn names(set: &Idempotency) -> (HeaderName, Vec<HeaderName>) {
    let header = set.header.parse().unwrap_or(HeaderName::from_static("idempotency-key"));
    (header, set.aliases.iter().filter_map(|alias| alias.parse().ok()).collect())
}

async fn begin_under(
    run: &mut Run<'_>,
    set: &Idempotency,
    key: &Key,
    name: ResourceKey,
) -> Result<Option<Arc<StoredAnswer>>, Stop> {
    let mut making = fingerprint(run);
    let known = run.hold().await?.then(|| run.upload.bytes()).flatten().map(|body| {
        making.update(&body);
        making.finish().0
    });
    let store = run.store();
    let owner = run.io.settlement.id.clone();
    let until = Instant::now() + set.max_wait.0;
    let mut pause = ASK.0;
    loop {
        let ask = IdemAsk {
            fingerprint: known,
            owner: &owner,
            lease: set.lease.0,
            ttl: set.ttl.0,
            on_lost: set.on_lost,
            label: &key.value,
        };
        let begun = match store.begin(&name, &ask).await {
            Ok(begun) => begun,
            Err(error) if set.on_error == OnError::Open => {
                tracing::warn!(%error, route = %run.route.id, "an idempotency key is passed by");
                run.did(Policy::Idempotency, "bypass", &Act::bypassed(Policy::Idempotency));
                return Ok(None);
            }
            Err(error) => return Err(run.store_down(Policy::Idempotency, &error).into()),
        };
        match begun {
            Begun::New { epoch } => {
                begin_first(run, store, (name, owner, epoch), known.is_none().then_some(making));
                return Ok(None);
            }
            Begun::Busy { remaining, fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                if set.in_progress == InProgress::Reject || Instant::now() + pause > until {
                    return Err(run.in_progress(key, remaining).into());
                }
                run.unless_left(tokio::time::sleep(pause)).await?;
                pause = (pause * 2).min(ASK.1);
            }
            Begun::Mismatch => return Err(run.key_reused(key).into()),
            Begun::Done(answer) => {
                same(run, key, &making, known, answer.fingerprint).await?;
                return Ok(Some(answer));
            }
            Begun::NotStored { status, location, fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                return Err(run.not_stored(key, status, location).into());
            }
            Begun::Unknown { fingerprint } => {
                same(run, key, &making, known, fingerprint).await?;
                return Err(run.outcome_unknown(key).into());
            }
        }
    }
}

fn fingerprint(run: &Run<'_>) -> Fingerprinting {
    let request = run.io.session.req_header();
    let kind = request.headers.get(http::header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    Fingerprinting::new(request.method.as_str(), request.uri.path(), request.uri.query(), kind)
}

/// Whether a repeat is the same request as the first. A long body is read for that, and goes nowhere.
async fn same(
    run: &mut Run<'_>,
    key: &Key,
    making: &Fingerprinting,
    known: Option<[u8; 32]>,
    first: Option<[u8; 32]>,
) -> Result<(), Stop> {
    let Some(first) = first else { return Ok(()) };
    let own = match known {
        Some(own) => own,
        None => {
            run.let_in().await?;
            let shared = Arc::new(Mutex::new(making.clone()));
            let taster = Arc::clone(&shared);
            run.upload.taste(move |piece| taster.lock().update(piece));
            run.upload.discard(&mut run.io.talk()).await?;
            shared.lock().finish().0
        }
    };
    if own == first { Ok(()) } else { Err(run.key_reused(key).into()) }
}

fn begin_first(
    run: &mut Run<'_>,
    store: Arc<dyn Store>,
    (key, owner, epoch): (ResourceKey, String, u64),
    making: Option<Fingerprinting>,
) {
    let Some(set) = run.policy.idempotency.clone() else { return };
    let making = making.map(|making| Arc::new(Mutex::new(making)));
    if let Some(making) = &making {
        let taster = Arc::clone(making);
        run.upload.taste(move |piece| taster.lock().update(piece));
    }
    let keeper = keep(Arc::clone(&store), key, (owner.clone(), epoch), set.lease.0);
    let policy = Arc::clone(&run.policy);
    run.held.kept = Some(Kept { store, key, owner, epoch, policy, making, keeper, sent: false, ended: false });
    run.did(Policy::Idempotency, "first", &Act::new(Policy::Idempotency, "first"));
}

/// Says that the request lives, as long as it does.
fn keep(store: Arc<dyn Store>, key: ResourceKey, (owner, epoch): (String, u64), lease: Duration) -> AbortHandle {
    let keeping = async move {
        loop {
            tokio::time::sleep(lease / 3).await;
            if matches!(store.extend(&key, &owner, epoch, lease).await, Ok(false)) {
                return;
            }
        }
    };
    tokio::spawn(keeping).abort_handle()
}

impl Kept {
    fn set(&self) -> Idempotency {
        self.policy.idempotency.clone().unwrap_or_default()
    }

    /// Bytes of the request are about to leave: from here on it may have been executed.
    pub(super) fn is_sent(&mut self) {
        self.sent = true;
    }

    /// Whether the upstream's answer is read to its end although the caller has left.
    pub(super) fn drains(&self) -> bool {
        self.set().on_client_abort == weir_domain::spec::OnClientAbort::Drain
    }

    /// Begins to take an answer down.
    pub(super) fn tape(&self, head: &ResponseHeader) -> Tape {
        let set = self.set();
        let dropped = |name: &HeaderName| {
            NOT_AGAIN.contains(name) || set.no_store_headers.iter().any(|no| name.as_str().eq_ignore_ascii_case(no))
        };
        let headers = head.headers.iter().filter(|(name, _)| !dropped(name));
        Tape {
            status: head.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect(),
            body: BytesMut::new(),
            most: set.max_body.as_len(),
            full: false,
            location: head.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned),
        }
    }

    /// Ends with an answer, or with what it says of the request.
    pub(super) async fn answered(self, tape: Tape, headers: &HeaderMap) {
        let fingerprint = self.fingerprint();
        let end = match verdict(&self.set(), tape.status, headers) {
            Verdict::Keep if tape.full => {
                IdemEnd::NotStored { status: tape.status, location: tape.location, fingerprint }
            }
            Verdict::Keep => IdemEnd::Done(Arc::new(StoredAnswer {
                status: tape.status,
                headers: tape.headers,
                body: tape.body.freeze(),
                fingerprint,
                at: time::now(),
            })),
            Verdict::Free => IdemEnd::Released,
            Verdict::Unknown => IdemEnd::Unknown { fingerprint },
        };
        self.end(end).await;
    }

    /// Ends without an answer.
    pub(super) async fn unanswered(self, reached: bool) {
        let fingerprint = self.fingerprint();
        self.end(if reached { IdemEnd::Unknown { fingerprint } } else { IdemEnd::Released }).await;
    }

    fn fingerprint(&self) -> Option<[u8; 32]> {
        self.making.as_ref().map(|making| making.lock().finish().0)
    }

    async fn end(mut self, end: IdemEnd) {
        self.ended = true;
        self.keeper.abort();
        let ttl = self.set().ttl.0;
        let (store, key) = (Arc::clone(&self.store), self.key);
        let (owner, epoch) = (std::mem::take(&mut self.owner), self.epoch);
        match store.end(&key, &owner, epoch, &end, ttl).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("an idempotency key was taken over while its request was under way"),
            Err(error) => {
                // The caller has its answer all the same; repeats are refused until this has succeeded.
                tracing::warn!(%error, "an answer is not kept yet for its idempotency key; it is tried again");
                tokio::spawn(again(store, key, (owner, epoch), end, ttl));
            }
        }
    }
}

/// Writes an end down that the store did not take, for as long as repeats may come.
async fn again(store: Arc<dyn Store>, key: ResourceKey, (owner, epoch): (String, u64), end: IdemEnd, ttl: Duration) {
    let until = Instant::now() + ttl.min(Duration::from_secs(600));
    let mut pause = Duration::from_millis(100);
    while Instant::now() < until {
        tokio::time::sleep(pause).await;
        if store.end(&key, &owner, epoch, &end, ttl).await.is_ok() {
            return;
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
        if self.ended {
            return;
        }
        let fingerprint = self.fingerprint().filter(|_| self.sent);
        let end = if self.sent { IdemEnd::Unknown { fingerprint } } else { IdemEnd::Released };
        let (store, key, ttl) = (Arc::clone(&self.store), self.key, self.set().ttl.0);
        let (owner, epoch) = (std::mem::take(&mut self.owner), self.epoch);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // If this fails, the lease runs out, which means the same.
                _ = store.end(&key, &owner, epoch, &end, ttl).await;
            });
        }
    }
}

impl Tape {
    /// Takes a piece down, unless that is too much.
    pub(super) fn piece(&mut self, piece: &Bytes) {
        self.full |= self.body.len() + piece.len() > self.most;
        if self.full {
            self.body = BytesMut::new();
        } else {
            self.body.extend_from_slice(piece);
        }
    }
}

/// What an answer says of the request under its key.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the answer, also for repeats.
    Keep,
    /// Nothing was executed.
    Free,
    /// Nobody knows.
    Unknown,
}

fn verdict(set: &Idempotency, status: u16, headers: &HeaderMap) -> Verdict {
    match status {
        401 | 403 | 408 | 409 | 425 | 429 => Verdict::Free,
        200..=499 => Verdict::Keep,
        _ if set.store_5xx.contains(&status) => Verdict::Keep,
        503 if headers.contains_key(RETRY_AFTER) => Verdict::Free,
        502..=504 => Verdict::Unknown,
        _ => Verdict::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_executed_is_kept_and_what_was_not_is_free() {
        let set = Idempotency::default();
        let (none, mut later) = (HeaderMap::new(), HeaderMap::new());
        later.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        for (status, headers, expected) in [
            (201, &none, Verdict::Keep),
            (304, &none, Verdict::Keep),
            (422, &none, Verdict::Keep),
            (401, &none, Verdict::Free),
            (409, &none, Verdict::Free),
            (429, &later, Verdict::Free),
            (500, &none, Verdict::Keep),
            (501, &none, Verdict::Keep),
            (503, &later, Verdict::Free),
            (503, &none, Verdict::Unknown),
            (502, &none, Verdict::Unknown),
            (504, &none, Verdict::Unknown),
        ] {
            assert_eq!(verdict(&set, status, headers), expected, "{status}");
        }
        let strict = Idempotency { store_5xx: Vec::new(), ..set };
        assert_eq!(verdict(&strict, 500, &none), Verdict::Free);
    }
}
