//! What a person may ask of an API key: an end that is to come, and no more than its application has.

use serde_json::Value;
use weir_domain::credential::{Allow, is_public_id};
use weir_domain::fault::{Fault, Faults};
use weir_domain::resource::{Kind, Stored};
use weir_domain::spec::{ApiKey, Application, Spec};
use weir_domain::time;

use super::board::Board;
use crate::error::Error;
use crate::store::Tx;

fn key(stored: Option<&Stored>) -> Option<&ApiKey> {
    match &stored?.resource.spec {
        Spec::ApiKey(key) => Some(key),
        _ => None,
    }
}

impl Board {
    /// Checks a key that was not there: its id must be one that a key can have, and a key that was ever revoked
    /// does not come back by way of a removal. `by_hand`: by an edit of this one resource, not by documents.
    pub(super) async fn check_made_key(&mut self, tx: &mut Tx, id: &str, by_hand: bool) -> Result<(), Error> {
        let entry = self.entry(tx, Kind::ApiKey, id).await?;
        let (is_new, had_before) = (entry.before.is_none(), entry.last_version > 0);
        let Some(made) = key(entry.after.as_ref()).filter(|_| is_new) else { return Ok(()) };
        if !is_public_id(id) {
            let problem = "is not the public part of a key, which has 16 lower-case letters and digits: no caller could \
                           ever use it; make a key with POST /applications/{id}/keys";
            return Err(Fault::new(Kind::ApiKey, id, "id", problem).into());
        }
        if made.revoked || !had_before || !tx.specs(Kind::ApiKey, id).await?.iter().any(|spec| revoked(spec)) {
            return Ok(());
        }
        if by_hand {
            return Err(Error::RevokedForGood(id.to_owned()));
        }
        let problem = "this key was revoked before it was removed, and a revoked key stays revoked; make a new one";
        Err(Fault::new(Kind::ApiKey, id, "spec.revoked", problem).into())
    }

    /// Checks what an edit says newly of a key; what stays as it was may be outdated, and the key revoked still.
    pub(super) async fn check_new_key(&mut self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        let entry = self.entry(tx, Kind::ApiKey, id).await?;
        let before = key(entry.before.as_ref()).cloned().unwrap_or_default();
        let Some(after) = key(entry.after.as_ref()).cloned() else { return Ok(()) };
        let mut faults = Vec::new();
        let mut fault = |field: String, problem: String| faults.push(Fault::new(Kind::ApiKey, id, field, problem));
        let end = after.expires_at.as_deref().and_then(|text| time::parse_rfc3339(text).ok());
        if after.expires_at != before.expires_at && end.is_some_and(|end| end <= time::now()) {
            fault("spec.expires_at".to_owned(), "lies in the past: the key would never work".to_owned());
        }
        let application = self.entry(tx, Kind::Application, &after.application).await?;
        // A missing application is told by the check of all keys.
        if let Some(Spec::Application(has)) = application.after.as_ref().map(|a| &a.resource.spec) {
            let Application { models, services, providers, batches, .. } = has;
            // A key names the providers whose accounts it reaches there too.
            let reached = [&providers[..], batches].concat();
            for (list, was, wanted, allowed) in [
                ("models", &before.models, &after.models, models),
                ("services", &before.services, &after.services, services),
                ("providers", &before.providers, &after.providers, &reached),
            ] {
                if was == wanted {
                    continue;
                }
                for (index, name) in outside(wanted.as_deref().unwrap_or_default(), allowed) {
                    let problem = format!("{name:?} is not among the application's {list}; a key can only narrow them");
                    fault(format!("spec.{list}[{index}]"), problem);
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(Faults(faults))) }
    }
}

/// Whether a stored content is that of a revoked key.
fn revoked(spec: &str) -> bool {
    serde_json::from_str::<Value>(spec).is_ok_and(|spec| spec["revoked"] == true)
}

/// The entries that share nothing with what is allowed.
fn outside<'a>(wanted: &'a [String], allowed: &'a [String]) -> impl Iterator<Item = (usize, &'a String)> {
    let allow = Allow::compile(allowed);
    wanted.iter().enumerate().filter(move |(_, name)| {
        let overlaps = name.strip_suffix('*').is_some_and(|prefix| allowed.iter().any(|a| a.starts_with(prefix)));
        !(overlaps || allow.permits(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_narrow_and_not_widen() {
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let first = |wanted: &[&str], allowed: &[&str]| outside(&list(wanted), &list(allowed)).next().map(|(at, _)| at);
        assert_eq!(first(&["fast", "openai/gpt"], &["*"]), None);
        assert_eq!(first(&["*", "openai/*"], &["openai/gpt", "fast"]), None);
        assert_eq!(first(&["openai/*"], &["openai/*"]), None);
        assert_eq!(first(&["fast", "slow"], &["fast"]), Some(1));
        assert_eq!(first(&["other/*"], &["openai/*"]), Some(0));
        assert_eq!(first(&["fast"], &[]), Some(0));
    }
}
