//! What a provider answers about files, uploads and batches, with the ids under which the caller knows them.

use serde_json::{Map, Value};

use super::id::Held;
use crate::batch::BatchState;

/// An answer, ready for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// It, with the caller's ids.
    pub body: Vec<u8>,
    /// The batch that it describes: the vendor's id, and how it stands.
    pub batch: Option<(String, BatchState)>,
}

/// Gives the caller's id: of a batch, or what holds its results, when that was made (else 0); whose results it holds (else
/// empty); and what the vendor calls it.
pub type Seal<'a> = dyn Fn(u64, &str, &str) -> String + 'a;

/// Members that name a file, or what else lies in the account.
const NAMES: [&str; 5] = ["input_file_id", "error_file_id", "file_id", "upload_id", "batch_id"];

/// Seals the ids of an answer; `None` where it is no JSON object. `asked` is what the path named, in the caller's words
/// and the vendor's: it keeps the id that it was asked for by.
#[must_use]
pub fn seal_answer(seal: &Seal<'_>, asked: Option<(&str, &Held)>, answer: &[u8]) -> Option<Answered> {
    let Value::Object(mut object) = serde_json::from_slice(answer).ok()? else { return None };
    let state = BatchState::read(answer);
    let own = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let made = state.as_ref().map_or(0, |state| state.made);
    if let Some(Value::Object(file)) = object.get_mut("file") {
        name(file, |file| seal(0, "", file));
    }
    name(&mut object, |id| match asked {
        Some((asked, held)) if held.id == id => asked.to_owned(),
        _ => seal(made, "", id),
    });
    for field in NAMES {
        rename(&mut object, field, |id| seal(0, "", id));
    }
    rename(&mut object, "output_file_id", |id| seal(made, &own, id));
    // Where the gateway is in the caller's eyes only the caller knows; SDKs take a path as one of their base URL's.
    let sealed = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    rename(&mut object, "results_url", |_| format!("/v1/messages/batches/{sealed}/results"));
    let body = serde_json::to_vec(&object).ok()?;
    Some(Answered { body, batch: state.map(|state| (own, state)) })
}

fn name(object: &mut Map<String, Value>, seal: impl Fn(&str) -> String) {
    rename(object, "id", seal);
}

fn rename(object: &mut Map<String, Value>, field: &str, seal: impl Fn(&str) -> String) {
    if let Some(Value::String(id)) = object.get_mut(field)
        && !id.is_empty()
    {
        *id = seal(id);
    }
}
