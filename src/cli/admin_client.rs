//! Speaks to the admin API: one request, one answer, and a clear sentence when it does not work out.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use weir_domain::secret::Secret;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the admin API may take for an answer: it gives up on its database long before.
const ANSWER: Duration = Duration::from_secs(60);

/// Where the admin API is, and who calls.
#[derive(clap::Args)]
pub(crate) struct AdminArgs {
    /// Address of the control plane
    #[arg(long, env = "WEIR_ADMIN_URL", default_value = "http://127.0.0.1:8081", value_name = "URL")]
    url: String,
    /// Admin token; without it, the one in DATA_DIR/admin-token is used
    #[arg(long, env = "WEIR_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Where a Weir on this machine keeps its data
    #[arg(long, env = "WEIR_DATA_DIR", default_value = "weir-data", value_name = "DIR")]
    data_dir: PathBuf,
}

/// The admin API, as one caller sees it.
pub(crate) struct AdminClient {
    base: String,
    token: Secret,
    http: reqwest::Client,
}

/// An answer that was not a success.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// The problem document (RFC 9457); `null` when the body was none.
    pub(crate) problem: Value,
}

/// What one request came to.
pub(crate) type Answer = Result<String, Refusal>;

// === impl AdminClient ===

impl AdminClient {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When there is no token.
    pub(crate) fn new(args: &AdminArgs) -> anyhow::Result<Self> {
        let token = match args.token.clone().and_then(Secret::new) {
            Some(token) => token,
            None => token_of(&args.data_dir)?,
        };
        let base = args.url.trim_end_matches('/').to_owned();
        let http = http_client("WEIR_ADMIN_URL", &base)?.timeout(ANSWER).build()?;
        Ok(Self { base, token, http })
    }

    /// Sends `body` and reads the whole answer as text.
    ///
    /// # Errors
    /// When no answer comes. A refusal is an answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
    ) -> anyhow::Result<Answer> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}/api/v1{path}", self.base))
            .bearer_auth(self.token.expose())
            .header("accept", "application/json, application/yaml;q=0.9");
        if method != Method::GET {
            request = request.header("content-type", content_type).body(body);
        }
        let response = request.send().await.map_err(|error| unreachable(&self.base, &error))?;
        let status = response.status();
        let text = response.text().await.with_context(|| format!("the answer of {} broke off", self.base))?;
        if status.is_success() {
            return Ok(Ok(text));
        }
        Ok(Err(Refusal { status, problem: serde_json::from_str(&text).unwrap_or_default() }))
    }

    /// Sends JSON and reads a value; a refusal becomes an error.
    ///
    /// # Errors
    /// When no answer comes, it is a refusal, or it does not fit `T`.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let text = self.send(method, path, "application/json", body.to_string()).await?.map_err(anyhow::Error::from)?;
        serde_json::from_str(&text).with_context(|| {
            format!("{} answered with something else than expected; is it a Weir of this version?", self.base)
        })
    }
}

fn token_of(data_dir: &Path) -> anyhow::Result<Secret> {
    let path = data_dir.join("admin-token");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    match Secret::new(text.trim().to_owned()) {
        Some(token) => Ok(token),
        None => bail!(
            "no admin token: set WEIR_ADMIN_TOKEN, or give --data-dir of a Weir on this machine ({} is not readable)",
            path.display()
        ),
    }
}

/// A client for one command: it goes straight to the address, and does not wait for ever to reach it.
///
/// # Errors
/// When the address, which `option` gave, is none.
pub(crate) fn http_client(option: &str, address: &str) -> anyhow::Result<reqwest::ClientBuilder> {
    let parsed = reqwest::Url::parse(address).ok();
    anyhow::ensure!(
        parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()),
        "{address:?} is not an address such as http://127.0.0.1:8081; mend --url or {option}"
    );
    Ok(reqwest::Client::builder().no_proxy().connect_timeout(CONNECT))
}

/// What a person should read when no answer comes from `address`.
pub(crate) fn unreachable(address: &str, error: &reqwest::Error) -> anyhow::Error {
    // reqwest's own text repeats the whole address; the innermost cause is what helps.
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let refused = cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
    if refused {
        return anyhow::anyhow!("nobody answers at {address}: {cause}; is `weir run` running there?");
    }
    if error.is_timeout() {
        return anyhow::anyhow!("no answer came from {address} in time; is that the right address?");
    }
    anyhow::anyhow!("no answer came from {address}: {cause}; check the address, http or https, and what lies between")
}

// === impl Refusal ===

impl std::error::Error for Refusal {}

/// Says the problem's sentence; for a configuration, its faults, each on a line of its own.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let faults = self.problem.get("faults").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if !faults.is_empty() {
            write!(f, "refused, nothing was changed: {} fault(s)", faults.len())?;
            return faults.iter().try_for_each(|fault| write!(f, "\n  {}", line(fault)));
        }
        let text = |field: &str| self.problem.get(field).and_then(Value::as_str).filter(|t| !t.is_empty());
        let sentence = text("detail").or(text("title")).or(self.status.canonical_reason()).unwrap_or("refused");
        write!(f, "refused ({}): {sentence}", self.status.as_u16())?;
        if self.status == StatusCode::UNAUTHORIZED {
            write!(
                f,
                "; give the one of that Weir with WEIR_ADMIN_TOKEN or --token, or its directory with --data-dir"
            )?;
        }
        Ok(())
    }
}

/// `file:line: Kind/id: field: problem`, as far as known.
fn line(fault: &Value) -> String {
    let parts = ["file", "resource", "field", "problem"].map(|name| fault.get(name).and_then(Value::as_str));
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}
