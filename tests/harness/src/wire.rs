//! Puts an answer onto the wire in the form that a script asks for.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::http1::{Connection, response_head};
use crate::script::{Fault, Wire};
use crate::sse::Event;

/// An answer before it takes its form.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, without those that delimit the body.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// One document.
    Whole(Vec<u8>),
    /// A stream of events; the second is the event to send when the script wants an error.
    Events(Vec<Event>, Event),
    /// The same of streams that are no events: messages or lines, as they stand on the wire.
    Frames(Vec<Vec<u8>>, Vec<u8>),
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It takes the next request.
    Keep,
    /// It ends in order.
    Close,
    /// It is reset (RST).
    Reset,
}

/// Sends an answer, with the fault that the script asks for.
///
/// # Errors
/// When the peer leaves while being answered.
pub async fn send<S>(
    to: &mut Connection<S>,
    answer: Answer,
    fault: Option<&Fault>,
    wire: &Wire,
) -> anyhow::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    pause(wire.head_delay_ms).await;
    match fault {
        Some(Fault::ResetBeforeHead) => return Ok(After::Reset),
        Some(Fault::BlackHole) => {
            to.until_closed().await;
            return Ok(After::Close);
        }
        _ => {}
    }
    let Answer { status, mut headers, body } = answer;
    let chunked = wire.chunked || matches!(body, Body::Events(..) | Body::Frames(..));
    let pieces = pieces(body, fault, wire);
    if chunked {
        headers.push(("transfer-encoding".into(), "chunked".into()));
    } else {
        let lie = if let Some(Fault::LengthTooLong { by }) = fault { *by } else { 0 };
        let length = pieces.iter().map(Vec::len).sum::<usize>() + lie;
        headers.push(("content-length".into(), length.to_string()));
    }
    to.write(&response_head(status, &headers)).await?;
    if matches!(fault, Some(Fault::SilenceAfterHead)) {
        to.until_closed().await;
        return Ok(After::Close);
    }
    if let Some(Fault::CutAfterBytes { after }) = fault {
        send_up_to(to, &pieces, *after, chunked).await?;
        // The bytes before the cut shall arrive: a reset may overtake what still waits to be read.
        tokio::time::sleep(Duration::from_millis(30)).await;
        return Ok(After::Reset);
    }
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            tokio::time::sleep(wire.piece_delay().max(Duration::from_millis(wire.event_delay_ms))).await;
        }
        if chunked { to.write_chunk(piece).await? } else { to.write(piece).await? }
    }
    if chunked {
        to.write(b"0\r\n\r\n").await?;
    }
    Ok(if matches!(fault, Some(Fault::LengthTooLong { .. })) { After::Close } else { After::Keep })
}

async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

async fn send_up_to<S>(to: &mut Connection<S>, pieces: &[Vec<u8>], most: usize, chunked: bool) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut left = most;
    for piece in pieces {
        let part = &piece[..piece.len().min(left)];
        left -= part.len();
        if part.is_empty() {
            break;
        }
        if chunked { to.write_chunk(part).await? } else { to.write(part).await? }
    }
    Ok(())
}

/// How many bytes a body is in a form.
#[must_use]
pub fn length(body: &Body, wire: &Wire) -> usize {
    pieces(body.clone(), None, wire).iter().map(Vec::len).sum()
}

/// The body, cut into what leaves in one write each.
fn pieces(body: Body, fault: Option<&Fault>, wire: &Wire) -> Vec<Vec<u8>> {
    let pieces: Vec<Vec<u8>> = match body {
        Body::Whole(bytes) => vec![bytes],
        Body::Frames(mut frames, error) => {
            break_off(&mut frames, error, fault);
            frames
        }
        Body::Events(mut events, error) => {
            break_off(&mut events, error, fault);
            let mut pieces: Vec<Vec<u8>> = events.iter().map(|event| event_bytes(event, wire)).collect();
            if wire.bom && !pieces.is_empty() {
                pieces[0].splice(0..0, "\u{feff}".bytes());
            }
            pieces
        }
    };
    match (wire.cut_at, wire.cut_every) {
        (Some(at), _) => {
            let whole = pieces.concat();
            let (first, second) = whole.split_at(at.min(whole.len()));
            [first, second].into_iter().filter(|p| !p.is_empty()).map(<[u8]>::to_vec).collect()
        }
        (None, Some(every)) => pieces.concat().chunks(every.max(1)).map(<[u8]>::to_vec).collect(),
        (None, None) => pieces.into_iter().filter(|p| !p.is_empty()).collect(),
    }
}

/// Ends a stream where the fault wants it to.
fn break_off<T>(events: &mut Vec<T>, error: T, fault: Option<&Fault>) {
    match fault {
        Some(Fault::ErrorEvent { after }) => {
            events.truncate(*after);
            events.push(error);
        }
        Some(Fault::EndAfterEvents { after }) => events.truncate(*after),
        _ => {}
    }
}

/// One event in the form asked for.
#[must_use]
pub fn event_bytes(event: &Event, wire: &Wire) -> Vec<u8> {
    let (end, gap) = (if wire.crlf { "\r\n" } else { "\n" }, if wire.tight { "" } else { " " });
    let mut text = String::new();
    if wire.comments {
        text.push_str(&format!(": keep-alive{end}{end}"));
    }
    if let Some(name) = &event.name {
        text.push_str(&format!("event:{gap}{name}{end}"));
    }
    let data = match serde_json::from_str::<Value>(&event.data) {
        Ok(value) if wire.multi_line && value.is_object() => {
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| event.data.clone())
        }
        _ => event.data.clone(),
    };
    for line in data.split('\n') {
        text.push_str(&format!("data:{gap}{line}{end}"));
    }
    text.push_str(end);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::parse;

    fn events() -> Vec<Event> {
        vec![Event::typed(&serde_json::json!({"type": "a", "text": "ä€🌍", "n": [1, 2]})), Event::data("[DONE]")]
    }

    /// The data of each event, without white space between tokens.
    fn meaning(bytes: &[u8]) -> Vec<(Option<String>, String)> {
        let compact = |e: &Event| if e.json().is_null() { e.data.clone() } else { e.json().to_string() };
        parse(bytes).into_iter().map(|e| (e.name.clone(), compact(&e))).collect()
    }

    #[test]
    fn every_form_means_the_same() {
        let body = || Body::Events(events(), Event::data("error"));
        let plain = meaning(&pieces(body(), None, &Wire::default()).concat());
        assert_eq!(plain.len(), 2);
        for bits in 0..32_u8 {
            let on = |bit: u8| bits & (1 << bit) != 0;
            let (crlf, comments, bom, multi_line, tight) = (on(0), on(1), on(2), on(3), on(4));
            let wire = Wire { crlf, comments, bom, multi_line, tight, ..Wire::default() };
            assert_eq!(meaning(&pieces(body(), None, &wire).concat()), plain, "{wire:?}");
        }
    }

    #[test]
    fn cuts_change_the_pieces_and_not_the_bytes() {
        let body = || Body::Events(events(), Event::data("error"));
        let whole = pieces(body(), None, &Wire::default()).concat();
        for at in 1..whole.len() {
            let cut = pieces(body(), None, &Wire { cut_at: Some(at), ..Wire::default() });
            assert_eq!((cut.len(), cut[0].len(), cut.concat()), (2, at, whole.clone()));
        }
        let small = pieces(body(), None, &Wire { cut_every: Some(3), ..Wire::default() });
        assert!(small.iter().rev().skip(1).all(|p| p.len() == 3));
        assert_eq!(small.concat(), whole);
    }

    #[test]
    fn an_error_event_replaces_the_rest() {
        let fault = Fault::ErrorEvent { after: 1 };
        let sent =
            parse(&pieces(Body::Events(events(), Event::data("error")), Some(&fault), &Wire::default()).concat());
        assert_eq!(sent.last().map(|e| e.data.as_str()), Some("error"));
        assert_eq!(sent.len(), 2);
    }
}
