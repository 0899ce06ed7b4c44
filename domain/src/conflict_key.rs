//! What is one resource: templates such as `{tenant}/orders/{path.id}`, and what they come to for a request.

mod percent;

use std::borrow::Cow;
use std::fmt::Write as _;

pub use self::percent::normalised;

/// The template where none is given.
pub const DEFAULT: &str = "{tenant}/{api}/{version}{path}";

/// What may stand in braces, for the sentence of a fault.
const KNOWN: &str =
    "{api}, {version}, {tenant}, {consumer}, {path}, {path.NAME}, {query.NAME}, {header.NAME} and {json:/pointer}";

/// The longest template; each request pays for its length.
const MAX_LEN: usize = 512;

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
    /// The value of a piece that is no literal; `None` where the request has none. Paths, their parameters and values of
    /// the query are given as they stand in the request's target, percent-encoded; a value of JSON that is no string is
    /// given as its canonical JSON.
    fn value(&self, piece: &Piece) -> Option<Cow<'_, str>>;
}

impl Template {
    /// Takes a template apart. `parameters` are the names of the route's path parameters, in order.
    ///
    /// # Errors
    /// A sentence that names what is not understood, and what there is.
    pub fn parse(text: &str, parameters: &[String]) -> Result<Self, String> {
        if text.is_empty() {
            return Err(format!("is empty; leave it out for {DEFAULT:?}"));
        }
        if text.len() > MAX_LEN {
            return Err(format!("is {} bytes long; give {MAX_LEN} at most", text.len()));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if rest[at..].starts_with('}') {
                return Err(format!("has a closing brace that nothing opens, after {:?}", &rest[..at]));
            }
            if at > 0 {
                pieces.push(Piece::Literal(rest[..at].to_owned()));
            }
            let inner = &rest[at + 1..];
            let end = inner.find(['{', '}']).filter(|&end| inner[end..].starts_with('}'));
            let Some(end) = end else {
                return Err(format!("has a brace that is not closed: {:?}; write such as {{path.id}}", &rest[at..]));
            };
            pieces.push(piece(&inner[..end], parameters)?);
            rest = &inner[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// What it comes to for a request. Two requests come to the same text only if every piece has the same value for both,
    /// or for both none: each value stands in parentheses with a backslash before its own `(`, `)` and `\`, as it does
    /// before those of literals; `\-` stands for a value that is missing, which is not an empty one. Paths, parameters and
    /// values of the query are normalised first, so that spellings of one address are one resource.
    #[must_use]
    pub fn resolve(&self, source: &impl Source) -> String {
        let mut key = String::with_capacity(96);
        for piece in &self.pieces {
            if let Piece::Literal(text) = piece {
                push_escaped(&mut key, text);
                continue;
            }
            let Some(value) = source.value(piece) else {
                key.push_str("\\-");
                continue;
            };
            key.push('(');
            match piece {
                Piece::Path | Piece::Parameter(_) | Piece::Query(_) => push_escaped(&mut key, &normalised(&value)),
                _ => push_escaped(&mut key, &value),
            }
            key.push(')');
        }
        key
    }

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

    /// Whether who calls belongs to the key, so that who finds no room has used up their own.
    #[must_use]
    pub fn tells_callers_apart(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Consumer | Piece::Tenant | Piece::Header(_)))
    }
}

fn push_escaped(key: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '(' | ')' | '\\') {
            key.push('\\');
        }
        key.push(c);
    }
}

/// Reads what stands in braces.
fn piece(inner: &str, parameters: &[String]) -> Result<Piece, String> {
    let unnamed = |what: &str| Err(format!("{{{inner}}} names no {what}; write {{{what}.NAME}}"));
    if let Some(pointer) = inner.strip_prefix("json:") {
        check_pointer(pointer).map_err(|problem| format!("{{{inner}}}: {problem}"))?;
        return Ok(Piece::Json(pointer.to_owned()));
    }
    match inner.split_once('.') {
        Some(("path", name)) => match parameters.iter().position(|known| known == name) {
            Some(index) => Ok(Piece::Parameter(index)),
            None => Err(no_parameter(inner, parameters)),
        },
        Some(("query", "")) => unnamed("query"),
        Some(("query", name)) => Ok(Piece::Query(name.to_owned())),
        Some(("header", "")) => unnamed("header"),
        Some(("header", name)) if !is_token(name) => Err(format!("{{{inner}}}: {name:?} is not the name of a header")),
        Some(("header", name)) => Ok(Piece::Header(name.to_ascii_lowercase())),
        _ => match inner {
            "api" => Ok(Piece::Api),
            "version" => Ok(Piece::Version),
            "tenant" => Ok(Piece::Tenant),
            "consumer" => Ok(Piece::Consumer),
            "path" => Ok(Piece::Path),
            _ => Err(format!("{{{inner}}} is not known; there is {KNOWN}")),
        },
    }
}

fn no_parameter(inner: &str, parameters: &[String]) -> String {
    let mut text = format!("{{{inner}}} is no parameter of the route's path, which has ");
    if parameters.is_empty() {
        text.push_str("none");
    }
    for (index, name) in parameters.iter().enumerate() {
        let _ = write!(text, "{}{{path.{name}}}", if index == 0 { "" } else { ", " });
    }
    text
}

/// Whether a text is a token (RFC 9110 section 5.6.2), as names of headers are.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a text is a JSON pointer (RFC 6901).
///
/// # Errors
/// A sentence that says why not.
pub fn check_pointer(pointer: &str) -> Result<(), String> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(format!("{pointer:?} is no JSON pointer; it begins with '/', such as /order/id (RFC 6901)"));
    }
    let escapes = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    if escapes {
        Ok(())
    } else {
        Err(format!("{pointer:?} is no JSON pointer; '~' is written ~0, and '/' within a name ~1 (RFC 6901)"))
    }
}

#[cfg(test)]
mod tests;
