//! In what a vendor's API differs from the one whose format it speaks, as data: no vendor needs code of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::key_secret::is_header_value;

/// Differences of an API from the one whose format it speaks. Empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Quirks {
    /// The header that carries the key. Absent: the format's own (`authorization`, or Anthropic's `x-api-key`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<String>,
    /// What stands before the key in that header, its blank included. Absent: `Bearer ` in `authorization`, nothing in
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_prefix: Option<String>,
    /// Paths below the address that are others than the format's, by the format's, such as
    /// `/chat/completions: /v2/chat`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, String>,
    /// It refuses `stream_options`; usage of streams is then estimated unless it is sent unasked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_stream_options: bool,
    /// It does not know the role `developer`; such messages are sent with the role `system`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_developer_role: bool,
    /// Parameters that it refuses: left out and named in `x-weir-dropped-params`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// Parameters that it knows by another name, such as `max_completion_tokens: max_tokens`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
    /// Parameters that it demands beside those of the format; the caller's own value goes before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub added: BTreeMap<String, Value>,
    /// The model is not repeated in the body: the path names it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub model_in_path: bool,
    /// Which of the format's other endpoints are known to be there, or not to be there.
    #[serde(skip_serializing_if = "Endpoints::is_unknown")]
    pub endpoints: Endpoints,
}

/// Endpoints beside chat; absent where nobody said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoints {
    /// `GET /models`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<bool>,
    /// `POST /responses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responses: Option<bool>,
    /// `POST /embeddings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embeddings: Option<bool>,
    /// `POST /completions`. Where it is not there, completions are chats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<bool>,
}

impl Endpoints {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl Quirks {
    /// No quirks.
    pub const NONE: Self = Self {
        auth_header: None,
        auth_prefix: None,
        paths: BTreeMap::new(),
        no_stream_options: false,
        no_developer_role: false,
        unsupported: Vec::new(),
        renamed: BTreeMap::new(),
        added: BTreeMap::new(),
        model_in_path: false,
        endpoints: Endpoints { models: None, responses: None, embeddings: None, completions: None },
    };

    /// Whether a body may have to be changed.
    #[must_use]
    pub fn touch_bodies(&self) -> bool {
        self.no_developer_role
            || self.model_in_path
            || !(self.unsupported.is_empty() && self.renamed.is_empty() && self.added.is_empty())
    }

    /// The path in the place of the format's.
    #[must_use]
    pub fn path<'a>(&'a self, path: &'a str) -> &'a str {
        self.paths.get(path).map_or(path, String::as_str)
    }

    /// Whether the values can stand where they must.
    ///
    /// # Errors
    /// The field, and a sentence.
    pub fn check(&self) -> Result<(), (String, String)> {
        if let Some(name) = &self.auth_header
            && (name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
        {
            return Err(("auth_header".into(), format!("{name:?} is not a header name")));
        }
        if self.auth_prefix.as_deref().is_some_and(|prefix| !is_header_value(prefix)) {
            return Err(("auth_prefix".into(), "holds characters that cannot stand in a header".into()));
        }
        let is_path = |path: &str| path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        for (from, to) in &self.paths {
            if !is_path(from) || !is_path(to) {
                return Err((format!("paths.{from}"), "give two paths that begin with /, such as /v2/chat".into()));
            }
        }
        let essential = |name: &str| matches!(name, "model" | "messages" | "stream" | "input" | "contents");
        match self.unsupported.iter().chain(self.renamed.keys()).find(|name| essential(name)) {
            Some(name) => Err(("unsupported".into(), format!("{name:?} cannot be left out or renamed"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_named_by_its_field() {
        let quirks = |yaml: &str| crate::yaml::from_str::<Quirks>(yaml).unwrap().check().map_err(|(field, _)| field);
        assert_eq!(quirks("{auth_header: api-key, auth_prefix: '', paths: {/chat/completions: /v2/chat}}"), Ok(()));
        assert_eq!(quirks("{auth_header: 'a b'}"), Err("auth_header".into()));
        assert_eq!(quirks("{auth_prefix: \"a\\n\"}"), Err("auth_prefix".into()));
        assert_eq!(quirks("{paths: {/a: b}}"), Err("paths./a".into()));
        assert_eq!(quirks("{unsupported: [messages]}"), Err("unsupported".into()));
    }
}
