//! One upstream call for identical requests at the same time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::spec::{Method, Size, Span};

/// One upstream call for identical reads at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Coalesce {
    /// The methods. Another than GET and HEAD needs `body_hash`.
    pub methods: Vec<Method>,
    /// Headers in which joined requests are the same.
    pub vary_on: Vec<String>,
    /// Whether requests of different callers are joined.
    pub share_across_consumers: bool,
    /// That answers of this route are for everybody: asked for where callers prove who they are.
    pub ack_public: bool,
    /// How long a joined request waits for the answer's head before it asks for itself.
    pub max_wait: Span,
    /// How much of an answer is kept for those who join late.
    pub max_body: Size,
    /// Whether the body belongs to what is the same.
    pub body_hash: bool,
    /// Who gets the upstream's 5xx.
    pub on_error: CoalesceError,
    /// Who pays for a model call that was joined.
    pub billing: Billing,
}

impl Default for Coalesce {
    fn default() -> Self {
        Self {
            methods: vec![Method::Get, Method::Head],
            vary_on: vec!["accept".to_owned(), "accept-encoding".to_owned(), "accept-language".to_owned()],
            share_across_consumers: false,
            ack_public: false,
            max_wait: Span::s(3),
            max_body: Size::mib(4),
            body_hash: false,
            on_error: CoalesceError::default(),
            billing: Billing::default(),
        }
    }
}

/// Who gets the 5xx that the first of joined requests got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoalesceError {
    /// All of them.
    #[default]
    Share,
    /// The first alone; another one asks again.
    Promote,
}

/// Who pays for a model call that was joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Who asked first.
    #[default]
    Leader,
    /// Everybody the whole price.
    Each,
}
