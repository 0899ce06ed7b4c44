//! What conflict policies hold at this moment: shown to who may look, and taken from its holder by who may, with a reason.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use weir_conflict::resource::{LeaseId, ResourceKey, TeamTag};
use weir_conflict::store::{Entry, Guarded, KeyState, Kind, LeaseView, Space, Store, StoreError};
use weir_domain::spec::LockMode;
use weir_domain::{resource, time};

use super::App;
use super::actor::Actor;
use super::cursor;
use super::resource::limit;
use crate::error::Error;
use crate::store::{ListFilter, NewAudit};

/// How often stores are asked for one page, so that no page of many teams takes for ever.
const ASKS: usize = 64;
/// Teams read at once.
const TEAMS: i64 = 5_000;
/// How much of an idempotency key is shown: enough to find it again, too little to use it.
const SHOWN: usize = 8;
/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// What is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HeldKind {
    /// Locks that clients hold.
    #[default]
    Locks,
    /// Leases of writes under way.
    Leases,
    /// Idempotency keys.
    Keys,
    /// Limits of requests under way that hold over all nodes.
    Limits,
}

impl HeldKind {
    fn in_store(self) -> Kind {
        match self {
            Self::Locks => Kind::Held(Space::Lock),
            Self::Leases => Kind::Held(Space::Write),
            Self::Keys => Kind::Key,
            Self::Limits => Kind::Limit,
        }
    }
}

/// How what is held is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeldQuery {
    /// `locks` when absent, `leases`, `keys` or `limits`.
    #[param(inline)]
    pub(crate) kind: HeldKind,
    /// Only what routes of this team hold.
    pub(crate) team: Option<String>,
    /// Only what is in this store.
    pub(crate) store: Option<String>,
    /// How many entries at most, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// One thing that is held. What its kind does not have is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct HeldEntry {
    /// The store that it is in.
    pub(crate) store: String,
    /// Which kind it is.
    pub(crate) kind: HeldKind,
    /// What it is broken or forgotten by. It gives no right to it.
    pub(crate) id: String,
    /// What is held: the resource's key as the route has it, the limit, or the begin of the idempotency key.
    pub(crate) label: String,
    /// `exclusive` or `shared`, of locks and leases.
    #[schema(value_type = Option<String>)]
    pub(crate) mode: Option<LockMode>,
    /// The application that holds it.
    pub(crate) owner: Option<String>,
    /// The team whose routes hold it.
    pub(crate) team: String,
    /// The owner's own team, which may be another.
    pub(crate) owner_team: Option<String>,
    /// What the owner says of it.
    pub(crate) note: Option<String>,
    /// Its fencing token, as the upstream sees it.
    pub(crate) fence: Option<u64>,
    /// When it ends unless it is renewed, RFC 3339, by this machine's clock.
    pub(crate) expires_at: Option<String>,
    /// Of an idempotency key: `pending`, `done`, `not_stored` or `unknown`.
    pub(crate) state: Option<&'static str>,
    /// Of an idempotency key: the status of the answer.
    pub(crate) status: Option<u16>,
    /// Of a limit: how many permits are taken.
    pub(crate) taken: Option<u32>,
    /// Of a limit: how many there are.
    pub(crate) limit: Option<u32>,
}

/// A store, as far as it could be looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StoreState {
    /// Its id.
    pub(crate) id: String,
    /// Whether all nodes share it. What is in the memory of another process is not seen here.
    pub(crate) shared: bool,
    /// Why it could not be looked into.
    pub(crate) problem: Option<String>,
}

/// A page of what is held.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldPage {
    /// What is on it.
    pub(crate) items: Vec<HeldEntry>,
    /// Give it back as `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
    /// The stores that were looked for.
    pub(crate) stores: Vec<StoreState>,
    /// What cannot be seen from here, for people.
    pub(crate) notes: Vec<String>,
}

/// Why somebody takes from its holder what is held.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Reason {
    /// For the audit trail: 1 to 500 characters, in the query or in the body.
    pub(crate) reason: Option<String>,
}

impl Reason {
    /// The one that was given, here or there.
    pub(crate) fn or(self, other: Self) -> Result<String, Error> {
        let reason = self.reason.or(other.reason).map(|reason| reason.trim().to_owned()).unwrap_or_default();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            let problem = format!("say why, in 1 to {MAX_REASON} characters; the audit trail keeps it");
            return Err(Error::field("reason", problem));
        }
        Ok(reason)
    }
}

/// Where a page goes on.
struct Place {
    team: String,
    store: String,
    /// The store's own cursor; empty at its begin.
    within: String,
}

impl App {
    /// A page of what is held, by team and store.
    pub(crate) async fn held(&self, query: &HeldQuery) -> Result<HeldPage, Error> {
        let most = usize::try_from(limit(query.limit)?).unwrap_or(1);
        let [team, store, within] = cursor::decode(query.cursor.as_deref(), ["", "", ""])?;
        self.snapshot().await?;
        let stores = self.stores(query.store.as_deref())?;
        let teams = self.teams(query.team.as_deref()).await?;
        let mut page = HeldPage { items: Vec::new(), next_cursor: None, stores: states(&stores), notes: Vec::new() };
        if stores.iter().any(|(_, store)| !store.is_shared()) {
            page.notes.push(self.of_memory().to_owned());
        }
        let mut places: Vec<(&String, usize)> = Vec::new();
        for team in &teams {
            places.extend((0..stores.len()).map(|at| (team, at)));
        }
        places.retain(|(at, index)| (at.as_str(), stores[*index].0.as_str()) >= (team.as_str(), store.as_str()));
        let (mut asks, mut failed) = (0, BTreeSet::new());
        for (at, index) in places {
            let (id, opened) = &stores[index];
            let mut inner = ((at, id) == (&team, &store) && !within.is_empty()).then(|| within.clone());
            while !failed.contains(&index) {
                if page.items.len() >= most || asks >= ASKS {
                    let place = Place { team: at.clone(), store: id.clone(), within: inner.unwrap_or_default() };
                    page.next_cursor = Some(cursor::encode(&[place.team, place.store, place.within]));
                    return Ok(page);
                }
                asks += 1;
                let tag = self.settings.stores.names().team(at);
                let left = most - page.items.len();
                match opened.list(query.kind.in_store(), tag, inner.as_deref(), left).await {
                    Ok(found) => {
                        page.items.extend(found.entries.into_iter().map(|entry| shown(id, at, query.kind, entry)));
                        inner = found.next;
                    }
                    Err(StoreError::BadCursor) => return Err(cursor::refused()),
                    Err(error) => {
                        failed.insert(index);
                        page.stores[index].problem = Some(error.to_string());
                    }
                }
                if inner.is_none() {
                    break;
                }
            }
        }
        Ok(page)
    }

    /// What this process cannot see of memories.
    pub(crate) fn of_memory(&self) -> &'static str {
        if self.live.target().is_some() {
            "What is in memory is that of this process alone; what other nodes have in theirs is not seen here."
        } else {
            "This process serves no requests: what gateways have in their own memory is not seen here. Routes whose store \
             is Redis or PostgreSQL are."
        }
    }

    fn stores(&self, only: Option<&str>) -> Result<Vec<(String, Arc<Guarded>)>, Error> {
        let mut stores = self.settings.stores.all();
        if let Some(only) = only.filter(|only| !only.is_empty()) {
            stores.retain(|(id, _)| id == only);
            if stores.is_empty() {
                return Err(Error::NotFound(format!("there is no conflict store {only:?}")));
            }
        }
        Ok(stores)
    }

    /// The teams that are asked for, by id.
    async fn teams(&self, only: Option<&str>) -> Result<Vec<String>, Error> {
        if let Some(only) = only.filter(|only| !only.is_empty()) {
            return Ok(vec![only.to_owned()]);
        }
        let mut teams: Vec<String> = Vec::new();
        loop {
            let after = teams.last().cloned().unwrap_or_default();
            let kind = resource::Kind::Team;
            let filter = ListFilter { kind, team: "", parent: "", search: "", after: &after, limit: TEAMS };
            let rows = self.db.resources(&filter).await?;
            if rows.is_empty() {
                break;
            }
            teams.extend(rows.into_iter().map(|row| row.id));
        }
        teams.sort_unstable();
        Ok(teams)
    }

    /// Takes a lock or a lease from its holder.
    pub(crate) async fn break_lock(&self, store: &str, id: &str, reason: &str, actor: &Actor) -> Result<(), Error> {
        let absent = || Error::NotFound(format!("no lock with the id {id:?} is held in {store:?}"));
        let lease: LeaseId = id.parse().map_err(|_| absent())?;
        let (opened, team) = self.place(store, lease.resource.team()).await?.ok_or_else(absent)?;
        // The transaction goes first: where the audit trail cannot be written, nothing is broken.
        let mut tx = self.db.begin().await?;
        let mut broken = None;
        for (space, kind) in [(Space::Lock, "ConflictLock"), (Space::Write, "ConflictLease")] {
            if let Some(view) = opened.break_lease(space, &lease).await.map_err(|error| down(store, &error))? {
                broken = Some((kind, view));
                break;
            }
        }
        let Some((kind, view)) = broken else {
            tx.rollback().await?;
            return Err(absent());
        };
        let LeaseView { mode, fence, holder, .. } = view;
        let before = json!({
            "store": store, "team": team, "resource": holder.label, "mode": mode, "owner": holder.owner,
            "owner_team": holder.team, "note": holder.note, "fence": fence,
        });
        let (before, after) = (before.to_string(), json!({"reason": reason}).to_string());
        let entry = NewAudit { action: "break-lock", kind, id, before: &before, after: &after, ..actor.audit() };
        tx.add_audit(&entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets an idempotency key.
    pub(crate) async fn forget_key(&self, store: &str, id: &str, reason: &str, actor: &Actor) -> Result<(), Error> {
        let absent = || Error::NotFound(format!("no idempotency key with the id {id:?} is known in {store:?}"));
        let key: ResourceKey = id.parse().map_err(|_| absent())?;
        let (opened, team) = self.place(store, key.team()).await?.ok_or_else(absent)?;
        let seen = opened.look(Kind::Key, &key).await.map_err(|error| down(store, &error))?;
        let seen =
            seen.into_iter().next().map(|entry| shown(store, &team, HeldKind::Keys, entry)).ok_or_else(absent)?;
        let mut tx = self.db.begin().await?;
        if !opened.purge(&key).await.map_err(|error| down(store, &error))? {
            tx.rollback().await?;
            return Err(absent());
        }
        let before =
            json!({"store": store, "team": team, "key": seen.label, "state": seen.state, "status": seen.status});
        let (before, after) = (before.to_string(), json!({"reason": reason}).to_string());
        let (action, kind) = ("forget-key", "IdempotencyKey");
        tx.add_audit(&NewAudit { action, kind, id, before: &before, after: &after, ..actor.audit() }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The store with this id and the team that a name in it belongs to; none where either is unknown.
    async fn place(&self, store: &str, tag: TeamTag) -> Result<Option<(Arc<Guarded>, String)>, Error> {
        self.snapshot().await?;
        let opened = self.settings.stores.all().into_iter().find(|(id, _)| id == store).map(|(_, opened)| opened);
        let names = self.settings.stores.names();
        let team = self.teams(None).await?.into_iter().find(|team| names.team(team) == tag);
        Ok(opened.zip(team))
    }
}

fn states(stores: &[(String, Arc<Guarded>)]) -> Vec<StoreState> {
    let state =
        |(id, store): &(String, Arc<Guarded>)| StoreState { id: id.clone(), shared: store.is_shared(), problem: None };
    stores.iter().map(state).collect()
}

/// A store does not answer.
pub(crate) fn down(store: &str, error: &StoreError) -> Error {
    Error::ConflictStore(format!("{store}: {error}"))
}

fn shown(store: &str, team: &str, kind: HeldKind, entry: Entry) -> HeldEntry {
    let base = HeldEntry { store: store.to_owned(), team: team.to_owned(), kind, ..HeldEntry::default() };
    match entry {
        Entry::Held(LeaseView { id, mode, fence, expires_in, holder }) => HeldEntry {
            id: id.to_string(),
            label: holder.label,
            mode: Some(mode),
            owner: Some(holder.owner),
            owner_team: Some(holder.team),
            note: Some(holder.note),
            fence: Some(fence),
            expires_at: Some(ends(expires_in)),
            ..base
        },
        Entry::Key { id, state, status, expires_in, label, .. } => HeldEntry {
            id: id.to_string(),
            label: shortened(&label),
            state: Some(word(state)),
            status,
            expires_at: Some(ends(expires_in)),
            ..base
        },
        Entry::Limit { id, taken, limit, label } => {
            HeldEntry { id: id.to_string(), label, taken: Some(taken), limit: Some(limit), ..base }
        }
    }
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::Pending => "pending",
        KeyState::Done => "done",
        KeyState::NotStored => "not_stored",
        KeyState::Unknown => "unknown",
    }
}

/// The begin of a key: who has all of it could ask for the answer that it stands for.
fn shortened(key: &str) -> String {
    let begin: String = key.chars().take(SHOWN).collect();
    if begin.len() < key.len() { begin + "…" } else { begin }
}

fn ends(remaining: Duration) -> String {
    time::to_rfc3339(time::now().saturating_add(i64::try_from(remaining.as_micros()).unwrap_or(i64::MAX)))
}
