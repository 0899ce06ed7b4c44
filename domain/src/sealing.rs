//! The key that ids are sealed with which callers hold for what lies at a provider: they say where it lies, to nobody but
//! this installation, and prove whose it is, so that no node has to remember it. Every node of an installation derives the
//! same key, and a restart changes nothing.

use std::fmt;

use aes_siv::KeyInit;
use aes_siv::siv::Aes128Siv;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes that a sealed text is longer than it was: 2^128 guesses.
pub const TAG: usize = 16;

/// Seals and opens texts (AES-SIV, RFC 5297): the same text is sealed the same each time, and nothing else shows.
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// From 32 secret bytes that are used for nothing else.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals a text so that it opens with the same list of texts alone. Another list is another one also where the texts
    /// read the same in a row.
    #[must_use]
    pub fn seal(&self, bound_to: &[&str], text: &[u8]) -> Vec<u8> {
        match self.cipher().encrypt(bound_to, text) {
            Ok(sealed) => sealed,
            Err(_) => unreachable!("a short list of texts is always sealed (RFC 5297)"),
        }
    }

    /// The text that was sealed, if it was with this key and for this list.
    #[must_use]
    pub fn open(&self, bound_to: &[&str], sealed: &[u8]) -> Option<Vec<u8>> {
        self.cipher().decrypt(bound_to, sealed).ok()
    }

    /// Another key that follows from this one, for another purpose.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = match Hmac::<Sha256>::new_from_slice(&*self.0) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104)"),
        };
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new((&*self.0).into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_for_its_own_list_and_key_alone_and_does_not_show() {
        let key = SealingKey::new([7; 32]);
        let sealed = key.seal(&["web", "one"], b"file-1");
        assert_eq!(sealed.len(), TAG + 6);
        assert_eq!(key.open(&["web", "one"], &sealed).as_deref(), Some(&b"file-1"[..]));
        assert_eq!(sealed, key.seal(&["web", "one"], b"file-1"));
        for other in [&["we", "bone"][..], &["web"], &["web", "one", ""], &["one", "web"], &[]] {
            assert_eq!(key.open(other, &sealed), None, "{other:?}");
        }
        assert_eq!(SealingKey::new([8; 32]).open(&["web", "one"], &sealed), None);
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(key.open(&["web", "one"], &forged), None, "{at}");
        }
        assert_eq!(key.open(&["web", "one"], &sealed[..TAG - 1]), None);
        assert!(!sealed.windows(4).any(|four| four == b"file"), "it shows");
        assert_eq!(format!("{key:?}"), "SealingKey(..)");
    }
}
