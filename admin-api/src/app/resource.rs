//! Reading resources, and how they are shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use weir_domain::draft::Draft;
use weir_domain::fault::Fault;
use weir_domain::name;
use weir_domain::resource::{DEFAULT_TEAM, Kind, Resource, Stored};
use weir_domain::spec::Spec;
use weir_domain::time;

use super::App;
use super::change::Found;
use super::cursor;
use super::secrets;
use crate::error::Error;
use crate::store::{HistoryRow, ListFilter, ResourceRow};

/// A resource as the admin API shows it: secrets as references or fingerprints, times in RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ResourceView {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) team: String,
    pub(crate) version: i64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) updated_by: String,
    /// The file that manages it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    pub(crate) spec: Value,
}

/// One version of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    /// Its number.
    pub(crate) version: i64,
    /// When it was made, RFC 3339.
    pub(crate) at: String,
    /// Who made it.
    pub(crate) by: String,
    /// `create`, `update`, `delete` or `rollback`.
    pub(crate) action: String,
    /// The team that owned it.
    pub(crate) team: String,
    /// The content; secrets as references or fingerprints.
    #[schema(value_type = Object)]
    pub(crate) spec: Value,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// Give it back as `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

/// How a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many items, 1 to 500; 50 when absent.
    pub(crate) limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Text to find in id, name and description.
    pub(crate) q: Option<String>,
    /// Only what this team owns.
    pub(crate) team: Option<String>,
    /// Only API keys of this application.
    pub(crate) application: Option<String>,
}

impl ResourceView {
    /// As JSON.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// How a resource is shown.
pub(crate) fn view(stored: Stored) -> ResourceView {
    let mut spec = stored.resource.spec;
    secrets::redact(&mut spec);
    ResourceView {
        kind: spec.kind(),
        id: stored.resource.id,
        team: stored.resource.team,
        version: stored.version,
        created_at: time::to_rfc3339(stored.created_at),
        updated_at: time::to_rfc3339(stored.updated_at),
        updated_by: stored.updated_by,
        managed_by: None,
        spec: spec.to_value(),
    }
}

fn row_view(row: &ResourceRow) -> Result<ResourceView, Error> {
    let mut shown = view(row.parse()?);
    shown.managed_by = row.origin.strip_prefix("file:").map(str::to_owned);
    Ok(shown)
}

/// How a version is shown.
pub(crate) fn history_view(row: &HistoryRow) -> Result<HistoryView, Error> {
    let kind: Kind = row.kind.parse().map_err(Error::Internal)?;
    let value = serde_json::from_str(&row.spec).unwrap_or_default();
    let mut spec = Spec::from_value(kind, &row.id, &value)?;
    secrets::redact(&mut spec);
    Ok(HistoryView {
        version: row.version,
        at: time::to_rfc3339(row.at),
        by: row.actor.clone(),
        action: row.action.clone(),
        team: row.team.clone(),
        spec: spec.to_value(),
    })
}

/// How many items of a list, within what is allowed.
pub(crate) fn limit(asked: Option<i64>) -> Result<i64, Error> {
    match asked.unwrap_or(50) {
        limit @ 1..=500 => Ok(limit),
        other => Err(Error::BadRequest(format!("limit: {other} is out of range; give 1 to 500"))),
    }
}

/// Cuts the extra row off that tells whether there is a next page.
pub(crate) fn page<R, T>(
    rows: &[R],
    limit: i64,
    place: impl Fn(&R) -> Vec<String>,
    show: impl Fn(&R) -> Result<T, Error>,
) -> Result<Page<T>, Error> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor =
        if rows.len() > limit { rows.get(limit - 1).map(|last| cursor::encode(&place(last))) } else { None };
    let items = rows.iter().take(limit).map(show).collect::<Result<_, _>>()?;
    Ok(Page { items, next_cursor })
}

impl App {
    /// One resource.
    pub(crate) async fn resource(&self, kind: Kind, id: &str) -> Result<ResourceView, Error> {
        let row = self.db.resource(kind, id).await?.ok_or_else(|| Error::no_resource(kind, id))?;
        row_view(&row)
    }

    /// A page of a kind.
    pub(crate) async fn list(&self, kind: Kind, query: &ListQuery) -> Result<Page<ResourceView>, Error> {
        let limit = limit(query.limit)?;
        let [after] = cursor::decode(query.cursor.as_deref(), [""])?;
        let search = query.q.as_deref().unwrap_or_default().to_lowercase();
        let filter = ListFilter {
            kind,
            team: query.team.as_deref().unwrap_or_default(),
            parent: query.application.as_deref().unwrap_or_default(),
            search: &search,
            after: &after,
            limit: limit + 1,
        };
        let rows = self.db.resources(&filter).await?;
        page(&rows, limit, |row| vec![row.id.clone()], row_view)
    }

    /// The versions of a resource, newest first; of a removed one too.
    pub(crate) async fn history(&self, kind: Kind, id: &str, query: &ListQuery) -> Result<Page<HistoryView>, Error> {
        let limit = limit(query.limit)?;
        let [before] = cursor::decode(query.cursor.as_deref(), [&i64::MAX.to_string()])?;
        let before = before.parse().map_err(|_| cursor::refused())?;
        let rows = self.db.history(kind, id, before, limit + 1).await?;
        if rows.is_empty() && before == i64::MAX {
            return Err(Error::no_resource(kind, id));
        }
        page(&rows, limit, |row| vec![row.version.to_string()], history_view)
    }
}

/// Reads a body `{"id"?, "team"?, "spec"}`, or what can be read of one with faults. `id` is the one in the address; absent
/// for POST.
pub(crate) fn from_body(kind: Kind, id: Option<&str>, body: &Value) -> Result<(Resource, Found), Error> {
    let Value::Object(fields) = body else {
        return Err(Error::BadRequest("the body must be an object {\"team\"?, \"spec\"}".to_owned()));
    };
    // A resource as GET shows it may be sent back: what the store knows by itself is not read.
    const SHOWN: [&str; 6] = ["kind", "version", "created_at", "updated_at", "updated_by", "managed_by"];
    let known = |name: &str| matches!(name, "id" | "team" | "spec") || SHOWN.contains(&name);
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let named = id.or(text("id")).map_or_else(name::new_id, str::to_owned);
    let mut draft = Draft::default();
    let mut fault = |field: &str, problem: &str| draft.faults.push(Fault::new(kind, &named, field, problem));
    for field in ["id", "team"] {
        if fields.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
            fault(field, "must be a string");
        }
    }
    if let (Some(_), Some(other)) = (id, text("id").filter(|other| id != Some(other))) {
        fault("id", &format!("{other:?} is not the id in the address; ids never change"));
    }
    for unknown in fields.keys().filter(|field| !known(field)) {
        fault(unknown, "unknown field; a body has id, team and spec");
    }
    if !fields.contains_key("spec") {
        fault("spec", "missing; put the content there");
    }
    let team = text("team").unwrap_or(DEFAULT_TEAM);
    match fields.get("spec") {
        Some(spec) => draft.read(kind, &named, team, spec),
        None => draft.stand_in(kind, &named),
    }
    let resource = draft.resources.pop().ok_or_else(|| Error::Internal("a body left no resource".to_owned()))?;
    Ok((resource, draft.into()))
}
