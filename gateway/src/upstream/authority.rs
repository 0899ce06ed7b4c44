//! Certificates of authorities that an upstream is verified against, parsed once per PEM.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;
use std::sync::Arc;

use moka::sync::Cache;
use pingora_core::protocols::tls::CaType;
use pingora_core::utils::tls::{WrappedX509, parse_x509};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use weir_domain::secret::Secret;

/// Why an upstream's authorities cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// Not PEM, or without a certificate.
    #[error("the upstream's tls.ca holds no readable PEM certificate")]
    Pem,
    /// A certificate that is not one of an authority.
    #[error("a certificate in the upstream's tls.ca is not valid: {0}")]
    Certificate(String),
}

/// Parsed authorities, by hash of the PEM.
pub(crate) struct Authorities(Cache<u64, Result<Arc<CaType>, AuthorityError>>);

impl Default for Authorities {
    fn default() -> Self {
        Self(Cache::new(1_000))
    }
}

impl Authorities {
    pub(crate) fn parsed(&self, pem: &Secret) -> Result<Arc<CaType>, AuthorityError> {
        self.0.get_with(fingerprint(pem), || parse(pem.expose().as_bytes()))
    }
}

/// Tells PEMs apart within this process; also part of what keeps their connections apart.
pub(super) fn fingerprint(pem: &Secret) -> u64 {
    let mut hasher = DefaultHasher::new();
    pem.expose().hash(&mut hasher);
    hasher.finish()
}

fn parse(pem: &[u8]) -> Result<Arc<CaType>, AuthorityError> {
    let mut checked = RootCertStore::empty();
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| AuthorityError::Pem)?;
        checked.add(certificate.clone()).map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        // Pingora's parser panics on what it cannot read; the store above is as strict, but not the same code.
        let wrapped = catch_unwind(|| WrappedX509::new(certificate.to_vec(), parse_x509))
            .map_err(|_| AuthorityError::Certificate("not X.509".to_owned()))?;
        found.push(wrapped);
    }
    if found.is_empty() { Err(AuthorityError::Pem) } else { Ok(found.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_authority_is_an_error_and_no_panic() {
        let no_pem = Authorities::default().parsed(&Secret::new("nothing".to_owned()).unwrap());
        assert_eq!(no_pem.err(), Some(AuthorityError::Pem));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let garbage = Authorities::default().parsed(&Secret::new(garbage.to_owned()).unwrap());
        assert!(matches!(garbage.err(), Some(AuthorityError::Certificate(_))));
    }

    #[test]
    fn a_bundle_is_read_whole() {
        let mut pem = String::new();
        for _ in 0..2 {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            pem.push_str(&params.self_signed(&key).unwrap().pem());
        }
        let parsed = Authorities::default().parsed(&Secret::new(pem).unwrap()).unwrap();
        assert_eq!(parsed.len(), 2);
    }
}
