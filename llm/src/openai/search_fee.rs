//! Searches of the web that a chat completion is billed for beside its tokens, where no tool call in it tells of them.
//!
//! Sources: <https://platform.openai.com/docs/guides/tools-web-search> (models that always search),
//! <https://docs.perplexity.ai/getting-started/pricing> (a fee by the request and its size of context, for research by
//! the query).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use weir_domain::usage::Units;

use crate::usage::{Count, text};

/// How much of what is found goes into the context: the price hangs on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SearchSize {
    Low,
    /// What is taken where nothing is said.
    #[default]
    Medium,
    High,
}

impl SearchSize {
    fn parse(name: &str) -> Self {
        match name {
            "low" => Self::Low,
            "high" => Self::High,
            _ => Self::Medium,
        }
    }

    /// What `web_search_options` of a request asks for.
    pub(crate) fn of_request(options: Option<&RawValue>) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Options<'a> {
            #[serde(borrow)]
            search_context_size: Option<&'a RawValue>,
        }
        let options: Options<'_> = options.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        text(options.search_context_size).map_or(Self::default(), |name| Self::parse(&name))
    }

    /// So many searches of this size.
    fn times(self, count: u64) -> Units {
        match self {
            Self::Low => Units { web_searches_low: count, ..Units::default() },
            Self::Medium => Units { web_searches: count, ..Units::default() },
            Self::High => Units { web_searches_high: count, ..Units::default() },
        }
    }
}

/// What Perplexity says of its searches within `usage`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told<'a> {
    #[serde(borrow)]
    search_context_size: Option<&'a RawValue>,
    num_search_queries: Option<Count>,
}

/// Whether the model is one that searches in several steps, and is billed for each of them.
pub(super) fn is_research(model: &str) -> bool {
    name(model).contains("deep-research")
}

/// Whether the model searches the web before each of its answers, and says nowhere that it has.
fn always_searches(model: &str) -> bool {
    let name = name(model);
    name.contains("-search-preview") || name.contains("-search-api")
}

fn name(model: &str) -> Cow<'_, str> {
    let name = model.rsplit('/').next().unwrap_or(model);
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// The searches of an answer by `model`: those that its usage tells of, else the one that the model always does, of
/// the size that was `asked` for.
pub(super) fn searches(told: &Told<'_>, model: &str, asked: SearchSize) -> Units {
    let size = text(told.search_context_size).filter(|size| !size.is_empty());
    let queries = told.num_search_queries.map_or(0, |count| count.0);
    match size {
        // The fee is one for the request, however many searches that took.
        Some(size) if !is_research(model) => SearchSize::parse(&size).times(1),
        _ if queries > 0 => size.map_or(SearchSize::Medium, |size| SearchSize::parse(&size)).times(queries),
        _ if always_searches(model) => asked.times(1),
        _ => Units::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(json: &str, model: &str, asked: SearchSize) -> (u64, u64, u64) {
        let units = searches(&serde_json::from_str(json).unwrap(), model, asked);
        (units.web_searches_low, units.web_searches, units.web_searches_high)
    }

    #[test]
    fn a_model_that_always_searches_is_billed_for_one_search_of_the_size_that_was_asked_for() {
        for model in ["gpt-4o-search-preview", "openai/gpt-4o-mini-search-preview-2025-03-11", "GPT-5-Search-API"] {
            assert_eq!(counted("{}", model, SearchSize::Medium), (0, 1, 0), "{model}");
            assert_eq!(counted("{}", model, SearchSize::High), (0, 0, 1), "{model}");
        }
        assert_eq!(counted("{}", "gpt-4o", SearchSize::High), (0, 0, 0), "it cannot search here");
    }

    #[test]
    fn perplexity_is_billed_by_the_request_and_research_by_the_query() {
        let sonar = r#"{"search_context_size":"low","num_search_queries":4}"#;
        assert_eq!(counted(sonar, "sonar-pro", SearchSize::High), (1, 0, 0), "the answer knows best");
        assert_eq!(counted(sonar, "sonar-deep-research", SearchSize::Medium), (4, 0, 0));
        assert_eq!(counted(r#"{"num_search_queries":18}"#, "sonar-deep-research", SearchSize::Low), (0, 18, 0));
        assert_eq!(counted(r#"{"search_context_size":"high"}"#, "sonar", SearchSize::Low), (0, 0, 1));
        assert_eq!(
            counted(r#"{"search_context_size":null,"num_search_queries":0}"#, "sonar", SearchSize::Low),
            (0, 0, 0)
        );
    }

    #[test]
    fn the_size_that_a_request_asks_for_is_read_and_nonsense_is_the_usual_one() {
        let size = |json: &str| SearchSize::of_request(Some(&RawValue::from_string(json.to_owned()).unwrap()));
        assert_eq!(size(r#"{"search_context_size":"high"}"#), SearchSize::High);
        assert_eq!(size(r#"{"search_context_size":"low","user_location":{}}"#), SearchSize::Low);
        for json in ["{}", "null", "7", r#"{"search_context_size":7}"#, r#"{"search_context_size":"huge"}"#] {
            assert_eq!(size(json), SearchSize::Medium, "{json}");
        }
        assert_eq!(SearchSize::of_request(None), SearchSize::Medium);
    }
}
