//! Serials that were planted.
//!
//! A block gives serials out one after the other, so an account's canaries, or
//! a batch's, are a run of them but for the spares between. Twenty million
//! canaries are a few hundred thousand runs.

use super::Kind;

/// A set of serials, each with what it was planted as.
#[derive(Clone, Debug, Default)]
pub(super) struct Serials {
    /// In order once [`Serials::settle`] was called.
    runs: Vec<Run>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    first: u64,
    last: u64,
    kind: Kind,
}

impl Serials {
    /// Adds serials, best in rising order.
    pub(super) fn add(&mut self, serials: impl IntoIterator<Item = u64>, kind: Kind) {
        for serial in serials {
            match self.runs.last_mut() {
                Some(run) if run.kind == kind && run.last.checked_add(1) == Some(serial) => run.last = serial,
                _ => self.runs.push(Run { first: serial, last: serial, kind }),
            }
        }
    }

    /// Puts runs in order and joins those that touch; of a serial that was
    /// added twice the first kind stays.
    pub(super) fn settle(&mut self) {
        self.runs.sort_unstable();
        let mut joined: Vec<Run> = Vec::with_capacity(self.runs.len());
        for mut run in self.runs.drain(..) {
            if let Some(before) = joined.last_mut() {
                if run.last <= before.last {
                    continue;
                }
                run.first = run.first.max(before.last + 1);
                if run.kind == before.kind && run.first == before.last + 1 {
                    before.last = run.last;
                    continue;
                }
            }
            joined.push(run);
        }
        self.runs = joined;
    }

    /// What a serial was planted as.
    pub(super) fn kind(&self, serial: u64) -> Option<Kind> {
        let place = self.runs.partition_point(|run| run.first <= serial).checked_sub(1)?;
        let run = &self.runs[place];
        (serial <= run.last).then_some(run.kind)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.runs.iter().flat_map(|run| run.first..=run.last)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_added_is_there_and_nothing_else(groups in prop::collection::vec((prop::collection::vec(0u64..120, 0..20), 0usize..3), 0..12)) {
            let (mut serials, mut expected) = (Serials::default(), BTreeMap::new());
            for (group, kind) in groups {
                let kind = Kind::ALL[kind];
                for serial in &group {
                    expected.entry(*serial).or_insert_with(Vec::new).push(kind);
                }
                serials.add(group, kind);
            }

            serials.settle();

            for serial in 0..121 {
                let (found, added) = (serials.kind(serial), expected.get(&serial));
                prop_assert_eq!(found.is_some(), added.is_some(), "{}", serial);
                prop_assert!(found.is_none_or(|kind| added.is_some_and(|kinds| kinds.contains(&kind))));
            }
            prop_assert_eq!(serials.iter().collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
        }
    }
}
