//! Who calls, and whether they may: the layer that finds the caller, and the extractor that asks.
//!
//! Every handler but the few public ones takes [`May`] as its first argument; without it there is no
//! [`Actor`] to change anything with.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use weir_domain::network::{self, Network};

use super::headers::RequestId;
use crate::app::App;
use crate::app::actor::Actor;
use crate::app::permission::Permission;
use crate::app::session::Caller;
use crate::error::Error;
use crate::store::SessionRow;

/// Name of the session's cookie on plain HTTP.
pub(super) const COOKIE_NAME: &str = "weir_session";
/// Its name over TLS: browsers take the prefix only from this host itself, never from a neighbour under the
/// same domain or from plain HTTP.
/// Source: <https://www.rfc-editor.org/rfc/rfc6265#section-4.1> and draft-ietf-httpbis-rfc6265bis, section 4.1.3.2.
const SECURE_COOKIE_NAME: &str = "__Host-weir_session";
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the layer found, in the request's extensions.
#[derive(Clone)]
pub(super) enum Identity {
    /// Somebody.
    Known(Arc<Caller>),
    /// Nobody, and why.
    Nobody(&'static str),
}

/// Where the caller is, in the request's extensions; empty when that is not known.
#[derive(Clone)]
struct CallerAddress(String);

/// The claim of the request's idempotency key, in its extensions.
#[derive(Clone)]
pub(super) struct IdempotencyClaim {
    /// The row.
    pub(super) row: String,
    /// What the handler asked for, which a replay asks for again.
    pub(super) needs: Arc<OnceLock<Permission>>,
}

/// Where the caller is: what trusted proxies say of it, else the other end of the connection.
fn address(request: &Request, proxies: &[Network]) -> String {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return String::new() };
    let forwarded = request.headers().get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default());
    network::caller(peer.ip(), forwarded, proxies).to_string()
}

/// Finds the caller and refuses what another site's page may have sent.
pub(super) async fn layer(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if let Err(error) = same_site(request.method(), request.headers()) {
        return error.into_response();
    }
    let address = address(&request, &app.settings.trusted_proxies);
    request.extensions_mut().insert(CallerAddress(address));
    match identify(&app, request.method(), request.headers()).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// Refuses changes that a browser sends on behalf of another site.
fn same_site(method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    if method.is_safe() {
        return Ok(());
    }
    let only = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::CrossSite("the request carries a header twice that a browser sends once")),
            (first, None) => Ok(first.map(|v| v.to_str().unwrap_or("?"))),
        }
    };
    let origin = only(&ORIGIN)?;
    match only(&FETCH_SITE)? {
        Some("same-origin" | "none") => return Ok(()),
        Some(_) => return Err(Error::CrossSite("the request comes from a page of another site")),
        None => {}
    }
    let Some(origin) = origin else { return Ok(()) };
    let host = only(&HOST)?.unwrap_or_default();
    let same = origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    if same { Ok(()) } else { Err(Error::CrossSite("the Origin of the request is not this server")) }
}

async fn identify(app: &App, method: &Method, headers: &HeaderMap) -> Result<Identity, Error> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return Ok(Identity::Nobody("the Authorization header must be: Bearer weirat_…"));
        };
        return Ok(match app.by_token(token.trim()).await? {
            Some(caller) => Identity::Known(Arc::new(caller)),
            None => Identity::Nobody("the admin token is not known, was removed or has expired"),
        });
    }
    let Some(cookie) = cookie(headers, cookie_name(app.settings.is_secure())) else {
        return Ok(Identity::Nobody("sign in, or send an admin token as Authorization: Bearer weirat_…"));
    };
    let Some(caller) = app.by_cookie(&cookie).await? else {
        return Ok(Identity::Nobody("the session is over; sign in again"));
    };
    if !method.is_safe()
        && let Some(session) = &caller.session
    {
        let sent = headers.get(CSRF).map(|v| v.as_bytes()).unwrap_or_default();
        if !bool::from(app.csrf_token(&session.id).as_bytes().ct_eq(sent)) {
            return Err(Error::CrossSite("send the csrf_token of GET /session as x-csrf-token"));
        }
    }
    Ok(Identity::Known(Arc::new(caller)))
}

/// Name of the session's cookie where people call over TLS, or do not.
pub(super) fn cookie_name(secure: bool) -> &'static str {
    if secure { SECURE_COOKIE_NAME } else { COOKIE_NAME }
}

fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
}

/// A permission as a type, so that a handler's signature says what it asks for.
pub(super) trait Needs {
    /// What is asked for.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),*) => {
        $(
            /// See [`Permission`].
            pub(super) struct $name;
            impl Needs for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )*
    };
}
needs!(ReadConfig, WriteConfig, ReadUsage, ReadBodies, ReadAudit, ManageAccess, CallModels);

/// A caller who may do what `P` says.
pub(super) struct May<P> {
    /// Who it is.
    pub(super) caller: Arc<Caller>,
    /// Who it is, as history and audit name them.
    pub(super) actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Needs, S: Send + Sync> FromRequestParts<S> for May<P> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let caller = match parts.extensions.get::<Identity>() {
            Some(Identity::Known(caller)) => Arc::clone(caller),
            Some(Identity::Nobody(reason)) => return Err(Error::Unauthenticated(reason)),
            None => return Err(Error::Internal("a guarded handler stands outside the guard's layer".to_owned())),
        };
        if let Some(claim) = parts.extensions.get::<IdempotencyClaim>() {
            claim.needs.get_or_init(|| P::PERMISSION);
        }
        caller.require(P::PERMISSION)?;
        let actor = known(&caller, parts);
        Ok(Self { caller, actor, permission: PhantomData })
    }
}

/// Anybody: for the few endpoints that are open.
pub(super) struct Anyone(pub(super) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(Self(anonymous(parts)))
    }
}

/// Whoever is signed in, whatever they may.
pub(super) struct SignedIn {
    pub(super) caller: Arc<Caller>,
    pub(super) actor: Actor,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Known(caller)) => {
                let caller = Arc::clone(caller);
                let actor = known(&caller, parts);
                Ok(Self { caller, actor })
            }
            Some(Identity::Nobody(reason)) => Err(Error::Unauthenticated(reason)),
            None => Err(Error::Internal("a guarded handler stands outside the guard's layer".to_owned())),
        }
    }
}

/// A person at a browser, whatever they may.
pub(super) struct Person {
    pub(super) session: SessionRow,
    pub(super) actor: Actor,
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let SignedIn { caller, actor } = SignedIn::from_request_parts(parts, state).await?;
        let Some(session) = caller.session.clone() else {
            let problem = "a token is nobody's account; sign in as the person whose it is";
            return Err(Error::Forbidden(problem.to_owned()));
        };
        Ok(Self { session, actor })
    }
}

fn known(caller: &Caller, parts: &Parts) -> Actor {
    Actor { label: caller.label.clone(), id: caller.id.clone(), ..anonymous(parts) }
}

fn anonymous(parts: &Parts) -> Actor {
    Actor {
        label: "anonymous".to_owned(),
        id: String::new(),
        address: parts.extensions.get::<CallerAddress>().map(|address| address.0.clone()).unwrap_or_default(),
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        idempotency: parts.extensions.get::<IdempotencyClaim>().map(|claim| claim.row.clone()),
    }
}
