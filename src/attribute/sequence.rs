//! When each line was asked about.
//!
//! The order of questions is that of the decisions; a source is asked only
//! about hits dated at or after its start, and about a line only once: at the
//! first decision on such a hit. All sources that start between the same two
//! hits are asked about the lines in the same order. That order is found once
//! for each such class of starts that many sources are of; the lines of others
//! are counted one by one.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use super::evidence::Call;
use super::firsts::Firsts;

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
    asked_at: Vec<u32>,
    /// How many queries there were.
    count: u32,
    /// Their shapes where some are sets; else empty: each asks about one line.
    sets: Vec<LineQuery>,
    /// The line of each query, where each asks about one.
    lines: Vec<u32>,
}

impl Sequence {
    /// Asks what came first about each subject, in order.
    fn new(subjects: &Subjects, start: Timestamp) -> Self {
        let lines = subjects.lines.iter().zip(0u32..);
        let lines = lines.filter_map(|(firsts, line)| Some((firsts.from(start)?, Subject::Line(line))));
        let sets = subjects.sets.iter().filter_map(|(set, firsts)| Some((firsts.from(start)?, Subject::Set(set))));
        let mut first: Vec<(u32, Subject<'_>)> = lines.chain(sets).collect();
        first.sort_unstable_by_key(|(order, _)| *order);
        let mut sequence = Self { asked_at: vec![0; subjects.lines.len()], ..Self::default() };
        let (mut shapes, mut any_set) = (Vec::new(), false);
        for (_, subject) in first {
            match subject {
                Subject::Line(line) => shapes.extend(sequence.ask(&[line], false)),
                Subject::Set(set) => {
                    let shape = sequence.ask(set, true);
                    any_set |= shape.is_some();
                    shapes.extend(shape);
                }
            }
        }
        if any_set {
            sequence.sets = shapes;
        } else {
            sequence.lines = vec![0; sequence.count as usize];
            for (line, &query) in (0..).zip(&sequence.asked_at) {
                if query > 0 {
                    sequence.lines[query as usize - 1] = line;
                }
            }
        }
        sequence
    }

    /// Which queries were about `own` lines, with the line; rising.
    fn rang(&self, own: &[u32]) -> Vec<(u32, u32)> {
        let asked = own.iter().map(|&line| (self.asked_at[line as usize], line)).filter(|(query, _)| *query > 0);
        if !self.sets.is_empty() {
            let mut rang: Vec<(u32, u32)> = asked.collect();
            rang.sort_unstable();
            return rang;
        }
        // One line to a query: a bit set gives them in order.
        let mut bits = vec![0u64; self.lines.len().div_ceil(64)];
        for (query, _) in asked {
            bits[(query as usize - 1) / 64] |= 1 << ((query - 1) % 64);
        }
        let mut rang = Vec::with_capacity(own.len());
        for (word, mut bits) in bits.into_iter().enumerate() {
            while bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                rang.push((place as u32 + 1, self.lines[place]));
                bits &= bits - 1;
            }
        }
        rang
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

enum Subject<'s> {
    Line(u32),
    Set(&'s [u32]),
}

/// Everything that line queries are about, each with its hits.
struct Subjects {
    /// By place in the pool.
    lines: Vec<Firsts>,
    sets: Vec<(Vec<u32>, Firsts)>,
}

impl Subjects {
    fn new(calls: &[Call], pool: usize) -> Self {
        let (mut lines, mut sets) = (vec![Firsts::default(); pool], BTreeMap::<&[u32], Firsts>::new());
        let mut order = 0;
        for call in calls {
            for (line, _) in &call.lines {
                order += 1;
                lines[*line as usize].add(order, call.at);
            }
            for set in &call.sets {
                order += 1;
                sets.entry(set).or_default().add(order, call.at);
            }
            // What is said has a place of its own among them, see `Said`.
            order += call.persons.len() as u32;
        }
        Self { lines, sets: sets.into_iter().map(|(set, firsts)| (set.to_vec(), firsts)).collect() }
    }
}

/// Sources of one class from which a sequence, and a table, of its own pays.
const WORTH_KEEPING: usize = 16;

/// Numbers that sequences keep in all (at 4 bytes each, at most two a line): a
/// carrier may have as many common starts as it has outlets.
const MOST_KEPT: usize = 8_000_000;

/// Sequences by class of start.
pub(super) struct Sequences {
    /// Times of calls, rising, each once.
    times: Vec<Timestamp>,
    subjects: Subjects,
    /// Those of classes that many sources are of.
    kept: HashMap<usize, Sequence>,
    /// Lines that were ever asked about one by one.
    longest: u32,
}

/// What rang of a source's lines: query (from 1) and line, rising.
pub(super) struct Asked {
    pub(super) lines: Vec<(u32, u32)>,
    /// The class, where its queries are not one line each.
    pub(super) class: Option<usize>,
}

impl Sequences {
    /// Reads `calls`, for sources that start at `starts`.
    pub(super) fn new(calls: &[Call], pool: usize, starts: impl Iterator<Item = Timestamp>) -> Self {
        Self::within(MOST_KEPT, calls, pool, starts)
    }

    fn within(most_kept: usize, calls: &[Call], pool: usize, starts: impl Iterator<Item = Timestamp>) -> Self {
        let mut times: Vec<Timestamp> = calls.iter().map(|call| call.at).collect();
        times.sort_unstable();
        times.dedup();
        let mut sources: BTreeMap<usize, usize> = BTreeMap::new();
        for start in starts {
            *sources.entry(class(&times, start)).or_default() += 1;
        }
        let subjects = Subjects::new(calls, pool);
        let mut worth: Vec<(usize, usize)> = sources.into_iter().filter(|(_, n)| *n >= WORTH_KEEPING).collect();
        worth.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        worth.truncate(most_kept / (2 * pool).max(1));
        // A class takes every hit from its time on; the last takes none.
        let make = |&(class, _): &(usize, usize)| {
            let start = times.get(class).copied().unwrap_or(Timestamp::MAX);
            (class, Sequence::new(&subjects, start))
        };
        let kept = worth.par_iter().map(make).collect();
        let longest = subjects.lines.iter().filter(|firsts| firsts.from(Timestamp::MIN).is_some()).count() as u32;
        Self { times, subjects, kept, longest }
    }

    /// Lines that were ever asked about.
    pub(super) fn longest(&self) -> u32 {
        self.longest
    }

    /// Classes that many sources are of and whose queries are not one line
    /// each, in order.
    pub(super) fn with_sets(&self) -> Vec<(usize, &[LineQuery])> {
        let sets = self.kept.iter().filter(|(_, sequence)| !sequence.sets.is_empty());
        let mut sets: Vec<(usize, &[LineQuery])> = sets.map(|(class, s)| (*class, s.sets.as_slice())).collect();
        sets.sort_unstable_by_key(|(class, _)| *class);
        sets
    }

    /// Place, among all line questions, of the first about `line` from `start` on.
    pub(super) fn order(&self, line: u32, start: Timestamp) -> Option<u32> {
        self.subjects.lines[line as usize].from(start)
    }

    /// What rang of `own` lines from `start` on; `None` where that was not
    /// worked out.
    pub(super) fn asked(&self, own: &[u32], start: Timestamp) -> Option<Asked> {
        let class = class(&self.times, start);
        let Some(sequence) = self.kept.get(&class) else { return self.count(own, start) };
        Some(Asked { lines: sequence.rang(own), class: (!sequence.sets.is_empty()).then_some(class) })
    }

    /// The same for a class that few sources are of: the query about a line is
    /// the number of lines that came no later.
    fn count(&self, own: &[u32], start: Timestamp) -> Option<Asked> {
        if self.subjects.sets.iter().any(|(_, firsts)| firsts.from(start).is_some()) {
            return None;
        }
        let first = |line: &u32| Some((self.subjects.lines[*line as usize].from(start)?, *line));
        let mut lines: Vec<(u32, u32)> = own.iter().filter_map(first).collect();
        if lines.is_empty() {
            return Some(Asked { lines, class: None });
        }
        lines.sort_unstable();
        let mut orders: Vec<u32> = self.subjects.lines.iter().filter_map(|firsts| firsts.from(start)).collect();
        orders.sort_unstable();
        for (order, _) in &mut lines {
            *order = orders.partition_point(|other| *other <= *order) as u32;
        }
        Some(Asked { lines, class: None })
    }
}

fn class(times: &[Timestamp], start: Timestamp) -> usize {
    times.partition_point(|time| *time < start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::evidence::Desk;
    use crate::attribute::testing::{World, second};
    use crate::codebook::Sizes;

    #[test]
    fn many_common_starts_do_not_take_more_room_than_is_allowed() {
        let mut world = World::new(5, 2, Sizes { pool: 40, account: 4, standing: 1 });
        for at in 1..60 {
            world.hit(at, vec![world.line(at as u32 * 7 % 40)]);
        }
        let evidence = world.evidence();
        let desk = Desk::new(&evidence);
        // Each class has 20 sources, one of them 99; two classes fit.
        let starts = || (1..60).flat_map(|at| vec![second(at); if at == 33 { 99 } else { 20 }]);

        let bounded = Sequences::within(2 * 80, &desk.calls, 40, starts());

        assert_eq!(bounded.kept.len(), 2);
        assert!(bounded.kept.contains_key(&class(&bounded.times, second(33))));
        let free = Sequences::new(&desk.calls, 40, starts());
        for at in 1..60 {
            let own = std::collections::BTreeSet::from([at as u32 % 40, (at as u32 + 11) % 40, 3, 38]);
            let own: Vec<u32> = own.into_iter().collect();
            let rang = |sequences: &Sequences| sequences.asked(&own, second(at)).expect("no sets").lines;
            assert_eq!(rang(&bounded), rang(&free), "start {at}");
        }
    }
}
