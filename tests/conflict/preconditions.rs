//! P: conditions of writes, and that no write overwrites what its caller has not read (K3, K4).

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Turn};

use crate::call::{Call, Case, is_ours};
use crate::raw::Raw;
use crate::stand::{ALL, Group, SHARED, Store, wanted};

static WRITES: Group = Group::new(policies, ALL, 1);
/// With servers of its own, which are stopped.
static DOWN: Group = Group::new(policies, SHARED, 1);
static NODES: Group = Group::new(policies, SHARED, 2);

fn guarded(more: &Value) -> Value {
    let mut policy = json!({
        "validators": {"synthesize": "bytes", "head": "as_get", "max_body": "1MiB"},
        "conditional_reads": {"enabled": true},
        "preconditions": {
            "require": {"methods": ["PUT", "PATCH", "DELETE"], "any_of": ["if-match", "if-unmodified-since", "if-none-match"]},
            "evaluate": "gateway",
        },
        "lost_update": {"authority": "upstream", "lease": "10s", "max_wait": "5s"},
    });
    for (part, fields) in more.as_object().unwrap() {
        match (policy.get_mut(part), fields) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new.clone()),
            _ => policy[part] = fields.clone(),
        }
    }
    policy
}

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("guarded", guarded(&json!({}))),
        ("free", guarded(&json!({"preconditions": {"require": null}}))),
        ("match-only", guarded(&json!({"preconditions": {"require": {"any_of": ["if-match"]}}}))),
        ("gateway", guarded(&json!({"writers": "gateway-only", "lost_update": {"authority": "gateway"}}))),
        ("upstream", json!({"preconditions": {"require": {"any_of": ["if-match"]}, "evaluate": "upstream"}})),
        ("mismatch", guarded(&json!({"preconditions": {"mismatch_status": 409}}))),
        ("lenient", guarded(&json!({"preconditions": {"malformed_status": 412}}))),
        ("applied", guarded(&json!({"preconditions": {"already_applied": "success"}}))),
        ("shy", guarded(&json!({"preconditions": {"disclose_current": false}}))),
        ("open", guarded(&json!({"preconditions": {"on_error": "open"}}))),
        ("service", guarded(&json!({"preconditions": {"verify_with": "service"}}))),
        ("brief", guarded(&json!({"route": {"upstream": "brief"}}))),
    ]
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

/// A document with one version, and its tag, for each store.
async fn read(policy: &str) -> anyhow::Result<Vec<(Case, String)>> {
    read_of(&WRITES, policy).await
}

async fn read_of(group: &Group, policy: &str) -> anyhow::Result<Vec<(Case, String)>> {
    let mut all = Vec::new();
    for case in group.cases(policy).await? {
        case.u.set_json(&json!({"n": 1}));
        let tag = case.tag().await?;
        all.push((case, tag));
    }
    Ok(all)
}

#[tokio::test]
async fn p1_a_write_without_condition_is_428_and_never_forwarded() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        for call in [case.put(&json!({"n": 2})), case.delete(), case.patch(&json!({"n": 2}))] {
            let refused = call.send().await?.problem(428, "precondition-required")?;
            let problem = refused.json();
            for name in ["If-Match", "If-Unmodified-Since", "If-None-Match"] {
                ensure!(problem.to_string().contains(name), "{name} is not named: {problem}");
            }
            assert_eq!(problem["resolve"]["action"], "add_precondition");
            assert_eq!(problem["instance"], case.path);
        }
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p1_a_condition_that_does_not_count_is_none() -> anyhow::Result<()> {
    for (case, tag) in read("match-only").await? {
        let others = [("if-none-match", "\"x\""), ("if-unmodified-since", DATE), ("if-modified-since", DATE)];
        for (name, value) in others {
            case.put(&json!({})).header(name, value).send().await?.problem(428, "precondition-required")?;
        }
        assert_eq!(case.u.writes(), 0);
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &tag)).await?, 204);
        assert_eq!(status(case.post(&json!({}))).await?, 201, "POST is not in methods");
    }
    Ok(())
}

#[tokio::test]
async fn p3_a_write_of_the_version_that_was_read_is_made_once() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &tag)).await?, 204);
        assert_eq!((case.u.calls("PUT"), case.u.json()), (1, Some(json!({"n": 2}))));
        let seen = case.u.seen("PUT").remove(0);
        ensure!(seen.header("if-match").is_none_or(|v| !v.contains("g1-")), "{seen:?}");
        ensure!(seen.header("fencing-token").is_some_and(|f| f.parse::<u64>().is_ok_and(|f| f > 0)), "{seen:?}");
        assert_eq!(seen.header("content-type"), Some("application/json"));
        let next = case.tag().await?;
        assert_ne!(next, tag);
        assert_eq!(status(case.patch(&json!({"m": 3})).header("if-match", &next)).await?, 204);
        let next = case.tag().await?;
        assert_eq!(status(case.delete().header("if-match", &next)).await?, 204);
        assert_eq!(case.u.json(), None);
    }
    Ok(())
}

#[tokio::test]
async fn p4_a_write_of_another_version_is_412_and_says_which_is_current() -> anyhow::Result<()> {
    for (case, old) in read("guarded").await? {
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &old)).await?, 204);
        let current = case.tag().await?;
        for call in [case.put(&json!({"n": 9})), case.delete(), case.patch(&json!({"n": 9}))] {
            let refused = call.header("if-match", &old).send().await?.problem(412, "precondition-failed")?;
            assert_eq!(refused.header("etag"), Some(current.as_str()));
            let problem = refused.json();
            assert_eq!(problem["conflict"]["kind"], "version");
            assert_eq!(problem["conflict"]["current"], current);
            assert_eq!(problem["conflict"]["submitted"], json!([old]));
            assert_eq!(problem["resolve"]["action"], "refetch_and_reapply");
            assert_eq!(problem["resolve"]["safe_to_retry_unchanged"], false);
            assert_eq!(problem["resolve"]["fetch"], json!({"method": "GET", "href": case.path}));
            assert_eq!(problem["resolve"]["then_send"]["If-Match"], current);
        }
        assert_eq!((case.u.writes(), case.u.json()), (1, Some(json!({"n": 2}))));
    }
    Ok(())
}

#[tokio::test]
async fn p4_the_current_tag_is_not_told_where_it_must_not_be() -> anyhow::Result<()> {
    for (case, _) in read("shy").await? {
        let refused = case.put(&json!({})).header("if-match", "\"old\"").send().await?;
        let refused = refused.problem(412, "precondition-failed")?.untagged()?;
        ensure!(!refused.text().contains("g1-"), "{}", refused.text());
    }
    Ok(())
}

#[tokio::test]
async fn p5_weak_tags_never_match_a_write() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let weak = format!("W/{tag}");
        case.put(&json!({})).header("if-match", &weak).send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.writes(), 0);
        case.u.behave(Manner { tag: weir_harness::document::Tag::Weak, ..Manner::default() });
        let theirs = case.tag().await?;
        ensure!(theirs.starts_with("W/"), "{theirs}");
        case.put(&json!({})).header("if-match", &theirs).send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p6_one_of_a_list_over_several_lines_is_enough() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let call = case.put(&json!({"n": 2})).header("if-match", "\"a\", \"b\"").header("if-match", &tag);
        assert_eq!(status(call).await?, 204);
        let tag = case.tag().await?;
        let call = case.put(&json!({"n": 3})).header("if-match", &format!("\"a,{{\", {tag}, W/\"c\""));
        assert_eq!(status(call).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn p7_any_version_is_enough_where_there_is_one() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", "*")).await?, 204);
        let none = case.another();
        let refused = none.put(&json!({})).header("if-match", "*").send().await?;
        let refused = refused.problem(412, "precondition-failed")?;
        assert_eq!(refused.json()["conflict"]["kind"], "existence");
        assert_eq!(none.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p8_what_is_not_there_is_404_where_the_plain_answer_would_be() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let none = case.another();
        for call in [none.delete(), none.patch(&json!({}))] {
            assert_eq!(status(call.clone().header("if-match", &tag)).await?, 404);
            assert_eq!(status(call.header("if-match", "*")).await?, 404);
        }
        let refused = none.put(&json!({})).header("if-match", &tag).send().await?;
        refused.problem(412, "precondition-failed")?;
        assert_eq!(none.u.applied(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p9_creating_only_what_is_not_there() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        let none = case.another();
        assert_eq!(status(none.put(&json!({"n": 1})).header("if-none-match", "*")).await?, 201);
        let refused = none.put(&json!({"n": 2})).header("if-none-match", "*").send().await?;
        let refused = refused.problem(412, "precondition-failed")?;
        assert_eq!(refused.json()["conflict"]["kind"], "existence");
        assert_eq!((none.u.calls("PUT"), none.u.json()), (1, Some(json!({"n": 1}))));
    }
    Ok(())
}

#[tokio::test]
async fn p9_of_many_who_create_at_once_one_does() -> anyhow::Result<()> {
    for case in NODES.cases("guarded").await? {
        let calls: Vec<_> =
            (0..10).map(|n| case.put(&json!({"n": n})).header("if-none-match", "*").at(n % 2).spawn()).collect();
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call.await??.expect_one_of(&[201, 412])?.status);
        }
        assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{statuses:?}");
        assert_eq!(case.u.calls("PUT"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn p10_not_this_version() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let call = case.put(&json!({"n": 2})).header("if-none-match", &tag);
        call.send().await?.problem(412, "precondition-failed")?;
        let call = case.put(&json!({"n": 2})).header("if-none-match", &format!("W/{tag}"));
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.writes(), 0);
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-none-match", "\"other\"")).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn p11_dates_hold_where_there_is_one() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        case.u.behave(Manner { last_modified: Some(DATE.to_owned()), ..Manner::default() });
        let call = case.put(&json!({"n": 2})).header("if-unmodified-since", BEFORE);
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.writes(), 0);
        // P12: ignored beside If-Match.
        let both = case.put(&json!({"n": 2})).header("if-match", &tag).header("if-unmodified-since", BEFORE);
        assert_eq!(status(both).await?, 204);
        assert_eq!(status(case.put(&json!({"n": 3})).header("if-unmodified-since", DATE)).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn p13_a_date_that_cannot_be_read_is_no_condition() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        case.u.behave(Manner { last_modified: Some(DATE.to_owned()), ..Manner::default() });
        for garbage in ["yesterday", "1994-11-06", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            // Ignored (RFC 9110 section 13.1.4), so there is none.
            let answer = case.put(&json!({})).header("if-unmodified-since", garbage).send().await?;
            answer.expect_one_of(&[428, 400])?;
        }
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p14_a_condition_that_cannot_be_read_is_400_or_412_by_policy() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let lenient = case.behind("lenient");
        for value in ["abc", "*, \"a\"", "\"a", "\"a\" \"b\"", "\"a\"x", "**"] {
            for name in ["if-match", "if-none-match"] {
                let call = case.put(&json!({})).header(name, value);
                let refused = call.send().await?.problem(400, "precondition-malformed")?;
                ensure!(!refused.text().contains('<'), "{}", refused.text());
                let call = lenient.put(&json!({})).header(name, value);
                call.send().await?.problem(412, "precondition-malformed")?;
            }
        }
        // One line is fine, the other not: the whole is not.
        let call = case.put(&json!({})).header("if-match", &tag).header("if-match", "*");
        call.send().await?.problem(400, "precondition-malformed")?;
        for empty in ["", " ", ","] {
            let answer = case.put(&json!({})).header("if-match", empty).send().await?;
            answer.expect_one_of(&[400, 412, 428])?;
        }
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p17_a_write_that_may_have_been_made_is_read_again_before_the_next() -> anyhow::Result<()> {
    for (case, old) in read("gateway").await? {
        case.u.script([Turn::status(504).on("PUT").applied()]);
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &old)).await?, 504);
        let call = case.put(&json!({"n": 3})).header("if-match", &old);
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.json(), Some(json!({"n": 2})), "the write that was made is not overwritten");
        // Not made: then the old version still is the current one.
        let current = case.tag().await?;
        case.u.script([Turn::status(500).on("PUT")]);
        assert_eq!(status(case.put(&json!({"n": 4})).header("if-match", &current)).await?, 500);
        assert_eq!(status(case.put(&json!({"n": 5})).header("if-match", &current)).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn p17_a_connection_that_broke_after_a_write_is_no_silent_overwrite() -> anyhow::Result<()> {
    for (case, old) in read("gateway").await? {
        // PATCH, as a PUT may be sent again over another connection, by its meaning.
        case.u.script([Turn::drop(true).on("PATCH")]);
        let broken = case.patch(&json!({"n": 2})).header("if-match", &old).send().await?;
        broken.expect_one_of(&[502, 503, 504])?;
        let call = case.put(&json!({"n": 3})).header("if-match", &old);
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!((case.u.writes(), case.u.json()), (1, Some(json!({"n": 2}))));
    }
    Ok(())
}

#[tokio::test]
async fn p18_a_change_past_the_gateway_is_seen() -> anyhow::Result<()> {
    for (case, old) in read("guarded").await? {
        case.u.set_json(&json!({"n": "out of band"}));
        let call = case.put(&json!({"n": 2})).header("if-match", &old);
        let refused = call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!(refused.header("etag"), Some(case.tag().await?.as_str()));
        assert_eq!(case.u.writes(), 0);
        case.u.remove();
        let call = case.put(&json!({"n": 2})).header("if-match", &old);
        call.send().await?.problem(412, "precondition-failed")?;
    }
    Ok(())
}

#[tokio::test]
async fn p19_without_its_store_a_write_is_503_or_passed_by_policy_and_visibly() -> anyhow::Result<()> {
    let stand = Arc::new(DOWN.fresh().await?);
    for store in wanted(SHARED) {
        store_down(&Case::new(&stand, store, "guarded")).await?;
    }
    Ok(())
}

async fn store_down(case: &Case) -> anyhow::Result<()> {
    let stand = &case.stand;
    case.u.set_json(&json!({"n": 1}));
    let tag = case.tag().await?;
    stand.stop_store(case.store);
    for _ in 0..7 {
        let call = case.put(&json!({"n": 2})).header("if-match", &tag);
        let refused = call.send().await?.problem(503, "conflict-store-unavailable")?;
        ensure!(refused.retry_after()? >= 1);
    }
    assert_eq!(case.u.writes(), 0);
    assert_eq!(status(case.get()).await?, 200, "reads need no store");
    assert_eq!(status(case.get().header("if-none-match", &tag)).await?, 304);
    let open = case.behind("open");
    let passed = open.put(&json!({"n": 2})).header("if-match", &tag).send().await?.expect(204)?;
    ensure!(passed.conflict_status().contains("bypass"), "{}", passed.conflict_status());
    let metrics = stand.metrics(0).await?;
    let bypassed = metrics.lines().any(|l| l.contains("conflict_bypass_total{") && !l.ends_with(" 0"));
    ensure!(bypassed, "no bypass in the metrics:\n{}", lines_with(&metrics, "conflict"));
    // It comes back by itself.
    stand.resume_store(case.store)?;
    let tag = case.tag().await?;
    let mut last = 0;
    for _ in 0..50 {
        last = status(case.put(&json!({"n": 3})).header("if-match", &tag)).await?;
        if last == 204 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(last, 204, "the store is back");
    Ok(())
}

fn lines_with(text: &str, word: &str) -> String {
    text.lines().filter(|l| l.contains(word)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn p20_a_store_that_lost_everything_still_lets_fences_rise() -> anyhow::Result<()> {
    if wanted(&[Store::Redis]).is_empty() {
        return Ok(());
    }
    let stand = Arc::new(DOWN.fresh().await?);
    let case = Case::new(&stand, Store::Redis, "guarded");
    case.u.set_json(&json!({"n": 0}));
    let mut fences = Vec::new();
    for round in 0..3 {
        for n in 0..3 {
            let mut written = 0;
            for _ in 0..50 {
                let tag = case.tag().await?;
                written = status(case.put(&json!({"round": round, "n": n})).header("if-match", &tag)).await?;
                if written == 204 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            assert_eq!(written, 204);
        }
        stand.stop_store(Store::Redis);
        stand.resume_store(Store::Redis)?;
    }
    for seen in case.u.seen("PUT") {
        fences.push(seen.header("fencing-token").unwrap_or_default().parse::<u64>()?);
    }
    ensure!(fences.windows(2).all(|two| two[0] < two[1]), "{fences:?}");
    Ok(())
}

#[tokio::test]
async fn p21_what_cannot_be_verified_is_not_written() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        for upstream in [503, 500] {
            case.u.script([Turn::status(upstream).on("GET")]);
            let call = case.put(&json!({"n": 2})).header("if-match", &tag);
            let refused = call.send().await?.problem(503, "precondition-unverifiable")?;
            ensure!(refused.retry_after()? >= 1);
        }
        // As often as it is asked again: reads may be.
        case.u.script(std::iter::repeat_n(Turn::drop(false).on("GET"), 50));
        let call = case.put(&json!({"n": 2})).header("if-match", &tag);
        call.send().await?.problem(503, "precondition-unverifiable")?;
        for upstream in [401, 403] {
            let other = case.another();
            other.u.set_json(&json!({"n": 1}));
            other.u.script([Turn::status(upstream).on("GET")]);
            let call = other.put(&json!({"n": 2})).header("if-match", &tag);
            let refused = call.send().await?.problem(412, "precondition-unverifiable")?;
            ensure!(!refused.text().contains("g1-9"), "{}", refused.text());
            assert_eq!(other.u.writes(), 0);
        }
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p22_the_upstream_evaluates_where_it_is_told_to() -> anyhow::Result<()> {
    let case = WRITES.case("upstream").await?;
    case.u.set_json(&json!({"n": 1}));
    case.u.behave(Manner::tagged());
    assert_eq!(status(case.put(&json!({}))).await?, 428, "presence is enforced here");
    let refused = case.put(&json!({})).header("if-match", "\"u0\"").send().await?.expect(412)?;
    assert_eq!(refused.text(), "{\"refused\":\"another version\"}", "the upstream's answer, untouched");
    assert_eq!(refused.header("etag"), Some("\"u1\""));
    assert_eq!(case.u.seen("PUT")[0].header("if-match"), Some("\"u0\""));
    assert_eq!(case.u.calls("GET"), 0);
    assert_eq!(status(case.put(&json!({})).header("if-match", "\"u1\"")).await?, 204);
    Ok(())
}

#[tokio::test]
async fn p23_another_status_for_another_version() -> anyhow::Result<()> {
    for (case, _) in read("mismatch").await? {
        let refused = case.put(&json!({})).header("if-match", "\"old\"").send().await?.refusal(409)?;
        assert_eq!(refused.json()["conflict"]["kind"], "version");
        assert_eq!(case.u.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn p24_what_is_there_already_succeeds_where_the_policy_says_so() -> anyhow::Result<()> {
    for (case, old) in read("applied").await? {
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &old)).await?, 204);
        let again = case.put(&json!({"n": 2})).header("if-match", &old).send().await?;
        again.expect_one_of(&[200, 204])?.untagged()?;
        assert_eq!(case.u.calls("PUT"), 1);
        let call = case.put(&json!({"n": 3})).header("if-match", &old);
        call.send().await?.problem(412, "precondition-failed")?;
        let rejecting = case.behind("guarded");
        assert_eq!(status(rejecting.put(&json!({"n": 2})).header("if-match", &old)).await?, 412);
        case.u.remove();
        assert_eq!(case.u.calls("PUT"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn p25_any_variant_of_the_current_version_is_the_current_version() -> anyhow::Result<()> {
    for case in WRITES.cases("guarded").await? {
        case.u.set_json(&json!({"n": 1}));
        case.u.behave(Manner { xml: true, ..Manner::default() });
        let xml = case.get().header("accept", "application/xml").send().await?.expect(200)?;
        let tag = xml.header("etag").unwrap_or_default().to_owned();
        ensure!(is_ours(&tag), "{tag}");
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &tag)).await?, 204);
        assert_eq!(status(case.put(&json!({"n": 3})).header("if-match", &tag)).await?, 412, "not any more");
    }
    Ok(())
}

#[tokio::test]
async fn p26_of_two_writes_of_one_version_at_once_one_wins() -> anyhow::Result<()> {
    for (case, tag) in read_of(&NODES, "guarded").await? {
        case.u.behave(Manner::slow(Duration::from_millis(50)));
        let calls: Vec<_> =
            (0..8).map(|n| case.put(&json!({"n": n + 10})).header("if-match", &tag).at(n % 2).spawn()).collect();
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call.await??.expect_one_of(&[204, 412, 409])?.status);
        }
        assert_eq!(statuses.iter().filter(|s| **s == 204).count(), 1, "{statuses:?}");
        assert_eq!((case.u.calls("PUT"), case.u.lost()), (1, 0));
    }
    Ok(())
}

#[tokio::test]
async fn p28_a_body_that_would_be_refused_is_not_asked_for() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        let mut raw = Raw::open(&case, 0).await?;
        let more = "if-match: \"old\"\r\ncontent-type: application/json\r\ncontent-length: 10485760\r\nexpect: 100-continue\r\n";
        raw.head(&case, "PUT", more).await?;
        assert_eq!(raw.status().await?, 412, "and no 100 before it");
        let tag = case.tag().await?;
        let mut raw = Raw::open(&case, 0).await?;
        let more = format!("if-match: {tag}\r\ncontent-length: 7\r\nexpect: 100-continue\r\n");
        raw.head(&case, "PUT", &more).await?;
        assert_eq!(raw.status().await?, 100);
        raw.send(b"{\"n\":2}").await?;
        assert_eq!(raw.status().await?, 204);
        assert_eq!(case.u.calls("PUT"), 1);
    }
    Ok(())
}

#[tokio::test]
async fn p29_fences_rise_over_nodes_and_documents() -> anyhow::Result<()> {
    for (case, _) in read_of(&NODES, "guarded").await? {
        for n in 0..6 {
            let tag = case.tag().await?;
            assert_eq!(status(case.put(&json!({"n": n})).header("if-match", &tag).at(n % 2)).await?, 204);
        }
        let fences: Vec<u64> =
            case.u.seen("PUT").iter().filter_map(|s| s.header("fencing-token")?.parse().ok()).collect();
        ensure!(fences.len() == 6 && fences.windows(2).all(|two| two[0] < two[1]), "{fences:?}");
    }
    Ok(())
}

#[tokio::test]
async fn p30_a_callers_own_fence_does_not_pass() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let call = case.put(&json!({"n": 2})).header("if-match", &tag).header("fencing-token", "99999999999999");
        assert_eq!(status(call).await?, 204);
        let seen = case.u.seen("PUT").remove(0);
        let fences: Vec<_> = seen.headers.iter().filter(|(n, _)| n == "fencing-token").collect();
        ensure!(fences.len() == 1 && fences[0].1 != "99999999999999", "{fences:?}");
    }
    Ok(())
}

#[tokio::test]
async fn p31_the_current_version_is_read_with_whose_rights_the_policy_says() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let call = case.put(&json!({"n": 2})).header("if-match", &tag).header("cookie", "session=caller");
        assert_eq!(status(call).await?, 204);
        let last = case.u.seen("GET").pop().unwrap();
        assert_eq!(last.header("cookie"), Some("session=caller"));
        let service = case.behind("service");
        let tag = case.tag().await?;
        let call = service.put(&json!({"n": 3})).header("if-match", &tag).header("cookie", "session=caller");
        assert_eq!(status(call).await?, 204);
        let last = case.u.seen("GET").pop().unwrap();
        assert_eq!(last.header("cookie"), None);
        ensure!(last.headers.iter().all(|(_, v)| !v.contains(case.stand.keys().a.secret_part())), "{last:?}");
    }
    Ok(())
}

#[tokio::test]
async fn p32_without_a_condition_where_none_is_required_writes_still_go_one_by_one() -> anyhow::Result<()> {
    for case in NODES.cases("free").await? {
        case.u.set_json(&json!({"n": 1}));
        case.u.behave(Manner::slow(Duration::from_millis(50)));
        let tag = case.tag().await?;
        let calls: Vec<_> = (0..6).map(|n| case.put(&json!({"n": n})).at(n % 2).spawn()).collect();
        for call in calls {
            call.await??.expect(204)?;
        }
        let call = case.put(&json!({"n": 9})).header("if-match", &tag);
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!(case.u.calls("PUT"), 6);
        let mut puts = 0;
        for seen in case.u.seen("PUT") {
            puts += usize::from(seen.header("fencing-token").is_some());
        }
        assert_eq!(puts, 6, "each has its fence");
    }
    Ok(())
}

#[tokio::test]
async fn p33_an_upstream_that_does_not_answer_in_time_is_504_and_the_next_reads_again() -> anyhow::Result<()> {
    for case in WRITES.cases("brief").await? {
        case.u.set_json(&json!({"n": 1}));
        let old = case.tag().await?;
        case.u.script([Turn::usual(Duration::from_millis(2_500)).on("PUT")]);
        assert_eq!(status(case.put(&json!({"n": 2})).header("if-match", &old)).await?, 504);
        tokio::time::sleep(Duration::from_millis(1_700)).await;
        let after = status(case.put(&json!({"n": 3})).header("if-match", &old)).await?;
        let content = case.u.json().unwrap();
        match content["n"].as_u64() {
            Some(2) => assert_eq!(after, 412, "it was made"),
            _ => assert_eq!((after, &content["n"]), (204, &json!(3)), "it was not made"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn p34_who_leaves_after_the_write_was_sent_does_not_undo_it() -> anyhow::Result<()> {
    for (case, old) in read("gateway").await? {
        case.u.behave(Manner::slow(Duration::from_millis(300)));
        let call = case.put(&json!({"n": 2})).header("if-match", &old).patience(Duration::from_millis(150));
        ensure!(call.send().await.is_err(), "the caller left");
        let call = case.put(&json!({"n": 3})).header("if-match", &old);
        call.send().await?.problem(412, "precondition-failed")?;
        assert_eq!((case.u.calls("PUT"), case.u.json()), (1, Some(json!({"n": 2}))));
    }
    Ok(())
}

#[tokio::test]
async fn p35_conflict_status_says_what_was_checked() -> anyhow::Result<()> {
    for (case, tag) in read("guarded").await? {
        let written = case.put(&json!({"n": 2})).header("if-match", &tag).send().await?.expect(204)?;
        let said = written.conflict_status();
        for part in ["gw", "policy=lost_update", "fence=", "gen="] {
            ensure!(said.contains(part), "{part} is not in {said:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn p36_conditions_are_nothing_to_a_method_that_selects_nothing() -> anyhow::Result<()> {
    for (case, _) in read("guarded").await? {
        for (name, value) in [("if-match", "\"zzz\""), ("if-none-match", "*"), ("if-unmodified-since", BEFORE)] {
            let answer = case.call("OPTIONS").header(name, value).send().await?;
            assert_eq!(answer.status, 204, "{name}: RFC 9110 section 13.2.1");
        }
        assert_eq!(case.u.calls("OPTIONS"), 3);
    }
    Ok(())
}
