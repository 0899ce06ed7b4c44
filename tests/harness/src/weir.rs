//! A handle on the real binary: started as a user starts it, on ports of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::admin::Admin;
use crate::process::{Launch, Process, read_log};

/// What to start.
#[derive(Clone, Debug)]
pub struct Setup {
    config: String,
    launch: Launch,
}

impl Setup {
    /// `binary` is the path of `weir` (`env!("CARGO_BIN_EXE_weir")` in a test), `config` the content of
    /// `weir.yaml`; empty for a start without a file.
    #[must_use]
    pub fn new(binary: &str, config: &str) -> Self {
        let launch = Launch::new(binary, &["run", "--data-dir", "data"]);
        // A file that says nothing is refused.
        let launch = if config.is_empty() { launch } else { launch.with(&["--config", "weir.yaml"]) };
        let everywhere =
            ["--gateway-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        Self { config: config.to_owned(), launch: launch.with(&everywhere) }
    }

    /// Adds arguments to `weir run`.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.launch = self.launch.with(arguments);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.launch.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it does not; the error holds its log.
    pub async fn start(self) -> anyhow::Result<Weir> {
        let dir = tempfile::Builder::new().prefix("weir-test-").tempdir()?;
        std::fs::write(dir.path().join("weir.yaml"), &self.config)?;
        let process = self.launch.start(dir.path()).await?;
        let at = At::of(&process)?;
        Ok(Weir { setup: self, process, at, dir })
    }
}

/// Where a process listens.
#[derive(Clone, Copy, Debug)]
struct At {
    gateway: SocketAddr,
    admin: SocketAddr,
    ops: Option<SocketAddr>,
}

impl At {
    fn of(process: &Process) -> anyhow::Result<Self> {
        Ok(Self {
            gateway: process.address("gateway")?,
            admin: process.address("admin")?,
            ops: process.address("ops").ok(),
        })
    }
}

/// A running `weir`; it is killed when dropped.
#[derive(Debug)]
pub struct Weir {
    setup: Setup,
    process: Process,
    at: At,
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
        format!("http://{}", self.at.gateway)
    }

    /// The same as a socket address.
    #[must_use]
    pub fn gateway_address(&self) -> SocketAddr {
        self.at.gateway
    }

    /// Where the admin API is.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.at.admin)
    }

    /// Where `/metrics`, `/live` and `/ready` are, if the binary said so.
    #[must_use]
    pub fn ops_url(&self) -> Option<String> {
        self.at.ops.map(|a| format!("http://{a}"))
    }

    /// The process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.process.pid()
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
        self.process.kill().await
    }

    /// Sends a signal, such as `TERM` or `HUP`.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.process.signal(name).await
    }

    /// Waits until the process has ended by itself; its exit code.
    ///
    /// # Errors
    /// When it does not within the time.
    pub async fn ended(&mut self, within: Duration) -> anyhow::Result<Option<i32>> {
        match self.process.ended(within).await? {
            Some(status) => Ok(status.code()),
            None => bail!("weir still ran after {within:?}: {}", self.log()),
        }
    }

    /// Starts it again in the same directory, on new ports, after it has ended.
    ///
    /// # Errors
    /// As [`Setup::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = self.setup.launch.start(self.dir.path()).await?;
        self.at = At::of(&self.process)?;
        Ok(())
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.process.resident_bytes()
    }
}
