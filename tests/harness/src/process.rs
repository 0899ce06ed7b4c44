//! One process of the binary: started, waited for until it says that it listens, signalled, killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a start may take; a debug build on a loaded machine is slow.
const START: Duration = Duration::from_secs(60);
/// The name of the file that it logs to, in the directory that it is started in.
const LOG: &str = "weir.log";

/// How a process is started, and started again.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Launch {
    pub(crate) fn new(binary: &str, arguments: &[&str]) -> Self {
        Self { binary: PathBuf::from(binary), arguments: Vec::new(), environment: Vec::new() }.with(arguments)
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    /// Starts it, and waits until it listens.
    pub(crate) async fn start(&self, dir: &Path) -> anyhow::Result<Process> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join(LOG))?;
        let mut command = Command::new(&self.binary);
        command
            .current_dir(dir)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(n, v)| (n, v)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("start {}", self.binary.display()))?;
        let out = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Ok(value) = serde_json::from_str::<Value>(&line)
                    && value["event"] == "listening"
                {
                    return anyhow::Ok(value);
                }
            }
            bail!("weir ended before it listened")
        };
        let listening = match tokio::time::timeout(START, listening).await {
            Ok(Ok(listening)) => listening,
            Ok(Err(error)) => return Err(error.context(read_log(dir))),
            Err(_) => bail!("weir did not listen within {START:?}: {}", read_log(dir)),
        };
        // What else comes is of no interest, but a full pipe would stop the process.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Process { child, listening })
    }
}

/// A running process; it is killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    listening: Value,
}

impl Process {
    /// Where one of its listeners is: `gateway`, `admin` or `ops`.
    pub(crate) fn address(&self, name: &str) -> anyhow::Result<SocketAddr> {
        let listening = &self.listening;
        listening[name].as_str().and_then(|a| a.parse().ok()).with_context(|| format!("no {name} in {listening}"))
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("weir has ended")
    }

    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("kill weir")
    }

    pub(crate) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.pid()?.to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await?;
        if !sent.success() {
            bail!("kill -{name} {pid}: {sent}");
        }
        Ok(())
    }

    /// Its exit code, once it has ended by itself; `None` when it still runs after the time.
    pub(crate) async fn ended(&mut self, within: Duration) -> anyhow::Result<Option<std::process::ExitStatus>> {
        match tokio::time::timeout(within, self.child.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib * 1024)
    }
}

/// What a process in this directory logged so far.
pub(crate) fn read_log(dir: &Path) -> String {
    std::fs::read_to_string(dir.join(LOG)).unwrap_or_default()
}
