//! E: entity tags for an upstream that sends none (K1).

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::StreamExt;
use serde_json::{Value, json};
use weir_harness::document::{Manner, Tag};

use crate::call::is_ours;
use crate::stand::{Group, NONE, SHARED};

static TAGS: Group = Group::new(policies, NONE, 1);
/// Two nodes, for what must not depend on them.
static NODES: Group = Group::new(policies, SHARED, 2);

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("bytes", json!({"validators": {"synthesize": "bytes"}, "conditional_reads": {"enabled": true}})),
        ("omit", json!({"validators": {"head": "omit"}})),
        ("quote", json!({"validators": {"lenient": "quote"}})),
        ("replace", json!({"validators": {"upstream_etag": "replace"}, "conditional_reads": {}})),
        ("canonical", json!({"validators": {"synthesize": "canonical"}, "conditional_reads": {}})),
        (
            "semantic",
            json!({"validators": {"synthesize": "semantic", "ignore": ["/ts", "/deep/at"]}, "conditional_reads": {}}),
        ),
        (
            "version",
            json!({"validators": {"synthesize": "version"}, "writers": "gateway-only", "conditional_reads": {}}),
        ),
        ("verify", json!({"validators": {"write_response": "verify"}})),
        ("small", json!({"validators": {"max_body": "16KiB", "max_wait_body": "1s"}})),
        ("quiet", json!({"validators": {}, "status_header": false})),
        ("off", json!("off")),
    ]
}

#[tokio::test]
async fn e1_the_same_body_has_the_same_strong_tag_on_every_node() -> anyhow::Result<()> {
    for case in NODES.cases("bytes").await? {
        case.u.set_json(&json!({"n": 1}));
        let first = case.tag().await?;
        ensure!(is_ours(&first), "{first}");
        assert_eq!(case.tag().await?, first);
        for _ in 0..3 {
            let there = case.get().at(1).send().await?.expect(200)?;
            assert_eq!(there.header("etag"), Some(first.as_str()), "{there:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn e1_a_tag_outlives_the_process_that_made_it() -> anyhow::Result<()> {
    let stand = std::sync::Arc::new(TAGS.fresh().await?);
    let case = crate::call::Case::new(&stand, NONE[0], "bytes");
    case.u.set_json(&json!({"n": 1}));
    let before = case.tag().await?;
    stand.kill(0).await?;
    stand.restart(0).await?;
    assert_eq!(case.tag().await?, before);
    Ok(())
}

#[tokio::test]
async fn e2_another_byte_is_another_tag_and_the_first_again_the_first_tag() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set("application/json", "{\"n\":1}");
    let one = case.tag().await?;
    case.u.set("application/json", "{\"n\":2}");
    let two = case.tag().await?;
    case.u.set("application/json", "{\"n\": 1}");
    let spaced = case.tag().await?;
    assert!(one != two && one != spaced && two != spaced, "{one} {two} {spaced}");
    case.u.set("application/json", "{\"n\":1}");
    assert_eq!(case.tag().await?, one);
    case.u.set("text/plain", "{\"n\":1}");
    assert_ne!(case.tag().await?, one, "another content type");
    case.u.set("application/json", "");
    ensure!(is_ours(&case.tag().await?), "an empty representation is one");
    Ok(())
}

#[tokio::test]
async fn e2_a_content_coding_is_another_representation() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set("application/json", "same bytes");
    let plain = case.tag().await?;
    case.u.behave(Manner::default().header("content-encoding", "br"));
    assert_ne!(case.tag().await?, plain);
    Ok(())
}

#[tokio::test]
async fn e3_an_upstream_tag_stays_as_it_is() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({}));
    for tag in ["\"u1\"", "W/\"u1\"", "\"\"", "\"a,b\"", "\"back\\slash\"", "\"!#[]~\""] {
        case.u.behave(Manner { tag: Tag::Fixed(tag.to_owned()), ..Manner::default() });
        assert_eq!(case.tag().await?, tag, "E3, E4: neither changed nor strengthened");
    }
    Ok(())
}

#[tokio::test]
async fn e5_a_malformed_upstream_tag_is_never_passed_on() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({}));
    let quoted = case.behind("quote");
    for tag in ["u1", "'u1'", "w/\"u1\"", "\"u1", "u1\"", "\"a\"b\"", "W/u1", "\"a b\""] {
        case.u.behave(Manner { tag: Tag::Fixed(tag.to_owned()), ..Manner::default() });
        let answer = case.get().send().await?.expect(200)?;
        let shown = answer.header("etag");
        ensure!(shown.is_none_or(is_ours), "{tag} became {shown:?}");
        let answer = quoted.get().send().await?.expect(200)?;
        let shown = answer.header("etag");
        ensure!(shown.is_none_or(well_formed), "{tag} became {shown:?} with lenient: quote");
    }
    case.u.behave(Manner { tag: Tag::Fixed("u1".to_owned()), ..Manner::default() });
    assert_eq!(quoted.tag().await?, "\"u1\"");
    Ok(())
}

/// RFC 9110 section 8.8.3.
fn well_formed(tag: &str) -> bool {
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = opaque.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.is_some_and(|t| t.bytes().all(|b| b == 0x21 || (0x23..=0x7e).contains(&b) || b >= 0x80))
}

#[tokio::test]
async fn e6_only_a_200_to_a_read_gets_a_tag() -> anyhow::Result<()> {
    use weir_harness::document::Turn;
    let case = TAGS.case("bytes").await?;
    for status in [201, 202, 203, 301, 400, 404, 409, 410, 500, 503] {
        case.u.script([Turn::status(status).header("location", "/elsewhere")]);
        case.get().send().await?.expect(status)?.untagged().with_context(|| status.to_string())?;
    }
    case.u.script([Turn { body: bytes_of(""), ..Turn::status(204) }]);
    case.get().send().await?.expect(204)?.untagged()?;
    case.u.script([Turn::status(206).header("content-range", "bytes 0-1/9")]);
    case.get().header("range", "bytes=0-1").send().await?.expect(206)?.untagged()?;
    case.post(&json!({})).send().await?.expect(201)?.untagged()?;
    case.u.behave(Manner { written: Some(200), ..Manner::default() });
    case.post(&json!({})).send().await?.expect(200)?.untagged()?;
    Ok(())
}

fn bytes_of(text: &'static str) -> bytes::Bytes {
    bytes::Bytes::from_static(text.as_bytes())
}

#[tokio::test]
async fn e7_variants_have_tags_of_their_own_and_vary_stays() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({"a": 1}));
    case.u.behave(Manner { xml: true, ..Manner::default() });
    let json = case.get().header("accept", "application/json").send().await?.expect(200)?;
    let xml = case.get().header("accept", "application/xml").send().await?.expect(200)?;
    assert_ne!(json.header("etag"), xml.header("etag"));
    for answer in [&json, &xml] {
        ensure!(answer.header("etag").is_some_and(is_ours), "{answer:?}");
        ensure!(answer.header("vary").is_some_and(|v| v.eq_ignore_ascii_case("accept")), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn e8_what_another_client_asks_for_does_not_change_the_tag() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({"a": 1}));
    let tag = case.tag().await?;
    let other = case.get().by_b().header("x-anything", "else").query("q=1").send().await?.expect(200)?;
    assert_eq!(other.header("etag"), Some(tag.as_str()), "a tag tells representations of one resource apart");
    Ok(())
}

#[tokio::test]
async fn e9_a_long_body_is_streamed_on_whole_without_a_tag() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    let long = vec![b'x'; 5 << 20];
    case.u.set("application/octet-stream", long.clone());
    let answer = case.get().send().await?.expect(200)?.untagged()?;
    assert!(answer.body == long, "{} bytes", answer.body.len());
    ensure!(answer.conflict_status().contains("skip=unbufferable"), "{}", answer.conflict_status());
    let small = case.behind("small");
    case.u.set("text/plain", vec![b'x'; 16 << 10]);
    ensure!(is_ours(&small.tag().await?), "a body of just max_body has a tag");
    case.u.set("text/plain", vec![b'x'; (16 << 10) + 1]);
    small.get().send().await?.expect(200)?.untagged()?;
    Ok(())
}

#[tokio::test]
async fn e9_the_first_byte_of_a_slow_long_body_does_not_wait_for_its_end() -> anyhow::Result<()> {
    let case = TAGS.case("small").await?;
    case.u.set("text/plain", vec![b'x'; 400 << 10]);
    case.u.behave(Manner { pieces: 40, gap: Duration::from_millis(50), ..Manner::default() });
    let asked = Instant::now();
    let answer = case.get().begin().await?;
    assert!(answer.headers().get("etag").is_none());
    let mut body = answer.bytes_stream();
    let first = body.next().await.context("no body")??;
    let until_first = asked.elapsed();
    let mut length = first.len();
    while let Some(piece) = body.next().await {
        length += piece?.len();
    }
    assert_eq!(length, 400 << 10);
    ensure!(until_first < Duration::from_millis(1_300), "the first byte after {until_first:?}");
    ensure!(asked.elapsed() > Duration::from_millis(1_800), "the upstream was not slow");
    Ok(())
}

#[tokio::test]
async fn e9_a_body_that_does_not_end_in_time_is_streamed_on() -> anyhow::Result<()> {
    let case = TAGS.case("small").await?;
    case.u.set("text/plain", vec![b'x'; 4_000]);
    case.u.behave(Manner { pieces: 4, gap: Duration::from_millis(700), ..Manner::default() });
    let answer = case.get().send().await?.expect(200)?.untagged()?;
    assert_eq!(answer.body.len(), 4_000);
    Ok(())
}

#[tokio::test]
async fn e10_events_arrive_one_by_one() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({}));
    case.u.behave(Manner { events: 5, gap: Duration::from_millis(200), ..Manner::default() });
    let answer = case.get().begin().await?;
    assert_eq!(answer.headers().get("etag"), None);
    let (mut body, mut arrivals, mut text) = (answer.bytes_stream(), Vec::new(), String::new());
    while let Some(piece) = body.next().await {
        text.push_str(std::str::from_utf8(&piece?)?);
        arrivals.push(Instant::now());
    }
    assert_eq!(text, "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
    let spread = arrivals.last().context("no event")?.duration_since(arrivals[0]);
    ensure!(arrivals.len() >= 5 && spread > Duration::from_millis(600), "{} pieces in {spread:?}", arrivals.len());
    Ok(())
}

#[tokio::test]
async fn e11_head_is_as_get_or_has_no_tag() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.u.set_json(&json!({"text": "some text"}));
    let get = case.get().send().await?.expect(200)?;
    let head = case.head().send().await?.expect(200)?;
    for name in ["etag", "content-length", "content-type"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    assert_eq!(head.body.len(), 0);
    let omit = case.behind("omit");
    omit.head().send().await?.expect(200)?.untagged()?;
    ensure!(is_ours(&omit.tag().await?), "GET keeps its tag");
    assert_eq!(case.u.calls("HEAD"), 1, "head: as_get asks with GET, head: omit with HEAD");
    Ok(())
}

#[tokio::test]
async fn e12_a_semantic_tag_is_weak_and_leaves_out_what_it_is_told_to() -> anyhow::Result<()> {
    let case = TAGS.case("semantic").await?;
    case.u.set_json(&json!({"ts": 1, "name": "a", "deep": {"at": 1, "x": 2}}));
    let first = case.tag().await?;
    ensure!(first.strip_prefix("W/").is_some_and(is_ours), "{first}");
    case.u.set_json(&json!({"ts": 2, "deep": {"x": 2, "at": 9}, "name": "a"}));
    assert_eq!(case.tag().await?, first);
    let unchanged = case.get().header("if-none-match", &first).send().await?;
    assert_eq!(unchanged.status, 304);
    case.u.set_json(&json!({"ts": 2, "deep": {"x": 3}, "name": "a"}));
    assert_ne!(case.tag().await?, first);
    Ok(())
}

#[tokio::test]
async fn e13_an_answer_to_a_write_has_no_tag_of_ours() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    case.put(&json!({"n": 1})).send().await?.expect(201)?.untagged()?;
    case.put(&json!({"n": 2})).send().await?.expect(204)?.untagged()?;
    case.patch(&json!({"n": 3})).send().await?.expect(204)?.untagged()?;
    Ok(())
}

#[tokio::test]
async fn e14_a_verified_write_has_the_tag_only_if_what_was_sent_is_what_is_stored() -> anyhow::Result<()> {
    let case = TAGS.case("verify").await?;
    let written = case.put(&json!({"n": 1})).send().await?.expect(201)?;
    let tag = case.tag().await?;
    assert_eq!(written.header("etag"), Some(tag.as_str()), "stored as sent (RFC 9110 section 9.3.4)");
    case.u.behave(Manner { stamp: true, ..Manner::default() });
    let written = case.put(&json!({"n": 2})).send().await?.expect(204)?.untagged()?;
    let tag = case.tag().await?;
    let bare = tag.trim_matches('"');
    ensure!(written.conflict_status().contains(bare), "{tag} is not in {}", written.conflict_status());
    Ok(())
}

#[tokio::test]
async fn e15_a_tag_changes_with_each_write_where_it_counts_them() -> anyhow::Result<()> {
    let case = TAGS.case("version").await?;
    case.put(&json!({"n": 1})).send().await?.expect(201)?;
    let first = case.tag().await?;
    ensure!(!first.starts_with("W/"), "{first}");
    assert_eq!(case.tag().await?, first);
    case.put(&json!({"n": 2})).send().await?.expect(204)?;
    let second = case.tag().await?;
    case.put(&json!({"n": 1})).send().await?.expect(204)?;
    let third = case.tag().await?;
    assert!(first != second && second != third && first != third, "A, B, A: {first} {second} {third}");
    Ok(())
}

#[tokio::test]
async fn e16_another_form_of_the_answer_is_another_tag() -> anyhow::Result<()> {
    let case = TAGS.case("bytes").await?;
    // Canonical already, so that both routes serve the same bytes.
    case.u.set("application/json", "{\"a\":1}");
    let canonical = case.behind("canonical");
    assert_eq!(case.get().send().await?.body, canonical.get().send().await?.body);
    assert_ne!(case.tag().await?, canonical.tag().await?);
    Ok(())
}

#[tokio::test]
async fn e17_canonical_json_is_what_is_served_and_what_the_tag_is_of() -> anyhow::Result<()> {
    let case = TAGS.case("canonical").await?;
    case.u.set("application/json", "{ \"b\": 1.0, \"a\": \"\\u00e9\" }");
    let first = case.get().send().await?.expect(200)?;
    assert_eq!(first.text(), "{\"a\":\"é\",\"b\":1}", "RFC 8785");
    assert_eq!(first.header("content-length"), Some(first.body.len().to_string().as_str()));
    case.u.set("application/json", "{\"a\":\"é\",\n\"b\":1e0}");
    assert_eq!(case.tag().await?, first.header("etag").unwrap());
    case.u.behave(Manner::default().header("cache-control", "no-transform"));
    let untouched = case.get().send().await?.expect(200)?;
    assert_eq!(untouched.text(), "{\"a\":\"é\",\n\"b\":1e0}", "Cache-Control: no-transform");
    Ok(())
}

#[tokio::test]
async fn e18_ours_in_place_of_the_upstreams_where_it_is_told_to() -> anyhow::Result<()> {
    let case = TAGS.case("replace").await?;
    case.u.set_json(&json!({"n": 1}));
    case.u.behave(Manner::tagged());
    let tag = case.tag().await?;
    ensure!(is_ours(&tag), "{tag}");
    assert_eq!(case.get().header("if-none-match", &tag).send().await?.status, 304);
    Ok(())
}

#[tokio::test]
async fn e19_without_a_policy_nothing_is_touched() -> anyhow::Result<()> {
    let case = TAGS.case("off").await?;
    case.u.set_json(&json!({"n": 1}));
    let answer = case.get().send().await?.expect(200)?.untagged()?;
    assert_eq!(answer.header("conflict-status"), None);
    let quiet = case.behind("quiet").get().send().await?.expect(200)?;
    assert_eq!(quiet.header("conflict-status"), None, "status_header: false");
    ensure!(quiet.header("etag").is_some_and(is_ours));
    Ok(())
}
