//! Bookkeeping of an attempt under way: what is known of it stands in the request's record at every moment, so that
//! it is right however the attempt ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::HeaderValue;
use weir_domain::ledger::{self, Aborted, Outcome, Shadowed};
use weir_domain::money::NanoUsd;
use weir_domain::price::{PriceRow, Rates};
use weir_domain::snapshot::Target;
use weir_domain::spec::OnAbort;
use weir_domain::usage::{Usage, UsageSource};
use weir_llm::{Pricing, StreamTranslator};

use super::body::Share;
use super::failure::Failure;
use crate::metering::{Settlement, cut, micros};

/// The longest error text of an attempt, in bytes.
const MAX_ERROR: usize = 300;
/// What stands before the names of parts of the answer, to tell them from parameters of the request.
const RESPONSE: &str = "response.";

/// One attempt under way. Dropping it notes its end; unless [`Self::end`] said otherwise, the caller left.
pub(super) struct Running<'a> {
    pub(super) settlement: &'a mut Settlement,
    index: usize,
    begun: Instant,
    waited: Duration,
    rates: Option<Arc<Rates>>,
    closed: bool,
    sent: bool,
    /// What the request surely consumed, should its answer say nothing.
    accepted: Option<Box<Usage>>,
    failed: Option<Billing>,
    /// Whether it costs nothing, whatever the model's price.
    free: bool,
    share: Share,
    lost: Vec<&'static str>,
    on_abort: OnAbort,
    /// The caller left while the answer was read on.
    alone: bool,
    /// Boxed: it is large, and few answers have one.
    kind: Option<Box<HeaderValue>>,
}

/// What a failure tells of the provider's bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Billing {
    /// It said itself that it failed: what failed is not billed.
    Declined,
    /// It answered, but with what cannot be read: it may bill any of it.
    Unreadable,
    /// It gave no answer, or no more of it.
    Silent,
}

/// The price of the model that answers, at the request's time.
struct Priced(Arc<Rates>);

impl Pricing for Priced {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        self.0.cost_of(usage)
    }
}

impl<'a> Running<'a> {
    /// Begins an attempt.
    pub(super) fn begin(settlement: &'a mut Settlement, target: &Target, key: Option<usize>) -> Self {
        let price: Option<&PriceRow> = target.provider.price(&target.model, settlement.at);
        let key = key.and_then(|k| target.provider.keys.get(k)).map(|k| k.id.clone());
        let index = settlement.attempts.len();
        settlement.provider.clone_from(&target.provider.id);
        settlement.upstream_model.clone_from(&target.model);
        let attempt = ledger::Attempt {
            number: settlement.first_attempt().saturating_add(u32::try_from(index).unwrap_or(u32::MAX)),
            provider: target.provider.id.clone(),
            provider_key: key.unwrap_or_default(),
            target: target.model.clone(),
            started_us: settlement.elapsed_us(),
            first_byte_us: None,
            duration_us: 0,
            status: 0,
            outcome: Outcome::Aborted,
            error: String::new(),
            usage: Usage::default(),
            cost: None,
            price: price.map(|row| row.id.clone()).unwrap_or_default(),
            aborted: None,
            shadow: settlement.shadow_of.as_ref().map(|_| Shadowed::default()),
        };
        settlement.attempts.push(attempt);
        let rates = price.map(|row| Arc::clone(&row.rates));
        Self {
            settlement,
            index,
            begun: Instant::now(),
            waited: Duration::ZERO,
            rates,
            closed: false,
            sent: false,
            accepted: None,
            failed: None,
            free: false,
            share: Share::default(),
            lost: Vec::new(),
            on_abort: target.provider.on_abort,
            alone: false,
            kind: None,
        }
    }

    /// What knows the price of this attempt's model.
    pub(super) fn pricing(&self) -> Arc<dyn Pricing> {
        match &self.rates {
            Some(rates) => Arc::new(Priced(Arc::clone(rates))),
            None => Arc::new(|_: &Usage| None),
        }
    }

    fn entry(&mut self) -> Option<&mut ledger::Attempt> {
        self.settlement.attempts.get_mut(self.index)
    }

    /// Where it is noted that bytes of the request go to the provider: from then on it may work, and bill.
    pub(super) fn sent(&mut self) -> &mut bool {
        &mut self.sent
    }

    /// Notes the provider's status, and that its first byte is here.
    pub(super) fn head(&mut self, status: u16) {
        let first_byte = micros(self.begun.elapsed());
        if let Some(entry) = self.entry() {
            entry.status = status;
            entry.first_byte_us = Some(first_byte);
        }
    }

    /// Notes that the provider has taken the request on, and what it surely consumes for that.
    pub(super) fn accepted(&mut self, usage: Usage) {
        self.accepted = Some(Box::new(usage));
    }

    /// Notes what was consumed so far.
    pub(super) fn consumed(&mut self, usage: Usage) {
        // Nothing known of usage is not nothing used: the cost is unknown until the end says more.
        let known = self.rates.as_ref().filter(|_| usage.source != UsageSource::None);
        let cost = known.and_then(|rates| rates.cost_of(&usage));
        let cost = if self.free { Some(NanoUsd::ZERO) } else { cost };
        if let Some(entry) = self.entry() {
            entry.usage = usage;
            entry.cost = cost;
        }
    }

    /// Notes whether the answer is read on when the caller leaves.
    pub(super) fn reads_on(&mut self, reads_on: bool) {
        self.on_abort = if reads_on { OnAbort::Drain } else { OnAbort::Cut };
    }

    /// Notes that the caller left while the answer was read on.
    pub(super) fn alone(&mut self) {
        self.alone = true;
    }

    /// Notes that an answer whose caller left was read to its end.
    pub(super) fn drained(&mut self) {
        self.alone = true;
        if let Some(entry) = self.entry() {
            entry.aborted = Some(Aborted::Drained);
        }
    }

    /// Notes how long the provider was waited for.
    pub(super) fn waited(&mut self, waited: Duration) {
        self.waited = waited;
    }

    /// Keeps the answer's share of memory until the answer has gone out.
    pub(super) fn holds(&mut self, share: Share) {
        self.share = share;
    }

    /// Notes what the answer says it is, where that goes to the caller.
    pub(super) fn kind(&mut self, kind: Option<HeaderValue>) {
        self.kind = kind.map(Box::new);
    }

    /// What the answer says it is, where that goes to the caller.
    pub(super) fn take_kind(&mut self) -> Option<HeaderValue> {
        self.kind.take().map(|kind| *kind)
    }

    /// Notes that the attempt costs nothing, whatever the model's price.
    pub(super) fn costs_nothing(&mut self) {
        self.free = true;
        if let Some(entry) = self.entry() {
            entry.cost = Some(NanoUsd::ZERO);
            entry.price.clear();
        }
    }

    /// Notes the parts of the answer, all so far, that the caller's dialect has no place for.
    pub(super) fn lost(&mut self, names: Vec<&'static str>) {
        self.lost = names;
    }

    /// Says how the attempt ended.
    pub(super) fn end(&mut self, outcome: Outcome, error: &str) {
        if let Some(entry) = self.entry() {
            entry.outcome = outcome;
            cut(error, MAX_ERROR).clone_into(&mut entry.error);
        }
    }

    /// Says that the attempt failed before anything of it went to the caller, and what that tells of the provider's bill.
    pub(super) fn failed(&mut self, failure: &Failure) {
        self.failed = Some(failure.billing);
        self.end(failure.outcome, &failure.error.message);
    }

    /// Says that the attempt failed when a part of its answer had gone to the caller, who is charged for that part.
    pub(super) fn broke_off(&mut self, failure: &Failure) {
        self.failed = (failure.billing == Billing::Declined).then_some(Billing::Declined);
        self.end(failure.outcome, &failure.error.message);
    }

    /// What the attempt costs of which the provider has counted nothing: nothing where it never had the request, or said
    /// that it failed; the prompt where it took the request on and fell silent; else nobody knows, and no number is made
    /// up.
    fn presume(&mut self) {
        let Some((source, status)) = self.entry().map(|entry| (entry.usage.source, entry.status)) else { return };
        let is_unreadable = self.failed == Some(Billing::Unreadable);
        let is_guess = source == UsageSource::None || (is_unreadable && source == UsageSource::Estimated);
        if !is_guess || self.free {
            return;
        }
        if !self.sent || status >= 400 || self.failed == Some(Billing::Declined) {
            if let Some(entry) = self.entry() {
                entry.cost = Some(NanoUsd::ZERO);
            }
        } else if is_unreadable {
            self.consumed(Usage::default());
        } else if let Some(usage) = self.accepted.take() {
            self.consumed(*usage);
        }
    }

    /// What it costs, as far as is known.
    pub(super) fn cost(&mut self) -> Option<NanoUsd> {
        self.entry().and_then(|entry| entry.cost)
    }

    /// Charges the caller with what the attempt consumed: its answer, or a part of it, goes to the caller. What that
    /// lacks of the provider's answer joins the parameters that were dropped.
    pub(super) fn charge(&mut self) {
        if let Some((usage, cost)) = self.entry().map(|entry| (entry.usage, entry.cost)) {
            self.settlement.usage = usage;
            self.settlement.cost = cost;
        }
        // Taken: who is charged twice by one attempt is told once what it lacks.
        let lost = std::mem::take(&mut self.lost);
        self.settlement.dropped.extend(lost.iter().map(|name| format!("{RESPONSE}{name}")));
    }
}

impl Running<'_> {
    /// Completes the entry; for a request that is settled while the attempt is still at hand. Done by itself when it
    /// is dropped.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        let duration = micros(self.begun.elapsed());
        self.settlement.upstream_us += micros(self.waited);
        self.presume();
        let (sent, alone, on_abort) = (self.sent, self.alone, self.on_abort);
        let Some(entry) = self.entry() else { return };
        entry.duration_us = duration;
        let left = entry.outcome == Outcome::Aborted;
        if left || alone {
            let cut = if on_abort == OnAbort::Drain && sent { Aborted::Truncated } else { Aborted::Cut };
            entry.aborted.get_or_insert(cut);
        }
        if left && std::thread::panicking() {
            entry.outcome = Outcome::Internal;
        }
        if entry.cost.is_none() {
            // No row says what it costs.
            entry.price.clear();
        }
        if left || alone {
            self.charge();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.close();
    }
}

/// An attempt whose answer is a stream.
pub(super) struct Streaming<'a> {
    pub(super) running: Running<'a>,
    pub(super) translator: StreamTranslator,
}

impl Streaming<'_> {
    /// Notes the usage so far and what was left out; done by itself when the stream is dropped.
    pub(super) fn note(&mut self) {
        self.running.lost(self.translator.dropped());
        self.running.consumed(self.translator.usage());
    }
}

impl Drop for Streaming<'_> {
    fn drop(&mut self) {
        if !self.running.closed {
            self.note();
        }
    }
}
