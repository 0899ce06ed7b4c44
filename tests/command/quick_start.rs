//! quick-start.sh, run as a new user runs it: its whole life, the archive, and every refusal.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weir_harness::postgres::Postgres;
use weir_harness::provider::{FakeProvider, Vendor};

use crate::invoke::{Said, WEIR, eventually};

/// A directory with the script alone in it, as after a download; whatever runs there is ended with it.
struct Place {
    dir: TempDir,
    data: PathBuf,
    ports: [u16; 3],
}

// === impl Place ===

impl Place {
    fn new() -> Self {
        Self::named("")
    }

    /// A place whose path ends in `name`.
    fn named(name: &str) -> Self {
        let dir = tempfile::Builder::new().suffix(name).tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("quick-start.sh");
        fs::copy(script, dir.path().join("quick-start.sh")).unwrap();
        // Held together, so that three different ones are found.
        let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let data = dir.path().canonicalize().unwrap().join("weir-data");
        Self { dir, data, ports: held.map(|l| l.local_addr().unwrap().port()) }
    }

    /// A place whose data directory was there before, with `files` of somebody else in it.
    fn beside(files: &[&str]) -> Self {
        let place = Self::new();
        fs::create_dir(&place.data).unwrap();
        for file in files.iter().map(|file| place.data.join(file)) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "precious").unwrap();
        }
        place
    }

    fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Every file below the data directory, by its path in it.
    fn files(&self) -> Vec<String> {
        let find = Command::new("find").args([".", "!", "-type", "d"]).current_dir(&self.data).output().unwrap();
        let mut files: Vec<String> =
            Said::from(find).out.lines().map(|l| l.trim_start_matches("./").to_owned()).collect();
        files.sort();
        files
    }

    /// Starts the script and leaves it at work, as the leader of a process group as under a terminal.
    fn begin(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Child {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied()).process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs what the script printed to be copied.
    fn copy_the_snippet(&self, said: &Said) -> Said {
        let begin = said.out.find("  set -a;").expect("a snippet");
        let snippet = said.out[begin..].split("\n\n").next().unwrap().replace("curl ", "curl -fsS ");
        Command::new("bash").args(["-euo", "pipefail", "-c", &snippet]).current_dir("/").output().unwrap().into()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bash();
        command.arg("quick-start.sh").args(arguments);
        command
    }

    /// bash here, with nothing of this machine's environment that the script looks at.
    fn bash(&self) -> Command {
        let mut command = Command::new("bash");
        command.current_dir(self.dir.path()).stdin(Stdio::null());
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
            let name = text.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').split('?').next().unwrap();
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

/// A server that takes connections and never answers; its address, and how many it has taken.
async fn mute() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (format!("http://{address}/weir.tar.gz"), taken)
}

async fn finished(child: Child) -> Said {
    tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap().into()
}

fn signal(signal: &str, target: &str) {
    let status = Command::new("kill").args([signal, "--", target]).status().unwrap();
    assert!(status.success(), "kill {signal} {target}");
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
    for name in ["WEIR_GATEWAY_URL", "WEIR_ADMIN_URL", "WEIR_OPS_URL", "WEIR_API_KEY", "WEIR_ADMIN_TOKEN", "WEIR_MODEL"]
    {
        assert!(!place.variable(name).is_empty());
    }

    // The snippet is there to be copied, so it is copied.
    let copied = place.copy_the_snippet(&first);
    assert_eq!(copied.code, Some(0), "{copied:?}");
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
    let obstacles: [(&[(&str, &str)], &str); 7] = [
        (&[("WEIR_BIN", WEIR), ("WEIR_GATEWAY_TLS_CERT", "cert.pem")], "starts Weir without TLS"),
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
async fn uninstall_refuses_a_directory_that_weir_was_not_started_in() {
    let place = Place::beside(&["bin/tool", "weir.log", "thesis.txt"]);
    let before = place.files();
    let said = place.run(&["uninstall"], &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("does not look like the data of Weir"), "{}", said.err);
    assert_eq!(place.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstall_leaves_the_files_of_others() {
    // One of them has the name of a file that Weir writes; the second start must not forget whose it was.
    let theirs = ["bin/tool", "journal/monday.txt", "setup-link.old", "thesis.txt", "weir.log"];
    let place = Place::beside(&theirs);
    for _ in 0..2 {
        let started = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
        assert_eq!(started.code, Some(0), "{started:?}");
    }
    let said = place.run(&["uninstall"], &[]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("what is not Weir's stays there"), "{}", said.out);
    assert_eq!(place.files(), theirs);

    // What would have to be written over is refused.
    let taken = Place::beside(&["bin/weir"]);
    let said = taken.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("is there and not from this script"), "{}", said.err);
    assert_eq!(fs::read_to_string(taken.data().join("bin/weir")).unwrap(), "precious");

    let empty = Place::beside(&[]);
    assert_eq!(empty.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0));
    assert_eq!(empty.run(&["uninstall"], &[]).await.code, Some(0));
    empty.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstall_never_removes_a_home_or_a_copy() {
    let place = Place::new();
    let home = place.data().join("home");
    let environment = [("WEIR_BIN", WEIR), ("HOME", home.to_str().unwrap())];
    assert_eq!(place.run(&[], &environment).await.code, Some(0));
    fs::create_dir(&home).unwrap();
    fs::write(home.join("thesis.txt"), "mine").unwrap();
    // A copy of the directory, which quick-start.sh did not make, marker and all.
    let copy = place.dir.path().join("copy");
    let status = Command::new("cp").arg("-a").arg(place.data()).arg(&copy).status().unwrap();
    assert!(status.success());

    assert_eq!(place.run(&["uninstall"], &environment).await.code, Some(0));
    assert_eq!(place.files(), ["home/thesis.txt"]);
    assert_eq!(place.run(&["uninstall"], &[("WEIR_DATA_DIR", copy.to_str().unwrap())]).await.code, Some(0));
    assert!(copy.join("home/thesis.txt").exists() && !copy.join("weir.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_start_leaves_a_directory_as_it_was() {
    let vendor = FakeProvider::start(Vendor::Openai, "sk-right").await.unwrap();
    let place = Place::beside(&["lock", "thesis.txt"]);
    let environment = [("WEIR_BIN", WEIR), ("OPENAI_API_KEY", "sk-wrong"), ("OPENAI_BASE_URL", &vendor.base_url())];
    let said = place.run(&[], &environment).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    let left: Vec<String> = place.files().into_iter().filter(|file| file != "quick-start.lock").collect();
    assert_eq!(left, ["lock", "thesis.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_vendor_key_is_taken_over_and_nothing_else() {
    let vendor = FakeProvider::start(Vendor::Openai, "sk-second").await.unwrap();
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0), "the demo");
    let url = vendor.base_url();
    let with = |key| [("WEIR_BIN", WEIR), ("OPENAI_API_KEY", key), ("OPENAI_BASE_URL", &url)];

    let second = place.run(&[], &with("sk-second")).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.out.contains("provider: openai (updated)"), "{}", second.out);
    let again = place.run(&[], &with("sk-second")).await;
    assert!(again.out.contains("configured already (provider: openai)"), "{again:?}");

    // What people changed meanwhile is theirs, also when the key changes.
    let weir = |arguments: &[&str]| {
        let mut command = Command::new(WEIR);
        command.args(arguments).args(["--url", &place.variable("WEIR_ADMIN_URL")]);
        let said: Said = command.args(["--token", &place.variable("WEIR_ADMIN_TOKEN")]).output().unwrap().into();
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    };
    let ours = "kind: ModelRoute\nid: chat\nspec:\n  description: Ours now\n  targets:\n    \
                - {provider: openai, model: gpt-4o-mini}\n";
    fs::write(place.dir.path().join("ours.yaml"), ours).unwrap();
    weir(&["apply", place.dir.path().join("ours.yaml").to_str().unwrap()]);

    let third = place.run(&[], &with("sk-third")).await;
    assert_eq!(third.code, Some(1), "the vendor takes the second key only, so the third is in use: {third:?}");
    assert!(third.err.contains("the call did not work out"), "{}", third.err);
    let mended = place.run(&[], &with("sk-second")).await;
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert!(mended.out.contains("(updated)"), "{}", mended.out);
    assert!(weir(&["export"]).contains("Ours now"));

    // A shell without keys starts what was configured; it does not go back to the demo.
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    let bare = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(bare.code, Some(0), "{bare:?}");
    assert!(bare.out.contains("openai/gpt-4o-mini"), "{}", bare.out);
}

/// What the last line says when a vendor refuses its key.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_that_was_refused_the_demo_answers_again() {
    let vendor = FakeProvider::start(Vendor::Openai, "sk-right").await.unwrap();
    let url = vendor.base_url();
    let with = |key| [("WEIR_BIN", WEIR), ("OPENAI_API_KEY", key), ("OPENAI_BASE_URL", &url)];
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0), "the demo");
    let refused = place.run(&[], &with("sk-wrong")).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("mend or unset it and run this again"), "{}", refused.err);

    let unset = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(unset.code, Some(0), "{unset:?}");
    assert!(unset.out.contains("provider: the built-in demo"), "{}", unset.out);
    let mended = place.run(&[], &with("sk-right")).await;
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert!(mended.out.contains("provider: openai (updated)"), "{}", mended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_is_named_with_its_model() {
    let vendor = FakeProvider::start(Vendor::Openai, "sk-own").await.unwrap();
    let url = vendor.base_url();
    let place = Place::new();
    let environment =
        [("WEIR_BIN", WEIR), ("OPENAI_API_KEY", "sk-own"), ("OPENAI_BASE_URL", &*url), ("OPENAI_MODEL", "it's:mine")];
    let said = place.run(&[], &environment).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("openai/it's:mine"), "{}", said.out);
}

/// Who points programs at Weir through the SDKs' variables does not make Weir a provider of itself.
#[tokio::test(flavor = "multi_thread")]
async fn weirs_own_key_is_no_vendor_key() {
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0));
    let (key, url) = (place.variable("WEIR_API_KEY"), place.variable("WEIR_GATEWAY_URL"));
    let base = format!("{url}/v1");
    let sdks = [("OPENAI_API_KEY", &*key), ("OPENAI_BASE_URL", &base), ("ANTHROPIC_API_KEY", &key)];
    let said = place.run(&[], &[&sdks[..], &[("WEIR_BIN", WEIR)]].concat()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("configured already (provider: demo)"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_configured_again() {
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0));
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    fs::remove_file(place.data().join("weir.db")).unwrap();
    let said = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_takes_one_variable() {
    let started = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    // Without PostgreSQL's programs on this machine there is nothing to run against.
    let Some(postgres) = started.unwrap() else { return };
    let url = postgres.database().unwrap();
    let place = Place::new();
    let environment = [("WEIR_BIN", WEIR), ("WEIR_DATABASE_URL", &*url)];
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0), "SQLite");
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    fs::remove_file(place.data().join("weir.db")).unwrap();
    for _ in 0..2 {
        let said = place.run(&[], &environment).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("tokens in"), "{}", said.out);
        assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    }
    assert!(!place.data().join("weir.db").exists());
    assert_eq!(place.run(&["uninstall"], &[]).await.code, Some(0));
    place.assert_untouched();
    tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_not_asked_for_this_machine() {
    let place = Place::new();
    let environment = [("WEIR_BIN", WEIR), ("http_proxy", "http://127.0.0.1:9"), ("ALL_PROXY", "http://127.0.0.1:9")];
    assert_eq!(place.run(&[], &environment).await.code, Some(0));
    let key = place.variable("WEIR_API_KEY");
    let again = place.run(&[], &environment).await;
    assert!(again.out.contains("configured already"), "{again:?}");
    assert_eq!(place.variable("WEIR_API_KEY"), key);

    let snippet = again.out.split("Try it").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", &snippet.replace("curl ", "curl -fsS ")]).envs(environment);
    let copied: Said = command.env_remove("no_proxy").output().unwrap().into();
    assert_eq!(copied.code, Some(0), "{copied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_may_hold_anything() {
    let place = Place::named(" it's \"$HOME\" & `more` ");
    let said = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let copied = place.copy_the_snippet(&said);
    assert_eq!(copied.code, Some(0), "{copied:?}");
    let head = fs::read_to_string(place.data().join("quick-start.env")).unwrap();
    let load = head.lines().next().unwrap().split("Load it with: ").nth(1).unwrap();
    let loaded = Command::new("sh").args(["-euc", &format!("{load}; printf %s \"$WEIR_API_KEY\"")]).output().unwrap();
    assert_eq!(Said::from(loaded).out, place.variable("WEIR_API_KEY"));
    assert_eq!(place.run(&["uninstall"], &[]).await.code, Some(0));
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_address_is_named_with_what_is_wrong() {
    let place = Place::new();
    let [gateway, ..] = place.ports.map(|port| format!("127.0.0.1:{port}"));
    let faults = [
        (
            "WEIR_GATEWAY_LISTEN",
            "18850",
            "WEIR_GATEWAY_LISTEN=18850 is not an IP address with a port; write it like 127.0.0.1:18850.",
        ),
        ("WEIR_ADMIN_LISTEN", "localhost:18851", "write it like 127.0.0.1:18851."),
        ("WEIR_OPS_LISTEN", "127.0.0.1", "WEIR_OPS_LISTEN=127.0.0.1 is not an IP address with a port"),
        ("WEIR_OPS_LISTEN", "127.0.0.1:99999", "is not an IP address with a port; write it like 127.0.0.1:18080."),
        ("WEIR_OPS_LISTEN", &gateway, "is the address of another listener of Weir; give each its own."),
    ];
    for (name, value, sentence) in faults {
        let said = place.run(&[], &[("WEIR_BIN", WEIR), (name, value)]).await;
        assert_eq!(said.code, Some(1), "{name}={value}: {said:?}");
        assert!(said.err.contains(sentence), "{name}={value}: {}", said.err);
        place.assert_untouched();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_moves_when_it_is_asked_to() {
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0));
    let key = place.variable("WEIR_API_KEY");
    let said = place.run(&[], &[("WEIR_BIN", WEIR), ("WEIR_GATEWAY_LISTEN", "127.0.0.1:0")]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("restarting at its new address"), "{}", said.out);
    assert!(!place.variable("WEIR_GATEWAY_URL").ends_with(&format!(":{}", place.ports[0])));
    assert_eq!(place.variable("WEIR_API_KEY"), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_comes_back_where_programs_know_it() {
    let place = Place::new();
    assert_eq!(place.run(&[], &[("WEIR_BIN", WEIR)]).await.code, Some(0));
    let url = place.variable("WEIR_GATEWAY_URL");
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    let mut plain = place.command(&[]);
    for name in ["WEIR_GATEWAY_LISTEN", "WEIR_ADMIN_LISTEN", "WEIR_OPS_LISTEN"] {
        plain.env_remove(name);
    }
    let said = Said::from(plain.env("WEIR_BIN", WEIR).output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(place.variable("WEIR_GATEWAY_URL"), url);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_no_process_of_others() {
    let place = Place::beside(&[]);
    // A program that took the number over, another Weir, and what a torn file could name: a whole process group.
    let script = "sleep 60; true";
    let others = [vec![], vec!["weir", "run", "--data-dir", "/elsewhere"]];
    for arguments in others {
        let mut command = Command::new("bash");
        let mut other = command.args(["-c", script]).args(arguments).process_group(0).spawn().unwrap();
        for content in [format!("{}", other.id()), format!("-{}", other.id()), "0".to_owned()] {
            fs::write(place.data().join("weir.pid"), format!("{content}\n")).unwrap();
            let said = finished(place.begin(&["stop"], &[])).await;
            assert_eq!(said.code, Some(0), "{content}: {said:?}");
            assert!(said.out.contains("is not running"), "{content}: {}", said.out);
            assert!(other.try_wait().unwrap().is_none(), "{content}: a foreign process was ended");
        }
        signal("-KILL", &format!("-{}", other.id()));
        other.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_start_leaves_nothing() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let place = Place::new();
        let scratch = place.dir.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let (url, _) = mute().await;
        let child = place.begin(&[], &[("WEIR_RELEASE_URL", &url), ("TMPDIR", scratch.to_str().unwrap())]);
        eventually("the download has begun", async || place.data().exists()).await;
        signal(name, &format!("-{}", child.id()));
        let said = finished(child).await;
        assert_eq!(said.code, Some(code), "{name}: {said:?}");
        place.assert_untouched();
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "{name}: temporary files stay");
    }
}

/// A checkout in which building takes for ever: only how the script treats its builders is of interest.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_build_leaves_no_compiler_behind() {
    let place = Place::new();
    let root = place.dir.path();
    let tools = root.join("tools");
    for folder in ["src", ".ci", "tools"] {
        fs::create_dir(root.join(folder)).unwrap();
    }
    for file in ["Cargo.toml", "src/main.rs"] {
        fs::write(root.join(file), "").unwrap();
    }
    let compiler = "#!/usr/bin/env bash\n[ \"$1\" = build ] || exit 0\nsleep 60 &\necho $! >compiler.pid\nwait\n";
    for (file, text) in [(".ci/install", "#!/bin/sh\n"), (".ci/portal", "#!/bin/sh\n"), ("tools/cargo", compiler)] {
        fs::write(root.join(file), text).unwrap();
        fs::set_permissions(root.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let child = place.begin(&[], &[("PATH", &path)]);
    let pid_file = root.join("compiler.pid");
    eventually("the build has begun", async || fs::read_to_string(&pid_file).is_ok_and(|p| !p.is_empty())).await;
    signal("-INT", &format!("-{}", child.id()));
    let said = finished(child).await;
    assert_eq!(said.code, Some(130), "{said:?}");
    let pid = fs::read_to_string(&pid_file).unwrap();
    let state = format!("/proc/{}/status", pid.trim());
    let ended = async || fs::read_to_string(&state).map_or(true, |text| text.contains("State:\tZ"));
    eventually("the compiler has ended", ended).await;
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_at_a_time_works_on_a_directory() {
    let place = Place::new();
    let (url, downloads) = mute().await;
    let first = place.begin(&[], &[("WEIR_RELEASE_URL", &url)]);
    let lock = place.data().join("quick-start.lock");
    eventually("the first is at work", async || downloads.load(Ordering::SeqCst) == 1).await;
    for arguments in [&[][..], &["uninstall"]] {
        let second = place.run(arguments, &[("WEIR_BIN", WEIR)]).await;
        assert_eq!(second.code, Some(1), "{arguments:?}: {second:?}");
        assert!(second.err.contains("another quick-start.sh is at work"), "{}", second.err);
        assert!(lock.exists(), "{arguments:?} took away what the first run works on");
    }
    signal("-TERM", &first.id().to_string());
    finished(first).await;
    place.assert_untouched();
    // A run that was killed holds nothing.
    let mut killed = place.begin(&[], &[("WEIR_RELEASE_URL", &url)]);
    eventually("the run is at work", async || downloads.load(Ordering::SeqCst) == 2).await;
    signal("-KILL", &format!("-{}", killed.id()));
    killed.wait().unwrap();
    let after = place.run(&[], &[("WEIR_BIN", WEIR)]).await;
    assert_eq!(after.code, Some(0), "{after:?}");
    assert_eq!(place.run(&["uninstall"], &[]).await.code, Some(0));
    place.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_found_below_a_folder_and_kept() {
    let files = tempfile::tempdir().unwrap();
    pack(files.path());
    let machine = Said::from(Command::new("uname").arg("-m").output().unwrap()).out;
    for ending in ["", ".sha256"] {
        let name = format!("weir-linux-{}.tar.gz{ending}", machine.trim());
        fs::rename(files.path().join(format!("weir.tar.gz{ending}")), files.path().join(name)).unwrap();
    }
    let base = serve(files.path().to_owned()).await;
    let place = Place::new();
    let said = place.run(&[], &[("WEIR_RELEASE_URL", &format!("{base}//?token=t"))]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(place.run(&["stop"], &[]).await.code, Some(0));
    let again = place.run(&[], &[]).await;
    assert_eq!(again.code, Some(0), "what was fetched is there, whatever the environment says: {again:?}");

    // Nor does a checkout build for minutes what is there.
    fs::create_dir(place.dir.path().join("src")).unwrap();
    for file in ["Cargo.toml", "src/main.rs"] {
        fs::write(place.dir.path().join(file), "").unwrap();
    }
    let checkout = place.run(&[], &[]).await;
    assert_eq!(checkout.code, Some(0), "{checkout:?}");
    assert!(checkout.out.contains("fetched before; remove it to build this checkout"), "{}", checkout.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_that_is_none_is_refused() {
    let files = tempfile::tempdir().unwrap();
    pack(files.path());
    fs::write(files.path().join("weir.tar.gz.sha256"), "<html>not found</html>\n").unwrap();
    let url = format!("{}/weir.tar.gz", serve(files.path().to_owned()).await);
    let place = Place::new();
    for (environment, sentence) in [
        (vec![("WEIR_RELEASE_URL", &*url)], "weir.tar.gz.sha256 is no SHA-256"),
        (vec![("WEIR_RELEASE_URL", &*url), ("WEIR_RELEASE_SHA256", "abc")], "WEIR_RELEASE_SHA256=abc is no SHA-256"),
    ] {
        let said = place.run(&[], &environment).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(sentence), "{}", said.err);
        place.assert_untouched();
    }
    // Upper case is the same number.
    let sum = Said::from(Command::new("sha256sum").arg(files.path().join("weir.tar.gz")).output().unwrap()).out;
    let sum = sum.split(' ').next().unwrap().to_uppercase();
    let said = place.run(&[], &[("WEIR_RELEASE_URL", &url), ("WEIR_RELEASE_SHA256", &sum)]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_none_and_a_full_disk_are_told() {
    let place = Place::new();
    let tools = place.dir.path().join("tools");
    fs::create_dir(&tools).unwrap();
    for (file, text) in [
        ("broken", "#!/bin/sh\nexit 1\n"),
        ("df", "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho disk 9 9 5120 99% /\n"),
    ] {
        fs::write(tools.join(file), text).unwrap();
        fs::set_permissions(tools.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let broken = tools.join("broken").display().to_string();
    let obstacles: [(&[(&str, &str)], &str); 3] = [
        (&[("WEIR_BIN", &broken)], "does not run on this machine"),
        (&[("WEIR_BIN", tools.to_str().unwrap())], "is not a program"),
        (&[("WEIR_BIN", WEIR), ("PATH", &path)], "needs 200 MB, but only 5 MB are free"),
    ];
    for (environment, sentence) in obstacles {
        let said = place.run(&[], environment).await;
        assert_eq!(said.code, Some(1), "{environment:?}: {said:?}");
        assert!(said.err.contains(sentence), "{environment:?}: {}", said.err);
        place.assert_untouched();
    }
}

/// Whoever may not read the data is told so, not that nothing runs.
#[tokio::test(flavor = "multi_thread")]
async fn another_user_is_told_whose_it_is() {
    let place = Place::beside(&["weir.log"]);
    let closed = |mode| fs::set_permissions(place.data(), fs::Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(place.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    closed(0);
    let root = Said::from(Command::new("id").arg("-u").output().unwrap()).out.trim() == "0";
    for arguments in [&["status"][..], &["stop"], &["logs"], &["uninstall"], &[]] {
        let mut command = place.command(arguments);
        command.env("WEIR_BIN", WEIR);
        // No mode keeps root out, so root becomes somebody else.
        if root {
            command.uid(65534).gid(65534);
        }
        let said: Said = command.output().unwrap().into();
        assert_eq!(said.code, Some(1), "{arguments:?}: {said:?}");
        assert!(said.err.contains("may not read"), "{arguments:?}: {}", said.err);
    }
    closed(0o700);
    fs::remove_dir_all(place.data()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_through_a_pipe() {
    let place = Place::new();
    let script = place.dir.path().join("quick-start.sh");
    let piped = |arguments: &[&str]| {
        let mut bash = place.bash();
        bash.arg("-s").args(arguments).env("WEIR_BIN", WEIR).stdin(fs::File::open(&script).unwrap());
        Said::from(bash.output().unwrap())
    };
    assert!(piped(&["help"]).out.contains("uninstall"));
    let said = piped(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("the same through bash -s stop | status"), "{}", said.out);
    assert_eq!(piped(&["uninstall"]).code, Some(0));
    place.assert_untouched();

    // Cut off on the way it does nothing, wherever the cut is.
    let whole = fs::read(&script).unwrap();
    for part in 1..20 {
        fs::write(&script, &whole[..whole.len() * part / 20]).unwrap();
        piped(&[]);
        place.assert_untouched();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_script_is_the_script() {
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    fs::create_dir(place.dir.path().join("src")).unwrap();
    for file in ["Cargo.toml", "src/main.rs"] {
        fs::write(place.dir.path().join(file), "").unwrap();
    }
    symlink(place.dir.path().join("quick-start.sh"), elsewhere.path().join("weir-up")).unwrap();
    let mut linked = Command::new("bash");
    linked.args(["weir-up", "status"]).current_dir(elsewhere.path()).env_remove("WEIR_DATA_DIR");
    let said = Said::from(linked.output().unwrap());
    assert!(said.out.contains(place.data().to_str().unwrap()), "{said:?}");
}

#[test]
fn another_shell_is_told_to_use_bash() {
    let dash = Command::new("dash").arg("-c").arg(":").status();
    if dash.is_ok() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("quick-start.sh");
        let said: Said = Command::new("dash").arg(script).output().unwrap().into();
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("run it with: bash quick-start.sh"), "{}", said.err);
    }
}
