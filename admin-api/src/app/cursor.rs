//! Cursors: the place in a list where the next page begins. Opaque to callers, stable under inserts,
//! because they name the last item seen and not a number of items.

use crate::crypto;
use crate::error::Error;

/// Writes a place.
pub(crate) fn encode(place: &[String]) -> String {
    crypto::base64url(serde_json::to_string(place).unwrap_or_default().as_bytes())
}

/// Reads a place; without a cursor it is the begin.
pub(crate) fn decode<const N: usize>(cursor: Option<&str>, begin: [&str; N]) -> Result<[String; N], Error> {
    let Some(cursor) = cursor else { return Ok(begin.map(str::to_owned)) };
    let bytes = crypto::from_base64url(cursor).ok_or_else(refused)?;
    let parts: Vec<String> = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    parts.try_into().map_err(|_| refused())
}

/// What a made-up cursor is answered with.
pub(crate) fn refused() -> Error {
    Error::BadRequest("cursor: not one of this list; use next_cursor as it was given, or leave it out".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_and_strangers_are_refused() {
        let place = encode(&["12".to_owned(), "a/ü".to_owned()]);
        assert!(decode(Some(&place), ["", ""]).is_ok_and(|p| p == ["12", "a/ü"]));
        assert!(decode(None, ["x"]).is_ok_and(|p| p == ["x"]));
        for bad in ["", "%%%", "bm90IGpzb24", &encode(&["one".to_owned()])] {
            assert!(decode(Some(bad), ["", ""]).is_err(), "{bad}");
        }
    }
}
