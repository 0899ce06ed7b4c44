//! Declarative configuration: YAML documents planned, applied and exported.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use serde_json::{Value, json};
use weir_domain::draft::{Draft, Mended};
use weir_domain::fault::{Fault, Faults};
use weir_domain::resource::{Kind, Resource, Stored};
use weir_domain::yaml;

use super::App;
use super::actor::Actor;
use super::change::{Done, Edit, Found, Order, Prune};
use super::diff::diff;
use super::secrets;
use crate::config::{Action, ApplyReport, Change, Plan, Source};
use crate::error::Error;
use crate::store::ListFilter;

/// Rows that an export reads at once.
const BATCH: i64 = 500;

/// What is said of a text without documents where what it does not name is removed.
const EMPTY: &str = "there is none, which would delete everything that is there, so nothing was changed; to delete \
                     everything on purpose, leave one document: {kind: Team, id: default, spec: {name: Default}}";

/// Reads the documents, and what can be read of those that have faults; these come with file and line.
fn parse(source: &Source<'_>) -> (Vec<Resource>, Found) {
    let whole = |error: yaml::Malformed| {
        let file = match error.line {
            Some(line) => Some(place(source, line)),
            None => (!source.name.is_empty()).then(|| source.name.to_owned()),
        };
        let (field, problem) = ("document".to_owned(), error.problem);
        vec![Fault { file, resource: String::new(), field, problem }]
    };
    let at = |document: &yaml::Document, fault: Fault| {
        let file = Some(place(source, yaml::line_of(source.yaml, document.line, &fault.field)));
        Fault { file, ..fault }
    };
    let (mut resources, mut found, mut likely) = (Vec::new(), Found::default(), Vec::new());
    let mut seen = HashMap::new();
    for document in yaml::each(source.yaml) {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let mut mended = Mended::default();
                mended.add_unread();
                found.read(whole(error), mended);
                continue;
            }
        };
        let mut draft = Draft::of_document(&document.value);
        if let [resource] = &draft.resources[..] {
            match seen.entry(resource.label()) {
                Entry::Vacant(free) => drop(free.insert(document.line)),
                Entry::Occupied(first) => {
                    let problem = format!("stands twice, first in the document at line {}", first.get());
                    draft.faults.push(Fault::new(resource.kind(), &resource.id, "id", problem));
                }
            }
            resources.append(&mut draft.resources);
        }
        likely.append(&mut draft.resources);
        found.read(draft.faults.into_iter().map(|fault| at(&document, fault)).collect(), draft.mended);
    }
    resources.extend(likely.into_iter().filter(|resource| !seen.contains_key(&resource.label())));
    (resources, found)
}

/// `weir.yaml:12`, or `line 12` of a text without a name.
fn place(source: &Source<'_>, line: usize) -> String {
    if source.name.is_empty() { format!("line {line}") } else { format!("{}:{line}", source.name) }
}

/// Gives faults the line of their field in the document in which their resource stands, and sorts them by it.
fn locate(faults: Faults, source: &Source<'_>) -> Faults {
    let documents: Vec<yaml::Document> = yaml::each(source.yaml).filter_map(Result::ok).collect();
    // Of two documents for one resource the last one was checked.
    let line = |label: &str| {
        documents.iter().rfind(|d| {
            let text = |field: &str| d.value.get(field).and_then(Value::as_str).unwrap_or_default();
            format!("{}/{}", text("kind"), text("id")) == label
        })
    };
    let faults = faults.0.into_iter().map(|mut fault| {
        if let (None, Some(document)) = (&fault.file, line(&fault.resource)) {
            let line = yaml::line_of(source.yaml, document.line, &fault.field);
            fault.file = Some(place(source, line));
        }
        fault
    });
    let mut faults: Vec<Fault> = faults.collect();
    let line = |fault: &Fault| fault.file.as_deref()?.rsplit([':', ' ']).next()?.parse::<usize>().ok();
    // What has no line comes last.
    faults.sort_by_cached_key(|fault| line(fault).unwrap_or(usize::MAX));
    Faults(faults)
}

/// Team and content as a diff compares them: secrets as fingerprints.
fn shown(stored: &Stored) -> Value {
    let mut spec = stored.resource.spec.clone();
    secrets::redact(&mut spec);
    json!({"team": stored.resource.team, "spec": spec.to_value()})
}

fn changes(done: &[Done]) -> Vec<Change> {
    let changed = done.iter().filter(|d| d.action != "keep");
    changed
        .filter_map(|d| {
            let action = match (&d.before, &d.after) {
                (None, _) => Action::Create,
                (Some(_), Some(_)) => Action::Update,
                (Some(_), None) => Action::Delete,
            };
            let resource = &d.after.as_ref().or(d.before.as_ref())?.resource;
            let (before, after) = (d.before.as_ref().map(shown), d.after.as_ref().map(shown));
            let diff = if action == Action::Delete { Vec::new() } else { diff(before.as_ref(), after.as_ref()) };
            Some(Change { action, kind: resource.kind(), id: resource.id.clone(), diff })
        })
        .collect()
}

/// What was or would be done, as a plan on a base.
pub(crate) fn plan_of(base: i64, done: &[Done]) -> Plan {
    Plan { base, changes: changes(done) }
}

impl App {
    /// What an apply would do. `operator` and `look_up` as in [`Order`].
    pub(crate) async fn plan(&self, source: &Source<'_>, operator: bool, look_up: bool) -> Result<Plan, Error> {
        let actor = Actor::local("plan");
        let order = Order { dry_run: true, operator, look_up, ..order(source, pruned(source), None, &actor)? };
        let outcome = self.change(order).await.map_err(|e| located(e, source))?;
        Ok(plan_of(outcome.revision, &outcome.done))
    }

    /// Applies documents, all or nothing. `operator` and `dry_run` as in [`Order`].
    pub(crate) async fn apply(
        &self,
        source: &Source<'_>,
        base: Option<i64>,
        actor: &Actor,
        operator: bool,
        dry_run: bool,
    ) -> Result<ApplyReport, Error> {
        let order = Order { operator, dry_run, ..order(source, pruned(source), base, actor)? };
        let outcome = self.change(order).await.map_err(|e| located(e, source))?;
        Ok(ApplyReport { revision: outcome.revision, changes: changes(&outcome.done) })
    }

    /// Applies a file that manages its resources from now on.
    pub(crate) async fn apply_file(&self, path: &Path, yaml: &str) -> Result<ApplyReport, Error> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        let source = Source { yaml, name: &name, prune: false };
        let actor = Actor::local(&format!("file:{name}"));
        let order = Order { file: Some(&name), ..order(&source, Prune::LeftFile, None, &actor)? };
        let outcome = self.change(order).await.map_err(|e| located(e, &source))?;
        Ok(ApplyReport { revision: outcome.revision, changes: changes(&outcome.done) })
    }

    /// Everything as YAML documents, in dependency order.
    pub(crate) async fn export(&self) -> Result<String, Error> {
        let mut text = String::new();
        for kind in Kind::ALL {
            let mut after = String::new();
            loop {
                let filter = ListFilter { kind, team: "", parent: "", search: "", after: &after, limit: BATCH };
                let rows = self.db.resources(&filter).await?;
                let Some(last) = rows.last() else { break };
                after.clone_from(&last.id);
                for row in &rows {
                    let stored = row.parse()?;
                    let content = shown(&stored);
                    let document =
                        json!({"kind": kind, "id": row.id, "team": content["team"], "spec": content["spec"]});
                    text.push_str("---\n");
                    text.push_str(&yaml::to_string(&document).map_err(Error::Internal)?);
                    if !text.ends_with('\n') {
                        text.push('\n');
                    }
                }
            }
        }
        Ok(text)
    }

    /// Lets the admin API manage again what a file managed.
    pub(crate) async fn release_file(&self) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let released = tx.release_from_file().await?;
        tx.commit().await?;
        Ok(released)
    }
}

fn pruned(source: &Source<'_>) -> Prune {
    if source.prune { Prune::Unnamed } else { Prune::No }
}

/// The wishes of a text. One that holds nothing prunes nothing: a file cut short must not delete everything.
fn order<'a>(source: &Source<'_>, prune: Prune, base: Option<i64>, actor: &'a Actor) -> Result<Order<'a>, Error> {
    let (resources, found) = parse(source);
    let edits: Vec<Edit> = resources.into_iter().map(Edit::Put).collect();
    if edits.is_empty() && found.is_empty() && prune != Prune::No {
        let (field, problem) = ("document".to_owned(), EMPTY.to_owned());
        let fault = Fault { file: Some(place(source, 1)), resource: String::new(), field, problem };
        return Err(fault.into());
    }
    Ok(Order { base, prune, found, ..Order::together(edits, actor) })
}

fn located(error: Error, source: &Source<'_>) -> Error {
    match error {
        Error::Invalid(faults) => Error::Invalid(locate(faults, source)),
        other => other,
    }
}
