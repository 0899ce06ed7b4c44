//! Passwords: hashed with Argon2id, checked on a bounded pool, the same time for unknown people.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use weir_domain::secret::Secret;

use crate::crypto;
use crate::error::Error;

/// OWASP's floor for Argon2id: 19 MiB, two passes, one lane.
/// Source: <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;
/// Longer passwords would let strangers make the server hash megabytes.
const MAX: usize = 512;
const MIN: usize = 10;
/// Hashes computed at once; each takes a core and 19 MiB.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    slots: Semaphore,
    /// Checked against when nobody has that name, so that both refusals take the same time.
    decoy: OnceLock<String>,
}

impl Passwords {
    /// Nothing is computed yet.
    pub(crate) fn new() -> Self {
        Self { slots: Semaphore::new(AT_ONCE), decoy: OnceLock::new() }
    }

    /// Hashes a new password, as a PHC string.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, Error> {
        let length = password.expose().len();
        if !(MIN..=MAX).contains(&length) {
            return Err(Error::field("password", format!("must have {MIN} to {MAX} bytes; a sentence is a good one")));
        }
        self.compute(move || hash(password.expose())).await?
    }

    /// Whether a password fits a hash; `None` stands for an unknown person and never fits.
    pub(crate) async fn verify(&self, password: Secret, known: Option<String>) -> Result<bool, Error> {
        if password.expose().len() > MAX {
            return Ok(false);
        }
        let exists = known.is_some();
        let against = match known {
            Some(hash) => hash,
            None => self.decoy().await?,
        };
        let fits = self.compute(move || fits(password.expose(), &against)).await?;
        Ok(fits && exists)
    }

    async fn decoy(&self) -> Result<String, Error> {
        if let Some(decoy) = self.decoy.get() {
            return Ok(decoy.clone());
        }
        let made = self.compute(|| hash("nobody has this password")).await??;
        Ok(self.decoy.get_or_init(|| made).clone())
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _slot = self.slots.acquire().await.map_err(|e| Error::Internal(e.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(e.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, Error> {
    let salt: [u8; SALT] = crypto::random()?;
    let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|e| Error::Internal(e.to_string()))?.to_string())
}

fn fits(password: &str, hash: &str) -> bool {
    // The parameters come from the hash, so old hashes stay good when the floor is raised.
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_fits_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(secret("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("wrong horse!"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret(&"x".repeat(513)), Some(hash)).await.unwrap());
        assert!(!passwords.verify(secret("nobody has this password"), None).await.unwrap());
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        let passwords = Passwords::new();
        assert!(passwords.hash(secret("short")).await.is_err());
        assert!(passwords.hash(secret(&"x".repeat(513))).await.is_err());
    }
}
