//! One form posted to an address of the operator's, through the checked egress.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use pingora_core::connectors::http::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use weir_domain::snapshot::Address;
use zeroize::Zeroizing;

use crate::egress::Egress;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the whole exchange may take.
const TOTAL: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PostError {
    /// The name leads nowhere, or where it must not.
    #[error("cannot be reached: {0}")]
    Egress(#[from] crate::egress::EgressError),
    /// No connection, or it broke.
    #[error("cannot be reached: {0}")]
    Broken(&'static str),
    /// It took too long.
    #[error("did not answer within {} s", TOTAL.as_secs())]
    Timeout,
    /// More than anybody needs to say.
    #[error("answered with more than {MAX_ANSWER} bytes")]
    TooLarge,
}

/// Posts forms.
pub(super) struct Post {
    connector: Connector,
    egress: Egress,
}

impl Post {
    /// Names are looked up by `egress`.
    pub(super) fn new(egress: Egress) -> Self {
        Self { connector: Connector::new(None), egress }
    }

    /// Posts `form` to the path of `address`; the answer's status and body.
    pub(super) async fn form(&self, address: &Address, form: Zeroizing<String>) -> Result<(u16, Bytes), PostError> {
        let exchange = Box::pin(self.exchange(address, form));
        tokio::time::timeout(TOTAL, exchange).await.unwrap_or(Err(PostError::Timeout))
    }

    async fn exchange(&self, address: &Address, form: Zeroizing<String>) -> Result<(u16, Bytes), PostError> {
        let socket = self.egress.resolve(address).await?;
        let mut peer = HttpPeer::new(socket, address.tls, address.host.clone());
        peer.options.connection_timeout = Some(CONNECT);
        peer.options.total_connection_timeout = Some(CONNECT);
        peer.options.set_http_version(1, 1);
        let (mut session, _) = self.connector.get_http_session(&peer).await.map_err(|_| {
            self.egress.failed(address, socket);
            PostError::Broken("no connection could be made")
        })?;
        let result = converse(&mut session, address, form).await;
        session.shutdown().await;
        result
    }
}

async fn converse(
    session: &mut HttpSession,
    address: &Address,
    form: Zeroizing<String>,
) -> Result<(u16, Bytes), PostError> {
    let broken = |_| PostError::Broken("the connection broke");
    let head = head(address, form.len()).map_err(|_| PostError::Broken("its address cannot stand in a request"))?;
    session.write_request_header(Box::new(head)).await.map_err(broken)?;
    session.write_request_body(Bytes::copy_from_slice(form.as_bytes()), true).await.map_err(broken)?;
    session.finish_request_body().await.map_err(broken)?;
    let status = loop {
        session.read_response_header().await.map_err(broken)?;
        match session.response_header().map_or(0, |head| head.status.as_u16()) {
            100 | 102 | 103 => {}
            status => break status,
        }
    };
    let mut body = BytesMut::new();
    while let Some(piece) = session.read_response_body().await.map_err(broken)? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(PostError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok((status, body.freeze()))
}

fn head(address: &Address, length: usize) -> pingora_core::Result<RequestHeader> {
    let path = if address.path.is_empty() { "/" } else { &address.path };
    let mut head = RequestHeader::build_no_case("POST", path.as_bytes(), Some(6))?;
    head.insert_header(header::HOST, address.authority.as_str())?;
    head.insert_header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))?;
    head.insert_header(header::ACCEPT, HeaderValue::from_static("application/json"))?;
    head.insert_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    head.insert_header(header::USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")))?;
    head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(length))?;
    Ok(head)
}
