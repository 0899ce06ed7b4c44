//! One attempt at one target: from the caller's request to an answer that can be begun, or the reason why not.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::HeaderValue;
use tokio::sync::Semaphore;
use weir_domain::addressing::Called;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::ledger::Outcome;
use weir_domain::operation::Operation;
use weir_domain::snapshot::{Snapshot, Target};
use weir_domain::spec::{ModelTimeouts, OnAbort, Protocol};
use weir_domain::time;
use weir_llm::{Answer, AnswerContext, AnswerError, Ids, Peek, StreamTranslator, UpstreamRequest};

use super::affinity::Account;
use super::beta::Betas;
use super::body::Share;
use super::failure::Stop;
use super::line::{Limit, Line, LineError, Outgoing};
use super::pool::trial::Trial;
use super::running::{Running, Streaming};
use super::stored;
use super::watch::{Clock, Waiting};
use crate::retry_after::retry_after;
use crate::state::State;

/// The longest error body that is read.
const MAX_ERROR_BODY: usize = 64 * 1024;
/// The longest whole answer that is held in memory.
const MAX_ANSWER: usize = 64 << 20;
/// How much of a stream is held back while no content has come; a provider that sends more is not waited for.
const MAX_HELD: usize = 256 * 1024;

/// The request, as every attempt needs it.
pub(super) struct Request<'a> {
    pub(super) state: &'a State,
    /// What holds its answers in memory.
    pub(super) budget: &'a Arc<Semaphore>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) inbound: Dialect,
    pub(super) peek: &'a Peek,
    /// What the body is, where it is a form.
    pub(super) content_type: Option<HeaderValue>,
    /// The request's id, from which ids are made.
    pub(super) id: String,
    /// When its last attempt must be over.
    pub(super) ends: tokio::time::Instant,
    /// Whether its answer is read to its end although the caller has left: somebody else will want it.
    pub(super) reads_on: bool,
}

/// What one attempt sends, and where.
pub(super) struct Sending<'a> {
    pub(super) target: &'a Target,
    pub(super) key: Option<usize>,
    pub(super) betas: Option<&'a Betas>,
    pub(super) request: &'a UpstreamRequest,
    /// Where it is told what answers say of limits.
    pub(super) trial: &'a Trial,
}

/// An answer whose first content is here; nothing of it has gone to the caller.
pub(super) enum Ready<'a> {
    /// A whole answer.
    Whole(Running<'a>, Box<Answer>),
    /// A stream.
    Stream(Box<Flow<'a>>),
    /// A whole answer whose caller had left when it came, with the reason.
    Late(Running<'a>, Box<Answer>, Box<pingora_core::Error>),
}

/// A stream that has begun.
pub(super) struct Flow<'a> {
    pub(super) streaming: Streaming<'a>,
    pub(super) line: Line,
    pub(super) clock: Clock,
    /// What was held back for the caller.
    pub(super) held: BytesMut,
    pub(super) timeouts: ModelTimeouts,
    /// Whether the provider's stream is at its end already.
    pub(super) ended: bool,
}

/// Makes the attempt. Its end is noted in the record in every case but success, which the relay notes.
pub(super) async fn run<'a>(
    request: &Request<'_>,
    sending: &Sending<'_>,
    mut running: Running<'a>,
    caller: &mut impl Waiting,
) -> Result<Ready<'a>, Stop> {
    let timeouts = sending.target.timeouts;
    let reads_on = request.reads_on || sending.target.provider.on_abort == OnAbort::Drain;
    running.reads_on(reads_on);
    let drains = reads_on.then(|| request.state.models.drains.clone());
    let mut clock = Clock::start(timeouts.total_ms, request.ends, drains);
    let opened = open(request, sending, &mut running, caller, &mut clock).await;
    running.waited(clock.waited());
    let line = match opened {
        Ok(line) => line,
        Err(stop) => return Err(fail(&mut running, stop, &mut clock)),
    };
    // Sound is passed on as it comes, whatever it is called.
    let sound = request.peek.operation == Operation::Speech;
    if sound || line.is_stream(sending.target.format(request.inbound).stream_type()) {
        begin_stream(request, sending, running, line, clock, caller).await
    } else {
        whole(request, sending, running, line, clock, caller).await
    }
}

/// Notes a failure in the attempt's entry. Where the caller has left meanwhile, nobody is there to try again for.
fn fail(running: &mut Running<'_>, stop: Stop, clock: &mut Clock) -> Stop {
    if let Stop::Failed(failure) = &stop {
        running.failed(failure);
    }
    match clock.departed() {
        Some(reason) => {
            running.alone();
            Stop::Left(reason)
        }
        None => stop,
    }
}

/// Gets an answer with status 200 whose kind is the one that was asked for.
async fn open(
    request: &Request<'_>,
    sending: &Sending<'_>,
    running: &mut Running<'_>,
    caller: &mut impl Waiting,
    clock: &mut Clock,
) -> Result<Line, Stop> {
    let provider = &sending.target.provider;
    let state = request.state;
    let line = match state.models.links.get(request.snapshot, provider) {
        Some(link) => {
            let outgoing = Outgoing {
                key: sending.key,
                called: Called {
                    format: sending.target.format(request.inbound),
                    path: &sending.request.path,
                    model: &sending.target.model,
                    stream: request.peek.stream,
                },
                betas: sending.betas,
                content_type: request.content_type.as_ref(),
                body: &sending.request.body,
            };
            let sent = running.sent();
            let way = (&state.connector, &state.egress);
            Line::open(way, &link, &sending.target.timeouts, &outgoing, sent, caller, clock)
                .await
                .map_err(|error| Stop::line(&provider.id, error))?
        }
        None if provider.protocol == Protocol::Demo => Line::demo(&sending.request.path, &sending.request.body),
        None => return Err(Stop::unusable(&provider.id, "its address cannot be called")),
    };
    let status = line.status();
    running.head(status);
    if (200..300).contains(&status) {
        line.headers().into_iter().for_each(|headers| sending.trial.head(headers));
        running.accepted(weir_llm::accepted(&context(request, sending, &running.settlement.application)));
        return match unfit(request, sending, &line) {
            None => Ok(line),
            Some(problem) => {
                line.cut().await;
                Err(Stop::unusable(&provider.id, &problem))
            }
        };
    }
    if status == 401
        && let Some(link) = state.models.links.get(request.snapshot, provider)
    {
        link.refused(sending.key);
    }
    Err(refused(request, sending, line, running, caller, clock).await)
}

/// What the provider's error says.
async fn refused(
    request: &Request<'_>,
    sending: &Sending<'_>,
    mut line: Line,
    running: &mut Running<'_>,
    caller: &mut impl Waiting,
    clock: &mut Clock,
) -> Stop {
    let (state, status) = (request.state, line.status());
    let wait = line.headers().and_then(|headers| retry_after(headers, time::now()));
    let error_type = line.error_type();
    let idle = sending.target.timeouts.idle_ms.min(5_000);
    let mut share = Share::default();
    let mut limit = Limit { most: MAX_ERROR_BODY, step_ms: idle, share: &mut share, budget: request.budget };
    let (body, done) = match line.collect(&mut limit, caller, clock).await {
        Ok(collected) => collected,
        Err(LineError::Interrupt(super::watch::Interrupt::Left(reason))) => return Stop::Left(reason),
        // The status says enough.
        Err(_) => (Bytes::new(), false),
    };
    if done {
        line.release(&state.connector).await;
    } else {
        line.cut().await;
    }
    running.settlement.captured(|capture| capture.answered(&body));
    let format = sending.target.format(request.inbound);
    let error = weir_llm::read_error(format, status, error_type.as_deref(), &body);
    Stop::provider(&sending.target.provider.id, error, wait)
}

/// What is wrong with an answer's head, if anything.
fn unfit(request: &Request<'_>, sending: &Sending<'_>, line: &Line) -> Option<String> {
    if let Some(encoding) = line.foreign_encoding() {
        return Some(format!("it answered with content-encoding {encoding:?}, although identity was asked for"));
    }
    let stream_type = sending.target.format(request.inbound).stream_type();
    (line.is_stream(stream_type) && !request.peek.stream)
        .then(|| "it answered with a stream, although none was asked for".to_owned())
}

/// Whether the answer reaches the caller as what the provider calls it.
fn is_passed_on(request: &Request<'_>, sending: &Sending<'_>) -> bool {
    let operation = request.peek.operation;
    operation.passed_on_at().is_some() && !sending.request.is_chat(operation)
}

fn context(request: &Request<'_>, sending: &Sending<'_>, application: &str) -> AnswerContext {
    let ids = kept_ids(request, sending, application);
    AnswerContext {
        operation: request.peek.operation,
        upstream: sending.target.format(request.inbound),
        inbound: request.inbound,
        include_usage: request.peek.include_usage == Some(true),
        json_array: request.peek.json_array,
        estimated_input: request.peek.estimated_input,
        created: u64::try_from(time::now() / 1_000_000).unwrap_or(0),
        request_id: request.id.clone(),
        tool_names: sending.request.tool_names.clone(),
        wanted: sending.request.wanted.clone().with_ids(ids),
    }
}

/// How the caller is to know what the provider keeps of an answer, where it keeps any.
fn kept_ids(request: &Request<'_>, sending: &Sending<'_>, application: &str) -> Ids {
    let keeps = request.inbound == Dialect::Responses
        && sending.target.format(request.inbound) == WireFormat::Responses
        && request.peek.operation == Operation::Chat;
    if !keeps {
        return Ids::default();
    }
    let provider = &sending.target.provider;
    let key = sending.key.and_then(|key| provider.keys.get(key)).map_or("", |key| key.id.as_str());
    stored::ids(request.snapshot, &Account::of(application, &provider.id, key))
}

/// Reads a whole answer.
async fn whole<'a>(
    request: &Request<'_>,
    sending: &Sending<'_>,
    mut running: Running<'a>,
    mut line: Line,
    mut clock: Clock,
    caller: &mut impl Waiting,
) -> Result<Ready<'a>, Stop> {
    let provider = &sending.target.provider;
    if request.peek.operation == Operation::CountTokens {
        running.costs_nothing();
    }
    let mut share = Share::default();
    let budget = request.budget;
    let mut limit = Limit { most: MAX_ANSWER, step_ms: sending.target.timeouts.idle_ms, share: &mut share, budget };
    let collected = line.collect(&mut limit, caller, &mut clock).await;
    running.waited(clock.waited());
    let stop = match collected {
        Ok((body, true)) => {
            running.settlement.captured(|capture| capture.answered(&body));
            let (status, foreign) = (line.status(), line.foreign_type());
            running.kind(line.content_type().filter(|_| is_passed_on(request, sending)));
            line.release(&request.state.connector).await;
            let answer = weir_llm::answer(
                &context(request, sending, &running.settlement.application),
                &body,
                &*running.pricing(),
            );
            match answer {
                Ok(_) if request.peek.stream && sending.request.is_chat(request.peek.operation) => {
                    Stop::unusable(&provider.id, "it answered whole, although a stream was asked for")
                }
                Ok(mut answer) => {
                    running.consumed(answer.usage);
                    running.lost(std::mem::take(&mut answer.dropped));
                    if let Some(reason) = clock.departed() {
                        running.drained();
                        if request.reads_on {
                            running.holds(share);
                            return Ok(Ready::Late(running, Box::new(answer), reason));
                        }
                        return Err(Stop::Left(reason));
                    }
                    running.end(Outcome::Ok, "");
                    running.holds(share);
                    return Ok(Ready::Whole(running, Box::new(answer)));
                }
                Err(AnswerError::Provider(error)) => Stop::provider(&provider.id, error, None),
                Err(AnswerError::Malformed(problem)) => {
                    let plain = foreign.map(|kind| format!("it answered {status} with {kind}, which is not JSON"));
                    Stop::unusable(&provider.id, plain.as_ref().unwrap_or(&problem))
                }
            }
        }
        Ok((_, false)) => {
            line.cut().await;
            Stop::unusable(&provider.id, &format!("its answer is larger than {MAX_ANSWER} bytes"))
        }
        Err(error) => {
            line.cut().await;
            Stop::line(&provider.id, error)
        }
    };
    Err(fail(&mut running, stop, &mut clock))
}

/// Reads a stream up to its first content; up to there it can fail without the caller seeing anything.
async fn begin_stream<'a>(
    request: &Request<'_>,
    sending: &Sending<'_>,
    running: Running<'a>,
    mut line: Line,
    mut clock: Clock,
    caller: &mut impl Waiting,
) -> Result<Ready<'a>, Stop> {
    let provider = &sending.target.provider;
    let timeouts = sending.target.timeouts;
    let translator =
        StreamTranslator::new(context(request, sending, &running.settlement.application), running.pricing());
    let mut running = running;
    running.kind(line.content_type().filter(|_| is_passed_on(request, sending)));
    let mut streaming = Streaming { running, translator };
    let mut held = BytesMut::new();
    let stop = loop {
        // The answer begins with its first content: up to there the limit of the first byte runs on, which has run since
        // the request was sent. Comments and pings are no answer; they must not keep the next target waiting. A model
        // that is known to be at work, at thinking that is not shown or at a search, has the time between pieces.
        let piece = clock.watch(caller, line.next()).await;
        streaming.running.waited(clock.waited());
        let mut ended = false;
        let pushed = match piece {
            Err(interrupt) => break Stop::line(&provider.id, LineError::Interrupt(interrupt)),
            Ok(Err(error)) => break Stop::line(&provider.id, LineError::Broken(error)),
            Ok(Ok(Some(piece))) => {
                streaming.running.settlement.captured(|capture| capture.answered_piece(&piece));
                match clock.took(piece.len()) {
                    Ok(()) => streaming.translator.push(&piece, &mut held),
                    Err(interrupt) => break Stop::line(&provider.id, LineError::Interrupt(interrupt)),
                }
            }
            Ok(Ok(None)) => {
                ended = true;
                streaming.translator.finish(&mut held)
            }
        };
        // Even behind the first content: nothing of it has gone to the caller yet.
        if let Err(error) = pushed {
            break Stop::stream(&provider.id, &error);
        }
        let content = streaming.translator.has_content();
        if !content && (ended || streaming.translator.is_complete()) {
            // An end in order, and not even a reason to stop before it: nothing of it was an answer.
            break Stop::unusable(&provider.id, "its stream holds no content");
        }
        if content {
            return Ok(Ready::Stream(Box::new(Flow { streaming, line, clock, held, timeouts, ended })));
        }
        let working = streaming.translator.is_working();
        if working {
            clock.arm(timeouts.idle_ms);
        }
        if held.len() > MAX_HELD {
            if working {
                return Ok(Ready::Stream(Box::new(Flow { streaming, line, clock, held, timeouts, ended })));
            }
            break Stop::unusable(&provider.id, "its stream holds no content");
        }
    };
    line.cut().await;
    streaming.note();
    Err(fail(&mut streaming.running, stop, &mut clock))
}
