//! Which variables and files configuration that comes over the admin API may name.
//!
//! Whoever writes configuration chooses where a secret is sent, so an unlimited reference would hand out
//! any variable and any file of this process.

use std::path::Path;

use weir_domain::secret::{SecretForm, SecretRef};

use crate::settings::References;

/// Files of the data directory that open everything; not even the operator's own documents may name them.
const OPENS_ALL: [&str; 3] = ["master.key", "admin-token", "setup-token"];
/// Variables of Weir itself: the master key and the database's password are among them.
const OURS: &str = "WEIR_";

/// What an order may refer to.
#[derive(Clone, Copy)]
pub(crate) struct Permit<'a> {
    /// The operator's word.
    pub(crate) references: &'a References,
    /// The data directory.
    pub(crate) data_dir: &'a Path,
    /// The order comes from the operator of this process, by a file or the command line.
    pub(crate) operator: bool,
    /// Whether what it names is looked up; without, only the form of a reference is judged.
    pub(crate) look_up: bool,
}

impl Permit<'_> {
    /// Refuses a reference that may not be followed, with a sentence on how to mend it.
    pub(crate) fn check(&self, reference: &SecretRef) -> Result<(), String> {
        reference.check_form()?;
        match reference.form() {
            SecretForm::File(_) if !self.look_up => Ok(()),
            SecretForm::Env(name) if !self.operator => self.variable(name),
            SecretForm::File(path) if self.operator => self.named_by_operator(Path::new(path)),
            SecretForm::File(path) => self.file(Path::new(path)),
            SecretForm::Env(_) | SecretForm::Sealed(_) | SecretForm::Plain(_) => Ok(()),
        }
    }

    fn variable(&self, name: &str) -> Result<(), String> {
        if name.starts_with(OURS) {
            return Err(format!("{name} is a variable of Weir itself and never handed out; use another variable"));
        }
        if self.references.env.iter().any(|pattern| fits(pattern, name)) {
            return Ok(());
        }
        Err(format!(
            "the variable {name} may not be named here, only {}; rename it, or let the operator of Weir allow it with \
             WEIR_SECRET_ENV",
            self.references.env.join(", ")
        ))
    }

    fn file(&self, path: &Path) -> Result<(), String> {
        let default = self.data_dir.join("secrets");
        let dir = self.references.secrets_dir.as_deref().unwrap_or(&default);
        // Links are followed before the comparison, or one could lead out.
        let inside = match (path.canonicalize(), dir.canonicalize()) {
            (Ok(path), Ok(dir)) => path.starts_with(&dir) && !self.is_of_data_dir(&path, &dir),
            _ => false,
        };
        if inside {
            return Ok(());
        }
        // The same sentence whether the file is there or not: this must not tell what the machine holds.
        Err(format!(
            "{} is not a file below {}; put it there, or let the operator of Weir name another directory with \
             WEIR_SECRETS_DIR",
            path.display(),
            dir.display()
        ))
    }

    /// Whether a file is one of Weir's own: it lies in the data directory, but not in a directory of
    /// secrets within.
    fn is_of_data_dir(&self, path: &Path, secrets: &Path) -> bool {
        let Ok(data) = self.data_dir.canonicalize() else { return true };
        path.starts_with(&data) && (secrets == data || !secrets.starts_with(&data))
    }

    fn named_by_operator(&self, path: &Path) -> Result<(), String> {
        // What is not there is told by whoever reads it.
        let Ok(found) = path.canonicalize() else { return Ok(()) };
        let opens_all = OPENS_ALL.iter().any(|name| self.data_dir.join(name).canonicalize().is_ok_and(|f| f == found));
        if opens_all { Err(format!("{} opens Weir itself and is never sent anywhere", path.display())) } else { Ok(()) }
    }
}

/// Whether a name fits a pattern, in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    rest.is_empty() || name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_keys_may_be_named_and_no_others() {
        let references = References::default();
        let permit =
            Permit { references: &references, data_dir: Path::new("/nonexistent"), operator: false, look_up: true };
        let check = |text: &str| permit.check(&SecretRef(text.to_owned()));
        for good in ["env:OPENAI_API_KEY", "env:HF_TOKEN", "env:MY_SECRET", "env:CANARY_KEY"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in
            ["env:HOME", "env:PATH", "env:DATABASE_URL", "env:KEY", "env:OPENAI_API_KEY_FILE", "env:WEIR_API_KEY"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check("env:HOME").unwrap_err().contains("WEIR_SECRET_ENV"));
        assert_eq!(Permit { operator: true, ..permit }.check(&SecretRef("env:HOME".to_owned())), Ok(()));
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, wanted) in [
            ("*", "A", true),
            ("A*", "AB", true),
            ("*_KEY", "A_KEY", true),
            ("*_KEY", "KEY", false),
            ("A*B*C", "AxBxBxC", true),
            ("A*B*C", "AxBx", false),
            ("A", "AB", false),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
