//! Tokens of credentials that are no header themselves: fetched once for all who wait, fetched anew before they expire,
//! never on the way of a request once there is one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use http::header::HeaderValue;
use parking_lot::Mutex;
use weir_domain::grant::{self, Grant, GrantError, Granted};

use super::post::{Post, PostError};

/// A token is not used in its last seconds: the way to the provider takes time, and clocks differ.
const MARGIN: Duration = Duration::from_secs(30);
/// How long before its end a new token is fetched, at most; of a short life it is a fifth.
const AHEAD: Duration = Duration::from_mins(5);
/// How long a failure is believed before the endpoint is asked again.
const FAILURE: Duration = Duration::from_secs(2);
/// A token that a provider refuses is not fetched anew more often than this; tests do not wait for it.
const REFUSED: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 30 });

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    /// The endpoint cannot be asked.
    #[error("the token endpoint {0}")]
    Post(#[from] PostError),
    /// It gave none.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

/// The token of one credential. Shared by all workers.
pub(super) struct Token {
    grant: Grant,
    held: ArcSwapOption<Held>,
    flight: Mutex<Option<Flight>>,
}

/// A token that was fetched.
struct Held {
    /// `Bearer …`, marked as sensitive.
    header: HeaderValue,
    fetched: Instant,
    /// When a new one is fetched.
    renew: Instant,
    /// When it is not used any more.
    ends: Instant,
}

/// A fetch under way or just over, for which all who ask wait together.
type Flight = Shared<BoxFuture<'static, Landed>>;

/// How a fetch ended, and when.
#[derive(Clone)]
struct Landed {
    at: Instant,
    result: Result<(), TokenError>,
}

impl Token {
    pub(super) fn new(grant: Grant) -> Self {
        Self { grant, held: ArcSwapOption::empty(), flight: Mutex::default() }
    }

    /// Whether it is the token of this credential.
    pub(super) fn is_of(&self, grant: &Grant) -> bool {
        self.grant == *grant
    }

    /// The header, when there is a token that may be used.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.held.load().as_ref().filter(|held| Instant::now() < held.ends).map(|held| held.header.clone())
    }

    /// Sees to it that there is a token: at once when there is one, which is fetched anew in the background when its
    /// end comes near. An endpoint that is down does no harm while the old token holds.
    ///
    /// # Errors
    /// There is none, and none can be had.
    pub(super) async fn ready(self: &Arc<Self>, post: &Arc<Post>) -> Result<(), TokenError> {
        let now = Instant::now();
        let (usable, fresh) =
            self.held.load().as_ref().map_or((false, false), |held| (now < held.ends, now < held.renew));
        if fresh {
            return Ok(());
        }
        let flight = self.fly(post);
        if usable { Ok(()) } else { flight.await.result }
    }

    /// Notes that the provider refused the token: a new one is fetched before the next request.
    pub(super) fn refused(&self) {
        if let Some(held) = self.held.load().as_ref().filter(|held| held.fetched.elapsed() > REFUSED) {
            let now = Instant::now();
            self.held.store(Some(Arc::new(Held { header: held.header.clone(), fetched: now, renew: now, ends: now })));
        }
    }

    /// The fetch under way, or a new one: at most one at a time, and after a failure none for a while.
    fn fly(self: &Arc<Self>, post: &Arc<Post>) -> Flight {
        let mut flight = self.flight.lock();
        if let Some(current) = flight.as_ref() {
            let believed = |landed: &Landed| landed.result.is_err() && landed.at.elapsed() < FAILURE;
            if current.peek().is_none_or(believed) {
                return current.clone();
            }
        }
        let (token, post) = (Arc::clone(self), Arc::clone(post));
        // A task of its own: whoever asked first may leave, and the others go on waiting for the same answer.
        let task = tokio::spawn(async move { token.fetch(&post).await });
        let landing = async move {
            let result = task.await.unwrap_or_else(|_| Err(GrantError::NoToken.into()));
            Landed { at: Instant::now(), result }
        };
        let new = landing.boxed().shared();
        *flight = Some(new.clone());
        new
    }

    async fn fetch(&self, post: &Post) -> Result<(), TokenError> {
        let asked = Instant::now();
        let fetched = self.ask(post).await;
        if let Err(problem) = &fetched {
            tracing::warn!(endpoint = self.grant.endpoint.authority, %problem, "no token for a provider's key");
        }
        let Granted { token, life } = fetched?;
        let mut header =
            HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| GrantError::NoToken)?;
        header.set_sensitive(true);
        let ends = asked + (life - MARGIN.min(life / 2));
        let renew = ends - AHEAD.min(life / 5);
        self.held.store(Some(Arc::new(Held { header, fetched: asked, renew, ends })));
        Ok(())
    }

    async fn ask(&self, post: &Post) -> Result<Granted, TokenError> {
        let form = self.grant.proof.form()?;
        let (status, body) = post.form(&self.grant.endpoint, form).await?;
        Ok(grant::read(status, &body)?)
    }
}

#[cfg(test)]
mod tests;
