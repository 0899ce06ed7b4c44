//! LOCK and UNLOCK of WebDAV (RFC 4918 sections 9.10 and 9.11), on routes that let their resources be locked that way. They
//! have the same locks as `/.gw/locks`; nothing is asked of the upstream, and locking what is not there creates nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use pingora_core::Result;
use pingora_proxy::Session;
use weir_conflict::lock_token::timeout_value;
use weir_conflict::lock_token::{Depth, IfHeader, LOCK_TOKEN, LockToken, TIMEOUT, Timeout, depth, lock_token, timeout};
use weir_conflict::lock_xml::{self, ActiveLock, LockInfo, lock_discovery};
use weir_conflict::malformed::Malformed;
use weir_conflict::problem::{Problem, Slug};
use weir_conflict::store::Space;
use weir_domain::spec::LockMode;

use super::held;
use super::resource::{self, Resource};
use super::{Reply, SHORTEST, body, malformed};
use crate::exchange::Exchange;
use crate::state::State;

/// A method of WebDAV that locks are had with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dav {
    /// `LOCK`.
    Lock,
    /// `UNLOCK`.
    Unlock,
}

/// Whether a method is one of them.
pub(crate) fn is_dav(method: &Method) -> Option<Dav> {
    match method.as_str() {
        "LOCK" => Some(Dav::Lock),
        "UNLOCK" => Some(Dav::Unlock),
        _ => None,
    }
}

/// What is answered to one request.
///
/// # Errors
/// The caller left.
pub(super) async fn reply(
    state: &Arc<State>,
    session: &mut Session,
    exchange: &mut Exchange,
    dav: Dav,
) -> Result<std::result::Result<Reply, Problem>> {
    let path = session.req_header().uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let sent = match body(session).await? {
        Ok(sent) => sent,
        Err(problem) => return Ok(Err(problem)),
    };
    let found = resource::find(state, session, exchange, &path)
        .and_then(|resource| if resource.set.webdav { Ok(resource) } else { Err(not_here()) });
    Ok(match found {
        Err(problem) => Err(problem),
        Ok(resource) => {
            let headers = session.req_header().headers.clone();
            match dav {
                Dav::Lock if sent.is_empty() => refresh(exchange, &resource, &headers).await,
                Dav::Lock => lock(state, exchange, &resource, &headers, &sent).await,
                Dav::Unlock => unlock(state, exchange, &resource, &headers).await,
            }
        }
    })
}

/// The route's locks are not had this way.
fn not_here() -> Problem {
    let detail = "The locks of this route are had at /.gw/locks, not by LOCK.";
    malformed(detail.to_owned())
        .with_status(405)
        .with_header(ALLOW, HeaderValue::from_static("GET, HEAD, PUT, PATCH, DELETE"))
}

async fn lock(
    state: &Arc<State>,
    exchange: &mut Exchange,
    resource: &Resource,
    headers: &HeaderMap,
    sent: &Bytes,
) -> std::result::Result<Reply, Problem> {
    let info = LockInfo::parse(sent).map_err(|fault| malformed(fault.to_string()))?;
    // A lock here is of one resource; what lies beneath has routes of its own.
    if depth(headers).map_err(|fault| unread(&fault))? == Depth::Infinity && headers.contains_key("depth") {
        return Err(malformed("Depth: a lock here is of one resource; send Depth: 0".to_owned()));
    }
    let ttl = wanted(headers, resource)?;
    let note = info.owner.as_ref().map(|owner| owner.as_str().to_owned()).unwrap_or_default();
    let taken = held::take(state, exchange, resource, info.mode, ttl, note).await.map_err(|problem| {
        if problem.slug() == Slug::LockConflict {
            problem.with_member("condition", "no-conflicting-lock")
        } else {
            problem
        }
    })?;
    let owner = info.owner.as_ref();
    let mut reply = discovery(resource, taken.mode, owner, taken.expires_in, &taken.token);
    reply.headers.push((LOCK_TOKEN, taken.token.to_header_value()));
    Ok(reply)
}

/// LOCK without a body holds on to the lock that `If` names (RFC 4918 section 9.10.2).
async fn refresh(
    exchange: &mut Exchange,
    resource: &Resource,
    headers: &HeaderMap,
) -> std::result::Result<Reply, Problem> {
    exchange.settlement.route.clone_from(&resource.route.id);
    let condition = IfHeader::read(headers).map_err(|fault| unread(&fault))?;
    let token = condition.as_ref().and_then(|condition| condition.submitted().next().cloned());
    let Some(token) = token else {
        return Err(malformed("A LOCK without a body renews a lock: send its token in If: (<urn:uuid:…>)".to_owned()));
    };
    let ttl = wanted(headers, resource)?;
    let locks = resource.store.locks(&resource.key, false).await.map_err(|error| held::down(&error))?;
    let Some(lock) = locks.of_token(token.as_str()) else { return Err(Problem::new(Slug::LockTokenInvalid)) };
    held::is_own(exchange, &lock.holder)?;
    let mode = lock.mode;
    let renewed = resource.store.renew(&resource.key, Space::Lock, token.as_str(), ttl).await;
    match renewed.map_err(|error| held::down(&error))? {
        Some(renewed) => Ok(discovery(resource, mode, None, renewed.expires_in, &token)),
        None => Err(Problem::new(Slug::LockTokenInvalid)),
    }
}

async fn unlock(
    state: &Arc<State>,
    exchange: &mut Exchange,
    resource: &Resource,
    headers: &HeaderMap,
) -> std::result::Result<Reply, Problem> {
    exchange.settlement.route.clone_from(&resource.route.id);
    let token = lock_token(headers).map_err(|fault| unread(&fault))?;
    let Some(token) = token else {
        return Err(malformed("UNLOCK names its lock: send Lock-Token: <urn:uuid:…>".to_owned()));
    };
    let locks = resource.store.locks(&resource.key, false).await.map_err(|error| held::down(&error))?;
    let Some(lock) = locks.of_token(token.as_str()) else {
        return Err(Problem::new(Slug::LockTokenMismatch).with_member("condition", "lock-token-matches-request-uri"));
    };
    held::is_own(exchange, &lock.holder)?;
    held::give_up(state, exchange, resource, token.as_str()).await?;
    Ok(Reply { status: 204, headers: Vec::new(), body: Bytes::new() })
}

/// How long a lock is asked for, within what the route gives.
fn wanted(headers: &HeaderMap, resource: &Resource) -> std::result::Result<Duration, Problem> {
    let wish: Option<Timeout> = timeout(headers).map_err(|fault| unread(&fault))?;
    let most = resource.set.max_ttl.0;
    Ok(wish.map_or(resource.set.default_ttl.0, |wish| wish.granted(SHORTEST, most)))
}

fn discovery(
    resource: &Resource,
    mode: LockMode,
    owner: Option<&lock_xml::Owner>,
    remaining: Duration,
    token: &LockToken,
) -> Reply {
    let lock = ActiveLock { mode, depth: Depth::Zero, owner, remaining, token: Some(token), root: &resource.path };
    let headers =
        vec![(CONTENT_TYPE, HeaderValue::from_static(lock_xml::CONTENT_TYPE)), (TIMEOUT, timeout_value(remaining))];
    Reply { status: 200, headers, body: lock_discovery(&[lock]) }
}

fn unread(fault: &Malformed) -> Problem {
    Problem::malformed(Slug::LockRequestMalformed, fault)
}
