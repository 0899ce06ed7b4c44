//! The board: every resource that an order may look at, before and after its edits.

use std::collections::{BTreeMap, HashSet};

use weir_domain::compile;
use weir_domain::fault::{Fault, Faults};
use weir_domain::resource::{DEFAULT_TEAM, Kind, Resource, Stored};
use weir_domain::secret::SecretRef;
use weir_domain::spec::Spec;
use weir_domain::time;

use super::{Edit, Prune};
use crate::app::actor::Actor;
use crate::app::references::Permit;
use crate::app::{App, PLAYGROUND, limits, secrets};
use crate::error::{Error, Referrer};
use crate::store::{ResourceRow, Tx};

/// All rows that an order may look at, by kind and id, with what they were at the begin.
pub(super) struct Board {
    pub(super) rows: BTreeMap<(Kind, String), Entry>,
}

/// In whose name an order's edits are made.
pub(super) struct By<'a> {
    pub(super) app: &'a App,
    pub(super) actor: &'a Actor,
    /// The file that manages what the edits leave; `None` for the admin API.
    pub(super) file: Option<&'a str>,
    /// See [`super::Order::operator`].
    pub(super) operator: bool,
    /// See [`super::Order::look_up`].
    pub(super) look_up: bool,
    pub(super) revision: i64,
}

impl By<'_> {
    fn permit(&self) -> Permit<'_> {
        let (settings, operator) = (&self.app.settings, self.operator || self.file.is_some());
        Permit { references: &settings.references, data_dir: &settings.data_dir, operator, look_up: self.look_up }
    }
}

/// One resource on the board.
pub(super) struct Entry {
    pub(super) row: Option<ResourceRow>,
    pub(super) before: Option<Stored>,
    pub(super) after: Option<Stored>,
    pub(super) action: &'static str,
    pub(super) last_version: i64,
}

impl Board {
    pub(super) async fn load(tx: &mut Tx, whole: bool) -> Result<Self, Error> {
        let mut board = Self { rows: BTreeMap::new() };
        if whole {
            for row in tx.configuration().await? {
                board.place(row)?;
            }
        }
        Ok(board)
    }

    fn place(&mut self, row: ResourceRow) -> Result<(), Error> {
        let stored = row.parse()?;
        let key = (stored.resource.kind(), row.id.clone());
        let last_version = row.version;
        let entry =
            Entry { row: Some(row), before: Some(stored.clone()), after: Some(stored), action: "keep", last_version };
        self.rows.insert(key, entry);
        Ok(())
    }

    /// The entry of a resource, fetched when it is not on the board yet.
    pub(super) async fn entry(&mut self, tx: &mut Tx, kind: Kind, id: &str) -> Result<&mut Entry, Error> {
        let key = (kind, id.to_owned());
        if !self.rows.contains_key(&key) {
            match tx.resource(kind, id).await? {
                Some(row) => self.place(row)?,
                None => {
                    let last_version = tx.last_version(kind, id).await?;
                    let empty = Entry { row: None, before: None, after: None, action: "keep", last_version };
                    self.rows.insert(key.clone(), empty);
                }
            }
        }
        self.rows.get_mut(&key).ok_or_else(|| Error::Internal("an entry vanished from the board".to_owned()))
    }

    pub(super) async fn apply(&mut self, tx: &mut Tx, edit: Edit, by: &By<'_>) -> Result<(), Error> {
        let (kind, id) = (edit.target().0, edit.target().1.to_owned());
        let entry = self.entry(tx, kind, &id).await?;
        if matches!(edit, Edit::Delete(..) | Edit::Rollback(..)) {
            entry.not_managed(by)?;
        }
        // Documents are not held to this: an export with keys that expired since must stay good.
        let by_hand = matches!(edit, Edit::Create(_) | Edit::Replace(..));
        match edit {
            Edit::Create(resource) => {
                if entry.after.is_some() {
                    return Err(Error::AlreadyExists(resource.label()));
                }
                entry.set(by, resource, "create", Vec::new())
            }
            Edit::Put(resource) => {
                let action = if entry.after.is_some() { "update" } else { "create" };
                entry.set(by, resource, action, Vec::new())
            }
            Edit::Replace(resource, matches) => {
                entry.check(tx, kind, &id, &matches).await?;
                entry.set(by, resource, "update", Vec::new())
            }
            Edit::Delete(..) if needed_by_system(kind, &id) => Err(Error::NeededBySystem(format!("{kind}/{id}"))),
            Edit::Delete(_, _, matches) => {
                entry.check(tx, kind, &id, &matches).await?;
                (entry.after, entry.action) = (None, "delete");
                Ok(())
            }
            Edit::Rollback(_, _, version, matches) => {
                entry.check(tx, kind, &id, &matches).await?;
                let missing = || Error::NotFound(format!("{kind}/{id} never had a version {version}"));
                let old = tx.version(kind, &id, version).await?.ok_or_else(missing)?;
                let value = serde_json::from_str(&old.spec).unwrap_or_default();
                let spec = Spec::from_value(kind, &id, &value)?;
                let kept = secrets::kept(&spec);
                entry.set(by, Resource { id: id.clone(), team: old.team, spec }, "rollback", kept)
            }
        }?;
        if kind != Kind::ApiKey {
            return Ok(());
        }
        self.check_made_key(tx, &id, by_hand).await?;
        if by_hand { self.check_new_key(tx, &id).await } else { Ok(()) }
    }

    /// Marks for removal what no document names.
    pub(super) async fn prune(
        &mut self,
        tx: &mut Tx,
        prune: Prune,
        named: &HashSet<(Kind, String)>,
    ) -> Result<(), Error> {
        if prune == Prune::LeftFile {
            for row in tx.keys_of_file().await? {
                if !self.rows.contains_key(&(Kind::ApiKey, row.id.clone())) {
                    self.place(row)?;
                }
            }
        }
        for (key, entry) in self.rows.iter_mut().filter(|(key, _)| !named.contains(*key)) {
            let managed = entry.row.as_ref().is_some_and(|r| r.origin.starts_with("file:"));
            let goes = match prune {
                Prune::No => false,
                Prune::LeftFile => managed && !needed_by_system(key.0, &key.1),
                Prune::Unnamed => !managed && key.0 != Kind::ApiKey && !needed_by_system(key.0, &key.1),
            };
            if goes && entry.after.is_some() {
                (entry.after, entry.action) = (None, "delete");
            }
        }
        Ok(())
    }

    /// References of what the edits leave that may not be followed, not even to check it.
    pub(super) fn refused(&self, by: &By<'_>) -> HashSet<SecretRef> {
        let changed = self.rows.values().filter(|entry| entry.action != "keep");
        changed
            .filter_map(|e| e.after.as_ref())
            .flat_map(|s| secrets::not_permitted(&s.resource, by.permit()))
            .collect()
    }

    pub(super) fn after(&self) -> Vec<Resource> {
        resources(self.rows.values().filter_map(|e| e.after.as_ref()))
    }

    pub(super) fn before(&self) -> Vec<Resource> {
        resources(self.rows.values().filter_map(|e| e.before.as_ref()))
    }

    /// What compile leaves to the store: API keys fit their application, applications outlive their keys.
    pub(super) async fn check_keys(&mut self, tx: &mut Tx) -> Result<(), Error> {
        let mut faults = Vec::new();
        let keys: Vec<Resource> = self
            .rows
            .iter()
            .filter(|((kind, _), e)| *kind == Kind::ApiKey && e.action != "keep")
            .filter_map(|(_, e)| e.after.as_ref().map(|s| s.resource.clone()))
            .collect();
        for resource in keys {
            faults.extend(compile::credential(&resource).err());
            let Spec::ApiKey(key) = &resource.spec else { continue };
            let application = self.entry(tx, Kind::Application, &key.application).await?;
            let team = application.after.as_ref().map(|a| a.resource.team.clone());
            let Some(team) = team else {
                let what = format!("Application {:?}", key.application);
                let (kind, field) = (Kind::ApiKey, "spec.application");
                faults.push(Fault::missing_reference(kind, &resource.id, field, &what, "create it first"));
                continue;
            };
            let entry = self.entry(tx, Kind::ApiKey, &resource.id).await?;
            faults.extend(entry.revives());
            if let Some(after) = &mut entry.after {
                after.resource.team = team;
            }
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(Faults(faults)));
        }
        let gone: Vec<String> = self
            .rows
            .iter()
            .filter(|((kind, _), e)| *kind == Kind::Application && e.before.is_some() && e.after.is_none())
            .map(|((_, id), _)| id.clone())
            .collect();
        for application in gone {
            self.no_keys_left(tx, &application).await?;
        }
        Ok(())
    }

    async fn no_keys_left(&self, tx: &mut Tx, application: &str) -> Result<(), Error> {
        let keys = tx.keys_of(application, 100).await?;
        let left =
            keys.into_iter().filter(|id| self.rows.get(&(Kind::ApiKey, id.clone())).is_none_or(|e| e.after.is_some()));
        let referrers: Vec<Referrer> = left
            .map(|id| Referrer { resource: format!("ApiKey/{id}"), field: "spec.application".to_owned() })
            .collect();
        if referrers.is_empty() {
            return Ok(());
        }
        Err(Error::InUse { label: format!("Application/{application}"), referrers })
    }
}

fn resources<'a>(stored: impl Iterator<Item = &'a Stored>) -> Vec<Resource> {
    stored.map(|s| &s.resource).filter(|r| r.kind() != Kind::ApiKey).cloned().collect()
}

fn needed_by_system(kind: Kind, id: &str) -> bool {
    (kind == Kind::Team && id == DEFAULT_TEAM) || (kind == Kind::Application && id == PLAYGROUND)
}

impl Entry {
    fn set(
        &mut self,
        by: &By<'_>,
        mut resource: Resource,
        action: &'static str,
        mut kept: Vec<secrets::Kept>,
    ) -> Result<(), Error> {
        let mut faults = resource.check_names();
        if let Some(now) = &self.after {
            kept.extend(secrets::kept(&now.resource.spec));
            faults.extend(secrets::sent_elsewhere(&by.app.catalog, &now.resource.spec, &resource));
        }
        let permit = by.permit();
        faults.extend(secrets::seal(&by.app.vault, &mut resource, &kept, permit));
        let origin = by.file.map_or_else(|| "api".to_owned(), |name| format!("file:{name}"));
        let same_origin = self.row.as_ref().is_some_and(|r| r.origin == origin);
        let same = self.after.as_ref().is_some_and(|now| now.resource == resource);
        // What the admin API leaves as it is, it does not take away from a file.
        if faults.is_empty() && same && (same_origin || by.file.is_none()) {
            return Ok(());
        }
        self.not_managed(by)?;
        let more = [secrets::refused(&resource, permit), limits::faults(&resource)].concat();
        let more: Vec<Fault> = more.into_iter().filter(|fault| !faults.contains(fault)).collect();
        faults.extend(more);
        debug_assert!(by.revision > 0, "a change has a revision");
        let now = time::now();
        self.after = Some(Stored {
            resource,
            version: self.last_version + 1,
            created_at: self.before.as_ref().map_or(now, |b| b.created_at),
            updated_at: now,
            updated_by: by.actor.label.clone(),
        });
        self.action = action;
        // With faults it is on the board all the same: who refers to it is not told that it is not there.
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(Faults(faults))) }
    }

    /// Refuses a change by the admin API of what a file manages.
    fn not_managed(&self, by: &By<'_>) -> Result<(), Error> {
        let file = self.row.as_ref().and_then(|row| row.origin.strip_prefix("file:"));
        match (&self.row, file) {
            (Some(row), Some(file)) if by.file.is_none() => {
                Err(Error::ManagedByFile { label: format!("{}/{}", row.kind, row.id), file: file.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// A revoked key that would work again.
    fn revives(&self) -> Option<Fault> {
        let revoked = |s: &Option<Stored>| {
            s.as_ref().is_some_and(|s| matches!(&s.resource.spec, Spec::ApiKey(key) if key.revoked))
        };
        let id = &self.before.as_ref()?.resource.id;
        let problem = "a revoked key stays revoked; make a new one";
        (revoked(&self.before) && !revoked(&self.after)).then(|| Fault::new(Kind::ApiKey, id, "spec.revoked", problem))
    }
}
