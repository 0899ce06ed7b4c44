//! A provider made ready to be called: request heads and the peer are built once, not per request.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Uri};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use weir_domain::addressing::{Addressing, Called};
use weir_domain::dialect::WireFormat;
use weir_domain::snapshot::{Address, Provider, Snapshot};
use weir_domain::spec::Protocol;

use super::beta;
use super::credential::Credential;
use super::line::Outgoing;
use super::post::Post;
use super::token::TokenError;
use crate::egress::Egress;

/// The version of Anthropic's API that is spoken for callers who name none.
const ANTHROPIC_VERSION: &str = "2023-06-01";
/// Streams at once on one HTTP/2 connection to a provider.
const H2_STREAMS: usize = 100;

/// Request lines kept for one provider; callers who address models directly choose names.
const MAX_LINES: usize = 1_024;

/// Links by the provider's id.
pub(super) struct Links {
    by_id: papaya::HashMap<String, Arc<Link>>,
    post: Arc<Post>,
}

impl Links {
    /// Tokens are fetched from where `egress` says that names lead.
    pub(super) fn new(egress: Egress) -> Self {
        Self { by_id: papaya::HashMap::new(), post: Arc::new(Post::new(egress)) }
    }

    /// The link to a provider; `None` for the demo provider, which has no address.
    pub(super) fn get(&self, snapshot: &Snapshot, provider: &Arc<Provider>) -> Option<Arc<Link>> {
        let links = self.by_id.pin();
        let before = links.get(&provider.id);
        if let Some(link) = before.filter(|link| Arc::ptr_eq(&link.provider, provider)) {
            return Some(Arc::clone(link));
        }
        let link = Arc::new(Link::new(provider, before.map(|link| &**link), &self.post)?);
        links.insert(provider.id.clone(), Arc::clone(&link));
        // Heads hold keys: those of providers that are gone must not stay in memory.
        links.retain(|id, _| snapshot.providers.contains_key(id));
        Some(link)
    }
}

/// What all requests to one provider have in common.
pub(super) struct Link {
    provider: Arc<Provider>,
    pub(super) address: Address,
    /// What is ready for each key of the pool, by index; behind them what is for no key. `None`: the key cannot stand in
    /// a header.
    heads: Vec<Option<Head>>,
    /// Request lines by what is called.
    lines: papaya::HashMap<u64, Arc<RequestLine>>,
    post: Arc<Post>,
    /// Scheme and authority.
    origin: String,
    /// The peer of the last look-up, kept as long as the look-up gives the same address.
    peer: ArcSwapOption<Peers>,
}

/// What all requests with one key have in common.
struct Head {
    head: RequestHeader,
    credential: Credential,
}

/// The request line of one call, with what it is for: two calls may have one hash.
struct RequestLine {
    path: String,
    model: String,
    stream: bool,
    /// As HTTP/1.1 wants it.
    origin_form: Uri,
    /// As HTTP/2 wants it.
    absolute: Uri,
}

/// One address of a provider.
pub(super) struct Peers {
    socket: SocketAddr,
    /// Connections of the pool.
    pub(super) pooled: HttpPeer,
    /// The same under another name in the pool, where none ever waits: it always gets a new connection.
    pub(super) fresh: HttpPeer,
}

impl Link {
    fn new(provider: &Arc<Provider>, before: Option<&Self>, post: &Arc<Post>) -> Option<Self> {
        let address = provider.address.clone()?;
        let scheme = if address.tls { "https" } else { "http" };
        let origin = format!("{scheme}://{}", address.authority);
        let earlier = || before.into_iter().flat_map(|link| &link.heads).flatten().map(|head| &head.credential);
        let heads = provider
            .keys
            .iter()
            .map(|key| Credential::of(provider, &key.secret, earlier()))
            .chain([Some(Credential::None)])
            .map(|credential| head(provider, &address, credential?).ok())
            .collect();
        Some(Self {
            provider: Arc::clone(provider),
            address,
            heads,
            lines: papaya::HashMap::new(),
            post: Arc::clone(post),
            origin,
            peer: ArcSwapOption::empty(),
        })
    }

    fn prepared(&self, key: Option<usize>) -> Option<&Head> {
        self.heads.get(key.unwrap_or(self.heads.len() - 1))?.as_ref()
    }

    /// Sees to it that a key can be used: that there is a token, where it is a credential for which tokens are fetched.
    pub(super) async fn ready(&self, key: Option<usize>) -> Result<(), TokenError> {
        match self.prepared(key).map(|prepared| &prepared.credential) {
            Some(Credential::Token(token)) => token.ready(&self.post).await,
            _ => Ok(()),
        }
    }

    /// Notes that the provider refused a key.
    pub(super) fn refused(&self, key: Option<usize>) {
        if let Some(Credential::Token(token)) = self.prepared(key).map(|prepared| &prepared.credential) {
            token.refused();
        }
    }

    /// The head of a request. `None`: the key, or the path, cannot stand in one.
    pub(super) fn head(&self, outgoing: &Outgoing<'_>, http2: bool) -> Option<RequestHeader> {
        let Head { head, credential } = self.prepared(outgoing.key)?;
        let line = self.line(&outgoing.called)?;
        let mut head = head.clone();
        head.set_uri(line.origin_form.clone());
        head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(outgoing.body.len())).ok()?;
        if let Some(kind) = outgoing.content_type {
            head.insert_header(header::CONTENT_TYPE, kind.clone()).ok()?;
        }
        if let Some(beta) = outgoing.betas.and_then(|betas| betas.header.as_ref()) {
            head.insert_header(beta::HEADER, beta.clone()).ok()?;
        }
        let versioned = self.provider.protocol == Protocol::Anthropic;
        if let Some(version) = outgoing.betas.and_then(|betas| betas.version.as_ref()).filter(|_| versioned) {
            head.insert_header(beta::VERSION, version.clone()).ok()?;
        }
        credential.complete(&mut head, outgoing.body)?;
        if http2 {
            // The whole address stands in the request line.
            head.set_uri(line.absolute.clone());
            head.remove_header(&header::HOST);
        }
        Some(head)
    }

    /// The head of a request that is no call of a model, such as a health check: to a path below the address. `None`:
    /// the key, or the path, cannot stand in one.
    pub(super) fn bare(&self, key: Option<usize>, method: Method, path: &str, body: &Bytes) -> Option<RequestHeader> {
        let Head { head, credential } = self.prepared(key)?;
        let mut head = head.clone();
        head.set_method(method);
        head.set_uri(format!("{}{path}", self.address.path).parse().ok()?);
        if !body.is_empty() {
            head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(body.len())).ok()?;
        } else if !credential.covers_body() {
            head.remove_header(&header::CONTENT_TYPE);
        }
        credential.complete(&mut head, body)?;
        Some(head)
    }

    /// What the head of a call that is passed on as it is gets, and what completes it. `None`: the key cannot stand in
    /// a head, or proves only what has been read whole.
    pub(super) fn native(&self, key: Option<usize>) -> Option<(&RequestHeader, &Credential)> {
        let Head { head, credential } = self.prepared(key)?;
        // What is passed on as it comes is not known when the head goes out.
        (!credential.covers_body()).then_some((head, credential))
    }

    /// The head of a request for a WebSocket, for a model, or for writing down what is said: what every request of the key
    /// has, without what belongs to a body. `None`: the key, or the path, cannot stand in one, or the provider has no such
    /// sessions.
    pub(super) fn realtime(&self, key: Option<usize>, model: Option<&str>) -> Option<RequestHeader> {
        let Head { head, credential } = self.prepared(key)?;
        let path = self.provider.quirks(WireFormat::Openai).path("/realtime");
        let path = self.provider.addressing.realtime(path, model)?;
        let mut head = head.clone();
        head.set_method(Method::GET);
        head.set_uri(format!("{}{path}", self.address.path).parse().ok()?);
        for name in [header::CONTENT_TYPE, header::ACCEPT_ENCODING] {
            head.remove_header(&name);
        }
        credential.complete(&mut head, &Bytes::new())?;
        Some(head)
    }

    /// The peer for a WebSocket at an address: always a new connection, of HTTP/1.1.
    pub(super) fn upgraded(&self, socket: SocketAddr) -> HttpPeer {
        let mut peer = self.peers(socket).fresh.clone();
        peer.group_key = BuildHasherDefault::<DefaultHasher>::default().hash_one(("websocket", &self.provider.id));
        peer.options.set_http_version(1, 1);
        peer
    }

    /// The request line of a call, made once for each model.
    fn line(&self, called: &Called<'_>) -> Option<Arc<RequestLine>> {
        // Where the address does not depend on the model, one line serves all.
        let plain = self.provider.addressing == Addressing::Plain;
        let (model, stream) = if plain { ("", false) } else { (called.model, called.stream) };
        let slot = BuildHasherDefault::<DefaultHasher>::default().hash_one((called.path, model, stream));
        let lines = self.lines.pin();
        let fits = |line: &&Arc<RequestLine>| line.path == called.path && line.model == model && line.stream == stream;
        if let Some(line) = lines.get(&slot).filter(fits) {
            return Some(Arc::clone(line));
        }
        let own = Called { path: self.provider.quirks(called.format).path(called.path), ..*called };
        let path = format!("{}{}", self.address.path, self.provider.addressing.path(&own));
        let line = Arc::new(RequestLine {
            path: called.path.to_owned(),
            model: model.to_owned(),
            stream,
            absolute: format!("{}{path}", self.origin).parse().ok()?,
            origin_form: path.parse().ok()?,
        });
        if lines.len() < MAX_LINES {
            lines.insert(slot, Arc::clone(&line));
        }
        Some(line)
    }

    /// The peers at an address.
    pub(super) fn peers(&self, socket: SocketAddr) -> Arc<Peers> {
        if let Some(peers) = self.peer.load().as_ref().filter(|peers| peers.socket == socket) {
            return Arc::clone(peers);
        }
        let group = BuildHasherDefault::<DefaultHasher>::default().hash_one(&self.provider.id) & !1;
        let peer = |group_key| {
            let mut peer = HttpPeer::new(socket, self.address.tls, self.address.host.clone());
            peer.group_key = group_key;
            let connect = Duration::from_millis(self.provider.timeouts.connect_ms);
            peer.options.connection_timeout = Some(connect);
            peer.options.total_connection_timeout = Some(connect);
            if self.address.tls {
                peer.options.set_http_version(2, 1);
            }
            peer.options.max_h2_streams = H2_STREAMS;
            peer
        };
        let peers = Arc::new(Peers { socket, pooled: peer(group), fresh: peer(group | 1) });
        self.peer.store(Some(Arc::clone(&peers)));
        peers
    }
}

fn head(provider: &Provider, address: &Address, credential: Credential) -> pingora_core::Result<Head> {
    let mut head = RequestHeader::build_no_case("POST", b"/", Some(10 + provider.headers.len()))?;
    head.insert_header(header::HOST, address.authority.as_str())?;
    head.insert_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))?;
    // Bodies are read on their way; compressed ones would have to be unpacked for that.
    head.insert_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    head.insert_header(header::USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")))?;
    if provider.protocol == Protocol::Anthropic {
        head.insert_header(beta::VERSION, ANTHROPIC_VERSION)?;
    }
    for (name, value) in &provider.headers {
        let invalid =
            |_| pingora_core::Error::new_str("a header of the provider holds characters that cannot stand in one");
        let mut value = HeaderValue::from_str(value.expose()).map_err(invalid)?;
        value.set_sensitive(true);
        head.insert_header(name.clone(), value)?;
    }
    if let Credential::Header(name, value) = &credential {
        head.insert_header(name, value.clone())?;
    }
    Ok(Head { head, credential })
}
