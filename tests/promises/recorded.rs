//! Every recorded stream of a vendor, re-cut on its way to the real binary, gives the identical answer: text, thinking
//! with its signature, tool calls. What the caller reads as usage is what the ledger holds, each time, and the same
//! as for the same answer not streamed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use weir_harness::chat::Answered;
use weir_harness::provider::{Queued, Vendor};
use weir_harness::script::{Script, Wire};
use weir_harness::sse;

use crate::metering::{priced, row};
use crate::recut::settled;
use crate::stand::{DIALECTS, Stand, request, streamed};

/// Requests under way at once.
const PARALLEL: usize = 16;
/// Streams in which Weir has most to keep together are cut at every byte, the others at every so many; the `llm`
/// crate's own tests cut all of them at every byte.
const WHOLLY: [&str; 2] = ["thinking", "reasoning"];
const STRIDE: usize = 17;

/// One recorded stream, and the same answer not streamed where there is one.
struct Recorded {
    name: String,
    stream: String,
    whole: Option<String>,
}

fn recorded(vendor: Vendor) -> anyhow::Result<Vec<Recorded>> {
    let place = match vendor {
        Vendor::Openai => "openai",
        Vendor::Anthropic => "anthropic",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("llm/fixtures").join(place);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path: PathBuf = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sse") {
            let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
            let whole = std::fs::read_to_string(path.with_extension("json")).ok();
            all.push(Recorded { name, stream: std::fs::read_to_string(&path)?, whole });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    ensure!(all.len() >= 8, "only {} streams in {}", all.len(), folder.display());
    Ok(all)
}

/// The stream with other line ends, or with a comment before each event: other bytes of the same meaning.
fn respelled(stream: &str) -> anyhow::Result<[String; 2]> {
    let lines = stream.replace("\r\n", "\n");
    let mut commented = String::new();
    for event in lines.split_inclusive("\n\n") {
        write!(commented, ": keep-alive\n\n{event}")?;
    }
    Ok([lines.replace('\n', "\r\n"), commented])
}

/// Every way in which a stream is sent: its bytes, and how they are cut.
fn forms(recorded: &Recorded) -> anyhow::Result<Vec<(String, Wire)>> {
    let stream = &recorded.stream;
    let step = if WHOLLY.contains(&recorded.name.as_str()) { 1 } else { STRIDE };
    let every = |size| Wire { cut_every: Some(size), chunked: true, ..Wire::default() };
    let cuts = (1..stream.len()).step_by(step).map(|at| Wire { cut_at: Some(at), chunked: true, ..Wire::default() });
    let mut forms: Vec<(String, Wire)> =
        cuts.chain([every(1), every(3), every(64)]).map(|wire| (stream.clone(), wire)).collect();
    for other in respelled(stream)? {
        forms.extend([every(usize::MAX), every(5)].map(|wire| (other.clone(), wire)));
    }
    Ok(forms)
}

/// What the vendor sends: these bytes, whatever the request.
fn says(body: &str, media_type: &str, wire: &Wire) -> Script {
    let script = Script { body: Some(body.to_owned()), ..Script::default() };
    script.header("content-type", media_type).on_wire(wire.clone())
}

/// What a caller can tell of an answer: comments, pings and line ends are not part of it.
fn told(answered: &Answered) -> String {
    // A comment for a caller of OpenAI's dialect is a ping for one of Anthropic's.
    let events = settled(&answered.body);
    let said: Vec<&str> = events.lines().filter(|line| !line.starts_with("Some(\"ping\")")).collect();
    format!("{} {}", answered.status, said.join("\n"))
}

/// The usage that the wire shows last, field by field; `Null` when it shows none.
fn wire_usage(caller: Vendor, body: &[u8]) -> Value {
    let mut last = json!({});
    for event in sse::parse(body) {
        let data = event.json();
        let usage = if data["type"] == "message_start" { &data["message"]["usage"] } else { &data["usage"] };
        for (name, value) in usage.as_object().into_iter().flatten() {
            last[name] = value.clone();
        }
    }
    let count = |name: &str| last[name].as_u64().unwrap_or(0);
    if last.get("cost").is_none() {
        return Value::Null;
    }
    let (input, output) = match caller {
        // Google's `completion_tokens` lack the reasoning, which only the total shows; within the dialect they stand.
        Vendor::Openai => (count("prompt_tokens"), count("total_tokens").saturating_sub(count("prompt_tokens"))),
        Vendor::Anthropic => (
            count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens"),
            count("output_tokens"),
        ),
    };
    json!({"input": input, "output": output, "cost": last["cost"]})
}

/// The same of a ledger row.
fn ledger_usage(row: &Value) -> Value {
    let tokens = &row["usage"]["tokens"];
    let sum = |names: &[&str]| names.iter().map(|name| tokens[name].as_u64().unwrap_or(0)).sum::<u64>();
    let input = ["input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in"];
    let dollars = row["cost_usd"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({"input": sum(&input), "output": sum(&["output_text", "reasoning", "audio_out", "image_out"]), "cost": dollars})
}

/// A vendor and a caller, with one model for every recorded stream.
struct Pair {
    stand: Stand,
    caller: Vendor,
    provider: Vendor,
}

impl Pair {
    async fn start(caller: Vendor, provider: Vendor, all: &[Recorded]) -> anyhow::Result<Self> {
        let id = if provider == Vendor::Openai { "oai" } else { "ant" };
        let stand = Stand::start_with(|config, _, _| {
            let rates = json!({"input": "3", "output": "15", "cache_read": "0.30", "cache_write_5m": "3.75"});
            let any = json!({"provider": id, "model": "*", "per_million": rates});
            all.iter().fold(priced(config).with("Price", "any", &any), |config, recorded| {
                // One attempt, and no rest after a failure: each request is to meet its own script.
                let route = json!({
                    "targets": [{"provider": id, "model": recorded.name}],
                    "retry": {"max_attempts": 1, "on": [], "cooldown_ms": 0},
                });
                config.with("ModelRoute", &recorded.name, &route)
            })
        })
        .await?;
        Ok(Self { stand, caller, provider })
    }

    async fn ask(&self, recorded: &Recorded, script: Script, fields: &Value) -> anyhow::Result<Answered> {
        let queued = Queued { model: Some(recorded.name.clone()), times: Some(1), script };
        self.stand.fake(self.provider).queue(queued);
        self.stand.caller.ask(self.caller, &request(self.caller, &recorded.name, fields)).await
    }

    async fn ask_stream(&self, recorded: &Recorded, body: &str, wire: &Wire) -> anyhow::Result<Answered> {
        self.ask(recorded, says(body, "text/event-stream", wire), &streamed(self.caller)).await
    }

    /// The ledger row of an answer, after a check that it holds what the wire says.
    async fn row(&self, answered: &Answered) -> anyhow::Result<Value> {
        row(&self.stand, answered.header("x-weir-request-id").context("no id")?).await
    }

    /// Sends a stream in each form. Returns how often it was sent, and the usage of one; `None` for a stream that fails
    /// amid its answer, which is no answer at all when the failure arrives before anything has gone to the caller.
    async fn recut(&self, recorded: &Recorded) -> anyhow::Result<(usize, Option<Value>)> {
        // Byte for byte, so that a stream that fails has begun before.
        let slow = Wire { cut_every: Some(1), chunked: true, ..Wire::default() };
        let first = self.ask_stream(recorded, &recorded.stream, &slow).await?;
        let expected = told(&first);
        let row = self.row(&first).await?;
        let breaks = first.status == 200 && row["outcome"] != "ok";
        let wire = wire_usage(self.caller, &first.body);
        if row["outcome"] == "ok" {
            ensure!(!wire.is_null(), "a stream that ended well shows its usage: {}", first.text());
        }
        if !wire.is_null() {
            assert_eq!(ledger_usage(&row), wire, "{}: {row}\n{}", recorded.name, first.text());
        }
        let forms = forms(recorded)?;
        let next = AtomicUsize::new(0);
        let worker = || async {
            while let Some((body, wire)) = forms.get(next.fetch_add(1, Ordering::SeqCst)) {
                let script = says(body, "text/event-stream", wire);
                let place = || format!("{} from {:?} to {:?}, {wire:?}", recorded.name, self.provider, self.caller);
                // The scripts of one model are taken in the order in which requests arrive, which may be another than
                // that of asking: all forms mean the same, and each is used once.
                let answered = self.ask(recorded, script, &streamed(self.caller)).await.with_context(place)?;
                if breaks && answered.status != 200 {
                    ensure!(answered.status >= 500, "{}: {}", place(), answered.text());
                    answered.error(self.caller).with_context(place)?;
                } else {
                    assert_eq!(told(&answered), expected, "{}", place());
                }
            }
            anyhow::Ok(())
        };
        try_join_all((0..PARALLEL).map(|_| worker())).await?;
        Ok((forms.len() + 1, (!breaks).then(|| row["usage"]["tokens"].clone())))
    }

    /// A stream and the same answer not streamed: one meaning, one usage.
    async fn same_as_whole(&self, recorded: &Recorded, whole: &str) -> anyhow::Result<()> {
        let plain = Wire { chunked: true, ..Wire::default() };
        let streamed = self.ask_stream(recorded, &recorded.stream, &plain).await?;
        let whole = self.ask(recorded, says(whole, "application/json", &Wire::default()), &json!({})).await?;
        // Within a dialect both are the vendor's own bytes, oddities included; what they mean is not Weir's doing.
        if self.caller != self.provider {
            assert_eq!(streamed.heard(self.caller)?, whole.heard(self.caller)?, "{}", recorded.name);
        }
        let (stream_row, whole_row) = (self.row(&streamed).await?, self.row(&whole).await?);
        for field in ["usage", "cost", "outcome"] {
            assert_eq!(stream_row[field], whole_row[field], "{}", recorded.name);
        }
        Ok(())
    }

    /// The ledger's sums over all requests of a model, awaited.
    async fn sums(&self, model: &str, requests: usize) -> anyhow::Result<Value> {
        let admin = self.stand.weir.admin()?;
        for _ in 0..400 {
            let report = admin.get("/usage?group_by=model").await?;
            let rows = report["rows"].as_array().context("rows")?;
            let found = rows.iter().find(|row| row["group"] == model);
            if let Some(found) = found.filter(|row| row["requests"].as_u64() >= Some(requests as u64)) {
                return Ok(found.clone());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the ledger has not got {requests} requests of {model}")
    }
}

async fn recut_all(caller: Vendor, provider: Vendor) -> anyhow::Result<()> {
    let all = recorded(provider)?;
    let pair = Pair::start(caller, provider, &all).await?;
    let mut sent = Vec::new();
    for recorded in &all {
        sent.push(pair.recut(recorded).await.with_context(|| recorded.name.clone())?);
    }
    for (recorded, (requests, tokens)) in all.iter().zip(&sent) {
        let sums = pair.sums(&recorded.name, *requests).await?;
        assert_eq!(sums["requests"].as_u64(), Some(*requests as u64), "{}: {sums}", recorded.name);
        for (bucket, count) in tokens.iter().filter_map(Value::as_object).flatten() {
            let each = count.as_u64().context("a count")?;
            assert_eq!(sums["tokens"][bucket], each * *requests as u64, "{} {bucket}: {sums}", recorded.name);
        }
    }
    for recorded in &all {
        if let Some(whole) = &recorded.whole {
            pair.same_as_whole(recorded, whole).await.with_context(|| recorded.name.clone())?;
        }
    }
    assert!(all.iter().filter(|recorded| recorded.whole.is_some()).count() >= 3, "no answers to compare with");
    assert!(sent.iter().filter(|(_, tokens)| tokens.is_some()).count() >= 5, "no streams that end well");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_openai_streams_cut_anywhere_give_the_same_answer_and_bill() -> anyhow::Result<()> {
    for caller in DIALECTS {
        recut_all(caller, Vendor::Openai).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_anthropic_streams_cut_anywhere_give_the_same_answer_and_bill() -> anyhow::Result<()> {
    for caller in DIALECTS {
        recut_all(caller, Vendor::Anthropic).await?;
    }
    Ok(())
}
