//! A fake token endpoint (RFC 6749) that verifies what it is asked with: client credentials, or an assertion whose
//! signature, audience, scope and dates must be right (RFC 7523).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::BytesMut;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::http1::Connection;

/// The private key of the test service account: it is nobody's but the tests'.
pub const SERVICE_ACCOUNT_KEY: &str = include_str!("service_account.pem");

/// What the endpoint grants a token for.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// An application with a secret.
    Client {
        /// Its id.
        id: &'static str,
        /// Its secret.
        secret: &'static str,
        /// What the token must be asked for.
        scope: &'static str,
    },
    /// The service account whose key is [`SERVICE_ACCOUNT_KEY`].
    ServiceAccount {
        /// Its address.
        email: &'static str,
    },
}

struct Shared {
    want: Want,
    life: u64,
    /// Its own address, which assertions must be for.
    url: String,
    asked: AtomicU64,
    granted: AtomicU64,
    fail: AtomicU16,
    delay: Mutex<Duration>,
}

/// A running endpoint; it ends when dropped. Tokens are `token-1`, `token-2`, …
pub struct TokenEndpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for TokenEndpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl TokenEndpoint {
    /// Starts on a loopback port of its own; its tokens live `life` seconds.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(want: Want, life: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}/token");
        let shared = Arc::new(Shared {
            want,
            life,
            url,
            asked: AtomicU64::new(0),
            granted: AtomicU64::new(0),
            fail: AtomicU16::new(0),
            delay: Mutex::default(),
        });
        let accepting = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move { serve(stream, &shared).await });
                }
            }
        });
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a configuration names as `token_url`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// How many tokens it gave.
    #[must_use]
    pub fn granted(&self) -> u64 {
        self.shared.granted.load(Ordering::SeqCst)
    }

    /// From now on it answers with this status, or as it should.
    pub fn fail(&self, status: Option<u16>) {
        self.shared.fail.store(status.unwrap_or(0), Ordering::SeqCst);
    }

    /// From now on it thinks for so long.
    pub fn delay(&self, delay: Duration) {
        *self.shared.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }
}

/// Serves one connection.
async fn serve(stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    let mut connection = Connection::new(stream, BytesMut::new());
    let Some(head) = connection.read_head().await? else { return Ok(()) };
    let body = connection.read_whole_body().await?;
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let delay = *shared.delay.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::time::sleep(delay).await;
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let kind = head.header("content-type") == Some("application/x-www-form-urlencoded");
    let checked = match (head.method.as_str(), kind) {
        ("POST", true) => check(shared, &form),
        _ => Err("invalid_request"),
    };
    let (status, answer) = match (shared.fail.load(Ordering::SeqCst), checked) {
        (0, Ok(())) => {
            let number = shared.granted.fetch_add(1, Ordering::SeqCst) + 1;
            (200, json!({"access_token": format!("token-{number}"), "expires_in": shared.life, "token_type": "Bearer"}))
        }
        // Real endpoints quote what they were sent.
        (0, Err(code)) => (401, json!({"error": code, "error_description": format!("refused: {form:?}")})),
        (status, _) => (status, json!({"error": "temporarily_unavailable"})),
    };
    let (mut stream, _) = connection.into_parts();
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(format!("{head}{text}").as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

fn check(shared: &Shared, form: &HashMap<String, String>) -> Result<(), &'static str> {
    let has = |name: &str, value: &str| form.get(name).is_some_and(|given| given == value);
    match shared.want {
        Want::Client { id, secret, scope } => {
            let kind = has("grant_type", "client_credentials") && has("scope", scope);
            match (kind, has("client_id", id) && has("client_secret", secret)) {
                (false, _) => Err("invalid_request"),
                (true, false) => Err("invalid_client"),
                (true, true) => Ok(()),
            }
        }
        Want::ServiceAccount { email } => {
            if !has("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer") {
                return Err("unsupported_grant_type");
            }
            let assertion = form.get("assertion").map(String::as_str).unwrap_or_default();
            verify(assertion, email, &shared.url).ok_or("invalid_grant")
        }
    }
}

/// Verifies an assertion: RS256, its key's id, issuer, audience, scope, and dates of at most an hour.
fn verify(assertion: &str, email: &str, audience: &str) -> Option<()> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let inside: String = SERVICE_ACCOUNT_KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(inside).ok()?).ok()?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &signature).ok()?;
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (header, claims) = (json(header)?, json(claims)?);
    #[expect(clippy::disallowed_methods, reason = "the fake keeps its own clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (issued, ends) = (claims["iat"].as_u64()?, claims["exp"].as_u64()?);
    let right = header == json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
        && claims["iss"] == email
        && claims["aud"] == audience
        && claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
        && issued <= now + 5
        && ends > now
        && ends - issued <= 3_600;
    right.then_some(())
}
