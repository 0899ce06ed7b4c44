//! The name of one resource in a store: nothing of the caller's shows in it.
//!
//! A store outside of the process never sees a name, an owner, a note or an answer: names go in as HMAC-SHA256 under a
//! secret of this installation, everything else sealed (AES-SIV) and bound to the name that it belongs to. So a reader of
//! the store learns how much there is and how long it lives, and nobody can choose a name that collides with another's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use weir_domain::sealing::SealingKey;

/// Bytes of a [`ResourceKey`] that say the team.
const TEAM: usize = 8;

/// Makes names for stores, and seals what is kept beside them. All nodes of an installation have the same secret.
pub struct Names {
    names: Hmac<Sha256>,
    teams: Hmac<Sha256>,
    sealing: SealingKey,
}

/// Whose routes a name belongs to, so that what a team has in a store can be listed; the team's id does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TeamTag([u8; TEAM]);

/// A name in a store: the team's tag, then 24 bytes of an HMAC-SHA256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceKey([u8; 32]);

/// One lease or lock of a resource. It is made of the resource and a hash of the holder's token, so it names the lock
/// without giving the right to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId {
    /// What is held.
    pub resource: ResourceKey,
    /// The first 16 bytes of the token's SHA-256.
    pub holder: [u8; 16],
}

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an id that Weir has given")]
pub struct NotAnId;

impl Names {
    /// From 32 secret bytes that are used for nothing else, the same on each node (`SealingKey::derived`).
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let own = SealingKey::new(*secret);
        Self {
            names: keyed(&own.derived("conflict names")),
            teams: keyed(&own.derived("conflict teams")),
            sealing: SealingKey::new(*own.derived("conflict details")),
        }
    }

    /// A team's tag.
    #[must_use]
    pub fn team(&self, team: &str) -> TeamTag {
        let mut mac = self.teams.clone();
        mac.update(team.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut tag = [0; TEAM];
        tag.copy_from_slice(&digest[..TEAM]);
        TeamTag(tag)
    }

    /// The name of what `parts` say, one after the other, for routes of the team with this tag. It is the route's team and
    /// not the caller's: callers of two teams may share a resource. Other parts are another name, also where they read the
    /// same in a row.
    #[must_use]
    pub fn key(&self, team: TeamTag, parts: &[&str]) -> ResourceKey {
        let mut mac = self.names.clone();
        mac.update(&team.0);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut key = [0; 32];
        key[..TEAM].copy_from_slice(&team.0);
        key[TEAM..].copy_from_slice(&digest[..32 - TEAM]);
        ResourceKey(key)
    }

    /// Seals what is kept under a name; `purpose` says as what.
    #[must_use]
    pub fn seal(&self, key: &ResourceKey, purpose: &str, text: &[u8]) -> Vec<u8> {
        self.sealing.seal(&[purpose, &key.to_string()], text)
    }

    /// What was sealed for the same name and purpose.
    #[must_use]
    pub fn open(&self, key: &ResourceKey, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.sealing.open(&[purpose, &key.to_string()], sealed)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names(..)")
    }
}

fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    match Hmac::new_from_slice(secret) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length (RFC 2104)"),
    }
}

impl TeamTag {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; TEAM] {
        &self.0
    }
}

impl fmt::Display for TeamTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl ResourceKey {
    /// From its bytes, as a store returns them.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whose routes it belongs to.
    #[must_use]
    pub fn team(&self) -> TeamTag {
        let mut tag = [0; TEAM];
        tag.copy_from_slice(&self.0[..TEAM]);
        TeamTag(tag)
    }

    /// One of 256 parts of a store, evenly filled: what belongs to one name lies in one part.
    #[must_use]
    pub fn bucket(&self) -> u8 {
        self.0[TEAM]
    }
}

/// A name is evenly spread already, and nobody without the secret chooses it: 64 of its bits are hash enough.
impl Hash for ResourceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut bits = [0; 8];
        bits.copy_from_slice(&self.0[TEAM + 1..TEAM + 9]);
        state.write_u64(u64::from_le_bytes(bits));
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 43];
        match URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).ok().and_then(|n| std::str::from_utf8(&text[..n]).ok()) {
            Some(text) => f.write_str(text),
            None => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceKey({self})")
    }
}

impl FromStr for ResourceKey {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAnId)?;
        bytes.try_into().map(Self).map_err(|_| NotAnId)
    }
}

impl LeaseId {
    /// The id of what `token` holds of `resource`.
    #[must_use]
    pub fn of(resource: ResourceKey, token: &str) -> Self {
        let mut holder = [0; 16];
        holder.copy_from_slice(&Sha256::digest(token.as_bytes())[..16]);
        Self { resource, holder }
    }

    /// Whether `token` is the one of this lease.
    #[must_use]
    pub fn is_of(&self, token: &str) -> bool {
        Self::of(self.resource, token) == *self
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 48];
        bytes[..32].copy_from_slice(&self.resource.0);
        bytes[32..].copy_from_slice(&self.holder);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({self})")
    }
}

impl FromStr for LeaseId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAnId)?;
        let (resource, holder) = bytes.split_at_checked(32).ok_or(NotAnId)?;
        let resource = ResourceKey(resource.try_into().map_err(|_| NotAnId)?);
        Ok(Self { resource, holder: holder.try_into().map_err(|_| NotAnId)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_secret_team_and_parts_and_show_nothing() {
        let (names, other) = (Names::new(&[1; 32]), Names::new(&[2; 32]));
        let (a, b) = (names.team("a"), names.team("b"));
        let key = names.key(a, &["orders", "42"]);
        assert_eq!(key, Names::new(&[1; 32]).key(a, &["orders", "42"]));
        for differs in [
            names.key(b, &["orders", "42"]),
            names.key(a, &["orders42"]),
            names.key(a, &["order", "s42"]),
            names.key(a, &["orders", "42", ""]),
            other.key(a, &["orders", "42"]),
        ] {
            assert_ne!(key, differs);
        }
        assert_eq!((key.team(), names.key(b, &["x"]).team()), (a, b));
        assert_ne!(names.team("a"), other.team("a"));
        assert!(!key.bytes().windows(2).any(|two| two == b"42"));
        let buckets: std::collections::HashSet<u8> =
            (0..4096).map(|n| names.key(a, &[&n.to_string()]).bucket()).collect();
        assert!(buckets.len() > 250, "{}", buckets.len());
    }

    #[test]
    fn ids_are_read_back_and_nothing_else_is() {
        let names = Names::new(&[1; 32]);
        let key = names.key(names.team("a"), &["x"]);
        assert_eq!(key.to_string().parse(), Ok(key));
        let id = LeaseId::of(key, "urn:uuid:1");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.is_of("urn:uuid:1") && !id.is_of("urn:uuid:2"));
        for text in ["", "x", "ä", &key.to_string(), &format!("{id}A"), &id.to_string()[..40]] {
            assert_eq!(text.parse::<LeaseId>(), Err(NotAnId), "{text}");
        }
        assert_eq!(id.to_string().parse::<ResourceKey>(), Err(NotAnId));
    }

    #[test]
    fn what_is_sealed_opens_for_its_name_and_purpose_alone() {
        let names = Names::new(&[1; 32]);
        let (one, two) = (names.key(names.team("a"), &["1"]), names.key(names.team("a"), &["2"]));
        let sealed = names.seal(&one, "note", b"hello");
        assert_eq!(names.open(&one, "note", &sealed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(names.open(&two, "note", &sealed), None);
        assert_eq!(names.open(&one, "tag", &sealed), None);
    }
}
