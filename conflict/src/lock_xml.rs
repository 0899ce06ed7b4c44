//! What LOCK is asked and answered in: the small part of WebDAV's XML that locks need (RFC 4918 sections 14 and 15.8).
//!
//! A document has no DTD and no entities but the five of XML, so that it never grows and never reaches anywhere.

use bytes::Bytes;
use quick_xml::NsReader;
use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use weir_domain::spec::LockMode;

use crate::lock_token::{Depth, LockToken, timeout_value};

/// The longest document that is read, in bytes.
pub const MAX_BODY: usize = 16 << 10;
/// How much of what an owner says of itself is kept, in characters.
pub const MAX_OWNER: usize = 256;
/// How deep elements may lie within each other.
const MAX_DEPTH: usize = 16;
/// The media type of what is written here.
pub const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

/// Why a document is no request for a lock; its `Display` is a sentence for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockInfoFault {
    /// It is too long.
    #[error("the body is longer than 16 KiB")]
    TooLong,
    /// It is no UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// It is no XML.
    #[error("the body is not well-formed XML")]
    IllFormed,
    /// It declares or uses entities.
    #[error("the body may have no DTD, and no entities but the five of XML")]
    Entities,
    /// It is something else.
    #[error("the body must be one lockinfo element of the namespace DAV: (RFC 4918 section 14.11)")]
    NotLockInfo,
    /// It does not say which kind of lock, or says two.
    #[error("lockscope must hold one of exclusive and shared")]
    Scope,
    /// It does not ask for a lock on writing.
    #[error("locktype must hold write")]
    Type,
}

/// A request for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// Exclusive or shared.
    pub mode: LockMode,
    /// What the owner says of itself.
    pub owner: Option<Owner>,
}

/// What an owner says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A text.
    Text(String),
    /// An address.
    Href(String),
}

impl Owner {
    /// The text, or the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Href(text) => text,
        }
    }
}

/// An element that means something here, or none that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    LockInfo,
    LockScope,
    Exclusive,
    Shared,
    LockType,
    Write,
    Owner,
    Href,
    Other,
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    path: Vec<Element>,
    seen: bool,
    modes: Vec<LockMode>,
    write: bool,
    owner: Option<String>,
    href: bool,
}

impl LockInfo {
    /// Reads the body of `LOCK`. Elements that are not known are passed over (RFC 4918 section 17).
    ///
    /// # Errors
    /// When it is none, or asks for what there is not.
    pub fn parse(body: &[u8]) -> Result<Self, LockInfoFault> {
        if body.len() > MAX_BODY {
            return Err(LockInfoFault::TooLong);
        }
        let text = std::str::from_utf8(body).map_err(|_| LockInfoFault::NotUtf8)?;
        let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        reader.config_mut().check_comments = true;
        let mut reading = Reading::default();
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| LockInfoFault::IllFormed)?;
            match event {
                Event::Start(start) => reading.open(element(&namespace, start.local_name().into_inner())?)?,
                Event::Empty(whole) => {
                    reading.open(element(&namespace, whole.local_name().into_inner())?)?;
                    reading.path.pop();
                }
                Event::End(_) => {
                    reading.path.pop();
                }
                Event::Text(text) => reading.text(&text.xml10_content())?,
                Event::CData(text) => reading.text(&text.xml10_content())?,
                Event::GeneralRef(name) => {
                    let meant = name.resolve_char_ref().map_err(|_| LockInfoFault::IllFormed)?;
                    match (meant, resolve_xml_entity(&name)) {
                        (Some(c), _) => reading.text(c.encode_utf8(&mut [0; 4]))?,
                        (None, Some(text)) => reading.text(text)?,
                        (None, None) => return Err(LockInfoFault::Entities),
                    }
                }
                Event::DocType(_) => return Err(LockInfoFault::Entities),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return reading.end(),
            }
        }
    }
}

fn element(namespace: &ResolveResult<'_>, local: &str) -> Result<Element, LockInfoFault> {
    match namespace {
        ResolveResult::Bound(Namespace("DAV:")) => Ok(match local {
            "lockinfo" => Element::LockInfo,
            "lockscope" => Element::LockScope,
            "exclusive" => Element::Exclusive,
            "shared" => Element::Shared,
            "locktype" => Element::LockType,
            "write" => Element::Write,
            "owner" => Element::Owner,
            "href" => Element::Href,
            _ => Element::Other,
        }),
        ResolveResult::Bound(_) | ResolveResult::Unbound => Ok(Element::Other),
        ResolveResult::Unknown(_) => Err(LockInfoFault::IllFormed),
    }
}

impl Reading {
    fn open(&mut self, element: Element) -> Result<(), LockInfoFault> {
        use Element::{Exclusive, Href, LockInfo, LockScope, LockType, Owner, Shared, Write};
        if self.path.len() == MAX_DEPTH {
            return Err(LockInfoFault::IllFormed);
        }
        match (self.path.as_slice(), element) {
            ([], LockInfo) if !self.seen => self.seen = true,
            ([], _) => return Err(LockInfoFault::NotLockInfo),
            ([LockInfo, LockScope], Exclusive) => self.modes.push(LockMode::Exclusive),
            ([LockInfo, LockScope], Shared) => self.modes.push(LockMode::Shared),
            ([LockInfo, LockType], Write) => self.write = true,
            ([LockInfo], Owner) => self.owner = Some(String::new()),
            ([LockInfo, Owner], Href) => self.href = true,
            _ => {}
        }
        self.path.push(element);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), LockInfoFault> {
        match (self.path.as_slice(), &mut self.owner) {
            ([], _) if !text.trim().is_empty() => return Err(LockInfoFault::IllFormed),
            ([Element::LockInfo, Element::Owner, ..], Some(owner)) => owner.push_str(text),
            _ => {}
        }
        Ok(())
    }

    fn end(self) -> Result<LockInfo, LockInfoFault> {
        if !self.path.is_empty() {
            return Err(LockInfoFault::IllFormed);
        }
        if !self.seen {
            return Err(LockInfoFault::NotLockInfo);
        }
        let [mode] = self.modes[..] else { return Err(LockInfoFault::Scope) };
        if !self.write {
            return Err(LockInfoFault::Type);
        }
        let href = self.href;
        let owner = self.owner.map(|text| tidy(&text)).filter(|text| !text.is_empty());
        Ok(LockInfo { mode, owner: owner.map(|text| if href { Owner::Href(text) } else { Owner::Text(text) }) })
    }
}

/// One line of visible text.
fn tidy(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(MAX_OWNER).collect()
}

/// A lock as `lockdiscovery` shows it.
#[derive(Clone, Copy, Debug)]
pub struct ActiveLock<'a> {
    /// Exclusive or shared.
    pub mode: LockMode,
    /// How far down it holds.
    pub depth: Depth,
    /// What the owner says of itself.
    pub owner: Option<&'a Owner>,
    /// How long it is held unless it is renewed.
    pub remaining: std::time::Duration,
    /// Its token; left out for those whom it does not belong to.
    pub token: Option<&'a LockToken>,
    /// The path of the resource.
    pub root: &'a str,
}

/// The body of the answer to `LOCK`: `prop` with `lockdiscovery`.
#[must_use]
pub fn lock_discovery(locks: &[ActiveLock<'_>]) -> Bytes {
    let mut out = String::from(r#"<?xml version="1.0" encoding="utf-8"?><D:prop xmlns:D="DAV:"><D:lockdiscovery>"#);
    for lock in locks {
        let mode = match lock.mode {
            LockMode::Exclusive => "exclusive",
            LockMode::Shared => "shared",
        };
        let depth = match lock.depth {
            Depth::Zero => "0",
            Depth::Infinity => "infinity",
        };
        let timeout = timeout_value(lock.remaining);
        out.push_str("<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:");
        out.push_str(mode);
        out.push_str("/></D:lockscope>");
        tagged(&mut out, "depth", depth);
        match lock.owner {
            Some(Owner::Text(text)) => tagged(&mut out, "owner", text),
            Some(Owner::Href(href)) => referred(&mut out, "owner", href),
            None => {}
        }
        tagged(&mut out, "timeout", timeout.to_str().unwrap_or_default());
        if let Some(token) = lock.token {
            referred(&mut out, "locktoken", token.as_str());
        }
        referred(&mut out, "lockroot", lock.root);
        out.push_str("</D:activelock>");
    }
    out.push_str("</D:lockdiscovery></D:prop>");
    out.into()
}

/// What RFC 4918 section 16 has a refusal say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DavCondition {
    /// A lock is held that the wished one does not go with (423).
    NoConflictingLock,
    /// The token of the lock that is held must be sent (423).
    LockTokenSubmitted,
    /// The token is of a lock of another resource (409).
    LockTokenMatchesRequestUri,
}

/// The body of a refusal, for callers that speak WebDAV. `href` is the path of what is locked.
#[must_use]
pub fn error_body(condition: DavCondition, href: &str) -> Bytes {
    let mut out = String::from(r#"<?xml version="1.0" encoding="utf-8"?><D:error xmlns:D="DAV:">"#);
    match condition {
        DavCondition::NoConflictingLock => referred(&mut out, "no-conflicting-lock", href),
        DavCondition::LockTokenSubmitted => referred(&mut out, "lock-token-submitted", href),
        DavCondition::LockTokenMatchesRequestUri => out.push_str("<D:lock-token-matches-request-uri/>"),
    }
    out.push_str("</D:error>");
    out.into()
}

fn tagged(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<D:{name}>{}</D:{name}>", escape(text)));
}

fn referred(out: &mut String, name: &str, href: &str) {
    out.push_str(&format!("<D:{name}><D:href>{}</D:href></D:{name}>", escape(href)));
}

#[cfg(test)]
mod tests;
