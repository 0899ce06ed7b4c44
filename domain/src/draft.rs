//! Reads a document although it has faults, so that all of them are told at once: those of its shape, and those of what it
//! says.

mod mend;

use serde_json::{Map, Value};

pub(crate) use self::mend::{Hint, Misfit, Step};
use crate::fault::Fault;
use crate::name;
use crate::resource::{DEFAULT_TEAM, Kind, Resource};
use crate::spec::Spec;

/// The kinds that others refer to.
const REFERRED: [Kind; 8] = [
    Kind::Team,
    Kind::ConflictStore,
    Kind::ConflictPolicy,
    Kind::Provider,
    Kind::ModelRoute,
    Kind::Upstream,
    Kind::Service,
    Kind::Application,
];

/// What could be read of documents.
#[derive(Debug, Default)]
pub struct Draft {
    /// The resources. Where there are faults, what does not fit is left out of them or stood in for: they are fit to be
    /// checked further, and never to be kept. Of a document whose kind is unknown, what its id may stand for.
    pub resources: Vec<Resource>,
    /// What is wrong with the shape; without, the resources are as they were written.
    pub faults: Vec<Fault>,
    /// What in the resources was not written so.
    pub mended: Mended,
}

/// Places in resources at which something stands that nobody wrote; what a check finds there says nothing.
#[derive(Debug, Default)]
pub struct Mended {
    /// `Kind/id` and path; an empty path is the whole resource.
    places: Vec<(String, String)>,
    /// There is a document of which not even kind and id are known, so anything may be in it.
    blind: bool,
}

impl Draft {
    /// Reads a document `{kind, id, team?, spec}`; unknown fields are faults.
    #[must_use]
    pub fn of_document(document: &Value) -> Self {
        let mut draft = Self::default();
        let Value::Object(fields) = document else {
            draft.bare("", "a resource is a mapping with kind, id, team and spec".to_owned());
            draft.mended.blind = true;
            return draft;
        };
        for unknown in fields.keys().filter(|k| !matches!(k.as_str(), "kind" | "id" | "team" | "spec")) {
            draft.bare(unknown, "unknown field; a resource has kind, id, team and spec".to_owned());
        }
        let kind = draft.text(fields, "kind", "for example kind: Provider");
        let kind = kind.and_then(|text| text.parse::<Kind>().map_err(|problem| draft.bare("kind", problem)).ok());
        let id = draft.text(fields, "id", name::ID_RULE);
        let (kind, id) = match (kind, id) {
            (Some(kind), Some(id)) => (kind, id),
            (kind, id) => {
                draft.unidentified(kind, id, fields.get("spec"));
                return draft;
            }
        };
        let team = match fields.get("team") {
            None => DEFAULT_TEAM,
            Some(Value::String(team)) => team,
            Some(_) => {
                draft.faults.push(Fault::new(kind, id, "team", "must be text"));
                draft.mended.add(format!("{kind}/{id}"), "team");
                DEFAULT_TEAM
            }
        };
        draft.read(kind, id, team, fields.get("spec").unwrap_or(&Value::Object(Map::new())));
        draft
    }

    /// Reads the content of a resource whose kind, id and team are known.
    pub fn read(&mut self, kind: Kind, id: &str, team: &str, spec: &Value) {
        let (spec, misfits, places) = mend::mend(spec, |value| Spec::read(kind, value));
        self.faults.extend(misfits.into_iter().map(|misfit| Fault::new(kind, id, misfit.field, misfit.problem)));
        let label = format!("{kind}/{id}");
        places.iter().for_each(|place| self.mended.add(label.clone(), place));
        let Some(spec) = spec else {
            self.stand_in(kind, id);
            return;
        };
        let resource = Resource { id: id.to_owned(), team: team.to_owned(), spec };
        self.faults.extend(resource.check_names());
        self.resources.push(resource);
    }

    /// Tells what can be told of a document without kind or id.
    fn unidentified(&mut self, kind: Option<Kind>, id: Option<&str>, spec: Option<&Value>) {
        if let (Some(kind), Some(spec)) = (kind, spec) {
            let (_, misfits, _) = mend::mend(spec, |value| Spec::read(kind, value));
            misfits.into_iter().for_each(|misfit| self.bare(&misfit.field, misfit.problem));
        }
        match id {
            Some(id) => REFERRED.into_iter().for_each(|kind| self.stand_in(kind, id)),
            None => self.mended.blind = true,
        }
    }

    /// A resource of which nothing but kind and id is known, so that who refers to it is not told that it is not there.
    pub fn stand_in(&mut self, kind: Kind, id: &str) {
        self.mended.add(format!("{kind}/{id}"), "");
        let (spec, ..) = mend::mend(&Value::Object(Map::new()), |value| Spec::read(kind, value));
        match spec {
            Some(spec) => self.resources.push(Resource { id: id.to_owned(), team: DEFAULT_TEAM.to_owned(), spec }),
            None => self.mended.blind = true,
        }
    }

    /// The text of a field of the envelope that must be there; `mend` is how it is mended.
    fn text<'a>(&mut self, fields: &'a Map<String, Value>, field: &str, mend: &str) -> Option<&'a str> {
        match fields.get(field) {
            Some(Value::String(text)) => return Some(text),
            None => self.bare(field, format!("missing; {mend}")),
            // What stands there is not repeated: it may be a secret.
            Some(_) => self.bare(field, format!("must be text; {mend}")),
        }
        None
    }

    fn bare(&mut self, field: &str, problem: String) {
        self.faults.push(Fault { file: None, resource: String::new(), field: field.to_owned(), problem });
    }
}

// === impl Mended ===

impl Mended {
    /// Notes that what stands at `field` of the resource `label` (`Kind/id`) was not written so.
    pub fn add(&mut self, label: String, field: &str) {
        self.places.push((label, field.to_owned()));
    }

    /// Notes that there is something of which nothing is known.
    pub fn add_unread(&mut self) {
        self.blind = true;
    }

    /// Takes over what another one knows.
    pub fn extend(&mut self, other: Self) {
        self.places.extend(other.places);
        self.blind |= other.blind;
    }

    /// Whether a fault of a check may come of the mending alone: it is at such a place, it speaks of the field, or of the
    /// resource.
    #[must_use]
    pub fn hides(&self, fault: &Fault) -> bool {
        if self.blind && fault.is_missing_reference() {
            return true;
        }
        self.places.iter().any(|(label, field)| {
            if fault.resource != *label {
                return speaks_of(&fault.problem, label);
            }
            let name = field.rsplit('.').next().unwrap_or_default();
            is_within(&fault.field, field)
                || is_within(field, &fault.field)
                || (!name.is_empty() && fault.problem.contains(&format!("{name}: ")))
        })
    }
}

/// Whether the path `inner` is `outer` or leads on from there.
fn is_within(inner: &str, outer: &str) -> bool {
    outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether a sentence holds `Kind/id`, and not as the begin of another one's.
fn speaks_of(problem: &str, label: &str) -> bool {
    problem.match_indices(label).any(|(at, _)| {
        let next = problem[at + label.len()..].chars().next();
        next.is_none_or(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
    })
}

#[cfg(test)]
mod tests;
