//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header), and their relatives of other houses.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use weir_domain::spec::KeySyntax;

use crate::date::HttpDate;
use crate::malformed::Malformed;
use crate::tag::trimmed;

/// The longest key, in characters.
pub const MAX_KEY: usize = 255;

/// The key of OASIS Repeatable Requests 1.0.
pub const REPEATABILITY_REQUEST_ID: HeaderName = HeaderName::from_static("repeatability-request-id");
/// When a repeatable request was first sent.
pub const REPEATABILITY_FIRST_SENT: HeaderName = HeaderName::from_static("repeatability-first-sent");
/// What became of a repeatable request: `accepted` or `rejected`.
pub const REPEATABILITY_RESULT: HeaderName = HeaderName::from_static("repeatability-result");
/// Stands on an answer that is the first one again.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const LENGTH: &str = "a key has 1 to 255 characters";
const STRICT: &str = "write the key as one string in quotes, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\"";
const LENIENT: &str = "a key is visible ASCII without commas, or a string in quotes";
const TWICE: &str = "send one key, in one line";
const CONFLICTING: &str = "two headers name different keys; send one";
const DATE: &str = "write one date such as Sun, 06 Nov 1994 08:49:37 GMT";
const FIRST_SENT_MISSING: &str =
    "a request with Repeatability-Request-ID says in Repeatability-First-Sent when it was first sent";
const REQUEST_ID_MISSING: &str = "a request with Repeatability-First-Sent has its key in Repeatability-Request-ID";

/// An idempotency key: 1 to 255 characters of ASCII, without the quotes around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub value: String,
    /// The header that it came in; with several the first one asked for.
    pub header: HeaderName,
}

/// Reads the key of a request from `header`, and from `aliases`: several may say the same key. `None` when none is there.
///
/// In `header` a key is a string of structured fields, whose parameters say nothing and are passed over; with
/// [`KeySyntax::Lenient`] it may also stand there without quotes. Aliases are headers of houses that use no quotes: they
/// are read leniently always.
///
/// # Errors
/// When a key cannot be read, comes twice, or two headers name different ones.
pub fn read(
    headers: &HeaderMap,
    header: &HeaderName,
    aliases: &[HeaderName],
    syntax: KeySyntax,
) -> Result<Option<Key>, Malformed> {
    let mut found: Option<Key> = None;
    for (name, syntax) in
        std::iter::once((header, syntax)).chain(aliases.iter().map(|alias| (alias, KeySyntax::Lenient)))
    {
        let Some(text) = only_line(headers, name, TWICE)? else { continue };
        let value = parse(text, syntax).map_err(|problem| Malformed::new(name.clone(), text, problem))?;
        match &found {
            None => found = Some(Key { value, header: name.clone() }),
            Some(first) if first.value == value => {}
            Some(_) => return Err(Malformed::new(name.clone(), text, CONFLICTING)),
        }
    }
    Ok(found)
}

/// Reads one key.
fn parse(text: &[u8], syntax: KeySyntax) -> Result<String, &'static str> {
    let value = match text.first() {
        // The grammar of items allows what no key is, such as numbers: only a string is one.
        Some(b'"') => match sfv::Parser::parse_item(text) {
            Ok(sfv::Item { bare_item: sfv::BareItem::String(value), .. }) => value,
            _ => return Err(STRICT),
        },
        None => return Err(LENGTH),
        Some(_) if syntax == KeySyntax::Strict => return Err(STRICT),
        Some(_) => {
            let fits = text.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b','));
            std::str::from_utf8(text).ok().filter(|_| fits).ok_or(LENIENT)?.to_owned()
        }
    };
    if value.trim().is_empty() || value.len() > MAX_KEY { Err(LENGTH) } else { Ok(value) }
}

/// The value of a header that may come once.
fn only_line<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    problem: &'static str,
) -> Result<Option<&'h [u8]>, Malformed> {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else { return Ok(None) };
    match lines.next() {
        None => Ok(Some(trimmed(first.as_bytes()))),
        Some(second) => Err(Malformed::new(name.clone(), second.as_bytes(), problem)),
    }
}

/// Whether a repeatable request may be carried out still (OASIS Repeatable Requests 1.0 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSent {
    /// It names no time: it is no repeatable request of this kind.
    Absent,
    /// It was first sent within the window.
    Within(HttpDate),
    /// It was first sent too long ago, or so far ahead that a clock is wrong: whether it was carried out is not known
    /// any more, so it is rejected with 412 and `Repeatability-Result: rejected`.
    Outside(HttpDate),
}

/// Reads `Repeatability-First-Sent` of a request, and where it lies from `now`.
///
/// # Errors
/// When it is no date, or one of the two headers stands without the other.
pub fn first_sent(headers: &HeaderMap, now: HttpDate, window: Duration) -> Result<FirstSent, Malformed> {
    let sent = only_line(headers, &REPEATABILITY_FIRST_SENT, DATE)?;
    let named = headers.get(&REPEATABILITY_REQUEST_ID);
    let Some(text) = sent else {
        let Some(id) = named else { return Ok(FirstSent::Absent) };
        return Err(Malformed::new(REPEATABILITY_REQUEST_ID, id.as_bytes(), FIRST_SENT_MISSING));
    };
    if named.is_none() {
        return Err(Malformed::new(REPEATABILITY_FIRST_SENT, text, REQUEST_ID_MISSING));
    }
    let date = HttpDate::parse(text).ok_or_else(|| Malformed::new(REPEATABILITY_FIRST_SENT, text, DATE))?;
    let away = now.as_unix().abs_diff(date.as_unix());
    Ok(if away <= window.as_secs() { FirstSent::Within(date) } else { FirstSent::Outside(date) })
}

#[cfg(test)]
mod tests;
