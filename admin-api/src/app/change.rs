//! The one way in which configuration changes: load, apply, compile, write, in one transaction.

mod write;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use weir_domain::compile::{self, Input};
use weir_domain::fault::Faults;
use weir_domain::resource::{DEFAULT_TEAM, Kind, Resource, Stored};
use weir_domain::spec::Spec;
use weir_domain::time;

use super::actor::Actor;
use super::secrets::{self, Resolver};
use super::{App, PLAYGROUND};
use crate::error::{Error, Referrer};
use crate::store::{ResourceRow, Tx};

/// Which version a change was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matches {
    /// Whatever is there.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

/// One wish.
pub(crate) enum Edit {
    /// A new resource; refused when the id is taken.
    Create(Resource),
    /// New content for one that is there.
    Replace(Resource, Matches),
    /// New or in place of the one there.
    Put(Resource),
    /// Away with it.
    Delete(Kind, String, Matches),
    /// The content of an earlier version, as a new one.
    Rollback(Kind, String, i64, Matches),
}

/// What else goes when documents are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prune {
    /// Nothing.
    No,
    /// Every resource that the documents do not name (API keys and what the system needs stay).
    Unnamed,
    /// What a file managed and does not name any more.
    LeftFile,
}

/// Wishes that come true together or not at all.
pub(crate) struct Order<'a> {
    pub(crate) edits: Vec<Edit>,
    pub(crate) actor: &'a Actor,
    /// The file that manages these resources from now on; `None` for the admin API.
    pub(crate) file: Option<&'a str>,
    /// The revision that the caller planned on.
    pub(crate) base: Option<i64>,
    pub(crate) prune: Prune,
    /// Do everything but keep nothing.
    pub(crate) dry_run: bool,
}

impl<'a> Order<'a> {
    /// One wish through the admin API.
    pub(crate) fn one(edit: Edit, actor: &'a Actor, dry_run: bool) -> Self {
        Self { edits: vec![edit], actor, file: None, base: None, prune: Prune::No, dry_run }
    }
}

/// What happened to one resource.
#[derive(Debug)]
pub(crate) struct Done {
    /// `create`, `update`, `delete`, `rollback`; `keep` when there was nothing to change.
    pub(crate) action: &'static str,
    pub(crate) before: Option<Stored>,
    pub(crate) after: Option<Stored>,
}

/// What came of an order.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) revision: i64,
    pub(crate) done: Vec<Done>,
}

impl Outcome {
    /// The one thing that was done by an order of one edit.
    pub(crate) fn only(self) -> Result<Done, Error> {
        self.done.into_iter().next().ok_or_else(|| Error::Internal("an order left nothing done".to_owned()))
    }
}

/// All rows that an order may look at, by kind and id, with what they were at the begin.
struct Board {
    rows: BTreeMap<(Kind, String), Entry>,
}

/// One resource on the board.
struct Entry {
    row: Option<ResourceRow>,
    before: Option<Stored>,
    after: Option<Stored>,
    action: &'static str,
    last_version: i64,
}

impl App {
    /// Carries an order out and makes the new configuration live.
    pub(crate) async fn change(&self, order: Order<'_>) -> Result<Outcome, Error> {
        let mut tx = self.db.begin().await?;
        let dry_run = order.dry_run;
        match self.change_within(&mut tx, order).await {
            Ok(outcome) if dry_run || outcome.done.iter().all(|d| d.action == "keep") => {
                tx.rollback().await?;
                Ok(outcome)
            }
            Ok(outcome) => {
                tx.commit().await?;
                self.refresh_live().await;
                Ok(outcome)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    async fn change_within(&self, tx: &mut Tx, order: Order<'_>) -> Result<Outcome, Error> {
        let revision = tx.next_revision().await?;
        let stale = order.base.is_some_and(|base| base != revision - 1);
        let only_keys = order.prune == Prune::No && order.edits.iter().all(|e| e.target().0 == Kind::ApiKey);
        let mut board = Board::load(tx, !only_keys).await?;
        let (named, deletes_only) = (order.named(), order.edits.iter().all(|e| matches!(e, Edit::Delete(..))));
        let (mut removed, mut faults) = (Vec::new(), Vec::new());
        for edit in order.edits {
            if let Edit::Delete(kind, id, _) = &edit {
                removed.push((*kind, id.clone()));
            }
            match board.apply(tx, self, edit, order.file, order.actor, revision).await {
                Err(Error::Invalid(found)) => faults.extend(found.0),
                other => other?,
            }
        }
        board.prune(tx, order.prune, &named).await?;
        if !faults.is_empty() {
            return Err(Error::Invalid(Faults(faults)));
        }
        board.check_keys(tx).await?;
        if !only_keys && let Err(faults) = self.compiles(revision, board.after()).await {
            return Err(match removed.first() {
                Some((kind, id)) if deletes_only && self.compiles(revision, board.before()).await.is_ok() => {
                    in_use(*kind, id, &faults)
                }
                _ => Error::Invalid(faults),
            });
        }
        let done = board.write(tx, order.actor, revision, order.file, &named).await?;
        if stale {
            let plan = super::document::plan_of(revision - 1, &done);
            return Err(Error::StaleBase { yours: order.base.unwrap_or_default(), plan: Box::new(plan) });
        }
        // What leaves no trace does not move the revision on either: the caller rolls back.
        let unchanged = done.iter().all(|d| d.action == "keep");
        let revision = if unchanged || order.dry_run { revision - 1 } else { revision };
        if let Some(row) = &order.actor.idempotency {
            tx.commit_idempotency(row).await?;
        }
        Ok(Outcome { revision, done })
    }

    /// Compiles on a thread of its own; what it makes is thrown away here, `live` compiles what is committed.
    async fn compiles(&self, revision: i64, resources: Vec<Resource>) -> Result<(), Faults> {
        let (vault, catalog) = (Arc::clone(&self.vault), Arc::clone(&self.catalog));
        let compiled = tokio::task::spawn_blocking(move || {
            let secrets = Resolver::new(&vault, &resources);
            compile::compile(&Input { revision, resources: &resources, secrets: &secrets, catalog: &catalog }).map(drop)
        });
        compiled.await.unwrap_or_else(|_| Err(Faults::default()))
    }
}

fn in_use(kind: Kind, id: &str, faults: &Faults) -> Error {
    let referrers =
        faults.0.iter().map(|f| Referrer { resource: f.resource.clone(), field: f.field.clone() }).collect();
    Error::InUse { label: format!("{kind}/{id}"), referrers }
}

impl Edit {
    /// Kind and id of what it is about.
    fn target(&self) -> (Kind, &str) {
        match self {
            Self::Create(r) | Self::Replace(r, _) | Self::Put(r) => (r.kind(), &r.id),
            Self::Delete(kind, id, _) | Self::Rollback(kind, id, ..) => (*kind, id),
        }
    }
}

impl Order<'_> {
    fn named(&self) -> HashSet<(Kind, String)> {
        self.edits.iter().map(|e| (e.target().0, e.target().1.to_owned())).collect()
    }
}

impl Board {
    async fn load(tx: &mut Tx, whole: bool) -> Result<Self, Error> {
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
    async fn entry(&mut self, tx: &mut Tx, kind: Kind, id: &str) -> Result<&mut Entry, Error> {
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

    async fn apply(
        &mut self,
        tx: &mut Tx,
        app: &App,
        edit: Edit,
        file: Option<&str>,
        actor: &Actor,
        revision: i64,
    ) -> Result<(), Error> {
        let (kind, id) = (edit.target().0, edit.target().1.to_owned());
        let entry = self.entry(tx, kind, &id).await?;
        if let (Some(row), None) = (&entry.row, file)
            && let Some(file) = row.origin.strip_prefix("file:")
        {
            return Err(Error::ManagedByFile { label: format!("{kind}/{id}"), file: file.to_owned() });
        }
        match edit {
            Edit::Create(resource) => {
                if entry.after.is_some() {
                    return Err(Error::AlreadyExists(resource.label()));
                }
                entry.set(app, resource, "create", Vec::new(), actor, revision, file)
            }
            Edit::Put(resource) => {
                let action = if entry.after.is_some() { "update" } else { "create" };
                entry.set(app, resource, action, Vec::new(), actor, revision, file)
            }
            Edit::Replace(resource, matches) => {
                entry.check(tx, kind, &id, &matches).await?;
                entry.set(app, resource, "update", Vec::new(), actor, revision, file)
            }
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
                entry.set(app, Resource { id, team: old.team, spec }, "rollback", kept, actor, revision, file)
            }
        }
    }

    /// Marks for removal what no document names.
    async fn prune(&mut self, tx: &mut Tx, prune: Prune, named: &HashSet<(Kind, String)>) -> Result<(), Error> {
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
                Prune::LeftFile => managed,
                Prune::Unnamed => !managed && key.0 != Kind::ApiKey && !needed_by_system(key.0, &key.1),
            };
            if goes && entry.after.is_some() {
                (entry.after, entry.action) = (None, "delete");
            }
        }
        Ok(())
    }

    fn after(&self) -> Vec<Resource> {
        resources(self.rows.values().filter_map(|e| e.after.as_ref()))
    }

    fn before(&self) -> Vec<Resource> {
        resources(self.rows.values().filter_map(|e| e.before.as_ref()))
    }

    /// What compile leaves to the store: API keys fit their application, applications outlive their keys.
    async fn check_keys(&mut self, tx: &mut Tx) -> Result<(), Error> {
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
                let problem = format!("there is no Application {:?}; create it first", key.application);
                faults.push(weir_domain::fault::Fault::new(Kind::ApiKey, &resource.id, "spec.application", problem));
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
    #[expect(clippy::too_many_arguments, reason = "one call site per kind of edit, each argument its own type")]
    fn set(
        &mut self,
        app: &App,
        mut resource: Resource,
        action: &'static str,
        mut kept: Vec<secrets::Kept>,
        actor: &Actor,
        revision: i64,
        file: Option<&str>,
    ) -> Result<(), Error> {
        if let Some(fault) = resource.check_names() {
            return Err(fault.into());
        }
        if let Some(now) = &self.after {
            kept.extend(secrets::kept(&now.resource.spec));
        }
        secrets::seal(&app.vault, &mut resource, &kept).map_err(|f| Error::Invalid(Faults(f)))?;
        let origin = file.map_or_else(|| "api".to_owned(), |name| format!("file:{name}"));
        let same_origin = self.row.as_ref().is_some_and(|r| r.origin == origin);
        if self.after.as_ref().is_some_and(|now| now.resource == resource) && same_origin {
            return Ok(());
        }
        debug_assert!(revision > 0, "a change has a revision");
        let now = time::now();
        self.after = Some(Stored {
            resource,
            version: self.last_version + 1,
            created_at: self.before.as_ref().map_or(now, |b| b.created_at),
            updated_at: now,
            updated_by: actor.label.clone(),
        });
        self.action = action;
        Ok(())
    }

    /// A revoked key that would work again.
    fn revives(&self) -> Option<weir_domain::fault::Fault> {
        let revoked = |s: &Option<Stored>| {
            s.as_ref().is_some_and(|s| matches!(&s.resource.spec, Spec::ApiKey(key) if key.revoked))
        };
        let id = &self.before.as_ref()?.resource.id;
        let problem = "a revoked key stays revoked; make a new one";
        (revoked(&self.before) && !revoked(&self.after))
            .then(|| weir_domain::fault::Fault::new(Kind::ApiKey, id, "spec.revoked", problem))
    }
}
