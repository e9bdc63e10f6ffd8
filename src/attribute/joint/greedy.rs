//! The search for the few sources that explain the calls.
//!
//! One source after the other is added, each time the one whose best bet
//! against what is explained so far is largest, until none exceeds what chance
//! would bring. It is a heuristic: what it finds decides power, never validity.

use rayon::prelude::*;

use super::intensity::{self, Support};
use super::source::Sources;
use super::stream::Stream;
use super::table::{Layout, Table};
use super::terms::Terms;

/// Candidates, ready to be scored.
pub(super) struct Field<'s> {
    pub(super) stream: &'s Stream,
    pub(super) sources: &'s Sources,
    pub(super) layout: Layout<'s>,
    pub(super) classes: Vec<u32>,
    /// Rows of the table that belong to each source, in one piece.
    rows: Vec<u32>,
    ends: Vec<u32>,
    terms: &'s Terms,
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
    pub(super) fn new(stream: &'s Stream, sources: &'s Sources, terms: &'s Terms) -> Self {
        let layout = Layout::new(stream, terms);
        let (mut classes, mut rows, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources.iter() {
            let class = stream.class(source.start);
            let places = source.lines.iter().filter_map(|&line| stream.place(line));
            rows.extend(places.filter_map(|place| layout.row(class, place)));
            classes.push(class);
            ends.push(rows.len() as u32);
        }
        Self { stream, sources, layout, classes, rows, ends, terms }
    }

    /// Searches on from the sources `selected`, without those of owner
    /// `without`.
    pub(super) fn search(&self, selected: &[usize], without: Option<u32>) -> Explanation {
        let mut selected = selected.to_vec();
        loop {
            let mu = self.explain(&selected);
            if selected.len() >= self.terms.support {
                return Explanation { selected, mu };
            }
            let table = self.layout.fill(&mu);
            match self.strongest(&table, &selected, without) {
                Some((score, source)) if score >= self.terms.stop => selected.push(source),
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
        let score = |bets: &mut Vec<f64>, source: usize| {
            self.ln_product(table, source, bets);
            (bets.iter().copied().fold(f64::NEG_INFINITY, f64::max), source)
        };
        let open = |source: &usize| Some(self.sources.owner(*source)) != without && !selected.contains(source);
        // A maximum is the same in any order; a sum would not be.
        let better = |a: (f64, usize), b: (f64, usize)| {
            if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }
        };
        (0..self.sources.len())
            .into_par_iter()
            .with_min_len(TASK)
            .filter(open)
            .map_init(|| self.bets(), score)
            .reduce_with(better)
    }

    /// Room for a number for each bet.
    pub(super) fn bets(&self) -> Vec<f64> {
        vec![0.0; self.layout.bets()]
    }

    /// Writes ln of the product of a source's thetas, for each bet.
    pub(super) fn ln_product(&self, table: &Table, source: usize, into: &mut [f64]) {
        let from = if source == 0 { 0 } else { self.ends[source - 1] };
        let rows = &self.rows[from as usize..self.ends[source] as usize];
        let ln_silence = self.layout.ln_silence(self.classes[source]);
        table.score(ln_silence, self.sources.lines(source), rows, into);
    }
}
