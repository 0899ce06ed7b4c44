//! A process under measurement: pinned to its core, its CPU time and memory read from /proc, killed at the end.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How sqlx names the threads that SQLite runs on.
const DATABASE_THREADS: &str = "sqlx-sqlite";
/// How long a start may take: some peers load for most of a minute.
const LONGEST_START: Duration = Duration::from_secs(90);

/// A running proxy or upstream.
pub(crate) struct Process {
    child: Child,
    log: std::path::PathBuf,
}

impl Process {
    /// Starts `command` on one core.
    pub(crate) fn start(
        core: usize,
        program: &str,
        args: &[&str],
        envs: &[(&str, &str)],
        log: &std::path::Path,
    ) -> anyhow::Result<Self> {
        let file = fs::File::create(log)?;
        let child = Command::new("taskset")
            .arg("-c")
            .arg(core.to_string())
            .arg(program)
            .args(args)
            .envs(envs.iter().copied())
            .stdout(file.try_clone()?)
            .stderr(file)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Waits until `address` takes connections.
    pub(crate) fn wait(&mut self, address: SocketAddr) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        while begin.elapsed() < LONGEST_START {
            if TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok() {
                return Ok(begin.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                let said = fs::read_to_string(&self.log).unwrap_or_default();
                bail!("ended with {status} before it listened at {address}; it said:\n{said}");
            }
            pause(Duration::from_millis(2));
        }
        bail!("does not listen at {address} after {} s", LONGEST_START.as_secs())
    }

    /// CPU seconds consumed so far by it and its children (nginx's workers), user and system.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        family(self.child.id()).iter().map(|&pid| cpu_ticks(&format!("/proc/{pid}/stat"))).sum::<u64>() as f64 / 100.0
    }

    /// The part of it that its database threads took.
    pub(crate) fn database_seconds(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let of_database = tasks
            .map(|task| task.path())
            .filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with(DATABASE_THREADS)));
        of_database.map(|task| cpu_ticks(&task.join("stat").to_string_lossy())).sum::<u64>() as f64 / 100.0
    }

    /// Resident memory in KiB, children included.
    pub(crate) fn rss_kib(&self) -> u64 {
        family(self.child.id()).iter().map(|&pid| rss(pid)).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for pid in family(self.child.id()) {
            let _ = Command::new("kill").arg("-9").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.child.wait();
    }
}

/// Waits on this thread.
#[expect(clippy::disallowed_methods, reason = "the driver is synchronous; no runtime is blocked")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A loopback address that was free a moment ago.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|c| c.parse().ok()) {
        all.extend(family(child));
    }
    all
}

/// User and system time in clock ticks: fields 14 and 15 of /proc/PID/stat, and of its threads' (proc(5)).
fn cpu_ticks(stat: &str) -> u64 {
    let stat = fs::read_to_string(stat).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum()
}

fn rss(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
}
