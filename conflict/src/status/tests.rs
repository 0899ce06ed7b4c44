//! Tests of what answers say of what was done.

use proptest::prelude::*;
use sfv::{BareItem, ListEntry, Parser};

use super::*;

fn written(append: impl Fn(&mut HeaderMap), name: &HeaderName) -> String {
    let mut headers = HeaderMap::new();
    append(&mut headers);
    headers[name].to_str().unwrap().to_owned()
}

#[test]
fn conflict_status_is_that_of_the_design() {
    let act = Act::new(Policy::LostUpdate, "checked").generation(8).wait(Duration::from_millis(12)).fence(42);
    assert_eq!(act.as_str(), "gw; policy=lost_update; act=checked; gen=8; wait=12; fence=42");
    assert_eq!(
        Act::skipped(Policy::Validators, "unbufferable").as_str(),
        "gw; policy=validators; act=skipped; skip=unbufferable"
    );
    assert_eq!(Act::bypassed(Policy::Idempotency).as_str(), "gw; policy=idempotency; act=bypassed; bypass");
    let tag = EntityTag::weak("a\\b").unwrap();
    assert_eq!(
        Act::new(Policy::Validators, "verified").etag(&tag).as_str(),
        r#"gw; policy=validators; act=verified; etag="W/\"a\\b\"""#
    );
    let mut headers = HeaderMap::new();
    Act::new(Policy::Lock, "held").append_to(&mut headers);
    act.append_to(&mut headers);
    assert_eq!(headers[CONFLICT_STATUS], format!("gw; policy=lock; act=held, {}", act.as_str()));
}

#[test]
fn every_conflict_status_is_a_list_of_structured_fields() {
    for policy in Policy::ALL {
        let act = Act::new(policy, "checked").flag("local").fence(u64::MAX).generation(u64::MAX).attempts(3);
        let list = Parser::parse_list(act.as_str().as_bytes()).unwrap();
        let [ListEntry::Item(item)] = &list[..] else { panic!("{list:?}") };
        assert_eq!(item.params["policy"], BareItem::Token(policy.as_str().to_owned()));
        assert_eq!(
            item.params["fence"],
            BareItem::String(u64::MAX.to_string()),
            "exact also beyond the range of integers"
        );
    }
}

#[test]
fn cache_status_says_why_the_upstream_was_asked() {
    let of = |status: CacheStatus<'_>| written(|headers| status.append_to(headers), &CACHE_STATUS);
    assert_eq!(of(CacheStatus { hit: true, ttl: Some(-3), ..CacheStatus::default() }), "gw; hit; ttl=-3");
    let miss = CacheStatus { forwarded: Some(Forward::Miss), collapsed: true, ..CacheStatus::default() };
    assert_eq!(of(miss), "gw; fwd=miss; collapsed");
    let all = CacheStatus { forward_status: Some(304), stored: true, detail: Some("a \"b\" é"), ..miss };
    assert_eq!(of(all), r#"gw; fwd=miss; fwd-status=304; stored; collapsed; detail="a \"b\" ?""#);
    assert_eq!(of(CacheStatus { collapsed: true, stored: true, hit: true, ..CacheStatus::default() }), "gw; hit");
    let mut headers = HeaderMap::new();
    headers.append(CACHE_STATUS, HeaderValue::from_static("origin; hit"));
    headers.append(CACHE_STATUS, HeaderValue::from_static("cdn; fwd=stale"));
    miss.append_to(&mut headers);
    assert_eq!(headers.get_all(CACHE_STATUS).iter().count(), 1);
    assert_eq!(headers[CACHE_STATUS], "origin; hit, cdn; fwd=stale, gw; fwd=miss; collapsed");
}

#[test]
fn limits_are_told_as_in_the_draft() {
    let mut headers = HeaderMap::new();
    LimitStatus { name: "orders-inflight", quota: 20, remaining: 0 }.append_to(&mut headers);
    LimitStatus { name: "b", quota: 5, remaining: 4 }.append_to(&mut headers);
    assert_eq!(
        headers[RATELIMIT_POLICY],
        r#""orders-inflight";q=20;qu="concurrent-requests", "b";q=5;qu="concurrent-requests""#
    );
    assert_eq!(headers[RATELIMIT], r#""orders-inflight";r=0, "b";r=4"#);
}

proptest! {
    #[test]
    fn any_name_of_a_limit_is_a_string(name in any::<String>(), quota in any::<u64>()) {
        let limit = LimitStatus { name: &name, quota, remaining: quota };
        for header in [RATELIMIT_POLICY, RATELIMIT] {
            let text = written(|headers| limit.append_to(headers), &header);
            let list = Parser::parse_list(text.as_bytes()).unwrap();
            let [ListEntry::Item(item)] = &list[..] else { panic!("{list:?}") };
            let BareItem::String(read) = &item.bare_item else { panic!("{item:?}") };
            prop_assert_eq!(read.chars().count(), name.chars().count());
            prop_assert!(name.is_empty() || !name.bytes().all(|b| (b' '..=b'~').contains(&b)) || *read == name);
        }
    }
}
