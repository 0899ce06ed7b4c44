//! A changed configuration goes live with no failed request; a faulty one never does, names file, field
//! and reason, and leaves traffic alone.

mod faulty;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use weir_harness::chat::Caller;
use weir_harness::provider::Vendor;

use crate::stand::{BINARY, DIALECTS, Stand, request, streamed, usual};

/// Traffic in the background.
struct Traffic {
    stop: Arc<AtomicBool>,
    good: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Traffic {
    fn start(caller: &Caller, model: &'static str) -> Self {
        let (stop, good) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let tasks = (0..8_usize)
            .map(|number| {
                let (caller, stop, good) = (caller.clone(), Arc::clone(&stop), Arc::clone(&good));
                tokio::spawn(async move {
                    let dialect = DIALECTS[number % 2];
                    let fields = if number < 4 { json!({}) } else { streamed(dialect) };
                    while !stop.load(Ordering::SeqCst) {
                        caller.ask(dialect, &request(dialect, model, &fields)).await?.heard(dialect)?;
                        good.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(())
                })
            })
            .collect();
        Self { stop, good, tasks }
    }

    /// Ends it when at least so many requests were answered; an error if any was not.
    async fn end(self, least: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.good.load(Ordering::SeqCst) < least {
            anyhow::ensure!(Instant::now() < deadline, "fewer than {least} requests: the load was no load");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await?.context("a request failed")?;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_goes_live_and_no_request_fails() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let traffic = Traffic::start(&stand.caller, "on-openai");
    for round in 0..12_usize {
        let (provider, model, id) =
            if round.is_multiple_of(2) { ("ant", "claude-haiku-4-5", "ant") } else { ("oai", "gpt-4o", "oai") };
        let config = usual(&stand.openai, &stand.anthropic, &stand.key).route("on-openai", &[(provider, model)]);
        stand.weir.write_config(&config.yaml())?;
        if round % 3 == 0 {
            stand.weir.signal("HUP").await?;
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let answered = stand.ask(Vendor::Openai, Vendor::Openai, &json!({})).await?;
            if answered.header("x-weir-provider") == Some(id) {
                break;
            }
            anyhow::ensure!(Instant::now() < deadline, "round {round} did not go live: {}", stand.weir.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    traffic.end(200).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_a_hundred_faulty_files_goes_live() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let good = usual(&stand.openai, &stand.anthropic, &stand.key);
    let faulty = faulty::files(&good.yaml())?;
    assert!(faulty.len() >= 100, "{} faulty files", faulty.len());
    let traffic = Traffic::start(&stand.caller, "on-openai");
    for (number, file) in faulty.iter().enumerate() {
        // Would show itself if anything of the file went live.
        let intruder = format!(
            "{}\n---\n{}",
            file.text,
            json!({
            "kind": "ModelRoute", "id": format!("intruder-{number}"), "spec": {"targets": [{"provider": "oai", "model": "x"}]}})
        );
        let before = refusals(&stand);
        // What holds nothing would be something with an intruder in it.
        let wanted = if file.is_empty() { &file.text } else { &intruder };
        stand.weir.write_config(wanted)?;
        stand.weir.signal("HUP").await?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while refusals(&stand) <= before {
            anyhow::ensure!(Instant::now() < deadline, "{} was not refused: {}", file.name, file.text);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let models: Value = weir_harness::client::client()
        .get(format!("{}/v1/models", stand.weir.gateway()))
        .bearer_auth(stand.key.whole())
        .send()
        .await?
        .json()
        .await?;
    assert!(!models.to_string().contains("intruder"), "{models}");
    assert!(models.to_string().contains("on-anthropic"), "{models}");
    traffic.end(200).await?;
    // A good file goes live again.
    stand.weir.write_config(&good.route("late", &[("oai", "gpt-4o")]).yaml())?;
    stand.weir.signal("HUP").await?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while stand.caller.ask(Vendor::Openai, &request(Vendor::Openai, "late", &json!({}))).await?.status != 200 {
        anyhow::ensure!(Instant::now() < deadline, "the good file did not go live: {}", stand.weir.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn refusals(stand: &Stand) -> usize {
    stand.weir.log().matches("the configuration file was refused").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_named_with_file_line_field_and_reason() -> anyhow::Result<()> {
    let openai = weir_harness::provider::FakeProvider::start(Vendor::Openai, "k").await?;
    let anthropic = weir_harness::provider::FakeProvider::start(Vendor::Anthropic, "k").await?;
    let good = usual(&openai, &anthropic, &weir_harness::config::Key::new(1)).yaml();
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("weir.yaml");
    std::fs::write(&path, &good)?;
    let check = async || tokio::process::Command::new(BINARY).args(["check", "--secrets"]).arg(&path).output().await;
    let out = check().await?;
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let mut poor = Vec::new();
    for file in faulty::files(&good)? {
        std::fs::write(&path, &file.text)?;
        let out = check().await?;
        let (said, told) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(!told.contains("panicked"), "{}: {told}", file.name);
        if out.status.success() {
            poor.push(format!("{}: not refused", file.name));
        } else if let Err(why) = well_told(&file, &said) {
            poor.push(format!("{} (expected {:?}): {why} in:\n{said}{told}", file.name, file.field));
        }
    }
    assert!(poor.is_empty(), "{} refusals are poor:\n{}", poor.len(), poor.join("\n"));
    Ok(())
}

/// Whether each line of a refusal is `PATH:LINE: [KIND/ID: ]FIELD: REASON`, the line is that of the field, and one of them
/// names the field that is at fault. What is no resource at all has no field.
fn well_told(file: &faulty::Faulty, said: &str) -> anyhow::Result<()> {
    let mut named = false;
    for fault in said.lines() {
        let (_, rest) = fault.split_once("weir.yaml:").context("a fault without its file")?;
        let (line, rest) = rest.split_once(": ").context("a fault without its line")?;
        let line: usize = line.parse().context("the line is no number")?;
        let parts: Vec<&str> = rest.splitn(3, ": ").collect();
        let (resource, field, reason) = match parts[..] {
            [resource, field, reason] if resource.contains('/') => (Some(resource), field, reason),
            [reason] if file.field.is_none() => (None, "", reason),
            [field, ..] => (None, field, rest.split_once(": ").unwrap_or_default().1),
            [] => anyhow::bail!("a fault without its field"),
        };
        anyhow::ensure!(reason.len() > 10, "{reason:?} is no reason");
        anyhow::ensure!(file.stands_at(line, resource, field), "line {line} is not that of {field:?}");
        named |= file
            .field
            .is_none_or(|wanted| field.contains(wanted) || reason.contains(&format!("missing field `{wanted}`")));
    }
    anyhow::ensure!(named, "the field is not named");
    Ok(())
}
