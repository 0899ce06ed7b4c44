//! The one way in which configuration changes: load, apply, compile, write, in one transaction.

mod api_key;
mod board;
mod found;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use weir_conflict::conditions::Conditions;
use weir_domain::compile::{self, Input};
use weir_domain::fault::Faults;
use weir_domain::resource::{Kind, Resource, Stored};
use weir_domain::secret::SecretRef;

use self::board::{Board, By};
pub(crate) use self::found::Found;
use super::App;
use super::actor::Actor;
use super::secrets::Resolver;
use crate::error::{Error, Referrer};
use crate::store::Tx;

/// Which version a change was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matches {
    /// Whatever is there.
    Any,
    /// What the conditions of the request say; each tag of `If-Match` is one of ours.
    When(Box<Conditions>),
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
    /// It comes from whoever runs this process and not over the admin API: it may name any variable and file.
    pub(crate) operator: bool,
    /// Whether `env:` and `file:` are looked up. Only a dry run may go without: what it finds is about form.
    pub(crate) look_up: bool,
    /// What reading the wishes found; with any fault the order is checked all the same, and refused.
    pub(crate) found: Found,
}

impl<'a> Order<'a> {
    /// Several wishes that come true together.
    pub(crate) fn together(edits: Vec<Edit>, actor: &'a Actor) -> Self {
        let (base, prune, found) = (None, Prune::No, Found::default());
        Self { edits, actor, file: None, base, prune, dry_run: false, operator: false, look_up: true, found }
    }

    /// One wish through the admin API.
    pub(crate) fn one(edit: Edit, actor: &'a Actor, dry_run: bool) -> Self {
        Self { dry_run, ..Self::together(vec![edit], actor) }
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

impl App {
    /// Carries an order out and makes the new configuration live.
    pub(crate) async fn change(&self, order: Order<'_>) -> Result<Outcome, Error> {
        let mut tx = self.db.begin().await?;
        let dry_run = order.dry_run;
        debug_assert!(dry_run || order.look_up, "what was not looked up must not be kept");
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
        let mut removed = Vec::new();
        let Order { actor, file, operator, look_up, mut found, .. } = order;
        let by = By { app: self, actor, file, operator, look_up, revision };
        for edit in order.edits {
            if let Edit::Delete(kind, id, _) = &edit {
                removed.push((*kind, id.clone()));
            }
            found.take(board.apply(tx, edit, &by).await)?;
        }
        board.prune(tx, order.prune, &named).await?;
        found.take(board.check_keys(tx).await)?;
        if !only_keys && let Err(faults) = self.compiles(revision, board.after(), look_up, board.refused(&by)).await {
            let unrefused = HashSet::new();
            match removed.first().filter(|_| deletes_only && found.is_empty()) {
                Some((kind, id)) if self.compiles(revision, board.before(), look_up, unrefused).await.is_ok() => {
                    return Err(in_use(*kind, id, &faults));
                }
                _ => found.add(faults.0),
            }
        }
        found.refuse()?;
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
    /// `refused`: references that may not be followed.
    async fn compiles(
        &self,
        revision: i64,
        resources: Vec<Resource>,
        look_up: bool,
        refused: HashSet<SecretRef>,
    ) -> Result<(), Faults> {
        let (vault, catalog) = (Arc::clone(&self.vault), Arc::clone(&self.catalog));
        let compiled = tokio::task::spawn_blocking(move || {
            let secrets = Resolver::new(&vault, &resources, look_up).refusing(refused);
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
