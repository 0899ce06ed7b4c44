//! Tests of what callers are told.

use std::collections::HashSet;

use http::header::IF_MATCH;
use serde_json::json;

use super::*;

#[test]
fn the_document_is_that_of_the_design() {
    let (had, current) = (EntityTag::strong("g1-Xb").unwrap(), EntityTag::strong("g1-9c").unwrap());
    let problem = Problem::new(Slug::PreconditionFailed)
        .with_detail(format!("If-Match {had} does not match the current version."))
        .for_request("/orders/42", "01J")
        .by(Policy::LostUpdate, "orders-item")
        .with_submitted(vec![had.to_string()])
        .with_current(&current)
        .with_changed_at(1_790_763_072_000_000)
        .with_generation(7)
        .with_fetch("/orders/42")
        .then_send(&IF_MATCH, current.to_string());
    assert_eq!(
        problem.document(),
        json!({
            "type": "https://errors.weir.dev/conflict/precondition-failed",
            "title": "The resource changed since you read it", "status": 412,
            "detail": "If-Match \"g1-Xb\" does not match the current version.",
            "instance": "/orders/42", "request_id": "01J", "policy": "lost_update", "route": "orders-item",
            "conflict": {
                "kind": "version", "submitted": ["\"g1-Xb\""], "current": "\"g1-9c\"",
                "changed_at": "2026-09-30T10:11:12Z", "since_generation": 7,
            },
            "resolve": {
                "action": "refetch_and_reapply", "safe_to_retry_unchanged": false,
                "fetch": {"method": "GET", "href": "/orders/42"}, "then_send": {"If-Match": "\"g1-9c\""},
                "docs": "https://errors.weir.dev/conflict/precondition-failed",
            },
        })
    );
    let answer = problem.answer();
    assert_eq!(answer.status, 412);
    assert_eq!(answer.headers[ETAG], "\"g1-9c\"");
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.headers[LINK], "<https://errors.weir.dev/conflict/precondition-failed>; rel=\"describedby\"");
    assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), problem.document());
}

#[test]
fn what_is_not_said_is_not_there() {
    let document = Problem::new(Slug::ConcurrentModification).document();
    let names: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(names, ["type", "title", "status", "detail", "conflict", "resolve"]);
    assert_eq!(document["conflict"], json!({"kind": "concurrent_write"}));
    assert!(Problem::new(Slug::ConcurrentModification).answer().headers.get(RETRY_AFTER).is_none());
}

#[test]
fn each_problem_has_its_own_name_and_a_status_and_words_that_fit() {
    let names: HashSet<&str> = Slug::ALL.iter().map(|slug| slug.as_str()).collect();
    assert_eq!(names.len(), Slug::ALL.len());
    for slug in Slug::ALL {
        let facts = slug.facts();
        assert!(facts.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{slug:?}");
        assert!(matches!(facts.status, 400 | 403 | 404 | 409 | 412 | 422 | 423 | 428 | 429 | 503), "{slug:?}");
        assert!(facts.detail.ends_with('.') && !facts.title.ends_with('.'), "{slug:?}");
        assert_eq!(facts.safe_to_retry, facts.action == ResolveAction::RetryLater && *slug != Slug::ResourceLocked);
        let answer = Problem::new(*slug).answer();
        assert_eq!(
            (answer.status.as_u16(), answer.headers[CACHE_CONTROL].to_str().unwrap()),
            (facts.status, "no-store")
        );
    }
}

#[test]
fn when_to_try_again_is_exact_in_the_document_and_whole_seconds_in_the_header() {
    let lock = LockShown { mode: LockMode::Shared, expires_at: String::new(), owner: None };
    for (ms, up, down) in [
        (0, "1", "1"),
        (1, "1", "1"),
        (1_000, "1", "1"),
        (1_001, "2", "1"),
        (59_999, "60", "59"),
        (u64::MAX, "18446744073709552", "18446744073709551"),
    ] {
        let after = Duration::from_millis(ms);
        let problem = Problem::new(Slug::ConcurrentModification).with_retry_after(after);
        assert_eq!(problem.headers()[RETRY_AFTER], up, "{ms}");
        assert_eq!(problem.document()["resolve"]["retry_after_ms"], json!(ms));
        let locked = Problem::new(Slug::LockConflict).with_lock(lock.clone()).with_retry_after(after);
        assert_eq!(locked.headers()[RETRY_AFTER], down, "not after the lock's end: {ms}");
    }
}

#[test]
fn limits_have_the_types_of_the_draft() {
    let problem = Problem::new(Slug::QuotaExceeded).with_violated_policies(&["per-app"]).document();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"], json!(["per-app"]));
    assert_eq!(
        Problem::new(Slug::TemporaryReducedCapacity).document()["type"],
        "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
    );
}

#[test]
fn what_a_caller_sent_is_shown_safely() {
    let fault = Malformed::new(IF_MATCH, b"a\r\n\x1b[31m\"", "no tag");
    let problem = Problem::malformed(Slug::PreconditionMalformed, &fault);
    assert_eq!(problem.detail(), r#"If-Match: no tag; it says "a\r\n\u{1b}[31m\"""#);
    let document = problem.document();
    assert_eq!((&document["header"], &document["status"]), (&json!("If-Match"), &json!(400)));
    assert_eq!(document["resolve"]["action"], "fix_request");
    assert_eq!(problem.with_status(412).answer().status, 412);
}

#[test]
fn a_lock_names_its_owner_only_where_told() {
    let lock = LockShown { mode: LockMode::Shared, expires_at: "2026-01-01T00:00:00Z".to_owned(), owner: None };
    let document = Problem::new(Slug::ResourceLocked).with_lock(lock.clone()).document();
    assert_eq!(document["conflict"]["lock"], json!({"mode": "shared", "expires_at": "2026-01-01T00:00:00Z"}));
    let owned = LockShown { owner: Some("app-7".to_owned()), ..lock };
    assert_eq!(Problem::new(Slug::ResourceLocked).with_lock(owned).document()["conflict"]["lock"]["owner"], "app-7");
}
