//! A handle on the real binary: started as a user starts it, on ports of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::admin::Admin;

/// How long a start may take; a debug build on a loaded machine is slow.
const START: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Clone, Debug)]
pub struct Setup {
    binary: PathBuf,
    config: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Setup {
    /// `binary` is the path of `weir` (`env!("CARGO_BIN_EXE_weir")` in a test), `config` the content of
    /// `weir.yaml`.
    #[must_use]
    pub fn new(binary: &str, config: &str) -> Self {
        Self {
            binary: PathBuf::from(binary),
            config: config.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Adds arguments to `weir run`.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it does not; the error holds its log.
    pub async fn start(self) -> anyhow::Result<Weir> {
        let dir = tempfile::Builder::new().prefix("weir-test-").tempdir()?;
        std::fs::write(dir.path().join("weir.yaml"), &self.config)?;
        let process = self.launch(dir.path()).await?;
        Ok(Weir { setup: self, process, dir })
    }

    /// Weir looks for free ports and binds them a moment later: where tests run side by side, another
    /// process may have taken one in between. A user would start it again, and so does this.
    async fn launch(&self, dir: &Path) -> anyhow::Result<Process> {
        for _ in 0..3 {
            match self.launch_once(dir).await {
                Err(error) if format!("{error:#}").contains("Address already in use") => {
                    std::fs::remove_file(dir.join("weir.log"))?;
                }
                other => return other,
            }
        }
        self.launch_once(dir).await
    }

    async fn launch_once(&self, dir: &Path) -> anyhow::Result<Process> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("weir.log"))?;
        let mut command = Command::new(&self.binary);
        command
            .current_dir(dir)
            .args(["run", "--config", "weir.yaml", "--data-dir", "data"])
            .args(["--gateway-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
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
        let address = |name: &str| -> anyhow::Result<SocketAddr> {
            listening[name].as_str().and_then(|a| a.parse().ok()).with_context(|| format!("no {name} in {listening}"))
        };
        Ok(Process { child, gateway: address("gateway")?, admin: address("admin")?, ops: address("ops").ok() })
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    gateway: SocketAddr,
    admin: SocketAddr,
    ops: Option<SocketAddr>,
}

/// A running `weir`; it is killed when dropped.
#[derive(Debug)]
pub struct Weir {
    setup: Setup,
    process: Process,
    dir: TempDir,
}

impl Weir {
    /// Starts with a configuration.
    ///
    /// # Errors
    /// When it does not listen; the error holds its log.
    pub async fn start(binary: &str, config: &str) -> anyhow::Result<Self> {
        Setup::new(binary, config).start().await
    }

    /// Where applications call, such as `http://127.0.0.1:1234`.
    #[must_use]
    pub fn gateway(&self) -> String {
        format!("http://{}", self.process.gateway)
    }

    /// The same as a socket address.
    #[must_use]
    pub fn gateway_address(&self) -> SocketAddr {
        self.process.gateway
    }

    /// Where the admin API is.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.process.admin)
    }

    /// Where `/metrics`, `/live` and `/ready` are, if the binary said so.
    #[must_use]
    pub fn ops_url(&self) -> Option<String> {
        self.process.ops.map(|a| format!("http://{a}"))
    }

    /// The process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.process.child.id().context("weir has ended")
    }

    /// A client of the admin API, with the token that the first start made.
    ///
    /// # Errors
    /// When there is no token.
    pub fn admin(&self) -> anyhow::Result<Admin> {
        let path = self.data_dir().join("admin-token");
        let token = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Admin::new(&self.admin_url(), token.trim()))
    }

    /// The directory that it was started in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The directory of its data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        read_log(self.dir.path())
    }

    /// Replaces its configuration file, in one step as an editor or a config map does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_config(&self, config: &str) -> anyhow::Result<()> {
        let fresh = self.dir.path().join(".weir.yaml.new");
        std::fs::write(&fresh, config)?;
        std::fs::rename(&fresh, self.dir.path().join("weir.yaml"))?;
        Ok(())
    }

    /// Sends SIGKILL and waits for the end.
    ///
    /// # Errors
    /// When it was gone already.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.child.kill().await.context("kill weir")
    }

    /// Sends a signal, such as `TERM` or `HUP`.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.pid()?.to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await?;
        if !sent.success() {
            bail!("kill -{name} {pid}: {sent}");
        }
        Ok(())
    }

    /// Waits until the process has ended by itself; its exit code.
    ///
    /// # Errors
    /// When it does not within the time.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<Option<i32>> {
        match tokio::time::timeout(within, self.process.child.wait()).await {
            Ok(status) => Ok(status?.code()),
            Err(_) => bail!("weir still ran after {within:?}: {}", self.log()),
        }
    }

    /// Starts it again in the same directory, on new ports, after it has ended.
    ///
    /// # Errors
    /// As [`Setup::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = self.setup.launch(self.dir.path()).await?;
        Ok(())
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kib * 1024)
    }
}

fn read_log(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("weir.log")).unwrap_or_default()
}
