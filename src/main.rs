//! The `weir` binary: the allocator, and the way into the subcommands of [`cli`].

mod cli;
mod tls;

use std::process::ExitCode;

/// jemalloc keeps memory flat under many long streams; glibc's allocator fragments there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::main()
}
