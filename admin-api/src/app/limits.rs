//! How long texts of resources may be: they are listed, audited and kept in history as a whole.

use serde_json::Value;
use weir_domain::fault::Fault;
use weir_domain::resource::Resource;

/// Characters of a text field.
const FIELDS: [(&str, usize); 2] = [("name", 200), ("description", 10_000)];
/// Bytes of a whole spec, as JSON.
const SPEC: usize = 1024 * 1024;

/// What of a resource is too long.
pub(crate) fn faults(resource: &Resource) -> Vec<Fault> {
    let fault = |field: &str, problem: String| Fault::new(resource.kind(), &resource.id, field, problem);
    let spec = resource.spec.to_value();
    let mut faults = Vec::new();
    for (name, most) in FIELDS {
        let length = spec.get(name).and_then(Value::as_str).map_or(0, |text| text.chars().count());
        if length > most {
            faults.push(fault(&format!("spec.{name}"), format!("has {length} characters; at most {most} are kept")));
        }
    }
    let length = spec.to_string().len();
    if length > SPEC {
        faults.push(fault("spec", format!("has {length} bytes as JSON; at most {SPEC} are kept, so split it up")));
    }
    faults
}
