//! From what was taken along to what is kept: without secrets and without what the team does not want, bounded.

use weir_domain::bodies::{Bodies, Body, Held};
use weir_domain::dialect::WireFormat;
use weir_domain::redact::{self, Secrets, TakenOut};

use super::capture::{Capture, Taken};
use super::keeper::Facts;

/// What is kept of a request.
pub(super) fn redacted(capture: &Capture, facts: &Facts, secrets: &Secrets) -> Bodies {
    let one = Redaction { capture, secrets, stream: facts.stream };
    let mut taken = TakenOut::default();
    if capture.log.redactor.goes_by_place() {
        // What stands at one place in the caller's dialect stands at another in the provider's.
        one.held(&mut taken);
    }
    let held = one.held(&mut taken);
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
    stream: bool,
}

impl Redaction<'_> {
    fn held(&self, out: &mut TakenOut) -> Held {
        let Capture { inbound, format, request, provider_request, provider_answer, answer, .. } = self.capture;
        Held {
            attempt: self.capture.attempt,
            request: self.request(request, out),
            provider_request: self.request(provider_request, out),
            provider_answer: self.answer(provider_answer, format.unwrap_or(*inbound), out),
            answer: self.answer(answer, *inbound, out),
        }
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
            Taken::Whole(bytes) if self.stream && !bytes.trim_ascii_start().starts_with(b"{") => {
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
