//! Signatures of other vendors' reasoning, as Gemini's callers keep them: in `thoughtSignature` of a part, which their
//! clients repeat. It is bytes in base64 there, so the signature is wrapped, and marked, to tell it from Google's own.

use base64::Engine;
use base64::alphabet::{STANDARD as LETTERS, URL_SAFE as SAFE_LETTERS};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// Nine bytes, so that base64 of what follows begins with the same twelve letters each time.
const SIGNED: &str = "weir:sig:";
/// The same before reasoning that is hidden altogether.
const HIDDEN: &str = "weir:red:";
/// What base64 makes of both marks, to be searched for.
pub(crate) const MARKS: [&str; 2] = ["d2VpcjpzaWc6", "d2VpcjpyZWQ6"];

/// What Google takes in the place of a signature, for a call that none of its models made: a conversation may have begun
/// with another vendor's.
/// Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
pub(crate) const NO_SIGNATURE: &str = "skip_thought_signature_validator";
/// The other word for it, and both as clients write them that hold bytes.
const NO_SIGNATURES: [&str; 4] = [
    NO_SIGNATURE,
    "context_engineering_is_the_way_to_go",
    "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I",
    "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv",
];

/// Whether a `thoughtSignature` says that there is none.
pub(super) fn is_none(held: &str) -> bool {
    NO_SIGNATURES.contains(&held.trim_end_matches('='))
}

/// What a caller's `thoughtSignature` holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// A signature of another vendor's reasoning.
    Signature(String),
    /// Reasoning of another vendor that is hidden.
    Hidden(String),
    /// Google's own.
    Google,
}

/// Wraps a signature.
pub(super) fn wrap(signature: &str) -> String {
    STANDARD.encode(format!("{SIGNED}{signature}"))
}

/// Wraps hidden reasoning.
pub(super) fn wrap_hidden(data: &str) -> String {
    STANDARD.encode(format!("{HIDDEN}{data}"))
}

/// Reads a `thoughtSignature`. Clients that hold bytes may write either alphabet of base64, padded or not.
pub(super) fn read(held: &str) -> Held {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engines = [&LETTERS, &SAFE_LETTERS].map(|letters| GeneralPurpose::new(letters, config));
    let bytes = engines.iter().find_map(|engine| engine.decode(held).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    if let Some(signature) = text.strip_prefix(SIGNED) {
        return Held::Signature(signature.to_owned());
    }
    text.strip_prefix(HIDDEN).map_or(Held::Google, |data| Held::Hidden(data.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_comes_back_in_either_alphabet_and_googles_own_is_told_from_it() {
        for text in ["EqQB+/sig==", "ÿ?>~", ""] {
            for (wrapped, held) in
                [(wrap(text), Held::Signature(text.to_owned())), (wrap_hidden(text), Held::Hidden(text.to_owned()))]
            {
                assert!(MARKS.iter().any(|mark| wrapped.starts_with(mark)), "{wrapped}");
                let safe = wrapped.replace('+', "-").replace('/', "_");
                for form in [wrapped.as_str(), &safe, safe.trim_end_matches('=')] {
                    assert_eq!(read(form), held, "{form}");
                }
            }
        }
        for googles in ["", "CiQB", "%%%", "d2Vpcg=="] {
            assert_eq!(read(googles), Held::Google, "{googles}");
        }
    }
}
