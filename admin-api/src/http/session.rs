//! `/session`: signing in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::body::Json;
use super::guard::{Anyone, SignedIn, cookie_name};
use crate::app::App;
use crate::app::session::{Begun, Credentials, SessionView};
use crate::error::Error;

/// The cookie's lifetime in seconds; the server ends sessions earlier when nobody uses them.
const MAX_AGE: u32 = 7 * 24 * 3600;

/// An answer that begins a session.
pub(super) fn begun(status: StatusCode, session: &Begun, secure: bool) -> Response {
    let mut response = (status, axum::Json(&session.view)).into_response();
    let cookie = set_cookie(session.cookie.expose(), MAX_AGE, secure);
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

fn set_cookie(value: &str, max_age: u32, secure: bool) -> HeaderValue {
    let name = cookie_name(secure);
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("weir_session=; Max-Age=0"))
}

/// Who is signed in, and the token that changes must carry.
#[utoipa::path(get, path = "/session", tag = "session", operation_id = "session", responses((status = 200, body = SessionView)))]
pub(super) async fn current(who: SignedIn, State(app): State<Arc<App>>) -> Result<axum::Json<SessionView>, Error> {
    match &who.caller.session {
        Some(session) => Ok(axum::Json(app.session_view(session))),
        None => Err(Error::NotFound("an admin token has no session".to_owned())),
    }
}

/// Signs in.
#[utoipa::path(
    post, path = "/session", tag = "session", operation_id = "sign_in", request_body = Credentials,
    responses((status = 200, body = SessionView), (status = 401), (status = 429))
)]
pub(super) async fn sign_in(
    Anyone(actor): Anyone,
    State(app): State<Arc<App>>,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Error> {
    let session = app.sign_in(credentials, &actor).await?;
    Ok(begun(StatusCode::OK, &session, app.settings.is_secure()))
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", operation_id = "sign_out", responses((status = 204)))]
pub(super) async fn sign_out(who: SignedIn, State(app): State<Arc<App>>) -> Result<Response, Error> {
    if let Some(session) = &who.caller.session {
        app.sign_out(session, &who.actor).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, set_cookie("", 0, app.settings.is_secure()))]).into_response())
}
