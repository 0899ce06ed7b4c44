//! The store in PostgreSQL, from 14 on: one statement for each call, which is its own transaction, so that what was answered
//! is on disk. Times are the server's.
//!
//! The store makes its schema `weir_conflict` itself; the role needs CREATE on the database, or the schema must be there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Row, query};
use weir_domain::secret::Secret;
use weir_domain::spec::{LockMode, OnLost};

use self::server::Server;
use super::sealed::Sealed;
use super::{
    Acquire, Begin, Begun, Entry, Epochs, Grant, IdemAsk, IdemEnd, Kind, LeaseAsk, LeaseView, Locks, MAX_SHARED,
    MAX_TAGS, Page, Permit, PermitAsk, PermitId, Released, Renewed, Space, Store, StoreError, VERSION_TTL, Version,
    WriteEnd,
};
use crate::resource::{LeaseId, Names, ResourceKey, TeamTag};

mod listing;
mod server;

/// What a lock of the server's is for: names of different kinds do not wait for each other.
#[derive(Clone, Copy)]
enum Lock {
    Resource = 0,
    Key = 1,
    Limit = 2,
}

/// A store in PostgreSQL.
pub struct PostgresStore {
    server: Arc<Server>,
    sealed: Sealed,
}

impl PostgresStore {
    /// One at this address (`postgres://`), of which each call may take `op_timeout`. Nothing is connected yet.
    ///
    /// # Errors
    /// When the address cannot be read. The error does not quote it: it may hold a password.
    pub fn new(url: &Secret, op_timeout: Duration, names: Arc<Names>) -> Result<Self, StoreError> {
        Ok(Self { server: Arc::new(Server::new(url, op_timeout)?), sealed: Sealed(names) })
    }

    fn tags(&self, key: &ResourceKey, sealed: Option<Vec<Vec<u8>>>) -> Result<Vec<String>, StoreError> {
        sealed.unwrap_or_default().iter().map(|tag| self.sealed.open_text(key, "tag", tag)).collect()
    }

    /// A holding from a row that has its mode, fence, remaining time and detail from this column on.
    fn view(&self, row: &PgRow, from: usize, id: LeaseId) -> Result<LeaseView, StoreError> {
        let alone: bool = get(row, from)?;
        Ok(LeaseView {
            id,
            mode: if alone { LockMode::Exclusive } else { LockMode::Shared },
            fence: unsigned(get(row, from + 1)?)?,
            expires_in: Duration::from_micros(unsigned(get(row, from + 2)?)?),
            holder: self.sealed.open_holder(&id.resource, &get::<Vec<u8>>(row, from + 3)?)?,
        })
    }

    /// A version from a row that has its number, whether it is dirty, its tags and its last change from this column on.
    fn read_version(&self, row: &PgRow, from: usize, key: &ResourceKey) -> Result<Version, StoreError> {
        Ok(Version {
            generation: unsigned(get(row, from)?)?,
            dirty: get(row, from + 1)?,
            tags: self.tags(key, get(row, from + 2)?)?,
            changed_at: get(row, from + 3)?,
        })
    }

    async fn leave(
        &self,
        space: Space,
        id: &LeaseId,
        end: Option<&WriteEnd<'_>>,
    ) -> Result<(Option<LeaseView>, Option<u64>), StoreError> {
        let resource = &id.resource;
        let (how, fence, tag) = match end {
            Some(WriteEnd::Commit { fence, tag }) => ("c", *fence, *tag),
            Some(WriteEnd::Abort { fence }) => ("a", *fence, None),
            Some(WriteEnd::Unknown) | None => ("-", 0, None),
        };
        let tags: Vec<Vec<u8>> = tag.iter().map(|tag| self.sealed.text(resource, "tag", tag)).collect();
        let ask = query("SELECT o_alone, o_fence, o_left, o_detail, o_generation FROM weir_conflict.release($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(lock(Lock::Resource, resource))
            .bind(number(space))
            .bind(&resource.bytes()[..])
            .bind(&id.holder[..])
            .bind(how)
            .bind(signed(fence))
            .bind(tags)
            .bind(micros(VERSION_TTL));
        let row = self.server.row(ask).await?;
        let held = get::<Option<bool>>(&row, 0)?.is_some();
        let view = if held { Some(self.view(&row, 0, *id)?) } else { None };
        Ok((view, get::<Option<i64>>(&row, 4)?.map(unsigned).transpose()?))
    }
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'r PgRow,
    column: usize,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(|_| StoreError::Malformed("a column"))
}

fn array<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Malformed("a length"))
}

fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Malformed("a number"))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

fn number(space: Space) -> i16 {
    match space {
        Space::Write => 0,
        Space::Lock => 1,
    }
}

/// The number of the lock that all who deal with a name wait for: 64 bits of the name, which is evenly spread.
fn lock(kind: Lock, name: &ResourceKey) -> i64 {
    let mut bits = [0; 8];
    bits.copy_from_slice(&name.bytes()[8..16]);
    i64::from_be_bytes(bits) ^ kind as i64
}

#[async_trait]
impl Store for PostgresStore {
    async fn acquire(&self, resource: &ResourceKey, ask: &LeaseAsk<'_>) -> Result<Acquire, StoreError> {
        let id = LeaseId::of(*resource, ask.token);
        let asked = query(
            "SELECT o_granted, o_alone, o_fence, o_left, o_detail, o_holder, o_generation, o_dirty, o_tags, o_changed \
             FROM weir_conflict.acquire($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(lock(Lock::Resource, resource))
        .bind(number(ask.space))
        .bind(&resource.bytes()[..])
        .bind(&id.holder[..])
        .bind(ask.mode == LockMode::Exclusive)
        .bind(micros(ask.ttl))
        .bind(self.sealed.holder(resource, ask.holder))
        .bind(ask.track_version)
        .bind(i32::try_from(MAX_SHARED).unwrap_or(i32::MAX))
        .bind(micros(VERSION_TTL));
        let row = self.server.row(asked).await?;
        if !get::<bool>(&row, 0)? {
            let holder = array(get(&row, 5)?)?;
            return Ok(Acquire::Held(self.view(&row, 1, LeaseId { resource: *resource, holder })?));
        }
        let version = if ask.track_version { Some(self.read_version(&row, 6, resource)?) } else { None };
        let version = version.map(|Version { generation, dirty, tags, changed_at }| Begin {
            generation,
            dirty_before: dirty,
            tags,
            changed_at,
        });
        Ok(Acquire::Granted(Grant { fence: unsigned(get(&row, 2)?)?, expires_in: ask.ttl, version }))
    }

    async fn renew(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        ttl: Duration,
    ) -> Result<Option<Renewed>, StoreError> {
        let id = LeaseId::of(*resource, token);
        let ask = query("SELECT weir_conflict.renew($1, $2, $3, $4, $5)")
            .bind(lock(Lock::Resource, resource))
            .bind(number(space))
            .bind(&resource.bytes()[..])
            .bind(&id.holder[..])
            .bind(micros(ttl));
        let fence: Option<i64> = get(&self.server.row(ask).await?, 0)?;
        fence.map(|fence| Ok(Renewed { fence: unsigned(fence)?, expires_in: ttl })).transpose()
    }

    async fn release(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        end: Option<&WriteEnd<'_>>,
    ) -> Result<Released, StoreError> {
        let (view, generation) = self.leave(space, &LeaseId::of(*resource, token), end).await?;
        Ok(Released { held: view.is_some(), generation })
    }

    async fn locks(&self, resource: &ResourceKey, version: bool) -> Result<Locks, StoreError> {
        // The version comes once, and each lock beside it; a row without a lock comes where there is none.
        let ask = query(
            "SELECT (v).generation, (v).dirty, (v).tags, weir_conflict.wall((v).changed), \
                    h.holder, h.alone, h.fence, weir_conflict.us(clock_timestamp(), h.expires), h.detail \
             FROM (SELECT CASE WHEN $2 THEN weir_conflict.version($1, $3) END AS v OFFSET 0) AS one \
             LEFT JOIN weir_conflict.held h ON h.space = $4 AND h.resource = $1 AND h.expires > clock_timestamp() \
             ORDER BY h.fence",
        )
        .bind(&resource.bytes()[..])
        .bind(version)
        .bind(micros(VERSION_TTL))
        .bind(number(Space::Lock));
        let rows = self.server.rows(ask).await?;
        let mut locks = Locks::default();
        for row in &rows {
            if version && locks.version.is_none() {
                locks.version = Some(self.read_version(row, 0, resource)?);
            }
            if let Some(holder) = get::<Option<Vec<u8>>>(row, 4)? {
                let id = LeaseId { resource: *resource, holder: array(holder)? };
                locks.held.push(self.view(row, 5, id)?);
            }
        }
        Ok(locks)
    }

    async fn version(&self, resource: &ResourceKey) -> Result<Version, StoreError> {
        let ask =
            query("SELECT generation, dirty, tags, weir_conflict.wall(changed) FROM weir_conflict.version($1, $2)")
                .bind(&resource.bytes()[..])
                .bind(micros(VERSION_TTL));
        self.read_version(&self.server.row(ask).await?, 0, resource)
    }

    async fn learn(&self, resource: &ResourceKey, generation: u64, tag: &str) -> Result<bool, StoreError> {
        let ask = query("SELECT weir_conflict.learn($1, $2, $3, $4, $5, $6)")
            .bind(lock(Lock::Resource, resource))
            .bind(&resource.bytes()[..])
            .bind(signed(generation))
            .bind(self.sealed.text(resource, "tag", tag))
            .bind(i32::try_from(MAX_TAGS).unwrap_or(i32::MAX))
            .bind(micros(VERSION_TTL));
        get(&self.server.row(ask).await?, 0)
    }

    async fn begin(&self, key: &ResourceKey, ask: &IdemAsk<'_>) -> Result<Begun, StoreError> {
        let asked = query(
            "SELECT o_word, o_epoch, o_left, o_fingerprint, o_status, o_location, o_answer \
             FROM weir_conflict.key_begin($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(lock(Lock::Key, key))
        .bind(&key.bytes()[..])
        .bind(ask.fingerprint.map(Vec::from))
        .bind(ask.owner)
        .bind(micros(ask.lease))
        .bind(micros(ask.ttl))
        .bind(ask.on_lost == OnLost::Retry)
        .bind(self.sealed.text(key, "label", ask.label));
        let row = self.server.row(asked).await?;
        let fingerprint = get::<Option<Vec<u8>>>(&row, 3)?.map(array).transpose()?;
        match &get::<String>(&row, 0)?[..] {
            "N" => Ok(Begun::New { epoch: unsigned(get(&row, 1)?)? }),
            "M" => Ok(Begun::Mismatch),
            "B" => Ok(Begun::Busy { remaining: Duration::from_micros(unsigned(get(&row, 2)?)?), fingerprint }),
            "U" => Ok(Begun::Unknown { fingerprint }),
            "D" => {
                let sealed: Vec<u8> = get(&row, 6)?;
                Ok(Begun::Done(Arc::new(self.sealed.open_answer(key, &sealed, fingerprint)?)))
            }
            "X" => {
                let sealed: Option<Vec<u8>> = get(&row, 5)?;
                let location = sealed.map(|sealed| self.sealed.open_text(key, "location", &sealed)).transpose()?;
                let status = u16::try_from(get::<i32>(&row, 4)?).map_err(|_| StoreError::Malformed("a status"))?;
                Ok(Begun::NotStored { status, location, fingerprint })
            }
            _ => Err(StoreError::Malformed("the state of a key")),
        }
    }

    async fn end(
        &self,
        key: &ResourceKey,
        owner: &str,
        epoch: u64,
        end: &IdemEnd,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        let (word, fingerprint, status, location, answer) = match end {
            IdemEnd::Done(answer) => {
                ("D", answer.fingerprint, Some(answer.status), None, Some(self.sealed.answer(key, answer)))
            }
            IdemEnd::NotStored { status, location, fingerprint } => {
                ("X", *fingerprint, Some(*status), location.as_deref(), None)
            }
            IdemEnd::Unknown { fingerprint } => ("U", *fingerprint, None, None, None),
            IdemEnd::Released => ("R", None, None, None, None),
        };
        let ask = query("SELECT weir_conflict.key_end($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(lock(Lock::Key, key))
            .bind(&key.bytes()[..])
            .bind(owner)
            .bind(signed(epoch))
            .bind(word)
            .bind(fingerprint.map(Vec::from))
            .bind(status.map(i32::from))
            .bind(location.map(|at| self.sealed.text(key, "location", at)))
            .bind(answer)
            .bind(micros(ttl));
        get(&self.server.row(ask).await?, 0)
    }

    async fn extend(&self, key: &ResourceKey, owner: &str, epoch: u64, lease: Duration) -> Result<bool, StoreError> {
        let ask = query("SELECT weir_conflict.key_extend($1, $2, $3, $4, $5)")
            .bind(lock(Lock::Key, key))
            .bind(&key.bytes()[..])
            .bind(owner)
            .bind(signed(epoch))
            .bind(micros(lease));
        get(&self.server.row(ask).await?, 0)
    }

    async fn permit(&self, key: &ResourceKey, ask: &PermitAsk<'_>) -> Result<Permit, StoreError> {
        let asked = query("SELECT o_granted, o_taken, o_next FROM weir_conflict.permit($1, $2, $3, $4, $5, $6)")
            .bind(lock(Lock::Limit, key))
            .bind(&key.bytes()[..])
            .bind(ask.id.0.to_be_bytes().to_vec())
            .bind(i32::try_from(ask.limit).unwrap_or(i32::MAX))
            .bind(micros(ask.lease))
            .bind(self.sealed.text(key, "label", ask.label));
        let row = self.server.row(asked).await?;
        let taken = u32::try_from(get::<i64>(&row, 1)?).map_err(|_| StoreError::Malformed("a count"))?;
        if get(&row, 0)? {
            return Ok(Permit::Granted { taken });
        }
        Ok(Permit::Full { taken, next_in: Duration::from_micros(unsigned(get(&row, 2)?)?) })
    }

    async fn keep(&self, key: &ResourceKey, ids: &[PermitId], lease: Duration) -> Result<Vec<PermitId>, StoreError> {
        let ask = query("SELECT * FROM weir_conflict.permit_keep($1, $2, $3, $4)")
            .bind(lock(Lock::Limit, key))
            .bind(&key.bytes()[..])
            .bind(ids.iter().map(|id| id.0.to_be_bytes().to_vec()).collect::<Vec<_>>())
            .bind(micros(lease));
        let kept: Result<Vec<PermitId>, StoreError> = (self.server.rows(ask).await?.iter())
            .map(|row| Ok(PermitId(u128::from_be_bytes(array(get(row, 0)?)?))))
            .collect();
        let kept = kept?;
        Ok(ids.iter().copied().filter(|id| !kept.contains(id)).collect())
    }

    async fn give_back(&self, key: &ResourceKey, id: PermitId) -> Result<(), StoreError> {
        let ask = query("DELETE FROM weir_conflict.permits WHERE name = $1 AND id = $2")
            .bind(&key.bytes()[..])
            .bind(id.0.to_be_bytes().to_vec());
        self.server.rows(ask).await.map(|_| ())
    }

    async fn heartbeat(&self, node: &str, ttl: Duration) -> Result<u32, StoreError> {
        let ask = query("SELECT weir_conflict.heartbeat($1, $2)").bind(node).bind(micros(ttl));
        let count: i64 = get(&self.server.row(ask).await?, 0)?;
        u32::try_from(count).map_err(|_| StoreError::Malformed("a count"))
    }

    async fn list(&self, kind: Kind, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.page(kind, team, cursor, limit).await
    }

    async fn look(&self, kind: Kind, key: &ResourceKey) -> Result<Vec<Entry>, StoreError> {
        self.seen(kind, key).await
    }

    async fn break_lease(&self, space: Space, id: &LeaseId) -> Result<Option<LeaseView>, StoreError> {
        self.leave(space, id, None).await.map(|(view, _)| view)
    }

    async fn purge(&self, key: &ResourceKey) -> Result<bool, StoreError> {
        let ask =
            query("DELETE FROM weir_conflict.keys WHERE name = $1 AND expires > clock_timestamp() RETURNING true")
                .bind(&key.bytes()[..]);
        Ok(!self.server.rows(ask).await?.is_empty())
    }
}

#[async_trait]
impl Epochs for PostgresStore {
    async fn next_epoch(&self, store: &str) -> Result<u64, StoreError> {
        let ask = query("SELECT weir_conflict.next_epoch($1)").bind(store);
        unsigned(get(&self.server.row(ask).await?, 0)?)
    }
}

#[cfg(test)]
mod tests;
