//! What the data plane answers about itself: `/-/live` and `/-/ready` on the gateway, and the same with `/metrics` and
//! `/routing` on the operators' listener.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use pingora_core::Result;
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use crate::context::Context;
use crate::problem::{self, Refusal};
use crate::state::State;
use crate::telemetry::Unrouted;

/// Media type of the Prometheus text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers `live` or `ready` on the gateway.
///
/// # Errors
/// When the caller has left.
pub(crate) async fn answer(state: &State, session: &mut Session, question: &str) -> Result<()> {
    let (status, text) = if question == "live" { (200, "live".to_owned()) } else { readiness(state) };
    let mut head = ResponseHeader::build(status, Some(3))?;
    head.insert_header(CONTENT_TYPE, TEXT)?;
    head.insert_header(CONTENT_LENGTH, text.len())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    let body = if session.req_header().method == http::Method::HEAD { Bytes::new() } else { text.into() };
    let session = session.as_downstream_mut();
    session.write_response_header(Box::new(head)).await?;
    session.write_response_body(body, true).await
}

/// Refuses a request before it has a destination: it has no ledger row, but a line in the log.
///
/// # Errors
/// When the caller has left.
pub(crate) async fn refuse_unrouted(
    state: &State,
    session: &mut Session,
    context: &Context,
    refusal: &Refusal,
) -> Result<()> {
    let id = weir_domain::name::new_id();
    let answered = problem::answer(session, refusal, context.dialect, &id).await;
    let request = session.req_header();
    state.telemetry.unrouted(&Unrouted {
        id: &id,
        method: request.method.as_str(),
        path: request.uri.path(),
        status: refusal.status,
        reason: refusal.code,
        duration: context.started.elapsed(),
    });
    answered
}

fn readiness(state: &State) -> (u16, String) {
    match state.is_ready() {
        Ok(()) => (200, "ready".to_owned()),
        Err(reason) => (503, format!("not ready: {reason}")),
    }
}

/// The operators' listener.
pub(crate) struct Ops {
    pub(crate) state: Arc<State>,
}

#[async_trait]
impl ServeHttp for Ops {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let (status, media_type, body) = match session.req_header().uri.path() {
            "/metrics" => {
                let snapshot = self.state.live.snapshot();
                let ready = self.state.is_ready().is_ok();
                let mut text = self.state.telemetry.render(&self.state.drain, ready, snapshot.revision);
                text.push_str(&self.state.models.metrics(&snapshot, &self.state.settings.node));
                (200, METRICS, text)
            }
            "/routing" => {
                let routes = self.state.models.routing(&self.state.live.snapshot());
                (200, JSON, serde_json::to_string(&routes).unwrap_or_default())
            }
            "/live" => (200, TEXT, "live".to_owned()),
            "/ready" => {
                let (status, text) = readiness(&self.state);
                (status, TEXT, text)
            }
            _ => (404, TEXT, "here are /metrics, /routing, /live and /ready".to_owned()),
        };
        let body = body.into_bytes();
        let mut answer = Response::new(Vec::new());
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(media_type));
        answer.headers_mut().insert(CONTENT_LENGTH, body.len().into());
        *answer.body_mut() = body;
        answer
    }
}
