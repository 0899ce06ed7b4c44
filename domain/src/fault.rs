//! What is wrong with a configuration: which resource, which field, why, and how to mend it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::resource::Kind;

/// One thing wrong with a configuration. A refusal carries all of them, not the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// The file it stands in, with line where known (`weir.yaml:12`); absent for the admin API.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Kind and id of the resource, such as `Provider/openai`; empty when the document has none.
    pub resource: String,
    /// Path of the field, such as `spec.keys[0].secret`.
    pub field: String,
    /// What is wrong and how to mend it, as a sentence.
    pub problem: String,
}

/// How the problem begins where a field names something that is not there.
const NOT_THERE: &str = "there is no ";

impl Fault {
    /// A reference to something that is not there: `what` is its kind and name, `mend` how it is mended.
    #[must_use]
    pub fn missing_reference(kind: Kind, id: &str, field: impl Into<String>, what: &str, mend: &str) -> Self {
        Self::new(kind, id, field, format!("{NOT_THERE}{what}; {mend}"))
    }

    /// Whether it is about a reference to something that is not there.
    #[must_use]
    pub fn is_missing_reference(&self) -> bool {
        self.problem.starts_with(NOT_THERE)
    }

    /// A fault in a field of a resource.
    #[must_use]
    pub fn new(kind: Kind, id: &str, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: None, resource: format!("{kind}/{id}"), field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if !self.resource.is_empty() {
            write!(f, "{}: ", self.resource)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

/// All faults of one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}
