//! Health checks: asks providers in the background whether they work, and tells the pools. Each node asks for itself,
//! since what one node reaches another may not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use rand::Rng;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use weir_domain::snapshot::{HealthCheck, Provider, Snapshot};
use weir_domain::spec::HealthMethod;
use weir_domain::time;

use super::failure::plain;
use super::link::Link;
use super::pool::health::Health;
use crate::state::State;

/// Checks under way at once.
const AT_ONCE: usize = 16;
/// Within what time the first round of a check begins: nodes that start together do not ask together.
const FIRST: Duration = Duration::from_secs(2);

/// One check of the live configuration.
#[derive(Clone)]
pub(super) struct Check {
    pub(super) provider: Arc<Provider>,
    /// The model, for a target's own check; empty for a provider's.
    pub(super) model: String,
    pub(super) check: Arc<HealthCheck>,
    pub(super) health: Arc<Health>,
}

/// Makes the checks of the live configuration until the drain begins. Those of a configuration end with it.
pub(crate) async fn run(state: Arc<State>, mut installed: watch::Receiver<i64>) {
    let mut draining = state.drain.watch();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        installed.mark_unchanged();
        let snapshot = state.live.snapshot();
        // Dropped at the end of the turn, which ends them.
        let mut checks = JoinSet::new();
        for check in state.models.checks(&snapshot) {
            checks.spawn(repeat(Arc::clone(&state), Arc::clone(&snapshot), check, Arc::clone(&room)));
        }
        tokio::select! {
            changed = installed.changed() => if changed.is_err() { return },
            _ = draining.wait_for(|&draining| draining) => return,
        }
    }
}

/// Makes one check again and again.
async fn repeat(state: Arc<State>, snapshot: Arc<Snapshot>, check: Check, room: Arc<Semaphore>) {
    let pools = &state.models.pools;
    let interval = check.check.interval;
    // A configuration that changes often must not keep a check from ever being made.
    let since = check.health.age(pools.millis(Instant::now()));
    let mut wait = match since {
        Some(since) => interval.saturating_sub(since),
        None => random_below(interval.min(FIRST)),
    };
    loop {
        tokio::time::sleep(wait).await;
        let Ok(_permit) = room.acquire().await else { return };
        let found = ask(&state, &snapshot, &check).await;
        let error = found.as_ref().err().cloned().unwrap_or_default();
        let changed = check.health.note(found, &check.check, pools.millis(Instant::now()));
        let (provider, model) = (&check.provider.id, &check.model);
        match changed {
            Some(true) => tracing::info!(provider, model, "healthy, by its health check"),
            Some(false) => tracing::warn!(provider, model, error, "unhealthy, by its health check"),
            None => {}
        }
        wait = interval.mul_f64(0.9) + random_below(interval / 5);
    }
}

fn random_below(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.0..1.0))
}

/// One round: a sentence when the answer is not a good one.
async fn ask(state: &State, snapshot: &Snapshot, check: &Check) -> Result<(), String> {
    let provider = &check.provider;
    let link = state.models.links.get(snapshot, provider).ok_or("its address cannot be called")?;
    let roll = |below| rand::rng().random_range(0..below);
    let key = state.models.pools.rested_key(provider, time::now(), Instant::now(), roll);
    let asked = Box::pin(exchange(state, &link, key, &check.check));
    match tokio::time::timeout(check.check.timeout, asked).await {
        Err(_) => Err(format!("no answer within {} ms", check.check.timeout.as_millis())),
        Ok(Err(problem)) => Err(problem),
        Ok(Ok(status)) if check.check.is_good(status) => Ok(()),
        Ok(Ok(status)) => Err(format!("it answered with status {status}")),
    }
}

/// Asks on a connection of its own, so that what a new call would meet is met: name, address, TLS.
async fn exchange(state: &State, link: &Link, key: Option<usize>, check: &HealthCheck) -> Result<u16, String> {
    link.ready(key).await.map_err(|error| format!("there is no token: {error}"))?;
    let socket = state.egress.resolve(&link.address).await.map_err(|error| error.to_string())?;
    let method = match check.method {
        HealthMethod::Get => Method::GET,
        HealthMethod::Head => Method::HEAD,
        HealthMethod::Post => Method::POST,
    };
    let body = Bytes::copy_from_slice(check.body.as_bytes());
    let head = link.bare(key, method, &check.path, &body).ok_or("its key or path cannot stand in a request")?;
    let mut peer: HttpPeer = link.peers(socket).fresh.clone();
    peer.options.set_http_version(1, 1);
    let (mut session, _) = state.connector.get_http_session(&peer).await.map_err(|error| {
        state.egress.failed(&link.address, socket);
        plain(&error)
    })?;
    let status = converse(&mut session, head, body).await.map_err(|error| plain(&error));
    session.shutdown().await;
    status
}

async fn converse(session: &mut HttpSession, head: RequestHeader, body: Bytes) -> pingora_core::Result<u16> {
    session.write_request_header(Box::new(head)).await?;
    if !body.is_empty() {
        session.write_request_body(body, true).await?;
    }
    session.finish_request_body().await?;
    loop {
        session.read_response_header().await?;
        match session.response_header().map_or(0, |head| head.status.as_u16()) {
            100..=199 => {}
            status => return Ok(status),
        }
    }
}
