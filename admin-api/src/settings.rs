//! What a process tells its control plane at start, and why a start may fail.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use weir_conflict::store::Stores;
use weir_domain::network::Network;
use weir_domain::secret::SecretRef;

/// What a process tells its control plane at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the SQLite file, the master key and the first admin token lie. Made when missing.
    pub data_dir: PathBuf,
    /// `postgres://…` or `sqlite:PATH`; `None` for the SQLite file `weir.db` in `data_dir`.
    pub database_url: Option<String>,
    /// Where the master key comes from, `env:NAME` or `file:PATH`: 32 bytes in base64 or hexadecimal.
    /// `None`: the variable `WEIR_MASTER_KEY` where it is set, else `data_dir/master.key`, which the
    /// first start makes (0600).
    pub master_key: Option<SecretRef>,
    /// The data plane's address as this process reaches it, such as `http://127.0.0.1:8080`.
    pub gateway_url: String,
    /// How the data plane is known, where it shows a certificate that only this process knows; `None` trusts
    /// the authorities of the machine.
    pub gateway_tls: Option<Arc<rustls::ClientConfig>>,
    /// TLS of the admin API and the portal: which certificate is shown.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Which variables and files configuration that comes over the admin API may name.
    pub references: References,
    /// The address at which people open the portal, such as `https://weir.example.com`. With https their
    /// cookie is for TLS only. `None`: the address that is listened at, over plain HTTP.
    pub public_url: Option<String>,
    /// Proxies in front, whose `X-Forwarded-For` says where a caller is; nobody else's is believed.
    pub trusted_proxies: Vec<Network>,
    /// Days for which requests and their attempts are kept one by one; sums of usage are kept for good. 0 keeps all.
    pub ledger_retention_days: u32,
    /// Lets `listen` be an address beyond this machine although there is no TLS: something in front adds it.
    pub allow_plaintext: bool,
    /// The stores of what clashes: those of this process's data plane where it has one, so that its memory is seen too.
    pub stores: Arc<Stores>,
}

impl Settings {
    /// How long requests are kept where nobody says otherwise.
    pub const LEDGER_RETENTION_DAYS: u32 = 30;

    /// Whether people reach the portal over TLS. Not taken from requests: any caller can write headers.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some() || self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Refuses what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        if let Some(text) = &self.public_url
            && !url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        {
            return Err(OpenError::Refused(format!(
                "the public address {text:?} is not one such as https://weir.example.com; mend WEIR_ADMIN_PUBLIC_URL"
            )));
        }
        if !self.listen.ip().is_loopback() && self.tls.is_none() && !self.allow_plaintext {
            return Err(OpenError::Refused(format!(
                "the admin API would listen at {} without TLS, and passwords would cross the network in the clear; \
                 give it a certificate with --admin-tls-cert and --admin-tls-key, or, where something in front adds TLS, \
                 say so with --admin-allow-plaintext (WEIR_ADMIN_ALLOW_PLAINTEXT=true)",
                self.listen
            )));
        }
        Ok(())
    }
}

/// Which variables and files configuration that comes over the admin API may name. What a file of
/// `weir run --config` names is the operator's own word and not narrowed by this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct References {
    /// Names of environment variables; `*` stands for anything. Names that begin with `WEIR_` are never allowed.
    pub env: Vec<String>,
    /// The directory below which files may be named. `None`: `data_dir/secrets`.
    pub secrets_dir: Option<PathBuf>,
}

impl References {
    /// The names that variables with keys of vendors commonly have.
    pub const ENV: [&str; 4] = ["*_API_KEY", "*_TOKEN", "*_SECRET", "*_KEY"];
}

impl Default for References {
    fn default() -> Self {
        Self { env: Self::ENV.map(str::to_owned).to_vec(), secrets_dir: None }
    }
}

/// Why a control plane did not open. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory or a file in it cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// What could not be read or written.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The master key is missing, malformed, or not the one that the database was sealed with.
    #[error("the master key {0}")]
    MasterKey(String),
    /// The database cannot be opened or migrated.
    #[error("the database {0}")]
    Database(String),
    /// The built-in catalogue is malformed, which a test rules out for what is shipped.
    #[error("the built-in catalogue: {0}")]
    Catalog(String),
    /// The stored configuration or the machine does not allow a start.
    #[error("{0}")]
    Refused(String),
}
