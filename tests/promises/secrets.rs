//! A secret that went in never comes out: not in logs at trace level, metrics, errors, exports, answers of
//! the admin API or files, whichever way it went in and whatever went wrong.

use std::path::Path;

use anyhow::Context;
use serde_json::json;
use tempfile::TempDir;
use weir_harness::chat::Caller;
use weir_harness::config::Config;
use weir_harness::provider::{FakeProvider, Vendor};
use weir_harness::script::{Fault, Script};

use crate::stand::{ANTHROPIC_KEY, BINARY, DIALECTS, OPENAI_KEY, Stand, request, route_to, streamed, user};

/// In the environment.
const ENV_KEY: &str = "sk-canary-env-91d0c5e2";
/// In a file.
const FILE_KEY: &str = "sk-canary-file-c07b44aa";
/// In an admin API request.
const POSTED_KEY: &str = "sk-canary-posted-0d9c31fe";
/// What is said to a model, and by it.
const PROMPT: &str = "canary-prompt-77aa01";

/// Everything that must be found nowhere.
fn canaries(stand: &Stand) -> Vec<String> {
    let mut all: Vec<String> =
        [OPENAI_KEY, ANTHROPIC_KEY, ENV_KEY, FILE_KEY, POSTED_KEY, PROMPT].map(str::to_owned).to_vec();
    all.push(stand.key.secret_part().to_owned());
    all
}

fn search(place: &str, text: &[u8], canaries: &[String]) {
    for canary in canaries {
        let found = text.windows(canary.len()).position(|w| w == canary.as_bytes());
        if let Some(at) = found {
            let around = &text[at.saturating_sub(200)..(at + canary.len() + 40).min(text.len())];
            panic!("{canary} stands in {place}: …{}…", String::from_utf8_lossy(around));
        }
    }
}

/// All files below a directory, with their content.
fn files(dir: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push((path.display().to_string(), std::fs::read(&path)?));
        }
    }
    Ok(all)
}

/// The directory holds the file with a secret, and goes with the test.
async fn stand() -> anyhow::Result<(Stand, TempDir)> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("vendor-key");
    std::fs::write(&path, FILE_KEY)?;
    let by_file = format!("file:{}", path.display());
    let stand = Stand::start_as(
        move |config, openai, _| {
            let spec = |secret: &str| {
                json!({"protocol": "openai", "base_url": openai.base_url(), "keys": [{"id": "k", "secret": secret}], "allow_private_address": true})
            };
            // What requests hold is kept, without what the team does not want kept.
            let log = json!({"bodies": "all", "redact": {"patterns": ["canary-prompt-[0-9a-f]+"]}});
            config
                .with("Team", "default", &json!({"name": "Default", "request_log": log}))
                .with("Provider", "by-env", &spec("env:CANARY_KEY"))
                .with("Provider", "by-file", &spec(&by_file))
        },
        |setup| setup.environment("CANARY_KEY", ENV_KEY).environment("WEIR_LOG", "trace"),
    )
    .await?;
    Ok((stand, dir))
}

/// Uses every secret, well and badly; the answers that callers saw.
async fn use_everything(stand: &Stand) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seen = Vec::new();
    for provider in DIALECTS {
        for caller in DIALECTS {
            for stream in [json!({}), streamed(caller)] {
                stand.ask(caller, provider, &crate::stand::both(&stream, &json!({"messages": user(PROMPT)}))).await?;
            }
            let echo =
                format!(r#"{{"error":{{"message":"Incorrect API key provided: {}","type":"x"}}}}"#, key_of(provider));
            for script in [
                Script { status: Some(401), body: Some(echo), ..Script::default() },
                Script::refuse(500),
                Script::fail(Fault::ErrorEvent { after: 6 }),
                Script::fail(Fault::ResetBeforeHead),
            ] {
                stand.fake(provider).next_times(3, script);
                seen.push(stand.ask(caller, provider, &streamed(caller)).await?.body.to_vec());
                stand.fake(provider).reset();
            }
        }
    }
    // Told to a model, which says it again; in streams in pieces.
    let told = [OPENAI_KEY, ANTHROPIC_KEY, ENV_KEY, FILE_KEY, PROMPT, stand.key.whole()].join(" and ");
    for caller in DIALECTS {
        for stream in [json!({}), streamed(caller)] {
            let fields = crate::stand::both(&stream, &json!({"messages": user(&told)}));
            let answered = stand.ask(caller, Vendor::Openai, &fields).await?;
            anyhow::ensure!(answered.status == 200, "{}", answered.text());
        }
    }
    for model in ["by-env/gpt-4o", "by-file/gpt-4o"] {
        // The fake knows another key: the vendor's refusal must not show this one.
        seen.push(stand.caller.ask(Vendor::Openai, &request(Vendor::Openai, model, &json!({}))).await?.body.to_vec());
    }
    let arrived = stand.openai.received();
    let sent = |key: &str| arrived.iter().any(|r| r.head.header("authorization") == Some(&format!("Bearer {key}")));
    anyhow::ensure!(sent(ENV_KEY) && sent(FILE_KEY), "the canaries were never used");
    let mistyped = Caller::new(&stand.weir.gateway(), &format!("{}x", stand.key.whole()));
    seen.push(mistyped.ask(Vendor::Openai, &request(Vendor::Openai, "on-openai", &json!({}))).await?.body.to_vec());
    Ok(seen)
}

fn key_of(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Openai => OPENAI_KEY,
        Vendor::Anthropic => ANTHROPIC_KEY,
    }
}

#[tokio::test]
async fn no_secret_comes_out() -> anyhow::Result<()> {
    let (stand, _dir) = stand().await?;
    let canaries = canaries(&stand);
    for (number, answer) in use_everything(&stand).await?.iter().enumerate() {
        search(&format!("answer {number}"), answer, &canaries);
    }
    let admin = stand.weir.admin()?;
    let spec = json!({"protocol": "openai", "base_url": "https://api.example.com/v1", "keys": [{"id": "k", "secret": POSTED_KEY}]});
    let made = admin.send("POST", "/providers", &[], Some(&json!({"id": "posted", "spec": spec}))).await?;
    assert!((200..300).contains(&made.status), "{made:?}");
    search("the answer to POST", made.body.to_string().as_bytes(), &canaries);
    for path in [
        "/providers",
        "/providers/oai",
        "/providers/posted",
        "/providers/posted/history",
        "/api-keys",
        "/audit",
        "/requests",
        "/model-routes",
        "/applications",
    ] {
        let answer = admin.send("GET", path, &[], None).await?;
        assert!(answer.status < 500, "{path}: {answer:?}");
        search(path, answer.body.to_string().as_bytes(), &canaries);
    }
    search_bodies(&stand, &canaries).await?;
    let ops = stand.weir.ops_url().context("no ops address")?;
    let metrics = weir_harness::client::client().get(format!("{ops}/metrics")).send().await?.text().await?;
    assert!(metrics.contains("weir_"), "{metrics}");
    search("metrics", metrics.as_bytes(), &canaries);
    let export = command(&stand, &["export"]).await?;
    assert!(export.contains("kind: Provider"), "{export}");
    search("weir export", export.as_bytes(), &canaries);
    for _ in 0..2 {
        search("the log at trace level", stand.weir.log().as_bytes(), &canaries);
        for (path, content) in files(&stand.weir.data_dir())? {
            search(&path, &content, &canaries);
        }
        // Once more after the write-ahead log and the journal have moved on.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    }
    let log = stand.weir.log();
    assert!(log.contains(" DEBUG sqlx"), "the log is not as detailed as was asked for");
    Ok(())
}

/// What is kept of bodies, which must be there to be searched.
async fn search_bodies(stand: &Stand, canaries: &[String]) -> anyhow::Result<()> {
    let admin = stand.weir.admin()?;
    let mut redacted = 0;
    for _ in 0..50 {
        let page = admin.send("GET", "/requests?limit=500", &[], None).await?.body;
        let ids: Vec<&str> = page["items"].as_array().into_iter().flatten().filter_map(|r| r["id"].as_str()).collect();
        redacted = 0;
        for id in ids {
            let kept = admin.send("GET", &format!("/requests/{id}/bodies"), &[], None).await?;
            if kept.status == 200 {
                search(&format!("the bodies of {id}"), kept.body.to_string().as_bytes(), canaries);
                redacted += usize::from(kept.body["request"]["redacted"]["secret"].as_u64() >= Some(5));
            }
        }
        if redacted >= 4 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("only {redacted} requests with keys in them are kept")
}

async fn command(stand: &Stand, arguments: &[&str]) -> anyhow::Result<String> {
    let out = tokio::process::Command::new(BINARY)
        .args(arguments)
        .env("WEIR_ADMIN_URL", stand.weir.admin_url())
        .env("WEIR_ADMIN_TOKEN", stand.weir.admin()?.token())
        .output()
        .await?;
    anyhow::ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[tokio::test]
async fn a_faulty_configuration_does_not_show_its_secrets() -> anyhow::Result<()> {
    let fake = FakeProvider::start(Vendor::Openai, "k").await?;
    let secret = "sk-canary-in-a-faulty-file";
    let good = |keys: serde_json::Value| json!({"protocol": "openai", "base_url": fake.base_url(), "keys": keys});
    let specs = [
        good(json!([{"id": "k", "secret": {"value": secret}}])),
        good(json!([{"id": "k", "secret": [secret]}])),
        good(json!([secret])),
        good(json!(secret)),
        good(json!([{"id": "k", "secret": secret, "weight": "x"}])),
        good(json!([{"id": secret, "secret": secret}])),
        good(json!([{"id": "k", "secret": secret, "key": secret}])),
    ];
    let dir = tempfile::tempdir()?;
    for (number, spec) in specs.iter().enumerate() {
        let path = dir.path().join(format!("{number}.yaml"));
        std::fs::write(&path, Config::new().with("Provider", "p", spec).yaml())?;
        let out = tokio::process::Command::new(BINARY).arg("check").arg(&path).output().await?;
        let said = [out.stdout, out.stderr].concat();
        assert!(!out.status.success(), "{spec} is no fault: {}", String::from_utf8_lossy(&said));
        search(&format!("weir check of {spec}"), &said, &[secret.to_owned()]);
    }
    Ok(())
}

#[tokio::test]
async fn files_with_secrets_are_readable_by_their_owner_only() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let stand = Stand::start().await?;
    stand.ask(Vendor::Openai, Vendor::Openai, &json!({"model": route_to(Vendor::Openai)})).await?;
    let mode = |path: &Path| anyhow::Ok(std::fs::metadata(path)?.permissions().mode() & 0o777);
    let data = stand.weir.data_dir();
    assert_eq!(mode(&data)?, 0o700, "the directory of the data is open to others");
    for name in ["admin-token", "master.key"] {
        assert_eq!(mode(&data.join(name))?, 0o600, "{name}");
    }
    Ok(())
}
