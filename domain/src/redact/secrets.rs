//! The secrets that Weir itself holds: whatever a team says, none is written into a body.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, BuildError, MatchKind};

use crate::grant::Proof;
use crate::key_secret::KeySecret;
use crate::snapshot::{Provider, Snapshot};

/// The shortest key that is looked for; what is shorter is a word that stands in any text, such as `none`.
const SHORTEST_KEY: usize = 6;
/// The same for values of a provider's headers, which need not be secrets.
const SHORTEST_HEADER: usize = 12;

/// The secrets of one snapshot, ready to be looked for.
#[derive(Default)]
pub struct Secrets(Option<AhoCorasick>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// The keys of all providers, and the values of their headers.
    ///
    /// # Errors
    /// There are more than can be looked for at once.
    pub fn of(snapshot: &Snapshot) -> Result<Self, BuildError> {
        let mut all = Vec::new();
        snapshot.providers.values().for_each(|provider| collect(provider, &mut all));
        Self::new(&all)
    }

    fn new(all: &[&str]) -> Result<Self, BuildError> {
        if all.is_empty() {
            return Ok(Self(None));
        }
        automaton(all).map(|found| Self(Some(found)))
    }

    /// Where any of them stands in a text.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let found = self.0.iter().flat_map(|secrets| secrets.find_iter(text));
        found.map(|found| (found.start(), found.end())).collect()
    }
}

/// What finds any of some texts, the longest first.
pub(super) fn automaton<T: AsRef<[u8]>>(texts: &[T]) -> Result<AhoCorasick, BuildError> {
    AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(texts)
}

fn collect<'a>(provider: &'a Provider, all: &mut Vec<&'a str>) {
    let mut add = |text: &'a str, shortest: usize| {
        if text.len() >= shortest {
            all.push(text);
        }
    };
    for key in &provider.keys {
        match &key.secret {
            KeySecret::Header(secret) => add(secret.expose(), SHORTEST_KEY),
            KeySecret::Access(access) => {
                add(access.secret.expose(), SHORTEST_KEY);
                access.session_token.iter().for_each(|token| add(token.expose(), SHORTEST_KEY));
            }
            KeySecret::Grant(grant) => match &grant.proof {
                Proof::Client { secret, .. } => add(secret.expose(), SHORTEST_KEY),
                Proof::ServiceAccount { key, .. } => add(key.expose(), SHORTEST_KEY),
            },
        }
    }
    for (_, value) in &provider.headers {
        let value = value.expose();
        add(value, SHORTEST_HEADER);
        // `Bearer …`: the credential alone, too.
        if let Some((_, credential)) = value.split_once(' ') {
            add(credential, SHORTEST_HEADER);
        }
    }
}
