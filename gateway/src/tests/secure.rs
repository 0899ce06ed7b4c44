//! TLS at the listener, below HTTP: silence is bounded, and what is no TLS is closed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use weir_harness::tls::Authority;

use super::raw::Caller;
use super::{World, shop};

fn secured(authority: &Authority) -> World {
    _ = rustls::crypto::ring::default_provider().install_default();
    let tls = authority.server(&["gateway.test"], &["h2", "http/1.1"]).unwrap();
    World::start_with(&shop("http://127.0.0.1:1"), |settings| {
        settings.head_timeout = Duration::from_millis(700);
        settings.tls = Some(tls);
    })
}

async fn connect(world: &World, authority: &Authority, protocol: &str) -> TlsStream<TcpStream> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let socket = TcpStream::connect(world.at.gateway).await.unwrap();
    let name = ServerName::try_from("gateway.test").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_cut_off_before_and_after_the_handshake() {
    let authority = Authority::new().unwrap();
    let world = secured(&authority);
    for sent in ["", "\x16\x03\x01", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"] {
        let mut caller = Caller::connect(world.at.gateway).await;
        let begun = Instant::now();
        caller.send(sent).await;
        let said = caller.closed().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{sent:?}");
        assert!(!said.starts_with(b"HTTP"), "{sent:?}");
    }
    for (protocol, sent, said) in
        [("http/1.1", "", ""), ("http/1.1", "GET / HT", "HTTP/1.1 408 "), ("h2", "", ""), ("h2", "PRI * HT", "")]
    {
        let mut stream = connect(&world, &authority, protocol).await;
        let begun = Instant::now();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut got)).await;
        // A reset or a missing close_notify is an end as well.
        drop(reading.expect("closed in time"));
        assert!(begun.elapsed() < Duration::from_secs(4), "{protocol} {sent:?}");
        let got = String::from_utf8_lossy(&got);
        assert!(if said.is_empty() { !got.contains("HTTP/1.1") } else { got.starts_with(said) }, "{protocol} {got:?}");
    }
    let mut stream = connect(&world, &authority, "http/1.1").await;
    stream.write_all(b"GET /-/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 200 OK") && got.ends_with("live"), "{got}");
}
