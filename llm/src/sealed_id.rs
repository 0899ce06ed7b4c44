//! Google's signatures of thought, carried by the ids of calls. A signature comes with a call of a tool, and Gemini 3
//! refuses a conversation in which the call stands without. A caller of another dialect has no field for it but the id
//! of the call, which it repeats unread: so it travels there and back.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::wire::Text;

/// Stands between the provider's id and the signature. Ids are of letters, digits, `_` and `-` in every dialect.
const MARK: &str = "__thought__";

/// The id under which a caller of another dialect knows a call that came with a signature; the id itself without one.
pub(crate) fn seal<'a>(id: Text<'a>, signature: &str) -> Text<'a> {
    if signature.is_empty() {
        return id;
    }
    format!("{}{MARK}{}", &*id, BASE64_URL_SAFE_NO_PAD.encode(signature)).into()
}

/// The provider's id of a call, and the signature that came with it.
pub(crate) fn open(id: Text<'_>) -> (Text<'_>, Option<String>) {
    let opened = id.split_once(MARK).and_then(|(bare, sealed)| {
        let signature = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        (!signature.is_empty()).then(|| (bare.to_owned(), signature))
    });
    match opened {
        Some((bare, signature)) => (bare.into(), Some(signature)),
        None => (id, None),
    }
}

/// What stands before a signature that belongs to no call, where a caller of another dialect keeps opaque reasoning.
const LOOSE: &str = "google:";

/// A signature that came with no call, as opaque reasoning.
pub(crate) fn loose(signature: &str) -> String {
    format!("{LOOSE}{signature}")
}

/// The signature that [`loose`] has made opaque reasoning of.
pub(crate) fn open_loose(data: &str) -> Option<&str> {
    data.strip_prefix(LOOSE)
}
