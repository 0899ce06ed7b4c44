//! Starts every fake in a process of its own, for suites that are not written in Rust.
//!
//! Prints one JSON line with the addresses, and ends when its standard input closes. Options:
//! `--openai PORT`, `--anthropic PORT`, `--rest PORT` (0, the default, takes a free port).
//! Scripts are set over `POST /__fakes/script` at the fake itself.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::AsyncReadExt;
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::rest::RestUpstream;

/// The key that both fake vendors take.
const KEY: &str = "sk-fake-vendor-key";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for option in arguments.iter().step_by(2) {
        if !["--openai", "--anthropic", "--rest"].contains(&option.as_str()) {
            bail!("unknown option {option}; there are --openai PORT, --anthropic PORT and --rest PORT");
        }
    }
    let openai = FakeProvider::start_at(Vendor::Openai, KEY, address(&arguments, "--openai")?).await?;
    let anthropic = FakeProvider::start_at(Vendor::Anthropic, KEY, address(&arguments, "--anthropic")?).await?;
    let rest = RestUpstream::start_at("rest", address(&arguments, "--rest")?).await?;
    let ready = serde_json::json!({
        "event": "listening",
        "openai": openai.address().to_string(),
        "anthropic": anthropic.address().to_string(),
        "rest": rest.address().to_string(),
        "key": KEY,
    });
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
