//! How a request proves to a provider that it may be made: what is ready in its head, and what is added per request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use pingora_http::RequestHeader;
use weir_domain::aws::{self, AccessKey};
use weir_domain::key_secret::KeySecret;
use weir_domain::snapshot::Provider;
use weir_domain::time;

use super::token::Token;

/// The proof of one key of a provider.
pub(super) enum Credential {
    /// None is asked for.
    None,
    /// A header that is the same for every request: it stands in the prebuilt head.
    Header(HeaderName, HeaderValue),
    /// A signature of AWS, for a region.
    Signature(AccessKey, String),
    /// A token that is fetched, and fetched anew before it expires.
    Token(Arc<Token>),
}

impl Credential {
    /// What a key's secret gives; `None` when it cannot stand in a header. `before` are the credentials of the provider
    /// as it was configured before: a token that is still good is kept.
    pub(super) fn of<'a>(
        provider: &Provider,
        secret: &KeySecret,
        mut before: impl Iterator<Item = &'a Self>,
    ) -> Option<Self> {
        match secret {
            KeySecret::Header(key) => {
                let (name, prefix) = provider.auth_header();
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.expose())).ok()?;
                value.set_sensitive(true);
                Some(Self::Header(name, value))
            }
            KeySecret::Grant(grant) => {
                let kept = before.find_map(|credential| match credential {
                    Self::Token(token) if token.is_of(grant) => Some(Arc::clone(token)),
                    _ => None,
                });
                Some(Self::Token(kept.unwrap_or_else(|| Arc::new(Token::new((**grant).clone())))))
            }
            KeySecret::Access(key) => Some(Self::Signature(key.clone(), provider.region.clone())),
        }
    }

    /// Whether it covers the body, which must then be known before the head goes out.
    pub(super) fn covers_body(&self) -> bool {
        matches!(self, Self::Signature(..))
    }

    /// Adds what depends on the request: `head` is whole but for it (method, path and query, `Host`, every other
    /// header), `body` is what will be sent. `None` when the key cannot make it.
    pub(super) fn complete(&self, head: &mut RequestHeader, body: &Bytes) -> Option<()> {
        match self {
            Self::None | Self::Header(..) => Some(()),
            Self::Signature(key, region) => sign(key, region, head, body),
            Self::Token(token) => head.insert_header(header::AUTHORIZATION, token.header()?).ok(),
        }
    }
}

/// Signs a request to Bedrock. What a proxy on the way may change (`User-Agent`, `Accept-Encoding`) is not covered.
fn sign(key: &AccessKey, region: &str, head: &mut RequestHeader, body: &[u8]) -> Option<()> {
    let host = head.headers.get(header::HOST)?.to_str().ok()?.to_owned();
    let signed = aws::Signed {
        method: head.method.as_str(),
        path: head.uri.path(),
        headers: &[("content-type", "application/json"), ("host", &host)],
        body,
        region,
        service: "bedrock",
        at: time::now(),
    };
    for (name, value) in aws::sign(key, &signed) {
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        head.insert_header(name, value).ok()?;
    }
    Some(())
}
