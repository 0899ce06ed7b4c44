//! The models that a session names beside its target's own, and whether the caller may use them: inside a session a caller
//! can name others, the one that writes down what is said above all.

use weir_domain::snapshot::Target;

/// What a session names, as it is now.
#[derive(Default)]
pub(super) struct Named {
    /// What the provider calls the model that it was asked for.
    given: Option<String>,
    others: Vec<String>,
}

impl Named {
    /// Takes note of what the provider says a session is. The target's own model is had by the model route. A provider may
    /// call that otherwise when the session begins, as Azure does with its deployments: nobody but the operator has chosen
    /// it by then.
    pub(super) fn note(&mut self, target: &Target, begins: bool, model: Option<&str>, transcription: Option<&str>) {
        if begins && self.given.is_none() {
            self.given = model.map(str::to_owned);
        }
        let model = model.filter(|model| self.given.as_deref() != Some(model));
        let others = model.into_iter().chain(transcription).filter(|model| *model != target.model);
        self.others = others.map(str::to_owned).collect();
    }

    /// Whether each of them is permitted, by its own name or as `provider/model`.
    pub(super) fn are_permitted(&self, target: &Target, permits: impl Fn(&str) -> bool) -> bool {
        let provider = &target.provider.id;
        self.others.iter().all(|model| permits(model) || permits(&format!("{provider}/{model}")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ai::plan::tests::provider;

    #[test]
    fn a_session_may_name_its_own_model_and_those_that_its_caller_may_use() {
        let target = Target::new(&Arc::new(provider("p", &[])), "voice-1");
        let permits = |name: &str| ["listen", "p/hears"].contains(&name);
        let mut named = Named::default();
        let mut may = |begins, model, transcription| {
            named.note(&target, begins, model, transcription);
            named.are_permitted(&target, permits)
        };
        assert!(may(true, Some("voice-1-2026-01-01"), None), "the provider's name of what it was asked for");
        assert!(may(false, Some("voice-1-2026-01-01"), Some("voice-1")) && may(false, Some("voice-1"), None));
        assert!(may(false, None, Some("listen")) && may(false, None, Some("hears")));
        assert!(!may(false, None, Some("dear")) && !may(true, None, Some("dear")), "also when it begins");
        assert!(!may(false, Some("voice-2"), None) && !may(true, Some("voice-2"), None), "it begins only once");
        assert!(may(false, Some("hears"), None), "what is named no more is forgotten");
    }
}
