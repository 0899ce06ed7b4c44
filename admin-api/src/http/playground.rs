//! `/playground/chat`: a chat through the data plane.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use futures::StreamExt;

use super::body;
use super::guard::{CallModels, May};
use crate::app::App;
use crate::error::Error;

/// Headers of the data plane's answer that are passed on, besides all that begin with `x-weir-`.
const PASSED: [HeaderName; 1] = [CONTENT_TYPE];

/// Sends the body of `/v1/chat/completions` through the data plane, with a key that lives for this
/// request, and passes the answer on as it comes, streams included.
#[utoipa::path(
    post, path = "/playground/chat", tag = "playground", request_body = Object,
    responses((status = 200, description = "As the data plane answers"))
)]
pub(super) async fn chat(_: May<CallModels>, State(app): State<Arc<App>>, request: Request) -> Result<Response, Error> {
    let (answer, key) = app.chat(body::bytes(request).await?).await?;
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(name, _)| PASSED.contains(name) || name.as_str().starts_with("x-weir-"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // The key is held for as long as the answer flows, and goes with the stream however that ends.
    let stream = answer.bytes_stream().map(move |piece| {
        let _held = &key;
        piece
    });
    let mut response = Response::new(Body::from_stream(stream));
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    Ok(response)
}
