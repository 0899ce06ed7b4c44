//! The table that goes into docs/BENCHMARKS.md.

use std::fmt::Write as _;
use std::time::Duration;

use crate::scenario::StreamFigures;

/// Everything measured in one run.
pub(crate) struct Report {
    /// One row a scenario.
    pub(crate) rows: Vec<Row>,
    /// Resident memory of Weir before any request.
    pub(crate) idle_rss_kib: u64,
    /// From process start to a listening gateway.
    pub(crate) start: Duration,
    /// Name, p50 and p99 in microseconds at one connection.
    pub(crate) latency: Vec<(&'static str, f64, f64)>,
    /// What streams cost.
    pub(crate) streams: Vec<StreamFigures>,
    /// Name, p50 and p99 in microseconds from a request to the first token of its stream.
    pub(crate) first_token: Vec<(&'static str, u64, u64)>,
    /// Other gateways on the scenario "chat, OpenAI to OpenAI".
    pub(crate) peers: Vec<(&'static str, f64, f64)>,
    /// How it was measured.
    pub(crate) options_text: String,
}

/// The most CPU that a request should take.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// So many times what bare Pingora takes.
    Ratio(f64),
    /// So many microseconds.
    Micros(f64),
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ratio(ratio) => write!(f, "≤ {ratio:.1}"),
            Self::Micros(micros) => write!(f, "≤ {micros:.0} µs"),
        }
    }
}

/// One scenario.
pub(crate) struct Row {
    /// What was sent.
    pub(crate) name: &'static str,
    /// Where all proxies had the same load; `None` for what is too heavy for that.
    pub(crate) same: Option<Measured>,
    /// Where each did as much as it could.
    pub(crate) full: Measured,
    /// What should be reached.
    pub(crate) goal: Goal,
}

/// What the proxies took for it: medians of the rounds.
pub(crate) struct Measured {
    /// CPU microseconds per request and requests per second, for nginx, bare Pingora and Weir.
    pub(crate) proxies: Vec<(f64, f64)>,
    /// Weir's CPU per request over bare Pingora's.
    pub(crate) ratio: f64,
    /// The part of Weir's CPU per request that its database threads took.
    pub(crate) database_us: f64,
}

impl Measured {
    fn cpu(&self, separator: &str) -> String {
        self.proxies.iter().map(|(cpu, _)| format!("{cpu:.1}")).collect::<Vec<_>>().join(separator)
    }

    fn rates(&self) -> String {
        self.proxies.iter().map(|(_, rate)| format!("{rate:.0}")).collect::<Vec<_>>().join(" / ")
    }
}

impl Report {
    /// The report as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("One core for the proxy, {}.\n\n", self.options_text);
        text.push_str("| scenario | nginx µs/req | bare Pingora µs/req | Weir µs/req | of it SQLite | Weir ÷ bare | goal | at full load: µs/req | Weir ÷ bare | req/s |\n|---|---|---|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let measured = row.same.as_ref().unwrap_or(&row.full);
            let _ = writeln!(
                text,
                "| {} | {} | {:.1} | **{:.2}** | {} | {} | {:.2} | {} |",
                row.name,
                measured.cpu(" | "),
                measured.database_us,
                measured.ratio,
                row.goal,
                row.full.cpu(" / "),
                row.full.ratio,
                row.full.rates(),
            );
        }
        text.push_str("\n| one connection | p50 µs | p99 µs |\n|---|---|---|\n");
        for (name, p50, p99) in &self.latency {
            let _ = writeln!(text, "| {name} | {p50:.0} | {p99:.0} |");
        }
        text.push_str("\n| time to the first token | p50 µs | p99 µs |\n|---|---|---|\n");
        for (name, p50, p99) in &self.first_token {
            let _ = writeln!(text, "| {name} | {p50} | {p99} |");
        }
        text.push_str(
            "\n| streams at once | faults | p50 µs | p99 µs | KiB each | CPU µs/event |\n|---|---|---|---|---|---|\n",
        );
        for s in &self.streams {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {:.0} | {:.1} |",
                s.name, s.faults, s.p50_us, s.p99_us, s.kib_each, s.cpu_us
            );
        }
        if !self.peers.is_empty() {
            text.push_str("\n| other gateways, chat, OpenAI to OpenAI | µs/req | req/s |\n|---|---|---|\n");
        }
        for (name, cpu, rate) in &self.peers {
            let _ = writeln!(text, "| {name} | {cpu:.0} | {rate:.0} |");
        }
        let _ = writeln!(
            text,
            "\nIdle: {:.1} MiB resident. Start to listening: {} ms.",
            self.idle_rss_kib as f64 / 1024.0,
            self.start.as_millis()
        );
        text
    }
}

/// The middle of some figures; 0 for none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
