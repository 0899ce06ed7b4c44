//! Keys of Amazon Web Services, and the signature that proves one: version 4, for a request without a query.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. Written here and
//! not taken from `aws-sigv4`, which brings the SDK's runtime crates along for these few lines; checked against the
//! vectors that AWS publishes.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::dialect::percent_encoded;
use crate::secret::Secret;
use crate::time::Micros;

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// Its public part.
    pub id: String,
    /// What signs.
    pub secret: Secret,
    /// Of temporary credentials: sent along.
    pub session_token: Option<Secret>,
}

/// How an access key is written. Unknown fields are refused: a mistyped `session_token` would sign in vain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    access_key_id: String,
    secret_access_key: String,
    #[serde(default)]
    session_token: Option<String>,
}

/// How to write what is wrong.
const FORM: &str = "write a Bedrock API key, or {\"access_key_id\": …, \"secret_access_key\": …, \"session_token\": …}, the \
                    last for temporary credentials only";

impl AccessKey {
    /// Reads the secret of a key: JSON with an access key; `None` for anything else, which is a Bedrock API key.
    ///
    /// # Errors
    /// A sentence, free of the secret, when it begins like JSON and is none of an access key.
    pub fn read(secret: &Secret) -> Result<Option<Self>, String> {
        let text = secret.expose().trim();
        if !text.starts_with('{') {
            return Ok(None);
        }
        // What serde says may quote the secret.
        let written: WrittenKey =
            serde_json::from_str(text).map_err(|_| format!("is not the JSON of an AWS access key; {FORM}"))?;
        let printable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let id = written.access_key_id;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("holds no access_key_id, which is of letters and digits; {FORM}"));
        }
        if !printable(&written.secret_access_key) || written.session_token.as_deref().is_some_and(|t| !printable(t)) {
            return Err(format!("holds a part with blanks or other characters that no key has; {FORM}"));
        }
        let secret =
            Secret::new(written.secret_access_key).ok_or_else(|| format!("holds no secret_access_key; {FORM}"))?;
        let session_token = written.session_token.and_then(Secret::new);
        Ok(Some(Self { id, secret, session_token }))
    }
}

/// The region in the address of an AWS service: `bedrock-runtime.eu-west-1.amazonaws.com` and its kin (FIPS, private
/// links, China, dual stack).
#[must_use]
pub fn region_of(host: &str) -> Option<&str> {
    let is_aws = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end));
    // Two or three words and a number: `us-east-1`, `us-gov-west-1`.
    let is_region = |part: &&str| {
        let words = part.split('-').count();
        (3..=4).contains(&words)
            && part.ends_with(|c: char| c.is_ascii_digit())
            && part.rsplit('-').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
            && part.split('-').next().is_some_and(|first| first.len() == 2)
    };
    host.split('.').find(is_region).filter(|_| is_aws)
}

/// Whether text can be a region: it becomes a part of a host's name.
#[must_use]
pub fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The public address of Bedrock's runtime in a region.
#[must_use]
pub fn bedrock_url(region: &str) -> String {
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://bedrock-runtime.{region}.amazonaws.com{end}")
}

/// A request that is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path as it is sent, percent-encoded once.
    pub path: &'a str,
    /// Headers that the signature covers, lower-case, `host` among them. Those made here are added.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body.
    pub body: &'a [u8],
    /// The region.
    pub region: &'a str,
    /// The service, such as `bedrock`.
    pub service: &'a str,
    /// When it is sent.
    pub at: Micros,
}

/// Signs a request.
///
/// Returns the headers to add: `x-amz-date`, `x-amz-security-token` where the key has one, and `authorization`.
#[must_use]
pub fn sign(key: &AccessKey, request: &Signed<'_>) -> Vec<(&'static str, String)> {
    let date = stamp(request.at);
    let day = date.get(..8).unwrap_or_default();
    let mut added = vec![("x-amz-date", date.clone())];
    added.extend(key.session_token.iter().map(|token| ("x-amz-security-token", token.expose().to_owned())));
    let mut headers: Vec<(&str, &str)> = request.headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_str())));
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = format!("{}\n{}\n\n", request.method, canonical_path(request.path));
    for (name, value) in &headers {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        // Writing to a string does not fail.
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{names}\n{}", hex(&Sha256::digest(request.body)));
    let scope = format!("{day}/{}/{}/aws4_request", request.region, request.service);
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut signing = format!("AWS4{}", key.secret.expose()).into_bytes();
    for part in [day, request.region, request.service, "aws4_request"] {
        signing = hmac(&signing, part.as_bytes());
    }
    let signature = hex(&hmac(&signing, to_sign.as_bytes()));
    added.push((
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", key.id),
    ));
    added
}

/// Each segment encoded once more than it is sent: so do all services but S3.
fn canonical_path(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(encoded_again).collect();
    segments.join("/")
}

/// Dots stay here, unlike in [`percent_encoded`]: what climbs has been encoded before.
fn encoded_again(segment: &str) -> String {
    if segment.bytes().all(|b| b == b'.') { segment.to_owned() } else { percent_encoded(segment) }
}

/// `20150830T123600Z`.
fn stamp(at: Micros) -> String {
    let moment = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
