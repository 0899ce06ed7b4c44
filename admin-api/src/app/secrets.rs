//! Secrets within resources: where they stand, how they are sealed, hidden and found again.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use url::Url;
use weir_domain::catalog::{Catalog, Destination};
use weir_domain::credential::{self, KeyHash};
use weir_domain::fault::Fault;
use weir_domain::resource::{Kind, Resource};
use weir_domain::secret::{ResolveSecret, Secret, SecretForm, SecretRef};
use weir_domain::spec::{self, Spec};

use super::references::Permit;
use super::vault::Vault;

/// The most that a secret's file may hold; a certificate bundle of a company fits.
const MAX_FILE: u64 = 1024 * 1024;

/// Where a secret stands.
struct Place {
    /// Its path for people, such as `spec.keys[0].secret`.
    field: String,
    /// Its name within the resource that stays when a list is put in another order.
    slot: String,
}

/// Calls `visit` for each secret of a spec: the one list of fields that hold secrets.
fn each(spec: &mut Spec, visit: &mut dyn FnMut(Place, &mut SecretRef)) {
    match spec {
        Spec::Provider(provider) => {
            for (index, key) in provider.keys.iter_mut().enumerate() {
                let slot = format!("keys/{}", key.id);
                visit(Place { field: format!("spec.keys[{index}].secret"), slot }, &mut key.secret);
            }
            for (name, value) in &mut provider.headers {
                if spec::Provider::is_secret_header(name, value) {
                    let (field, slot) = (format!("spec.headers.{name}"), format!("headers/{name}"));
                    visit(Place { field, slot }, value);
                }
            }
        }
        Spec::Upstream(upstream) => {
            if let Some(ca) = &mut upstream.tls.ca {
                visit(Place { field: "spec.tls.ca".to_owned(), slot: "tls/ca".to_owned() }, ca);
            }
        }
        Spec::ConflictStore(store) => {
            for (index, url) in store.urls.iter_mut().enumerate() {
                visit(Place { field: format!("spec.urls[{index}]"), slot: format!("urls/{index}") }, url);
            }
        }
        Spec::ApiKey(_)
        | Spec::ConflictPolicy(_)
        | Spec::Team(_)
        | Spec::Price(_)
        | Spec::ModelRoute(_)
        | Spec::Service(_)
        | Spec::Route(_)
        | Spec::Application(_) => {}
    }
}

/// A sealed secret of a stored spec.
pub(crate) struct Kept {
    slot: String,
    /// What follows `sealed:`.
    sealed: String,
}

/// The sealed secrets of a stored spec.
pub(crate) fn kept(spec: &Spec) -> Vec<Kept> {
    let mut found = Vec::new();
    each(&mut spec.clone(), &mut |place, secret| {
        if let SecretForm::Sealed(sealed) = secret.form() {
            found.push(Kept { slot: place.slot, sealed: sealed.to_owned() });
        }
    });
    found
}

fn fingerprint(sealed: &str) -> &str {
    sealed.split_once('.').map_or(sealed, |(fingerprint, _)| fingerprint)
}

fn place(kind: Kind, id: &str, slot: &str) -> String {
    format!("{kind}/{id}/{slot}")
}

/// Makes a resource fit to be stored: plain secrets are sealed, fingerprints become the secret that
/// they stand for among `kept`, and an API key's secret becomes its hash. Tells what keeps it from that.
pub(crate) fn seal(vault: &Vault, resource: &mut Resource, kept: &[Kept], permit: Permit<'_>) -> Vec<Fault> {
    let (kind, id) = (resource.kind(), resource.id.clone());
    let mut faults = Vec::new();
    each(
        &mut resource.spec,
        &mut |at, secret| match sealed_form(vault, (kind, &id), &at, secret, kept, permit.look_up) {
            Ok(Some(sealed)) => secret.0 = sealed,
            Ok(None) => {}
            Err(problem) => faults.push(Fault::new(kind, &id, at.field, problem)),
        },
    );
    faults.extend(hash_key(resource, permit).err());
    faults
}

/// How a fingerprint is mended.
const PUT_IN: &str = "put the secret itself in, or refer to it with env:NAME or file:PATH";

fn sealed_form(
    vault: &Vault,
    (kind, id): (Kind, &str),
    at: &Place,
    secret: &SecretRef,
    kept: &[Kept],
    look_up: bool,
) -> Result<Option<String>, String> {
    secret.check_form()?;
    match secret.form() {
        SecretForm::Env(_) | SecretForm::File(_) => Ok(None),
        SecretForm::Plain(text) => {
            let plain = Secret::new(text.to_owned())
                .ok_or("is empty; put the secret in, or refer to it with env:NAME or file:PATH")?;
            let print = vault.fingerprint(&plain);
            match kept.iter().find(|k| k.slot == at.slot && fingerprint(&k.sealed) == print) {
                Some(same) => Ok(Some(format!("sealed:{}", same.sealed))),
                None => vault.seal(&place(kind, id, &at.slot), &plain).map(Some),
            }
        }
        // Only the installation that wrote it can tell whose fingerprint it is.
        SecretForm::Sealed(text) if !look_up => match Vault::is_fingerprint(text) {
            true => Ok(None),
            false => Err(format!("is no fingerprint as an export writes it; {PUT_IN}")),
        },
        SecretForm::Sealed(text) => {
            let print = fingerprint(text);
            let here = kept.iter().find(|k| k.slot == at.slot && fingerprint(&k.sealed) == print);
            if let Some(same) = here {
                return Ok(Some(format!("sealed:{}", same.sealed)));
            }
            let moved = kept.iter().find(|k| fingerprint(&k.sealed) == print).ok_or_else(|| {
                format!("is the fingerprint of a secret that this resource does not hold here (any more); {PUT_IN}")
            })?;
            let plain = vault.open(&place(kind, id, &moved.slot), &moved.sealed)?;
            vault.seal(&place(kind, id, &at.slot), &plain).map(Some)
        }
    }
}

/// An API key is stored as a hash; the id must be the one inside the key.
fn hash_key(resource: &mut Resource, permit: Permit<'_>) -> Result<(), Fault> {
    let id = resource.id.clone();
    let Spec::ApiKey(key) = &mut resource.spec else { return Ok(()) };
    let Some(reference) = key.secret.take() else { return Ok(()) };
    let fault = |problem: String| Fault::new(Kind::ApiKey, &id, "spec.secret", problem);
    permit.check(&reference).map_err(fault)?;
    if !permit.look_up && matches!(reference.form(), SecretForm::Env(_) | SecretForm::File(_)) {
        // Of the right form, and never kept.
        key.hash = KeyHash::of("").to_hex();
        return Ok(());
    }
    let secret = plain(&reference).map_err(fault)?;
    let public = credential::public_id(secret.expose())
        .ok_or_else(|| fault("is not a whole Weir key (weir_…): it is mistyped or cut".to_owned()))?;
    if public != id {
        return Err(Fault::new(Kind::ApiKey, &id, "id", format!("must be the public part of the key, {public}")));
    }
    key.hash = KeyHash::of(secret.expose()).to_hex();
    Ok(())
}

/// Secrets of a provider that are to be kept although they would be sent to another server now: whoever
/// may change an address must not get what others put in for the one before.
pub(crate) fn sent_elsewhere(catalog: &Catalog, now: &Spec, wanted: &Resource) -> Vec<Fault> {
    let (Spec::Provider(old), Spec::Provider(new)) = (now, &wanted.spec) else { return Vec::new() };
    let (old, new) = (catalog.destination(old), catalog.destination(new));
    let token_url = |of: &Destination| of.token_url.clone().unwrap_or_default();
    if old.protocol == new.protocol
        && same_server(&old.base_url, &new.base_url)
        && same_server(&token_url(&old), &token_url(&new))
    {
        return Vec::new();
    }
    let mut faults = Vec::new();
    each(&mut wanted.spec.clone(), &mut |at, secret| {
        if matches!(secret.form(), SecretForm::Sealed(_)) {
            let problem = "the address changed: put the secret in again";
            faults.push(Fault::new(wanted.kind(), &wanted.id, at.field, problem));
        }
    });
    faults
}

/// Whether scheme, host and port are the same.
fn same_server(a: &str, b: &str) -> bool {
    a == b || matches!((Url::parse(a), Url::parse(b)), (Ok(a), Ok(b)) if a.origin() == b.origin())
}

/// The references of a resource that may not be followed.
pub(crate) fn refused(resource: &Resource, permit: Permit<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    each(&mut resource.spec.clone(), &mut |at, secret| {
        if let Err(problem) = permit.check(secret) {
            faults.push(Fault::new(resource.kind(), &resource.id, at.field, problem));
        }
    });
    faults
}

/// The same, as references.
pub(crate) fn not_permitted(resource: &Resource, permit: Permit<'_>) -> Vec<SecretRef> {
    let mut found = Vec::new();
    each(&mut resource.spec.clone(), &mut |_, secret| {
        if permit.check(secret).is_err() {
            found.push(secret.clone());
        }
    });
    found
}

/// Hides what must not be shown: a sealed secret becomes its fingerprint.
pub(crate) fn redact(spec: &mut Spec) {
    each(spec, &mut |_, secret| {
        let shown = match secret.form() {
            SecretForm::Sealed(sealed) => format!("sealed:{}", fingerprint(sealed)),
            SecretForm::Env(_) | SecretForm::File(_) => return,
            // Nothing plain is ever stored; should it be, it is not shown either.
            SecretForm::Plain(_) => "sealed:".to_owned(),
        };
        secret.0 = shown;
    });
}

/// Resolves the secrets of a configuration while it is compiled.
pub(crate) struct Resolver {
    opened: HashMap<String, Result<Secret, String>>,
    look_up: bool,
    refused: HashSet<SecretRef>,
}

impl Resolver {
    /// Opens the sealed secrets of these resources, each at its own place. `look_up`: whether to follow what
    /// names a variable or a file.
    pub(crate) fn new(vault: &Vault, resources: &[Resource], look_up: bool) -> Self {
        let mut opened = HashMap::new();
        for resource in resources {
            for Kept { slot, sealed } in kept(&resource.spec) {
                let secret = vault.open(&place(resource.kind(), &resource.id, &slot), &sealed);
                opened.insert(sealed, secret);
            }
        }
        Self { opened, look_up, refused: HashSet::new() }
    }

    /// Never looks these up: what is said of them would tell what this machine holds.
    pub(crate) fn refusing(self, refused: HashSet<SecretRef>) -> Self {
        Self { refused, ..self }
    }
}

impl ResolveSecret for Resolver {
    fn resolve(&self, reference: &SecretRef) -> Result<Secret, String> {
        match reference.form() {
            SecretForm::Sealed(sealed) => match self.opened.get(sealed) {
                Some(opened) => opened.clone(),
                None => Err("is not known to this installation; put the secret in again".to_owned()),
            },
            SecretForm::Env(_) | SecretForm::File(_) | SecretForm::Plain(_) => plain(reference),
        }
    }

    fn looks_up(&self, reference: &SecretRef) -> bool {
        !self.refused.contains(reference) && (self.look_up || !is_elsewhere(reference))
    }
}

/// Whether the secret lies in the environment or in a file of whoever runs this, or in the store of the installation that
/// wrote its fingerprint.
fn is_elsewhere(reference: &SecretRef) -> bool {
    match reference.form() {
        SecretForm::Env(_) | SecretForm::File(_) => true,
        SecretForm::Sealed(text) => Vault::is_fingerprint(text),
        SecretForm::Plain(_) => false,
    }
}

/// Whose environment is meant: not that of the shell in which somebody types `weir apply`.
const WHERE: &str = "where it is read: in the environment of the Weir that serves (set it there and start it again), or, \
                     for a check with --secrets, in that of the check";

/// The secret behind `env:`, `file:` or plain text.
fn plain(reference: &SecretRef) -> Result<Secret, String> {
    match reference.form() {
        SecretForm::Env(name) => {
            let value =
                std::env::var(name).map_err(|_| format!("the environment variable {name} is not set {WHERE}"))?;
            Secret::new(value).ok_or_else(|| format!("the environment variable {name} is empty {WHERE}"))
        }
        SecretForm::File(path) => file(Path::new(path)),
        SecretForm::Plain(text) => Secret::new(text.to_owned()).ok_or_else(|| "is empty".to_owned()),
        SecretForm::Sealed(_) => Err("is a fingerprint, not a secret; put the secret itself in".to_owned()),
    }
}

fn file(path: &Path) -> Result<Secret, String> {
    let problem = |error: std::io::Error| format!("the file {} cannot be read: {error}", path.display());
    let metadata = std::fs::metadata(path).map_err(problem)?;
    if !metadata.is_file() {
        // A device or a pipe might never end.
        return Err(format!("{} is not a file", path.display()));
    }
    if metadata.len() > MAX_FILE {
        return Err(format!("the file {} is larger than {MAX_FILE} bytes", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(problem)?;
    Secret::new(text.trim().to_owned()).ok_or_else(|| format!("the file {} is empty", path.display()))
}
