//! The queries that a source is asked, in order.
//!
//! The order is that of the decisions; a source is asked only about hits dated
//! at or after its start, and about a line only once: at the first decision on
//! such a hit. Everything that starts between the same two hits is asked the
//! same questions, so sequences are made once for each such class of starts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rayon::prelude::*;

use super::evidence::{Call, HeardOn};

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Which call asks it.
    pub(super) call: usize,
    /// What it asks.
    pub(super) ask: Ask,
}

/// What a step asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// Whether this line is of the source.
    Line(u32),
    /// Whether any of these lines is; afterwards all of them are known.
    Set(Vec<u32>),
    /// Whether the call's statement of this place fits a line of the source.
    Name(usize),
    /// Whether the call's statement of this place fits anybody of the source.
    Region(usize),
    /// Whether the call's number of this place is of the source.
    Number(usize),
}

/// The shape of a line query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineQuery {
    /// Lines it asks about.
    pub(super) lines: u32,
    /// Whether it asks about them as a set.
    pub(super) set: bool,
}

/// All questions of one class of starts.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    pub(super) steps: Vec<Step>,
    /// For each place of the pool: the line query that asked about it, from 1;
    /// 0 when none did.
    pub(super) asked_at: Vec<u32>,
    /// Each line query: how many lines it asks about, and whether as a set.
    pub(super) queries: Vec<LineQuery>,
    /// Steps at which something was said on a line, by the line's place.
    pub(super) said: BTreeMap<u32, Vec<usize>>,
    /// Whether any step is a set.
    pub(super) sets: bool,
    /// Whether any step is a region.
    pub(super) regions: bool,
}

impl Sequence {
    fn new(calls: &[Call], pool: usize, start: Timestamp) -> Self {
        let mut sequence = Self { asked_at: vec![0; pool], ..Self::default() };
        let mut numbers = BTreeSet::new();
        for (place, call) in calls.iter().enumerate().filter(|(_, call)| call.at >= start) {
            for &(line, _) in &call.lines {
                sequence.ask_lines(place, vec![line], false);
            }
            for set in &call.sets {
                sequence.ask_lines(place, set.clone(), true);
            }
            for (index, heard) in call.persons.iter().enumerate() {
                match &heard.on {
                    HeardOn::Anybody => {
                        sequence.regions = true;
                        sequence.push(place, Ask::Region(index));
                    }
                    HeardOn::Lines(lines) if lines.is_empty() => {}
                    HeardOn::Lines(lines) => {
                        for (line, _) in lines {
                            sequence.said.entry(*line).or_default().push(sequence.steps.len());
                        }
                        sequence.push(place, Ask::Name(index));
                    }
                }
            }
            for (index, number) in call.numbers.iter().enumerate() {
                if numbers.insert((number.block, number.serial)) {
                    sequence.push(place, Ask::Number(index));
                }
            }
        }
        sequence
    }

    fn ask_lines(&mut self, call: usize, mut lines: Vec<u32>, set: bool) {
        lines.retain(|&line| self.asked_at[line as usize] == 0);
        if lines.is_empty() {
            return;
        }
        self.queries.push(LineQuery { lines: lines.len() as u32, set });
        for &line in &lines {
            self.asked_at[line as usize] = self.queries.len() as u32;
        }
        self.sets |= set;
        self.push(call, if set { Ask::Set(lines) } else { Ask::Line(lines[0]) });
    }

    fn push(&mut self, call: usize, ask: Ask) {
        self.steps.push(Step { call, ask });
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
        let classes = wanted
            .into_par_iter()
            .enumerate()
            .map(|(class, wanted)| {
                let start = times.get(class).copied().unwrap_or(Timestamp::MAX);
                wanted.then(|| Sequence::new(if class == times.len() { &[] } else { calls }, pool, start))
            })
            .collect();
        Self { times, classes }
    }

    /// The class of `start`.
    pub(super) fn class(&self, start: Timestamp) -> usize {
        class(&self.times, start)
    }

    /// The sequence of `start`, which was announced to [`Sequences::new`].
    pub(super) fn of(&self, start: Timestamp) -> &Sequence {
        self.classes[self.class(start)].as_ref().expect("every start was announced")
    }

    /// Classes with their sequences.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Sequence)> {
        self.classes.iter().enumerate().filter_map(|(class, sequence)| Some((class, sequence.as_ref()?)))
    }
}

fn class(times: &[Timestamp], start: Timestamp) -> usize {
    times.partition_point(|time| *time < start)
}
