//! What callers are told of a call for which no provider was asked.

use std::time::Duration;

use weir_llm::{ErrorKind, WireError};

use super::pool::cooldown::Rest;

/// While what calls cost cannot be written down.
pub(super) fn no_journal() -> WireError {
    let sentence = "the gateway cannot write its usage journal, so it takes no calls that cost money; try again";
    WireError::gateway(ErrorKind::Overloaded, sentence).with_code("journal_unavailable")
}

/// For a call of a kind that no target takes.
pub(super) fn unmet(model: &str) -> WireError {
    let sentence = format!(
        "no target of the model '{model}' takes this request: none of their conditions is met by its size, its content, \
         its tools, its headers and the caller's team"
    );
    WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("no_matching_target")
}

/// For a model of which every provider is switched off, or has no key that is good.
pub(super) fn nobody(model: &str) -> WireError {
    let sentence = format!(
        "nobody can be asked for the model '{model}': its providers are switched off, or their keys have expired"
    );
    WireError::gateway(ErrorKind::Overloaded, sentence).with_code("no_target")
}

/// For a call that was not passed on, because every provider that could take it wants to be left alone; with the
/// seconds after which one may be asked.
pub(super) fn not_yet(model: &str, rest: Rest) -> (WireError, Option<u64>) {
    let seconds = whole_seconds(rest.left);
    let (kind, code, why) = match rest.cause.limited {
        true => (ErrorKind::RateLimit, "upstream_rate_limited", "have been asked too often"),
        false => (ErrorKind::Overloaded, "upstream_cooling", "have asked to be left alone"),
    };
    let sentence = match rest.own {
        true => format!(
            "the gateway's own limits (rpm, tpm) of its keys for the model '{model}' are used up; try again in {seconds} s"
        ),
        false => format!("the providers of the model '{model}' {why}; try again in {seconds} s"),
    };
    (WireError::gateway(kind, sentence).with_code(code), Some(seconds))
}

/// Rounded up, so that nobody comes back too early.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
