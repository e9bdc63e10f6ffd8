//! When each line was asked about.
//!
//! The order of questions is that of the decisions; a source is asked only
//! about hits dated at or after its start, and about a line only once: at the
//! first decision on such a hit. All sources that start between the same two
//! hits are asked about the lines in the same order, so that order is found
//! once for each such class of starts.

use jiff::Timestamp;
use rayon::prelude::*;

use super::evidence::Call;

/// The shape of a line query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineQuery {
    /// Lines it asks about.
    pub(super) lines: u32,
    /// Whether it asks about them as a set.
    pub(super) set: bool,
}

/// The line queries of one class of starts.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    /// For each place of the pool: the query that asked about it, from 1; 0
    /// when none did.
    pub(super) asked_at: Vec<u32>,
    /// How many queries there were.
    pub(super) count: u32,
    /// Their shapes where some are sets; else empty: each asks about one line.
    pub(super) sets: Vec<LineQuery>,
}

impl Sequence {
    fn new(calls: &[Call], pool: usize, start: Timestamp) -> Self {
        let mut sequence = Self { asked_at: vec![0; pool], ..Self::default() };
        let (mut shapes, mut any_set) = (Vec::new(), false);
        for call in calls.iter().filter(|call| call.at >= start) {
            for (line, _) in &call.lines {
                shapes.extend(sequence.ask(std::slice::from_ref(line), false));
            }
            for set in &call.sets {
                let shape = sequence.ask(set, true);
                any_set |= shape.is_some();
                shapes.extend(shape);
            }
        }
        if any_set {
            sequence.sets = shapes;
        }
        sequence
    }

    fn ask(&mut self, lines: &[u32], set: bool) -> Option<LineQuery> {
        let query = self.count + 1;
        let mut fresh = 0;
        for &line in lines {
            let asked_at = &mut self.asked_at[line as usize];
            if *asked_at == 0 {
                *asked_at = query;
                fresh += 1;
            }
        }
        (fresh > 0).then(|| {
            self.count = query;
            LineQuery { lines: fresh, set }
        })
    }
}

/// Sequences by class of start.
pub(super) struct Sequences {
    /// Times of calls, rising, each once.
    times: Vec<Timestamp>,
    /// One for each class that some source is of.
    classes: Vec<Option<Sequence>>,
}

impl Sequences {
    /// Makes the sequences of all classes that `starts` are of.
    pub(super) fn new(calls: &[Call], pool: usize, starts: impl Iterator<Item = Timestamp>) -> Self {
        let mut times: Vec<Timestamp> = calls.iter().map(|call| call.at).collect();
        times.sort_unstable();
        times.dedup();
        let mut wanted = vec![false; times.len() + 1];
        for start in starts {
            wanted[class(&times, start)] = true;
        }
        // A class takes every hit from its time on; the last takes none.
        let make = |(class, wanted): (usize, bool)| {
            wanted.then(|| match times.get(class) {
                Some(&start) => Sequence::new(calls, pool, start),
                None => Sequence::new(&[], pool, Timestamp::MAX),
            })
        };
        let classes = wanted.into_par_iter().enumerate().map(make).collect();
        Self { times, classes }
    }

    /// The class of `start`.
    pub(super) fn class(&self, start: Timestamp) -> usize {
        class(&self.times, start)
    }

    /// The sequence of a class, some start of which was announced to
    /// [`Sequences::new`].
    pub(super) fn of(&self, class: usize) -> &Sequence {
        self.classes[class].as_ref().expect("every start was announced")
    }

    /// Classes with their sequences.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Sequence)> {
        self.classes.iter().enumerate().filter_map(|(class, sequence)| Some((class, sequence.as_ref()?)))
    }
}

fn class(times: &[Timestamp], start: Timestamp) -> usize {
    times.partition_point(|time| *time < start)
}
