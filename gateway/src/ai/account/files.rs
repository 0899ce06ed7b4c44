//! Files of the caller's that the body of a model call names: they lie in one account, and only there the call makes
//! sense.

use bytes::Bytes;
use memchr::memmem;
use weir_domain::snapshot::{ModelRoute, Snapshot};
use weir_llm::held::{self, Held, MARK, Unsealer, candidates};
use weir_llm::{ErrorKind, WireError};

use super::super::affinity::Account;
use super::super::plan::Plan;
use crate::exchange::Caller;

/// Opens the ids of files in a body, and tells the account in which the first of them lies. Those in another account
/// stay as they are, and the provider knows no such file.
pub(in super::super) fn open(snapshot: &Snapshot, caller: &Caller, body: &mut Bytes) -> Option<Account> {
    // Nearly every body ends here: one look for four letters.
    memmem::find(body, MARK.as_bytes())?;
    let key = snapshot.sealing.as_ref()?;
    let application = caller.credential.application.as_str();
    let open = |id: &str| held::open(key, application, id);
    let first = candidates(body).find_map(open).filter(|held| caller.permits_account(snapshot, &held.provider))?;
    let is_there = |held: &Held| held.provider == first.provider && held.key == first.key;
    *body = Unsealer::default().push(body, true, &|id: &str| open(id).filter(is_there));
    Some(Account::of(application, &first.provider, &first.key))
}

/// Keeps a call to the account in which its files lie.
pub(in super::super) fn bind<R: FnMut(u64) -> u64>(
    plan: &mut Plan<R>,
    files: Option<&Account>,
    route: &ModelRoute,
) -> Result<(), WireError> {
    let Some(account) = files else { return Ok(()) };
    let (target, key) = account.way(route).map_err(|_| {
        let sentence = format!(
            "the body names a file that lies in an account of the provider '{}', which is not behind the model '{}' (any \
             more); upload it to one that is",
            account.provider, route.name
        );
        WireError::gateway(ErrorKind::InvalidRequest, sentence).with_code("file_elsewhere")
    })?;
    plan.bind(target, key);
    Ok(())
}
