//! The store in Redis or Valkey, from 7.0 on: one script and one round trip for each call, times by Redis alone.
//!
//! Keys are `weir:{bN}:…` with N the bucket of the name, so that all keys of one script lie in one slot of a cluster. The
//! server must not evict keys (`maxmemory-policy noeviction`): a lease that is evicted is a lease that is lost.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{AsyncConnectionConfig, Client, ScriptInvocation};
use weir_domain::secret::Secret;
use weir_domain::spec::{LockMode, OnLost};

use self::link::Link;
use self::reply::Reply;
use self::scripts::{SCRIPTS, Scripts};
use super::sealed::Sealed;
use super::{
    Acquire, Begin, Begun, Entry, Epochs, Grant, IdemAsk, IdemEnd, Kind, LeaseAsk, LeaseView, Locks, MAX_SHARED,
    MAX_TAGS, Page, Permit, PermitAsk, PermitId, Released, Renewed, Space, Store, StoreError, VERSION_TTL, Version,
    WriteEnd,
};
use crate::resource::{LeaseId, Names, ResourceKey, TeamTag};

mod link;
mod listing;
mod reply;
mod scripts;

/// A store in Redis.
pub struct RedisStore {
    link: Arc<Link>,
    sealed: Sealed,
    scripts: &'static Scripts,
    keeps_epochs: bool,
}

impl RedisStore {
    /// One at this address (`redis://`, `rediss://`), of which each call may take `op_timeout`. Nothing is connected yet.
    /// With `epochs` that store counts how often this one lost data; without it this one's clock marks that.
    ///
    /// # Errors
    /// When the address cannot be read. The error does not quote it: it may hold a password.
    pub fn new(
        url: &Secret,
        op_timeout: Duration,
        names: Arc<Names>,
        epochs: Option<(String, Arc<dyn Epochs>)>,
    ) -> Result<Self, StoreError> {
        let client = Client::open(url.expose())
            .map_err(|_| StoreError::Unavailable("its address is not one of Redis".to_owned()))?;
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(link::CONNECT)).set_response_timeout(None);
        let keeps_epochs = epochs.is_some();
        let link = Link::new(client, config, op_timeout, epochs);
        Ok(Self { link: Arc::new(link), sealed: Sealed(names), scripts: &SCRIPTS, keeps_epochs })
    }

    async fn run(&self, call: &ScriptInvocation<'_>) -> Result<Reply, StoreError> {
        self.link.run(call).await
    }

    fn entry(&self, id: LeaseId, entry: &[u8], now: u64) -> Result<LeaseView, StoreError> {
        reply::lease(&self.sealed, id, entry, now)
    }

    fn views(&self, resource: &ResourceKey, pairs: &[Vec<u8>], now: u64) -> Result<Vec<LeaseView>, StoreError> {
        let mut views = Vec::with_capacity(pairs.len() / 2);
        for pair in pairs.chunks_exact(2) {
            let id = LeaseId { resource: *resource, holder: reply::holder_id(&pair[0])? };
            views.push(self.entry(id, &pair[1], now)?);
        }
        views.retain(|view| !view.expires_in.is_zero());
        views.sort_by_key(|view| view.fence);
        Ok(views)
    }

    fn tags(&self, key: &ResourceKey, text: &[u8]) -> Result<Vec<String>, StoreError> {
        let sealed = text.split(|byte| *byte == b',').filter(|tag| !tag.is_empty());
        sealed.map(|tag| self.sealed.open_text(key, "tag", &reply::unbase64(tag)?)).collect()
    }

    async fn held(&self, space: Space, resource: &ResourceKey, version: bool) -> Result<Locks, StoreError> {
        let mut call = self.scripts.held.prepare_invoke();
        call.key(held_key(space, resource)).key(key("v", resource));
        call.arg(u8::from(version)).arg(millis(VERSION_TTL));
        let mut reply = self.run(&call).await?;
        let now = reply.number()?;
        let held = self.views(resource, &reply.list()?, now)?;
        let mut known = Reply::of(reply.list()?);
        let version = if version { Some(self.read_version(resource, &mut known)?) } else { None };
        Ok(Locks { held, version })
    }

    fn read_version(&self, resource: &ResourceKey, known: &mut Reply) -> Result<Version, StoreError> {
        Ok(Version {
            generation: known.number()?,
            dirty: known.number()? == 1,
            tags: self.tags(resource, &known.bytes()?)?,
            changed_at: known.optional_number()?.and_then(|at| i64::try_from(at).ok()),
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
        let tag = tag.map(|tag| reply::base64(&self.sealed.text(resource, "tag", tag))).unwrap_or_default();
        let mut call = self.scripts.release.prepare_invoke();
        call.key(held_key(space, resource)).key(index_key(Kind::Held(space), resource)).key(key("v", resource));
        call.arg(reply::base64(&id.holder)).arg(resource.to_string()).arg(how).arg(fence).arg(tag);
        call.arg(millis(VERSION_TTL));
        let mut reply = self.run(&call).await?;
        let (entry, now, generation) = (reply.bytes()?, reply.number()?, reply.optional_number()?);
        let view = if entry.is_empty() { None } else { Some(self.entry(*id, &entry, now)?) };
        Ok((view, generation))
    }
}

fn letter(kind: Kind) -> &'static str {
    match kind {
        Kind::Held(Space::Write) => "w",
        Kind::Held(Space::Lock) => "l",
        Kind::Key => "k",
        Kind::Limit => "p",
    }
}

/// The key of a name: `weir:{bN}:LETTER:NAME`.
fn key(letter: &str, name: &ResourceKey) -> String {
    format!("weir:{{b{}}}:{letter}:{name}", name.bucket())
}

fn held_key(space: Space, name: &ResourceKey) -> String {
    key(letter(Kind::Held(space)), name)
}

/// The key of a team's index of one bucket.
fn team_key(kind: Kind, bucket: u8, team: TeamTag) -> String {
    format!("weir:{{b{bucket}}}:i{}:{team}", letter(kind))
}

fn index_key(kind: Kind, name: &ResourceKey) -> String {
    team_key(kind, name.bucket(), name.team())
}

fn fence_key(bucket: u8) -> String {
    format!("weir:{{b{bucket}}}:fence")
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn fingerprint(print: Option<[u8; 32]>) -> String {
    print.map(|print| reply::base64(&print)).unwrap_or_default()
}

#[async_trait]
impl Store for RedisStore {
    async fn acquire(&self, resource: &ResourceKey, ask: &LeaseAsk<'_>) -> Result<Acquire, StoreError> {
        let id = LeaseId::of(*resource, ask.token);
        let mut call = self.scripts.acquire.prepare_invoke();
        call.key(held_key(ask.space, resource)).key(fence_key(resource.bucket()));
        call.key(index_key(Kind::Held(ask.space), resource)).key(key("v", resource));
        call.arg(if ask.mode == LockMode::Exclusive { "x" } else { "s" }).arg(reply::base64(&id.holder));
        call.arg(micros(ask.ttl)).arg(reply::base64(&self.sealed.holder(resource, ask.holder)));
        call.arg(resource.to_string()).arg(u8::from(ask.track_version)).arg(u8::from(self.keeps_epochs));
        call.arg(MAX_SHARED).arg(millis(VERSION_TTL));
        let mut reply = self.run(&call).await?;
        let mut word = reply.bytes()?;
        if word == b"L" {
            // The server lost its fences under a connection that went on: FLUSHALL.
            self.link.raise_fences(resource.bucket()).await?;
            reply = self.run(&call).await?;
            word = reply.bytes()?;
        }
        match &word[..] {
            b"H" => {
                let holder = reply::holder_id(&reply.bytes()?)?;
                let entry = reply.bytes()?;
                let id = LeaseId { resource: *resource, holder };
                Ok(Acquire::Held(self.entry(id, &entry, reply.number()?)?))
            }
            b"G" => {
                let fence = reply.number()?;
                let version = if ask.track_version { Some(self.read_version(resource, &mut reply)?) } else { None };
                let version = version.map(|Version { generation, dirty, tags, changed_at }| Begin {
                    generation,
                    dirty_before: dirty,
                    tags,
                    changed_at,
                });
                Ok(Acquire::Granted(Grant { fence, expires_in: ask.ttl, version }))
            }
            _ => Err(StoreError::Malformed("an answer of acquire")),
        }
    }

    async fn renew(
        &self,
        resource: &ResourceKey,
        space: Space,
        token: &str,
        ttl: Duration,
    ) -> Result<Option<Renewed>, StoreError> {
        let id = LeaseId::of(*resource, token);
        let mut call = self.scripts.renew.prepare_invoke();
        call.key(held_key(space, resource)).key(index_key(Kind::Held(space), resource));
        call.arg(reply::base64(&id.holder)).arg(micros(ttl)).arg(resource.to_string());
        let mut reply = self.run(&call).await?;
        if reply.bytes()? == b"-" {
            return Ok(None);
        }
        Ok(Some(Renewed { fence: reply.number()?, expires_in: ttl }))
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
        self.held(Space::Lock, resource, version).await
    }

    async fn version(&self, resource: &ResourceKey) -> Result<Version, StoreError> {
        let locks = self.held(Space::Lock, resource, true).await?;
        locks.version.ok_or(StoreError::Malformed("a version"))
    }

    async fn learn(&self, resource: &ResourceKey, generation: u64, tag: &str) -> Result<bool, StoreError> {
        let mut call = self.scripts.learn.prepare_invoke();
        call.key(key("v", resource)).arg(generation);
        call.arg(reply::base64(&self.sealed.text(resource, "tag", tag))).arg(MAX_TAGS).arg(millis(VERSION_TTL));
        self.run(&call).await?.flag()
    }

    async fn begin(&self, name: &ResourceKey, ask: &IdemAsk<'_>) -> Result<Begun, StoreError> {
        let mut call = self.scripts.key_begin.prepare_invoke();
        call.key(key("k", name)).key(index_key(Kind::Key, name)).arg(fingerprint(ask.fingerprint)).arg(ask.owner);
        call.arg(micros(ask.lease)).arg(millis(ask.ttl));
        call.arg(if ask.on_lost == OnLost::Retry { "r" } else { "u" });
        call.arg(self.sealed.text(name, "label", ask.label)).arg(name.to_string());
        let mut reply = self.run(&call).await?;
        let word = reply.bytes()?;
        match &word[..] {
            b"N" => return Ok(Begun::New { epoch: reply.number()? }),
            b"M" => return Ok(Begun::Mismatch),
            _ => {}
        }
        let fingerprint = reply.fingerprint()?;
        match &word[..] {
            b"B" => Ok(Begun::Busy { remaining: Duration::from_micros(reply.number()?), fingerprint }),
            b"U" => Ok(Begun::Unknown { fingerprint }),
            b"D" => Ok(Begun::Done(Arc::new(self.sealed.open_answer(name, &reply.bytes()?, fingerprint)?))),
            b"X" => {
                let status = reply.status()?;
                let sealed = reply.bytes()?;
                let open = || self.sealed.open_text(name, "location", &sealed);
                let location = if sealed.is_empty() { None } else { Some(open()?) };
                Ok(Begun::NotStored { status, location, fingerprint })
            }
            _ => Err(StoreError::Malformed("the state of a key")),
        }
    }

    async fn end(
        &self,
        name: &ResourceKey,
        owner: &str,
        epoch: u64,
        end: &IdemEnd,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        let (word, print, status, location, answer) = match end {
            IdemEnd::Done(answer) => ("D", answer.fingerprint, answer.status, None, self.sealed.answer(name, answer)),
            IdemEnd::NotStored { status, location, fingerprint } => {
                ("X", *fingerprint, *status, location.as_deref(), Vec::new())
            }
            IdemEnd::Unknown { fingerprint } => ("U", *fingerprint, 0, None, Vec::new()),
            IdemEnd::Released => ("R", None, 0, None, Vec::new()),
        };
        let location = location.map(|at| self.sealed.text(name, "location", at)).unwrap_or_default();
        let mut call = self.scripts.key_end.prepare_invoke();
        call.key(key("k", name)).key(index_key(Kind::Key, name)).arg(owner).arg(epoch).arg(word);
        call.arg(fingerprint(print)).arg(status).arg(location).arg(answer).arg(millis(ttl)).arg(name.to_string());
        self.run(&call).await?.flag()
    }

    async fn extend(&self, name: &ResourceKey, owner: &str, epoch: u64, lease: Duration) -> Result<bool, StoreError> {
        let mut call = self.scripts.key_extend.prepare_invoke();
        call.key(key("k", name)).key(index_key(Kind::Key, name));
        call.arg(owner).arg(epoch).arg(micros(lease)).arg(name.to_string());
        self.run(&call).await?.flag()
    }

    async fn permit(&self, name: &ResourceKey, ask: &PermitAsk<'_>) -> Result<Permit, StoreError> {
        let mut call = self.scripts.permit.prepare_invoke();
        call.key(key("p", name)).key(key("a", name)).key(index_key(Kind::Limit, name));
        call.arg(ask.limit).arg(reply::base64(&ask.id.0.to_be_bytes())).arg(micros(ask.lease));
        call.arg(self.sealed.text(name, "label", ask.label)).arg(name.to_string());
        let mut reply = self.run(&call).await?;
        let granted = reply.number()? == 1;
        let taken = reply.count()?;
        if granted {
            return Ok(Permit::Granted { taken });
        }
        Ok(Permit::Full { taken, next_in: Duration::from_micros(reply.number()?) })
    }

    async fn keep(&self, name: &ResourceKey, ids: &[PermitId], lease: Duration) -> Result<Vec<PermitId>, StoreError> {
        let mut call = self.scripts.permit_keep.prepare_invoke();
        call.key(key("p", name)).key(key("a", name)).key(index_key(Kind::Limit, name));
        call.arg(micros(lease)).arg(name.to_string());
        for id in ids {
            call.arg(reply::base64(&id.0.to_be_bytes()));
        }
        let gone = self.run(&call).await?.rest();
        gone.into_iter().map(|id| Ok(PermitId(u128::from_be_bytes(reply::holder_id(&id)?)))).collect()
    }

    async fn give_back(&self, name: &ResourceKey, id: PermitId) -> Result<(), StoreError> {
        let mut call = self.scripts.permit_back.prepare_invoke();
        call.key(key("p", name)).key(key("a", name)).key(index_key(Kind::Limit, name));
        call.arg(reply::base64(&id.0.to_be_bytes())).arg(name.to_string());
        self.run(&call).await.map(|_| ())
    }

    async fn heartbeat(&self, node: &str, ttl: Duration) -> Result<u32, StoreError> {
        let mut call = self.scripts.nodes.prepare_invoke();
        call.key("weir:{nodes}").arg(node).arg(micros(ttl));
        self.run(&call).await?.count()
    }

    async fn list(&self, kind: Kind, team: TeamTag, cursor: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        self.page(kind, team, cursor, limit).await
    }

    async fn look(&self, kind: Kind, name: &ResourceKey) -> Result<Vec<Entry>, StoreError> {
        self.seen(kind, *name).await
    }

    async fn break_lease(&self, space: Space, id: &LeaseId) -> Result<Option<LeaseView>, StoreError> {
        self.leave(space, id, None).await.map(|(view, _)| view)
    }

    async fn purge(&self, name: &ResourceKey) -> Result<bool, StoreError> {
        let mut call = self.scripts.key_purge.prepare_invoke();
        call.key(key("k", name)).key(index_key(Kind::Key, name)).arg(name.to_string());
        self.run(&call).await?.flag()
    }
}

#[cfg(test)]
mod tests;
