//! The search for the few sources that explain the calls.
//!
//! One source after the other is added, each time the one whose best bet
//! against what is explained so far is largest, until none exceeds what chance
//! would bring. It is a heuristic: what it finds decides power, never validity.

use rayon::prelude::*;

use super::bet::PerBet;
use super::intensity::{self, Support};
use super::source::Sources;
use super::stream::Stream;
use super::table::{Layout, Table};

/// When the search stops; registered, since it may not follow the number of
/// sources or their scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// A source is added only if ln of its best bet is at least this.
    pub stop: f64,
    /// Sources that are added at most.
    pub most: usize,
}

impl Limits {
    /// The limits for `n` registered sources: `ln n + 2`, and fifteen.
    pub fn registered(n: u64) -> Self {
        Self { stop: libm::log(n as f64) + 2.0, most: 15 }
    }
}

/// Candidates, ready to be scored.
pub(super) struct Field<'s> {
    pub(super) stream: &'s Stream,
    pub(super) sources: &'s Sources,
    pub(super) layout: Layout<'s>,
    pub(super) classes: Vec<u32>,
    /// Rows of the table that belong to each source, in one piece.
    rows: Vec<u32>,
    ends: Vec<u32>,
    limits: Limits,
}

/// What a search found: sources in the order they were added, and the expected
/// rings on each line that rang.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Explanation {
    pub(super) selected: Vec<usize>,
    pub(super) mu: Vec<f64>,
}

/// Sources to a task.
const TASK: usize = 2_048;

impl<'s> Field<'s> {
    pub(super) fn new(stream: &'s Stream, sources: &'s Sources, limits: Limits) -> Self {
        let layout = Layout::new(stream);
        let (mut classes, mut rows, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources.iter() {
            let class = stream.class(source.start);
            let places = source.lines.iter().filter_map(|&line| stream.place(line));
            rows.extend(places.filter_map(|place| layout.row(class, place)));
            classes.push(class);
            ends.push(rows.len() as u32);
        }
        Self { stream, sources, layout, classes, rows, ends, limits }
    }

    /// Searches on from the sources `selected`, without those of owner
    /// `without`.
    pub(super) fn search(&self, selected: &[usize], without: Option<u32>) -> Explanation {
        let mut selected = selected.to_vec();
        loop {
            let mu = self.explain(&selected);
            if selected.len() >= self.limits.most {
                return Explanation { selected, mu };
            }
            let table = self.layout.fill(&mu);
            match self.strongest(&table, &selected, without) {
                Some((score, source)) if score >= self.limits.stop => selected.push(source),
                _ => return Explanation { selected, mu },
            }
        }
    }

    /// Expected rings on each line that rang, if `selected` leak.
    fn explain(&self, selected: &[usize]) -> Vec<f64> {
        let stream = self.stream;
        let lines = |&source: &usize| self.sources.get(source).lines;
        let rang = |lines: &[u32]| lines.iter().filter_map(|&line| stream.place(line)).collect();
        let rang: Vec<Vec<u32>> = selected.iter().map(lines).map(rang).collect();
        let supports = rang.iter().zip(selected.iter().map(lines));
        let supports: Vec<Support<'_>> = supports.map(|(rang, lines)| Support { rang, lines: lines.len() }).collect();
        intensity::fit(&stream.all_calls(), stream.pool(), &supports).mu
    }

    /// The source with the largest bet, and ln of it; the first of equals.
    fn strongest(&self, table: &Table, selected: &[usize], without: Option<u32>) -> Option<(f64, usize)> {
        let score = |source: usize| {
            let bets = self.ln_product(table, source);
            (bets.iter().copied().fold(f64::NEG_INFINITY, f64::max), source)
        };
        let open = |source: &usize| Some(self.sources.owner(*source)) != without && !selected.contains(source);
        // A maximum is the same in any order; a sum would not be.
        let better = |a: (f64, usize), b: (f64, usize)| {
            if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }
        };
        (0..self.sources.len()).into_par_iter().with_min_len(TASK).filter(open).map(score).reduce_with(better)
    }

    /// ln of the product of a source's thetas, for each bet.
    pub(super) fn ln_product(&self, table: &Table, source: usize) -> PerBet {
        let from = if source == 0 { 0 } else { self.ends[source - 1] };
        let rows = &self.rows[from as usize..self.ends[source] as usize];
        let level = &self.stream.levels()[self.stream.level(self.classes[source])];
        table.score(&level.ln_silence, self.sources.lines(source), rows)
    }
}
