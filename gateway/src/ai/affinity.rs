//! Which account gave an answer: reasoning that only it can read is best asked for there again. Kept in memory and
//! bounded, and no more than a preference: what belongs to whom is told by ids that are sealed ([`super::stored`]).

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use weir_domain::ledger::Record;
use weir_domain::snapshot::{ModelRoute, Provider};
use weir_llm::held::Held;

/// Ids that are remembered at most: about 20 MB.
const MOST: u64 = 100_000;
/// How long.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// The account that gave an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// To whom it was given: nobody else may use it.
    application: String,
    /// The provider's id.
    pub(crate) provider: String,
    /// The key's name within the pool; empty for a provider that has none.
    key: String,
}

impl Account {
    /// The account of a provider's key, for an application.
    pub(super) fn of(application: &str, provider: &str, key: &str) -> Self {
        Self { application: application.to_owned(), provider: provider.to_owned(), key: key.to_owned() }
    }

    /// Whose a response is that lies in it, and where; its id is to be filled in.
    pub(super) fn response(&self) -> (String, Held) {
        let (provider, key) = (self.provider.clone(), self.key.clone());
        let (results_of, id) = (String::new(), String::new());
        (self.application.clone(), Held { provider, key, is_response: true, made: 0, results_of, id })
    }

    /// The index of its key; `None` where the provider has none.
    ///
    /// # Errors
    /// The key is not in the pool any more.
    pub(super) fn key(&self, provider: &Provider) -> Result<Option<usize>, Gone> {
        if self.key.is_empty() {
            return Ok(None);
        }
        provider.keys.iter().position(|key| key.id == self.key).map(Some).ok_or(Gone)
    }

    /// The target of a route, and the key of its provider's, that it is.
    ///
    /// # Errors
    /// The route has no such target any more, or its provider no such key.
    pub(super) fn way(&self, route: &ModelRoute) -> Result<(usize, Option<usize>), Gone> {
        let own =
            |target: &weir_domain::snapshot::Target| target.provider.id == self.provider && !target.provider.disabled;
        let at = route.targets.iter().position(own).ok_or(Gone)?;
        let target = route.targets.get(at).ok_or(Gone)?;
        Ok((at, self.key(&target.provider)?))
    }
}

/// The account is not configured any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// The accounts of answers, by the ids of reasoning.
pub(crate) struct Affinity(Cache<String, Arc<Account>>);

impl Default for Affinity {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(KEPT).build())
    }
}

impl Affinity {
    /// Remembers who gave the answer that a record is of.
    pub(super) fn keep(&self, record: &Record, ids: Vec<String>) {
        if !ids.is_empty() && !record.application.is_empty() {
            let key = record.attempts.last().map_or("", |attempt| attempt.provider_key.as_str());
            self.remember(&record.application, &record.provider, key, ids);
        }
    }

    fn remember(&self, application: &str, provider: &str, key: &str, ids: Vec<String>) {
        let account = Arc::new(Account::of(application, provider, key));
        for id in ids {
            self.0.insert(id, Arc::clone(&account));
        }
    }

    /// Who gave an answer to an application. What was given to another one is as unknown as what never was.
    pub(crate) fn find(&self, application: &str, id: &str) -> Option<Arc<Account>> {
        self.0.get(id).filter(|account| account.application == application)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_to_its_own_application_only() {
        let affinity = Affinity::default();
        affinity.remember("mine", "p", "k2", vec!["rs_1".to_owned(), "rs_2".to_owned()]);
        for id in ["rs_1", "rs_2"] {
            let account = affinity.find("mine", id).unwrap();
            assert_eq!((account.provider.as_str(), account.key.as_str()), ("p", "k2"));
            assert_eq!(affinity.find("yours", id), None);
        }
        assert_eq!(affinity.find("mine", "rs_3"), None);
    }
}
