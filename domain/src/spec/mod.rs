//! The content of each kind of resource: what people write, field by field.

mod access;
mod cache;
mod conflict;
mod health;
mod measure;
mod model;
mod request_log;
mod rest;
mod routing;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;
use utoipa::ToSchema;

pub use self::access::{ApiKey, Application, Team};
pub use self::cache::{AnswerCache, CacheScope};
pub use self::conflict::{
    Adaptive, Algorithm, AlreadyApplied, Authority, Backoff, Billing, Coalesce, CoalesceError, Concurrency,
    ConditionHeader, ConditionalReads, Conflict, ConflictSetting, ConflictStore, ConflictStrategy, Evaluate, Guard,
    HeadMode, HoldUntil, Idempotency, InProgress, KeyScope, KeySyntax, Lenient, LimitOnError, Lock, LockMode,
    LostUpdate, Off, OnClientAbort, OnError, OnLost, Preconditions, Queue, QueueOrder, Require, Sample, Scope,
    Serialise, SerializeMode, StoreBreaker, StoreType, Synthesize, UpstreamConflict, UpstreamEtag, Validators,
    VerifyWith, WriteResponse, Writers,
};
pub use self::health::{HealthCheck, HealthMethod};
pub use self::measure::{Percent, Size, Span};
pub use self::model::{
    ModelDeclaration, ModelRoute, ModelTarget, ModelTimeouts, OnAbort, Price, Protocol, Provider, ProviderKey,
};
pub use self::request_log::{Builtin, KeptBodies, Redact, RequestLog};
pub use self::rest::{
    Auth, Method, Route, Service, Upstream, UpstreamTarget, UpstreamTimeouts, UpstreamTls, WireVersion,
};
pub use self::routing::{
    Breaker, Canary, Retry, RetryBudget, RetryOn, RouteTimeouts, Shadow, Sticky, StickyBy, Strategy, TokenRange, When,
};
use crate::draft::{Hint, Misfit, Step};
use crate::fault::Fault;
use crate::resource::Kind;

/// The content of a resource, tagged by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "spec")]
pub enum Spec {
    /// See [`Team`].
    Team(Team),
    /// See [`ConflictStore`].
    ConflictStore(ConflictStore),
    /// See [`Conflict`].
    ConflictPolicy(Box<Conflict>),
    /// See [`Provider`].
    Provider(Provider),
    /// See [`Price`].
    Price(Price),
    /// See [`ModelRoute`].
    ModelRoute(ModelRoute),
    /// See [`Upstream`].
    Upstream(Upstream),
    /// See [`Service`].
    Service(Service),
    /// See [`Route`].
    Route(Route),
    /// See [`Application`].
    Application(Application),
    /// See [`ApiKey`].
    ApiKey(ApiKey),
}

impl Spec {
    /// The kind that this content belongs to.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Team(_) => Kind::Team,
            Self::ConflictStore(_) => Kind::ConflictStore,
            Self::ConflictPolicy(_) => Kind::ConflictPolicy,
            Self::Provider(_) => Kind::Provider,
            Self::Price(_) => Kind::Price,
            Self::ModelRoute(_) => Kind::ModelRoute,
            Self::Upstream(_) => Kind::Upstream,
            Self::Service(_) => Kind::Service,
            Self::Route(_) => Kind::Route,
            Self::Application(_) => Kind::Application,
            Self::ApiKey(_) => Kind::ApiKey,
        }
    }

    /// Reads the content of a kind. `id` is for the fault only.
    ///
    /// # Errors
    /// A fault with the path of the first field that does not fit.
    pub fn from_value(kind: Kind, id: &str, value: &Value) -> Result<Self, Fault> {
        Self::read(kind, value).map_err(|misfit| Fault::new(kind, id, misfit.field, misfit.problem))
    }

    /// Reads the content of a kind; the error is about the first field that does not fit.
    pub(crate) fn read(kind: Kind, value: &Value) -> Result<Self, Misfit> {
        Ok(match kind {
            Kind::Team => Self::Team(read(value)?),
            Kind::ConflictStore => Self::ConflictStore(read(value)?),
            Kind::ConflictPolicy => Self::ConflictPolicy(read(value)?),
            Kind::Provider => Self::Provider(read(value)?),
            Kind::Price => Self::Price(read(value)?),
            Kind::ModelRoute => Self::ModelRoute(read(value)?),
            Kind::Upstream => Self::Upstream(read(value)?),
            Kind::Service => Self::Service(read(value)?),
            Kind::Route => Self::Route(read(value)?),
            Kind::Application => Self::Application(read(value)?),
            Kind::ApiKey => Self::ApiKey(read(value)?),
        })
    }

    /// The content alone, as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::Team(s) => serde_json::to_value(s),
            Self::ConflictStore(s) => serde_json::to_value(s),
            Self::ConflictPolicy(s) => serde_json::to_value(s),
            Self::Provider(s) => serde_json::to_value(s),
            Self::Price(s) => serde_json::to_value(s),
            Self::ModelRoute(s) => serde_json::to_value(s),
            Self::Upstream(s) => serde_json::to_value(s),
            Self::Service(s) => serde_json::to_value(s),
            Self::Route(s) => serde_json::to_value(s),
            Self::Application(s) => serde_json::to_value(s),
            Self::ApiKey(s) => serde_json::to_value(s),
        };
        // Writing to a value fails only for maps with keys that are no strings, which no spec has.
        value.unwrap_or_default()
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let steps = error.path().iter().map(|segment| match segment {
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        let text = error.inner().to_string();
        let quoted = |text: &str| text.split_once('`').map(|(word, _)| word.to_owned());
        let expected = text.rsplit_once("`, expected ").filter(|_| text.starts_with("unknown variant "));
        Misfit {
            steps: steps.collect(),
            field: if path == "." { "spec".to_owned() } else { format!("spec.{path}") },
            problem: sentence(error.inner()),
            hint: if let Some(name) = text.strip_prefix("missing field `").and_then(quoted) {
                Hint::Lacks(name)
            } else if text.starts_with("unknown field `") {
                Hint::UnknownField
            } else {
                let value = expected.and_then(|(_, values)| quoted(values.split_once('`')?.1));
                value.map_or(Hint::None, Hint::WouldFit)
            },
        }
    })
}

/// What a deserialiser expects, in the words of people who write configuration: its own are those of the program.
#[must_use]
pub fn plain_words(expected: &str) -> String {
    let unsigned = |most: u64| format!("a whole number from 0 to {most}");
    match expected {
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping of fields".to_owned(),
        "a string" | "string" | "str" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" => unsigned(u64::from(u8::MAX)),
        "u16" => unsigned(u64::from(u16::MAX)),
        "u32" => unsigned(u64::from(u32::MAX)),
        "u64" | "usize" => "a whole number from 0 on".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "string or map" | "variant identifier" => "one of the values that are documented".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => {
            "a mapping of fields".to_owned()
        }
        other if other.starts_with("enum ") => "one of the values that are documented".to_owned(),
        other => other.to_owned(),
    }
}

/// What was found in its place, by the first word of the deserialiser.
fn found_words(found: &str) -> Option<&'static str> {
    Some(match found {
        "string" => "text",
        "map" => "a mapping",
        "sequence" => "a list",
        "integer" | "floating" => "a number",
        "boolean" => "true or false",
        "null" | "unit" | "Option" => "nothing",
        _ => return None,
    })
}

/// What is wrong with a field, without the value that serde quotes, because a misplaced value may be a secret:
/// "must be a list, not text".
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    for lead in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let (Some(rest), Some((before, expected))) = (text.strip_prefix(lead), text.rsplit_once(", expected ")) {
            let found = rest[..before.len() - lead.len()].split([' ', '"', '`']).next().unwrap_or_default();
            let expected = plain_words(expected);
            return match found_words(found).filter(|_| lead == "invalid type: ") {
                Some(found) => format!("must be {expected}, not {found}"),
                None => format!("must be {expected}"),
            };
        }
    }
    match (text.strip_prefix("unknown variant "), text.rsplit_once("`, expected ")) {
        (Some(_), Some((_, expected))) => format!("unknown value, expected {expected}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_in_plain_words() {
        for (spec, wanted) in [
            (serde_json::json!({"protocol": "openai", "keys": "x"}), "spec.keys: must be a list, not text"),
            (
                serde_json::json!({"protocol": "openai", "keys": ["x"]}),
                "spec.keys[0]: must be a mapping of fields, not text",
            ),
            (
                serde_json::json!({"protocol": "openai", "timeouts": {"total_ms": -1}}),
                "spec.timeouts.total_ms: must be a whole number from 0 on",
            ),
            (
                serde_json::json!({"protocol": "openai", "disabled": "no"}),
                "spec.disabled: must be true or false, not text",
            ),
            (
                serde_json::json!({"protocol": "openai", "headers": []}),
                "spec.headers: must be a mapping of fields, not a list",
            ),
            (serde_json::json!(7), "spec: must be a mapping of fields, not a number"),
        ] {
            let told = Spec::from_value(Kind::Provider, "p", &spec).err().map(|f| f.to_string()).unwrap_or_default();
            assert_eq!(told, format!("Provider/p: {wanted}"));
        }
    }

    #[test]
    fn a_misplaced_secret_is_not_quoted() {
        for spec in [
            serde_json::json!({"protocol": "openai", "keys": "sk-canary, expected nothing"}),
            serde_json::json!({"protocol": "openai", "keys": [{"id": "a", "secret": ["sk-canary"]}]}),
            serde_json::json!({"protocol": "openai", "keys": [{"id": "a", "secret": {"sk-canary": 1}}]}),
            serde_json::json!({"protocol": "x`, expected sk-canary"}),
            serde_json::json!({"protocol": "openai", "name": 424242}),
        ] {
            let fault = Spec::from_value(Kind::Provider, "p", &spec).err().map(|f| f.to_string()).unwrap_or_default();
            assert!(!fault.is_empty() && !fault.contains("canary") && !fault.contains("424242"), "{fault}");
        }
    }
}
