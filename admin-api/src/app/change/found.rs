//! What is wrong with an order, gathered over all that is checked of it: whoever mends it is told everything at once.

use weir_domain::draft::{Draft, Mended};
use weir_domain::fault::{Fault, Faults};

use crate::error::Error;

/// Faults found so far, and what of the order was not written as it is now.
#[derive(Default)]
pub(crate) struct Found {
    faults: Vec<Fault>,
    mended: Mended,
}

impl Found {
    /// Adds what reading found; its resources are taken apart from it.
    pub(crate) fn read(&mut self, faults: Vec<Fault>, mended: Mended) {
        self.faults.extend(faults);
        self.mended.extend(mended);
    }

    /// Adds what a check found, but for what follows from what is known already.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) {
        let known = |fault: &Fault| {
            self.faults.iter().any(|f| f.resource == fault.resource && f.field == fault.field)
                || self.mended.hides(fault)
        };
        let new: Vec<Fault> = faults.into_iter().filter(|fault| !known(fault)).collect();
        self.faults.extend(new);
    }

    /// Goes on after faults; every other error ends the order, unless there are faults to be mended first.
    pub(super) fn take(&mut self, checked: Result<(), Error>) -> Result<(), Error> {
        match checked {
            Ok(()) => Ok(()),
            Err(Error::Invalid(faults)) => {
                self.add(faults.0);
                Ok(())
            }
            Err(_) if !self.faults.is_empty() => self.refuse(),
            Err(other) => Err(other),
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// All that is wrong, if anything is.
    pub(super) fn refuse(&mut self) -> Result<(), Error> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Invalid(Faults(std::mem::take(&mut self.faults)))) }
    }
}

impl From<Draft> for Found {
    fn from(draft: Draft) -> Self {
        Self { faults: draft.faults, mended: draft.mended }
    }
}
