//! The master key and what is done with it: sealing secrets at rest, and fingerprints that tell them apart.
//!
//! AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the place of a secret (kind, id, field) is
//! authenticated with it, so a sealed value that is moved to another row does not open.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use weir_domain::sealing::SealingKey;
use weir_domain::secret::Secret;

use crate::crypto;

const NONCE: usize = 12;
/// Bytes of a fingerprint: enough to tell secrets apart, far too few to find one by.
const FINGERPRINT: usize = 8;

/// What the master key can do. Its own bytes are derived from and then forgotten.
pub(crate) struct Vault {
    cipher: Aes256Gcm,
    mac_key: Zeroizing<[u8; 32]>,
    key_id: String,
}

impl Vault {
    /// Derives the keys for each purpose from 32 bytes.
    pub(crate) fn new(master: &[u8; 32]) -> Self {
        let mut seal = derive(master, b"weir/seal/1");
        let cipher = Aes256Gcm::new(&seal.into());
        seal.zeroize();
        let key_id = crypto::hex(&derive(master, b"weir/key-id/1")[..4]);
        Self { cipher, mac_key: Zeroizing::new(derive(master, b"weir/mac/1")), key_id }
    }

    /// Reads a master key: 32 bytes in base64 or hexadecimal.
    pub(crate) fn from_text(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let bytes = Zeroizing::new(if text.len() == 64 { from_hex(text) } else { STANDARD.decode(text).ok() });
        match bytes.as_ref().and_then(|b| <&[u8; 32]>::try_from(&b[..]).ok()) {
            Some(master) => Ok(Self::new(master)),
            None => Err("must be 32 bytes in base64 or hexadecimal; make one with: openssl rand -base64 32".to_owned()),
        }
    }

    /// Names the key without telling it; kept in the database to notice a wrong one.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether a text has the form of what [`Vault::fingerprint`] makes.
    pub(crate) fn is_fingerprint(text: &str) -> bool {
        text.len() == 2 * FINGERPRINT && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// A keyed hash: equal for equal secrets, useless without the master key.
    pub(crate) fn fingerprint(&self, secret: &Secret) -> String {
        crypto::hex(&self.mac(b"fingerprint", secret.expose().as_bytes())[..FINGERPRINT])
    }

    /// The key that the data plane seals ids with: the same at every node that has this master key.
    pub(crate) fn sealing_key(&self) -> SealingKey {
        SealingKey::new(self.mac(b"sealed ids", b""))
    }

    /// A keyed hash for a purpose.
    pub(crate) fn mac(&self, purpose: &[u8], message: &[u8]) -> [u8; 32] {
        let mut mac = keyed(self.mac_key.as_slice());
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// `sealed:<fingerprint>.<key id>.<nonce and ciphertext>`.
    pub(crate) fn seal(&self, place: &str, secret: &Secret) -> Result<String, String> {
        let sealed = self.seal_bytes(place, secret.expose().as_bytes())?;
        Ok(format!("sealed:{}.{}.{sealed}", self.fingerprint(secret), self.key_id))
    }

    /// Opens what [`Vault::seal`] made for the same place. `text` is what follows `sealed:`.
    pub(crate) fn open(&self, place: &str, text: &str) -> Result<Secret, String> {
        let mut parts = text.splitn(3, '.').skip(1);
        let (Some(key_id), Some(sealed)) = (parts.next(), parts.next()) else {
            return Err("is a fingerprint, not a secret; put the secret in again".to_owned());
        };
        if key_id != self.key_id {
            return Err(format!("was sealed with the master key {key_id}, this is {}", self.key_id));
        }
        let bytes = self.open_bytes(place, sealed)?;
        let text = String::from_utf8(bytes).map_err(|_| "does not open; put the secret in again".to_owned())?;
        Secret::new(text).ok_or_else(|| "is empty; put the secret in again".to_owned())
    }

    /// Encrypts; the result needs no escaping anywhere.
    pub(crate) fn seal_bytes(&self, place: &str, bytes: &[u8]) -> Result<String, String> {
        let nonce: [u8; NONCE] = crypto::random().map_err(|e| e.to_string())?;
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        let sealed =
            self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| "is too long to be sealed".to_owned())?;
        Ok(crypto::base64url(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what [`Vault::seal_bytes`] made for the same place.
    pub(crate) fn open_bytes(&self, place: &str, text: &str) -> Result<Vec<u8>, String> {
        let refused = || "does not open with this master key at this place; put the secret in again".to_owned();
        let bytes = crypto::from_base64url(text).ok_or_else(refused)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| refused())
    }
}

/// HMAC takes keys of any length, so this never fails.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104)"),
    }
}

fn derive(master: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut mac = keyed(master);
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new("sk-canary".to_owned()).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_at_its_place_only() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("Provider/openai/keys/main", &secret()).unwrap();
        assert!(!sealed.contains("canary"));
        let inner = sealed.strip_prefix("sealed:").unwrap();
        assert_eq!(vault.open("Provider/openai/keys/main", inner).unwrap().expose(), "sk-canary");
        assert!(vault.open("Provider/other/keys/main", inner).is_err());
        assert!(Vault::new(&[8; 32]).open("Provider/openai/keys/main", inner).is_err());
        assert!(vault.open("Provider/openai/keys/main", &vault.fingerprint(&secret())).is_err());
    }

    #[test]
    fn sealing_twice_differs_and_the_fingerprint_does_not() {
        let vault = Vault::new(&[7; 32]);
        assert_ne!(vault.seal("p", &secret()).unwrap(), vault.seal("p", &secret()).unwrap());
        assert_eq!(vault.fingerprint(&secret()), vault.fingerprint(&secret()));
        assert_ne!(vault.fingerprint(&secret()), Vault::new(&[8; 32]).fingerprint(&secret()));
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let vault = Vault::new(&[7; 32]);
        let mut bytes = crypto::from_base64url(&vault.seal_bytes("p", b"x").unwrap()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert!(vault.open_bytes("p", &crypto::base64url(&bytes)).is_err());
    }

    #[test]
    fn a_master_key_is_32_bytes() {
        assert!(Vault::from_text(&"ab".repeat(32)).is_ok());
        assert!(Vault::from_text("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").is_ok());
        for bad in ["", "abc", &"zz".repeat(32), &"é".repeat(32), "BwcH"] {
            assert!(Vault::from_text(bad).is_err(), "{bad}");
        }
    }
}
