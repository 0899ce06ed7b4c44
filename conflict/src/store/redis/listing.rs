//! Listings: a team's indexes bucket by bucket, then what they name. Two round trips for most pages, and no KEYS or SCAN.

use std::time::Duration;

use redis::{Value, pipe};

use super::reply::Reply;
use super::{RedisStore, held_key, key, team_key};
use crate::resource::{ResourceKey, TeamTag};
use crate::store::{Entry, KeyState, Kind, MAX_PAGE, Page, StoreError};

/// How many buckets are looked at in one round trip.
const BUCKETS: u16 = 64;
/// How many entries of one bucket may run out in the same microsecond, more or less.
const TIES: usize = 64;

/// Behind which entry a page begins: `BUCKET:SCORE:NAME`, where the score is when it runs out.
struct Cursor {
    bucket: u16,
    /// The entry's score and name; none at the bucket's beginning.
    entry: Option<(String, String)>,
}

/// An entry of an index.
struct Found {
    bucket: u16,
    score: String,
    name: String,
}

impl Cursor {
    fn read(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else { return Some(Self { bucket: 0, entry: None }) };
        let (bucket, rest) = text.split_once(':')?;
        let (score, name) = rest.split_once(':')?;
        let bucket = bucket.parse().ok().filter(|bucket| *bucket <= 255)?;
        score.parse::<u64>().ok()?;
        name.parse::<ResourceKey>().ok()?;
        Some(Self { bucket, entry: Some((score.to_owned(), name.to_owned())) })
    }

    fn is_behind(&self, found: &Found) -> bool {
        found.bucket != self.bucket
            || self.entry.as_ref().is_none_or(|(score, name)| (&found.score, &found.name) > (score, name))
    }
}

impl RedisStore {
    pub(super) async fn page(
        &self,
        kind: Kind,
        team: TeamTag,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let cursor = Cursor::read(cursor).ok_or(StoreError::BadCursor)?;
        let mut page = Page::default();
        let mut first = cursor.bucket;
        let mut found: Vec<Found> = Vec::new();
        while first <= 255 && found.len() <= limit {
            let last = (first + BUCKETS).min(256);
            found.extend(self.named(kind, team, &cursor, first..last, limit).await?);
            first = last;
        }
        if found.len() > limit {
            found.truncate(limit);
            page.next = found.last().map(|Found { bucket, score, name }| format!("{bucket}:{score}:{name}"));
        }
        for found in found {
            let name = found.name.parse().map_err(|_| StoreError::Malformed("a name"))?;
            page.entries.extend(self.seen(kind, name).await?);
        }
        Ok(page)
    }

    async fn named(
        &self,
        kind: Kind,
        team: TeamTag,
        cursor: &Cursor,
        buckets: std::ops::Range<u16>,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        let mut ask = pipe();
        for bucket in buckets.clone() {
            let from = cursor.entry.as_ref().filter(|_| bucket == cursor.bucket).map_or("-inf", |(score, _)| score);
            let index = team_key(kind, u8::try_from(bucket).unwrap_or(u8::MAX), team);
            ask.cmd("ZRANGEBYSCORE").arg(index).arg(from).arg("+inf").arg("WITHSCORES");
            ask.arg("LIMIT").arg(0).arg(limit + TIES);
        }
        let answers = self.link.pipe(&ask).await?;
        let mut all = Vec::new();
        for (bucket, answer) in buckets.zip(answers) {
            for pair in members(answer) {
                let (name, score) = pair?;
                all.push(Found { bucket, score, name });
            }
        }
        all.retain(|found| cursor.is_behind(found));
        Ok(all)
    }

    /// What lies under a name now: nothing where it ran out.
    pub(super) async fn seen(&self, kind: Kind, name: ResourceKey) -> Result<Vec<Entry>, StoreError> {
        match kind {
            Kind::Held(space) => {
                let mut call = self.scripts.held.prepare_invoke();
                call.key(held_key(space, &name)).key(key("v", &name)).arg(0).arg(1);
                let mut reply = self.run(&call).await?;
                let now = reply.number()?;
                Ok(self.views(&name, &reply.list()?, now)?.into_iter().map(Entry::Held).collect())
            }
            Kind::Key => {
                let mut call = self.scripts.key_view.prepare_invoke();
                call.key(key("k", &name));
                self.key_entry(name, self.run(&call).await?)
            }
            Kind::Limit => {
                let mut call = self.scripts.permit_view.prepare_invoke();
                call.key(key("p", &name)).key(key("a", &name));
                let mut reply = self.run(&call).await?;
                if reply.is_empty() {
                    return Ok(Vec::new());
                }
                let (taken, limit) = (reply.count()?, reply.count()?);
                let label = self.sealed.open_text(&name, "label", &reply.bytes()?)?;
                Ok(vec![Entry::Limit { id: name, taken, limit, label }])
            }
        }
    }

    fn key_entry(&self, name: ResourceKey, mut reply: Reply) -> Result<Vec<Entry>, StoreError> {
        if reply.is_empty() {
            return Ok(Vec::new());
        }
        let state = match &reply.bytes()?[..] {
            b"P" => KeyState::Pending,
            b"D" => KeyState::Done,
            b"X" => KeyState::NotStored,
            _ => KeyState::Unknown,
        };
        let status = reply.optional_number()?.and_then(|status| u16::try_from(status).ok());
        let lease = reply.bytes()?;
        let lease = std::str::from_utf8(&lease).ok().and_then(|text| text.parse().ok()).map(Duration::from_micros);
        let expires_in = Duration::from_millis(reply.number()?);
        let label = self.sealed.open_text(&name, "label", &reply.bytes()?)?;
        let fingerprint = reply.bytes()?;
        Ok(vec![Entry::Key {
            id: name,
            state,
            status: status.filter(|_| matches!(state, KeyState::Done | KeyState::NotStored)),
            lease_remaining: lease.filter(|_| state == KeyState::Pending),
            expires_in,
            fingerprint: fingerprint.try_into().ok(),
            label,
        }])
    }
}

/// Names and scores of an index. RESP3 has them in pairs, RESP2 one after the other.
fn members(answer: Value) -> Vec<Result<(String, String), StoreError>> {
    let flat = Reply::new(answer).rest();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| StoreError::Malformed("an index"));
    flat.chunks_exact(2).map(|pair| Ok((text(&pair[0])?, text(&pair[1])?))).collect()
}
