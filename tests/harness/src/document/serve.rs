//! The upstream of documents over HTTP/1.1.

use std::net::TcpStream as Probe;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::{TcpListener, TcpStream};

use super::Shelf;
use super::manner::{Manner, Turn};
use super::state::{Change, Seen, Shared, is_closed, lock};
use crate::http1::{Connection, Head, response_head};

pub(super) async fn accept(listener: TcpListener, shelf: Arc<Shelf>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shelf = Arc::clone(&shelf);
        connections.spawn(async move {
            // A peer that leaves early is what some tests do.
            let _ = serve(stream, &shelf).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shelf: &Shelf) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let probe = Arc::new(stream.try_clone()?);
    let mut connection = Connection::new(TcpStream::from_std(stream)?, BytesMut::new());
    while let Some(head) = connection.read_head().await? {
        let path = head.target.split('?').next().unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default();
        let mut exchange = Exchange::begin(shelf.get(id), &probe);
        let body = connection.read_whole_body().await?;
        let again = exchange.answer(&mut connection, &head, body).await?;
        if !again || head.closes() {
            return Ok(());
        }
    }
    Ok(())
}

/// One request that is being answered.
struct Exchange {
    state: Shared,
    probe: Arc<Probe>,
    number: u64,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        lock(&self.state).leave(self.number);
    }
}

/// An answer that is ready to be sent.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Answer {
    fn of(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.into() }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

impl Exchange {
    fn begin(state: Shared, probe: &Arc<Probe>) -> Self {
        let number = lock(&state).enter(probe);
        Self { state, probe: Arc::clone(probe), number }
    }

    /// Answers; whether the connection takes another request.
    async fn answer(&mut self, to: &mut Connection<TcpStream>, head: &Head, body: Bytes) -> anyhow::Result<bool> {
        let headers = head.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone())).collect();
        let seen = Seen { method: head.method.clone(), target: head.target.clone(), headers, body };
        let (turn, manner) = {
            let mut state = lock(&self.state);
            state.count(seen.clone());
            (state.turn(&seen.method), state.manner.clone())
        };
        if let Some(turn) = turn {
            return self.scripted(to, &turn, &manner, &seen).await;
        }
        self.think(manner.before).await;
        let answer = self.perform(&seen, &manner);
        if manner.drop_after {
            return Ok(false);
        }
        self.think(manner.after).await;
        self.send(to, answer, &manner, &seen.method).await
    }

    async fn scripted(
        &self,
        to: &mut Connection<TcpStream>,
        turn: &Turn,
        manner: &Manner,
        seen: &Seen,
    ) -> anyhow::Result<bool> {
        self.think(turn.wait).await;
        let performed = turn.applied.then(|| self.perform(seen, manner));
        if turn.dropped {
            return Ok(false);
        }
        let mut answer = match (turn.status, performed) {
            (None, Some(performed)) => performed,
            (status, _) => Answer::of(status.unwrap_or(500), turn.body.clone()),
        };
        for (name, value) in &turn.headers {
            answer = answer.header(name, value.clone());
        }
        self.send(to, answer, manner, &seen.method).await
    }

    /// Thinks, no longer than somebody waits. Who is gone is not being answered any more, though what was asked is done.
    async fn think(&self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < end && !is_closed(&self.probe) {
            let left = end - tokio::time::Instant::now();
            tokio::time::sleep(left.min(Duration::from_millis(5))).await;
        }
    }

    fn perform(&self, seen: &Seen, manner: &Manner) -> Answer {
        let mut state = lock(&self.state);
        let writes = matches!(seen.method.as_str(), "PUT" | "PATCH" | "DELETE");
        if manner.fenced && writes {
            let fence = seen.header("fencing-token").and_then(|f| f.parse().ok()).unwrap_or(0);
            if fence < state.highest_fence {
                state.fenced_off += 1;
                return Answer::of(409, "{\"refused\":\"an older fence\"}");
            }
            state.highest_fence = fence;
        }
        let tag = state.content.as_ref().and_then(|_| state.tag());
        if manner.conditional && writes && !holds(seen, tag.as_deref()) {
            let refused = Answer::of(412, "{\"refused\":\"another version\"}");
            return match tag {
                Some(tag) => refused.header("etag", tag),
                None => refused,
            };
        }
        match seen.method.as_str() {
            "GET" | "HEAD" => read(&state, manner, seen),
            "OPTIONS" => Answer::of(204, "").header("allow", "GET, HEAD, PUT, PATCH, DELETE, POST, OPTIONS"),
            "POST" => {
                state.apply(seen);
                let number = state.applied;
                let body = format!("{{\"execution\":{number}}}");
                let target = format!("{}/{number}", seen.target);
                Answer::of(manner.written.unwrap_or(201), body).header("location", target)
            }
            _ => {
                let (status, body) = match state.apply(seen) {
                    Change::Missing => (404, "{\"missing\":true}"),
                    Change::Created => (manner.written.unwrap_or(201), "{\"created\":true}"),
                    Change::Made => (manner.written.unwrap_or(204), ""),
                };
                let answer = Answer::of(status, body);
                match state.tag().filter(|_| status < 400 && state.content.is_some()) {
                    Some(tag) => answer.header("etag", tag),
                    None => answer,
                }
            }
        }
    }

    async fn send(
        &self,
        to: &mut Connection<TcpStream>,
        mut answer: Answer,
        manner: &Manner,
        method: &str,
    ) -> anyhow::Result<bool> {
        answer.headers.extend(manner.headers.iter().cloned());
        if manner.events > 0 && answer.status < 300 && matches!(method, "GET" | "POST") {
            return self.stream(to, answer, manner, None).await;
        }
        if manner.pieces > 0 && method == "GET" {
            let body = answer.body.clone();
            return self.stream(to, answer, manner, Some(body)).await;
        }
        if !matches!(answer.status, 204 | 304) {
            answer.headers.push(("content-length".to_owned(), answer.body.len().to_string()));
        }
        let mut whole = response_head(answer.status, &answer.headers);
        if method != "HEAD" && !matches!(answer.status, 204 | 304) {
            whole.extend_from_slice(&answer.body);
        }
        // Over before its last byte leaves: what the gateway sends next must not meet it.
        lock(&self.state).leave(self.number);
        to.write(&whole).await?;
        Ok(true)
    }

    /// Events, or a body in pieces.
    async fn stream(
        &self,
        to: &mut Connection<TcpStream>,
        mut answer: Answer,
        manner: &Manner,
        body: Option<Bytes>,
    ) -> anyhow::Result<bool> {
        if body.is_none() {
            answer = answer.header("content-type", "text/event-stream");
        }
        answer.headers.push(("transfer-encoding".to_owned(), "chunked".to_owned()));
        to.write(&response_head(answer.status, &answer.headers)).await?;
        let count = if body.is_some() { manner.pieces } else { manner.events };
        for number in 0..count {
            if number > 0 {
                self.think(manner.gap).await;
            }
            match &body {
                None => to.write_chunk(format!("data: {number}\n\n").as_bytes()).await?,
                Some(body) => {
                    let (from, until) = (body.len() * number / count, body.len() * (number + 1) / count);
                    if from < until {
                        to.write_chunk(&body[from..until]).await?;
                    }
                }
            }
        }
        lock(&self.state).leave(self.number);
        to.write(b"0\r\n\r\n").await?;
        Ok(true)
    }
}

fn read(state: &super::state::State, manner: &Manner, seen: &Seen) -> Answer {
    let Some(content) = &state.content else { return Answer::of(404, "{\"missing\":true}") };
    let mut answer = if manner.xml && seen.header("accept").is_some_and(|a| a.contains("application/xml")) {
        let text = String::from_utf8_lossy(&content.bytes).replace('<', "&lt;");
        Answer::of(200, format!("<document>{text}</document>")).header("content-type", "application/xml")
    } else {
        Answer::of(200, content.bytes.clone()).header("content-type", content.media_type.clone())
    };
    if manner.xml {
        answer = answer.header("vary", "Accept");
    }
    if let Some(date) = &manner.last_modified {
        answer = answer.header("last-modified", date.clone());
    }
    match state.tag() {
        Some(tag) => answer.header("etag", tag),
        None => answer,
    }
}

/// `If-Match` and `If-None-Match` of a write, by the upstream's own tags (RFC 9110 section 13.2.2).
fn holds(seen: &Seen, tag: Option<&str>) -> bool {
    let names = |header: &str, tag: &str| header.split(',').any(|t| t.trim() == tag);
    if let Some(wanted) = seen.header("if-match") {
        return tag.is_some_and(|tag| wanted.trim() == "*" || names(wanted, tag));
    }
    match seen.header("if-none-match") {
        Some(unwanted) => !tag.is_some_and(|tag| unwanted.trim() == "*" || names(unwanted, tag)),
        None => true,
    }
}
