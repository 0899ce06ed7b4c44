//! The key that ids are sealed with which callers hold for what lies at a provider: they prove whose it is, so that no
//! node has to remember it. Every node of an installation derives the same key, and a restart changes nothing.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a tag: 2^128 guesses.
pub const TAG: usize = 16;

/// Makes and checks tags (HMAC-SHA-256, RFC 2104, cut to [`TAG`] bytes).
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// From 32 secret bytes that are used for nothing else.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The tag of a list of texts. Another list has another tag, also where the texts read the same in a row.
    #[must_use]
    pub fn tag(&self, parts: &[&str]) -> [u8; TAG] {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104)"),
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        std::array::from_fn(|at| whole[at])
    }

    /// Whether a tag is that of a list of texts, in a time that does not tell how much of it is right.
    #[must_use]
    pub fn is_tag(&self, tag: &[u8], parts: &[&str]) -> bool {
        self.tag(parts).ct_eq(tag).into()
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
    fn a_tag_fits_its_own_texts_and_key_alone() {
        let key = SealingKey::new([7; 32]);
        let tag = key.tag(&["web", "one", "file-1"]);
        assert!(key.is_tag(&tag, &["web", "one", "file-1"]));
        for other in
            [&["we", "bone", "file-1"][..], &["web", "one"], &["web", "one", "file-1", ""], &["x", "one", "file-1"]]
        {
            assert!(!key.is_tag(&tag, other), "{other:?}");
        }
        assert!(!key.is_tag(&tag[..15], &["web", "one", "file-1"]));
        assert!(!SealingKey::new([8; 32]).is_tag(&tag, &["web", "one", "file-1"]));
        assert_eq!(format!("{key:?}"), "SealingKey(..)");
    }
}
