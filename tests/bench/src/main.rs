//! `make bench`: Weir beside a bare Pingora proxy and nginx, in turns, on the same upstream.
//!
//! The figure to trust is CPU per request (the process's own time over requests served), as a ratio
//! against bare Pingora in the same run; rates and latencies on a shared machine are context.
//! `weir-bench engine` measures what one step of a conflict policy takes, without a server.

#![expect(clippy::print_stdout, reason = "a command-line tool prints its table")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures of a benchmark, far below any limit"
)]

mod bare;
mod engine;
mod load;
mod peers;
mod process;
mod report;
mod scenario;
mod setup;
mod streams;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = args.iter().map(String::as_str).collect();
    match text[..] {
        ["bare", listen, upstream] => bare::run(listen, upstream.parse()?),
        ["stream-upstream", listen, events] => {
            let (listen, events): (SocketAddr, u32) = (listen.parse()?, events.parse()?);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime
                .block_on(async { streams::upstream(tokio::net::TcpListener::bind(listen).await?, events).await })?)
        }
        ["engine"] => {
            print!("{}", engine::run()?);
            Ok(())
        }
        ["run", weir, ref rest @ ..] => {
            let mut options = scenario::Options { weir: PathBuf::from(weir), ..scenario::Options::default() };
            for pair in rest.chunks(2) {
                let [name, value] = pair else { bail!("{pair:?} has no value") };
                if *name == "--peers" {
                    options.peers = Some(PathBuf::from(value));
                    continue;
                }
                let value: u32 = value.parse().with_context(|| format!("{name} takes a number"))?;
                match *name {
                    "--rounds" => options.rounds = value,
                    "--seconds" => options.seconds = value,
                    "--streams" => options.streams = value as usize,
                    other => bail!("{other} is not known; use --rounds, --seconds, --streams, --peers"),
                }
            }
            print!("{}", scenario::run(&options)?.markdown());
            Ok(())
        }
        _ => bail!(
            "usage: weir-bench run PATH-OF-WEIR [--rounds N] [--seconds N] [--streams N] [--peers DIR], or weir-bench engine"
        ),
    }
}
