//! Idempotency keys: a POST that is repeated is carried out once and answered twice.
//! Follows draft-ietf-httpapi-idempotency-key-header.

use serde::{Deserialize, Serialize};
use weir_domain::time::{self, Micros};

use super::App;
use super::permission::Permission;
use super::session::Caller;
use crate::crypto;
use crate::error::Error;

const SECOND: Micros = 1_000_000;
/// How long an answer is kept.
const KEEP: Micros = 24 * 3600 * SECOND;
/// After this a claim without change and answer was left behind by a process that died.
const STALE: Micros = 60 * SECOND;

/// An answer as it is kept, sealed: it may hold an API key that is shown once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// What its caller had to be allowed; whoever asks again must be still.
    pub(crate) needs: Option<Permission>,
}

/// What to do with a request that carries a key.
pub(crate) enum Begin {
    /// Carry it out; this names its row.
    Go(String),
    /// It was answered before.
    Replay(KeptAnswer),
}

/// What makes a request the same one.
pub(crate) struct Request<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) method: &'a str,
    pub(crate) path_and_query: &'a str,
    pub(crate) key: &'a str,
    pub(crate) body: &'a [u8],
}

impl App {
    /// Claims the key of a request, or finds what was answered to it.
    pub(crate) async fn begin_idempotent(&self, request: &Request<'_>) -> Result<Begin, Error> {
        let path = request.path_and_query.split('?').next().unwrap_or_default();
        let id = crypto::sha256_hex([&request.caller.id, request.method, path, request.key].join("\n").as_bytes());
        // Keyed, as the body may hold a password, which a plain hash would let be guessed.
        let whole = [request.path_and_query.as_bytes(), b"\n", request.body].concat();
        let hash = crypto::hex(&self.vault.mac(b"idempotency", &whole));
        let now = time::now();
        let mut tx = self.db.begin().await?;
        let claimed = tx.claim_idempotency(&id, &hash, now, now - STALE, now - KEEP).await?;
        tx.commit().await?;
        if claimed {
            return Ok(Begin::Go(id));
        }
        let row = self.db.idempotency(&id).await?.ok_or(Error::IdempotencyRunning)?;
        if row.request_hash != hash {
            return Err(Error::IdempotencyMismatch);
        }
        match row.answer {
            Some(sealed) => {
                let bytes = self.vault.open_bytes(&place(&id), &sealed).map_err(Error::Internal)?;
                let answer: KeptAnswer = serde_json::from_slice(&bytes).map_err(|e| Error::Internal(e.to_string()))?;
                answer.needs.map_or(Ok(()), |needs| request.caller.require(needs))?;
                Ok(Begin::Replay(answer))
            }
            None if row.committed == 1 && row.started_at < now - STALE => Err(Error::IdempotencyLost),
            None => Err(Error::IdempotencyRunning),
        }
    }

    /// Keeps the answer to a request that was carried out.
    pub(crate) async fn end_idempotent(&self, id: &str, answer: &KeptAnswer) -> Result<(), Error> {
        let text = serde_json::to_vec(answer).map_err(|e| Error::Internal(e.to_string()))?;
        let sealed = self.vault.seal_bytes(&place(id), &text).map_err(Error::Internal)?;
        let mut tx = self.db.begin().await?;
        tx.answer_idempotency(id, &sealed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Frees the key of a request that failed on our side: it may be tried again.
    pub(crate) async fn release_idempotent(&self, id: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        tx.release_idempotency(id).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn place(id: &str) -> String {
    format!("idempotency/{id}")
}
