//! Records that were written a moment ago, kept until they are delivered: the journal is read back only where these do
//! not reach, after a start or behind a ledger that was slow.

use std::collections::VecDeque;

use weir_domain::ledger::Record;

use super::journal::Position;

/// What was written last, in the journal's order. What does not fit is left out: the journal has it.
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    bytes: u64,
    limit: u64,
}

struct Entry {
    from: Position,
    to: Position,
    record: Box<Record>,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.to.offset.saturating_sub(self.from.offset)
    }
}

impl Recent {
    /// Keeps records that take up to so many bytes in the journal.
    pub(super) fn new(limit: u64) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, limit }
    }

    /// Takes the record of the frame that lies between two places.
    pub(super) fn push(&mut self, from: Position, to: Position, record: Box<Record>) {
        let entry = Entry { from, to, record };
        if self.bytes + entry.bytes() <= self.limit {
            self.bytes += entry.bytes();
            self.entries.push_back(entry);
        }
    }

    /// Up to `most` records that follow each other from `at` on, and where the next one begins. Without any: the place up
    /// to which the journal must be read, where a later record is kept.
    pub(super) fn take(&mut self, at: Position, most: usize) -> Result<(Vec<Record>, Position), Option<Position>> {
        while self.entries.front().is_some_and(|entry| entry.from < at) {
            self.pop();
        }
        let (mut records, mut next) = (Vec::new(), at);
        while records.len() < most && self.entries.front().is_some_and(|entry| entry.from == next) {
            let Some(entry) = self.pop() else { break };
            next = entry.to;
            records.push(*entry.record);
        }
        if records.is_empty() { Err(self.entries.front().map(|entry| entry.from)) } else { Ok((records, next)) }
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.bytes();
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use weir_domain::ledger::Traffic;

    use super::super::settlement::blank;
    use super::*;

    fn at(offset: u64) -> Position {
        Position { segment: 1, offset }
    }

    fn push(recent: &mut Recent, from: u64, to: u64) {
        let record = Box::new(blank("n", Traffic::Rest, "GET", &format!("/{from}")));
        recent.push(at(from), at(to), record);
    }

    fn taken(recent: &mut Recent, from: u64, most: usize) -> Result<(Vec<String>, u64), Option<u64>> {
        let taken = recent.take(at(from), most);
        let paths = |records: Vec<Record>| records.into_iter().map(|record| record.path).collect();
        taken.map(|(records, next)| (paths(records), next.offset)).map_err(|place| place.map(|place| place.offset))
    }

    #[test]
    fn what_follows_on_the_last_delivery_is_given_in_order_and_once() {
        let mut recent = Recent::new(1_000);
        [(0, 10), (10, 30), (30, 40)].into_iter().for_each(|(from, to)| push(&mut recent, from, to));
        assert_eq!(taken(&mut recent, 0, 2), Ok((vec!["/0".into(), "/10".into()], 30)));
        assert_eq!(taken(&mut recent, 30, 2), Ok((vec!["/30".into()], 40)));
        assert_eq!(taken(&mut recent, 40, 2), Err(None));
        assert_eq!(recent.bytes, 0);
    }

    #[test]
    fn what_is_not_kept_is_to_be_read_from_the_journal_up_to_what_is() {
        let mut recent = Recent::new(20);
        [(0, 10), (10, 30), (30, 40)].into_iter().for_each(|(from, to)| push(&mut recent, from, to));
        assert_eq!(taken(&mut recent, 0, 9), Ok((vec!["/0".into()], 10)), "the second was too large to keep");
        assert_eq!(taken(&mut recent, 10, 9), Err(Some(30)));
        assert_eq!(taken(&mut recent, 30, 9), Ok((vec!["/30".into()], 40)));
    }

    #[test]
    fn what_was_delivered_otherwise_is_let_go() {
        let mut recent = Recent::new(1_000);
        [(0, 10), (10, 30)].into_iter().for_each(|(from, to)| push(&mut recent, from, to));
        assert_eq!(taken(&mut recent, 30, 9), Err(None));
        push(&mut recent, 30, 40);
        assert_eq!(taken(&mut recent, 30, 9), Ok((vec!["/30".into()], 40)));
    }
}
