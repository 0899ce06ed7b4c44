//! The options that give a listener a certificate, and what they become.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Runtime;

use crate::tls::Tls;

/// The certificate that applications see.
#[derive(clap::Args)]
pub(crate) struct GatewayCertificate {
    /// The gateway's certificate and then those that signed it, PEM; read again when it changes
    #[arg(long, env = "WEIR_GATEWAY_TLS_CERT", value_name = "FILE", requires = "gateway_tls_key")]
    gateway_tls_cert: Option<PathBuf>,
    /// The private key of that certificate, PEM
    #[arg(long, env = "WEIR_GATEWAY_TLS_KEY", value_name = "FILE", requires = "gateway_tls_cert")]
    gateway_tls_key: Option<PathBuf>,
}

/// The certificate that people and automation see.
#[derive(clap::Args)]
pub(crate) struct AdminCertificate {
    /// The certificate of the admin API and the portal and then those that signed it, PEM; read again when it changes
    #[arg(long, env = "WEIR_ADMIN_TLS_CERT", value_name = "FILE", requires = "admin_tls_key")]
    admin_tls_cert: Option<PathBuf>,
    /// The private key of that certificate, PEM
    #[arg(long, env = "WEIR_ADMIN_TLS_KEY", value_name = "FILE", requires = "admin_tls_cert")]
    admin_tls_key: Option<PathBuf>,
}

/// The certificates of a process, each read and found to be usable.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    gateway: Option<Tls>,
    admin: Option<Tls>,
}

// === impl Certificates ===

impl Certificates {
    /// Reads what the options name, before anything is made, and goes on looking for changes.
    ///
    /// # Errors
    /// A sentence that says which option and which file.
    pub(crate) fn open(
        gateway: Option<&GatewayCertificate>,
        admin: Option<&AdminCertificate>,
        runtime: &Runtime,
    ) -> anyhow::Result<Self> {
        let gateway = match gateway {
            Some(named) => Tls::open(named.gateway_tls_cert.as_deref(), named.gateway_tls_key.as_deref())
                .context("--gateway-tls-cert and --gateway-tls-key")?,
            None => None,
        };
        let admin = match admin {
            Some(named) => Tls::open(named.admin_tls_cert.as_deref(), named.admin_tls_key.as_deref())
                .context("--admin-tls-cert and --admin-tls-key")?,
            None => None,
        };
        for tls in gateway.iter().chain(&admin) {
            runtime.spawn(tls.clone().watch());
        }
        Ok(Self { gateway, admin })
    }

    /// For the gateway's listener: browsers and SDKs agree on HTTP/2 in the handshake only.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub(crate) fn gateway(&self) -> anyhow::Result<Option<Arc<rustls::ServerConfig>>> {
        self.gateway.as_ref().map(|tls| tls.server(&["h2", "http/1.1"])).transpose()
    }

    /// For the admin API's listener, which speaks HTTP/1.1.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub(crate) fn admin(&self) -> anyhow::Result<Option<Arc<rustls::ServerConfig>>> {
        self.admin.as_ref().map(|tls| tls.server(&["http/1.1"])).transpose()
    }

    /// How the control plane of this process knows its gateway.
    ///
    /// # Errors
    /// As [`Tls::client`].
    pub(crate) fn gateway_client(&self) -> anyhow::Result<Option<Arc<rustls::ClientConfig>>> {
        self.gateway.as_ref().map(Tls::client).transpose()
    }

    /// The scheme of the gateway's address.
    pub(crate) fn gateway_scheme(&self) -> &'static str {
        if self.gateway.is_some() { "https" } else { "http" }
    }
}
