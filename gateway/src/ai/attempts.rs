//! The attempts of a call: one target after another, until one answers.

use std::time::{Duration, Instant};

use pingora_core::Result;
use pingora_proxy::Session;
use weir_domain::dialect::WireFormat;
use weir_domain::money::NanoUsd;
use weir_domain::operation::Operation;
use weir_domain::snapshot::ModelRoute;
use weir_llm::{RequestError, WireError};

use super::attempt::{self, Ready, Request, Sending};
use super::call::{Call, Refusal};
use super::due::{Due, due};
use super::failure::{Failure, Stop};
use super::held::Held;
use super::plan::{Choice, Plan};
use super::pool::cooldown::Rest;
use super::pool::trial::Trial;
use super::running::Running;
use super::shadow::Copies;
use super::unasked::whole_seconds;
use super::{relay, repeat, unasked};
use crate::metering::Settlement;

impl Call<'_> {
    /// Attempts one target after another until one answers, and gives that answer to the caller.
    pub(super) async fn attempts<R: FnMut(u64) -> u64>(
        self,
        mut plan: Plan<R>,
        session: &mut Session,
        settlement: &mut Settlement,
        held: &mut Held,
    ) -> Result<Result<()>, Refusal> {
        let mut last: Option<Box<Failure>> = None;
        let mut misfit = None;
        let mut made = 0;
        while made < self.route.max_attempts.max(1) {
            let Some(choice) = plan.next(Instant::now()) else { break };
            let Some(target) = self.route.targets.get(choice.target) else { break };
            let prepared = match self.prepare(target).inspect_err(|_| plan.unmade(choice)) {
                Ok(prepared) => prepared,
                Err(error @ RequestError::Unsupported { .. }) => {
                    misfit = Some(error.to_wire());
                    plan.unfit(choice);
                    continue;
                }
                Err(error) => return Err((error.to_wire(), None)),
            };
            match due(session, settlement, &plan, choice, self.request.ends).await {
                Due::Now => {}
                Due::Never => break,
                Due::Left(reason) => return Ok(Err(reason)),
            }
            made += 1;
            settlement.dropped = self.dropped(target, &prepared);
            let format = target.format(self.request.inbound);
            settlement.captured(|capture| capture.sending(format, &prepared.body));
            let mut trial = plan.begin(choice);
            let running = Running::begin(settlement, target, choice.key);
            let betas = (format == WireFormat::Anthropic).then_some(&self.betas);
            let sending = Sending { target, key: choice.key, betas, request: &prepared, trial: &trial };
            held.asks();
            let begun = Instant::now();
            let ready = match attempt::run(&self.request, &sending, running, session.as_downstream_mut()).await {
                Ok(ready) => ready,
                Err(Stop::Left(reason)) => return Ok(Err(reason)),
                Err(Stop::Failed(failure)) => {
                    held.failed(&failure);
                    let again = failed(self.route, &self.request.id, (&mut trial, choice), &failure, &mut plan, made);
                    last = Some(failure);
                    if again {
                        continue;
                    }
                    break;
                }
            };
            trial.answered();
            held.sample(first_byte(&ready).unwrap_or_else(|| begun.elapsed()));
            // No other attempt follows: a long stream need not hold the request's bytes in memory.
            drop((prepared, self.body));
            let given = give(&self.request, session, ready, self.copies, held).await;
            let tokens = settlement.usage.tokens;
            trial.consumed(tokens.input_total() + tokens.output_total());
            return Ok(given);
        }
        if plan.is_unmet() {
            return Err((unasked::unmet(&self.route.name), None));
        }
        if self.request.peek.operation == Operation::CountTokens && made == 0 && misfit.is_some() {
            return Ok(estimated(&self.request, session, settlement, held).await);
        }
        Err(refusal(self.route, settlement, last, misfit, plan.barred(Instant::now()), made))
    }
}

/// When the first byte of a whole answer came, from the attempt's begin on. Of a stream it says nothing: what comes first of
/// one is often no content.
fn first_byte(ready: &Ready<'_>) -> Option<Duration> {
    match ready {
        Ready::Stream(_) => None,
        Ready::Whole(running, _) | Ready::Late(running, ..) => {
            let attempt = running.settlement.attempts.last()?;
            attempt.first_byte_us.map(Duration::from_micros)
        }
    }
}

/// Leaves alone what failed, and says whether another attempt may follow.
pub(super) fn failed<R: FnMut(u64) -> u64>(
    route: &ModelRoute,
    id: &str,
    (trial, choice): (&mut Trial, Choice),
    failure: &Failure,
    plan: &mut Plan<R>,
    made: u32,
) -> bool {
    let blame = failure.why.map(|why| failure.blame(why));
    trial.failed(failure, blame);
    tracing::debug!(request = id, attempt = made, blame = ?blame, reason = failure.error.message, "attempt failed");
    if failure.is_too_long() {
        return plan.outgrown(choice);
    }
    let (Some(why), Some(blame)) = (failure.why, blame) else { return false };
    plan.failed(choice, blame, failure.retry_after, made);
    route.retry_on.contains(&why)
}

/// What the caller is told when no attempt gave an answer.
pub(super) fn refusal(
    route: &ModelRoute,
    settlement: &mut Settlement,
    last: Option<Box<Failure>>,
    misfit: Option<WireError>,
    barred: Option<Rest>,
    made: u32,
) -> Refusal {
    if let Some(mut failure) = last {
        if made > 1 {
            failure.error.message = format!("{} (the last of {made} attempts)", failure.error.message);
        }
        settlement.end(failure.outcome, failure.error.code.as_deref().unwrap_or("upstream_error"));
        return (failure.error, failure.retry_after.map(whole_seconds));
    }
    if let Some(rest) = barred {
        return unasked::not_yet(&route.name, rest);
    }
    if let Some(error) = misfit {
        return (error, None);
    }
    (unasked::nobody(&route.name), None)
}

async fn give(
    request: &Request<'_>,
    session: &mut Session,
    ready: Ready<'_>,
    copies: Copies<'_>,
    held: &mut Held,
) -> Result<()> {
    match ready {
        Ready::Whole(running, answer) => {
            let (attempt, inbound) = (running.settlement.attempts.last(), request.inbound);
            let bound = attempt.map(|_| weir_llm::bound(inbound, &answer)).unwrap_or_default();
            request.state.models.affinity.keep(running.settlement, bound);
            relay::whole(session, request.inbound, running, answer, copies, held).await
        }
        Ready::Stream(flow) => relay::stream(request.state, session, request.inbound, flow, copies, held).await,
        Ready::Late(running, answer, reason) => repeat::late(request.inbound, running, *answer, reason, held).await,
    }
}

/// Weir's own count of tokens, where no provider of the model counts.
async fn estimated(
    request: &Request<'_>,
    session: &mut Session,
    settlement: &mut Settlement,
    held: &mut Held,
) -> Result<()> {
    // It is made again for nothing.
    held.gave_up(settlement).await;
    settlement.cost = Some(NanoUsd::ZERO);
    let body = weir_llm::estimated_count(request.inbound, request.peek);
    super::give_with(session, settlement, request.inbound, body, Some(("x-weir-estimated", "true"))).await
}
