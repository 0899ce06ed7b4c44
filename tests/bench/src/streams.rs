//! Many event streams at once: an upstream that stamps every event, and a client that checks each one.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Events per second of one stream.
pub(crate) const RATE: u32 = 10;

/// Answers every POST with an OpenAI event stream: `events` chunks, each with its number and the time
/// at which it was sent, then usage and `[DONE]`.
pub(crate) async fn upstream(listener: TcpListener, events: u32) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            let _ = serve(socket, events).await;
        });
    }
}

async fn serve(socket: TcpStream, events: u32) -> io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut length = 0_usize;
        let mut first = true;
        loop {
            let mut line = String::new();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" && !first {
                break;
            }
            first = false;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        read.read_exact(&mut body).await?;
        write
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            .await?;
        let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
        for number in 0..events {
            tick.tick().await;
            let content = format!("{number}@{} ", now_us());
            chunk(
                &mut write,
                &event(&format!(r#"{{"index":0,"delta":{{"content":"{content}"}},"finish_reason":null}}"#), ""),
            )
            .await?;
        }
        chunk(&mut write, &event(r#"{"index":0,"delta":{},"finish_reason":"stop"}"#, "")).await?;
        let usage =
            format!(r#","usage":{{"prompt_tokens":10,"completion_tokens":{events},"total_tokens":{}}}"#, events + 10);
        chunk(&mut write, &event("", &usage)).await?;
        chunk(&mut write, "data: [DONE]\n\n").await?;
        write.write_all(b"0\r\n\r\n").await?;
    }
}

fn event(choice: &str, usage: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{choice}]{usage}}}\n\n"
    )
}

async fn chunk(write: &mut (impl AsyncWriteExt + Unpin), text: &str) -> io::Result<()> {
    write.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await
}

fn now_us() -> u64 {
    weir_domain::time::now().unsigned_abs()
}

/// What a caller of streams speaks.
#[derive(Clone, Copy)]
pub(crate) enum Speaks {
    Openai,
    Anthropic,
}

impl Speaks {
    /// The request, its head and body.
    fn request(self, key: &str) -> String {
        let (path, body) = match self {
            Self::Openai => (
                "/v1/chat/completions",
                r#"{"model":"bench","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"count"}]}"#,
            ),
            Self::Anthropic => (
                "/v1/messages",
                r#"{"model":"bench","stream":true,"max_tokens":4096,"messages":[{"role":"user","content":"count"}]}"#,
            ),
        };
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    /// What stands before a piece of text.
    fn text(self) -> &'static str {
        match self {
            Self::Openai => r#""content":""#,
            Self::Anthropic => r#""text_delta","text":""#,
        }
    }

    /// What the last event holds.
    fn end(self) -> &'static str {
        match self {
            Self::Openai => "[DONE]",
            Self::Anthropic => r#"{"type":"message_stop"}"#,
        }
    }
}

/// What the client saw.
pub(crate) struct Report {
    /// Microseconds from the upstream's write to the client's read, one per event, sorted.
    pub(crate) delays: Vec<u64>,
    /// Events that were missing, doubled or out of order.
    pub(crate) wrong: usize,
    /// Streams that ended early or with an error.
    pub(crate) broken: usize,
}

/// Opens `count` streams at once through `proxy` and reads them to the end.
pub(crate) async fn client(
    proxy: SocketAddr,
    count: usize,
    events: u32,
    key: String,
    speaks: Speaks,
) -> anyhow::Result<Report> {
    let mut tasks = JoinSet::new();
    for index in 0..count {
        let key = key.clone();
        tasks.spawn(async move {
            // Spread over one interval, so that no tick carries all the events.
            tokio::time::sleep(Duration::from_micros(index as u64 * 1_000_000 / u64::from(RATE) / count as u64)).await;
            one(proxy, events, &key, speaks).await
        });
    }
    let mut report = Report { delays: Vec::new(), wrong: 0, broken: 0 };
    while let Some(done) = tasks.join_next().await {
        match done.context("a stream's task ended")? {
            Ok((delays, wrong)) => {
                report.delays.extend(delays);
                report.wrong += wrong;
            }
            Err(_) => report.broken += 1,
        }
    }
    report.delays.sort_unstable();
    Ok(report)
}

async fn one(proxy: SocketAddr, events: u32, key: &str, speaks: Speaks) -> anyhow::Result<(Vec<u64>, usize)> {
    let mut socket = TcpStream::connect(proxy).await?;
    socket.set_nodelay(true)?;
    socket.write_all(speaks.request(key).as_bytes()).await?;
    let mut lines = BufReader::new(socket).lines();
    let (mut delays, mut expected, mut wrong) = (Vec::with_capacity(events as usize), 0_u64, 0);
    while let Some(line) = lines.next_line().await? {
        if line.contains(speaks.end()) {
            let missing = u64::from(events).saturating_sub(expected);
            return Ok((delays, wrong + usize::try_from(missing).unwrap_or(usize::MAX)));
        }
        let Some((_, rest)) = line.split_once(speaks.text()) else { continue };
        let arrived = now_us();
        let stamp = rest.split(' ').next().unwrap_or_default();
        let Some((number, sent)) = stamp.split_once('@') else { continue };
        let (number, sent): (u64, u64) = (number.parse()?, sent.parse()?);
        if number != expected {
            wrong += 1;
        }
        expected = number + 1;
        delays.push(arrived.saturating_sub(sent));
    }
    bail!("the stream ended before its last event")
}

/// Asks for so many short streams, one after another on one connection; microseconds from each request to its first
/// token.
pub(crate) async fn first_tokens(proxy: SocketAddr, count: usize, key: &str) -> anyhow::Result<Vec<u64>> {
    let speaks = Speaks::Openai;
    let request = speaks.request(key);
    let mut socket = BufReader::new(TcpStream::connect(proxy).await?);
    socket.get_ref().set_nodelay(true)?;
    let (mut waits, mut line) = (Vec::with_capacity(count), String::new());
    for _ in 0..count {
        let begun = Instant::now();
        socket.get_mut().write_all(request.as_bytes()).await?;
        let mut first = None;
        // The chunk without bytes ends the body.
        while line != "0\r\n" {
            line.clear();
            if socket.read_line(&mut line).await? == 0 {
                bail!("the connection ended within a stream");
            }
            if first.is_none() && line.contains(speaks.text()) {
                first = Some(begun.elapsed());
            }
        }
        line.clear();
        socket.read_line(&mut line).await?;
        let first = first.context("a stream without a token")?;
        waits.push(u64::try_from(first.as_micros()).unwrap_or(u64::MAX));
    }
    Ok(waits)
}
