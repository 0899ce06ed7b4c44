//! What the body of a model call names of what the caller keeps at providers: files, a response that it goes on from,
//! items of responses. They lie in one account, and only there the call makes sense.

use bytes::Bytes;
use memchr::memmem;
use weir_domain::snapshot::{ModelRoute, Snapshot};
use weir_llm::held::{self, Held, MARK, Unsealer, candidates};
use weir_llm::{Binding, ErrorKind, WireError};

use super::super::affinity::Account;
use super::super::plan::Plan;
use crate::exchange::Caller;

/// An item that stands for one that is kept, and is not repeated.
const REFERENCE: &[u8] = b"\"item_reference\"";

/// What a call names, and where that lies.
pub(in crate::ai) struct Named {
    account: Account,
    hold: Hold,
    /// The response that it goes on from: the provider's id, and the caller's.
    response: Option<[String; 2]>,
}

/// How firmly the call is held to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// A response is there that the call goes on from, or items of one that it does not repeat.
    Response,
    /// Files are there.
    Files,
    /// The call repeats items of a response. Reasoning among them can be read there only.
    Items,
}

/// Opens the ids in a body, which keeps its length. A file that lies in another account than what decides stays as it is, and
/// the provider knows no such file.
///
/// # Errors
/// The response that the call goes on from was not given to this application. Whether it was given to another one or
/// never was is the same to it.
pub(in crate::ai) fn open(
    snapshot: &Snapshot,
    caller: &Caller,
    binding: Option<&Binding>,
    body: &mut Bytes,
) -> Result<Option<Named>, WireError> {
    let application = caller.credential.application.as_str();
    let open = |id: &str| held::open(snapshot.sealing.as_ref()?, application, id);
    let previous = match binding.filter(|binding| binding.required) {
        None => None,
        Some(Binding { id, .. }) => {
            let held = open(id).filter(|held| held.is_response);
            Some((held.ok_or_else(|| unknown("no such response was given to this application"))?, id))
        }
    };
    // Nearly every body ends here: one look for four letters.
    if previous.is_none() && memmem::find(body, MARK.as_bytes()).is_none() {
        return Ok(None);
    }
    let may = |held: &Held| held.is_response || caller.permits_account(snapshot, &held.provider);
    let found = || candidates(body).filter_map(open).filter(may);
    let refers = memmem::find(body, REFERENCE).is_some();
    let (decides, hold) = match &previous {
        Some((held, _)) => (Some(held.clone()), Hold::Response),
        None => match found().find(|held| !held.is_response) {
            Some(file) => (Some(file), Hold::Files),
            // The last one is of the answer that came last.
            None => (found().last(), if refers { Hold::Response } else { Hold::Items }),
        },
    };
    let Some(decides) = decides else { return Ok(None) };
    let is_there = |held: &Held| held.provider == decides.provider && held.key == decides.key;
    let opens = |held: &Held| may(held) && (held.is_response || is_there(held));
    *body = Unsealer::default().push(body, true, &|id: &str| open(id).filter(opens));
    let response = previous.map(|(held, id)| [held.id, id.clone()]);
    Ok(Some(Named { account: Account::of(application, &decides.provider, &decides.key), hold, response }))
}

/// Keeps a call to the account in which what it names lies.
///
/// # Errors
/// The account is not behind the model any more.
pub(in crate::ai) fn bind<R: FnMut(u64) -> u64>(
    plan: &mut Plan<R>,
    named: Option<&Named>,
    route: &ModelRoute,
) -> Result<(), WireError> {
    let Some(Named { account, hold, .. }) = named else { return Ok(()) };
    match (account.way(route), hold) {
        (Ok((target, key)), Hold::Items) => plan.prefer(target, key),
        (Ok((target, key)), Hold::Response | Hold::Files) => plan.bind(target, key),
        (Err(_), Hold::Items) => {}
        (Err(_), Hold::Response) => {
            return Err(unknown("the account that gave this response is not behind this model any more"));
        }
        (Err(_), Hold::Files) => {
            let sentence = format!(
                "the body names a file that lies in an account of the provider '{}', which is not behind the model '{}' \
                 (any more); upload it to one that is",
                account.provider, route.name
            );
            return Err(WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("file_elsewhere"));
        }
    }
    Ok(())
}

/// What OpenAI says of a response that does not exist, and its status.
fn unknown(why: &str) -> WireError {
    let sentence = format!("previous_response_id: {why}; send the whole conversation in input");
    let error = WireError::gateway(ErrorKind::InvalidRequest, sentence).with_param("previous_response_id");
    error.with_code("previous_response_not_found")
}

/// An error with the caller's word for the response that the call goes on from.
pub(in crate::ai) fn in_callers_words(named: Option<&Named>, mut error: WireError) -> WireError {
    if let Some([providers, callers]) = named.and_then(|named| named.response.as_ref()) {
        error.message = error.message.replace(providers.as_str(), callers);
    }
    error
}
