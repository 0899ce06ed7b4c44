//! Reads what callers send: bodies and queries, with refusals that name the field and never its value.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use weir_domain::spec;

use super::strict_json::Unambiguous;
use crate::error::Error;

/// The largest body that the admin API takes: a configuration of some ten thousand routes.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

/// A JSON body that may be left out.
pub(super) struct OptionalJson<T>(pub(super) T);

/// A YAML body, as text.
pub(super) struct Yaml(pub(super) String);

/// A query string.
pub(super) struct Query<T>(pub(super) T);

/// Reads a whole body within the limit.
pub(super) async fn bytes(request: Request) -> Result<Bytes, Error> {
    let refused = |error: axum::Error| {
        // The only ways in which reading fails are the limit and a caller that left.
        let too_large = std::error::Error::source(&error).is_some_and(|s| s.to_string().contains("length limit"));
        if too_large { Error::TooLarge(MAX_BODY) } else { Error::BadRequest("the body broke off".to_owned()) }
    };
    axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(refused)
}

fn media_type(headers: &HeaderMap, wanted: &[&str]) -> bool {
    let sent = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim();
    wanted.iter().any(|w| w.eq_ignore_ascii_case(sent))
}

/// Reads JSON into a type.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if let Err(error) = serde_json::from_slice::<Unambiguous>(bytes)
        && error.is_data()
    {
        let text = error.to_string();
        return Err(Error::BadRequest(text.split(" at line ").next().unwrap_or_default().to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refusal(error.inner(), if path == "." { "body" } else { &path })
    })?;
    reader.end().map_err(|error| refusal(&error, "body"))?;
    Ok(value)
}

/// A sentence that never repeats a value: it may be a password.
fn refusal(error: &serde_json::Error, field: &str) -> Error {
    let (line, column) = (error.line(), error.column());
    if !error.is_data() {
        return Error::BadRequest(format!("the body is not JSON: line {line}, column {column}"));
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let problem = match text.rsplit_once(", expected ") {
        Some((_, expected)) if !text.starts_with("unknown ") => format!("must be {}", spec::plain_words(expected)),
        Some((_, expected)) => format!("is not known; expected {expected}"),
        None => text.to_owned(),
    };
    Error::field(field, problem)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !media_type(request.headers(), &["application/json"]) {
            return Err(Error::MediaType("application/json"));
        }
        json(&bytes(request).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let typed = media_type(request.headers(), &["application/json"]);
        let bytes = bytes(request).await?;
        match (bytes.is_empty(), typed) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => json(&bytes).map(Self),
            (false, false) => Err(Error::MediaType("application/json")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Yaml {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let wanted = ["application/yaml", "application/x-yaml", "text/yaml", "application/json"];
        if !media_type(request.headers(), &wanted) {
            return Err(Error::MediaType("application/yaml"));
        }
        let bytes = bytes(request).await?;
        let text =
            String::from_utf8(bytes.into()).map_err(|_| Error::BadRequest("the body is not UTF-8".to_owned()))?;
        Ok(Self(text))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Error::BadRequest(format!("query: {}", rejection.body_text()))),
        }
    }
}
