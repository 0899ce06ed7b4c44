//! What is one resource: templates such as `{tenant}/orders/{path.id}`, and what they come to for a request.

use std::borrow::Cow;

/// A template, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Literal(String),
    /// `{api}`: the service.
    Api,
    /// `{version}`: the version of the API; empty where there is none.
    Version,
    /// `{tenant}`: the caller's team; empty on public routes.
    Tenant,
    /// `{consumer}`: the caller's application; on public routes the address that the request comes from.
    Consumer,
    /// `{path}`: the path, normalised, without query.
    Path,
    /// `{path.NAME}`: the value of the route template's parameter with this index.
    Parameter(usize),
    /// `{query.NAME}`: the first value of this name in the query.
    Query(String),
    /// `{header.NAME}`: the value of this header, lower-case name; several are joined by `, `.
    Header(String),
    /// `{json:/pointer}`: what stands in the request's body at this JSON pointer (RFC 6901).
    Json(String),
}

/// What a request has for the pieces of a template.
pub trait Source {
    /// The value of a piece that is no literal; `None` where the request has none.
    fn value(&self, piece: &Piece) -> Option<Cow<'_, str>>;
}

impl Template {
    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the request's body is needed.
    #[must_use]
    pub fn reads_json(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Json(_)))
    }
}
