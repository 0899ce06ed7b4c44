//! The layer that refuses query parameters an endpoint does not take: a misspelt `dry_run` must not
//! become a change in earnest.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use url::form_urlencoded;

use crate::error::Error;

/// The parameters of each endpoint, as the OpenAPI document lists them.
pub(super) struct Known(HashMap<(String, String), BTreeSet<String>>);

impl Known {
    /// Reads the document, so that what is documented and what is taken are the same.
    pub(super) fn of(document: &Value) -> Self {
        let mut known = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let all = operation["parameters"].as_array().into_iter().flatten();
                let names = all.filter(|p| p["in"] == "query").filter_map(|p| p["name"].as_str());
                known.insert((method.to_uppercase(), path.clone()), names.map(str::to_owned).collect());
            }
        }
        Self(known)
    }

    fn check(&self, method: &Method, path: &str, query: &str) -> Result<(), Error> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let Some(names) = self.0.get(&(method.to_owned(), path.to_owned())) else { return Ok(()) };
        let mut sent = form_urlencoded::parse(query.as_bytes());
        let Some((stranger, _)) = sent.find(|(name, _)| !names.contains(name.as_ref())) else { return Ok(()) };
        let shown: String = stranger.chars().take(50).collect();
        let taken: Vec<&str> = names.iter().map(String::as_str).collect();
        let taken = if taken.is_empty() { "takes none".to_owned() } else { format!("takes {}", taken.join(", ")) };
        Err(Error::BadRequest(format!("query: there is no parameter {shown:?} here; this endpoint {taken}")))
    }
}

/// Runs before anything is read or done.
pub(super) async fn layer(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    match known.check(request.method(), path, request.uri().query().unwrap_or_default()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
