//! API keys: their format, their check, and what the data plane knows about each.
//!
//! A key is `weir_<public id>_<secret><checksum>`: the prefix lets secret scanners find it, the
//! public id is looked up and may be logged, the secret holds 256 random bits, and the checksum
//! (CRC-32 in base 62) tells a mistyped key from an unknown one without any look-up.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::time::Micros;

/// What every key begins with.
pub const PREFIX: &str = "weir_";
const PUBLIC_LEN: usize = 16;
const SECRET_LEN: usize = 43;
const CHECK_LEN: usize = 6;
const KEY_LEN: usize = PREFIX.len() + PUBLIC_LEN + 1 + SECRET_LEN + CHECK_LEN;
const BASE62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Random bytes that [`generate`] consumes.
pub const ENTROPY: usize = 96;

/// SHA-256 of a whole key. A fast hash is right: the secret has full entropy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Hashes a whole key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return None;
        }
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        for (index, pair) in bytes.chunks_exact(2).enumerate() {
            hash[index] = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(hash))
    }

    /// Writes 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// Makes a key from random bytes; the caller brings the randomness.
#[must_use]
pub fn generate(entropy: &[u8; ENTROPY]) -> String {
    let mut key = String::with_capacity(KEY_LEN);
    key.push_str(PREFIX);
    for byte in &entropy[..PUBLIC_LEN] {
        key.push(char::from(BASE36[usize::from(*byte) % 36]));
    }
    key.push('_');
    for byte in &entropy[PUBLIC_LEN..PUBLIC_LEN + SECRET_LEN] {
        key.push(char::from(BASE62[usize::from(*byte) % 62]));
    }
    push_checksum(&mut key);
    key
}

/// The public id inside a well-formed key; `None` when it is mistyped, cut or not ours.
#[must_use]
pub fn public_id(key: &str) -> Option<&str> {
    if key.len() != KEY_LEN || !key.is_ascii() || !key.starts_with(PREFIX) {
        return None;
    }
    let (body, _) = key.split_at(KEY_LEN - CHECK_LEN);
    let mut whole = body.to_owned();
    push_checksum(&mut whole);
    if whole != key {
        return None;
    }
    let id = &key[PREFIX.len()..PREFIX.len() + PUBLIC_LEN];
    let fits = key.as_bytes()[PREFIX.len() + PUBLIC_LEN] == b'_' && is_public_id(id);
    fits.then_some(id)
}

/// Whether an id can be the public id of any key.
#[must_use]
pub fn is_public_id(id: &str) -> bool {
    id.len() == PUBLIC_LEN && id.bytes().all(|b| BASE36.contains(&b))
}

fn push_checksum(body: &mut String) {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECK_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    body.extend(digits.map(char::from));
}

/// What the data plane knows about one key. Kept beside the snapshot, replaced one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The public id, which is also the id of the `ApiKey` resource.
    pub id: String,
    /// Hash of the whole key.
    pub hash: KeyHash,
    /// The application it belongs to.
    pub application: String,
    /// When it stops working.
    pub expires_at: Option<Micros>,
    /// Narrows what the application may call.
    pub models: Option<Allow>,
    /// Narrows what the application may call.
    pub services: Option<Allow>,
    /// Narrows the providers whose own API the application may call.
    pub providers: Option<Allow>,
    /// Revoked keys are kept, so that the refusal can say so.
    pub revoked: bool,
}

/// A list of allowed names, as written in `models` and `services`. Nothing is allowed by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    all: bool,
    exact: std::collections::HashSet<String>,
    prefixes: Vec<String>,
}

impl Allow {
    /// Compiles `*`, `name`, and `prefix/*`.
    #[must_use]
    pub fn compile(written: &[String]) -> Self {
        let mut allow = Self::default();
        for entry in written {
            if entry == "*" {
                allow.all = true;
            } else if let Some(prefix) = entry.strip_suffix('*') {
                allow.prefixes.push(prefix.to_owned());
            } else {
                allow.exact.insert(entry.clone());
            }
        }
        allow
    }

    /// Whether `name` is allowed.
    #[must_use]
    pub fn permits(&self, name: &str) -> bool {
        self.all || self.exact.contains(name) || self.prefixes.iter().any(|p| name.starts_with(p.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        let mut entropy = [0; ENTROPY];
        for (index, byte) in entropy.iter_mut().enumerate() {
            *byte = u8::try_from(index * 7 % 251).unwrap_or(0);
        }
        generate(&entropy)
    }

    #[test]
    fn a_generated_key_is_well_formed() {
        let key = key();
        assert_eq!(key.len(), KEY_LEN);
        assert_eq!(public_id(&key).map(str::len), Some(PUBLIC_LEN));
        assert!(crate::name::is_id(public_id(&key).unwrap_or("?")));
    }

    #[test]
    fn any_single_changed_character_is_noticed() {
        let key = key();
        for at in 0..key.len() {
            let mut changed = key.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).unwrap_or_default();
            assert!(public_id(&changed).is_none(), "{changed}");
        }
    }

    #[test]
    fn hostile_keys_are_refused_without_panic() {
        for bad in ["", "weir_", "weir_ü", &"weir_".repeat(20), &"é".repeat(KEY_LEN / 2), &"\0".repeat(KEY_LEN)] {
            assert!(public_id(bad).is_none());
        }
    }

    #[test]
    fn hashes_survive_hexadecimal() {
        let hash = KeyHash::of("weir_x");
        assert!(KeyHash::from_hex(&hash.to_hex()).is_some_and(|h| h.matches(&hash)));
        assert!(KeyHash::from_hex("zz").is_none());
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(!Allow::default().permits("gpt-4o"));
        let allow = Allow::compile(&["fast".to_owned(), "openai/*".to_owned()]);
        assert!(allow.permits("fast") && allow.permits("openai/gpt-4o"));
        assert!(!allow.permits("openai") && !allow.permits("fastest") && !allow.permits("anthropic/claude"));
        assert!(Allow::compile(&["*".to_owned()]).permits("anything"));
    }
}
