//! Tests of the XML of locks.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<LockInfo, LockInfoFault> {
    LockInfo::parse(text.as_bytes())
}

/// A request with this in it beside scope and type.
fn with(more: &str) -> String {
    format!(
        "<l:lockinfo xmlns:l='DAV:'><l:lockscope><l:shared/></l:lockscope><l:locktype><l:write/></l:locktype>{more}</l:lockinfo>"
    )
}

fn owner(more: &str) -> Option<Owner> {
    parse(&with(more)).unwrap().owner
}

#[test]
fn the_example_of_the_rfc_is_read() {
    // RFC 4918 section 9.10.7.
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>
        <D:lockinfo xmlns:D='DAV:'>
          <D:lockscope><D:exclusive/></D:lockscope>
          <D:locktype><D:write/></D:locktype>
          <D:owner>
            <D:href>http://example.org/~ejw/contact.html</D:href>
          </D:owner>
        </D:lockinfo>\n";
    let owner = Some(Owner::Href("http://example.org/~ejw/contact.html".to_owned()));
    assert_eq!(parse(text), Ok(LockInfo { mode: LockMode::Exclusive, owner }));
    // The same with DAV: as the namespace of all.
    let text = text.replace("xmlns:D='DAV:'", "xmlns='dav'").replace("D:", "").replace("'dav'", "'DAV:'");
    assert_eq!(parse(&text).map(|info| info.mode), Ok(LockMode::Exclusive), "{text}");
}

#[test]
fn an_owner_is_one_short_line_of_text() {
    assert_eq!(owner(""), None);
    assert_eq!(owner("<l:owner/>"), None);
    let text = |text: &str| Some(Owner::Text(text.to_owned()));
    assert_eq!(owner("<l:owner> Jane\n  Doe &lt;&#x41;&amp;&#66;> </l:owner>"), text("Jane Doe <A&B>"));
    assert_eq!(owner("<l:owner><x:who xmlns:x='urn:x'>J</x:who><![CDATA[<b>]]></l:owner>"), text("J<b>"));
    assert_eq!(owner("<l:owner>a&#27;[31mb</l:owner>"), text("a [31mb"));
    let long = owner(&format!("<l:owner>{}</l:owner>", "é".repeat(1_000))).unwrap();
    assert_eq!(long.as_str().chars().count(), MAX_OWNER);
}

#[test]
fn what_is_not_known_is_passed_over() {
    let more = "<l:more><l:lockscope><l:exclusive/></l:lockscope></l:more><exclusive/><!-- x --><?pi x?><o xmlns='urn:o'><exclusive/></o>";
    assert_eq!(parse(&with(more)).map(|info| info.mode), Ok(LockMode::Shared));
}

#[test]
fn what_is_no_request_for_a_lock_is_refused_with_its_reason() {
    use LockInfoFault::{Entities, IllFormed, NotLockInfo, Scope, Type};
    for (text, fault) in [
        ("", NotLockInfo),
        ("  ", NotLockInfo),
        ("text", IllFormed),
        ("<lockinfo/>", NotLockInfo),
        ("<lockinfo xmlns='urn:x'/>", NotLockInfo),
        ("<D:propfind xmlns:D='DAV:'/>", NotLockInfo),
        ("<D:lockinfo/>", IllFormed),
        ("<D:lockinfo xmlns:D='DAV:'>", IllFormed),
        ("<D:lockinfo xmlns:D='DAV:'></D:other>", IllFormed),
        ("<D:lockinfo xmlns:D='DAV:'/>", Scope),
        ("<D:lockinfo xmlns:D='DAV:'><D:exclusive/></D:lockinfo>", Scope),
        ("<D:lockinfo xmlns:D='DAV:'><D:lockscope/></D:lockinfo>", Scope),
        ("<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:shared/><D:exclusive/></D:lockscope></D:lockinfo>", Scope),
        ("<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:shared/></D:lockscope></D:lockinfo>", Type),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><D:lockinfo xmlns:D='DAV:'/>", Entities),
        ("<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>", Entities),
    ] {
        assert_eq!(parse(text), Err(fault), "{text}");
    }
    assert_eq!(parse(&with("<l:owner>&xxe;</l:owner>")), Err(Entities));
    assert_eq!(parse(&with("<l:owner>&#0;</l:owner>")), Err(IllFormed));
    assert_eq!(parse(&with("<l:owner>a & b</l:owner>")), Err(IllFormed));
    assert_eq!(parse(&format!("{}{}", with(""), with(""))), Err(NotLockInfo));
    assert_eq!(parse(&format!("{}x", with(""))), Err(IllFormed));
    assert_eq!(parse(&with(&"<a>".repeat(MAX_DEPTH))), Err(IllFormed));
    assert_eq!(parse(&with(&" ".repeat(MAX_BODY))), Err(LockInfoFault::TooLong));
    assert_eq!(LockInfo::parse(b"\xff\xfe<\0"), Err(LockInfoFault::NotUtf8));
}

#[test]
fn an_answer_shows_the_lock_and_nothing_ends_its_elements() {
    let token = LockToken::parse("urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2").unwrap();
    let owner = Owner::Text("<a> & \"b\"".to_owned());
    let lock = ActiveLock {
        mode: LockMode::Exclusive,
        depth: Depth::Zero,
        owner: Some(&owner),
        remaining: Duration::from_secs(60),
        token: Some(&token),
        root: "/orders/4?a<b",
    };
    let text = String::from_utf8(lock_discovery(&[lock]).to_vec()).unwrap();
    assert_eq!(
        text,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:prop xmlns:D=\"DAV:\"><D:lockdiscovery><D:activelock>\
         <D:locktype><D:write/></D:locktype><D:lockscope><D:exclusive/></D:lockscope><D:depth>0</D:depth>\
         <D:owner>&lt;a&gt; &amp; &quot;b&quot;</D:owner><D:timeout>Second-60</D:timeout>\
         <D:locktoken><D:href>urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2</D:href></D:locktoken>\
         <D:lockroot><D:href>/orders/4?a&lt;b</D:href></D:lockroot></D:activelock></D:lockdiscovery></D:prop>"
    );
    let hidden =
        String::from_utf8(lock_discovery(&[ActiveLock { token: None, owner: None, ..lock }]).to_vec()).unwrap();
    assert!(!hidden.contains("locktoken") && !hidden.contains("owner"));
}

#[test]
fn a_refusal_names_the_condition_of_the_rfc() {
    let of = |condition| String::from_utf8(error_body(condition, "/a&b").to_vec()).unwrap();
    assert!(of(DavCondition::NoConflictingLock).ends_with(
        "<D:error xmlns:D=\"DAV:\"><D:no-conflicting-lock><D:href>/a&amp;b</D:href></D:no-conflicting-lock></D:error>"
    ));
    assert!(of(DavCondition::LockTokenSubmitted).contains("<D:lock-token-submitted><D:href>/a&amp;b</D:href>"));
    assert!(of(DavCondition::LockTokenMatchesRequestUri).contains("<D:lock-token-matches-request-uri/>"));
}

proptest! {
    #[test]
    fn what_an_answer_says_of_an_owner_is_read_back(text in "\\PC{1,40}") {
        let told = tidy(&text);
        let escaped = escape(told.as_str());
        let expected = (!told.is_empty()).then_some(Owner::Text(told.clone()));
        prop_assert_eq!(owner(&format!("<l:owner>{escaped}</l:owner>")), expected);
    }

    #[test]
    fn nothing_makes_it_panic(text in "[<>/!?\\[\\]&;#'\"=:Dxmlnsockifr \\-]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse(&text);
        let _ = parse(&with(&text));
        let _ = LockInfo::parse(&bytes);
    }
}
