//! A private Redis for one test: in memory only, so that it loses everything when it is stopped.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// A running server. Everything here blocks, for milliseconds but at the start.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    /// Its standard input keeps the server alive: the server ends with this process, however that ends.
    keeper: Child,
    dir: TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Redis {
    /// Starts a server. `None` when there is no `redis-server`.
    ///
    /// # Errors
    /// When there is, and still it does not answer.
    pub fn start() -> anyhow::Result<Option<Self>> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            return Ok(None);
        }
        let dir = tempfile::Builder::new().prefix("weir-redis-").tempdir()?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let keeper = serve(dir.path(), port)?;
        Ok(Some(Self { port, keeper, dir }))
    }

    /// Its address, `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would: what it held is lost.
    pub fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        // The shell stops the server and ends; nothing is left to report to.
        let _ = self.keeper.wait();
    }

    /// Starts it again at the same address, empty, after [`Self::stop`].
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        self.keeper = serve(self.dir.path(), self.port)?;
        Ok(())
    }

    /// Sends the server a signal, such as `STOP`, which makes it stand still with its connections open, or `CONT`.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        // The process that was started last: the shell wrote its number down.
        let server = std::fs::read_to_string(self.dir.path().join("pid"))?;
        let sent = Command::new("kill").args(["-s", name, server.trim()]).status()?;
        anyhow::ensure!(sent.success(), "kill -s {name}: {sent}");
        Ok(())
    }

    /// Sends one command, words divided by spaces, and returns the start of the answer as it stands on the wire.
    ///
    /// # Errors
    /// When it does not answer within two seconds.
    pub fn command(&self, words: &str) -> anyhow::Result<String> {
        ask(self.port, words)
    }
}

/// A shell that runs the server until its standard input closes.
fn serve(dir: &Path, port: u16) -> anyhow::Result<Child> {
    const SCRIPT: &str = r#"
        redis-server --port "$2" --bind 127.0.0.1 --dir "$1" --save "" --appendonly no >"$1/log" 2>&1 </dev/null &
        server=$!
        echo $server >"$1/pid"
        cat >/dev/null
        kill -KILL $server
        wait $server
    "#;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", SCRIPT, "keeper"]).arg(dir).arg(port.to_string()).current_dir("/");
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let keeper = shell.spawn().context("start Redis")?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !ask(port, "PING").is_ok_and(|answer| answer.starts_with("+PONG")) {
        if Instant::now() > deadline {
            bail!("Redis was not ready within 10 s: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
        }
        pause();
    }
    Ok(keeper)
}

#[expect(clippy::disallowed_methods, reason = "this fixture is documented to block")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

fn ask(port: u16, words: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(words.as_bytes())?;
    stream.write_all(b"\r\n")?;
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_and_forgets_when_it_is_stopped() -> anyhow::Result<()> {
        let Some(mut server) = Redis::start()? else { return Ok(()) };
        assert!(server.command("SET a 1")?.starts_with("+OK"));
        assert_eq!(server.command("GET a")?, "$1\r\n1\r\n");
        server.stop();
        assert!(server.command("PING").is_err());
        server.resume()?;
        assert_eq!(server.command("GET a")?, "$-1\r\n");
        Ok(())
    }
}
