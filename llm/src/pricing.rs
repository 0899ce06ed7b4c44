//! What a usage costs, and how the cost is written on the wire.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use weir_domain::money::NanoUsd;
use weir_domain::usage::Usage;

use crate::splice::{Splice, span};
use crate::wire::even_null;

/// Knows the price of the model that answers. The gateway implements it over the snapshot's price rows.
pub trait Pricing: Send + Sync {
    /// The cost of `usage`, or `None` when no price is known, which is not the same as nothing.
    fn cost(&self, usage: &Usage) -> Option<NanoUsd>;
}

impl<F: Fn(&Usage) -> Option<NanoUsd> + Send + Sync> Pricing for F {
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        self(usage)
    }
}

/// A cost on the wire: decimal dollars as a JSON number, `null` when it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost(pub(crate) Option<NanoUsd>);

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(cost) => cost.fmt(f),
            None => f.write_str("null"),
        }
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Through text, because no float holds nano-dollars exactly.
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// Puts `cost` into a usage object that is forwarded as it is, in the place of a provider's own.
pub(crate) fn splice_cost(splice: &mut Splice<'_>, whole: &str, usage: &RawValue, cost: Cost) {
    #[derive(Deserialize)]
    struct HasCost<'a> {
        #[serde(borrow, default, deserialize_with = "even_null")]
        cost: Option<&'a RawValue>,
    }
    let object = span(whole, usage.get());
    match serde_json::from_str::<HasCost<'_>>(usage.get()) {
        Ok(HasCost { cost: Some(theirs) }) => {
            splice.replace(span(whole, theirs.get()), cost.to_string().into_bytes());
        }
        Ok(HasCost { cost: None }) => {
            let inner = usage.get().strip_suffix('}').unwrap_or_default().trim_end();
            let at = object.start + inner.len();
            let comma = if inner.ends_with('{') { "" } else { "," };
            splice.replace(at..at, format!("{comma}\"cost\":{cost}").into_bytes());
        }
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn spliced(body: &'static str, cost: Option<NanoUsd>) -> String {
        #[derive(Deserialize)]
        struct Whole<'a> {
            #[serde(borrow)]
            usage: &'a RawValue,
        }
        let whole: Whole<'_> = serde_json::from_str(body).unwrap();
        let mut splice = Splice::default();
        splice_cost(&mut splice, body, whole.usage, Cost(cost));
        String::from_utf8(splice.apply(&Bytes::from_static(body.as_bytes())).to_vec()).unwrap()
    }

    #[test]
    fn the_cost_is_the_only_change_and_unknown_is_null() {
        let dollars = Some(NanoUsd(125_000));
        assert_eq!(spliced(r#"{"usage": {"a":{}} }"#, dollars), r#"{"usage": {"a":{},"cost":0.000125} }"#);
        assert_eq!(spliced(r#"{"usage":{"a":1 } }"#, None), r#"{"usage":{"a":1,"cost":null } }"#);
        assert_eq!(spliced(r#"{"usage":{ }}"#, dollars), r#"{"usage":{"cost":0.000125 }}"#);
    }

    #[test]
    fn a_providers_own_cost_never_stands_for_ours() {
        assert_eq!(spliced(r#"{"usage":{"cost":0,"b":1}}"#, None), r#"{"usage":{"cost":null,"b":1}}"#);
    }
}
