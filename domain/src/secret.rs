//! Secrets: a value that never prints itself, and the ways a configuration may refer to one.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret value in memory. It has no `Display` and no `Serialize`, its `Debug` says nothing, and
/// it is wiped when dropped; [`Secret::expose`] is the one way out, easy to search for.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret; an empty one is refused, because an empty secret authenticates everybody.
    #[must_use]
    pub fn new(value: String) -> Option<Self> {
        if value.trim().is_empty() { None } else { Some(Self(value)) }
    }

    /// The value itself. Call it only where it goes onto the wire or into a cipher.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a configuration names a secret:
///
/// - `env:NAME`: the environment variable NAME of the process, read when the configuration is compiled;
/// - `file:PATH`: the trimmed content of that file;
/// - `sealed:…`: put in earlier and encrypted at rest by this installation; what the API shows in its
///   place is a fingerprint, and sending the fingerprint back keeps the secret as it is;
/// - anything else: the secret itself, sealed when it is stored and never shown again.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "env:OPENAI_API_KEY")]
pub struct SecretRef(pub String);

/// What a [`SecretRef`] says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SecretForm<'a> {
    /// `env:NAME`.
    Env(&'a str),
    /// `file:PATH`.
    File(&'a str),
    /// `sealed:…`, without the prefix.
    Sealed(&'a str),
    /// The secret in the clear.
    Plain(&'a str),
}

impl SecretRef {
    /// Takes the reference apart.
    #[must_use]
    pub fn form(&self) -> SecretForm<'_> {
        let text = self.0.as_str();
        if let Some(name) = text.strip_prefix("env:") {
            SecretForm::Env(name)
        } else if let Some(path) = text.strip_prefix("file:") {
            SecretForm::File(path)
        } else if let Some(sealed) = text.strip_prefix("sealed:") {
            SecretForm::Sealed(sealed)
        } else {
            SecretForm::Plain(text)
        }
    }
}

impl SecretRef {
    /// Whether the reference can be followed anywhere, as far as its text says.
    ///
    /// # Errors
    /// A sentence, free of any secret, when it names no variable or no file.
    pub fn check_form(&self) -> Result<(), String> {
        match self.form() {
            SecretForm::Env("") => Err("names no variable; write env:NAME".to_owned()),
            // `=` ends a name (POSIX, Environment Variables); a blank or a `$` is a slip of the pen.
            SecretForm::Env(name)
                if name.contains(|c: char| c.is_whitespace() || c.is_control() || "=$".contains(c)) =>
            {
                Err("is no name of a variable; write env:NAME, such as env:OPENAI_API_KEY".to_owned())
            }
            SecretForm::File(path) if path.trim().is_empty() || path.contains('\0') => {
                Err("names no file; write file:PATH".to_owned())
            }
            SecretForm::Env(_) | SecretForm::File(_) | SecretForm::Sealed(_) | SecretForm::Plain(_) => Ok(()),
        }
    }
}

/// A plain secret may stand inside, so it prints only when it is a mere reference.
impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form() {
            SecretForm::Env(name) => write!(f, "SecretRef(env:{name})"),
            SecretForm::File(path) => write!(f, "SecretRef(file:{path})"),
            SecretForm::Sealed(_) => f.write_str("SecretRef(sealed:…)"),
            SecretForm::Plain(_) => f.write_str("SecretRef(…)"),
        }
    }
}

/// Turns references into secrets while a snapshot is compiled. The control plane implements it.
pub trait ResolveSecret {
    /// The secret behind `reference`, or a sentence (free of the secret) that says why there is none.
    ///
    /// # Errors
    /// When the variable, the file or the master key is missing, or the value is empty.
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, String>;

    /// Whether `reference` is looked up at all. A check on a machine that does not have the secrets says no
    /// for `env:` and `file:`; then nothing is said of what they hold, and what is compiled must not go live.
    fn looks_up(&self, _reference: &SecretRef) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("sk-canary".to_owned()).map(|s| format!("{s:?}"));
        assert_eq!(secret.as_deref(), Some("Secret(…)"));
        assert!(!format!("{:?}", SecretRef("sk-canary".to_owned())).contains("canary"));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_told_and_not_quoted() {
        for text in ["env:", "env:sk canary", "env:canary=1", "env:$canary", "file:", "file: ", "file:\0canary"] {
            let problem = SecretRef(text.to_owned()).check_form().err().unwrap_or_default();
            assert!(problem.contains("write ") && !problem.contains("canary"), "{text}: {problem}");
        }
        for text in ["env:A_1", "env:a.b-c", "file:/run/secrets/x y", "sealed:x", "anything=$"] {
            assert_eq!(SecretRef(text.to_owned()).check_form(), Ok(()), "{text}");
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        assert!(Secret::new(" \n".to_owned()).is_none());
    }
}
