//! Checks versions against `If-Match`, and writes what changed: row, history and audit together.

use std::collections::HashSet;

use http::Method;
use serde_json::{Value, json};
use weir_conflict::conditions::{Current, Verdict};
use weir_conflict::tag::TagList;
use weir_domain::resource::{Kind, Stored};
use weir_domain::spec::ConditionHeader;
use weir_domain::time;

use super::board::{Board, Entry};
use super::{Done, Matches};
use crate::app::actor::Actor;
use crate::app::{resource, secrets, version_tag};
use crate::error::{Error, Stale};
use crate::store::{HistoryRow, NewAudit, ResourceRow, Tx};

impl Entry {
    /// Refuses a change that was made for another version.
    pub(super) async fn check(&self, tx: &mut Tx, kind: Kind, id: &str, matches: &Matches) -> Result<(), Error> {
        let Some(now) = &self.after else { return Err(Error::no_resource(kind, id)) };
        let Matches::When(conditions) = matches else { return Ok(()) };
        let tags = [version_tag::of(now.version)];
        // Conditions are the same for all methods that change something; PUT stands for them.
        match conditions.evaluate(&Method::PUT, &Current { exists: true, tags: &tags, ..Current::default() }) {
            Verdict::Failed(ConditionHeader::IfMatch) => {}
            Verdict::Failed(header) => return Err(Error::ConditionFailed { header, current: now.version }),
            _ => return Ok(()),
        }
        let named = conditions.if_match.as_ref().map(TagList::tags).unwrap_or_default();
        let yours = named.iter().find_map(version_tag::version).unwrap_or_default();
        let base = match tx.version(kind, id, yours).await? {
            Some(row) => Some(resource::history_view(&row)?.spec),
            None => None,
        };
        Err(Error::Stale(Box::new(Stale {
            label: format!("{kind}/{id}"),
            submitted: conditions.submitted(),
            yours,
            current: resource::view(now.clone()).to_value(),
            base,
            changed_by: now.updated_by.clone(),
            changed_at: time::to_rfc3339(now.updated_at),
        })))
    }
}

impl Board {
    /// Writes every entry that changed and tells what was done, in dependency order.
    pub(super) async fn write(
        self,
        tx: &mut Tx,
        actor: &Actor,
        revision: i64,
        file: Option<&str>,
        named: &HashSet<(Kind, String)>,
    ) -> Result<Vec<Done>, Error> {
        let mut all = Vec::new();
        for (key, entry) in self.rows {
            let Entry { row, before, after, action, last_version } = entry;
            if action == "keep" {
                if named.contains(&key) {
                    all.extend(after.map(|now| Done { action, before: Some(now.clone()), after: Some(now) }));
                }
                continue;
            }
            let (kind, id) = key;
            let (spec, team) = match (&after, row) {
                (Some(now), row) => {
                    let new = new_row(kind, now, revision, file, row.as_ref());
                    tx.put_resource(&new).await?;
                    (new.spec, new.team)
                }
                (None, Some(old)) => {
                    tx.delete_resource(kind.as_str(), &id).await?;
                    (old.spec, old.team)
                }
                (None, None) => continue,
            };
            let version = last_version + 1;
            let at = time::now();
            let (kind_name, by) = (kind.as_str().to_owned(), actor.label.clone());
            let action_name = action.to_owned();
            let history =
                HistoryRow { kind: kind_name, id, version, revision, action: action_name, team, spec, at, actor: by };
            tx.add_history(&history).await?;
            tx.add_audit(&NewAudit {
                action,
                kind: kind.as_str(),
                id: &history.id,
                before: &state(before.as_ref()),
                after: &state(after.as_ref()),
                ..actor.audit()
            })
            .await?;
            all.push(Done { action, before, after });
        }
        Ok(all)
    }
}

fn new_row(kind: Kind, now: &Stored, revision: i64, file: Option<&str>, old: Option<&ResourceRow>) -> ResourceRow {
    ResourceRow {
        kind: kind.as_str().to_owned(),
        id: now.resource.id.clone(),
        team: now.resource.team.clone(),
        spec: now.resource.spec.to_value().to_string(),
        origin: file.map_or_else(|| "api".to_owned(), |name| format!("file:{name}")),
        version: now.version,
        revision,
        created_at: old.map_or(now.created_at, |o| o.created_at),
        updated_at: now.updated_at,
        updated_by: now.updated_by.clone(),
    }
}

/// What the audit says of a resource: team and content, secrets as fingerprints.
fn state(stored: Option<&Stored>) -> String {
    let Some(stored) = stored else { return String::new() };
    let mut spec = stored.resource.spec.clone();
    secrets::redact(&mut spec);
    let shown: Value = json!({"team": stored.resource.team, "version": stored.version, "spec": spec.to_value()});
    shown.to_string()
}
