//! Calls byte by byte, for what an HTTP client hides: interim answers, and leaving in the middle.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::call::Case;

/// One connection to a node.
pub(crate) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
    /// Whether the node closes the connection after the last answer.
    pub(crate) ends: bool,
}

impl Raw {
    pub(crate) async fn open(case: &Case, node: usize) -> anyhow::Result<Self> {
        let url = case.stand.url(node);
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new(), ends: false })
    }

    /// Sends the head of a request for the case's document, with the first application's key; `more` are whole lines.
    pub(crate) async fn head(&mut self, case: &Case, method: &str, more: &str) -> anyhow::Result<()> {
        let key = case.stand.keys().a.whole().to_owned();
        let head =
            format!("{method} {} HTTP/1.1\r\nhost: weir\r\nauthorization: Bearer {key}\r\n{more}\r\n", case.path);
        self.send(head.as_bytes()).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// The status of the next head, interim or final.
    pub(crate) async fn status(&mut self) -> anyhow::Result<u16> {
        loop {
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
                self.read.drain(..end + 4);
                return head.split(' ').nth(1).and_then(|s| s.parse().ok()).with_context(|| head.clone());
            }
            let more = tokio::time::timeout(Duration::from_secs(20), self.stream.read_buf(&mut self.read)).await;
            if more.context("no answer within 20 s")?? == 0 {
                bail!("closed before an answer: {:?}", String::from_utf8_lossy(&self.read));
            }
        }
    }

    /// The status of a final answer, whose body is read and left out; it must say its length.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<u16> {
        loop {
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
                let length: usize = length.with_context(|| head.clone())?.trim().parse()?;
                if self.read.len() >= end + 4 + length {
                    self.read.drain(..end + 4 + length);
                    self.ends = head.contains("\r\nconnection: close");
                    return head.split(' ').nth(1).and_then(|s| s.parse().ok()).with_context(|| head.clone());
                }
            }
            let more = tokio::time::timeout(Duration::from_secs(20), self.stream.read_buf(&mut self.read)).await;
            if more.context("no answer within 20 s")?? == 0 {
                bail!("closed before an answer");
            }
        }
    }

    /// Leaves with RST in place of FIN.
    pub(crate) fn reset(self) -> anyhow::Result<()> {
        self.stream.set_zero_linger()?;
        Ok(())
    }
}
