//! Recomputes a request's signature (version 4) from what arrived, as AWS does, and refuses any other.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::Refusal;
use super::{API_KEY, REGION};
use crate::http1::Head;

/// How old a request may be, in seconds.
const MAX_AGE: u64 = 300;

fn refuse<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status: 403, kind, message: message.into(), param: None, code: None })
}

/// `key` is the JSON of the access key that is taken; [`API_KEY`] is taken too, and proves itself.
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html>.
pub(super) fn check(head: &Head, body: &[u8], key: &str) -> Result<(), Refusal> {
    let key: Value = serde_json::from_str(key).unwrap_or(Value::Null);
    let Some(authorization) = head.header("authorization") else {
        return refuse("MissingAuthenticationTokenException", "Missing Authentication Token");
    };
    if let Some(api_key) = authorization.strip_prefix("Bearer ") {
        let message = "Authentication failed: Please make sure your API Key is valid.";
        return if api_key == API_KEY { Ok(()) } else { refuse("AccessDeniedException", message) };
    }
    let parts = |name: &str| {
        let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let (Some(credential), Some(signed), Some(signature)) =
        (parts("Credential"), parts("SignedHeaders"), parts("Signature"))
    else {
        return refuse("IncompleteSignatureException", "Authorization header requires all of its parameters.");
    };
    let date = head.header("x-amz-date").unwrap_or_default();
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{REGION}/bedrock/aws4_request");
    let id = key["access_key_id"].as_str().unwrap_or_default();
    if credential.split('/').next() != Some(id) {
        let message = "The security token included in the request is invalid.";
        return refuse("UnrecognizedClientException", message);
    }
    if credential != format!("{id}/{scope}") {
        return refuse("InvalidSignatureException", "Credential should be scoped to a valid region and service.");
    }
    if !is_recent(date) {
        return refuse("InvalidSignatureException", format!("Signature expired: {date} is now earlier or later."));
    }
    let names: Vec<&str> = signed.split(';').collect();
    let must = |name: &str| names.contains(&name);
    let others =
        head.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).filter(|name| name.starts_with("x-amz-"));
    if !must("host") || !others.into_iter().all(|name| must(&name)) || !names.is_sorted() {
        return refuse("InvalidSignatureException", "'Host' and every 'X-Amz-' header must be signed, in order.");
    }
    let secret = key["secret_access_key"].as_str().unwrap_or_default();
    let expected = sign(secret, day, &format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", canonical(head, &names, body)));
    if expected != signature {
        return refuse(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
             Key and signing method. Consult the service documentation for details.",
        );
    }
    Ok(())
}

/// The hash of the canonical request.
fn canonical(head: &Head, names: &[&str], body: &[u8]) -> String {
    let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
    let path: Vec<String> = path.split('/').map(encoded).collect();
    let mut text = format!("{}\n{}\n{query}\n", head.method, path.join("/"));
    for name in names {
        let values = head.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
        text.push_str(&format!("{name}:{}\n", values.collect::<Vec<_>>().join(",")));
    }
    text.push_str(&format!("\n{}\n{}", names.join(";"), hex(&Sha256::digest(body))));
    hex(&Sha256::digest(text.as_bytes()))
}

/// A segment of the path as it is sent, encoded once more.
fn encoded(segment: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    segment.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn sign(secret: &str, day: &str, text: &str) -> String {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, REGION, "bedrock", "aws4_request", text] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex(&key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Whether `20261122T214005Z` is now, more or less.
#[expect(clippy::disallowed_methods, reason = "a vendor has a clock of its own")]
fn is_recent(date: &str) -> bool {
    let number = |from: usize, to: usize| date.get(from..to).and_then(|digits| digits.parse::<u64>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(4, 6), number(6, 8)) else { return false };
    let (Some(hour), Some(minute), Some(second)) = (number(9, 11), number(11, 13), number(13, 15)) else {
        return false;
    };
    if date.len() != 16 || year < 1970 || !(1..=12).contains(&month) {
        return false;
    }
    // Days since 1970, counted in years that begin with March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let at = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.is_ok_and(|now| now.as_secs().abs_diff(at) <= MAX_AGE)
}
