//! Entity tags for answers that have none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CACHE_CONTROL;

use crate::canonical::{self, Pointers};
use crate::fingerprint::prefixed;
use crate::tag::EntityTag;

/// How every tag of the gateway's begins.
pub const PREFIX: &str = "g1-";

/// What a tag is made of.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// The bytes of the body: strong.
    Bytes,
    /// The body in the canonical form of RFC 8785, which is then what must be sent: strong.
    Canonical,
    /// The JSON of the body but for what is left out: weak.
    Semantic(&'a Pointers),
    /// The number of this version: strong. It must never come again for the resource, also after a store lost data.
    Version(u64),
}

/// What an answer says of itself that its tag depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Content<'a> {
    /// `Content-Type`, as it is sent; empty for none.
    pub content_type: &'a [u8],
    /// `Content-Encoding`, as it is sent; empty for none.
    pub content_coding: &'a [u8],
    /// Whether `Cache-Control` has `no-transform`.
    pub no_transform: bool,
}

/// A tag, and what it is the tag of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// The tag.
    pub tag: EntityTag,
    /// The body to send instead of the upstream's; its length and digests are then others too.
    pub body: Option<Bytes>,
}

/// The tag of a body; `None` where the mode has none for it, and the body is then sent as it is: no JSON, or JSON that
/// another form would change the meaning of (names that come twice, numbers that lose digits, depths without end).
#[must_use]
pub fn mint(mode: Mode<'_>, salt: &[u8; 16], content: &Content<'_>, body: &[u8]) -> Option<Minted> {
    let mut minting = Minting::new(salt, content);
    match mode {
        Mode::Bytes => {
            minting.update(body);
            Some(Minted { tag: minting.finish(), body: None })
        }
        Mode::Canonical => {
            let text =
                (!content.no_transform && content.is_json()).then(|| canonical::of(body, &Pointers::none()))??;
            minting.update(&text);
            Some(Minted { tag: minting.finish(), body: (text != body).then(|| text.into()) })
        }
        Mode::Semantic(ignored) => {
            let text = content.is_json().then(|| canonical::of(body, ignored))??;
            minting.update(&text);
            Some(Minted { tag: minting.finish_as(true), body: None })
        }
        Mode::Version(number) => {
            // A route has one mode, so that no body stands in this place.
            minting.0.update(b"version");
            minting.update(&number.to_le_bytes());
            Some(Minted { tag: minting.finish(), body: None })
        }
    }
}

/// A strong tag of a body in the making: the body comes piece by piece.
#[derive(Clone, Debug)]
pub struct Minting(blake3::Hasher);

impl Minting {
    /// Begins with what is the same for all bodies.
    #[must_use]
    pub fn new(salt: &[u8; 16], content: &Content<'_>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(salt);
        prefixed(&mut hasher, Some(content.content_type));
        prefixed(&mut hasher, Some(content.content_coding));
        Self(hasher)
    }

    /// Takes the next piece of the body.
    pub fn update(&mut self, body: &[u8]) {
        self.0.update(body);
    }

    /// The tag, when the body is whole.
    #[must_use]
    pub fn finish(&self) -> EntityTag {
        self.finish_as(false)
    }

    fn finish_as(&self, weak: bool) -> EntityTag {
        let mut digest = [0; 16];
        self.0.finalize_xof().fill(&mut digest);
        let mut text = String::with_capacity(PREFIX.len() + 22);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(digest, &mut text);
        EntityTag::of_word(weak, text.as_bytes())
    }
}

impl Content<'_> {
    /// Whether the body is JSON as it is: the type says so, and no coding hides it.
    fn is_json(&self) -> bool {
        let plain = self.content_coding.is_empty() || self.content_coding.eq_ignore_ascii_case(b"identity");
        let kind = self.content_type.split(|b| *b == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        plain && (kind == b"application/json" || kind == b"text/json" || kind.ends_with(b"+json"))
    }
}

/// Whether the gateway made the tag.
#[must_use]
pub fn is_minted(tag: &EntityTag) -> bool {
    tag.opaque().starts_with(PREFIX.as_bytes())
}

/// Whether an answer may not be changed on its way (RFC 9111 section 5.2.2.6).
#[must_use]
pub fn forbids_transform(headers: &HeaderMap) -> bool {
    headers
        .get_all(CACHE_CONTROL)
        .iter()
        .flat_map(|line| line.as_bytes().split(|b| *b == b','))
        .any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

#[cfg(test)]
mod tests;
