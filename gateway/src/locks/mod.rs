//! `/.gw/locks`: locks that clients hold over many requests, with a lease and a fencing token (K5).
//!
//! `POST /.gw/locks` takes one, `POST /.gw/locks/{id}/renew` holds on, `GET` shows it and `DELETE` gives it up. The same
//! locks are had by LOCK and UNLOCK of WebDAV where a route allows that (`webdav.rs`).

mod held;
mod id;
mod resource;
mod webdav;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, Method};
use pingora_core::{Error, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use serde::Deserialize;
use serde_json::json;
use weir_conflict::lock_token::{LOCK_TOKEN, TIMEOUT, lock_token, timeout_value};
use weir_conflict::problem::{Problem, Slug};
use weir_conflict::status::Policy;
use weir_domain::ledger::Outcome;
use weir_domain::spec::LockMode;

use self::held::{Lock, Taken};
use self::resource::Resource;
pub(crate) use self::webdav::{Dav, is_dav};
use crate::exchange::Exchange;
use crate::problem::{self, REQUEST_ID};
use crate::state::State;

/// The path of all of it.
pub(crate) const PATH: &str = "/.gw/locks";
/// The longest body of a request.
const MAX_BODY: usize = 16 << 10;
/// The shortest time that a lock is held.
const SHORTEST: Duration = Duration::from_secs(5);
/// The longest note, in bytes.
const MAX_NOTE: usize = 512;

/// What is asked of locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Take one.
    Take,
    /// Show the one with this id.
    Show(String),
    /// Hold on to it.
    Renew(String),
    /// Give it up.
    Release(String),
    /// The same by a method of WebDAV.
    Dav(Dav),
}

/// What is wrong with a request to this path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It answers these methods only.
    Method(&'static str),
    /// There is nothing.
    Absent,
}

/// What a request to a path asks of locks; `None` where it is no path of locks.
pub(crate) fn asked(method: &Method, path: &str) -> Option<std::result::Result<Asked, Wrong>> {
    let rest = path.strip_prefix(PATH)?;
    if rest.is_empty() {
        return Some(if method == Method::POST { Ok(Asked::Take) } else { Err(Wrong::Method("POST")) });
    }
    let rest = rest.strip_prefix('/')?;
    let (id, action) = rest.split_once('/').unwrap_or((rest, ""));
    if id.is_empty() {
        return Some(Err(Wrong::Absent));
    }
    let id = id.to_owned();
    Some(match (action, method) {
        ("renew", &Method::POST) => Ok(Asked::Renew(id)),
        ("renew", _) => Err(Wrong::Method("POST")),
        ("", &Method::GET) => Ok(Asked::Show(id)),
        ("", &Method::DELETE) => Ok(Asked::Release(id)),
        ("", _) => Err(Wrong::Method("GET, DELETE")),
        _ => Err(Wrong::Absent),
    })
}

/// The body of a request for a lock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    resource: String,
    #[serde(default = "exclusive")]
    mode: LockMode,
    ttl_s: Option<u64>,
    #[serde(default)]
    note: String,
}

/// The body of a renewal, which may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Renew {
    ttl_s: Option<u64>,
}

fn exclusive() -> LockMode {
    LockMode::Exclusive
}

/// An answer of this path.
struct Reply {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// Serves one request.
///
/// # Errors
/// The caller left.
pub(crate) async fn serve(
    state: &Arc<State>,
    session: &mut Session,
    exchange: &mut Exchange,
    asked: Asked,
) -> Result<()> {
    let reply = match asked {
        Asked::Take => take(state, session, exchange).await?,
        Asked::Show(id) => held::find(state, exchange, &id).await.map(|lock| shown(&lock)),
        Asked::Renew(id) => renew(state, session, exchange, &id).await?,
        Asked::Release(id) => release(state, session, exchange, &id).await,
        Asked::Dav(dav) => webdav::reply(state, session, exchange, dav).await?,
    };
    answer(session, exchange, reply).await
}

async fn take(
    state: &Arc<State>,
    session: &mut Session,
    exchange: &mut Exchange,
) -> Result<std::result::Result<Reply, Problem>> {
    let body = match body(session).await? {
        Ok(body) => body,
        Err(problem) => return Ok(Err(problem)),
    };
    let take: Take = match serde_json::from_slice(&body) {
        Ok(take) => take,
        Err(error) => return Ok(Err(unread(&error))),
    };
    let found = resource::find(state, session, exchange, &take.resource);
    let resource = match found {
        Ok(resource) => resource,
        Err(problem) => return Ok(Err(problem)),
    };
    if take.note.len() > MAX_NOTE {
        return Ok(Err(malformed(format!("note is longer than {MAX_NOTE} bytes"))));
    }
    let ttl = take.ttl_s.map_or(resource.set.default_ttl.0, Duration::from_secs);
    let taken = held::take(state, exchange, &resource, take.mode, ttl, take.note).await;
    Ok(taken.map(|taken| made(&resource, &taken)))
}

fn made(resource: &Resource, taken: &Taken) -> Reply {
    let body = json!({
        "id": taken.id,
        "token": taken.token.as_str(),
        "fence": taken.fence,
        "mode": taken.mode,
        "resource": resource.path,
        "expires_at": crate::conflict::ends(taken.expires_in),
    });
    let mut reply = said(201, &body, taken.expires_in);
    reply.headers.push((LOCK_TOKEN, taken.token.to_header_value()));
    if let Ok(location) = HeaderValue::from_str(&format!("{PATH}/{}", taken.id)) {
        reply.headers.push((LOCATION, location));
    }
    reply
}

async fn renew(
    state: &Arc<State>,
    session: &mut Session,
    exchange: &mut Exchange,
    id: &str,
) -> Result<std::result::Result<Reply, Problem>> {
    let body = match body(session).await? {
        Ok(body) => body,
        Err(problem) => return Ok(Err(problem)),
    };
    let renew: Renew = match if body.is_empty() { Ok(Renew::default()) } else { serde_json::from_slice(&body) } {
        Ok(renew) => renew,
        Err(error) => return Ok(Err(unread(&error))),
    };
    if let Err(problem) = token_fits(session, state, exchange, id) {
        return Ok(Err(problem));
    }
    let ttl = renew.ttl_s.map(Duration::from_secs);
    Ok(held::renew(state, exchange, id, ttl).await.map(|lock| shown(&lock)))
}

async fn release(
    state: &Arc<State>,
    session: &Session,
    exchange: &Exchange,
    id: &str,
) -> std::result::Result<Reply, Problem> {
    token_fits(session, state, exchange, id)?;
    held::release(state, exchange, id).await?;
    Ok(Reply { status: 204, headers: Vec::new(), body: Bytes::new() })
}

/// A token that is sent must be the lock's own.
fn token_fits(session: &Session, state: &State, exchange: &Exchange, id: &str) -> std::result::Result<(), Problem> {
    let sent = lock_token(&session.req_header().headers)
        .map_err(|fault| Problem::malformed(Slug::LockRequestMalformed, &fault))?;
    let Some(sent) = sent else { return Ok(()) };
    match id::open(state, exchange, id) {
        Ok(known) if known.token != sent.as_str() => Err(Problem::new(Slug::LockTokenInvalid)),
        known => known.map(|_| ()),
    }
}

fn shown(lock: &Lock) -> Reply {
    let body = json!({
        "id": lock.id,
        "fence": lock.fence,
        "mode": lock.mode,
        "expires_at": crate::conflict::ends(lock.expires_in),
        "note": lock.note,
    });
    said(200, &body, lock.expires_in)
}

fn said(status: u16, body: &serde_json::Value, expires_in: Duration) -> Reply {
    let headers =
        vec![(CONTENT_TYPE, HeaderValue::from_static("application/json")), (TIMEOUT, timeout_value(expires_in))];
    Reply { status, headers, body: body.to_string().into() }
}

fn unread(error: &serde_json::Error) -> Problem {
    malformed(format!(
        "{error}; send JSON such as {{\"resource\": \"/orders/42\", \"mode\": \"exclusive\", \"ttl_s\": 60}}"
    ))
}

fn malformed(detail: String) -> Problem {
    Problem::new(Slug::LockRequestMalformed).with_detail(detail)
}

/// The body of the request, which is short.
async fn body(session: &mut Session) -> Result<std::result::Result<Bytes, Problem>> {
    let session = session.as_downstream_mut();
    let mut body = BytesMut::new();
    while let Some(piece) = session.read_request_body().await.map_err(Error::into_down)? {
        if body.len() + piece.len() > MAX_BODY {
            let detail = format!("The body is longer than {MAX_BODY} bytes.");
            return Ok(Err(malformed(detail).with_status(413)));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Ok(body.freeze()))
}

async fn answer(
    session: &mut Session,
    exchange: &mut Exchange,
    reply: std::result::Result<Reply, Problem>,
) -> Result<()> {
    let path = session.req_header().uri.path().to_owned();
    let settlement = &mut exchange.settlement;
    let reply = reply.unwrap_or_else(|problem| {
        settlement.end(Outcome::Refused, problem.slug().as_str());
        let answer = problem.by(Policy::Lock, &settlement.route).for_request(&path, &settlement.id).answer();
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        Reply { status: answer.status.as_u16(), headers, body: answer.body }
    });
    if reply.status < 400 {
        settlement.end(Outcome::Ok, "");
    }
    settlement.status = reply.status;
    settlement.response_bytes = reply.body.len() as u64;
    settlement.first_byte();
    settlement.settle();
    let mut head = ResponseHeader::build(reply.status, Some(reply.headers.len() + 3))?;
    for (name, value) in reply.headers {
        head.insert_header(name, value)?;
    }
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header(REQUEST_ID, settlement.id.as_str())?;
    problem::give(session, head, reply.body, false).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_answers_its_methods() {
        let of = |method: &str, path: &str| asked(&method.parse().unwrap(), path);
        assert_eq!(of("POST", "/.gw/locks"), Some(Ok(Asked::Take)));
        assert_eq!(of("GET", "/.gw/locks"), Some(Err(Wrong::Method("POST"))));
        assert_eq!(of("DELETE", "/.gw/locks/a"), Some(Ok(Asked::Release("a".into()))));
        assert_eq!(of("GET", "/.gw/locks/a"), Some(Ok(Asked::Show("a".into()))));
        assert_eq!(of("POST", "/.gw/locks/a/renew"), Some(Ok(Asked::Renew("a".into()))));
        assert_eq!(of("POST", "/.gw/locks/a/b"), Some(Err(Wrong::Absent)));
        assert_eq!(of("GET", "/.gw/locks/"), Some(Err(Wrong::Absent)));
        assert_eq!(of("GET", "/.gw/lockss"), None);
    }
}
