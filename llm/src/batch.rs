//! What a batch consumed: from the results that stream past, a line for each request, and from the batch's own object.
//!
//! Sources: <https://platform.openai.com/docs/guides/batch>, <https://docs.anthropic.com/en/api/retrieving-message-batch-results>.

mod scan;

use serde::Deserialize;
use weir_domain::dialect::Dialect;
use weir_domain::time::parse_rfc3339;
use weir_domain::usage::{ServiceTier, Usage};

use self::scan::{Layout, Scan};
use crate::tap::{Metered, Tap};
use crate::wire::Text;

/// `{"custom_id", "response": {"status_code", "body": {…}}, "error"}`.
const OPENAI: Layout = Layout { path: ["response", "body"], verdict: "status_code" };
/// `{"custom_id", "result": {"type", "message": {…}}}`.
const ANTHROPIC: Layout = Layout { path: ["result", "message"], verdict: "type" };

/// What Anthropic says became of a request, as JSON.
const VERDICTS: [&str; 4] = ["\"succeeded\"", "\"errored\"", "\"canceled\"", "\"expired\""];
/// Where a batch has its sums, and these do not say what tools of the provider did.
const RESPONSES: &str = "/v1/responses";

/// One request of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchLine {
    /// Whether the line says what became of the request. Of another one nobody knows what it cost: it is torn, or in a
    /// form that is not the vendor's.
    pub understood: bool,
    /// Whether the provider says that it succeeded. What failed costs nothing.
    pub succeeded: bool,
    /// Which model answered, and what it consumed, at the tier of batches; `None` where the line does not say.
    pub metered: Metered,
}

/// Reads along with a file of results (JSON, one object to a line) in constant memory, however long a line is.
#[derive(Debug)]
pub struct BatchLines {
    scan: Scan,
    dialect: Dialect,
}

impl BatchLines {
    /// For results in the form of a dialect's vendor.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let layout = if dialect == Dialect::Anthropic { &ANTHROPIC } else { &OPENAI };
        Self { scan: Scan::new(layout), dialect }
    }

    /// Takes the next bytes, however they are cut, and hands out each line that they complete.
    pub fn push(&mut self, bytes: &[u8], mut receive: impl FnMut(BatchLine)) {
        let dialect = self.dialect;
        self.scan.push(bytes, |line| receive(read(line, dialect)));
    }

    /// Hands out the last line, where no line feed follows it.
    pub fn finish(mut self, mut receive: impl FnMut(BatchLine)) {
        if let Some(line) = self.scan.end() {
            receive(read(line, self.dialect));
        }
    }
}

fn read(line: scan::Line, dialect: Dialect) -> BatchLine {
    let verdict = line.verdict.as_deref().unwrap_or_default();
    let (told, succeeded) = match dialect {
        Dialect::Anthropic => (VERDICTS.contains(&verdict), verdict == VERDICTS[0]),
        _ => (verdict.parse::<u16>().is_ok(), verdict == "200"),
    };
    let understood = line.whole && (told || line.failed);
    BatchLine { understood, succeeded, metered: at_tier(line.answer) }
}

/// Whatever tier an answer names, it was made in a batch.
fn at_tier(metered: Metered) -> Metered {
    let usage = metered.usage.map(|usage| Usage { tier: ServiceTier::Batch, ..usage });
    Metered { usage, ..metered }
}

/// A batch, as its vendor describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchState {
    /// When it was made, in seconds since 1970 UTC; 0 where that is not said.
    pub made: u64,
    /// Whether nothing more will come of it.
    pub ended: bool,
    /// How many of its requests succeeded, where that is said.
    pub succeeded: Option<u64>,
    /// The model and the sums of what all requests consumed, where both are said (OpenAI's batches since September 2025)
    /// and are all that a cost depends on: the sums say nothing of the tools that answers of the Responses API tell of.
    pub metered: Metered,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    object: Option<&'a str>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a str>,
    #[serde(default)]
    created_at: serde_json::Value,
    #[serde(borrow, default)]
    status: Option<&'a str>,
    #[serde(borrow, default)]
    processing_status: Option<&'a str>,
    #[serde(borrow, default)]
    endpoint: Option<Text<'a>>,
    #[serde(default)]
    request_counts: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default, alias = "succeeded")]
    completed: Option<u64>,
}

impl BatchState {
    /// Reads the object of a batch; `None` where it is something else.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_slice(json).ok()?;
        let ended = match (wire.object, wire.kind) {
            (Some("batch"), _) => {
                matches!(wire.status, Some("completed" | "failed" | "expired" | "cancelled"))
            }
            (_, Some("message_batch")) => wire.processing_status == Some("ended"),
            _ => return None,
        };
        let made = match &wire.created_at {
            serde_json::Value::Number(seconds) => whole_seconds(seconds),
            serde_json::Value::String(text) => {
                parse_rfc3339(text).ok().and_then(|micros| u64::try_from(micros / 1_000_000).ok())
            }
            _ => None,
        };
        let mut tap = Tap::new("");
        tap.event(json);
        let mut metered = at_tier(tap.so_far(true));
        let succeeded = wire.request_counts.and_then(|counts| counts.completed);
        // Sums of nothing, where something was done, are those of a batch whose usage is not counted.
        if succeeded != Some(0) {
            let is_all = wire.endpoint.as_deref() != Some(RESPONSES);
            let counts = |usage: &Usage| usage.tokens.buckets().iter().any(|count| *count > 0);
            metered.usage = metered.usage.filter(|usage| is_all && counts(usage));
        }
        Some(Self { made: made.unwrap_or(0), ended, succeeded, metered })
    }
}

/// Some write a fraction along.
fn whole_seconds(seconds: &serde_json::Number) -> Option<u64> {
    let text = seconds.to_string();
    text.split('.').next().filter(|_| !text.contains('e'))?.parse().ok()
}

#[cfg(test)]
mod tests;
