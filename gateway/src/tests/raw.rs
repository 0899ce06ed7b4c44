//! A caller that sends exactly the bytes it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One connection.
pub(super) struct Caller {
    pub(super) stream: TcpStream,
    read: Vec<u8>,
    /// The request sent last was a HEAD, whose answer has no body.
    head: bool,
}

impl Caller {
    pub(super) async fn connect(to: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(to).await.unwrap(), read: Vec::new(), head: false }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.head = bytes.as_ref().starts_with(b"HEAD ");
        // The other end may refuse and close while this is being sent; what it said is read afterwards.
        _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Reads one answer framed by length or chunks; `None` when the connection was closed before a head.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.expect("an answer in time")
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                assert!(self.read.is_empty(), "cut inside a head: {:?}", String::from_utf8_lossy(&self.read));
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..head).collect()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if self.head {
            return Some(answer);
        }
        if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            while self.read.len() < length {
                assert!(self.more().await, "the body was cut");
            }
            answer.body = self.read.drain(..length).collect();
        } else if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await;
        }
        Some(answer)
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(at) = self.read.windows(2).position(|w| w == b"\r\n") {
                    break at;
                }
                assert!(self.more().await, "cut before a chunk's size");
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.read[..line]).unwrap(), 16).unwrap();
            while self.read.len() < line + 2 + size + 2 {
                assert!(self.more().await, "cut inside a chunk");
            }
            body.extend_from_slice(&self.read[line + 2..line + 2 + size]);
            self.read.drain(..line + 2 + size + 2);
            if size == 0 {
                return body;
            }
        }
    }

    async fn more(&mut self) -> bool {
        let mut piece = vec![0; 16 << 10];
        match self.stream.read(&mut piece).await {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.read.extend_from_slice(&piece[..count]);
                true
            }
        }
    }

    /// Waits until the other end closes; says what came before that.
    pub(super) async fn closed(&mut self) -> Vec<u8> {
        let reading = async { while self.more().await {} };
        tokio::time::timeout(PATIENCE, reading).await.expect("closed in time");
        std::mem::take(&mut self.read)
    }
}

/// One request on a connection of its own.
pub(super) async fn once(to: SocketAddr, bytes: impl AsRef<[u8]>) -> Option<Answer> {
    let mut caller = Caller::connect(to).await;
    caller.send(bytes).await;
    caller.answer().await
}
