//! Promises of authentication.

use std::collections::HashMap;

use http::header::AUTHORIZATION;
use weir_domain::credential::{Allow, ENTROPY, generate};
use weir_domain::ports::CredentialChange;
use weir_domain::snapshot::Application;

use super::*;

fn key(seed: u8) -> String {
    generate(&[seed; ENTROPY])
}

fn credential(key: &str, application: &str) -> Credential {
    Credential {
        id: credential::public_id(key).unwrap().to_owned(),
        hash: KeyHash::of(key),
        application: application.to_owned(),
        expires_at: None,
        models: None,
        services: None,
        providers: None,
        revoked: false,
    }
}

fn application(id: &str, disabled: bool) -> (String, Application) {
    let application = Application {
        id: id.to_owned(),
        team: "default".to_owned(),
        models: Allow::default(),
        services: Allow::compile(&["shop".to_owned(), "stock".to_owned()]),
        providers: Allow::default(),
        batches: Allow::default(),
        disabled,
        request_log: None,
    };
    (id.to_owned(), application)
}

fn world() -> (Live, Snapshot) {
    let mut changed = credential(&key(4), "web");
    changed.services = Some(Allow::compile(&["stock".to_owned()]));
    let revoked = Credential { revoked: true, ..credential(&key(2), "web") };
    let expiring = Credential { expires_at: Some(1_000), ..credential(&key(3), "web") };
    let all = vec![
        credential(&key(1), "web"),
        revoked,
        expiring,
        changed,
        credential(&key(5), "off"),
        credential(&key(6), "gone"),
    ];
    let live = Live::default();
    live.credentials(CredentialChange::Replace(all));
    let applications: HashMap<_, _> = [application("web", false), application("off", true)].into();
    (live, Snapshot { applications, ..Snapshot::default() })
}

fn try_headers(fields: &[(&'static str, &str)]) -> Result<String, Denial> {
    let (live, snapshot) = world();
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().unwrap());
    }
    identify(&live, &snapshot, &headers, || 1_000).map(|caller| caller.credential.application.clone())
}

#[test]
fn a_key_is_taken_from_each_place() {
    for (name, value) in [
        ("authorization", format!("Bearer {}", key(1))),
        ("authorization", format!("bearer  {} ", key(1))),
        ("x-api-key", key(1)),
        ("api-key", key(1)),
    ] {
        assert_eq!(try_headers(&[(name, &value)]), Ok("web".to_owned()), "{name}: {value}");
    }
    let twice = [("authorization", format!("Bearer {}", key(1))), ("x-api-key", key(1))];
    assert_eq!(try_headers(&[(twice[0].0, &twice[0].1), (twice[1].0, &twice[1].1)]), Ok("web".to_owned()));
}

#[test]
fn every_other_key_is_refused_with_its_reason() {
    let bearer = |seed| format!("Bearer {}", key(seed));
    let mut mistyped = key(1).into_bytes();
    mistyped[30] = if mistyped[30] == b'a' { b'b' } else { b'a' };
    for (fields, denial) in [
        (vec![], Denial::Missing),
        (vec![("authorization", "Basic dTpw".to_owned())], Denial::Missing),
        (vec![("authorization", bearer(1)), ("x-api-key", key(2))], Denial::Ambiguous),
        (vec![("x-api-key", key(1)), ("x-api-key", key(2))], Denial::Ambiguous),
        (vec![("x-api-key", String::from_utf8(mistyped).unwrap())], Denial::Malformed),
        (vec![("authorization", "Bearer sk-other".to_owned())], Denial::Malformed),
        (vec![("x-api-key", String::new())], Denial::Malformed),
        (vec![("x-api-key", key(9))], Denial::Unknown),
        (vec![("x-api-key", key(2))], Denial::Revoked),
        (vec![("x-api-key", key(3))], Denial::Expired),
        (vec![("x-api-key", key(5))], Denial::Disabled("off".to_owned())),
        (vec![("x-api-key", key(6))], Denial::Unknown),
    ] {
        let fields: Vec<(&'static str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(try_headers(&fields), Err(denial), "{fields:?}");
    }
}

#[test]
fn the_secret_must_match_not_only_the_public_id() {
    let (live, snapshot) = world();
    let mut entropy = [1; ENTROPY];
    entropy[ENTROPY - 40] = 2;
    let forged = generate(&entropy);
    assert_eq!(credential::public_id(&forged), credential::public_id(&key(1)));
    let headers: HeaderMap = [(AUTHORIZATION, format!("Bearer {forged}").parse().unwrap())].into_iter().collect();
    assert_eq!(identify(&live, &snapshot, &headers, || 0).map(|_| ()), Err(Denial::Unknown));
}

#[test]
fn a_change_of_credentials_holds_at_once() {
    let (live, snapshot) = world();
    let headers: HeaderMap = [("x-api-key".parse().unwrap(), key(1).parse().unwrap())].into_iter().collect();
    live.credentials(CredentialChange::Upsert(vec![Credential { revoked: true, ..credential(&key(1), "web") }]));
    assert_eq!(identify(&live, &snapshot, &headers, || 0).map(|_| ()), Err(Denial::Revoked));
    live.credentials(CredentialChange::Remove(vec![credential::public_id(&key(1)).unwrap().to_owned()]));
    assert_eq!(identify(&live, &snapshot, &headers, || 0).map(|_| ()), Err(Denial::Unknown));
    live.credentials(CredentialChange::Replace(vec![credential(&key(1), "web")]));
    assert!(identify(&live, &snapshot, &headers, || 0).is_ok());
    assert!(live.credential(credential::public_id(&key(2)).unwrap()).is_none());
}

#[test]
fn a_key_narrows_what_its_application_may_call() {
    let (live, snapshot) = world();
    let caller = |seed: u8| {
        let headers: HeaderMap = [("x-api-key".parse().unwrap(), key(seed).parse().unwrap())].into_iter().collect();
        identify(&live, &snapshot, &headers, || 0).unwrap()
    };
    assert_eq!(permit_service(&snapshot, &caller(1), "shop"), Ok(()));
    assert_eq!(permit_service(&snapshot, &caller(1), "other"), Err(Denial::Service("other".to_owned())));
    assert_eq!(permit_service(&snapshot, &caller(4), "stock"), Ok(()));
    assert_eq!(permit_service(&snapshot, &caller(4), "shop"), Err(Denial::Service("shop".to_owned())));
}

#[test]
fn the_credential_is_removed_and_the_upstreams_own_is_not() {
    let mut request = RequestHeader::build("GET", b"/", None).unwrap();
    request.insert_header("authorization", "Basic dTpw").unwrap();
    request.insert_header("x-api-key", key(1)).unwrap();
    remove(&mut request);
    assert_eq!(request.headers.len(), 1);
    request.insert_header("authorization", format!("Bearer {}", key(1))).unwrap();
    remove(&mut request);
    assert!(request.headers.is_empty());
}

#[test]
fn a_key_in_any_authorization_is_taken_out() {
    let remove_all = |request: &mut RequestHeader| remove(request);
    for strip in [remove_all, strip_own_keys] {
        for values in [
            vec!["Basic dTpw".to_owned(), format!("Bearer {}", key(1))],
            vec![format!("Basic dTpw, Bearer {}", key(1))],
            vec![format!("Digest username=\"{}\"", key(1))],
        ] {
            let mut request = RequestHeader::build("GET", b"/", None).unwrap();
            for value in &values {
                request.append_header("authorization", value).unwrap();
            }
            strip(&mut request);
            assert!(request.headers.is_empty(), "{values:?}");
        }
    }
}

#[test]
fn on_public_routes_only_our_own_keys_are_stripped() {
    let mut request = RequestHeader::build("GET", b"/", None).unwrap();
    request.insert_header("authorization", "Bearer the-upstreams-own").unwrap();
    strip_own_keys(&mut request);
    assert_eq!(request.headers.len(), 1);
    request.insert_header("x-api-key", key(1)).unwrap();
    strip_own_keys(&mut request);
    assert!(request.headers.is_empty());
}
