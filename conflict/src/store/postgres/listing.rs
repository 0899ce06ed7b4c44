//! Listings by name.

use std::time::Duration;

use sqlx::query;

use super::{PostgresStore, array, get, number, unsigned};
use crate::resource::{LeaseId, ResourceKey, TeamTag};
use crate::store::{Entry, KeyState, Kind, MAX_PAGE, MAX_SHARED, Page, Space, StoreError};

impl PostgresStore {
    pub(super) async fn page(
        &self,
        kind: Kind,
        team: TeamTag,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut page = match kind {
            Kind::Held(space) => self.held(space, team, cursor, limit).await?,
            Kind::Key => self.keys(team, cursor, limit).await?,
            Kind::Limit => self.limits(team, cursor, limit).await?,
        };
        if page.entries.len() < limit {
            page.next = None;
        }
        Ok(page)
    }

    /// What lies under one name: the beginning of the page that begins right before it.
    pub(super) async fn seen(&self, kind: Kind, key: &ResourceKey) -> Result<Vec<Entry>, StoreError> {
        let before = ResourceKey::from_bytes(before(*key.bytes()));
        let (cursor, limit) = match kind {
            Kind::Held(_) => (LeaseId { resource: before, holder: [0xff; 16] }.to_string(), MAX_SHARED),
            Kind::Key | Kind::Limit => (before.to_string(), 1),
        };
        let mut entries = self.page(kind, key.team(), Some(&cursor), limit).await?.entries;
        entries.retain(|entry| match entry {
            Entry::Held(view) => view.id.resource == *key,
            Entry::Key { id, .. } | Entry::Limit { id, .. } => id == key,
        });
        Ok(entries)
    }

    async fn held(&self, space: Space, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        let after: Option<LeaseId> = cursor.map(str::parse).transpose().map_err(|_| StoreError::BadCursor)?;
        let (first, last) = range(team);
        let (resource, holder) =
            after.map_or((first, Vec::new()), |id| (id.resource.bytes().to_vec(), id.holder.to_vec()));
        let ask = query(
            "SELECT resource, holder, alone, fence, weir_conflict.us(clock_timestamp(), expires), detail \
             FROM weir_conflict.held \
             WHERE space = $1 AND resource <= $2 AND (resource, holder) > ($3, $4) AND expires > clock_timestamp() \
             ORDER BY resource, holder LIMIT $5",
        )
        .bind(number(space))
        .bind(last)
        .bind(resource)
        .bind(holder)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut page = Page::default();
        for row in &self.server.rows(ask).await? {
            let resource = ResourceKey::from_bytes(array(get(row, 0)?)?);
            let id = LeaseId { resource, holder: array(get(row, 1)?)? };
            page.next = Some(id.to_string());
            if resource.team() == team {
                page.entries.push(Entry::Held(self.view(row, 2, id)?));
            }
        }
        Ok(page)
    }

    async fn keys(&self, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        let (first, last) = span(team, cursor)?;
        let ask = query(
            "SELECT name, state::text, status, weir_conflict.us(clock_timestamp(), lease), \
                    weir_conflict.us(clock_timestamp(), expires), label, \
                    fingerprint \
             FROM weir_conflict.keys WHERE name > $1 AND name <= $2 AND expires > clock_timestamp() \
             ORDER BY name LIMIT $3",
        )
        .bind(first)
        .bind(last)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut page = Page::default();
        for row in &self.server.rows(ask).await? {
            let id = ResourceKey::from_bytes(array(get(row, 0)?)?);
            let lease = unsigned(get(row, 3)?)?;
            let state = match &get::<String>(row, 1)?[..] {
                "P" if lease > 0 => KeyState::Pending,
                "D" => KeyState::Done,
                "X" => KeyState::NotStored,
                _ => KeyState::Unknown,
            };
            page.next = Some(id.to_string());
            page.entries.push(Entry::Key {
                id,
                state,
                status: get::<Option<i32>>(row, 2)?.and_then(|status| u16::try_from(status).ok()),
                lease_remaining: (state == KeyState::Pending).then(|| Duration::from_micros(lease)),
                expires_in: Duration::from_micros(unsigned(get(row, 4)?)?),
                fingerprint: get::<Option<Vec<u8>>>(row, 6)?.and_then(|digest| digest.try_into().ok()),
                label: self.sealed.open_text(&id, "label", &get::<Vec<u8>>(row, 5)?)?,
            });
        }
        Ok(page)
    }

    async fn limits(&self, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        let (first, last) = span(team, cursor)?;
        let ask = query(
            "SELECT name, count(*), max(most), (array_agg(label))[1] \
             FROM weir_conflict.permits WHERE name > $1 AND name <= $2 AND expires > clock_timestamp() \
             GROUP BY name ORDER BY name LIMIT $3",
        )
        .bind(first)
        .bind(last)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut page = Page::default();
        let count = |n: i64| u32::try_from(n).map_err(|_| StoreError::Malformed("a count"));
        for row in &self.server.rows(ask).await? {
            let id = ResourceKey::from_bytes(array(get(row, 0)?)?);
            page.next = Some(id.to_string());
            page.entries.push(Entry::Limit {
                id,
                taken: count(get(row, 1)?)?,
                limit: count(i64::from(get::<i32>(row, 2)?))?,
                label: self.sealed.open_text(&id, "label", &get::<Vec<u8>>(row, 3)?)?,
            });
        }
        Ok(page)
    }
}

/// The name before this one, as a store orders them.
fn before(mut name: [u8; 32]) -> [u8; 32] {
    for byte in name.iter_mut().rev() {
        let borrows = *byte == 0;
        *byte = byte.wrapping_sub(1);
        if !borrows {
            break;
        }
    }
    name
}

/// Before the first and at the last name that a team can have.
fn range(team: TeamTag) -> (Vec<u8>, Vec<u8>) {
    let (mut first, mut last) = (vec![0; 32], vec![0xff; 32]);
    first[..8].copy_from_slice(team.bytes());
    last[..8].copy_from_slice(team.bytes());
    (first, last)
}

/// Behind which name and up to which a page goes.
fn span(team: TeamTag, cursor: Option<&str>) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let (first, last) = range(team);
    let after: Option<ResourceKey> = cursor.map(str::parse).transpose().map_err(|_| StoreError::BadCursor)?;
    Ok((after.map_or(first, |key| key.bytes().to_vec()), last))
}
