//! Google's signatures of thought as its OpenAI-compatible endpoint writes them: in `extra_content` of a call.
//! [`sealed_id`] carries them through a caller that does not know the field.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::gemini::family::wants_signatures;
use crate::gemini::foreign::NO_SIGNATURE;
use crate::sealed_id;
use crate::wire::Text;

/// `extra_content` of a call, in an answer and in a request.
#[derive(Deserialize, Serialize)]
pub(crate) struct ExtraContent {
    google: Google,
}

#[derive(Deserialize, Serialize)]
struct Google {
    thought_signature: String,
}

/// The id under which a caller of another dialect knows a call that came with this `extra_content`.
pub(super) fn seal<'a>(id: Text<'a>, extra: Option<&RawValue>) -> Text<'a> {
    // What is of another form is none of Google's.
    let extra = extra.and_then(|raw| serde_json::from_str::<ExtraContent>(raw.get()).ok());
    match extra {
        Some(extra) => sealed_id::seal(id, &extra.google.thought_signature),
        None => id,
    }
}

/// Whether `extra_content` is of the form that [`seal`] carries; it then needs an id that can carry it.
pub(super) fn is_known(extra: &RawValue) -> bool {
    serde_json::from_str::<ExtraContent>(extra.get()).is_ok()
}

/// The provider's id of a call, and what came with it.
pub(super) fn open(id: Text<'_>) -> (Text<'_>, Option<ExtraContent>) {
    let (id, signature) = sealed_id::open(id);
    (id, signature.map(|thought_signature| ExtraContent { google: Google { thought_signature } }))
}

/// What the first call of a turn goes out with where no signature came with it: a model that wants one is told so.
pub(super) fn excuse(model: &str) -> Option<ExtraContent> {
    let google = || Google { thought_signature: NO_SIGNATURE.to_owned() };
    (are_taken_by(model) && wants_signatures(model)).then(|| ExtraContent { google: google() })
}

/// Whether a model is one of those that ask for signatures; others refuse the field.
pub(super) fn are_taken_by(model: &str) -> bool {
    model.to_ascii_lowercase().contains("gemini")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_goes_there_and_back_in_an_id_that_every_dialect_takes() {
        let raw = RawValue::from_string(r#"{"google":{"thought_signature":"Ab+/=ü"}}"#.to_owned()).unwrap();
        let sealed = seal("function-call-1".into(), Some(&raw));
        assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)), "{sealed:?}");
        let (id, extra) = open(sealed);
        assert_eq!(&*id, "function-call-1");
        assert_eq!(serde_json::to_string(&extra.unwrap()).unwrap(), raw.get());
    }

    #[test]
    fn other_ids_and_other_extras_stay_as_they_are() {
        for extra in ["{}", "7", r#"{"google":{}}"#, r#"{"google":{"thought_signature":""}}"#] {
            let raw = RawValue::from_string(extra.to_owned()).unwrap();
            assert_eq!(&*seal("call_1".into(), Some(&raw)), "call_1", "{extra}");
        }
        for id in ["call_1", "a__thought__", "a__thought__%%%", "__thought__/"] {
            let (same, extra) = open(id.into());
            assert_eq!((&*same, extra.is_none()), (id, true));
        }
    }
}
