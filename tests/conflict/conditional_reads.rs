//! C: conditions of reads are answered at the gateway (K2), in the order of RFC 9110 section 13.2.2.

use anyhow::ensure;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Tag, Turn};

use crate::call::{Call, Case};
use crate::stand::{Group, NONE};

static READS: Group = Group::new(policies, NONE, 1);

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("reads", json!({"validators": {}, "conditional_reads": {"enabled": true}})),
        ("unread", json!({"validators": {}, "conditional_reads": {"enabled": false}})),
    ]
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

async fn tagged() -> anyhow::Result<(Case, String)> {
    let case = READS.case("reads").await?;
    case.u.set_json(&json!({"n": 1}));
    let tag = case.tag().await?;
    Ok((case, tag))
}

async fn dated() -> anyhow::Result<Case> {
    let case = READS.case("reads").await?;
    case.u.set_json(&json!({"n": 1}));
    case.u.behave(Manner { last_modified: Some(DATE.to_owned()), ..Manner::default() });
    Ok(case)
}

async fn status(call: Call) -> anyhow::Result<u16> {
    Ok(call.send().await?.status)
}

#[tokio::test]
async fn c1_an_unchanged_document_is_304_with_its_headers_and_without_content() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    case.u.behave(
        Manner::default()
            .header("cache-control", "max-age=60")
            .header("vary", "Accept")
            .header("expires", DATE)
            .header("content-location", "/here")
            .header("set-cookie", "a=1")
            .header("deprecation", "@1688169599")
            .header("content-language", "en")
            .header("accept-ranges", "bytes"),
    );
    let answer = case.get().header("if-none-match", &tag).send().await?.expect(304)?;
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    for (name, value) in [
        ("cache-control", "max-age=60"),
        ("vary", "Accept"),
        ("expires", DATE),
        ("content-location", "/here"),
        ("set-cookie", "a=1"),
        ("deprecation", "@1688169599"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {answer:?}");
    }
    ensure!(answer.header("date").is_some() && answer.header("x-weir-request-id").is_some(), "{answer:?}");
    for name in ["content-type", "content-encoding", "transfer-encoding", "accept-ranges"] {
        assert_eq!(answer.header(name), None, "{name}: {answer:?}");
    }
    ensure!(answer.header("content-length").is_none_or(|l| l != "0"), "a length of 0 would be a lie: {answer:?}");
    assert_eq!(answer.body.len(), 0);
    Ok(())
}

#[tokio::test]
async fn c2_another_tag_is_200() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    let answer = case.get().header("if-none-match", "\"zzz\"").send().await?.expect(200)?;
    assert_eq!((answer.header("etag"), answer.text().as_str()), (Some(tag.as_str()), "{\"n\":1}"));
    Ok(())
}

#[tokio::test]
async fn c3_lists_and_several_lines_are_one_list() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    let list = format!("\"a\", \"b,c\" ,W/\"d\",{tag}");
    assert_eq!(status(case.get().header("if-none-match", &list)).await?, 304);
    let lines = case.get().header("if-none-match", "\"a\"").header("if-none-match", &tag);
    assert_eq!(status(lines).await?, 304);
    let empty_elements = format!(", \"a\",, {tag} ,");
    assert_eq!(status(case.get().header("if-none-match", &empty_elements)).await?, 304, "RFC 9110 section 5.6.1.2");
    let lines = case.get().header("if-none-match", "\"a\"").header("if-none-match", "\"b\"");
    assert_eq!(status(lines).await?, 200);
    let inside = format!("\"a{}\"", tag.trim_matches('"'));
    assert_eq!(status(case.get().header("if-none-match", &inside)).await?, 200, "a tag within a tag is none");
    Ok(())
}

#[tokio::test]
async fn c4_weak_and_strong_are_the_same_here() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    assert_eq!(status(case.get().header("if-none-match", &format!("W/{tag}"))).await?, 304);
    case.u.behave(Manner { tag: Tag::Fixed("W/\"u\"".to_owned()), ..Manner::default() });
    assert_eq!(status(case.get().header("if-none-match", "\"u\"")).await?, 304);
    assert_eq!(status(case.get().header("if-none-match", "W/\"u\"")).await?, 304);
    Ok(())
}

#[tokio::test]
async fn c5_any_tag_is_304_only_where_there_is_a_document() -> anyhow::Result<()> {
    let (case, _) = tagged().await?;
    assert_eq!(status(case.get().header("if-none-match", "*")).await?, 304);
    assert_eq!(status(case.another().get().header("if-none-match", "*")).await?, 404);
    Ok(())
}

#[tokio::test]
async fn c6_what_is_no_list_of_tags_is_400_and_quoted_safely() -> anyhow::Result<()> {
    let (case, _) = tagged().await?;
    for name in ["if-none-match", "if-match"] {
        for value in ["abc", "\"a", "*, \"a\"", "\"a\" \"b\"", "w/\"a\"", "\"a\"b", "\"a\", *", "W/ \"a\"", "<script>"]
        {
            let refused = case.get().header(name, value).send().await?.problem(400, "precondition-malformed")?;
            let detail = refused.json()["detail"].as_str().unwrap_or_default().to_owned();
            ensure!(detail.to_ascii_lowercase().contains(name), "{value}: {detail}");
        }
        let long = format!("\"{}", "x".repeat(4_000));
        let refused = case.get().header(name, &long).send().await?.problem(400, "precondition-malformed")?;
        ensure!(refused.body.len() < 2_000, "{} bytes repeat the caller's", refused.body.len());
    }
    assert_eq!(case.u.all_calls(), 1, "only the first reading went upstream");
    Ok(())
}

#[tokio::test]
async fn c7_the_tag_wins_over_the_date() -> anyhow::Result<()> {
    let case = dated().await?;
    let tag = case.tag().await?;
    let call = || case.get().header("if-modified-since", DATE);
    assert_eq!(status(call().header("if-none-match", "\"zzz\"")).await?, 200);
    let call = || case.get().header("if-modified-since", BEFORE);
    assert_eq!(status(call().header("if-none-match", &tag)).await?, 304);
    Ok(())
}

#[tokio::test]
async fn c8_dates_count_where_there_is_no_tag() -> anyhow::Result<()> {
    let case = dated().await?;
    let since = |date: &str| case.get().header("if-modified-since", date);
    assert_eq!(status(since(DATE)).await?, 304);
    assert_eq!(status(since(BEFORE)).await?, 200);
    assert_eq!(status(since("Sunday, 06-Nov-94 08:49:37 GMT")).await?, 304, "RFC 850 (RFC 9110 section 5.6.7)");
    assert_eq!(status(since("Sun Nov  6 08:49:37 1994")).await?, 304, "asctime");
    for garbage in ["yesterday", "1994-11-06T08:49:37Z", "0", "Sun, 06 Nov 1994 08:49:37", "-1"] {
        assert_eq!(status(since(garbage)).await?, 200, "{garbage}: ignored (RFC 9110 section 13.1.3)");
    }
    let twice = since(DATE).header("if-modified-since", BEFORE);
    assert_eq!(status(twice).await?, 200, "several dates are no date");
    Ok(())
}

#[tokio::test]
async fn c9_a_date_without_last_modified_says_nothing() -> anyhow::Result<()> {
    let (case, _) = tagged().await?;
    assert_eq!(status(case.get().header("if-modified-since", DATE)).await?, 200);
    assert_eq!(status(case.get().header("if-unmodified-since", BEFORE)).await?, 200, "no date of modification");
    Ok(())
}

#[tokio::test]
async fn c10_a_date_is_nothing_to_a_post() -> anyhow::Result<()> {
    let case = dated().await?;
    assert_eq!(status(case.post(&json!({})).header("if-modified-since", DATE)).await?, 201);
    Ok(())
}

#[tokio::test]
async fn c11_what_is_no_200_stays() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    for upstream in [500, 404, 403, 301] {
        case.u.script([Turn::status(upstream)]);
        assert_eq!(status(case.get().header("if-none-match", &tag)).await?, upstream);
        case.u.script([Turn::status(upstream)]);
        assert_eq!(status(case.get().header("if-match", "\"zzz\"")).await?, upstream);
    }
    Ok(())
}

#[tokio::test]
async fn c12_an_unchanged_document_needs_no_range() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    let call = case.get().header("if-none-match", &tag).header("range", "bytes=0-1");
    assert_eq!(status(call).await?, 304);
    Ok(())
}

#[tokio::test]
async fn c13_a_range_is_of_the_version_that_if_range_names_or_the_whole() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    // The upstream knows no ranges: the answer is whole in any case, and 412 in none.
    let stale = case.get().header("range", "bytes=0-1").header("if-range", "\"zzz\"").send().await?.expect(200)?;
    assert_eq!(stale.text(), "{\"n\":1}");
    let weak = format!("W/{tag}");
    let weak = case.get().header("range", "bytes=0-1").header("if-range", &weak).send().await?.expect(200)?;
    assert_eq!(weak.text(), "{\"n\":1}");
    let fresh = case.get().header("range", "bytes=0-1").header("if-range", &tag).send().await?;
    match fresh.expect_one_of(&[200, 206])? {
        whole if whole.status == 200 => assert_eq!(whole.text(), "{\"n\":1}"),
        part => assert_eq!((part.text().as_str(), part.header("content-range")), ("{\"", Some("bytes 0-1/7"))),
    }
    // A range whose If-Range names a tag of the gateway's must not reach an upstream that would not understand it.
    for seen in case.u.seen("GET") {
        ensure!(seen.header("if-range").is_none_or(|v| !v.contains("g1-")), "{seen:?}");
    }
    Ok(())
}

#[tokio::test]
async fn c14_who_may_not_read_learns_nothing() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    for value in [tag.as_str(), "*", "malformed"] {
        assert_eq!(status(case.get().anonymous().header("if-none-match", value)).await?, 401, "{value}");
    }
    Ok(())
}

#[tokio::test]
async fn c16_options_has_no_conditions() -> anyhow::Result<()> {
    let (case, _) = tagged().await?;
    assert_eq!(status(case.call("OPTIONS").header("if-none-match", "*")).await?, 204);
    assert_eq!(status(case.call("OPTIONS").header("if-match", "\"zzz\"")).await?, 204);
    Ok(())
}

#[tokio::test]
async fn c17_a_date_of_no_change_holds_a_read_too() -> anyhow::Result<()> {
    let case = dated().await?;
    case.get().header("if-unmodified-since", BEFORE).send().await?.problem(412, "precondition-failed")?;
    assert_eq!(status(case.get().header("if-unmodified-since", DATE)).await?, 200);
    assert_eq!(status(case.get().header("if-unmodified-since", "garbage")).await?, 200, "RFC 9110 section 13.1.4");
    let tag = case.tag().await?;
    let both = case.get().header("if-unmodified-since", BEFORE).header("if-match", &tag);
    assert_eq!(status(both).await?, 200, "ignored beside If-Match");
    Ok(())
}

#[tokio::test]
async fn c18_a_read_of_another_version_is_412() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    let refused = case.get().header("if-match", "\"zzz\"").send().await?.problem(412, "precondition-failed")?;
    assert_eq!(refused.header("etag"), Some(tag.as_str()));
    assert_eq!(refused.json()["conflict"]["current"], tag);
    assert_eq!(status(case.get().header("if-match", &tag)).await?, 200);
    assert_eq!(status(case.get().header("if-match", "*")).await?, 200);
    assert_eq!(status(case.get().header("if-match", &format!("\"zzz\", {tag}"))).await?, 200);
    let weak = case.get().header("if-match", &format!("W/{tag}"));
    assert_eq!(status(weak).await?, 412, "If-Match compares strongly");
    let both = case.get().header("if-match", "\"zzz\"").header("if-none-match", &tag);
    assert_eq!(status(both).await?, 412, "If-Match goes first");
    assert_eq!(status(case.another().get().header("if-match", "*")).await?, 404, "404 stays (section 13.2.1)");
    Ok(())
}

#[tokio::test]
async fn c19_head_is_as_get() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    let answer = case.head().header("if-none-match", &tag).send().await?.expect(304)?;
    assert_eq!((answer.header("etag"), answer.body.len()), (Some(tag.as_str()), 0));
    let refused = case.head().header("if-match", "\"zzz\"").send().await?.expect(412)?;
    assert_eq!(refused.body.len(), 0);
    assert_eq!(status(case.head().header("if-none-match", "\"zzz\"")).await?, 200);
    Ok(())
}

#[tokio::test]
async fn c20_the_upstream_never_sees_a_tag_of_ours_and_its_own_reach_it() -> anyhow::Result<()> {
    let (case, tag) = tagged().await?;
    case.get().header("if-none-match", &tag).send().await?.expect(304)?;
    case.get().header("if-none-match", &format!("{tag}, \"theirs\"")).send().await?.expect(304)?;
    for seen in case.u.seen("GET") {
        for name in ["if-none-match", "if-match"] {
            ensure!(seen.header(name).is_none_or(|v| !v.contains("g1-")), "{seen:?}");
        }
    }
    case.u.behave(Manner::tagged());
    let theirs = case.tag().await?;
    let answer = case.get().header("if-none-match", &theirs).send().await?.expect(304)?;
    assert_eq!(answer.header("etag"), Some(theirs.as_str()));
    Ok(())
}

#[tokio::test]
async fn c21_reads_are_unconditional_where_the_policy_is_off() -> anyhow::Result<()> {
    let case = READS.case("unread").await?;
    case.u.set_json(&json!({"n": 1}));
    let tag = case.tag().await?;
    assert_eq!(status(case.get().header("if-none-match", &tag)).await?, 200);
    Ok(())
}
