//! The layer that answers a repeated POST with the first answer.

use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use weir_conflict::idempotency_key::{self, IDEMPOTENCY_REPLAYED};
use weir_domain::spec::KeySyntax;

use super::guard::{IdempotencyClaim, Identity};
use super::{body, problem};
use crate::app::App;
use crate::app::idempotency::{Begin, KeptAnswer, Request as Asked};
use crate::error::Error;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Headers of an answer that are kept with it.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];
/// An answer larger than this is not one to a POST of ours.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Runs inside the guard's layer: keys belong to callers.
pub(super) async fn layer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match run(&app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn run(app: &App, request: Request, next: Next) -> Result<Response, Error> {
    let Some(Identity::Known(caller)) = request.extensions().get::<Identity>() else {
        return Ok(next.run(request).await);
    };
    // A stream is not kept, and a test of a provider changes nothing.
    let path = request.uri().path();
    let no_key = !request.headers().contains_key(KEY);
    if no_key || request.method() != Method::POST || path.contains("/playground/") || path.ends_with("/test") {
        return Ok(next.run(request).await);
    }
    let key = idempotency_key::read(request.headers(), &KEY, &[], KeySyntax::Lenient)
        .map_err(|fault| Error::BadRequest(fault.to_string()))?;
    let Some(key) = key else { return Ok(next.run(request).await) };
    let caller = Arc::clone(caller);
    let (mut parts, body) = request.into_parts();
    let bytes = body::bytes(Request::new(body)).await?;
    let path_and_query = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked {
        caller: &caller,
        method: parts.method.as_str(),
        path_and_query: &path_and_query,
        key: &key.value,
        body: &bytes,
    };
    match app.begin_idempotent(&asked).await? {
        Begin::Replay(answer) => Ok(replay(answer)),
        Begin::Go(row) => {
            let claim = IdempotencyClaim { row, needs: Arc::new(OnceLock::new()) };
            parts.extensions.insert(claim.clone());
            let request_id = parts.extensions.get::<super::headers::RequestId>().cloned();
            let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
            let id = request_id.map(|id| id.0).unwrap_or_default();
            keep(app, &claim, problem::render(response, &id)).await
        }
    }
}

/// Keeps an answer for the repeat; what failed on our side, or was no answer to the question, is freed.
async fn keep(app: &App, claim: &IdempotencyClaim, response: Response) -> Result<Response, Error> {
    let status = response.status();
    let passing = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    if status.is_server_error() || passing.contains(&status) {
        app.release_idempotent(&claim.row).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, MAX_ANSWER)
        .await
        .map_err(|e| Error::Internal(format!("an answer broke off: {e}")))?;
    let headers = KEPT.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let needs = claim.needs.get().copied();
    let answer = KeptAnswer { status: status.as_u16(), headers: headers.collect(), body, needs };
    app.end_idempotent(&claim.row, &answer).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    response
}
