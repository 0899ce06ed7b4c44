//! The server side of HTTP/1.1, by hand: the one way to decide which bytes leave in which write.

use anyhow::{Context, bail};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The largest request head that is read, in bytes.
const MAX_HEAD: usize = 1 << 20;

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Head {
    /// Method, as sent.
    pub method: String,
    /// Request target, as sent.
    pub target: String,
    /// 0 or 1: the minor version of HTTP/1.
    pub minor_version: u8,
    /// Headers in the order sent, names as sent.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header; names are compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether the peer wants the connection to end with this exchange.
    #[must_use]
    pub fn closes(&self) -> bool {
        match self.header("connection") {
            Some(value) => value.to_ascii_lowercase().split(',').any(|t| t.trim() == "close"),
            None => self.minor_version == 0,
        }
    }
}

/// How the rest of a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Done,
    Length(u64),
    Chunked,
    Chunk(u64),
}

/// One accepted connection.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    input: BytesMut,
    body: Body,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Wraps a stream; `read` holds bytes that were already taken off it.
    pub fn new(stream: S, read: BytesMut) -> Self {
        Self { stream, input: read, body: Body::Done }
    }

    /// The stream again, and what was read ahead.
    pub fn into_parts(self) -> (S, BytesMut) {
        (self.stream, self.input)
    }

    /// The next request's head; `None` when the peer has closed between two requests.
    ///
    /// # Errors
    /// When the head is not HTTP/1, too large, or cut.
    pub async fn read_head(&mut self) -> anyhow::Result<Option<Head>> {
        loop {
            if let Some(head) = self.parse_head()? {
                self.answer_expectation(&head).await?;
                return Ok(Some(head));
            }
            if self.input.len() > MAX_HEAD {
                bail!("request head over {MAX_HEAD} bytes");
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                if self.input.is_empty() {
                    return Ok(None);
                }
                bail!("request head cut after {} bytes", self.input.len());
            }
        }
    }

    fn parse_head(&mut self) -> anyhow::Result<Option<Head>> {
        let mut slots = [httparse::EMPTY_HEADER; 256];
        let mut request = httparse::Request::new(&mut slots);
        let httparse::Status::Complete(length) = request.parse(&self.input)? else { return Ok(None) };
        let head = Head {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            minor_version: request.version.unwrap_or_default(),
            headers: request
                .headers
                .iter()
                .map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned()))
                .collect(),
        };
        self.input.advance(length);
        self.body = delimit(&head)?;
        Ok(Some(head))
    }

    async fn answer_expectation(&mut self, head: &Head) -> anyhow::Result<()> {
        if head.header("expect").is_some_and(|v| v.eq_ignore_ascii_case("100-continue")) {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        Ok(())
    }

    /// The next piece of the request's body; `None` at its end.
    ///
    /// # Errors
    /// When the body is cut or its chunks are malformed.
    pub async fn read_body(&mut self) -> anyhow::Result<Option<Bytes>> {
        loop {
            match self.body {
                Body::Done => return Ok(None),
                Body::Length(0) => self.body = Body::Done,
                Body::Length(left) => {
                    let piece = self.take_up_to(left).await?;
                    self.body = Body::Length(left - piece.len() as u64);
                    return Ok(Some(piece));
                }
                Body::Chunked => {
                    let line = self.read_line().await?;
                    let digits = line.split(';').next().unwrap_or_default().trim();
                    let size = u64::from_str_radix(digits, 16).with_context(|| format!("chunk size {line:?}"))?;
                    if size == 0 {
                        while !self.read_line().await?.is_empty() {}
                        self.body = Body::Done;
                    } else {
                        self.body = Body::Chunk(size);
                    }
                }
                Body::Chunk(0) => {
                    let line = self.read_line().await?;
                    if !line.is_empty() {
                        bail!("chunk not followed by a line end but by {line:?}");
                    }
                    self.body = Body::Chunked;
                }
                Body::Chunk(left) => {
                    let piece = self.take_up_to(left).await?;
                    self.body = Body::Chunk(left - piece.len() as u64);
                    return Ok(Some(piece));
                }
            }
        }
    }

    /// The whole rest of the request's body.
    ///
    /// # Errors
    /// As [`Self::read_body`].
    pub async fn read_whole_body(&mut self) -> anyhow::Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.read_body().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Sends bytes in a write of their own.
    ///
    /// # Errors
    /// When the peer is gone.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Sends one chunk of a chunked body.
    ///
    /// # Errors
    /// When the peer is gone.
    pub async fn write_chunk(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.write(&framed).await
    }

    /// Waits until the peer closes, discarding what it sends.
    pub async fn until_closed(&mut self) {
        let mut sink = [0; 4096];
        while matches!(self.stream.read(&mut sink).await, Ok(n) if n > 0) {}
    }

    async fn take_up_to(&mut self, most: u64) -> anyhow::Result<Bytes> {
        if self.input.is_empty() {
            self.input.reserve(64 << 10);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("request body cut, {most} bytes missing");
            }
        }
        let length = usize::try_from(most).unwrap_or(usize::MAX).min(self.input.len());
        Ok(self.input.split_to(length).freeze())
    }

    async fn read_line(&mut self) -> anyhow::Result<String> {
        loop {
            if let Some(end) = self.input.windows(2).position(|w| w == b"\r\n") {
                let line = self.input.split_to(end);
                self.input.advance(2);
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.input.len() > MAX_HEAD || self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("chunked body cut or malformed");
            }
        }
    }
}

fn delimit(head: &Head) -> anyhow::Result<Body> {
    let all = |name: &str| -> Vec<&str> {
        head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    };
    match (all("transfer-encoding").as_slice(), all("content-length").as_slice()) {
        ([], []) => Ok(Body::Done),
        ([], [length]) => {
            Ok(Body::Length(length.trim().parse().with_context(|| format!("content-length {length:?}"))?))
        }
        ([coding], []) if coding.trim().eq_ignore_ascii_case("chunked") => Ok(Body::Chunked),
        (codings, lengths) => {
            bail!(
                "ambiguous body: transfer-encoding {codings:?}, content-length {lengths:?}; what forwarded this could smuggle requests"
            )
        }
    }
}

/// The bytes of a response head.
#[must_use]
pub fn response_head(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(raw: &'static [u8]) -> anyhow::Result<Vec<(String, Bytes)>> {
        let (mut near, far) = tokio::io::duplex(16);
        let writing = tokio::spawn(async move { near.write_all(raw).await });
        let mut connection = Connection::new(far, BytesMut::new());
        let mut seen = Vec::new();
        while let Some(head) = connection.read_head().await? {
            seen.push((head.target, connection.read_whole_body().await?));
        }
        writing.await??;
        Ok(seen)
    }

    #[tokio::test]
    async fn requests_on_one_connection_are_told_apart() -> anyhow::Result<()> {
        let seen = read(
            b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
              2;x=y\r\nde\r\n1\r\nf\r\n0\r\nt: 1\r\n\r\nGET /c HTTP/1.1\r\n\r\n",
        )
        .await?;
        let flat: Vec<_> = seen.iter().map(|(t, b)| (t.as_str(), &b[..])).collect();
        assert_eq!(flat, [("/a", &b"abc"[..]), ("/b", b"def"), ("/c", b"")]);
        Ok(())
    }

    #[tokio::test]
    async fn an_ambiguous_length_is_an_error() {
        let raw = b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(read(raw).await.is_err());
        assert!(read(b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na").await.is_err());
    }

    #[tokio::test]
    async fn a_cut_body_is_an_error() {
        assert!(read(b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc").await.is_err());
    }
}
