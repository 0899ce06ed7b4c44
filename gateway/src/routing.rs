//! Finds what a request is for: a model endpoint, one of Weir's own paths, or a REST route.

use std::fmt::Write;

use http::header::ALLOW;
use pingora_http::RequestHeader;
use weir_domain::dialect::Dialect;
use weir_domain::router::Match;
use weir_domain::snapshot::Snapshot;
use weir_domain::spec::Method;

use crate::ai::stored::{self, Stored};
use crate::ai::{self, Endpoint};
use crate::locks::{self, Asked, Wrong};
use crate::problem::Refusal;
use crate::upstream::{Forward, rewrite};

/// What a request is for.
pub(crate) enum Destination {
    /// A model endpoint.
    Ai(Endpoint),
    /// A provider's own API: its id, and the path behind it.
    Native(String, String),
    /// What lies in a vendor's account, at the vendor's own path: its dialect, and the path below `/v1`.
    Account(Dialect, String),
    /// A REST route.
    Rest(Box<Forward>),
    /// A response that a provider keeps.
    Stored(Stored),
    /// Locks that clients hold.
    Locks(Asked),
    /// `/-/live`: the process runs.
    Live,
    /// `/-/ready`: the node takes traffic.
    Ready,
}

/// Why a request is for nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Miss {
    #[error("nothing answers at this path on this host; check the path, the Host header and the service's routes")]
    NotFound,
    #[error("this path does not answer this method; it answers {0}")]
    Method(String),
    /// A path of a vendor's API: refused in its dialect.
    #[error("{1}")]
    NotServed(Dialect, String),
}

impl From<Miss> for Refusal {
    fn from(miss: Miss) -> Self {
        let detail = miss.to_string();
        match miss {
            Miss::NotFound => Self::new(404, "no_route", detail),
            Miss::NotServed(..) => Self::new(404, "endpoint_not_served", detail),
            Miss::Method(allowed) => Self::new(405, "method_not_allowed", detail).with_header(ALLOW, allowed),
        }
    }
}

/// Finds the destination of a request whose head has passed the intake.
pub(crate) fn find(snapshot: &Snapshot, request: &RequestHeader, host: &str) -> Result<Destination, Miss> {
    let path = request.uri.path();
    let sdk = ai::sdk(&request.headers);
    let anthropic = sdk == Dialect::Anthropic;
    if let Some(endpoint) = ai::endpoint(&request.method, path, request.uri.query(), sdk) {
        return Ok(Destination::Ai(endpoint));
    }
    if let Some(stored) = stored::stored(&request.method, path) {
        return Ok(Destination::Stored(stored));
    }
    if let Some(below) = path.strip_prefix("/providers/") {
        let (provider, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
        return Ok(Destination::Native(provider.to_owned(), rest.to_owned()));
    }
    match locks::asked(&request.method, path) {
        None => {}
        Some(Ok(asked)) => return Ok(Destination::Locks(asked)),
        Some(Err(Wrong::Method(allowed))) => return Err(Miss::Method(allowed.to_owned())),
        Some(Err(Wrong::Absent)) => return Err(Miss::NotFound),
    }
    if let Some(dav) = locks::is_dav(&request.method) {
        return Ok(Destination::Locks(Asked::Dav(dav)));
    }
    match path {
        "/-/live" => return Ok(Destination::Live),
        "/-/ready" => return Ok(Destination::Ready),
        _ => {}
    }
    match snapshot.routes.find(host, path, Method::from_token(request.method.as_str())) {
        Match::Found(route, parameters) => {
            let target = rewrite::target(&route.rewrite, &request.uri, &parameters);
            Ok(Destination::Rest(Box::new(Forward::new(route, target).with_parameters(&parameters))))
        }
        Match::MethodNotAllowed(methods) => Err(Miss::Method(list(&methods))),
        // Behind the operator's own routes, who may have some at these paths.
        Match::NotFound => match (ai::account_at(path, anthropic), ai::dialect_at(path, anthropic)) {
            (Some((dialect, rest)), _) => Ok(Destination::Account(dialect, rest.to_owned())),
            (None, Some(dialect)) => Err(Miss::NotServed(dialect, ai::not_served(&request.method, path))),
            (None, None) => Err(Miss::NotFound),
        },
    }
}

fn list(methods: &[Method]) -> String {
    methods.iter().fold(String::new(), |mut text, method| {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        _ = write!(text, "{separator}{}", method.as_str());
        text
    })
}
