//! Accepts the connections of the admin API. A request's head must arrive in time, or its connection goes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How long a request's head may take; an idle connection is kept as long.
pub(crate) const HEAD: Duration = Duration::from_secs(15);
/// How long to wait when the system has no more sockets for us.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `shutdown` resolves, then lets requests under way end. `head` bounds the TLS handshake too.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    head: Duration,
    shutdown: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let router = TowerToHyperService::new(router);
    // Each connection holds a receiver, so that the sender knows when the last one is gone.
    let (stop, stopped) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = Connection { http: http.clone(), peer, router: router.clone(), stop: stopped.clone() };
                tokio::spawn(secured(connection, tls.clone(), head, stream));
            }
            Err(error) if of_the_caller(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "the admin API cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop((listener, stopped));
    stop.send_replace(true);
    stop.closed().await;
}

/// Whether the caller left before it was accepted.
fn of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionRefused | K::ConnectionAborted | K::ConnectionReset)
}

/// One accepted connection.
struct Connection {
    http: http1::Builder,
    peer: SocketAddr,
    router: TowerToHyperService<Router>,
    stop: watch::Receiver<bool>,
}

/// Serves a connection, behind its TLS handshake where there is TLS.
async fn secured(connection: Connection, tls: Option<TlsAcceptor>, within: Duration, stream: TcpStream) {
    let Some(tls) = tls else { return serve_one(connection, stream).await };
    match tokio::time::timeout(within, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_one(connection, stream).await,
        Ok(Err(error)) => tracing::debug!(peer = %connection.peer, %error, "no TLS handshake with the admin API"),
        Err(_) => tracing::debug!(peer = %connection.peer, "no TLS handshake with the admin API in time"),
    }
}

async fn serve_one(connection: Connection, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let Connection { http, peer, router, mut stop } = connection;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // An error means that the sender is gone, which asks to stop as well.
        () = async { drop(stop.wait_for(|stop| *stop).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the admin API ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);
    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    async fn start(work: Duration) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = move |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
            sleep(work).await;
            format!("hello {}", peer.ip())
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(answer));
        let serving = tokio::spawn(serve(listener, router, None, SHORT, async { drop(stopped.await) }));
        (address, stop, serving)
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        // A reset is an end as well.
        drop(timeout(Duration::from_secs(20), stream.read_to_end(&mut text)).await.unwrap());
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_ends_its_connection() {
        let (address, _stop, _serving) = start(Duration::ZERO).await;
        for part in [&b""[..], b"GE", b"GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(part).await.unwrap();
            let began = Instant::now();
            let said = rest(&mut stream).await;
            assert!(!said.contains("200 OK") && began.elapsed() >= SHORT / 2, "{said}");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(WHOLE).await.unwrap();
        assert!(rest(&mut stream).await.ends_with("hello 127.0.0.1"));
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_before_the_end() {
        let (address, stop, serving) = start(SHORT * 2).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(WHOLE).await.unwrap();
        sleep(SHORT / 2).await;
        stop.send(()).unwrap();
        assert!(rest(&mut stream).await.ends_with("hello 127.0.0.1"));
        timeout(Duration::from_secs(20), serving).await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
