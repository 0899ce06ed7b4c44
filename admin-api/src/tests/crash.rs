//! A process killed while it writes: what it acknowledged is there, whole, and nothing is there in part.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::database;
use super::server::{Server, settings};
use crate::ControlPlane;
use crate::config::Source;

/// Set in the child that is to be killed: its data directory.
const DIR: &str = "WEIR_TEST_CRASH_DIR";
const URL: &str = "WEIR_TEST_CRASH_URL";
const ROUNDS: usize = 10;

/// Not a test by itself: writes for ever in the child, telling each acknowledged change.
#[tokio::test]
async fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let database = database::at(std::env::var(URL).ok());
    let plane = ControlPlane::open(settings(dir.as_ref(), &database)).await.unwrap();
    for n in 0..100_000 {
        let id = format!("{}-{n}", std::process::id());
        let yaml = format!("kind: Team\nid: a-{id}\n---\nkind: Team\nid: b-{id}\n");
        plane.apply(Source { yaml: &yaml, name: "", prune: false }, None, "child").await.unwrap();
        println!("done {id}");
    }
}

/// Runs the child, kills it in the midst, and gives back what it acknowledged.
fn killed(dir: &std::path::Path, url: Option<&str>, after: usize) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tests::crash::child", "--nocapture"]).env(DIR, dir).stdout(Stdio::piped());
    command.envs(url.map(|url| (URL, url)));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    // Never at the same moment of a change: the pause differs from round to round.
    let mut wait = Duration::from_micros(after as u64 * 911);
    while let Some(Ok(line)) = lines.next() {
        acknowledged.extend(line.rsplit_once("done ").map(|(_, id)| id.to_owned()));
        if acknowledged.len() == after + 3 {
            std::thread::spawn({
                let pid = child.id();
                let wait = std::mem::take(&mut wait);
                move || {
                    std::thread::park_timeout(wait);
                    Command::new("kill").args(["-9", &pid.to_string()]).status()
                }
            });
        }
    }
    child.wait().unwrap();
    acknowledged
}

#[tokio::test]
async fn killed_writers_leave_whole_changes_only() {
    for database in database::both().await {
        let server = Server::on(database).await;
        let (dir, url) = (server.data_dir(), server.database.url.clone());
        let acknowledged = tokio::task::spawn_blocking(move || {
            (0..ROUNDS).flat_map(|round| killed(&dir, url.as_deref(), round)).collect::<Vec<_>>()
        });
        let acknowledged = acknowledged.await.unwrap();
        assert!(acknowledged.len() >= ROUNDS * 3, "{acknowledged:?}");
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = server.get(&format!("/teams?limit=500{cursor}")).await;
            ids.extend(page["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for id in &acknowledged {
            assert!(ids.contains(&format!("a-{id}")) && ids.contains(&format!("b-{id}")), "{id} was lost");
        }
        let made: Vec<&String> = ids.iter().filter(|id| id.starts_with("a-") || id.starts_with("b-")).collect();
        let halves = made.iter().filter(|id| !ids.contains(&id.replacen("a-", "b-", 1).replacen("b-b-", "b-", 1)));
        assert_eq!(halves.count(), 0, "half a change is there");
        for id in made {
            let entries = server.get(&format!("/audit?kind=Team&id={id}")).await["items"].as_array().unwrap().len();
            let history = server.get(&format!("/teams/{id}/history")).await["items"].as_array().unwrap().len();
            assert_eq!((entries, history), (1, 1), "{id}");
        }
        assert_eq!(server.get("/audit/check").await["intact"], json!(true));
        server.create("teams", "after", json!({})).await;
    }
}
