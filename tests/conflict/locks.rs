//! L: locks that clients hold, with fences that the upstream sees (K5), by REST and as WebDAV has them (RFC 4918).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use weir_harness::document::Manner;

use crate::call::{Call, Case, Reply};
use crate::stand::{ALL, Group, SHARED, wanted};

static LOCKS: Group = Group::new(policies, ALL, 1);
static DOWN: Group = Group::new(policies, SHARED, 1);
static NODES: Group = Group::new(policies, SHARED, 2);

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("locked", json!({"lock": {"enabled": true, "default_ttl": "60s", "max_ttl": "1h"}})),
        ("capped", json!({"lock": {"default_ttl": "30s", "max_ttl": "2m"}})),
        ("required", json!({"lock": {"required": true}})),
        ("unread", json!({"lock": {"guard": ["read", "write"]}})),
        ("exclusive", json!({"lock": {"modes": ["exclusive"]}})),
        ("webdav", json!({"lock": {"webdav": true}})),
        ("unlocked", json!({"validators": {}})),
        (
            "guarded",
            json!({"validators": {}, "lock": {}, "preconditions": {"evaluate": "gateway"},
                "lost_update": {"lease": "20s", "max_wait": "2s"}}),
        ),
    ]
}

const LOCKS_AT: &str = "/.gw/locks";

/// Asks for a lock of the case's document.
fn acquire(case: &Case, mode: &str, ttl: u64) -> Call {
    let body = json!({"resource": case.path, "mode": mode, "ttl_s": ttl, "note": "editing"});
    case.post(&body).path(LOCKS_AT)
}

async fn held(case: &Case, mode: &str) -> anyhow::Result<Value> {
    Ok(acquire(case, mode, 60).send().await?.expect(201)?.json())
}

fn of(case: &Case, lock: &Value, method: &str, rest: &str) -> Call {
    let id = lock["id"].as_str().unwrap_or("none");
    case.call(method).path(&format!("{LOCKS_AT}/{id}{rest}"))
}

fn token(lock: &Value) -> String {
    lock["token"].as_str().unwrap_or_default().to_owned()
}

/// The token as `If` has it.
fn submitted(lock: &Value) -> String {
    format!("(<{}>)", token(lock))
}

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

#[tokio::test]
async fn l1_a_lock_has_a_token_a_fence_and_an_end() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        let made = acquire(&case, "exclusive", 60).send().await?.expect(201)?;
        let lock = made.json();
        ensure!(token(&lock).starts_with("urn:uuid:"), "{lock}");
        ensure!(lock["fence"].as_u64().is_some_and(|f| f > 0), "{lock}");
        ensure!(lock["id"].as_str().is_some_and(|id| !id.is_empty()), "{lock}");
        let end = seconds_until(&lock)?;
        ensure!((50..=61).contains(&end), "it ends in {end} s: {lock}");
        let other = case.another();
        let second = held(&other, "exclusive").await?;
        assert_ne!(token(&second), token(&lock));
        ensure!(second["fence"].as_u64() > lock["fence"].as_u64(), "fences rise: {lock} {second}");
    }
    Ok(())
}

/// How long the lock still is, by this machine's clock.
fn seconds_until(lock: &Value) -> anyhow::Result<i64> {
    let text = lock["expires_at"].as_str().with_context(|| format!("no expires_at: {lock}"))?;
    let at = weir_domain::time::parse_rfc3339(text).map_err(anyhow::Error::msg)?;
    Ok((at - weir_domain::time::now()).div_euclid(1_000_000))
}

#[tokio::test]
async fn l2_a_second_lock_is_refused_and_says_until_when() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        held(&case, "exclusive").await?;
        for mode in ["exclusive", "shared"] {
            let refused = acquire(&case, mode, 60).by_b().send().await?.problem(423, "lock-conflict")?;
            ensure!((1..=60).contains(&refused.retry_after()?), "{refused:?}");
            let problem = refused.json();
            assert_eq!(problem["conflict"]["kind"], "lock");
            assert_eq!(problem["conflict"]["lock"]["mode"], "exclusive");
            ensure!(problem["conflict"]["lock"]["owner"].is_string(), "of the same team: {problem}");
        }
        // Also for who holds it: another lock is another lock.
        acquire(&case, "exclusive", 60).send().await?.problem(423, "lock-conflict")?;
    }
    Ok(())
}

#[tokio::test]
async fn l2_another_tenant_neither_sees_nor_meets_it() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        held(&case, "exclusive").await?;
        let theirs = acquire(&case, "exclusive", 60).by_another_team().send().await?;
        // By default the tenant is part of the key: the same path is another resource to them.
        let theirs = theirs.expect_one_of(&[201, 423])?;
        ensure!(theirs.json()["conflict"]["lock"]["owner"].is_null(), "{theirs:?}");
    }
    Ok(())
}

#[tokio::test]
async fn l3_a_write_without_token_is_423_for_everybody() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        case.u.set_json(&json!({"n": 1}));
        held(&case, "exclusive").await?;
        for call in [case.put(&json!({})), case.patch(&json!({})), case.delete(), case.post(&json!({}))] {
            for call in [call.clone().by_b(), call] {
                let refused = call.send().await?.refusal(423)?;
                assert_eq!(refused.json()["conflict"]["kind"], "lock");
                ensure!(refused.retry_after()? <= 60);
            }
        }
        assert_eq!(case.u.writes(), 0);
        assert_eq!(status(case.another().put(&json!({}))).await?, 201, "another document is not locked");
    }
    Ok(())
}

#[tokio::test]
async fn l4_a_write_with_the_token_passes_and_shows_its_fence() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        case.u.set_json(&json!({"n": 1}));
        let lock = held(&case, "exclusive").await?;
        assert_eq!(status(case.put(&json!({"n": 2})).header("if", &submitted(&lock))).await?, 204);
        let bracketed = format!("<{}>", token(&lock));
        assert_eq!(status(case.put(&json!({"n": 3})).header("lock-token", &bracketed)).await?, 204);
        for seen in case.u.seen("PUT") {
            assert_eq!(seen.header("fencing-token"), Some(lock["fence"].to_string().as_str()));
        }
        // A list that fails and one that holds; a Not that holds.
        let lists = format!("(<urn:uuid:00000000-0000-4000-8000-000000000000>) {}", submitted(&lock));
        assert_eq!(status(case.put(&json!({"n": 4})).header("if", &lists)).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn l4_a_token_that_is_none_is_412_and_one_that_cannot_be_read_400() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        case.u.set_json(&json!({"n": 1}));
        let lock = held(&case, "exclusive").await?;
        let others = held(&case.another(), "exclusive").await?;
        for wrong in [submitted(&others), "(<urn:uuid:00000000-0000-4000-8000-000000000000>)".to_owned()] {
            let refused = case.put(&json!({})).header("if", &wrong).send().await?;
            refused.problem(412, "lock-token-invalid")?;
        }
        for malformed in [token(&lock), "(<".to_owned(), "()".to_owned(), "<x".to_owned()] {
            assert_eq!(status(case.put(&json!({})).header("if", &malformed)).await?, 400, "{malformed}");
        }
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn l4_a_token_that_was_found_out_is_no_use_to_another() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        let lock = held(&case, "exclusive").await?;
        let answer = case.put(&json!({})).by_b().header("if", &submitted(&lock)).send().await?;
        answer.expect_one_of(&[403, 412, 423])?;
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn l5_reads_pass_unless_they_are_guarded() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        case.u.set_json(&json!({"n": 1}));
        held(&case, "exclusive").await?;
        assert_eq!(status(case.get().by_b()).await?, 200);
        assert_eq!(status(case.head().by_b()).await?, 200);
        let unread = case.behind("unread");
        let lock = held(&unread, "exclusive").await?;
        assert_eq!(status(unread.get()).await?, 423);
        assert_eq!(status(unread.get().header("if", &submitted(&lock))).await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn l6_shared_locks_go_together_and_with_no_exclusive_one() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        let a = held(&case, "shared").await?;
        let b = acquire(&case, "shared", 60).by_b().send().await?.expect(201)?.json();
        assert_ne!(token(&a), token(&b));
        acquire(&case, "exclusive", 60).by_b().send().await?.problem(423, "lock-conflict")?;
        // L7: each holder may write, nobody else.
        assert_eq!(status(case.put(&json!({})).header("if", &submitted(&a))).await?, 201);
        assert_eq!(status(case.put(&json!({})).by_b().header("if", &submitted(&b))).await?, 204);
        assert_eq!(status(case.put(&json!({}))).await?, 423);
        assert_eq!(status(of(&case, &a, "DELETE", "")).await?, 204);
        acquire(&case, "exclusive", 60).send().await?.problem(423, "lock-conflict")?;
        assert_eq!(status(of(&case, &b, "DELETE", "").by_b()).await?, 204);
        held(&case, "exclusive").await?;
    }
    Ok(())
}

#[tokio::test]
async fn l7_a_mode_that_the_policy_does_not_know_is_refused() -> anyhow::Result<()> {
    for case in LOCKS.cases("exclusive").await? {
        let refused = acquire(&case, "shared", 60).send().await?.expect_one_of(&[400, 403, 409, 422])?;
        ensure!(refused.json()["detail"].as_str().is_some_and(|d| d.contains("shared")), "{refused:?}");
        held(&case, "exclusive").await?;
    }
    Ok(())
}

#[tokio::test]
async fn l8_a_renewed_lock_ends_later_and_an_ended_one_is_not_renewed() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        let lock = acquire(&case, "exclusive", 5).send().await?.expect(201)?.json();
        let renewed = of(&case, &lock, "POST", "/renew").json(&json!({"ttl_s": 7})).send().await?.expect(200)?.json();
        ensure!(renewed["expires_at"].as_str() > lock["expires_at"].as_str(), "{lock} {renewed}");
        assert_eq!(renewed["token"].as_str().unwrap_or(&token(&lock)), token(&lock));
        tokio::time::sleep(Duration::from_millis(5_500)).await;
        assert_eq!(status(case.put(&json!({})).header("if", &submitted(&lock))).await?, 201, "renewed in time");
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let late = of(&case, &lock, "POST", "/renew").json(&json!({"ttl_s": 60})).send().await?;
        late.expect_one_of(&[412, 404])?;
        let refused = case.put(&json!({})).header("if", &submitted(&lock)).send().await?;
        refused.problem(412, "lock-token-invalid")?;
        assert_eq!(status(case.put(&json!({})).by_b()).await?, 204, "nobody holds it any more");
    }
    Ok(())
}

#[tokio::test]
async fn l9_a_lock_that_is_given_back_is_gone_at_once() -> anyhow::Result<()> {
    for case in NODES.cases("locked").await? {
        let lock = held(&case, "exclusive").await?;
        assert_eq!(status(case.put(&json!({})).at(1)).await?, 423, "every node knows it");
        assert_eq!(status(of(&case, &lock, "DELETE", "").by_b()).await?, 403, "not theirs to end");
        assert_eq!(status(of(&case, &lock, "DELETE", "").at(1)).await?, 204);
        assert_eq!(status(case.put(&json!({})).by_b()).await?, 201);
        assert_eq!(status(case.put(&json!({})).header("if", &submitted(&lock))).await?, 412);
        let again = of(&case, &lock, "DELETE", "").send().await?;
        again.expect_one_of(&[404, 412])?;
        let next = held(&case, "exclusive").await?;
        ensure!(next["fence"].as_u64() > lock["fence"].as_u64(), "{lock} {next}");
    }
    Ok(())
}

#[tokio::test]
async fn l10_the_time_of_a_lock_is_kept_within_bounds_and_told() -> anyhow::Result<()> {
    for case in LOCKS.cases("capped").await? {
        for (asked, given) in [(1, 5), (5, 5), (90, 90), (99_999, 120)] {
            let case = case.another();
            let lock = acquire(&case, "exclusive", asked).send().await?.expect(201)?.json();
            let left = seconds_until(&lock)?;
            ensure!((given - 3..=given + 1).contains(&left), "{asked} s became {left} s: {lock}");
        }
        let case = case.another();
        let body = json!({"resource": case.path, "mode": "exclusive"});
        let lock = case.post(&body).path(LOCKS_AT).send().await?.expect(201)?.json();
        let left = seconds_until(&lock)?;
        ensure!((27..=31).contains(&left), "the default became {left} s: {lock}");
    }
    Ok(())
}

#[tokio::test]
async fn l11_a_holder_that_stalled_past_its_lock_is_not_forwarded() -> anyhow::Result<()> {
    for case in LOCKS.cases("guarded").await? {
        case.u.set_json(&json!({"n": 1}));
        let tag = case.tag().await?;
        let lock = acquire(&case, "exclusive", 5).send().await?.expect(201)?.json();
        case.u.behave(Manner::slow(Duration::from_secs(7)));
        // The version is read for longer than the lock lasts.
        let call = case.put(&json!({"n": 2})).header("if-match", &tag).header("if", &submitted(&lock));
        call.send().await?.problem(503, "lease-lost")?;
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn l12_one_consumer_holds_a_hundred_locks_and_no_more() -> anyhow::Result<()> {
    // What its caller holds would be in the way of the other tests.
    let stand = Arc::new(LOCKS.fresh().await?);
    for store in wanted(ALL) {
        let case = Case::new(&stand, store, "locked");
        let call = |n: usize| {
            let body = json!({"resource": format!("{}x{n}", case.path), "mode": "exclusive", "ttl_s": 20});
            case.post(&body).path(LOCKS_AT).by_another_team()
        };
        let (mut made, mut refused): (usize, Vec<Reply>) = (0, Vec::new());
        for n in 0..104 {
            match call(n).send().await?.expect_one_of(&[201, 429])? {
                reply if reply.status == 201 => made += 1,
                reply => refused.push(reply),
            }
        }
        ensure!((98..=100).contains(&made) && !refused.is_empty(), "{made} locks");
        assert_eq!(status(acquire(&case, "exclusive", 20)).await?, 201, "another consumer may");
    }
    Ok(())
}

#[tokio::test]
async fn l13_without_its_store_nothing_is_locked_and_nothing_guarded_is_written() -> anyhow::Result<()> {
    let stand = Arc::new(DOWN.fresh().await?);
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "locked");
        case.u.set_json(&json!({"n": 1}));
        let lock = held(&case, "exclusive").await?;
        stand.stop_store(store);
        acquire(&case, "exclusive", 60).send().await?.problem(503, "conflict-store-unavailable")?;
        let call = case.put(&json!({})).header("if", &submitted(&lock));
        call.send().await?.problem(503, "conflict-store-unavailable")?;
        case.put(&json!({})).send().await?.problem(503, "conflict-store-unavailable")?;
        assert_eq!(case.u.writes(), 0);
        assert_eq!(status(case.get()).await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn l15_a_route_can_ask_for_a_lock() -> anyhow::Result<()> {
    for case in LOCKS.cases("required").await? {
        let refused = case.put(&json!({})).send().await?.refusal(423)?;
        assert_eq!(refused.json()["resolve"]["action"], "obtain_lock");
        let lock = held(&case, "exclusive").await?;
        assert_eq!(status(case.put(&json!({})).header("if", &submitted(&lock))).await?, 201);
        assert_eq!(case.u.calls("PUT"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn l16_what_is_no_request_for_a_lock_is_refused_with_a_reason() -> anyhow::Result<()> {
    for case in LOCKS.cases("locked").await? {
        let ask = |body: Value| case.post(&body).path(LOCKS_AT);
        for body in [
            json!({}),
            json!({"resource": case.path, "mode": "sometimes"}),
            json!({"resource": 7, "mode": "exclusive"}),
            json!({"resource": case.path, "mode": "exclusive", "ttl_s": -1}),
            json!({"resource": "no path", "mode": "exclusive"}),
            json!([]),
        ] {
            let refused = ask(body.clone()).send().await?.expect_one_of(&[400, 404, 422])?;
            ensure!(refused.json()["detail"].as_str().is_some_and(|d| d.len() > 15), "{body}: {refused:?}");
        }
        let broken = case.call("POST").path(LOCKS_AT).bytes("application/json", b"{\"resource\":".to_vec());
        assert_eq!(status(broken).await?, 400);
        for elsewhere in ["/nowhere/at/all", &case.behind("unlocked").path] {
            let answer = ask(json!({"resource": elsewhere, "mode": "exclusive"})).send().await?;
            answer.expect_one_of(&[404, 409, 422, 403, 400])?;
        }
        assert_eq!(status(acquire(&case, "exclusive", 60).anonymous()).await?, 401);
    }
    Ok(())
}

#[tokio::test]
async fn l17_of_many_who_lock_at_once_one_does() -> anyhow::Result<()> {
    for case in NODES.cases("locked").await? {
        let calls: Vec<_> = (0..12).map(|n| acquire(&case, "exclusive", 60).at(n % 2).spawn()).collect();
        let mut made = 0;
        for call in calls {
            made += usize::from(call.await??.expect_one_of(&[201, 423])?.status == 201);
        }
        assert_eq!(made, 1);
    }
    Ok(())
}

const LOCKINFO: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:lockinfo xmlns:D=\"DAV:\">\
    <D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>\
    <D:owner><D:href>mailto:a@example.com</D:href></D:owner></D:lockinfo>";

fn dav_lock(case: &Case, timeout: &str) -> Call {
    let call = case.call("LOCK").bytes("application/xml", LOCKINFO.as_bytes().to_vec());
    call.header("timeout", timeout).header("depth", "0")
}

/// `Lock-Token` of an answer, without its brackets.
fn dav_token(answer: &Reply) -> anyhow::Result<String> {
    let value = answer.header("lock-token").with_context(|| format!("no Lock-Token: {answer:?}"))?;
    let inner = value.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
    Ok(inner.with_context(|| value.to_owned())?.to_owned())
}

#[tokio::test]
async fn l18_webdav_locks_are_made_refreshed_and_ended() -> anyhow::Result<()> {
    for case in LOCKS.cases("webdav").await? {
        case.u.set_json(&json!({"n": 1}));
        let made = dav_lock(&case, "Infinite, Second-120").send().await?.expect(200)?;
        let token = dav_token(&made)?;
        ensure!(token.starts_with("urn:uuid:"), "{token}");
        let body = made.text();
        for part in ["lockdiscovery", "activelock", "Second-", &token] {
            ensure!(body.contains(part), "{part} is not in {body}");
        }
        assert_eq!(status(case.put(&json!({}))).await?, 423);
        assert_eq!(status(dav_lock(&case, "Second-60").by_b()).await?, 423);
        let submitted = format!("(<{token}>)");
        assert_eq!(status(case.put(&json!({"n": 2})).header("if", &submitted)).await?, 204);
        let refreshed = case.call("LOCK").header("if", &submitted).header("timeout", "Second-300").send().await?;
        ensure!(refreshed.expect(200)?.text().contains("Second-"), "how long it is now");
        assert_eq!(case.u.calls("LOCK") + case.u.calls("UNLOCK"), 0, "the upstream knows nothing of it");
        let end = case.call("UNLOCK").header("lock-token", &format!("<{token}>"));
        assert_eq!(status(end.clone()).await?, 204);
        assert_eq!(status(case.put(&json!({"n": 3})).by_b()).await?, 204);
        assert_eq!(status(end).await?, 409, "lock-token-matches-request-uri");
    }
    Ok(())
}

#[tokio::test]
async fn l19_webdav_refusals_are_those_of_rfc_4918() -> anyhow::Result<()> {
    for case in LOCKS.cases("webdav").await? {
        let token = dav_token(&dav_lock(&case, "Second-60").send().await?.expect_one_of(&[200, 201])?)?;
        assert_eq!(case.u.all_calls(), 0, "nothing is created upstream");
        let unknown = "(<urn:uuid:00000000-0000-4000-8000-000000000000>)";
        assert_eq!(status(case.call("LOCK").header("if", unknown)).await?, 412, "no such lock to refresh");
        assert_eq!(status(case.call("UNLOCK")).await?, 400, "which one?");
        assert_eq!(status(case.call("UNLOCK").header("lock-token", "token")).await?, 400);
        let end = |case: &Case| case.call("UNLOCK").header("lock-token", &format!("<{token}>"));
        assert_eq!(status(end(&case).by_b()).await?, 403, "somebody else's");
        assert_eq!(status(end(&case.another())).await?, 409, "of another resource");
        assert_eq!(status(end(&case)).await?, 204);
        let broken = case.call("LOCK").bytes("application/xml", b"<D:lockinfo".to_vec());
        assert_eq!(status(broken).await?, 400);
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
            <D:lockinfo xmlns:D=\"DAV:\"><D:owner>&b;</D:owner></D:lockinfo>";
        let bomb = case.call("LOCK").bytes("application/xml", bomb.as_bytes().to_vec());
        assert_eq!(status(bomb).await?, 400);
    }
    Ok(())
}

#[tokio::test]
async fn l20_webdav_is_off_unless_it_is_asked_for() -> anyhow::Result<()> {
    let case = LOCKS.case("locked").await?;
    let answer = dav_lock(&case, "Second-60").send().await?;
    ensure!(answer.header("lock-token").is_none(), "{answer:?}");
    assert_eq!(status(case.put(&json!({}))).await?, 201);
    Ok(())
}

#[tokio::test]
async fn l21_a_lock_outlives_the_node_that_gave_it_and_its_caller() -> anyhow::Result<()> {
    let stand = Arc::new(NODES.fresh().await?);
    for store in wanted(SHARED) {
        let case = Case::new(&stand, store, "locked");
        let lock = held(&case, "exclusive").await?;
        stand.kill(0).await?;
        assert_eq!(status(case.put(&json!({})).at(1)).await?, 423);
        assert_eq!(status(case.put(&json!({})).at(1).header("if", &submitted(&lock))).await?, 201);
        stand.restart(0).await?;
        assert_eq!(status(case.put(&json!({}))).await?, 423);
    }
    Ok(())
}
