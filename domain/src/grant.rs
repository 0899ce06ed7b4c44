//! Credentials for which tokens are fetched: the request for a token and its answer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::snapshot::Address;
use crate::time;

/// What a token lives whose endpoint does not say.
const LIFE: u64 = 300;
/// What a token is never believed to live longer than.
const MOST: u64 = 86_400;
/// What tokens of service accounts are for.
/// Source: <https://developers.google.com/identity/protocols/oauth2/scopes>.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A credential for which tokens are fetched (RFC 6749).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where tokens are fetched; its path is the endpoint's.
    pub endpoint: Address,
    /// What is asked with.
    pub proof: Proof,
}

/// What a token is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An application of Entra: client credentials (RFC 6749 section 4.4).
    /// Source: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
    Client {
        /// The application's id.
        id: String,
        /// Its secret.
        secret: Secret,
        /// What the token is for.
        scope: String,
    },
    /// A service account of Google: an assertion signed with its key (RFC 7523).
    /// Source: <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>.
    ServiceAccount {
        /// Its address.
        email: String,
        /// The id of its key.
        key_id: String,
        /// The key: PKCS #8 (RFC 5958), DER in base64.
        key: Secret,
        /// Whom the assertion is for: the endpoint's address as it was given.
        audience: String,
    },
}

/// Why a credential gives no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The endpoint refused.
    #[error("the token endpoint refused the credential with status {status} {code}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its error code (RFC 6749 section 5.2), cleaned; empty when it gave none.
        code: String,
    },
    /// The endpoint's answer holds no token.
    #[error("the token endpoint answered with no token")]
    NoToken,
    /// The service account's key cannot sign.
    #[error("the private key of the service account is no RSA key of 2048 to 4096 bits in PKCS #8")]
    UnfitKey,
}

/// A token, and what it lives from the moment it was asked for.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: Secret,
    /// How long it lives.
    pub life: Duration,
}

impl Proof {
    /// The form that is posted.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn form(&self) -> Result<Zeroizing<String>, GrantError> {
        let mut form = Serializer::new(String::new());
        match self {
            Self::Client { id, secret, scope } => form
                .append_pair("grant_type", "client_credentials")
                .append_pair("client_id", id)
                .append_pair("client_secret", secret.expose())
                .append_pair("scope", scope),
            Self::ServiceAccount { email, key_id, key, audience } => form
                .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
                .append_pair("assertion", &assertion(email, key_id, key, audience)?),
        };
        Ok(Zeroizing::new(form.finish()))
    }
}

/// Whether a key of a service account can sign.
pub(crate) fn is_signing_key(key: &Secret) -> bool {
    pair(key).is_ok()
}

fn pair(key: &Secret) -> Result<RsaKeyPair, GrantError> {
    let der = Zeroizing::new(STANDARD.decode(key.expose()).map_err(|_| GrantError::UnfitKey)?);
    RsaKeyPair::from_pkcs8(&der).map_err(|_| GrantError::UnfitKey)
}

/// A JWT (RFC 7519) signed with RS256 (RFC 7518 section 3.3): `ring` signs, as it does for TLS; the crates that make
/// whole JWTs would bring a second crypto library.
fn assertion(email: &str, key_id: &str, key: &Secret, audience: &str) -> Result<String, GrantError> {
    let pair = pair(key)?;
    let now = time::now() / 1_000_000;
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if !key_id.is_empty() {
        header["kid"] = key_id.into();
    }
    let claims = json!({"iss": email, "scope": GOOGLE_SCOPE, "aud": audience, "iat": now, "exp": now + 3_600});
    let encoded = |text: &serde_json::Value| URL_SAFE_NO_PAD.encode(text.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| GrantError::UnfitKey)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What an endpoint answers (RFC 6749 sections 5.1 and 5.2).
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<Seconds>,
    #[serde(default)]
    error: Option<String>,
}

/// Some endpoints write numbers as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

/// Reads an endpoint's answer. Of a refusal only its code is kept: descriptions may quote the credential.
///
/// # Errors
/// It is a refusal, or holds no token.
pub fn read(status: u16, body: &[u8]) -> Result<Granted, GrantError> {
    let read: Option<Body> = serde_json::from_slice(body).ok();
    if status != 200 {
        let code = read.and_then(|body| body.error).unwrap_or_default();
        let code = code.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(48).collect();
        return Err(GrantError::Refused { status, code });
    }
    let body = read.ok_or(GrantError::NoToken)?;
    let token = body.access_token.and_then(Secret::new).ok_or(GrantError::NoToken)?;
    let life = match body.expires_in {
        Some(Seconds::Number(seconds)) => seconds,
        Some(Seconds::Text(text)) => text.parse().unwrap_or(LIFE),
        None => LIFE,
    };
    Ok(Granted { token, life: Duration::from_secs(life.min(MOST)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_code_and_nothing_that_could_quote_the_credential() {
        let body = br#"{"error": "invalid_client", "error_description": "AADSTS7000215: canary is invalid"}"#;
        assert_eq!(read(401, body).unwrap_err(), GrantError::Refused { status: 401, code: "invalid_client".into() });
        assert_eq!(read(500, b"<html>").unwrap_err(), GrantError::Refused { status: 500, code: String::new() });
        for none in [&b"{}"[..], b"", br#"{"access_token": " "}"#, br#"{"access_token": 1}"#] {
            assert_eq!(read(200, none).unwrap_err(), GrantError::NoToken);
        }
    }

    #[test]
    fn lives_are_read_as_numbers_and_as_text() {
        for (body, seconds) in [
            (r#"{"access_token": "t", "expires_in": 3599}"#, 3_599),
            (r#"{"access_token": "t", "expires_in": "3599"}"#, 3_599),
            (r#"{"access_token": "t"}"#, LIFE),
            (r#"{"access_token": "t", "expires_in": 99999999999}"#, MOST),
        ] {
            assert_eq!(read(200, body.as_bytes()).unwrap().life.as_secs(), seconds, "{body}");
        }
    }

    #[test]
    fn a_key_that_cannot_sign_is_said_so() {
        let proof = Proof::ServiceAccount {
            email: "a".into(),
            key_id: String::new(),
            key: Secret::new("Y2FuYXJ5".into()).unwrap(),
            audience: "x".into(),
        };
        assert_eq!(proof.form().unwrap_err(), GrantError::UnfitKey);
    }
}
