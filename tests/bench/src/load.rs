//! Drives wrk and reads what it says.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// What is sent.
pub(crate) struct Load<'a> {
    /// Path of the request.
    pub(crate) path: &'a str,
    /// Body of a POST, or none for GET.
    pub(crate) body: Option<&'a str>,
    /// The API key.
    pub(crate) key: &'a str,
    /// Headers that this proxy needs beside the common ones.
    pub(crate) headers: &'a [(String, String)],
    /// Connections at once.
    pub(crate) connections: u32,
    /// Seconds.
    pub(crate) seconds: u32,
    /// Milliseconds for which each connection rests between two requests; 0 is as fast as the proxy can.
    pub(crate) rest_ms: u32,
}

/// What came back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    /// Requests answered.
    pub(crate) requests: u64,
    /// Requests per second.
    pub(crate) rate: f64,
    /// Median latency in microseconds.
    pub(crate) p50_us: f64,
    /// 99th percentile of latency in microseconds.
    pub(crate) p99_us: f64,
}

/// Runs wrk on the second core, away from the proxy.
///
/// # Errors
/// When wrk is missing, or any answer was not a 2xx: a figure over errors is no figure.
pub(crate) fn run(target: SocketAddr, load: &Load<'_>, dir: &Path) -> anyhow::Result<Answers> {
    let script = dir.join("load.lua");
    let mut lua = String::new();
    if let Some(body) = load.body {
        lua.push_str(&format!(
            "wrk.method = 'POST'\nwrk.headers['content-type'] = 'application/json'\nwrk.body = [==[{body}]==]\n"
        ));
    }
    lua.push_str(&format!("wrk.headers['authorization'] = 'Bearer {}'\n", load.key));
    for (name, value) in load.headers {
        lua.push_str(&format!("wrk.headers['{name}'] = '{value}'\n"));
    }
    if load.rest_ms > 0 {
        lua.push_str(&format!("delay = function() return {} end\n", load.rest_ms));
    }
    lua.push_str(
        "done = function(s, l, r) io.write(string.format('FIGURES %d %d %f %f %d\\n', s.requests, s.duration, l:percentile(50), l:percentile(99), s.errors.status + s.errors.read + s.errors.write + s.errors.timeout + s.errors.connect)) end\n",
    );
    fs::write(&script, lua)?;
    let output = Command::new("taskset")
        .args(["-c", "1", "wrk", "-t1", "--latency"])
        .arg(format!("-c{}", load.connections))
        .arg(format!("-d{}s", load.seconds))
        .arg("-s")
        .arg(&script)
        .arg(format!("http://{target}{}", load.path))
        .output()
        .context("wrk is missing: apt-get install wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text.lines().find_map(|l| l.strip_prefix("FIGURES ")).context("wrk gave no figures")?;
    let numbers: Vec<f64> = figures.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let [requests, duration_us, p50_us, p99_us, errors] = numbers[..] else { bail!("wrk said {figures:?}") };
    if errors > 0.0 || requests < 1.0 {
        bail!("{errors} of {requests} answers from {target}{} were errors", load.path);
    }
    Ok(Answers { requests: requests as u64, rate: requests / (duration_us / 1e6), p50_us, p99_us })
}
