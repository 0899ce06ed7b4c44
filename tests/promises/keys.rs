//! Keys: a revoked one stops within two seconds, an expired one stops on time, allow-lists hold, and the
//! `weir key` command makes and revokes them.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use weir_harness::chat::{Answered, Caller};
use weir_harness::config::Key;
use weir_harness::provider::Vendor;

use crate::stand::{DIALECTS, Stand, request, streamed};

async fn status(stand: &Stand, key: &str, model: &str) -> anyhow::Result<u16> {
    let caller = Caller::new(&stand.weir.gateway(), key);
    Ok(caller.ask(Vendor::Openai, &request(Vendor::Openai, model, &json!({}))).await?.status)
}

/// Makes a key over the admin API; the whole key and its public id.
async fn made(stand: &Stand, fields: &Value) -> anyhow::Result<(String, String)> {
    let made = stand.weir.admin()?.post("/applications/app/keys", fields).await?;
    let key = made["key"].as_str().with_context(|| format!("no key in {made}"))?.to_owned();
    let id = key.get(5..21).with_context(|| format!("{key} is no key"))?.to_owned();
    Ok((key, id))
}

#[tokio::test]
async fn a_revoked_key_stops_within_two_seconds() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let admin = stand.weir.admin()?;
    let (key, id) = made(&stand, &json!({"name": "to be revoked"})).await?;
    let deadline = Instant::now() + Duration::from_secs(2);
    while status(&stand, &key, "on-openai").await? != 200 {
        anyhow::ensure!(Instant::now() < deadline, "a new key did not work within two seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let current = admin.get(&format!("/api-keys/{id}")).await?;
    assert!(!current.to_string().contains(&key[22..]), "the key comes back: {current}");
    admin.post(&format!("/api-keys/{id}/revoke"), &json!({})).await?;
    let revoked = Instant::now();
    while status(&stand, &key, "on-openai").await? != 401 {
        anyhow::ensure!(
            revoked.elapsed() < Duration::from_secs(2),
            "the revoked key still works after {:?}",
            revoked.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..20 {
        assert_eq!(status(&stand, &key, "on-openai").await?, 401);
    }
    assert_eq!(status(&stand, stand.key.whole(), "on-openai").await?, 200, "other keys stay");
    Ok(())
}

#[tokio::test]
async fn an_expired_key_stops_on_time() -> anyhow::Result<()> {
    let (past, soon) = (Key::new(41), Key::new(42));
    // Far enough away for a start on a busy machine: the key must be seen to work before it ends.
    let soon_ends = std::time::SystemTime::UNIX_EPOCH.elapsed()? + Duration::from_secs(12);
    let stand = Stand::start_with(|config, _, _| {
        config.key("app", &past, &json!({"expires_at": "2020-01-01T00:00:00Z"})).key(
            "app",
            &soon,
            &json!({"expires_at": rfc3339(soon_ends.as_secs())}),
        )
    })
    .await?;
    assert_eq!(status(&stand, past.whole(), "on-openai").await?, 401);
    let left = |at: Duration| -> anyhow::Result<Duration> {
        Ok(at.saturating_sub(std::time::SystemTime::UNIX_EPOCH.elapsed()?))
    };
    let end = Duration::from_secs(soon_ends.as_secs());
    assert_eq!(status(&stand, soon.whole(), "on-openai").await?, 200);
    assert!(!left(end)?.is_zero(), "the start took so long that nothing was seen of the key's life");
    tokio::time::sleep(left(end)? + Duration::from_millis(100)).await;
    assert_eq!(status(&stand, soon.whole(), "on-openai").await?, 401);
    Ok(())
}

/// Seconds since 1970 as RFC 3339, by the days-to-civil algorithm.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// A model that exists and may not be called is answered word for word as one that does not exist; an application that
/// is switched off is told so.
fn refused_as_unknown(answered: &Answered, dialect: Vendor, model: &str, off: bool) -> anyhow::Result<()> {
    let (_, message) = answered.error(dialect)?;
    if off {
        anyhow::ensure!(answered.status == 403 && message.contains("switched off"), "switched off");
        return Ok(());
    }
    anyhow::ensure!(answered.status == 404, "404");
    let sentence = format!("the model '{model}' does not exist here, or this API key may not use it; ");
    anyhow::ensure!(message.contains(&sentence), "the sentence of an unknown model");
    if dialect == Vendor::Openai {
        anyhow::ensure!(answered.json()?["error"]["code"] == "model_not_found", "the code of an unknown model");
    }
    Ok(())
}

#[tokio::test]
async fn allow_lists_hold_for_applications_and_keys() -> anyhow::Result<()> {
    let (narrow, narrower, prefix, empty, off) = (Key::new(51), Key::new(52), Key::new(53), Key::new(54), Key::new(55));
    let stand = Stand::start_with(|config, _, _| {
        config
            .with("Application", "narrow", &json!({"models": ["on-openai", "oai/gpt-4o-mini"]}))
            .key("narrow", &narrow, &json!({}))
            .key("narrow", &narrower, &json!({"models": ["on-openai", "on-anthropic"]}))
            .with("Application", "prefix", &json!({"models": ["ant/*"]}))
            .key("prefix", &prefix, &json!({}))
            .with("Application", "empty", &json!({}))
            .key("empty", &empty, &json!({}))
            .with("Application", "off", &json!({"models": ["*"], "disabled": true}))
            .key("off", &off, &json!({}))
    })
    .await?;
    let cases = [
        (&narrow, "on-openai", true),
        (&narrow, "oai/gpt-4o-mini", true),
        (&narrow, "oai/gpt-4o", false),
        (&narrow, "on-anthropic", false),
        (&narrower, "on-openai", true),
        (&narrower, "oai/gpt-4o-mini", false),
        (&narrower, "on-anthropic", false),
        (&prefix, "ant/anything", true),
        (&prefix, "oai/gpt-4o", false),
        (&empty, "on-openai", false),
        (&empty, "no-such-model", false),
        (&narrow, "no-such-model", false),
        (&off, "on-openai", false),
    ];
    for (key, model, allowed) in cases {
        for dialect in DIALECTS {
            for fields in [json!({}), streamed(dialect)] {
                let caller = Caller::new(&stand.weir.gateway(), key.whole());
                let answered = caller.ask(dialect, &request(dialect, model, &fields)).await?;
                if allowed {
                    answered.heard(dialect)?;
                } else {
                    refused_as_unknown(&answered, dialect, model, key == &off)
                        .with_context(|| format!("{model}: {} {}", answered.status, answered.text()))?;
                }
            }
        }
    }
    let client = weir_harness::client::client();
    let list: Value = client
        .get(format!("{}/v1/models", stand.weir.gateway()))
        .bearer_auth(narrow.whole())
        .send()
        .await?
        .json()
        .await?;
    let text = list.to_string();
    assert!(text.contains("\"on-openai\"") && !text.contains("on-anthropic"), "{text}");
    Ok(())
}

#[tokio::test]
async fn the_command_makes_and_revokes_keys() -> anyhow::Result<()> {
    let stand = Stand::start().await?;
    let weir = |arguments: Vec<String>| {
        let mut command = tokio::process::Command::new(crate::stand::BINARY);
        command
            .current_dir(stand.weir.dir())
            .args(arguments)
            .env("WEIR_ADMIN_URL", stand.weir.admin_url())
            .env("WEIR_DATA_DIR", stand.weir.data_dir());
        command
    };
    let token = stand.weir.admin()?.token().to_owned();
    let owned = |all: &[&str]| all.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>();
    let out = weir(owned(&["key", "create", "app"])).env("WEIR_ADMIN_TOKEN", &token).output().await?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    let key = text.split_whitespace().find(|w| w.starts_with("weir_")).with_context(|| format!("no key in {text}"))?;
    let deadline = Instant::now() + Duration::from_secs(2);
    while status(&stand, key, "on-openai").await? != 200 {
        anyhow::ensure!(Instant::now() < deadline, "a new key did not work within two seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let out = weir(owned(&["key", "revoke", &key[5..21]])).env("WEIR_ADMIN_TOKEN", &token).output().await?;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let revoked = Instant::now();
    while status(&stand, key, "on-openai").await? != 401 {
        anyhow::ensure!(revoked.elapsed() < Duration::from_secs(2), "still works");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
