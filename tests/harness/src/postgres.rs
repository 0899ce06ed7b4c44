//! A private PostgreSQL for one test binary: made in a temporary directory, gone afterwards.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// The superuser of the private server; it needs no password.
const USER: &str = "weir";

/// A running server. Everything here blocks: start it once, outside of any runtime or in
/// `spawn_blocking`, and share it.
#[derive(Debug)]
pub struct Postgres {
    tools: PathBuf,
    port: u16,
    account: Option<Account>,
    /// Its standard input keeps the server alive: the server ends with this process, however that ends.
    keeper: Child,
    databases: AtomicU32,
    dir: TempDir,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Postgres {
    /// Makes and starts a server. `None` when PostgreSQL's programs are not installed.
    ///
    /// # Errors
    /// When they are, and still no server starts.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(tools) = tools() else { return Ok(None) };
        let dir = tempfile::Builder::new().prefix("weir-postgres-").tempdir()?;
        let account = Account::of_server()?;
        if let Some(account) = &account {
            chown(dir.path(), Some(account.uid), Some(account.gid))?;
        }
        let data = dir.path().join("data");
        let mut init = command(&tools.join("initdb"), account.as_ref());
        init.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "-U", USER, "-D"]).arg(&data);
        run(&mut init)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let keeper = serve(&tools, dir.path(), port, account.as_ref())?;
        Ok(Some(Self { tools, port, account, keeper, databases: AtomicU32::new(0), dir }))
    }

    /// Ends the server at once and every connection with it, as a crash would; the databases stay.
    pub fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        // The shell stops the server and ends; nothing is left to report to.
        let _ = self.keeper.wait();
    }

    /// Starts it again where it was, after [`Self::stop`].
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        self.keeper = serve(&self.tools, self.dir.path(), self.port, self.account.as_ref())?;
        Ok(())
    }

    /// Makes an empty database and names its address.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("t{}_{}", std::process::id(), self.databases.fetch_add(1, Ordering::SeqCst));
        let mut create = Command::new(self.tools.join("createdb"));
        create.args(["-h", "127.0.0.1", "-U", USER, "-p", &self.port.to_string(), &name]);
        run(&mut create)?;
        Ok(format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port))
    }
}

/// The account to run the server as, where this process is root: PostgreSQL refuses to be root.
#[derive(Clone, Copy, Debug)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    fn of_server() -> anyhow::Result<Option<Self>> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let line = users.lines().find(|l| l.starts_with("postgres:"));
        let line = line.context("PostgreSQL does not run as root, and there is no user postgres")?;
        let number = |field: usize| -> anyhow::Result<u32> {
            Ok(line.split(':').nth(field).context("malformed /etc/passwd")?.parse()?)
        };
        Ok(Some(Self { uid: number(2)?, gid: number(3)? }))
    }
}

/// Where the newest installed version has its programs.
fn tools() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let found = versions.filter_map(|v| Some(v.ok()?.path().join("bin"))).filter(|bin| bin.join("initdb").exists());
    let major = |bin: &PathBuf| -> u32 {
        let version = bin.parent().and_then(Path::file_name).and_then(OsStr::to_str);
        version.and_then(|v| v.parse().ok()).unwrap_or_default()
    };
    found.max_by_key(major)
}

fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(Account { uid, gid }) = account {
        command.uid(*uid).gid(*gid);
    }
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Runs the server on what `initdb` made in `dir`, and waits until it answers.
fn serve(tools: &Path, dir: &Path, port: u16, account: Option<&Account>) -> anyhow::Result<Child> {
    let mut keeper = keeper(tools, &dir.join("data"), dir, port, account)?;
    match until_ready(tools, port, &mut keeper) {
        Ok(()) => Ok(keeper),
        Err(error) => Err(error.context(fs::read_to_string(dir.join("log")).unwrap_or_default())),
    }
}

/// A shell that runs the server until its standard input closes.
fn keeper(tools: &Path, data: &Path, dir: &Path, port: u16, account: Option<&Account>) -> anyhow::Result<Child> {
    const SCRIPT: &str = r#"
        "$1/postgres" -D "$2" -k "$3" -h 127.0.0.1 -p "$4" -F -c max_connections=200 >"$3/log" 2>&1 &
        server=$!
        cat >/dev/null
        kill -QUIT $server
        wait $server
    "#;
    let mut shell = command(Path::new("/bin/sh"), account);
    shell.args(["-c", SCRIPT, "keeper"]).arg(tools).arg(data).arg(dir).arg(port.to_string());
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().context("start PostgreSQL")
}

#[expect(clippy::disallowed_methods, reason = "this fixture is documented to block")]
fn until_ready(tools: &Path, port: u16, keeper: &mut Child) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let mut ask = Command::new(tools.join("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-U", USER, "-p", &port.to_string()]);
        if ask.status()?.success() {
            return Ok(());
        }
        if let Some(status) = keeper.try_wait()? {
            let mut text = String::new();
            keeper.stderr.take().map(|mut e| e.read_to_string(&mut text)).transpose()?;
            bail!("PostgreSQL ended ({status}): {text}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("PostgreSQL was not ready within 30 s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_stops_resumes_and_leaves_nothing_behind() -> anyhow::Result<()> {
        let Some(mut server) = Postgres::start()? else { return Ok(()) };
        let (first, second) = (server.database()?, server.database()?);
        assert_ne!(first, second);
        let asked = Command::new(server.tools.join("psql")).args([&second, "-Atc", "select 6*7"]).output()?;
        assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "42");
        let port = server.port;
        server.stop();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        server.resume()?;
        let asked = Command::new(server.tools.join("psql")).args([&second, "-Atc", "select 6*7"]).output()?;
        assert_eq!(String::from_utf8_lossy(&asked.stdout).trim(), "42");
        drop(server);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        Ok(())
    }
}
