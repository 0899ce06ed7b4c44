//! What requests and their answers held: kept as their team says, read by few, deleted by age and by size, erased on
//! demand.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;
use weir_domain::bodies::{Bodies, Held};
use weir_domain::resource::Kind;
use weir_domain::spec::{KeptBodies, RequestLog, Spec};
use weir_domain::time::{self, Micros};

use super::App;
use super::actor::Actor;
use crate::error::{Error, NoBodies};
use crate::store::{NewAudit, RequestRow, StoreError};

const DAY: Micros = 24 * 3_600_000_000;
/// Rows of one transaction of the deletion by age.
const BATCH: i64 = 200;
/// The rest between two of them.
const PAUSE: Duration = Duration::from_millis(50);
/// For how long it is known of a request that what it held was erased, where nobody says how long it would be kept: the
/// longest that anything is.
const ERASED: Micros = 90 * DAY;

/// Whether what a request held is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BodiesState {
    /// Whether it can be read, by those who may.
    pub(crate) kept: bool,
    /// When it is deleted, RFC 3339; null when nothing is kept.
    pub(crate) expires_at: Option<String>,
    /// Why nothing is kept; null when it is.
    pub(crate) reason: Option<NoBodies>,
}

/// What a request and its answer held.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RequestBodies {
    /// The request's id.
    pub(crate) id: String,
    /// When it is deleted, RFC 3339.
    pub(crate) expires_at: String,
    /// How much of it is kept, in bytes.
    pub(crate) size: i64,
    /// The bodies.
    #[serde(flatten)]
    pub(crate) held: Held,
}

/// What was erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErasedView {
    /// Of how many requests there was anything.
    pub(crate) erased: u64,
}

impl App {
    /// Stores what requests held.
    pub(crate) async fn keep_bodies(&self, batch: &[Bodies]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.add_bodies(batch, time::now()).await?;
        tx.commit().await
    }

    /// What a request held. The reading is in the audit trail before the answer goes out.
    pub(crate) async fn request_bodies(&self, id: &str, actor: &Actor) -> Result<RequestBodies, Error> {
        let row = self.db.request(id).await?.ok_or_else(|| no_request(id))?;
        let kept = self.db.bodies(id).await?.filter(|kept| kept.expires_at > time::now());
        let Some((kept, content)) = kept.and_then(|mut kept| Some((kept.content.take()?, kept))).map(|(c, k)| (k, c))
        else {
            let reason = self.bodies_state(&row).await?.reason;
            return Err(Error::NoBodies(reason.unwrap_or(NoBodies::NotKept)));
        };
        let held = serde_json::from_str(&content)
            .map_err(|error| Error::Internal(format!("the bodies of {id} cannot be read: {error}")))?;
        let mut tx = self.db.begin().await?;
        tx.add_audit(&NewAudit { action: "read-bodies", kind: "Request", id, ..actor.audit() }).await?;
        tx.commit().await?;
        Ok(RequestBodies { id: id.to_owned(), expires_at: time::to_rfc3339(kept.expires_at), size: kept.size, held })
    }

    /// Whether what a request held is kept, and why not.
    pub(crate) async fn bodies_state(&self, row: &RequestRow) -> Result<BodiesState, Error> {
        let now = time::now();
        let nothing = |reason| BodiesState { kept: false, expires_at: None, reason: Some(reason) };
        Ok(match self.db.bodies_expiry(&row.id).await? {
            Some((_, false)) => nothing(NoBodies::Erased),
            Some((expires_at, true)) if expires_at > now => {
                BodiesState { kept: true, expires_at: Some(time::to_rfc3339(expires_at)), reason: None }
            }
            Some(_) => nothing(NoBodies::Expired),
            None => match self.request_log(&row.team).await?.filter(|log| log.bodies != KeptBodies::Off) {
                None => nothing(NoBodies::Off),
                Some(log) if row.at.saturating_add(retention(&log)) <= now => nothing(NoBodies::Expired),
                Some(_) => nothing(NoBodies::NotKept),
            },
        })
    }

    /// Erases what a request held.
    pub(crate) async fn erase_bodies(&self, id: &str, actor: &Actor) -> Result<(), Error> {
        let row = self.db.request(id).await?.ok_or_else(|| no_request(id))?;
        let mut tx = self.db.begin().await?;
        let until = time::now().saturating_add(ERASED);
        let there = tx.erase_bodies(id, &row.team, row.at, until).await?;
        let before = serde_json::json!({"kept": there}).to_string();
        tx.add_audit(&NewAudit { action: "erase-bodies", kind: "Request", id, before: &before, ..actor.audit() })
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Erases what all requests of a team held up to now. The team itself may be gone already.
    pub(crate) async fn erase_bodies_of_team(&self, team: &str, actor: &Actor) -> Result<ErasedView, Error> {
        let mut tx = self.db.begin().await?;
        let erased = tx.erase_bodies_of_team(team, time::now()).await?;
        if erased == 0 && tx.resource(Kind::Team, team).await?.is_none() {
            tx.rollback().await?;
            return Err(Error::no_resource(Kind::Team, team));
        }
        let before = serde_json::json!({"requests": erased}).to_string();
        tx.add_audit(&NewAudit { action: "erase-bodies", kind: "Team", id: team, before: &before, ..actor.audit() })
            .await?;
        tx.commit().await?;
        Ok(ErasedView { erased })
    }

    /// Deletes what is older than its team keeps it, or more than a team keeps; tells how many requests that was.
    pub(crate) async fn delete_old_bodies(&self, now: Micros) -> Result<u64, StoreError> {
        let mut all = 0;
        let mut tx = self.db.begin().await?;
        for team in self.db.teams_with_bodies().await? {
            // A team that keeps nothing any more keeps what it has for as long as it said.
            if let Some(log) = self.request_log(&team).await? {
                tx.expire_bodies_after(&team, retention(&log)).await?;
                all += tx.make_room(&team, i64::try_from(log.max_total_bytes).unwrap_or(i64::MAX)).await?;
            }
        }
        let begin = self.ledger_begin().await?;
        if begin > Micros::MIN {
            tx.expire_bodies_before(begin).await?;
        }
        tx.commit().await?;
        loop {
            let mut tx = self.db.begin().await?;
            let deleted = tx.delete_expired_bodies(now, BATCH).await?;
            tx.commit().await?;
            all += deleted;
            if deleted == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if all > 0 {
            tracing::info!(requests = all, "old bodies were deleted");
        }
        Ok(all)
    }

    /// What a team says of its bodies now.
    async fn request_log(&self, team: &str) -> Result<Option<RequestLog>, StoreError> {
        let row = self.db.resource(Kind::Team, team).await?;
        let stored = row.and_then(|row| row.parse().ok());
        Ok(stored.and_then(|stored| match stored.resource.spec {
            Spec::Team(team) => team.request_log,
            _ => None,
        }))
    }
}

fn retention(log: &RequestLog) -> Micros {
    Micros::from(log.retention_days).saturating_mul(DAY)
}

fn no_request(id: &str) -> Error {
    Error::NotFound(format!("there is no request {id:?}, or its record is still on the way"))
}
