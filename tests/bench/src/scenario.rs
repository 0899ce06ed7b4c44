//! What is measured, and in which order: the proxies take turns, so that a slow minute hurts all alike.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::load::{self, Load};
use crate::peers;
use crate::process;
use crate::report::{Goal, Measured, Report, Row, median};
use crate::setup::{self, Field, Proxy};
use crate::streams::{self, Speaks};

/// How much to measure.
pub(crate) struct Options {
    /// The binary under test.
    pub(crate) weir: PathBuf,
    /// Turns of each proxy.
    pub(crate) rounds: u32,
    /// Seconds of each turn.
    pub(crate) seconds: u32,
    /// Streams at once.
    pub(crate) streams: usize,
    /// The folder into which other gateways were installed from their packages.
    pub(crate) peers: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { weir: PathBuf::new(), rounds: 5, seconds: 4, streams: 1_000, peers: None }
    }
}

/// Where bare Pingora and Weir stand among the proxies of the field.
const BARE: usize = 1;
const WEIR: usize = 2;
const CONNECTIONS: u32 = 32;
/// How long each connection rests between two requests where all proxies have the same load: 32 of them make some 4,000
/// requests a second, of which the slowest here can do more than twice as many.
const REST_MS: u32 = 8;
const STREAM_EVENTS: u32 = 100;
/// Streams of one turn, for the time to the first token.
const FIRST_TOKENS: usize = 1_000;

struct Scenario {
    name: &'static str,
    path: &'static str,
    body: Option<String>,
    goal: Goal,
}

/// Model routes of the second run, beside which one more is called.
const CATALOGUE: usize = 5_000;
/// The name of the scenario that other gateways and the large catalogue repeat.
const CHAT: &str = "chat, OpenAI to OpenAI";

fn openai(model: &str, text: &str) -> Option<String> {
    Some(format!(
        r#"{{"model":"{model}","temperature":0.2,"messages":[{{"role":"system","content":"You answer briefly."}},{{"role":"user","content":"{text}"}}]}}"#
    ))
}

fn scenarios() -> Vec<Scenario> {
    let sentence = "What is a weir? Answer in one sentence, for somebody who has never seen one. ";
    let text = sentence.repeat(8);
    let anthropic = format!(
        r#"{{"model":"bench","max_tokens":256,"system":"You answer briefly.","messages":[{{"role":"user","content":"{text}"}}]}}"#
    );
    let gemini = format!(
        r#"{{"systemInstruction":{{"parts":[{{"text":"You answer briefly."}}]}},"contents":[{{"role":"user","parts":[{{"text":"{text}"}}]}}]}}"#
    );
    let responses =
        format!(r#"{{"model":"bench-anthropic","instructions":"You answer briefly.","input":"{text}","store":false}}"#);
    let megabyte = openai("bench", &sentence.repeat((1 << 20) / sentence.len()));
    let chat = "/v1/chat/completions";
    let row = |name, path, body, ratio| Scenario { name, path, body, goal: Goal::Ratio(ratio) };
    vec![
        row("REST, 1 KiB, key check and metering", "/rest", None, 1.2),
        row(CHAT, chat, openai("bench", &text), 1.4),
        row("the same among 50 targets", chat, openai("bench-50", &text), 1.4),
        row("chat, OpenAI to Anthropic", chat, openai("bench-anthropic", &text), 2.1),
        row("chat, OpenAI to Gemini", chat, openai("bench-gemini", &text), 2.1),
        row("messages, Anthropic to OpenAI", "/v1/messages", Some(anthropic), 2.1),
        row("generateContent, Gemini to OpenAI", "/v1beta/models/bench:generateContent", Some(gemini), 2.1),
        row("responses, Responses to Anthropic", "/v1/responses", Some(responses), 2.1),
        Scenario {
            name: "chat with a prompt of 1 MB, OpenAI to OpenAI",
            path: chat,
            body: megabyte,
            goal: Goal::Micros(3_000.0),
        },
    ]
}

/// Measures everything.
///
/// # Errors
/// When a program is missing, or an answer was wrong.
pub(crate) fn run(options: &Options) -> anyhow::Result<Report> {
    let dir = tempfile::tempdir()?;
    let field = setup::start(&options.weir, dir.path(), None, 0)?;
    process::pause(Duration::from_secs(2));
    let idle_rss_kib = field.proxies[WEIR].process.rss_kib();
    let mut rows = Vec::new();
    for scenario in scenarios() {
        rows.push(throughput(&field, &scenario, options, dir.path())?);
    }
    let latency = latency(&field, options, dir.path())?;
    let peers = measure_peers(&field, options, dir.path())?;
    let start = field.start;
    drop(field);
    rows.push(beside_a_catalogue(options)?);
    let streams = run_streams(options)?;
    let first_token = first_token(options)?;
    Ok(Report {
        rows,
        idle_rss_kib,
        start,
        latency,
        streams,
        first_token,
        peers,
        options_text: format!("{} rounds of {} s, {CONNECTIONS} connections", options.rounds, options.seconds),
    })
}

/// The chat once more, where thousands of other models can be called.
fn beside_a_catalogue(options: &Options) -> anyhow::Result<Row> {
    let dir = tempfile::tempdir()?;
    let field = setup::start(&options.weir, dir.path(), None, CATALOGUE)?;
    process::pause(Duration::from_secs(2));
    let chat = scenarios().into_iter().find(|scenario| scenario.name == CHAT);
    let scenario = Scenario { name: "chat, beside 5,000 other model routes", ..chat.context("no chat")? };
    throughput(&field, &scenario, options, dir.path())
}

/// Each proxy at the same load, and at the most that it can do.
fn throughput(field: &Field, scenario: &Scenario, options: &Options, dir: &Path) -> anyhow::Result<Row> {
    let full = measure(field, scenario, 0, options, dir)?;
    let same = match scenario.goal {
        Goal::Ratio(_) => Some(measure(field, scenario, REST_MS, options, dir)?),
        // A thousand of these a second are all that a core does.
        Goal::Micros(_) => None,
    };
    Ok(Row { name: scenario.name, same, full, goal: scenario.goal })
}

fn measure(
    field: &Field,
    scenario: &Scenario,
    rest_ms: u32,
    options: &Options,
    dir: &Path,
) -> anyhow::Result<Measured> {
    let mut cpu_us: Vec<Vec<f64>> = vec![Vec::new(); field.proxies.len()];
    let mut rate: Vec<Vec<f64>> = vec![Vec::new(); field.proxies.len()];
    let mut database_us = Vec::new();
    for round in 0..=options.rounds {
        for (index, proxy) in field.proxies.iter().enumerate() {
            let before = proxy.process.database_seconds();
            let (cpu, answers) = turn(proxy, scenario, rest_ms, field, options, dir)?;
            let database = proxy.process.database_seconds() - before;
            // The first round warms caches and connections.
            if round > 0 {
                cpu_us[index].push(cpu);
                rate[index].push(answers.rate);
            }
            if round > 0 && index == WEIR {
                database_us.push(database * 1e6 / answers.requests as f64);
            }
        }
    }
    let ratios: Vec<f64> = cpu_us[WEIR].iter().zip(&cpu_us[BARE]).map(|(weir, bare)| weir / bare).collect();
    let proxies = cpu_us.iter().zip(&rate).map(|(cpu, rate)| (median(cpu), median(rate))).collect();
    Ok(Measured { proxies, ratio: median(&ratios), database_us: median(&database_us) })
}

/// One turn of one proxy: CPU microseconds per request, and what came back.
fn turn(
    proxy: &Proxy,
    scenario: &Scenario,
    rest_ms: u32,
    field: &Field,
    options: &Options,
    dir: &Path,
) -> anyhow::Result<(f64, load::Answers)> {
    let load = Load {
        path: scenario.path,
        body: scenario.body.as_deref(),
        key: &field.key,
        headers: &proxy.headers,
        connections: CONNECTIONS,
        seconds: options.seconds,
        rest_ms,
    };
    let before = proxy.process.cpu_seconds();
    let answers = load::run(proxy.address, &load, dir)?;
    let spent = proxy.process.cpu_seconds() - before;
    Ok((spent * 1e6 / answers.requests as f64, answers))
}

/// Other gateways, each alone on its core in its turn: name, CPU microseconds per request, requests per second.
fn measure_peers(field: &Field, options: &Options, dir: &Path) -> anyhow::Result<Vec<(&'static str, f64, f64)>> {
    let Some(packages) = &options.peers else { return Ok(Vec::new()) };
    let all = scenarios();
    let scenario = all.iter().find(|scenario| scenario.name == CHAT).context("no chat")?;
    let mut all = Vec::new();
    for proxy in peers::start(packages, dir, field.upstream.address, &field.key)? {
        let (mut cpu, mut rate) = (Vec::new(), Vec::new());
        for round in 0..=options.rounds {
            let (spent, answers) = turn(&proxy, scenario, 0, field, options, dir)?;
            if round > 0 {
                cpu.push(spent);
                rate.push(answers.rate);
            }
        }
        all.push((proxy.name, median(&cpu), median(&rate)));
    }
    Ok(all)
}

/// Added latency of Weir at one connection: its percentiles less those of the upstream alone.
fn latency(field: &Field, options: &Options, dir: &Path) -> anyhow::Result<Vec<(&'static str, f64, f64)>> {
    let load = Load {
        path: "/rest",
        body: None,
        key: &field.key,
        headers: &[],
        connections: 1,
        seconds: options.seconds,
        rest_ms: 0,
    };
    let mut all = Vec::new();
    for proxy in std::iter::once(&field.upstream).chain(&field.proxies) {
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let answers = load::run(proxy.address, &load, dir)?;
            p50.push(answers.p50_us);
            p99.push(answers.p99_us);
        }
        all.push((proxy.name, median(&p50), median(&p99)));
    }
    Ok(all)
}

/// What a thousand streams cost.
pub(crate) struct StreamFigures {
    /// The proxy.
    pub(crate) name: &'static str,
    /// Events wrong or streams broken.
    pub(crate) faults: usize,
    /// Upstream to client, median and 99th percentile, microseconds.
    pub(crate) p50_us: u64,
    /// See `p50_us`.
    pub(crate) p99_us: u64,
    /// Memory added by each stream, KiB.
    pub(crate) kib_each: f64,
    /// CPU per event, microseconds.
    pub(crate) cpu_us: f64,
}

fn run_streams(options: &Options) -> anyhow::Result<Vec<StreamFigures>> {
    let dir = tempfile::tempdir()?;
    let field = setup::start(&options.weir, dir.path(), Some(STREAM_EVENTS), 0)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let passed = field.proxies.iter().map(|proxy| (proxy.name, proxy, Speaks::Openai));
    let translated = ("Weir, OpenAI's stream for a caller of Anthropic's", &field.proxies[WEIR], Speaks::Anthropic);
    let mut all = Vec::new();
    for (name, proxy, speaks) in passed.chain([translated]) {
        let (rss, cpu) = (proxy.process.rss_kib(), proxy.process.cpu_seconds());
        let (report, peak) = runtime.block_on(async {
            let (address, key) = (proxy.address, field.key.clone());
            let reading = tokio::spawn(streams::client(address, options.streams, STREAM_EVENTS, key, speaks));
            let mut peak = rss;
            while !reading.is_finished() {
                peak = peak.max(proxy.process.rss_kib());
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            (reading.await, peak)
        });
        let report = report??;
        all.push(StreamFigures {
            name,
            faults: report.wrong + report.broken,
            p50_us: share(&report.delays, 50),
            p99_us: share(&report.delays, 99),
            kib_each: (peak - rss) as f64 / options.streams as f64,
            cpu_us: (proxy.process.cpu_seconds() - cpu) * 1e6 / report.delays.len().max(1) as f64,
        });
    }
    Ok(all)
}

/// From the request to the first token of a stream, one after another: median and 99th percentile, microseconds.
fn first_token(options: &Options) -> anyhow::Result<Vec<(&'static str, u64, u64)>> {
    let dir = tempfile::tempdir()?;
    let field = setup::start(&options.weir, dir.path(), Some(1), 0)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let proxies: Vec<&Proxy> = std::iter::once(&field.upstream).chain(&field.proxies).collect();
    let mut waits: Vec<Vec<u64>> = vec![Vec::new(); proxies.len()];
    for round in 0..=options.rounds {
        for (proxy, waits) in proxies.iter().zip(&mut waits) {
            let waited = runtime.block_on(streams::first_tokens(proxy.address, FIRST_TOKENS, &field.key))?;
            if round > 0 {
                waits.extend(waited);
            }
        }
    }
    waits.iter_mut().for_each(|waits| waits.sort_unstable());
    Ok(proxies.iter().zip(&waits).map(|(proxy, waits)| (proxy.name, share(waits, 50), share(waits, 99))).collect())
}

/// The figure below which so many percent of the sorted figures lie.
fn share(sorted: &[u64], percent: usize) -> u64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0)
}
