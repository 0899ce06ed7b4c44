//! Usage as Cohere writes it.

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::usage::Tokens;

use crate::usage::{Count, Sighted};

#[derive(Debug, Default, Deserialize)]
struct WireUsage {
    billed_units: Option<Counts>,
    tokens: Option<Counts>,
    cached_tokens: Option<Count>,
}

/// `billed_units` is what is charged; `tokens` also counts the prompt that Cohere writes around the caller's.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
}

/// Reads a usage object: what is billed goes before what was processed.
pub(crate) fn read(raw: &RawValue) -> Sighted {
    let usage: WireUsage = serde_json::from_str(raw.get()).unwrap_or_default();
    let (billed, counted) = (usage.billed_units.unwrap_or_default(), usage.tokens.unwrap_or_default());
    let input = billed.input_tokens.or(counted.input_tokens).map(|total| {
        let cache_read = usage.cached_tokens.map_or(0, |cached| cached.0.min(total.0));
        Tokens { input_uncached: total.0 - cache_read, cache_read, ..Tokens::default() }
    });
    let output = billed.output_tokens.or(counted.output_tokens);
    let output = output.map(|total| Tokens { output_text: total.0, ..Tokens::default() });
    Sighted { input, output, ..Sighted::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(json: &str) -> Sighted {
        read(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn what_is_billed_goes_before_what_was_processed() {
        let usage = seen(
            r#"{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":71,"output_tokens":9}}"#,
        );
        let tokens = usage.complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.output_text), (5, 7));
        let tokens = seen(r#"{"tokens":{"input_tokens":71.0,"output_tokens":9}}"#).complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.output_text), (71, 9));
    }

    #[test]
    fn cached_tokens_are_part_of_the_input_and_never_more_than_it() {
        let usage = seen(r#"{"billed_units":{"input_tokens":5,"output_tokens":7},"cached_tokens":64}"#);
        let tokens = usage.complete(0, 0).tokens;
        assert_eq!((tokens.input_uncached, tokens.cache_read, tokens.input_total()), (0, 5, 5));
    }

    #[test]
    fn absent_is_not_zero() {
        assert_eq!(seen("{}"), Sighted::default());
        assert_eq!(seen(r#"{"billed_units":{"search_units":1}}"#), Sighted::default());
    }
}
