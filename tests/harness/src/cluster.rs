//! Several processes on one private PostgreSQL: a control plane, and nodes with a data plane each.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::postgres::Postgres;
use crate::process::{Launch, Process, read_log};

/// The master key that every process shares, in hexadecimal.
const MASTER_KEY: &str = "5c1f0e8b7a6d49323c2b1a09f8e7d6c5b4a3928170615f4e3d2c1b0a99887766";

/// `weir admin` and some `weir gateway`, each with a directory of its own.
#[derive(Debug)]
pub struct Cluster {
    /// The control plane.
    pub control: Node,
    /// The data planes; the first is called `node-1` in the ledger.
    pub gateways: Vec<Node>,
    /// Lives until the processes have gone.
    postgres: Option<Postgres>,
}

/// One process; it is killed when dropped.
#[derive(Debug)]
pub struct Node {
    launch: Launch,
    process: Process,
    dir: TempDir,
}

impl Cluster {
    /// Starts a server, the control plane with a configuration file, and `gateways` nodes. `None` when PostgreSQL's
    /// programs are not installed.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(binary: &str, config: &str, gateways: usize) -> anyhow::Result<Option<Self>> {
        Self::start_with(binary, |_| Ok(config.to_owned()), gateways).await
    }

    /// As [`Self::start`], with a configuration that knows the server, such as one that names a database of its own there.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start_with(
        binary: &str,
        config: impl FnOnce(&Postgres) -> anyhow::Result<String>,
        gateways: usize,
    ) -> anyhow::Result<Option<Self>> {
        let Some(postgres) = tokio::task::spawn_blocking(Postgres::start).await?? else { return Ok(None) };
        let database = postgres.database()?;
        let config = config(&postgres)?;
        let launch = |arguments: &[&str]| {
            let mut launch = Launch::new(binary, arguments).with(&["--data-dir", "data", "--database", &database]);
            launch.environment.push(("WEIR_MASTER_KEY".to_owned(), MASTER_KEY.to_owned()));
            launch
        };
        let control =
            Node::start(launch(&["admin", "--config", "weir.yaml", "--admin-listen", "127.0.0.1:0"]), &config);
        let control = control.await.context("the control plane")?;
        let mut nodes = Vec::new();
        for number in 1..=gateways {
            let name = format!("node-{number}");
            let everywhere = ["--gateway-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--node", &name];
            nodes.push(Node::start(launch(&["gateway"]).with(&everywhere), "").await.context(name)?);
        }
        Ok(Some(Self { control, gateways: nodes, postgres: Some(postgres) }))
    }

    /// A client of the admin API, with the token that the first start made.
    ///
    /// # Errors
    /// When there is no token.
    pub fn admin(&self) -> anyhow::Result<Admin> {
        let path = self.control.data_dir().join("admin-token");
        let token = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Admin::new(&self.control.url("admin")?, token.trim()))
    }

    /// Ends PostgreSQL as a crash would.
    ///
    /// # Errors
    /// When the thread that does it is lost.
    pub async fn stop_database(&mut self) -> anyhow::Result<()> {
        self.with_postgres(|postgres| {
            postgres.stop();
            Ok(())
        })
        .await
    }

    /// Starts PostgreSQL again with what it had.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume_database(&mut self) -> anyhow::Result<()> {
        self.with_postgres(Postgres::resume).await
    }

    /// The fixture blocks, so it is moved to a thread that may.
    async fn with_postgres(
        &mut self,
        work: impl FnOnce(&mut Postgres) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let mut postgres = self.postgres.take().context("PostgreSQL is lost")?;
        let (postgres, worked) = tokio::task::spawn_blocking(move || {
            let worked = work(&mut postgres);
            (postgres, worked)
        })
        .await?;
        self.postgres = Some(postgres);
        worked
    }
}

impl Node {
    async fn start(launch: Launch, config: &str) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("weir-node-").tempdir()?;
        std::fs::write(dir.path().join("weir.yaml"), config)?;
        let process = launch.start(dir.path()).await?;
        Ok(Self { launch, process, dir })
    }

    /// The address of a listener: `gateway`, `admin` or `ops`.
    ///
    /// # Errors
    /// When the process has none of this name.
    pub fn address(&self, listener: &str) -> anyhow::Result<SocketAddr> {
        self.process.address(listener)
    }

    /// The same with its scheme.
    ///
    /// # Errors
    /// As [`Self::address`].
    pub fn url(&self, listener: &str) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.address(listener)?))
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

    /// Sends a signal, such as `STOP` or `CONT`.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.process.signal(name).await
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.process.resident_bytes()
    }

    /// Sends SIGKILL and waits for the end.
    ///
    /// # Errors
    /// When it was gone already.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill().await
    }

    /// Starts it again in the same directory, on new ports, after it has ended.
    ///
    /// # Errors
    /// When it does not listen; the error holds its log.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = self.launch.start(self.dir.path()).await?;
        Ok(())
    }
}
