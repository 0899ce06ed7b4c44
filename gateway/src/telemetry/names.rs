//! Which names have become values of a label: so many, and no more.

use super::routes::{MAX_NAMES, OTHER};

/// The names of one label.
#[derive(Default)]
pub(super) struct Names(papaya::HashSet<String>);

impl Names {
    /// The name as the label shows it: itself while there is room, else `other`.
    pub(super) fn label<'a>(&self, name: &'a str) -> &'a str {
        let known = self.0.pin();
        if known.contains(name) {
            return name;
        }
        if known.len() >= MAX_NAMES {
            return OTHER;
        }
        known.insert(name.to_owned());
        name
    }
}
