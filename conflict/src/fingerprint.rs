//! The fingerprint of a request: what a repeat must be the same in.

use std::fmt;

/// A digest of method, path, query, content type and body.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from(self.0).to_hex())
    }
}

/// A fingerprint in the making: the body comes piece by piece.
#[derive(Clone, Debug)]
pub struct Fingerprinting(blake3::Hasher);

impl Fingerprinting {
    /// Begins with what the head says. `path` is the one after normalisation, so that two ways to write one path are one;
    /// no query is another one than an empty query.
    #[must_use]
    pub fn new(method: &str, path: &str, query: Option<&str>, content_type: Option<&[u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [Some(method.as_bytes()), Some(path.as_bytes()), query.map(str::as_bytes), content_type] {
            prefixed(&mut hasher, part);
        }
        Self(hasher)
    }

    /// Takes the next piece of the body.
    pub fn update(&mut self, body: &[u8]) {
        self.0.update(body);
    }

    /// The fingerprint, when the body is whole.
    #[must_use]
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }

    /// The fingerprint of a request whose body is at hand.
    #[must_use]
    pub fn of(method: &str, path: &str, query: Option<&str>, content_type: Option<&[u8]>, body: &[u8]) -> Fingerprint {
        let mut making = Self::new(method, path, query, content_type);
        making.update(body);
        making.finish()
    }
}

/// Feeds a part with its length before it, so that no two lists of parts are the same bytes.
pub(crate) fn prefixed(hasher: &mut blake3::Hasher, part: Option<&[u8]>) {
    match part {
        None => {
            hasher.update(&u64::MAX.to_le_bytes());
        }
        Some(part) => {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_and_stays_in_its_place() {
        let of = |method, path, query, kind: Option<&str>, body: &str| {
            Fingerprinting::of(method, path, query, kind.map(str::as_bytes), body.as_bytes())
        };
        let all = [
            of("POST", "/pay", None, None, ""),
            of("PUT", "/pay", None, None, ""),
            of("POST", "/pay/", None, None, ""),
            of("POST", "/pay", Some(""), None, ""),
            of("POST", "/pay", Some("a"), None, ""),
            of("POST", "/pay", None, Some("a"), ""),
            of("POST", "/pay", None, None, "a"),
            of("POST", "/paya", None, None, ""),
            of("POST", "/pa", Some("y"), None, ""),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one), "{i}");
        }
        assert_eq!(all[0], of("POST", "/pay", None, None, ""));
    }

    #[test]
    fn pieces_of_a_body_make_no_difference() {
        let mut making = Fingerprinting::new("POST", "/", None, None);
        making.update(b"he");
        making.update(b"");
        making.update(b"llo");
        assert_eq!(making.finish(), Fingerprinting::of("POST", "/", None, None, b"hello"));
    }
}
