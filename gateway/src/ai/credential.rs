//! How a request proves to a provider that it may be made: what is ready in its head, and what is added per request.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use pingora_http::RequestHeader;
use weir_domain::dialect::WireFormat;
use weir_domain::key_secret::KeySecret;
use weir_domain::snapshot::Provider;

/// The proof of one key of a provider.
pub(super) enum Credential {
    /// None is asked for.
    None,
    /// A header that is the same for every request: it stands in the prebuilt head.
    Header(HeaderName, HeaderValue),
}

impl Credential {
    /// What a key's secret gives; `None` when it cannot stand in a header.
    pub(super) fn of(provider: &Provider, secret: &KeySecret) -> Option<Self> {
        match secret {
            KeySecret::Header(key) => {
                let (name, text) = match provider.protocol.format() {
                    WireFormat::Openai | WireFormat::Responses | WireFormat::Cohere | WireFormat::Ollama => {
                        (header::AUTHORIZATION, format!("Bearer {}", key.expose()))
                    }
                    WireFormat::Anthropic => (HeaderName::from_static("x-api-key"), key.expose().to_owned()),
                    WireFormat::Gemini => (HeaderName::from_static("x-goog-api-key"), key.expose().to_owned()),
                };
                let mut value = HeaderValue::from_str(&text).ok()?;
                value.set_sensitive(true);
                Some(Self::Header(name, value))
            }
        }
    }

    /// Adds what depends on the request: `head` is whole but for it (method, path and query, `Host`, every other
    /// header), `body` is what will be sent. `None` when the key cannot make it.
    pub(super) fn complete(&self, _head: &mut RequestHeader, _body: &Bytes) -> Option<()> {
        match self {
            Self::None | Self::Header(..) => Some(()),
        }
    }
}
