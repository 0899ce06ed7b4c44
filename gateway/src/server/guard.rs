//! The stream of an accepted connection, with a deadline for every request head. Pingora bounds each read but not the
//! whole head, so one header line per second would hold a connection for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::{ALPN, SslDigest, TlsRef};
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, IO, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::time::Sleep;

use super::connection::Connection;
use super::early::{self, Cut};
use super::head::HeadScan;

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A head larger than this is cut off unread; a smaller one that is still too large gets its 431.
const HARD_HEAD_LIMIT: u32 = 256 << 10;

/// Holds a head and a short body until they are flushed, so that they leave in one packet. Pingora gives its own
/// listeners' streams such a buffer; one made from a socket has none.
const WRITE_BUFFER: usize = 4 << 10;

/// A stream, decrypted where there is TLS, that watches request heads.
pub(crate) struct Guarded<S> {
    stream: BufWriter<S>,
    connection: Arc<Connection>,
    head_timeout: Duration,
    /// Bytes read while looking for the HTTP/2 preface, served first.
    peeked: Vec<u8>,
    scan: Option<HeadScan>,
    /// When the head under way began.
    began: Instant,
    /// Our answer in place of Pingora's, or where Pingora has none; nothing else is written from then on.
    own: Option<Bytes>,
    /// Exists only while a head has begun and not ended: most heads come in one piece and arm no timer.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S: IO> Guarded<S> {
    /// The first head is due from now on; the later ones from their first byte.
    pub(crate) fn new(stream: S, connection: Arc<Connection>, head_timeout: Duration) -> Self {
        connection.head.expect();
        let stream = BufWriter::with_capacity(WRITE_BUFFER, stream);
        let scan = Some(HeadScan::default());
        if matches!(stream.get_ref().selected_alpn_proto(), Some(ALPN::H2)) {
            // Frames, not heads: whatever is written is no refusal of Pingora's.
            connection.head.admit();
        }
        let (peeked, began) = (Vec::new(), Instant::now());
        Self { stream, connection, head_timeout, peeked, scan, began, own: None, deadline: None }
    }

    /// Looks at the bytes of a head.
    fn watch(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() || !self.connection.head.is_expected() {
            return Ok(());
        }
        let began = &mut self.began;
        let scan = self.scan.get_or_insert_with(|| {
            *began = Instant::now();
            HeadScan::default()
        });
        let ended = scan.feed(bytes);
        scan.report(&self.connection.head, ended);
        let size = scan.bytes();
        if ended {
            self.scan = None;
            self.deadline = None;
        } else if size > HARD_HEAD_LIMIT {
            self.cut(Cut::Large);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "request head too large"));
        }
        Ok(())
    }

    /// Fails once the head under way has taken too long.
    fn check_deadline(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.scan.is_none() {
            return Ok(());
        }
        let timeout = self.head_timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.cut(Cut::Late);
                Err(late())
            }
            Poll::Pending => Ok(()),
        }
    }

    /// Puts down what the caller is told before a head that is cut off ends its connection.
    fn cut(&mut self, cut: Cut) {
        let scanned = self.scan.as_ref().map_or(0, HeadScan::bytes);
        let h2 = matches!(self.selected_alpn_proto(), Some(ALPN::H2));
        if let Some(early) = &self.connection.early
            && early::is_worth_an_answer(scanned, h2)
        {
            self.own = Some(early.to(cut, self.began));
        }
    }

    /// Takes over from Pingora, if it is about to refuse a head by itself.
    fn takes_over(&mut self, written: &[u8]) -> bool {
        if self.own.is_none()
            && let Some(early) = &self.connection.early
        {
            self.own = early.in_place_of(written, &self.connection.head, self.began);
        }
        self.own.is_some()
    }

    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(own) = self.own.as_mut().filter(|own| !own.is_empty()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, own))?;
            own.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "request head took too long")
}

impl<S: IO> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.peeked.is_empty() {
            match Pin::new(&mut self.stream).poll_read(cx, buf) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    self.check_deadline(cx)?;
                    return Poll::Pending;
                }
            }
        } else {
            let count = self.peeked.len().min(buf.remaining());
            buf.put_slice(&self.peeked[..count]);
            self.peeked.drain(..count);
        }
        self.watch(&buf.filled()[before..])?;
        Poll::Ready(Ok(()))
    }
}

impl<S: IO> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.takes_over(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.takes_over(pieces.first().map_or(&[][..], |piece| piece)) {
            return Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl<S> std::fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("peer", &self.connection.peer).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: IO> Peek for Guarded<S> {
    /// Looks for the HTTP/2 preface; called once, on a new connection. Returns as soon as the bytes differ from it, so
    /// that a short HTTP/1 request is not waited on, and fails when nothing comes within the head's time.
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let mut chunk = [0; H2_PREFACE.len()];
        let reading = async {
            while self.peeked.len() < buf.len() && H2_PREFACE.starts_with(&self.peeked) {
                let count = self.stream.read(&mut chunk[..buf.len() - self.peeked.len()]).await?;
                if count == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
                self.peeked.extend_from_slice(&chunk[..count]);
            }
            Ok(())
        };
        tokio::time::timeout(self.head_timeout, reading).await.map_err(|_| late())??;
        if self.peeked == H2_PREFACE {
            self.connection.head.admit();
        }
        buf.fill(0);
        let count = self.peeked.len().min(buf.len());
        buf[..count].copy_from_slice(&self.peeked[..count]);
        Ok(true)
    }
}

#[async_trait]
impl<S: IO> Shutdown for Guarded<S> {
    async fn shutdown(&mut self) {
        // Not the inner stream's: what is still to be said goes first.
        if let Err(error) = AsyncWriteExt::shutdown(self).await {
            tracing::debug!(%error, "the connection was gone before it was shut down");
        }
    }
}

impl<S: IO> UniqueID for Guarded<S> {
    fn id(&self) -> UniqueIDType {
        self.stream.get_ref().id()
    }
}

impl<S: IO> Ssl for Guarded<S> {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.stream.get_ref().get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ref().get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.get_ref().selected_alpn_proto()
    }
}

impl<S: IO> GetTimingDigest for Guarded<S> {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_ref().get_timing_digest()
    }
}

impl<S: IO> GetProxyDigest for Guarded<S> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_ref().get_proxy_digest()
    }
}

impl<S: IO> GetSocketDigest for Guarded<S> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_ref().get_socket_digest()
    }
}

#[cfg(test)]
mod tests {
    use pingora_core::protocols::l4::stream::Stream;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::head::HeadReport;
    use super::*;

    #[tokio::test]
    async fn what_is_written_leaves_with_the_flush() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, peer) = listener.accept().await.unwrap();
        let connection = Arc::new(Connection { peer, head: HeadReport::default(), early: None });
        let mut guarded = Guarded::new(Stream::from(socket), connection, Duration::from_secs(1));
        guarded.write_all(b"head").await.unwrap();
        guarded.write_all(b"body").await.unwrap();
        let mut got = [0; 16];
        let early = tokio::time::timeout(Duration::from_millis(50), caller.read(&mut got)).await;
        assert!(early.is_err(), "sent before the flush");
        guarded.flush().await.unwrap();
        assert_eq!(caller.read(&mut got).await.unwrap(), 8);
        guarded.write_all(b"end").await.unwrap();
        Shutdown::shutdown(&mut guarded).await;
        assert_eq!(caller.read(&mut got).await.unwrap(), 3);
        assert_eq!(caller.read(&mut got).await.unwrap(), 0);
    }
}
