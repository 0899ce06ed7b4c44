//! quick-start.sh, run as a new user runs it: its whole life, the archive, and every refusal.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weir_harness::provider::{FakeProvider, Vendor};

use crate::invoke::{Said, WEIR};

/// A directory with the script alone in it, as after a download; whatever runs there is ended with it.
struct Place {
    dir: TempDir,
    ports: [u16; 3],
}

// === impl Place ===

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("quick-start.sh");
        fs::copy(script, dir.path().join("quick-start.sh")).unwrap();
        // Held together, so that three different ones are found.
        let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        Self { dir, ports: held.map(|l| l.local_addr().unwrap().port()) }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("weir-data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("bash");
        command.arg("quick-start.sh").args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if name.starts_with("WEIR_") || name.ends_with("_API_KEY") || name.starts_with("OPENAI_") {
                command.env_remove(name);
            }
        }
        for (name, port) in ["WEIR_GATEWAY_LISTEN", "WEIR_ADMIN_LISTEN", "WEIR_OPS_LISTEN"].iter().zip(self.ports) {
            command.env(name, format!("127.0.0.1:{port}"));
        }
        // Nobody listens at the discard port: a model server of this machine must not be found.
        command.env("OLLAMA_HOST", "127.0.0.1:9").env("NO_COLOR", "1");
        command
    }

    async fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("bash starts").into()
    }

    /// A variable of quick-start.env.
    fn variable(&self, name: &str) -> String {
        let text = fs::read_to_string(self.data().join("quick-start.env")).unwrap();
        let value = text.lines().find_map(|l| l.strip_prefix(&format!("{name}="))).map(str::to_owned);
        value.unwrap_or_else(|| panic!("{name} is not in {text}"))
    }

    fn pid(&self) -> String {
        fs::read_to_string(self.data().join("weir.pid")).unwrap().trim().to_owned()
    }

    /// Asserts that a failed start left nothing: no data, no process.
    fn assert_untouched(&self) {
        assert!(!self.data().exists(), "a failed start left {} behind", self.data().display());
        for port in self.ports {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "a failed start left a server behind");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.data().exists() {
            drop(self.command(&["stop"]).output());
        }
    }
}

/// Serves files of `folder` over HTTP until the test ends; its address.
async fn serve(folder: PathBuf) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&head[..read]).into_owned();
            let name = text.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
            let (status, body) = match fs::read(folder.join(name)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            drop(stream.write_all(head.as_bytes()).await);
            drop(stream.write_all(&body).await);
        }
    });
    format!("http://{address}")
}

/// A release archive of the binary under test, and its checksum beside it.
fn pack(folder: &Path) {
    symlink(WEIR, folder.join("weir")).unwrap();
    let script = "tar -chf - weir | gzip -1 > weir.tar.gz && sha256sum weir.tar.gz > weir.tar.gz.sha256";
    let status = Command::new("bash").args(["-euo", "pipefail", "-c", script]).current_dir(folder).status().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_metered_call_and_back_to_nothing() {
    let place = Place::new();
    let first = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    for part in ["tokens in", "$0.", "/setup", "WEIR_API_KEY", "curl", "quick-start.env"] {
        assert!(first.out.contains(part), "{part} is missing in\n{}", first.out);
    }
    let mode = fs::metadata(place.data().join("quick-start.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for name in ["WEIR_GATEWAY_URL", "WEIR_ADMIN_URL", "WEIR_API_KEY", "WEIR_ADMIN_TOKEN", "WEIR_MODEL"] {
        assert!(!place.variable(name).is_empty());
    }

    // The snippet is there to be copied, so it is copied.
    let begin = first.out.find("  set -a;").expect("a snippet");
    let snippet = first.out[begin..].split("\n\n").next().unwrap().replace("curl ", "curl -fsS ");
    let copied = Command::new("bash").args(["-euo", "pipefail", "-c", &snippet]).current_dir(place.dir.path()).output();
    let copied: Said = copied.unwrap().into();
    assert_eq!(copied.code, Some(0), "{snippet}\n{copied:?}");
    assert!(copied.out.contains("\"cost\""), "{copied:?}");

    // Again: nothing is started or made twice.
    let (pid, key) = (place.pid(), place.variable("WEIR_API_KEY"));
    let again = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("running already") && again.out.contains("tokens in"), "{}", again.out);
    assert_eq!((place.pid(), place.variable("WEIR_API_KEY")), (pid, key.clone()));

    let status = place.run(&["status"], &[]).await;
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.out.contains(&place.variable("WEIR_GATEWAY_URL")), "{}", status.out);
    assert!(!place.run(&["logs"], &[]).await.out.is_empty());

    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    assert_eq!(place.run(&["status"], &[]).await.code, Some(3));
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0), "stopping what is stopped is no fault");

    let after = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(after.code, Some(0), "{after:?}");
    assert_eq!(place.variable("WEIR_API_KEY"), key, "a key outlives a restart");

    assert_eq!(place.run(&["uninstall"], &[]).await.code, Some(0));
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_fetched_verified_and_run() {
    let files = tempfile::tempdir().unwrap();
    pack(files.path());
    let url = format!("{}/weir.tar.gz", serve(files.path().to_owned()).await);
    let place = Place::new();
    let said = place.run(&[], &[("WEIR_RELEASE_URL", &url)]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("SHA-256 verified") && said.out.contains("tokens in"), "{}", said.out);
    assert!(place.data().join("bin/weir").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_not_what_was_published_is_refused() {
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("weir.tar.gz"), "not what was published").unwrap();
    fs::write(files.path().join("weir.tar.gz.sha256"), format!("{}  weir.tar.gz\n", "0".repeat(64))).unwrap();
    let base = serve(files.path().to_owned()).await;
    let place = Place::new();
    let wrong = place.run(&[], &[("WEIR_RELEASE_URL", &format!("{base}/weir.tar.gz"))]).await;
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("the archive is not what was published: its SHA-256 is"), "{}", wrong.err);
    place.assert_untouched();

    let absent = place.run(&[], &[("WEIR_RELEASE_URL", &format!("{base}/other.tar.gz"))]).await;
    assert_eq!(absent.code, Some(1), "{absent:?}");
    assert!(absent.err.contains("cannot fetch"), "{}", absent.err);

    fs::remove_file(files.path().join("weir.tar.gz.sha256")).unwrap();
    let unverified = place.run(&[], &[("WEIR_RELEASE_URL", &format!("{base}/weir.tar.gz"))]).await;
    assert_eq!(unverified.code, Some(1), "an archive without a checksum is not run: {unverified:?}");
    assert!(unverified.err.contains(".sha256"), "{}", unverified.err);
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_key_is_picked_up_sealed_and_never_shown() {
    const CANARY: &str = "sk-canary-4f1c2d7e8a9b";
    let vendor = FakeProvider::start(Vendor::Openai, CANARY).await.unwrap();
    let place = Place::new();
    let environment = [
        ("WEIR_BIN", WEIR),
        ("OPENAI_API_KEY", CANARY),
        ("OPENAI_BASE_URL", &vendor.base_url()),
        ("WEIR_LOG", "trace"),
    ];
    let said = place.run(&[], &environment).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("provider: openai") && said.out.contains("openai/gpt-4o-mini"), "{}", said.out);
    assert!(!vendor.received().is_empty(), "the vendor was not called");
    assert!(!format!("{said:?}").contains(CANARY));
    let mut looked_at = 0;
    for entry in fs::read_dir(place.data()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let content = fs::read(&entry).unwrap();
        let found = content.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
        assert!(!found, "the key is in {}", entry.display());
        looked_at += 1;
    }
    assert!(looked_at >= 3, "only {looked_at} files were looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_vendor_key_is_told_and_nothing_half_done_stays() {
    let vendor = FakeProvider::start(Vendor::Openai, "sk-right").await.unwrap();
    let place = Place::new();
    let environment = [("WEIR_BIN", WEIR), ("OPENAI_API_KEY", "sk-wrong"), ("OPENAI_BASE_URL", &vendor.base_url())];
    let said = place.run(&[], &environment).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("the call did not work out"), "{}", said.err);
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_obstacle_is_a_sentence_and_leaves_nothing() {
    let place = Place::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let file = place.dir.path().join("file");
    fs::write(&file, "").unwrap();
    let below_a_file = file.join("data").display().to_string();
    let few_tools = place.dir.path().join("few-tools");
    fs::create_dir(&few_tools).unwrap();
    for tool in ["bash", "dirname", "sed", "grep", "awk", "mktemp", "sha256sum", "nohup"] {
        let found = Command::new("bash").args(["-c", &format!("command -v {tool}")]).output().unwrap();
        symlink(String::from_utf8(found.stdout).unwrap().trim(), few_tools.join(tool)).unwrap();
    }
    let few_tools = few_tools.display().to_string();
    let obstacles: [(&[(&str, &str)], &str); 6] = [
        (&[("WEIR_BIN", WEIR), ("WEIR_ADMIN_LISTEN", &taken)], "is in use by another program"),
        (&[("WEIR_BIN", WEIR), ("WEIR_DATA_DIR", &below_a_file)], "cannot make"),
        (&[("WEIR_BIN", "/nowhere/weir")], "is not a program"),
        (&[], "set WEIR_RELEASE_URL"),
        (&[("WEIR_BIN", WEIR), ("PATH", &few_tools)], "curl is missing"),
        (&[("WEIR_RELEASE_URL", "http://127.0.0.1:9/weir.tar.gz")], "cannot fetch"),
    ];
    for (environment, sentence) in obstacles {
        let said = place.run(&[], environment).await;
        assert_eq!(said.code, Some(1), "{environment:?}: {said:?}");
        assert!(said.err.contains(sentence), "{environment:?}: {}", said.err);
        place.assert_untouched();
    }
    let unknown = place.run(&["restart"], &[]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("restart is not known"), "{}", unknown.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstall_removes_only_what_weir_made() {
    let place = Place::new();
    let precious = place.dir.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.txt"), "mine").unwrap();
    let said = place.run(&["uninstall"], &[("WEIR_DATA_DIR", &precious.display().to_string())]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(precious.join("thesis.txt").exists());
}
