//! The certificate that a listener shows: read from PEM files, and read again when they change. Connections that are
//! open keep what they were made with; a file that cannot be used changes nothing.

mod pinned;
mod reload;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig};
use weir_domain::time::{self, Micros};

const DAY: Micros = 24 * 3_600 * 1_000_000;
/// How long before its end a certificate is complained about.
const SOON: Micros = 14 * DAY;

/// TLS of one listener.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    files: Files,
    shown: Arc<Shown>,
}

/// Where a listener's certificate lies.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The server's certificate, then those that signed it.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

/// What new handshakes are answered with.
struct Shown(ArcSwap<CertifiedKey>);

/// The key is inside.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    /// The same for every name: a caller that wants another one refuses it itself.
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads both files; neither means that there is no TLS.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub(crate) fn open(certificate: Option<&Path>, key: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let shown = Arc::new(Shown(ArcSwap::from_pointee(load(&files)?)));
        Ok(Some(Self { files, shown }))
    }

    /// The settings of the listener: TLS 1.2 and 1.3, and the protocols that it speaks by preference.
    ///
    /// # Errors
    /// When the provider of cryptography has none of these versions, which no build of ours has.
    pub(crate) fn server(&self, protocols: &[&str]) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.shown) as _);
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// A client that knows this listener by its very certificate, whatever name and authority stand in it: for this
    /// process to call itself.
    ///
    /// # Errors
    /// As [`Self::server`].
    pub(crate) fn client(&self) -> anyhow::Result<Arc<ClientConfig>> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned::Pinned::new(Arc::clone(&self.shown), provider())))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    /// Reads the files again, at once on SIGHUP and when they have changed. Never returns.
    ///
    /// # Errors
    /// When the signal cannot be listened to.
    pub(crate) async fn watch(self) -> std::io::Result<()> {
        reload::watch(self).await
    }

    /// Reads the files again; what cannot be used is logged, and what is shown stays.
    fn reload(&self) {
        let certificate = self.files.certificate.display();
        match load(&self.files) {
            Ok(fresh) => {
                self.shown.0.store(Arc::new(fresh));
                tracing::info!(%certificate, "certificate loaded");
            }
            Err(error) => tracing::error!(%certificate, "the certificate in use stays: {error:#}"),
        }
    }

    /// Complains about a certificate that has ended or soon will.
    fn warn_of_end(&self) {
        if let Some(first) = self.shown.0.load().cert.first() {
            warn_of_dates(&self.files.certificate, first);
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// Reads certificate and key, and makes sure that they belong together.
fn load(files: &Files) -> anyhow::Result<CertifiedKey> {
    let Files { certificate, key } = files;
    let (cert, secret) = (certificate.display(), key.display());
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(certificate, "certificate", error))?;
    let Some(first) = chain.first() else {
        bail!("{cert} holds no certificate; it must be PEM: the server's certificate, then those that signed it");
    };
    warn_of_dates(certificate, first);
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, "private key", error))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            anyhow::anyhow!("the private key in {secret} is not that of the first certificate in {cert}")
        }
        // Does not hold what was read.
        other => anyhow::anyhow!("the certificate in {cert} and the key in {secret} cannot be used: {other}"),
    })
}

/// The sentence for a file that is no PEM of the kind; it holds nothing that stands in the file.
fn unreadable(path: &Path, kind: &str, error: PemError) -> anyhow::Error {
    let path = path.display();
    match error {
        PemError::Io(error) => anyhow::Error::new(error).context(format!("cannot read the {kind} {path}")),
        PemError::NoItemsFound => anyhow::anyhow!("{path} holds no {kind} in PEM form"),
        _ => anyhow::anyhow!("{path} is damaged: its PEM cannot be read"),
    }
}

fn warn_of_dates(path: &Path, certificate: &CertificateDer<'_>) {
    let certificate_file = path.display();
    let now = time::now();
    match validity(certificate) {
        Ok((from, _)) if from > now => {
            tracing::warn!(%certificate_file, "the certificate is not valid yet; callers will refuse it");
        }
        Ok((_, until)) if until <= now => {
            tracing::warn!(%certificate_file, "the certificate has expired; callers will refuse it");
        }
        Ok((_, until)) if until - now < SOON => {
            let days = (until - now) / DAY;
            tracing::warn!(%certificate_file, days, "the certificate expires soon; put a new one in its place");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%certificate_file, "the dates of the certificate cannot be read: {error:#}"),
    }
}

/// From when until when a certificate is valid.
fn validity(certificate: &CertificateDer<'_>) -> anyhow::Result<(Micros, Micros)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).context("not an X.509 certificate")?;
    let validity = parsed.validity();
    let [from, until] = [&validity.not_before, &validity.not_after].map(|at| at.timestamp().saturating_mul(1_000_000));
    Ok((from, until))
}
