//! What the log and usage reports may be narrowed to: a name that nothing ever has is refused, not answered with nothing.

use serde::de::DeserializeOwned;
use serde_json::json;
use weir_domain::ledger::{Outcome, Traffic};

use crate::app::request::FilterQuery;
use crate::error::Error;

/// Names as the ledger knows them; [`is_name`] holds them against its types.
const OUTCOMES: [&str; 8] =
    ["ok", "refused", "upstream_error", "connect_failed", "timeout", "cut", "aborted", "internal"];
const TRAFFIC: [&str; 2] = ["ai", "rest"];

/// Refuses an outcome or a traffic that there is not.
pub(super) fn check(filter: &FilterQuery) -> Result<(), Error> {
    known::<Outcome>("outcome", filter.outcome.as_deref(), &OUTCOMES)?;
    known::<Traffic>("traffic", filter.traffic.as_deref(), &TRAFFIC)
}

fn known<T: DeserializeOwned>(parameter: &str, sent: Option<&str>, names: &[&str]) -> Result<(), Error> {
    match sent {
        Some(text) if !text.is_empty() && !is_name::<T>(text) => {
            let shown: String = text.chars().take(50).collect();
            Err(Error::BadRequest(format!("{parameter}: there is no {shown:?}; give one of {}", names.join(", "))))
        }
        _ => Ok(()),
    }
}

fn is_name<T: DeserializeOwned>(text: &str) -> bool {
    serde_json::from_value::<T>(json!(text)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_are_told_are_those_that_are_taken() {
        assert!(OUTCOMES.into_iter().all(is_name::<Outcome>) && TRAFFIC.into_iter().all(is_name::<Traffic>));
        let told = serde_json::from_value::<Outcome>(json!("zz")).unwrap_err().to_string();
        assert_eq!(told.matches('`').count() / 2 - 1, OUTCOMES.len(), "{told}");
        let told = serde_json::from_value::<Traffic>(json!("zz")).unwrap_err().to_string();
        assert_eq!(told.matches('`').count() / 2 - 1, TRAFFIC.len(), "{told}");
    }
}
