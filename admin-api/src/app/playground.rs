//! The playground: a chat that goes through the data plane like any caller's, with a key that lives for
//! one request.

use std::sync::Arc;

use bytes::Bytes;
use weir_domain::compile;
use weir_domain::credential::{self, ENTROPY, KeyHash};
use weir_domain::ports::{CredentialChange, LiveConfig};
use weir_domain::resource::{DEFAULT_TEAM, Resource};
use weir_domain::spec::{ApiKey, Spec};
use weir_domain::time;

use super::{App, PLAYGROUND};
use crate::crypto;
use crate::error::Error;

/// The longest that a chat may take.
const LIFETIME: time::Micros = 15 * 60 * 1_000_000;

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
    pub(crate) async fn chat(&self, body: Bytes) -> Result<(reqwest::Response, BorrowedKey), Error> {
        let live = self.live.target().ok_or_else(|| {
            Error::Gateway("no data plane runs in this process; the playground works with weir run".to_owned())
        })?;
        self.seed().await?;
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
        let borrowed = BorrowedKey { id, live };
        let url = format!("{}/v1/chat/completions", self.settings.gateway_url.trim_end_matches('/'));
        let request = self.http()?.post(url).bearer_auth(&key).header("content-type", "application/json").body(body);
        let response = request.send().await.map_err(|error| {
            tracing::warn!(%error, "the data plane did not answer the playground");
            Error::Gateway(format!("the data plane at {} did not answer", self.settings.gateway_url))
        })?;
        Ok((response, borrowed))
    }

    /// The client to our own data plane, made when it is first needed.
    fn http(&self) -> Result<&reqwest::Client, Error> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|e| Error::Internal(e.to_string()))?;
        Ok(self.http.get_or_init(|| client))
    }
}
