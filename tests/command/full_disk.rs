//! A disk that takes nothing: what is said at the end of usage that could not be written, and what comes of it when it
//! can be again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;

use crate::invoke::{Said, WEIR, weir};

const CONFIG: &str = "kind: Application\nid: till\nspec: {models: ['*']}\n";

/// A `weir run` whose files may be made to be full.
struct Filled {
    child: Child,
    at: Value,
    key: String,
}

/// A program run to its end, off the async threads.
async fn finished(mut command: Command) -> Said {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap().into()
}

impl Filled {
    async fn start(dir: &Path) -> Self {
        std::fs::write(dir.join("weir.yaml"), CONFIG).unwrap();
        // A file at its limit raises SIGXFSZ, which is deadly unless it is ignored; then writing fails, as on a full disk.
        let run = "trap '' XFSZ; exec \"$0\" run --config weir.yaml --data-dir data --gateway-listen 127.0.0.1:0 \
                   --admin-listen 127.0.0.1:0 --ops-listen 127.0.0.1:0";
        let mut command = Command::new("bash");
        command.args(["-c", run, WEIR]).current_dir(dir).stdin(Stdio::null());
        let mut command = tokio::process::Command::from(command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap();
        let at: Value = serde_json::from_str(&line.expect("it says where it listens")).unwrap();
        let mut command = weir(dir);
        command.args(["key", "create", "till", "--data-dir", "data"]);
        command.args(["--url", &format!("http://{}", at["admin"].as_str().unwrap())]);
        let made = finished(command).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        Self { child, at, key: made.out.trim().to_owned() }
    }

    /// Lets files grow to so many bytes from now on.
    fn limit(&self, bytes: &str) {
        let pid = self.child.id().unwrap().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(set.unwrap().success());
    }

    /// One call, once the key is known to the data plane.
    async fn call(&self, dir: &Path) -> Said {
        let mut command = weir(dir);
        command.args(["call", "Hi", "--url", &format!("http://{}", self.at["gateway"].as_str().unwrap())]);
        command.env("WEIR_API_KEY", &self.key);
        finished(command).await
    }

    fn terminate(&self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    async fn ended(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        let mut err = self.child.stderr.take().unwrap();
        let ended = async {
            err.read_to_string(&mut log).await.unwrap();
            self.child.wait().await.unwrap().code()
        };
        let code = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
        (code, log)
    }
}

async fn with_a_held_record(dir: &Path) -> Filled {
    let filled = Filled::start(dir).await;
    crate::invoke::eventually("the key is known", async || filled.call(dir).await.code == Some(0)).await;
    filled.limit("1");
    let last = filled.call(dir).await;
    assert_eq!(last.code, Some(0), "the answer was under way before the disk was known to be full: {last:?}");
    let refused = filled.call(dir).await;
    assert_eq!(refused.code, Some(1), "what cannot be recorded is not begun: {refused:?}");
    filled
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_the_disk_never_took_are_counted_at_the_end_and_the_exit_code_tells() {
    let dir = tempfile::tempdir().unwrap();
    let filled = with_a_held_record(dir.path()).await;
    filled.terminate();
    let (code, log) = filled.ended().await;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("usage records are lost") && log.contains("records=1"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_the_disk_takes_during_the_drain_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let filled = with_a_held_record(dir.path()).await;
    filled.terminate();
    tokio::time::sleep(Duration::from_millis(500)).await;
    filled.limit("unlimited");
    let (code, log) = filled.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("usage records are lost") && log.contains("lost=0"), "{log}");
}
