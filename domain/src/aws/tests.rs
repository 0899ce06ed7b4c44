//! Signatures against AWS's published vectors and botocore's, keys in their two forms, regions.

use super::*;
use crate::time::parse_rfc3339;

fn key(token: Option<&str>) -> AccessKey {
    let secret = |text: &str| Secret::new(text.to_owned());
    AccessKey {
        id: "AKIDEXAMPLE".to_owned(),
        secret: secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap(),
        session_token: token.and_then(secret),
    }
}

fn signature(key: &AccessKey, request: &Signed<'_>) -> String {
    let headers = sign(key, request);
    let (_, value) = headers.iter().find(|(name, _)| *name == "authorization").unwrap();
    value.rsplit('=').next().unwrap().to_owned()
}

/// The `aws-sig-v4-test-suite`: <https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html>.
#[test]
fn signatures_are_those_of_the_published_test_suite() {
    let vanilla = Signed {
        method: "GET",
        path: "/",
        headers: &[("host", "example.amazonaws.com")],
        body: b"",
        region: "us-east-1",
        service: "service",
        at: parse_rfc3339("2015-08-30T12:36:00Z").unwrap(),
    };
    let form: &[(&str, &str)] =
        &[("content-type", "application/x-www-form-urlencoded"), ("host", "example.amazonaws.com")];
    for (name, request, expected) in [
        ("get-vanilla", vanilla, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "post-vanilla",
            Signed { method: "POST", ..vanilla },
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "get-utf8",
            Signed { path: "/\u{1234}", ..vanilla },
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ),
        (
            "post-x-www-form-urlencoded",
            Signed { method: "POST", headers: form, body: b"Param1=value1", ..vanilla },
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        assert_eq!(signature(&key(None), &request), expected, "{name}");
    }
}

/// What botocore 1.44.5 signs.
#[test]
fn a_call_of_bedrock_is_signed_as_the_vendors_client_signs_it() {
    let request = Signed {
        method: "POST",
        path: "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream",
        headers: &[("host", "bedrock-runtime.us-east-1.amazonaws.com"), ("content-type", "application/json")],
        body: "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"h\u{e9}\"}]}]}".as_bytes(),
        region: "us-east-1",
        service: "bedrock",
        at: parse_rfc3339("2026-11-22T21:40:05.9Z").unwrap(),
    };
    assert_eq!(signature(&key(None), &request), "9dbd16cbf8f1cb3df91a4ba93bdf779575888c10d5b85a5ebe0f3d2c11da490b");
    let temporary = key(Some("FwoGZXIvYXdzEBYaD+/=="));
    assert_eq!(signature(&temporary, &request), "fbbeb4b98081234d8201f82f423182d104b50222bb644db30ece9b1700bdb820");
    let headers = sign(&temporary, &request);
    assert_eq!(headers[0], ("x-amz-date", "20261122T214005Z".to_owned()));
    assert_eq!(headers[1], ("x-amz-security-token", "FwoGZXIvYXdzEBYaD+/==".to_owned()));
    assert_eq!(
        headers[2].1.split(", Signature").next().unwrap(),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"
    );
}

#[test]
fn a_key_is_an_api_key_or_the_json_of_an_access_key() {
    let parse = |text: &str| AccessKey::read(&Secret::new(text.to_owned()).unwrap());
    assert!(matches!(parse("bedrock-api-key-ABC="), Ok(None)));
    let access = parse(r#" {"access_key_id":"AKIAX","secret_access_key":"s/+","session_token":"t=="} "#);
    let Ok(Some(access)) = access else { panic!("{access:?}") };
    assert_eq!((access.id.as_str(), access.secret.expose()), ("AKIAX", "s/+"));
    assert_eq!(access.session_token.as_ref().map(Secret::expose), Some("t=="));
    assert!(!format!("{access:?}").contains("s/+"));
}

#[test]
fn a_damaged_key_is_told_and_not_quoted() {
    for text in [
        "{",
        r#"{"access_key_id":"AKIACANARY"}"#,
        r#"{"access_key_id":"","secret_access_key":"canary"}"#,
        r#"{"access_key_id":"AK IA","secret_access_key":"canary"}"#,
        r#"{"access_key_id":"AKIA","secret_access_key":""}"#,
        r#"{"access_key_id":"AKIA","secret_access_key":"can\nary"}"#,
        r#"{"access_key_id":"AKIA","secret_access_key":"canary","session_token":"can ary"}"#,
        r#"{"access_key_id":"AKIA","secret_access_key":"canary","sessiontoken":"canary"}"#,
        r#"{"access_key_id":1,"secret_access_key":"canary"}"#,
    ] {
        let problem = AccessKey::read(&Secret::new(text.to_owned()).unwrap()).map(|_| ()).unwrap_err();
        assert!(problem.contains("access_key_id"), "{text}: {problem}");
        assert!(!problem.to_lowercase().contains("canary"), "{text}: {problem}");
    }
}

#[test]
fn the_region_is_read_from_the_address() {
    for (host, region) in [
        ("bedrock-runtime.eu-central-1.amazonaws.com", Some("eu-central-1")),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
        ("vpce-0a-1b.bedrock-runtime.us-east-1.vpce.amazonaws.com", Some("us-east-1")),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
        ("bedrock-runtime.ap-southeast-2.api.aws", Some("ap-southeast-2")),
        ("bedrock.us-east-1.example.com", None),
        ("127.0.0.1", None),
        ("bedrock-runtime.amazonaws.com", None),
    ] {
        assert_eq!(region_of(host), region, "{host}");
    }
    assert!(is_region("us-gov-west-1") && !is_region("") && !is_region("us.east") && !is_region("US-east-1"));
}
