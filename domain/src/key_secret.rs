//! What the secret of a provider's key is: text for a header, or what tokens and signatures are made of.

use serde::Deserialize;

use crate::aws::AccessKey;
use crate::compile::token_address;
use crate::grant::{Grant, Proof, is_signing_key};
use crate::secret::Secret;
use crate::snapshot::Address;
use crate::spec::Protocol;

/// The secret of one key of a provider, taken apart when the configuration is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySecret {
    /// Text that stands in a header of each request.
    Header(Secret),
    /// An access key of AWS, which signs each request.
    Access(AccessKey),
    /// A credential for which tokens are fetched.
    Grant(Box<Grant>),
}

/// What Azure OpenAI's tokens are for.
/// Source: <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity>.
const AZURE_SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// The secret of an application of Entra.
#[derive(Deserialize)]
struct Entra {
    tenant_id: String,
    client_id: String,
    client_secret: String,
    #[serde(default)]
    scope: Option<String>,
}

/// The file that Google gives for a key of a service account, as far as it matters.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    token_uri: Option<String>,
}

/// Where Google gives tokens to service accounts whose file does not say.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";

impl KeySecret {
    /// Reads the secret of a key of a provider that speaks `protocol`. `token_url` is the operator's own token endpoint
    /// with its address, when there is one.
    ///
    /// # Errors
    /// A sentence, free of the secret, that says what is wrong with it.
    pub fn read(protocol: Protocol, secret: Secret, token_url: Option<(&str, &Address)>) -> Result<Self, String> {
        match protocol {
            Protocol::Openai
            | Protocol::Anthropic
            | Protocol::Gemini
            | Protocol::Cohere
            | Protocol::Ollama
            | Protocol::Demo => Self::header(secret),
            Protocol::Bedrock => match AccessKey::read(&secret)? {
                Some(key) => Ok(Self::Access(key)),
                None => Self::header(secret),
            },
            Protocol::Azure if is_object(&secret) => entra(&secret, token_url).map(Self::grant),
            Protocol::Azure => Self::header(secret),
            Protocol::Vertex => service_account(&secret, token_url).map(Self::grant),
        }
    }

    /// A secret that goes into a header.
    fn header(secret: Secret) -> Result<Self, String> {
        match is_header_value(secret.expose()) {
            true => Ok(Self::Header(secret)),
            false => Err("holds characters that cannot stand in a header, such as a line break".to_owned()),
        }
    }

    fn grant(grant: Grant) -> Self {
        Self::Grant(Box::new(grant))
    }
}

fn is_object(secret: &Secret) -> bool {
    secret.expose().trim_start().starts_with('{')
}

fn entra(secret: &Secret, token_url: Option<(&str, &Address)>) -> Result<Grant, String> {
    const FORM: &str = "is not the JSON of an Entra application; write {\"tenant_id\": …, \"client_id\": …, \
                        \"client_secret\": …}, or an API key";
    // What serde would say may quote the secret.
    let entra: Entra = serde_json::from_str(secret.expose()).map_err(|_| FORM.to_owned())?;
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !is_id(&entra.tenant_id) {
        return Err("holds a tenant_id that is neither an id nor a domain".to_owned());
    }
    let client_secret = Secret::new(entra.client_secret).ok_or("holds an empty client_secret")?;
    let endpoint = match token_url {
        Some((_, address)) => address.clone(),
        None => {
            token_address(&format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", entra.tenant_id), false)?
        }
    };
    let scope = entra.scope.unwrap_or_else(|| AZURE_SCOPE.to_owned());
    Ok(Grant { endpoint, proof: Proof::Client { id: entra.client_id, secret: client_secret, scope } })
}

fn service_account(secret: &Secret, token_url: Option<(&str, &Address)>) -> Result<Grant, String> {
    const FORM: &str = "is not the JSON of a service account's key, which has client_email and private_key; make one \
                        with: gcloud iam service-accounts keys create";
    let account: ServiceAccount = serde_json::from_str(secret.expose()).map_err(|_| FORM.to_owned())?;
    let key = der(&account.private_key)
        .ok_or("holds a private_key that is no RSA key of 2048 to 4096 bits in a PEM of PKCS #8 (BEGIN PRIVATE KEY)")?;
    let (audience, endpoint) = match token_url {
        Some((text, address)) => (text.to_owned(), address.clone()),
        None => {
            let text = account.token_uri.unwrap_or_else(|| GOOGLE_TOKENS.to_owned());
            let address = token_address(&text, false).map_err(|problem| format!("holds a token_uri that {problem}"))?;
            (text, address)
        }
    };
    let proof = Proof::ServiceAccount { email: account.client_email, key_id: account.private_key_id, key, audience };
    Ok(Grant { endpoint, proof })
}

/// What a PEM of PKCS #8 begins and ends with (RFC 7468 section 10).
fn pem_marks() -> [String; 2] {
    ["BEGIN", "END"].map(|edge| format!("-----{edge} PRIVATE KEY-----"))
}

/// The content of a PEM (RFC 7468) in base64 without line breaks, when it is base64.
fn der(pem: &str) -> Option<Secret> {
    let [begin, end] = pem_marks();
    let inside = pem.trim().strip_prefix(begin.as_str())?.strip_suffix(end.as_str())?;
    let text: String = inside.split_ascii_whitespace().collect();
    Secret::new(text).filter(is_signing_key)
}

/// Whether text can be the value of a header (RFC 9110 section 5.5).
pub(crate) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(protocol: Protocol, text: &str) -> Result<KeySecret, String> {
        KeySecret::read(protocol, Secret::new(text.to_owned()).unwrap(), None)
    }

    fn grant(protocol: Protocol, text: &str) -> Grant {
        match read(protocol, text) {
            Ok(KeySecret::Grant(grant)) => *grant,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_azure_key_is_text_or_an_application() {
        assert!(matches!(read(Protocol::Azure, "abc"), Ok(KeySecret::Header(_))));
        let text = r#"{"tenant_id": "t-1", "client_id": "c", "client_secret": "canary"}"#;
        let entra = grant(Protocol::Azure, text);
        assert_eq!(
            (&*entra.endpoint.host, &*entra.endpoint.path),
            ("login.microsoftonline.com", "/t-1/oauth2/v2.0/token")
        );
        assert!(!format!("{entra:?}").contains("canary"));
        for bad in [r#"{"canary": 1}"#, &text.replace("t-1", "../canary"), &text.replace("canary", " ")] {
            let problem = read(Protocol::Azure, bad).unwrap_err();
            assert!(!problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn a_service_account_is_read_and_its_token_uri_must_be_a_public_https_address() {
        const KEY: &str = include_str!("../../tests/harness/src/service_account.pem");
        const PUBLIC: &str = "https://oauth2.googleapis.com/token";
        let account = |uri: &str, key: &str| {
            serde_json::json!({"type": "service_account", "client_email": "a@b.test", "private_key_id": "k",
                "private_key": key, "token_uri": uri})
            .to_string()
        };
        let good = grant(Protocol::Vertex, &account(PUBLIC, KEY));
        assert_eq!((&*good.endpoint.authority, &*good.endpoint.path), ("oauth2.googleapis.com", "/token"));
        let inside: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        assert!(matches!(&good.proof, Proof::ServiceAccount { key, .. } if key.expose() == inside));
        for uri in ["http://oauth2.googleapis.com/token", "https://127.0.0.1/token", "https://localhost/x", "x"] {
            let problem = read(Protocol::Vertex, &account(uri, KEY)).unwrap_err();
            assert!(problem.contains("token_uri"), "{problem}");
        }
        let [begin, end] = pem_marks();
        let pem = |inside: &str| format!("{begin}\n{inside}\n{end}\n");
        for key in ["canary".to_owned(), pem("canary!"), pem(""), pem("Y2FuYXJ5"), pem(&inside[..200])] {
            let problem = read(Protocol::Vertex, &account(PUBLIC, &key)).unwrap_err();
            assert!(problem.contains("private_key") && !problem.contains("canary"), "{problem}");
        }
        assert!(!read(Protocol::Vertex, "canary").unwrap_err().contains("canary"));
    }
}
