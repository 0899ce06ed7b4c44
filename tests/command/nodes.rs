//! Several processes on one database: what each may do, and what none may do to another.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use weir_harness::admin::{Admin, Answered};

use crate::invoke::{Said, eventually, weir};

const CHAT: &str = "kind: ModelRoute\nid: chat\nspec:\n  targets:\n    - {provider: demo, model: demo-small}\n---\n\
                    kind: Application\nid: till\nspec: {models: ['*']}\n";

/// A place for processes that share a master key, and mostly a database.
struct Shared {
    dir: TempDir,
}

/// One of them.
struct Node {
    child: Child,
    /// Where it listens, as it said itself.
    at: Value,
}

impl Shared {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Starts `weir PLANE` with a data directory called `name`.
    async fn start(&self, plane: &str, name: &str, arguments: &[&str]) -> Node {
        let database = format!("sqlite:{}", self.path().join("shared.db").display());
        self.start_alone(plane, name, &[&["--database", &database], arguments].concat()).await
    }

    /// The same with the database that lies in the data directory.
    async fn start_alone(&self, plane: &str, name: &str, arguments: &[&str]) -> Node {
        let mut command = tokio::process::Command::from(weir(self.path()));
        let mut child = command
            .args([&[plane, "--data-dir", name][..], arguments].concat())
            .env("WEIR_MASTER_KEY", "0123456789abcdef".repeat(4))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap();
        Node { child, at: serde_json::from_str(&line.expect("it says where it listens")).unwrap() }
    }

    async fn admin(&self, name: &str, arguments: &[&str]) -> Node {
        self.start("admin", name, &[listeners("admin"), arguments].concat()).await
    }

    /// The admin API of a process, with the token of its data directory.
    fn api(&self, node: &Node, name: &str) -> Admin {
        let token = fs::read_to_string(self.path().join(name).join("admin-token")).unwrap();
        Admin::new(&node.url("admin"), token.trim())
    }
}

impl Node {
    fn url(&self, listener: &str) -> String {
        format!("http://{}", self.at[listener].as_str().unwrap())
    }

    /// Sends SIGTERM and waits for the exit code.
    async fn end(mut self) -> Option<i32> {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await.unwrap().unwrap().code()
    }
}

/// Tries to change the model route of [`CHAT`].
async fn change(api: &Admin) -> Answered {
    let spec = json!({"spec": {"targets": [{"provider": "demo", "model": "demo-large"}]}});
    api.send("PUT", "/model-routes/chat", &[("if-match", "*")], Some(&spec)).await.unwrap()
}

/// Free ports for the listeners that a subcommand has.
fn listeners(plane: &str) -> &'static [&'static str] {
    match plane {
        "admin" => &["--admin-listen", "127.0.0.1:0"],
        "gateway" => &["--gateway-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
        _ => &["--admin-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_and_an_admin_process_meet_in_the_database() {
    let shared = Shared::new();
    let admin = shared.admin("admin", &[]).await;
    let gateway = shared.start("gateway", "gateway", listeners("gateway")).await;
    fs::write(shared.path().join("chat.yaml"), CHAT).unwrap();
    let ask = async |arguments: &[&str], environment: &[(&str, &str)]| -> Said {
        let mut command = weir(shared.path());
        command.args(arguments).env("WEIR_ADMIN_URL", admin.url("admin"));
        command.env("WEIR_GATEWAY_URL", gateway.url("gateway"));
        command.env("WEIR_DATA_DIR", "admin").envs(environment.iter().copied());
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap().into()
    };
    let applied = ask(&["apply", "chat.yaml"], &[]).await;
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let key = ask(&["key", "create", "till"], &[]).await.out.trim().to_owned();
    eventually("the gateway serves what the admin process was told", async || {
        ask(&["call", "--model", "chat", "Hi"], &[("WEIR_API_KEY", &key)]).await.code == Some(0)
    })
    .await;
    assert_eq!(gateway.end().await, Some(0));
    assert_eq!(admin.end().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_a_file_unlocks_what_another_manages_only_when_it_is_told_to() {
    let shared = Shared::new();
    fs::write(shared.path().join("weir.yaml"), CHAT).unwrap();
    let first = shared.admin("first", &["--config", "weir.yaml"]).await;
    let second = shared.admin("second", &[]).await;
    for (node, name) in [(&first, "first"), (&second, "second")] {
        let refused = change(&shared.api(node, name)).await;
        assert_eq!((refused.status, &refused.body["file"]), (409, &json!("weir.yaml")), "{name}: {}", refused.body);
    }
    assert_eq!(first.end().await, Some(0));
    assert_eq!(second.end().await, Some(0));

    let third = shared.admin("second", &[]).await;
    let refused = change(&shared.api(&third, "second")).await;
    assert_eq!(refused.status, 409, "nobody said that the file is given up");
    assert_eq!(third.end().await, Some(0));
    let last = shared.admin("second", &["--no-config"]).await;
    change(&shared.api(&last, "second")).await.ok().unwrap();
    assert_eq!(last.end().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_file_gives_up_the_file_of_its_own_database() {
    let place = Shared::new();
    fs::write(place.path().join("weir.yaml"), CHAT).unwrap();
    for (name, begun, plane) in [("a", "run", "run"), ("b", "run", "admin"), ("c", "admin", "run")] {
        let with = place.start_alone(begun, name, &[listeners(begun), &["--config", "weir.yaml"]].concat()).await;
        let refused = change(&place.api(&with, name)).await;
        assert_eq!((refused.status, &refused.body["file"]), (409, &json!("weir.yaml")), "{}", refused.body);
        assert_eq!(with.end().await, Some(0));

        let without = place.start_alone(plane, name, listeners(plane)).await;
        let api = place.api(&without, name);
        change(&api).await.ok().unwrap();
        let kept = api.send("GET", "/applications/till", &[], None).await.unwrap();
        assert_eq!((kept.status, &kept.body["managed_by"]), (200, &Value::Null), "{}", kept.body);
        assert_eq!(without.end().await, Some(0));
    }
}
