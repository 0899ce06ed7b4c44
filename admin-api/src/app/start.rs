//! The first start: data directory, master key, set-up token, first admin token, what the system needs.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use weir_domain::resource::{DEFAULT_TEAM, Resource};
use weir_domain::secret::{Secret, SecretForm, SecretRef};
use weir_domain::spec::{Application, Spec, Team};
use zeroize::Zeroizing;

use super::actor::Actor;
use super::change::{Edit, Order};
use super::permission::Scope;
use super::vault::Vault;
use super::{App, PLAYGROUND, token};
use crate::crypto;
use crate::error::Error;
use crate::settings::OpenError;
use crate::store::Db;

/// The variable that holds the master key.
const MASTER_ENV: &str = "WEIR_MASTER_KEY";
/// Files of the data directory.
const MASTER_FILE: &str = "master.key";
const TOKEN_FILE: &str = "admin-token";
pub(crate) const SETUP_FILE: &str = "setup-token";
/// Names in the table `meta`.
const KEY_META: &str = "master_key_id";
pub(crate) const SETUP_META: &str = "setup_token_sha256";

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Makes the data directory, for this user only.
pub(crate) fn data_dir(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io(path))
}

/// Writes a file that only this user may read, whole or not at all, and never over another.
fn write_secret(path: &Path, text: &str) -> Result<(), OpenError> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        })
        // A hard link fails where a rename would replace what another process made meanwhile.
        .and_then(|()| fs::hard_link(&temporary, path));
    drop(fs::remove_file(&temporary));
    written.map_err(io(path))
}

/// Reads the master key, or makes one at the first start.
pub(crate) fn master_key(reference: Option<&SecretRef>, data_dir: &Path) -> Result<Vault, OpenError> {
    let refused = |what: &str, problem: &str| OpenError::MasterKey(format!("in {what} {problem}"));
    let from_env = |name: &str| match std::env::var(name) {
        Ok(text) => Vault::from_text(&Zeroizing::new(text)).map_err(|p| refused(name, &p)),
        Err(_) => Err(refused(name, "is not set")),
    };
    let from_file = |path: &Path| {
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io(path))?);
        Vault::from_text(&text).map_err(|p| refused(&path.display().to_string(), &p))
    };
    match reference.map(SecretRef::form) {
        Some(SecretForm::Env(name)) => from_env(name),
        Some(SecretForm::File(path)) => from_file(Path::new(path)),
        Some(_) => Err(OpenError::MasterKey("must be given as env:NAME or file:PATH".to_owned())),
        None if std::env::var_os(MASTER_ENV).is_some() => from_env(MASTER_ENV),
        None => {
            let path = data_dir.join(MASTER_FILE);
            if !path.exists() {
                let bytes = Zeroizing::new(crypto::random::<32>().map_err(|e| OpenError::Refused(e.to_string()))?);
                match write_secret(&path, &Zeroizing::new(STANDARD.encode(*bytes))) {
                    // Another process was first; its key holds.
                    Err(OpenError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
                    other => other?,
                }
            }
            from_file(&path)
        }
    }
}

/// Opens and migrates the database, and refuses a master key that is not the one it was sealed with.
pub(crate) async fn database(url: Option<&str>, data_dir: &Path, vault: &Vault) -> Result<Db, OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Database(format!("cannot be opened: {e}"));
    let db = Db::open(url, data_dir).await.map_err(|e| failed(&e))?;
    db.migrate().await.map_err(|e| OpenError::Database(e.to_string()))?;
    let mut tx = db.begin().await.map_err(|e| failed(&e))?;
    let kept = tx.claim_meta(KEY_META, vault.key_id()).await.map_err(|e| failed(&e))?;
    tx.commit().await.map_err(|e| failed(&e))?;
    if kept != vault.key_id() {
        let (ours, path) = (vault.key_id(), data_dir.join(MASTER_FILE));
        return Err(OpenError::MasterKey(format!(
            "is {ours}, but the database was sealed with {kept}; set {MASTER_ENV} or put the right one into {}",
            path.display()
        )));
    }
    Ok(db)
}

fn refused(error: &Error) -> OpenError {
    OpenError::Refused(match error {
        Error::Store(cause) => format!("the database failed: {cause}"),
        other => other.to_string(),
    })
}

impl App {
    /// What the first start makes, each only where it is missing.
    pub(crate) async fn first_start(&self) -> Result<(), OpenError> {
        self.seed().await.map_err(|e| refused(&e))?;
        self.admin_token().await?;
        self.find_setup_token().await
    }

    /// The default team, and the application of the playground.
    pub(crate) async fn seed(&self) -> Result<(), Error> {
        let team = Team { name: "Default".to_owned(), ..Team::default() };
        let playground = Application {
            name: "Playground".to_owned(),
            description: "The portal's playground calls with short-lived keys of this application.".to_owned(),
            models: vec!["*".to_owned()],
            ..Application::default()
        };
        let wanted = [(DEFAULT_TEAM, Spec::Team(team)), (PLAYGROUND, Spec::Application(playground))];
        for (id, spec) in wanted {
            if self.db.resource(spec.kind(), id).await?.is_some() {
                continue;
            }
            let resource = Resource { id: id.to_owned(), team: DEFAULT_TEAM.to_owned(), spec };
            let actor = Actor::local("system");
            match self.change(Order::one(Edit::Create(resource), &actor, false)).await {
                // Another process was first.
                Err(Error::AlreadyExists(_)) => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    /// `DATA_DIR/admin-token`: what the command line on this machine calls with.
    async fn admin_token(&self) -> Result<(), OpenError> {
        let path = self.settings.data_dir.join(TOKEN_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let hash = crypto::sha256_hex(text.trim().as_bytes());
                let known = self.db.token_by_hash(&hash).await.map_err(|e| refused(&e.into()))?;
                if known.is_some() {
                    return Ok(());
                }
                // It belongs to another database, or was removed: it opens nothing.
                fs::remove_file(&path).map_err(io(&path))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io(&path)(error)),
        }
        let actor = Actor::local("system");
        let mut tx = self.db.begin().await.map_err(|e| refused(&e.into()))?;
        let made = token::add(&mut tx, "data-dir", &[Scope::Admin], None, &actor).await.map_err(|e| refused(&e))?;
        match write_secret(&path, &made.token) {
            Err(OpenError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                tx.rollback().await.map_err(|e| refused(&e.into()))
            }
            Err(error) => Err(error),
            Ok(()) => tx.commit().await.map_err(|e| refused(&e.into())),
        }
    }

    /// The set-up token while no user exists. It is kept in a file, so that the link of the first start
    /// stays good, and as a hash in the database, so that it works once.
    async fn find_setup_token(&self) -> Result<(), OpenError> {
        let store = |e: crate::store::StoreError| refused(&e.into());
        let path = self.settings.data_dir.join(SETUP_FILE);
        if !self.db.no_users().await.map_err(store)? {
            drop(fs::remove_file(&path));
            return Ok(());
        }
        let known = self.db.meta(SETUP_META).await.map_err(store)?;
        let kept = fs::read_to_string(&path).ok().map(|t| t.trim().to_owned());
        let good = kept.filter(|t| known.as_deref() == Some(crypto::sha256_hex(t.as_bytes()).as_str()));
        let token = match good {
            Some(token) => token,
            None => {
                let token = crypto::random_word().map_err(|e| OpenError::Refused(e.to_string()))?;
                drop(fs::remove_file(&path));
                write_secret(&path, &token)?;
                let mut tx = self.db.begin().await.map_err(store)?;
                tx.set_meta(SETUP_META, &crypto::sha256_hex(token.as_bytes())).await.map_err(store)?;
                tx.commit().await.map_err(store)?;
                token
            }
        };
        *self.setup_token.lock() = Secret::new(token);
        Ok(())
    }
}
