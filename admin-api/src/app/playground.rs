//! The playground: a chat that goes through the data plane like any caller's.
//!
//! Where the data plane runs in this process, the key lives for one request and is stored nowhere. Where
//! it runs elsewhere, the key is a resource that expires within the hour, because the store is the only way there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use weir_domain::compile;
use weir_domain::credential::{self, ENTROPY, KeyHash};
use weir_domain::ports::{CredentialChange, LiveConfig};
use weir_domain::resource::{DEFAULT_TEAM, Kind, Resource};
use weir_domain::secret::Secret;
use weir_domain::spec::{ApiKey, Spec};
use weir_domain::time::{self, Micros};

use super::actor::Actor;
use super::change::{Edit, Matches, Order};
use super::{App, PLAYGROUND};
use crate::crypto;
use crate::error::Error;
use crate::store::ListFilter;

const MINUTE: Micros = 60 * 1_000_000;
/// The longest that a chat may take.
const LIFETIME: Micros = 15 * MINUTE;
/// How long a stored key is good.
const STORED: Micros = 60 * MINUTE;
/// The name of stored keys, by which those of processes that are gone are found.
const STORED_NAME: &str = "Playground of a control plane";
/// How often, and how far apart, a key is tried that another process may not have seen yet.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(500);

/// A stored key and when it expires.
pub(crate) type StoredKey = tokio::sync::Mutex<Option<(Secret, Micros)>>;

/// A key that stops working when it is dropped, however the request ended.
pub(crate) struct BorrowedKey {
    id: String,
    live: Arc<dyn LiveConfig>,
}

impl Drop for BorrowedKey {
    fn drop(&mut self) {
        self.live.credentials(CredentialChange::Remove(vec![self.id.clone()]));
    }
}

impl App {
    /// Sends a chat to the data plane. The answer's body must be read while the key is held.
    pub(crate) async fn chat(&self, body: Bytes) -> Result<(reqwest::Response, Option<BorrowedKey>), Error> {
        self.seed().await?;
        if let Some(live) = self.live.target() {
            let (key, borrowed) = borrow_key(live)?;
            return Ok((self.send(&key, body).await?, Some(borrowed)));
        }
        let key = self.stored_key().await?;
        let mut tries = 1;
        loop {
            let response = self.send(key.expose(), body.clone()).await?;
            // A gateway sees a new key within two seconds.
            if response.status() != reqwest::StatusCode::UNAUTHORIZED || tries == TRIES {
                return Ok((response, None));
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn send(&self, key: &str, body: Bytes) -> Result<reqwest::Response, Error> {
        let url = format!("{}/v1/chat/completions", self.settings.gateway_url.trim_end_matches('/'));
        let request = self.http()?.post(url).bearer_auth(key).header("content-type", "application/json").body(body);
        request.send().await.map_err(|error| {
            tracing::warn!(%error, "the data plane did not answer the playground");
            Error::Gateway(format!("the data plane at {} did not answer", self.settings.gateway_url))
        })
    }

    /// The stored key of this process, made anew before it expires.
    async fn stored_key(&self) -> Result<Secret, Error> {
        let mut known = self.playground_key.lock().await;
        if let Some((key, expires)) = &*known
            && *expires - time::now() > LIFETIME
        {
            return Ok(key.clone());
        }
        let actor = Actor::local("system");
        self.remove_expired(&actor).await?;
        let expires = time::now() + STORED;
        let spec = ApiKey {
            application: PLAYGROUND.to_owned(),
            name: STORED_NAME.to_owned(),
            expires_at: Some(time::to_rfc3339(expires)),
            ..ApiKey::default()
        };
        let (key, _) = self.make_key(spec, &actor).await?;
        *known = Some((key.clone(), expires));
        Ok(key)
    }

    async fn remove_expired(&self, actor: &Actor) -> Result<(), Error> {
        let search = STORED_NAME.to_lowercase();
        let (kind, parent) = (Kind::ApiKey, PLAYGROUND);
        let filter = ListFilter { kind, team: "", parent, search: &search, after: "", limit: 100 };
        let now = time::now();
        let mut edits = Vec::new();
        for row in self.db.resources(&filter).await? {
            let Spec::ApiKey(key) = row.parse()?.resource.spec else { continue };
            let expired = key.expires_at.is_some_and(|at| time::parse_rfc3339(&at).is_ok_and(|at| at < now));
            if expired && key.name == STORED_NAME {
                edits.push(Edit::Delete(kind, row.id, Matches::Any));
            }
        }
        if edits.is_empty() {
            return Ok(());
        }
        self.change(Order::together(edits, actor)).await?;
        Ok(())
    }

    /// The client to our own data plane, made when it is first needed.
    fn http(&self) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let mut client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        if let Some(tls) = &self.settings.gateway_tls {
            client = client.tls_backend_preconfigured(rustls::ClientConfig::clone(tls));
        }
        let client = client.build().map_err(|e| Error::Internal(e.to_string()))?;
        Ok(self.http.get_or_init(|| client))
    }
}

/// A key that the data plane of this process knows for as long as it is held.
fn borrow_key(live: Arc<dyn LiveConfig>) -> Result<(String, BorrowedKey), Error> {
    let key = credential::generate(&crypto::random::<ENTROPY>()?);
    let id = credential::public_id(&key).unwrap_or_default().to_owned();
    let spec = ApiKey {
        application: PLAYGROUND.to_owned(),
        hash: KeyHash::of(&key).to_hex(),
        expires_at: Some(time::to_rfc3339(time::now() + LIFETIME)),
        ..ApiKey::default()
    };
    let resource = Resource { id: id.clone(), team: DEFAULT_TEAM.to_owned(), spec: Spec::ApiKey(spec) };
    let credential = compile::credential(&resource)?;
    live.credentials(CredentialChange::Upsert(vec![credential]));
    Ok((key, BorrowedKey { id, live }))
}
