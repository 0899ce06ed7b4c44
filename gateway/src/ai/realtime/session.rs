//! A session under way: bytes both ways as they come, read along with, until either side ends it or it must end.
//!
//! Each direction goes its own pace: a caller who reads slowly holds up what the provider says to it (nothing is read from
//! the provider meanwhile), and nothing that it says itself.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use pingora_core::Result;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::{HttpTask, ServerSession};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use weir_llm::websocket::{Frames, Seen, Sender};

use super::frames::{close, text};
use super::responses::Responses;
use super::standing::{
    CALLER_FAULT, CALLER_LEFT, PROVIDER_FAULT, PROVIDER_LEFT, PROVIDER_STUCK, Quiet, Reason, Standing, TICK,
};

/// The longest message that is looked at: events with usage hold texts, never sound, and are far shorter.
const MAX_MESSAGE: usize = 1 << 20;
/// What is read from the provider at once.
const PIECE: usize = 16 << 10;
/// How long the end of a session may take: the rest of a frame, responses that are ended early, the other side's close.
const CLOSING: Duration = Duration::from_secs(2);
/// How long the provider is waited for with our close.
const GOODBYE: Duration = Duration::from_millis(500);

/// A session under way.
pub(super) struct Pump<'s> {
    caller: &'s mut ServerSession,
    from_provider: ReadHalf<Stream>,
    to_provider: WriteHalf<Stream>,
    /// What the provider says.
    down: Frames,
    /// What the caller says.
    up: Frames,
    incoming: BytesMut,
    outgoing: BytesMut,
    unflushed: bool,
    /// How much waits for the provider, and since when it is so much.
    backlog: (usize, Instant),
    /// How long the provider may take nothing.
    patience: Duration,
    caller_spoke: Instant,
    provider_spoke: Instant,
    caller_gone: bool,
    provider_gone: bool,
    /// Whether the provider has been told of the end.
    provider_told: bool,
    ending: Option<Ending>,
    /// Bytes of the caller, and of the provider.
    pub(super) bytes: (u64, u64),
}

/// The end of a session under way.
struct Ending {
    reason: Reason,
    until: Instant,
    /// Whether the caller has been told.
    told: bool,
    /// Whether the caller wished to end, too.
    answered: bool,
}

/// What happens next.
enum Event {
    /// What was to be written to the caller has been.
    Written(Result<()>),
    /// The caller says something; `None` at its end.
    Caller(Result<Option<Bytes>>),
    /// The provider says something: so many bytes.
    Provider(io::Result<usize>),
    /// The provider has taken what was to be written.
    Taken(io::Result<()>),
    /// Time has passed.
    Tick,
}

impl<'s> Pump<'s> {
    /// `early` is what the provider has said already; `patience` bounds how long it may take nothing.
    pub(super) fn new(caller: &'s mut ServerSession, stream: Stream, early: &[u8], patience: Duration) -> Self {
        let (from_provider, to_provider) = tokio::io::split(stream);
        // A caller may be silent; how long a session may be is judged by what is said, in both directions.
        caller.set_read_timeout(None);
        caller.set_proxy_tasks_enabled(true);
        let now = Instant::now();
        Self {
            caller,
            from_provider,
            to_provider,
            down: Frames::new(Sender::Server, MAX_MESSAGE),
            up: Frames::new(Sender::Client, 0),
            incoming: BytesMut::from(early),
            outgoing: BytesMut::new(),
            unflushed: false,
            backlog: (0, now),
            patience,
            caller_spoke: now,
            provider_spoke: now,
            caller_gone: false,
            provider_gone: false,
            provider_told: false,
            ending: None,
            bytes: (0, 0),
        }
    }

    /// Runs the session to its end, and says why it ended.
    pub(super) async fn run(&mut self, responses: &mut Responses<'_>, standing: &mut Standing<'_>) -> Reason {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        if !self.incoming.is_empty() {
            self.provider_said(responses, standing);
        }
        loop {
            if let Some(reason) = self.over(responses) {
                return reason;
            }
            match self.next(&mut tick).await {
                Event::Written(Ok(())) => {}
                Event::Written(Err(_)) | Event::Caller(Ok(None) | Err(_)) => self.caller_left(responses),
                Event::Caller(Ok(Some(bytes))) => self.caller_said(&bytes, responses),
                Event::Provider(Ok(1..)) => self.provider_said(responses, standing),
                Event::Provider(Ok(0) | Err(_)) | Event::Taken(Err(_)) => self.provider_left(responses, PROVIDER_LEFT),
                Event::Taken(Ok(())) => {}
                Event::Tick => self.look(responses, standing),
            }
        }
    }

    async fn next(&mut self, tick: &mut tokio::time::Interval) -> Event {
        let stuck = self.caller.has_pending_downstream_proxy_tasks();
        // What the provider has not taken is not added to.
        let reads = !self.caller_gone && self.outgoing.is_empty();
        let writes = !self.provider_gone && (self.unflushed || !self.outgoing.is_empty());
        if self.incoming.is_empty() {
            self.incoming.reserve(PIECE);
        }
        tokio::select! {
            event = turn(self.caller, reads), if !self.caller_gone && (stuck || reads) => event,
            read = self.from_provider.read_buf(&mut self.incoming), if !stuck && !self.provider_gone => {
                Event::Provider(read)
            }
            taken = write(&mut self.to_provider, &mut self.outgoing, &mut self.unflushed), if writes => {
                Event::Taken(taken)
            }
            _ = tick.tick() => Event::Tick,
        }
    }

    /// Why the session is over, once nothing is left to be waited for.
    fn over(&self, responses: &Responses<'_>) -> Option<Reason> {
        let ending = self.ending.as_ref()?;
        let written = !self.caller.has_pending_downstream_proxy_tasks();
        let parted = self.caller_gone || (ending.told && ending.answered && written);
        let counted = responses.is_quiet() || self.provider_gone;
        (parted && counted || Instant::now() >= ending.until).then_some(ending.reason)
    }

    /// Reads along with what the provider said, then passes it on.
    fn provider_said(&mut self, responses: &mut Responses<'_>, standing: &mut Standing<'_>) {
        let bytes = self.incoming.split().freeze();
        self.bytes.1 += bytes.len() as u64;
        let (mut at, mut wish, mut fault, mut refused) = (0, None, false, None);
        let mut first = self.down.is_between().then_some(0);
        let mut whole = 0;
        while at < bytes.len() && !fault && wish.is_none() {
            match self.down.read(bytes.get(at..).unwrap_or_default()) {
                Ok((used, seen)) => {
                    at += used;
                    match seen {
                        Some(Seen::Text(message)) => {
                            self.provider_spoke = Instant::now();
                            if let Some(event) = weir_llm::realtime_event(message) {
                                refused = refused.or_else(|| standing.heard(&event));
                                responses.note(event);
                            }
                        }
                        Some(Seen::Other) => {
                            self.provider_spoke = Instant::now();
                            responses.passed_over();
                        }
                        Some(Seen::Close(code)) => wish = Some(code),
                        Some(Seen::Heartbeat) | None => {}
                    }
                    if self.down.is_between() {
                        first.get_or_insert(at);
                        whole = at;
                    }
                }
                Err(_) => fault = true,
            }
        }
        if fault && first.is_some() {
            self.down.restart();
        }
        let passed = match &self.ending {
            // One frame of ours is to come, and the rest of theirs before it.
            Some(ending) if !ending.told => first.unwrap_or(bytes.len()),
            Some(_) => 0,
            None if fault => whole,
            None => at,
        };
        self.pass_on(bytes.slice(..passed));
        if let Some(reason) = refused.filter(|_| wish.is_none() && !fault) {
            self.end(reason, responses);
        }
        match wish {
            _ if fault => self.provider_left(responses, PROVIDER_FAULT),
            None if first.is_some() => self.tell(),
            None => {}
            Some(code) => self.provider_wishes(code, responses),
        }
    }

    /// The provider wishes to end. Nothing but the other side's close comes behind a close, and the caller has just been
    /// given it.
    fn provider_wishes(&mut self, code: Option<u16>, responses: &Responses<'_>) {
        let told = self.ending.is_none();
        self.provider_gone = true;
        self.end(Reason::wished(code), responses);
        if let Some(ending) = self.ending.as_mut().filter(|_| told) {
            ending.told = true;
        }
    }

    /// Reads along with what the caller said, then passes it on.
    fn caller_said(&mut self, bytes: &[u8], responses: &mut Responses<'_>) {
        self.bytes.0 += bytes.len() as u64;
        let (mut at, mut whole) = (0, 0);
        let mut begun = self.up.is_between().then_some(0);
        while at < bytes.len() {
            match self.up.read(bytes.get(at..).unwrap_or_default()) {
                Ok((used, seen)) => {
                    at += used;
                    match seen {
                        Some(Seen::Close(code)) => return self.caller_wishes(bytes, at, begun, code, responses),
                        Some(Seen::Text(_) | Seen::Other) => self.caller_spoke = Instant::now(),
                        Some(Seen::Heartbeat) | None => {}
                    }
                    if self.up.is_between() {
                        (begun, whole) = (Some(at), at);
                    }
                }
                Err(_) => {
                    if begun.is_some() {
                        self.up.restart();
                    }
                    self.say(bytes.get(..whole).unwrap_or_default());
                    self.end(CALLER_FAULT, responses);
                    return self.caller_answered();
                }
            }
        }
        self.say(bytes);
    }

    /// The caller wishes to end. Its close is answered here, and goes on at the end: behind it the provider would not
    /// say any more what the responses under way have consumed. `begun` is where its frame begins in `bytes`.
    fn caller_wishes(
        &mut self,
        bytes: &[u8],
        at: usize,
        begun: Option<usize>,
        code: Option<u16>,
        responses: &mut Responses<'_>,
    ) {
        self.say(bytes.get(..begun.unwrap_or(at)).unwrap_or_default());
        // The begin of the frame has gone on already, so all of it has to.
        self.provider_told |= begun.is_none();
        responses.alone();
        self.end(Reason::wished(code), responses);
        self.caller_answered();
    }

    fn caller_answered(&mut self) {
        if let Some(ending) = &mut self.ending {
            ending.answered = true;
        }
    }

    fn caller_left(&mut self, responses: &mut Responses<'_>) {
        self.caller_gone = true;
        responses.alone();
        self.end(CALLER_LEFT, responses);
    }

    fn provider_left(&mut self, responses: &mut Responses<'_>, reason: Reason) {
        self.provider_gone = true;
        self.end(reason, responses);
    }

    /// Begins the end, unless it has begun.
    fn end(&mut self, reason: Reason, responses: &Responses<'_>) {
        if self.ending.is_some() {
            return;
        }
        let until = Instant::now() + CLOSING;
        self.ending = Some(Ending { reason, until, told: false, answered: false });
        // What is said to nobody is ended early: the provider then says what it has cost.
        if !self.provider_gone && !self.provider_told && self.up.is_between() {
            responses.open().for_each(|id| self.outgoing.extend_from_slice(&text(&weir_llm::realtime_cancel(id))));
        }
        self.tell();
    }

    /// Tells the caller of the end, as soon as a frame of ours may go between two of the provider's.
    fn tell(&mut self) {
        let Some(ending) = self.ending.as_mut().filter(|ending| !ending.told) else { return };
        // What the provider began it will not end any more.
        if self.down.is_between() || self.provider_gone {
            ending.told = true;
            let frame = close(Sender::Server, ending.reason.code, ending.reason.sentence);
            if self.down.is_between() {
                self.pass_on(frame.into());
            } else {
                ending.answered = true;
            }
        }
    }

    fn pass_on(&mut self, bytes: Bytes) {
        if !bytes.is_empty() && !self.caller_gone {
            self.caller.send_downstream_proxy_task(HttpTask::UpgradedBody(Some(bytes), false));
        }
    }

    /// Says something to the provider, unless the end has begun.
    fn say(&mut self, bytes: &[u8]) {
        if self.ending.is_none() {
            self.outgoing.extend_from_slice(bytes);
        }
    }

    /// Looks whether the session may go on.
    fn look(&mut self, responses: &mut Responses<'_>, standing: &mut Standing<'_>) {
        if self.backlog.0 != self.outgoing.len() || self.outgoing.is_empty() {
            self.backlog = (self.outgoing.len(), Instant::now());
        } else if self.backlog.1.elapsed() >= self.patience {
            return self.provider_left(responses, PROVIDER_STUCK);
        }
        let (caller, provider) = (self.caller_spoke.elapsed(), self.provider_spoke.elapsed());
        let quiet = Quiet { caller, either: caller.min(provider), no_response: responses.is_quiet() };
        if self.ending.is_none()
            && let Some(reason) = standing.verdict(quiet)
        {
            self.end(reason, responses);
        }
    }

    /// Tells the provider of the end, and hangs up.
    pub(super) async fn hang_up(mut self, reason: Reason) {
        if !self.provider_told && self.up.is_between() {
            let code = if reason.word.is_empty() { reason.code } else { 1000 };
            self.outgoing.extend_from_slice(&close(Sender::Client, code, ""));
        }
        let goodbye = async {
            write(&mut self.to_provider, &mut self.outgoing, &mut self.unflushed).await?;
            self.to_provider.shutdown().await
        };
        // Whether it hears that is its concern.
        _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// What comes next of the caller, in both directions at once: neither the begun write nor the read is lost when this is
/// dropped (both go on where they were), so each is only polled here.
async fn turn(caller: &mut ServerSession, reads: bool) -> Event {
    poll_fn(|context| {
        if caller.has_pending_downstream_proxy_tasks()
            && let Poll::Ready(written) = pin!(caller.write_downstream_proxy_tasks()).poll(context)
        {
            return Poll::Ready(Event::Written(written.map(|_| ())));
        }
        if reads && let Poll::Ready(read) = pin!(caller.read_request_body()).poll(context) {
            return Poll::Ready(Event::Caller(read));
        }
        Poll::Pending
    })
    .await
}

/// Writes all that waits; dropped, it goes on the next time where it was.
async fn write(to: &mut WriteHalf<Stream>, outgoing: &mut BytesMut, unflushed: &mut bool) -> io::Result<()> {
    while !outgoing.is_empty() {
        *unflushed = true;
        if to.write_buf(outgoing).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    to.flush().await?;
    *unflushed = false;
    Ok(())
}
