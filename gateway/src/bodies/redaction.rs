//! From what was taken along to what is kept: without secrets and without what the team does not want, bounded.

use weir_domain::bodies::{Bodies, Body, Held};
use weir_domain::dialect::WireFormat;
use weir_domain::redact::{self, Secrets, TakenOut};

use super::capture::{Capture, Taken};
use super::keeper::Facts;

/// What is kept of a request.
pub(super) fn redacted(capture: &Capture, facts: &Facts, secrets: &Secrets) -> Bodies {
    let one = Redaction { capture, secrets, facts };
    let held = if capture.log.redactor.goes_by_place() { one.by_place() } else { one.held(&mut TakenOut::default()) };
    Bodies {
        id: facts.id.clone(),
        team: facts.team.clone(),
        at: facts.at,
        expires_at: facts.at.saturating_add(capture.log.retention),
        max_total_bytes: capture.log.max_total_bytes,
        held,
    }
}

struct Redaction<'a> {
    capture: &'a Capture,
    secrets: &'a Secrets,
    facts: &'a Facts,
}

impl Redaction<'_> {
    /// What stands at one place in the caller's dialect stands at another in the provider's: words are looked for there,
    /// and where that does not do, the digest alone is kept.
    fn by_place(&self) -> Held {
        let mut taken = TakenOut::default();
        self.of_caller(&mut taken);
        let by_caller = taken.hidden();
        self.of_provider(&mut taken);
        let by_provider = taken.hidden();
        let mut held = self.held(&mut taken);
        if self.is_translated() {
            let Capture { request, provider_request, provider_answer, answer, .. } = self.capture;
            if by_caller.may_show_elsewhere() {
                withhold(&mut held.provider_request, provider_request);
                withhold(&mut held.provider_answer, provider_answer);
            }
            // Of what the provider said, the caller may have got nothing that a pointer could have found.
            if !self.facts.ended_well && self.capture.log.redactor.has_idle_pointers(&by_caller) {
                withhold(&mut held.provider_answer, provider_answer);
            }
            if by_provider.may_show_in(&by_caller) {
                withhold(&mut held.request, request);
                withhold(&mut held.answer, answer);
            }
        }
        held
    }

    /// Whether the provider's bodies have another shape than the caller's.
    fn is_translated(&self) -> bool {
        let Capture { inbound, format, provider_answer, answer, .. } = self.capture;
        let answered = (provider_answer, answer);
        format.is_some_and(|format| format != *inbound)
            || matches!(answered, (Taken::Whole(_), Taken::Pieces { .. }) | (Taken::Pieces { .. }, Taken::Whole(_)))
    }

    fn held(&self, out: &mut TakenOut) -> Held {
        let ([request, answer], [provider_request, provider_answer]) = (self.of_caller(out), self.of_provider(out));
        Held { attempt: self.capture.attempt, request, provider_request, provider_answer, answer }
    }

    fn of_caller(&self, out: &mut TakenOut) -> [Option<Body>; 2] {
        let Capture { inbound, request, answer, .. } = self.capture;
        [self.request(request, out), self.answer(answer, *inbound, out)]
    }

    fn of_provider(&self, out: &mut TakenOut) -> [Option<Body>; 2] {
        let Capture { inbound, format, provider_request, provider_answer, .. } = self.capture;
        [self.request(provider_request, out), self.answer(provider_answer, format.unwrap_or(*inbound), out)]
    }

    fn request(&self, taken: &Taken, out: &mut TakenOut) -> Option<Body> {
        match taken {
            // What a form holds beside files cannot be told from them without reading it all.
            Taken::Whole(bytes) if self.capture.form => Some(redact::opaque(bytes)),
            Taken::Whole(bytes) => Some(self.whole(bytes, out)),
            Taken::Nothing | Taken::Pieces { .. } => None,
        }
    }

    fn answer(&self, taken: &Taken, format: WireFormat, out: &mut TakenOut) -> Option<Body> {
        match taken {
            Taken::Nothing => None,
            // A stream that was kept by the cache of answers is given whole.
            Taken::Whole(bytes) if self.facts.stream && !bytes.trim_ascii_start().starts_with(b"{") => {
                Some(self.stream(bytes, bytes.len(), format, out))
            }
            Taken::Whole(bytes) => Some(self.whole(bytes, out)),
            Taken::Pieces { begin, bytes } => Some(self.stream(begin, *bytes, format, out)),
        }
    }

    fn whole(&self, bytes: &[u8], out: &mut TakenOut) -> Body {
        self.capture.log.redactor.body(self.secrets, out, bytes, self.capture.log.max_bytes)
    }

    /// `begin` is what was looked at of a stream of so many bytes.
    fn stream(&self, begin: &[u8], bytes: usize, format: WireFormat, out: &mut TakenOut) -> Body {
        let (cut, log) = (begin.len() < bytes, &self.capture.log);
        let binary = std::str::from_utf8(begin).is_err_and(|error| error.error_len().is_some());
        if binary && format != WireFormat::Bedrock {
            // Sound, of which nothing but its begin is at hand.
            return Body { bytes: bytes as u64, truncated: cut, ..redact::opaque(begin) };
        }
        let events = weir_llm::raw_events(format, begin, cut);
        if events.is_empty() && !binary {
            let body = self.whole(begin, out);
            return Body { bytes: bytes as u64, truncated: body.truncated || cut, ..body };
        }
        log.redactor.events(self.secrets, out, events, (bytes, cut), log.max_bytes)
    }
}

/// Leaves of a body nothing but its digest and size.
fn withhold(body: &mut Option<Body>, taken: &Taken) {
    match taken {
        Taken::Nothing => {}
        Taken::Whole(bytes) => *body = Some(redact::withheld(bytes, bytes.len())),
        Taken::Pieces { begin, bytes } => *body = Some(redact::withheld(begin, *bytes)),
    }
}
