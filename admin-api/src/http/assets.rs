//! The portal's files, from inside the binary.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::crypto;
use crate::error::Error;

/// What `make portal` built; empty where nobody did.
#[derive(RustEmbed)]
#[folder = "../portal/dist"]
struct Portal;

const INDEX: &str = "index.html";
/// Names of hashed files hold their content's hash, so they never change.
const HASHED: &str = "assets/";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// All of the portal is files of its own: no inline style and no `data:` address, so there is nothing to except and
/// no nonce to hand out. `portal/README.md` says what in the build keeps it so; `portal/e2e` fails on any breach.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NO_PORTAL: &str = "<!doctype html><meta charset=\"utf-8\"><title>Weir</title><h1>The portal is not built in</h1>\
    <p>Build it with <code>make portal</code> and build <code>weir</code> again, or use a release. \
    The admin API is at <code>/api/v1</code>.</p>";

/// A file of the portal; the portal's page for paths that only the portal knows.
pub(super) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::MethodNotAllowed.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Error::NotFound("there is nothing at this path; see /api/v1/openapi.json".to_owned()).into_response();
    }
    let file = if path.is_empty() { INDEX } else { path };
    if file != INDEX
        && let Some(found) = Portal::get(file)
    {
        return asset(file, found, request.headers());
    }
    // A path that looks like a file is no page: a missing script must not be answered with HTML.
    if path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|name| name.contains('.') && name != INDEX) {
        return Error::NotFound(format!("the portal has no file {path:?}")).into_response();
    }
    match Portal::get(INDEX) {
        Some(index) => html(String::from_utf8_lossy(&index.data).into_owned(), POLICY),
        None => html(NO_PORTAL.to_owned(), "default-src 'none'; frame-ancestors 'none'"),
    }
}

fn asset(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", &crypto::hex(&file.metadata.sha256_hash())[..32]);
    let fresh = request.get(IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    let media = file.metadata.mimetype().to_owned();
    let (encoding, data) = compressed(path, request).unwrap_or((None, file.data));
    let mut response =
        if fresh { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(data.into_owned())) };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, if path.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN });
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    if let Ok(media) = HeaderValue::try_from(media) {
        headers.insert(CONTENT_TYPE, media);
    }
    if let (Some(encoding), false) = (encoding, fresh) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

type Encoded = (Option<&'static str>, std::borrow::Cow<'static, [u8]>);

/// The file as the build compressed it, in the best coding that the browser takes.
fn compressed(path: &str, request: &HeaderMap) -> Option<Encoded> {
    let accepted = request.get(ACCEPT_ENCODING)?.to_str().ok()?.to_ascii_lowercase();
    let takes = |coding: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some(coding) && !words.any(|q| q == "q=0")
        })
    };
    let codings = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(coding, _)| takes(coding));
    let mut found =
        codings.filter_map(|(coding, end)| Some((Some(coding), Portal::get(&format!("{path}.{end}"))?.data)));
    found.next()
}

fn html(text: String, policy: &str) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, ASK_AGAIN);
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
