//! One request of a route with a policy, on its way through the stages: what each of them reads and extends.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, EXPECT, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use parking_lot::Mutex;
use pingora_core::Error;
use pingora_http::RequestHeader;
use pingora_proxy::Session;
use serde_json::Value;
use weir_conflict::facts::Facts;
use weir_conflict::fingerprint::Fingerprinting;
use weir_conflict::problem::Problem;
use weir_conflict::resource::{Names, ResourceKey, TeamTag};
use weir_conflict::store::Holder;
use weir_domain::conflict_key::Template;
use weir_domain::snapshot::{ConflictPolicy, Route};

use super::Conflicts;
use super::asking::Asking;
use super::kept::Kept;
use super::lease::Lease;
use super::room::Room;
use crate::exchange::Caller;
use crate::metering::Settlement;
use crate::server::departure::departure;
use crate::server::trust::Origin;
use crate::state::State;
use crate::upstream::upload::{KEPT, Talk, Upload};
use crate::upstream::{Forward, Pace};

/// Why a request goes no further.
pub(crate) enum Stop {
    /// A policy refuses it.
    Refused(Box<Problem>),
    /// The caller left, or the upstream failed.
    Failed(Box<Error>),
    /// It has been answered.
    Answered,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<Box<Error>> for Stop {
    fn from(error: Box<Error>) -> Self {
        Self::Failed(error)
    }
}

/// The connections of a request and what is noted of them.
pub(super) struct Io<'a> {
    pub(super) session: &'a mut Session,
    pub(super) forward: &'a mut Forward,
    pub(super) settlement: &'a mut Settlement,
    pub(super) pace: Pace,
    /// Whether what may have reached the upstream is never sent again.
    pub(super) once: bool,
}

impl Io<'_> {
    pub(super) fn talk(&mut self) -> Talk<'_> {
        Talk {
            session: Some(self.session),
            forward: self.forward,
            settlement: self.settlement,
            pace: self.pace,
            once: self.once,
        }
    }
}

/// What the request holds. Dropped in this order, the reverse of that in which it was taken.
#[derive(Default)]
pub(super) struct Held {
    pub(super) lease: Option<Lease>,
    pub(super) turn: Option<weir_conflict::queue::Turn>,
    pub(super) room: Room,
    pub(super) kept: Option<Kept>,
}

/// The request.
pub(super) struct Run<'a> {
    pub(super) state: &'a Arc<State>,
    pub(super) policy: Arc<ConflictPolicy>,
    pub(super) route: Arc<Route>,
    pub(super) names: Arc<Names>,
    /// The caller's team and application.
    pub(super) caller: Option<(String, String)>,
    pub(super) origin: Origin,
    pub(super) io: Io<'a>,
    /// The request as it goes upstream.
    pub(super) request: RequestHeader,
    pub(super) upload: Upload,
    /// The body, where a key is made of it.
    pub(super) json: Option<Value>,
    /// Whether the caller waits to be told to send the body.
    expects: bool,
    pub(super) held: Held,
    /// Whether a check was passed by because the store is down.
    pub(super) bypassed: bool,
    /// What the answer says of what was done.
    pub(super) said: HeaderMap,
}

impl<'a> Run<'a> {
    pub(super) fn begin(
        state: &'a Arc<State>,
        policy: &Arc<ConflictPolicy>,
        caller: Option<(&Caller, String)>,
        io: Io<'a>,
    ) -> Self {
        let origin = Origin::of(io.session.as_downstream(), &state.settings.trusted_proxies);
        let request = io.session.req_header().clone();
        let expects = request.headers.get(EXPECT).is_some_and(|value| {
            value.as_bytes().eq_ignore_ascii_case(b"100-continue") && request.version >= http::Version::HTTP_11
        });
        let most = policy.upstream_conflict.as_ref().map_or(KEPT, |again| again.max_body.as_len().max(KEPT));
        let upload = if io.session.as_downstream_mut().is_body_empty() {
            Upload::none(&state.body_budget)
        } else {
            Upload::new(most, &state.body_budget)
        };
        Self {
            state,
            policy: Arc::clone(policy),
            route: Arc::clone(&io.forward.route),
            names: state.conflicts.names(),
            caller: caller.map(|(caller, team)| (team, caller.credential.application.clone())),
            origin,
            io,
            request,
            upload,
            json: None,
            expects,
            held: Held::default(),
            bypassed: false,
            said: HeaderMap::new(),
        }
    }

    pub(super) fn conflicts(&self) -> &'a Conflicts {
        &self.state.conflicts
    }

    pub(super) fn method(&self) -> &Method {
        &self.io.session.req_header().method
    }

    /// Whether the caller only reads (RFC 9110 section 9.2.1).
    pub(super) fn reads(&self) -> bool {
        matches!(*self.method(), Method::GET | Method::HEAD)
    }

    /// Whether the method is safe, though it may be no read.
    pub(super) fn is_safe(&self) -> bool {
        self.reads() || matches!(*self.method(), Method::OPTIONS | Method::TRACE)
    }

    /// The caller's own headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.io.session.req_header().headers
    }

    /// Who calls, as keys of stores and queues have it.
    pub(super) fn consumer(&self) -> String {
        self.facts().consumer().into_owned()
    }

    /// The name of what a template comes to, with the text itself for people.
    pub(super) fn named(&self, kind: &str, template: &Template) -> (ResourceKey, String) {
        let text = template.resolve(&self.facts());
        (self.names.key(self.tag(), &[kind, &text]), text)
    }

    /// The application that calls; empty on public routes.
    pub(super) fn owner(&self) -> &str {
        self.caller.as_ref().map_or("", |(_, application)| application.as_str())
    }

    /// Who holds what this request takes.
    pub(super) fn holder(&self, label: String) -> Holder {
        let (team, owner) = self.caller.clone().unwrap_or_default();
        Holder { owner, team, label, note: String::new() }
    }

    /// Whether the caller still waits to be told to send the body.
    pub(super) fn expects(&self) -> bool {
        self.expects && !self.upload.is_whole()
    }

    /// Tells a caller who waits for that to send the body: the request is let in.
    pub(super) async fn let_in(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.expects) && !self.upload.is_whole() {
            self.io.session.as_downstream_mut().write_continue_response().await.map_err(Error::into_down)?;
        }
        Ok(())
    }

    /// Takes in the body, as far as it is short. What is whole can be watched for its caller's departure, and sent again.
    pub(super) async fn hold(&mut self) -> Result<bool, Stop> {
        if self.expects() {
            return Ok(false);
        }
        Ok(self.upload.hold(&mut self.io.talk()).await?)
    }

    /// The body as JSON, where a key asks for it.
    pub(super) async fn read_json(&mut self) -> Result<(), Stop> {
        if !self.policy.reads_body_for_key()
            || self.upload.is_whole() && self.upload.bytes().is_none_or(|b| b.is_empty())
        {
            return Ok(());
        }
        self.let_in().await?;
        let whole = self.hold().await?;
        let Some(body) = self.upload.bytes().filter(|_| whole) else {
            return Err(self.body_too_large_for_key(KEPT).into());
        };
        self.json = serde_json::from_slice(&body).ok();
        Ok(())
    }
}

impl Asking for Run<'_> {
    fn conflicts(&self) -> &Conflicts {
        &self.state.conflicts
    }

    fn policy(&self) -> &Arc<ConflictPolicy> {
        &self.policy
    }

    fn route(&self) -> &str {
        &self.route.id
    }

    fn service(&self) -> &str {
        &self.route.service
    }

    fn id(&self) -> &str {
        &self.io.settlement.id
    }

    fn names(&self) -> Arc<Names> {
        Arc::clone(&self.names)
    }

    fn tag(&self) -> TeamTag {
        self.names.team(&self.route.team)
    }

    fn facts(&self) -> Facts<'_> {
        let request = self.io.session.req_header();
        Facts {
            api: &self.route.service,
            caller: self.caller.as_ref().map(|(team, application)| (team.as_str(), application.as_str())),
            address: self.origin.peer,
            path: request.uri.path(),
            query: request.uri.query(),
            parameters: self.io.forward.parameters(),
            headers: &request.headers,
            body: self.json.as_ref(),
        }
    }

    fn method(&self) -> &str {
        self.io.session.req_header().method.as_str()
    }

    fn fingerprint(&self) -> Fingerprinting {
        let request = self.io.session.req_header();
        let kind = request.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        Fingerprinting::new(request.method.as_str(), request.uri.path(), request.uri.query(), kind)
    }

    fn said(&mut self) -> &mut HeaderMap {
        &mut self.said
    }

    fn room(&mut self) -> &mut Room {
        &mut self.held.room
    }

    fn keep(&mut self, kept: Kept) {
        self.held.kept = Some(kept);
    }

    fn taste(&mut self, making: Arc<Mutex<Fingerprinting>>) {
        self.upload.taste(move |piece| making.lock().update(piece));
    }

    fn withhold(&mut self, names: &[&HeaderName]) {
        for name in names {
            self.request.remove_header(*name);
        }
    }

    async fn held(&mut self) -> Result<Option<Bytes>, Stop> {
        Ok(self.hold().await?.then(|| self.upload.bytes()).flatten())
    }

    async fn read_off(&mut self, making: Fingerprinting) -> Result<[u8; 32], Stop> {
        self.let_in().await?;
        let shared = Arc::new(Mutex::new(making));
        self.taste(Arc::clone(&shared));
        self.upload.discard(&mut self.io.talk()).await?;
        let made = shared.lock().finish();
        Ok(made.0)
    }

    /// Where the body is not in yet, its end cannot be told from a departure, and nothing is watched.
    async fn unless_left<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> Result<T, Stop> {
        if !self.upload.is_whole() {
            return Ok(work.await);
        }
        tokio::select! {
            biased;
            done = work => Ok(done),
            reason = departure(self.io.session.as_downstream_mut()) => Err(Stop::Failed(reason.into_down())),
        }
    }
}
