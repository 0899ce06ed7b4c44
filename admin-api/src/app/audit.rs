//! The audit trail: who changed what, and whether nobody has tampered with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use weir_domain::time;

use super::App;
use super::cursor;
use super::resource::{Page, limit, page};
use crate::error::Error;
use crate::store::{AuditFilter, AuditRow};

/// Entries that a check reads at once.
const BATCH: i64 = 1_000;

/// One entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Counts up by one.
    pub(crate) seq: i64,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Who: `user:…`, `token:…`, `cli`, `file:…` or `system`.
    pub(crate) actor: String,
    /// Whose name that is: `user:ID` or `token:ID`, as a name can be given twice; empty for the others.
    pub(crate) actor_id: String,
    /// The address that the request came from, or empty.
    pub(crate) address: String,
    /// The request's id, or empty.
    pub(crate) request_id: String,
    /// `create`, `update`, `delete`, `rollback`, `test`, `sign-in`, `sign-in-refused`, `sign-out`, `break-lock`,
    /// `forget-key`, and of a person `role`, `disable`, `enable`, `password`.
    pub(crate) action: String,
    /// The kind of what was changed.
    pub(crate) kind: String,
    /// Its id.
    pub(crate) id: String,
    /// What it was, without secrets; null when it was not there.
    #[schema(value_type = Object)]
    pub(crate) before: Value,
    /// What it became, without secrets; null when it went.
    #[schema(value_type = Object)]
    pub(crate) after: Value,
    /// Covers this entry and, through the one before, all older ones.
    pub(crate) hash: String,
}

/// What the trail is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// How many entries, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Only what this actor did, by name or by id.
    pub(crate) actor: Option<String>,
    /// Only this action.
    pub(crate) action: Option<String>,
    /// Only this kind.
    pub(crate) kind: Option<String>,
    /// Only this id.
    pub(crate) id: Option<String>,
    /// From this moment on, RFC 3339.
    pub(crate) from: Option<String>,
    /// Before this moment, RFC 3339.
    pub(crate) to: Option<String>,
}

/// What a check of the whole trail found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AuditCheck {
    /// Whether every entry is there and unchanged.
    pub(crate) intact: bool,
    /// Entries read.
    pub(crate) entries: i64,
    /// The first entry that is missing or was changed.
    pub(crate) broken_at: Option<i64>,
}

fn view(row: &AuditRow) -> AuditEntry {
    AuditEntry {
        seq: row.seq,
        at: time::to_rfc3339(row.at),
        actor: row.actor.clone(),
        actor_id: row.actor_id.clone(),
        address: row.address.clone(),
        request_id: row.request_id.clone(),
        action: row.action.clone(),
        kind: row.kind.clone(),
        id: row.id.clone(),
        before: serde_json::from_str(&row.before_state).unwrap_or_default(),
        after: serde_json::from_str(&row.after_state).unwrap_or_default(),
        hash: row.hash.clone(),
    }
}

impl App {
    /// A page of the trail, newest first.
    pub(crate) async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, Error> {
        let limit = limit(query.limit)?;
        let [before] = cursor::decode(query.cursor.as_deref(), [&i64::MAX.to_string()])?;
        let moment = |name: &str, text: &Option<String>, or: i64| match text {
            Some(text) => time::parse_rfc3339(text).map_err(|e| Error::BadRequest(format!("{name}: {e}"))),
            None => Ok(or),
        };
        let filter = AuditFilter {
            actor: query.actor.as_deref().unwrap_or_default(),
            action: query.action.as_deref().unwrap_or_default(),
            kind: query.kind.as_deref().unwrap_or_default(),
            id: query.id.as_deref().unwrap_or_default(),
            from: moment("from", &query.from, 0)?,
            to: moment("to", &query.to, i64::MAX)?,
            before: before.parse().map_err(|_| cursor::refused())?,
            limit: limit + 1,
        };
        let rows = self.db.audit(&filter).await?;
        page(&rows, limit, |row| vec![row.seq.to_string()], |row| Ok(view(row)))
    }

    /// Walks the whole chain: a changed, inserted or removed entry is noticed, at the end too.
    pub(crate) async fn check_audit(&self) -> Result<AuditCheck, Error> {
        let (head, head_hash) = self.db.audit_head().await?;
        let (mut seq, mut hash) = (0, String::new());
        loop {
            let rows = self.db.audit_after(seq, BATCH).await?;
            for row in rows.iter().take_while(|row| row.seq <= head) {
                if row.seq != seq + 1 || row.prev_hash != hash || row.hash != row.expected_hash() {
                    return Ok(AuditCheck { intact: false, entries: seq, broken_at: Some(seq + 1) });
                }
                (seq, hash) = (row.seq, row.hash.clone());
            }
            if seq >= head || rows.is_empty() {
                let intact = seq == head && hash == head_hash;
                return Ok(AuditCheck { intact, entries: seq, broken_at: (!intact).then_some(seq + 1) });
            }
        }
    }
}
