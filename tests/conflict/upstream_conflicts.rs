//! U: conflicts that the upstream reports are tried again where that is safe, and nowhere else (K10).

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Turn};

use crate::call::{Call, Case};
use crate::stand::{Group, NONE};

static TRIES: Group = Group::new(policies, NONE, 1);

fn policies() -> Vec<(&'static str, Value)> {
    let retry = |fields: Value| {
        let mut all = json!({"on": [409, 423, 429, 503], "strategy": "retry", "max_attempts": 3,
            "backoff": {"base": "10ms", "max": "50ms"}, "budget": "100%"});
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        json!({"upstream_conflict": all})
    };
    vec![
        ("retry", retry(json!({}))),
        ("on412", retry(json!({"on": [409, 412]}))),
        ("reread", retry(json!({"on": [409, 412], "strategy": "reread"}))),
        ("pass", retry(json!({"strategy": "pass"}))),
        ("normal", retry(json!({"strategy": "pass", "normalize": true}))),
        ("safe", retry(json!({"replay_safe": true}))),
        ("budget", retry(json!({"budget": "20%", "route": {}}))),
        (
            "deadline",
            retry(json!({"max_attempts": 10, "deadline": "300ms", "backoff": {"base": "100ms", "max": "100ms"}})),
        ),
        ("keyed", {
            let mut policy = retry(json!({}));
            policy["idempotency"] = json!({"required": true, "forward_key": true});
            policy
        }),
    ]
    .into_iter()
    .map(|(name, mut policy)| {
        if let Some(fields) = policy["upstream_conflict"].as_object_mut() {
            fields.remove("route");
        }
        (name, policy)
    })
    .collect()
}

async fn case(policy: &str, turns: impl IntoIterator<Item = Turn>) -> anyhow::Result<Case> {
    let case = TRIES.case(policy).await?;
    case.u.set_json(&json!({"n": 1}));
    case.u.script(turns);
    Ok(case)
}

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

#[tokio::test]
async fn u1_a_write_that_may_be_repeated_is_tried_three_times() -> anyhow::Result<()> {
    let case = case("retry", [Turn::status(409), Turn::status(409)]).await?;
    assert_eq!(status(case.put(&json!({"n": 2}))).await?, 204);
    assert_eq!((case.u.calls("PUT"), case.u.json()), (3, Some(json!({"n": 2}))));
    case.u.script([409, 423, 503, 200].map(Turn::status));
    let last = case.put(&json!({"n": 3})).send().await?.expect(503)?;
    assert_eq!((case.u.calls("PUT"), last.text().as_str()), (6, "{\"scripted\":503}"), "the last answer, untouched");
    Ok(())
}

#[tokio::test]
async fn u2_a_post_without_key_is_never_repeated() -> anyhow::Result<()> {
    let case = case("retry", [409, 503, 429].map(Turn::status)).await?;
    for upstream in [409, 503, 429] {
        assert_eq!(status(case.post(&json!({}))).await?, upstream);
    }
    assert_eq!(case.u.calls("POST"), 3);
    case.u.script([Turn::status(409)]);
    assert_eq!(status(case.patch(&json!({}))).await?, 409, "PATCH is not idempotent");
    assert_eq!(case.u.calls("PATCH"), 1);
    Ok(())
}

#[tokio::test]
async fn u2_a_post_with_a_key_that_the_upstream_gets_or_that_is_said_to_be_safe_is() -> anyhow::Result<()> {
    let keyed = case("keyed", [Turn::status(409)]).await?;
    assert_eq!(status(keyed.post(&json!({})).header("idempotency-key", "k")).await?, 201);
    let keys: Vec<_> = keyed.u.seen("POST").iter().map(|s| s.header("idempotency-key").map(str::to_owned)).collect();
    assert_eq!(keys, [Some("k".to_owned()), Some("k".to_owned())]);
    let safe = case("safe", [Turn::status(503)]).await?;
    assert_eq!(status(safe.post(&json!({}))).await?, 201);
    assert_eq!(safe.u.calls("POST"), 2);
    Ok(())
}

#[tokio::test]
async fn u3_retry_after_is_kept_to_where_it_is_short_and_passed_on_where_it_is_long() -> anyhow::Result<()> {
    let case = case("retry", [Turn::status(503).header("retry-after", "1")]).await?;
    let reply = case.put(&json!({})).send().await?.expect(204)?;
    ensure!(reply.took >= Duration::from_millis(950), "{:?}", reply.took);
    case.u.script([Turn::status(503).header("retry-after", "60")]);
    let reply = case.put(&json!({})).send().await?.expect(503)?;
    ensure!(reply.took < Duration::from_millis(900) && reply.header("retry-after") == Some("60"), "{reply:?}");
    assert_eq!(case.u.calls("PUT"), 3);
    Ok(())
}

#[tokio::test]
async fn u4_a_patch_without_condition_is_made_upon_what_is_there_now() -> anyhow::Result<()> {
    let case = case("reread", []).await?;
    case.u.behave(Manner::tagged());
    case.u.script([Turn::status(412).on("PATCH")]);
    assert_eq!(status(case.patch(&json!({"m": 2}))).await?, 204);
    assert_eq!((case.u.calls("GET"), case.u.calls("PATCH")), (1, 2));
    let again = case.u.seen("PATCH").remove(1);
    assert_eq!(
        (again.header("if-match"), again.header("content-type")),
        (Some("\"u1\""), Some("application/merge-patch+json"))
    );
    assert_eq!(case.u.json(), Some(json!({"n": 1, "m": 2})));
    // Its own condition is the caller's word.
    let call = case.patch(&json!({"m": 3})).header("if-match", "\"u0\"");
    assert_eq!(status(call).await?, 412);
    assert_eq!((case.u.calls("GET"), case.u.calls("PATCH")), (1, 3));
    // A patch that is none of the two kinds is not understood well enough.
    case.u.script([Turn::status(412).on("PATCH")]);
    let call = case.patch(&json!({"m": 4})).header("content-type", "application/json");
    assert_eq!(status(call).await?, 412);
    assert_eq!(case.u.calls("GET"), 1);
    case.u.script([Turn::status(409).on("PATCH")]);
    let call = case.call("PATCH").bytes("application/json-patch+json", b"{\"m\":5}".to_vec());
    assert_eq!(status(call).await?, 204);
    assert_eq!(case.u.calls("GET"), 2);
    Ok(())
}

#[tokio::test]
async fn u5_a_body_that_was_not_kept_is_not_sent_again() -> anyhow::Result<()> {
    let case = case("retry", [Turn::status(409), Turn::status(409)]).await?;
    let call = case.call("PUT").bytes("text/plain", vec![b'x'; (64 << 10) + 1]);
    assert_eq!(status(call).await?, 409);
    assert_eq!(case.u.calls("PUT"), 1);
    let call = case.call("PUT").bytes("text/plain", vec![b'x'; 64 << 10]);
    assert_eq!(status(call).await?, 204);
    assert_eq!(case.u.calls("PUT"), 3, "64 KiB are kept");
    ensure!(case.u.seen("PUT").iter().skip(1).all(|s| s.body.len() == 64 << 10), "and sent whole each time");
    Ok(())
}

#[tokio::test]
async fn u6_a_condition_of_the_callers_that_failed_is_never_tried_again() -> anyhow::Result<()> {
    let case = case("on412", []).await?;
    case.u.behave(Manner::tagged());
    for (name, value) in [("if-match", "\"u0\""), ("if-none-match", "\"u1\"")] {
        assert_eq!(status(case.put(&json!({})).header(name, value)).await?, 412);
    }
    case.u.script([Turn::status(412)]);
    let call = case.put(&json!({})).header("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(status(call).await?, 412);
    assert_eq!(case.u.calls("PUT"), 3);
    case.u.script([Turn::status(412)]);
    assert_eq!(status(case.put(&json!({}))).await?, 204, "without a condition it is");
    Ok(())
}

#[tokio::test]
async fn u7_repeats_have_a_budget() -> anyhow::Result<()> {
    let case = case("budget", []).await?;
    case.u.script(std::iter::repeat_n(Turn::status(409), 2_000));
    for _ in 0..300 {
        assert_eq!(status(case.put(&json!({}))).await?, 409);
    }
    let repeats = case.u.calls("PUT") - 300;
    ensure!((1..=75).contains(&repeats), "{repeats} repeats of 300 requests at 20 %");
    Ok(())
}

#[tokio::test]
async fn u8_what_the_upstream_says_is_untouched_or_made_a_problem_by_policy() -> anyhow::Result<()> {
    let refusal = || Turn::status(409).header("x-theirs", "1");
    let passed = case("pass", [refusal()]).await?;
    let reply = passed.put(&json!({})).send().await?.expect(409)?;
    assert_eq!((reply.text().as_str(), reply.header("x-theirs")), ("{\"scripted\":409}", Some("1")));
    let normal = case("normal", [refusal()]).await?;
    let reply = normal.put(&json!({})).send().await?.expect(409)?;
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.json()["upstream"], json!({"scripted": 409}), "{}", reply.text());
    let theirs = Turn {
        body: bytes::Bytes::from_static(b"{\"type\":\"urn:theirs\",\"title\":\"No\"}"),
        ..Turn::status(409).header("content-type", "application/problem+json")
    };
    normal.u.script([theirs]);
    let reply = normal.put(&json!({})).send().await?.expect(409)?;
    assert_eq!(reply.json()["type"], "urn:theirs", "a problem already");
    assert_eq!(passed.u.calls("PUT") + normal.u.calls("PUT"), 3);
    Ok(())
}

#[tokio::test]
async fn u9_there_is_a_time_after_which_nothing_is_tried() -> anyhow::Result<()> {
    let case = case("deadline", std::iter::repeat_n(Turn::status(409), 50)).await?;
    let reply = case.put(&json!({})).send().await?.expect(409)?;
    ensure!(reply.took < Duration::from_millis(1_200), "{:?}", reply.took);
    ensure!(case.u.calls("PUT") < 10, "{}", case.u.calls("PUT"));
    Ok(())
}

#[tokio::test]
async fn u10_other_statuses_and_reads() -> anyhow::Result<()> {
    let case = case("retry", [Turn::status(500)]).await?;
    assert_eq!(status(case.put(&json!({}))).await?, 500, "not in on");
    assert_eq!(case.u.calls("PUT"), 1);
    case.u.script([Turn::status(503)]);
    assert_eq!(status(case.get()).await?, 200);
    assert_eq!(case.u.calls("GET"), 2);
    case.u.script([Turn::status(409)]);
    assert_eq!(status(case.delete()).await?, 204);
    Ok(())
}
