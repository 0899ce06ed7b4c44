//! Starts every fake in a process of its own, for suites that are not written in Rust.
//!
//! Prints one JSON line with the addresses, and ends when its standard input closes. Options: `--rest PORT` and, for each
//! vendor, its name, such as `--openai PORT` (0, the default, takes a free port).
//! Scripts are set over `POST /__fakes/script` at the fake itself.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::AsyncReadExt;
use weir_harness::provider::bedrock::ACCESS_KEY;
use weir_harness::provider::{FakeProvider, Format};
use weir_harness::responses::FakeResponses;
use weir_harness::rest::RestUpstream;

/// The key that every fake vendor takes but Bedrock.
const KEY: &str = "sk-fake-vendor-key";
/// Vertex wants tokens of its own, which nothing here grants.
const LEFT_OUT: Format = Format::Vertex;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let vendors: Vec<Format> = Format::ALL.into_iter().filter(|format| *format != LEFT_OUT).collect();
    for option in arguments.iter().step_by(2) {
        let known = option.strip_prefix("--");
        if !known.is_some_and(|name| name == "rest" || vendors.iter().any(|format| format.name() == name)) {
            let names: Vec<String> = vendors.iter().map(|format| format!("--{} PORT", format.name())).collect();
            bail!("unknown option {option}; there are --rest PORT, {}", names.join(", "));
        }
    }
    let rest = RestUpstream::start_at("rest", address(&arguments, "--rest")?).await?;
    let mut ready = serde_json::json!({
        "event": "listening",
        "rest": rest.address().to_string(),
        "key": KEY,
        "access_key": ACCESS_KEY,
    });
    // The one that keeps its answers, for calls that build on each other.
    let keeping = FakeResponses::start("keeping", KEY).await?;
    ready["keeping"] = keeping.address().to_string().into();
    let mut fakes = Vec::new();
    for format in vendors {
        let key = if format == Format::Bedrock { ACCESS_KEY } else { KEY };
        let at = address(&arguments, &format!("--{}", format.name()))?;
        let fake = FakeProvider::start_at(format, key, at).await?;
        ready[format.name()] = fake.address().to_string().into();
        fakes.push(fake);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{ready}")?;
    out.flush()?;
    let mut sink = [0; 256];
    let mut input = tokio::io::stdin();
    while input.read(&mut sink).await? > 0 {}
    Ok(())
}

fn address(arguments: &[String], option: &str) -> anyhow::Result<SocketAddr> {
    let Some(at) = arguments.iter().position(|a| a == option) else { return Ok(SocketAddr::from(([127, 0, 0, 1], 0))) };
    let port = arguments.get(at + 1).with_context(|| format!("{option} needs a port"))?;
    let port = port.parse().with_context(|| format!("{option}: {port:?} is not a port"))?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}
